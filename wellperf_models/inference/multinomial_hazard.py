"""Multinomial hazard on exact cells: all competing causes of one month at once, with a ridge.

A month ends with staying (the baseline) or with one of K exits: log(h_k / h_0) = α_k + x β_k (Allison 1982;
Tutz & Schmid 2016, Modeling Discrete Time-to-Event Data, chapter 8). The likelihood needs of each pattern x
only how many person-months it has and how many end in which exit, so a fit costs what the number of patterns
costs. What is minimised is −log-likelihood + ½ Σ_j λ_j Σ_k β_jk²; the intercepts are free. With K = 1 it is
`inference.logistic` with C = 1/λ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

_MAX_ITERATIONS = 60
# of the last step in log odds; Newton's method squares its error
_TOLERANCE = 1e-8
# enough to compare ridges
_ROUGH = 1e-4
# weaker ridges in a row that foretell no better, and the search ends
_PAST_THE_PEAK = 2
_SMALLEST_STEP = 1e-10
_SINGULAR = 1e-12
# of log odds between two patterns: without a ridge the columns separate the events
_LARGEST_RANGE = 40.0


@dataclass(frozen=True, kw_only=True)
class MultinomialHazard:
    """A fitted model.

    Attributes:
        alpha: Intercepts, shape (K,); −inf for a cause nobody left for: its hazard is 0.
        beta: Shape (p, K).
        penalty: Ridge λ of each column, shape (p,).
        log_likelihood: Without the penalty; the same number on cells and on rows.
        n_cells, n_rows, n_iterations: Counts.
        n_events: By cause, shape (K,).
    """

    alpha: Floats
    beta: Floats
    penalty: Floats
    log_likelihood: float
    n_cells: int
    n_rows: int
    n_iterations: int
    n_events: Ints

    def linear_predictor(self, X: Floats) -> Floats:
        """log(h_k / h_0) of rows of shape (m, p); shape (m, K)."""
        return self.alpha + np.asarray(X, float) @ self.beta

    def hazard(self, X: Floats) -> Floats:
        """P(exit for cause k in the month | employed at its start), shape (m, K)."""
        return hazards_of(self.linear_predictor(X))

    def __repr__(self) -> str:
        """Shapes only."""
        return f"MultinomialHazard({self.beta.shape[0]} columns × {self.alpha.size} causes)"


def hazards_of(eta: Floats) -> Floats:
    """Hazards of log odds against staying; shape (…, K), the sum over causes below 1."""
    # staying has log odds 0
    largest = np.maximum(eta.max(axis=-1, keepdims=True), 0.0)
    odds = np.exp(eta - largest)
    return np.asarray(odds / (np.exp(-largest) + odds.sum(axis=-1, keepdims=True)))


def log_likelihood(eta: Floats, n: Floats, events: Floats) -> float:
    """Σ Σ_k d_k η_k − n log(1 + Σ_k exp η_k), up to the multinomial coefficients.

    Args:
        eta: Shape (m, K).
        n: Person-months, shape (m,).
        events: Shape (m, K).
    """
    largest = np.maximum(eta.max(axis=1), 0.0)
    total = largest + np.log(np.exp(-largest) + np.exp(eta - largest[:, None]).sum(axis=1))
    # a cause nobody left for has η = −inf and no event
    told = np.where(events > 0, events * np.where(events > 0, eta, 0.0), 0.0)
    return float(told.sum() - n @ total)


def fit_multinomial_hazard(
    X: Floats,
    n: Floats,
    events: Floats,
    penalty: Floats,
    *,
    start: MultinomialHazard | None = None,
    tolerance: float = _TOLERANCE,
) -> MultinomialHazard:
    """Fits on cells by Newton's method with step halving.

    Args:
        X: Patterns, shape (m, p); p may be 0. Rows are cells with n = 1.
        n: Person-months of each, shape (m,).
        events: Exits by cause, shape (m, K).
        penalty: Ridge λ ≥ 0 of each column, shape (p,); 0 leaves it free.
        start: A fit of the same columns to start from.
        tolerance: Of the last step in log odds.

    Raises:
        DesignError: Nobody left, or everybody in every month.
        ConvergenceError: Separation where no ridge holds it, columns that imply each other, no convergence.
    """
    X, n, events = np.asarray(X, float), np.asarray(n, float), np.asarray(events, float)
    penalty = np.asarray(penalty, float)
    used = events.sum(axis=0) > 0
    if not used.any() or not events.sum() < n.sum():
        raise DesignError(
            "There is only one outcome to model.",
            where="inference.multinomial_hazard",
            expected="person-months with and without an exit",
        )
    X1 = np.column_stack([np.ones(n.size), X])
    theta = np.zeros((X1.shape[1], int(used.sum())))
    theta[0] = np.log(events[:, used].sum(axis=0) / (n.sum() - events.sum()))
    if start is not None:
        theta[0] = np.where(np.isfinite(start.alpha[used]), start.alpha[used], theta[0])
        theta[1:] = start.beta[:, used]
    ridge = np.concatenate([[0.0], penalty])
    theta, iterations = _newton(X1, n, events[:, used], ridge, theta, tolerance)
    alpha, beta = np.full(used.size, -np.inf), np.zeros((X.shape[1], used.size))
    alpha[used], beta[:, used] = theta[0], theta[1:]
    return MultinomialHazard(
        alpha=alpha,
        beta=beta,
        penalty=penalty,
        log_likelihood=log_likelihood(X1 @ theta, n, events[:, used]),
        n_cells=n.size,
        n_rows=round(float(n.sum())),
        n_iterations=iterations,
        n_events=np.round(events.sum(axis=0)).astype(np.int64),
    )


def gradient(X1: Floats, n: Floats, events: Floats, ridge: Floats, theta: Floats) -> Floats:
    """Of the penalised log-likelihood by θ, shape (p + 1, K); X1 has the intercept's column."""
    p = hazards_of(X1 @ theta)
    return np.asarray(X1.T @ (events - n[:, None] * p) - ridge[:, None] * theta)


def _loss(X1: Floats, n: Floats, events: Floats, ridge: Floats, theta: Floats) -> float:
    return float(ridge @ (theta**2).sum(axis=1)) / 2 - log_likelihood(X1 @ theta, n, events)


def _hessian(X1: Floats, n: Floats, p: Floats, ridge: Floats) -> Floats:
    """Of the loss, cause-major: blocks X' diag(n p_k (1{k=l} − p_l)) X."""
    width, causes = X1.shape[1], p.shape[1]
    found = np.empty((causes * width, causes * width))
    for k in range(causes):
        for j in range(k + 1):
            weight = n * p[:, k] * ((k == j) - p[:, j])
            block = (X1 * weight[:, None]).T @ X1
            rows, columns = slice(k * width, (k + 1) * width), slice(j * width, (j + 1) * width)
            found[rows, columns] = block
            found[columns, rows] = block.T
    found[np.diag_indices_from(found)] += np.tile(ridge, causes)
    return found


def _newton(
    X1: Floats, n: Floats, events: Floats, ridge: Floats, theta: Floats, tolerance: float
) -> tuple[Floats, int]:
    value = _loss(X1, n, events, ridge, theta)
    for iteration in range(1, _MAX_ITERATIONS + 1):
        score = gradient(X1, n, events, ridge, theta)
        hessian = _hessian(X1, n, hazards_of(X1 @ theta), ridge)
        step = _solve(hessian, score.T.ravel()).reshape(theta.shape[::-1]).T
        size = 1.0
        while True:
            moved = theta + size * step
            new = _loss(X1, n, events, ridge, moved)
            # at the minimum rounding may lift the loss by its last digit
            if new <= value + 1e-12 * abs(value) or size < _SMALLEST_STEP:
                break
            size /= 2
        theta, value = moved, new
        eta = X1 @ theta
        free = not (ridge[1:] > 0).all()
        if not np.isfinite(eta).all() or (free and np.ptp(eta, axis=0).max() > _LARGEST_RANGE):
            raise _no_convergence("columns that separate the exits from the rest")
        if np.abs(X1 @ step).max() < tolerance:
            return theta, iteration
    raise _no_convergence(f"no end after {_MAX_ITERATIONS} steps")


def _solve(hessian: Floats, score: Floats) -> Floats:
    try:
        lower = np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError:
        raise _no_convergence("columns that imply each other") from None
    if (np.diag(lower) ** 2 < _SINGULAR * np.diag(hessian)).any():
        raise _no_convergence("columns that imply each other")
    return np.linalg.solve(hessian, score)


def _no_convergence(why: str) -> ConvergenceError:
    return ConvergenceError(
        "A hazard of several causes did not converge.",
        where="inference.multinomial_hazard",
        got=why,
        remedy="fewer or coarser covariates; look for one that knows the outcome",
    )


def choose_strength(
    X: Floats,
    n: Floats,
    events: Floats,
    fixed: Floats,
    chosen: NDArray[np.bool_],
    strengths: Sequence[float],
) -> float:
    """The ridge under which left-out folds are foretold best, by log-likelihood; a tie goes to the stronger.

    Args:
        X: Patterns, shape (m, p).
        n: Person-months of each in each fold, shape (F, m).
        events: Exits, shape (F, m, K).
        fixed: Ridge of the columns whose strength is not chosen, shape (p,).
        chosen: Which columns the strength is chosen for, shape (p,).
        strengths: Candidates, the strongest first.

    Raises:
        DesignError: No fold leaves exits to learn from.
        ConvergenceError: A fit did not converge.
    """
    parts = _leave_out(X, n, events)
    if not parts:
        raise DesignError(
            "There are too few exits to choose how cautious a model should be.",
            where="inference.multinomial_hazard",
            remedy="a longer observation, or coarser covariates",
        )
    fits: list[MultinomialHazard | None] = [None] * len(parts)
    best, value, worse = float(strengths[0]), -np.inf, 0
    for strength in strengths:
        penalty, total = np.where(chosen, strength, fixed), 0.0
        for number, (train, test) in enumerate(parts):
            fit = fit_multinomial_hazard(*train, penalty, start=fits[number], tolerance=_ROUGH)
            fits[number] = fit
            total += log_likelihood(fit.linear_predictor(test[0]), *test[1:])
        if total > value:
            best, value, worse = float(strength), total, 0
        else:
            worse += 1
        # held-out likelihood rises to one peak; weaker ridges only cost time
        if worse == _PAST_THE_PEAK:
            break
    return best


def _leave_out(
    X: Floats, n: Floats, events: Floats
) -> list[tuple[tuple[Floats, Floats, Floats], tuple[Floats, Floats, Floats]]]:
    """(X, n, events) of the others and of each fold; a fold whose others hold no exit is left out."""
    all_n, all_events = n.sum(axis=0), events.sum(axis=0)
    parts = []
    for out_n, out in zip(n, events, strict=True):
        own_n, own = all_n - out_n, all_events - out
        # a cause that only the left-out fold knows can't be foretold by any ridge
        known = own.sum(axis=0) > 0
        if known.any():
            train, test = own_n > 0, out_n > 0
            parts.append(
                ((X[train], own_n[train], own[train][:, known]), (X[test], out_n[test], out[test][:, known]))
            )
    return parts


def accumulate(hazards: Floats) -> tuple[Floats, Floats]:
    """Survival and cumulative incidence, for many patterns at once.

    S(t) = Π (1 − Σ_k h_k), F_k(t) = Σ S(t − 1) h_k(t); Σ_k F_k + S = 1.

    Args:
        hazards: Shape (n, months, K), the sum over causes at most 1.

    Returns:
        (survival of shape (n, months), incidence of shape (n, months, K)).
    """
    survival = np.cumprod(1 - hazards.sum(axis=2), axis=1)
    before = np.concatenate([np.ones((survival.shape[0], 1)), survival[:, :-1]], axis=1)
    return survival, np.cumsum(before[:, :, None] * hazards, axis=1)
