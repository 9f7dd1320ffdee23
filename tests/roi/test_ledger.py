"""What counts, from whose point of view, and money that would be counted twice."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from pydantic import ValidationError

from tests.roi.decision_builders import (
    DECISION,
    FEES,
    PLAIN,
    SICK_DAYS,
    fit,
    make_effects,
    make_frame,
    make_posterior,
    make_posteriors,
    make_section,
    one_channel,
    sick_days,
)
from wellperf_models.errors import DesignError
from wellperf_models.roi.model_decision import fit_decision


def _valued(channel, name=None, **more):
    value = SICK_DAYS["value"] | {"channel": channel} | more
    return SICK_DAYS | {"value": value} | ({"name": name} if name else {})


def test_each_point_of_view_counts_its_own_money():
    value = SICK_DAYS["value"] | {"borne_by": {"employer": 0.6, "employee": 0.3, "others": 0.1}}
    costs = (dataclasses.replace(FEES, borne_by={"employer": 0.5, "employee": 0.5}),)
    found = {
        who: fit(one_channel(PLAIN | {"perspective": who}, value=value, costs=costs)).returns["flat"]
        for who in ("employer", "employee", "society")
    }
    whole = found["society"]
    assert found["employer"].pv_benefit == pytest.approx(0.6 * whole.pv_benefit)
    assert found["employee"].pv_benefit == pytest.approx(0.3 * whole.pv_benefit)
    assert found["employer"].pv_cost == pytest.approx(0.5 * whole.pv_cost)


def test_a_point_of_view_from_which_nothing_counts_gives_no_answer():
    with pytest.raises(DesignError, match="Nothing of what the outcomes are worth is the employees' money"):
        fit(one_channel(PLAIN | {"perspective": "employee"}))
    value = SICK_DAYS["value"] | {"borne_by": {"employee": 1.0}}
    with pytest.raises(DesignError, match="costs that are the employees' money add up to nothing") as error:
        fit(one_channel(PLAIN | {"perspective": "employee"}, value=value))
    assert "borne_by" in error.value.remedy


def test_the_break_even_effect_is_of_the_first_outcome_that_counts():
    none = SICK_DAYS["value"] | {"channel": "claims", "borne_by": {"others": 1.0}}
    section = make_section({"claims": SICK_DAYS | {"value": none}, "sick_days": SICK_DAYS}, PLAIN)
    days = sick_days(section)
    rows = [dataclasses.replace(days, name=n, declared=one) for n, one in section.outcomes.items()]
    posteriors = make_posteriors(claims=(-1.0, 0.5), sick_days=(-1.0, 0.5))
    found = fit_decision(make_frame(section, rows), make_effects(rows), posteriors, section)
    assert found.terms.first.outcome == "sick_days"
    assert found.break_even_effect == pytest.approx(np.full(20_000, -100 / 750))
    assert found.returns["flat"].by_outcome["claims"] == pytest.approx(np.zeros(20_000))


def test_sets_that_do_not_judge_are_shown_and_do_not_decide():
    section, frame, effects, posteriors = one_channel(PLAIN | {"judged_by": ["sceptical"]})
    told = dict(posteriors)
    told["sick_days", "flat"] = make_posterior("sick_days", "flat", 2.0, 0.1)
    told["sick_days", "sceptical"] = make_posterior("sick_days", "sceptical", -2.0, 0.1)
    found = fit_decision(frame, effects, told, section)
    assert found.answers == {"flat": "stop", "sceptical": "fund"}
    assert found.answer == "fund"


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ({"a": _valued("absence"), "b": _valued("absence")}, "both count money through absence"),
        ({"a": _valued("productivity"), "b": _valued("presenteeism")}, "same money measured twice"),
        (
            {"left": _valued("turnover"), "vacancies": _valued("productivity", name="left")},
            "lost output of the vacancy",
        ),
        (
            {
                "left": _valued("turnover") | {"measured_in": "exits"},
                "gone": _valued("other") | {"measured_in": "exits"},
            },
            "one measurement, valued twice",
        ),
        ({"a": _valued("claims", name="spend"), "b": _valued("other", name="spend")}, "valued twice"),
    ],
)
def test_money_counted_twice_is_refused_by_name(outcomes, message):
    with pytest.raises(ValidationError, match=message):
        make_section(outcomes)


@pytest.mark.parametrize(
    "outcomes",
    [
        {"a": _valued("absence"), "b": _valued("customer_satisfaction"), "c": _valued("claims")},
        {"a": _valued("other"), "b": _valued("other")},
        # one measurement in two periods, or one of them only asserted
        {"a": _valued("claims", name="spend"), "b": _valued("other", name="spend") | {"period": "2"}},
        {"a": _valued("turnover", name="left"), "b": _valued("other", name="left", tier="asserted")},
        {"a": _valued("absence"), "b": _valued("productivity", apart_from=["absence"])},
    ],
)
def test_money_of_different_kinds_is_counted(outcomes):
    assert set(make_section(outcomes, DECISION).outcomes) == set(outcomes)
