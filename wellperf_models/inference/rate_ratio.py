"""Ratio of two rates of rare events, exactly: Gamma–Poisson with Jeffreys' prior.

With d events in e months and d₀ in e₀, and Jeffreys' prior on both rates, p = ρ e / (ρ e + e₀) has a
Beta(d + ½, d₀ + ½) posterior, so that the ratio ρ follows a scaled F distribution (Price and Bonett 2000;
Brown, Cai and DasGupta 2001): no sampling, no normal approximation.

Within strata (bands of tenure) every stratum has a rate of its own and one ratio holds for all of them. Given
the events of each stratum, d of them fall to the later period with a binomial chance that depends on ρ alone
(Cox and Snell 1989), so the posterior is one-dimensional; with Jeffreys' prior of that likelihood and one
stratum it is the Beta above.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats

_POINTS = 20_001
# standard deviations on either side; the tails of few events are those of a Beta, not of a normal
_REACH = 30.0


@dataclass(frozen=True, kw_only=True)
class RateRatio:
    """Posterior of the ratio of two rates.

    Attributes:
        value: Its median.
        low, high: 95 % credible interval, equal tails.
        log_sd: Standard deviation of log ρ at the mode.
        log_ratio, cdf: The posterior, on a grid of log ρ.
    """

    value: float
    low: float
    high: float
    log_sd: float
    log_ratio: Floats = field(repr=False)
    cdf: Floats = field(repr=False)

    def prob_at_least(self, ratio: float) -> float:
        """Posterior probability that the ratio is at least this."""
        return 1.0 - float(np.interp(math.log(ratio), self.log_ratio, self.cdf, left=0.0, right=1.0))


def fit_rate_ratio(
    later: Floats, earlier: Floats, later_months: Floats, earlier_months: Floats, *, dispersion: float = 1.0
) -> RateRatio:
    """Posterior of the ratio of the later to the earlier rate.

    Args:
        later, earlier: Events by stratum, shape (s,).
        later_months, earlier_months: Time at risk by stratum, shape (s,).
        dispersion: Variance of the counts relative to Poisson's; above 1 every event counts for less.

    Raises:
        DesignError: No stratum has an event and time at risk in both periods.
    """
    n = later + earlier
    used = (n > 0) & (later_months > 0) & (earlier_months > 0)
    if not used.any():
        raise DesignError(
            "No two periods can be compared: nobody of the same tenure was at risk in both, or nobody left.",
            where="turnover.transition",
            expected="exits and time at risk at the same tenures in both periods",
        )
    d, n = later[used] / dispersion, n[used] / dispersion
    log_odds = np.log(later_months[used] / earlier_months[used])
    middle, spread = _mode(d, n, log_odds)
    grid = middle + spread * np.linspace(-_REACH, _REACH, _POINTS)
    log_density = _log_density(grid, d, n, log_odds)
    density = np.exp(log_density - log_density.max())
    cdf = np.concatenate(([0.0], np.cumsum((density[1:] + density[:-1]) / 2)))
    cdf /= cdf[-1]
    low, value, high = np.exp(np.interp((0.025, 0.5, 0.975), cdf, grid))
    return RateRatio(
        value=float(value), low=float(low), high=float(high), log_sd=spread, log_ratio=grid, cdf=cdf
    )


def rate_interval(events: float, months: float) -> tuple[float, float, float]:
    """(median, low, high) of a rate: the Gamma(d + ½, e) posterior under Jeffreys' prior, 95 %."""
    from scipy import stats

    value, low, high = (float(stats.gamma.ppf(p, events + 0.5) / months) for p in (0.5, 0.025, 0.975))
    return value, low, high


def _log_density(grid: Floats, d: Floats, n: Floats, log_odds: Floats) -> Floats:
    """Of log ρ, up to a constant, shape of `grid`."""
    eta = grid[:, None] + log_odds
    log_p = -np.logaddexp(0, -eta)
    log_q = log_p - eta
    likelihood = (d * log_p + (n - d) * log_q).sum(axis=1)
    return np.asarray(likelihood + 0.5 * np.log((n * np.exp(log_p + log_q)).sum(axis=1)))


def _mode(d: Floats, n: Floats, log_odds: Floats) -> tuple[float, float]:
    """Where the posterior is highest, and its standard deviation there."""
    low, high = -60.0, 60.0
    for _ in range(8):
        grid = np.linspace(low, high, 201)
        best = int(np.argmax(_log_density(grid, d, n, log_odds)))
        step = float(grid[1] - grid[0])
        low, high = float(grid[best]) - 2 * step, float(grid[best]) + 2 * step
    p = 1 / (1 + np.exp(-(grid[best] + log_odds)))
    return float(grid[best]), float(1 / math.sqrt((n * p * (1 - p)).sum()))
