"""The AUC a model would have if it were right: over all pairs, and by drawing outcomes from its risks."""

from __future__ import annotations

import numpy as np
import pytest

from wellperf_models.errors import DesignError
from wellperf_models.inference.auc import auc
from wellperf_models.inference.expected_auc import expected_auc, told_apart
from wellperf_models.inference.logistic import expit


def test_it_is_the_sum_over_pairs_with_ties() -> None:
    risk = np.array([0.1, 0.5, 0.5, 0.9, 0.3, 0.1])
    above, pairs = 0.0, 0.0
    for i in range(risk.size):
        for j in range(risk.size):
            if i != j:
                weight = risk[i] * (1 - risk[j])
                pairs += weight
                above += weight * (1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0)
    assert expected_auc(risk) == pytest.approx(above / pairs, rel=1e-12)


def test_it_is_the_auc_where_risks_are_right_and_depends_on_who_is_there() -> None:
    rng = np.random.default_rng(2)
    for spread in (0.5, 1.5):
        risk = expit(-1 + spread * rng.normal(size=3000))
        drawn = [auc(rng.uniform(size=risk.size) < risk, risk) for _ in range(60)]
        error = float(np.std(drawn)) / np.sqrt(60)
        assert abs(expected_auc(risk) - float(np.mean(drawn))) < 3 * error + 2e-4
    alike = expit(-1 + 0.5 * rng.normal(size=3000))
    assert expected_auc(alike) < expected_auc(risk) - 0.1


def test_the_same_risk_for_all_is_a_coin_and_one_row_is_nothing() -> None:
    assert expected_auc(np.full(10, 0.3)) == pytest.approx(0.5)
    with pytest.raises(DesignError):
        expected_auc(np.array([0.3]))
    with pytest.raises(DesignError):
        expected_auc(np.zeros(5))


def test_how_far_two_groups_are_apart() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(0, 1, 4000), rng.normal(0.8, 2, 4000)
    seen = auc(np.repeat([True, False], 4000), np.concatenate([other, one]))
    assert told_apart(0, 1, 0.8, 2) == pytest.approx(seen, abs=0.015)
    assert told_apart(1, 1, 1, 3) == 0.5
    with pytest.raises(DesignError):
        told_apart(0, 0, 1, 0)
