"""Money: sums that can be done by hand, the rule, the gate, and what is refused."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tests.roi.decision_builders import (
    DECISION,
    FEES,
    PROVENANCE,
    SICK_DAYS,
    make_effects,
    make_frame,
    make_posterior,
    make_posteriors,
    make_rows,
    make_section,
    sick_days,
)
from wellperf_models.disclosure import release
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.figures import Picture
from wellperf_models.roi import checks_decision as checks
from wellperf_models.roi.checks_decision import check_decision
from wellperf_models.roi.findings_decision import decide
from wellperf_models.roi.model_decision import fit_decision
from wellperf_models.roi.model_posterior import fit_posterior, intention_to_treat
from wellperf_models.roi.plots_decision import plot_net_present_value, plot_posterior
from wellperf_models.study import Study

PLAIN = DECISION | {"discount_rate": 0.0, "fade_out": 0.0}


def _one(decision=PLAIN, *, mean=-1.0, sd=0.5, value=None, n=1200, **frame):
    """A trial with sick days as the only channel: section, frame, effects, posteriors."""
    section = make_section({"sick_days": SICK_DAYS | ({"value": value} if value else {})}, decision)
    rows = sick_days(section, n=n)
    return (
        section,
        make_frame(section, [rows], **frame),
        make_effects([rows]),
        make_posteriors(sick_days=(mean, sd)),
    )


def _fit(parts):
    section, frame, effects, posteriors = parts
    return fit_decision(frame, effects, posteriors, section)


def test_without_discounting_and_fading_everything_is_a_plain_sum():
    parts = _one()
    found = _fit(parts)
    draws = parts[3]["sick_days", "flat"].draws
    back = found.returns["flat"]
    assert found.people == 600
    # three years of 250 EUR for each sick day less, 600 people; 100 EUR each for the one year it runs
    assert back.pv_benefit == pytest.approx(-draws * 250 * 3 * 600)
    assert back.pv_cost == pytest.approx(np.full(draws.size, 600 * 100.0))
    assert back.npv == pytest.approx(back.pv_benefit - back.pv_cost)
    assert back.by_outcome["sick_days"] == pytest.approx(back.pv_benefit)
    assert back.npv.size >= 20_000
    assert back.p_positive == pytest.approx(np.mean(-draws * 750 > 100))
    # it would pay with 100 / 750 of a day less, if nothing else changed
    assert found.break_even_effect == pytest.approx(np.full(draws.size, -100 / 750))


def test_later_years_are_discounted_and_fade_the_first_counts_in_full():
    decision = DECISION | {"discount_rate": 0.05, "fade_out": 0.4, "programme_years": 2}
    parts = _one(decision)
    back = _fit(parts).returns["flat"]
    worth = 1 + 0.6 / 1.05 + 0.6**2 / 1.05**2
    draws = parts[3]["sick_days", "flat"].draws
    assert back.pv_benefit == pytest.approx(-draws * 250 * worth * 600)
    assert back.pv_cost[0] == pytest.approx(600 * 100 * (1 + 1 / 1.05))
    gone = _fit(_one(DECISION | {"fade_out": 1.0})).returns["flat"]
    assert gone.pv_benefit == pytest.approx(-draws * 250 * 600)


def test_what_is_better_when_higher_counts_the_other_way_and_money_is_converted():
    value = SICK_DAYS["value"] | {"currency": "USD"}
    section = make_section({"sick_days": SICK_DAYS | {"higher_is": "better", "value": value}}, PLAIN)
    rows = sick_days(section)
    frame = make_frame(section, [rows], money_rates={"EUR": 1.0, "USD": 0.5})
    posteriors = make_posteriors(sick_days=(-1.0, 0.5))
    back = fit_decision(frame, make_effects([rows]), posteriors, section).returns["flat"]
    assert back.pv_benefit == pytest.approx(posteriors["sick_days", "flat"].draws * 125 * 3 * 600)


def test_net_present_value_is_above_zero_exactly_where_the_return_is():
    found = _fit(_one(DECISION, mean=-0.2, sd=0.5))
    for back in found.returns.values():
        assert 0.05 < back.p_positive < 0.95
        assert np.array_equal(back.npv > 0, back.roi > 0)


def test_amounts_and_costs_are_log_normal_around_what_is_declared():
    value = SICK_DAYS["value"] | {"spread": 0.4}
    costs = (
        dataclasses.replace(FEES, spread=0.5),
        dataclasses.replace(FEES, kind="technology", amount=12_000.0, per="once"),
    )
    parts = _one(PLAIN, value=value, costs=costs)
    back = _fit(parts).returns["flat"]
    people_cost = back.pv_cost - 12_000
    assert np.median(people_cost) == pytest.approx(60_000, rel=0.02)
    assert np.log(people_cost).std() == pytest.approx(0.5, rel=0.03)
    amounts = back.pv_benefit / (-parts[3]["sick_days", "flat"].draws * 3 * 600)
    assert np.median(amounts) == pytest.approx(250, rel=0.02)
    assert np.log(amounts).std() == pytest.approx(0.4, rel=0.03)
    assert abs(np.corrcoef(amounts, people_cost)[0, 1]) < 0.03
    # the same prices under both priors: what differs is what one believed, not luck
    other = _fit(parts).returns["sceptical"]
    assert np.array_equal(other.pv_cost, back.pv_cost)


def test_declared_people_and_those_offered_to_the_nearest_five():
    parts = _one(PLAIN | {"people": 1000})
    assert _fit(parts).people == 1000
    assert _fit(parts).returns["flat"].pv_cost[0] == 100_000
    assert _fit(_one(n_offered=603)).people == 605
    assert _fit(_one(n_offered=603, in_full=True)).people == 603


@pytest.mark.parametrize(
    ("flat", "sceptical", "answer", "alone"),
    [
        (-1.0, -1.0, "fund", ("fund", "fund")),
        (1.0, 1.0, "stop", ("stop", "stop")),
        (-0.13, -0.13, "measure first", ("measure first", "measure first")),
        (-1.0, -0.13, "measure first", ("fund", "measure first")),
        (-1.0, 1.0, "measure first", ("fund", "stop")),
        (1.0, -0.13, "measure first", ("stop", "measure first")),
    ],
)
def test_the_rule_needs_both_priors(flat, sceptical, answer, alone):
    section, frame, effects, _ = _one()
    posteriors = {
        ("sick_days", "flat"): make_posterior("sick_days", "flat", flat, 0.2),
        ("sick_days", "sceptical"): make_posterior("sick_days", "sceptical", sceptical, 0.2),
    }
    found = fit_decision(frame, effects, posteriors, section)
    assert found.answer == answer
    assert (found.answers["flat"], found.answers["sceptical"]) == alone


def test_the_declared_thresholds_are_those_used():
    p = _fit(_one(mean=-0.6, sd=0.5)).returns["sceptical"].p_positive
    assert 0.6 < p < 0.9
    bold = PLAIN | {"fund_above": p - 0.01}
    assert _fit(_one(bold, mean=-0.6, sd=0.5)).answer == "fund"
    assert _fit(_one(mean=-0.6, sd=0.5)).answer == "measure first"


def _two(shared, rho=0.6, **settings):
    """Two channels whose units are the same, or not, with outcomes correlated by rho."""
    other = SICK_DAYS | {"value": SICK_DAYS["value"] | {"channel": "claims", "amount": 1.0}}
    section = make_section({"sick_days": SICK_DAYS, "spending": other}, PLAIN | settings)
    rng = np.random.default_rng(1)
    treated = np.arange(2000) % 2 == 0
    days = rng.normal(size=2000)
    spending = 250 * (rho * days + np.sqrt(1 - rho**2) * rng.normal(size=2000))
    unit = np.arange(2000) + (0 if shared else 2000)
    rows = [
        make_rows(section, "sick_days", value=days, treated=treated),
        make_rows(section, "spending", value=spending, treated=treated, unit=unit),
    ]
    posteriors = make_posteriors(sick_days=(-0.1, 0.2), spending=(-25.0, 50.0))
    return section, make_frame(section, rows), make_effects(rows), posteriors


def test_outcomes_of_the_same_units_are_joined_by_the_correlation_found_in_them():
    found = _fit(_two(shared=True))
    back = found.returns["flat"]
    assert found.n_assumed == 0
    assert found.sensitivity == ()
    joined = np.corrcoef(back.by_outcome["sick_days"], back.by_outcome["spending"])[0, 1]
    assert joined == pytest.approx(0.6, abs=0.05)
    # both are worth 0.2 × 250: their sum is wider by the square root of 1 + rho
    apart = _fit(_two(shared=False)).returns["flat"]
    assert back.npv.std() / apart.npv.std() == pytest.approx(np.sqrt(1.6), rel=0.03)
    assert np.median(back.npv) == pytest.approx(
        np.median(apart.npv), abs=6 * apart.error_of_median(apart.npv)
    )


def test_outcomes_that_cannot_be_joined_take_the_declared_correlation_and_its_sensitivity():
    found = _fit(_two(shared=False, correlation=0.4))
    back = found.returns["flat"]
    assert found.n_assumed == 1
    assert np.corrcoef(back.by_outcome["sick_days"], back.by_outcome["spending"])[0, 1] == pytest.approx(
        0.4, abs=0.01
    )
    assert [at.assumed for at in found.sensitivity] == [-0.3, 0.0, 0.25, 0.4, 0.5]
    declared = next(at for at in found.sensitivity if at.assumed == 0.4)
    assert declared.p_positive == {p: r.p_positive for p, r in found.returns.items()}
    assert declared.used == pytest.approx(0.4)
    spread = [at.p_positive["flat"] for at in found.sensitivity]
    # costs are above the middle of the benefits here: more spread, nearer to one half
    assert spread == sorted(spread) or spread == sorted(spread, reverse=True)


def _asserted(mean, sd=0.5, days=-0.05):
    mood = {
        "higher_is": "better",
        "value": SICK_DAYS["value"] | {"channel": "presenteeism", "tier": "asserted", "amount": 1e6},
    }
    section = make_section({"sick_days": SICK_DAYS, "mood": mood}, PLAIN)
    rows = [sick_days(section), dataclasses.replace(sick_days(section), declared=section.outcomes["mood"])]
    rows[1] = dataclasses.replace(rows[1], name="mood")
    posteriors = make_posteriors(sick_days=(days, 0.2), mood=(mean, sd))
    return section, make_frame(section, rows), make_effects(rows), posteriors


def test_what_is_only_asserted_is_in_no_number_and_its_break_even_value_is_told():
    found = _fit(_asserted(2.0))
    alone = _fit(_one(mean=-0.05, sd=0.2))
    assert [c.outcome for c in found.channels] == ["sick_days"]
    assert np.array_equal(found.returns["flat"].npv, alone.returns["flat"].npv)
    (mood,) = found.asserted
    assert mood.channel.tier == "asserted"
    needed = mood.break_even["flat"]
    # days bring .05 × 750 of the 100 it costs; two points of mood over three years must bring the rest
    assert needed == pytest.approx((100 - 0.05 * 750) / (3 * 2.0), rel=0.05)
    assert mood.break_even["sceptical"] > needed


def test_no_value_makes_a_worsened_outcome_pay_and_none_is_needed_where_it_pays_already():
    assert _fit(_asserted(-2.0)).asserted[0].break_even == {"flat": None, "sceptical": None}
    assert _fit(_asserted(-2.0, days=-2.0)).asserted[0].break_even == {"flat": 0.0, "sceptical": 0.0}


def test_monte_carlo_errors_are_those_of_repetition():
    section, frame, effects, _ = _one()
    medians, shares, told = [], [], []
    for seed in range(60):
        posteriors = make_posteriors(seed=seed, sick_days=(-0.3, 0.5))
        back = fit_decision(frame, effects, posteriors, section).returns["flat"]
        medians.append(np.median(back.npv))
        shares.append(back.p_positive)
        told.append((back.error_of_median(back.npv), back.error_of_probability()))
    errors = np.mean(told, axis=0)
    assert np.std(medians) == pytest.approx(errors[0], rel=0.35)
    assert np.std(shares) == pytest.approx(errors[1], rel=0.35)
    assert errors[1] < 0.005


def test_chains_that_disagree_on_the_net_present_value_give_none():
    section, frame, effects, posteriors = _one()
    good = posteriors["sick_days", "flat"]
    apart = good.draws + np.repeat([0, 0, 0, 1.0], 5000)
    bad = dict(posteriors) | {("sick_days", "flat"): dataclasses.replace(good, draws=apart)}
    with pytest.raises(ConvergenceError, match="R-hat of net present value"):
        fit_decision(frame, effects, bad, section)


def test_without_lots_rule_costs_or_value_there_is_no_decision():
    section, frame, effects, posteriors = _one()
    for design in ("participation", "before_after"):
        chosen = make_section({"sick_days": SICK_DAYS}, design=design)
        with pytest.raises(DesignError, match="no evidence of what the programme returns"):
            fit_decision(frame, effects, posteriors, chosen)
    with pytest.raises(DesignError, match="no decision rule") as error:
        fit_decision(frame, effects, posteriors, make_section({"sick_days": SICK_DAYS}, None))
    assert error.value.where == "[roi.decision] discount_rate"
    with pytest.raises(DesignError, match="Costs are missing"):
        fit_decision(dataclasses.replace(frame, costs=()), effects, posteriors, section)
    nothing = dataclasses.replace(frame, costs=(dataclasses.replace(FEES, amount=0.0),))
    with pytest.raises(DesignError, match="add up to nothing"):
        fit_decision(nothing, effects, posteriors, section)
    with pytest.raises(DesignError, match="has no effect"):
        fit_decision(frame, effects, {}, section)
    only = SICK_DAYS["value"] | {"tier": "asserted"}
    with pytest.raises(DesignError, match="measured or comes from the literature"):
        _fit(_one(value=only))
    assert isinstance(attempt(fit_decision, frame, effects, Unanswered(reason="r."), section), Unanswered)


# --- checks, each both ways


def _named(found, name):
    return next(c for c in found if c.name == name)


def test_a_clean_decision_passes_every_check():
    section, frame, effects, _ = _one(DECISION)
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
    effect = intention_to_treat(_one()[2], "sick_days")
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
    steady = _fit(_two(shared=False)).sensitivity
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
    section, *_ = parts = _one(DECISION | {"programme_years": 2})
    decision = _fit(parts)
    assert checks.everything_discounted(decision, section.decision).passed
    for change in (
        {"benefit_factors": (1.0, 0.8, 0.64)},
        {"cost_factors": (1.0, 1.0)},
        {"cost_factors": (1.0,)},
        {"benefit_factors": tuple(f / 1.03 for f in decision.benefit_factors)},
    ):
        wrong = dataclasses.replace(decision, **change)
        assert checks.everything_discounted(wrong, section.decision).passed is False


# --- evidence, gate, pictures


def _study(**disclosure):
    study = {"study": {"name": "t", "as_of": "2024-12-31", "seed": 4}, "disclosure": disclosure}
    return Study.model_validate(study | {"tables": {}})


def _released(parts, **disclosure):
    section, frame, effects, posteriors = parts
    decision = attempt(fit_decision, frame, effects, posteriors, section)
    found = check_decision(frame, effects, posteriors, decision)
    evidence = decide(frame, effects, posteriors, decision, found, provenance=PROVENANCE)
    return evidence, release(evidence, _study(**disclosure))


@pytest.mark.parametrize(("mean", "word"), [(-2.0, "Fund it"), (2.0, "Stop it"), (-0.2, "Measure first")])
def test_the_answer_says_it_in_plain_words(mean, word):
    evidence, released = _released(_one(DECISION, mean=mean, sd=0.3))
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
    assert released.estimate("npv_flat").value == pytest.approx(
        released.estimate("npv_per_person_flat").value * 600 / 1000
    )


def test_tables_hold_ledgers_posteriors_and_present_values():
    _, released = _released(_two(shared=False))
    assert [t.name for t in released.tables] == [
        "present_value",
        "posteriors",
        "channels",
        "costs",
        "priors",
        "correlations",
    ]
    (cost,) = released.table("costs").rows
    assert (cost.key, cost.values[0], cost.values[3]) == (("1. programme",), 100.0, "measured")
    assert [r.values[1] for r in released.table("channels").rows] == [-250.0, -1.0]
    assert [r.key[1] for r in released.table("posteriors").rows[:3]] == [
        "the trial's estimate",
        "flat prior",
        "sceptical prior",
    ]
    value = {r.key: r.values for r in released.table("present_value").rows}
    assert value["Net present value", "flat prior"][0] == pytest.approx(
        1000 * released.estimate("npv_flat").value
    )
    assert value["Costs", "flat prior"] == pytest.approx((-100_000,) * 3)


def test_asserted_values_are_told_as_what_they_would_have_to_be():
    _, released = _released(_asserted(2.0))
    rows = released.table("break_even_values").rows
    assert [r.values[2] for r in rows] == ["pays from this value on"] * 2
    assert {r.values[3] for r in released.table("channels").rows} == {"yes", "no: asserted"}
    assert any("mood" in limit for limit in released.limits)


def test_few_people_or_few_events_show_no_number():
    _, released = _released(_one(DECISION, n=40), min_model_people=50)
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
    parts = _one(DECISION)
    evidence, released = _released(parts)
    text = json.dumps(released.to_dict())
    draws = parts[3]["sick_days", "flat"].draws
    assert not any(f"{d:.6g}" in text for d in draws[:2000])
    for thing in (*parts[3].values(), _fit(parts), *_fit(parts).returns.values(), evidence):
        assert "not released" in repr(thing)


def test_what_is_not_answered_has_a_reason_and_no_number():
    section, frame, effects, posteriors = _one()
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
    _, released = _released(_one(DECISION, mean=-2.0, sd=0.3))
    for picture in (plot_posterior(released), plot_net_present_value(released)):
        assert isinstance(picture, Picture)
        assert picture.png()[:4] == b"\x89PNG"
    assert "Clear whatever one believed beforehand: Sick days" in plot_posterior(released).title
    assert "with probability 100 %" in plot_net_present_value(released).title
    _, hidden = _released(_one(DECISION, n=40), min_model_people=50)
    assert plot_posterior(hidden) is None
    assert plot_net_present_value(hidden) is None
    evidence, _ = _released(_one(DECISION))
    another = release(dataclasses.replace(evidence, id="roi.effects"), _study())
    for plot in (plot_posterior, plot_net_present_value):
        with pytest.raises(DesignError, match=r"roi\.decision"):
            plot(another)


def test_from_rows_to_an_answer_with_the_sampler():
    section, frame, effects, _ = _one(DECISION)
    posteriors = fit_posterior(frame, effects, section)
    _, released = _released((section, frame, effects, posteriors))
    assert [c.passed for c in released.checks] == [True, True, True, True, None, True, True]
    again = _released((section, frame, effects, fit_posterior(frame, effects, section)))[1]
    assert released.to_dict() == again.to_dict()
