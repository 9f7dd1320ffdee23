"""Every check of the decision fires with its fault and stays silent without it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.roi.decision_builders import (
    DECISION,
    FEES,
    SICK_DAYS,
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
from wellperf_models.roi.terms import Cash
from wellperf_models.study import Value


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
        "output_apart_from_absence": None,
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
    differ = checks.answers_agree_between_priors({"flat": "fund", "sceptical": "undecided"})
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


@pytest.mark.parametrize(
    "decision",
    [
        {"programme_years": 2},
        {"programme_years": 3, "growth": 0.02},
        {"prices": "nominal", "inflation": 0.04, "fade_out_spread": 0.1},
    ],
)
def test_everything_discounted_both_ways(decision):
    staff = dataclasses.replace(FEES, kind="staff_time", spread=0.3)
    once = dataclasses.replace(FEES, kind="technology", per="once", amount=5000.0)
    section, *_ = parts = one_channel(DECISION | decision, costs=(FEES, staff, once))
    found = fit(parts)
    assert checks.everything_discounted(found, section.decision).passed
    back = found.returns["flat"]
    benefits, costs = back.cash.benefits, back.cash.costs
    late = np.array([1.0, 1.0, 1.01])
    for cash in (
        Cash(benefits=benefits * late, costs=costs),
        Cash(benefits=benefits, costs=costs + 1e-3 * costs[:, :1]),
        Cash(benefits=benefits[:, :, :2], costs=costs[:, :2]),
        Cash(benefits=benefits * 1.03 ** np.arange(3), costs=costs * 1.03 ** np.arange(3)),
    ):
        wrong = dict(found.returns) | {"flat": dataclasses.replace(back, cash=cash)}
        bad = dataclasses.replace(found, returns=wrong)
        assert checks.everything_discounted(bad, section.decision).passed is False


def test_only_sets_that_judge_must_agree():
    assert checks.answers_agree_between_priors({"sceptical": "fund"}).passed is None
    section, frame, effects, posteriors = one_channel(DECISION | {"judged_by": ("flat", "optimistic")})
    posteriors = dict(posteriors)
    posteriors["sick_days", "optimistic"] = make_posterior("sick_days", "optimistic", -1.0, 0.1)
    posteriors["sick_days", "flat"] = make_posterior("sick_days", "flat", -1.0, 0.1)
    posteriors["sick_days", "sceptical"] = make_posterior("sick_days", "sceptical", 1.0, 0.1)
    decision = fit_decision(frame, effects, posteriors, section)
    assert decision.answers == {"flat": "fund", "sceptical": "stop", "optimistic": "fund"}
    found = _named(check_decision(frame, effects, posteriors, decision), "answers_agree_between_priors")
    assert found.passed
    assert "optimistic" in found.text


def test_output_lost_to_absence_is_not_counted_twice():
    def value(channel, **more):
        return Value.model_validate(SICK_DAYS["value"] | {"channel": channel} | more)

    both = {"days": value("absence"), "output": value("productivity")}
    assert checks.output_apart_from_absence(both).passed is False
    declared = both | {"output": value("productivity", apart_from=["absence"])}
    assert checks.output_apart_from_absence(declared).passed
    assert checks.output_apart_from_absence(both | {"days": value("absence", tier="asserted")}).passed is None
    assert (
        checks.output_apart_from_absence({"days": value("absence"), "mood": value("presenteeism")}).passed
        is None
    )
