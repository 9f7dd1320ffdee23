"""A trial with known posteriors under every set of priors: draws are quantiles in random order."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from tests.roi.decision_builders import PLAIN, SICK_DAYS, make_effects, make_frame, make_section, sick_days
from wellperf_models.roi.model_decision import fit_decision
from wellperf_models.roi.priors import prior_of
from wellperf_models.roi.rows import Effect, Posterior, PriorName
from wellperf_models.study import PRIOR_SETS, Roi

N = 8_000


def believed_trial(
    mean: float = -1.0,
    error: float = 0.5,
    *,
    decision: Any = PLAIN,
    value: dict[str, Any] | None = None,
    n: int = 1200,
    frame: dict[str, Any] | None = None,
    **section: Any,
):
    """Sick days of n people as the only channel, estimated to have changed by `mean` with this error.

    Returns:
        Frame, effects, posteriors under every set, and section.
    """
    own = make_section({"sick_days": SICK_DAYS | ({"value": value} if value else {})}, decision, **section)
    rows = sick_days(own, n=n)
    effects = make_effects([rows])
    effect = effects.of["sick_days"].intention_to_treat
    posteriors = {("sick_days", p): _posterior(own, effect, mean, error, p) for p in PRIOR_SETS}
    return make_frame(own, [rows], **(frame or {})), effects, posteriors, own


def decided(parts):
    """The decision of such a trial."""
    frame, effects, posteriors, section = parts
    return fit_decision(frame, effects, posteriors, section)


def _posterior(section: Roi, effect: Effect, mean: float, error: float, prior: PriorName) -> Posterior:
    told = prior_of("sick_days", section.outcomes["sick_days"], effect, prior, section)
    precision = 1 / error**2 + (0.0 if prior == "flat" else 1 / told.sd**2)
    at = mean / error**2 / precision + (0.0 if prior == "flat" else told.mean / told.sd**2 / precision)
    sd = precision**-0.5
    draws = np.random.default_rng(7).permutation(stats.norm.ppf((np.arange(N) + 0.5) / N, at, sd))
    return Posterior(
        outcome="sick_days",
        prior=prior,
        draws=draws,
        mean=at,
        sd=sd,
        low=at - 1.96 * sd,
        high=at + 1.96 * sd,
        monte_carlo_error=sd / np.sqrt(N),
        prior_mean=told.mean,
        prior_sd=told.sd,
        r_hat=1.0,
        ess_bulk=float(N),
        ess_tail=float(N),
        n_divergences=0,
        n_cells=2,
    )
