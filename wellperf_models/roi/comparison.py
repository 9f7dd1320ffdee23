"""A difference between two sides of an outcome, with the error that its design asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.least_squares import fit_wls
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.roi.background import independent
from wellperf_models.roi.rows import Effect, EffectKind, OutcomeRows

# below it HC1 and clustered errors are too small: CR2 and the lots themselves
MIN_CLUSTERS = 40
# covariates that explain so much of an outcome are a copy of it (correlation)
SAME = 0.98
_ROWS_PER_COLUMN = 10


def difference(
    rows: OutcomeRows, chosen: NDArray[np.bool_], X: Floats, side: NDArray[np.bool_], kind: EffectKind
) -> Effect:
    """Weighted least squares on which side a row is on.

    Args:
        rows: One outcome, n rows.
        chosen: Rows compared, shape (n,); m of them.
        X: Constant and covariates of those, shape (m, p).
        side: Those whose difference from the others is asked for, shape (m,).
        kind: What the difference is.

    Raises:
        DesignError: It rests on a single cluster, or the outcome does not vary inside the sides.
    """
    y, w, cluster = rows.value[chosen], rows.weight[chosen], cluster_of(rows, chosen)
    design = np.column_stack([X, side])
    _refuse_outcome(rows.name, y, X, w)
    fit = fit_wls(y, design, w, cluster)
    if cluster is None and few_units(side, w):
        # each unit its own cluster: HC1 is too small where a side is, or where a few rows carry the weight
        cluster = rows.cluster[chosen]
        fit = fit_wls(y, design, w, cluster)
    error = float(fit.std_error[-1])
    if not math.isfinite(error):
        raise DesignError(
            "A comparison rests on a single cluster, so nothing says how far chance reaches.",
            where=f"outcome {rows.name}",
            expected="at least two clusters on each side",
        )
    if error <= 1e-12 * float(np.ptp(y)):
        raise DesignError(
            "The outcome does not vary inside the arms, so nothing says how far chance reaches.",
            where=f"outcome {rows.name}",
        )
    low, high = fit.interval(-1)
    counts = counts_of(rows, chosen, side)
    mean, _ = moments(y[~side], w[~side])
    other = chosen.copy()
    other[chosen] = ~side
    return Effect(
        outcome=rows.name,
        kind=kind,
        value=float(fit.beta[-1]),
        std_error=error,
        low=low,
        high=high,
        df=float(fit.df[-1]),
        p_value=float(fit.p_values[-1]),
        method=fit.method,
        control_mean=mean,
        control_sd=spread_a_year(rows, other),
        n_rows=y.size,
        n_people=counts.people,
        smallest_side=counts.smallest_side,
        n_events=counts.events,
        n_non_events=counts.non_events,
        n_clusters=None if cluster is None else fit.codes.size,
        n_parameters=X.shape[1] + 1,
        influence=by_cluster(rows, chosen, cluster, fit.codes, fit.influence[:, -1]),
        members=rows.members(chosen),
    )


def _refuse_outcome(name: str, y: Floats, X: Floats, w: Floats) -> None:
    """Refuses covariates that are the outcome: nothing would be left to compare."""
    if X.shape[1] < 2 or y.size < _ROWS_PER_COLUMN * X.shape[1]:
        return
    root = np.sqrt(w)
    centred = root * (y - np.average(y, weights=w))
    fitted = root[:, None] * X
    left = centred - fitted @ np.linalg.lstsq(fitted, centred, rcond=None)[0]
    if float(left @ left) <= (1 - SAME**2) * float(centred @ centred):
        raise DesignError(
            "An outcome is among what it is adjusted for.",
            where=f"[roi.outcomes.{name}] adjust_for",
            expected="covariates that were measured before the programme, and are something else",
            remedy="leave out what repeats the outcome",
        )


def few_units(side: NDArray[np.bool_], weight: Floats) -> bool:
    """Whether a side holds fewer independent rows than HC1 needs, as its weights count (Kish 1965)."""
    sizes = [float(w.sum() ** 2 / (w**2).sum()) for w in (weight[side], weight[~side])]
    return min(sizes) < MIN_CLUSTERS


def cluster_of(rows: OutcomeRows, chosen: NDArray[np.bool_]) -> Ints | None:
    """What errors are clustered by; None where many rows were assigned one by one."""
    codes = rows.cluster[chosen]
    number = np.unique(codes).size
    return codes if number < codes.size or number < MIN_CLUSTERS else None


def design_of(rows: OutcomeRows, chosen: NDArray[np.bool_]) -> Floats:
    """Constant and covariates of some rows."""
    X, _ = independent(rows.X[chosen], rows.covariates, rows.weight[chosen])
    return np.column_stack([np.ones(int(chosen.sum())), X])


def moments(values: Floats, weight: Floats) -> tuple[float, float]:
    """Weighted mean and standard deviation."""
    mean = float(np.average(values, weights=weight))
    return mean, math.sqrt(float(np.average((values - mean) ** 2, weights=weight)))


def spread_a_year(rows: OutcomeRows, chosen: NDArray[np.bool_]) -> float:
    """Standard deviation between units over a year, of rows that may hold a month or a quarter each.

    What differs between units stays as it is; what differs within a unit from row to row evens out over the
    rows of a year. Without repeated rows all of it is taken to even out.
    """
    value, weight = rows.value[chosen], rows.weight[chosen]
    whole = moments(value, weight)[1]
    if not rows.per_year:
        return whole
    _, place = np.unique(rows.unit[chosen], return_inverse=True)
    n_units = int(place.max()) + 1
    if n_units == value.size:
        return whole * math.sqrt(rows.row_years)
    own = np.bincount(place, weight * value) / np.bincount(place, weight)
    left = float(np.average((value - own[place]) ** 2, weights=weight))
    within = min(whole**2, left * value.size / (value.size - n_units))
    return math.sqrt(whole**2 - within + within * rows.row_years)


def require_sides(rows: OutcomeRows, chosen: NDArray[np.bool_], side: NDArray[np.bool_], what: str) -> None:
    """Two of what was assigned on each side, or there is nothing to say how far chance reaches."""
    for own in (side, ~side):
        number = int(np.unique(rows.cluster[chosen][own]).size)
        if number < 2:
            raise DesignError(
                f"An outcome was measured on fewer than two independent units of an {what}."
                if what == "arm"
                else "Fewer than two independent units took part, or fewer than two did not.",
                where=f"outcome {rows.name}",
                expected="at least two on each side",
                got=str(number),
            )


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Distinct units: all, on the smallest side, and of a binary outcome with and without it."""

    people: int
    smallest_side: int
    events: int | None
    non_events: int | None


def counts_of(
    rows: OutcomeRows,
    chosen: NDArray[np.bool_],
    side: NDArray[np.bool_],
    took_part: NDArray[np.bool_] | None = None,
) -> Counts:
    """Counts of the side that has fewest; `took_part` splits the sides once more."""
    unit, value = rows.unit[chosen], rows.value[chosen]

    def count(kept: NDArray[np.bool_]) -> int:
        return int(np.unique(unit[kept]).size)

    sides = [count(side), count(~side)]
    if took_part is not None:
        # a handful of participants, or of people who stayed away, would follow from the two effects
        sides += [n for n in (count(side & took_part), count(side & ~took_part)) if n]
    return Counts(
        people=count(np.ones(unit.size, bool)),
        smallest_side=min(sides),
        events=min(count(own & (value > 0)) for own in (side, ~side)) if rows.counts_cases else None,
        non_events=min(count(own & (value == 0)) for own in (side, ~side)) if rows.counts_cases else None,
    )


def by_cluster(
    rows: OutcomeRows, chosen: NDArray[np.bool_], cluster: Ints | None, codes: Ints, influence: Floats
) -> tuple[Ints, Floats]:
    """Cluster codes, increasing, with their influence; rows assigned one by one are their own cluster."""
    if cluster is None:
        codes = rows.cluster[chosen]
    order = np.argsort(codes)
    return codes[order], influence[order]
