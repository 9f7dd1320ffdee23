"""How often people leave by tenure and cause, and how much the exits of a cluster go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats, Ints

_MOST_BANDS: Final = 12
_EXITS_PER_BAND: Final = 20
# a larger variance would be a cluster in which everybody leaves at once
_MOST_DEPENDENCE: Final = 1.0


@dataclass(frozen=True, kw_only=True, repr=False)
class Months:
    """Spells month by month, from entry to when each is censored if nobody leaves.

    Shape (m,), sorted by spell and month.

    Attributes:
        spell: Index of the spell.
        month: Whole months of tenure; the hazard is constant within.
        start, stop: At risk in between, on the clock of whole months.
        row: The model's row whose covariates hold; -1 where one is unknown.
        first: Of each spell: its first place, and at the end the number of all; shape (n + 1,).
    """

    spell: Ints
    month: Ints
    start: Floats
    stop: Floats
    row: Ints
    first: Ints

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Months({self.spell.size})"

    def until(self, end: Floats) -> Floats:
        """Time at risk in each month if spells end at `end` (shape (n,)); shape (m,)."""
        return np.maximum(np.minimum(self.stop, end[self.spell]) - self.start, 0.0)


def band_months(month: Ints, exits: Ints) -> Ints:
    """Band of tenure of each month: at most 12, each with about 20 exits or more.

    Args:
        month: Whole months of tenure, shape (m,).
        exits: Whole months of tenure of those who left, shape (d,).
    """
    number = max(1, min(_MOST_BANDS, exits.size // _EXITS_PER_BAND))
    edges = np.unique(np.quantile(exits, np.arange(1, number) / number, method="lower"))
    return np.asarray(np.searchsorted(edges, month, side="left"), np.int64)


def rates_by_band(band: Ints, at_risk: Floats, band_of_exit: Ints, event: Ints, n_causes: int) -> Floats:
    """Exits of each cause by time at risk, per band; shape (bands, K).

    Args:
        band, at_risk: Of each month, shape (m,).
        band_of_exit: Of each spell, shape (n,).
        event: Of each spell: 0, 1..K; shape (n,).
        n_causes: K.
    """
    size = int(band.max()) + 1
    time = np.bincount(band, weights=at_risk, minlength=size)
    counts = [
        np.bincount(band_of_exit[event == k], minlength=size).astype(float) for k in range(1, n_causes + 1)
    ]
    exits = np.column_stack(counts)
    return np.divide(exits, time[:, None], out=np.zeros_like(exits), where=time[:, None] > 0)


def dependence_between(cluster: Ints, expected: Floats, observed: Floats) -> float:
    """Variance of a shared frailty of clusters, by moments: Var(O) = E + θ E²; between 0 and 1.

    Args:
        cluster: Of each spell, shape (n,).
        expected, observed: Exits of each spell, shape (n,).
    """
    _, code = np.unique(cluster, return_inverse=True)
    e, o = np.bincount(code, weights=expected), np.bincount(code, weights=observed)
    if not (e**2).sum() > 0:
        return 0.0
    return float(np.clip(((o - e) ** 2 - e).sum() / (e**2).sum(), 0.0, _MOST_DEPENDENCE))
