"""α and ω against published numbers, closed forms and truth; their intervals against resampling."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.reliability import (
    alpha_of,
    item_rest,
    omega_of,
    one_factor,
    reliability,
    residual_correlation,
)

Floats = NDArray[np.float64]

# Holzinger & Swineford (1939), 301 pupils, nine tests of Jöreskog (1969): covariances (divisor n) as printed
# by lavaan, Rosseel (2012), Journal of Statistical Software 48(2)
HOLZINGER = {
    "visual": [[1.358, 0.407, 0.580], [0.407, 1.382, 0.451], [0.580, 0.451, 1.275]],
    "textual": [[1.351, 1.098, 0.896], [1.098, 1.660, 1.015], [0.896, 1.015, 1.196]],
    "speed": [[1.183, 0.535, 0.373], [0.535, 1.022, 0.457], [0.373, 0.457, 1.015]],
}
# α of these as printed by semTools' reliability(), to three digits
PUBLISHED_ALPHA = {"visual": 0.626, "textual": 0.883, "speed": 0.688}


@pytest.mark.parametrize("name", HOLZINGER)
def test_alpha_is_that_of_the_literature(name: str) -> None:
    assert alpha_of(np.array(HOLZINGER[name])) == pytest.approx(PUBLISHED_ALPHA[name], abs=0.0006)


@pytest.mark.parametrize("name", HOLZINGER)
def test_omega_of_three_items_is_the_closed_form(name: str) -> None:
    """λ1² = s12 s13 / s23 with three items (McDonald 1999, chapter 6)."""
    s = np.array(HOLZINGER[name])
    a, b, c = s[0, 1], s[0, 2], s[1, 2]
    loadings = np.sqrt([a * b / c, a * c / b, b * c / a])
    assert omega_of(s) == pytest.approx(loadings.sum() ** 2 / s.sum(), rel=1e-9)
    np.testing.assert_allclose(one_factor(s), loadings, rtol=1e-8)


LOADINGS = np.array([0.9, 0.7, 0.5, 0.8, 0.6])
ERRORS = np.array([0.5, 0.6, 0.9, 0.4, 0.8])
TRUTH = LOADINGS.sum() ** 2 / (LOADINGS.sum() ** 2 + ERRORS.sum())


def congeneric(rng: np.random.Generator, n: int) -> Floats:
    return np.asarray(rng.normal(size=(n, 1)) * LOADINGS + rng.normal(size=(n, 5)) * np.sqrt(ERRORS))


def test_omega_of_congeneric_items_is_exact_and_alpha_is_below_it() -> None:
    s = np.outer(LOADINGS, LOADINGS) + np.diag(ERRORS)
    assert omega_of(s) == pytest.approx(TRUTH, rel=1e-9)
    assert alpha_of(s) < omega_of(s)
    # parallel items: both are Spearman and Brown's formula
    parallel = np.full((6, 6), 0.4) + 0.6 * np.eye(6)
    assert alpha_of(parallel) == pytest.approx(6 * 0.4 / (1 + 5 * 0.4), rel=1e-12)
    assert omega_of(parallel) == pytest.approx(6 * 0.4 / (1 + 5 * 0.4), rel=1e-9)


def test_many_people_recover_the_truth_within_the_interval() -> None:
    found = reliability(congeneric(np.random.default_rng(5), 20_000))
    assert found.low < TRUTH < found.high
    assert found.high - found.low < 0.015


@pytest.mark.parametrize("kind", ["alpha", "omega"])
def test_the_error_is_that_of_resampling_people(kind: str) -> None:
    rng = np.random.default_rng(3)
    x = np.clip(np.round(1.5 + 1.2 * congeneric(rng, 250)), 0, 6)
    found = reliability(x, kind=kind)
    drawn = [reliability(x[rng.integers(0, 250, 250)], kind=kind).value for _ in range(200)]
    spread = np.std(np.log1p(-np.array(drawn)))
    # of 200 resamples the spread is known to 5 %
    assert found.std_error == pytest.approx(spread, rel=0.15)


def test_rows_of_one_person_count_once() -> None:
    x = congeneric(np.random.default_rng(1), 300)
    once = reliability(x)
    thrice = reliability(np.repeat(x, 3, axis=0), np.repeat(np.arange(300), 3))
    assert thrice.value == pytest.approx(once.value, rel=1e-9)
    assert thrice.std_error == pytest.approx(once.std_error, rel=0.01)
    assert reliability(np.repeat(x, 3, axis=0)).std_error < 0.6 * once.std_error


def test_neither_order_nor_unit_changes_a_coefficient() -> None:
    rng = np.random.default_rng(2)
    x = congeneric(rng, 200)
    other = reliability(10 + 25 * x[rng.permutation(200)][:, ::-1])
    found = reliability(x)
    assert (other.value, other.low, other.high) == pytest.approx((found.value, found.low, found.high))


def test_item_rest_and_what_one_factor_leaves() -> None:
    rng = np.random.default_rng(4)
    x = congeneric(rng, 500)
    by_hand = [np.corrcoef(x[:, i], np.delete(x, i, axis=1).sum(axis=1))[0, 1] for i in range(5)]
    np.testing.assert_allclose(item_rest(x), by_hand, rtol=1e-10)
    assert residual_correlation(x) < 0.05
    two = rng.normal(size=(500, 2)) @ np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1.0]])
    two = np.hstack([two + 0.6 * rng.normal(size=(500, 6))])
    assert residual_correlation(two + 0.3 * rng.normal(size=(500, 1))) > 0.2


def test_what_can_not_be_told_is_said() -> None:
    x = congeneric(np.random.default_rng(0), 100)
    with pytest.raises(DesignError, match="same answer"):
        reliability(np.column_stack([x, np.ones(100)]))
    # .1 added up a hundred times has a mean beside .1, and so a variance above none
    with pytest.raises(DesignError, match="same answer"):
        reliability(np.column_stack([x, np.full(100, 0.1)]))
    with pytest.raises(DesignError, match="same answer"):
        residual_correlation(np.column_stack([x, np.ones(100)]))
    with pytest.raises(DesignError, match="Too few complete answers"):
        reliability(x[:8])
    with pytest.raises(DesignError, match="three items"):
        reliability(x[:, :2])
    assert math.isfinite(reliability(x[:, :2], kind="alpha").value)
    # an item that shares more with the others than it varies: no such factor
    impossible = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.2], [0.9, 0.2, 1.0]])
    with pytest.raises(ConvergenceError, match="Heywood"):
        omega_of(impossible)
