"""What enters a comparison, what is counted as left out, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.roi.builders import (
    OUTCOMES,
    START,
    FakeTables,
    make_assignments,
    make_programmes,
    make_rows,
    make_study,
    make_tables,
)
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.roi import build_frame
from wellperf_models.roi.rows import OutcomeRows

ONE: dict[str, Any] = {"sick_days": {"higher_is": "worse"}}


def test_a_trial_by_person() -> None:
    frame = build_frame(make_tables())
    assert frame.has_control
    assert frame.n_offered == 300
    assert list(frame.outcomes) == ["sick_days", "left", "sick_days_before"]
    sick, left = frame.outcomes["sick_days"], frame.outcomes["left"]
    assert sick.n_units == sick.n_assigned == (300, 300)
    assert not sick.clustered
    assert not sick.binary
    assert left.binary
    assert np.array_equal(sick.unit, left.unit)
    assert np.array_equal(sick.cluster, sick.unit)
    assert sick.received is not None
    # who was not offered it did not take part, although nobody wrote that down
    assert set(sick.received[~sick.treated]) == {0.0}
    assert 0 < sick.received[sick.treated].mean() < 1
    assert np.all(sick.weight == 1)
    assert "by lot" in frame.population


def test_rows_left_out_are_counted() -> None:
    rows = make_rows()
    sick = rows.filter(pl.col("name") == "sick_days").with_row_index("i")
    i = pl.col("i")
    spoilt = sick.with_columns(
        pl.when(i < 7)
        .then(pl.lit("third arm"))
        .when(i < 12)
        .then(None)
        .otherwise(pl.col("arm"))
        .alias("arm"),
        pl.when(i == 12)
        .then(float("nan"))
        .when((i > 12) & (i < 15))
        .then(None)
        .otherwise(pl.col("value"))
        .alias("value"),
        pl.when(i < 17)
        .then(1.0)
        .when(i < 20)
        .then(0.0)
        .when(i < 24)
        .then(None)
        .otherwise(2.0)
        .alias("weight"),
    ).drop("i")
    frame = build_frame(make_tables(spoilt, outcomes=ONE))
    outcome = frame.outcomes["sick_days"]
    counted = {why: (n.rows, n.people) for why, n in outcome.left_out.items()}
    assert counted == {
        "rows without an arm": (5, 5),
        "rows of another arm": (7, 7),
        "rows without a weight, or with weight 0": (7, 7),
    }
    assert outcome.n_left_out == 7
    assert outcome.value.size == 600 - 7 - 5 - 3 - 7
    assert sum(outcome.n_assigned) == 600 - 12
    assert outcome.assigned is not None
    assert outcome.assigned.measured.sum() == outcome.value.size


def test_a_baseline_without_arms_takes_them_from_the_unit() -> None:
    whole = make_rows()
    bare = whole.with_columns(
        pl.when(pl.col("name") == "sick_days_before").then(None).otherwise(pl.col(c)).alias(c)
        for c in ("arm", "received")
    )
    a, b = (build_frame(make_tables(rows)).outcomes["sick_days_before"] for rows in (whole, bare))
    assert np.array_equal(a.treated, b.treated)
    assert a.received is not None
    assert b.received is not None
    assert np.array_equal(a.received, b.received)


def test_files_that_cannot_be_joined_are_about_the_same_people() -> None:
    rows = make_rows().with_columns((pl.col("name") + ":" + pl.col("unit_id")).alias("unit_id"))
    frame = build_frame(make_tables(rows))
    assert frame.n_offered == 300
    units = [set(o.unit.tolist()) for o in frame.outcomes.values()]
    assert not units[0] & units[1]


def test_who_was_measured_only_once_counts_as_assigned() -> None:
    """Long tables leave unmeasured people out; they are known from the other outcome."""
    rows = make_rows()
    for name in ("sick_days", "left"):
        lost = (pl.col("name") == name) & pl.col("unit_id").str.ends_with("7")
        frame = build_frame(make_tables(rows.filter(~lost)))
        assert all(sum(outcome.n_assigned) == 600 for outcome in frame.outcomes.values())
        assert sum(frame.outcomes[name].n_units) == 540


def teams_of(outcome: OutcomeRows) -> int:
    return int(np.unique(outcome.cluster).size)


def test_level_team_from_cluster_or_from_assignments() -> None:
    rows = make_rows(teams=30)
    frame = build_frame(make_tables(rows, level="team"))
    assert teams_of(frame.outcomes["sick_days"]) == 30
    assert frame.outcomes["sick_days"].clustered
    bare = rows.with_columns(pl.lit(None, pl.String).alias("cluster"))
    more = {"assignments": make_assignments(rows)}
    placed = build_frame(make_tables(bare, more=more, level="team", start=START))
    assert np.array_equal(placed.outcomes["sick_days"].cluster, frame.outcomes["sick_days"].cluster)
    # the programme's own record gives the day as well
    more["programmes"] = make_programmes(level="team")
    recorded = build_frame(make_tables(bare, more=more, level="team"))
    assert recorded.start == START
    assert np.array_equal(recorded.outcomes["left"].cluster, frame.outcomes["left"].cluster)


def test_the_team_is_that_of_the_first_day() -> None:
    rows = make_rows(teams=30)
    bare = rows.with_columns(pl.lit(None, pl.String).alias("cluster"))
    held = make_assignments(rows)
    moved = held.with_columns(pl.lit(dt.date(2024, 3, 1)).alias("start"), pl.lit("t0000").alias("team"))
    first = held.with_columns(pl.lit(dt.date(2024, 2, 29)).alias("end"))
    late = held.head(5).with_columns(pl.lit(dt.date(2024, 2, 1)).alias("start"))
    everyone = pl.concat([first.slice(5), moved.slice(5), late])
    frame = build_frame(make_tables(bare, more={"assignments": everyone}, level="team", start=START))
    outcome = frame.outcomes["sick_days"]
    assert teams_of(outcome) == 30
    assert outcome.left_out["rows without a known team on the first day of the programme"].rows == 5


def test_repeated_rows_of_a_unit_stay_together() -> None:
    rows = make_rows().filter(pl.col("name") == "sick_days")
    months = pl.concat([rows.with_columns(pl.lit(f"m{k}").alias("period")) for k in range(3)])
    outcome = build_frame(make_tables(months, outcomes=ONE)).outcomes["sick_days"]
    assert outcome.value.size == 1800
    assert outcome.clustered
    assert teams_of(outcome) == 600
    one = build_frame(make_tables(months, outcomes={"sick_days": {"period": "m1"}})).outcomes["sick_days"]
    assert one.value.size == 600
    assert not one.clustered


def test_covariates_are_centred_and_blocks_enter() -> None:
    rows = make_rows().with_columns(
        pl.when(pl.col("unit_id").str.ends_with("3")).then(pl.lit("b")).otherwise(pl.lit("a")).alias("block"),
        pl.lit(2.0).alias("same"),
        pl.col("unit_id").str.slice(3, 1).alias("digit"),
    )
    people = rows.unique("unit_id").select(
        pl.col("unit_id").alias("employee_id"),
        pl.col("unit_id").str.slice(4, 1).cast(pl.Float64).alias("age"),
    )
    covariates = {
        "age": {"table": "people", "timing": "before", "label": "Age"},
        "same": {"table": "outcomes", "timing": "before"},
        "digit": {"table": "outcomes", "timing": "before", "type": "category"},
    }
    outcomes = OUTCOMES | {"sick_days": {"adjust_for": ["sick_days_before", "age", "same", "digit"]}}
    tables = make_tables(rows, more={"people": people}, outcomes=outcomes, covariates=covariates)
    outcome = build_frame(tables).outcomes["sick_days"]
    assert outcome.covariates[:2] == ("sick_days_before", "Age")
    assert "same" not in outcome.covariates
    assert sum(c.startswith("digit: ") for c in outcome.covariates) == 5
    assert outcome.covariates[-1].startswith("block: ")
    assert np.abs(np.average(outcome.X, axis=0, weights=outcome.weight)).max() < 1e-12
    assert outcome.block is not None
    assert set(outcome.block) == {0, 1}
    assert outcome.background_labels[0] == "Age"
    missing = people.with_columns(pl.when(pl.col("age") > 0).then(pl.col("age")).alias("age"))
    tables = make_tables(rows, more={"people": missing}, outcomes=outcomes, covariates=covariates)
    outcome = build_frame(tables).outcomes["sick_days"]
    assert outcome.n_left_out == 60
    assert outcome.left_out["rows without every covariate adjusted for"].people == 60


def test_nothing_depends_on_the_order_of_the_rows() -> None:
    rows = make_rows(teams=12)
    a = build_frame(make_tables(rows, level="team"))
    b = build_frame(make_tables(rows.sample(fraction=1.0, shuffle=True, seed=3), level="team"))
    for name, outcome in a.outcomes.items():
        for array in ("value", "treated", "unit", "cluster", "received"):
            assert np.array_equal(getattr(outcome, array), getattr(b.outcomes[name], array))


def test_participation_needs_no_arms() -> None:
    rows = make_rows().filter(pl.col("arm") == "offered").with_columns(pl.lit(None, pl.String).alias("arm"))
    frame = build_frame(make_tables(rows, design="participation", control=None, treated="took part"))
    assert not frame.has_control
    outcome = frame.outcomes["sick_days"]
    assert outcome.received is not None
    assert np.array_equal(outcome.treated, outcome.received == 1)
    told = rows.with_columns(
        pl.when(pl.col("received") == "yes").then(pl.lit("in")).otherwise(pl.lit("out")).alias("arm"),
        pl.lit(None, pl.String).alias("received"),
    )
    by_arm = build_frame(make_tables(told, design="participation", control=None, treated="in"))
    assert np.array_equal(by_arm.outcomes["sick_days"].treated, outcome.treated)


def test_everyone_treated_is_a_frame_without_control() -> None:
    rows = make_rows().filter(pl.col("arm") == "offered")
    frame = build_frame(make_tables(rows))
    assert not frame.has_control
    assert frame.n_offered == 300


def refused(kind: type[Exception], match: str, rows: pl.DataFrame | None = None, **roi: Any) -> str:
    with pytest.raises(kind, match=match) as caught:
        build_frame(make_tables(rows, **roi))
    text = str(caught.value)
    assert "p00" not in text
    return text


def test_no_section_and_no_table() -> None:
    study = make_study()
    with pytest.raises(StudyError, match="nothing of a programme"):
        build_frame(FakeTables(study.model_copy(update={"roi": None}), {"outcomes": make_rows()}))
    with pytest.raises(DesignError, match="no table of outcomes"):
        build_frame(FakeTables(study, {}))


def test_outcomes_that_are_not_there() -> None:
    refused(StudyError, "not in the table outcomes", outcomes={"sickdays": {}})
    periods = make_rows().with_columns(pl.lit("year one").alias("period"))
    text = refused(StudyError, "no row in the period", periods, outcomes={"left": {"period": "2"}})
    assert "year one" in text


def test_outcomes_without_values() -> None:
    rows = make_rows()
    empty = rows.with_columns(pl.lit(None, pl.Float64).alias("value"))
    refused(DesignError, "no measured value", empty)
    same = rows.with_columns(pl.lit(3.0).alias("value"))
    refused(DesignError, "nothing to compare", same)


def test_arms() -> None:
    refused(DesignError, "Nobody is in the treated arm", treated="Offered")
    rows = make_rows()
    split = rows.with_columns(
        pl.when((pl.col("unit_id") == "p00004") & (pl.col("name") == "left"))
        .then(pl.lit("waiting"))
        .when(pl.col("unit_id") == "p00004")
        .then(pl.lit("offered"))
        .otherwise(pl.col("arm"))
        .alias("arm")
    )
    assert "1 of 600 units" in refused(DesignError, "in several arms", split)


def test_the_assignment_level_must_be_found() -> None:
    rows = make_rows(teams=30)
    bare = rows.with_columns(pl.lit(None, pl.String).alias("cluster"))
    refused(DesignError, "assignment level cannot be found", bare, level="team")
    more = {"assignments": make_assignments(rows)}
    # teams are known, but not since when the programme runs
    refused(DesignError, "assignment level cannot be found", bare, level="team", more=more)


def test_a_cluster_with_both_arms() -> None:
    rows = make_rows().with_columns(("t" + pl.col("unit_id").str.slice(4, 2)).alias("cluster"))
    text = refused(DesignError, "hold both arms", rows, level="team")
    assert "of 100" in text


def test_a_level_finer_than_the_lots_is_refused() -> None:
    """Errors by person would be far too small, and nothing else would say so."""
    rows = make_rows(teams=30)
    refused(StudyError, "wholly in one arm", rows, level="person")
    bare = rows.with_columns(pl.lit(None, pl.String).alias("cluster"))
    more = {"assignments": make_assignments(rows)}
    text = refused(
        StudyError, "Every team is wholly in one arm", bare, level="person", more=more, start=START
    )
    assert "roi.level" in text
    # lots drawn by person inside teams leave teams mixed: nothing to refuse
    mixed = make_rows().with_columns(("t" + pl.col("unit_id").str.slice(4, 2)).alias("cluster"))
    assert not build_frame(make_tables(mixed, level="person")).outcomes["left"].clustered
    # pairs are often in one arm by chance
    pairs = make_rows(n=12).with_columns(
        ("t" + (pl.col("unit_id").str.slice(1).cast(int) // 2).cast(str)).alias("cluster")
    )
    whole = pairs.with_columns(
        pl.when(pl.col("cluster").is_in(["t0", "t2", "t4"]))
        .then(pl.lit("offered"))
        .otherwise(pl.lit("waiting"))
        .alias("arm")
    )
    assert build_frame(make_tables(whole, outcomes=ONE)).n_offered == 6


def test_units_larger_than_the_level() -> None:
    rows = make_rows().with_columns(pl.lit("team").alias("unit_type"))
    refused(StudyError, "larger than what is said", rows, level="person")


def test_covariates_from_after_are_refused() -> None:
    rows = make_rows().with_columns(pl.lit(1.0).alias("steps"), pl.col("value").alias("mood"))
    covariates = {"mood": {"table": "outcomes", "timing": "during"}}
    outcomes = {"sick_days": {"adjust_for": ["mood"]}}
    refused(StudyError, "during or after", rows, outcomes=outcomes, covariates=covariates)
    covariates = {"team": {"table": "assignments", "timing": "before", "type": "category"}}
    outcomes = {"sick_days": {"adjust_for": ["team"]}}
    refused(StudyError, "can't be placed", rows, outcomes=outcomes, covariates=covariates)


def test_an_outcome_after_the_as_of_date_is_refused() -> None:
    rows = make_rows().with_columns(period=pl.lit("2025-02"))
    with pytest.raises(DesignError, match="after the as-of date"):
        build_frame(make_tables(rows, outcomes=ONE))


def test_dates_that_contradict() -> None:
    more = {"programmes": make_programmes(start=dt.date(2025, 6, 1))}
    refused(DesignError, "had not started", more=more)
    dated = make_rows().with_columns(
        pl.when(pl.col("name") == "sick_days_before")
        .then(pl.lit("2024-05"))
        .otherwise(pl.lit("2024"))
        .alias("period")
    )
    refused(StudyError, "contradicts its timing", dated, start=START)
    early = make_rows().with_columns(pl.lit("2023").alias("period"))
    refused(StudyError, "contradicts its timing", early, start=START)
    words = make_rows().with_columns(pl.lit("wave 2023").alias("period"))
    assert build_frame(make_tables(words, start=START)).start == START
