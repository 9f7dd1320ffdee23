"""The posterior of an effect from its estimate, without a sampler: (estimate − effect) / error ~ t(df).

On a line of values the product of that likelihood and a normal prior is summed up, and its quantiles are
independent draws: what `roi.fit_posterior` takes seconds for, wherever its likelihood is that of the estimate
or comes to the same.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi import Effect, Posterior, Posteriors, RoiFrame
from wellperf_models.roi.priors import PriorOfEffect, prior_of
from wellperf_models.roi.rows import PriorName
from wellperf_models.study import Roi

# a probability is then known to a hundredth
DRAWS: Final = 2_000
_POINTS, _REACH = 400, 9.0


def quick_posteriors(
    frame: RoiFrame,
    effects: dict[str, Effect],
    sets: tuple[PriorName, ...],
    section: Roi,
    rng: np.random.Generator,
) -> Posteriors:
    """Posteriors of the outcomes that have a value.

    Args:
        frame: The return frame.
        effects: Outcome → effect of intention to treat.
        sets: Of priors.
        section: `[roi]`.
        rng: Decides in which order draws come.
    """
    found: dict[tuple[str, PriorName], Posterior] = {}
    for name, effect in effects.items():
        declared = frame.outcomes[name].declared
        if declared.value is None:
            continue
        levels, order = (np.arange(DRAWS) + rng.uniform(size=DRAWS)) / DRAWS, rng.permutation(DRAWS)
        for prior in sets:
            told = prior_of(name, declared, effect, prior, section)
            found[name, prior] = _posterior(prior, told, effect, quantiles_of(effect, told, levels)[order])
    return found


def quantiles_of(effect: Effect, prior: PriorOfEffect, levels: Floats) -> Floats:
    """Quantiles of the posterior, in the outcome's unit, shape of `levels`.

    Args:
        effect: Estimate, error and degrees of freedom.
        prior: A normal; an infinite spread is the flat one.
        levels: Probabilities between 0 and 1.
    """
    from scipy import stats

    df, error = effect.df, effect.std_error
    if not np.isfinite(prior.sd):
        return np.asarray(effect.value + error * stats.t.ppf(levels, df))
    reach = np.linspace(-_REACH, _REACH, _POINTS)
    # fine where either of the two is narrow
    line = np.unique(np.concatenate([effect.value + error * reach, prior.mean + prior.sd * reach]))
    log_density = stats.t.logpdf((line - effect.value) / error, df)
    log_density -= ((line - prior.mean) / prior.sd) ** 2 / 2
    density = np.exp(log_density - log_density.max())
    mass = np.concatenate([[0.0], np.cumsum(np.diff(line) * (density[1:] + density[:-1]) / 2)])
    return np.interp(levels * mass[-1], mass, line)


def _posterior(prior: PriorName, told: PriorOfEffect, effect: Effect, draws: Floats) -> Posterior:
    low, high = (float(v) for v in np.quantile(draws, [0.025, 0.975]))
    spread = float(draws.std(ddof=1))
    return Posterior(
        outcome=effect.outcome,
        prior=prior,
        draws=draws,
        mean=float(draws.mean()),
        sd=spread,
        low=low,
        high=high,
        monte_carlo_error=spread / np.sqrt(draws.size),
        prior_mean=told.mean,
        prior_sd=told.sd,
        r_hat=1.0,
        ess_bulk=float(draws.size),
        ess_tail=float(draws.size),
        n_divergences=0,
        n_cells=1,
    )
