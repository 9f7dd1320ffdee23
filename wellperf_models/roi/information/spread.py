"""What a person's outcome varies by over a year, and how much of it people of a cluster share.

In a roll-out a unit has a row for each month or quarter. A trial of a year sees 1 / q of them, q being the
length of a row in years, so that what a row varies by within a unit counts with q of its variance:

    σ² = σ²_between + q σ²_within          (exits: p (1 − p), p being the share who leave in a year).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.roi.information.results import Spread
from wellperf_models.roi.rows import Effect, OutcomeRows, Timeline

# where these data can't tell what clusters share
USUAL_ICC: Final = 0.05
_MOST_ICC: Final = 0.95
_DAYS: Final = 365.25


def spread_of(rows: OutcomeRows, effect: Effect, icc: float | None) -> Spread:
    """What a person's outcome varies by in these data, over a year.

    Residuals of the weighted regression on arm and covariates, a mean for each unit; of a roll-out, see
    above. Unequal weights make the spread that of as many equally weighted people (Kish). The share between
    clusters is that of a one-way analysis of variance, at least 0.

    Args:
        rows: The outcome.
        effect: Its control arm's spread stands in where residuals do not vary.
        icc: As declared; None: as these data say, or the usual value where they hold no clusters.

    Raises:
        DesignError: It does not vary at all.
    """
    variance, shared = _followed_once(rows) if rows.timeline is None else _over_a_year(rows, rows.timeline)
    sd = math.sqrt(variance) if variance > 0 else effect.control_sd
    if not sd > 0:
        raise DesignError(
            "An outcome with a value does not vary, so what a trial would tell of it is not known.",
            where=f"[roi.outcomes.{rows.name}]",
        )
    found = shared if icc is None else icc
    return Spread(
        sd=sd,
        icc=USUAL_ICC if found is None else found,
        told=found is not None,
    )


def _followed_once(rows: OutcomeRows) -> tuple[float, float | None]:
    """Variance between units, and its share between clusters."""
    design = np.column_stack([np.ones(rows.value.size), rows.treated, rows.X])
    root = np.sqrt(rows.weight)
    slopes = np.linalg.lstsq(design * root[:, None], rows.value * root, rcond=None)[0]
    left = rows.value - design @ slopes
    units, first, place = np.unique(rows.unit, return_index=True, return_inverse=True)
    weight = np.bincount(place, weights=rows.weight)
    mean = np.bincount(place, weights=rows.weight * left) / weight
    free = max(units.size - design.shape[1], 1)
    variance = float(np.average(mean**2, weights=weight)) * units.size / free * _kish(weight)
    parts = _components(mean, np.ones(units.size), rows.cluster[first])
    return variance, None if parts is None else _share(parts[0], sum(parts))


def _over_a_year(rows: OutcomeRows, timeline: Timeline) -> tuple[float, float | None]:
    """The same of a roll-out: what units vary by in a year, time and the programme taken out."""
    _, cell = np.unique(2 * timeline.time + rows.treated, return_inverse=True)
    cells = np.bincount(cell, weights=rows.weight)
    left = rows.value - (np.bincount(cell, weights=rows.weight * rows.value) / cells)[cell]
    if rows.declared.measured_in == "exits":
        # who leaves has no more rows, so that a unit's mean says how long it stayed: rows are compared
        rate = float(np.average(rows.value, weights=rows.weight))
        variance = -math.expm1(-rate) * math.exp(-rate)
        clusters = _components(left, rows.weight, rows.cluster)
    else:
        _, first, place = np.unique(rows.unit, return_index=True, return_inverse=True)
        weight = np.bincount(place, weights=rows.weight)
        mean = np.bincount(place, weights=rows.weight * left) / weight
        between, within = _components(left, rows.weight, place) or (_unit_variance(mean, weight), 0.0)
        between = max(between, 0.0)
        per_year = float(rows.weight.mean()) / _row_years(timeline)
        variance = (between + within / per_year) * _kish(weight / np.bincount(place))
        # each unit's mean counts as surely as it is known
        known = 1 / np.maximum(between + within / weight, 1e-300)
        clusters = _components(mean, known, rows.cluster[first])
    return variance, None if clusters is None else _share(clusters[0], variance)


def _unit_variance(mean: Floats, weight: Floats) -> float:
    """Of units that have a row each."""
    return float(np.average(mean**2, weights=weight)) * mean.size / max(mean.size - 1, 1)


def _row_years(timeline: Timeline) -> float:
    """Years from one row of a unit to its next, at most 1."""
    days = [day.toordinal() for day in timeline.first_days]
    return min(float(np.median(np.diff(days))) / _DAYS, 1.0)


def _kish(weight: Floats) -> float:
    """How many times as many people are needed as if all weighed the same."""
    return weight.size * float(np.sum(weight**2)) / float(weight.sum()) ** 2


def _components(values: Floats, weight: Floats, group: Ints) -> tuple[float, float] | None:
    """Variance between groups, and within them of a value of weight 1; None where groups hold one each.

    One-way analysis of variance with weights; the first may be below 0.
    """
    codes, place = np.unique(group, return_inverse=True)
    k, n = codes.size, values.size
    if k < 2 or n - k < k:
        return None
    size = np.bincount(place, weights=weight)
    means = np.bincount(place, weights=weight * values) / size
    within = float(np.sum(weight * (values - means[place]) ** 2)) / (n - k)
    apart = float(np.sum(size * (means - np.average(values, weights=weight)) ** 2))
    whole = float(size.sum())
    return (apart - (k - 1) * within) / (whole - float(np.sum(size**2)) / whole), within


def _share(between: float, total: float) -> float | None:
    return float(np.clip(between / total, 0.0, _MOST_ICC)) if total > 0 else None
