"""Every number names who it rests on, for the ledger; groups too small are shown a level above."""

from __future__ import annotations

import dataclasses
import re

import polars as pl
import pytest

from tests.turnover.builders import PROVENANCE, FakeTables, make_frames, make_study, make_tables
from wellperf_models.disclosure import release
from wellperf_models.evidence import Evidence, Members, Support, Table
from wellperf_models.study import Study
from wellperf_models.turnover import (
    build_frame,
    check_cox,
    check_description,
    check_hazard,
    check_validation,
    describe,
    explain,
    fit_cox,
    fit_description,
    fit_hazard,
    predict,
    validate,
)


def described(frames: dict[str, pl.DataFrame], study: Study) -> Evidence:
    frame = build_frame(FakeTables(study, frames))
    description = fit_description(frame, study.turnover)
    return describe(frame, description, check_description(frame, description), provenance=PROVENANCE)


@pytest.fixture(scope="module")
def evidence() -> tuple[Evidence, Evidence, Evidence]:
    tables = make_tables(seed=1)
    section, frame = tables.study.turnover, build_frame(tables)
    cox, hazard, result = fit_cox(frame, section), fit_hazard(frame, section), validate(frame, section)
    return (
        described(make_frames(1), tables.study),
        explain(frame, cox, hazard, (*check_cox(frame, cox), *check_hazard(hazard)), provenance=PROVENANCE),
        predict(frame, result, check_validation(result), provenance=PROVENANCE),
    )


def supports(evidence: Evidence) -> list[tuple[str, Support]]:
    found = [(e.name, e.support) for e in evidence.estimates]
    found += [(f"{c.name} {c.group}", c.support) for c in evidence.curves]
    for table in evidence.tables:
        level: Table | None = table
        while level is not None:
            found += [(f"{level.name} {level.level} {row.key}", row.support) for row in level.rows]
            level = level.wider
    return found


def members(support: Support, evidence: Evidence) -> Members:
    found = support.members or evidence.members
    assert found is not None
    return found


def test_everybody_behind_a_number_is_named_and_nobody_else(evidence: tuple[Evidence, ...]) -> None:
    spells = make_frames(1)["spells"]
    ids = set(spells["employee_id"])
    for item in evidence:
        assert item.members is not None
        assert item.members.people <= ids
        assert (item.members.period, item.members.stable) == ("", True)
        for where, support in supports(item):
            who = members(support, item)
            # the ledger takes a cell for named only where all of it is
            assert len(who.people) == support.n_people, where
            assert who.events <= who.people, where
    description, explained, prediction = evidence
    assert description.members is not None
    assert description.members.people == ids
    assert description.members.events == set(spells.drop_nulls("exit_reason")["employee_id"])
    assert explained.members is not None
    assert explained.members == prediction.members
    assert explained.members.events <= set(spells.filter(pl.col("exit_reason") == "voluntary")["employee_id"])
    # who was not asked is in the hazard on cells, not in Cox
    (hazard,) = {
        row.support.members for t in explained.tables if t.name == "hazard_ratios_by_level" for row in t.rows
    }
    assert hazard is not None
    assert hazard.people > explained.members.people


def test_events_are_those_who_left_for_that_reason_by_then(evidence: tuple[Evidence, ...]) -> None:
    description = evidence[0]
    by_name = {e.name: e.support for e in description.estimates}
    for horizon in ("6", "12"):
        stay = members(by_name[f"survival_{horizon}_months"], description)
        causes = [
            members(by_name[f"{cause}_exits_{horizon}_months"], description)
            for cause in ("voluntary", "involuntary")
        ]
        assert all(one.people == stay.people for one in causes)
        assert causes[0].events | causes[1].events == stay.events
        assert not causes[0].events & causes[1].events
    # who comes under observation at a later tenure says nothing about the first months
    six, twelve = (members(by_name[f"survival_{h}_months"], description).people for h in ("6", "12"))
    assert six < twelve
    reason = dict(make_frames(1)["spells"].select("employee_id", "exit_reason").iter_rows())
    table = next(t for t in description.tables if t.name == "exits_by_cause")
    for row in table.rows:
        who = members(row.support, description)
        assert {reason[person] for person in who.people} == {row.key[0]}
        assert who.events == who.people


def test_people_of_a_group_are_those_of_its_curve_and_row(evidence: tuple[Evidence, ...]) -> None:
    department = dict(make_frames(1)["assignments"].select("employee_id", "department").iter_rows())
    description = evidence[0]
    rows = {r.key[0]: r.support for t in description.tables if t.name == "exits_by_group" for r in t.rows}
    assert set(rows) == {"ops", "sales", "it"}
    curves = {c.group: c.support for c in description.curves if c.group}
    for name in rows:
        who = members(rows[name], description).people
        assert {department[person] for person in who} == {name}
        assert members(curves[name], description).people <= who


def test_numbered_rows_are_not_followed_from_extract_to_extract() -> None:
    plain = make_study().model_dump()
    plain["tables"]["spells"]["row_id"] = True
    item = described(make_frames(), Study.model_validate(plain))
    assert item.members is not None
    assert item.members.stable is False
    assert {members(support, item).stable for _, support in supports(item)} == {False}


def test_no_representation_holds_a_person() -> None:
    tables = make_tables()
    frame = build_frame(tables)
    description = fit_description(frame, tables.study.turnover)
    told = (
        repr(frame) + repr(frame.spells) + repr(description) + repr(description.groups) + repr(frame.left_out)
    )
    assert not re.search(r"p\d{4}", told + repr(frame.roster) + repr(described(make_frames(), tables.study)))


def spread(small: int, *, cut: bool = False) -> dict[str, pl.DataFrame]:
    """Four departments at two sites, two of the north with `small` people; `cut`: one of them is at both."""
    frames = make_frames()
    spells = frames["spells"]
    held = spells["employee_id"].to_list()
    where = dict.fromkeys(held, "ops") | dict.fromkeys(held[::2], "field")
    where |= dict.fromkeys(held[:small], "lab") | dict.fromkeys(held[small : 2 * small], "shop")
    sites = {"lab": "north", "shop": "north", "ops": "north", "field": "south"}
    person = pl.col("employee_id")
    department = person.replace_strict(where, default="ops")
    site = department.replace_strict(sites, return_dtype=pl.String)
    if cut:
        site = pl.when(person == held[0]).then(pl.lit("south")).otherwise(site)
    frames["assignments"] = frames["assignments"].with_columns(department=department, site=site)
    return frames


def chain(table: Table) -> list[str]:
    return [table.level, *(chain(table.wider) if table.wider is not None else [])]


def test_levels_of_the_table_of_groups() -> None:
    study = make_study(covariates=[])
    (table, *_) = described(spread(6), study).tables
    assert chain(table) == ["department", "site", "organisation"]
    assert {row.key[0]: row.parent for row in table.rows} == {
        "field": "south", "lab": "north", "ops": "north", "shop": "north",
    }  # fmt: skip
    site = table.wider
    assert site is not None
    for parent in site.rows:
        children = [row for row in table.rows if row.parent == parent.key[0]]
        # spells, exits and time add up, so that the parent holds its children wholly
        for place in (0, 2):
            assert parent.values[place] == sum(int(row.values[place] or 0) for row in children)
        who = frozenset().union(*(row.support.members.people for row in children if row.support.members))
        assert parent.support.members is not None
        assert parent.support.members.people == who
    (table, *_) = described(spread(6, cut=True), study).tables
    assert chain(table) == ["department", "organisation"]
    (table, *_) = described(spread(6), make_study(covariates=[], group_by="team")).tables
    # teams lie across departments here
    assert chain(table) == ["team", "organisation"]


def test_two_small_departments_of_a_site_are_read_within_it() -> None:
    study = make_study(covariates=[])
    shown = release(described(spread(6), study), study)
    rows = {row.key[0]: row.values for row in shown.table("exits_by_group").rows}
    assert rows["lab"] == rows["shop"] == (None,) * 4
    assert rows["site: north"][0] is not None
    assert rows["ops"][0] is not None
    assert any("from 10 people on" in limit for limit in shown.limits)


def test_which_groups_are_shown_follows_from_people_alone() -> None:
    """Other exits, same people: the same rows are kept back."""
    study = make_study(covariates=[])
    frames = spread(6)
    other = frames["spells"].with_columns(pl.col("exit_reason").replace({"involuntary": "voluntary"}))
    kept = []
    for spells in (frames["spells"], other):
        table = release(described(frames | {"spells": spells}, study), study).table("exits_by_group")
        kept.append([row.key for row in table.rows if row.values[0] is None])
    assert kept[0] == kept[1] == [("lab",), ("shop",)]


def test_an_organisation_of_eighty_reads_the_organisation_and_what_it_needs() -> None:
    frames = make_frames(2, n=120)
    people = frames["spells"]["employee_id"].to_list()[:80]
    tiny = pl.col("employee_id").replace_strict({p: f"d{i // 9}" for i, p in enumerate(people)}, default="d0")
    frames = {name: table.filter(pl.col("employee_id").is_in(people)) for name, table in frames.items()}
    frames["assignments"] = frames["assignments"].with_columns(department=tiny)
    study = make_study(covariates=[])
    shown = release(described(frames, study), study)
    rows = {row.key[0]: row.values for row in shown.table("exits_by_group").rows}
    assert {name: values for name, values in rows.items() if values[0] is not None} == {
        "organisation: whole organisation": rows["organisation: whole organisation"]
    }
    assert rows["organisation: whole organisation"][0] == 80
    needs = [limit for limit in shown.limits if "is shown by itself" in limit]
    assert needs == [
        "A department is shown by itself from 10 people on, with 10 others outside it; the people of smaller "
        "ones are counted in the level above, up to the whole organisation."
    ]


def test_a_check_of_few_people_keeps_its_number() -> None:
    evidence = described(make_frames(), make_study(covariates=[]))
    check = next(c for c in evidence.checks if c.name == "independent_truncation")
    assert check.support is not None
    few = dataclasses.replace(check, support=Support(n_people=20, n_events=5, n_non_events=15))
    study = make_study(covariates=[])
    shown = release(dataclasses.replace(evidence, checks=(few,)), study)
    assert shown.checks[0].value is None
    assert "(not shown)" in shown.checks[0].text
