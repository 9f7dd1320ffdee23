"""Outcomes are of a year: what is brought to one, and what can't be set against an amount of one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

import wellperf_models as wp
from tests.fakes import FakeTables
from tests.roi.builders import make_study
from tests.roi.decision_builders import DECISION
from tests.roi.designs.test_follow_up import two_arms
from tests.roi.designs.test_roll_out import made_tables
from tests.roi.designs.worlds import ONE, roll_out_tables
from wellperf_models.errors import DesignError
from wellperf_models.roi import build_frame, fit_effects, fit_posterior
from wellperf_models.roi.comparison import spread_a_year
from wellperf_models.roi.models.units import units_of, whole_totals
from wellperf_models.roi.rows import Effect, RoiFrame
from wellperf_models.study import Outcome, Study

VALUE = {"channel": "absence", "amount": 100.0, "currency": "EUR", "source": "payroll", "tier": "measured"}
MONTHS = [f"2024-{m:02d}" for m in range(1, 13)]


def monthly(values: Any, periods: list[str] = MONTHS, **outcome: Any) -> FakeTables:
    """Person by month: shape (n, 12), missing where nan; every second person is treated."""
    values = np.asarray(values, float)
    n, k = values.shape
    rows = pl.DataFrame(
        {
            "unit_type": ["person"] * (n * k),
            "unit_id": np.repeat([f"p{i:04d}" for i in range(n)], k).tolist(),
            "period": periods * n,
            "name": ["o"] * (n * k),
            "value": values.ravel(),
            "arm": np.repeat(["waiting", "offered"] * (n // 2), k).tolist(),
        }
    ).filter(pl.col("value").is_not_nan())
    study = make_study(outcomes={"o": {"higher_is": "worse"} | outcome}, decision=DECISION)
    return with_money(FakeTables(study, {"outcomes": rows}))


def with_money(tables: FakeTables) -> FakeTables:
    """The same with a reporting currency."""
    whole = tables.study.model_dump(exclude_unset=True) | {"money": {"reporting_currency": "EUR"}}
    tables.study = Study.model_validate(whole)
    return tables


def leaving(seed: int = 1, n: int = 200, hazard: float = 0.05) -> np.ndarray:
    """0 in every month stayed, 1 in the month left, nan after it."""
    gone = np.random.default_rng(seed).geometric(hazard, n) - 1
    month = np.arange(12)
    return np.where(month > gone[:, None], np.nan, (month == gone[:, None]).astype(float))


def itt(frame: RoiFrame, name: str) -> Effect:
    found = fit_effects(frame, frame.section).of[name].intention_to_treat
    assert isinstance(found, Effect)
    return found


@pytest.mark.parametrize(
    "outcome",
    [{"likelihood": "hazard"}, {"value": VALUE}, {"value": VALUE, "values_per": "month"}],
    ids=["hazard", "value", "value a month"],
)
def test_who_has_left_by_month_is_no_share_of_people_within_the_year(outcome: dict[str, Any]) -> None:
    with pytest.raises(DesignError, match="a share of rows is no share of") as caught:
        build_frame(monthly(leaving(), **outcome))
    assert "whether it ever happened within the year" in str(caught.value.remedy)


def test_one_row_a_person_and_what_comes_back_are_taken() -> None:
    ever = np.nansum(leaving(), axis=1, keepdims=True)
    frame = build_frame(monthly(ever, ["2024"], likelihood="hazard", value=VALUE))
    assert frame.outcomes["o"].binary
    # away in a month, or not: it comes and goes, and is so many months a year
    away = np.random.default_rng(2).integers(0, 2, (200, 12))
    rows = build_frame(monthly(away, value=VALUE, values_per="month")).outcomes["o"]
    assert rows.counts_cases
    assert not rows.binary
    assert rows.value.mean() == pytest.approx(12 * away.mean())
    everyone = np.ones(rows.value.size, bool)
    assert len(rows.members(everyone).events or ()) == int((away.sum(axis=1) > 0).sum())


def test_the_first_outcome_answers_where_another_is_refused() -> None:
    tables = monthly(leaving(), likelihood="hazard")
    days = tables["outcomes"].collect().with_columns(name=pl.lit("days"), value=pl.col("value") + 3.0)
    tables["outcomes"] = pl.concat([tables["outcomes"].collect(), days]).lazy()
    whole = tables.study.model_dump(exclude_unset=True)
    whole["roi"]["outcomes"] = {"days": {}} | whole["roi"]["outcomes"]
    tables.study = Study.model_validate(whole)
    frame = build_frame(tables)
    assert list(frame.outcomes) == ["days"]
    assert "no share of people" in frame.not_measured["o"].reason


def test_no_money_is_made_of_months_without_knowing_that_they_are_months() -> None:
    days = np.random.default_rng(3).gamma(1.0, 1.0, (100, 12))
    frame = build_frame(monthly(days, value=VALUE))
    effects = fit_effects(frame, frame.section)
    assert isinstance(effects.of["o"].intention_to_treat, Effect)
    with pytest.raises(DesignError, match="more often than once a year") as caught:
        fit_posterior(frame, effects, frame.section)
    assert "values_per" in str(caught.value.where)
    assert wp.roi.build_case(monthly(days, value=VALUE), frame).baselines["o"].mean is None


@pytest.mark.parametrize(
    ("periods", "unsaid"),
    [
        (["2024"], False),
        (["2024-12-31"], False),
        (["2024-01-01 to 2024-12-31"], False),
        (["2024-Q4"], True),
        (["2023", "2024"], False),
        (["m1", "m2"], True),
        (["2024-01-31", "2024-02-29"], True),
    ],
)
def test_periods_that_have_to_say_what_time_a_value_is_of(periods: list[str], unsaid: bool) -> None:
    days = np.random.default_rng(3).gamma(1.0, 1.0, (100, len(periods)))
    assert build_frame(monthly(days, periods, value=VALUE)).outcomes["o"].time_unsaid is unsaid
    assert not build_frame(monthly(days, periods)).outcomes["o"].time_unsaid
    assert not build_frame(monthly(days, periods, value=VALUE, values_per="year")).outcomes["o"].time_unsaid


def test_months_brought_to_a_year_are_the_year() -> None:
    days = np.random.default_rng(3).poisson(1.0, (100, 12)).astype(float)
    by_month = build_frame(monthly(days, value=VALUE, values_per="month"))
    at_once = build_frame(monthly(days.sum(axis=1, keepdims=True), ["2024"], value=VALUE))
    one, other = itt(by_month, "o"), itt(at_once, "o")
    assert one.value == pytest.approx(other.value)
    assert one.control_mean == pytest.approx(other.control_mean)
    assert one.control_sd == pytest.approx(other.control_sd, rel=0.1)
    # a count is as many as were counted, not twelve times as many
    total, exposure = whole_totals(units_of(by_month.outcomes["o"], 0), "o")
    assert np.array_equal(np.sort(total), np.sort(days.sum(axis=1)))
    assert exposure == pytest.approx(1.0)


def test_quarters_of_a_roll_out_are_brought_to_a_year() -> None:
    asked = {"strain": ONE["strain"] | {"values_per": "quarter"}}
    plain, yearly = (build_frame(roll_out_tables(change=change)) for change in ({}, {"outcomes": asked}))
    one, other = itt(plain, "strain"), itt(yearly, "strain")
    assert other.value == pytest.approx(4 * one.value)
    assert other.std_error == pytest.approx(4 * one.std_error)
    assert yearly.outcomes["strain"].row_years == 0.25
    assert other.control_sd < 4 * one.control_sd
    priced = {"strain": ONE["strain"] | {"value": VALUE}}
    asked_for = with_money(roll_out_tables(change={"outcomes": priced}))
    assert build_frame(asked_for).outcomes["strain"].time_unsaid


def test_indicators_say_what_time_they_are_of() -> None:
    said = build_frame(made_tables(measured_in="performance", name="sales", values_per="month"))
    plain = build_frame(made_tables(measured_in="performance", name="sales"))
    assert np.array_equal(said.outcomes["made"].value, 12 * plain.outcomes["made"].value)
    priced = with_money(made_tables(measured_in="performance", name="sales", value=VALUE))
    assert build_frame(priced).outcomes["made"].time_unsaid
    absent = with_money(made_tables(measured_in="absences", value=VALUE))
    assert not build_frame(absent).outcomes["made"].time_unsaid


def test_a_years_spread_keeps_what_differs_between_people_and_evens_out_the_rest() -> None:
    rng = np.random.default_rng(5)
    steady = rng.normal(0, 2, (4000, 1))
    rows = build_frame(monthly((10 + steady + rng.normal(0, 8, (4000, 12))) / 4, values_per="quarter"))
    everyone = np.ones(4000 * 12, bool)
    # four quarters of a person: 2² + 8²/4
    assert spread_a_year(rows.outcomes["o"], everyone) == pytest.approx(np.sqrt(4 + 16), rel=0.03)


def by_person(outcome: dict[str, Any], frames: dict[str, Any], made: FakeTables) -> FakeTables:
    """A roll-out person by person, every starting date given to a third of the people or to nobody."""
    people = made["spells"].collect()["employee_id"].to_list()
    starts = [dt.date(2023, 7, 1), dt.date(2024, 1, 1), None]
    began = [(p, starts[i % 3]) for i, p in enumerate(people) if starts[i % 3]]
    programmes = pl.DataFrame(
        [("coaching", "person", p, start, None, "randomised", "person") for p, start in began],
        schema=made["programmes"].collect().schema,
        orient="row",
    )
    tables = {n: made[n].collect() for n in made} | {"programmes": programmes} | frames
    general = {"observed_from": dt.date(2023, 1, 1)}
    study = make_study(outcomes=outcome, general=general, design="staggered", level="person")
    return FakeTables(
        study.model_copy(update={"tables": {n: next(iter(study.tables.values())) for n in tables}}), tables
    )


def test_leaving_is_not_compared_with_the_time_before_it_person_by_person() -> None:
    made = made_tables(measured_in="exits")
    exits, away = {"higher_is": "worse", "measured_in": "exits"}, {"measured_in": "absences"}
    with pytest.raises(DesignError, match="ends somebody's rows") as caught:
        build_frame(by_person({"made": exits}, {}, made))
    assert "team" in str(caught.value.expected)
    frame = build_frame(by_person({"away": away, "made": exits}, {}, made))
    assert list(frame.outcomes) == ["away"]
    assert "ends somebody's rows" in frame.not_measured["made"].reason
    # by team it is
    assert build_frame(made).outcomes["made"].value.any()


@pytest.mark.parametrize("ends", [True, False], ids=["ends", "comes back"])
def test_rows_that_end_at_the_one_are_leaving_too(ends: bool) -> None:
    made = made_tables(measured_in="absences")
    values = leaving(hazard=0.08)[:30, :8] if ends else np.random.default_rng(1).integers(0, 2, (30, 8))
    quarters = [f"{y}-Q{q}" for y in (2023, 2024) for q in (1, 2, 3, 4)]
    rows = pl.DataFrame(
        {
            "unit_type": ["person"] * 240,
            "unit_id": [f"p{i:02d}" for i in range(30) for _ in quarters],
            "period": quarters * 30,
            "name": ["left"] * 240,
            "value": values.astype(float).ravel(),
        }
    ).filter(pl.col("value").is_not_nan())
    tables = by_person({"left": {"higher_is": "worse"}}, {"outcomes": rows}, made)
    if not ends:
        assert build_frame(tables).outcomes["left"].binary
        return
    with pytest.raises(DesignError, match="ends somebody's rows"):
        build_frame(tables)


@pytest.mark.parametrize(("as_of", "over"), [(dt.date(2024, 6, 30), True), (dt.date(2024, 6, 29), False)])
def test_exits_are_counted_when_the_year_is_over(as_of: dt.date, over: bool) -> None:
    tables = two_arms(measured_in="exits")
    general = tables.study.study.model_copy(update={"as_of": as_of})
    tables.study = tables.study.model_copy(update={"study": general})
    if over:
        assert build_frame(tables).outcomes["made"].value.sum() == 1.0
        return
    with pytest.raises(DesignError, match="that year is not over") as caught:
        build_frame(tables)
    assert "2024-06-30" in str(caught.value.expected)


def test_an_exit_within_a_part_of_a_year_does_not_silence_the_others() -> None:
    tables = two_arms(measured_in="performance", name="sales")
    tables["performance"] = tables["performance"].with_columns(period=pl.col("period").dt.offset_by("6mo"))
    whole = tables.study.model_dump(exclude_unset=True)
    whole["roi"]["outcomes"]["gone"] = {"measured_in": "exits"}
    whole["study"]["as_of"] = dt.date(2024, 2, 29)
    tables.study = Study.model_validate(whole)
    frame = build_frame(tables)
    assert list(frame.outcomes) == ["made"]
    assert "that year is not over" in frame.not_measured["gone"].reason


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ({"values_per": "month", "likelihood": "hazard"}, "one row a person"),
        ({"values_per": "year", "measured_in": "exits"}, "leave values_per out"),
    ],
)
def test_what_values_are_of_is_not_said_where_it_is_known(outcome: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Outcome.model_validate(outcome)
