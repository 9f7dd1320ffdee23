"""AUC, and its errors when rows are clustered."""

from __future__ import annotations

import numpy as np
import pytest

from wellperf_models.errors import DesignError
from wellperf_models.inference.auc import auc, clustered_auc


def kernel(event: np.ndarray, score: np.ndarray) -> np.ndarray:
    """1, ½ or 0 for every pair of a case and another, shape (cases, others)."""
    difference = score[event][:, None] - score[~event][None, :]
    return (difference > 0) + 0.5 * (difference == 0)


def delong(event: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong et al. 1988 as printed: covariances of the two kinds of components."""
    pairs = [kernel(event, scores[:, k]) for k in range(scores.shape[1])]
    cases = np.cov(np.stack([p.mean(axis=1) for p in pairs]))
    others = np.cov(np.stack([p.mean(axis=0) for p in pairs]))
    m, n = pairs[0].shape
    return np.array([p.mean() for p in pairs]), cases / m + others / n


def world(seed: int, clusters: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Several rows a cluster, cases and others in the same one, two scores that go together."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), rng.integers(1, 7, clusters))
    shared = rng.normal(size=clusters)[cluster]
    latent = shared + rng.normal(size=cluster.size)
    event = latent + 0.7 * rng.normal(size=cluster.size) > 0.8
    one = np.round(shared + 0.8 * rng.normal(size=cluster.size), 1)
    two = np.round(0.5 * latent + rng.normal(size=cluster.size), 1)
    return event, np.column_stack([one, two]), cluster


@pytest.mark.parametrize("seed", range(4))
def test_auc_counts_every_pair(seed: int) -> None:
    event, scores, _ = world(seed)
    assert auc(event, scores[:, 0]) == pytest.approx(kernel(event, scores[:, 0]).mean(), abs=1e-14)
    from sklearn.metrics import roc_auc_score

    assert auc(event, scores[:, 1]) == pytest.approx(roc_auc_score(event, scores[:, 1]), abs=1e-12)


def test_without_a_class_there_is_no_auc() -> None:
    assert np.isnan(auc(np.zeros(4, bool), np.arange(4.0)))
    assert np.isnan(auc(np.ones(4, bool), np.arange(4.0)))


@pytest.mark.parametrize("seed", range(4))
def test_single_rows_give_the_errors_of_delong(seed: int) -> None:
    event, scores, _ = world(seed)
    found = clustered_auc(event, scores, np.arange(event.size))
    values, covariance = delong(event, scores)
    assert found.auc == pytest.approx(values, abs=1e-13)
    assert found.covariance == pytest.approx(covariance, rel=1e-10)


def test_a_worked_example_of_delong() -> None:
    # cases 3, 5, 6; others 1, 2, 4: eight of nine pairs are in order
    # V10 = (2/3, 1, 1), variance 1/27; V01 = (1, 1, 2/3), variance 1/27; sum of both by 3: 2/81
    score = np.array([3.0, 5, 6, 1, 2, 4])
    event = np.array([True] * 3 + [False] * 3)
    found = clustered_auc(event, score[:, None], np.arange(6))
    assert found.auc[0] == pytest.approx(8 / 9, abs=1e-15)
    assert found.covariance[0, 0] == pytest.approx(2 / 81, abs=1e-15)


def obuchowski(event: np.ndarray, score: np.ndarray, cluster: np.ndarray) -> float:
    """Obuchowski 1997, equations of her section 2, cluster by cluster."""
    pairs = kernel(event, score)
    theta, (m, n) = pairs.mean(), pairs.shape
    names = np.unique(cluster)
    case, other = cluster[event], cluster[~event]
    v10 = [pairs[case == i].mean(axis=1).sum() - (case == i).sum() * theta for i in names]
    v01 = [pairs[:, other == i].mean(axis=0).sum() - (other == i).sum() * theta for i in names]
    i10, i01, i = np.unique(case).size, np.unique(other).size, names.size
    s10 = i10 / ((i10 - 1) * m) * np.sum(np.square(v10))
    s01 = i01 / ((i01 - 1) * n) * np.sum(np.square(v01))
    s11 = i / (i - 1) * np.sum(np.multiply(v10, v01))
    return float(s10 / m + s01 / n + 2 * s11 / (m * n))


@pytest.mark.parametrize("seed", range(4))
def test_clusters_give_the_errors_of_obuchowski(seed: int) -> None:
    event, scores, cluster = world(seed)
    found = clustered_auc(event, scores, cluster)
    for k in (0, 1):
        assert found.covariance[k, k] == pytest.approx(obuchowski(event, scores[:, k], cluster), rel=1e-10)
    assert found.n_clusters == 60
    # names of clusters do not matter, nor does the order of rows
    order = np.random.default_rng(seed).permutation(event.size)
    again = clustered_auc(event[order], scores[order], np.array([f"c{c}" for c in cluster])[order])
    assert again.covariance == pytest.approx(found.covariance, rel=1e-10)


def test_errors_agree_with_a_cluster_bootstrap() -> None:
    event, scores, cluster = world(11, clusters=250)
    found = clustered_auc(event, scores, cluster)
    rng = np.random.default_rng(0)
    rows = [np.flatnonzero(cluster == c) for c in range(250)]
    drawn = []
    for _ in range(600):
        chosen = np.concatenate([rows[i] for i in rng.integers(0, 250, 250)])
        drawn.append([auc(event[chosen], scores[chosen, k]) for k in (0, 1)])
    bootstrap = np.cov(np.array(drawn).T)
    # 600 draws know a standard deviation to 3 %
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(np.sqrt(np.diag(bootstrap)), rel=0.1)
    contrast = np.array([1.0, -1.0])
    ratio = (contrast @ found.covariance @ contrast) / (contrast @ bootstrap @ contrast)
    assert 0.8 < ratio < 1.25
    # taking rows as independent would be far off
    naive = clustered_auc(event, scores, np.arange(event.size))
    assert naive.covariance[0, 0] < 0.75 * found.covariance[0, 0]


def test_too_few_clusters_have_no_error() -> None:
    event = np.array([True, True, False, False, False])
    with pytest.raises(DesignError, match="at least two clusters"):
        clustered_auc(event, np.arange(5.0)[:, None], np.array([1, 1, 2, 3, 4]))
