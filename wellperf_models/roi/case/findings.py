"""Evidence of the business case: what each set of beliefs makes of it, and what would have to be true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from wellperf_models.disclosure.wording import print_value, print_whole
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
from wellperf_models.roi.beliefs.checks import SET_WORDS
from wellperf_models.roi.case.checks import support_of_case
from wellperf_models.roi.case.findings_tables import (
    ENDS,
    label_of,
    money_unit,
    percent_of,
    tables_of_case,
    unit_of_outcome,
    words_of_unit,
)
from wellperf_models.roi.case.frame import CaseFrame
from wellperf_models.roi.case.model import N_DRAWS, CaseResult
from wellperf_models.roi.ledger import WHOSE
from wellperf_models.roi.summaries import quantiles, share
from wellperf_models.study import Decision

QUESTION: Final = "Without any data on what it changed: what would have to be true for it to pay?"
# how an answer begins, by what these data hold
_NOTHING: Final = "No local evidence"
_START: Final = {
    "effect": "Before any data (these data hold a comparison: where it gives an effect, the decision uses "
    "that)",
    "contrast": _NOTHING,
    "": _NOTHING,
}
_ID: Final = "roi.case"
_N: Final = float(N_DRAWS)
# a chance below it, or its complement, is not told to a digit
_LEAST: Final = 0.001
_LOCAL: Final = {
    "effect": "",
    "contrast": " What these data compare is no evidence of an effect, and is not used.",
    "": "",
}


def judge_case(
    case: CaseFrame | Unanswered,
    result: CaseResult | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence of the business case.

    Args:
        case: From `build_case`.
        result: From `fit_case`; an `Unanswered` gives an evidence that says why, without a number.
        checks: From `check_case`.
        provenance: Where the numbers come from.
    """
    population = "" if isinstance(case, Unanswered) else case.population
    for given in (result, case):
        if isinstance(given, Unanswered):
            return unanswered(
                _ID, QUESTION, given, population=population, provenance=provenance, checks=tuple(checks)
            )
    assert isinstance(case, CaseFrame)
    assert isinstance(result, CaseResult)
    declared = case.section.decision
    assert declared is not None
    support = support_of_case(case, result)
    estimates = _estimates(case, result, support)
    return Evidence(
        id=_ID,
        question=QUESTION,
        answer=_answer(case, result, declared, estimates, gated=support.n_people > 0),
        estimand=_estimand(result, declared),
        population=case.population,
        design="prior only",
        provenance=provenance,
        # what rests on nobody would be kept back: answer and tables tell it
        estimates=estimates if support.n_people else (),
        tables=tables_of_case(case, result, support),
        checks=tuple(checks),
        assumptions=_assumptions(case, declared),
        limits=(
            "It is what beliefs, prices and costs imply. Nothing in it was learned from what the programme "
            "changed, and it can't be right where the beliefs are wrong.",
            "With no belief at all (the flat set) no return can be told: the effect could be anything.",
            "Outcomes without a value, and those whose value is only asserted, are not in it.",
        ),
        members=support.members,
    )


def _answer(
    case: CaseFrame, result: CaseResult, declared: Decision, estimates: Sequence[Estimate], *, gated: bool
) -> str:
    told = {e.name: e for e in estimates}

    def say(name: str) -> str:
        # what rests on nobody is no disclosure, and an organisation of 20 people may plan too
        return f"{{{name}}}" if gated else _printed(told[name])

    sets = "; ".join(f"{SET_WORDS[p]} {say(f'p_{p}')}" for p in result.returns)
    years = "one year" if declared.horizon_years == 1 else f"{declared.horizon_years} years"
    people = print_whole(result.terms.people) if case.people_support is None else "{people}"
    label = plain(label_of(case, result.first.outcome))
    needed = f"{say('break_even')} {words_of_unit(case, result.first.outcome)}"
    if "break_even_percent" in told:
        needed += f" ({say('break_even_percent')} % of what there is without it)"
    likely = "; ".join(f"{SET_WORDS[p]} {say(f'p_break_even_{p}')}" for p in result.returns)
    return (
        f"{_START[case.local]}: {_verdict(case, result)} Offering {programme_words(case)} to {people} "
        f"people, counted over {years}, the probability that it returns more than it costs is, before any "
        f"data on what it changes: {sets}. If nothing else changed, it would pay from a change in “{label}” "
        f"of {needed} for each person; the probability given to that much: {likely}.{_LOCAL[case.local]}"
    )


def _printed(estimate: Estimate) -> str:
    """A number as the gate would print it; of a chance no more digits than the draws have."""
    if estimate.unit == "probability" and not _LEAST < estimate.value < 1 - _LEAST:
        return f"under {100 * _LEAST:g} %" if estimate.value < 0.5 else f"over {100 * (1 - _LEAST):g} %"
    return print_value(estimate)


def programme_words(case: CaseFrame) -> str:
    """The programme in a sentence."""
    return f"“{plain(case.section.label or case.section.programme.replace('_', ' '))}”"


def _verdict(case: CaseFrame, result: CaseResult) -> str:
    """The plain answer first; without data nothing is funded."""
    answers = {back.answer for back in result.returns.values()}
    if answers == {"stop"}:
        return "even an optimist would not expect it to pay."
    # where a comparison was measured, nobody need decide by what is believed
    if answers == {"fund"}:
        rests = "this rests on belief alone" if case.local == "effect" else "nothing here was measured"
        return f"even a sceptic would expect it to pay, but {rests}."
    told = "whether it pays depends on what one believes"
    return f"{told}." if case.local == "effect" else f"{told}, so it can't be decided without measuring."


def _estimand(result: CaseResult, declared: Decision) -> str:
    return (
        f"Net present value, in {result.currency}, of offering the programme as each set of priors believes "
        f"its effects to be: benefits of {declared.horizon_years} year(s) less costs, from "
        f"{WHOSE[declared.perspective]} point of view, discounted at {100 * declared.rate:g} % a year; and "
        "the effect on the first channel's outcome that would pay for it alone."
    )


def _estimates(case: CaseFrame, result: CaseResult, support: Support) -> tuple[Estimate, ...]:
    divisor, unit = money_unit(result)
    found: list[Estimate] = []
    for prior, back in result.returns.items():
        who = SET_WORDS[prior]
        found += [
            _probability(
                f"p_{prior}", f"Probability that it returns more than it costs: {who}", back.npv > 0, support
            ),
            _median(f"npv_{prior}", f"Net present value: {who}", back.npv / divisor, unit, support),
            _probability(
                f"p_break_even_{prior}",
                f"Probability that the first channel alone pays for it: {who}",
                back.first_pays,
                support,
            ),
        ]
    label = label_of(case, result.first.outcome)
    needed = f"{label}: change for each person that would pay for the programme if nothing else changed"
    outcome_unit = unit_of_outcome(case, result.first.outcome)
    found.append(_median("break_even", needed, result.break_even, outcome_unit, support))
    if (percent := percent_of(result)) is not None:
        found.append(
            _median(
                "break_even_percent", f"The same, of what it is without it: {label}", percent, "%", support
            )
        )
    if case.people_support is not None:
        found.append(
            Estimate(
                name="people",
                label="People it is about: those who were offered the programme",
                value=float(result.terms.people),
                unit="people",
                support=case.people_support,
                kind="count",
                computation="exact",
            )
        )
    return tuple(found)


def _median(name: str, label: str, draws: Floats, unit: str, support: Support) -> Estimate:
    middle, low, high = quantiles(draws, ENDS, _N)
    return Estimate(
        name=name,
        label=label,
        value=middle.value,
        low=low.value,
        high=high.value,
        coverage=0.95,
        interval="credible",
        unit=unit,
        support=support,
        computation="sampled",
        monte_carlo_error=middle.error,
    )


def _probability(name: str, label: str, holds: np.ndarray, support: Support) -> Estimate:
    told = share(holds, _N)
    return Estimate(
        name=name,
        label=label,
        value=told.value,
        unit="probability",
        support=support,
        computation="sampled",
        monte_carlo_error=told.error,
    )


def _assumptions(case: CaseFrame, declared: Decision) -> tuple[str, ...]:
    found = [
        "Effects are as each set of priors believes, and independent of each other; amounts and costs are as "
        "declared, with the spread declared.",
        "A belief about a ratio is turned into the outcome's unit by its mean without the programme: "
        + "; ".join(f"{plain(label_of(case, n))} {b.source}" for n, b in case.baselines.items())
        + ".",
        f"{100 * declared.fade_out:g} % of an effect is lost from each year to the next once the programme "
        "has ended.",
    ]
    return tuple(found)
