"""Several answers on one page: grouped by notebook, in the order asked for, nothing silently absent."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.disclosure.builders import evidence, study
from wellperf_models.disclosure import (
    SUMMARY_MIME_TYPE,
    Chapter,
    Released,
    in_order,
    read_bundles,
    release,
    summarise,
)
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Check


def _released(tmp_path: Path, name: str, **parts: Any) -> Released:
    return release(evidence(id=f"{name}.x", question=f"{name}?", **parts), study(tmp_path))


def _bundle(name: str, number: str, *answers: Released, **ended: str) -> dict[str, Any]:
    plain = {"notebook": name, "number": number, "title": name.title(), "state": "done", "note": ""}
    return {**plain, **ended, "evidence": [a.to_dict() for a in answers]}


def _write(folder: Path, *bundles: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for bundle in bundles:
        (folder / f"{bundle['notebook']}.json").write_text(json.dumps(bundle))
    names = sorted(p.name for p in folder.glob("*.json") if p.name != "sha256.json")
    hashes = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in names}
    (folder / "sha256.json").write_text(json.dumps(hashes))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _write(
        tmp_path / "bundles",
        _bundle("turnover", "30", _released(tmp_path, "turnover", limits=("a", "b"))),
        _bundle("absence", "25", state="not run", note="not run: no [absence] section in the study file"),
        _bundle("data_quality", "00", _released(tmp_path, "data")),
        _bundle("zest", "05", _released(tmp_path, "zest"), state="stopped", note="stopped: too few."),
    )


def test_notebooks_come_by_number_not_by_name(folder: Path) -> None:
    chapters = read_bundles(folder)
    assert [c.name for c in in_order(chapters)] == ["data_quality", "zest", "absence", "turnover"]
    first = in_order(chapters, first=["turnover", "absence"])
    assert [c.name for c in first] == ["turnover", "absence", "data_quality", "zest"]
    with pytest.raises(DisclosureError, match="no notebook of that name") as caught:
        in_order(chapters, first=["turnovr"])
    assert caught.value.got == "turnovr"


def test_what_was_not_run_is_in_the_summary(folder: Path) -> None:
    summary = summarise(in_order(read_bundles(folder)))
    states = {group.notebook: (group.state, group.note, len(group.lines)) for group in summary.groups}
    assert states == {
        "data_quality": ("done", "", 1),
        "zest": ("stopped", "stopped: too few.", 1),
        "absence": ("not run", "not run: no [absence] section in the study file", 0),
        "turnover": ("done", "", 1),
    }
    for text in (repr(summary), summary._repr_html_()):
        assert "not run: no [absence] section in the study file" in text
        assert "stopped: too few." in text
        assert text.index("zest?") < text.index("no [absence] section") < text.index("turnover?")


def test_a_summary_says_what_failed_and_each_limit_once(tmp_path: Path) -> None:
    checks = (Check(name="a", passed=False, text="It <broke>."), Check(name="b", passed=True, text="Held."))
    answers = (
        _released(tmp_path, "one", checks=checks, limits=("a", "b")),
        _released(tmp_path, "two", limits=("b", "c")),
    )
    chapter = Chapter(name="x", number="10", title="X", state="done", note="", answers=answers)
    summary = summarise([chapter])
    (group,) = summary.groups
    assert group.limits == ("a", "b", "c")
    assert [line.failed for line in group.lines] == [("It <broke>.",), ()]
    bundle = summary._repr_mimebundle_()
    assert "failed: It <broke>." in bundle["text/plain"]
    assert "It &lt;broke&gt;." in bundle["text/html"]
    assert "Held." not in bundle["text/plain"]
    assert bundle["text/html"].count("<li>b</li>") == 1
    assert json.loads(json.dumps(bundle[SUMMARY_MIME_TYPE]))["groups"][0]["notebook"] == "x"
    # a repr of what was read shows shapes only
    assert "broke" not in repr(chapter)


def test_answers_alone_make_one_group(tmp_path: Path) -> None:
    summary = summarise([_released(tmp_path, "one"), _released(tmp_path, "two")])
    assert [len(group.lines) for group in summary.groups] == [2]
    assert summary.groups[0].title == ""


@pytest.mark.parametrize("change", ["content", "extra", "gone"])
def test_a_bundle_that_the_run_did_not_write_is_refused(folder: Path, change: str) -> None:
    path = folder / "absence.json"
    if change == "content":
        path.write_text(path.read_text().replace("not run", "done"))
        with pytest.raises(DisclosureError, match="not what the run wrote"):
            read_bundles(folder)
    elif change == "extra":
        (folder / "mine.json").write_text(path.read_text().replace("absence", "mine"))
        assert "mine" not in read_bundles(folder)
    else:
        path.unlink()
        with pytest.raises(DisclosureError, match="not what the run wrote"):
            read_bundles(folder)


def test_a_bundle_of_another_version_is_refused_in_words(tmp_path: Path) -> None:
    folder = _write(tmp_path / "old", {"notebook": "turnover", "evidence": []})
    with pytest.raises(DisclosureError, match="not a bundle of this version"):
        read_bundles(folder)
