"""Bookings of as many people, and as much time, as the benefits they are set against."""

from __future__ import annotations

import dataclasses
import datetime as dt

import polars as pl
import pytest

from tests.fakes import FakeTables
from tests.roi.builders import make_study
from tests.roi.decision_builders import DECISION, FEES, PROVENANCE, SICK_DAYS, fit, one_channel
from tests.roi.test_costs import _booking, _read, _tables
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError
from wellperf_models.roi.checks_decision import check_decision, costs_cover_the_years
from wellperf_models.roi.findings_decision import decide, doubts_of
from wellperf_models.roi.findings_limits import assumptions_of
from wellperf_models.roi.frame import build_frame
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.study import Study

STUDY = Study.model_validate({"study": {"name": "t", "as_of": "2024-12-31", "seed": 4}, "tables": {}})
STARTS = {
    "t0": dt.date(2023, 7, 1),
    "t1": dt.date(2023, 7, 1),
    "t2": dt.date(2024, 1, 1),
    "t3": dt.date(2024, 1, 1),
}


def _month(day, later):
    at = day.month - 1 + later
    return dt.date(day.year + at // 12, at % 12 + 1, 1)


def _programmes(starts):
    return pl.DataFrame(
        {
            "programme": ["coaching"] * len(starts),
            "unit_type": ["team"] * len(starts),
            "unit_id": list(starts),
            "start": list(starts.values()),
            "end": pl.Series([None] * len(starts), dtype=pl.Date),
            "assigned_by": ["phased"] * len(starts),
            "level": ["team"] * len(starts),
        }
    )


def _roll_out(bookings, starts=STARTS, decision=DECISION):
    tables = _tables(bookings, design="staggered", level="team", control=None, start=None, decision=decision)
    tables["programmes"] = _programmes(starts)
    return tables


@pytest.mark.parametrize("running", [12, 36])
def test_a_roll_out_costs_what_the_years_of_every_unit_cost(running):
    # 1,000 a month and team, for its own first year, or for good
    bookings = [_booking(1000.0, _month(day, k)) for day in STARTS.values() for k in range(running)]
    (line,), _ = _read(_roll_out(bookings))
    assert line.amount == pytest.approx(4 * 12_000, rel=0.01)
    assert line.covers == 1
    assert "units which started later count for as long as the first" in line.source
    # what was paid before the first start was for all of them
    before, _ = _read(_roll_out([*bookings, _booking(500.0, dt.date(2023, 6, 1))]))
    assert before[0].amount == pytest.approx(line.amount + 500, abs=100)
    assert before[0].amount > line.amount


def test_units_that_all_start_at_once_are_not_scaled():
    together = dict.fromkeys(STARTS, dt.date(2023, 7, 1))
    bookings = [_booking(4000.0, _month(dt.date(2023, 7, 1), k)) for k in range(18)]
    (line,), _ = _read(_roll_out(bookings, together))
    assert line.amount == 48_000
    assert "started later" not in line.source
    with pytest.raises(DesignError, match="after the time evaluated"):
        _read(_roll_out([_booking(1.0, dt.date(2024, 9, 1))]))


@pytest.mark.parametrize("design", ["staggered", "randomised"])
def test_what_a_roll_out_takes_for_granted_of_its_costs_is_said(design):
    line = dataclasses.replace(FEES, per="once", covers=1.0)
    section, frame, _, posteriors = parts = one_channel(DECISION, costs=(line,))
    frame = dataclasses.replace(frame, section=section.model_copy(update={"design": design}))
    told = assumptions_of(frame, posteriors, fit(parts), frame.section.decision)
    assert any("in proportion to time" in text for text in told) is (design == "staggered")


def test_bookings_that_end_with_the_data_do_not_cover_three_years():
    bookings = [_booking(1000.0, dt.date(2024, month, 1)) for month in (3, 6, 9, 12)]
    declared = DECISION | {"programme_years": 3}
    (line,), _ = _read(_tables(bookings, start=dt.date(2024, 3, 1), decision=declared))
    assert line.covers == pytest.approx(10 / 36, abs=0.01)
    (line,), _ = _read(_roll_out(bookings, dict.fromkeys(STARTS, dt.date(2024, 3, 1)), declared))
    assert line.covers == pytest.approx(10 / 36, abs=0.01)
    (line,), _ = _read(_tables(bookings, start=dt.date(2023, 12, 1)))
    assert line.covers == 1


def test_bookings_that_end_with_the_start_of_those_who_waited_do_not_cover_a_year():
    bookings = [_booking(1000.0, _month(dt.date(2023, 3, 1), k)) for k in range(20)]
    found = []
    for waited in (dt.date(2023, 9, 1), dt.date(2024, 3, 1)):
        tables = _tables(bookings)
        tables["outcomes"] = pl.DataFrame(
            {"unit_id": ["1", "2"], "cluster": ["A", "B"], "arm": ["yes", "no"]}
        )
        tables["programmes"] = _programmes({"A": dt.date(2023, 3, 1), "B": waited})
        (line,), _ = _read(tables)
        found.append(line.covers)
    assert found == [pytest.approx(0.5, abs=0.01), 1]


def test_costs_cover_the_years_both_ways_and_is_silent_without_bookings():
    booked = dataclasses.replace(FEES, per="once", covers=1.0)
    assert costs_cover_the_years([FEES]) == ()
    assert [c.passed for c in costs_cover_the_years([FEES, booked])] == [True]
    short = [booked, dataclasses.replace(booked, kind="other", covers=0.9)]
    assert [c.passed for c in costs_cover_the_years(short)] == [False]


@pytest.mark.parametrize("covers", [0.28, 1.0])
def test_costs_of_a_shorter_time_than_the_benefits_decide_nothing(covers):
    line = dataclasses.replace(FEES, per="once", amount=1000.0, covers=covers)
    _, frame, effects, posteriors = parts = one_channel(DECISION, mean=-3.0, costs=(line,))
    decision = fit(parts)
    assert decision.answer == "fund"
    checks = check_decision(frame, effects, posteriors, decision)
    told = release(decide(frame, effects, posteriors, decision, checks, provenance=PROVENANCE), STUDY)
    named = next(c for c in told.checks if c.name == "costs_cover_the_years")
    assert named.passed is (covers == 1)
    assert bool(doubts_of(frame, effects)) is (covers < 1)
    if covers < 1:
        assert "says “fund”, but its costs are booked for less time" in told.answer
        assert "28 %" in named.text
    else:
        assert told.answer.startswith("Fund it")


@pytest.mark.parametrize("offered", [12, 13, 302])
def test_bookings_are_of_as_many_people_as_the_benefits(offered):
    # 100 for each person offered it, booked or declared, is the same money
    booked, _ = _read(_tables([_booking(100.0 * offered, dt.date(2023, 6, 1))]), offered)
    returns = [
        fit(one_channel(DECISION, n_offered=offered, costs=costs)).returns["flat"].npv
        for costs in (booked, (dataclasses.replace(FEES, amount=100.0),))
    ]
    assert returns[0] == pytest.approx(returns[1])


def test_the_words_of_the_ledger_do_not_say_whether_a_count_is_exact():
    sources = {
        _read(_tables([_booking(100.0, dt.date(2023, 6, 1))]), offered)[0][0].source
        for offered in (13, 14, 15, 16)
    }
    assert len(sources) == 1
    assert "to the nearest 5" in sources.pop()


@pytest.mark.parametrize(("total", "told"), [(4000.0, 4500.0), (4017.0, 4500.0), (26_000.0, 30_000.0)])
def test_who_knows_round_prices_can_not_find_out_how_many(total, told):
    # 15 of 13: in full, 4,615.38 is a round sum for 13 people alone
    bookings = [_booking(total, dt.date(2023, 6, 1))]
    (line,), _ = _read(_tables(bookings), 13)
    assert line.amount == told
    # within half of what stands for one person
    assert abs(line.amount - total * 15 / 13) <= total * 2.5 / 13 / 2
    (exact,), _ = _read(_tables(bookings, public=True), 13)
    assert exact.amount == total


def test_bookings_of_teams_are_not_scaled_to_people():
    teams = [f"t{i:02d}" for i in range(40)]
    outcomes = pl.DataFrame(
        {
            "unit_type": ["team"] * 40,
            "unit_id": teams,
            "period": ["2024"] * 40,
            "name": ["sick_days"] * 40,
            "value": [float(i % 7) for i in range(40)],
            "arm": ["offered" if i % 2 else "waiting" for i in range(40)],
        }
    )
    costs = pl.DataFrame(
        [("coaching", dt.date(2024, 3, 1), "programme", 9000.0, "EUR")],
        schema=["programme", "date", "kind", "amount", "currency"],
        orient="row",
    )
    study = make_study(
        outcomes={"sick_days": SICK_DAYS}, level="team", decision=DECISION | {"people": 600}, start=None
    )
    whole = study.model_dump(exclude_unset=True) | {"money": {"reporting_currency": "EUR"}}
    whole["tables"] |= {"costs": {"path": "none.csv"}}
    frame = build_frame(FakeTables(Study.model_validate(whole), {"outcomes": outcomes, "costs": costs}))
    assert isinstance(frame, RoiFrame)
    assert [line.amount for line in frame.costs] == [9000.0]
