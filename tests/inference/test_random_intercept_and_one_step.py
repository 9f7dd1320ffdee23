"""The random intercept against its likelihood in full, and one-step refits against whole ones."""

from __future__ import annotations

import numpy as np
import pytest

from wellperf_models.errors import DesignError
from wellperf_models.inference.hazard import fit_hazard
from wellperf_models.inference.one_step import fit_binary
from wellperf_models.inference.random_intercept import RandomIntercept, fit_random_intercept, sum_units


def _panel(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(80), rng.integers(1, 9, 80))
    X = np.column_stack([np.ones(unit.size), rng.standard_normal(unit.size)])
    y = X @ [1.0, 0.5] + 0.8 * rng.standard_normal(80)[unit] + 0.6 * rng.standard_normal(unit.size)
    return unit, X, y


def _log_likelihood(unit: np.ndarray, X: np.ndarray, y: np.ndarray, fit: RandomIntercept) -> float:
    """Of the multivariate normal, unit by unit."""
    total = 0.0
    for code in np.unique(unit):
        rows = unit == code
        residual = y[rows] - X[rows] @ fit.beta
        covariance = fit.sigma**2 * np.eye(rows.sum()) + fit.sigma_unit**2
        _, log_det = np.linalg.slogdet(covariance)
        total -= 0.5 * (log_det + residual @ np.linalg.solve(covariance, residual))
    return total


def test_no_parameter_can_be_moved_to_a_higher_likelihood() -> None:
    unit, X, y = _panel()
    fit = fit_random_intercept(sum_units(unit, X, y, 80))
    best = _log_likelihood(unit, X, y, fit)
    for change in (-0.01, 0.01):
        others = [
            RandomIntercept(beta=fit.beta + change * e, sigma=fit.sigma, sigma_unit=fit.sigma_unit)
            for e in np.eye(2)
        ]
        others.append(RandomIntercept(beta=fit.beta, sigma=fit.sigma + change, sigma_unit=fit.sigma_unit))
        others.append(RandomIntercept(beta=fit.beta, sigma=fit.sigma, sigma_unit=fit.sigma_unit + change))
        assert all(_log_likelihood(unit, X, y, other) < best for other in others)


def test_a_weight_of_two_is_a_unit_twice_and_the_order_of_rows_is_nothing() -> None:
    unit, X, y = _panel()
    weighted = fit_random_intercept(sum_units(unit, X, y, 80), np.where(np.arange(80) < 40, 2.0, 1.0))
    again = unit < 40
    twice = (
        np.concatenate([unit, unit[again] + 80]),
        np.concatenate([X, X[again]]),
        np.concatenate([y, y[again]]),
    )
    order = np.random.default_rng(1).permutation(twice[0].size)
    copied = fit_random_intercept(sum_units(*(part[order] for part in twice), 120))
    assert weighted.beta == pytest.approx(copied.beta, rel=1e-5)
    assert weighted.sigma_unit == pytest.approx(copied.sigma_unit, rel=1e-3)


def test_memory_is_told_from_what_is_lasting_about_people() -> None:
    """Least squares takes the lasting part for memory; the first value among the columns mends it."""
    rng = np.random.default_rng(3)
    n, months = 1500, 10
    lasting = rng.standard_normal(n)
    y = np.zeros((n, months))
    y[:, 0] = lasting / 0.6 + rng.standard_normal(n)
    for t in range(1, months):
        y[:, t] = 0.4 * y[:, t - 1] + lasting + rng.standard_normal(n)
    unit = np.repeat(np.arange(n), months - 1)
    X = np.column_stack([np.ones(unit.size), y[:, :-1].ravel(), np.repeat(y[:, 0], months - 1)])
    target = y[:, 1:].ravel()
    fit = fit_random_intercept(sum_units(unit, X, target, n))
    assert fit.beta[1] == pytest.approx(0.4, abs=0.04)
    assert np.linalg.lstsq(X, target, rcond=None)[0][1] > 0.5


def test_the_posterior_of_a_unit_with_many_rows_is_its_mean_and_of_none_is_the_prior() -> None:
    fit = RandomIntercept(beta=np.zeros(1), sigma=2.0, sigma_unit=0.5)
    mean, spread = fit.posterior(np.array([1e6, 0.0]), np.array([3e6, 0.0]))
    assert mean == pytest.approx([3.0, 0.0], rel=1e-3)
    assert spread[1] == pytest.approx(0.5)
    assert spread[0] < 0.01


def test_no_rows_are_refused() -> None:
    with pytest.raises(DesignError, match="no rows"):
        sum_units(np.zeros(0, np.int64), np.zeros((0, 2)), np.zeros(0), 3)


def _exits(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(6000), rng.standard_normal((6000, 2))])
    p = -np.expm1(-np.exp(X @ [-3.0, 0.5, -0.3]))
    return X, (rng.uniform(size=6000) < p).astype(float), np.arange(6000) % 40


def test_the_hazard_is_that_of_the_other_engine() -> None:
    X, y, cluster = _exits()
    fit = fit_binary(X, y, cluster, 40, link="cloglog")
    other = fit_hazard(np.zeros(6000, np.int64), np.ones(6000), y, X[:, 1:])
    # the prior that stops separation moves a coefficient by a thousandth of its error
    assert fit.theta[1:] == pytest.approx(other.beta, abs=0.002)
    assert fit.theta[0] == pytest.approx(float(other.alpha[0]), abs=0.002)


@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_one_step_is_nearly_the_whole_refit(link: str) -> None:
    X, y, cluster = _exits()
    fit = fit_binary(X, y, cluster, 40, link=link)  # type: ignore[arg-type]
    assert fit.refit(np.ones(40)) == pytest.approx(fit.theta, abs=1e-6)
    weights = np.random.default_rng(5).standard_exponential(40)
    whole = fit_binary(X, y, cluster, 40, link=link, weights=weights[cluster])  # type: ignore[arg-type]
    moved = float(np.abs(whole.theta - fit.theta).max())
    assert moved > 0.015
    assert fit.refit(weights) == pytest.approx(whole.theta, abs=0.15 * moved)


def test_no_events_are_refused_and_a_column_that_separates_is_survived() -> None:
    X, y, cluster = _exits()
    with pytest.raises(DesignError, match="no events"):
        fit_binary(X, 0 * y, cluster, 40, link="cloglog")
    perfect = np.column_stack([X, y])
    assert np.isfinite(fit_binary(perfect, y, cluster, 40, link="cloglog").theta).all()
