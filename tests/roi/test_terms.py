"""From what is unknown to money: sums that can be done by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.roi.decision_builders import DECISION, FEES
from wellperf_models.roi.terms import Channel, cash_of, draw_money, terms_of, unknown
from wellperf_models.study import Decision, Factor

DAYS = Channel(
    outcome="days", channel="absence", sign=-1, amount=250.0, spread=0.0, source="s", tier="measured"
)
STAFF = dataclasses.replace(FEES, kind="staff_time", amount=40.0)
YEARLY = dataclasses.replace(FEES, kind="technology", per="year", amount=7000.0)
ONCE = dataclasses.replace(FEES, kind="other", per="once", amount=900.0)
LEDGER = (FEES, STAFF, YEARLY, ONCE)


def _decision(**changed):
    return Decision.model_validate(DECISION | {"programme_years": 2} | changed)


def _terms(costs=LEDGER, channels=(DAYS,), **changed):
    return terms_of(_decision(**changed), channels, costs, people=10)


def test_at_a_rate_of_0_money_is_a_plain_sum():
    cash = cash_of({"effect.days": np.array([-2.0, 1.0])}, _terms(discount_rate=0.0, fade_out=0.0))
    assert cash.benefits[:, 0] == pytest.approx(np.array([[5000.0] * 3, [-2500.0] * 3]))
    assert cash.pv_cost == pytest.approx(900 + 2 * (10 * 140 + 7000))
    assert cash.npv == pytest.approx(cash.pv_benefit - cash.pv_cost)
    assert cash.cumulative[:, -1] == pytest.approx(cash.npv)
    assert cash.cumulative[0, 0] == pytest.approx(5000 - 900 - 8400)


def test_an_effect_fades_only_once_the_programme_has_ended():
    cash = cash_of({"effect.days": np.array([-1.0])}, _terms(discount_rate=0.1, fade_out=0.4))
    assert cash.benefits[0, 0] == pytest.approx([2500, 2500 / 1.1, 0.6 * 2500 / 1.21])
    assert cash.costs[0] == pytest.approx([900 + 8400, 8400 / 1.1, 0])
    drawn = cash_of({"effect.days": np.array([-1.0]), "fade_out": np.array([1.0])}, _terms())
    assert drawn.benefits[0, 0, 2] == 0


@pytest.mark.parametrize("inflation", [-0.02, 0.03, 0.2])
def test_nominal_prices_at_a_nominal_rate_are_real_prices_at_the_real_rate(inflation):
    draws = {"effect.days": np.array([-2.0, 0.5]), "fade_out": np.array([0.1, 0.7])}
    real = cash_of(draws, _terms(discount_rate=0.04, growth=0.015))
    rate = 1.04 * (1 + inflation) - 1
    nominal = _terms(prices="nominal", discount_rate=max(rate, 0.0), inflation=inflation, growth=0.015)
    if rate >= 0:
        assert cash_of(draws, nominal).benefits == pytest.approx(real.benefits, rel=1e-12)
        assert cash_of(draws, nominal).costs == pytest.approx(real.costs, rel=1e-12)
    wrong = cash_of(draws, _terms(prices="nominal", discount_rate=0.04, inflation=inflation, growth=0.015))
    assert not np.allclose(wrong.costs, real.costs)


def test_wages_grow_what_an_outcome_is_worth_and_staff_time_but_no_other_price():
    effect = {"effect.days": np.array([-1.0])}
    at = {"discount_rate": 0.0, "fade_out": 0.0, "growth": 0.1}
    assert cash_of(effect, _terms(**at)).benefits[0, 0] == pytest.approx([2500, 2750, 3025])
    assert cash_of(effect, _terms(costs=(STAFF,), **at)).costs[0] == pytest.approx([400, 440, 0])
    assert cash_of(effect, _terms(costs=(FEES,), **at)).costs[0] == pytest.approx([1000, 1000, 0])


def test_net_present_value_is_above_0_exactly_where_the_return_is():
    rng = np.random.default_rng(0)
    cash = cash_of({"effect.days": rng.normal(-1, 2, 4000)}, _terms())
    above = cash.npv > 0
    assert 0.05 < above.mean() < 0.95
    assert np.array_equal(above, cash.pv_benefit / cash.pv_cost - 1 > 0)


def test_a_bias_is_taken_off_the_effect():
    found = cash_of({"effect.days": np.array([-2.0]), "bias.days": np.array([-1.5])}, _terms())
    plain = cash_of({"effect.days": np.array([-0.5])}, _terms())
    assert found.benefits == pytest.approx(plain.benefits)


def test_a_factor_named_in_several_places_is_one_unknown():
    pay = Factor(
        quantity="pay", distribution="lognormal", median=2.0, spread=0.5, source="s", status="measured"
    )
    left = dataclasses.replace(DAYS, outcome="left", channel="turnover", times=("pay",))
    terms = _terms(
        channels=(dataclasses.replace(DAYS, times=("pay",)), left),
        costs=(dataclasses.replace(STAFF, times=("pay",)), ONCE),
        discount_rate=0.0,
    )
    money = draw_money(terms, {"pay": pay}, _decision(), 5000, seed=1)
    assert list(money) == ["factor.pay"]
    drawn = money["factor.pay"]
    one = np.full(5000, -1.0)
    cash = cash_of({"effect.days": one, "effect.left": one, **money}, terms)
    assert cash.benefits[:, 0, 0] == pytest.approx(2500 * drawn)
    assert cash.benefits[:, 1, 0] == pytest.approx(2500 * drawn)
    assert cash.costs[:, 1] == pytest.approx(400 * drawn)
    assert np.median(drawn) == pytest.approx(2.0, rel=0.03)


def test_each_unknown_has_draws_that_do_not_depend_on_which_others_there_are():
    spread = dataclasses.replace(DAYS, spread=0.3)
    fees = dataclasses.replace(FEES, spread=0.2)
    alone = draw_money(_terms(channels=(spread,), costs=(FEES,)), {}, _decision(), 100, seed=1)
    both = draw_money(
        _terms(channels=(spread,), costs=(fees,)), {}, _decision(fade_out_spread=0.1), 100, seed=1
    )
    assert set(both) == {"amount.days", unknown("cost", "0"), "fade_out"}
    assert np.array_equal(alone["amount.days"], both["amount.days"])
    assert not np.array_equal(
        alone["amount.days"], draw_money(_terms(channels=(spread,)), {}, _decision(), 100, 2)
    )
    assert both["fade_out"].mean() == pytest.approx(0.2, abs=0.03)


def test_the_social_rate_is_that_of_societys_point_of_view():
    at = {"discount_rate": 0.08, "social_discount_rate": 0.02}
    assert _terms(perspective="society", **at).rate == 0.02
    assert _terms(**at).rate == 0.08
    assert _terms(perspective="society", discount_rate=0.08).rate == 0.08


def test_only_the_share_of_a_cost_that_is_somebodys_own_counts():
    shared = dataclasses.replace(FEES, borne_by={"employer": 0.25, "employee": 0.5, "others": 0.25})
    effect = {"effect.days": np.zeros(1)}
    paid = {
        who: cash_of(effect, _terms(costs=(shared,), discount_rate=0.0, perspective=who)).pv_cost[0]
        for who in ("employer", "employee", "society")
    }
    assert paid == {"employer": 500.0, "employee": 1000.0, "society": 2000.0}
