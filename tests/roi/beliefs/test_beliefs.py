"""Before and after the data: closed forms, who decides, contradiction, and what a reader sees."""

from __future__ import annotations

import dataclasses
import functools
import json

import numpy as np
import pytest
from scipy import stats

from tests.roi.beliefs.builders import N, believed_trial, decided
from tests.roi.decision_builders import DECISION, PLAIN, PROVENANCE, SICK_DAYS
from tests.roi.gated import no_verdict
from wellperf_models.disclosure import release
from wellperf_models.disclosure.wording import print_estimate
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.figures import Picture
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.power_scaling import LINE
from wellperf_models.roi.beliefs.checks import ALPHA, check_beliefs
from wellperf_models.roi.beliefs.findings import describe_beliefs
from wellperf_models.roi.beliefs.model import believed_cash, conflict_p, fit_beliefs
from wellperf_models.roi.beliefs.plots import plot_beliefs
from wellperf_models.study import Study

_SETS = ("sceptical", "organisational", "optimistic")


def _fit(parts, decision=None):
    frame, effects, posteriors, section = parts
    return fit_beliefs(frame, effects, posteriors, decision or decided(parts), section)


@functools.cache
def _default():
    """The default trial, and what was believed of it."""
    parts = believed_trial()
    return parts, _fit(parts)


def _released(parts, decision=None):
    frame, effects, posteriors, section = parts
    decision = attempt(decided, parts) if decision is None else decision
    beliefs = attempt(fit_beliefs, frame, effects, posteriors, decision, section)
    checks = check_beliefs(frame, beliefs)
    evidence = describe_beliefs(frame, beliefs, checks, provenance=PROVENANCE)
    return evidence, release(evidence, _study())


def _study():
    general = {"name": "t", "as_of": "2024-12-31", "seed": 4}
    return Study.model_validate({"study": general, "tables": {}})


def _checks(parts):
    return {c.name: c for c in check_beliefs(parts[0], _fit(parts))}


def test_before_the_data_a_normal_belief_and_known_amounts_give_the_probability_by_hand():
    # three years at 250 a day, the programme 100 for one year: it pays from 100 / 750 of a day on
    parts, found = _default()
    for name in _SETS:
        told = parts[2]["sick_days", name]
        needed = -100 / (3 * 250)
        expected = stats.norm.cdf((needed - told.prior_mean) / told.prior_sd)
        back = found.returns[name]
        assert back.p_positive == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / N))
        middle = 600 * (-told.prior_mean * 750 - 100)
        error = 600 * 750 * told.prior_sd * 1.25 / np.sqrt(N)
        assert np.median(back.npv) == pytest.approx(middle, abs=4 * error)
    assert set(found.returns) == set(_SETS)


def test_fade_out_and_discounting_are_those_of_the_decision():
    decision = DECISION | {"discount_rate": 0.1, "fade_out": 0.5}
    told = {"sick_days": (-1.0, 1e-9)}
    result = decided(believed_trial(decision=decision))
    cash = believed_cash(told, result.returns["flat"].draws, result.terms, N, 4)
    expected = 600 * (250 * (1 + 0.5 / 1.1 + 0.25 / 1.21) - 100)
    assert cash.npv == pytest.approx(np.full(N, expected), rel=1e-6)


def test_what_is_believed_of_an_effect_has_no_bias():
    result = decided(believed_trial())
    money = {"effect.sick_days": np.zeros(N), "bias.sick_days": np.full(N, -5.0)}
    told = {"sick_days": (-1.0, 0.3)}
    plain = believed_cash(told, {}, result.terms, N, 4)
    assert np.array_equal(believed_cash(told, money, result.terms, N, 4).npv, plain.npv)


def test_money_of_one_channel_is_as_sensitive_as_its_effect():
    _, found = _default()
    for one in found.effects:
        back = found.returns[one.prior]
        assert back.sensitivity.prior == pytest.approx(one.sensitivity.prior, rel=0.05)
        assert back.sensitivity.likelihood == pytest.approx(one.sensitivity.likelihood, rel=0.05)


def test_a_small_trial_leaves_the_answer_to_the_belief_and_a_large_one_does_not():
    small, large = (_checks(believed_trial(-0.3, e)) for e in (1.5, 0.02))
    assert small["prior_does_not_decide"].passed is False
    assert small["prior_does_not_decide"].value > LINE
    assert small["data_inform"].passed is False
    assert large["prior_does_not_decide"].passed is True
    assert large["prior_does_not_decide"].value < LINE
    assert large["data_inform"].passed is True


def test_a_contradiction_is_named():
    _, released = _released(believed_trial(-4.0, 0.2))
    check = next(c for c in released.checks if c.name == "data_as_believed")
    assert check.passed is False
    assert "the table of effects says which" in check.text
    found = print_estimate(released.estimate("itt_sick_days"))
    assert f"Contradicted by what was found, {found} days: what a sceptic" in released.answer
    assert "what a sceptic and somebody who expects much of changes of organisation" in released.answer
    assert "No belief is contradicted" in _released(believed_trial(-0.3, 0.5))[1].answer


def test_contradiction_fires_in_faulty_worlds_and_not_in_clean_ones():
    rng = np.random.default_rng(3)
    fired = {}
    for world, shift in (("clean", 0.0), ("faulty", 1.0)):
        truth = rng.normal(-0.1, 0.4, (400, 3))
        truth[:, 0] += shift * 2.5
        found = truth + rng.normal(0, 0.3, truth.shape)
        worst = [min(holm([conflict_p(x, 0.3, -0.1, 0.4) for x in row])) for row in found]
        fired[world] = int(np.sum(np.array(worst) < ALPHA))
    # 400 worlds: above .9 and below .1 also at the ends of the 99 % intervals
    assert stats.binomtest(fired["clean"], 400).proportion_ci(0.99).high < 0.1
    assert stats.binomtest(fired["faulty"], 400).proportion_ci(0.99).low > 0.9
    assert conflict_p(0.0, 0.6, 1.6, 0.8) == pytest.approx(2 * stats.norm.sf(1.6))


@pytest.mark.parametrize(
    ("mean", "error", "judges", "start", "passed"),
    [
        (-3.0, 0.05, ["flat", "sceptical"], "No: whatever was believed beforehand", True),
        (-0.6, 0.5, ["flat", "sceptical"], "Not among those who judge", None),
        (-0.6, 0.5, ["sceptical", "optimistic"], "Yes: the answer of the declared rule depends", False),
    ],
)
def test_the_plain_answer_comes_first(mean, error, judges, start, passed):
    evidence, released = _released(believed_trial(mean, error, decision=PLAIN | {"judged_by": judges}))
    assert evidence.id == "roi.priors"
    assert released.answer.startswith(start)
    assert next(c for c in released.checks if c.name == "sets_agree").passed is passed
    assert "by the data alone" in released.answer
    for name in _SETS:
        assert released.estimate(f"p_before_{name}").interval is None
        assert released.estimate(f"npv_after_{name}").interval == "credible"
    assert not released.has("p_before_flat")


def test_where_only_the_data_judge_no_belief_is_checked():
    found = _checks(believed_trial(decision=PLAIN | {"judged_by": ["flat"]}))
    assert {found[n].passed for n in ("prior_does_not_decide", "data_inform", "data_as_believed")} == {None}


def test_tables_hold_both_times_and_every_source():
    value = SICK_DAYS["value"] | {"times": ["absence_day", "conversion"]}
    conversion = {
        "quantity": "share of it",
        "distribution": "beta",
        "a": 2.0,
        "b": 4.0,
        "source": "a guess",
        "status": "judgement",
    }
    _, released = _released(believed_trial(value=value, factors={"conversion": conversion}))
    returns = {row.key: row.values for row in released.table("returns").rows}
    assert len(returns) == 7
    assert ("flat prior", "before the data") not in returns
    effects = released.table("effects").rows
    assert len(effects) == 3
    sources = {row.key[0]: row.values for row in released.table("sources").rows}
    assert sources["sceptical prior: absence"][3] == "judgement"
    assert sources["factor: absence day"][3] == "measured"
    assert sources["factor: conversion"][1] == "beta 2, 4"
    judgement = next(c for c in released.checks if c.name == "judgement_named")
    assert "in the ranking of what matters: conversion" in judgement.text
    assert "absence day (what a day of absence costs" in judgement.text


def test_without_a_decision_the_effects_are_told_and_without_an_effect_nothing():
    parts = believed_trial(decision=None)
    evidence, released = _released(parts)
    assert released.answer.startswith("Yes, of some effects")
    assert "Of money nothing is told: There is no decision rule" in released.answer
    assert {e.name for e in evidence.estimates} == {"itt_sick_days", "p_conflict", "moved"}
    found = print_estimate(released.estimate("itt_sick_days"))
    assert f"moves that on Sick days (found: {found} days)." in released.answer
    assert {t.name for t in released.tables} == {"effects", "sensitivity", "sources"}
    assert plot_beliefs(released) is None
    nothing = Unanswered(reason="there is no control group.", remedy="keep one")
    frame, effects, _, section = parts
    for given in ((nothing, nothing), (effects, nothing)):
        with pytest.raises(DesignError, match="no control group"):
            fit_beliefs(frame, *given, nothing, section)
    _, released = _released((frame, effects, nothing, section), decision=nothing)
    assert released.answer == "Not answered: there is no control group. What would help: keep one."
    assert released.checks == ()


@pytest.mark.parametrize("decision", [PLAIN, None])
def test_of_few_people_neither_a_number_nor_a_verdict_is_shown(decision):
    # far from every belief, so that each sentence would have something to say
    evidence, released = _released(believed_trial(-4.0, 0.2, n=24, decision=decision))
    assert released.answer.startswith("Not shown" if decision else "Of money nothing is told")
    assert released.estimates == ()
    assert all(v is None for row in released.table("effects").rows for v in row.values)
    assert plot_beliefs(released) is None
    no_verdict(released)
    text = json.dumps([dataclasses.asdict(c) for c in released.checks], default=str)
    assert f"{next(e for e in evidence.estimates).value:.6g}" not in text


def test_the_picture_says_what_was_found():
    evidence, released = _released(believed_trial(-3.0, 0.05))
    picture = plot_beliefs(released)
    assert isinstance(picture, Picture)
    assert picture.title.startswith("Probability that it pays: ")
    assert "before the data" in picture.title
    assert "optimist before the data" in picture.alt
    assert len(picture.alt) < 1200
    with pytest.raises(DesignError, match=r"roi\.priors"):
        plot_beliefs(release(dataclasses.replace(evidence, id="roi.case"), _study()))


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others():
    parts, found = _default()
    result, told = decided(parts), parts[2]["sick_days", "sceptical"]
    one, other = (
        believed_cash({"sick_days": (told.prior_mean, told.prior_sd)}, {}, result.terms, N, seed).npv
        for seed in (4, 5)
    )
    assert np.array_equal(found.returns["sceptical"].npv, one)
    assert not np.array_equal(one, other)
    assert "not released" in repr(found)
