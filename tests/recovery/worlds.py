"""Worlds with a known truth, the turnover estimates in them, and how far the two are apart."""

from __future__ import annotations

import dataclasses
import json
import math
import tomllib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from wellperf_models.inference.multiplicity import holm
from wellperf_models.study import Study
from wellperf_models.synth import VARIANTS, World, generate
from wellperf_models.synth.study_file import study_text
from wellperf_models.tables import Tables
from wellperf_models.turnover import build_frame, fit_cox, fit_description, fit_hazard
from wellperf_models.turnover.model import CoxModel, HazardModel

COVARIATES = ("exhaustion", "overtime_hours")
# truth is that of a large organisation, so fewer people than in the committed one make it no other truth
PEOPLE = 1200
TRUTH = Path(__file__).parents[2] / "data_synthetic" / "truth.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """An estimate with its standard error and 95 % interval, on the scale of the estimand."""

    value: float
    error: float
    low: float
    high: float


def study_of(world: World, seed: int, names: Iterable[str]) -> Study:
    """The world's own study file, with the covariates whose large-sample target is known."""
    content = tomllib.loads(study_text(world, seed, names))
    content["turnover"] |= {"covariates": list(COVARIATES)}
    return Study.model_validate(content)


def estimate(world: World, seed: int) -> dict[str, Found]:
    """Every turnover estimate with a truth, in one world."""
    organisation = generate(world, seed)
    study = study_of(world, seed, organisation.tables)
    frame = build_frame(Tables.from_frames(study, organisation.tables))
    section = study.turnover
    described = fit_description(frame, section)
    found = {}
    for horizon in described.horizons:
        found[f"survival_{horizon:g}_months"] = Found(**_named(described.survival.at(horizon)))
        for number, cause in enumerate(frame.causes, start=1):
            at = described.incidence.at(horizon, number)
            found[f"cumulative_incidence_{cause}_{horizon:g}_months"] = Found(**_named(at))
    assert described.restricted_mean is not None
    found["restricted_mean_36_months"] = _normal(*described.restricted_mean)
    return found | _ratios(fit_cox(frame, section), fit_hazard(frame, section))


def _named(at: tuple[float, float, float, float]) -> dict[str, float]:
    return dict(zip(("value", "error", "low", "high"), at, strict=True))


def _normal(value: float, error: float) -> Found:
    return Found(value=value, error=error, low=value - 1.96 * error, high=value + 1.96 * error)


def _ratios(cox: CoxModel, hazard: HazardModel) -> dict[str, Found]:
    found = {}
    for column, beta, error in zip(cox.columns, cox.fit.beta, cox.fit.std_error, strict=True):
        short = column.covariate.removesuffix("_hours")
        found[f"log_hazard_ratio_{short}_voluntary_per_sd"] = _normal(float(beta), float(error))
        assert column.spread is not None
        per_unit = _normal(float(beta) / column.spread, float(error) / column.spread)
        found[f"log_hazard_ratio_{short}_voluntary"] = per_unit
    # levels against the truth's reference, whatever the fit took as its own
    levels = {(c.covariate, c.level): i for i, c in enumerate(hazard.columns)}
    contrast = np.zeros(len(hazard.columns))
    if (high := levels.get(("exhaustion", "over 3.5"))) is not None:
        contrast[high] = 1
    if (base := levels.get(("exhaustion", "1.5 to 2.5"))) is not None:
        contrast[base] -= 1
    assert hazard.fit.robust_covariance is not None
    error = math.sqrt(float(contrast @ hazard.fit.robust_covariance @ contrast))
    name = "log_hazard_ratio_exhaustion_over_3.5_against_1.5_to_2.5"
    return found | {name: _normal(float(contrast @ hazard.fit.beta), error)}


def variant_of(name: str) -> World:
    """The recovery world, or a variant of it."""
    world = dataclasses.replace(World(), people=PEOPLE)
    return dataclasses.replace(world, name=f"default.{name}", **VARIANTS[name]) if name else world


def committed_truth() -> tuple[World, dict[str, float], dict[str, float]]:
    """World, values and Monte Carlo errors of the committed truth (a million simulated people)."""
    content = json.loads(TRUTH.read_text(encoding="utf-8"))
    world = World(**(content["world"] | {"observed_from": World().observed_from}))
    estimands = content["estimands"]
    return (
        world,
        {name: e["value"] for name, e in estimands.items()},
        {name: e["monte_carlo_error"] for name, e in estimands.items()},
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """An estimand over many worlds.

    Attributes:
        name: Of the estimand.
        truth, mean: True value, and mean estimate over the worlds.
        bias_in_errors: Mean error in mean standard errors.
        bias_p: Holm-corrected p that the mean error is 0, the truth's own Monte Carlo error included.
        coverage: Share of 95 % intervals that hold the truth.
        coverage_p: Holm-corrected exact binomial p that it is .95.
        n_worlds: Their number.
    """

    name: str
    truth: float
    mean: float
    bias_in_errors: float
    bias_p: float
    coverage: float
    coverage_p: float
    n_worlds: int


def judge(worlds: list[dict[str, Found]], truth: dict[str, float], own: dict[str, float]) -> list[Judged]:
    """Compares estimates with the truth under Monte Carlo error, Holm-corrected over estimands."""
    from scipy import stats

    names = [n for n in worlds[0] if n in truth]
    n = len(worlds)
    rows = []
    for name in names:
        values = np.array([w[name].value for w in worlds])
        # the truth's Monte Carlo error does not shrink with the worlds
        spread = math.sqrt(values.var(ddof=1) / n + own[name] ** 2)
        off = float(values.mean() - truth[name])
        held = sum(w[name].low <= truth[name] <= w[name].high for w in worlds)
        rows.append(
            (
                float(values.mean()),
                off / float(np.mean([w[name].error for w in worlds])),
                float(2 * stats.t.sf(abs(off) / spread, n - 1)),
                held / n,
                float(stats.binomtest(held, n, 0.95).pvalue),
            )
        )
    bias = holm([r[2] for r in rows])
    coverage = holm([r[4] for r in rows])
    return [
        Judged(
            name=name,
            truth=truth[name],
            mean=row[0],
            bias_in_errors=row[1],
            bias_p=bias[i],
            coverage=row[3],
            coverage_p=coverage[i],
            n_worlds=n,
        )
        for i, (name, row) in enumerate(zip(names, rows, strict=True))
    ]
