"""Errors from few clusters: the model is fitted again without each cluster in turn (CV3).

The sandwich of `cox` and `hazard` takes the scores of the clusters at the estimate, which they pulled towards
themselves: with few clusters it is too small whatever the quantile. What the estimate does when a cluster is
left out does not share that fault. Bell & McCaffrey 2002 (Survey Methodology 28:169) for linear models, where
it is CR3; MacKinnon, Nielsen & Webb 2023 (Journal of Applied Econometrics 38:671), who find it the most
reliable of the sandwich's kin; with t of G − 1 degrees of freedom. Hazards have no such algebra, so the model
is refitted in full, from the estimate of all rows on. How it covers: `tests/recovery/few_clusters.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

# with fewer clusters the sandwich is too small
FEW_CLUSTERS = 40


def cluster_jackknife(refit: Callable[[NDArray[np.bool_]], Floats], beta: Floats, cluster: Ints) -> Floats:
    """Covariance of an estimate: (G − 1)/G Σ_g (β_(g) − β)(β_(g) − β)ᵀ, β_(g) without cluster g.

    Args:
        refit: Gives the estimate, shape (p,), from the rows that are kept, a mask of shape (n,).
        beta: The estimate from all rows, shape (p,).
        cluster: Code of the independent unit, shape (n,).

    Returns:
        Shape (p, p).

    Raises:
        DesignError: Fewer than two clusters, or the model can't be fitted without one of them: a coefficient
            rests on that one alone, and nothing can be said of its error.
    """
    codes = np.unique(cluster)
    if codes.size < 2:
        raise DesignError("Clustered errors need at least two clusters.", where="turnover.cluster")
    moved = np.empty((codes.size, beta.size))
    for place, code in enumerate(codes):
        try:
            moved[place] = refit(cluster != code) - beta
        except (ConvergenceError, DesignError) as error:
            raise DesignError(
                "Without one of the clusters the model can't be fitted: a coefficient rests on it alone.",
                where="inference.jackknife",
                remedy="pool levels that only one cluster has",
            ) from error
    return np.asarray(moved.T @ moved * ((codes.size - 1) / codes.size))
