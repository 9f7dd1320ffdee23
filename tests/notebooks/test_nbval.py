"""The committed example pack re-executes to the same outputs, cell by cell (nbval).

Numbers are compared to six significant digits: what follows differs between processors.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# its simulated worlds take as long as the other notebooks together; `test_example` re-executes it already
ONCE = "80_method_check"
NOTEBOOKS = sorted(
    path for path in (ROOT / "reports" / "example" / "notebooks").glob("*.ipynb") if path.stem != ONCE
)

SANITIZE = r"""
[digits]
regex: (\d\.\d{5})\d+
replace: \1
[small]
regex: -?\d(\.\d+)?e-\d\d
replace: 0
"""


def test_the_example_pack_has_notebooks() -> None:
    assert len(NOTEBOOKS) >= 3


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_nbval(notebook: Path, tmp_path: Path) -> None:
    (tmp_path / "sanitize.cfg").write_text(SANITIZE)
    command = [
        sys.executable, "-m", "pytest", "--nbval", "--nbval-sanitize-with", str(tmp_path / "sanitize.cfg"),
        "--nbval-current-env", "-p", "no:cacheprovider", "-p", "no:xdist", "-q", "-c", os.devnull,
        "--rootdir", str(notebook.parent), str(notebook),
    ]  # fmt: skip
    environment = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=notebook.parent, env=environment)
    assert done.returncode == 0, done.stdout[-4000:]
