"""Small programmes that ask everything of the return pillar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables import Tables

N = 200
HEAD = {"name": "returns", "as_of": "2024-12-31", "seed": 1}
VALUE = {
    "channel": "absence",
    "amount": 250.0,
    "currency": "EUR",
    "source": "payroll",
    "tier": "measured",
}
DAYS = {"label": "Days away", "unit": "days a year", "higher_is": "worse", "value": VALUE}
COST = {
    "kind": "programme",
    "amount": 100.0,
    "per": "person_year",
    "currency": "EUR",
    "source": "contract",
    "tier": "measured",
}
DECISION = {"discount_rate": 0.03, "perspective": "employer", "horizon_years": 2, "fade_out": 0.5}
# everything that can be asked of a return
ASKED: dict[str, Any] = {
    "decision": DECISION,
    "costs": [COST],
    "pilot": {"people": [100], "currency": "EUR", "source": "s", "tier": "asserted"},
    "scenarios": {"dear": {"price": 1.5}},
    "budget": {"amount": 1000.0, "currency": "EUR"},
    "initiatives": {
        "gym": {
            "people": 50,
            "effects": {"days": {"mean": -0.1, "sd": 0.2, "source": "s", "tier": "asserted"}},
            "costs": [COST],
        }
    },
}


def make_study(tables: Sequence[str], **roi: Any) -> Study:
    """A study that asks everything of one programme."""
    section = {
        "programme": "walk",
        "design": "randomised",
        "level": "person",
        "treated": "t",
        "control": "c",
        "outcomes": {"days": DAYS},
    }
    return Study.model_validate(
        {
            "study": HEAD,
            "money": {"reporting_currency": "EUR"},
            "tables": {name: {"path": f"{name}.csv"} for name in tables},
            "roi": section | ASKED | roi,
        }
    )


def make_outcomes(
    n: int = N, *, values: Sequence[float] | np.ndarray | None = None, **columns: Sequence[Any]
) -> pl.DataFrame:
    """Rows of the table outcomes: days away of n people; half of them in each arm unless `columns` say so."""
    days = np.random.default_rng(3).gamma(2.0, 3.0, n).round(2)
    made: dict[str, Any] = {
        "unit_type": ["person"] * n,
        "unit_id": [f"p{i:03}" for i in range(n)],
        "name": ["days"] * n,
        "value": np.asarray(days if values is None else values, float),
        "arm": ["t" if i % 2 else "c" for i in range(n)],
    }
    return pl.DataFrame(made | columns)


def make_tables(rows: pl.DataFrame, more: dict[str, pl.DataFrame] | None = None, **roi: Any) -> Tables:
    """Checked tables of one programme."""
    frames = {"outcomes": rows} | (more or {})
    return Tables.from_frames(make_study(list(frames), **roi), frames)
