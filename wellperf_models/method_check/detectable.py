"""How small an effect would be found in 8 of 10, from what was found with an effect and without any."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from wellperf_models.evidence import Estimate
from wellperf_models.inference.risk_sets import Floats


def detectable_ratio(found: Sequence[Estimate], n_looked_at: int) -> tuple[float, float]:
    """The hazard ratio above 1 that would be found in 8 of 10, and its Monte Carlo error.

    exp((c + z_.8) s), s the standard error where nothing is there and c what an estimate must exceed, in
    standard errors, after Holm's correction when it is the clearest of those looked at (Schoenfeld 1983).

    Args:
        found: Estimates of the ratio in worlds without any effect.
        n_looked_at: Covariates corrected for.
    """
    from scipy import stats

    se = np.array([e.se for e in found], float)
    half = np.log(np.array([e.high for e in found], float)) - np.log([e.value for e in found])
    # the quantile of its interval (t with few clusters), widened as the correction widens the normal one
    wider = stats.norm.ppf(1 - 0.025 / n_looked_at) / stats.norm.ppf(0.975)
    needed = half * wider + stats.norm.ppf(0.8) * se
    ratio = math.exp(float(needed.mean()))
    return ratio, ratio * float(needed.std(ddof=1)) / math.sqrt(se.size)


def detectable_gain(
    planted: Sequence[Estimate], nothing: Sequence[Estimate], gain: float, share: float
) -> tuple[float, float]:
    """The smallest gain whose 95 % interval lies above none in 8 of 10, and its Monte Carlo error.

    The error of a gain grows with it: a model that adds nothing says what the reference says. Its square is
    taken as linear in the gain, through the worlds without one and those with the planted one; it shrinks in
    proportion to the answers.

    Args:
        planted, nothing: Estimates in worlds with the effect, and without any, with standard errors; W ≥ 2.
        gain: That was planted.
        share: Of the study's answers that were simulated.
    """
    a, b = _errors(planted), _errors(nothing)
    found = partial(_gain_found, gain=gain, share=share)
    # each world counts as one: left out in turn (jackknife)
    variance = _jackknife([found(np.delete(a, i, axis=0), b) for i in range(len(a))])
    variance += _jackknife([found(a, np.delete(b, i, axis=0)) for i in range(len(b))])
    return found(a, b), math.sqrt(variance)


def _errors(made: Sequence[Estimate]) -> Floats:
    """Standard error and upper half of the interval of each estimate, shape (W, 2)."""
    return np.column_stack(
        [
            np.array([e.se for e in made], float),
            np.array([e.high for e in made], float) - [e.value for e in made],
        ]
    )


def _jackknife(left_out: Sequence[float]) -> float:
    values = np.array(left_out)
    return (values.size - 1) * float(values.var())


def _gain_found(planted: Floats, nothing: Floats, *, gain: float, share: float) -> float:
    """The root g of g = k √(share · (a + b g)): a is the squared error of no gain, b its growth."""
    from scipy import stats

    k = float(np.mean(planted[:, 1]) / np.mean(planted[:, 0])) + float(stats.norm.ppf(0.8))
    a, there = float(np.mean(nothing[:, 0] ** 2)), float(np.mean(planted[:, 0] ** 2))
    b = max(0.0, (there - a) / gain) if gain > 0 else 0.0
    half = k**2 * share * b / 2
    return half + math.sqrt(half**2 + k**2 * share * a)
