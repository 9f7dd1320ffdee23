"""Rows of a roll-out: periods, starts, what is made from other tables, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.fakes import FakeTables
from tests.roi.builders import make_study
from tests.roi.designs.worlds import ONE, QUARTERS, roll_out, roll_out_tables
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.roi import build_frame
from wellperf_models.roi.designs.periods import bounds_of, in_order, one_year_after


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2024", (2024, 1, 1), (2024, 12, 31)),
        ("2024-02", (2024, 2, 1), (2024, 2, 29)),
        ("2024-02-03", (2024, 2, 3), (2024, 2, 3)),
        ("2024-Q2", (2024, 4, 1), (2024, 6, 30)),
        ("2023-01-01 to 2023-12-31", (2023, 1, 1), (2023, 12, 31)),
    ],
)
def test_periods_are_read_as_days(
    period: str, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    assert bounds_of(period) == (dt.date(*first), dt.date(*last))


@pytest.mark.parametrize("period", ["wave 1", "2024-13", "2024-02-31", "2024-Q5", "2024 to 2023", ""])
def test_other_words_are_no_periods(period: str) -> None:
    assert bounds_of(period) is None


def test_periods_come_in_order_and_do_not_overlap() -> None:
    assert list(in_order(["2024-Q1", "2023", "2023"], "x")) == ["2023", "2024-Q1"]
    with pytest.raises(StudyError, match="overlap"):
        in_order(["2024-Q1", "2024-02"], "x")
    with pytest.raises(StudyError, match="no date"):
        in_order(["wave 1"], "x")
    assert one_year_after(dt.date(2024, 2, 29)) == dt.date(2025, 3, 1)


def test_the_frame_holds_units_by_period_and_their_start() -> None:
    frame = build_frame(roll_out_tables())
    rows = frame.outcomes["strain"]
    assert rows.timeline is not None
    assert rows.timeline.names == QUARTERS
    assert rows.value.size == 24 * 12 * 12
    assert np.array_equal(rows.treated, rows.timeline.time >= rows.timeline.adopted)
    assert set(rows.timeline.adopted.tolist()) == {4, 7, 10, 12}
    assert frame.n_offered == 18 * 12
    assert frame.has_control
    assert frame.by_lot
    assert frame.of_people
    assert "different times" in frame.population
    assert "5." not in repr(rows)
    assert "Timeline(12 periods)" in repr(rows.timeline)


def test_nothing_depends_on_the_order_of_the_rows() -> None:
    outcomes, programmes = roll_out()
    study = roll_out_tables().study
    shuffled = {
        "outcomes": outcomes.sample(fraction=1.0, shuffle=True, seed=1),
        "programmes": programmes[::-1],
    }
    a = build_frame(FakeTables(study, {"outcomes": outcomes, "programmes": programmes})).outcomes["strain"]
    b = build_frame(FakeTables(study, shuffled)).outcomes["strain"]
    for name in ("value", "unit", "cluster", "treated"):
        assert np.array_equal(getattr(a, name), getattr(b, name))


def changed(**columns: pl.Expr) -> FakeTables:
    tables = roll_out_tables()
    tables["programmes"] = tables["programmes"].with_columns(**columns)
    return tables


def test_a_start_inside_a_period_leaves_that_period_out() -> None:
    tables = changed(start=pl.col("start").dt.offset_by("10d"))
    rows = build_frame(tables).outcomes["strain"]
    assert rows.timeline is not None
    assert set(rows.timeline.adopted.tolist()) == {5, 8, 11, 12}
    lost = rows.left_out["rows of a period in which the programme began midway"]
    assert (lost.rows, lost.people) == (216, 216)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (changed(start=pl.lit(dt.date(2023, 1, 1))), None),
        (changed(end=pl.lit(dt.date(2024, 6, 30))), "switched off"),
        (changed(start=pl.lit(dt.date(2021, 1, 1))), "nothing was measured before"),
        (changed(unit_id=pl.lit("other")), "No unit started"),
        (changed(programme=pl.lit("other")), "No unit is recorded"),
        (roll_out_tables(starts=(4, 4)), "Every team started in the same period"),
        (roll_out_tables(teams=1, starts=(4,)), "only one team"),
    ],
    ids=["one start, some never", "ends", "all before", "names", "programme", "all at once", "one team"],
)
def test_what_is_no_roll_out_is_refused(tables: FakeTables, words: str | None) -> None:
    if words is None:
        assert build_frame(tables).outcomes["strain"].treated.any()
        return
    with pytest.raises(DesignError, match=words) as caught:
        build_frame(tables)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ({"adjust_for": ["age"]}, "compares each unit with itself"),
        ({"period": "2024-Q1"}, "needs every period"),
        ({"name": "other"}, "not in the table outcomes"),
    ],
)
def test_what_a_roll_out_does_not_take(outcome: dict[str, Any], words: str) -> None:
    covariates = {"age": {"table": "outcomes", "type": "number", "timing": "before"}}
    tables = roll_out_tables(
        change={"outcomes": {"strain": ONE["strain"] | outcome}, "covariates": covariates}
    )
    with pytest.raises(StudyError, match=words):
        build_frame(tables)


def test_outcomes_of_a_time_that_has_not_come_are_refused() -> None:
    tables = roll_out_tables()
    study = tables.study
    early = study.study.model_copy(update={"as_of": dt.date(2024, 9, 30)})
    tables.study = study.model_copy(update={"study": early})
    with pytest.raises(DesignError, match="after the as-of date"):
        build_frame(tables)


def test_starts_of_other_units_than_were_assigned_are_refused() -> None:
    with pytest.raises(StudyError, match="other units than were assigned"):
        build_frame(changed(unit_type=pl.lit("site")))
    tables = roll_out_tables()
    del tables["programmes"]
    with pytest.raises(StudyError, match="first day of each unit"):
        build_frame(tables)


def made_tables(**outcome: Any) -> FakeTables:
    """Six teams of five in 2023 and 2024; two start in July 2023, two in January 2024, two never."""
    people = [f"p{i:02d}" for i in range(30)]
    team = [f"t{i % 6}" for i in range(30)]
    first, gone = dt.date(2022, 1, 1), {6: dt.date(2023, 8, 15), 8: dt.date(2023, 2, 10)}
    frames = {
        "spells": pl.DataFrame(
            {
                "employee_id": people,
                "start": [first] * 30,
                "end": [gone.get(i) for i in range(30)],
                "exit_reason": ["voluntary" if i == 6 else "other" if i in gone else None for i in range(30)],
            },
            schema_overrides={"end": pl.Date, "exit_reason": pl.String},
        ),
        "assignments": pl.DataFrame(
            {
                "employee_id": people,
                "start": [first] * 30,
                "end": pl.Series([None] * 30, dtype=pl.Date),
                "team": team,
                "department": ["d"] * 30,
                "site": ["s"] * 30,
            }
        ),
        "absences": pl.DataFrame(
            {
                "employee_id": ["p00", "p00", "p01"],
                "start": [dt.date(2023, 1, 5), dt.date(2023, 2, 6), dt.date(2024, 11, 7)],
                "cause": ["illness"] * 3,
                "days": [2.0, 1.0, 4.0],
            }
        ),
        "performance": pl.DataFrame(
            {
                "unit_type": ["person"] * 90,
                "unit_id": people * 3,
                "period": [
                    d for d in (dt.date(2023, 1, 1), dt.date(2023, 2, 1), dt.date(2024, 2, 1)) for _ in people
                ],
                "indicator": ["sales"] * 90,
                "kind": ["output"] * 90,
                "value": [float(i % 7) for i in range(90)],
            }
        ),
        "programmes": pl.DataFrame(
            {
                "programme": ["coaching"] * 4,
                "unit_type": ["team"] * 4,
                "unit_id": ["t0", "t1", "t2", "t3"],
                "start": [dt.date(2023, 7, 1)] * 2 + [dt.date(2024, 1, 1)] * 2,
                "end": pl.Series([None] * 4, dtype=pl.Date),
                "assigned_by": ["phased"] * 4,
                "level": ["team"] * 4,
            }
        ),
    }
    general = {"observed_from": dt.date(2023, 1, 1)}
    study = make_study(
        outcomes={"made": {"higher_is": "worse"} | outcome}, general=general, design="staggered", level="team"
    )
    study = study.model_copy(update={"tables": {n: next(iter(study.tables.values())) for n in frames}})
    return FakeTables(study, frames)


def test_days_of_absence_are_made_of_absences_and_months_employed() -> None:
    rows = build_frame(made_tables(measured_in="absences")).outcomes["made"]
    assert rows.timeline is not None
    assert rows.timeline.names == QUARTERS[4:]
    assert rows.per_year
    first = rows.value[(rows.timeline.time == 0) & (rows.value > 0)]
    # three days in the three months of the quarter
    assert first == pytest.approx([3 * 12 / 3])
    assert rows.weight[rows.timeline.time == 0].max() == 3.0
    # somebody who left in February counted two months
    assert np.sum(rows.weight[rows.timeline.time == 0] == 2.0) == 1
    total = float((rows.value * rows.weight).sum() / 12)
    assert total == pytest.approx(7.0)


def test_voluntary_exits_are_made_of_spells() -> None:
    rows = build_frame(made_tables(measured_in="exits")).outcomes["made"]
    assert rows.counts_cases
    assert float((rows.value * rows.weight).sum() / 12) == pytest.approx(1.0)
    everyone = np.ones(rows.value.size, bool)
    assert rows.members(everyone).events == {"p06"}


def test_performance_is_the_indicators_own_value_with_the_team_of_the_month() -> None:
    rows = build_frame(made_tables(measured_in="performance", name="sales")).outcomes["made"]
    assert rows.timeline is not None
    assert rows.timeline.names == ("2023-Q1", "2024-Q1")
    assert not rows.per_year
    assert np.unique(rows.cluster).size == 6
    with pytest.raises(StudyError, match="not in the table performance"):
        build_frame(made_tables(measured_in="performance", name="other"))


def test_starts_in_the_middle_of_a_quarter_make_months() -> None:
    tables = made_tables(measured_in="absences")
    tables["programmes"] = tables["programmes"].with_columns(start=pl.col("start").dt.offset_by("1mo"))
    rows = build_frame(tables).outcomes["made"]
    assert rows.timeline is not None
    assert len(rows.timeline.names) == 24
    assert rows.timeline.names[0] == "2023-01"
