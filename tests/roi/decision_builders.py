"""Frames and effects made of arrays, for the tests of posterior and decision; no table, no frame builder."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np

from tests.fakes import provenance
from wellperf_models.evidence import Unanswered
from wellperf_models.roi.model_decision import fit_decision
from wellperf_models.roi.model_effects import Effects, OutcomeEffects
from wellperf_models.roi.model_posterior import Posteriors
from wellperf_models.roi.rows import CostLine, Effect, OutcomeRows, Posterior, PriorName, RoiFrame
from wellperf_models.study import Roi

PROVENANCE = provenance(dt.date(2024, 12, 31))
DECISION = {"discount_rate": 0.03, "perspective": "employer", "horizon_years": 3, "fade_out": 0.2}
SICK_DAYS = {
    "label": "Sick days",
    "unit": "days",
    "higher_is": "worse",
    "value": {
        "channel": "absence",
        "amount": 250.0,
        "currency": "EUR",
        "source": "payroll",
        "tier": "measured",
    },
}
FEES = CostLine(
    kind="programme", amount=100.0, per="person_year", spread=0.0, source="contract", tier="measured"
)


def make_section(outcomes: dict[str, Any], decision: dict[str, Any] | None = DECISION, **more: Any) -> Roi:
    """A `[roi]` section; `more` overrides its keys."""
    section = {
        "programme": "coaching",
        "design": "randomised",
        "level": "person",
        "treated": "yes",
        "control": "no",
        "outcomes": outcomes,
        "decision": decision,
    }
    return Roi.model_validate(section | more)


def make_rows(section: Roi, name: str, **arrays: Any) -> OutcomeRows:
    """Rows of one outcome from value and treated; weight, cluster, unit and X have defaults."""
    value = np.asarray(arrays["value"], float)
    n = value.size
    unit = np.asarray(arrays.get("unit", np.arange(n)), np.int64)
    X = np.asarray(arrays.get("X", np.zeros((n, 0))), float)
    treated = np.asarray(arrays["treated"], bool)
    return OutcomeRows(
        name=name,
        declared=section.outcomes[name],
        value=value,
        weight=np.asarray(arrays.get("weight", np.ones(n)), float),
        treated=treated,
        received=None,
        unit=unit,
        cluster=np.asarray(arrays.get("cluster", unit), np.int64),
        block=None,
        X=X,
        covariates=tuple(f"x{i}" for i in range(X.shape[1])),
        binary=bool(np.isin(value, (0, 1)).all()),
        n_assigned=(int((~treated).sum()), int(treated.sum())),
        n_left_out=0,
    )


def make_frame(section: Roi, rows: list[OutcomeRows], **more: Any) -> RoiFrame:
    """A frame of outcomes; one person-year costs 100 EUR unless said otherwise."""
    settings: dict[str, Any] = {
        "section": section,
        "outcomes": {r.name: r for r in rows},
        "has_control": True,
        "costs": (FEES,),
        "currency": "EUR",
        "money_rates": {"EUR": 1.0},
        "n_offered": max(r.n_assigned[1] for r in rows),
        "population": "People of a test",
        "min_group_size": 10,
        "seed": 4,
        "in_full": False,
    }
    return RoiFrame(**(settings | more))


def make_effect(rows: OutcomeRows) -> Effect:
    """Weighted least squares with HC1 (each row alone) or clustered errors, from the textbook formula."""
    n = rows.value.size
    design = np.column_stack([np.ones(n), rows.treated, rows.X])
    bread = np.linalg.inv(design.T @ (rows.weight[:, None] * design))
    b = bread @ design.T @ (rows.weight * rows.value)
    scores = design * (rows.weight * (rows.value - design @ b))[:, None]
    codes, place = np.unique(rows.cluster, return_inverse=True)
    summed = np.zeros((codes.size, design.shape[1]))
    np.add.at(summed, place, scores)
    influence = summed @ bread[1] * np.sqrt(n / (n - design.shape[1]))
    error = float(np.sqrt(np.sum(influence**2)))
    control = ~rows.treated
    mean = float(np.average(rows.value[control], weights=rows.weight[control]))
    spread = np.average((rows.value[control] - mean) ** 2, weights=rows.weight[control])
    events = min(rows.value[a].sum() for a in (control, ~control)) if rows.binary else None
    others = min((1 - rows.value[a]).sum() for a in (control, ~control)) if rows.binary else None
    return Effect(
        outcome=rows.name,
        kind="intention_to_treat",
        value=float(b[1]),
        std_error=error,
        low=float(b[1]) - 1.96 * error,
        high=float(b[1]) + 1.96 * error,
        df=np.inf,
        p_value=0.5,
        method="HC1",
        control_mean=mean,
        control_sd=float(np.sqrt(spread)),
        n_rows=n,
        n_people=int(np.unique(rows.unit).size),
        smallest_side=min(rows.n_units),
        n_events=None if events is None else int(events),
        n_non_events=None if others is None else int(others),
        n_clusters=int(codes.size) if rows.clustered else None,
        influence=(codes, influence),
    )


def make_effects(rows: list[OutcomeRows], no_effect: Unanswered | None = None) -> Effects:
    """What `fit_effects` gives, with intention to treat alone."""
    nothing = Unanswered(reason="not asked")
    of = {
        r.name: OutcomeEffects(
            outcome=r.name,
            intention_to_treat=no_effect or make_effect(r),
            compliers=nothing,
            contrast=nothing,
        )
        for r in rows
    }
    return Effects(primary=rows[0].name, of=of, holm_p={}, no_effect=no_effect)


def make_posterior(name: str, prior: PriorName, mean: float, sd: float, seed: int = 0) -> Posterior:
    """A posterior of independent normal draws, without a sampler."""
    draws = mean + sd * np.random.default_rng([seed, len(name), prior == "flat"]).standard_normal(20_000)
    return Posterior(
        outcome=name,
        prior=prior,
        draws=draws,
        mean=float(draws.mean()),
        sd=float(draws.std()),
        low=float(np.quantile(draws, 0.025)),
        high=float(np.quantile(draws, 0.975)),
        monte_carlo_error=sd / np.sqrt(20_000),
        prior_mean=np.nan if prior == "flat" else 0.0,
        prior_sd=np.inf if prior == "flat" else 10.0,
        r_hat=1.0,
        ess_bulk=20_000.0,
        ess_tail=18_000.0,
        n_divergences=0,
        n_cells=2,
    )


def make_posteriors(seed: int = 0, **effects: tuple[float, float]) -> Posteriors:
    """Outcome=(mean, sd) under the flat prior; the sceptical one halves the mean."""
    found: dict[tuple[str, PriorName], Posterior] = {}
    for name, (mean, sd) in effects.items():
        found[name, "flat"] = make_posterior(name, "flat", mean, sd, seed)
        found[name, "sceptical"] = make_posterior(name, "sceptical", mean / 2, 0.8 * sd, seed)
    return found


def sick_days(section: Roi, seed: int = 0, n: int = 1200, effect: float = -0.5, **more: Any) -> OutcomeRows:
    """Sick days of n people, half of them treated by lot."""
    rng = np.random.default_rng(seed)
    treated = rng.permutation(np.arange(n) % 2 == 0)
    value = np.maximum(0, rng.gamma(1.2, 4.0, n) + effect * treated)
    return make_rows(section, "sick_days", value=value, treated=treated, **more)


PLAIN = DECISION | {"discount_rate": 0.0, "fade_out": 0.0}


def one_channel(decision=PLAIN, *, mean=-1.0, sd=0.5, value=None, n=1200, **frame):
    """A trial with sick days as the only channel: section, frame, effects, posteriors."""
    section = make_section({"sick_days": SICK_DAYS | ({"value": value} if value else {})}, decision)
    rows = sick_days(section, n=n)
    return (
        section,
        make_frame(section, [rows], **frame),
        make_effects([rows]),
        make_posteriors(sick_days=(mean, sd)),
    )


def fit(parts):
    section, frame, effects, posteriors = parts
    return fit_decision(frame, effects, posteriors, section)


def two_channels(shared, rho=0.6, **settings):
    """Two channels whose units are the same, or not, with outcomes correlated by rho."""
    other = SICK_DAYS | {"value": SICK_DAYS["value"] | {"channel": "claims", "amount": 1.0}}
    section = make_section({"sick_days": SICK_DAYS, "spending": other}, PLAIN | settings)
    rng = np.random.default_rng(1)
    treated = np.arange(2000) % 2 == 0
    days = rng.normal(size=2000)
    spending = 250 * (rho * days + np.sqrt(1 - rho**2) * rng.normal(size=2000))
    unit = np.arange(2000) + (0 if shared else 2000)
    rows = [
        make_rows(section, "sick_days", value=days, treated=treated),
        make_rows(section, "spending", value=spending, treated=treated, unit=unit),
    ]
    posteriors = make_posteriors(sick_days=(-0.1, 0.2), spending=(-25.0, 50.0))
    return section, make_frame(section, rows), make_effects(rows), posteriors


def asserted_channel(mean, sd=0.5, days=-0.05):
    mood = {
        "higher_is": "better",
        "value": SICK_DAYS["value"] | {"channel": "presenteeism", "tier": "asserted", "amount": 1e6},
    }
    section = make_section({"sick_days": SICK_DAYS, "mood": mood}, PLAIN)
    rows = [sick_days(section), dataclasses.replace(sick_days(section), declared=section.outcomes["mood"])]
    rows[1] = dataclasses.replace(rows[1], name="mood")
    posteriors = make_posteriors(sick_days=(days, 0.2), mood=(mean, sd))
    return section, make_frame(section, rows), make_effects(rows), posteriors
