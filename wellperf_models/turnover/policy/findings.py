"""Evidence `turnover.policy`: exits avoided and months gained, were a condition of work different."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np

from wellperf_models.disclosure.rules import Rules, refuse_extremes
from wellperf_models.errors import DisclosureError
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
from wellperf_models.inference.sensitivity import e_value_of_hazard_ratio
from wellperf_models.panel import members_of
from wellperf_models.turnover.causes import leave_words
from wellperf_models.turnover.design import slug
from wellperf_models.turnover.policy.checks import MOST_UNSUPPORTED, support_of
from wellperf_models.turnover.policy.findings_tables import OF_ANY_EXIT, table_of_courses, table_of_effects
from wellperf_models.turnover.policy.model import PolicyFit, PolicyResult
from wellperf_models.turnover.policy.model_effects import SHARES, Effect
from wellperf_models.turnover.rows import TurnoverFrame

_QUESTION = (
    "How many exits would be avoided, and how many months of employment gained, if work were different?"
)
_ID = "turnover.policy"

_UNITS = {
    "exits_avoided_per_100": "exits per 100 people",
    "exits_avoided_per_100_and_year": "exits per 100 people and year",
    "all_exits_avoided_per_100": "exits of any kind per 100 people",
    "months_gained": "months per person",
    "taken_off": "",
    "exits_without_per_100": "exits per 100 people",
    "exits_with_per_100": "exits per 100 people",
    "months_without": "months per person",
    "months_with": "months per person",
    "risk_ratio": "risk ratio",
}
_WEIGHTED = "exits_avoided_weighted_per_100"
_KEPT_BACK = (
    "Months at work and exits of any kind are kept back: so few people left for other reasons that how many "
    "they were would follow by subtraction."
)


def what_if(
    frame: TurnoverFrame,
    fit: PolicyFit | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on every policy of the study; aggregates only.

    Estimates are named POLICY_WHAT, e.g. `overtime_cap_exits_avoided_per_100_and_year` and
    `overtime_cap_months_gained`: governance and the summary read them by these names, each with its standard
    error and scale.

    Args:
        frame: The turnover frame.
        fit: From `fit_policies`; an `Unanswered` gives an evidence that says why.
        checks: From `check_policies`.
        provenance: Where the numbers come from.
    """
    if isinstance(fit, Unanswered):
        return unanswered(
            _ID, _QUESTION, fit, population=frame.population, provenance=provenance, checks=tuple(checks)
        )
    support = support_of(fit)
    any_exit = not few_left_otherwise(fit, frame)
    prefixes = prefixes_of([r.name for r in fit.results])
    estimates = [
        e
        for r, p in zip(fit.results, prefixes, strict=True)
        for e in _estimates(r, p, frame, support, any_exit=any_exit)
    ]
    others = [d.label for d in fit.dated]
    return Evidence(
        id=_ID,
        question=_question(fit),
        answer=_answer(fit, prefixes, frame.causes[0], any_exit=any_exit),
        estimand=_estimand(fit, frame.causes[0]),
        population=f"{frame.population}; those at work at a landmark, with the course of work known",
        design="policy simulated from observed courses (parametric g-formula); no experiment",
        provenance=provenance,
        estimates=tuple(estimates),
        tables=(
            table_of_effects(fit, support, any_exit=any_exit),
            *(table_of_courses(r, support, any_exit=any_exit) for r in fit.results),
        ),
        checks=tuple(checks),
        assumptions=(
            f"Whatever drives both {_listed([r.dated.label for r in fit.results])} and leaving is among what "
            f"was measured before: {_listed(others)}, tenure, time of year, what does not change "
            "about people.",
            "Had the policy been in force, everything else would have gone on by the same rules: "
            "nobody makes "
            "up for shorter hours elsewhere, and those who take over the work are not changed by it.",
            "The models describe how values move and who leaves (checked by simulating things as they are).",
            "Whoever does not answer a survey moves and leaves like others with the same past.",
        ),
        limits=(
            "No experiment: an answer about causes from courses that were only watched. The E-value says how "
            "strong something unmeasured would have to be to explain all of it.",
            "Scores carry measurement error and are some months old: running means of earlier scores take up "
            "part of it. What is left makes the part of the effect that goes through them too small (the "
            "whole by 7 % where strong feedback was simulated: tests/recovery).",
            "People's lasting differences are taken to be normal, and effects the same for everyone.",
            "The horizon is followed without those who would be hired in place of leavers.",
            *_carried(fit),
            *_unsupported(fit),
            *(() if any_exit else (_KEPT_BACK,)),
        ),
        members=members_of(frame.roster, fit.people, fit.leavers),
    )


def few_left_otherwise(fit: PolicyFit, frame: TurnoverFrame) -> bool:
    """Whether everything that counts exits for any cause must be kept back.

    100 less those who left for the first cause, less those still at work, are those who left for the other
    causes; months at work are the area under those still at work. What is kept back is then two parts: the
    others, and those still at work, who are many. One decision for all policies: cohorts overlap.
    """
    fewest = (np.unique(r.other_leavers).size for r in fit.results)
    return not frame.in_full and any(0 < n < frame.minimum.events for n in fewest)


def _question(fit: PolicyFit) -> str:
    labels = "; ".join(plain(r.policy.label.rstrip(".")) for r in fit.results)
    return f"How many exits would be avoided, and how many months of employment gained, with: {labels}?"


def prefixes_of(names: Sequence[str]) -> tuple[str, ...]:
    """Policies' names as the beginning of estimates' names; numbered where the gate would take one for an
    extreme.
    """
    found = []
    for number, name in enumerate(names, start=1):
        try:
            refuse_extremes(f"{slug(name)}_months", name, Rules())
            found.append(slug(name))
        except DisclosureError:
            found.append(f"policy_{number}")
    return tuple(found)


def _estimates(
    result: PolicyResult, prefix: str, frame: TurnoverFrame, support: Support, *, any_exit: bool
) -> list[Estimate]:
    words = _words(result, frame.causes[0])
    own_unit = result.dated.unit or "units of the covariate"
    found = [
        _estimate(
            f"{prefix}_{name}", words[name], unit or own_unit, result.effects[name], support,
            scale="log" if name == "risk_ratio" else "logit" if name in SHARES else "identity",
        )
        for name, unit in _UNITS.items()
        if any_exit or name not in OF_ANY_EXIT
    ]  # fmt: skip
    if result.unsupported <= MOST_UNSUPPORTED:
        label = f"{result.policy.label}: exits avoided, by weighting"
        name = f"{prefix}_{_WEIGHTED}"
        found.append(_estimate(name, label, "exits per 100 people", result.effects[_WEIGHTED], support))
    ratio = result.effects["risk_ratio"]
    nearer = ratio.high if ratio.value < 1 else ratio.low
    limit = 1.0 if ratio.low <= 1 <= ratio.high else e_value_of_hazard_ratio(nearer, rare=True)
    for name, value, label in (
        ("e_value", e_value_of_hazard_ratio(ratio.value, rare=True), "E-value of the risk ratio"),
        ("e_value_limit", limit, "E-value of the end of its interval nearer to 1"),
    ):
        found.append(
            Estimate(
                name=f"{prefix}_{name}",
                label=f"{result.policy.label}: {label}",
                value=value,
                unit="risk ratio",
                support=support,
                computation="sampled",
                monte_carlo_error=3 * ratio.monte_carlo_error,
            )
        )
    return found


def _words(result: PolicyResult, cause: str) -> dict[str, str]:
    label, within = result.policy.label, f"within {result.policy.horizon_months} months"
    exits = f"exits ({cause.replace('_', ' ')})"
    return {
        "exits_avoided_per_100": f"{label}: {exits} avoided {within}",
        "exits_avoided_per_100_and_year": f"{label}: {exits} avoided a year",
        "all_exits_avoided_per_100": f"{label}: exits of any kind avoided {within}",
        "months_gained": f"{label}: months at work gained {within}",
        "taken_off": f"{label}: taken off {result.dated.label.lower()}, mean over the months",
        "exits_without_per_100": f"{label}: {exits} {within} without it",
        "exits_with_per_100": f"{label}: {exits} {within} with it",
        "months_without": f"{label}: months at work {within} without it",
        "months_with": f"{label}: months at work {within} with it",
        "risk_ratio": f"{label}: risk of leaving with it over without it",
    }


def _estimate(
    name: str,
    label: str,
    unit: str,
    effect: Effect,
    support: Support,
    scale: Literal["identity", "log", "logit"] = "identity",
) -> Estimate:
    return Estimate(
        name=name,
        label=label,
        value=effect.value,
        low=effect.low,
        high=effect.high,
        coverage=0.95,
        interval="confidence",
        unit=unit,
        scale=scale,
        se=effect.error,
        support=support,
        computation="sampled",
        monte_carlo_error=effect.monte_carlo_error,
    )


def _answer(fit: PolicyFit, prefixes: Sequence[str], cause: str, *, any_exit: bool) -> str:
    parts = []
    for result, prefix in zip(fit.results, prefixes, strict=True):
        effect = result.effects["exits_avoided_per_100"]
        label, horizon = plain(result.policy.label.rstrip(".")), result.policy.horizon_months
        exits = f"{{{prefix}_exits_avoided_per_100.estimate}}"
        months = f"{{{prefix}_months_gained.estimate}}"
        longer = f", and each person would have stayed {months} months longer within them, on average"
        gained = f", {months} months at work gained by each person"
        left = leave_words(cause)
        if effect.value == 0 == effect.error:
            parts.append(
                f"“{label}”: nothing would change within {horizon} months, as nobody's work would be "
                f"different: {exits} fewer exits out of 100."
            )
        elif effect.low > 0:
            parts.append(
                f"“{label}”: {exits} fewer people out of 100 would have {left} within {horizon} "
                f"months{longer if any_exit else ''}."
            )
        elif effect.high < 0:
            parts.append(
                f"“{label}”: more people would have {left} within {horizon} months, not fewer: "
                f"{exits} fewer out of 100 (a minus means more){gained if any_exit else ''}."
            )
        else:
            parts.append(
                f"“{label}”: the data do not tell whether fewer people would have {left}: {exits} fewer "
                f"out of 100 within {horizon} months (a minus means more)."
            )
        if result.unsupported > MOST_UNSUPPORTED:
            parts.append(
                "So large a change was hardly ever seen in these data: the number continues a line "
                "beyond them."
            )
    parts.append(
        "This rests on the assumption that whatever drives both this and leaving was measured and is "
        "in the models."
    )
    return " ".join(re.sub(r"\s+", " ", p) for p in parts)


def _estimand(fit: PolicyFit, cause: str) -> str:
    told = "; ".join(
        f"“{r.policy.label}” over {r.policy.horizon_months} months from {len(r.landmarks)} landmarks"
        for r in fit.results
    )
    return (
        f"Difference in the share who leave ({cause.replace('_', ' ')}) and in months at work within the "
        "horizon, had the policy been in force from the landmark on, as against things as they were; "
        "each month "
        "the policy changes the value a person would have come to, given the months before as lived "
        "under it; "
        f"average over the people at work at the landmarks: {told}."
    )


def _carried(fit: PolicyFit) -> tuple[str, ...]:
    if not fit.carried:
        return ()
    return (f"Within the horizon people stay as they were at the landmark in: {', '.join(fit.carried)}.",)


def _unsupported(fit: PolicyFit) -> tuple[str, ...]:
    names = [f"“{r.policy.label}”" for r in fit.results if r.unsupported > MOST_UNSUPPORTED]
    if not names:
        return ()
    return (
        f"{_listed(names)}: asks for what was hardly ever seen. The weighted second estimate is not given.",
    )


def _listed(names: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(names))
    return distinct[0] if len(distinct) == 1 else ", ".join(distinct[:-1]) + " and " + distinct[-1]
