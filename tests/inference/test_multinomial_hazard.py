"""The multinomial hazard: cells equal rows, one cause is the logistic model, the gradient is a gradient."""

from __future__ import annotations

import numpy as np
import pytest

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.logistic import fit_logistic
from wellperf_models.inference.multinomial_hazard import (
    accumulate,
    choose_strength,
    fit_multinomial_hazard,
    gradient,
    hazards_of,
    log_likelihood,
)
from wellperf_models.inference.risk_sets import Floats

TRUE = np.array([[0.8, -0.5], [-0.4, 0.0], [0.0, 0.6]])
ALPHA = np.array([-2.5, -3.0])


def make(seed: int, n: int = 4000) -> tuple[Floats, Floats, Floats]:
    """Rows of a hazard of two causes: X of shape (n, 3) of few values, n, events."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-1, 2, (n, 3)).astype(float)
    p = hazards_of(ALPHA + X @ TRUE)
    draw = rng.uniform(size=n)
    events = np.column_stack([draw < p[:, 0], (draw >= p[:, 0]) & (draw < p.sum(axis=1))]).astype(float)
    return X, np.ones(n), events


def collapse(X: Floats, n: Floats, events: Floats) -> tuple[Floats, Floats, Floats]:
    patterns, place = np.unique(X, axis=0, return_inverse=True)
    place = place.ravel()
    return (
        patterns,
        np.bincount(place, n),
        np.column_stack([np.bincount(place, events[:, k]) for k in range(events.shape[1])]),
    )


@pytest.mark.parametrize("strength", [0.0, 5.0])
def test_cells_equal_rows(strength: float) -> None:
    rows = make(0)
    penalty = np.full(3, strength)
    by_row, by_cell = (
        fit_multinomial_hazard(*rows, penalty),
        fit_multinomial_hazard(*collapse(*rows), penalty),
    )
    assert by_cell.n_cells == 27
    assert by_row.n_rows == by_cell.n_rows == 4000
    np.testing.assert_allclose(by_cell.beta, by_row.beta, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(by_cell.alpha, by_row.alpha, rtol=1e-10)
    assert by_cell.log_likelihood == pytest.approx(by_row.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("C", [0.05, 1.0])
def test_one_cause_is_the_logistic_model(C: float) -> None:
    X, n, events = collapse(*make(1))
    logistic = fit_logistic(X, n, events[:, 0], C)
    hazard = fit_multinomial_hazard(X, n, events[:, :1], np.full(3, 1 / C))
    np.testing.assert_allclose(hazard.beta[:, 0], logistic.beta, atol=1e-10)
    assert hazard.alpha[0] == pytest.approx(logistic.intercept, abs=1e-10)
    assert hazard.log_likelihood == pytest.approx(logistic.log_likelihood, rel=1e-12)


def test_the_gradient_is_that_of_the_penalised_likelihood() -> None:
    X, n, events = collapse(*make(2, 500))
    X1, ridge = np.column_stack([np.ones(n.size), X]), np.array([0.0, 1.0, 2.0, 3.0])
    theta = np.random.default_rng(0).normal(0, 0.3, (4, 2))

    def value(at: Floats) -> float:
        return log_likelihood(X1 @ at, n, events) - float(ridge @ (at**2).sum(axis=1)) / 2

    exact = gradient(X1, n, events, ridge, theta)
    for j, k in np.ndindex(theta.shape):
        step = np.zeros_like(theta)
        step[j, k] = 1e-5
        numeric = (value(theta + step) - value(theta - step)) / 2e-5
        assert exact[j, k] == pytest.approx(numeric, rel=1e-6, abs=1e-5)


def test_the_score_is_zero_at_the_fit_and_truth_is_found() -> None:
    rows = make(3, 60_000)
    fit = fit_multinomial_hazard(*collapse(*rows), np.zeros(3))
    X, n, events = collapse(*rows)
    theta = np.vstack([fit.alpha, fit.beta])
    score = gradient(np.column_stack([np.ones(n.size), X]), n, events, np.zeros(4), theta)
    assert np.abs(score).max() < 1e-6
    np.testing.assert_allclose(fit.beta, TRUE, atol=0.1)


def test_a_ridge_shrinks_and_leaves_the_total_alone() -> None:
    X, n, events = collapse(*make(4))
    free, held = (fit_multinomial_hazard(X, n, events, np.full(3, v)) for v in (0.0, 200.0))
    assert (np.abs(held.beta) < np.abs(free.beta)).all()
    # free intercepts: as many foretold as came about, for each cause
    np.testing.assert_allclose(n @ held.hazard(X), events.sum(axis=0), rtol=1e-8)


def test_a_cause_without_exits_has_no_hazard() -> None:
    X, n, events = collapse(*make(5))
    padded = np.column_stack([events, np.zeros(n.size)])
    fit = fit_multinomial_hazard(X, n, padded, np.ones(3))
    assert (fit.hazard(X)[:, 2] == 0).all()
    np.testing.assert_allclose(fit.beta[:, :2], fit_multinomial_hazard(X, n, events, np.ones(3)).beta)
    # as an event of it had no probability, it has no log-likelihood either
    assert np.isfinite(log_likelihood(fit.linear_predictor(X), n, padded))


def test_what_can_not_be_fitted_says_so() -> None:
    X, n = np.eye(2), np.array([10.0, 10.0])
    with pytest.raises(DesignError, match="one outcome"):
        fit_multinomial_hazard(X, n, np.zeros((2, 1)), np.ones(2))
    with pytest.raises(ConvergenceError):
        fit_multinomial_hazard(X, n, np.array([[3.0], [2.0]]), np.zeros(2))
    separated = fit_multinomial_hazard(X[:, :1], n, np.array([[0.0], [5.0]]), np.ones(1))
    assert np.isfinite(separated.beta).all()
    with pytest.raises(ConvergenceError, match="did not converge"):
        fit_multinomial_hazard(X[:, :1], n, np.array([[0.0], [5.0]]), np.zeros(1))


def test_survival_and_incidences_add_up() -> None:
    rng = np.random.default_rng(6)
    hazards = rng.dirichlet([1, 1, 1, 20], (50, 24))[:, :, :3]
    survival, incidence = accumulate(hazards)
    assert np.abs(survival + incidence.sum(axis=2) - 1).max() < 1e-12
    assert (np.diff(incidence, axis=1) >= 0).all()
    np.testing.assert_allclose(incidence[:, 0], hazards[:, 0])
    assert survival[0, 1] == pytest.approx((1 - hazards[0, 0].sum()) * (1 - hazards[0, 1].sum()))


def test_the_ridge_is_strong_where_there_is_nothing_and_weak_where_there_is_much() -> None:
    strengths = (1000.0, 100.0, 10.0, 1.0, 0.1)

    def chosen(seed: int, effect: float) -> float:
        rng = np.random.default_rng(seed)
        X = rng.integers(0, 2, (3000, 8)).astype(float)
        p = 1 / (1 + np.exp(2.5 - effect * X @ np.tile([1.0, -1.0], 4)))
        event, fold = (rng.uniform(size=3000) < p).astype(float), rng.integers(0, 5, 3000)
        n = (fold == np.arange(5)[:, None]).astype(float)
        return choose_strength(X, n, n[:, :, None] * event[:, None], np.ones(8), np.ones(8, bool), strengths)

    assert np.mean([chosen(s, 0.0) >= 100 for s in range(10)]) >= 0.7
    assert np.mean([chosen(s, 0.8) <= 10 for s in range(10)]) >= 0.9
    with pytest.raises(DesignError, match="too few exits"):
        choose_strength(
            np.eye(2), np.ones((1, 2)), np.ones((1, 2, 1)), np.ones(2), np.ones(2, bool), strengths
        )
