"""The second estimator: exits by the course of work itself, with everything else weighted away.

A marginal structural model (Robins, Hernán & Brumback 2000, Epidemiology 11:550): the hazard given what was
known at the landmark and the course of the changed covariate since then, fitted with stabilised inverse
probability weights. It leans on a model of the changed covariate given the others, where the g-formula leans
on models of the others given it; the two are wrong in different ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wellperf_models.inference.one_step import BinaryFit, fit_binary
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.turnover.policy.frame import Histories, join, predict
from wellperf_models.turnover.policy.model_cohort import Cohort
from wellperf_models.turnover.policy.model_exits import Exits

TRUNCATED_AT = (0.01, 0.99)
# a course slower than this share of people's, given their own past, is hardly ever seen
HARDLY_EVER = 0.01
_NORMAL_AT = -2.3263
# log of a hazard that is none
_NEVER = -40.0


@dataclass(frozen=True, kw_only=True)
class Weighting:
    """The weighted hazards for one changed covariate.

    Attributes:
        fits: By cause, as in `Exits`; None for one that nobody of the cohort left for.
        n_columns: Of their design.
        mean_weight, largest_share: Mean of the weights, and share that truncation touched.
        effective_size, n_rows: Effective number of the person-months' weights, and how many there are.
        pace_beta, pace_spread: The pace (recent mean) of the covariate given the landmark, least squares:
            what is hardly ever seen is judged by it.
    """

    fits: tuple[BinaryFit | None, ...]
    n_columns: int
    mean_weight: float
    largest_share: float
    effective_size: float
    n_rows: int
    pace_beta: Floats
    pace_spread: float

    def refit(self, weights: Floats) -> Floats:
        """Coefficients with other weights of the clusters, shape (q, causes); the weights stay as they
        are.
        """
        return self._stack([None if fit is None else fit.refit(weights) for fit in self.fits])

    @property
    def theta(self) -> Floats:
        """Coefficients, shape (q, causes)."""
        return self._stack([None if fit is None else fit.theta for fit in self.fits])

    def _stack(self, columns: Sequence[Floats | None]) -> Floats:
        never = np.zeros(self.n_columns)
        never[0] = _NEVER
        return np.stack([never if column is None else column for column in columns], axis=1)


def weighted_blocks(base: Floats, at_landmark: Sequence[Floats], current: Floats) -> list[Floats]:
    """Design of the weighted hazards: landmark, and the changed covariate's last value and mean since."""
    return [base, *at_landmark, current[:, :2], current[:, 3:]]


def fit_weighting(histories: Histories, cohort: Cohort, exits: Exits, changed: int) -> Weighting:
    """Weights of the person-months of the cohort, and the hazards fitted with them.

    Args:
        histories, cohort: The data.
        exits: Which causes have exits.
        changed: Place of the covariate.

    Raises:
        ConvergenceError: No convergence.
    """
    at_landmark = [m.features(d) for m, d in zip(cohort.memories, histories.dated, strict=True)]
    pair, since = np.nonzero(cohort.observed)
    weight = _stabilised(histories, cohort, changed, at_landmark)[pair, since]
    low, high = np.quantile(weight, TRUNCATED_AT)
    cut = np.clip(weight, low, high)
    spell, month = cohort.spell[pair], cohort.landmark[pair] + since
    base = histories.base(spell, month, cohort.landmark[pair])
    now = histories.features[changed][spell, month]
    X = join(weighted_blocks(base, [f[pair] for f in at_landmark], now))
    event = cohort.event[pair, since]
    fits: list[BinaryFit | None] = []
    for name in exits.causes:
        y = (event == histories.causes.index(name) + 1).astype(float)
        if not y.any():
            fits.append(None)
            continue
        fits.append(
            fit_binary(
                X, y, cohort.cluster[pair], histories.n_clusters, link="cloglog", weights=cut,
                where="turnover.policy: weighted exits",
            )
        )  # fmt: skip
    beta, spread = _pace_model(histories, cohort, changed, at_landmark, pair, since)
    return Weighting(
        fits=tuple(fits),
        n_columns=X.shape[1],
        mean_weight=float(cut.mean()),
        largest_share=float(((weight < low) | (weight > high)).mean()),
        effective_size=float(cut.sum() ** 2 / np.square(cut).sum()),
        n_rows=cut.size,
        pace_beta=beta,
        pace_spread=spread,
    )


def _stabilised(histories: Histories, cohort: Cohort, changed: int, at_landmark: Sequence[Floats]) -> Floats:
    """Density of each new value given the landmark and its own past, over that given everything; multiplied
    up.

    Shape (n, horizon): the weight of the month's exit holds the values known as the month began.
    """
    value = histories.value[changed]
    pair, since = np.nonzero(cohort.observed[:, 1:])
    spell, month = cohort.spell[pair], cohort.landmark[pair] + since
    fresh = np.isfinite(value[spell, month + 1]) & (histories.features[changed][spell, month, 2] == 0)
    pair, since, spell, month = pair[fresh], since[fresh], spell[fresh], month[fresh]
    y = value[spell, month + 1] - histories.dated[changed].centre
    own = histories.features[changed][spell, month]
    first = histories.firsts[changed][spell, month]
    past = np.column_stack(
        [
            np.ones(y.size), own[:, :2], own[:, 3], first,
            histories.base(spell, month, cohort.landmark[pair]), *[f[pair] for f in at_landmark],
        ]
    )  # fmt: skip
    others = [
        f[spell, month + (0 if histories.dated[k].monthly else 1)]
        for k, f in enumerate(histories.features)
        if k != changed
    ]
    others += histories.static.moving_at(spell, month)
    log_ratio = np.zeros(cohort.observed.shape)
    log_ratio[pair, since + 1] = _log_density(past, y) - _log_density(np.column_stack([past, *others]), y)
    return np.exp(np.cumsum(log_ratio, axis=1))


def _log_density(X: Floats, y: Floats) -> Floats:
    beta = _least_squares(X, y)
    residual = y - X @ beta
    sigma = float(residual.std())
    return -0.5 * np.square(residual / sigma) - np.log(sigma)


def _least_squares(X: Floats, y: Floats) -> Floats:
    xx = X.T @ X
    return np.linalg.solve(xx + np.diag(1e-8 * np.diag(xx) + 1e-8), X.T @ y)


def _pace_model(
    histories: Histories, cohort: Cohort, changed: int, at_landmark: Sequence[Floats], pair: Ints, since: Ints
) -> tuple[Floats, float]:
    """From the fourth month on, when the landmark's own months have faded."""
    later = since >= min(3, cohort.horizon - 1)
    pair, since = pair[later], since[later]
    spell, month = cohort.spell[pair], cohort.landmark[pair] + since
    X = join([histories.base(spell, month, cohort.landmark[pair]), *[f[pair] for f in at_landmark]])
    y = histories.paces[changed][spell, month]
    beta = _least_squares(X, y)
    return beta, float((y - X @ beta).std())


def share_unsupported(
    histories: Histories, cohort: Cohort, weighting: Weighting, natural: Floats, paces: Floats
) -> float:
    """Share of person-months in which a policy asks for a course hardly anyone with that past has.

    Args:
        histories, cohort, weighting: The models.
        natural, paces: Pace of the changed covariate by month, as things are and under the policy, shape
            (horizon, n).
    """
    at_landmark = [m.features(d) for m, d in zip(cohort.memories, histories.dated, strict=True)]
    rare = np.zeros(paces.shape, dtype=bool)
    for since in range(cohort.horizon):
        expected = predict([cohort.base[since], *at_landmark], weighting.pace_beta)
        moved = paces[since] != natural[since]
        rare[since] = moved & (paces[since] < expected + _NORMAL_AT * weighting.pace_spread)
    return float(rare[1:].mean()) if len(rare) > 1 else 0.0
