"""A pack from elsewhere is believed in nothing: each kind of damage is a named error."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.burnout.external.builders import write_pack
from wellperf_models.burnout.explanation.model import Explanation
from wellperf_models.burnout.external.pack import read_model
from wellperf_models.burnout.external.tables import model_of
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecasts
from wellperf_models.disclosure import Released
from wellperf_models.errors import DesignError, DisclosureError, NotAskedError
from wellperf_models.evidence import Unanswered, attempt

Home = tuple[BurnoutFrame, Forecasts, Explanation, Released]


def answer_of(home: Home) -> dict[str, Any]:
    # through JSON, as in a bundle
    found: dict[str, Any] = json.loads(json.dumps(home[3].to_dict()))
    return found


def rows_of(answer: dict[str, Any], table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = next(t for t in answer["tables"] if t["name"] == table)["rows"]
    return found


def row_of(answer: dict[str, Any], table: str, *key: str) -> dict[str, Any]:
    return next(r for r in rows_of(answer, table) if tuple(r["key"]) == key)


def test_a_model_comes_back_as_it_was_released(home: Home, tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "a", [{"id": "burnout.forecast"}, answer_of(home)])
    found = read_model(str(pack))
    released = model_of(home[3])
    # a bundle holds ten digits
    for one, other in zip(found.predictors, released.predictors, strict=True):
        assert (one.name, one.kind, one.label, set(one.parts)) == (
            other.name,
            other.kind,
            other.label,
            set(other.parts),
        )
        for part in one.parts:
            for number in ("log_odds", "share", "centre", "scale"):
                mine, theirs = getattr(one.parts[part], number), getattr(other.parts[part], number)
                assert mine == (None if theirs is None else pytest.approx(theirs, rel=1e-9))
    assert found.intercept == pytest.approx(released.intercept)
    assert (found.run_id, found.package_version, len(found.sha256)) == ("abc123", "0.6.0", 64)
    assert found.study == "t"
    assert "PublishedModel('Load'" in repr(found)
    exact = home[2].travels
    assert not isinstance(exact, Unanswered)
    assert abs(found.intercept - exact.intercept) <= 0.005 * abs(exact.intercept)


def test_no_pack_is_not_asked() -> None:
    with pytest.raises(NotAskedError):
        read_model("")
    found = attempt(read_model, "")
    assert isinstance(found, Unanswered)
    assert not found.asked


def test_what_is_no_pack(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(DisclosureError, match="not a pack"):
            read_model(str(folder))
    (tmp_path / "file").write_text("x")
    with pytest.raises(DisclosureError):
        read_model(str(tmp_path / "file"))


def test_a_changed_byte_is_refused(home: Home, tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "a", [answer_of(home)])
    bundle = pack / "bundles" / "burnout.json"
    bundle.write_text(bundle.read_text().replace("0.", "1.", 1))
    with pytest.raises(DisclosureError, match="not what was published"):
        read_model(str(pack))


def test_links_and_pipes_are_not_followed(home: Home, tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "a", [answer_of(home)])
    bundle = pack / "bundles" / "burnout.json"
    bundle.rename(tmp_path / "outside.json")
    bundle.symlink_to(tmp_path / "outside.json")
    with pytest.raises(DisclosureError, match="files and folders only"):
        read_model(str(pack))
    bundle.unlink()
    with pytest.raises(DisclosureError, match="gone"):
        read_model(str(pack))
    os.mkfifo(bundle)
    with pytest.raises(DisclosureError):
        read_model(str(pack))


@pytest.mark.parametrize(
    ("manifest", "kind", "words"),
    [
        ({"schema": "wellperf.manifest/9"}, DisclosureError, "another version"),
        ({"files": []}, DisclosureError, "another version, or damaged"),
        ({"files": {}}, DesignError, "no answers on burnout"),
    ],
)
def test_other_manifests(
    home: Home, tmp_path: Path, manifest: dict[str, Any], kind: type[Exception], words: str
) -> None:
    pack = write_pack(tmp_path / "a", [answer_of(home)], **manifest)
    with pytest.raises(kind, match=words):
        read_model(str(pack))


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b"[1]", b"{", b'{"schema": NaN}', b'{"a": 1e999}', b"\xff"]
)
def test_what_is_not_a_json_object_of_finite_numbers(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(DisclosureError):
        read_model(str(tmp_path))


def set_value(table: str, key: tuple[str, ...], place: int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(answer: dict[str, Any]) -> None:
        row_of(answer, table, *key)["values"][place] = value

    return change


def drop_table(answer: dict[str, Any]) -> None:
    answer["tables"] = [t for t in answer["tables"] if t["name"] != "model"]


def drop_row(answer: dict[str, Any]) -> None:
    rows_of(answer, "model").pop(0)


def hide_row(answer: dict[str, Any]) -> None:
    row = row_of(answer, "model", "job", "level: field")
    row["values"] = [None] * len(row["values"])


def hold_row(answer: dict[str, Any]) -> None:
    answer["held"] = [{"what": "table model: job · level: field", "reason": "an earlier pack"}]


def twice(answer: dict[str, Any]) -> None:
    rows_of(answer, "model").append(copy.deepcopy(rows_of(answer, "model")[1]))


def other_columns(answer: dict[str, Any]) -> None:
    next(t for t in answer["tables"] if t["name"] == "model")["measures"][0]["name"] = "weight"


def strange_part(answer: dict[str, Any]) -> None:
    row_of(answer, "model", "job", "level: field")["key"][1] = "lambda: 0"


DAMAGE: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (drop_table, "no model in the pack"),
    (drop_row, "not whole"),
    (hide_row, "kept back"),
    (hold_row, "earlier pack"),
    (twice, "twice"),
    (other_columns, "another version"),
    (strange_part, "unknown"),
    (set_value("model_facts", ("schema",), 1, "wellperf.burnout-model/7"), "another version"),
    (set_value("model", ("intercept", ""), 0, 1e9), "not those of people"),
    (set_value("model", ("intercept", ""), 0, "1 if True else 0"), "none"),
    (set_value("model", ("intercept", ""), 0, True), "none"),
    (set_value("model", ("overtime", "value"), 4, 0), "not above 0"),
    (set_value("model", ("overtime", "value"), 4, None), "none"),
    (set_value("model", ("job", "level: field"), 5, 3.0), "share"),
    (set_value("model_facts", ("cut_off",), 1, "77"), "scale of the model is none"),
    (set_value("model_facts", ("cut_off",), 1, "nan"), "none"),
    (set_value("model_facts", ("low",), 1, "__import__('os')"), "none"),
    (set_value("model_facts", ("auc",), 0, 7), "damaged"),
    (set_value("model_facts", ("higher_is",), 1, "sideways"), "damaged"),
    (set_value("model_facts", ("sd_log_odds",), 0, -1), "below 0"),
]


@pytest.mark.parametrize(("change", "words"), DAMAGE)
def test_damage_that_a_hash_does_not_see(
    home: Home, tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    answer = answer_of(home)
    change(answer)
    pack = write_pack(tmp_path / "a", [answer])
    with pytest.raises(DesignError, match=words):
        read_model(str(pack))


@pytest.mark.parametrize("answer", [{"id": "burnout.explained"}, {"id": "burnout.explained", "tables": 7}])
def test_an_answer_that_is_none(tmp_path: Path, answer: dict[str, Any]) -> None:
    pack = write_pack(tmp_path / "a", [answer])
    with pytest.raises(DisclosureError):
        read_model(str(pack))


def test_an_answer_that_was_not_given(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "a", [{"id": "burnout.forecast"}])
    with pytest.raises(DesignError, match="does not say what its model is"):
        read_model(str(pack))


def test_words_from_elsewhere_move_no_cursor(home: Home, tmp_path: Path) -> None:
    answer = answer_of(home)
    row_of(answer, "model_facts", "name")["values"][1] = "\x1b[2J" + "x" * 5000
    found = read_model(str(write_pack(tmp_path / "a", [answer])))
    assert "\x1b" not in found.name
    assert len(found.name) <= 200
