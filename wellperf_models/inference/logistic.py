"""Logistic regression on exact cells, with a ridge or without.

The likelihood of independent rows needs of each pattern of covariates only how many rows it has and how many
of them are events, so a fit costs what the number of patterns costs. What is minimised is Σ loss +
‖β‖² / 2C (the intercept is free), the same function on cells as on rows, and that of scikit-learn's
`LogisticRegression`: the tests hold the coefficients to 1e-8 of its. Choosing a ridge takes thousands of
small fits, and these cost a tenth of its.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.cells import build_cells
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.likelihood import binomial
from wellperf_models.inference.risk_sets import Floats

# of the last step in log odds: Newton's method squares its error, so what is left is rounding
_TOLERANCE = 1e-8
_MAX_ITERATIONS = 100
_SMALLEST_STEP = 1e-10
_SINGULAR = 1e-12
# of log odds between two patterns, odds of 10^17 to 1: the columns separate the events
_LARGEST_RANGE = 40.0
# share of rows with a pattern of their own above which cells are no fewer than rows
_WORTH_COLLAPSING = 0.5


@dataclass(frozen=True, kw_only=True)
class LogisticCells:
    """Rows with the same covariates taken together.

    Attributes:
        X: Distinct patterns, in increasing order, shape (m, p).
        n, events: Rows and events of each, shape (m,).
    """

    X: Floats
    n: Floats
    events: Floats

    def __repr__(self) -> str:
        """Shapes only."""
        return f"LogisticCells({self.n.size} cells × {self.X.shape[1]} columns)"


@dataclass(frozen=True, kw_only=True)
class LogisticFit:
    """A fitted model: log odds = intercept + X β.

    Attributes:
        intercept: Not penalised.
        beta: Shape (p,).
        C: Inverse strength of the ridge; inf is none.
        log_likelihood: Without the penalty; the same number on cells and on rows.
        n_cells, n_rows, n_events: Counts.
    """

    intercept: float
    beta: Floats
    C: float
    log_likelihood: float
    n_cells: int
    n_rows: int
    n_events: int

    def linear_predictor(self, X: Floats) -> Floats:
        """Log odds of rows of shape (n, p); shape (n,)."""
        return self.intercept + np.asarray(X, float) @ self.beta

    def __repr__(self) -> str:
        """Shapes only."""
        return f"LogisticFit({self.beta.size} coefficients, {self.n_cells} cells)"


def collapse_rows(X: Floats, event: NDArray[np.bool_]) -> LogisticCells:
    """Exact cells of rows.

    Args:
        X: Shape (n, p); p may be 0.
        event: Shape (n,).

    Returns:
        The cells, in an order that does not depend on that of the rows.
    """
    names = [f"x{i}" for i in range(X.shape[1])]
    rows = pl.DataFrame(np.asarray(X, float), schema=names, orient="row")
    rows = rows.with_columns(pl.Series("event", np.asarray(event, np.int64)), pl.lit(0).alias("whole"))
    cells = build_cells(rows, by=["whole", *names], n_causes=1).sort(["whole", *names])
    return LogisticCells(
        X=cells.select(names).to_numpy().astype(float).reshape(cells.height, len(names)),
        n=cells["n"].to_numpy().astype(float),
        events=cells["events_1"].to_numpy().astype(float),
    )


def cells_or_rows(X: Floats, event: NDArray[np.bool_]) -> LogisticCells:
    """Exact cells of rows, or, where most rows have a pattern of their own, the rows as they are.

    With numbers among the covariates no two rows are alike, and looking for those that are would cost more
    than the fit. Rows are told apart by a projection: equal ones have equal values.

    Args:
        X: Shape (n, p).
        event: Shape (n,).
    """
    X = np.asarray(X, float)
    weights = np.random.default_rng(0x9A77).uniform(1.0, 2.0, X.shape[1])
    distinct = np.unique(X @ weights).size
    if distinct <= _WORTH_COLLAPSING * X.shape[0]:
        return collapse_rows(X, event)
    return LogisticCells(X=X, n=np.ones(X.shape[0]), events=np.asarray(event, float))


def fit_logistic(
    X: Floats,
    n: Floats,
    events: Floats,
    C: float,
    *,
    offset: Floats | None = None,
    start: LogisticFit | None = None,
    tolerance: float = _TOLERANCE,
) -> LogisticFit:
    """Fits on cells by Newton's method with step halving.

    Args:
        X: Patterns, shape (m, p); rows are cells with n = 1. p may be 0 where there is an offset.
        n, events: Rows and events of each, shape (m,).
        C: Inverse strength of the ridge on β; `inf` is no ridge.
        offset: Known part of the log odds, shape (m,).
        start: A fit to begin with, such as that of another ridge; None: with zeros.
        tolerance: Of the last step, in log odds; what is left after it is about its square.

    Raises:
        DesignError: No events, nothing but events, or no column.
        ConvergenceError: Separation without a ridge, columns that imply each other, or no convergence.
    """
    X, n, events = np.asarray(X, float), np.asarray(n, float), np.asarray(events, float)
    if not 0 < events.sum() < n.sum():
        raise DesignError(
            "There is only one class to model.",
            where="inference.logistic",
            expected="rows with and without the event",
        )
    if X.shape[1] == 0 and offset is None:
        raise DesignError("There is no column to model the events with.", where="inference.logistic")
    known = np.zeros(n.size) if offset is None else np.asarray(offset, float)
    theta = np.zeros(X.shape[1] + 1) if start is None else np.concatenate([[start.intercept], start.beta])
    theta, eta = _newton(np.column_stack([np.ones(n.size), X]), n, events, known, C, theta, tolerance)
    return LogisticFit(
        intercept=float(theta[0]),
        beta=theta[1:],
        C=C,
        log_likelihood=binomial(eta, n, events, "logit"),
        n_cells=n.size,
        n_rows=round(float(n.sum())),
        n_events=round(float(events.sum())),
    )


def _newton(
    X: Floats, n: Floats, events: Floats, offset: Floats, C: float, theta: Floats, tolerance: float
) -> tuple[Floats, Floats]:
    """Intercept and coefficients, shape (p + 1,), and log odds, shape (m,)."""
    # the intercept is free
    ridge = np.concatenate([[0.0], np.full(X.shape[1] - 1, 1 / C)])
    eta = offset + X @ theta
    value = _loss(eta, theta, n, events, ridge)
    for _ in range(_MAX_ITERATIONS):
        p = expit(eta)
        gradient = X.T @ (events - n * p) - ridge * theta
        # a product with itself takes half the time of another
        weighted = X * np.sqrt(n * p * (1 - p))[:, None]
        hessian = weighted.T @ weighted + np.diag(ridge)
        step = _solve(hessian, gradient)
        if not np.isfinite(step).all():
            raise _no_convergence("columns that imply each other")
        size = 1.0
        while True:
            moved = theta + size * step
            eta_moved = offset + X @ moved
            new = _loss(eta_moved, moved, n, events, ridge)
            # at the minimum rounding may lift the loss by its last digit
            if new <= value + 1e-12 * abs(value) or size < _SMALLEST_STEP:
                break
            size /= 2
        theta, eta, value = moved, eta_moved, new
        if not np.isfinite(eta).all() or (np.isinf(C) and np.ptp(X @ theta) > _LARGEST_RANGE):
            raise _no_convergence("columns that separate the events from the rest")
        if np.abs(X @ step).max() < tolerance:
            return theta, eta
    raise _no_convergence(f"no end after {_MAX_ITERATIONS} steps")


def _solve(hessian: Floats, gradient: Floats) -> Floats:
    try:
        lower = np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError:
        raise _no_convergence("columns that imply each other") from None
    # of a positive definite matrix: how far its columns are from implying each other
    diagonal = np.diag(lower)
    if (diagonal**2 < _SINGULAR * np.diag(hessian)).any():
        raise _no_convergence("columns that imply each other")
    return np.linalg.solve(hessian, gradient)


def _loss(eta: Floats, theta: Floats, n: Floats, events: Floats, ridge: Floats) -> float:
    return float(ridge @ theta**2) / 2 - binomial(eta, n, events, "logit")


def expit(eta: Floats) -> Floats:
    """Probability of log odds, without overflow."""
    return np.exp(-np.logaddexp(0.0, -eta))


def _no_convergence(why: str) -> ConvergenceError:
    return ConvergenceError(
        "A logistic model did not converge.",
        where="inference.logistic",
        got=why,
        remedy="fewer or coarser covariates; look for one that knows the outcome",
    )
