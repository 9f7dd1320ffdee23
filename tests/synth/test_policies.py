"""The truth of overtime policies: against a count by hand, and where it has to be nothing."""

import numpy as np
import pytest

from wellperf_models.study import load_study
from wellperf_models.synth import PRESETS, World, simulate
from wellperf_models.synth.calendar import first_day
from wellperf_models.synth.dynamics import Policy, advance, roll_out
from wellperf_models.synth.path import begin, record
from wellperf_models.synth.policies import (
    COHORT_MONTHS,
    OVERTIME_POLICIES,
    POLICY_MONTHS,
    policy_effects,
    tally_policies,
)

WORLD = PRESETS["default"].but(history_months=24)
POSTS = 2000


@pytest.fixture(scope="module")
def effects() -> dict[str, float]:
    return _effects(WORLD, OVERTIME_POLICIES)


def _effects(world: World, policies: dict[str, Policy]) -> dict[str, float]:
    return policy_effects(tally_policies(world, *begin(world, 5, 0, POSTS), policies))


def test_a_policy_that_changes_nothing_averts_exactly_nothing():
    idle = {"high_cap": Policy(overtime_cap=1e6), "no_hours": Policy(overtime_reduction=0.0)}
    assert set(_effects(WORLD, idle).values()) == {0.0}
    assert set(_effects(WORLD.variant("null"), OVERTIME_POLICIES).values()) == {0.0}


def test_a_stricter_policy_does_more(effects):
    stricter = _effects(
        WORLD,
        {
            "overtime_cap_20_hours": Policy(overtime_cap=5.0),
            "overtime_minus_5_weekly_hours": Policy(overtime_reduction=60.0),
        },
    )
    assert effects.keys() == stricter.keys()
    assert all(0 < effects[name] < stricter[name] for name in effects)


def test_as_it_is_counts_what_the_extract_shows():
    """Exits and months of the cohorts from the recorded spells, with dates."""
    structure, streams, state = begin(WORLD, 5, 0, POSTS)
    sums = tally_policies(WORLD, structure, streams, state.copy())
    path = record(WORLD, structure, streams, state)
    voluntary = exits = months = 0.0
    for month in COHORT_MONTHS:
        who = path.person[month]
        days = np.array([first_day(WORLD, month + m) for m in range(POLICY_MONTHS + 1)])
        after = np.minimum(path.register.end_day[who] + 1, days[-1])
        left = path.register.end_day[who] < days[-1]
        exits += left.sum()
        voluntary += (left & (path.register.cause[who] == 0)).sum()
        months += np.interp(after, days, np.arange(POLICY_MONTHS + 1)).sum()
    assert sums["people"] == 3 * POSTS
    assert sums["as_it_is.exits"] == exits
    assert sums["as_it_is.voluntary"] == voluntary
    assert sums["as_it_is.months"] == pytest.approx(months, rel=1e-12)


def test_a_cap_holds_from_the_month_it_begins_and_not_before():
    structure, streams, state = begin(WORLD, 5, 0, POSTS)
    roll_out(WORLD, structure, streams, state, Policy())
    before = state.overtime.copy()
    lived = advance(WORLD, structure, streams, state, 0, OVERTIME_POLICIES["overtime_cap_20_hours"])
    assert before.max() > 20
    np.testing.assert_array_equal(lived.overtime_before, before)
    assert lived.overtime.max() == 20


def test_the_study_file_asks_what_the_truth_answers(tmp_path):
    study = load_study(simulate(tmp_path, preset="micro"))
    policies = study.turnover.policies
    assert {name: (p.cap, p.reduce_by, p.horizon_months) for name, p in policies.items()} == {
        "cap_20_hours": (20.0, None, POLICY_MONTHS),
        "minus_5_hours_a_week": (None, 21.74, POLICY_MONTHS),
    }
    truths = OVERTIME_POLICIES
    assert truths["overtime_cap_20_hours"].overtime_cap == policies["cap_20_hours"].cap
    reduced = truths["overtime_minus_5_weekly_hours"].overtime_reduction
    assert reduced == policies["minus_5_hours_a_week"].reduce_by
    assert study.turnover.pooled_by == "team"
