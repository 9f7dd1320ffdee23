"""The best use of a budget, and how sure it is."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from tests.roi.decision_builders import (
    DECISION,
    FEES,
    PROVENANCE,
    SICK_DAYS,
    make_effects,
    make_frame,
    make_posteriors,
    make_section,
    sick_days,
)
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Support, Unanswered, attempt
from wellperf_models.roi.model_decision import fit_decision
from wellperf_models.roi.portfolio import checks
from wellperf_models.roi.portfolio.candidates import initiative_draws, initiative_terms
from wellperf_models.roi.portfolio.checks import check_portfolio
from wellperf_models.roi.portfolio.findings import rank_initiatives
from wellperf_models.roi.portfolio.model import choose, fit_portfolio
from wellperf_models.roi.portfolio.plots import plot_portfolio
from wellperf_models.roi.summaries import Drawn
from wellperf_models.study import Study

STUDY = Study.model_validate({"study": {"name": "t", "as_of": "2024-12-31", "seed": 4}, "tables": {}})
PAY = {"quantity": "pay", "distribution": "lognormal", "median": 1.0, "spread": 0.5, "source": "s"}


def _initiative(mean=-1.0, sd=0.5, amount=100.0, people=200, **cost):
    declared = {"kind": "programme", "amount": amount, "per": "person_year", "currency": "EUR"}
    known = {"source": "a guess", "tier": "asserted"}
    return {
        "people": people,
        "effects": {"sick_days": {"mean": mean, "sd": sd} | known},
        "costs": [declared | known | cost],
    }


def _parts(initiatives, budget=None, *, mean=-1.0, sd=0.3, value=None, decision=DECISION, **frame):
    more = {"budget": {"amount": budget, "currency": "EUR"}} if budget else {}
    section = make_section(
        {"sick_days": SICK_DAYS | {"value": SICK_DAYS["value"] | (value or {})}},
        decision,
        initiatives=initiatives,
        factors={"pay": PAY | {"status": "measured"}},
        **more,
    )
    rows = sick_days(section)
    made, effects = make_frame(section, [rows], **frame), make_effects([rows])
    return made, fit_decision(made, effects, make_posteriors(sick_days=(mean, sd)), section), section


def _released(parts):
    frame, decision, section = parts
    portfolio = attempt(fit_portfolio, frame, decision, section)
    found = check_portfolio(frame, portfolio)
    evidence = rank_initiatives(frame, portfolio, found, provenance=PROVENANCE)
    return portfolio, release(evidence, STUDY)


def test_the_set_chosen_is_the_best_of_all_that_can_be_paid_for():
    rng = np.random.default_rng(3)
    for _ in range(30):
        cost = 1000 * rng.uniform(1, 10, 6)
        npv = rng.normal(1, 2, 6) + rng.normal(size=(500, 6))
        found = choose(npv, cost, budget=15_000.0, n_effective=500)
        every = (c for k in range(7) for c in itertools.combinations(range(6), k))
        paid = [c for c in every if cost[list(c)].sum() <= 15_000]
        totals = np.column_stack([npv[:, list(c)].sum(axis=1) for c in paid])
        assert found.chosen == paid[int(totals.mean(axis=0).argmax())]
        assert found.regret.value == pytest.approx(totals.max(axis=1).mean() - totals.mean(axis=0).max())
        assert found.best_choice.value == np.mean([paid[i] == found.chosen for i in totals.argmax(axis=1)])


def test_what_is_sure_is_surely_right_and_what_is_even_is_a_toss():
    known = np.tile([3.0, 2.0, -1.0], (1000, 1))
    sure = choose(known, np.ones(3), None, 1000)
    assert (sure.chosen, sure.order) == ((0, 1), (0, 1, 2))
    assert (sure.best_choice.value, sure.right_order.value, sure.regret.value) == (1, 1, 0)
    even = 5 + np.random.default_rng(0).normal(size=(40_000, 2))
    toss = choose(even, np.ones(2), 1.0, 40_000)
    assert toss.best_choice.value == pytest.approx(0.5, abs=0.02)
    # E[max] − mean of two normals that are alike: 1 / √π
    assert toss.regret.value == pytest.approx(1 / np.sqrt(np.pi), abs=0.02)
    assert sum(told.value for told in toss.first) == pytest.approx(1)


def test_one_unknown_is_one_unknown_and_costs_are_each_ones_own():
    spread = {"spread": 0.4, "times": ["pay"]}
    fees = dataclasses.replace(FEES, spread=0.3)
    two = {"a": _initiative(spread=0.3), "b": _initiative(spread=0.3, times=["pay"])}
    frame, decision, section = _parts(
        two, value=spread, costs=(fees,), decision=DECISION | {"fade_out_spread": 0.1}
    )
    own = decision.returns["flat"].draws
    drawn = {}
    for name, declared in section.initiatives.items():
        terms = initiative_terms(frame, declared, decision, section.decision)
        drawn[name] = initiative_draws(frame.seed, name, declared, terms, decision, section.decision, 20_000)
    for shared in ("amount.sick_days", "factor.pay", "fade_out"):
        assert np.array_equal(own[shared], drawn["a"][shared])
        assert np.array_equal(own[shared], drawn["b"][shared])
    for apart in ("effect.sick_days", "cost.0"):
        columns = np.column_stack([own[apart], drawn["a"][apart], drawn["b"][apart]])
        assert np.abs(np.corrcoef(columns, rowvar=False)[np.triu_indices(3, 1)]).max() < 0.03
    assert drawn["a"]["effect.sick_days"].mean() == pytest.approx(-1.0, abs=0.02)


def test_an_initiative_is_worth_what_was_declared():
    frame, decision, section = _parts({"a": _initiative(mean=-1.0, sd=1e-9)})
    programme, other = fit_portfolio(frame, decision, section).candidates
    worth = 250 * 200 * (1 + 0.8 / 1.03 + 0.64 / 1.03**2)
    assert other.npv["flat"] == pytest.approx(np.full(20_000, worth - 20_000))
    assert other.cost == pytest.approx(20_000)
    assert np.array_equal(other.npv["flat"], other.npv["sceptical"])
    assert np.array_equal(programme.npv["flat"], decision.returns["flat"].npv)
    assert (programme.local, other.local, other.tiers) == (True, False, ("asserted",))


def test_the_budget_decides_what_can_be_paid_for():
    two = {"good": _initiative(mean=-1.5, sd=0.1), "small": _initiative(mean=-1.5, sd=0.1, people=50)}
    for budget, chosen in (
        (None, (0, 1, 2)),
        (85_000, (0, 1, 2)),
        (84_000, (0, 1)),
        (60_000, (0,)),
        (25_000, (1, 2)),
    ):
        frame, decision, section = _parts(two, budget)
        assert fit_portfolio(frame, decision, section).choices["flat"].chosen == chosen, budget


def test_a_budget_below_every_cost_buys_none():
    portfolio, released = _released(_parts({"a": _initiative()}, budget=10_000))
    assert portfolio.affordable == (False, False)
    assert released.answer.startswith(
        "None: each of them is expected to cost more than a budget of 10\N{NARROW NO-BREAK SPACE}000 EUR"
    )
    assert {r.values[7] for r in released.table("candidates").rows} == {"no: above the budget"}
    assert plot_portfolio(released).title.startswith("None")
    _, poor = _released(_parts({"a": _initiative(mean=2.0)}, mean=2.0))
    assert poor.answer.startswith("None: with no limit being declared, none of them is expected")


def test_the_answer_names_what_to_pay_for_and_stamps_what_was_not_measured_here():
    good = _initiative(mean=-3.0, sd=0.5) | {"label": "Rosters"}
    portfolio, released = _released(_parts({"rosters": good}, 30_000, mean=-0.1))
    assert portfolio.choices["flat"].chosen == (1,)
    assert released.answer.startswith(
        "Rosters (no local evidence): with a budget of 30\N{NARROW NO-BREAK SPACE}000 EUR"
    )
    assert "“undecided”" in released.answer or "“stop”" in released.answer
    by = {c.name: c.passed for c in released.checks}
    assert by["chosen_on_local_evidence"] is False
    rows = released.table("candidates").rows
    assert rows[0].key == ("1. Rosters", "flat prior")
    assert rows[0].values[8] == "no local evidence"
    assert released.table("initiatives").rows[0].values[3] == "no local evidence: asserted"
    picture = plot_portfolio(released)
    assert picture.title == "Within the budget, most is expected of Rosters"
    assert picture.png()[:4] == b"\x89PNG"


def test_what_is_expected_is_the_mean_by_which_is_chosen():
    # what a day is worth is known so roughly that mean and median differ
    value = {"spread": 1.2}
    portfolio, released = _released(_parts({}, 200_000, mean=-1.0, sd=0.5, value=value))
    choice = portfolio.choices["flat"]
    by = {e.name: e for e in released.estimates}
    assert (choice.chosen, by["expected_flat"].unit) == ((0,), "million EUR")
    assert by["expected_flat"].value == pytest.approx(choice.worth[0] / 1e6, rel=0.02)
    assert by["worth_flat"].value < 0.8 * by["expected_flat"].value
    assert "On average that is " in released.answer
    assert released.answer.index("On average") < released.answer.index("middle of what is likely")
    assert released.answer.count("judged by a sceptic") == 2
    row = released.table("choices").rows[0]
    assert row.values[-1] == pytest.approx(choice.worth[0], rel=0.02)


def test_what_no_data_measured_is_said_once_whoever_judges():
    good = _initiative(mean=-3.0, sd=0.5) | {"label": "Rosters"}
    _, released = _released(_parts({"rosters": good}, 30_000, mean=-0.1))
    worth = released.answer.partition("On average")[2].partition("The probability")[0]
    assert worth
    assert "judged" not in worth


def test_the_choice_says_where_costs_are_of_too_short_a_time():
    short = dataclasses.replace(FEES, per="once", covers=0.5)
    _, released = _released(_parts({"a": _initiative()}, costs=(short,)))
    assert {c.name: c.passed for c in released.checks}["costs_cover_the_years"] is False


def test_beliefs_that_decide_the_choice_are_said_first():
    _, released = _released(_parts({}, 70_000, mean=-0.25, sd=0.05))
    assert released.answer.startswith("That depends on what one believed beforehand.")
    assert next(c for c in released.checks if c.name == "choice_agrees_between_priors").passed is False


def test_checks_both_ways():
    assert checks.choice_agrees_between_priors({"flat": (0,), "sceptical": (0,)}).passed
    assert checks.choice_agrees_between_priors({"flat": (0,), "sceptical": ()}).passed is False
    assert checks.choice_agrees_between_priors({"flat": (0,)}).passed is None
    frame, decision, section = _parts({"a": _initiative()})
    portfolio = fit_portfolio(frame, decision, section)
    support = Support(n_people=600)
    assert checks.chosen_on_local_evidence(portfolio.candidates[:1], support).passed
    assert checks.chosen_on_local_evidence(portfolio.candidates, support).passed is False
    choice = portfolio.choices["flat"]
    for value, passed in ((0.9, True), (0.3, False)):
        told = dataclasses.replace(choice, best_choice=Drawn(value=value, error=0.01))
        assert checks.choice_likely_right({"flat": told, "sceptical": choice}, support).passed is (
            passed and choice.best_choice.value > 0.5
        )


def test_not_asked_and_refused():
    frame, decision, section = _parts({"a": _initiative()})
    with pytest.raises(NotAskedError):
        fit_portfolio(frame, decision, make_section({"sick_days": SICK_DAYS}))
    with pytest.raises(DesignError, match="no lots"):
        fit_portfolio(frame, Unanswered(reason="There were no lots."), section)
    many = {f"i{n}": _initiative() for n in range(12)}
    with pytest.raises(DesignError, match="too many"):
        fit_portfolio(*_parts(many))
    elsewhere = {"a": _initiative(borne_by={"others": 1.0})}
    with pytest.raises(DesignError, match="costs nothing from this point of view"):
        fit_portfolio(*_parts(elsewhere))
    _, released = _released((frame, Unanswered(reason="There were no lots."), section))
    assert "no lots" in released.answer
    assert plot_portfolio(released) is None
