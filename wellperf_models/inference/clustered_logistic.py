"""Covariance of logistic coefficients from clustered rows (Liang & Zeger 1986, Biometrika 73:13).

Bread is the inverse of the (penalised) information, meat the sum over clusters of the outer products of their
scores, times G / (G − 1). With a ridge it is the spread of the penalised coefficients, not an interval of
what they are drawn away from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.logistic import LogisticFit, expit
from wellperf_models.inference.risk_sets import Floats


def clustered_covariance(
    fit: LogisticFit, X: Floats, event: NDArray[np.bool_], cluster: NDArray[np.generic]
) -> Floats:
    """Covariance of intercept and coefficients.

    Args:
        fit: On these rows.
        X: Shape (n, p).
        event: Shape (n,).
        cluster: Code of the independent unit, shape (n,).

    Returns:
        Shape (p + 1, p + 1), the intercept first.

    Raises:
        DesignError: Fewer than two clusters.
        ConvergenceError: The information can't be inverted.
    """
    _, code = np.unique(cluster, return_inverse=True)
    groups = int(code.max()) + 1 if code.size else 0
    if groups < 2:
        raise DesignError("An interval needs at least two clusters.", where="inference.clustered_logistic")
    design = np.column_stack([np.ones(event.size), X])
    p = expit(fit.linear_predictor(X))
    ridge = np.concatenate([[0.0], np.full(X.shape[1], 1 / fit.C)])
    information = (design * (p * (1 - p))[:, None]).T @ design + np.diag(ridge)
    scores = design * (np.asarray(event, float) - p)[:, None]
    sums = np.column_stack([np.bincount(code, column, minlength=groups) for column in scores.T])
    try:
        bread = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        raise ConvergenceError(
            "A logistic model has no covariance: columns imply each other.",
            where="inference.clustered_logistic",
            remedy="fewer or coarser covariates",
        ) from None
    found: Floats = bread @ (sums.T @ sums) @ bread * (groups / (groups - 1))
    return found
