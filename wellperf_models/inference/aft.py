"""Accelerated failure time models with delayed entry (Kalbfleisch & Prentice 2002, chapters 2, 3 and 7).

log T = intercept + x β + σ ε: exp(β) multiplies the time until exit. Weibull (ε of the smallest extreme
value; then exp(−β/σ) is a hazard ratio) and log-logistic (exp(−β/σ) is a ratio of the odds of having left). A
row at risk over (entry, exit] contributes its hazard at the exit, or, where only the month is known, the
probability of an exit within the row, and its survival given entry. Where covariates change, each row takes
its own values as if they had always held: an approximation, and why this is a sensitivity analysis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

type Shape = Literal["weibull", "log_logistic"]

_MAX_ITERATIONS = 60
# a standard error of this size: the likelihood is flat where Newton's method stopped
_FLAT = 50.0
# its square is still a number
_SMALLEST = 1e-150


@dataclass(frozen=True, kw_only=True)
class AftFit:
    """A fitted model.

    Attributes:
        shape: weibull or log_logistic.
        intercepts: Of each stratum in the order of its code, shape (S,).
        beta: Log time ratios, shape (p,).
        scale: σ.
        covariance: Of (beta, log σ), inverse observed information with intercepts out; shape (p + 1, p + 1).
        robust_covariance: Clustered sandwich with G/(G − 1), same shape; None without clusters.
        log_likelihood: At the maximum.
        n_events, n_iterations: Counts.
    """

    shape: Shape
    intercepts: Floats
    beta: Floats
    scale: float
    covariance: Floats
    robust_covariance: Floats | None
    log_likelihood: float
    n_events: int
    n_iterations: int

    @property
    def std_error(self) -> Floats:
        """Of beta: clustered where there are clusters; shape (p,)."""
        chosen = self.covariance if self.robust_covariance is None else self.robust_covariance
        return np.sqrt(np.diag(chosen)[:-1])


@dataclass(frozen=True)
class _Rows:
    """log of entry (−∞ at 0) and exit, design with the strata's intercepts first, whether exits are dated."""

    log_entry: Floats
    log_exit: Floats
    event: NDArray[np.bool_]
    Z: Floats
    exact: bool


def fit_aft(
    entry: Floats,
    exit: Floats,
    event: NDArray[np.bool_],
    X: Floats,
    *,
    shape: Shape,
    exact: bool = True,
    stratum: Ints | None = None,
    cluster: Ints | None = None,
    start: Floats | None = None,
) -> AftFit:
    """Maximises the likelihood by Newton's method with step halving.

    Args:
        entry, exit: Each row is at risk for entry < t ≤ exit, months, shape (n,).
        event: Whether the row ends with the event, shape (n,).
        X: Covariates, shape (n, p).
        shape: Of the distribution of log T.
        exact: False where an exit is known to lie in the row but not when.
        stratum: Code of rows with an intercept of their own, shape (n,); the shape is common.
        cluster: Code of the independent unit, shape (n,).
        start: (beta, log σ) to begin with, shape (p + 1,); None: from nothing.

    Raises:
        DesignError: No events, or columns that imply each other.
        ConvergenceError: No maximum.
    """
    if not event.any():
        raise DesignError("There are no events to model.", where="inference.aft", expected="at least one")
    _, code = np.unique(np.zeros(entry.size) if stratum is None else stratum, return_inverse=True)
    n_strata = int(code.max()) + 1
    centre, spread = X.mean(axis=0), X.std(axis=0)
    if not (spread > 1e-12).all():
        raise DesignError("A covariate does not vary among those at risk.", where="inference.aft")
    Z = np.column_stack([(code[:, None] == np.arange(n_strata)).astype(float), (X - centre) / spread])
    with np.errstate(divide="ignore"):
        rows = _Rows(log_entry=np.log(entry), log_exit=np.log(exit), event=event, Z=Z, exact=exact)
    begin = _first(entry, exit, event, code, n_strata, spread, start)
    theta, value, score, information, iterations = _maximise(rows, begin, shape)
    try:
        np.linalg.cholesky(information)
        inverse = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        raise _no_maximum() from None
    if not np.diag(inverse).max() < _FLAT**2:
        raise _no_maximum()
    unit = np.concatenate((spread, [1.0]))
    robust = None if cluster is None else _sandwich(score, inverse, cluster)[n_strata:, n_strata:]
    beta = theta[n_strata:-1] / spread
    return AftFit(
        shape=shape,
        intercepts=theta[:n_strata] - float(centre @ beta),
        beta=beta,
        scale=math.exp(theta[-1]),
        covariance=inverse[n_strata:, n_strata:] / np.outer(unit, unit),
        robust_covariance=None if robust is None else robust / np.outer(unit, unit),
        log_likelihood=value,
        n_events=int(event.sum()),
        n_iterations=iterations,
    )


def _first(
    entry: Floats,
    exit: Floats,
    event: NDArray[np.bool_],
    code: Ints,
    n_strata: int,
    spread: Floats,
    start: Floats | None,
) -> Floats:
    """Exponential times of each stratum, unless told otherwise; on the scale of standardised columns."""
    exposure, happened = np.bincount(code, weights=exit - entry), np.bincount(code, weights=event)
    slopes = np.zeros(spread.size + 1) if start is None else start * np.concatenate((spread, [1.0]))
    assert exposure.size == n_strata
    return np.concatenate((np.log(exposure / np.maximum(happened, 0.5)), slopes))


def _maximise(rows: _Rows, theta: Floats, shape: Shape) -> tuple[Floats, float, Floats, Floats, int]:
    """(θ, log-likelihood, score of each row, observed information, iterations)."""
    value, score, information = _likelihood(rows, theta, shape)
    for iteration in range(1, _MAX_ITERATIONS + 1):
        total = score.sum(axis=0)
        move = _direction(information, total)
        if abs(float(total @ move)) < 1e-16 * (1 + abs(value)):
            return theta, value, score, information, iteration
        for _ in range(40):
            tried = _likelihood(rows, theta + move, shape)
            if tried[0] >= value - 1e-12 * (1 + abs(value)):
                break
            move = move / 2
        theta = theta + move
        value, score, information = tried
        if not (math.isfinite(value) and np.abs(theta).max() < 50):
            raise _no_maximum()
    raise _no_maximum()


def _direction(information: Floats, score: Floats) -> Floats:
    """Newton's step; where the surface is not concave yet, its curvature is raised until it is."""
    values, vectors = np.linalg.eigh(information)
    if not values[-1] > 0:
        raise _no_maximum()
    raised = np.maximum(np.abs(values), 1e-10 * values[-1])
    return np.asarray(vectors @ ((vectors.T @ score) / raised))


def _likelihood(rows: _Rows, theta: Floats, shape: Shape) -> tuple[float, Floats, Floats]:
    """Log-likelihood, score of each row of shape (n, q), observed information of shape (q, q).

    With u = z β and s = log σ, a row's log-likelihood depends on θ through (u, s) alone.
    """
    u, s = rows.Z @ theta[:-1], float(theta[-1])
    inverse = math.exp(-s)
    # what lies beyond these bounds is 0 or 1 to all digits, and is walked back from by step halving
    after = np.clip((rows.log_exit - u) * inverse, -300, 60)
    before = np.clip((rows.log_entry - u) * inverse, -300, 60)
    entered = np.isfinite(rows.log_entry)
    h_after, h_before = _cumulated(after, shape), _cumulated(before, shape)
    d_after, d_before = _by_parameters(after, h_after, inverse), _by_parameters(before, h_before, inverse)
    at_risk = np.maximum(h_after[0] - np.where(entered, h_before[0], 0.0), _SMALLEST)
    slope = d_after - np.where(entered, d_before, 0.0)
    value, first, second = -at_risk, -slope[:2], -slope[2:]
    happened = rows.event
    if rows.exact:
        value, first, second = value.copy(), first.copy(), second.copy()
        added = _log_density(after[happened], s, inverse, shape)
        value[happened] += added[0] - rows.log_exit[happened]
        first[:, happened] += added[1:3]
        second[:, happened] += added[3:]
    else:
        # log(1 − e^−Λ): its derivative by Λ, and that again
        by, again = _inside(at_risk[happened])
        value[happened] = np.log(-np.expm1(-at_risk[happened]))
        one, two = slope[:2, happened], slope[2:, happened]
        first[:, happened] = by * one
        second[:, happened] = by * two + again * np.stack((one[0] ** 2, one[0] * one[1], one[1] ** 2))
    score = np.column_stack((first[0][:, None] * rows.Z, first[1]))
    corner = (second[0][:, None] * rows.Z).T @ rows.Z
    edge = rows.Z.T @ second[1]
    hessian = np.block([[corner, edge[:, None]], [edge[None, :], np.array([[second[2].sum()]])]])
    return float(value.sum()), score, -hessian


def _inside(cumulative: Floats) -> tuple[Floats, Floats]:
    """d/dΛ and d²/dΛ² of log(1 − e^−Λ)."""
    odds = 1 / np.expm1(np.minimum(cumulative, 300))
    return odds, -odds * (1 + odds)


def _cumulated(eta: Floats, shape: Shape) -> tuple[Floats, Floats, Floats]:
    """Cumulative hazard at η = (log t − u)/σ and its first two derivatives by η."""
    if shape == "weibull":
        grown = np.exp(eta)
        return grown, grown, grown
    p = 1 / (1 + np.exp(-eta))
    return np.logaddexp(0.0, eta), p, p * (1 - p)


def _by_parameters(eta: Floats, cumulated: tuple[Floats, Floats, Floats], inverse: float) -> Floats:
    """Derivatives of the cumulative hazard by u, s, uu, us, ss; shape (5, n)."""
    _, one, two = cumulated
    return np.stack(
        (
            -one * inverse,
            -one * eta,
            two * inverse**2,
            (two * eta + one) * inverse,
            two * eta**2 + one * eta,
        )
    )


def _log_density(eta: Floats, s: float, inverse: float, shape: Shape) -> Floats:
    """Log of σ t × hazard at η less log σ, and its derivatives by u, s, uu, us, ss; shape (6, n)."""
    if shape == "weibull":
        log_one, by, again = eta, np.ones_like(eta), np.zeros_like(eta)
    else:
        p = 1 / (1 + np.exp(-eta))
        log_one, by, again = -np.logaddexp(0.0, -eta), 1 - p, -p * (1 - p)
    return np.stack(
        (
            log_one - s,
            -by * inverse,
            -by * eta - 1,
            again * inverse**2,
            (again * eta + by) * inverse,
            again * eta**2 + by * eta,
        )
    )


def _sandwich(score: Floats, inverse: Floats, cluster: Ints) -> Floats:
    _, code = np.unique(cluster, return_inverse=True)
    groups = int(code.max()) + 1
    if groups < 2:
        raise DesignError("Clustered errors need at least two clusters.", where="turnover.cluster")
    sums = np.column_stack([np.bincount(code, weights=score[:, j]) for j in range(score.shape[1])])
    return np.asarray(inverse @ (sums.T @ sums) @ inverse * (groups / (groups - 1)))


def _no_maximum() -> ConvergenceError:
    return ConvergenceError(
        "The accelerated failure time model has no maximum that could be found.",
        where="inference.aft",
        remedy="fewer covariates, or pool rare levels",
    )
