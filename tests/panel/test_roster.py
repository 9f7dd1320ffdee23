"""Codes become pseudonyms for the ledger, and nowhere else."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from wellperf_models.evidence import Members
from wellperf_models.panel import (
    LeftOut,
    all_members,
    has_stable_ids,
    left_out_rows,
    left_out_table,
    members_of,
    roster_of,
)
from wellperf_models.panel.roster import UNKNOWN
from wellperf_models.study import Study

ROWS = pl.DataFrame({"code": [2, 0, 1, 0], "id": ["c", "a", "b", "a"]})


def codes(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_codes_are_the_people_of_their_rows() -> None:
    roster = roster_of(ROWS, code="code", identifier="id", stable=True)
    found = roster.during("wave 1").members(codes(0, 2, 0), codes(2))
    assert found == Members(people=frozenset("ac"), events=frozenset("c"), period="wave 1")
    assert roster.members(codes(1)) == Members(people=frozenset("b"))
    numbered = roster_of(ROWS, code="code", identifier="id", stable=False)
    assert numbered.members(codes(0)).stable is False
    assert members_of(None, codes(0)) is UNKNOWN
    assert repr(roster) == "Roster(not released)"


def test_a_number_of_several_rests_on_everybody_behind_any_of_them() -> None:
    one = Members(people=frozenset("ab"), events=frozenset("a"), period="2023")
    two = Members(people=frozenset("bc"), period="2024", stable=False)
    both = all_members([one, two])
    assert (both.people, both.events, both.period, both.stable) == (
        frozenset("abc"),
        frozenset("a"),
        "2023 and 2024",
        False,
    )
    assert all_members([one, one]).period == "2023"
    # one that names nobody: nobody knows who is behind the whole
    assert all_members([one, UNKNOWN]) is UNKNOWN
    assert all_members([one, None]) is UNKNOWN
    assert all_members([]) is UNKNOWN


@pytest.mark.parametrize(("numbered", "stable"), [("people", False), ("spells", False), ("surveys", True)])
def test_numbered_rows_are_nobodys_id(numbered: str, stable: bool) -> None:
    tables = {n: {"path": "a.csv", "row_id": n == numbered} for n in ("people", "spells", "surveys")}
    study = Study.model_validate({"study": {"name": "t", "as_of": "2024-01-01", "seed": 1}, "tables": tables})
    assert has_stable_ids(study, ("people", "spells")) is stable
    assert has_stable_ids(study, ("absences",)) is True


def test_a_part_of_a_table_may_be_numbered() -> None:
    tables = {
        "first": {"path": "a.csv", "part_of": "outcomes"},
        "second": {"path": "b.csv", "part_of": "outcomes", "row_id": True},
    }
    study = Study.model_validate({"study": {"name": "t", "as_of": "2024-01-01", "seed": 1}, "tables": tables})
    assert has_stable_ids(study, ("outcomes",)) is False


def test_what_is_left_out_is_tabled_with_whose_it_is() -> None:
    roster = roster_of(ROWS, code="code", identifier="id", stable=True)
    lost = left_out_rows(codes(2, 2, 0), roster)
    assert (lost.rows, lost.people, lost.members.people) == (3, 2, frozenset("ac"))
    assert "'a'" not in repr(lost)
    table = left_out_table(
        {("why",): lost, ("dropped",): LeftOut(rows=4, people=4)}, title="What was not used"
    )
    assert (table.name, table.keys, table.partition) == ("left_out", ("reason",), True)
    assert [row.values for row in table.rows] == [(3,), (4,)]
    assert [row.support.n_people for row in table.rows] == [2, 4]
    assert [row.support.members.people for row in table.rows if row.support.members] == [
        frozenset("ac"),
        frozenset(),
    ]
