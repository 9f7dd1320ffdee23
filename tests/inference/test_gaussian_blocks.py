"""Blocks against rows: the same likelihood, whatever the parameters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from wellperf_models.errors import DesignError
from wellperf_models.inference.gaussian_blocks import (
    build_gaussian_blocks,
    log_likelihood,
    match_sandwich,
    sandwich_power,
)


def _rows(seed: int, n: int = 240, n_clusters: int = 17, *, whole: bool = False):
    """Rows of clusters of unequal size; `whole` weights, so that some clusters weigh the same."""
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, n_clusters, n)
    treated = cluster % 2 == 1
    weight = rng.integers(1, 3, n).astype(float) if whole else rng.uniform(0.1, 12, n)
    X = np.column_stack([np.ones(n), treated - 0.4, rng.normal(size=(n, 3))])
    y = X @ rng.normal(size=5) + 0.5 * rng.normal(size=n_clusters)[cluster] + rng.normal(size=n)
    return y, X, weight, treated, cluster, rng


def _by_rows(y, X, weight, treated, cluster, b, sigma, omega) -> float:
    """Dense multivariate normal of each cluster: shares no formula with the blocks."""
    total = 0.0
    for c in np.unique(cluster):
        own = cluster == c
        variance = np.diag(sigma[treated[own].astype(int)] ** 2 / weight[own]) + omega**2
        total += stats.multivariate_normal.logpdf(y[own], X[own] @ b, variance)
    return float(total)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("whole", [False, True])
def test_blocks_with_clusters_have_the_likelihood_of_the_rows(seed: int, whole: bool):
    y, X, weight, treated, cluster, rng = _rows(seed, n_clusters=60, whole=whole)
    blocks = build_gaussian_blocks(y, X, weight, treated, cluster)
    b, sigma, omega = rng.normal(size=5), rng.uniform(0.3, 3, 2), float(rng.uniform(0.05, 2))
    expected = _by_rows(y, X, weight, treated, cluster, b, sigma, omega)
    assert log_likelihood(blocks, b, sigma, omega) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("seed", range(6))
def test_without_clusters_two_blocks_have_the_likelihood_of_the_rows(seed: int):
    y, X, weight, treated, _, rng = _rows(seed)
    blocks = build_gaussian_blocks(y, X, weight, treated)
    b, sigma = rng.normal(size=5), rng.uniform(0.3, 3, 2)
    expected = stats.norm.logpdf(y, X @ b, sigma[treated.astype(int)] / np.sqrt(weight)).sum()
    assert blocks.n_cells == 2
    assert log_likelihood(blocks, b, sigma) == pytest.approx(float(expected), rel=1e-10)


def test_every_unit_its_own_cluster_and_single_rows():
    y, X, weight, treated, _, rng = _rows(3, n=40)
    unit = np.arange(40)
    blocks = build_gaussian_blocks(y, X, weight, treated, unit)
    b, sigma = rng.normal(size=5), np.array([0.7, 1.3])
    expected = _by_rows(y, X, weight, treated, unit, b, sigma, 0.6)
    assert log_likelihood(blocks, b, sigma, 0.6) == pytest.approx(expected, rel=1e-10)


def test_order_of_rows_is_nothing_and_weights_are_something():
    y, X, weight, treated, cluster, rng = _rows(5)
    b, sigma = rng.normal(size=5), np.array([0.7, 1.3])
    shuffled = rng.permutation(y.size)
    one = build_gaussian_blocks(y, X, weight, treated, cluster)
    rows = (a[shuffled] for a in (y, X, weight, treated, cluster))
    other = build_gaussian_blocks(*rows)
    assert log_likelihood(other, b, sigma, 0.4) == pytest.approx(
        log_likelihood(one, b, sigma, 0.4), rel=1e-12
    )
    unweighted = build_gaussian_blocks(y, X, np.ones(y.size), treated, cluster)
    assert abs(log_likelihood(unweighted, b, sigma, 0.4) - log_likelihood(one, b, sigma, 0.4)) > 1
    assert repr(one) == "GaussianBlocks(19 blocks of 5 columns)"


def test_people_cut_into_equal_rows_are_four_blocks_however_many_they_are():
    rng = np.random.default_rng(2)
    unit = np.repeat(np.arange(300), 12)
    treated = unit % 2 == 0
    y = rng.normal(size=300)[unit] + rng.normal(size=3600)
    X = np.column_stack([np.ones(3600), treated])
    weight = np.ones(3600)
    blocks = build_gaussian_blocks(y, X, weight, treated, unit)
    assert blocks.n_cells == 4
    b, sigma = rng.normal(size=2), np.array([0.7, 1.3])
    expected = _by_rows(y, X, weight, treated, unit, b, sigma, 0.9)
    assert log_likelihood(blocks, b, sigma, 0.9) == pytest.approx(expected, rel=1e-10)


def test_a_cluster_in_both_arms_is_refused():
    y, X, weight, treated, cluster, _ = _rows(1)
    with pytest.raises(DesignError, match="both arms"):
        build_gaussian_blocks(y, X, weight, ~treated ^ (np.arange(240) == 7), cluster)


def test_power_is_one_with_equal_weights_and_the_ratio_of_variances_otherwise():
    y, X, weight, treated, _, _ = _rows(4, n=4000)
    assert sandwich_power(y, X, np.ones(y.size), treated) == pytest.approx([1, 1])
    X = np.column_stack([np.ones(y.size), treated])
    power = sandwich_power(y, X, weight, treated)
    for arm, chosen in enumerate((~treated, treated)):
        w, r = weight[chosen], y[chosen] - np.average(y[chosen], weights=weight[chosen])
        model = np.sum(w * r**2) / w.size / w.sum()
        robust = np.sum((w * r) ** 2) / w.sum() ** 2
        assert power[arm] == pytest.approx(model / robust)
    blocks = build_gaussian_blocks(y, X, weight, treated)
    raised = match_sandwich(blocks, power)
    b, sigma = np.zeros(2), np.ones(2)
    own = [log_likelihood(match_sandwich(blocks, np.eye(2)[a]), b, sigma) - blocks.constant for a in (0, 1)]
    assert log_likelihood(raised, b, sigma) - blocks.constant == pytest.approx(float(power @ own), rel=1e-12)
