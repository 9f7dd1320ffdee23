"""The value of information of a decision against closed forms worked out by hand."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
from scipy import stats

from tests.roi.decision_builders import PLAIN, SICK_DAYS, fit, one_channel, two_channels
from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference import value_of_information
from wellperf_models.roi.information.model import fit_information
from wellperf_models.roi.information.results import Trial
from wellperf_models.roi.information.spread import spread_of
from wellperf_models.roi.information.trials import later, plan_trials, variance_of
from wellperf_models.roi.information.unknowns import as_columns, put_off, repeated, true_effects
from wellperf_models.roi.terms import cash_of

PILOT = {
    "people": [100, 400],
    "cost_once": 500.0,
    "cost_per_person": 2.0,
    "delay_years": 1.0,
    "currency": "EUR",
    "source": "an offer",
    "tier": "measured",
}
VALUE = SICK_DAYS["value"]
# one set of priors is half the work
FLAT = PLAIN | {"judged_by": ["flat"]}


def unit_loss(mean: float, sd: float) -> float:
    """E max(0, m) − max(0, mean) of m ~ Normal(mean, sd)."""
    return float(sd * stats.norm.pdf(mean / sd) - abs(mean) * stats.norm.cdf(-abs(mean) / sd))


def inform(parts, pilot=PILOT, **changed):
    """Parts of a decision with a pilot: section, frame, decision, information."""
    section, frame, effects, posteriors = parts
    section = type(section).model_validate(section.model_dump() | {"pilot": pilot} | changed)
    frame = dataclasses.replace(frame, section=section)
    decision = fit((section, frame, effects, posteriors))
    return section, frame, decision, fit_information(frame, effects, decision, section)


@functools.cache
def plain():
    """The case most tests look at, fitted once."""
    return inform(one_channel(FLAT, mean=-0.15, sd=0.4))


def test_one_channel_has_its_closed_form_waiting_and_cost_included():
    _, frame, decision, found = plain()
    people, under = decision.people, found.under["flat"]
    draws = decision.returns["flat"].draws["effect.sick_days"]
    # three years of benefit, one of cost
    a, b = -250.0 * 3 * people, 100.0 * people
    mean, sd = a * float(draws.mean()) - b, abs(a) * float(draws.std())
    assert under.mean == pytest.approx(mean)
    assert abs(under.perfect.value - unit_loss(mean, sd)) <= 3 * under.perfect.std_error
    (group, gain), *_ = under.groups
    assert group.label == "Effect: Sick days"
    assert abs(gain.value - unit_loss(mean, sd)) <= 3 * gain.std_error
    spread = spread_of(frame.outcomes["sick_days"], decision.effects["sick_days"], None)
    for trial in under.trials:
        n = trial.trial.people
        told = draws.var() / np.sqrt(draws.var() + 4 * spread.sd**2 / n)
        assert abs(trial.gain.value - unit_loss(mean, abs(a) * told)) <= 3 * trial.gain.std_error
        # a year later: two years of benefit; those offered it in the trial have it already
        later = -250.0 * 2 * people
        late = later * float(draws.mean()) - b
        decided = max(late, 0) + unit_loss(late, abs(later) * told)
        share = n / 2 / people
        net = share * mean + (1 - share) * decided - 500 - 2 * n - max(mean, 0)
        assert abs(trial.net - net) <= 3 * trial.net_error
        assert trial.cost == pytest.approx(500 + 2 * n + 100 * n / 2)
        assert trial.net == pytest.approx(trial.gain.value - trial.cost - trial.waiting)


def test_both_sets_that_judge_are_told_and_no_other():
    _, _, _, found = inform(one_channel(PLAIN | {"judged_by": ["sceptical"]}))
    assert set(found.under) == {"sceptical"}


def test_groups_agree_with_exact_conditional_means():
    """A product of independent unknowns less a cost: its mean given some of them is known."""
    value = VALUE | {"spread": 0.5, "times": ["absence_day"]}
    settings = FLAT | {"fade_out": 0.4, "fade_out_spread": 0.2, "horizon_years": 5}
    _, _, decision, found = inform(one_channel(settings, mean=-0.11, sd=0.4, value=value), pilot=None)
    draws = decision.returns["flat"].draws
    parts = {name: drawn for name, drawn in draws.items() if name != "fade_out"}
    parts["fade_out"] = sum((1 - draws["fade_out"]) ** year for year in range(5))
    kinds = {group.kind: (group, gain) for group, gain in found.under["flat"].groups}
    assert set(kinds) == {"effect", "worth", "fade_out", "inputs"}
    for group, gain in kinds.values():
        many = -250.0 * decision.people * np.ones(20_000)
        for name, part in parts.items():
            many *= part if name in group.unknowns else part.mean()
        exact = many - 100.0 * decision.people
        truth = np.maximum(exact, 0).mean() - max(exact.mean(), 0)
        assert abs(gain.value - truth) <= 3 * gain.std_error
    assert kinds["inputs"][1].value > 0


def test_a_bias_is_a_group_of_its_own_and_a_trial_by_lot_tells_it():
    section, frame, decision, _ = inform(
        one_channel(FLAT, mean=-0.15, sd=0.2), pilot=PILOT | {"people": [100, 1200]}
    )
    back = decision.returns["flat"]
    rng = np.random.default_rng(3)
    draws = back.draws | {"bias.sick_days": rng.normal(0.0, 0.5, 20_000)}
    unsure = dataclasses.replace(back, draws=draws, cash=cash_of(draws, decision.terms))
    returns = decision.returns | {"flat": unsure}
    biased = dataclasses.replace(decision, returns=returns)
    found = fit_information(frame, _effects(frame), biased, section)
    kinds = {group.kind: gain.value for group, gain in found.under["flat"].groups}
    assert kinds["bias"] > kinds["effect"]
    # it estimates the effect less the bias: worth more than knowing the biased effect alone
    (_, trial) = found.under["flat"].trials
    assert trial.gain.value > kinds["effect"]
    true = true_effects(draws, decision.terms)["sick_days"]
    assert np.array_equal(true, draws["effect.sick_days"] - draws["bias.sick_days"])


def _effects(frame):
    from tests.roi.decision_builders import make_effects

    return make_effects(list(frame.outcomes.values()))


def test_clusters_and_what_they_share():
    trial, spread = Trial(people=400, clusters=20), spread_of_clusters(0.2)
    assert spread.told
    assert spread.icc == pytest.approx(0.2, abs=0.06)
    assert variance_of(trial, spread) == pytest.approx(4 * spread.sd**2 / 400 * (1 + 19 * spread.icc))
    assert variance_of(Trial(people=400, clusters=None), spread) == pytest.approx(4 * spread.sd**2 / 400)
    # lots by person tell nothing of what people of a team share
    alone = one_channel()
    rows = alone[1].outcomes["sick_days"]
    found = spread_of(rows, _effects(alone[1]).of["sick_days"].intention_to_treat, None)
    assert (found.icc, found.told) == (0.05, False)


def spread_of_clusters(icc):
    """Of 120 teams of 20 whose scores share that much."""
    from tests.roi.decision_builders import make_effect, make_rows, make_section

    section = make_section({"sick_days": SICK_DAYS})
    rng = np.random.default_rng(6)
    team = np.repeat(np.arange(120), 20)
    value = np.sqrt(icc) * rng.normal(size=120)[team] + np.sqrt(1 - icc) * rng.normal(size=2400)
    rows = make_rows(section, "sick_days", value=value, treated=team % 2 == 0, cluster=team)
    return spread_of(rows, make_effect(rows), None)


def test_a_trial_like_this_one_would_err_like_this_one():
    parts = one_channel(n=1200)
    rows = parts[1].outcomes["sick_days"]
    effect = _effects(parts[1]).of["sick_days"].intention_to_treat
    again = variance_of(Trial(people=1200, clusters=None), spread_of(rows, effect, None))
    assert np.sqrt(again) == pytest.approx(effect.std_error, rel=0.03)
    # unequal weights count as fewer people
    weight = np.random.default_rng(2).choice([0.2, 3.0], size=1200)
    weighed = dataclasses.replace(rows, weight=weight)
    from tests.roi.decision_builders import make_effect

    again = variance_of(Trial(people=1200, clusters=None), spread_of(weighed, make_effect(weighed), None))
    assert np.sqrt(again) == pytest.approx(make_effect(weighed).std_error, rel=0.1)


def test_draws_told_twice_are_in_the_same_half():
    section, frame, effects, posteriors = one_channel(FLAT | {"fade_out": 0.4, "fade_out_spread": 0.2})
    flat = posteriors["sick_days", "flat"]
    twice = dataclasses.replace(flat, draws=np.repeat(flat.draws[::2], 2))
    decision = fit((section, frame, effects, posteriors | {("sick_days", "flat"): twice}))
    codes = repeated(decision.returns["flat"].draws, decision.terms)
    assert np.array_equal(codes[::2], codes[1::2])
    assert np.unique(codes).size == 10_000
    # and it reaches every regression of the pillar
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        real = value_of_information.regress

        def spy(X, y, together=None):
            seen.append(together)
            return real(X, y, together)

        patch.setattr(value_of_information, "regress", spy)
        section = type(section).model_validate(section.model_dump() | {"pilot": PILOT})
        fit_information(dataclasses.replace(frame, section=section), effects, decision, section)
    assert len(seen) > 4
    assert all(together is not None and np.array_equal(together, codes) for together in seen)


def test_more_clusters_tell_more_and_impossible_trials_are_named():
    pilot = PILOT | {"people": [10, 200, 5000], "clusters": [20, 50], "icc": 0.3}
    _, _, _, found = inform(one_channel(FLAT, mean=-0.15, sd=0.4), pilot=pilot)
    gains = {t.trial.clusters: t.gain.value for t in found.under["flat"].trials if t.trial.people == 200}
    assert gains[20] < gains[50]
    assert len(found.under["flat"].trials) == 2
    assert sum("more teams than people" in words for words in found.impossible) == 2
    assert sum("more than the decision is about" in words for words in found.impossible) == 2


def test_channels_that_share_units_share_errors():
    section, frame, effects, posteriors = two_channels(shared=True)
    section = type(section).model_validate(section.model_dump() | {"pilot": PILOT})
    decision = fit((section, dataclasses.replace(frame, section=section), effects, posteriors))
    plan = plan_trials(frame, decision.effects, decision.terms, section)
    covariance = plan.covariances[0]
    correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert correlation == pytest.approx(0.6, abs=0.05)


def test_between_whole_years_a_delay_is_in_proportion():
    _, _, decision, _ = plain()
    draws = decision.returns["flat"].draws
    now, half, year = (later(draws, decision.terms, delay) for delay in (0.0, 0.5, 1.0))
    assert np.allclose(half, (now + year) / 2)
    assert np.array_equal(now, decision.returns["flat"].npv)


def test_putting_off_keeps_prices_and_ends_with_the_years_counted():
    _, _, decision, _ = inform(one_channel(FLAT | {"discount_rate": 0.1, "programme_years": 2}), pilot=None)
    terms = dataclasses.replace(decision.terms, growth=1.05, prices=1.02)
    draws = {"effect.sick_days": np.array([-1.0])}
    late = put_off(terms, 2)
    assert late is not None
    assert (late.horizon_years, late.programme_years) == (1, 1)
    by_hand = terms.people * (250 * 1.05**2 - 100 * 1.02**2) / 1.1**2
    assert cash_of(draws, late).npv[0] == pytest.approx(by_hand)
    assert put_off(terms, 3) is None
    assert cash_of(draws, put_off(terms, 0)).npv[0] == cash_of(draws, terms).npv[0]


def test_a_trial_that_ends_after_the_years_counted_brings_only_cost():
    pilot = PILOT | {"delay_years": 3.0}
    _, _, decision, found = inform(one_channel(FLAT, mean=-0.15, sd=0.4), pilot=pilot)
    under = found.under["flat"]
    for trial in under.trials:
        share = trial.trial.people / 2 / decision.people
        own = share * under.mean - 500 - 2 * trial.trial.people - max(under.mean, 0)
        assert trial.net == pytest.approx(own)


def test_swings_are_the_money_at_the_ends_with_all_else_in_the_middle():
    value = VALUE | {"spread": 0.3}
    _, _, decision, found = inform(one_channel(FLAT, mean=-1.0, sd=0.5, value=value), pilot=None)
    draws = decision.returns["flat"].draws
    swings = {swing.unknown.name: swing for swing in found.under["flat"].swings}
    low, high = np.quantile(draws["amount.sick_days"], [0.025, 0.975])
    middle = np.median(draws["effect.sick_days"])
    by_hand = decision.people * (-middle * 250 * low * 3 - 100)
    assert swings["amount.sick_days"].npv_low == pytest.approx(by_hand)
    assert swings["amount.sick_days"].high == pytest.approx(250 * high)
    assert swings["effect.sick_days"].npv_low > swings["effect.sick_days"].npv_high
    assert [s.size for s in found.under["flat"].swings] == sorted(
        (s.size for s in swings.values()), reverse=True
    )


def test_shares_of_variance_of_a_product_have_their_closed_form():
    """Of A × B with independent log-normals, V_A = c_A, V_B = c_B and the rest together, c = exp(s²) − 1."""
    value = VALUE | {"spread": 0.5, "times": ["absence_day"]}
    _, _, decision, found = inform(one_channel(FLAT, mean=-1.0, sd=0.1, value=value), pilot=None)
    shares = {share.unknown.name: share for share in found.shares}
    a, b = np.expm1(0.5**2), np.expm1(decision.factors["absence_day"].spread ** 2)
    whole = (1 + a) * (1 + b) - 1
    for name, own, other in (("amount.sick_days", a, b), ("factor.absence_day", b, a)):
        share = shares[name]
        assert abs(share.first - own / whole) <= 4 * share.first_error
        assert abs(share.total - own * (1 + other) / whole) <= 4 * share.total_error


def test_without_exogenous_unknowns_there_are_no_shares():
    assert plain()[3].shares == ()


def test_the_same_inputs_give_the_same_numbers():
    first, again = (found[3].under["flat"] for found in (plain(), plain.__wrapped__()))
    assert [t.net for t in first.trials] == [t.net for t in again.trials]
    assert first.perfect.value == again.perfect.value


def test_without_a_pilot_only_trials_are_missing():
    *_, found = inform(one_channel(FLAT), pilot=None)
    trials = found.under["flat"].trials
    assert isinstance(trials, Unanswered)
    assert not trials.asked
    assert found.under["flat"].perfect.value >= 0


def test_a_pilot_in_a_currency_without_a_rate_is_not_valued():
    *_, found = inform(one_channel(FLAT), pilot=PILOT | {"currency": "USD"})
    trials = found.under["flat"].trials
    assert isinstance(trials, Unanswered)
    assert trials.asked
    assert "currency" in trials.reason


def test_what_is_not_answered_or_not_asked():
    section, frame, effects, _ = one_channel()
    with pytest.raises(DesignError, match="no control group"):
        fit_information(frame, effects, Unanswered(reason="no control group"), section)
    bare = section.model_copy(update={"decision": None})
    with pytest.raises(NotAskedError, match="no decision"):
        fit_information(frame, effects, Unanswered(reason="nothing"), bare)


def test_nothing_shows_a_draw():
    found = plain()[3]
    assert "not released" in repr(found) + repr(found.under["flat"])
    assert all(char not in repr(found.under["flat"].perfect) for char in "0123456789")
    assert as_columns({"a": np.zeros(2)}, ("a",)).shape == (2, 1)
