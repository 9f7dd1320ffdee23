"""Rows of each likelihood, and what a fit of them would be, for tests that need no sampler."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tests.roi.decision_builders import SICK_DAYS, make_effects, make_frame, make_rows, make_section
from wellperf_models.roi.model_posterior import intention_to_treat
from wellperf_models.roi.models.fit import fit_declared
from wellperf_models.roi.rows import Modelled, OutcomeRows, Posterior, Told

LIKELIHOODS = ("hazard", "count", "hurdle", "student_t")


def rows_of(likelihood: str, seed: int = 0, n: int = 240, clusters: int = 0, **arrays: Any) -> OutcomeRows:
    """Rows of one outcome, "o", with one covariate of four values."""
    rng = np.random.default_rng([seed, 0x30D])
    section = make_section(
        {"o": {"likelihood": likelihood, "higher_is": "worse", "label": "Days", "unit": "days"}}
    )
    cluster = np.arange(n) % clusters if clusters else np.arange(n)
    treated = cluster % 2 == 1
    x = rng.integers(0, 4, (n, 1)).astype(float)
    eta = 0.3 * treated + 0.2 * x[:, 0]
    made = {
        "hazard": (rng.uniform(size=n) < 0.3).astype(float),
        "count": rng.negative_binomial(1.5, 1.5 / (1.5 + np.exp(1 + eta))).astype(float),
        "hurdle": (rng.uniform(size=n) < 0.6) * rng.gamma(1.5, np.exp(eta)),
        "student_t": eta + rng.standard_t(5, n),
    }
    settings = {"value": made.get(likelihood, made["hurdle"]), "treated": treated, "cluster": cluster}
    return make_rows(section, "o", **({**settings, "X": x - x.mean(axis=0)} | arrays))


def modelled_of(likelihood: str, n_clusters: int = 0, **parameters: float) -> Modelled:
    """A model whose draws are all alike."""
    many = 50
    draws = {name: np.full(many, value) for name, value in parameters.items()}
    if n_clusters:
        draws["spread_first"] = np.full((many, 2), parameters["spread_first"])
    told = {"ratio": Told(middle=0.9, low=0.8, high=1.01, monte_carlo_error=0.001)}
    return Modelled(
        likelihood=likelihood, n_slopes=0, n_clusters=n_clusters, n_spreads=1, parameters=draws, told=told
    )


def posterior_around(rows: OutcomeRows, modelled: Modelled | None, prior: str = "flat") -> Posterior:
    """A posterior that is the estimate and its error."""
    effect = intention_to_treat(make_effects([rows]), rows.name)
    assert effect is not None
    draws = effect.value + effect.std_error * np.random.default_rng(1).normal(size=20_000)
    one = Posterior(
        outcome=rows.name,
        prior=prior,
        draws=draws,
        mean=float(draws.mean()),
        sd=float(draws.std()),
        low=float(np.quantile(draws, 0.025)),
        high=float(np.quantile(draws, 0.975)),
        monte_carlo_error=0.01 * effect.std_error,
        prior_mean=np.nan,
        prior_sd=np.inf,
        r_hat=1.0,
        ess_bulk=20_000,
        ess_tail=20_000,
        n_divergences=0,
        n_cells=4,
    )
    return one if modelled is None else dataclasses.replace(one, modelled=modelled, beside=one)


__all__ = [
    "LIKELIHOODS",
    "SICK_DAYS",
    "fit_declared",
    "make_effects",
    "make_frame",
    "make_section",
    "modelled_of",
    "posterior_around",
    "rows_of",
]
