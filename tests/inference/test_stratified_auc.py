"""AUC over parts: by counting pairs, against the clustered AUC of one part, and its coverage."""

from __future__ import annotations

import numpy as np
import pytest

from wellperf_models.errors import DesignError
from wellperf_models.inference.auc import clustered_auc
from wellperf_models.inference.stratified_auc import Part, stratified_auc


def made(seed: int, n: int = 300, clusters: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, clusters, n)
    effect = rng.normal(size=clusters)[cluster]
    event = rng.uniform(size=n) < 1 / (1 + np.exp(-effect))
    return event, np.round(effect + rng.normal(size=n), 1), cluster


def test_it_is_the_share_of_pairs_within_parts_ordered_rightly() -> None:
    event, score, cluster = made(0, n=60)
    halves = [np.arange(60) < 25, np.arange(60) >= 25]
    right = pairs = 0.0
    for half in halves:
        for i in np.flatnonzero(half & event):
            for j in np.flatnonzero(half & ~event):
                right += float(score[i] > score[j]) + 0.5 * float(score[i] == score[j])
                pairs += 1
    found = stratified_auc([Part(event=event[h], score=score[h], cluster=cluster[h]) for h in halves], 60)
    assert found.auc == pytest.approx(right / pairs, abs=1e-12)


def test_one_part_is_the_clustered_auc() -> None:
    event, score, cluster = made(1)
    other = score + np.random.default_rng(2).normal(size=score.size)
    both = clustered_auc(event, np.column_stack([score, other]), cluster)
    one, two = (stratified_auc([Part(event=event, score=s, cluster=cluster)], 60) for s in (score, other))
    assert one.auc == pytest.approx(both.auc[0], abs=1e-12)
    assert one.score.std_error == pytest.approx(np.sqrt(both.covariance[0, 0]), rel=0.02)
    contrast = np.array([1.0, -1.0])
    paired = one.minus(two)
    assert paired.value == pytest.approx(both.auc[0] - both.auc[1], abs=1e-12)
    assert paired.std_error == pytest.approx(np.sqrt(contrast @ both.covariance @ contrast), rel=0.02)
    assert one.minus(one).std_error == 0.0


def test_repeats_of_the_same_folds_change_nothing() -> None:
    event, score, cluster = made(3)
    once = [Part(event=event, score=score, cluster=cluster)]
    one, many = stratified_auc(once, 60), stratified_auc(once * 5, 60)
    assert many.auc == pytest.approx(one.auc, abs=1e-12)
    assert many.score.std_error == pytest.approx(one.score.std_error, rel=1e-9)


def test_the_interval_covers_the_truth() -> None:
    truth = np.mean([stratified_auc([_part(s, 4_000, 800)], 800).auc for s in range(900, 930)])
    inside = sum(
        (found := stratified_auc([_part(s, 300, 60)], 60).score).low <= truth <= found.high
        for s in range(200)
    )
    assert 180 <= inside <= 199


def _part(seed: int, n: int, clusters: int) -> Part:
    event, score, cluster = made(seed, n, clusters)
    return Part(event=event, score=score, cluster=cluster)


def test_one_class_is_no_auc_and_adds_none() -> None:
    event, score, cluster = made(4)
    alone = Part(event=np.ones(5, bool), score=np.zeros(5), cluster=np.arange(5))
    whole = Part(event=event, score=score, cluster=cluster)
    assert stratified_auc([whole, alone], 60).auc == stratified_auc([whole], 60).auc
    with pytest.raises(DesignError, match="both cases"):
        stratified_auc([alone], 60)
    assert "0." not in repr(stratified_auc([whole], 60))
