from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.report.samples import PNG, released
from tests.runs.conftest import show, write_notebook
from wellperf_models.errors import RunError
from wellperf_models.runs import NotebookFailed, run_study, verify_pack
from wellperf_models.runs.consistency import check_bundles, read_notebooks
from wellperf_models.runs.ending import Lack
from wellperf_models.runs.job import Outcome
from wellperf_models.runs.notebooks import find_notebooks

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
    assert [d.name for d in report.drifts] == ["answer", "cells[4].source"]
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
    with pytest.raises(RunError, match="none that a run is given"):
        verify_pack(pack, notebooks_dir=notebooks)


SHOWN = f"""
import json
from IPython.display import display
from wellperf_models.disclosure.read import read
display(read(json.loads({json.dumps(released())!r})))
from wellperf_models.disclosure.shown import digest_of, record_shown
words = {{"alt": "78.1 % stay", "title": "They stay"}}
record_shown(digest_of({{"image/png": {PNG!r}, **words}}))
display({{"image/png": {PNG!r}}}, metadata={{"image/png": words}}, raw=True)"""
SUMMARY = """
import wellperf_models as wp
wp.summarise(wp.in_order(wp.read_bundles(bundles)))"""


@pytest.fixture
def pack(notebooks: Path, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack with an answer, a picture and a summary; executing it again gives the same."""
    import wellperf_models.runs.verify as verify

    write_notebook(notebooks, "30_turnover", SHOWN)
    both = {"study": {"type": "path"}, "bundles": {"type": "path"}}
    given = "study = 'x'\nbundles = 'y'"
    write_notebook(notebooks, "90_summary", SUMMARY, needs=["turnover"], parameters=both, given=given)
    folder, kept = tmp_path / "pack", tmp_path / "kept"
    run_study(study, out=folder, notebooks_dir=notebooks)
    shutil.copytree(folder, kept)

    def execute_again(plan: Any, again: Path, work: Path, **_: Any) -> Mapping[str, Outcome]:
        for part in ("notebooks", "bundles"):
            shutil.copytree(kept / part, again / part)
        return {n.name: Outcome(ok=True) for n in plan.notebooks}

    monkeypatch.setattr(verify, "execute_plan", execute_again)
    monkeypatch.setattr(
        verify, "code_sha256", lambda _: json.loads((kept / "manifest.json").read_text())["code_sha256"]
    )
    return folder


def _falsify(pack: Path, file: str, old: str, new: str) -> None:
    """Changes a text of a file and makes the manifest fit it."""
    path = pack / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    _refresh(pack)


def _refresh(pack: Path) -> None:
    manifest = json.loads((pack / "manifest.json").read_text())
    manifest["files"] = {f: hashlib.sha256((pack / f).read_bytes()).hexdigest() for f in manifest["files"]}
    (pack / "manifest.json").write_text(json.dumps(manifest))


BLACK = PNG.replace("mNk+M9Q", "mNkYPgP")


def test_a_falsified_file_with_a_fitting_manifest_is_drift(
    pack: Path, notebooks: Path, tmp_path: Path
) -> None:
    report = verify_pack(pack, notebooks_dir=notebooks)
    assert report.ok, str(report)
    assert report.notes == ()
    turnover, summary = "notebooks/30_turnover.ipynb", "notebooks/90_summary.ipynb"
    assert BLACK != PNG
    for file, old, new, drifts in (
        ("30_turnover.html", "61\u00a0%", "88\u00a0%", {"30_turnover.html"}),
        ("index.html", "61\u00a0%", "88\u00a0%", {"index.html"}),
        ("90_summary.html", "61\u00a0%", "88\u00a0%", {"90_summary.html"}),
        ("bundles/turnover.json", "0.6123", "0.8123", {"bundles/turnover.json"}),
        ("bundles/sha256.json", '"turnover.json": "', '"turnover.json": "0', {"bundles/sha256.json"}),
        ("results.json", '"0.1.0"', '"0.2.0"', {"index.html"}),
        (turnover, "78.1 % stay", "88.1 % stay", {turnover, "30_turnover.html"}),
        (turnover, "<p", "<p><b>88.1 %</b><p", {turnover}),
        (turnover, "display(read", "print(1); display(read", {turnover}),
        (turnover, "../../study/study.toml", "../../other/study.toml", {turnover}),
        (turnover, PNG, BLACK, {turnover, "30_turnover.html"}),
        (turnover, "Everybody hired", "Nobody hired", {"turnover.description"}),
        (turnover, '"metadata": {}', '"metadata": {"attachments": "88.1"}', {turnover}),
        (summary, "61 % (58", "88 % (58", {summary}),
        (summary, '"state": "done"', '"state": "stopped"', {summary}),
        (summary, "The effect of overtime changes", "The effect of overtime holds", {summary}),
        ("bundles/turnover.json", '"number": "30"', '"number": "99"', {"bundles/turnover.json"}),
    ):
        kept = tmp_path / "untouched"
        shutil.copytree(pack, kept)
        _falsify(pack, file, old, new)
        report = verify_pack(pack, notebooks_dir=notebooks)
        assert not report.ok, (file, new)
        assert drifts <= {d.where for d in report.drifts}, (file, new, str(report))
        shutil.rmtree(pack)
        kept.rename(pack)
    assert verify_pack(pack, notebooks_dir=notebooks).ok


def test_a_summary_says_what_the_answers_say(pack: Path, notebooks: Path) -> None:
    """Whatever a second execution would give: the pack alone contradicts itself."""
    every = find_notebooks(notebooks)
    executed, _ = read_notebooks(pack, every)
    results, missing = json.loads((pack / "results.json").read_text()), {n.name: Lack() for n in every}
    assert check_bundles(pack, every, executed, results, missing) == []
    text = json.dumps(executed["summary"])
    for old, new, name in (
        ('"state": "done"', '"state": "stopped"', "summary of turnover: state"),
        ('"note": ""', '"note": "stopped: why?"', "summary of turnover: note"),
        ('"title": "30_turnover"', '"title": "Staying"', "summary of turnover: title"),
        ("The effect of overtime", "No effect of overtime", "summary of turnover.description: failed"),
        ('"n_failed": 1', '"n_failed": 0', "summary of turnover.description: n_failed"),
        ("It does not say why", "It says why", "summary of turnover.description: limits"),
        ('"turnover.description"', '"turnover.other"', "summary of turnover.other: answer"),
    ):
        assert old in text
        falsified = executed | {"summary": json.loads(text.replace(old, new))}
        assert name in {d.name for d in check_bundles(pack, every, falsified, results, missing)}


def test_everything_falsified_alike_is_still_drift(pack: Path, notebooks: Path) -> None:
    """Notebook, bundle, results and pages agree with each other, but not with the data."""
    for path in pack.rglob("*"):
        if path.suffix in (".html", ".ipynb", ".json"):
            text = path.read_text()
            path.write_text(text.replace("0.6123", "0.8123").replace("78.1", "88.1"))
    hashes = pack / "bundles" / "sha256.json"
    names = json.loads(hashes.read_text())
    again = {n: hashlib.sha256((hashes.parent / n).read_bytes()).hexdigest() for n in names}
    hashes.write_text(json.dumps(again, indent=1) + "\n")
    _refresh(pack)
    report = verify_pack(pack, notebooks_dir=notebooks)
    assert {d.where for d in report.drifts} == {"turnover.description", "notebooks/30_turnover.ipynb"}


def test_a_false_run_id_and_a_damaged_notebook_are_drift(pack: Path, notebooks: Path) -> None:
    manifest = json.loads((pack / "manifest.json").read_text())
    (pack / "manifest.json").write_text(json.dumps(manifest | {"run_id": "0" * 12}))
    report = verify_pack(pack, notebooks_dir=notebooks)
    assert ("manifest.json", "run_id") in {(d.where, d.name) for d in report.drifts}
    (pack / "manifest.json").write_text(json.dumps(manifest))
    for damaged in ("{", "[]", '{"cells": [1]}', '{"cells": [{"source": 1}]}'):
        (pack / "notebooks" / "30_turnover.ipynb").write_text(damaged)
        _refresh(pack)
        report = verify_pack(pack, notebooks_dir=notebooks)
        assert ("notebooks/30_turnover.ipynb", "damaged") in {(d.where, d.got) for d in report.drifts}


def test_with_other_code_pages_are_a_note(
    pack: Path, notebooks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wellperf_models.runs.verify as verify

    monkeypatch.setattr(verify, "code_sha256", lambda _: "0" * 64)
    report = verify_pack(pack, notebooks_dir=notebooks)
    assert report.ok
    assert len(report.notes) == 1
    _falsify(pack, "index.html", "61\u00a0%", "88\u00a0%")
    report = verify_pack(pack, notebooks_dir=notebooks)
    assert report.ok
    assert any("byte for byte" in n and n.endswith("index.html") for n in report.notes)
