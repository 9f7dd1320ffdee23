"""Shares of the variance of the net present value by what is independent of the data (Sobol, Saltelli).

Only of exogenous unknowns (amounts, factors, costs, fade-out), which are independent of each other because
they are drawn so; posterior draws of effects are not, and variance has no unique shares there. Effects are at
their means: the net present value is linear in them, so that is its mean given everything else. Sobol 2001,
Mathematics and Computers in Simulation 55:271; Saltelli et al. 2010, Computer Physics Communications 181:259.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.information.results import Unknown, VarianceShare
from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.terms import Draws, cash_of, draw_money
from wellperf_models.study import Decision

_DRAWS: Final = 8192
# added to the seed: two tables of draws that have nothing to do with each other or with those of the decision
_TABLES: Final = (1_000_003, 2_000_003)
_BATCHES: Final = 32


def variance_shares(
    unknowns: Sequence[Unknown], means: Draws, decision: DecisionResult, declared: Decision, seed: int
) -> tuple[VarianceShare, ...]:
    """First-order and total share of every exogenous unknown.

    Args:
        unknowns: Every unknown of the decision.
        means: Effects and biases, each at its mean, of shape (1,).
        decision: Terms and factors.
        declared: `[roi.decision]`.
        seed: The study's.

    Returns:
        The largest total first; () with fewer than two exogenous unknowns, or where nothing varies.
    """
    chosen = [u for u in unknowns if u.name.partition(".")[0] in ("amount", "factor", "cost", "fade_out")]
    if len(chosen) < 2:
        return ()
    first, second = (
        draw_money(decision.terms, decision.factors, declared, _DRAWS, seed + more) for more in _TABLES
    )

    def npv(draws: Draws) -> Floats:
        fixed = {name: np.full(_DRAWS, value[0]) for name, value in means.items()}
        return cash_of({**fixed, **draws}, decision.terms).npv

    f_a, f_b = npv(first), npv(second)
    if not np.std(np.concatenate([f_a, f_b])) > 0:
        return ()
    found = [_share(u, f_a, f_b, npv({**first, u.name: second[u.name]})) for u in chosen]
    return tuple(sorted(found, key=lambda share: (-share.total, share.unknown.name)))


def _share(unknown: Unknown, f_a: Floats, f_b: Floats, f_ab: Floats) -> VarianceShare:
    """Saltelli's first-order and Jansen's total estimator, with the errors of batch means."""
    centre = np.concatenate([f_a, f_b]).mean()
    variance = float(np.concatenate([f_a, f_b]).var())
    own = (f_b - centre) * (f_ab - f_a) / variance
    whole = (f_a - f_ab) ** 2 / (2 * variance)

    def error(parts: Floats) -> float:
        batches = parts.reshape(_BATCHES, -1).mean(axis=1)
        return max(float(batches.std(ddof=1)) / math.sqrt(_BATCHES), 1e-12)

    return VarianceShare(
        unknown=unknown,
        first=float(np.clip(own.mean(), 0.0, 1.0)),
        first_error=error(own),
        total=float(max(whole.mean(), 0.0)),
        total_error=error(whole),
    )
