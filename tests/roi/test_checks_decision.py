"""Every check of the decision fires with its fault and stays silent without it."""

from __future__ import annotations

import dataclasses

import pytest

from tests.roi.decision_builders import (
    DECISION,
    FEES,
    fit,
    make_posterior,
    make_posteriors,
    one_channel,
    two_channels,
)
from wellperf_models.roi import checks_decision as checks
from wellperf_models.roi.checks_decision import check_decision
from wellperf_models.roi.model_decision import fit_decision
from wellperf_models.roi.model_posterior import intention_to_treat


def _named(found, name):
    return next(c for c in found if c.name == name)


def test_a_clean_decision_passes_every_check():
    section, frame, effects, _ = one_channel(DECISION)
    effect = intention_to_treat(effects, "sick_days")
    posteriors = make_posteriors(sick_days=(effect.value, effect.std_error))
    decision = fit_decision(frame, effects, posteriors, section)
    found = check_decision(frame, effects, posteriors, decision)
    assert {c.name: c.passed for c in found} == {
        "sampler": True,
        "flat_matches_estimate": True,
        "sceptical_between": True,
        "answers_agree_between_priors": True,
        "correlation_matters": None,
        "costs_measured": True,
        "everything_discounted": True,
    }


@pytest.mark.parametrize(
    "change", [{"r_hat": 1.02}, {"ess_bulk": 300.0}, {"ess_tail": float("nan")}, {"n_divergences": 2}]
)
def test_sampler_check_sees_what_the_gate_would(change):
    one = make_posterior("a", "flat", 0.0, 1.0)
    assert checks.sampler_passed([one], []).passed
    assert checks.sampler_passed([one, dataclasses.replace(one, **change)], []).passed is False


def test_flat_matches_estimate_both_ways():
    effect = intention_to_treat(one_channel()[2], "sick_days")
    near = make_posterior("sick_days", "flat", effect.value, effect.std_error)
    assert checks.flat_matches_estimate([(near, effect)]).passed
    far = dataclasses.replace(near, mean=effect.value + 0.06 * effect.std_error)
    assert checks.flat_matches_estimate([(near, effect), (far, effect)]).passed is False
    assert checks.flat_matches_estimate([]).passed is None


def test_sceptical_between_both_ways():
    good = make_posteriors(sick_days=(-1.0, 0.5))
    assert checks.sceptical_between(good).passed
    beyond = make_posterior("sick_days", "sceptical", -1.1, 0.5)
    bad = dict(good) | {("sick_days", "sceptical"): beyond}
    assert checks.sceptical_between(bad).passed is False
    assert checks.sceptical_between(bad).value == 1


def test_answers_and_correlations_both_ways():
    agree = checks.answers_agree_between_priors({"flat": "stop", "sceptical": "stop"})
    differ = checks.answers_agree_between_priors({"flat": "fund", "sceptical": "measure first"})
    assert (agree.passed, differ.passed) == (True, False)
    steady = fit(two_channels(shared=False)).sensitivity
    assert checks.correlation_matters(steady).passed
    moved = (*steady[:-1], dataclasses.replace(steady[-1], answer="fund"))
    assert checks.correlation_matters(moved).passed is False
    assert checks.correlation_matters(()).passed is None


def test_costs_measured_both_ways():
    assert checks.costs_measured([FEES]).passed
    for tier in ("transported", "asserted"):
        found = checks.costs_measured([FEES, dataclasses.replace(FEES, tier=tier)])
        assert found.passed is False
        assert tier in found.text


def test_everything_discounted_both_ways():
    section, *_ = parts = one_channel(DECISION | {"programme_years": 2})
    decision = fit(parts)
    assert checks.everything_discounted(decision, section.decision).passed
    for change in (
        {"benefit_factors": (1.0, 0.8, 0.64)},
        {"cost_factors": (1.0, 1.0)},
        {"cost_factors": (1.0,)},
        {"benefit_factors": tuple(f / 1.03 for f in decision.benefit_factors)},
    ):
        wrong = dataclasses.replace(decision, **change)
        assert checks.everything_discounted(wrong, section.decision).passed is False
