"""Evidence `roi.decision`: whether the programme returns more than it costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wellperf_models.disclosure.wording import print_whole
from wellperf_models.evidence import Check, Estimate, Evidence, Provenance, Support, Unanswered, unanswered
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.checks_decision import costs_cover_the_years
from wellperf_models.roi.checks_effects import check_effects, labels_of, support_of
from wellperf_models.roi.findings_limits import assumptions_of, limits_of
from wellperf_models.roi.findings_money import joint_support, tables_of_decision
from wellperf_models.roi.findings_words import members_offered, programme_of, unit_of
from wellperf_models.roi.ledger import WHOSE
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors
from wellperf_models.roi.prior_words import BELIEF
from wellperf_models.roi.returns import Answer, DecisionResult, Return, error_of_median
from wellperf_models.roi.rows import PriorName, RoiFrame
from wellperf_models.roi.summaries import expected_losses
from wellperf_models.study import Decision

_QUESTION = "Does it return more than it costs: fund it, stop it, or is it undecided?"
_ANSWER = {
    "fund": "Fund it: it very probably returns more than it costs.",
    "stop": "Stop it: it very probably costs more than it returns.",
    "undecided": "Undecided: these data do not tell whether it returns more than it costs; what to do next "
    "follows from what knowing more would be worth.",
}
_LOSSES = (("loss_fund", "is funded"), ("loss_stop", "is not funded"))
# a comparison that fails one of these decides nothing, whatever the probabilities
_MUST_HOLD = {
    "assigned_as_declared": "how it was assigned is in doubt",
    "arms_alike_at_start": "the arms differed before it began",
    "attrition_alike": "the arms were not measured to the same extent",
    "negative_controls_unmoved": "something changed that it cannot have changed",
    "enough_clusters": "too little was assigned for chance to be judged",
    "no_effect_before_start": "something differed before it began that cannot be its effect",
    "no_regression_to_the_mean": "those who got it were picked when they were at their worst",
    "no_channel_twice": "two outcomes in the data look like one, and would be counted twice",
    "costs_cover_the_years": "its costs are booked for less time than its benefits are counted for",
}


def decide(
    frame: RoiFrame | Unanswered,
    effects: Effects | Unanswered,
    posteriors: Posteriors | Unanswered,
    decision: DecisionResult | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on the decision; aggregates only.

    Args:
        frame: The return frame.
        effects: From `fit_effects`.
        posteriors: From `fit_posterior`.
        decision: From `fit_decision`; an `Unanswered` gives an evidence that says why, without a number.
        checks: From `check_decision`.
        provenance: Where the numbers come from.
    """
    if isinstance(frame, Unanswered):
        return unanswered("roi.decision", _QUESTION, frame, population="", provenance=provenance)
    for given in (effects, posteriors, decision):
        if isinstance(given, Unanswered):
            return unanswered(
                "roi.decision",
                _QUESTION,
                given,
                population=frame.population,
                provenance=provenance,
                checks=tuple(checks),
            )
    assert isinstance(effects, Effects)
    assert not isinstance(posteriors, Unanswered)
    assert isinstance(decision, DecisionResult)
    declared = frame.section.decision
    assert declared is not None
    support = support_of_decision(decision)
    return Evidence(
        id="roi.decision",
        question=_QUESTION,
        answer=_answer(frame, decision, declared, doubts_of(frame, effects)),
        estimand=_estimand(decision, declared),
        population=frame.population,
        design=frame.section.design.replace("_", " "),
        provenance=provenance,
        estimates=_estimates(frame, decision, support),
        tables=tables_of_decision(frame, effects, posteriors, decision, support),
        checks=tuple(checks),
        assumptions=assumptions_of(frame, posteriors, decision, declared),
        limits=limits_of(frame, effects, posteriors, decision),
        members=support.members,
    )


def money_unit(decision: DecisionResult) -> tuple[float, str]:
    """Divisor and unit in which totals are told: millions or thousands where the interval is that wide."""
    spread = float(decision.returns[decision.judged_by[0]].npv.std())
    if spread >= 1e6:
        return 1e6, f"million {decision.currency}"
    return (1e3, f"thousand {decision.currency}") if spread >= 1e4 else (1.0, decision.currency)


def support_of_decision(decision: DecisionResult) -> Support:
    """What a number rests on that all channels make."""
    return joint_support([support_of(effect) for effect in decision.effects.values()])


def _people(decision: DecisionResult) -> str:
    """How many people, in a sentence: as declared, or through the gate."""
    return f"{print_whole(decision.people)} people" if decision.people_declared else "{people} people"


def doubts_of(frame: RoiFrame, effects: Effects) -> list[str]:
    """Why comparison or costs decide nothing; empty where nothing speaks against them."""
    checks = (*check_effects(frame, effects), *costs_cover_the_years(frame.costs))
    failed = {check.name for check in checks if check.passed is False}
    return [words for name, words in _MUST_HOLD.items() if name in failed]


def verdict_of(answer: Answer, doubts: Sequence[str]) -> str:
    """Fund, stop or undecided, in a sentence; a comparison in doubt decides nothing."""
    if not doubts or answer == "undecided":
        return _ANSWER[answer]
    return f"Undecided: by the probabilities alone the rule says “{answer}”, but {' and '.join(doubts)}."


def _answer(frame: RoiFrame, decision: DecisionResult, declared: Decision, doubts: list[str]) -> str:
    unit = money_unit(decision)[1]
    judges = decision.judged_by
    years = "one year" if declared.horizon_years == 1 else f"{declared.horizon_years} years"
    worth = ", and of ".join(f"{{npv_{p}.estimate}} {unit} {BELIEF[p]}" for p in judges)
    likely = " and ".join(f"{{p_positive_{p}}}" for p in judges)
    first = judges[0]
    agree = {1: "", 2: ", if both agree"}.get(len(judges), ", if all agree")
    return (
        f"{verdict_of(decision.answer, doubts)} Over {years}, at {100 * declared.rate:g} % a year, offering "
        f"{programme_of(frame)} to {_people(decision)} has a net present value (what it brings less what it "
        f"costs, in money of the first year) of {worth}. The probability that it returns more than it costs "
        f"is {likely}{' respectively' if len(judges) > 1 else ''}. [Being wrong would on average cost "
        f"{{loss_fund_{first}}} {unit} if it is funded now, and {{loss_stop_{first}}} {unit} if it is not, "
        f"{BELIEF[first]}.] The rule, declared beforehand: fund from {100 * declared.fund_above:g} %, stop "
        f"up to {100 * declared.stop_below:g} %{agree}."
    )


def _estimand(decision: DecisionResult, declared: Decision) -> str:
    running = "one year" if declared.programme_years == 1 else f"{declared.programme_years} years"
    people = (
        f"{print_whole(decision.people)} people" if decision.people_declared else "those who were offered it"
    )
    return (
        f"Net present value, in {decision.currency}, of offering the programme for {running} to {people}, "
        f"whether or not they take part: benefits of {declared.horizon_years} year(s) less costs, from "
        f"{WHOSE[declared.perspective]} point of view, discounted at "
        f"{100 * declared.rate:g} % a year, the first year counting in full; and the probability "
        "that it is above 0."
    )


def _estimates(frame: RoiFrame, decision: DecisionResult, support: Support) -> tuple[Estimate, ...]:
    found: list[Estimate] = []
    for prior, back in decision.returns.items():
        found += _of_prior(prior, back, decision, support)
    first = decision.terms.first
    label = labels_of(frame.outcomes)[first.outcome]
    found.append(
        _median(
            f"break_even_{first.outcome}",
            f"{label}: change for each person that would pay for the programme if nothing else changed",
            decision.break_even_effect,
            unit_of(frame.outcomes[first.outcome]),
            None,
            support,
        )
    )
    if not decision.people_declared:
        people = decision.people
        counted = Support(n_people=frame.n_offered, members=members_offered(frame))
        found.append(
            Estimate(
                name="people",
                label="People the decision is about: those who were offered the programme",
                value=float(people),
                unit="people",
                support=counted,
                kind="count",
                computation="exact",
            )
        )
    return tuple(found)


def _of_prior(prior: PriorName, back: Return, decision: DecisionResult, support: Support) -> list[Estimate]:
    """What is told under one set of priors: all of it for a set that judges, the headline for others."""
    divisor, unit = money_unit(decision)
    by = BELIEF[prior] + ("" if prior in decision.judged_by else " (beside)")
    found = [
        _median(f"npv_{prior}", f"Net present value, {by}", back.npv / divisor, unit, back, support),
        Estimate(
            name=f"p_positive_{prior}",
            label=f"Probability that it returns more than it costs, {by}",
            value=back.p_positive,
            unit="probability",
            support=support,
            computation="sampled",
            monte_carlo_error=back.error_of_probability(),
        ),
    ]
    if prior not in decision.judged_by:
        return found
    spent = f"{decision.currency} for each {decision.currency} spent"
    per_person, each = back.npv / decision.people, f"Net present value for each person offered it, {by}"
    losses = expected_losses(back.npv / divisor, back.n_effective)
    return [
        *found,
        _median(f"npv_per_person_{prior}", each, per_person, decision.currency, back, support),
        _median(f"roi_{prior}", f"Return (benefit / cost − 1), {by}", back.roi, spent, back, support),
        *(
            Estimate(
                name=f"{name}_{prior}",
                label=f"What being wrong would cost on average if it {words}, {by}",
                value=loss.value,
                unit=unit,
                support=support,
                computation="sampled",
                monte_carlo_error=loss.error,
            )
            for (name, words), loss in zip(_LOSSES, losses, strict=True)
        ),
    ]


def _median(
    name: str, label: str, draws: Floats, unit: str, back: Return | None, support: Support
) -> Estimate:
    """Median and 95 % equal-tailed interval of draws; without `back` they are independent of the sampler."""
    low, middle, high = (float(v) for v in np.quantile(draws, [0.025, 0.5, 0.975]))
    return Estimate(
        name=name,
        label=label,
        value=middle,
        low=low,
        high=high,
        coverage=0.95,
        interval="credible",
        unit=unit,
        support=support,
        computation="sampled",
        monte_carlo_error=error_of_median(draws, draws.size if back is None else back.n_effective),
    )
