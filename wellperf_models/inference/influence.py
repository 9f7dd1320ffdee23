"""Errors of survival curves that respect clusters: the infinitesimal jackknife (Jaeckel 1972; R's `survfit`).

What a curve would change by if a spell weighed a little more is that spell's influence; the influences of a
cluster add up, and the variance is the sum of the squares of clusters' sums (times G / (G − 1), as for Cox).

Influences change with time, so that a matrix of clusters × event times would be needed. It is not: between
two entries or exits of a cluster its influence is linear in one or two curves everyone shares, so the sum of
squares is a quadratic form in them whose coefficients are running sums: O(n log n) for n spells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.inference.risk_sets import Floats, Ints, RiskSets


@dataclass(frozen=True)
class _Places:
    """Spells among the m event times; curves of shape (m + 1,) hold what is so after that many of them.

    `enters` and `leaves` count the event times up to entry and exit, shape (n,). `log_slope` is
    L = Σ d / (n (n − d)); S(t) changes by −S(t) A(t) with a spell's weight, where A is −(L(t) − L(entry))
    while it is at risk and `settled` afterwards.
    """

    enters: Ints
    leaves: Ints
    log_slope: Floats
    settled: Floats


def count_clusters(cluster: Ints) -> int:
    """Distinct codes."""
    return int(np.unique(cluster).size)


def survival_errors(
    counts: RiskSets, survival: Floats, entry: Floats, duration: Floats, event: Ints, cluster: Ints
) -> Floats:
    """Clustered standard error of Kaplan–Meier at each event time, shape (m,).

    Args:
        counts: Risk sets; events of all causes together.
        survival: S at each event time, shape (m,).
        entry, duration, event: Spells, shape (n,); an event above 0 is an exit.
        cluster: Code of the independent unit, shape (n,); at least two of them.
    """
    place = _place(counts, entry, duration, event > 0)
    start = place.log_slope[place.enters]
    begins = np.column_stack((start, -np.ones(start.size)))
    ends = np.column_stack((place.settled - start, np.ones(start.size)))
    squares = _summed_squares(cluster, place, begins, ends)
    ours = np.column_stack((np.ones(counts.times.size), place.log_slope[1:]))
    return survival * _root(squares, ours, cluster)


def incidence_errors(
    counts: RiskSets,
    before: Floats,
    entry: Floats,
    duration: Floats,
    event: Ints,
    cluster: Ints,
    cause: int,
) -> Floats:
    """Clustered standard error of the Aalen–Johansen incidence of one cause at each event time, shape (m,).

    Args:
        counts: Risk sets.
        before: S just before each event time, shape (m,).
        entry, duration, event, cluster: As in `survival_errors`.
        cause: From 1.
    """
    place = _place(counts, entry, duration, event > 0)
    n = counts.at_risk.astype(float)
    steps = before * counts.events[:, cause - 1] / n
    incidence = _from_zero(steps)
    drift = _from_zero(steps * (place.log_slope[:-1] - 1 / n))
    first, last = place.enters, place.leaves
    slope, f0, f1 = place.log_slope[first], incidence[first], incidence[last]
    own = np.zeros(first.size)
    chosen = event == cause
    own[chosen] = (before / n)[last[chosen] - 1]
    at_exit = drift[last] - drift[first] - slope * (f1 - f0) + own
    one = np.ones(first.size)
    begins = np.column_stack((slope * f0 - drift[first], -slope, one))
    after = np.column_stack((at_exit + place.settled * f1, -place.settled, 0 * one))
    squares = _summed_squares(cluster, place, begins, after - begins)
    ours = np.column_stack((np.ones(n.size), incidence[1:], drift[1:]))
    return _root(squares, ours, cluster)


def restricted_mean_error(
    counts: RiskSets,
    survival: Floats,
    entry: Floats,
    duration: Floats,
    event: Ints,
    cluster: Ints,
    *,
    start: float,
    end: float,
) -> float:
    """Clustered standard error of the area under Kaplan–Meier between `start` and `end`.

    Args:
        counts, survival, entry, duration, event, cluster: As in `survival_errors`; entries from `start` on.
        start, end: In the unit of time.
    """
    place = _place(counts, entry, duration, event > 0)
    height = np.concatenate(([1.0], survival))

    def areas(times: Floats) -> tuple[Floats, Floats]:
        """∫ S and ∫ S L from `start` to each time."""
        edges = np.clip(np.concatenate(([start], counts.times, [end])), start, end)
        widths = np.diff(edges)
        sums = [_from_zero(widths * values) for values in (height, height * place.log_slope)]
        at = np.clip(times, start, end)
        index = np.searchsorted(counts.times, at, side="right")
        rest = at - edges[index]
        whole, sloped = (total[index] for total in sums)
        return whole + rest * height[index], sloped + rest * (height * place.log_slope)[index]

    (v0, w0), (v1, w1), (v2, _) = areas(entry), areas(duration), areas(np.array([end]))
    influence = w1 - w0 - place.log_slope[place.enters] * (v1 - v0) - place.settled * (v2 - v1)
    _, code = np.unique(cluster, return_inverse=True)
    return float(np.sqrt(_enlarge(cluster) * np.sum(np.bincount(code, weights=influence) ** 2)))


def _place(counts: RiskSets, entry: Floats, duration: Floats, left: np.ndarray) -> _Places:
    n, d = counts.at_risk.astype(float), counts.events.sum(axis=1).astype(float)
    # where the last ones leave, S is 0 from then on and no weight changes it
    open_ = n > d
    jump = np.divide(1.0, n - d, out=np.zeros_like(n), where=open_)
    slope = _from_zero(d * jump / n)
    first = np.searchsorted(counts.times, entry, side="right")
    last = np.searchsorted(counts.times, duration, side="right")
    own = np.zeros(first.size)
    own[left] = jump[last[left] - 1]
    return _Places(enters=first, leaves=last, log_slope=slope, settled=own - (slope[last] - slope[first]))


def _from_zero(steps: Floats) -> Floats:
    return np.concatenate(([0.0], np.cumsum(steps)))


def _summed_squares(cluster: Ints, place: _Places, begins: Floats, ends: Floats) -> Floats:
    """Σ over clusters of c cᵀ after each event time, shape (m + 1, q, q).

    Args:
        cluster: Codes, shape (n,).
        place: Where spells enter and leave.
        begins, ends: What a spell adds to the coefficients c of its cluster there, shape (n, q).
    """
    who = np.concatenate((cluster, cluster))
    when = np.concatenate((place.enters, place.leaves))
    order = np.lexsort((when, who))
    who, when = who[order], when[order]
    state = np.cumsum(np.concatenate((begins, ends))[order], axis=0)
    starts = np.concatenate(([True], who[1:] != who[:-1]))
    offset = np.where(starts[:, None], np.concatenate((np.zeros((1, state.shape[1])), state[:-1])), 0.0)
    first = np.flatnonzero(starts)
    state = state - offset[first][np.cumsum(starts) - 1]
    # several changes of a cluster at one place are one
    kept = np.concatenate(((who[1:] != who[:-1]) | (when[1:] != when[:-1]), [True]))
    who, when, state = who[kept], when[kept], state[kept]
    same = np.concatenate(([False], who[1:] == who[:-1]))
    old = np.where(same[:, None], np.concatenate((np.zeros((1, state.shape[1])), state[:-1])), 0.0)
    size, q = place.log_slope.size, state.shape[1]
    total = np.empty((size, q, q))
    for i in range(q):
        for j in range(q):
            change = state[:, i] * state[:, j] - old[:, i] * old[:, j]
            total[:, i, j] = np.cumsum(np.bincount(when, weights=change, minlength=size))
    return total


def _root(squares: Floats, basis: Floats, cluster: Ints) -> Floats:
    variance = np.einsum("mi,mij,mj->m", basis, squares[1:], basis) * _enlarge(cluster)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def _enlarge(cluster: Ints) -> float:
    number = count_clusters(cluster)
    return number / (number - 1)
