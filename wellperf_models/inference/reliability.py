"""Reliability of a score made of items: Cronbach's α and McDonald's ω, each with its interval.

α = k/(k−1) · (1 − Σ variances / variance of the sum) (Cronbach 1951, Psychometrika 16:297); ω = (Σλ)² /
((Σλ)² + Σψ) of one common factor (McDonald 1999, Test Theory, chapter 6), fitted to the covariances by
minimum residuals (Harman & Jones 1966). Intervals: both are smooth functions of the covariances, so each
row has an influence on them and no distribution need be assumed (Maydeu-Olivares, Coffman & Hartmann 2007,
Psychological Methods 12:157, for α); rows of one cluster are added up first. They are symmetric on the scale
of log(1 − reliability), on which no bound exceeds 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

_STEPS, _TOLERANCE = 2_000, 1e-11
_LEAST_ROWS = 10
_NO_VARIANCE = "Everybody gave an item the same answer: it says nothing."


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Share of a score's variance that is not error.

    Attributes:
        value: The coefficient.
        low, high: 95 % interval.
        std_error: On the scale of log(1 − value).
        n: Rows it rests on.
        n_clusters: Independent units.
    """

    value: float
    low: float
    high: float
    std_error: float
    n: int
    n_clusters: int


def alpha_of(covariance: Floats) -> float:
    """Cronbach's α of a covariance matrix of items.

    Args:
        covariance: Shape (k, k).
    """
    k = covariance.shape[0]
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def omega_of(covariance: Floats) -> float:
    """McDonald's ω of a covariance matrix of items, one common factor.

    Args:
        covariance: Shape (k, k), k ≥ 3.

    Raises:
        ConvergenceError: No one-factor solution, or one with a negative error variance.
    """
    loadings = one_factor(covariance)
    common = float(loadings.sum() ** 2)
    return common / (common + float((np.diag(covariance) - loadings**2).sum()))


def one_factor(covariance: Floats) -> Floats:
    """Loadings of one common factor by minimum residuals, shape (k,); their sum is not negative.

    Args:
        covariance: Shape (k, k), k ≥ 3: with two items the loadings are not told apart.

    Raises:
        ConvergenceError: As `omega_of`.
    """
    k = covariance.shape[0]
    if k < 3:
        raise DesignError("One common factor needs at least three items.", expected="3 items", got=str(k))
    off = covariance - np.diag(np.diag(covariance))
    # the first principal axis is near enough; then each loading in turn, which never makes it worse
    values, vectors = np.linalg.eigh(covariance)
    loadings = vectors[:, -1] * math.sqrt(max(values[-1], 0.0)) * 0.8
    for _ in range(_STEPS):
        before = loadings.copy()
        for i in range(k):
            rest = float(loadings @ loadings - loadings[i] ** 2)
            loadings[i] = off[i] @ loadings / rest if rest > 0 else 0.0
        if np.abs(loadings - before).max() <= _TOLERANCE * max(1.0, np.abs(loadings).max()):
            break
    else:
        raise ConvergenceError("One common factor could not be found for the items.")
    if not np.all(np.isfinite(loadings)) or np.any(loadings**2 > np.diag(covariance) * (1 + 1e-9)):
        raise ConvergenceError(
            "One common factor would leave an item less than no variance of its own (a Heywood case).",
            remedy="the items do not form one scale, or too few people answered them",
        )
    return loadings if loadings.sum() >= 0 else -loadings


def reliability(items: Floats, cluster: Ints | None = None, *, kind: str = "omega") -> Reliability:
    """α or ω of a matrix of answers, with its 95 % interval.

    Args:
        items: Complete answers that run the same way, shape (n, k).
        cluster: Code of each row's independent unit, shape (n,); None: every row is one.
        kind: "alpha" or "omega".

    Raises:
        DesignError: Fewer than ten rows, two items (three for ω), or an item that does not vary.
        ConvergenceError: ω has no solution.
    """
    n, k = items.shape
    units = np.arange(n) if cluster is None else np.unique(cluster, return_inverse=True)[1]
    n_units = int(units.max()) + 1 if n else 0
    if n_units < _LEAST_ROWS or k < 2:
        raise DesignError(
            "Too few complete answers to judge how reliable the score is.",
            expected=f"{_LEAST_ROWS} people and 2 items",
            got=f"{n_units // 5 * 5} or more people, {k} items",
        )
    centred = items - items.mean(axis=0)
    covariance = centred.T @ centred / (n - 1)
    if np.any(np.ptp(items, axis=0) <= 0):
        raise DesignError(_NO_VARIANCE)
    if kind == "alpha":
        value, slope = alpha_of(covariance), _slope_of_alpha(covariance)
    else:
        value, slope = omega_of(covariance), _slope_of_omega(covariance)
    influence = np.einsum("ni,ij,nj->n", centred, slope, centred) - float((slope * covariance).sum())
    sums = np.bincount(units, weights=influence, minlength=n_units)
    variance = float((sums**2).sum()) / n**2 * n_units / (n_units - 1)
    return _on_log_scale(value, math.sqrt(variance), n, n_units)


def _on_log_scale(value: float, std_error: float, n: int, n_units: int) -> Reliability:
    from scipy.stats import t

    error = std_error / (1 - value) if value < 1 else 0.0
    half = float(t.ppf(0.975, n_units - 1)) * error
    low, high = (1 - (1 - value) * math.exp(sign * half) for sign in (1, -1))
    return Reliability(value=value, low=low, high=high, std_error=error, n=n, n_clusters=n_units)


def _slope_of_alpha(covariance: Floats) -> Floats:
    """∂α/∂S, entries of the symmetric matrix taken as unrelated."""
    k = covariance.shape[0]
    total, own = covariance.sum(), np.trace(covariance)
    return np.asarray(k / (k - 1) * (own / total**2 * np.ones((k, k)) - np.eye(k) / total))


def _slope_of_omega(covariance: Floats) -> Floats:
    """∂ω/∂S by the implicit function theorem on the normal equations of minimum residuals."""
    loadings = one_factor(covariance)
    k = loadings.size
    errors = np.diag(covariance) - loadings**2
    common, own = loadings.sum() ** 2, errors.sum()
    total = common + own
    # ω as a function of loadings (through both parts) and of the variances
    by_loading = 2 * loadings.sum() / total - common / total**2 * (2 * loadings.sum() - 2 * loadings)
    # normal equations g_i = Σ_{j≠i} (s_ij − λ_i λ_j) λ_j = 0
    squares = float(loadings @ loadings)
    hessian = covariance - 2 * np.outer(loadings, loadings)
    np.fill_diagonal(hessian, -(squares - loadings**2))
    weight = -np.linalg.solve(hessian.T, by_loading)
    slope = np.outer(weight, loadings)
    np.fill_diagonal(slope, 0.0)
    slope = (slope + slope.T) / 2
    return np.asarray(slope - np.eye(k) * common / total**2)


def item_rest(items: Floats) -> Floats:
    """Correlation of each item with the sum of the others, shape (k,); nan for an item that does not vary.

    Args:
        items: Complete answers, shape (n, k).
    """
    rest = items.sum(axis=1, keepdims=True) - items
    a, b = items - items.mean(axis=0), rest - rest.mean(axis=0)
    size = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return np.where(size > 0, (a * b).sum(axis=0) / np.where(size > 0, size, 1.0), np.nan)


def residual_correlation(items: Floats) -> float:
    """Root mean square of what one common factor leaves of the correlations between items.

    Args:
        items: Complete answers, shape (n, k), k ≥ 3.

    Raises:
        DesignError: An item that does not vary, or fewer than three.
        ConvergenceError: As `omega_of`.
    """
    if np.any(np.ptp(items, axis=0) <= 0):
        raise DesignError(_NO_VARIANCE)
    correlation = np.asarray(np.corrcoef(items, rowvar=False))
    loadings = one_factor(correlation)
    left = correlation - np.outer(loadings, loadings)
    return float(np.sqrt(np.mean(left[np.triu_indices_from(left, 1)] ** 2)))
