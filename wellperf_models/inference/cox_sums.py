"""What Cox regression needs of its rows: sums over those at risk at each event time.

Everything is sums over the rows at risk at each event time, taken as running sums from the last event time
back, so a Newton step costs O(n p²) whatever the number of event times. Backwards, because risk sets shrink:
a sum carried forward past someone with a huge exp(x β) who left early keeps that one's rounding error only.
Late entry still subtracts; a fit in which that cost the digits is an error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

# share of a running sum below which what is left of it after a subtraction is rounding error
_LOST = 1e-10
_SMALLEST = 1e-290


@dataclass(frozen=True)
class Layout:
    """Where each row stands among the event times; `lo` ≤ k < `hi` are those it is at risk at.

    `code` and `time_code` say which stratum a row or an event time is of; its event times are those of
    `segments`, from `offset` on. Sums never run across strata: they would mix their rounding errors.
    """

    lo: Ints
    hi: Ints
    rows: NDArray[np.bool_]
    code: Ints
    slot_row: Ints
    slot_time: Ints
    fraction: Floats
    times: Floats
    stratum: Ints
    time_code: Ints
    offset: Ints
    segments: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Step:
    """Partial log-likelihood at a beta, its derivatives, and the sums they are made of.

    `risk` is exp(x β) of each row relative to the largest of its stratum; `means` and `phi` are Efron's
    weighted mean and sum at each event, `s0` the sum of exp(x β) at each event time.
    """

    log_likelihood: float
    score: Floats
    information: Floats
    risk: Floats
    means: Floats
    phi: Floats
    s0: Floats


def lay_out(entry: Floats, exit: Floats, event: NDArray[np.bool_], strata: Ints) -> Layout:
    """Places rows (entry, exit] of shape (n,) among the event times of their strata.

    Raises:
        DesignError: No events.
    """
    if not event.any():
        raise DesignError("There are no events to model.", where="inference.cox", expected="at least one")
    lo, hi = np.empty(entry.size, np.int64), np.empty(entry.size, np.int64)
    values, code = np.unique(strata, return_inverse=True)
    times: list[Floats] = []
    owners: list[Ints] = []
    offset = 0
    for value in values:
        chosen = strata == value
        own = np.unique(exit[chosen & event])
        lo[chosen] = offset + np.searchsorted(own, entry[chosen], side="right")
        hi[chosen] = offset + np.searchsorted(own, exit[chosen], side="right")
        times.append(own)
        owners.append(np.full(own.size, value, np.int64))
        offset += own.size
    slot_row = np.flatnonzero(event)
    slot_row = slot_row[np.argsort(hi[slot_row], kind="stable")]
    slot_time = hi[slot_row] - 1
    deaths = np.bincount(slot_time, minlength=offset)
    first = np.cumsum(deaths) - deaths
    rank = np.arange(slot_row.size) - first[slot_time]
    stratum = np.concatenate(owners)
    ends = np.cumsum([own.size for own in times])
    starts = ends - [own.size for own in times]
    return Layout(
        lo=lo,
        hi=hi,
        rows=hi > lo,
        code=code,
        slot_row=slot_row,
        slot_time=slot_time,
        fraction=rank / deaths[slot_time],
        times=np.concatenate(times),
        stratum=stratum,
        time_code=np.searchsorted(values, stratum),
        offset=starts,
        segments=tuple(zip(starts.tolist(), ends.tolist(), strict=True)),
    )


def stratum_means(layout: Layout, X: Floats) -> Floats:
    """Mean of each column in each stratum, shape (S, p): only differences within a stratum matter."""
    number = np.bincount(layout.code)
    return np.column_stack([np.bincount(layout.code, weights=X[:, j]) / number for j in range(X.shape[1])])


def _at_risk(layout: Layout, values: Floats) -> tuple[Floats, Floats]:
    """Sums of `values` (n, q) over the rows at risk at each event time, and what late entry is taken from.

    Returns:
        Two of shape (m, q): the sums, and the sums over those who leave at this event time or later, whether
        they entered before it or not.
    """
    present = values[layout.rows]
    last, first = layout.hi[layout.rows] - 1, layout.lo[layout.rows]
    late = first > layout.offset[layout.code[layout.rows]]
    to_come = _summed_at(layout, last, present)
    not_yet = _summed_at(layout, first[late] - 1, present[late])
    for start, stop in layout.segments:
        to_come[start:stop] = np.cumsum(to_come[start:stop][::-1], axis=0)[::-1]
        not_yet[start:stop] = np.cumsum(not_yet[start:stop][::-1], axis=0)[::-1]
    return to_come - not_yet, to_come


def _summed_at(layout: Layout, place: Ints, values: Floats) -> Floats:
    size = layout.times.size
    return np.column_stack(
        [np.bincount(place, weights=values[:, j], minlength=size) for j in range(values.shape[1])]
    )


def evaluate(layout: Layout, X: Floats, beta: Floats) -> Step:
    """Efron's partial likelihood at beta; −∞ where late entry left rounding error only."""
    eta = X @ beta
    peak = np.full(int(layout.code.max()) + 1, -np.inf)
    np.maximum.at(peak, layout.code[layout.rows], eta[layout.rows])
    shifted = np.where(layout.rows, eta - peak[layout.code], -np.inf)
    risk = np.exp(shifted)
    weighted = risk[:, None] * X
    k, size = layout.slot_time, layout.times.size
    sums, to_come = _at_risk(layout, np.column_stack((risk, weighted)))
    s0, s1 = sums[:, 0], sums[:, 1:]
    tied0 = np.bincount(k, weights=risk[layout.slot_row], minlength=size)
    tied1 = _summed_at(layout, k, weighted[layout.slot_row])
    phi = s0[k] - layout.fraction * tied0[k]
    # what is left of a sum after late entry is rounding error: no likelihood here, so the move is halved
    least = np.maximum(_LOST * to_come[k, 0], _SMALLEST)
    lost = not bool((phi > least).all())
    phi = np.maximum(phi, least)
    means = (s1[k] - layout.fraction[:, None] * tied1[k]) / phi[:, None]
    # Σ over event times of S2/φ is Σ over rows of risk · x xᵀ · (its cumulative 1/φ)
    row_weight = _cumulated(layout, 1 / phi) * risk
    correction = np.bincount(k, weights=layout.fraction / phi, minlength=size)
    row_weight[layout.slot_row] -= risk[layout.slot_row] * correction[k]
    information = (row_weight[:, None] * X).T @ X - means.T @ means
    return Step(
        log_likelihood=-math.inf if lost else float(shifted[layout.slot_row].sum() - np.log(phi).sum()),
        score=X[layout.slot_row].sum(axis=0) - means.sum(axis=0),
        information=information,
        risk=risk,
        means=means,
        phi=phi,
        s0=s0 * np.exp(peak[layout.time_code]),
    )


def _cumulated(layout: Layout, slot_values: Floats) -> Floats:
    """For each row, the sum of slot values over the event times it is at risk at, shape (n,)."""
    per_time = np.bincount(layout.slot_time, weights=slot_values, minlength=layout.times.size)
    for start, stop in layout.segments:
        per_time[start:stop] = np.cumsum(per_time[start:stop])
    late = layout.rows & (layout.lo > layout.offset[layout.code])
    result = np.where(layout.rows, per_time[layout.hi - 1], 0.0)
    result[late] -= per_time[layout.lo[late] - 1]
    return result


def score_residuals(layout: Layout, X: Floats, step: Step) -> Floats:
    """Each row's contribution to the score, Efron's weights included; shape (n, p); sums to the score."""
    slots, k, size = layout.slot_row, layout.slot_time, layout.times.size
    deaths = np.bincount(k, minlength=size)
    tied = np.bincount(k, weights=layout.fraction / step.phi, minlength=size)
    residuals = -step.risk[:, None] * X * _cumulated(layout, 1 / step.phi)[:, None]
    for j in range(X.shape[1]):
        mean = step.means[:, j]
        residuals[:, j] += step.risk * _cumulated(layout, mean / step.phi)
        average = np.bincount(k, weights=mean, minlength=size) / deaths
        tied_mean = np.bincount(k, weights=layout.fraction * mean / step.phi, minlength=size)
        own = X[slots, j] - average[k] + step.risk[slots] * (X[slots, j] * tied[k] - tied_mean[k])
        residuals[slots, j] += own
    return residuals
