"""Where people are not known by name, only numbers are compared."""

import json
from pathlib import Path

import pytest

from tests.disclosure.published import as_of, claim, go, people, publish, states
from wellperf_models.disclosure.history import History
from wellperf_models.disclosure.ledger import ledger_path, read_ledger

Q1, Q2 = "2024-03-31", "2024-06-30"
NOBODY = frozenset[str]()


@pytest.mark.parametrize(
    ("n", "data", "value", "state"),
    [
        (100, "x", 1.0, "fresh"),  # the same again
        (100, "x", 2.0, "fresh"),  # the same data computed otherwise
        (100, "y", 1.0, "fresh"),  # nothing new
        (100, "y", 2.0, "held"),  # as many may have come as left
        (100, "", 2.0, "held"),
        (101, "x", 1.0, "held"),
        (91, "y", 1.0, "held"),
        (110, "y", 2.0, "fresh"),
        (90, "y", 2.0, "fresh"),
    ],
)
def test_nobody_known_by_name(tmp_path: Path, n: int, data: str, value: float, state: str) -> None:
    publish(as_of(tmp_path, Q1), [claim("a", NOBODY, n_people=100, values=(1.0,))], data="x")
    now = claim("a", NOBODY, n_people=n, values=(value,))
    (verdict,) = History.of(as_of(tmp_path, Q2)).judge([now], data=data)
    assert verdict.state == state
    assert (verdict.values, verdict.as_of) == (((1.0,), Q1) if state == "held" else (None, ""))


def test_rows_that_were_numbered_are_known_in_the_same_data_alone(tmp_path: Path) -> None:
    study = as_of(tmp_path, Q1)
    publish(study, [claim("a", people(0, 100), stable=False)], data="x")
    history = History.of(study)
    # row 3 is somebody else in another extract
    other = [claim("a", people(50, 160), stable=False)]
    assert states(history.judge(other, data="y")) == ["fresh"]
    assert states(history.judge([claim("a", people(50, 150), stable=False)], data="y")) == ["fresh"]
    assert states(history.judge([claim("b", people(3, 100), stable=False)], data="y")) == ["fresh"]
    # in this one it is the same
    assert states(history.judge([claim("b", people(3, 100), stable=False)], data="x")) == ["held"]
    assert states(history.judge([claim("a", people(9, 109), stable=False)], data="x")) == ["held"]


def test_people_who_are_not_those_behind_the_number_are_not_compared(tmp_path: Path) -> None:
    """An answer names everyone in it; one of its numbers rests on fewer."""
    study = as_of(tmp_path, Q1)
    publish(study, [claim("a", people(0, 100), n_people=60)], data="x")
    assert not read_ledger(study)[0].named
    now = [claim("a", people(0, 130), n_people=63)]
    assert states(History.of(study).judge(now, data="x")) == ["held"]
    # two rows of an answer that names everyone once are not one row but for a few
    rows = [claim("b", people(0, 100), n_people=60), claim("c", people(0, 99), n_people=30)]
    assert states(History.of(study).judge(rows, data="x")) == ["fresh", "fresh"]


def test_numbers_a_year_old_do_not_lock_a_cell_out(tmp_path: Path) -> None:
    publish(as_of(tmp_path, "2023-03-30"), [claim("a", NOBODY, n_people=100)])
    now = [claim("a", NOBODY, n_people=101)]
    assert states(History.of(as_of(tmp_path, "2024-03-29")).judge(now)) == ["held"]
    assert states(History.of(as_of(tmp_path, "2024-03-30")).judge(now)) == ["fresh"]


def test_numbers_of_another_period_or_study_are_not_compared(tmp_path: Path) -> None:
    publish(as_of(tmp_path, Q1), [claim("a", NOBODY, n_people=100, period="wave 1")])
    now = claim("a", NOBODY, n_people=101, period="wave 2")
    assert states(History.of(as_of(tmp_path, Q2)).judge([now])) == ["fresh"]
    same = claim("a", NOBODY, n_people=101, period="wave 1")
    assert states(History.of(as_of(tmp_path, Q2, name="other")).judge([same])) == ["fresh"]
    assert states(History.of(as_of(tmp_path, Q2)).judge([same])) == ["held"]


def test_people_of_another_study_beside_it_are_the_same_people(tmp_path: Path) -> None:
    """A copy of the study file with a filter has the same key, so the same pseudonyms."""
    publish(as_of(tmp_path, Q1), [claim("a", people(0, 100))])
    now = [claim("a", people(0, 99)), claim("b", people(0, 98))]
    assert states(History.of(as_of(tmp_path, Q1, name="filtered")).judge(now)) == ["kept back", "kept back"]


def test_people_of_another_made_up_study_are_other_people(tmp_path: Path) -> None:
    """Its key is its name: the same pseudonym is somebody else there."""
    made_up = {"general": "synthetic = true"}
    publish(as_of(tmp_path, Q1, **made_up), [claim("a", people(0, 100))])
    now = [claim("a", people(0, 99)), claim("b", people(0, 60))]
    assert states(go(as_of(tmp_path, Q1, name="other", **made_up), now)) == ["fresh", "fresh"]
    assert states(go(as_of(tmp_path, Q2, **made_up), [claim("a", people(0, 99))])) == ["held"]


def test_what_the_former_version_wrote_is_compared_by_number(tmp_path: Path) -> None:
    study = as_of(tmp_path, Q1)
    path = ledger_path(study)
    path.parent.mkdir(mode=0o700)
    subject = "turnover.description/table/exits_by_group"
    line = {
        "as_of": "2024-03-31", "data": "x", "definition": f"{subject}/a", "digest": "0" * 16,
        "n_people": 100, "run_id": "1", "study": "acme",
    }  # fmt: skip
    path.write_text(json.dumps(line, sort_keys=True) + "\n")
    history = History.of(study)
    for n, data, state in (
        (100, "x", "fresh"),
        (103, "x", "kept back"),
        (100, "y", "kept back"),
        (110, "y", "fresh"),
    ):
        assert states(history.judge([claim("a", people(0, n))], data=data)) == [state]
    go(study, [claim("a", people(0, 120))], data="y")
    first, second = path.read_text().splitlines()
    # its line stays as it was, ours comes after
    assert json.loads(first) == line
    assert json.loads(second)["schema"] == 2
    assert states(History.of(study).judge([claim("a", people(0, 121))])) == ["held"]
