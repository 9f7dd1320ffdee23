"""What a trial of a year would see people vary by, told from a roll-out of several."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from tests.roi.decision_builders import SICK_DAYS, make_effect, make_rows, make_section
from wellperf_models.roi.information.spread import spread_of
from wellperf_models.roi.rows import Timeline

PEOPLE, TEAM = 4000, 20


def roll_out(value, *, months, weight=None, **declared):
    """Rows of people by periods, shape (people, periods), of which half the teams start midway."""
    n, periods = value.shape
    section = make_section({"days": SICK_DAYS | declared})
    unit = np.repeat(np.arange(n), periods)
    time = np.tile(np.arange(periods), n)
    adopted = np.where((unit // TEAM) % 2 == 0, periods // 2, periods)
    there = np.isfinite(value.ravel())
    first = [dt.date(2020 + k * months // 12, 1 + k * months % 12, 1) for k in range(periods)]
    rows = make_rows(
        section,
        "days",
        value=value.ravel()[there],
        treated=(time >= adopted)[there],
        unit=unit[there],
        cluster=(unit // TEAM)[there],
        weight=np.full(there.sum(), float(months)) if weight is None else weight.ravel()[there],
    )
    timeline = Timeline(
        time=time[there],
        adopted=adopted[there],
        names=tuple(map(str, first)),
        first_days=tuple(first),
    )
    return dataclasses.replace(rows, timeline=timeline, per_year=True)


def told(rows):
    return spread_of(rows, make_effect(rows), None)


@pytest.mark.parametrize(("months", "periods"), [(3, 12), (1, 36), (12, 3)])
def test_years_more_of_rows_make_no_trial_of_a_year_surer(months, periods):
    """sd 2 between people, 1 between teams, 4 within a person's year however it is cut, and a trend."""
    rng = np.random.default_rng([2, months])
    team = np.repeat(rng.normal(size=PEOPLE // TEAM), TEAM)[:, None]
    noise = rng.normal(0, 4 * np.sqrt(12 / months), (PEOPLE, periods))
    value = 5 + np.arange(periods) + team + rng.normal(0, 2, (PEOPLE, 1)) + noise
    found = told(roll_out(value, months=months))
    assert found.sd == pytest.approx(np.sqrt(1 + 4 + 16), rel=0.03)
    assert found.icc == pytest.approx(1 / 21, abs=0.02)
    assert found.told


def test_rows_of_less_time_say_less_of_a_person():
    rng = np.random.default_rng(5)
    weight = rng.choice([1.0, 3.0], (PEOPLE, 12), p=[0.3, 0.7])
    value = rng.normal(0, 2, (PEOPLE, 1)) + rng.normal(size=(PEOPLE, 12)) * np.sqrt(16 * 12 / weight)
    found = told(roll_out(value, months=3, weight=weight))
    # a year of the usual weight of a row: four of them
    assert found.sd == pytest.approx(np.sqrt(4 + 16 * 12 / (4 * weight.mean())), rel=0.03)


@pytest.mark.parametrize("months", [1, 3])
def test_exits_vary_as_leaving_within_a_year_does(months):
    """A fifth leaves in a year; teams differ in their rate."""
    rng = np.random.default_rng([7, months])
    rate = np.repeat(0.22 * rng.gamma(8.0, 1 / 8.0, PEOPLE // TEAM), TEAM)
    until = rng.exponential(1 / rate)[:, None]
    ends = (np.arange(36 // months) + 1) * months / 12
    value = np.where(until > ends, 0.0, 12.0 / months)
    value[until < ends - months / 12] = np.nan
    found = told(roll_out(value, months=months, measured_in="exits"))
    p = float(np.mean(1 - np.exp(-rate)))
    assert found.sd == pytest.approx(np.sqrt(p * (1 - p)), rel=0.05)
    assert found.icc == pytest.approx(0.22**2 / 8 / (p * (1 - p)), abs=0.02)


def test_one_row_a_person_varies_as_it_is():
    rng = np.random.default_rng(1)
    value = np.full((PEOPLE, 2), np.nan)
    value[np.arange(PEOPLE), rng.integers(0, 2, PEOPLE)] = rng.normal(0, 3, PEOPLE)
    assert told(roll_out(value, months=12)).sd == pytest.approx(3, rel=0.03)
