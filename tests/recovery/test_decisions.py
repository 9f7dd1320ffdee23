"""Programmes pay as often as they are said to, and one that does nothing is seldom funded.

A short form of `python -m tests.recovery.decisions` (DECISIONS.md).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from tests.recovery.decisions import SHAPES, Said, believed_study, calibrate, decided, null_funded, one_world
from wellperf_models.roi.returns import DecisionResult

TEAMS = "20 teams of 30"


@cache
def told(shape: str, n: int) -> tuple[Said, ...]:
    return tuple(one_world(SHAPES[shape], "organisational", seed, sampler=False) for seed in range(n))


@pytest.mark.parametrize(("shape", "n"), [("600 people", 30), (TEAMS, 40)])
def test_programmes_pay_as_often_as_they_are_said_to(shape: str, n: int) -> None:
    found = calibrate(told(shape, n))
    assert found.holds
    # there is something to tell apart: some are said to pay, some are not
    assert np.std([t.p_positive for t in told(shape, n)]) > 0.1
    assert sum(b[2] for b in found.bins) == n


def test_probabilities_too_sure_of_themselves_are_noticed() -> None:
    sure = [
        Said(p_positive=float(stats.norm.cdf(3 * stats.norm.ppf(t.p_positive))), pays=t.pays)
        for t in told(TEAMS, 40)
    ]
    assert not calibrate(sure).holds


@pytest.mark.parametrize("shape", SHAPES)
def test_what_does_nothing_is_seldom_funded(shape: str) -> None:
    funded = sum(null_funded(SHAPES[shape], seed) for seed in range(20))
    assert stats.binomtest(funded, 20, 0.05, alternative="greater").pvalue >= 0.01


def test_by_quantiles_and_by_the_sampler_the_same_is_said() -> None:
    trial = SHAPES[TEAMS]
    study = believed_study(trial, 3, "optimistic")
    both: list[DecisionResult] = [decided(study, trial, 3, sampler=s) for s in (True, False)]
    for name in ("flat", "sceptical", "optimistic"):
        one, other = both[0].returns[name], both[1].returns[name]
        error = np.hypot(one.error_of_probability(), other.error_of_probability())
        assert abs(one.p_positive - other.p_positive) < 4 * error
        assert other.npv.std() == pytest.approx(one.npv.std(), rel=0.1)
