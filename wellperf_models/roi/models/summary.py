"""From draws to what is kept of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.sampling import Diagnostics
from wellperf_models.roi.priors import PriorOfEffect
from wellperf_models.roi.rows import Posterior, PriorName, Told


def posterior_of(
    outcome: str,
    prior: PriorName,
    told: PriorOfEffect,
    draws: Floats,
    error: float,
    found: Diagnostics,
    n_cells: int,
    **more: Any,
) -> Posterior:
    """A posterior from draws in the outcome's unit.

    Args:
        outcome, prior, told: Which, and what was believed.
        draws: Shape (chains, draws).
        error: Monte Carlo error of the mean.
        found: Diagnostics that passed the gate.
        n_cells: Rows the likelihood was evaluated on.
        more: Of `Posterior`.
    """
    flat = draws.ravel()
    low, high = (float(v) for v in np.quantile(flat, [0.025, 0.975]))
    return Posterior(
        outcome=outcome,
        prior=prior,
        draws=flat,
        mean=float(flat.mean()),
        sd=float(flat.std(ddof=1)),
        low=low,
        high=high,
        monte_carlo_error=error,
        prior_mean=told.mean,
        prior_sd=told.sd,
        r_hat=found.r_hat,
        ess_bulk=found.ess_bulk,
        ess_tail=found.ess_tail,
        n_divergences=found.n_divergences,
        n_cells=n_cells,
        **more,
    )


def told_of(draws: Floats) -> Told:
    """Median and 95 % interval.

    Args:
        draws: Shape (chains, draws).
    """
    import arviz as az

    low, middle, high = (float(v) for v in np.quantile(draws, [0.025, 0.5, 0.975]))
    return Told(middle=middle, low=low, high=high, monte_carlo_error=float(az.mcse(draws, method="median")))
