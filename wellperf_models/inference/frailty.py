"""Shared gamma frailty: what clusters have in common and nobody measured (Clayton 1978; Vaupel et al. 1979).

Hazard of a row: v_g λ_band exp(x β), constant within a band of time; v_g gamma with mean 1 and variance θ,
shared by all rows of cluster g. v_g integrates out in closed form: with D_g events and the cumulative hazard
Λ_g without frailty a cluster contributes

    Σ_events log hazard + Σ_{j < D_g} log(1 + j θ) − (1/θ + D_g) log(1 + θ Λ_g),

which for θ → 0 is the piecewise exponential model. β is maximised by Newton's method for each θ, θ along its
profile. The frailty is that of the clusters as observed from entry on: that a cluster of long-serving people
is itself likely to be one that people stay in is not used (van den Berg & Drepper 2016 for when it matters).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

_MAX_ITERATIONS = 50
_LARGEST_VARIANCE = 20.0
# 95 % quantile of χ² with one degree of freedom, for the profile interval
_CHI2_95 = 3.841458820694124
_SEPARATED = 15.0
# a standard error of this size: the likelihood is flat where Newton's method stopped
_FLAT = 50.0


@dataclass(frozen=True, kw_only=True)
class FrailtyFit:
    """A fitted model.

    Attributes:
        beta: Log hazard ratios given the frailty, shape (p,).
        covariance: Of beta, inverse observed information at the estimated variance, shape (p, p).
        without: Log hazard ratios of the same model without frailty, shape (p,).
        variance: Variance of the frailty, θ.
        variance_low, variance_high: Its 95 % profile interval; low is 0 where no frailty fits as well.
        p_value: Likelihood ratio test of no frailty, ½ χ²₀ + ½ χ²₁.
        log_likelihood: At the maximum.
        n_clusters, n_events: Counts.
    """

    beta: Floats
    covariance: Floats
    without: Floats
    variance: float
    variance_low: float
    variance_high: float
    p_value: float
    log_likelihood: float
    n_clusters: int
    n_events: int

    @property
    def std_error(self) -> Floats:
        """Shape (p,)."""
        return np.sqrt(np.diag(self.covariance))


@dataclass(frozen=True)
class _Cells:
    """Rows with a band each: exposure and event of each, sorted into clusters of `events` events."""

    band: Ints
    exposure: Floats
    event: Floats
    Z: Floats
    cluster: Ints
    events: Floats
    n_bands: int


def fit_frailty(band: Ints, exposure: Floats, event: Floats, X: Floats, cluster: Ints) -> FrailtyFit:
    """Fits the model to rows split by band.

    Args:
        band: Code of the baseline hazard that holds for the row (band of time and stratum), shape (n,).
        exposure: Time at risk in the band, shape (n,).
        event: Events that end the row, 0 or 1, shape (n,).
        X: Covariates, shape (n, p).
        cluster: Code of who shares a frailty, shape (n,).

    Raises:
        DesignError: No events, or fewer than two clusters.
        ConvergenceError: No maximum: a covariate separates those with the event from the others.
    """
    from scipy import stats

    cells, spread = _prepare(band, exposure, event, X, cluster)
    profile = _Profile(cells)
    best = profile.maximise()
    value, theta, information = profile.at(best)
    plain, without, _ = profile.at(0.0)
    drop = max(0.0, 2 * (value - plain))
    covariance = _inverted(information)[cells.n_bands :, cells.n_bands :]
    low, high = profile.interval(best, value)
    return FrailtyFit(
        beta=theta[cells.n_bands :] / spread,
        covariance=covariance / np.outer(spread, spread),
        without=without[cells.n_bands :] / spread,
        variance=best,
        variance_low=low,
        variance_high=high,
        p_value=1.0 if best == 0 else float(stats.chi2.sf(drop, 1) / 2),
        log_likelihood=value,
        n_clusters=cells.events.size,
        n_events=int(cells.event.sum()),
    )


def _inverted(information: Floats) -> Floats:
    """The covariance, if this is a maximum that is not flat; columns are per standard deviation."""
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        raise _no_maximum() from None
    covariance = np.linalg.inv(information)
    if not np.diag(covariance).max() < _FLAT**2:
        raise _no_maximum()
    return np.asarray(covariance)


def _prepare(band: Ints, exposure: Floats, event: Floats, X: Floats, cluster: Ints) -> tuple[_Cells, Floats]:
    """Bands without an event have hazard 0 and say nothing; columns per standard deviation."""
    happened = np.bincount(band, weights=event)
    if not happened.sum() > 0:
        raise DesignError("There are no events to model.", where="inference.frailty", expected="at least one")
    used = happened[band] > 0
    _, code = np.unique(band[used], return_inverse=True)
    _, group = np.unique(cluster[used], return_inverse=True)
    if int(group.max()) < 1:
        raise DesignError("A shared frailty needs at least two clusters.", where="turnover.cluster")
    spread = X[used].std(axis=0)
    if not (spread > 1e-12).all():
        raise DesignError("A covariate does not vary among those at risk.", where="inference.frailty")
    cells = _Cells(
        band=code,
        exposure=exposure[used],
        event=np.asarray(event, float)[used],
        Z=(X[used] - X[used].mean(axis=0)) / spread,
        cluster=group,
        events=np.bincount(group, weights=event[used]),
        n_bands=int(code.max()) + 1,
    )
    return cells, spread


class _Profile:
    """Log-likelihood as a function of the frailty variance, everything else at its best."""

    def __init__(self, cells: _Cells) -> None:
        self._cells = cells
        exposed = np.bincount(cells.band, weights=cells.exposure)
        happened = np.bincount(cells.band, weights=cells.event)
        self._last = np.concatenate((np.log(happened / exposed), np.zeros(cells.Z.shape[1])))
        self._known: dict[float, tuple[float, Floats, Floats]] = {}

    def at(self, variance: float) -> tuple[float, Floats, Floats]:
        """(log-likelihood, parameters, observed information) at a variance."""
        if variance not in self._known:
            self._known[variance] = _newton(self._cells, self._last, variance)
            self._last = self._known[variance][1]
        return self._known[variance]

    def maximise(self) -> float:
        """The variance of the largest likelihood; 0 where that is at the boundary."""
        from scipy import optimize

        found = optimize.minimize_scalar(
            lambda v: -self.at(float(v))[0],
            bounds=(0.0, _LARGEST_VARIANCE),
            method="bounded",
            options={"xatol": 1e-4},
        )
        best = float(found.x)
        return 0.0 if self.at(best)[0] <= self.at(0.0)[0] + 1e-9 else best

    def interval(self, best: float, value: float) -> tuple[float, float]:
        """Variances whose likelihood is within ½ χ² of the largest."""
        from scipy import optimize

        def short(variance: float) -> float:
            return value - self.at(float(variance))[0] - _CHI2_95 / 2

        low = 0.0 if short(0.0) <= 0 else float(optimize.brentq(short, 0.0, best, xtol=1e-4))
        upper = max(2 * best, 0.05)
        while short(upper) < 0 and upper < _LARGEST_VARIANCE:
            upper = min(2 * upper, _LARGEST_VARIANCE)
        if short(upper) < 0:
            return low, _LARGEST_VARIANCE
        return low, float(optimize.brentq(short, max(best, low), upper, xtol=1e-4))


def _newton(cells: _Cells, theta: Floats, variance: float) -> tuple[float, Floats, Floats]:
    value, score, information = _likelihood(cells, theta, variance)
    for _ in range(_MAX_ITERATIONS):
        move = np.linalg.lstsq(information, score, rcond=None)[0]
        if abs(float(score @ move)) < 1e-14 * (1 + abs(value)):
            return value, theta, information
        for _ in range(30):
            tried = _likelihood(cells, theta + move, variance)
            if tried[0] >= value - 1e-12 * (1 + abs(value)):
                break
            move = move / 2
        theta = theta + move
        value, score, information = tried
        if not (np.isfinite(value) and np.abs(theta[cells.n_bands :]).max(initial=0) < _SEPARATED):
            break
    raise _no_maximum()


def _no_maximum() -> ConvergenceError:
    return ConvergenceError(
        "The frailty model has no maximum that could be found.",
        where="inference.frailty",
        remedy="fewer covariates, or pool rare levels",
    )


def _likelihood(cells: _Cells, theta: Floats, variance: float) -> tuple[float, Floats, Floats]:
    """Log-likelihood, score of shape (q,) and observed information of shape (q, q); bands first."""
    K, p = cells.n_bands, cells.Z.shape[1]
    eta = np.clip(theta[cells.band] + cells.Z @ theta[K:], -60, 60)
    mu = cells.exposure * np.exp(eta)
    total = np.bincount(cells.cluster, weights=mu)
    share = (1 + variance * cells.events) / (1 + variance * total)
    value = float(cells.event @ eta) + _of_clusters(cells.events, total, variance)
    weighted = share[cells.cluster] * mu
    residual = cells.event - weighted
    score = np.concatenate((np.bincount(cells.band, weights=residual, minlength=K), cells.Z.T @ residual))
    information = np.zeros((K + p, K + p))
    information[np.arange(K), np.arange(K)] = np.bincount(cells.band, weights=weighted, minlength=K)
    scaled = weighted[:, None] * cells.Z
    for j in range(p):
        cross = np.bincount(cells.band, weights=scaled[:, j], minlength=K)
        information[:K, K + j] = information[K + j, :K] = cross
    information[K:, K:] = scaled.T @ cells.Z
    # Σ_g θ (1 + θ D) / (1 + θ Λ)² m mᵀ, m the cluster's Σ μ z, goes off
    G = total.size
    moments = np.empty((G, K + p))
    flat = np.bincount(cells.cluster * K + cells.band, weights=mu, minlength=G * K)
    moments[:, :K] = flat.reshape(G, K)
    for j in range(p):
        moments[:, K + j] = np.bincount(cells.cluster, weights=mu * cells.Z[:, j], minlength=G)
    factor = variance * share / (1 + variance * total)
    information -= (factor[:, None] * moments).T @ moments
    return value, score, information


def _of_clusters(events: Floats, total: Floats, variance: float) -> float:
    """What the integrated frailty adds: Σ_g Σ_{j < D} log(1 + j θ) − (1/θ + D) log(1 + θ Λ)."""
    if variance == 0:
        return -float(total.sum())
    number = np.arange(int(events.max()) + 1)
    rising = np.concatenate(([0.0], np.cumsum(np.log1p(number[:-1] * variance))))
    grown = np.log1p(variance * total)
    return float((rising[events.astype(np.int64)] - grown / variance - events * grown).sum())
