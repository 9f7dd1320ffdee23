"""HC1 and CR2 against dense formulas and known special cases; coverage with few clusters."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator
from scipy import stats

from wellperf_models.errors import DesignError
from wellperf_models.inference.least_squares import fit_wls
from wellperf_models.inference.risk_sets import Floats, Ints


@pytest.fixture
def rng() -> Generator:
    """Draws that do not depend on which other tests ran."""
    return np.random.default_rng(31)


def sample(rng: Generator, n: int = 140, clusters: int = 9) -> tuple[Floats, Floats, Floats, Ints]:
    """Outcome, design with an arm by cluster, weights, unequal clusters."""
    cluster = np.sort(rng.integers(0, clusters, n)) * 7
    arm = (np.unique(cluster, return_inverse=True)[1] % 2).astype(float)
    X = np.column_stack([np.ones(n), rng.normal(size=n), arm])
    y = 50 + rng.normal(size=n) + rng.normal(size=clusters)[cluster // 7]
    return y, X, rng.uniform(0.2, 4, n), cluster


def dense_cr2(y: Floats, X: Floats, w: Floats, cluster: Ints) -> tuple[Floats, Floats]:
    """Covariance and degrees of freedom with every n × n matrix written out (Pustejovsky & Tipton 2018)."""
    root = np.sqrt(w)
    Xw, yw = root[:, None] * X, root * y
    M = np.linalg.inv(Xw.T @ Xw)
    rest = np.eye(y.size) - Xw @ M @ Xw.T
    e = rest @ yw
    covariance, columns = np.zeros_like(M), []
    for code in np.unique(cluster):
        own = cluster == code
        values, vectors = np.linalg.eigh(rest[np.ix_(own, own)])
        root_inverse = np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-9)), 0)
        A = (vectors * root_inverse) @ vectors.T
        part = M @ Xw[own].T @ A @ e[own]
        covariance += np.outer(part, part)
        columns.append(rest[:, own] @ A @ Xw[own] @ M)
    df = []
    for j in range(X.shape[1]):
        P = np.array([c[:, j] for c in columns])
        eigenvalues = np.linalg.eigvalsh(P @ P.T)
        df.append(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())
    return covariance, np.array(df)


def test_cr2_equals_the_dense_formula(rng: Generator) -> None:
    y, X, w, cluster = sample(rng)
    fit = fit_wls(y, X, w, cluster)
    covariance, df = dense_cr2(y, X, w, cluster)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(fit.df, df, rtol=1e-10)
    np.testing.assert_allclose(fit.influence.T @ fit.influence, fit.covariance, rtol=1e-12)
    assert np.array_equal(fit.codes, np.unique(cluster))


def test_cr2_with_matched_pairs_equals_the_dense_formula(rng: Generator) -> None:
    """A dummy for each pair of clusters: leverage close to 1, where a formula would first go wrong."""
    cluster = np.repeat(np.arange(12), rng.integers(3, 15, 12))
    arm, pair = (cluster % 2).astype(float), cluster // 2
    X = np.column_stack([np.ones(cluster.size), *((pair == k).astype(float) for k in range(1, 6)), arm])
    y = rng.normal(size=cluster.size) + pair
    fit = fit_wls(y, X, np.ones(y.size), cluster)
    covariance, df = dense_cr2(y, X, np.ones(y.size), cluster)
    np.testing.assert_allclose(fit.covariance[-1, -1], covariance[-1, -1], rtol=1e-9)
    np.testing.assert_allclose(fit.df[-1], df[-1], rtol=1e-9)


def test_balanced_clusters_give_the_t_test_on_their_means(rng: Generator) -> None:
    cluster = np.repeat(np.arange(14), 11)
    arm = (cluster >= 7).astype(float)
    y = rng.normal(size=cluster.size) + rng.normal(size=14)[cluster]
    fit = fit_wls(y, np.column_stack([np.ones(y.size), arm]), np.ones(y.size), cluster)
    means = y.reshape(14, 11).mean(axis=1)
    known = stats.ttest_ind(means[7:], means[:7])
    assert fit.p_values[1] == pytest.approx(known.pvalue, rel=1e-10)
    assert fit.df[1] == pytest.approx(12, rel=1e-10)
    assert fit.interval(1) == pytest.approx(tuple(known.confidence_interval()), rel=1e-10)


def test_unbalanced_two_samples_have_welchs_error_and_bell_mccaffreys_df(rng: Generator) -> None:
    """Clusters of one: HC2, Welch's error; df ((1/a + 1/b)²) / (1/(a²(a−1)) + 1/(b²(b−1)))."""
    a, b = 6, 19
    y = rng.normal(size=a + b)
    arm = (np.arange(a + b) < a).astype(float)
    fit = fit_wls(y, np.column_stack([np.ones(a + b), arm]), np.ones(a + b), np.arange(a + b))
    welch = np.sqrt(y[:a].var(ddof=1) / a + y[a:].var(ddof=1) / b)
    assert fit.std_error[1] == pytest.approx(welch, rel=1e-12)
    expected = (1 / a + 1 / b) ** 2 / (1 / (a**2 * (a - 1)) + 1 / (b**2 * (b - 1)))
    assert fit.df[1] == pytest.approx(expected, rel=1e-12)


def test_hc1_equals_its_formula(rng: Generator) -> None:
    y, X, w, _ = sample(rng)
    fit = fit_wls(y, X, w)
    inverse = np.linalg.inv(X.T @ (w[:, None] * X))
    beta = inverse @ X.T @ (w * y)
    score = X * (w * (y - X @ beta))[:, None]
    n, p = X.shape
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-12)
    expected = n / (n - p) * inverse @ score.T @ score @ inverse
    np.testing.assert_allclose(fit.covariance, expected, rtol=1e-11, atol=1e-15)
    assert set(fit.df) == {n - p}
    assert fit.method == "HC1"


def test_what_must_not_matter(rng: Generator) -> None:
    y, X, w, cluster = sample(rng)
    fit = fit_wls(y, X, w, cluster)
    order = rng.permutation(y.size)
    shuffled = fit_wls(y[order], X[order], w[order], cluster[order])
    relabelled = fit_wls(y, X, w, 1000 - cluster)
    scaled = fit_wls(1000 * y + 3, X, 12 * w, cluster)
    for other, factor in ((shuffled, 1), (relabelled, 1), (scaled, 1000)):
        np.testing.assert_allclose(other.beta[1:], factor * fit.beta[1:], rtol=1e-9)
        np.testing.assert_allclose(other.std_error[1:], factor * fit.std_error[1:], rtol=1e-9)
        np.testing.assert_allclose(other.df, fit.df, rtol=1e-9)
    doubled = fit_wls(np.repeat(y, 2), np.repeat(X, 2, axis=0), np.repeat(w, 2) / 2, np.repeat(cluster, 2))
    np.testing.assert_allclose(doubled.beta, fit.beta, rtol=1e-10)
    np.testing.assert_allclose(doubled.std_error, fit.std_error, rtol=1e-9)


def test_one_cluster_on_a_side_has_no_error(rng: Generator) -> None:
    """The plain sandwich would be far too small here, without a word."""
    cluster = np.repeat(np.arange(8), 10)
    y = rng.normal(size=80)
    fit = fit_wls(y, np.column_stack([np.ones(80), cluster == 3]), np.ones(80), cluster)
    assert np.isnan(fit.std_error[1])
    assert np.isnan(fit.p_values[1])
    assert np.isfinite(fit.std_error[0])


def test_a_covariate_of_one_cluster_does_not_take_the_arm_with_it(rng: Generator) -> None:
    cluster = np.repeat(np.arange(8), 10)
    y = rng.normal(size=80)
    X = np.column_stack([np.ones(80), cluster == 3, cluster % 2])
    fit = fit_wls(y, X, np.ones(80), cluster)
    assert np.isnan(fit.std_error[1])
    assert np.isfinite(fit.std_error[2])


def test_columns_that_follow_from_each_other(rng: Generator) -> None:
    y, X, w, _ = sample(rng)
    with pytest.raises(DesignError, match="follows from the covariates"):
        fit_wls(y, np.column_stack([X, X[:, 1] + X[:, 2]]), w)
    with pytest.raises(DesignError, match="follows from the covariates"):
        fit_wls(y, np.column_stack([X, np.zeros(y.size)]), w)
    with pytest.raises(DesignError, match="no more rows"):
        fit_wls(y[:3], X[:3], w[:3])


@pytest.mark.parametrize("clusters", [8, 20])
def test_coverage_with_few_clusters(clusters: int) -> None:
    """ICC .1, clusters of 10 to 60: CR2 covers; HC1 does not, by far more than its Monte Carlo error."""
    rng = np.random.default_rng([clusters, 5])
    n_trials, covered, plain = 1000, 0, 0
    for _ in range(n_trials):
        cluster = np.repeat(np.arange(clusters), rng.integers(10, 61, clusters))
        arm = rng.permutation(np.arange(clusters) % 2).astype(float)[cluster]
        y = np.sqrt(0.1) * rng.normal(size=clusters)[cluster] + np.sqrt(0.9) * rng.normal(size=cluster.size)
        X, w = np.column_stack([np.ones(y.size), arm]), np.ones(y.size)
        low, high = fit_wls(y, X, w, cluster).interval(1)
        covered += low <= 0 <= high
        low, high = fit_wls(y, X, w).interval(1)
        plain += low <= 0 <= high
    margin = 2.576 * np.sqrt(0.95 * 0.05 / n_trials)
    assert abs(covered / n_trials - 0.95) <= margin
    assert plain / n_trials < 0.8
