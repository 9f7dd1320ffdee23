"""What is told of draws, against closed forms and repetition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from wellperf_models.roi.plots_returns import smooth
from wellperf_models.roi.summaries import (
    QUANTILES,
    average,
    expected_losses,
    payback_years,
    quantiles,
    share,
)


def test_payback_is_the_year_from_which_it_stays_above_0_or_never():
    cumulative = np.array(
        [
            [1.0, 2.0, 3.0],
            [-1.0, 2.0, 3.0],
            [1.0, -1.0, 3.0],
            [1.0, 2.0, -3.0],
            [-1.0, -2.0, 0.0],
        ]
    )
    assert payback_years(cumulative).tolist() == [1, 2, 3, 0, 0]
    drawn = np.cumsum(np.random.default_rng(0).normal(size=(2000, 5)), axis=1)
    years = payback_years(drawn)
    assert np.array_equal(years != 0, drawn[:, -1] > 0)
    assert set(years) == {0, 1, 2, 3, 4, 5}


def test_expected_losses_are_those_of_a_normal():
    mean, sd, n = 2.0, 3.0, 200_000
    npv = np.random.default_rng(1).normal(mean, sd, n)
    funded, stopped = expected_losses(npv, n)
    z = mean / sd
    loss = sd * stats.norm.pdf(z) - mean * stats.norm.cdf(-z)
    assert abs(funded.value - loss) < 4 * funded.error
    assert abs(stopped.value - (loss + mean)) < 4 * stopped.error
    # what one loses less what the other does is what it brings
    assert stopped.value - funded.value == pytest.approx(npv.mean())
    assert expected_losses(np.abs(npv), n)[0].value == 0


def test_errors_are_those_of_repetition():
    n, drawn = 2000, np.random.default_rng(2).normal(size=(400, 2000))
    told = [
        (quantiles(d, (0.1, 0.5), n), share(d > 1, n), average(d, n), expected_losses(d, n)[0]) for d in drawn
    ]
    for pick in (
        lambda t: t[0][0],
        lambda t: t[0][1],
        lambda t: t[1],
        lambda t: t[2],
        lambda t: t[3],
    ):
        values = [pick(t).value for t in told]
        assert np.mean([pick(t).error for t in told]) == pytest.approx(np.std(values), rel=0.15)
    assert share(np.ones(n, bool), n).error == 1 / n


def test_a_density_is_drawn_through_the_quantiles_and_nowhere_else():
    at = np.array(QUANTILES)
    for q in (stats.norm.ppf(at, 3, 2), stats.skewnorm.ppf(at, 4), stats.t.ppf(at, 4)):
        x, density = smooth(at, q)
        assert x[0] == pytest.approx(q[0], abs=0.03 * np.ptp(q))
        assert np.trapezoid(density, x) == pytest.approx(0.9, abs=0.01)
        assert (np.diff(x) > 0).all()
    x, density = smooth(at, stats.norm.ppf(at, 3, 2))
    assert density == pytest.approx(stats.norm.pdf(x, 3, 2), rel=1e-6)
    # two heaps are no bell: the quantiles are joined as they are
    heaps = np.concatenate([np.linspace(-10, -9, 10), np.linspace(9, 10, 9)])
    x, density = smooth(at, heaps)
    assert density[np.abs(x) < 5].max() < 0.1 * density.max()
    assert math.isfinite(density.sum())
