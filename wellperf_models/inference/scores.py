"""Scores of predicted risks with errors for clustered rows: Brier, and Brier against the base rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Estimate, EstimateScale, Support
from wellperf_models.inference.risk_sets import Floats


@dataclass(frozen=True, kw_only=True)
class Score:
    """A score with its 95 % interval.

    Attributes:
        value: The score.
        std_error: Its standard error.
        low, high: Interval.
    """

    value: float
    std_error: float
    low: float
    high: float

    def __repr__(self) -> str:
        """Not its value: that has not passed the gate."""
        return "Score(not released)"

    def within(self, least: float, most: float) -> Score:
        """The same with its interval cut to the range the score can have."""
        return Score(
            value=self.value,
            std_error=self.std_error,
            low=max(least, self.low),
            high=min(most, self.high),
        )

    def estimate(
        self, name: str, label: str, unit: str, support: Support, *, scale: EstimateScale = "identity"
    ) -> Estimate:
        """The score as an estimate with its 95 % confidence interval.

        Args:
            name, label, unit, support, scale: Of the estimate.
        """
        return Estimate(
            name=name,
            label=label,
            value=self.value,
            low=self.low,
            high=self.high,
            coverage=0.95,
            interval="confidence",
            unit=unit,
            scale=scale,
            se=self.std_error,
            support=support,
        )


@overload
def interval_values(score: Score, factor: float = 1.0) -> tuple[float, float, float]: ...
@overload
def interval_values(score: Score | None, factor: float = 1.0) -> tuple[float | None, ...]: ...
def interval_values(score: Score | None, factor: float = 1.0) -> tuple[float | None, ...]:
    """Value and both ends as the cells of a table, times a factor; nothing where there is no score.

    Args:
        score: The score.
        factor: Of its unit.
    """
    if score is None:
        return (None, None, None)
    return (factor * score.value, factor * score.low, factor * score.high)


def score_of(value: float, std_error: float, n_clusters: int) -> Score:
    """A score with a t interval of clusters − 1 degrees of freedom."""
    from scipy import stats

    if n_clusters < 2 or not math.isfinite(std_error):
        raise DesignError("An interval needs at least two clusters.", where="inference.scores")
    half = float(stats.t.ppf(0.975, n_clusters - 1)) * std_error
    return Score(value=value, std_error=std_error, low=value - half, high=value + half)


def clustered_mean(values: Floats, cluster: NDArray[np.generic]) -> Score:
    """Mean with the error of clustered rows, √(G / (G − 1) Σ_g (Σ_i∈g (v_i − v̄))²) / n.

    Args:
        values: Shape (n,).
        cluster: Code of the independent unit, shape (n,).

    Raises:
        DesignError: Fewer than two clusters.
    """
    _, code = np.unique(cluster, return_inverse=True)
    groups = int(code.max()) + 1 if code.size else 0
    if groups < 2:
        raise DesignError("An interval needs at least two clusters.", where="inference.scores")
    mean = float(values.mean())
    sums = np.bincount(code, values - mean, minlength=groups)
    error = math.sqrt(groups / (groups - 1) * float(sums @ sums)) / values.size
    return score_of(mean, error, groups)


def brier(event: NDArray[np.bool_], risk: Floats) -> Floats:
    """Squared distance of each predicted risk from what happened (Brier 1950); its mean is the score."""
    return (np.asarray(event, float) - risk) ** 2


def scaled_brier(event: NDArray[np.bool_], risk: Floats) -> float:
    """1 − Brier / (p̄ (1 − p̄)): 0 says no more than the base rate of the scored rows, 1 is perfect."""
    base = float(np.mean(event))
    return 1 - float(brier(event, risk).mean()) / (base * (1 - base))


def clustered_scaled_brier(event: NDArray[np.bool_], risk: Floats, cluster: NDArray[np.generic]) -> Score:
    """Scaled Brier with its error by the delta method; the base rate counts as estimated too.

    Raises:
        DesignError: One class, or fewer than two clusters.
    """
    y = np.asarray(event, float)
    base = float(y.mean())
    reference = base * (1 - base)
    if not reference > 0:
        raise DesignError("There is only one class to score.", where="inference.scores")
    losses = brier(event, risk)
    loss = float(losses.mean())
    influence = -(losses - loss) / reference + loss / reference**2 * (1 - 2 * base) * (y - base)
    error = clustered_mean(influence, cluster)
    _, code = np.unique(cluster, return_inverse=True)
    return score_of(1 - loss / reference, error.std_error, int(code.max()) + 1)
