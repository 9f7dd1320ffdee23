"""The evidence of the decision: plain words, the gate, pictures."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tests.roi.decision_builders import (
    DECISION,
    PLAIN,
    PROVENANCE,
    SICK_DAYS,
    asserted_channel,
    fit,
    make_effects,
    make_frame,
    make_posteriors,
    make_rows,
    make_section,
    one_channel,
    two_channels,
)
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.figures import Picture
from wellperf_models.roi.checks_decision import check_decision
from wellperf_models.roi.findings_decision import decide
from wellperf_models.roi.model_decision import fit_decision
from wellperf_models.roi.model_posterior import fit_posterior
from wellperf_models.roi.plots_decision import plot_net_present_value, plot_posterior
from wellperf_models.roi.plots_returns import plot_acceptability, plot_cumulative_cash, plot_density
from wellperf_models.study import Study


def _study(**disclosure):
    study = {"study": {"name": "t", "as_of": "2024-12-31", "seed": 4}, "disclosure": disclosure}
    return Study.model_validate(study | {"tables": {}})


def _released(parts, **disclosure):
    section, frame, effects, posteriors = parts
    decision = attempt(fit_decision, frame, effects, posteriors, section)
    found = check_decision(frame, effects, posteriors, decision)
    evidence = decide(frame, effects, posteriors, decision, found, provenance=PROVENANCE)
    return evidence, release(evidence, _study(**disclosure))


@pytest.mark.parametrize(("mean", "word"), [(-2.0, "Fund it"), (2.0, "Stop it"), (-0.2, "Undecided")])
def test_the_answer_says_it_in_plain_words(mean, word):
    evidence, released = _released(one_channel(DECISION, mean=mean, sd=0.3))
    assert evidence.id == "roi.decision"
    assert released.answer.startswith(word)
    assert "Over 3 years, at 3 % a year" in released.answer
    assert "thousand EUR" in released.answer
    assert "600 people" in released.answer
    for name in ("npv_flat", "npv_sceptical", "roi_flat", "npv_per_person_flat", "break_even_sick_days"):
        estimate = released.estimate(name)
        assert estimate.interval == "credible"
        assert estimate.computation == "sampled"
        assert estimate.monte_carlo_error > 0
    assert released.estimate("p_positive_flat").interval is None
    # before the gate, which shows the digits that are printed
    exact = {e.name: e.value for e in evidence.estimates}
    assert exact["npv_flat"] == pytest.approx(exact["npv_per_person_flat"] * 600 / 1000)


def test_tables_hold_ledgers_posteriors_and_present_values():
    evidence, released = _released(two_channels(shared=False))
    assert [t.name for t in released.tables] == [
        "present_value",
        "by_prior",
        "npv_quantiles",
        "cumulative",
        "payback",
        "acceptability",
        "posteriors",
        "channels",
        "costs",
        "priors",
        "correlations",
    ]
    (cost,) = released.table("costs").rows
    assert (cost.key, cost.values[0], cost.values[6]) == (("1. programme",), 100.0, "measured")
    assert [r.values[1] for r in released.table("channels").rows] == [-250.0, -1.0]
    assert [r.key[1] for r in released.table("posteriors").rows[:3]] == [
        "the trial's estimate",
        "flat prior",
        "sceptical prior",
    ]
    value = {r.key: r.values for t in evidence.tables if t.name == "present_value" for r in t.rows}
    exact = {e.name: e.value for e in evidence.estimates}
    assert value["Net present value", "flat prior"][0] == pytest.approx(1000 * exact["npv_flat"])
    assert value["Costs", "flat prior"] == pytest.approx((-100_000,) * 3)


def test_asserted_values_are_told_as_what_they_would_have_to_be():
    _, released = _released(asserted_channel(2.0))
    rows = released.table("break_even_values").rows
    assert [r.values[2] for r in rows] == ["pays from this value on"] * 2
    assert {r.values[5] for r in released.table("channels").rows} == {"yes", "no: asserted"}
    assert any("mood" in limit for limit in released.limits)


def test_few_people_or_few_events_show_no_number():
    _, released = _released(one_channel(DECISION, n=40), min_model_people=50)
    assert released.answer.startswith("Not shown")
    # a count of those offered, and what is no finding on people
    assert [e.name for e in released.estimates] == ["people"]
    assert all(v is None for t in released.tables if t.about_people for r in t.rows for v in r.values)
    section = make_section({"left": SICK_DAYS}, PLAIN)
    treated = np.arange(400) % 2 == 0
    left = (np.arange(400) % 50 < 2).astype(float)
    rows = make_rows(section, "left", value=left, treated=treated)
    parts = section, make_frame(section, [rows]), make_effects([rows]), make_posteriors(left=(-0.1, 0.05))
    _, rare = _released(parts)
    assert rare.answer.startswith("Not shown: fewer than 10 events")


def test_no_draw_leaves_the_gate():
    parts = one_channel(DECISION)
    evidence, released = _released(parts)
    text = json.dumps(released.to_dict())
    draws = parts[3]["sick_days", "flat"].draws
    assert not any(f"{d:.6g}" in text for d in draws[:2000])
    for thing in (*parts[3].values(), fit(parts), *fit(parts).returns.values(), evidence):
        assert "not released" in repr(thing)


def test_what_is_not_answered_has_a_reason_and_no_number():
    section, frame, effects, posteriors = one_channel()
    bare = make_section({"sick_days": SICK_DAYS}, None)
    cases = [
        (bare, frame, effects, posteriors, "discount_rate"),
        (section, dataclasses.replace(frame, costs=()), effects, posteriors, "Costs are missing"),
        (section, frame, effects, Unanswered(reason="The chains do not agree."), "chains do not agree"),
        (section, frame, Unanswered(reason="No control group."), Unanswered(reason="x"), "No control group"),
    ]
    for section_, frame_, effects_, posteriors_, word in cases:
        evidence, released = _released((section_, frame_, effects_, posteriors_))
        assert released.answer.startswith("Not answered")
        assert word in released.answer
        assert released.design == "not answered"
        assert not evidence.estimates
        assert plot_net_present_value(released) is None
        assert plot_posterior(released) is None


def test_pictures_state_the_finding_and_come_from_what_was_released():
    _, released = _released(one_channel(DECISION, mean=-2.0, sd=0.3))
    plots = (plot_posterior, plot_net_present_value, plot_density, plot_acceptability, plot_cumulative_cash)
    for picture in (plot(released) for plot in plots):
        assert isinstance(picture, Picture)
        assert picture.png()[:4] == b"\x89PNG"
    assert "Clear whatever one believed beforehand: Sick days" in plot_posterior(released).title
    assert "with probability 100 %" in plot_net_present_value(released).title
    _, hidden = _released(one_channel(DECISION, n=40), min_model_people=50)
    assert all(plot(hidden) is None for plot in plots)
    evidence, _ = _released(one_channel(DECISION))
    another = release(dataclasses.replace(evidence, id="roi.effects"), _study())
    for plot in plots:
        with pytest.raises(DesignError, match=r"roi\.decision"):
            plot(another)


def test_from_rows_to_an_answer_with_the_sampler():
    section, frame, effects, _ = one_channel(DECISION)
    posteriors = fit_posterior(frame, effects, section)
    _, released = _released((section, frame, effects, posteriors))
    assert [c.passed for c in released.checks] == [True, True, True, True, None, None, True, True]
    assert [r.key[0] for r in released.table("by_prior").rows] == [
        "flat prior",
        "sceptical prior",
        "prior for changes of organisation (beside)",
        "optimistic prior (beside)",
    ]
    # judged and shown beside: the picture tells them apart
    assert plot_net_present_value(released) is not None
    assert plot_posterior(released) is not None
    assert plot_density(released) is not None
