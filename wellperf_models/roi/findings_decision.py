"""Evidence `roi.decision`: whether the programme returns more than it costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Provenance,
    Support,
    Unanswered,
    plain,
    unanswered,
)
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.checks_effects import check_effects, labels_of, support_of
from wellperf_models.roi.findings_money import joint_support, tables_of_decision
from wellperf_models.roi.findings_words import members_offered, programme_of, unit_of
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.returns import DecisionResult, Return, error_of_median
from wellperf_models.roi.rows import PriorName, RoiFrame
from wellperf_models.study import Decision

_QUESTION = "Does it return more than it costs: fund it, stop it, or measure first?"
_BELIEF: dict[PriorName, str] = {
    "flat": "judged by these data alone",
    "sceptical": "judged by a sceptic who sees these data",
    "organisational": "judged by somebody who expects much of changes of organisation",
    "optimistic": "judged by an optimist who sees these data",
}
_ANSWER = {
    "fund": "Fund it: it very probably returns more than it costs.",
    "stop": "Stop it: it very probably costs more than it returns.",
    "measure first": "Measure first: these data do not tell whether it returns more than it costs.",
}
# a comparison that fails one of these decides nothing, whatever the probabilities
_MUST_HOLD = {
    "assigned_as_declared": "how it was assigned is in doubt",
    "arms_alike_at_start": "the arms differed before it began",
    "attrition_alike": "the arms were not measured to the same extent",
    "negative_controls_unmoved": "something changed that it cannot have changed",
    "enough_clusters": "too little was assigned for chance to be judged",
}
_PERSPECTIVE = {"employer": "the employer's", "employee": "the employees'", "society": "society's"}


def decide(
    frame: RoiFrame,
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
    support = _support(effects, decision)
    return Evidence(
        id="roi.decision",
        question=_QUESTION,
        answer=_answer(frame, decision, declared, _doubts(frame, effects)),
        estimand=_estimand(decision, declared),
        population=frame.population,
        design="randomised",
        provenance=provenance,
        estimates=_estimates(frame, decision, support),
        tables=tables_of_decision(frame, effects, posteriors, decision, support),
        checks=tuple(checks),
        assumptions=_assumptions(frame, posteriors, decision, declared),
        limits=_limits(frame, effects, posteriors, decision),
        members=support.members,
    )


def money_unit(decision: DecisionResult) -> tuple[float, str]:
    """Divisor and unit in which totals are told: millions or thousands where the interval is that wide."""
    spread = float(decision.returns["flat"].npv.std())
    if spread >= 1e6:
        return 1e6, f"million {decision.currency}"
    return (1e3, f"thousand {decision.currency}") if spread >= 1e4 else (1.0, decision.currency)


def _support(effects: Effects, decision: DecisionResult) -> Support:
    found = [intention_to_treat(effects, c.outcome) for c in decision.channels]
    return joint_support([support_of(e) for e in found if e is not None])


def _people(decision: DecisionResult) -> str:
    """How many people, in a sentence: as declared, or through the gate."""
    return f"{decision.people:,} people" if decision.people_declared else "{people} people"


def _doubts(frame: RoiFrame, effects: Effects) -> list[str]:
    """Why the comparison itself decides nothing; empty where nothing speaks against it."""
    failed = {check.name for check in check_effects(frame, effects) if check.passed is False}
    return [words for name, words in _MUST_HOLD.items() if name in failed]


def _verdict(decision: DecisionResult, doubts: list[str]) -> str:
    if not doubts or decision.answer == "measure first":
        return _ANSWER[decision.answer]
    return (
        f"Measure first: by the probabilities alone the rule says “{decision.answer}”, but "
        f"{' and '.join(doubts)}."
    )


def _answer(frame: RoiFrame, decision: DecisionResult, declared: Decision, doubts: list[str]) -> str:
    _, unit = money_unit(decision)
    years = "one year" if declared.horizon_years == 1 else f"{declared.horizon_years} years"
    rate = f"{100 * declared.discount_rate:g} %"
    return (
        f"{_verdict(decision, doubts)} Over {years}, at {rate} a year, offering {programme_of(frame)} to "
        f"{_people(decision)} has a net present value of {{npv_flat.estimate}} {unit} "
        f"{_BELIEF['flat']}, and of {{npv_sceptical.estimate}} {unit} {_BELIEF['sceptical']}. "
        "The probability that it returns more than it costs is {p_positive_flat} and "
        "{p_positive_sceptical} respectively. The rule, declared beforehand: fund from "
        f"{100 * declared.fund_above:g} %, stop up to {100 * declared.stop_below:g} %, if both agree."
    )


def _estimand(decision: DecisionResult, declared: Decision) -> str:
    running = "one year" if declared.programme_years == 1 else f"{declared.programme_years} years"
    people = f"{decision.people:,} people" if decision.people_declared else "those who were offered it"
    return (
        f"Net present value, in {decision.currency}, of offering the programme for {running} to {people}, "
        f"whether or not they take part: benefits of {declared.horizon_years} year(s) less costs, from "
        f"{_PERSPECTIVE[declared.perspective]} point of view, discounted at "
        f"{100 * declared.discount_rate:g} % a year, the first year counting in full; and the probability "
        "that it is above 0."
    )


def _estimates(frame: RoiFrame, decision: DecisionResult, support: Support) -> tuple[Estimate, ...]:
    divisor, unit = money_unit(decision)
    found: list[Estimate] = []
    for prior, back in decision.returns.items():
        by = _BELIEF[prior]
        found += [
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
            _median(
                f"npv_per_person_{prior}",
                f"Net present value for each person offered it, {by}",
                back.npv / decision.people,
                decision.currency,
                back,
                support,
            ),
            _median(
                f"roi_{prior}",
                f"Return (benefit / cost − 1), {by}",
                back.roi,
                f"{decision.currency} for each {decision.currency} spent",
                back,
                support,
            ),
        ]
    first = decision.channels[0]
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


def _assumptions(
    frame: RoiFrame, posteriors: Posteriors, decision: DecisionResult, declared: Decision
) -> tuple[str, ...]:
    lost = f"{100 * declared.fade_out:g} % of an effect is lost from each year to the next"
    n_draws = decision.returns["flat"].npv.size
    found = [
        f"The effect of the year evaluated is that of the first year; {lost}. Both the years after and the "
        "loss are declared, not measured.",
        "What an outcome is worth, and what the programme costs, is as declared in the two ledgers: amounts "
        "are log-normal around the amount declared (their median) with the spread given there. Every cost "
        "booked, or declared in total, falls into the first year.",
        "The sceptical priors are those of the table; a relative one is turned into the outcome's unit by "
        "the control arm's mean.",
        f"Each probability rests on {n_draws:,} draws; its Monte Carlo error is below one percentage point.",
    ]
    if any(frame.outcomes[name].binary for name, prior in posteriors if prior == "flat"):
        found.append(
            "Yes/no outcomes are modelled as numbers (a linear probability), which matches the trial's "
            "estimate of a difference in shares."
        )
    if any(frame.outcomes[name].clustered for name, prior in posteriors if prior == "flat"):
        found.append(
            "What was assigned together, or measured repeatedly, shares a random intercept, whose spread is "
            "half-normal with half a standard deviation of the outcome; with few clusters this weighs in."
        )
    if decision.n_assumed:
        found.append(
            "The effects on outcomes that can't be joined are taken to be correlated by "
            f"{declared.correlation:g}; the table of correlations shows what another value would change."
        )
    return tuple(found)


def _limits(
    frame: RoiFrame, effects: Effects, posteriors: Posteriors, decision: DecisionResult
) -> tuple[str, ...]:
    labels = labels_of(frame.outcomes)
    counted = {c.outcome for c in decision.channels}
    after = [n for n, rows in frame.outcomes.items() if rows.declared.timing == "after"]
    found = [
        "It is what offering the programme returns, whether or not people take part. Those who took part "
        "against those who did not is no evidence of a return, and is not used.",
        "A probability near one half says that the data leave it open, not that the programme breaks even.",
        "Whether measuring more would be worth what it costs is not computed here.",
    ]
    if without := [plain(labels[n]) for n in after if n not in counted]:
        told = "; ".join(without)
        found.append(f"Not in the money, as what they are worth is not known, or only asserted: {told}.")
    missing = [
        n for n in after if (n, "flat") not in posteriors and intention_to_treat(effects, n) is not None
    ]
    if missing:
        told = "; ".join(plain(labels[n]) for n in missing)
        found.append(f"Without a posterior, as their values are too few or too alike in an arm: {told}.")
    return tuple(found)
