"""Small organisations for the tests of the turnover pillar, made by hand and without `synth`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from tests.fakes import FakeTables, provenance
from wellperf_models.study import Study

AS_OF = dt.date(2023, 12, 31)
OBSERVED_FROM = dt.date(2021, 1, 1)


def make_study(**turnover: Any) -> Study:
    """A study of people, assignments, spells and surveys; `turnover` overrides the section."""
    section = {
        "causes": ["voluntary", "involuntary"],
        "horizons_months": [6.0, 12.0],
        "group_by": "department",
        "covariates": ["exhaustion", "contract"],
        "validation": {"folds": 3, "repeats": 2},
    }
    return Study.model_validate(
        {
            "study": {"name": "t", "as_of": AS_OF, "observed_from": OBSERVED_FROM, "seed": 4},
            "tables": {name: {"path": "none.csv"} for name in ("people", "assignments", "spells", "surveys")},
            "covariates": {
                "exhaustion": {"table": "surveys", "timing": "before", "bins": 3, "label": "Exhaustion"},
                "contract": {"table": "people", "type": "category", "timing": "before"},
                "late": {"table": "people", "column": "contract", "type": "category", "timing": "after"},
            },
            "turnover": section | turnover,
        }
    )


def make_frames(seed: int = 0, n: int = 900, effect: float = 0.6) -> dict[str, pl.DataFrame]:
    """Monthly exits whose log hazard rises by `effect` per standard deviation of the survey score."""
    rng = np.random.default_rng(seed)
    hire = rng.integers(-48, 34, n)
    score = rng.normal(size=n)
    temporary = rng.uniform(size=n) < 0.3
    rate = 0.03 * np.exp(effect * score)
    last = np.ceil(rng.exponential(1 / rate)).astype(int)
    ended_month = hire + np.maximum(last, 1)
    seen = ended_month > 0
    ended = (ended_month <= 36) & seen
    reason = np.where(rng.uniform(size=n) < 0.75, "voluntary", "involuntary")
    ids = [f"p{i:04d}" for i in range(n)]
    start = [_first(int(m)) for m in hire]
    end = [_last(int(m) - 1) if e else None for m, e in zip(ended_month, ended, strict=True)]
    spells = pl.DataFrame(
        {
            "employee_id": ids,
            "start": start,
            "end": pl.Series(end, dtype=pl.Date),
            "exit_reason": [str(r) if e else None for r, e in zip(reason, ended, strict=True)],
        }
    ).filter(pl.Series(seen))
    people = pl.DataFrame(
        {"employee_id": ids, "contract": np.where(temporary, "temporary", "permanent").tolist()}
    )
    department = rng.choice(["ops", "sales", "it"], n)
    assignments = pl.DataFrame(
        {
            "employee_id": ids,
            "start": start,
            "end": pl.Series([None] * n, dtype=pl.Date),
            "team": [f"t{i % 60}" for i in range(n)],
            "department": department.tolist(),
            "site": ["s"] * n,
        }
    )
    asked = rng.uniform(size=n) < 0.9
    surveys = pl.DataFrame(
        {
            "employee_id": ids,
            "measure": ["exhaustion"] * n,
            "item": pl.Series([None] * n, dtype=pl.String),
            # known from the first month after hire, or from before observation began
            "date": start,
            "value": score.tolist(),
        }
    ).filter(pl.Series(asked))
    return {"spells": spells, "people": people, "assignments": assignments, "surveys": surveys}


def _first(month: int) -> dt.date:
    total = OBSERVED_FROM.year * 12 + month
    return dt.date(total // 12, total % 12 + 1, 1)


def _last(month: int) -> dt.date:
    return _first(month + 1) - dt.timedelta(days=1)


def make_tables(seed: int = 0, *, effect: float = 0.6, n: int = 900, **turnover: Any) -> FakeTables:
    """Study and frames together."""
    return FakeTables(make_study(**turnover), make_frames(seed, n, effect))


PROVENANCE = provenance(AS_OF)
