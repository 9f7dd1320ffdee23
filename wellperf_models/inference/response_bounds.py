"""What those who did not answer could make of a share, whatever they would have said (Manski 1990).

American Economic Review 80:319; for missing answers Horowitz & Manski 2000 (Journal of the American
Statistical Association 95:77). The share of everybody lies between that with nobody silent a case and that
with all of them. The interval covers the share itself with 95 %, wherever between the bounds it lies (Imbens
& Manski 2004, Econometrica 72:1845).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import clustered_mean

_COVERAGE = 0.95


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The ends of what could be, and an interval for it.

    Attributes:
        low, high: Bounds.
        lowest, highest: 95 % interval of the share within them.
    """

    low: float
    high: float
    lowest: float
    highest: float

    def __repr__(self) -> str:
        """Not its values: they have not passed the gate."""
        return "Bounds(not released)"


def bound_share(
    event: NDArray[np.bool_],
    answered: NDArray[np.bool_],
    cluster: Ints,
    *,
    less: Floats | None = None,
) -> Bounds:
    """Bounds of a share among everybody asked.

    Args:
        event: Of those who answered, shape (n,); anything for the others.
        answered: Shape (n,).
        cluster: Code of the independent unit, shape (n,).
        less: Known of everybody and taken off (their own earlier case, for a change), shape (n,).

    Raises:
        DesignError: Fewer than two clusters.
    """
    known = np.where(answered, event, False).astype(float)
    base = np.zeros(known.size) if less is None else less
    low = clustered_mean(known - base, cluster)
    high = clustered_mean(known + ~answered - base, cluster)
    width = high.value - low.value
    reach = _critical(width, max(low.std_error, high.std_error))
    return Bounds(
        low=low.value,
        high=high.value,
        lowest=low.value - reach * low.std_error,
        highest=high.value + reach * high.std_error,
    )


def _critical(width: float, std_error: float) -> float:
    """C with Φ(C + width / error) − Φ(−C) = .95: 1.96 where the bounds meet, 1.64 where far apart."""
    from scipy import optimize, stats

    if not std_error > 0:
        return 0.0
    shift = width / std_error

    def miss(c: float) -> float:
        return float(stats.norm.cdf(c + shift) - stats.norm.cdf(-c)) - _COVERAGE

    return float(optimize.brentq(miss, 0.0, 3.0)) if math.isfinite(shift) else 1.645
