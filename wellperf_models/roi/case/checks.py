"""Statements about the business case that can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from wellperf_models.evidence import Check, Unanswered
from wellperf_models.roi.beliefs.checks import SET_WORDS, judgement_named
from wellperf_models.roi.case.frame import Baseline, CaseFrame
from wellperf_models.roi.case.model import CaseResult
from wellperf_models.roi.checks_decision import costs_measured
from wellperf_models.roi.returns import Answer
from wellperf_models.roi.rows import PriorName

_LOCAL = {
    "effect": "These data do hold a comparison: the decision uses it, and nothing here does.",
    "contrast": "What these data compare is no evidence of what the programme changed, and is not used.",
    "": "These data hold nothing on what the programme changed.",
}


def check_case(case: CaseFrame | Unanswered, result: CaseResult | Unanswered) -> tuple[Check, ...]:
    """Checks of the business case; none of what is not answered.

    Args:
        case: From `build_case`.
        result: From `fit_case`.
    """
    if isinstance(case, Unanswered) or isinstance(result, Unanswered):
        return ()
    return (
        no_local_evidence(case.local),
        sets_agree_before({p: back.answer for p, back in result.returns.items()}),
        break_even_possible(result),
        baselines_measured(case.baselines),
        replace(costs_measured(result.costs), name="costs_measured_here"),
        judgement_named(result.factors),
    )


def no_local_evidence(local: str) -> Check:
    """It rests on belief: said on every business case, whatever its number."""
    return Check(
        name="no_local_evidence",
        passed=None,
        text=f"{_LOCAL[local]} What the effects are is what each set of beliefs says.",
        computation="exact",
    )


def sets_agree_before(answers: Mapping[PriorName, Answer]) -> Check:
    """Whatever one believes, the rule gives the same answer before any data."""
    passed = len(set(answers.values())) == 1
    told = "; ".join(f"{SET_WORDS[p]}: {answer}" for p, answer in answers.items())
    return Check(
        name="sets_agree_before",
        passed=passed,
        text=f"Whatever one believes, the declared rule gives the same answer: {min(answers.values())}."
        if passed
        else f"What the declared rule says depends on what one believes ({told}): data would be needed.",
        computation="exact",
    )


def break_even_possible(result: CaseResult) -> Check:
    """The first channel alone could pay: no more can be saved of an outcome than there is of it."""
    name = "break_even_possible"
    mean, first = result.baseline.mean, result.first
    if first.sign > 0 or mean is None or not mean > 0:
        text = "How large an effect of the first channel can be at most is not known."
        return Check(name=name, passed=None, text=text, computation="exact")
    needed = 100 * float(-np.median(result.break_even)) / mean
    passed = needed < 100
    return Check(
        name=name,
        passed=passed,
        value=needed,
        threshold=100.0,
        support=result.baseline.support,
        text="To pay for the programme by the first channel alone, {value} per cent of what there is of its "
        "outcome would have to be avoided"
        + (" (at most {threshold})." if passed else ", which is more than there is."),
    )


def baselines_measured(baselines: Mapping[str, Baseline]) -> Check:
    """Every outcome without the programme was measured here, not only declared."""
    declared = [n for n, b in baselines.items() if b.support is None]
    return Check(
        name="baselines_measured",
        passed=None if declared else True,
        text="Every outcome without the programme was measured on people of these data."
        if not declared
        else f"Outcomes whose mean without the programme is declared or not known, not measured: "
        f"{'; '.join(n.replace('_', ' ') for n in declared)}.",
        computation="exact",
    )
