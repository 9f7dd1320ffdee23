"""The return pillar finds the effects of simulated trials, and nothing where there is nothing.

A short form of `python -m tests.recovery roi --worlds 200`.
"""

from __future__ import annotations

import dataclasses

import pytest
from scipy import stats

from tests.recovery.trials import GOOD, NULL, TRIALS, decide, estimate, frame_of
from tests.recovery.worlds import judge
from wellperf_models.roi import check_contrast, fit_effects

WORLDS = 60


@pytest.mark.parametrize("name", TRIALS)
def test_effects_are_recovered_and_covered(name: str) -> None:
    trial = TRIALS[name]
    rows = judge([estimate(trial, s) for s in range(WORLDS)], trial.truth, dict.fromkeys(trial.truth, 0.0))
    assert {"intention_to_treat", "contrast"} <= {r.name for r in rows}
    assert [r for r in rows if min(r.bias_p, r.coverage_p) < 0.01] == []


def test_the_contrast_taken_for_an_effect_would_be_noticed() -> None:
    trial = TRIALS["individual, no effect"]
    found = [estimate(trial, s) for s in range(WORLDS)]
    rows = judge(found, dict.fromkeys(trial.truth, 0.0), dict.fromkeys(trial.truth, 0.0))
    assert {r.name for r in rows if r.bias_p < 0.01} == {"contrast"}


def test_errors_that_forget_the_teams_would_be_noticed() -> None:
    """The same trials with every person taken as assigned alone."""
    trial = dataclasses.replace(TRIALS["20 teams of 30"], icc=0.4)
    found = []
    for seed in range(WORLDS):
        frame = frame_of(trial, seed)
        rows = frame.outcomes["score"]
        alone = dataclasses.replace(frame, outcomes={"score": dataclasses.replace(rows, cluster=rows.unit)})
        effect = fit_effects(alone, frame.section).of["score"].intention_to_treat
        held = effect.low <= trial.truth["intention_to_treat"] <= effect.high
        found.append(held)
    assert stats.binomtest(sum(found), WORLDS, 0.95).pvalue < 0.01


def test_the_contrast_fails_its_design_check_whatever_its_number() -> None:
    for seed in range(20):
        frame = frame_of(dataclasses.replace(TRIALS["individual, 600 people"], effect=seed / 10), seed)
        checks = check_contrast(frame, fit_effects(frame, frame.section))
        assert next(c for c in checks if c.name == "design_of_contrast").passed is False


def test_null_worlds_are_not_funded_and_good_ones_are() -> None:
    """A programme without effect costs 100 and brings nothing; one that works well brings more."""
    funded = sum(decide(NULL, seed).answer == "fund" for seed in range(8))
    assert stats.binomtest(funded, 8, 0.05, alternative="greater").pvalue > 0.05
    assert all(decide(GOOD, seed).answer == "fund" for seed in range(2))
