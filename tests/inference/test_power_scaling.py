"""Sensitivity to prior and likelihood, against two normals whose powers are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from wellperf_models.inference.power_scaling import (
    LINE,
    Sensitivity,
    normal_log_density,
    power_sensitivity,
)

# of the data, and of the prior around 0
_MEAN, _ERROR = 1.0, 0.5


def _posterior(spread, prior=1.0, data=1.0, mean=_MEAN):
    precision = data / _ERROR**2 + prior / spread**2
    return data * mean / _ERROR**2 / precision, precision**-0.5


def _distance(p, q, low, high):
    """Cumulative Jensen–Shannon distance of two normals, by quadrature between two ends."""
    x = np.linspace(low, high, 20_001)

    def divergence(a, b):
        ratio = np.log2(a, out=np.zeros_like(a), where=a > 0) - np.log2(
            (a + b) / 2, out=np.zeros_like(a), where=a > 0
        )
        return max(0.0, np.trapezoid(a * ratio, x) + np.trapezoid(b - a, x) / (2 * np.log(2)))

    found = []
    for sign in (1, -1):
        a, b = (stats.norm.cdf(sign * x, sign * m, s) for m, s in (p, q))
        found.append(np.sqrt((divergence(a, b) + divergence(b, a)) / np.trapezoid(a + b, x)))
    return max(found)


def _sensitivity(spread, mean=_MEAN, n=40_000):
    at, sd = _posterior(spread, mean=mean)
    draws = stats.norm.ppf((np.arange(n) + 0.5) / n, at, sd)
    draws = np.random.default_rng(0).permutation(draws)
    prior = normal_log_density(draws[:, None], np.zeros(1), np.array([[spread**2]]))
    data = normal_log_density(draws[:, None], np.array([mean]), np.array([[_ERROR**2]]))
    return power_sensitivity({"effect": draws, "twice": 2 * draws}, prior, data), draws


@pytest.mark.parametrize("spread", [0.25, 0.5, 2.0])
def test_two_normals_give_what_quadrature_says(spread):
    found, draws = _sensitivity(spread)
    for part in ("prior", "likelihood"):
        expected = 0.0
        for power, sign in ((0.99, -1), (1.01, 1)):
            powers = {"prior": power} if part == "prior" else {"data": power}
            one = _distance(_posterior(spread), _posterior(spread, **powers), draws.min(), draws.max())
            expected += sign * one / np.log2(power) / 2
        assert getattr(found["effect"], part) == pytest.approx(expected, rel=0.03)
        # what only the unit changes, changes nothing
        assert getattr(found["twice"], part) == pytest.approx(getattr(found["effect"], part), rel=1e-6)


def test_a_wide_prior_decides_nothing_and_a_narrow_one_everything():
    wide, narrow, conflict = (_sensitivity(s, m)[0]["effect"] for s, m in ((20, 1), (0.05, 0.02), (0.3, 3)))
    assert wide.prior < LINE < wide.likelihood
    assert wide.words == "the data decide"
    assert narrow.likelihood < LINE < narrow.prior
    assert narrow.words == "belief decides, not the data"
    assert min(conflict.prior, conflict.likelihood) > LINE
    assert conflict.words == "belief and data both decide"
    assert Sensitivity(prior=0.0, likelihood=0.01).words == "neither moves it much"


def test_the_density_is_that_of_scipy_up_to_a_constant():
    rng = np.random.default_rng(1)
    mean, covariance = np.array([1.0, -2.0]), np.array([[2.0, 0.6], [0.6, 0.5]])
    values = rng.normal(size=(50, 2))
    apart = normal_log_density(values, mean, covariance) - stats.multivariate_normal(mean, covariance).logpdf(
        values
    )
    assert np.ptp(apart) < 1e-10
