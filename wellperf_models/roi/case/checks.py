"""Statements about the business case that can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.roi.beliefs.checks import SET_WORDS, judgement_named
from wellperf_models.roi.case.frame import Baseline, CaseFrame
from wellperf_models.roi.case.model import CaseResult
from wellperf_models.roi.checks_decision import costs_measured
from wellperf_models.roi.findings_money import joint_support
from wellperf_models.roi.returns import Answer
from wellperf_models.roi.rows import PriorName

_LOCAL = {
    "effect": "These data do hold a comparison: where it gives an effect the decision uses that, "
    "and nothing here does.",
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
    support = support_of_case(case, result)
    answers = {p: back.answer for p, back in result.returns.items()}
    return (
        no_local_evidence(case.local),
        sets_agree_before(answers, named=support.n_people == 0),
        break_even_possible(result, support),
        baselines_measured(case.baselines),
        replace(costs_measured(result.costs), name="costs_measured_here"),
        judgement_named(result.factors),
    )


def support_of_case(case: CaseFrame, result: CaseResult) -> Support:
    """Whom outcomes without the programme were measured on; nobody where all of it is declared."""
    counted = {c.outcome for c in result.terms.channels}
    found = [b.support for n, b in case.baselines.items() if n in counted and b.support is not None]
    if case.people_support is not None:
        found.append(case.people_support)
    return joint_support(found) if found else Support(n_people=0)


def no_local_evidence(local: str) -> Check:
    """It rests on belief: said on every business case, whatever its number."""
    return Check(
        name="no_local_evidence",
        passed=None,
        text=f"{_LOCAL[local]} What the effects are is what each set of beliefs says.",
        computation="exact",
    )


def sets_agree_before(answers: Mapping[PriorName, Answer], *, named: bool) -> Check:
    """Whatever one believes, the rule gives the same answer before any data.

    Args:
        answers: Set → answer under it.
        named: Whether they may be named: they rest on nobody. Else the gate reads them in a table's rows.
    """
    passed = len(set(answers.values())) == 1
    if passed:
        text = "Whatever one believes, the declared rule gives the same answer"
        text += f": {min(answers.values())}." if named else "."
    else:
        told = "; ".join(f"{SET_WORDS[p]}: {answer}" for p, answer in answers.items())
        text = "What the declared rule says depends on what one believes "
        text += f"({told})." if named else "(the table says how)."
    return Check(name="sets_agree_before", passed=passed, text=text, computation="exact")


def break_even_possible(result: CaseResult, support: Support) -> Check:
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
        # what rests on nobody is no disclosure
        support=support if support.n_people else None,
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
