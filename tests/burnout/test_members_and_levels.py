"""Every number names who it rests on and in which waves; groups too small are shown a level above."""

from __future__ import annotations

import re

import polars as pl
import pytest

from tests.burnout.builders import PROVENANCE, FakeTables, make_frames, make_study, make_tables
from wellperf_models.burnout import build_frame, check_forecasts, describe_groups, fit_forecasts, forecast
from wellperf_models.disclosure import release
from wellperf_models.evidence import Evidence, Members, Support, Table
from wellperf_models.study import Study

SIMPLE = {"m": {"covariates": ["noise"]}}


def evidence_of(tables: FakeTables) -> tuple[Evidence, Evidence]:
    frame = build_frame(tables)
    assert tables.study.burnout is not None
    found = fit_forecasts(frame, tables.study.burnout)
    assert not re.search(r"p\d{4}", repr(frame) + repr(frame.roster) + repr(found) + repr(found.scored))
    return (
        forecast(frame, found, check_forecasts(frame, found), provenance=PROVENANCE),
        describe_groups(frame, found, provenance=PROVENANCE),
    )


def members(support: Support, evidence: Evidence) -> Members:
    found = support.members or evidence.members
    assert found is not None
    return found


def levels(table: Table) -> list[Table]:
    return [table, *(levels(table.wider) if table.wider is not None else [])]


@pytest.fixture(scope="module")
def evidence() -> tuple[Evidence, Evidence]:
    return evidence_of(make_tables(1, models=SIMPLE, group_by="department"))


def test_everybody_scored_is_named_in_the_waves_scored(evidence: tuple[Evidence, Evidence]) -> None:
    surveys = make_frames(1)["surveys"].filter(pl.col("measure") == "exhaustion")
    newest = surveys.filter(pl.col("wave") == "w3")
    for item in evidence:
        assert item.members is not None
        # the newest wave alone is scored here
        assert item.members.period == "wave w3"
        assert item.members.people <= set(newest["employee_id"])
        assert item.members.events == item.members.people & set(
            newest.filter(pl.col("value") >= 3.5)["employee_id"]
        )
        supports = [e.support for e in item.estimates]
        supports += [r.support for t in item.tables for level in levels(t) for r in level.rows]
        for support in supports:
            who = members(support, item)
            assert len(who.people) == support.n_people
            assert who.stable
            if support.n_events is not None:
                assert len(who.events) == support.n_events
    (left_out,) = [row for t in evidence[0].tables if t.name == "left_out" for row in t.rows]
    assert members(left_out.support, evidence[0]).period == "waves w0 to w3"


def test_people_of_a_group_and_of_a_group_of_risk(evidence: tuple[Evidence, Evidence]) -> None:
    foreseen, groups = evidence
    department = dict(make_frames(1)["assignments"].select("employee_id", "department").iter_rows())
    for table in groups.tables:
        for row in table.rows:
            assert {department[p] for p in members(row.support, groups).people} == {row.key[0]}
    calibration = next(t for t in foreseen.tables if t.name == "calibration")
    own = [members(r.support, foreseen).people for r in calibration.rows if r.key[0] == "m"]
    assert foreseen.members is not None
    assert frozenset().union(*own) == foreseen.members.people
    assert sum(len(p) for p in own) == len(foreseen.members.people)


def test_folds_score_every_wave() -> None:
    item, _ = evidence_of(make_tables(1, frames={"waves": 2}, models=SIMPLE))
    assert item.members is not None
    assert item.members.period == "wave w1"
    across, _ = evidence_of(make_tables(1, frames={"dated": False}, models=SIMPLE))
    assert across.members is not None
    assert across.members.period == "waves w0 to w3"


def test_numbered_rows_are_not_followed_from_extract_to_extract() -> None:
    plain = make_study(models=SIMPLE).model_dump(exclude_none=True)
    plain["tables"]["surveys"]["row_id"] = True
    item, _ = evidence_of(FakeTables(Study.model_validate(plain), make_frames(1)))
    assert item.members is not None
    assert item.members.stable is False


def spread(small: int) -> dict[str, pl.DataFrame]:
    """Departments of two sites; two of the north hold `small` people who answered the newest wave each."""
    frames = make_frames(1)
    surveys = frames["surveys"].filter(pl.col("measure") == "exhaustion")
    before = surveys.filter(pl.col("wave") != "w3")["employee_id"]
    asked = surveys.filter((pl.col("wave") == "w3") & pl.col("employee_id").is_in(before.implode()))
    # of both kinds, so that nothing but their number keeps them back
    held = asked.sort(pl.col("value") % 1, "employee_id")["employee_id"].to_list()
    where = dict.fromkeys(held[::2], "field") | dict.fromkeys(held[:small], "lab")
    where |= dict.fromkeys(held[small : 2 * small], "shop")
    department = pl.col("employee_id").replace_strict(where, default="ops", return_dtype=pl.String)
    site = department.replace_strict({"field": "south"}, default="north", return_dtype=pl.String)
    frames["assignments"] = frames["assignments"].with_columns(department=department, site=site)
    return frames


def test_two_small_departments_of_a_site_are_read_within_it() -> None:
    study = make_study(models=SIMPLE, group_by="department")
    _, groups = evidence_of(FakeTables(study, spread(8)))
    table = next(t for t in groups.tables if t.name == "cases_by_group")
    assert [level.level for level in levels(table)] == ["department", "site", "organisation"]
    for above, below in zip(levels(table)[1:], levels(table), strict=False):
        for row in above.rows:
            children = [r for r in below.rows if r.parent == row.key[0]]
            assert row.values[:3] == tuple(sum(int(r.values[i] or 0) for r in children) for i in range(3))
    shown = release(groups, study)
    rows = {row.key[0]: row.values for row in shown.table("cases_by_group").rows}
    assert rows["lab"] == rows["shop"] == (None,) * 5
    assert rows["site: north"][0] is not None
    assert rows["ops"][0] is not None
    assert any("A department is shown by itself from 10 people on" in limit for limit in shown.limits)


def test_which_groups_are_shown_follows_from_people_alone() -> None:
    frames = spread(8)
    other = frames["surveys"].with_columns(
        value=pl.when(pl.col("measure") == "exhaustion")
        .then(pl.col("value").shuffle(seed=3).over("measure", "wave"))
        .otherwise("value")
    )
    kept = []
    for surveys in (frames["surveys"], other):
        tables = FakeTables(make_study(models=SIMPLE, group_by="department"), frames | {"surveys": surveys})
        table = release(evidence_of(tables)[1], tables.study).table("cases_by_group")
        kept.append([row.key for row in table.rows if row.values[0] is None])
    assert kept[0] == kept[1] == [("lab",), ("shop",)]
