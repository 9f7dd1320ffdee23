"""A built wheel carries templates and notebooks and works outside the clone."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        check=True, cwd=ROOT, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def outside(site: Path, cwd: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, *command], cwd=cwd, env=environment, capture_output=True, text=True
    )


def test_wheel_holds_what_a_run_needs(site: Path) -> None:
    names = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    notebooks = {p.name for p in (ROOT / "notebooks").glob("*.ipynb")}
    assert {f"wellperf_models/_notebooks/{n}" for n in notebooks} <= names
    templates = {
        p.relative_to(ROOT).as_posix() for p in (ROOT / "wellperf_models" / "report" / "template").iterdir()
    }
    assert templates
    assert templates <= names
    assert "wellperf_models/py.typed" in names
    assert not [n for n in names if n.startswith(("tests/", "data_synthetic/"))]


def test_wheel_runs_outside_the_clone(site: Path, tmp_path: Path) -> None:
    where = outside(site, tmp_path, "-c", "import wellperf_models; print(wellperf_models.__file__)")
    assert where.stdout.startswith(str(site))
    cli = ("-m", "wellperf_models.cli")
    made = outside(site, tmp_path, *cli, "simulate", "study", "--preset", "micro")
    assert made.returncode == 0, made.stderr
    run = outside(site, tmp_path, *cli, "run", "study", "--only", "data_quality", "--out", "pack")
    assert run.returncode == 0, run.stderr
    assert {"index.html", "results.json", "manifest.json"} <= {p.name for p in (tmp_path / "pack").iterdir()}
