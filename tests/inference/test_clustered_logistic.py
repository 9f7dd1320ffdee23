"""Clustered covariance of logistic coefficients: the formula term by term, and the spread it stands for."""

from __future__ import annotations

import numpy as np
import pytest

from wellperf_models.errors import DesignError
from wellperf_models.inference.clustered_logistic import clustered_covariance
from wellperf_models.inference.logistic import LogisticFit, expit, fit_logistic
from wellperf_models.inference.risk_sets import Floats, Ints


def world(seed: int, groups: int = 60, size: int = 8) -> tuple[Floats, Floats, Ints]:
    """Clusters share part of a predictor and of the outcome: plain errors are too small."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(groups), size)
    X = (rng.normal(size=groups)[cluster] + 0.3 * rng.normal(size=cluster.size))[:, None]
    eta = -0.5 + 0.4 * X[:, 0] + rng.normal(size=groups)[cluster]
    return X, (rng.uniform(size=cluster.size) < expit(eta)), cluster


def fitted(X: Floats, y: Floats, C: float = np.inf) -> LogisticFit:
    return fit_logistic(X, np.ones(y.size), np.asarray(y, float), C)


@pytest.mark.parametrize("C", [np.inf, 0.1])
def test_it_is_the_formula(C: float) -> None:
    X, y, cluster = world(1)
    fit = fitted(X, y, C)
    design = np.column_stack([np.ones(y.size), X])
    p = expit(fit.linear_predictor(X))
    bread = sum(np.outer(r, r) * v for r, v in zip(design, p * (1 - p), strict=True))
    bread = bread + np.diag([0.0, 1 / C])
    meat = np.zeros((2, 2))
    for group in np.unique(cluster):
        score = sum(design[i] * (y[i] - p[i]) for i in np.flatnonzero(cluster == group))
        meat += np.outer(score, score)
    expected = np.linalg.inv(bread) @ meat @ np.linalg.inv(bread) * 60 / 59
    assert np.allclose(clustered_covariance(fit, X, y, cluster), expected, rtol=1e-10, atol=0)


def test_errors_are_the_spread_over_worlds_and_plain_ones_are_not() -> None:
    slopes, clustered, plain = [], [], []
    for seed in range(150):
        X, y, cluster = world(seed)
        fit = fitted(X, y)
        slopes.append(fit.beta[0])
        clustered.append(clustered_covariance(fit, X, y, cluster)[1, 1])
        plain.append(clustered_covariance(fit, X, y, np.arange(y.size))[1, 1])
    spread = float(np.var(slopes, ddof=1))
    # variance of a variance over 150 worlds: the 99 % interval of the ratio is about .74 to 1.35
    assert 0.74 < float(np.mean(clustered)) / spread < 1.35
    assert float(np.mean(plain)) / spread < 0.6


def test_one_cluster_has_no_error() -> None:
    X, y, _ = world(3)
    with pytest.raises(DesignError, match="two clusters"):
        clustered_covariance(fitted(X, y), X, y, np.zeros(y.size))
