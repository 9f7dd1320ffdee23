"""Small organisations for the tests of the burnout pillar, made by hand and without `synth`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from tests.fakes import FakeTables, provenance
from wellperf_models.study import Study

AS_OF = dt.date(2023, 12, 31)
FIRST = dt.date(2021, 3, 1)


COVARIATES: dict[str, dict[str, Any]] = {
    "overtime": {"table": "workload", "column": "overtime_hours", "timing": "before", "label": "Overtime"},
    "noise": {"table": "people", "timing": "before", "label": "Noise"},
    "parent": {"table": "people", "type": "yes_no", "timing": "before", "label": "Has children"},
    "job": {"table": "people", "type": "category", "timing": "before", "label": "Job"},
    "mood": {"table": "surveys", "timing": "before", "label": "Mood"},
    "mood_now": {"table": "surveys", "column": "mood", "timing": "during", "label": "Mood now"},
    "own_before": {"table": "surveys", "column": "exhaustion", "timing": "before"},
    "own_now": {"table": "surveys", "column": "exhaustion", "timing": "during"},
    "late": {"table": "people", "column": "noise", "timing": "after"},
    "copy": {"table": "people", "timing": "before"},
}


def make_study(
    *,
    public: bool = False,
    higher_is: str = "worse",
    covariates: dict[str, dict[str, Any]] | None = None,
    general: dict[str, Any] | None = None,
    disclosure: dict[str, Any] | None = None,
    **burnout: Any,
) -> Study:
    """A study of people, assignments, workload and surveys; `burnout` overrides the section."""
    section: dict[str, Any] = {
        "outcome": "exhaustion",
        "case_at": 3.5,
        "models": {"load": {"covariates": ["overtime", "noise", "job"], "label": "Workload"}},
        "validation": {"folds": 4, "repeats": 2},
    }
    section |= burnout
    if "case_share" in burnout:
        section.pop("case_at")
    licence = {"public_microdata": True, "licence": "CC0", "source": "somebody"} if public else {}
    return Study.model_validate(
        {
            "study": {"name": "t", "as_of": AS_OF, "seed": 4} | licence | (general or {}),
            "tables": {n: {"path": "none.csv"} for n in ("people", "assignments", "workload", "surveys")},
            "measures": {
                "exhaustion": {"low": 0, "high": 6, "higher_is": higher_is, "label": "Exhaustion"},
                "mood": {"low": 0, "high": 6, "higher_is": "better"},
            },
            "covariates": covariates or COVARIATES,
            "burnout": section,
            "disclosure": disclosure or {},
        }
    )


def make_frames(
    seed: int = 0,
    n: int = 400,
    waves: int = 4,
    *,
    effect: float = 0.5,
    answered: float = 0.8,
    dated: bool = True,
    lasting: float = 1.0,
) -> dict[str, pl.DataFrame]:
    """Quarterly waves; a score is what lasts in a person, last month's overtime by `effect`, and chance.

    Mood is the score of the same day with chance of its own: asked in the same wave it knows the outcome.
    """
    rng = np.random.default_rng(seed)
    ids = np.array([f"p{i:04d}" for i in range(n)])
    trait = lasting * rng.normal(size=n)
    rows, load = [], []
    for wave in range(waves):
        start = _month(3 * wave)
        overtime = rng.normal(size=n)
        score = np.clip(np.round(2.8 + trait + effect * overtime + 0.7 * rng.normal(size=n), 1), 0, 6)
        mood = np.clip(np.round(6 - score + 0.5 * rng.normal(size=n), 1), 0, 6)
        asked = rng.uniform(size=n) < answered
        day = [start + dt.timedelta(days=int(d)) for d in rng.integers(0, 12, n)]
        for measure, values in (("exhaustion", score), ("mood", mood)):
            rows.append(
                pl.DataFrame(
                    {
                        "employee_id": ids,
                        "wave": [f"w{wave}"] * n,
                        "measure": [measure] * n,
                        "item": pl.Series([None] * n, dtype=pl.String),
                        "date": pl.Series(day if dated else [None] * n, dtype=pl.Date),
                        "value": values,
                    }
                ).filter(pl.Series(asked))
            )
        # the month before the wave: it has ended when the wave begins
        month = {"employee_id": ids, "period": [_month(3 * wave - 1)] * n, "overtime_hours": overtime}
        load.append(pl.DataFrame(month))
    people = pl.DataFrame(
        {
            "employee_id": ids,
            "noise": rng.normal(size=n),
            "parent": rng.choice(["yes", "no"], n).tolist(),
            "job": rng.choice(["office", "field", "plant"], n, p=[0.5, 0.3, 0.2]).tolist(),
        }
    )
    assignments = pl.DataFrame(
        {
            "employee_id": ids,
            "start": [dt.date(2020, 1, 1)] * n,
            "end": pl.Series([None] * n, dtype=pl.Date),
            "team": [f"t{i % 50}" for i in range(n)],
            "department": rng.choice(["ops", "sales", "it"], n).tolist(),
            "site": ["s"] * n,
        }
    )
    return {
        "surveys": pl.concat(rows),
        "workload": pl.concat(load),
        "people": people,
        "assignments": assignments,
    }


def _month(after: int) -> dt.date:
    total = FIRST.year * 12 + FIRST.month - 1 + after
    return dt.date(total // 12, total % 12 + 1, 1)


def make_tables(seed: int = 0, *, frames: dict[str, Any] | None = None, **study: Any) -> FakeTables:
    """Study and frames together; `frames` goes to `make_frames`."""
    return FakeTables(make_study(**study), make_frames(seed, **(frames or {})))


PROVENANCE = provenance(AS_OF)
