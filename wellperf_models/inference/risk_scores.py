"""Scores of risks foretold at a horizon under censoring, with cluster-bootstrap intervals.

Brier score weighted by the inverse probability of censoring (Graf et al. 1999), scaled against a null model
(index of prediction accuracy; Kattan & Gerds 2018), cumulative/dynamic AUC with competing causes (Blanche,
Dartigues & Jacqmin-Gadda 2013, Stat. Med. 32:5381: a control has not left for the cause by then, whether
still employed or gone for another), calibration in the large and its slope. A person scored at several
landmarks is one cluster. The bootstrap draws clusters with the predictions and the weights as they are: it is
the uncertainty of the comparison, not of the training.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.logistic import expit, fit_logistic
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score, score_of

# numbers held at a time while the bootstrap runs
_CHUNK = 4_000_000
# log odds of a foretold risk of 0 or 1 would be infinite
_LEAST_RISK = 1e-9
# share of the bootstrap samples in which a score must exist
_LEAST_FINITE = 0.9


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """What happened to the scored rows by a horizon.

    Attributes:
        case: Left for the cause by then, shape (n,).
        weight: From `inference.ipcw`; 0 where it is not known, shape (n,).
        stratum: Rows are ordered only within it: the landmark, or the repeat of the folds; shape (n,).
        cluster: Dense code of the independent unit, shape (n,).
        draws: How often each cluster is in each bootstrap sample, shape (B, clusters).
    """

    case: NDArray[np.bool_]
    weight: Floats
    stratum: Ints
    cluster: Ints
    draws: Floats

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Outcomes({self.case.size} rows, {self.draws.shape[1]} clusters)"


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A statistic and its value in each bootstrap sample, shape (B,)."""

    value: float
    samples: Floats

    def __sub__(self, other: Drawn) -> Drawn:
        """Difference on the same samples: paired."""
        with np.errstate(invalid="ignore"):
            return Drawn(value=self.value - other.value, samples=self.samples - other.samples)

    def score(self, n_clusters: int) -> Score:
        """With the interval of its bootstrap standard error.

        Raises:
            DesignError: Fewer than two clusters, or it does not exist in more than a tenth of the samples
                (nobody drawn has left).
        """
        finite = self.samples[np.isfinite(self.samples)]
        if finite.size < max(2.0, _LEAST_FINITE * self.samples.size):
            raise DesignError(
                "Too few people left for an interval: many bootstrap samples hold none of them.",
                where="inference.risk_scores",
            )
        return score_of(self.value, float(finite.std(ddof=1)), n_clusters)

    def __repr__(self) -> str:
        return "Drawn(not released)"


def draw_clusters(n_clusters: int, *, samples: int, seed: int) -> Floats:
    """How often each cluster is drawn, shape (samples, n_clusters).

    Raises:
        DesignError: Fewer than two clusters.
    """
    if n_clusters < 2:
        raise DesignError("An interval needs at least two clusters.", where="inference.risk_scores")
    rng = np.random.default_rng([seed, 0xB007])
    equal = np.full(n_clusters, 1 / n_clusters)
    return rng.multinomial(n_clusters, equal, size=samples).astype(float)


def _ratio(outcomes: Outcomes, top: Floats, bottom: Floats) -> Drawn:
    """Σ top / Σ bottom, clusters drawn."""
    groups = outcomes.draws.shape[1]
    tops = np.bincount(outcomes.cluster, top, minlength=groups)
    bottoms = np.bincount(outcomes.cluster, bottom, minlength=groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        samples = (outcomes.draws @ tops) / (outcomes.draws @ bottoms)
    return Drawn(value=float(top.sum() / bottom.sum()), samples=samples)


def brier(outcomes: Outcomes, risk: Floats) -> Drawn:
    """Σ w (case − risk)² / n."""
    loss = outcomes.weight * (outcomes.case - risk) ** 2
    return _ratio(outcomes, loss, np.ones(risk.size))


def scaled(score: Drawn, null: Drawn) -> Drawn:
    """1 − Brier / Brier of the null model: 0 says no more than it, 1 is perfect, below 0 is worse.

    Raises:
        DesignError: The null model is never wrong: nobody has the outcome, or everybody does.
    """
    if not null.value > 0:
        raise DesignError("Nobody left by this horizon, or everybody did: there is nothing to foretell.")
    with np.errstate(divide="ignore", invalid="ignore"):
        samples = 1 - score.samples / null.samples
    return Drawn(value=1 - score.value / null.value, samples=samples)


def share(outcomes: Outcomes) -> Drawn:
    """Σ w case / n: the share that left for the cause by the horizon."""
    return _ratio(outcomes, outcomes.weight * outcomes.case, np.ones(outcomes.case.size))


def share_among(outcomes: Outcomes, own: NDArray[np.bool_]) -> Drawn:
    """The same among some of the rows, shape (n,); nan in samples that draw none of them."""
    return _ratio(outcomes, outcomes.weight * outcomes.case * own, own.astype(float))


def observed_to_foretold(outcomes: Outcomes, risk: Floats) -> Drawn:
    """Log of Σ w case / Σ risk: 0 is right, above it more left than was foretold."""
    ratio = _ratio(outcomes, outcomes.weight * outcomes.case, risk)
    with np.errstate(divide="ignore"):
        return Drawn(value=math.log(max(ratio.value, 1e-12)), samples=np.log(ratio.samples))


def auc(outcomes: Outcomes, risk: Floats) -> Drawn:
    """Share of pairs (case, control) of a stratum that the risk orders rightly, weighted; ties count half.

    Raises:
        DesignError: No stratum has both.
    """
    right, pairs = np.zeros(outcomes.draws.shape[0] + 1), np.zeros(outcomes.draws.shape[0] + 1)
    for value in np.unique(outcomes.stratum):
        chosen = (outcomes.stratum == value) & (outcomes.weight > 0)
        for rows, (a, b) in _pairs(outcomes, chosen, risk):
            right[rows] += a
            pairs[rows] += b
    if not pairs[0] > 0:
        raise DesignError(
            "An AUC needs people who left by the horizon, and people who did not.",
            where="inference.risk_scores",
        )
    with np.errstate(invalid="ignore"):
        found = right / pairs
    return Drawn(value=float(found[0]), samples=found[1:])


def _pairs(
    outcomes: Outcomes, chosen: NDArray[np.bool_], risk: Floats
) -> Iterator[tuple[slice, tuple[Floats, Floats]]]:
    """(samples, (weight of rightly ordered pairs, of all pairs)); the first sample is the data."""
    order = np.flatnonzero(chosen)[np.argsort(risk[chosen], kind="stable")]
    starts = np.flatnonzero(np.concatenate(([True], np.diff(risk[order]) != 0)))
    case, weight = outcomes.case[order], outcomes.weight[order]
    cluster = outcomes.cluster[order]
    total = outcomes.draws.shape[0] + 1
    width = max(1, _CHUNK // max(1, order.size))
    for first in range(0, total, width):
        rows = slice(first, min(first + width, total))
        drawn = outcomes.draws[max(0, first - 1) : rows.stop - 1][:, cluster]
        if first == 0:
            drawn = np.vstack([np.ones((1, order.size)), drawn])
        drawn = drawn * weight
        cases = np.add.reduceat(drawn * case, starts, axis=1)
        controls = np.add.reduceat(drawn * ~case, starts, axis=1)
        below = np.cumsum(controls, axis=1) - controls / 2
        yield rows, ((cases * below).sum(axis=1), cases.sum(axis=1) * controls.sum(axis=1))


def calibration_slope(outcomes: Outcomes, risk: Floats) -> Score:
    """Slope of the weighted logistic regression of the outcome on the foretold log odds; 1 is right.

    Below 1 the risks differ too much between people, above 1 too little. Clustered sandwich with G / (G − 1).

    Raises:
        ConvergenceError: Everybody has the same risk, or there is one outcome only.
    """
    known = outcomes.weight > 0
    clipped = np.clip(risk[known], _LEAST_RISK, 1 - _LEAST_RISK)
    eta, y, w = np.log(clipped / (1 - clipped)), outcomes.case[known].astype(float), outcomes.weight[known]
    spread = float(eta.std())
    if not 0 < y.sum() < y.size or not spread > 1e-9:
        raise ConvergenceError(
            "Foretold risks can't be recalibrated on these rows.",
            where="inference.risk_scores",
            got="one outcome, or the same risk for everybody",
        )
    centre = float(eta.mean())
    x = (eta - centre) / spread
    fit = fit_logistic(x[:, None], w, w * y, np.inf)
    p = expit(fit.linear_predictor(x[:, None]))
    X = np.column_stack([np.ones(x.size), x])
    bread = np.linalg.inv((X * (w * p * (1 - p))[:, None]).T @ X)
    residual = X * (w * (y - p))[:, None]
    _, code = np.unique(outcomes.cluster[known], return_inverse=True)
    groups = int(code.max()) + 1
    if groups < 2:
        raise DesignError("An interval needs at least two clusters.", where="inference.risk_scores")
    sums = np.column_stack([np.bincount(code, residual[:, j], minlength=groups) for j in range(2)])
    covariance = bread @ (sums.T @ sums) @ bread * groups / (groups - 1)
    error = math.sqrt(float(covariance[1, 1])) / spread
    return score_of(float(fit.beta[0]) / spread, error, groups)


def integrated_brier(survival: Floats, times: Floats, weights: Floats, gone: NDArray[np.bool_]) -> float:
    """Mean over `times` (trapezium) of the weighted Brier score of being employed.

    Args:
        survival: Foretold S(t | x), shape (n, m).
        times: Increasing, shape (m,), m ≥ 2.
        weights: From `inference.ipcw.weights_at`, shape (n, m).
        gone: Left by the time, shape (n, m).
    """
    loss = (weights * (survival - ~gone) ** 2).mean(axis=0)
    return float(np.trapezoid(loss, times) / (times[-1] - times[0]))
