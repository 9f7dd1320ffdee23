"""Which unknown moves the net present value: one at a time (tornado), and as a whole (Delta)."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from wellperf_models.inference.moment_independent import delta_of
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.information.results import Swing, Unknown
from wellperf_models.roi.terms import Draws, Terms, cash_of

_LOW: Final = 0.025
# half of the step by which the density at an end of the interval is measured
_STEP: Final = 0.0125
_SEED: Final = 44


def swings_of(
    unknowns: Sequence[Unknown], draws: Draws, npv: Floats, terms: Terms, n_effective: float, seed: int
) -> tuple[Swing, ...]:
    """Net present value at the ends of every unknown's 95 % interval, all others at their median.

    Args:
        unknowns: Those that vary.
        draws: Of everything unknown.
        npv: Net present value of the draws.
        terms: What is not drawn.
        n_effective: Independent draws that these are worth.
        seed: The study's.

    Returns:
        The largest swing first.
    """
    rows = 2 * len(unknowns)
    at = {name: np.full(rows, np.median(drawn)) for name, drawn in draws.items()}
    for place, one in enumerate(unknowns):
        at[one.name][2 * place : 2 * place + 2] = np.quantile(draws[one.name], [_LOW, 1 - _LOW])
    values = cash_of(at, terms).npv
    found = [
        _swing(one, draws[one.name], npv, values[2 * k], values[2 * k + 1], n_effective, seed)
        for k, one in enumerate(unknowns)
    ]
    return tuple(sorted(found, key=lambda swing: (-swing.size, swing.unknown.name)))


def _swing(
    one: Unknown, drawn: Floats, npv: Floats, at_low: float, at_high: float, n_effective: float, seed: int
) -> Swing:
    low, high = (float(v) for v in np.quantile(drawn, [_LOW, 1 - _LOW]))
    errors = [_error_of_quantile(drawn, p, n_effective) for p in (_LOW, 1 - _LOW)]
    slope = float(abs(at_high - at_low)) / max(high - low, 1e-300)
    rng = np.random.default_rng([seed, _SEED, zlib.crc32(one.name.encode())])
    return Swing(
        unknown=one,
        low=low * one.scale,
        high=high * one.scale,
        npv_low=float(at_low),
        npv_high=float(at_high),
        errors=(
            max(errors[0] * one.scale, 1e-12),
            max(errors[1] * one.scale, 1e-12),
            max(errors[0] * slope, 1e-12),
            max(errors[1] * slope, 1e-12),
        ),
        delta=delta_of(drawn, npv, rng),
    )


def _error_of_quantile(drawn: Floats, p: float, n_effective: float) -> float:
    """One standard deviation of the Monte Carlo error of a quantile, the density from quantiles beside it."""
    beside = np.quantile(drawn, [p - _STEP, p + _STEP])
    return math.sqrt(p * (1 - p) / n_effective) * float(beside[1] - beside[0]) / (2 * _STEP)
