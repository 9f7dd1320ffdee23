"""Tables of the policy answer: effects side by side, and the courses with and without, by month."""

from __future__ import annotations

import numpy as np

from wellperf_models.evidence import CellValue, Measure, Row, Support, Table
from wellperf_models.turnover.policy.model import PolicyFit, PolicyResult

# what counts exits for every cause: besides the first cause's, it gives away the others' by subtraction
OF_ANY_EXIT = ("all_exits_avoided_per_100", "months_gained", "months_without", "months_with")

# a page holds about so many months
_MOST_MONTHS = 13
WITHOUT, WITH = "as things are", "with the policy"

_EFFECTS = (
    ("exits_avoided", "exits_avoided_per_100", "Exits avoided per 100", "exits per 100 people"),
    (
        "exits_avoided_a_year",
        "exits_avoided_per_100_and_year",
        "Exits avoided per 100 and year",
        "exits per 100 people and year",
    ),
    (
        "all_exits_avoided",
        "all_exits_avoided_per_100",
        "Exits of any kind avoided per 100",
        "exits per 100 people",
    ),
    ("months_gained", "months_gained", "Months gained per person", "months per person"),
)


def table_of_effects(fit: PolicyFit, support: Support, *, any_exit: bool) -> Table:
    """One row a policy: every effect with its interval; `any_exit`: those on exits of any kind too."""
    shown = [effect for effect in _EFFECTS if any_exit or effect[1] not in OF_ANY_EXIT]
    measures = tuple(
        Measure(name=f"{name}{end}", kind="model", unit=unit, label=label if not end else words)
        for name, _, label, unit in shown
        for end, words in (("", ""), ("_low", "95 % from"), ("_high", "to"))
    )
    rows = []
    for result in fit.results:
        values: list[CellValue] = []
        errors: list[float | None] = []
        for _, key, _, _ in shown:
            effect = result.effects[key]
            values += [effect.value, effect.low, effect.high]
            errors += [effect.monte_carlo_error] * 3
        rows.append(
            Row(
                key=(result.policy.label,),
                values=tuple(values),
                support=support,
                monte_carlo_errors=tuple(errors),
            )
        )
    return Table(
        name="policies",
        title="What each policy would change",
        keys=("policy",),
        measures=measures,
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def table_of_courses(result: PolicyResult, support: Support, *, any_exit: bool) -> Table:
    """Share who have left for the first cause, and (`any_exit`) share still at work, by month, with and
    without.

    Model estimates averaged over the cohort, not counts of people: judged row by row like any model estimate.
    """
    rows = []
    shown = [("left", "left", "Have left")]
    still = ""
    if any_exit:
        shown.append(("stay", "still_at_work", "Still at work"))
        still = " and who are still at work"
    error = result.effects["exits_with_per_100"].monte_carlo_error
    for month in _months(result.policy.horizon_months):
        for words, kind in ((WITHOUT, "natural"), (WITH, "under")):
            values: list[CellValue] = []
            for name, _, _ in shown:
                curve = result.curves[f"{name}_{kind}"]
                values += [float(part[month]) for part in (curve.value, curve.low, curve.high)]
            rows.append(
                Row(
                    key=(f"{month}", words),
                    values=tuple(values),
                    support=support,
                    monte_carlo_errors=(error,) * len(values),
                )
            )
    return Table(
        name=f"course_{result.name}",
        title=f"{result.policy.label}: people who have left{still}, by month",
        keys=("month", "course"),
        measures=tuple(
            Measure(
                name=f"{name}{end}", kind="model", unit="per 100 people", label=label if not end else words
            )
            for _, name, label in shown
            for end, words in (("", ""), ("_low", "95 % from"), ("_high", "to"))
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _months(horizon: int) -> list[int]:
    """From the first month on: at the landmark nobody has left."""
    return sorted({int(m) for m in np.linspace(1, horizon, min(horizon, _MOST_MONTHS)).round()})
