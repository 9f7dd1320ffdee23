"""Simulated trials whose effects are known in closed form, and what the return pillar makes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from tests.recovery.worlds import Found
from wellperf_models.evidence import Unanswered
from wellperf_models.roi import (
    DecisionResult,
    Effect,
    RoiFrame,
    build_frame,
    fit_decision,
    fit_effects,
    fit_posterior,
)
from wellperf_models.study import Study
from wellperf_models.tables import Tables

ARMS = ("offered", "waiting")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A randomised trial with participants who choose to be such.

    y = confounder · c + u_cluster + effect · received + noise / √weight, with c standard normal. Who is
    offered it takes part when selection · c + √(1 − selection²) · z lies above the quantile that makes
    `compliance` of them participants; who isn't can't.

    Attributes:
        people: People in all. clusters: Units assigned as a whole; 0: people are assigned one by one.
        icc: Share of the variance of y between clusters, without confounder and effect.
        effect: On those who take part.
        compliance: Share of the offered who take part.
        selection: How much c decides on taking part, 0 to 1. confounder: What c does to y.
        skew: Noise is exponential instead of normal.
        weights: Rows have weights between a quarter and 1, and noise in proportion to 1/√weight.
        share: Of the people or clusters that are offered it.
    """

    people: int = 600
    clusters: int = 0
    icc: float = 0.1
    effect: float = 0.4
    compliance: float = 0.6
    selection: float = 0.7
    confounder: float = 1.0
    skew: bool = True
    weights: bool = True
    share: float = 0.6

    @property
    def truth(self) -> dict[str, float]:
        """Effect of the offer, effect in compliers, and what the contrast of participants converges to."""
        density = float(stats.norm.pdf(stats.norm.ppf(1 - self.compliance)))
        gap = self.selection * density * (1 / self.compliance + 1 / (1 - self.compliance))
        return {
            "intention_to_treat": self.effect * self.compliance,
            "compliers": self.effect,
            "contrast": self.effect + self.confounder * gap,
        }


def study_of(trial: Trial, seed: int) -> Study:
    """The study file of a trial."""
    return Study.model_validate(
        {
            "study": {"name": "trial", "as_of": "2024-12-31", "seed": seed, "synthetic": True},
            "tables": {"outcomes": {"path": "outcomes.csv"}},
            "money": {"reporting_currency": "EUR"},
            "roi": {
                "programme": "course",
                "design": "randomised",
                "level": "team" if trial.clusters else "person",
                "treated": ARMS[0],
                "control": ARMS[1],
                "start": "2023-01-01",
                "outcomes": {
                    "score": {
                        "higher_is": "better",
                        "value": {
                            "channel": "productivity",
                            "amount": 1000.0,
                            "currency": "EUR",
                            "source": "simulated",
                            "tier": "measured",
                        },
                    }
                },
                "costs": [
                    {
                        "kind": "programme",
                        "amount": 100.0,
                        "per": "person_year",
                        "currency": "EUR",
                        "source": "simulated",
                        "tier": "measured",
                    }
                ],
                "decision": {
                    "discount_rate": 0.03,
                    "perspective": "employer",
                    "horizon_years": 3,
                    "fade_out": 0.5,
                },
            },
        }
    )


def outcomes_of(trial: Trial, seed: int) -> pl.DataFrame:
    """The table outcomes of one trial."""
    rng = np.random.default_rng([seed, 0x7121A1])
    n = trial.people
    if trial.clusters:
        cluster = np.arange(n) % trial.clusters
        offered_clusters = rng.permutation(trial.clusters) < round(trial.share * trial.clusters)
        offered = offered_clusters[cluster]
        between = rng.normal(size=trial.clusters)[cluster] * math.sqrt(trial.icc / (1 - trial.icc))
    else:
        cluster, between = np.arange(n), np.zeros(n)
        offered = rng.permutation(n) < round(trial.share * n)
    c, z = rng.normal(size=(2, n))
    leaning = trial.selection * c + math.sqrt(1 - trial.selection**2) * z
    received = offered & (leaning > stats.norm.ppf(1 - trial.compliance))
    noise = rng.exponential(size=n) - 1 if trial.skew else rng.normal(size=n)
    weight = rng.choice([0.25, 0.5, 1.0], n) if trial.weights else np.ones(n)
    y = trial.confounder * c + between + trial.effect * received + noise / np.sqrt(weight)
    return pl.DataFrame(
        {
            "unit_type": ["person"] * n,
            "unit_id": [f"P{i:06d}" for i in range(n)],
            "name": ["score"] * n,
            "value": y,
            "weight": weight,
            "arm": np.where(offered, *ARMS),
            "received": np.where(received, "yes", "no"),
            **({"cluster": [f"T{g:04d}" for g in cluster]} if trial.clusters else {}),
        }
    )


def frame_of(trial: Trial, seed: int) -> RoiFrame:
    """Trial → frame, through the tables and their checks."""
    study = study_of(trial, seed)
    return build_frame(Tables.from_frames(study, {"outcomes": outcomes_of(trial, seed)}))


def estimate(trial: Trial, seed: int) -> dict[str, Found]:
    """Every effect of one trial, and the contrast."""
    frame = frame_of(trial, seed)
    effects = fit_effects(frame, frame.section)
    found: dict[str, Found] = {}
    for kind in trial.truth:
        one: Effect | Unanswered = getattr(effects.of["score"], kind)
        if isinstance(one, Effect):
            found[kind] = Found(value=one.value, error=one.std_error, low=one.low, high=one.high)
    return found


def decide(trial: Trial, seed: int) -> DecisionResult:
    """The decision of one trial."""
    frame = frame_of(trial, seed)
    effects = fit_effects(frame, frame.section)
    return fit_decision(frame, effects, fit_posterior(frame, effects, frame.section), frame.section)


TRIALS: dict[str, Trial] = {
    "individual, 600 people": Trial(),
    "individual, no effect": Trial(effect=0.0),
    "60 teams of 20": Trial(people=1200, clusters=60),
    "20 teams of 30": Trial(people=600, clusters=20),
    "8 sites of 100": Trial(people=800, clusters=8, share=0.5),
}

# what a decision is tried on: a programme that costs 100 a head and does nothing, and one that does much
NULL = Trial(effect=0.0, weights=False, skew=False)
GOOD = Trial(effect=1.2, weights=False, skew=False)
