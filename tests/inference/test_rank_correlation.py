"""Margins stay, correlation comes."""

from __future__ import annotations

import numpy as np
import pytest

from wellperf_models.inference.rank_correlation import complete, correlate

TARGET = np.array([[1.0, 0.5, -0.3], [0.5, 1.0, 0.2], [-0.3, 0.2, 1.0]])


def test_columns_keep_their_values_and_take_the_correlation():
    rng = np.random.default_rng(0)
    draws = np.column_stack(
        [rng.normal(size=20_000), 5 + 3 * rng.normal(size=20_000), rng.normal(size=20_000)]
    )
    together = correlate(draws, TARGET, np.random.default_rng(1))
    assert np.array_equal(np.sort(together, axis=0), np.sort(draws, axis=0))
    assert np.abs(np.corrcoef(together, rowvar=False) - TARGET).max() < 0.01
    assert np.abs(np.corrcoef(draws, rowvar=False) - TARGET).max() > 0.2
    again = correlate(draws, TARGET, np.random.default_rng(1))
    assert np.array_equal(together, again)


def test_variance_of_a_sum_follows_the_correlation():
    draws = np.random.default_rng(2).normal(size=(20_000, 2))
    for rho in (-0.3, 0.0, 0.5):
        total = correlate(draws, np.array([[1, rho], [rho, 1]]), np.random.default_rng(3)).sum(axis=1)
        assert total.var() == pytest.approx(2 + 2 * rho, rel=0.03)


def test_one_column_is_left_alone():
    draws = np.random.default_rng(2).normal(size=(100, 1))
    assert np.array_equal(correlate(draws, np.eye(1), np.random.default_rng(0)), draws)


def test_unknown_entries_are_assumed_as_far_as_a_matrix_allows():
    known = np.array([[1.0, 0.4, np.nan], [0.4, 1.0, np.nan], [np.nan, np.nan, 1.0]])
    filled = complete(known, 0.5)
    assert filled[0, 1] == 0.4
    assert filled[0, 2] == filled[1, 2] == 0.5
    none = np.where(np.eye(5) == 1, 1.0, np.nan)
    limited = complete(none, -0.3)
    assert np.diag(limited) == pytest.approx(np.ones(5))
    assert np.linalg.eigvalsh(limited)[0] > 0
    assert limited[0, 1] == pytest.approx(-0.25, abs=1e-3)
    assert complete(none, -0.2)[0, 1] == -0.2
