"""Programmes whose data or money carry no answer: each is refused by name, and none becomes a number.

Where no effect can be told, the contrast and the case on beliefs alone are all that may hold numbers.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.bad_input.returns import COST, DAYS, N, make_outcomes, make_tables
from tests.roi.decision_builders import fit, one_channel
from tests.roi.whole import answers_of
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.evidence import Unanswered
from wellperf_models.roi.frame import build_frame
from wellperf_models.roi.information.trials import plan_trials
from wellperf_models.roi.model import fit_effects
from wellperf_models.roi.models.prepare import prepare
from wellperf_models.roi.portfolio.model import fit_portfolio
from wellperf_models.roi.priors import factors_of
from wellperf_models.roi.rows import Effect
from wellperf_models.study import Budget, Initiative, Likelihood, Pilot, Roi
from wellperf_models.tables import Tables

QUARTERS = ("2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4")
HALVES = ["t" if i % 2 else "c" for i in range(N)]
# answers that may hold a number where nothing tells what the programme changed
WITHOUT_EFFECT = {"roi.contrast", "roi.case"}


def _rolled_out(
    starts: Callable[[int], dt.date | None],
    ends: Callable[[int], dt.date | None] = lambda k: None,
    n: int = 20,
) -> Tables:
    """Days away of people in n teams, quarter by quarter; when each team started and ended."""
    rng = np.random.default_rng(1)
    rows = [
        ("person", f"p{i:03}", quarter, "days", float(rng.gamma(2.0, 3.0)), f"k{i % n}")
        for i in range(N)
        for quarter in QUARTERS
    ]
    names = ["unit_type", "unit_id", "period", "name", "value", "cluster"]
    programmes = pl.DataFrame(
        [("walk", "team", f"k{k}", starts(k), ends(k), "phased", "team") for k in range(n) if starts(k)],
        schema={"programme": pl.String, "unit_type": pl.String, "unit_id": pl.String}
        | {"start": pl.Date, "end": pl.Date, "assigned_by": pl.String, "level": pl.String},
        orient="row",
    )
    rows_frame = pl.DataFrame(rows, schema=names, orient="row")
    return make_tables(rows_frame, {"programmes": programmes}, design="staggered", level="team", control=None)


def _quarter(k: int) -> dt.date:
    """First days of three quarters in turn."""
    return dt.date(2023, 4 + 3 * (k % 3), 1)


UNBUILDABLE: dict[str, tuple[Callable[[], Tables], str]] = {
    "everybody treated at once": (
        lambda: _rolled_out(lambda k: dt.date(2023, 4, 1)),
        "Every team started in the same period",
    ),
    "treatment that switches off": (
        lambda: _rolled_out(_quarter, lambda k: dt.date(2023, 8, 30) if k % 3 == 0 else None),
        "The programme ended for some units while outcomes were still measured",
    ),
    "one team": (lambda: _rolled_out(_quarter, n=1), "There is only one team"),
    "nobody ever treated": (lambda: _rolled_out(lambda k: dt.date(2024, 6, 1)), "No unit started within"),
    "everybody treated before": (
        lambda: _rolled_out(lambda k: dt.date(2022, 6, 1)),
        "nothing was measured before",
    ),
    "one site, half of it treated": (
        lambda: make_tables(make_outcomes(cluster=["s"] * N), level="site"),
        "A site was assigned as a whole, yet some hold both arms.",
    ),
    "the same value for everybody": (
        lambda: make_tables(make_outcomes(values=[3.0] * N)),
        "An outcome has nothing to compare",
    ),
    "no value at all": (
        lambda: make_tables(make_outcomes(values=[float("nan")] * N)),
        "An outcome has no measured value",
    ),
    "no weight above 0": (
        lambda: make_tables(make_outcomes(weight=[0.0] * N)),
        "An outcome has nothing to compare",
    ),
    "nobody took part": (
        lambda: make_tables(make_outcomes(received=["no"] * N), design="participation", control=None),
        "Nobody took part.",
    ),
}

NO_EFFECT: dict[str, Callable[[], Tables]] = {
    "one group, measured once": lambda: make_tables(
        make_outcomes().drop("arm"), design="before_after", control=None
    ),
    "those who chose to take part": lambda: make_tables(
        make_outcomes(arm=["t"] * N, received=["yes" if i % 3 else "no" for i in range(N)]),
        design="participation",
        control=None,
    ),
    "control arm without a value": lambda: make_tables(
        make_outcomes(values=[i % 7 if arm == "t" else float("nan") for i, arm in enumerate(HALVES)])
    ),
    "no spread inside the arms": lambda: make_tables(make_outcomes(values=[3.0 + i % 2 for i in range(N)])),
    "one site in each arm": lambda: make_tables(make_outcomes(cluster=HALVES), level="site"),
    "comparison group, nothing before": lambda: make_tables(
        make_outcomes(), design="controlled_before_after"
    ),
}


@pytest.mark.parametrize("name", UNBUILDABLE)
def test_a_design_that_carries_no_answer_is_refused(name: str) -> None:
    tables, words = UNBUILDABLE[name]
    with pytest.raises(DesignError) as caught:
        build_frame(tables())
    assert words in str(caught.value)
    assert caught.value.where
    assert caught.value.expected


@pytest.mark.parametrize("name", ["everybody treated at once", "one site, half of it treated"])
def test_every_answer_says_why_where_there_is_no_frame(name: str) -> None:
    answers = answers_of(UNBUILDABLE[name][0]())
    assert len(answers) == 10
    assert {identifier for identifier, answer in answers.items() if answer.estimates} <= {"roi.case"}
    for identifier in set(answers) - {"roi.case", "roi.reporting"}:
        assert answers[identifier].answer.startswith("Not answered: "), identifier
    assert answers["roi.reporting"].answer.startswith("No: ")


def test_a_design_that_carries_one_is_not() -> None:
    for tables in (_rolled_out(_quarter), make_tables(make_outcomes())):
        section = tables.study.roi
        assert section is not None
        effects = fit_effects(build_frame(tables), section)
        assert not isinstance(effects.of["days"].intention_to_treat, Unanswered)


@pytest.mark.parametrize("name", NO_EFFECT)
def test_without_an_effect_only_contrast_and_beliefs_hold_numbers(name: str) -> None:
    answers = answers_of(NO_EFFECT[name]())
    assert len(answers) == 10
    for identifier, answer in answers.items():
        assert answer.answer, identifier
        assert "nan" not in answer.answer.casefold()
        if identifier not in WITHOUT_EFFECT:
            assert answer.estimates == (), identifier
        if answer.design == "not answered":
            assert answer.answer.startswith("Not answered: ")
    assert not re.search(r"^(Fund|Stop)", answers["roi.decision"].answer)
    if answers["roi.contrast"].estimates:
        assert answers["roi.contrast"].answer.startswith("Not an effect")
    if answers["roi.case"].estimates:
        # a comparison that gives no effect is one all the same, and nothing of it is in the case
        assert answers["roi.case"].answer.startswith(
            ("No local evidence", "Before any data (these data hold")
        )


def test_those_who_chose_give_a_contrast_and_a_case() -> None:
    answers = answers_of(NO_EFFECT["those who chose to take part"]())
    assert {i for i, a in answers.items() if a.estimates} == WITHOUT_EFFECT
    assert {c.name: c.passed for c in answers["roi.contrast"].checks}["design_of_contrast"] is False


AVERAGES = np.random.default_rng(3).gamma(2.0, 3.0, N).round(2)
COUNTS = np.random.default_rng(3).poisson(3.0, N).astype(float)
LIKELIHOODS: dict[str, tuple[Likelihood, Sequence[float] | np.ndarray, str]] = {
    "whole counts asked of averages": ("count", AVERAGES, "A count is a whole number of 0 or more"),
    "count below 0": ("count", COUNTS - 1, "A count is a whole number of 0 or more"),
    "hazard of days": ("hazard", COUNTS, "A hazard is of something that happened or did not"),
    "hurdle below 0": ("hurdle", AVERAGES - 1, "A hurdle model is of values of 0 or more"),
    "hurdle that nobody is at": ("hurdle", AVERAGES + 1, "A hurdle model needs values of 0"),
}


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_likelihood_that_the_values_contradict_is_refused(name: str) -> None:
    likelihood, values, words = LIKELIHOODS[name]
    frame = build_frame(make_tables(make_outcomes(values=values)))
    with pytest.raises(DesignError) as caught:
        prepare(frame.outcomes["days"], likelihood, 0)
    assert words in str(caught.value)
    assert "[roi.outcomes.days] likelihood" in str(caught.value.where)


def _section(**roi: Any) -> Roi:
    section = make_tables(make_outcomes(), **roi).study.roi
    assert section is not None
    return section


FACTORS: dict[str, tuple[dict[str, Any], str]] = {
    "of another currency": (
        {"costs": [COST | {"times": ["programme_cost"]}]},
        "money in another currency",
    ),
    "of another use": (
        {"outcomes": {"days": DAYS | {"value": DAYS["value"] | {"times": ["replacement_cost"]}}}},
        "used for what it was not measured for",
    ),
}


@pytest.mark.parametrize("name", FACTORS)
def test_a_factor_that_does_not_fit_is_refused(name: str) -> None:
    roi, words = FACTORS[name]
    with pytest.raises(StudyError) as caught:
        factors_of(_section(**roi))
    assert words in str(caught.value)
    assert caught.value.expected
    assert caught.value.remedy


def test_a_pilot_larger_than_everybody_is_refused() -> None:
    section, frame, effects, posteriors = one_channel()
    terms = fit((section, frame, effects, posteriors)).terms
    pilot = {"people": [100_000], "currency": "EUR", "source": "s", "tier": "asserted"}
    asked = section.model_copy(update={"pilot": Pilot.model_validate(pilot)})
    effect = effects.of["sick_days"].intention_to_treat
    assert isinstance(effect, Effect)
    with pytest.raises(DesignError, match="None of the trials declared can be run") as caught:
        plan_trials(frame, {"sick_days": effect}, terms, asked)
    assert "people" in str(caught.value.expected)


def test_a_budget_below_every_cost_buys_nothing() -> None:
    section, frame, effects, posteriors = one_channel()
    gym = {
        "people": 50,
        "effects": {"sick_days": {"mean": -5.0, "sd": 0.2, "source": "s", "tier": "asserted"}},
        "costs": [COST],
    }
    for amount, chosen in ((1.0, ()), (1e9, (0, 1))):
        budget = Budget.model_validate({"amount": amount, "currency": "EUR"})
        asked = section.model_copy(
            update={"budget": budget, "initiatives": {"gym": Initiative.model_validate(gym)}}
        )
        portfolio = fit_portfolio(frame, fit((section, frame, effects, posteriors)), asked)
        assert {choice.chosen for choice in portfolio.choices.values()} == {chosen}
        assert any(portfolio.affordable) is bool(chosen)
