"""Recalibration, Brier scores and means with clustered errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.calibration import recalibrate
from wellperf_models.inference.logistic import expit
from wellperf_models.inference.scores import (
    Score,
    brier,
    clustered_mean,
    clustered_scaled_brier,
    scaled_brier,
    score_of,
)


def world(seed: int, clusters: int = 200, level: float = -0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cases, predicted log odds and clusters that share both."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), rng.integers(1, 6, clusters))
    eta = level + (rng.normal(size=clusters)[cluster] + 0.5 * rng.normal(size=cluster.size))
    event = rng.uniform(size=cluster.size) < expit(eta + 1.6 * rng.normal(size=clusters)[cluster])
    return event, eta, cluster


def bootstrap(
    statistic: Callable[[np.ndarray], float], cluster: np.ndarray, draws: int = 500, seed: int = 0
) -> float:
    rng = np.random.default_rng(seed)
    names = np.unique(cluster)
    rows = {c: np.flatnonzero(cluster == c) for c in names}
    found = []
    for _ in range(draws):
        chosen = np.concatenate([rows[c] for c in rng.choice(names, names.size)])
        found.append(statistic(chosen))
    return float(np.std(found, ddof=1))


def test_slope_and_intercept_are_those_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    event, eta, cluster = world(0)
    found = recalibrate(event, eta, cluster)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-11).fit(eta[:, None], event)
    assert found.slope == pytest.approx(float(model.coef_[0, 0]), abs=1e-8)
    # with the slope at 1, predicted and observed cases are as many
    assert float(expit(eta + found.intercept).sum()) == pytest.approx(float(event.sum()), abs=1e-8)


def test_the_slope_says_how_much_too_extreme_predictions_are() -> None:
    rng = np.random.default_rng(1)
    eta = rng.normal(size=40_000)
    event = rng.uniform(size=eta.size) < expit(eta)
    people = np.arange(eta.size)
    right, extreme = recalibrate(event, eta, people), recalibrate(event, 2 * eta + 1, people)
    assert abs(right.slope - 1) < 4 * right.slope_std_error
    assert abs(right.intercept) < 4 * right.intercept_std_error
    assert extreme.slope == pytest.approx(right.slope / 2, rel=1e-9)
    assert extreme.intercept < -0.5
    # predictions that hardly differ still have a slope
    assert recalibrate(event, 1e-4 * eta, people).slope == pytest.approx(1e4 * right.slope, rel=1e-6)


def test_clustered_errors_of_recalibration_agree_with_a_bootstrap() -> None:
    event, eta, cluster = world(2)
    found = recalibrate(event, eta, cluster)
    index = np.arange(event.size)
    slope = bootstrap(lambda r: recalibrate(event[r], eta[r], r).slope, cluster, 300)
    assert found.slope_std_error == pytest.approx(slope, rel=0.15)
    level = bootstrap(lambda r: recalibrate(event[r], eta[r], r).intercept, cluster, 300)
    assert found.intercept_std_error == pytest.approx(level, rel=0.15)
    assert recalibrate(event, eta, index).intercept_std_error < 0.85 * found.intercept_std_error


@pytest.mark.parametrize(
    ("event", "eta"),
    [
        (np.zeros(9, bool), np.arange(9.0)),
        (np.arange(9) > 4, np.full(9, 0.3)),
        (np.arange(9) > 4, np.arange(9.0)),
    ],
)
def test_what_can_not_be_recalibrated_has_no_number(event: np.ndarray, eta: np.ndarray) -> None:
    with pytest.raises(ConvergenceError):
        recalibrate(event, eta, np.arange(9))


def test_brier_and_its_scaled_form() -> None:
    event, risk = np.array([True, False, False, True]), np.array([1.0, 0.0, 0.5, 0.5])
    assert brier(event, risk).tolist() == [0.0, 0.0, 0.25, 0.25]
    assert scaled_brier(event, risk) == pytest.approx(1 - 0.125 / 0.25)
    assert scaled_brier(event, np.full(4, 0.5)) == pytest.approx(0.0, abs=1e-15)
    assert scaled_brier(event, event.astype(float)) == 1.0


def test_errors_of_means_and_scaled_brier_agree_with_a_bootstrap() -> None:
    # few cases: the base rate of the reference is uncertain too
    event, eta, cluster = world(3, clusters=400, level=-3.0)
    risk = expit(eta)
    losses = brier(event, risk)
    mean = clustered_mean(losses, cluster)
    assert mean.std_error == pytest.approx(bootstrap(lambda r: float(losses[r].mean()), cluster), rel=0.1)
    scaled = clustered_scaled_brier(event, risk, cluster)
    again = bootstrap(lambda r: scaled_brier(event[r], risk[r]), cluster)
    assert scaled.value == pytest.approx(scaled_brier(event, risk))
    assert scaled.std_error == pytest.approx(again, rel=0.12)


def test_single_rows_give_the_textbook_error_and_t_interval() -> None:
    values = np.random.default_rng(0).normal(size=25)
    found = clustered_mean(values, np.arange(25))
    assert found.std_error == pytest.approx(values.std(ddof=1) / 5, rel=1e-12)
    # t with 24 degrees of freedom
    assert found.high - found.value == pytest.approx(2.0638985616280205 * found.std_error, rel=1e-9)
    repeated = clustered_mean(np.tile(values, 12), np.tile(np.arange(25), 12))
    assert repeated.std_error == pytest.approx(found.std_error, rel=1e-12)


def test_too_few_clusters_or_one_class_have_no_interval() -> None:
    with pytest.raises(DesignError, match="two clusters"):
        clustered_mean(np.arange(5.0), np.zeros(5))
    with pytest.raises(DesignError, match="one class"):
        clustered_scaled_brier(np.zeros(5, bool), np.full(5, 0.1), np.arange(5))
    with pytest.raises(DesignError, match="two clusters"):
        score_of(0.5, 0.1, 1)


def test_an_interval_is_cut_to_what_a_score_can_be() -> None:
    cut = Score(value=0.98, std_error=0.02, low=0.94, high=1.02).within(0.0, 1.0)
    assert (cut.value, cut.low, cut.high) == (0.98, 0.94, 1.0)
    assert "0.98" not in repr(cut)
