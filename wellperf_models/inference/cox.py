"""Cox regression on counting-process rows: delayed entry, strata, Efron ties, clustered errors.

Cox 1972; Efron 1977; Andersen & Gill 1982 for rows (entry, exit]; Lin & Wei 1989 for the robust variance.
Own, because lifelines has a wrong baseline with entry and no robust variance for time-varying covariates, and
takes six times as long (.72 s against .12 s a fit on 76,000 person-months, 695 exits, 6 columns), which
repeated folds multiply; it is verified against lifelines in the tests.

The sums over rows at risk are those of `cox_sums`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.cox_sums import Layout, Step, evaluate, lay_out, score_residuals, stratum_means
from wellperf_models.inference.risk_sets import Floats, Ints

_MAX_ITERATIONS = 40
# a standardised log hazard ratio beyond this is a likelihood without a maximum
_SEPARATED = 12.0
# so is a standard error of this size on that scale: the likelihood is flat where Newton's method stopped
_FLAT = 50.0


@dataclass(frozen=True, kw_only=True)
class CoxFit:
    """A fitted model.

    Attributes:
        beta: Log hazard ratios, shape (p,).
        covariance: Model-based (inverse information), shape (p, p).
        robust_covariance: Clustered sandwich with G/(G − 1), or None without clusters.
        log_likelihood: Efron partial log-likelihood at beta.
        schoenfeld: Residuals at each event, shape (d, p), in the order of `event_times`.
        event_times: Shape (d,), increasing within stratum.
        baseline_times, baseline_stratum, baseline_hazard: Breslow increments d / Σ exp(x β) (x as
            given, not centred), risk set entry < t ≤ exit.
        n_rows, n_events, n_clusters, n_iterations: Counts.
    """

    beta: Floats
    covariance: Floats
    robust_covariance: Floats | None
    log_likelihood: float
    schoenfeld: Floats
    event_times: Floats
    baseline_times: Floats
    baseline_stratum: Ints
    baseline_hazard: Floats
    n_rows: int
    n_events: int
    n_clusters: int | None
    n_iterations: int

    @property
    def std_error(self) -> Floats:
        """Clustered where there are clusters, else model-based; shape (p,)."""
        chosen = self.covariance if self.robust_covariance is None else self.robust_covariance
        return np.sqrt(np.diag(chosen))


def fit_cox(
    entry: Floats,
    exit: Floats,
    event: NDArray[np.bool_],
    X: Floats,
    *,
    stratum: Ints | None = None,
    cluster: Ints | None = None,
    names: tuple[str, ...] = (),
    start: Floats | None = None,
) -> CoxFit:
    """Maximises Efron's partial likelihood by Newton's method with step halving.

    Args:
        entry, exit: Each row is at risk for entry < t ≤ exit, shape (n,).
        event: Whether the row ends with the event, shape (n,).
        X: Covariates, shape (n, p).
        stratum: Code of the baseline hazard, shape (n,); None: one baseline.
        cluster: Code of the independent unit, shape (n,); None: model-based errors only.
        names: Names of the columns, for messages.
        start: Where Newton's method begins, shape (p,); None: at 0. For refits of nearly the same rows.

    Raises:
        DesignError: No events, no columns, a column without variation within strata or implied by others.
        ConvergenceError: No maximum (separation), no convergence, or a value so far out that the digits of
            the sums are lost.
    """
    if not X.shape[1]:
        raise DesignError("There is no covariate to model.", where="inference.cox", expected="at least one")
    strata = np.zeros(entry.size, np.int64) if stratum is None else stratum
    layout = lay_out(entry, exit, event, strata)
    centre = stratum_means(layout, X)
    centred = X - centre[layout.code]
    scale = _check_columns(centred[layout.rows], np.abs(X).max(axis=0), names)
    beta = np.zeros(X.shape[1]) if start is None else np.asarray(start, float)
    beta, step, iterations = _maximise(layout, centred, beta, scale, names)
    covariance = _check_maximum(step, scale, names)
    return _finish(layout, centred, centre, beta, step, covariance, cluster, iterations)


def _maximise(
    layout: Layout, X: Floats, beta: Floats, scale: Floats, names: tuple[str, ...]
) -> tuple[Floats, Step, int]:
    step = evaluate(layout, X, beta)
    for iteration in range(1, _MAX_ITERATIONS + 1):
        move = _solve(step.information, step.score, scale, names)
        gain = float(step.score @ move)
        if gain < 1e-16 * (1 + abs(step.log_likelihood)):
            return beta, step, iteration
        for _ in range(30):
            candidate = evaluate(layout, X, beta + move)
            if candidate.log_likelihood >= step.log_likelihood - 1e-12 * (1 + abs(step.log_likelihood)):
                break
            move = move / 2
        beta, step = beta + move, candidate
        _check_bounded(beta * scale, names)
        if not math.isfinite(step.log_likelihood):
            raise _digits_lost()
    raise ConvergenceError(
        "The Cox fit did not converge.",
        where="inference.cox",
        got=f"{_MAX_ITERATIONS} iterations",
        remedy="fewer covariates, or pool rare levels",
    )


def linear_predictor(fit: CoxFit, X: Floats) -> Floats:
    """X β, shape (n,)."""
    return np.asarray(X @ fit.beta)


def _finish(
    layout: Layout,
    X: Floats,
    centre: Floats,
    beta: Floats,
    step: Step,
    covariance: Floats,
    cluster: Ints | None,
    iterations: int,
) -> CoxFit:
    robust, n_clusters = None, None
    if cluster is not None:
        _, code = np.unique(cluster, return_inverse=True)
        n_clusters = int(code.max()) + 1
        residuals = score_residuals(layout, X, step)
        sums = np.column_stack([np.bincount(code, weights=residuals[:, j]) for j in range(X.shape[1])])
        if n_clusters < 2:
            raise DesignError("Clustered errors need at least two clusters.", where="turnover.cluster")
        meat = sums.T @ sums * (n_clusters / (n_clusters - 1))
        robust = covariance @ meat @ covariance
    deaths = np.bincount(layout.slot_time, minlength=layout.times.size)
    mean_at = np.column_stack(
        [np.bincount(layout.slot_time, weights=step.means[:, j]) / deaths for j in range(X.shape[1])]
    )
    return CoxFit(
        beta=beta,
        covariance=covariance,
        robust_covariance=robust,
        log_likelihood=step.log_likelihood,
        schoenfeld=X[layout.slot_row] - mean_at[layout.slot_time],
        event_times=layout.times[layout.slot_time],
        baseline_times=layout.times,
        baseline_stratum=layout.stratum,
        baseline_hazard=deaths / step.s0 * np.exp(-(centre @ beta)[layout.time_code]),
        n_rows=X.shape[0],
        n_events=layout.slot_row.size,
        n_clusters=n_clusters,
        n_iterations=iterations,
    )


def _check_columns(X: Floats, largest: Floats, names: tuple[str, ...]) -> Floats:
    scale = X.std(axis=0)
    for j in np.flatnonzero(scale < 1e-12 * np.maximum(1.0, largest)):
        raise DesignError("A covariate does not vary among those at risk.", got=_name(names, int(j)))
    return np.asarray(scale)


def _solve(information: Floats, score: Floats, scale: Floats, names: tuple[str, ...]) -> Floats:
    standardised = information / np.outer(scale, scale)
    try:
        condition = np.linalg.cond(standardised)
    except np.linalg.LinAlgError:
        condition = math.inf
    if not condition < 1e12:
        raise DesignError(
            "The covariates imply each other (or a level has no events): they can't be told apart.",
            where=", ".join(names) or "inference.cox",
            remedy="leave one of them out",
        )
    return np.asarray(np.linalg.solve(standardised, score / scale) / scale)


def _check_maximum(step: Step, scale: Floats, names: tuple[str, ...]) -> Floats:
    """The covariance where Newton's method stopped, if that is a maximum with digits left; shape (p, p)."""
    try:
        # fails where the information is not positive definite
        np.linalg.cholesky(step.information)
        covariance = np.linalg.inv(step.information)
    except np.linalg.LinAlgError:
        covariance = np.full_like(step.information, math.nan)
    variance = np.diag(covariance)
    if not (np.isfinite(covariance).all() and (variance > 0).all()):
        raise _digits_lost()
    flat = np.sqrt(variance) * scale
    if not flat.max() <= _FLAT:
        raise _separated(names, int(np.argmax(flat)))
    return np.asarray(covariance)


def _check_bounded(standardised: Floats, names: tuple[str, ...]) -> None:
    worst = int(np.argmax(np.abs(standardised)))
    if not abs(standardised[worst]) < _SEPARATED:
        raise _separated(names, worst)


def _separated(names: tuple[str, ...], worst: int) -> ConvergenceError:
    return ConvergenceError(
        "A covariate separates those with the event from those without: its coefficient has no maximum.",
        where=_name(names, worst),
        remedy="pool its rare levels, or leave it out",
    )


def _digits_lost() -> ConvergenceError:
    return ConvergenceError(
        "The sums of the Cox fit have lost their digits: a value lies too far from the others.",
        where="inference.cox",
        remedy="look for a value entered wrongly, or group the number",
    )


def _name(names: tuple[str, ...], index: int) -> str:
    return names[index] if index < len(names) else f"column {index}"
