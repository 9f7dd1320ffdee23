"""Weights by which those who answered stand for those who did not (inverse probability of response).

Robins, Rotnitzky & Zhao 1995 (Journal of the American Statistical Association 90:106); Seaman & White 2013
(Statistical Methods in Medical Research 22:278). With p the chance to answer given what is known of
everybody, one who answered stands for themselves and for (1 − p) / p others alike who did not. Unbiased
where whether somebody answers depends on nothing else. Errors count the weights as estimated: the influence
of a row is that with the weights held plus that through the coefficients of the response model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.logistic import LogisticFit, expit, fit_logistic
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score, score_of

Mask = NDArray[np.bool_]
# a chance below this counts as this, so that nobody stands for more than 19 others: few would carry the
# answer. A quantile of the weights would cut some in every study, and with them part of the correction
LEAST_CHANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class ResponseFit:
    """Who answers, by a logistic model without a penalty.

    Attributes:
        X: With a column of ones first, shape (n, p + 1).
        answered: Shape (n,).
        chance: To answer, shape (n,).
        fit: The model.
        bread: Inverse information, the intercept first, shape (p + 1, p + 1).
    """

    X: Floats
    answered: Mask
    chance: Floats
    fit: LogisticFit
    bread: Floats

    def coefficient(self, column: int, cluster: Ints) -> Score:
        """Coefficient of a column of the design with its clustered interval.

        Args:
            column: 0 is the first after the intercept.
            cluster: Code of the independent unit, shape (n,).

        Raises:
            DesignError: Fewer than two clusters.
        """
        along = np.zeros(self.bread.shape[0])
        along[column + 1] = 1.0
        return clustered(float(self.fit.beta[column]), self.influence_on(along), cluster)

    def influence_on(self, along: Floats) -> Floats:
        """Influence of each row on Σ along · coefficients, the intercept first; shape (n,)."""
        return np.asarray((self.answered - self.chance) * (self.X @ (self.bread @ along)))

    def __repr__(self) -> str:
        """Shapes only."""
        return f"ResponseFit({self.answered.size} rows × {self.X.shape[1]} columns; not released)"


@dataclass(frozen=True, kw_only=True)
class StandIns:
    """How many of those who did not answer each of those who did stands for.

    Attributes:
        response: The model they come from.
        odds: (1 − p) / p of those who answered, cut at the top; 0 for the others, shape (n,).
        moving: The odds that move with the coefficients: 0 where cut, shape (n,).
        n_cut: Rows whose odds were cut.
    """

    response: ResponseFit
    odds: Floats
    moving: Floats
    n_cut: int

    @property
    def stabilised(self) -> Floats:
        """P(answers) / p of those who answered: about 1 on average, shape (answered,)."""
        answered = self.response.answered
        return np.asarray(answered.mean() * (1 + self.odds[answered]))

    @property
    def effective_size(self) -> float:
        """Kish's effective number of those who answered, (Σ w)² / Σ w²."""
        weights = self.stabilised
        return float(weights.sum() ** 2 / np.square(weights).sum())

    def influence_through(self, gradient: Floats) -> Floats:
        """Influence of each row, through the coefficients, on what changes by `gradient` with the odds.

        Args:
            gradient: Change with the odds of each row, shape (n,).
        """
        return self.response.influence_on(-self.response.X.T @ (self.moving * gradient))

    def __repr__(self) -> str:
        """Shapes only."""
        return f"StandIns({self.odds.size} rows; not released)"


def fit_response(X: Floats, answered: Mask) -> ResponseFit:
    """Fits the chance to answer.

    Args:
        X: What is known of everybody who was asked, without an intercept, shape (n, p).
        answered: Shape (n,).

    Raises:
        DesignError: Everybody answered, or nobody did.
        ConvergenceError: What is known separates who answers, or columns imply each other.
    """
    y = np.asarray(answered, float)
    fit = fit_logistic(X, np.ones(y.size), y, np.inf)
    design = np.column_stack([np.ones(y.size), X])
    p = expit(fit.linear_predictor(X))
    bread = np.linalg.inv((design * (p * (1 - p))[:, None]).T @ design)
    return ResponseFit(
        X=design,
        answered=np.asarray(answered, bool),
        chance=p,
        fit=fit,
        bread=bread,
    )


def stand_ins(response: ResponseFit, *, least_chance: float = LEAST_CHANCE) -> StandIns:
    """Weights of those who answered.

    Args:
        response: From `fit_response`.
        least_chance: A chance to answer below this counts as this.
    """
    raw = np.where(response.answered, (1 - response.chance) / response.chance, 0.0)
    line = (1 - least_chance) / least_chance
    cut = raw > line
    odds = np.minimum(raw, line)
    moving = np.where(cut, 0.0, odds)
    return StandIns(response=response, odds=odds, moving=moving, n_cut=int(cut.sum()))


def mean_of_all(weights: StandIns, own: Floats, alike: Floats) -> tuple[float, Floats]:
    """Mean over everybody asked: of those who answered as they did, of the others as their stand-ins.

    Args:
        weights: From `stand_ins`.
        own: Value of each who answered, shape (n,); anything for the others.
        alike: What somebody alike who did not answer is taken to have, shape (n,); equal to `own` where
            silence says nothing.

    Returns:
        The mean, and the influence of each row on it, shape (n,).
    """
    answered, odds = weights.response.answered, weights.odds
    n, silent = answered.size, int((~answered).sum())
    own, alike = np.where(answered, own, 0.0), np.where(answered, alike, 0.0)
    total = float(odds.sum())
    of_silent = float(odds @ alike) / total
    value = (float(own.sum()) + silent * of_silent) / n
    gradient = np.where(answered, alike - of_silent, 0.0) / total
    moved = odds * gradient + weights.influence_through(gradient)
    direct = np.where(answered, own, of_silent) - value
    return value, np.asarray(direct / n + silent / n * moved)


def auc_of_all(weights: StandIns, event: Mask, score: Floats) -> tuple[float, Floats]:
    """AUC among everybody asked: every pair counts by the product of the weights 1 + odds.

    Args:
        weights: From `stand_ins`.
        event: Of those who answered, shape (n,).
        score: Higher is more at risk, shape (n,).

    Returns:
        The AUC (ties count half), and the influence of each row on it, shape (n,).

    Raises:
        DesignError: Those who answered are all cases, or none is.
    """
    answered = weights.response.answered
    weight = np.where(answered, 1 + weights.odds, 0.0)
    cases, others = answered & event, answered & ~event
    if not cases.any() or not others.any():
        raise DesignError("There is only one class to order.", where="inference.response_weights")
    above = _placement(score[cases], score[others], weight[others])
    below = 1 - _placement(score[others], score[cases], weight[cases])
    value = float(weight[cases] @ above / weight[cases].sum())
    # change of the AUC with the weight of a row
    gradient = np.zeros(answered.size)
    gradient[cases] = (above - value) / weight[cases].sum()
    gradient[others] = (below - value) / weight[others].sum()
    return value, np.asarray(weight * gradient + weights.influence_through(gradient))


def clustered(value: float, influence: Floats, cluster: Ints) -> Score:
    """An estimate with its t interval of clusters − 1 degrees of freedom, √(G / (G − 1) Σ_g (Σ_i∈g φ_i)²).

    Args:
        value: The estimate.
        influence: Of each row on it; they sum to about 0, shape (n,).
        cluster: Code of the independent unit, shape (n,).

    Raises:
        DesignError: Fewer than two clusters.
    """
    _, code = np.unique(cluster, return_inverse=True)
    groups = int(code.max()) + 1 if code.size else 0
    if groups < 2:
        raise DesignError("An interval needs at least two clusters.", where="inference.response_weights")
    sums = np.bincount(code, influence, minlength=groups)
    return score_of(value, float(np.sqrt(groups / (groups - 1) * (sums @ sums))), groups)


def _placement(values: Floats, against: Floats, weight: Floats) -> Floats:
    """Weighted share of `against` below each value, ties half."""
    order = np.argsort(against, kind="stable")
    upto = np.concatenate([[0.0], np.cumsum(weight[order])])
    ordered = against[order]
    below = upto[np.searchsorted(ordered, values, side="left")]
    within = upto[np.searchsorted(ordered, values, side="right")]
    return np.asarray((below + within) / (2 * upto[-1]))
