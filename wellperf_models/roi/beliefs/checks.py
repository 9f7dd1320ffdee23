"""Statements about what was believed beforehand that can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wellperf_models.evidence import Check, Support, Unanswered, plain
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.power_scaling import LINE
from wellperf_models.roi.beliefs.model import Beliefs, BelievedEffect, BelievedReturn
from wellperf_models.roi.checks_effects import support_of
from wellperf_models.roi.findings_money import joint_support
from wellperf_models.roi.returns import Answer, DecisionResult
from wellperf_models.roi.rows import PriorName, RoiFrame
from wellperf_models.study import Factor

ALPHA = 0.05
SET_WORDS: dict[PriorName, str] = {
    "flat": "the data alone",
    "sceptical": "a sceptic",
    "organisational": "somebody who expects much of changes of organisation",
    "optimistic": "an optimist",
}


def check_beliefs(frame: RoiFrame | Unanswered, beliefs: Beliefs | Unanswered) -> tuple[Check, ...]:
    """Checks of the priors; none where nothing was learned.

    Args:
        frame: The return frame.
        beliefs: From `fit_beliefs`.
    """
    if isinstance(frame, Unanswered):
        return ()
    if isinstance(beliefs, Unanswered):
        return ()
    decision = beliefs.decision
    judges = judging(beliefs)
    checks = [data_as_believed([e for e in beliefs.effects if e.prior in judges])]
    if isinstance(decision, DecisionResult):
        own, support = [b for p, b in beliefs.returns.items() if p in judges], support_of_money(beliefs)
        checks = [
            prior_does_not_decide(own, support),
            data_inform(own, support),
            *checks,
            sets_agree(decision.answers, judges),
            judgement_named(factors_in_use(decision)),
        ]
    return tuple(checks)


def judging(beliefs: Beliefs) -> tuple[PriorName, ...]:
    """Sets that judge; without a decision the flat and the sceptical one, which are always told."""
    decision = beliefs.decision
    return ("flat", "sceptical") if isinstance(decision, Unanswered) else decision.judged_by


def support_of_money(beliefs: Beliefs) -> Support:
    """Of everything that is in the money the least; without money, of every effect."""
    decision = beliefs.decision
    counted = {c.outcome for c in decision.channels} if isinstance(decision, DecisionResult) else None
    found = [support_of(e.effect) for e in beliefs.effects if counted is None or e.outcome in counted]
    return joint_support(found)


def factors_in_use(decision: DecisionResult) -> dict[str, Factor]:
    """Name → factor, of those that an amount or a cost of the decision is multiplied by."""
    used = [t for c in decision.channels for t in c.times] + [t for c in decision.costs for t in c.times]
    return {name: decision.factors[name] for name in dict.fromkeys(used)}


def prior_does_not_decide(returns: Sequence[BelievedReturn], support: Support) -> Check:
    """Weighing the belief a little more or less hardly moves the net present value."""
    name = "prior_does_not_decide"
    if not returns:
        text = "Only the data judge: no belief about the effects is in the rule."
        return Check(name=name, passed=None, text=text, computation="exact")
    worst = max(back.sensitivity.prior for back in returns)
    passed = worst < LINE
    return Check(
        name=name,
        passed=passed,
        value=worst,
        threshold=LINE,
        support=support,
        text="Weighing a little more or less what was believed beforehand "
        + ("hardly moves" if passed else "moves")
        + " the net present value: {value} for each doubling of its weight, under the sets that judge (power-"
        "scaling; line at {threshold}).",
    )


def data_inform(returns: Sequence[BelievedReturn], support: Support) -> Check:
    """Weighing the data a little more or less moves the net present value: they say something."""
    name = "data_inform"
    if not returns:
        return Check(name=name, passed=None, text="Only the data judge.", computation="exact")
    least = min(back.sensitivity.likelihood for back in returns)
    passed = least >= LINE
    return Check(
        name=name,
        passed=passed,
        value=least,
        threshold=LINE,
        support=support,
        text="Weighing the data a little more or less "
        + ("moves" if passed else "hardly moves")
        + " the net present value: {value} for each doubling of their weight, under the sets that judge "
        "(line at {threshold})" + ("." if passed else ": what was believed beforehand is nearly the answer."),
    )


def data_as_believed(effects: Sequence[BelievedEffect]) -> Check:
    """No estimate is one that a set that judges would have thought nearly impossible (Holm over all).

    Which one it is the table says: the gate reads rows, not the words of a check.
    """
    name = "data_as_believed"
    if not effects:
        text = "Only the data judge: no belief could be contradicted."
        return Check(name=name, passed=None, text=text, computation="exact")
    least = min(holm([e.conflict_p for e in effects]))
    passed = least >= ALPHA
    return Check(
        name=name,
        passed=passed,
        value=least,
        threshold=ALPHA,
        support=joint_support([support_of(e.effect) for e in effects]),
        text="What was found is within what the sets that judge thought possible (smallest probability, "
        "corrected for looking at several: {value}; line at {threshold})."
        if passed
        else "Something that was found is far from what a set that judges thought possible (smallest "
        "probability, corrected for looking at several: {value}; line at {threshold}; the table of effects "
        "says which). Either the belief or the data are wrong, and a mixture of both may be right about "
        "neither.",
    )


def sets_agree(answers: Mapping[PriorName, Answer], judges: Sequence[PriorName]) -> Check:
    """Whatever was believed beforehand, the rule gives the same answer; the table says which."""
    among = {answers[p] for p in judges}
    everywhere = set(answers.values())
    if len(everywhere) == 1:
        text = "Every set of beliefs leads to the same answer of the declared rule."
    elif len(among) == 1:
        text = "The sets that judge agree, others would answer otherwise: the table of returns says how."
    else:
        text = "The sets that judge do not agree: the table of returns says how each would answer."
    passed = True if len(everywhere) == 1 else None if len(among) == 1 else False
    return Check(name="sets_agree", passed=passed, text=text, computation="exact")


def judgement_named(factors: Mapping[str, Factor]) -> Check:
    """Which factors of the money nobody measured, and which were measured for something narrow."""
    name = "judgement_named"
    if not factors:
        text = "No amount is multiplied by a factor from the literature or from judgement."
        return Check(name=name, passed=None, text=text, computation="exact")
    judged = [plain(n.replace("_", " ")) for n, f in factors.items() if f.status == "judgement"]
    measured = [f"{plain(n.replace('_', ' '))} ({plain(f.quantity)})" for n, f in factors.items()]
    told = f"set by judgement, and so always in the ranking of what matters: {'; '.join(judged)}"
    text = (
        f"Factors that amounts are multiplied by: {'; '.join(measured)}. Of them "
        + (told if judged else "none was set by judgement alone")
        + "."
    )
    return Check(name=name, passed=None, text=text, computation="exact")
