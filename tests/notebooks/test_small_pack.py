"""The pack of 80 people shows nobody: no id, no exact count or day, nothing under the minimum."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from wellperf_models.cli import main


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tmp_path_factory.mktemp("small")
    assert main(["simulate", str(base / "study"), "--preset", "micro"]) == 0
    assert main(["run", str(base / "study"), "--out", str(base / "pack")]) == 0
    return base / "study", base / "pack"


def evidence(pack: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((pack / "results.json").read_text())["evidence"]
    return found


def test_no_id_in_any_file(folders: tuple[Path, Path]) -> None:
    study, pack = folders
    with (study / "spells.csv").open() as file:
        ids = {row["employee_id"] for row in csv.DictReader(file)}
    assert len(ids) > 80
    for path in pack.rglob("*"):
        if path.is_file():
            text = path.read_text(errors="ignore")
            assert not [i for i in ids if i in text], path.name


def test_counts_are_rounded_and_curves_are_coarse(folders: tuple[Path, Path]) -> None:
    counts = curves = 0
    for answer in evidence(folders[1]):
        for estimate in answer["estimates"]:
            assert estimate["n_people"] % 5 == 0
        for table in answer["tables"]:
            kinds = [m["kind"] for m in table["measures"]]
            for row in table["rows"]:
                shown = [
                    v for v, k in zip(row["values"], kinds, strict=True) if k == "count" and v is not None
                ]
                counts += len(shown)
                assert all(v % 5 == 0 for v in shown), (table["name"], row["key"])
        for curve in answer["curves"]:
            curves += 1
            assert all(x == int(x) for x in curve["x"])
            assert all(n >= 10 for n in curve["events"][1:])
            assert all(n >= 10 for n in curve["at_risk"])
    assert counts > 20
    assert curves >= 3


def test_hidden_causes_do_not_follow_from_what_is_shown(folders: tuple[Path, Path]) -> None:
    """Fewer than ten people left for another reason: no shown share or sum of shares is theirs."""
    study, pack = folders
    with (study / "spells.csv").open() as file:
        reasons = [row["exit_reason"] for row in csv.DictReader(file)]
    assert 0 < reasons.count("other") < 10
    (answer,) = [e for e in evidence(pack) if e["id"] == "turnover.description"]
    names = {e["name"] for e in answer["estimates"]} | {c["name"] for c in answer["curves"]}
    assert not [n for n in names if n.startswith(("other_exits", "involuntary_exits"))]
    assert not names & {"incidence_other", "incidence_involuntary"}
