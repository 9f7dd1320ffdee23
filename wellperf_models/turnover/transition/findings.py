"""Evidence `turnover.transition`: how many reach the aim, and whether the goal was reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Measure,
    Members,
    Provenance,
    Row,
    Support,
    Table,
    Unanswered,
    unanswered,
)
from wellperf_models.inference.rate_ratio import RateRatio, rate_interval
from wellperf_models.panel import members_of
from wellperf_models.turnover.causes import leave_words
from wellperf_models.turnover.findings_shown import leavers_of, month_name, probability, withheld_causes
from wellperf_models.turnover.findings_tables import support_of
from wellperf_models.turnover.rows import TurnoverFrame
from wellperf_models.turnover.transition.checks import support_of_both
from wellperf_models.turnover.transition.model import Cohort, TransitionModel
from wellperf_models.turnover.transition.periods import Period

_ID = "turnover.transition"
_QUESTION = "How many reach a permanent job, and was the goal reached?"
_PER = 100


def judge_transition(
    frame: TurnoverFrame,
    model: TransitionModel | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence; aggregates only.

    Args:
        frame: The turnover frame.
        model: From `fit_transition`; an `Unanswered` gives an evidence that says why.
        checks: From `check_transition`.
        provenance: Where the numbers come from.
    """
    if isinstance(model, Unanswered):
        return unanswered(_ID, _QUESTION, model, population=frame.population, provenance=provenance)
    shares = _shares(frame, model)
    began = _began(frame, model)
    n = model.months
    return Evidence(
        id=_ID,
        question=_question(model),
        answer=_answer(model, shares, began),
        estimand=f"Probability of having {_reached(model)} by months of tenure, other exits competing; "
        f"people who {_reach(model)} per {_PER} person-months at risk in the latest {n} months, as a ratio "
        f"to the {n} months before, among people of the same tenure; the probability that this ratio is at "
        f"least {model.goal:g}.",
        population=f"{frame.population}; rates: those employed in {model.earlier.words} or "
        f"{model.later.words}",
        design="description",
        provenance=provenance,
        estimates=(*shares, *_rates(frame, model), *began),
        tables=(_table(frame, model),),
        checks=tuple(checks),
        assumptions=(
            "At the same tenure, who is there in one period would move on at the rate of who is there in the "
            "other, had nothing changed.",
            "The change is the same factor at every tenure.",
            "Before the data nothing was known of the rates (Jeffreys' prior).",
        ),
        limits=_limits(model, began),
        members=members_of(frame.roster, frame.spells.person, frame.spells.person[frame.spells.event > 0]),
    )


def _reached(model: TransitionModel) -> str:
    return leave_words(model.cause)


def _reach(model: TransitionModel) -> str:
    words = leave_words(model.cause)
    return words.replace("moved", "move", 1).replace("left", "leave", 1)


def _question(model: TransitionModel) -> str:
    if model.cause == "permanent_job":
        return _QUESTION
    return f"How many people {_reach(model)}, and was the goal reached?"


def _goal(model: TransitionModel) -> str:
    return f"{100 * model.target:+g} %".replace("-", "−")


def _answer(model: TransitionModel, shares: Sequence[Estimate], began: Sequence[Estimate]) -> str:
    parts = [f"[ {{{shares[-1].name}.estimate}} of people {_by(model, shares[-1])}.]"] if shares else []
    n = model.months
    parts += [
        f"[ In the latest {n} months the rate at which people of the same tenure {_reach(model)} was "
        f"{{rate_ratio.estimate}} times that of the {n} months before; the goal was {_goal(model)}, a ratio "
        f"of {model.goal:g}.]",
        "[ The probability that the goal was reached is {goal_reached_probability.estimate}.]",
    ]
    if len(began) == 2:
        months = f"{model.cohort_months:g} months"
        parts.append(
            f"[ Within {months} of the start {{{began[0].name}.estimate}} of those who began in the latest "
            f"{n} months {_reached(model)}; of those before, {{{began[1].name}.estimate}}.]"
        )
    return "".join(parts)


def _by(model: TransitionModel, share: Estimate) -> str:
    months = share.label.split(" within ")[1]
    return f"{_reach(model)} within {months}"


def _shares(frame: TurnoverFrame, model: TransitionModel) -> list[Estimate]:
    """Cumulative incidence of the aim at the horizons, the same numbers as in the description.

    Where the description keeps the cause back, because a smaller one would follow, it is kept back here too.
    """
    description = model.description
    if isinstance(description, Unanswered):
        return []
    found = []
    number = next((i for i, c in enumerate(description.shown, start=1) if c.name == model.cause), None)
    for horizon in description.horizons if number is not None else ():
        assert number is not None
        if model.cause in withheld_causes(frame, description, horizon):
            continue
        cause = description.shown[number - 1]
        people, _ = description.people_behind[horizon]
        support = support_of(frame, people, leavers_of(frame, description, cause, horizon))
        given = f", of those who reach {description.start:g} months" if description.start > 0 else ""
        label = f"{cause.words} within {horizon:g} months{given}"
        value = description.shown_incidence.at(horizon, number)
        name = f"{model.cause}_exits_{month_name(horizon)}_months"
        found.append(probability(name, label, value, support))
    return found


def _rates(frame: TurnoverFrame, model: TransitionModel) -> list[Estimate]:
    support = replace(support_of_both(model), members=_both(frame, model))
    n = model.months
    # whole per cent: the ways to look at it differ by more than that
    value, low, high = (round(p, 2) for p in model.prob_reached())
    bounded = low < high
    return [
        _rate("rate_latest", f"latest {n} months", frame, model.later),
        _rate("rate_before", f"{n} months before", frame, model.earlier),
        _ratio("rate_ratio", f"rate of the latest {n} months over the one before, at the same tenure",
               model.ratio, support),
        _ratio("rate_ratio_any_tenure", "the same, whatever the tenure", model.crude, support),
        Estimate(
            name="goal_reached_probability",
            label=f"probability that the goal ({_goal(model)}) was reached; lowest to highest with and "
            "without regard to tenure and to bunches",
            value=value, low=low if bounded else None, high=high if bounded else None,
            coverage=1.0 if bounded else None, interval="bounds" if bounded else None, unit="probability",
            support=support, computation="exact",
        ),
    ]  # fmt: skip


def _both(frame: TurnoverFrame, model: TransitionModel) -> Members:
    """Who the comparison rests on."""
    periods = (model.later, model.earlier)
    roster = (
        None if frame.roster is None else frame.roster.during(f"{periods[1].words} and {periods[0].words}")
    )
    people, completers = (
        np.unique(np.concatenate([getattr(p, what) for p in periods])) for what in ("people", "completers")
    )
    return members_of(roster, people, completers)


def _rate(name: str, label: str, frame: TurnoverFrame, period: Period) -> Estimate:
    value, low, high = (_PER * x for x in rate_interval(period.n_events, period.months))
    return Estimate(
        name=name, label=f"per {_PER} person-months, {label} ({period.words})", value=value, low=low,
        high=high, coverage=0.95, interval="credible", unit=f"per {_PER} person-months",
        support=_support(frame, period), computation="exact",
    )  # fmt: skip


def _ratio(name: str, label: str, found: RateRatio, support: Support) -> Estimate:
    return Estimate(
        name=name, label=label, value=found.value, low=found.low, high=found.high, coverage=0.95,
        interval="credible", unit="ratio", scale="log", se=math.log(found.high / found.low) / 3.92,
        support=support, computation="exact",
    )  # fmt: skip


def _support(frame: TurnoverFrame, period: Period) -> Support:
    roster = None if frame.roster is None else frame.roster.during(period.words)
    return Support(
        n_people=period.people.size,
        n_complement=frame.n_people - period.people.size,
        n_events=period.completers.size,
        n_non_events=period.people.size - period.completers.size,
        members=members_of(roster, period.people, period.completers),
    )


def _began(frame: TurnoverFrame, model: TransitionModel) -> list[Estimate]:
    """Shares of those who began in each period, as far as both were followed."""
    if model.cohorts is None:
        return []
    found = []
    for cohort, period, name in zip(
        model.cohorts, (model.later, model.earlier), ("latest", "before"), strict=True
    ):
        label = (
            f"{_reached(model)} within {model.cohort_months:g} months, of those who began in {period.words}"
        )
        found.append(
            probability(f"reached_of_starters_{name}", label, cohort.share, _of_cohort(frame, cohort, period))
        )
    return found


def _of_cohort(frame: TurnoverFrame, cohort: Cohort, period: Period) -> Support:
    roster = None if frame.roster is None else frame.roster.during(f"began {period.words}")
    return Support(
        n_people=cohort.people.size,
        n_complement=frame.n_people - cohort.people.size,
        n_events=cohort.completers.size,
        n_non_events=cohort.n_non_events,
        members=members_of(roster, cohort.people, cohort.completers),
    )


def _table(frame: TurnoverFrame, model: TransitionModel) -> Table:
    rows = []
    for period in (model.earlier, model.later):
        months = round(period.months)
        values = (period.people.size, months, period.n_events, _PER * period.n_events / max(1, months))
        rows.append(Row(key=(period.words,), values=values, support=_support(frame, period)))
    return Table(
        name="reached_by_period",
        title=f"People who {_reached(model)}, by period",
        keys=("period",),
        measures=(
            Measure(name="people", kind="count", unit="people", label="People employed in it"),
            Measure(name="person_months", kind="count", unit="months", label="Person-months"),
            Measure(name="reached", kind="count", unit="exits", label="Reached the aim"),
            Measure(
                name="rate",
                kind="rate",
                unit=f"per {_PER} person-months",
                label=f"Per {_PER} person-months",
                numerator="reached",
                denominator="person_months",
                per=float(_PER),
            ),
        ),
        rows=tuple(rows),
        # most people are in both periods
        partition=False,
    )


def _limits(model: TransitionModel, began: Sequence[Estimate]) -> tuple[str, ...]:
    limits = [
        "A comparison of two periods: whatever else changed between them (the labour market, who was placed) "
        "may have made the difference. It says whether the goal was reached, not who deserves the credit.",
        "The probability holds for the rate that the periods stand for, of which each is one draw: with the "
        "same rate, another year would have had other counts.",
        "People of a tenure that only one period has people of do not enter the ratio.",
    ]
    if not began:
        limits.append(
            "Not answered: the share among those who began in each period, as they were not followed to any "
            "of the tenures asked for within it."
        )
    if isinstance(model.description, Unanswered):
        limits.append("Not answered: the share by months of tenure, as too few people are at risk.")
    if model.dispersion.used > 1:
        limits.append("Intervals and the probability are widened, because people move on in bunches.")
    return tuple(limits)
