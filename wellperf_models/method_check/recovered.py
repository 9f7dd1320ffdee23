"""What became of a known truth over many simulated worlds: bias, coverage, Monte Carlo intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wellperf_models.evidence import Estimate, Support

Scale = Literal["identity", "log"]


@dataclass(frozen=True, kw_only=True)
class Share:
    """How often something happened in n worlds, with its exact 95 % interval (Clopper and Pearson 1934)."""

    count: int
    n: int

    @property
    def value(self) -> float:
        """Share of the worlds."""
        return self.count / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Exact 95 % interval."""
        from scipy import stats

        found = stats.binomtest(self.count, self.n).proportion_ci(0.95, method="exact")
        return float(found.low), float(found.high)

    @property
    def error(self) -> float:
        """Monte Carlo error; not 0 where it happened always or never (Agresti and Coull 1998)."""
        share = (self.count + 2) / (self.n + 4)
        return math.sqrt(share * (1 - share) / (self.n + 4))


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a pipeline should find.

    Attributes:
        name: Of its estimate.
        label: What a reader sees.
        scale: On which errors are symmetric.
        planted: Whether it is the planted effect.
        effect: Whether it is an effect at all, which could be claimed.
        support: What it rests on in the study.
    """

    name: str
    label: str
    scale: Scale
    planted: bool
    effect: bool
    support: Support


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """How one target was found again.

    Attributes:
        target: What it is.
        truth, mean: In its unit; a mean of logarithms where the scale is one.
        mean_error: Monte Carlo error of the mean, in its unit.
        bias, bias_low, bias_high: Mean error with its 95 % Monte Carlo interval, in standard errors.
        bias_p: Of no bias, two-sided.
        coverage: How often the 95 % interval held the truth.
        coverage_p: Of .95, exact and two-sided.
        spread: Standard deviation of one world's error in standard errors; 1 where errors are told rightly.
        detectable: Effect found in 8 of 10 (a hazard ratio above 1, a gain in AUC), and its Monte Carlo
            error; None for no effect.
        truth_error: Monte Carlo error of the truth, where it differs between worlds.
    """

    target: Target
    truth: float
    mean: float
    mean_error: float
    bias: float
    bias_low: float
    bias_high: float
    bias_p: float
    coverage: Share
    coverage_p: float
    spread: float
    detectable: tuple[float, float] | None = None
    truth_error: float = 0.0

    @property
    def bias_error(self) -> float:
        """Monte Carlo error of the bias, in standard errors."""
        return self.spread / math.sqrt(self.coverage.n)


def recover(
    target: Target,
    truths: Sequence[float],
    found: Sequence[Estimate],
    detectable: tuple[float, float] | None = None,
) -> Recovered:
    """Compares estimates with what they should be.

    Args:
        target: What it is.
        truths: Of each world, in the estimate's unit, shape (W,); W ≥ 2.
        found: Estimate of each world, with interval and standard error, shape (W,).
        detectable: See `Recovered`.
    """
    from scipy import stats

    truth, value, low, high, se = (
        np.asarray(v, float)
        for v in (
            truths,
            [e.value for e in found],
            [e.low for e in found],
            [e.high for e in found],
            [e.se for e in found],
        )
    )
    held = int(((low <= truth) & (truth <= high)).sum())
    if target.scale == "log":
        truth, value = np.log(truth), np.log(value)
    error = value - truth
    unit = float(np.sqrt(np.mean(se**2)))
    n = error.size
    spread = float(error.std(ddof=1))
    half = float(stats.t.ppf(0.975, n - 1)) * spread / math.sqrt(n)
    bias = float(error.mean())
    truth_spread = float(truth.std(ddof=1))
    coverage = Share(count=held, n=n)
    back = math.exp if target.scale == "log" else float
    return Recovered(
        target=target,
        truth=back(float(truth.mean())),
        mean=back(float(value.mean())),
        mean_error=(back(float(value.mean())) if target.scale == "log" else 1.0) * spread / math.sqrt(n),
        bias=bias / unit,
        bias_low=(bias - half) / unit,
        bias_high=(bias + half) / unit,
        bias_p=float(stats.ttest_1samp(error, 0.0).pvalue),
        coverage=coverage,
        coverage_p=float(stats.binomtest(held, n, 0.95).pvalue),
        spread=spread / unit,
        detectable=detectable,
        truth_error=truth_spread / math.sqrt(n) if target.scale == "identity" else 0.0,
    )
