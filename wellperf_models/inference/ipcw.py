"""Inverse probability of censoring weights (Robins & Finkelstein 2000; Graf et al. 1999, Stat. Med. 18:2529).

Whether a person had the event by a horizon is known of those who had it before being censored, and of those
who were watched up to the horizon. They stand for those who were not: weight 1 / P(watched so long), by
Kaplan–Meier of censoring, given entry. Where everybody was watched up to the horizon all weights are 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints


@dataclass(frozen=True, kw_only=True)
class Censoring:
    """Probability of still being watched.

    Attributes:
        times: Distinct censoring times, shape (m,), increasing.
        watched: P(not censored up to and including each of them), shape (m,).
    """

    times: Floats
    watched: Floats

    def before(self, time: Floats, entry: Floats) -> Floats:
        """P(C ≥ time | C > entry), shape (n,)."""
        steps = np.concatenate(([1.0], self.watched))
        upto = steps[np.searchsorted(self.times, time, side="left")]
        at_entry = steps[np.searchsorted(self.times, entry, side="right")]
        return np.divide(upto, at_entry, out=np.zeros_like(upto), where=at_entry > 0)

    def __repr__(self) -> str:
        return f"Censoring({self.times.size} times; not released)"


def fit_censoring(entry: Floats, time: Floats, event: Ints) -> Censoring:
    """Kaplan–Meier of censoring under delayed entry; who has the event at a time can't be censored at it.

    Args:
        entry, time: At risk for entry < t ≤ time, shape (n,).
        event: 0 censored, anything above an event, shape (n,).
    """
    entry, time, happened = np.asarray(entry, float), np.asarray(time, float), np.asarray(event) > 0
    times, censored = np.unique(time[~happened], return_counts=True)
    at_risk = np.searchsorted(np.sort(entry), times, side="left") - np.searchsorted(
        np.sort(time), times, side="left"
    )
    gone = np.sort(time[happened])
    leaving = np.searchsorted(gone, times, side="right") - np.searchsorted(gone, times, side="left")
    return Censoring(times=times, watched=np.cumprod(1 - censored / (at_risk - leaving)))


def weights_at(censoring: Censoring, horizon: float, entry: Floats, time: Floats, event: Ints) -> Floats:
    """Weights at a horizon: 0 for who was censored before it.

    Args:
        censoring: From `fit_censoring`.
        horizon: In the unit of time.
        entry, time, event: Of the people scored, shape (n,).

    Returns:
        Shape (n,). Events by the horizon weigh 1 / P(C ≥ their time), the others 1 / P(C ≥ horizon).

    Raises:
        DesignError: Nobody is watched up to the horizon.
    """
    by_then = (np.asarray(event) > 0) & (time <= horizon)
    known = by_then | (time >= horizon)
    last = np.minimum(time, horizon)
    probability = censoring.before(last, entry)
    if not (time >= horizon).any() or not (probability[known] > 0).all():
        raise DesignError(
            "Nobody was watched up to the horizon, so nothing can be scored at it.",
            where="horizon",
            got=f"{horizon:g}",
            remedy="a shorter horizon",
        )
    return np.where(known, 1 / np.where(known, probability, 1.0), 0.0)
