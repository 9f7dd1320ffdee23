"""Risk sets under delayed entry: at risk at t means entry < t ≤ exit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import WellperfError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class RiskSets:
    """Counts at each distinct event time.

    Attributes:
        times: Distinct times with an event of any cause, shape (m,), increasing.
        at_risk: People with entry < t ≤ exit, shape (m,).
        events: Events by cause, shape (m, K).
    """

    times: Floats
    at_risk: Ints
    events: Ints


def count_risk_sets(entry: Floats, duration: Floats, event: Ints, n_causes: int) -> RiskSets:
    """Counts people at risk and events at each distinct event time.

    Args:
        entry: Time a person comes under observation, shape (n,); 0 without delayed entry.
        duration: Time of exit or censoring, shape (n,); a person censored at t is at risk at t.
        event: 0 censored, 1..K cause, shape (n,).
        n_causes: K.

    Raises:
        WellperfError: Shapes differ, an exit is not after its entry, or a cause is out of range.
    """
    entry, duration = np.asarray(entry, float), np.asarray(duration, float)
    event = np.asarray(event, np.int64)
    if not entry.shape == duration.shape == event.shape or entry.ndim != 1:
        raise WellperfError("Spells have one entry, one duration and one event each.", where="risk sets")
    if not np.all(duration > entry):
        raise WellperfError("Every spell ends after it enters observation.", where="risk sets")
    if event.size and (event.min() < 0 or event.max() > n_causes):
        raise WellperfError("A cause is out of range.", where="risk sets", expected=f"0 to {n_causes}")
    times = np.unique(duration[event > 0])
    left_before = np.searchsorted(np.sort(duration), times, side="left")
    entered = np.searchsorted(np.sort(entry), times, side="left")
    counts = np.zeros((times.size, n_causes), np.int64)
    happened = event > 0
    np.add.at(counts, (np.searchsorted(times, duration[happened]), event[happened] - 1), 1)
    return RiskSets(times=times, at_risk=(entered - left_before).astype(np.int64), events=counts)


def count_at_risk(entry: Floats, duration: Floats) -> tuple[Floats, Ints]:
    """People at risk on every interval between two entries or exits, events or not.

    Args:
        entry, duration: Spells, shape (n,).

    Returns:
        (edges, n): n[i] people are at risk on (edges[i], edges[i + 1]]; both of shape (m,), the last n is 0.
    """
    edges = np.unique(np.concatenate((entry, duration)))
    entered = np.searchsorted(np.sort(entry), edges, side="right")
    gone = np.searchsorted(np.sort(duration), edges, side="right")
    return edges, (entered - gone).astype(np.int64)


def smallest_risk_set(entry: Floats, duration: Floats, start: float, end: float) -> int:
    """Fewest people at risk at any time in (start, end]; where that is empty, at `end`.

    Args:
        entry, duration: Spells, shape (n,).
        start, end: Months.
    """
    edges, n = count_at_risk(entry, duration)
    # at `end` itself, also before the first entry and after the last exit
    found = [int(np.sum((entry < end) & (duration >= end)))]
    if start < end:
        found += n[:-1][(edges[:-1] < end) & (edges[1:] > start)].tolist()
        found += [0] if start < edges[0] else []
    return min(found)


def identifiable_range(entry: Floats, duration: Floats, minimum: int) -> tuple[float, float]:
    """The stretch around the largest risk set in which at least `minimum` people are at risk throughout.

    Throughout, not only at events: a tenure that one person was seen at tells nothing about staying,
    also where that person stayed.

    Args:
        entry, duration: Spells, shape (n,).
        minimum: Smallest risk set that counts, at least 1.

    Returns:
        (start, end): estimates hold for start < t ≤ end, conditional on reaching start. (0, 0) where no
        risk set is large enough.
    """
    if not entry.size:
        return 0.0, 0.0
    edges, n = count_at_risk(entry, duration)
    peak = int(np.argmax(n))
    if n[peak] < minimum:
        return 0.0, 0.0
    few = np.flatnonzero(n[:peak] < minimum)
    start = edges[few[-1] + 1] if few.size else edges[0]
    # nobody is at risk after the last edge, so there is one
    after = np.flatnonzero(n[peak:] < minimum)
    return float(start), float(edges[peak + after[0]])


def condition_on(
    entry: Floats, duration: Floats, event: Ints, start: float
) -> tuple[Floats, Floats, Ints, NDArray[np.bool_]]:
    """Spells of those who reach `start`: entry moved up to it; also returns who they are, shape (n,)."""
    kept = duration > start
    return np.maximum(entry[kept], start), duration[kept], event[kept], kept
