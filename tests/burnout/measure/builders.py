"""Organisations with items, made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from tests.burnout.builders import make_frames
from tests.fakes import FakeTables
from wellperf_models.study import Study

ITEMS = ("1", "2", "3", "4", "6")
MEASURES: dict[str, Any] = {
    "exhaustion": {
        "low": 0,
        "high": 6,
        "higher_is": "worse",
        "label": "Exhaustion",
        "instrument": "MBI-GS",
        "scored_from": "mbi_gs.exhaustion",
    },
    "mood": {"low": 0, "high": 6, "higher_is": "better", "instrument": "MBI-GS"},
}


def make_study(*, measures: dict[str, Any] | None = None, public: bool = False, **burnout: Any) -> Study:
    """A study of surveys and assignments; `burnout` overrides the section."""
    licence = {"public_microdata": True, "licence": "CC0", "source": "somebody"} if public else {}
    section = {
        "outcome": "exhaustion",
        "case_at": 3.4,
        "group_by": "department",
        "models": {"a": {"covariates": ["mood"]}},
    }
    return Study.model_validate(
        {
            "study": {"name": "t", "as_of": "2023-12-31", "seed": 4} | licence,
            "tables": {n: {"path": "none.csv"} for n in ("people", "assignments", "surveys")},
            "measures": measures or MEASURES,
            "covariates": {"mood": {"table": "surveys", "timing": "before"}},
            "burnout": section | burnout,
        }
    )


def with_items(surveys: pl.DataFrame, *, noise: float = 0.8, seed: int = 0) -> pl.DataFrame:
    """Five whole answers for every score, which becomes their mean; only exhaustion has any."""
    rng = np.random.default_rng(seed)
    own = surveys.filter(pl.col("measure") == "exhaustion")
    raw = own["value"].to_numpy()[:, None] + noise * rng.normal(size=(own.height, len(ITEMS)))
    answers = np.clip(np.round(raw), 0, 6)
    scores = own.with_columns(value=pl.Series(answers.mean(axis=1)))
    items = [
        own.with_columns(item=pl.lit(name), value=pl.Series(answers[:, i])) for i, name in enumerate(ITEMS)
    ]
    return pl.concat([surveys.filter(pl.col("measure") != "exhaustion"), scores, *items])


def make_tables(
    *, items: bool = True, noise: float = 0.8, frames: dict[str, Any] | None = None, **study: Any
) -> FakeTables:
    """Study and frames together."""
    made = make_frames(0, **({"n": 300, "waves": 3} | (frames or {})))
    made.pop("workload")
    if items:
        made["surveys"] = with_items(made["surveys"], noise=noise)
    return FakeTables(make_study(**study), made)
