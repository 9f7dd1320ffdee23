"""Harrell's C with delayed entry: who leaves at t is compared with those at risk at t (entry < t ≤ exit)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.inference.risk_sets import Floats


@dataclass(frozen=True, kw_only=True)
class Concordance:
    """Comparable pairs and how many were ordered rightly.

    Attributes:
        c: (concordant + tied / 2) / pairs; nan where there are no pairs.
        concordant, tied, pairs: Numbers of pairs.
    """

    c: float
    concordant: int
    tied: int
    pairs: int


def concordance(
    entry: Floats,
    exit: Floats,
    event: NDArray[np.bool_],
    risk: Floats,
    stratum: NDArray[np.int64] | None = None,
) -> Concordance:
    """Concordance of a risk score with the order of events.

    A pair is comparable where i has the event at t_i and j has not, with entry_j < t_i ≤ exit_j, in the same
    stratum. Rows may be pieces of a person's spell (time-varying risk): at t_i each person has one piece at
    risk. Two events at the same time are not comparable. Memory is O(n): one event time after the other.

    Args:
        entry, exit, risk: Shape (n,); higher risk should leave earlier.
        event: Shape (n,).
        stratum: Shape (n,), or None.
    """
    totals = np.zeros(3, np.int64)
    strata = np.zeros(entry.size, np.int64) if stratum is None else stratum
    for value in np.unique(strata):
        chosen = strata == value
        totals += _count(entry[chosen], exit[chosen], event[chosen], risk[chosen])
    right, tied, pairs = (int(v) for v in totals)
    return Concordance(
        c=(right + tied / 2) / pairs if pairs else float("nan"), concordant=right, tied=tied, pairs=pairs
    )


def _count(entry: Floats, exit: Floats, event: NDArray[np.bool_], risk: Floats) -> NDArray[np.int64]:
    order = np.argsort(exit, kind="stable")
    entry, exit, event, risk = entry[order], exit[order], event[order], risk[order]
    totals = np.zeros(3, np.int64)
    # in a panel a piece ends soon after it starts: nothing that ends later than this can be at risk
    longest = float((exit - entry).max()) if exit.size else 0.0
    for time in np.unique(exit[event]):
        first = int(np.searchsorted(exit, time, side="left"))
        last = int(np.searchsorted(exit, time + longest, side="right"))
        window = slice(first, last)
        at_risk = entry[window] < time
        leaves = event[window] & (exit[window] == time)
        stays = np.sort(risk[window][at_risk & ~leaves])
        scores = risk[window][leaves]
        below = np.searchsorted(stays, scores, side="left")
        tied = np.searchsorted(stays, scores, side="right") - below
        totals += (int(below.sum()), int(tied.sum()), stays.size * scores.size)
    return totals
