"""A small organisation with overtime by month and exhaustion by wave, made by hand and without `synth`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from tests.fakes import FakeTables
from wellperf_models.study import Study
from wellperf_models.turnover import TurnoverFrame, build_frame

MONTHS = 26
FIRST = dt.date(2022, 1, 1)
CAP = {"covariate": "overtime", "label": "Overtime capped at 25 hours a month", "cap": 25.0}


def first_of(month: int) -> dt.date:
    """First day of a month of the study."""
    return dt.date(FIRST.year + month // 12, month % 12 + 1, 1)


def make_study(policies: dict[str, Any] | None = None, **turnover: Any) -> Study:
    """A study of people, spells, assignments, workload and surveys."""
    section = {
        "causes": ["voluntary", "involuntary"],
        "covariates": ["overtime", "exhaustion", "contract"],
        "cluster": "team",
        "policies": {"cap": CAP} if policies is None else policies,
    }
    tables = ("people", "spells", "assignments", "workload", "surveys")
    return Study.model_validate(
        {
            "study": {
                "name": "t",
                "as_of": first_of(MONTHS) - dt.timedelta(days=1),
                "observed_from": FIRST,
                "seed": 4,
            },
            "tables": {name: {"path": "none.csv"} for name in tables},
            "covariates": {
                "overtime": {"table": "workload", "timing": "before", "label": "Overtime", "unit": "hours"},
                "exhaustion": {"table": "surveys", "timing": "before", "label": "Exhaustion"},
                "contract": {"table": "people", "type": "category", "timing": "before"},
            },
            "turnover": section | turnover,
        }
    )


def make_frames(seed: int = 0, n: int = 700, *, per_hour: float = 0.04) -> dict[str, pl.DataFrame]:
    """Overtime raises exits (`per_hour`, log hazard) and exhaustion, which raises exits and overtime."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"p{i:04d}" for i in range(n)])
    lasting, tired, hours = 6 * rng.standard_normal(n), np.zeros(n), np.zeros(n)
    hours = np.maximum(0, 25 + lasting + 7 * rng.standard_normal(n))
    here, end, reason = np.ones(n, bool), np.full(n, MONTHS), np.zeros(n, int)
    work, scores = [], []
    for month in range(MONTHS):
        rate = 0.02 * np.exp(per_hour * (hours - 25) + 0.3 * tired)
        u = rng.uniform(size=n)
        leaves = here & (u < 1 - np.exp(-rate - 0.005))
        reason[leaves] = np.where(u[leaves] < 1 - np.exp(-rate[leaves]), 1, 2)
        end[leaves] = month
        if month % 3 == 0:
            answers = here & (rng.uniform(size=n) < 0.8)
            values = np.clip(np.round(3 + tired + 0.3 * rng.standard_normal(n), 1), 0, 6)
            scores.append(_rows(ids, answers, first_of(month), values))
        mean = 25 + lasting + 0.8 * tired
        new = np.maximum(0, mean + 0.4 * (hours - mean) + 7 * rng.standard_normal(n))
        tired = 0.6 * tired + 0.015 * (hours - 25) + 0.5 * rng.standard_normal(n)
        hours = np.round(new, 1)
        work.append(_rows(ids, here, first_of(month), hours))
        here &= ~leaves
    left = end < MONTHS
    start = pl.Series([dt.date(2019, 1, 1) + dt.timedelta(days=int(d)) for d in rng.integers(0, 1000, n)])
    last = [
        first_of(int(e) + 1) - dt.timedelta(days=1) if k else None for e, k in zip(end, left, strict=True)
    ]
    return {
        "people": pl.DataFrame({"employee_id": ids, "contract": np.where(np.arange(n) % 4, "open", "fixed")}),
        "spells": pl.DataFrame(
            {
                "employee_id": ids,
                "start": start,
                "end": pl.Series(last, dtype=pl.Date),
                "exit_reason": [("voluntary", "involuntary")[r - 1] if r else None for r in reason],
            }
        ),
        "assignments": pl.DataFrame(
            {
                "employee_id": ids,
                "start": start,
                "end": pl.Series([None] * n, dtype=pl.Date),
                "team": [f"t{i % 60}" for i in range(n)],
                "department": ["d"] * n,
                "site": ["s"] * n,
            }
        ),
        "workload": pl.concat(work).rename({"day": "period", "value": "overtime"}),
        "surveys": pl.concat(scores)
        .rename({"day": "date"})
        .with_columns(pl.lit("exhaustion").alias("measure"), pl.lit(None, dtype=pl.String).alias("item")),
    }


def _rows(ids: np.ndarray, who: np.ndarray, day: dt.date, values: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"employee_id": ids[who], "day": [day] * int(who.sum()), "value": values[who]})


def make_frame(
    policies: dict[str, Any] | None = None, seed: int = 0, **options: Any
) -> tuple[TurnoverFrame, Study]:
    """The turnover frame of the organisation, and its study."""
    per_hour = options.pop("per_hour", 0.04)
    n = options.pop("n", 700)
    study = make_study(policies, **options)
    return build_frame(FakeTables(study, make_frames(seed, n, per_hour=per_hour))), study
