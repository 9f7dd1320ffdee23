"""What is told of draws of money: shares, quantiles, losses, payback; each with its Monte Carlo error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats

# 5 % to 95 %: the density figure is drawn from these
QUANTILES: Final = tuple(round(0.05 * k, 2) for k in range(1, 20))
_SMALLEST: Final = 1e-12


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A number made of draws.

    Attributes:
        value: The number.
        error: One standard deviation of its Monte Carlo error; above 0.
    """

    value: float
    error: float


def share(hits: np.ndarray, n_effective: float) -> Drawn:
    """Share of the draws where something holds.

    Args:
        hits: Shape (n,), truth values.
        n_effective: Independent draws that would be worth as much.
    """
    p = float(np.mean(hits))
    return Drawn(value=p, error=math.sqrt(max(p * (1 - p), 1 / n_effective) / n_effective))


def average(draws: Floats, n_effective: float) -> Drawn:
    """Mean of draws, shape (n,)."""
    error = float(draws.std(ddof=1)) / math.sqrt(n_effective)
    return Drawn(value=float(draws.mean()), error=max(error, _SMALLEST))


def quantiles(draws: Floats, at: Sequence[float], n_effective: float) -> tuple[Drawn, ...]:
    """Quantiles of draws, shape (n,), each between 0 and 1.

    The error of a quantile q is half the distance between the quantiles one standard error of the share q
    below and above it (Maritz & Jarrett 1978 rest on the same order statistics).
    """
    found = []
    for q in at:
        off = math.sqrt(q * (1 - q) / n_effective)
        low, value, high = np.quantile(draws, [max(0.0, q - off), q, min(1.0, q + off)])
        found.append(Drawn(value=float(value), error=max(float(high - low) / 2, _SMALLEST)))
    return tuple(found)


def expected_losses(npv: Floats, n_effective: float) -> tuple[Drawn, Drawn]:
    """What a wrong decision costs on average: of funding it, and of not funding it.

    Args:
        npv: Net present value, shape (n,): funding loses where it is below 0, not funding where it is above.
        n_effective: Independent draws that would be worth as much.
    """
    return average(np.maximum(0.0, -npv), n_effective), average(np.maximum(0.0, npv), n_effective)


def payback_years(cumulative: Floats) -> np.ndarray:
    """Year, from 1, in which what was spent is back and stays back; 0 where it never is.

    Args:
        cumulative: Net present value of the years up to each one, shape (n, H).

    Returns:
        Shape (n,), whole numbers. Not 0 exactly where the net present value is above 0.
    """
    n, horizon = cumulative.shape
    # from the last year backwards: above 0 in this year and every later one
    stays = np.logical_and.accumulate(cumulative[:, ::-1] > 0, axis=1)[:, ::-1]
    first = horizon - stays.sum(axis=1) + 1
    return np.where(stays[:, -1], first, np.zeros(n, int))
