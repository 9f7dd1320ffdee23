"""Statements about the choice that can fail; each takes what it judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.roi.checks_decision import costs_cover_the_years
from wellperf_models.roi.findings_decision import support_of_decision
from wellperf_models.roi.portfolio.candidates import Candidate
from wellperf_models.roi.portfolio.model import Choice, Portfolio
from wellperf_models.roi.rows import PriorName, RoiFrame
from wellperf_models.roi.summaries import Drawn


def check_portfolio(frame: RoiFrame | Unanswered, portfolio: Portfolio | Unanswered) -> tuple[Check, ...]:
    """Checks of the choice; none where there is none.

    Args:
        frame: The return frame.
        portfolio: From `fit_portfolio`.
    """
    if isinstance(frame, Unanswered):
        return ()
    if isinstance(portfolio, Unanswered):
        return ()
    judging = {prior: portfolio.choices[prior] for prior in portfolio.decision.judged_by}
    support = support_of_decision(portfolio.decision)
    chosen = sorted({place for choice in judging.values() for place in choice.chosen})
    return (
        choice_agrees_between_priors({prior: choice.chosen for prior, choice in judging.items()}),
        chosen_on_local_evidence([portfolio.candidates[place] for place in chosen], support),
        choice_likely_right(judging, support),
        *costs_cover_the_years(portfolio.decision.costs),
    )


def choice_agrees_between_priors(chosen: Mapping[PriorName, Sequence[int]]) -> Check:
    """The same is chosen whatever one believed beforehand.

    Args:
        chosen: Set of priors that judges → places of what is chosen.
    """
    passed = len({tuple(places) for places in chosen.values()}) == 1
    return Check(
        name="choice_agrees_between_priors",
        passed=passed if len(chosen) > 1 else None,
        text="The same is chosen under every set of priors that judges."
        if passed
        else "What one believed beforehand decides what is chosen.",
        computation="exact",
    )


def chosen_on_local_evidence(chosen: Sequence[Candidate], support: Support) -> Check:
    """Everything that is chosen was measured here.

    Args:
        chosen: What is chosen under any set that judges.
        support: What the choice rests on.
    """
    elsewhere = sum(not one.local for one in chosen)
    return Check(
        name="chosen_on_local_evidence",
        passed=elsewhere == 0 if chosen else None,
        value=float(elsewhere),
        threshold=0.0,
        support=support,
        text="Chosen though their effect was not measured here: {value}.",
        computation="exact",
    )


def choice_likely_right(choices: Mapping[PriorName, Choice], support: Support) -> Check:
    """It is more likely than not that no other choice would be better, under every set that judges."""
    least: Drawn = min((choice.best_choice for choice in choices.values()), key=lambda told: told.value)
    return Check(
        name="choice_likely_right",
        passed=least.value > 0.5,
        value=least.value,
        threshold=0.5,
        support=support,
        text="The probability that no other choice within the budget would be better is {value} (more likely "
        "than not above {threshold}).",
        computation="sampled",
        monte_carlo_error=least.error,
    )
