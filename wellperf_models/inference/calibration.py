"""Logistic recalibration (Cox 1958, Biometrika 45:562): do predicted risks mean what they say?

Slope b of logit P(case) = a + b η: below 1 the predictions are too extreme, above 1 too cautious. Intercept
of logit P(case) = a + η: above 0 they are too low on the whole. Errors: clustered sandwich with G / (G − 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError
from wellperf_models.inference.logistic import expit, fit_logistic
from wellperf_models.inference.risk_sets import Floats


@dataclass(frozen=True, kw_only=True)
class Recalibration:
    """How predicted log odds relate to what happened.

    Attributes:
        slope, slope_std_error: 1 is right.
        intercept, intercept_std_error: With the slope held at 1; 0 is right. In log odds.
        n_clusters: Independent units.
    """

    slope: float
    slope_std_error: float
    intercept: float
    intercept_std_error: float
    n_clusters: int


def recalibrate(event: NDArray[np.bool_], eta: Floats, cluster: NDArray[np.generic]) -> Recalibration:
    """Fits slope and intercept of the outcome on predicted log odds.

    Args:
        event: Shape (n,).
        eta: Predicted log odds, shape (n,).
        cluster: Code of the independent unit, shape (n,).

    Raises:
        ConvergenceError: One class, the same prediction for everybody, or predictions that separate the
            cases.
    """
    y, n = np.asarray(event, float), np.ones(event.size)
    _, code = np.unique(cluster, return_inverse=True)
    # below rounding error everybody has the same prediction
    spread = float(eta.std())
    if not 0 < y.sum() < y.size or not spread > 1e-9 * max(1.0, float(np.abs(eta).max())):
        raise ConvergenceError(
            "Predictions can't be recalibrated on these rows.",
            where="inference.calibration",
            got="one class, or the same prediction for everybody",
        )
    standard = ((eta - eta.mean()) / spread)[:, None]
    both = fit_logistic(standard, n, y, np.inf)
    alone = fit_logistic(np.zeros((y.size, 0)), n, y, np.inf, offset=eta)
    ones = np.ones((y.size, 1))
    errors = _errors(np.column_stack([ones, standard]), y, both.linear_predictor(standard), code)
    (error,) = _errors(ones, y, eta + alone.intercept, code)
    return Recalibration(
        slope=float(both.beta[0]) / spread,
        slope_std_error=float(errors[1]) / spread,
        intercept=alone.intercept,
        intercept_std_error=float(error),
        n_clusters=int(code.max()) + 1,
    )


def _errors(X: Floats, y: Floats, eta: Floats, code: NDArray[np.int64]) -> Floats:
    """Clustered sandwich; nan with a single cluster."""
    p = expit(eta)
    bread = np.linalg.inv((X * (p * (1 - p))[:, None]).T @ X)
    residual = X * (y - p)[:, None]
    groups = int(code.max()) + 1
    sums = np.column_stack([np.bincount(code, residual[:, j], minlength=groups) for j in range(X.shape[1])])
    meat = sums.T @ sums * (groups / (groups - 1) if groups > 1 else np.nan)
    return np.sqrt(np.diag(bread @ meat @ bread))
