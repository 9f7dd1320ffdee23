"""What a comparison without lots may be off by."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.roi.decision_builders import (
    DECISION,
    PROVENANCE,
    SICK_DAYS,
    fit,
    make_effect,
    make_section,
    one_channel,
    sick_days,
)
from wellperf_models.roi.bias import believed_bias, in_unit
from wellperf_models.roi.checks_decision import check_decision
from wellperf_models.roi.findings_decision import decide
from wellperf_models.roi.model_decision import fit_decision

OWN = {"mean": -0.2, "sd": 0.3, "source": "s"}


def _section(design, **more):
    return make_section({"sick_days": SICK_DAYS}, DECISION, design=design, **more)


def test_lots_leave_no_bias_and_everything_else_has_one():
    assert believed_bias(_section("randomised", bias=OWN)) is None
    assert believed_bias(_section("staggered"), ("randomised",)) is None
    assert believed_bias(_section("staggered"), ()) == (0.0, 0.1)
    assert believed_bias(_section("staggered"), ("manager", "randomised")) == (0.0, 0.1)
    assert believed_bias(_section("controlled_before_after")) == (0.0, 0.1)
    assert believed_bias(_section("participation")) == (-0.4, 0.4)
    assert believed_bias(_section("controlled_before_after", bias=OWN)) == (-0.2, 0.3)


def test_below_0_it_flatters_whichever_way_is_better():
    effect = make_effect(sick_days(_section("randomised")))
    b = np.array([-0.3, 0.0, 0.3])
    worse = in_unit(b, -1, effect)
    assert worse == pytest.approx(effect.control_mean * np.expm1(b))
    assert in_unit(b, 1, effect) == pytest.approx(-effect.control_sd * b)
    no_ratio = dataclasses.replace(effect, control_mean=-1.0)
    assert in_unit(b, -1, no_ratio) == pytest.approx(effect.control_sd * b)


def test_it_is_taken_off_and_makes_the_answer_less_sure():
    section, frame, effects, posteriors = one_channel(DECISION, mean=-1.0, sd=0.1)
    plain = fit((section, frame, effects, posteriors)).returns["flat"]
    assert not any(name.startswith("bias") for name in plain.draws)
    compared = _section("controlled_before_after", bias={"mean": -0.1, "sd": 0.05, "source": "s"})
    unsure = dataclasses.replace(frame, section=compared)
    decision = fit_decision(unsure, effects, posteriors, compared)
    back = decision.returns["flat"]
    days = effects.of["sick_days"].intention_to_treat.control_mean
    lost = days * np.exp(-0.1 + 0.05**2 / 2) - days
    assert back.draws["bias.sick_days"].mean() == pytest.approx(lost, rel=0.02)
    per_day = plain.npv.std() / plain.draws["effect.sick_days"].std()
    assert plain.npv.mean() - back.npv.mean() == pytest.approx(-lost * per_day, rel=0.02)
    assert back.npv.std() > 1.5 * plain.npv.std()
    # it is told, and the break-even effect does not rest on it
    checks = check_decision(unsure, effects, posteriors, decision)
    told = decide(unsure, effects, posteriors, decision, checks, provenance=PROVENANCE)
    assert any("Lots were not drawn" in text for text in told.assumptions)
    assert told.design == "controlled before after"
    assert np.ptp(decision.break_even_effect) < 1e-12
