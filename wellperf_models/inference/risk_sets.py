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


def identifiable_range(
    entry: Floats, duration: Floats, risk_sets: RiskSets, minimum: int
) -> tuple[float, float]:
    """The stretch around the largest risk set in which at least `minimum` people are at risk at every event.

    Args:
        entry, duration: Spells, shape (n,).
        risk_sets: Theirs.
        minimum: Smallest risk set that counts.

    Returns:
        (start, end): estimates hold for start < t ≤ end, conditional on reaching start. (0, 0) where no
        risk set is large enough.
    """
    enough = risk_sets.at_risk >= minimum
    if not enough.any():
        return 0.0, 0.0
    peak = int(np.argmax(risk_sets.at_risk))
    too_few_before = np.flatnonzero(~enough[:peak])
    too_few_after = np.flatnonzero(~enough[peak:])
    start = float(risk_sets.times[too_few_before[-1]]) if too_few_before.size else float(entry.min())
    if too_few_after.size:
        return start, float(risk_sets.times[peak + too_few_after[0] - 1])
    # after the last event the curve is flat: it holds while enough people remain
    longest = np.sort(duration)[::-1]
    return start, float(max(longest[min(minimum, longest.size) - 1], risk_sets.times[-1]))


def condition_on(
    entry: Floats, duration: Floats, event: Ints, start: float
) -> tuple[Floats, Floats, Ints, NDArray[np.bool_]]:
    """Spells of those who reach `start`: entry moved up to it; also returns who they are, shape (n,)."""
    kept = duration > start
    return np.maximum(entry[kept], start), duration[kept], event[kept], kept
