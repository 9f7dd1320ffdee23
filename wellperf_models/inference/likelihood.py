"""Log-likelihoods on cells, up to a constant that holds no parameter.

Rows are cells with n = 1, so one formula serves both; the test that cells and rows agree rests on that.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Link = Literal["cloglog", "logit"]


def binomial(eta: Array, n: Array, events: Array, link: Link) -> float:
    """Σ d log p + (n − d) log(1 − p), with p = 1 − exp(−exp(η)) (cloglog) or 1 / (1 + exp(−η)) (logit).

    Args:
        eta: Linear predictor, shape (m,).
        n, events: Rows at risk and events, shape (m,).
        link: Which of the two.
    """
    if link == "logit":
        return float(np.sum(events * eta - n * np.logaddexp(0.0, eta)))
    rate = np.exp(eta)
    with np.errstate(divide="ignore"):
        log_p = np.log(-np.expm1(-rate))
    return float(np.sum(np.where(events > 0, events * log_p, 0.0) - (n - events) * rate))


def gaussian(mu: Array, sigma: float, n: Array, mean: Array, variance: Array) -> float:
    """−Σ n log σ − Σ n [variance + (mean − μ)²] / 2σ², shape (m,) each; variance divides by n."""
    return float(-np.sum(n) * np.log(sigma) - np.sum(n * (variance + (mean - mu) ** 2)) / (2 * sigma**2))


def poisson(eta: Array, n: Array, value: Array) -> float:
    """Σ n (value η − exp(η)), shape (m,) each; −Σ n log(value!) is the constant left out."""
    return float(np.sum(n * (value * eta - np.exp(eta))))
