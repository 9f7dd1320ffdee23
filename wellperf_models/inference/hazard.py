"""Person-period hazard on cells (Prentice & Gloeckler 1978; Allison 1982).

events ~ Binomial(n, h), link(h) = α_period + x β. With the complementary log-log link β is the log hazard
ratio of the proportional-hazards model that was observed in months, so it must equal Cox's; with the logit it
does not. Fitted by Fisher scoring; periods are eliminated (Schur complement): a saturated baseline is cheap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.likelihood import Link, binomial
from wellperf_models.inference.risk_sets import Floats, Ints

_MAX_ITERATIONS = 60
_SEPARATED = 12.0
_LARGEST_ETA = 25.0


@dataclass(frozen=True, kw_only=True)
class HazardFit:
    """A fitted hazard.

    Attributes:
        link: cloglog or logit.
        periods: Codes of the periods with events, shape (T,); in any other period the hazard is 0.
        alpha: Their intercepts, shape (T,); infinite where everyone at risk had the event.
        beta: Coefficients, shape (p,); log hazard ratios under cloglog.
        covariance: Of beta, expected information, shape (p, p).
        observed_covariance: Of beta, observed information, shape (p, p).
        robust_covariance: Of beta, clustered sandwich with G/(G − 1); None without clusters.
        log_likelihood: Up to the binomial coefficients.
        n_cells, n_rows, n_events, n_clusters, n_iterations: Counts.
    """

    link: Link
    periods: Ints
    alpha: Floats
    beta: Floats
    covariance: Floats
    observed_covariance: Floats
    robust_covariance: Floats | None
    log_likelihood: float
    n_cells: int
    n_rows: int
    n_events: int
    n_clusters: int | None
    n_iterations: int

    @property
    def std_error(self) -> Floats:
        """Clustered where there are clusters, else from expected information; shape (p,)."""
        chosen = self.covariance if self.robust_covariance is None else self.robust_covariance
        return np.sqrt(np.diag(chosen))


@dataclass(frozen=True)
class _Cells:
    period: Ints
    n: Floats
    events: Floats
    X: Floats
    n_periods: int


def fit_hazard(
    period: Ints,
    n: Floats,
    events: Floats,
    X: Floats,
    *,
    link: Link = "cloglog",
    cluster: Ints | None = None,
    names: tuple[str, ...] = (),
    start: Floats | None = None,
) -> HazardFit:
    """Fits the hazard by Fisher scoring.

    Args:
        period: Code of the month or band of tenure, shape (m,).
        n, events: Person-months at risk and events of the cause, shape (m,).
        X: Covariates of the cell, shape (m, p); p may be 0.
        link: cloglog or logit.
        cluster: Code of the independent unit, which must be part of the cell's pattern, shape (m,).
        names: Names of the columns, for messages.
        start: Coefficients Fisher scoring begins with, shape (p,); None: 0. For refits of nearly these cells.

    Raises:
        DesignError: No events, or columns that imply each other.
        ConvergenceError: Separation, or no convergence.
    """
    if not events.sum() > 0:
        raise DesignError("There are no events to model.", where="inference.hazard", expected="at least one")
    with_events, certain = _informative_periods(period, n, events)
    used = np.isin(period, with_events)
    cells = _Cells(
        period=np.searchsorted(with_events, period[used]).astype(np.int64),
        n=np.asarray(n, float)[used],
        events=np.asarray(events, float)[used],
        X=np.asarray(X, float)[used],
        n_periods=with_events.size,
    )
    scale = _check_columns(cells, names)
    alpha, beta, iterations = _maximise(cells, link, scale, names, start)
    own_cluster = None if cluster is None else cluster[used]
    fit = _finish(cells, with_events, alpha, beta, link, own_cluster, iterations)
    periods = np.concatenate((fit.periods, certain))
    order = np.argsort(periods)
    alphas = np.concatenate((alpha, np.full(certain.size, np.inf)))[order]
    return replace(fit, periods=periods[order], alpha=alphas)


def _informative_periods(period: Ints, n: Floats, events: Floats) -> tuple[Ints, Ints]:
    """Periods with some events, and those in which everyone had it: hazard 0 or 1 says nothing about β."""
    codes, place = np.unique(period, return_inverse=True)
    happened, at_risk = np.bincount(place, weights=events), np.bincount(place, weights=n)
    some = (happened > 0) & (happened < at_risk)
    if not some.any():
        raise DesignError(
            "In every period either nobody or everybody had the event.",
            where="inference.hazard",
            remedy="wider bands of tenure",
        )
    return codes[some].astype(np.int64), codes[(happened > 0) & ~some].astype(np.int64)


def predict_hazard(fit: HazardFit, period: Ints, X: Floats) -> Floats:
    """h(period | x), shape (m,); 0 in periods in which nobody had the event."""
    position = np.clip(np.searchsorted(fit.periods, period), 0, fit.periods.size - 1)
    known = fit.periods[position] == period
    eta = np.where(known, fit.alpha[position], -np.inf) + X @ fit.beta
    with np.errstate(over="ignore"):
        return np.asarray(-np.expm1(-np.exp(eta)) if fit.link == "cloglog" else 1 / (1 + np.exp(-eta)))


def cumulate(hazards: Floats) -> tuple[Floats, Floats]:
    """Survival and cumulative incidence from cause-specific monthly hazards.

    S(t) = Π (1 − Σ_k h_k), F_k(t) = Σ S(t − 1) h_k(t); Σ_k F_k + S = 1.

    Args:
        hazards: Shape (months, K), P(exit for cause k in the month | employed at its start).

    Returns:
        (survival of shape (months,), incidence of shape (months, K)).

    Raises:
        ConvergenceError: The hazards of a month add up to more than 1.
    """
    total = hazards.sum(axis=1)
    if np.any(total > 1):
        raise ConvergenceError("The hazards of a month add up to more than 1.", where="inference.hazard")
    survival = np.cumprod(1 - total)
    before = np.concatenate(([1.0], survival[:-1]))
    return survival, np.cumsum(before[:, None] * hazards, axis=0)


def _mean(eta: Floats, link: Link) -> tuple[Floats, Floats]:
    """Hazard and its derivative by η."""
    if link == "logit":
        h = 1 / (1 + np.exp(-eta))
        return h, h * (1 - h)
    rate = np.exp(eta)
    return -np.expm1(-rate), rate * np.exp(-rate)


def _pieces(cells: _Cells, alpha: Floats, beta: Floats, link: Link) -> tuple[Floats, Floats, Floats]:
    """Per cell: derivative of the log-likelihood by η, expected and observed weight."""
    eta = np.clip(alpha[cells.period] + cells.X @ beta, -40, 3.5 if link == "cloglog" else 30)
    h, slope = _mean(eta, link)
    u = (cells.events - cells.n * h) * slope / (h * (1 - h))
    expected = cells.n * slope**2 / (h * (1 - h))
    if link == "logit":
        return u, expected, expected
    rate = np.exp(eta)
    # −d²/dη² of d log(1 − e^−λ) − (n − d) λ, λ = e^η
    observed = cells.events * rate**2 * np.exp(-rate) / h**2 - u
    return u, expected, observed


def _maximise(
    cells: _Cells, link: Link, scale: Floats, names: tuple[str, ...], start: Floats | None
) -> tuple[Floats, Floats, int]:
    at_risk = np.bincount(cells.period, weights=cells.n, minlength=cells.n_periods)
    happened = np.bincount(cells.period, weights=cells.events, minlength=cells.n_periods)
    share = (happened + 0.25) / (at_risk + 0.5)
    alpha = np.log(-np.log1p(-share)) if link == "cloglog" else np.log(share / (1 - share))
    beta = np.zeros(cells.X.shape[1]) if start is None else np.asarray(start, float)
    current = binomial(alpha[cells.period] + cells.X @ beta, cells.n, cells.events, link)
    for iteration in range(1, _MAX_ITERATIONS + 1):
        u, weight, _ = _pieces(cells, alpha, beta, link)
        da, db = _newton(cells, u, weight, scale, names)
        gain = float(u @ (da[cells.period] + cells.X @ db))
        for _ in range(30):
            value = binomial((alpha + da)[cells.period] + cells.X @ (beta + db), cells.n, cells.events, link)
            if value >= current - 1e-12 * (1 + abs(current)):
                break
            da, db = da / 2, db / 2
        alpha, beta, current = alpha + da, beta + db, value
        _check_bounded(cells, alpha, beta, scale, names)
        if gain < 1e-18 * (1 + abs(current)):
            return alpha, beta, iteration
    raise ConvergenceError(
        "The hazard did not converge.",
        where="inference.hazard",
        got=f"{_MAX_ITERATIONS} iterations",
        remedy="fewer covariates, wider bands of tenure, or pool rare levels",
    )


def _blocks(cells: _Cells, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Information: period diagonal (T,), period × covariate (T, p), covariate block (p, p)."""
    diagonal = np.bincount(cells.period, weights=weight, minlength=cells.n_periods)
    weighted = weight[:, None] * cells.X
    cross = np.zeros((cells.n_periods, cells.X.shape[1]))
    for j in range(cells.X.shape[1]):
        cross[:, j] = np.bincount(cells.period, weights=weighted[:, j], minlength=cells.n_periods)
    return diagonal, cross, weighted.T @ cells.X


def _newton(
    cells: _Cells, u: Floats, weight: Floats, scale: Floats, names: tuple[str, ...]
) -> tuple[Floats, Floats]:
    diagonal, cross, corner = _blocks(cells, weight)
    score_alpha = np.bincount(cells.period, weights=u, minlength=cells.n_periods)
    score_beta = cells.X.T @ u
    schur = corner - cross.T @ (cross / diagonal[:, None])
    standardised = schur / np.outer(scale, scale)
    if scale.size and not np.linalg.cond(standardised) < 1e12:
        raise DesignError(
            "The covariates imply each other (or a level has no events): they can't be told apart.",
            where=", ".join(names) or "inference.hazard",
            remedy="leave one of them out",
        )
    right = (score_beta - cross.T @ (score_alpha / diagonal)) / scale
    db = np.linalg.solve(standardised, right) / scale if scale.size else np.zeros(0)
    return (score_alpha - cross @ db) / diagonal, db


def _finish(
    cells: _Cells,
    periods: Ints,
    alpha: Floats,
    beta: Floats,
    link: Link,
    cluster: Ints | None,
    iterations: int,
) -> HazardFit:
    u, expected, observed = _pieces(cells, alpha, beta, link)
    covariance = _inverse_schur(cells, expected)
    robust, n_clusters = None, None
    if cluster is not None:
        robust, n_clusters = _sandwich(cells, u, expected, covariance, cluster)
    return HazardFit(
        link=link,
        periods=np.asarray(periods, np.int64),
        alpha=alpha,
        beta=beta,
        covariance=covariance,
        observed_covariance=_inverse_schur(cells, observed),
        robust_covariance=robust,
        log_likelihood=binomial(alpha[cells.period] + cells.X @ beta, cells.n, cells.events, link),
        n_cells=cells.n.size,
        n_rows=int(cells.n.sum()),
        n_events=int(cells.events.sum()),
        n_clusters=n_clusters,
        n_iterations=iterations,
    )


def _inverse_schur(cells: _Cells, weight: Floats) -> Floats:
    diagonal, cross, corner = _blocks(cells, weight)
    return np.asarray(np.linalg.inv(corner - cross.T @ (cross / diagonal[:, None])))


def _sandwich(
    cells: _Cells, u: Floats, weight: Floats, covariance: Floats, cluster: Ints
) -> tuple[Floats, int]:
    """Clustered variance of beta: the score of β after the periods are projected out, summed by cluster."""
    _, code = np.unique(cluster, return_inverse=True)
    groups = int(code.max()) + 1
    if groups < 2:
        raise DesignError("Clustered errors need at least two clusters.", where="turnover.cluster")
    diagonal, cross, _ = _blocks(cells, weight)
    centred = cells.X - (cross / diagonal[:, None])[cells.period]
    parts = u[:, None] * centred
    sums = np.zeros((groups, cells.X.shape[1]))
    np.add.at(sums, code, parts)
    return covariance @ (sums.T @ sums) @ covariance * groups / (groups - 1), groups


def _check_columns(cells: _Cells, names: tuple[str, ...]) -> Floats:
    mean = np.average(cells.X, axis=0, weights=cells.n) if cells.X.shape[1] else np.zeros(0)
    scale = np.sqrt(np.average((cells.X - mean) ** 2, axis=0, weights=cells.n)) if mean.size else mean
    for j in np.flatnonzero(scale < 1e-12):
        raise DesignError("A covariate does not vary among those at risk.", got=_name(names, int(j)))
    return np.asarray(scale)


def _check_bounded(cells: _Cells, alpha: Floats, beta: Floats, scale: Floats, names: tuple[str, ...]) -> None:
    standardised = np.abs(beta * scale)
    if standardised.size and not standardised.max() < _SEPARATED:
        worst = int(np.argmax(standardised))
    elif beta.size and np.abs(cells.X @ beta).max() > _LARGEST_ETA:
        worst = int(np.argmax(np.abs(beta) * np.abs(cells.X).max(axis=0)))
    else:
        return
    raise ConvergenceError(
        "A covariate separates those with the event from those without: its coefficient has no maximum.",
        where=_name(names, worst),
        remedy="pool its rare levels, or leave it out",
    )


def _name(names: tuple[str, ...], index: int) -> str:
    return names[index] if index < len(names) else f"column {index}"
