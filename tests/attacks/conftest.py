from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.attacks.sentinel import write_sentinel

NOTEBOOKS = ("data_quality", "burnout", "turnover")


@pytest.fixture(scope="package")
def sentinel_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run of the sentinel's organisation: `study`, `pack`, `printed`, and the private `work` (logs)."""
    from wellperf_models.cli import main
    from wellperf_models.runs import execute

    base = tmp_path_factory.mktemp("sentinel")
    study = write_sentinel(base / "study")

    @contextmanager
    def kept() -> Iterator[Path]:
        folder = base / "work"
        folder.mkdir(mode=0o700)
        yield folder

    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execute, "private_folder", kept)
        patch.setattr("sys.stdout", printed)
        patch.setattr("sys.stderr", printed)
        run = ["run", str(study), "--only", *NOTEBOOKS, "--out", str(base / "pack")]
        code = main(["check", str(study)]) or main(run)
    assert code == 0, printed.getvalue()
    (base / "printed").mkdir()
    (base / "printed" / "printed.txt").write_text(printed.getvalue(), encoding="utf-8")
    yield base
    shutil.rmtree(base, ignore_errors=True)
