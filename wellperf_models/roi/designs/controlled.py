"""Before and after, with a comparison group that was not drawn by lot.

The effect is the difference in change (differences in differences). Groups that were not drawn by lot differ
to begin with, and taking a difference for each unit takes out whatever of that stays the same. Adjusting the
later value for the earlier one instead (analysis of covariance) is right where the earlier value decided who
got the programme, and biased where groups simply differ (Van Breukelen 2006, Journal of Clinical
Epidemiology 59:920); it is shown beside, because the truth often lies between the two.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.roi.background import independent
from wellperf_models.roi.comparison import counts_of, difference, moments, require_sides, spread_a_year
from wellperf_models.roi.rows import Effect, OutcomeRows, RoiFrame


@dataclass(frozen=True, kw_only=True)
class Controlled:
    """What a controlled comparison of before and after shows of one outcome.

    Attributes:
        change: Change in the treated group less change in the comparison group.
        adjusted: Difference after, the value before being adjusted for; None where it can't be had.
        earlier: Difference in change between two times before the programme: a sign of trends that were not
            parallel; None where only one time before was measured.
    """

    change: Effect
    adjusted: Effect | None
    earlier: Effect | None

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return "Controlled(not released)"


def fit_controlled(rows: OutcomeRows, frame: RoiFrame) -> Controlled:
    """Difference in change, with what can be held against it.

    Args:
        rows: An outcome measured after.
        frame: Holds the outcome measured before, the first one that `adjust_for` names.

    Raises:
        DesignError: It was not measured before, or on fewer than two independent units of a group.
    """
    if rows.declared.timing != "after":
        raise DesignError(
            f"It was measured {rows.declared.timing} the programme.", where=f"outcome {rows.name}"
        )
    before = baselines_of(rows, frame)
    if not before:
        raise DesignError(
            "There is no measurement before to compare with.",
            where=f"outcome {rows.name}",
            expected="the same outcome measured before, named in adjust_for",
            remedy="measure it before, or draw lots",
        )
    both = measured_twice(rows, before[0], frame)
    earlier = None
    if len(before) > 1:
        twice = measured_twice(before[0], before[1], frame, covariates=rows)
        earlier = _or_none(attempt(_difference_in_change, twice, "difference in change before"))
    return Controlled(
        change=_difference_in_change(both, "difference in changes"),
        adjusted=_or_none(attempt(_adjusted, both)),
        earlier=earlier,
    )


def _or_none(found: Effect | Unanswered) -> Effect | None:
    return None if isinstance(found, Unanswered) else found


def baselines_of(rows: OutcomeRows, frame: RoiFrame) -> list[OutcomeRows]:
    """Measurements before: first the outcome that `adjust_for` names first, then earlier ones of the same."""
    named = [n for n in rows.declared.adjust_for if n in frame.outcomes]
    same = rows.declared.name or rows.name
    others = [
        n
        for n, o in frame.outcomes.items()
        if o.declared.timing == "before" and (o.declared.name or n) == same and n not in named
    ]
    if not named:
        return [frame.outcomes[n] for n in others]
    of_first = frame.outcomes[named[0]].declared.name or named[0]
    others += [
        n
        for n, o in frame.outcomes.items()
        if o.declared.timing == "before" and (o.declared.name or n) == of_first and n not in (*named, *others)
    ]
    return [frame.outcomes[n] for n in dict.fromkeys((*named, *others))]


@dataclass(frozen=True, kw_only=True)
class Twice:
    """Units measured at both times; arrays of shape (n,).

    Attributes:
        rows: One row a unit; the value is that of the later time.
        then: The value of the earlier time.
    """

    rows: OutcomeRows
    then: Floats

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Twice({self.then.size} units)"


def measured_twice(
    rows: OutcomeRows, before: OutcomeRows, frame: RoiFrame, covariates: OutcomeRows | None = None
) -> Twice:
    """Units of an outcome that were measured before too, one row each.

    Args:
        rows: The later time; the unit's mean by its weights.
        before: The earlier time.
        frame: Says which covariates are outcomes measured before.
        covariates: Whose covariates are adjusted for; None: those of `rows`. Those that are outcomes
            measured before are left out: they are in the change already.
    """
    units, first = np.unique(rows.unit, return_index=True)
    now, then = unit_means(rows, units), unit_means(before, units)
    both = np.isfinite(now) & np.isfinite(then)
    at = first[both]
    weight = np.bincount(np.searchsorted(units, rows.unit), rows.weight, units.size)[both]
    source = rows if covariates is None else covariates
    X = _covariates(source, units[both], frame.outcomes)
    made = replace(
        rows,
        value=now[both],
        weight=weight,
        treated=rows.treated[at],
        received=None if rows.received is None else rows.received[at],
        unit=units[both],
        cluster=rows.cluster[at],
        block=None,
        X=X,
        covariates=tuple(f"covariate {i}" for i in range(X.shape[1])),
        background=None,
        background_labels=(),
    )
    return Twice(rows=made, then=then[both])


def _covariates(source: OutcomeRows, units: Ints, outcomes: Collection[str]) -> Floats:
    """Covariates of units that are no earlier value of an outcome; 0 (their mean) where unknown."""
    kept = [i for i, label in enumerate(source.covariates) if label not in outcomes]
    if not kept:
        return np.zeros((units.size, 0))
    codes, first = np.unique(source.unit, return_index=True)
    at = np.minimum(np.searchsorted(codes, units), codes.size - 1)
    known = codes[at] == units
    return np.where(known[:, None], source.X[first[at]][:, kept], 0.0)


def unit_means(rows: OutcomeRows, units: Ints) -> Floats:
    """Weighted mean of each unit; nan where it was not measured."""
    at = np.searchsorted(units, rows.unit)
    known = (at < units.size) & (units[np.minimum(at, units.size - 1)] == rows.unit)
    total = np.bincount(at[known], weights=(rows.weight * rows.value)[known], minlength=units.size)
    weight = np.bincount(at[known], weights=rows.weight[known], minlength=units.size)
    return np.divide(total, weight, out=np.full(units.size, np.nan), where=weight > 0)


def _design(X: Floats, weight: Floats) -> Floats:
    kept, _ = independent(X, tuple(str(i) for i in range(X.shape[1])), weight)
    return np.column_stack([np.ones(weight.size), kept])


def _difference_in_change(twice: Twice, method: str) -> Effect:
    rows = twice.rows
    everyone = np.ones(rows.value.size, bool)
    require_sides(rows, everyone, rows.treated, "arm")
    changed = replace(rows, value=rows.value - twice.then, binary=False)
    found = difference(changed, everyone, _design(rows.X, rows.weight), rows.treated, "intention_to_treat")
    return _as_level(found, rows, method)


def _adjusted(twice: Twice) -> Effect:
    rows = twice.rows
    everyone = np.ones(rows.value.size, bool)
    X = np.column_stack([rows.X, twice.then])
    found = difference(rows, everyone, _design(X, rows.weight), rows.treated, "intention_to_treat")
    return _as_level(found, rows, "adjusted for the value before")


def _as_level(effect: Effect, rows: OutcomeRows, method: str) -> Effect:
    """Mean, spread and cases of the outcome itself, which the change would not tell."""
    everyone = np.ones(rows.value.size, bool)
    control = ~rows.treated
    mean, _ = moments(rows.value[control], rows.weight[control])
    spread = spread_a_year(rows, control)
    counts = counts_of(rows, everyone, rows.treated)
    return replace(
        effect,
        method=f"{effect.method}, {method}",
        control_mean=mean,
        control_sd=spread,
        n_events=counts.events,
        n_non_events=counts.non_events,
    )
