from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.report.samples import released
from tests.runs.conftest import show, write_notebook
from wellperf_models.errors import RunError
from wellperf_models.runs import NotebookFailed, run_study, verify_pack

Ready = Callable[[], tuple[Path, Path]]


def _snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_pack_verifies_and_nothing_is_written(ready: Ready, tmp_path: Path) -> None:
    study, notebooks = ready()
    pack = tmp_path / "pack"
    run_study(study, out=pack, notebooks_dir=notebooks)
    before = _snapshot(tmp_path)
    report = verify_pack(pack, notebooks_dir=notebooks)
    assert report.ok, str(report)
    assert report.n_numbers > 30
    assert "no drift" in str(report)
    assert _snapshot(tmp_path) == before

    # one number of results.json
    results = pack / "results.json"
    original = results.read_text()
    results.write_text(original.replace("0.6123", "0.6124", 1))
    report = verify_pack(pack, notebooks_dir=notebooks)
    assert not report.ok
    assert [d.name for d in report.drifts] == ["results.json", "estimates.survival_12_months.value"]
    assert "expected 0.6124, got 0.6123" in str(report)
    results.write_text(original)

    # the code gives another answer now, and the environment has changed: a drift, and a note
    evidence = released(answer="62 % (58 to 64 %) of people stay two years.")
    write_notebook(notebooks, "30_turnover", show(evidence))
    report = verify_pack(pack, notebooks_dir=notebooks)
    assert [d.name for d in report.drifts] == ["answer"]
    assert any("code" in note for note in report.notes)

    write_notebook(notebooks, "30_turnover", "1 / 0")
    with pytest.raises(NotebookFailed, match="cell 3"):
        verify_pack(pack, notebooks_dir=notebooks)


def test_files_missing_extra_and_changed_are_drift(ready: Ready, tmp_path: Path) -> None:
    study, notebooks = ready()
    pack = tmp_path / "pack"
    run_study(study, out=pack, notebooks_dir=notebooks)
    (pack / "index.html").unlink()
    (pack / "notes.txt").write_text("x")
    (pack / "30_turnover.html").write_text("changed")
    (pack / "results.json").unlink()
    report = verify_pack(pack, notebooks_dir=notebooks)
    assert {(d.name, d.got.split()[0]) for d in report.drifts} == {
        ("index.html", "missing"),
        ("results.json", "missing"),
        ("notes.txt", "extra"),
        ("30_turnover.html", "sha256"),
    }


def test_a_moved_pack_names_its_study(ready: Ready, tmp_path: Path) -> None:
    study, notebooks = ready()
    pack = tmp_path / "pack"
    run_study(study, out=pack, notebooks_dir=notebooks)
    moved = tmp_path / "far" / "away" / "pack"
    shutil.copytree(pack, moved)
    with pytest.raises(RunError, match="--study"):
        verify_pack(moved, notebooks_dir=notebooks)
    assert verify_pack(moved, study=study, notebooks_dir=notebooks).ok


def test_what_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a pack"):
        verify_pack(tmp_path)
    (tmp_path / "manifest.json").write_text('{"schema": "wellperf.manifest/1"}')
    with pytest.raises(RunError, match="damaged"):
        verify_pack(tmp_path)


def test_a_manifests_parameters_are_checked_like_any_other(ready: Ready, tmp_path: Path) -> None:
    study, notebooks = ready()
    pack = tmp_path / "pack"
    run_study(study, out=pack, notebooks_dir=notebooks)
    path = pack / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["parameters"] = {"turnover": {"x = 1\nimport os": 1}}
    path.write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="no longer exists"):
        verify_pack(pack, notebooks_dir=notebooks)
