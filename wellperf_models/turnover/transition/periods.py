"""What happened in a stretch of the calendar: completions and time at risk, by tenure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.turnover.rows import Spells

# calendar months are sums of 31sts: equal ones may differ in the last digits
_CLOSE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Period:
    """Spells in a period of the calendar.

    Attributes:
        start, end: First day, and the day after the last one, on the calendar of `Spells.start`.
        entry, exit: Tenure between which each spell was at risk in it, shape (n,); equal where it was not.
        completed: Whether the spell ended in it the way that is the aim, shape (n,).
        people, completers: Codes of those at risk in it, and of those who completed.
    """

    start: float
    end: float
    entry: Floats
    exit: Floats
    completed: NDArray[np.bool_]
    people: Ints
    completers: Ints

    @property
    def months(self) -> float:
        """Person-months at risk."""
        return float((self.exit - self.entry).sum())

    @property
    def n_events(self) -> int:
        """Completions."""
        return int(self.completed.sum())

    @property
    def words(self) -> str:
        """Its first and its last month: "2023-01 to 2023-12"."""
        first, last = int(self.start + _CLOSE), int(self.end - _CLOSE)
        return f"{first // 12}-{first % 12 + 1:02} to {last // 12}-{last % 12 + 1:02}"

    def __repr__(self) -> str:
        return f"Period({self.words})"


@dataclass(frozen=True)
class Tally:
    """Completions and months at risk by band of tenure, shape (s,)."""

    events: Floats
    months: Floats

    def whole(self) -> Tally:
        """All tenures as one band."""
        return Tally(np.array([self.events.sum()]), np.array([self.months.sum()]))


def cut_period(spells: Spells, began: Floats, code: int, start: float, end: float) -> Period:
    """The part of each spell that lies in a period.

    Args:
        spells: All of them.
        began: `spells.start`.
        code: Of the exit that is the aim.
        start, end: Of the period.
    """
    entry = np.maximum(spells.entry, start - began)
    exit_ = np.minimum(spells.duration, end - began)
    inside = exit_ > entry + _CLOSE
    # who was at risk in the period and is gone by its end went in it
    completed = inside & (spells.event == code) & (began + spells.duration <= end + _CLOSE)
    return Period(
        start=start,
        end=end,
        entry=np.where(inside, entry, 0.0),
        exit=np.where(inside, exit_, 0.0),
        completed=completed,
        people=np.unique(spells.person[inside]),
        completers=np.unique(spells.person[completed]),
    )


def tally(spells: Spells, period: Period, edges: Floats, chosen: NDArray[np.bool_] | None = None) -> Tally:
    """Completions and months at risk in a period by band (edge, next edge] of tenure.

    Args:
        spells: All of them.
        period: The part of each in the period.
        edges: Increasing, shape (s + 1,).
        chosen: Spells that count, shape (n,); None: all.
    """
    own = slice(None) if chosen is None else chosen
    entry, exit_ = period.entry[own], period.exit[own]
    months = np.array(
        [
            np.maximum(np.minimum(exit_, high) - np.maximum(entry, low), 0.0).sum()
            for low, high in itertools.pairwise(edges)
        ]
    )
    band = np.searchsorted(edges, spells.duration[own][period.completed[own]], side="left") - 1
    return Tally(np.bincount(band, minlength=edges.size - 1).astype(float), months)
