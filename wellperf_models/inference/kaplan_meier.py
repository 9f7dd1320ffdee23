"""Kaplan–Meier with delayed entry and ties (Kaplan & Meier 1958; Greenwood 1926; log-log bands).

With clusters, errors are the infinitesimal jackknife by cluster, and bands use Student's t with G − 1 degrees
of freedom, as the Cox model does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wellperf_models.inference.influence import count_clusters, restricted_mean_error, survival_errors
from wellperf_models.inference.risk_sets import Floats, Ints, RiskSets, count_risk_sets

_ROUNDED = 1e-12
Z_95 = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class KaplanMeier:
    """Survival at each distinct event time.

    Attributes:
        times: Shape (m,), increasing.
        survival: S(t) just after each time, shape (m,).
        std_error: Greenwood's, or clustered; on the scale of S, shape (m,).
        low, high: Pointwise 95 % log-log band, shape (m,).
        at_risk, events: Counts at each time, shape (m,).
        n_clusters: Independent units the errors rest on; None: every spell is one.
    """

    times: Floats
    survival: Floats
    std_error: Floats
    low: Floats
    high: Floats
    at_risk: Ints
    events: Ints
    n_clusters: int | None = None

    def at(self, time: float) -> tuple[float, float, float, float]:
        """(S, standard error, low, high) at `time`; 1 before the first event."""
        index = int(np.searchsorted(self.times, time, side="right")) - 1
        if index < 0:
            return 1.0, 0.0, 1.0, 1.0
        return (
            float(self.survival[index]),
            float(self.std_error[index]),
            float(self.low[index]),
            float(self.high[index]),
        )


def fit_kaplan_meier(
    entry: Floats, duration: Floats, event: Ints, *, cluster: Ints | None = None
) -> KaplanMeier:
    """Product-limit estimate S(t) = Π (1 − d/n) over event times ≤ t, n counting entry < t ≤ exit.

    Args:
        entry, duration: Months; shape (n,).
        event: 0 censored, anything above an event; shape (n,).
        cluster: Code of the independent unit, shape (n,); None, or a single one: spells are independent.

    Returns:
        The curve; empty arrays where nobody had the event.
    """
    happened = (np.asarray(event) > 0).astype(np.int64)
    counts = count_risk_sets(entry, duration, happened, 1)
    d, n = counts.events[:, 0].astype(float), counts.at_risk.astype(float)
    survival = np.cumprod(1 - d / n)
    # the last person leaving makes Greenwood's sum infinite; S is then 0 and the band degenerate
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.cumsum(np.where(n > d, d / (n * (n - d)), np.inf))
        std_error = np.where(survival > 0, survival * np.sqrt(total), 0.0)
    n_clusters = None if cluster is None else count_clusters(cluster)
    if cluster is not None and n_clusters is not None and n_clusters > 1:
        std_error = survival_errors(counts, survival, entry, duration, happened, cluster)
    else:
        n_clusters = None
    low, high = log_log_band(survival, std_error, quantile_95(n_clusters))
    return KaplanMeier(
        times=counts.times,
        survival=survival,
        std_error=std_error,
        low=low,
        high=high,
        at_risk=counts.at_risk,
        events=counts.events[:, 0],
        n_clusters=n_clusters,
    )


def quantile_95(n_clusters: int | None) -> float:
    """Standard errors on either side of a 95 % interval: normal, or t with clusters − 1 degrees."""
    if n_clusters is None:
        return Z_95
    from scipy import stats

    return float(stats.t.ppf(0.975, n_clusters - 1))


def log_log_band(survival: Floats, std_error: Floats, quantile: float = Z_95) -> tuple[Floats, Floats]:
    """95 % band S^exp(±z se / (S |log S|)): stays in [0, 1]; (S, S) where S is 0 or 1."""
    # a sum of incidences leaves 3e-16 where nobody is left
    inside = (survival > _ROUNDED) & (survival < 1)
    safe = np.where(inside, survival, 0.5)
    width = np.where(inside, quantile * std_error / (safe * np.abs(np.log(safe))), 0.0)
    low = np.where(inside, safe ** np.exp(width), survival)
    high = np.where(inside, safe ** np.exp(-width), survival)
    return low, high


def restricted_mean(curve: KaplanMeier, start: float, end: float) -> tuple[float, float]:
    """Mean time lived between `start` and `end`: the area under S, with its standard error.

    Var = Σ A(t_i)² d_i / (n_i (n_i − d_i)), A(t) the area from t to `end` (Klein & Moeschberger, 4.5.1–2).

    Returns:
        (area, standard error) in the unit of time.
    """
    inside = (curve.times > start) & (curve.times <= end)
    times, survival = curve.times[inside], curve.survival[inside]
    edges = np.concatenate(([start], times, [end]))
    pieces = np.concatenate(([1.0], survival)) * np.diff(edges)
    area = float(pieces.sum())
    # area from t_i to the end
    after = np.cumsum(pieces[::-1])[::-1][1:]
    d, n = curve.events[inside].astype(float), curve.at_risk[inside].astype(float)
    terms = np.divide(after**2 * d, n * (n - d), out=np.zeros_like(after), where=n > d)
    return area, math.sqrt(float(terms.sum()))


def clustered_restricted_mean(
    curve: KaplanMeier,
    entry: Floats,
    duration: Floats,
    event: Ints,
    cluster: Ints,
    *,
    start: float,
    end: float,
) -> tuple[float, float]:
    """As `restricted_mean`, with an error that respects clusters.

    Args:
        curve: Fitted to the spells.
        entry, duration, event, cluster: The spells, shape (n,), with at least two clusters.
        start, end: In the unit of time; no entry is before `start`.
    """
    counts = RiskSets(times=curve.times, at_risk=curve.at_risk, events=curve.events[:, None])
    error = restricted_mean_error(
        counts, curve.survival, entry, duration, event, cluster, start=start, end=end
    )
    return restricted_mean(curve, start, end)[0], error
