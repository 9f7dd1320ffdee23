"""From simulated averages to effects with standard errors, intervals and Monte Carlo errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.turnover.policy.model_groups import Replicate
from wellperf_models.turnover.policy.model_simulation import Arm

# those whose interval is symmetric on the log scale
_LOGS = ("risk_ratio",)
# parts of a whole: their interval is symmetric on the logit scale, so that it can't leave the possible range
SHARES = ("exits_without_per_100", "exits_with_per_100", "months_without", "months_with")
_LEAST_SHARE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One number with its interval.

    Attributes:
        value, low, high: In its unit; the interval covers 95 %.
        error: Standard error; of a ratio on the log scale, of `SHARES` on the logit scale.
        monte_carlo_error: One standard deviation of what another seed of the simulation would change.
    """

    value: float
    low: float
    high: float
    error: float
    monte_carlo_error: float


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A share of people per 100 by month with its 95 % band, each of shape (horizon + 1,)."""

    value: Floats
    low: Floats
    high: Floats


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
    own = [_numbers(r, place, changed, horizon) for r in point]
    again = [_numbers(r, place, changed, horizon) for r in refits]
    quantile = _quantile(df)
    found = {}
    for name in own[0]:
        values = np.array([o[name] for o in own])
        value = float(values.mean())
        refitted = np.array([a[name] for a in again])
        error = float(refitted.std(ddof=1))
        simulated = float(values.std(ddof=1) / math.sqrt(values.size))
        low, high = value - quantile * error, value + quantile * error
        if name in _LOGS:
            value, low, high = math.exp(value), math.exp(low), math.exp(high)
            simulated *= value
        elif name in SHARES:
            most = horizon if name.startswith("months") else 100
            limits = _within(np.array(value), refitted, quantile, most)
            low, high, error = (float(limit) for limit in limits)
        found[name] = Effect(value=value, low=low, high=high, error=error, monte_carlo_error=simulated)
    return found


def curve_of(point: Sequence[Floats], refits: Sequence[Floats], df: int) -> Curve:
    """The mean over the simulations, as of `effects_of`, with a band on the logit scale.

    Args:
        point, refits: Shares by month, each of shape (horizon + 1,).
        df: Degrees of freedom of the t quantile.
    """
    value = 100 * np.mean(np.stack(point), axis=0)
    low, high, _ = _within(value, 100 * np.stack(refits), _quantile(df), 100)
    return Curve(value=value, low=low, high=high)


def mean_arm(arms: Sequence[Arm]) -> Arm:
    """The mean over the simulations, of everything but the weighted hazards."""
    return Arm(
        stay=np.mean([a.stay for a in arms], axis=0),
        left=np.mean([a.left for a in arms], axis=0),
        months=float(np.mean([a.months for a in arms])),
        course=np.mean([a.course for a in arms], axis=0),
        weighted_left=None,
    )


def _within(value: Floats, refits: Floats, quantile: float, most: float) -> tuple[Floats, Floats, Floats]:
    """Ends of the intervals of parts of `most`, and standard errors on the logit scale; refits by rows."""
    from scipy import special

    def logit(part: Floats) -> Floats:
        return np.asarray(special.logit(np.clip(part / most, _LEAST_SHARE, 1 - _LEAST_SHARE)))

    error = logit(refits).std(axis=0, ddof=1)
    low, high = (most * special.expit(logit(value) + sign * quantile * error) for sign in (-1, 1))
    # where nobody left, or everybody, the logit is cut
    return np.minimum(low, value), np.maximum(high, value), error


def _quantile(df: int) -> float:
    from scipy import stats

    return float(stats.t.ppf(0.975, max(df, 1)))
