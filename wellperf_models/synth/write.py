"""Writing an organisation to a folder: study file, tables, truth."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from wellperf_models.synth.estimands import Truth
from wellperf_models.synth.generate import SyntheticOrganisation
from wellperf_models.synth.study_file import file_of, override_log, study_text

ROW_GROUP = 250_000
_README = """\
# A synthetic organisation

{title} who do not exist, written by `wellperf simulate`: `study.toml` says where each table is and what
to ask; `truth.json`, where there is one, says what is true. The same command and lock give the same bytes.
"""


@contextmanager
def all_or_nothing(folder: Path) -> Iterator[Path]:
    """A folder to write into; its files move to `folder` only when everything was written.

    Yields:
        A temporary folder beside the target's files, on the same disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder))
    try:
        yield partial
        for file in sorted(partial.iterdir()):
            os.replace(file, folder / file.name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_organisation(org: SyntheticOrganisation, folder: str | Path, truth: Truth | None = None) -> Path:
    """Writes `study.toml`, short tables as CSV, long ones as Parquet, and `truth.json` where it is given.

    Args:
        org: What `generate` made.
        folder: Made where needed; files of the same names are replaced, others stay.
        truth: What `truth` computed.

    Returns:
        Path of the study file.
    """
    folder = Path(folder)
    with all_or_nothing(folder) as partial:
        for name, frame in org.tables.items():
            _write_table(frame, partial / file_of(name))
        (partial / "study.toml").write_text(study_text(org.world, org.seed, org.tables), encoding="utf-8")
        (partial / "overrides.toml").write_text(override_log(org.world), encoding="utf-8")
        (partial / "README.md").write_text(
            _README.format(title=f"{org.world.people:,} people"), encoding="utf-8"
        )
        if truth is not None:
            (partial / "truth.json").write_text(truth.to_json(), encoding="utf-8")
    return folder / "study.toml"


def _write_table(frame: pl.DataFrame, file: Path) -> None:
    if file.suffix == ".csv":
        frame.write_csv(file)
    else:
        frame.write_parquet(
            file, compression="zstd", compression_level=9, row_group_size=ROW_GROUP, statistics=True
        )
