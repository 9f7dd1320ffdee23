"""Money: sums that can be done by hand, the rule, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.roi.decision_builders import (
    DECISION,
    FEES,
    PLAIN,
    SICK_DAYS,
    asserted_channel,
    fit,
    make_effects,
    make_frame,
    make_posterior,
    make_posteriors,
    make_section,
    one_channel,
    sick_days,
    two_channels,
)
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.roi.model_decision import fit_decision


def test_without_discounting_and_fading_everything_is_a_plain_sum():
    parts = one_channel()
    found = fit(parts)
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
    parts = one_channel(decision)
    back = fit(parts).returns["flat"]
    # it runs for two years: the effect is lost from the second year to the third alone
    worth = 1 + 1 / 1.05 + 0.6 / 1.05**2
    draws = parts[3]["sick_days", "flat"].draws
    assert back.pv_benefit == pytest.approx(-draws * 250 * worth * 600)
    assert back.pv_cost[0] == pytest.approx(600 * 100 * (1 + 1 / 1.05))
    gone = fit(one_channel(DECISION | {"fade_out": 1.0})).returns["flat"]
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
    found = fit(one_channel(DECISION, mean=-0.2, sd=0.5))
    for back in found.returns.values():
        assert 0.05 < back.p_positive < 0.95
        assert np.array_equal(back.npv > 0, back.roi > 0)


def test_amounts_and_costs_are_log_normal_around_what_is_declared():
    value = SICK_DAYS["value"] | {"spread": 0.4}
    costs = (
        dataclasses.replace(FEES, spread=0.5),
        dataclasses.replace(FEES, kind="technology", amount=12_000.0, per="once"),
    )
    parts = one_channel(PLAIN, value=value, costs=costs)
    back = fit(parts).returns["flat"]
    people_cost = back.pv_cost - 12_000
    assert np.median(people_cost) == pytest.approx(60_000, rel=0.02)
    assert np.log(people_cost).std() == pytest.approx(0.5, rel=0.03)
    amounts = back.pv_benefit / (-parts[3]["sick_days", "flat"].draws * 3 * 600)
    assert np.median(amounts) == pytest.approx(250, rel=0.02)
    assert np.log(amounts).std() == pytest.approx(0.4, rel=0.03)
    assert abs(np.corrcoef(amounts, people_cost)[0, 1]) < 0.03
    # the same prices under both priors: what differs is what one believed, not luck
    other = fit(parts).returns["sceptical"]
    assert np.array_equal(other.pv_cost, back.pv_cost)


def test_declared_people_and_those_offered_to_the_nearest_five():
    parts = one_channel(PLAIN | {"people": 1000})
    assert fit(parts).people == 1000
    assert fit(parts).returns["flat"].pv_cost[0] == 100_000
    assert fit(one_channel(n_offered=603)).people == 605
    assert fit(one_channel(n_offered=603, in_full=True)).people == 603


@pytest.mark.parametrize(
    ("flat", "sceptical", "answer", "alone"),
    [
        (-1.0, -1.0, "fund", ("fund", "fund")),
        (1.0, 1.0, "stop", ("stop", "stop")),
        (-0.13, -0.13, "undecided", ("undecided", "undecided")),
        (-1.0, -0.13, "undecided", ("fund", "undecided")),
        (-1.0, 1.0, "undecided", ("fund", "stop")),
        (1.0, -0.13, "undecided", ("stop", "undecided")),
    ],
)
def test_the_rule_needs_both_priors(flat, sceptical, answer, alone):
    section, frame, effects, _ = one_channel()
    posteriors = {
        ("sick_days", "flat"): make_posterior("sick_days", "flat", flat, 0.2),
        ("sick_days", "sceptical"): make_posterior("sick_days", "sceptical", sceptical, 0.2),
    }
    found = fit_decision(frame, effects, posteriors, section)
    assert found.answer == answer
    assert (found.answers["flat"], found.answers["sceptical"]) == alone


def test_the_declared_thresholds_are_those_used():
    p = fit(one_channel(mean=-0.6, sd=0.5)).returns["sceptical"].p_positive
    assert 0.6 < p < 0.9
    bold = PLAIN | {"fund_above": p - 0.01}
    assert fit(one_channel(bold, mean=-0.6, sd=0.5)).answer == "fund"
    assert fit(one_channel(mean=-0.6, sd=0.5)).answer == "undecided"


def test_outcomes_of_the_same_units_are_joined_by_the_correlation_found_in_them():
    found = fit(two_channels(shared=True))
    back = found.returns["flat"]
    assert found.n_assumed == 0
    assert found.sensitivity == ()
    joined = np.corrcoef(back.by_outcome["sick_days"], back.by_outcome["spending"])[0, 1]
    assert joined == pytest.approx(0.6, abs=0.05)
    # both are worth 0.2 × 250: their sum is wider by the square root of 1 + rho
    apart = fit(two_channels(shared=False)).returns["flat"]
    assert back.npv.std() / apart.npv.std() == pytest.approx(np.sqrt(1.6), rel=0.03)
    assert np.median(back.npv) == pytest.approx(
        np.median(apart.npv), abs=6 * apart.error_of_median(apart.npv)
    )


def test_outcomes_that_cannot_be_joined_take_the_declared_correlation_and_its_sensitivity():
    found = fit(two_channels(shared=False, correlation=0.4))
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


def test_what_is_only_asserted_is_in_no_number_and_its_break_even_value_is_told():
    found = fit(asserted_channel(2.0))
    alone = fit(one_channel(mean=-0.05, sd=0.2))
    assert [c.outcome for c in found.channels] == ["sick_days"]
    assert np.array_equal(found.returns["flat"].npv, alone.returns["flat"].npv)
    (mood,) = found.asserted
    assert mood.channel.tier == "asserted"
    needed = mood.break_even["flat"]
    # days bring .05 × 750 of the 100 it costs; two points of mood over three years must bring the rest
    assert needed == pytest.approx((100 - 0.05 * 750) / (3 * 2.0), rel=0.05)
    assert mood.break_even["sceptical"] > needed


def test_no_value_makes_a_worsened_outcome_pay_and_none_is_needed_where_it_pays_already():
    assert fit(asserted_channel(-2.0)).asserted[0].break_even == {"flat": None, "sceptical": None}
    assert fit(asserted_channel(-2.0, days=-2.0)).asserted[0].break_even == {"flat": 0.0, "sceptical": 0.0}


def test_monte_carlo_errors_are_those_of_repetition():
    section, frame, effects, _ = one_channel()
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
    section, frame, effects, posteriors = one_channel()
    good = posteriors["sick_days", "flat"]
    apart = good.draws + np.repeat([0, 0, 0, 1.0], 5000)
    bad = dict(posteriors) | {("sick_days", "flat"): dataclasses.replace(good, draws=apart)}
    with pytest.raises(ConvergenceError, match="R-hat of net present value"):
        fit_decision(frame, effects, bad, section)


def test_without_lots_rule_costs_or_value_there_is_no_decision():
    section, frame, effects, posteriors = one_channel()
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
        fit(one_channel(value=only))
    assert isinstance(attempt(fit_decision, frame, effects, Unanswered(reason="r."), section), Unanswered)
