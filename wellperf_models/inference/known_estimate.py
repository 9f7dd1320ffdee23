"""The posterior of one number that is known by an estimate and its error: (estimate − θ) / error ~ t(df).

The density of θ is that of a t times that of a normal prior. Its distribution function is summed over a fine
grid of quantiles of both and inverted, so that draws are independent and there is nothing to converge
(Devroye 1986, Non-Uniform Random Variate Generation, ch. 2).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats

_GRID: Final = 20_000
_END: Final = 1e-9


def draw_known(
    df: float, *, prior_mean: float, prior_precision: float, shape: tuple[int, int], seed: int
) -> Floats:
    """Draws of (θ − estimate) / error.

    Args:
        df: Degrees of freedom of the error; inf: normal.
        prior_mean, prior_precision: Of a normal prior on the same scale; precision 0: flat.
        shape: (chains, draws).
        seed: Of the draws; the same places are drawn whatever the prior.

    Returns:
        Shape `shape`.
    """
    from scipy import stats

    u = np.random.default_rng(seed).uniform(size=shape)
    likelihood = stats.norm() if np.isinf(df) else stats.t(df)
    if not prior_precision:
        return np.asarray(likelihood.ppf(u))
    prior = stats.norm(prior_mean, prior_precision**-0.5)
    at = np.linspace(_END, 1 - _END, _GRID)
    # dense wherever either of the two has its mass
    x = np.unique(np.concatenate([likelihood.ppf(at), prior.ppf(at)]))
    log_density = likelihood.logpdf(x) + prior.logpdf(x)
    density = np.exp(log_density - log_density.max())
    mass = np.concatenate([[0.0], np.cumsum(np.diff(x) * (density[1:] + density[:-1]) / 2)])
    return np.asarray(np.interp(u, mass / mass[-1], x))
