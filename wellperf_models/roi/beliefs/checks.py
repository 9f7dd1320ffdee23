"""Statements about what was believed beforehand that can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wellperf_models.evidence import Check, Unanswered, plain
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.power_scaling import LINE
from wellperf_models.roi.beliefs.model import Beliefs, BelievedEffect, BelievedReturn
from wellperf_models.roi.checks_effects import labels_of, support_of
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
    labels = labels_of(frame.outcomes)
    checks = [data_as_believed([e for e in beliefs.effects if e.prior in judges], labels)]
    if isinstance(decision, DecisionResult):
        own = [back for prior, back in beliefs.returns.items() if prior in judges]
        checks = [
            prior_does_not_decide(own),
            data_inform(own),
            *checks,
            sets_agree(decision.answers, judges),
            judgement_named(factors_in_use(decision)),
        ]
    return tuple(checks)


def judging(beliefs: Beliefs) -> tuple[PriorName, ...]:
    """Sets that judge; without a decision the flat and the sceptical one, which are always told."""
    decision = beliefs.decision
    return ("flat", "sceptical") if isinstance(decision, Unanswered) else decision.judged_by


def factors_in_use(decision: DecisionResult) -> dict[str, Factor]:
    """Name → factor, of those that an amount or a cost of the decision is multiplied by."""
    used = [t for c in decision.channels for t in c.times] + [t for c in decision.costs for t in c.times]
    return {name: decision.factors[name] for name in dict.fromkeys(used)}


def prior_does_not_decide(returns: Sequence[BelievedReturn]) -> Check:
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
        text="Weighing a little more or less what was believed beforehand "
        + ("hardly moves" if passed else "moves")
        + " the net present value: {value} for each doubling of its weight, under the sets that judge (power-"
        "scaling; line at {threshold}).",
    )


def data_inform(returns: Sequence[BelievedReturn]) -> Check:
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
        text="Weighing the data a little more or less "
        + ("moves" if passed else "hardly moves")
        + " the net present value: {value} for each doubling of their weight, under the sets that judge "
        "(line at {threshold})" + ("." if passed else ": what was believed beforehand is nearly the answer."),
    )


def data_as_believed(effects: Sequence[BelievedEffect], labels: Mapping[str, str]) -> Check:
    """No estimate is one that a set that judges would have thought nearly impossible (Holm over all)."""
    name = "data_as_believed"
    if not effects:
        text = "Only the data judge: no belief could be contradicted."
        return Check(name=name, passed=None, text=text, computation="exact")
    adjusted = holm([e.conflict_p for e in effects])
    away = [
        f"{plain(labels[e.outcome])} for {SET_WORDS[e.prior]}"
        for e, p in zip(effects, adjusted, strict=True)
        if p < ALPHA
    ]
    fewest = min((support_of(e.effect) for e in effects), key=lambda s: s.smallest_level or 0)
    return Check(
        name=name,
        passed=not away,
        value=min(adjusted),
        threshold=ALPHA,
        support=fewest,
        text="What was found is within what the sets that judge thought possible (smallest probability, "
        "corrected for looking at several: {value}; line at {threshold})."
        if not away
        else f"What was found is far from what was thought possible ({'; '.join(away)}): smallest "
        "probability, corrected for looking at several, {value}, line at {threshold}. Either the belief or "
        "the data are wrong, and a mixture of both may be right about neither.",
    )


def sets_agree(answers: Mapping[PriorName, Answer], judges: Sequence[PriorName]) -> Check:
    """Whatever was believed beforehand, the rule gives the same answer."""
    among = {answers[p] for p in judges}
    everywhere = set(answers.values())
    told = "; ".join(f"{SET_WORDS[p]}: {answer}" for p, answer in answers.items())
    if len(everywhere) == 1:
        text = f"Every set of beliefs leads to the same answer: {min(everywhere)}."
    elif len(among) == 1:
        text = f"The sets that judge agree, others would answer otherwise ({told})."
    else:
        text = f"The sets that judge do not agree ({told})."
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
