"""Every number names the units it rests on; no arm's mean tells everybody's value."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.roi.builders import OUTCOMES, PROVENANCE, FakeTables, make_rows, make_study, make_tables
from tests.roi.decision_builders import make_effect, make_rows as outcome_rows
from wellperf_models.disclosure import release
from wellperf_models.evidence import Evidence, Members, Support
from wellperf_models.roi import build_frame, check_contrast, check_effects, contrast, evaluate, fit_effects
from wellperf_models.roi.findings_money import joint_support
from wellperf_models.roi.findings_words import members_offered
from wellperf_models.study import Study


def evidence_of(tables: FakeTables) -> tuple[Evidence, Evidence]:
    section = tables.study.roi
    assert section is not None
    frame = build_frame(tables)
    effects = fit_effects(frame, section)
    assert not re.search(r"p\d{5}", repr(frame) + repr(frame.outcomes) + repr(effects.of))
    return (
        evaluate(frame, effects, check_effects(frame, effects), provenance=PROVENANCE),
        contrast(frame, effects, check_contrast(frame, effects), provenance=PROVENANCE),
    )


def supports(evidence: Evidence) -> list[tuple[str, Support]]:
    found = [(e.name, e.support) for e in evidence.estimates]
    return found + [(f"{t.name} {r.key}", r.support) for t in evidence.tables for r in t.rows]


def members(support: Support, evidence: Evidence) -> Members:
    found = support.members or evidence.members
    assert found is not None
    return found


def test_people_of_an_effect_a_contrast_and_an_arm() -> None:
    rows = make_rows()
    effects, compared = evidence_of(make_tables(rows))
    of = {n: set(rows.filter(pl.col("arm") == n)["unit_id"]) for n in ("offered", "waiting")}
    left = set(rows.filter((pl.col("name") == "left") & (pl.col("value") == 1))["unit_id"])
    for item in (effects, compared):
        assert item.members is not None
        assert item.members.people == of["offered"] | of["waiting"]
        for where, support in supports(item):
            who = members(support, item)
            # a row that shows several differences is judged by the fewest people, and rests on all of them
            several = where.startswith("contrast")
            assert (
                (len(who.people) >= support.n_people) if several else (len(who.people) == support.n_people)
            ), where
            assert who.events <= who.people & left, where
            assert who.stable
    by_name = {e.name: members(e.support, effects) for e in effects.estimates}
    assert by_name["itt_sick_days"].events == frozenset()
    assert by_name["itt_left"].events == left
    arms = {r.key: members(r.support, effects) for t in effects.tables if "arms" in t.name for r in t.rows}
    assert arms["Sick days", "offered"].people == of["offered"]
    assert arms["Left within a year", "waiting"] == Members(
        people=frozenset(of["waiting"]), events=frozenset(of["waiting"] & left)
    )
    # those who were offered it alone are compared by whether they took part
    differ = {e.name: members(e.support, compared) for e in compared.estimates}
    assert differ["contrast_sick_days"].people == of["offered"]


def test_teams_are_their_own_units() -> None:
    rows = make_rows(teams=60).group_by("cluster", "arm", "name").agg(pl.col("value").mean())
    teams = rows.with_columns(
        unit_type=pl.lit("team"), unit_id=pl.col("cluster"), received=pl.lit(None, pl.String)
    )
    outcomes = {"sick_days": OUTCOMES["sick_days"]}
    effects, _ = evidence_of(make_tables(teams, outcomes=outcomes, level="team"))
    assert effects.members is not None
    assert effects.members.people == {f"team {name}" for name in rows["cluster"]}


def test_the_period_is_that_of_the_outcome() -> None:
    outcomes = {"sick_days": OUTCOMES["sick_days"] | {"period": "2024"}, "left": OUTCOMES["left"]}
    rows = make_rows().with_columns(period=pl.when(pl.col("name") == "sick_days").then(pl.lit("2024")))
    effects, _ = evidence_of(make_tables(rows, outcomes=outcomes, start="2024-01-01"))
    periods = {e.name: members(e.support, effects).period for e in effects.estimates}
    assert periods["itt_sick_days"] == "2024"
    assert periods["itt_left"] == ""


def test_numbered_rows_are_not_followed_from_extract_to_extract() -> None:
    plain = make_study().model_dump(exclude_none=True)
    plain["tables"]["outcomes"]["row_id"] = True
    effects, _ = evidence_of(FakeTables(Study.model_validate(plain), {"outcomes": make_rows()}))
    assert {members(s, effects).stable for _, s in supports(effects)} == {False}


def test_left_out_rows_name_their_units() -> None:
    lost = pl.col("unit_id") < "p00012"
    rows = make_rows().with_columns(arm=pl.when(lost).then(pl.lit("third")).otherwise("arm"))
    effects, _ = evidence_of(make_tables(rows))
    (table,) = [t for t in effects.tables if t.name == "left_out"]
    named = {members(row.support, effects).people for row in table.rows}
    assert named == {frozenset(f"p{i:05d}" for i in range(12))}


def test_a_number_of_several_outcomes_rests_on_all_of_them() -> None:
    section = make_study().roi
    assert section is not None
    value = np.random.default_rng(0).normal(size=60)
    rows = outcome_rows(section, "sick_days", value=value, treated=np.arange(60) % 2 == 0)
    one, two = (
        dataclasses.replace(make_effect(rows), members=Members(people=frozenset(ids)))
        for ids in ("abc", "cd")
    )
    from wellperf_models.roi.checks_effects import support_of

    joint = joint_support([support_of(one), support_of(two)])
    assert joint.members is not None
    assert joint.members.people == frozenset("abcd")


def test_who_was_offered_it_are_all_of_that_arm_measured_or_not() -> None:
    rows = make_rows().with_columns(value=pl.when(pl.col("unit_id") < "p00050").then(None).otherwise("value"))
    frame = build_frame(make_tables(rows))
    offered = set(rows.filter(pl.col("arm") == "offered")["unit_id"])
    assert members_offered(frame).people == offered
    assert len(offered) == frame.n_offered


def arms_of(rows: pl.DataFrame, table: str, **study: Any) -> dict[tuple[str, ...], tuple[object, ...]]:
    tables = make_tables(rows, **study)
    shown = release(evidence_of(tables)[0], tables.study).table(table)
    return {row.key: row.values for row in shown.rows}


@pytest.mark.parametrize("number", [0, 3, 297, 300])
def test_a_share_of_nobody_or_everybody_is_not_shown(number: int) -> None:
    offered = make_rows().filter(pl.col("arm") == "offered")["unit_id"].unique().sort().to_list()
    own = (pl.col("name") == "left") & (pl.col("arm") == "offered")
    chosen = pl.col("unit_id").is_in(offered[:number]).cast(pl.Float64)
    rows = make_rows().with_columns(value=pl.when(own).then(chosen).otherwise("value"))
    assert len(offered) == 300
    arms = arms_of(rows, "arms_shares")
    # the other arm would follow where the total is known
    assert {v for values in arms.values() for v in values} == {None}


def test_a_share_of_a_few_tenths_is_shown() -> None:
    assert all(v is not None for values in arms_of(make_rows(), "arms_shares").values() for v in values)


@pytest.mark.parametrize("others", [0, 4])
def test_a_mean_that_is_nearly_everybodys_value_is_not_shown(others: int) -> None:
    offered = make_rows().filter(pl.col("arm") == "offered")["unit_id"].unique().sort().to_list()
    own = (pl.col("name") == "sick_days") & (pl.col("arm") == "offered")
    value = pl.when(pl.col("unit_id").is_in(offered[:others])).then(pl.col("value")).otherwise(0.5)
    rows = make_rows().with_columns(value=pl.when(own).then(value).otherwise("value"))
    arms = arms_of(rows, "arms")
    assert arms["Sick days", "offered"] == (None,) * 4
    assert arms["Sick days, year before", "offered"][0] is not None


def test_a_mean_that_is_mostly_that_of_one_is_not_shown() -> None:
    offered = make_rows().filter(pl.col("arm") == "offered")["unit_id"].unique().sort().to_list()
    own = (pl.col("name") == "sick_days") & (pl.col("arm") == "offered")
    value = pl.when(pl.col("unit_id") == offered[0]).then(100_000.0).otherwise(pl.col("value").abs())
    rows = make_rows().with_columns(value=pl.when(own).then(value).otherwise("value"))
    arms = arms_of(rows, "arms")
    assert arms["Sick days", "offered"] == (None,) * 4
    # of 300 people of whom nobody has that much it is
    assert arms_of(make_rows(), "arms")["Sick days", "offered"][0] is not None


def test_checks_of_few_people_keep_their_number() -> None:
    tables = make_tables(make_rows(n=18))
    frame = build_frame(tables)
    assert tables.study.roi is not None
    effects = fit_effects(frame, tables.study.roi)
    found = check_effects(frame, effects)
    shown = release(evaluate(frame, effects, found, provenance=PROVENANCE), tables.study)
    checks = {c.name: c for c in shown.checks}
    assert {c.name: c.value is not None for c in found}["arms_alike_at_start"]
    assert checks["arms_alike_at_start"].value is None
    assert "(not shown)" in checks["arms_alike_at_start"].text
