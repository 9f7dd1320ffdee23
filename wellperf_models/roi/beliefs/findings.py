"""Evidence on what was believed beforehand, and on whether it decides the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

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
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.power_scaling import LINE
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.beliefs.checks import ALPHA, SET_WORDS, judging, support_of_money
from wellperf_models.roi.beliefs.findings_tables import ENDS, tables_of_beliefs
from wellperf_models.roi.beliefs.model import Beliefs
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.findings_decision import money_unit
from wellperf_models.roi.findings_money import joint_support
from wellperf_models.roi.findings_words import estimate_of, unit_words
from wellperf_models.roi.returns import Answer, DecisionResult
from wellperf_models.roi.rows import PriorName, RoiFrame
from wellperf_models.roi.summaries import quantiles, share

QUESTION: Final = "What was believed beforehand, and does it decide the answer?"
_ID: Final = "roi.priors"
_RULE: Final[dict[Answer, str]] = {
    "fund": "“fund”",
    "stop": "“stop”",
    "undecided": "“undecided”",
}


def describe_beliefs(
    frame: RoiFrame | Unanswered,
    beliefs: Beliefs | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on beliefs; aggregates only.

    Args:
        frame: The return frame.
        beliefs: From `fit_beliefs`; an `Unanswered` gives an evidence that says why, without a number.
        checks: From `check_beliefs`.
        provenance: Where the numbers come from.
    """
    if isinstance(frame, Unanswered):
        return unanswered(_ID, QUESTION, frame, population="", provenance=provenance)
    if isinstance(beliefs, Unanswered):
        return unanswered(
            _ID,
            QUESTION,
            beliefs,
            population=frame.population,
            provenance=provenance,
            checks=tuple(checks),
        )
    decision = beliefs.decision
    support = support_of_money(beliefs)
    return Evidence(
        id=_ID,
        question=QUESTION,
        answer=_without_decision(frame, beliefs)
        if isinstance(decision, Unanswered)
        else _answer(frame, beliefs, decision),
        estimand="Net present value of the programme, and the effect on each outcome, as each set of priors "
        "holds them before any data of this programme, and after them; and how far each moves where the "
        "belief, or the data, weigh a little more or less.",
        population=frame.population,
        design=frame.section.design.replace("_", " "),
        provenance=provenance,
        estimates=(
            *(() if isinstance(decision, Unanswered) else _estimates(beliefs, decision, support)),
            *_on_effects(frame, beliefs),
        ),
        tables=tables_of_beliefs(frame, beliefs, support),
        checks=tuple(checks),
        assumptions=_assumptions(),
        limits=_limits(beliefs),
        members=support.members,
    )


def _answer(frame: RoiFrame, beliefs: Beliefs, decision: DecisionResult) -> str:
    before = "; ".join(
        f"{SET_WORDS[p]} {{p_before_{p}}} before and {{p_after_{p}}} after" for p in beliefs.returns
    )
    return (
        f"{_verdict(decision.answers, decision.judged_by)} The probability that the programme returns more "
        f"than it costs, before any data of it and after them: {before}; by the data alone {{p_after_flat}}. "
        f"{_weight(beliefs)} {_conflict(frame, beliefs)}"
    )


def _verdict(answers: Mapping[PriorName, Answer], judges: Sequence[PriorName]) -> str:
    """The plain answer first."""
    among = {answers[p] for p in judges}
    if len(set(answers.values())) == 1:
        return (
            "No: whatever was believed beforehand, the answer of the declared rule is "
            f"{_RULE[answers[judges[0]]]}."
        )
    told = "; ".join(f"{SET_WORDS[p]} {_RULE[a]}" for p, a in answers.items())
    if len(among) == 1:
        return f"Not among those who judge, but others would answer otherwise ({told})."
    return f"Yes: the answer of the declared rule depends on what was believed beforehand ({told})."


def _weight(beliefs: Beliefs) -> str:
    """What power-scaling says, without its name."""
    judges = [p for p in judging(beliefs) if p in beliefs.returns]
    if not judges:
        return "No belief about the effects is in the rule."
    moved = [p for p in judges if beliefs.returns[p].sensitivity.prior >= LINE]
    if not moved:
        return "Weighing the belief a little more or less hardly moves the net present value."
    told = " and ".join(SET_WORDS[p] for p in moved)
    return (
        f"Weighing the belief of {told} a little more or less moves the net present value: the data do not "
        "outweigh it."
    )


def _conflict(frame: RoiFrame, beliefs: Beliefs) -> str:
    """Which beliefs the data contradict, in words; every set is looked at, corrected for their number.

    What is said of an effect falls away where its estimate is kept back.
    """
    away: dict[str, list[str]] = {}
    for one, p in zip(beliefs.effects, holm([e.conflict_p for e in beliefs.effects]), strict=True):
        if p < ALPHA:
            away.setdefault(one.outcome, []).append(SET_WORDS[one.prior])
    if not away:
        return (
            "[No belief is contradicted by what was found (smallest probability of an estimate as far from "
            "what was believed, corrected for looking at several: {p_conflict}).]"
        )
    return " ".join(
        f"[Contradicted by what was found, {_found(frame, name)}: what {' and '.join(who)} believed of "
        f"{_label(frame, name)}.]"
        for name, who in away.items()
    )


def _without_decision(frame: RoiFrame, beliefs: Beliefs) -> str:
    """Effects alone: there is no money to be told."""
    assert isinstance(beliefs.decision, Unanswered)
    hangs = list(dict.fromkeys(e.outcome for e in beliefs.effects if e.sensitivity.prior >= LINE))
    if hangs:
        told = "; ".join(f"{_label(frame, name)} (found: {_found(frame, name)})" for name in hangs)
        told = f"[Yes, of some effects: weighing the belief a little more or less moves that on {told}.]"
    else:
        told = (
            "[No: weighing the belief a little more or less hardly moves any effect (power-scaling, "
            "for each doubling of its weight: at most {moved}; from .05 on it is said to move).]"
        )
    return f"{told} {_conflict(frame, beliefs)} Of money nothing is told: {plain(beliefs.decision.reason)}"


def _label(frame: RoiFrame, outcome: str) -> str:
    return plain(labels_of(frame.outcomes)[outcome])


def _found(frame: RoiFrame, outcome: str) -> str:
    """The trial's estimate in a sentence."""
    return f"{{itt_{outcome}.estimate}} {unit_words(frame.outcomes[outcome])}"


def _on_effects(frame: RoiFrame, beliefs: Beliefs) -> list[Estimate]:
    """What the sentences on effects rest on: each estimate, and what is said of all of them together."""
    of = {e.outcome: e.effect for e in beliefs.effects}
    together = joint_support([support_of(effect) for effect in of.values()])
    return [
        *(
            estimate_of(
                effect, f"itt_{name}", f"{_label(frame, name)}: trial's estimate", frame.outcomes[name]
            )
            for name, effect in of.items()
        ),
        Estimate(
            name="p_conflict",
            label="Smallest probability of an estimate as far from what was believed (corrected, Holm)",
            value=min(holm([e.conflict_p for e in beliefs.effects])),
            unit="probability",
            support=together,
            computation="iterative",
        ),
        Estimate(
            name="moved",
            label="Most that any effect moves for each doubling of the weight of a belief (power-scaling)",
            value=max(e.sensitivity.prior for e in beliefs.effects),
            unit="distance",
            support=together,
            computation="iterative",
        ),
    ]


def _estimates(beliefs: Beliefs, decision: DecisionResult, support: Support) -> tuple[Estimate, ...]:
    divisor, unit = money_unit(decision)
    found: list[Estimate] = []
    # what was believed comes first
    for prior, before in beliefs.returns.items():
        found += _pair(prior, "before", before.npv / divisor, float(before.npv.size), unit, support)
    for prior, back in decision.returns.items():
        found += _pair(prior, "after", back.npv / divisor, back.n_effective, unit, support)
    return tuple(found)


def _pair(
    prior: PriorName, when: str, npv: Floats, n_effective: float, unit: str, support: Support
) -> list[Estimate]:
    """Net present value and the probability that it is above 0."""
    middle, low, high = quantiles(npv, ENDS, n_effective)
    above = share(npv > 0, n_effective)
    words = f"{SET_WORDS[prior]}, {when} the data"
    return [
        Estimate(
            name=f"npv_{when}_{prior}",
            label=f"Net present value: {words}",
            value=middle.value,
            low=low.value,
            high=high.value,
            coverage=0.95,
            interval="credible",
            unit=unit,
            support=support,
            computation="sampled",
            monte_carlo_error=middle.error,
        ),
        Estimate(
            name=f"p_{when}_{prior}",
            label=f"Probability that it returns more than it costs: {words}",
            value=above.value,
            unit="probability",
            support=support,
            computation="sampled",
            monte_carlo_error=above.error,
        ),
    ]


def _assumptions() -> tuple[str, ...]:
    return (
        "Before the data the effects on several outcomes are taken to be independent of each other. What "
        "amounts and costs are is drawn the same before and after: nothing here is learned about them.",
        "A belief about a ratio is turned into the outcome's unit by the mean of those who were not offered "
        "the programme; that mean is the one thing of these data that enters “before the data”.",
        "How far a number moves is computed for small changes of weight (power-scaling, Kallioinen et al. "
        "2024): the belief, or the data, are raised to a power near 1. The data enter as a normal around "
        "what they alone say.",
    )


def _limits(beliefs: Beliefs) -> tuple[str, ...]:
    found = [
        "A set of priors is a point of view made explicit, not a fact; a study may replace each of them.",
        "That no belief is contradicted does not make it right: wide beliefs and wide intervals contradict "
        "nothing.",
    ]
    if isinstance(beliefs.decision, DecisionResult):
        found.append(
            "How much the answer hangs on what amounts and costs are is told with the value of information."
        )
    return tuple(found)
