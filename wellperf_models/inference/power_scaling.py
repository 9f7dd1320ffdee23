"""How much an answer hangs on the prior and how much on the data: each is weighed a little more, or less.

The prior (or the likelihood) is raised to a power near 1, draws are reweighed for it by Pareto-smoothed
importance sampling, and the cumulative Jensen–Shannon distance of a quantity to itself is divided by the
logarithm of the power (Kallioinen, Paananen, Bürkner & Vehtari 2024, Statistics and Computing 34:57). ArviZ
computes it; its powers are .99 and 1.01, the authors' line is .05.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats

LINE: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """Of one quantity; 0: it does not move.

    Attributes:
        prior, likelihood: Distance for each doubling of the weight, in the limit of small changes.
    """

    prior: float
    likelihood: float

    @property
    def words(self) -> str:
        """The authors' diagnosis, in plain words."""
        if self.prior < LINE:
            return "the data decide" if self.likelihood >= LINE else "neither moves it much"
        return "belief and data both decide" if self.likelihood >= LINE else "belief decides, not the data"


def power_sensitivity(
    quantities: Mapping[str, Floats], log_prior: Floats, log_likelihood: Floats
) -> dict[str, Sensitivity]:
    """Sensitivity of each quantity to the prior and to the likelihood.

    Args:
        quantities: Name → posterior draws, shape (n,).
        log_prior, log_likelihood: Of the same draws, up to a constant, shape (n,). Only the priors that are
            asked about: those of nuisance parameters would turn the verdict.
    """
    import arviz as az

    tree = az.from_dict(
        {
            "posterior": {name: draws[None] for name, draws in quantities.items()},
            "log_prior": {"asked": log_prior[None]},
            "log_likelihood": {"asked": log_likelihood[None]},
        }
    )
    prior, likelihood = (az.psense(tree, group=group) for group in ("prior", "likelihood"))
    return {
        name: Sensitivity(prior=float(prior[name]), likelihood=float(likelihood[name])) for name in quantities
    }


def normal_log_density(values: Floats, mean: Floats, covariance: Floats) -> Floats:
    """Logarithm of a multivariate normal density, up to a constant.

    Args:
        values: Shape (n, k).
        mean: Shape (k,).
        covariance: Shape (k, k), positive definite.

    Returns:
        Shape (n,).
    """
    away = np.linalg.solve(np.linalg.cholesky(covariance), (values - mean).T)
    return np.asarray(-0.5 * (away**2).sum(axis=0), float)
