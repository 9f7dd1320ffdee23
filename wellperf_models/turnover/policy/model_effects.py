"""From simulated averages to effects with standard errors, intervals and Monte Carlo errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.turnover.policy.model_groups import Replicate

# those whose interval is symmetric on the log scale
_LOGS = ("risk_ratio",)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One number with its interval.

    Attributes:
        value, low, high: In its unit; the interval covers 95 %.
        error: Standard error, on the log scale for a ratio.
        monte_carlo_error: One standard deviation of what another seed of the simulation would change.
    """

    value: float
    low: float
    high: float
    error: float
    monte_carlo_error: float


def _numbers(replicate: Replicate, place: int, changed: int, horizon: int) -> dict[str, float]:
    """Everything that is reported, from one set of averages. Exits per 100 people, months per person."""
    natural, under = replicate.natural, replicate.under[place]
    first = 100 * float(natural.left[-1, 0] - under.left[-1, 0])
    everyone = 100 * float(under.stay[-1] - natural.stay[-1])
    assert natural.weighted_left is not None
    assert under.weighted_left is not None
    taken = natural.course[1:, changed] - under.course[1:, changed]
    weighted = 100 * float(natural.weighted_left[0] - under.weighted_left[0])
    return {
        "exits_avoided_per_100": first,
        "exits_avoided_per_100_and_year": first * 12 / horizon,
        "all_exits_avoided_per_100": everyone,
        "months_gained": under.months - natural.months,
        "taken_off": float(taken.mean()) if taken.size else 0.0,
        "exits_without_per_100": 100 * float(natural.left[-1, 0]),
        "exits_with_per_100": 100 * float(under.left[-1, 0]),
        "months_without": natural.months,
        "months_with": under.months,
        "risk_ratio": math.log(max(float(under.left[-1, 0]), 1e-12) / max(float(natural.left[-1, 0]), 1e-12)),
        "exits_avoided_weighted_per_100": weighted,
        "estimators_differ_by": first - weighted,
        "observed_gap_per_100": 100 * float(natural.left[-1, 0] - replicate.observed[0][-1, 0]),
        "observed_gap_all_per_100": 100 * float(natural.left[-1].sum() - replicate.observed[0][-1].sum()),
    }


def effects_of(
    point: Sequence[Replicate],
    refits: Sequence[Replicate],
    *,
    place: int,
    changed: int,
    horizon: int,
    df: int,
) -> dict[str, Effect]:
    """Effects of one policy: mean over the simulations, standard error over the refits.

    Args:
        point: The fit, simulated with several sets of draws.
        refits: Refits, all with the first set of draws.
        place, changed: Of the policy in its group, and of the covariate it changes.
        horizon: Months.
        df: Degrees of freedom of the t quantile: clusters − 1.
    """
    from scipy import stats

    own = [_numbers(r, place, changed, horizon) for r in point]
    again = [_numbers(r, place, changed, horizon) for r in refits]
    quantile = float(stats.t.ppf(0.975, max(df, 1)))
    found = {}
    for name in own[0]:
        values = np.array([o[name] for o in own])
        value = float(values.mean())
        error = float(np.std([a[name] for a in again], ddof=1))
        simulated = float(values.std(ddof=1) / math.sqrt(values.size))
        low, high = value - quantile * error, value + quantile * error
        if name in _LOGS:
            value, low, high = math.exp(value), math.exp(low), math.exp(high)
            simulated *= value
        found[name] = Effect(value=value, low=low, high=high, error=error, monte_carlo_error=simulated)
    return found


def band(curves: Sequence[Floats]) -> Floats:
    """Standard error at each point of a curve, over refits."""
    return np.std(np.stack(curves), axis=0, ddof=1)
