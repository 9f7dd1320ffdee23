"""Cells equal rows, and both equal scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.likelihood import binomial
from wellperf_models.inference.logistic import collapse_rows, expit, fit_logistic


def world(seed: int = 0, n: int = 3000, levels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Rows with few patterns: two coarse numbers and a flag."""
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [
            rng.integers(-levels, levels + 1, n) / 2,
            rng.integers(0, levels, n).astype(float),
            rng.uniform(size=n) < 0.3,
        ]
    ).astype(float)
    event = rng.uniform(size=n) < expit(-1 + X @ np.array([0.9, -0.4, 0.7]))
    return X, event


def sklearn_rows(X: np.ndarray, event: np.ndarray, C: float, solver: str) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(solver=solver, C=C, tol=1e-11, max_iter=100_000).fit(X, event)
    return np.concatenate([model.intercept_, model.coef_[0]])


@pytest.mark.parametrize("C", [1e-3, 0.1, 1.0, 30.0, np.inf])
@pytest.mark.parametrize("seed", range(3))
def test_cells_equal_row_level_scikit_learn(C: float, seed: int) -> None:
    X, event = world(seed)
    cells = collapse_rows(X, event)
    assert cells.n.size < 60
    fit = fit_logistic(cells.X, cells.n, cells.events, C)
    found = np.concatenate([[fit.intercept], fit.beta])
    rows = fit_logistic(X, np.ones(event.size), event.astype(float), C)
    assert np.abs(found - np.concatenate([[rows.intercept], rows.beta])).max() < 1e-10
    for solver in ("newton-cholesky", "newton-cg"):
        assert np.abs(found - sklearn_rows(X, event, C, solver)).max() < 1e-8


def test_the_gradient_is_zero_at_the_fit() -> None:
    X, event = world(5)
    for C in (0.05, np.inf):
        fit = fit_logistic(X, np.ones(event.size), event.astype(float), C)
        residual = event - expit(fit.linear_predictor(X))
        assert abs(residual.sum()) < 1e-9
        assert np.abs(X.T @ residual - fit.beta / C).max() < 1e-9


def test_log_likelihood_of_cells_equals_that_of_rows() -> None:
    X, event = world(1)
    cells = collapse_rows(X, event)
    fit = fit_logistic(cells.X, cells.n, cells.events, 1.0)
    rows = binomial(fit.linear_predictor(X), np.ones(event.size), event.astype(float), "logit")
    assert fit.log_likelihood == pytest.approx(rows, rel=1e-10)
    direct = np.sum(np.log(np.where(event, p := expit(fit.linear_predictor(X)), 1 - p)))
    assert fit.log_likelihood == pytest.approx(float(direct), rel=1e-10)
    assert (fit.n_rows, fit.n_events, fit.n_cells) == (event.size, event.sum(), cells.n.size)


def test_cells_do_not_depend_on_the_order_of_rows_and_lose_nobody() -> None:
    X, event = world(2)
    X[X == 0] = -0.0
    order = np.random.default_rng(0).permutation(event.size)
    one, two = collapse_rows(X, event), collapse_rows(X[order], event[order])
    for a, b in ((one.X, two.X), (one.n, two.n), (one.events, two.events)):
        assert np.array_equal(a, b)
    assert one.n.sum() == event.size
    assert one.events.sum() == event.sum()
    assert np.unique(one.X, axis=0).shape == one.X.shape
    nothing = collapse_rows(np.zeros((7, 0)), np.arange(7) < 3)
    assert (nothing.n.tolist(), nothing.events.tolist()) == ([7.0], [3.0])


def test_an_offset_is_a_known_part_of_the_log_odds() -> None:
    X, event = world(3)
    n, events = np.ones(event.size), event.astype(float)
    whole = fit_logistic(X, n, events, np.inf)
    part = fit_logistic(X[:, :2], n, events, np.inf, offset=X[:, 2] * whole.beta[2])
    assert part.beta == pytest.approx(whole.beta[:2], abs=1e-9)
    alone = fit_logistic(np.zeros((event.size, 0)), n, events, np.inf, offset=X @ whole.beta)
    assert alone.intercept == pytest.approx(whole.intercept, abs=1e-9)


def test_a_stronger_ridge_shrinks_the_coefficients_not_the_intercept() -> None:
    X, event = world(4)
    n, events = np.ones(event.size), event.astype(float)
    sizes = [float(np.linalg.norm(fit_logistic(X, n, events, C).beta)) for C in (1e-4, 1e-2, 1.0, 100.0)]
    assert sizes == sorted(sizes)
    tight = fit_logistic(X, n, events, 1e-9)
    assert expit(np.array([tight.intercept]))[0] == pytest.approx(event.mean(), abs=1e-5)


@pytest.mark.parametrize("far", [1, 3, 6])
def test_far_from_the_start_a_step_does_not_overshoot(far: int) -> None:
    """Newton's whole steps run away here: predictions far too high, as a recalibration meets them."""
    rng = np.random.default_rng(0)
    offset = far * (3 + rng.normal(size=200))
    event = rng.uniform(size=200) < 0.3
    fit = fit_logistic(np.zeros((200, 0)), np.ones(200), event.astype(float), np.inf, offset=offset)
    assert abs(event.sum() - expit(offset + fit.intercept).sum()) < 1e-8


def test_separation_and_columns_that_imply_each_other_have_no_estimate() -> None:
    X, event = world(6)
    n, events = np.ones(event.size), event.astype(float)
    with pytest.raises(ConvergenceError, match="separate the events"):
        fit_logistic(np.column_stack([X, events]), n, events, np.inf)
    # a single level without events
    quasi = (X[:, 0] > 1) & ~event
    with pytest.raises(ConvergenceError, match="separate the events"):
        fit_logistic(quasi[:, None].astype(float), n, events, np.inf)
    twice = np.column_stack([X, X[:, 0] + 1])
    with pytest.raises(ConvergenceError, match="imply each other"):
        fit_logistic(twice, n, events, np.inf)
    # with a ridge all of these have an answer
    assert np.isfinite(fit_logistic(twice, n, events, 1.0).beta).all()
    assert np.isfinite(fit_logistic(np.column_stack([X, events]), n, events, 1.0).beta).all()


def test_one_class_or_no_column_is_refused() -> None:
    X, event = world(7)
    n = np.ones(event.size)
    for events in (np.zeros(event.size), n):
        with pytest.raises(DesignError, match="only one class"):
            fit_logistic(X, n, events, 1.0)
    with pytest.raises(DesignError, match="no column"):
        fit_logistic(X[:, :0], n, event.astype(float), 1.0)


def test_nothing_of_the_rows_is_in_a_repr() -> None:
    X, event = world(0)
    cells = collapse_rows(X, event)
    fit = fit_logistic(cells.X, cells.n, cells.events, 1.0)
    assert "cells" in repr(cells)
    assert "." not in repr(fit)
