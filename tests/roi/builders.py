"""Small trials for the tests of frame and effects, made by hand and without `synth`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from tests.fakes import FakeTables, provenance
from wellperf_models.study import Study

AS_OF = dt.date(2024, 12, 31)
START = dt.date(2024, 1, 1)
OUTCOMES: dict[str, Any] = {
    "sick_days": {"label": "Sick days", "unit": "days a year", "higher_is": "worse"},
    "left": {"label": "Left within a year", "higher_is": "worse"},
    "sick_days_before": {"label": "Sick days, year before", "unit": "days a year", "timing": "before"},
}
PROVENANCE = provenance(AS_OF)


def make_study(
    outcomes: dict[str, Any] | None = None,
    covariates: dict[str, Any] | None = None,
    general: dict[str, Any] | None = None,
    **roi: Any,
) -> Study:
    """A study of a randomised programme; `roi` overrides the section."""
    section = {
        "programme": "coaching",
        "label": "Coaching",
        "design": "randomised",
        "level": "person",
        "treated": "offered",
        "control": "waiting",
        "outcomes": OUTCOMES if outcomes is None else outcomes,
    }
    names = ("outcomes", "people", "assignments", "programmes")
    return Study.model_validate(
        {
            "study": {"name": "t", "as_of": AS_OF, "seed": 4} | (general or {}),
            "tables": {name: {"path": "none.csv"} for name in names},
            "covariates": covariates or {},
            "roi": section | roi,
        }
    )


def make_rows(
    seed: int = 0,
    n: int = 600,
    *,
    teams: int = 0,
    effect: float = 0.0,
    icc: float = 0.0,
    taking_part: float = 0.6,
    choice: float = 1.0,
) -> pl.DataFrame:
    """Rows of the table outcomes: three outcomes of n people.

    Args:
        seed: Of the draws.
        n: People.
        teams: Lots are drawn by team where above 0, else by person; the team is in `cluster`.
        effect: Of taking part on the sick days of a year, in days.
        icc: Share of their variance that lies between teams.
        taking_part: Share of those offered who take part.
        choice: By how many standard deviations those who are seldom sick rather take part.
    """
    rng = np.random.default_rng([seed, 0xB1D])
    team = rng.permutation(np.arange(n) % teams) if teams else np.arange(n)
    offered_team = rng.permutation(np.arange(teams or n) % 2) == 1
    offered = offered_team[team]
    between = rng.normal(size=teams or n)[team] if teams else np.zeros(n)
    health = np.sqrt(icc) * between + np.sqrt(1 - icc) * rng.normal(size=n)
    before = 6 + 2 * health + rng.normal(size=n)
    wish = -choice * health + rng.normal(size=n)
    took_part = offered & (wish > np.quantile(wish, 1 - taking_part))
    after = 6 + 2 * health + rng.normal(size=n) + effect * took_part
    left = rng.uniform(size=n) < 0.25
    ids = [f"p{i:05d}" for i in range(n)]
    common = {
        "unit_type": ["person"] * n,
        "unit_id": ids,
        "arm": np.where(offered, "offered", "waiting").tolist(),
        "received": [("yes" if t else "no") if o else None for t, o in zip(took_part, offered, strict=True)],
        "cluster": [f"t{t:04d}" for t in team] if teams else [None] * n,
    }
    parts = [
        pl.DataFrame(
            common | {"name": [name] * n, "value": np.asarray(values, float)},
            schema_overrides={"received": pl.String, "cluster": pl.String},
        )
        for name, values in (("sick_days", after), ("left", left), ("sick_days_before", before))
    ]
    return pl.concat(parts)


def make_tables(
    rows: pl.DataFrame | None = None, *, more: dict[str, Any] | None = None, **roi: Any
) -> FakeTables:
    """Study and tables together; `more` adds tables."""
    return FakeTables(make_study(**roi), {"outcomes": make_rows() if rows is None else rows} | (more or {}))


def make_programmes(
    assigned_by: str = "randomised", level: str = "person", start: dt.date = START
) -> pl.DataFrame:
    """The programme's record: one unit."""
    return pl.DataFrame(
        {
            "programme": ["coaching"],
            "unit_type": [level],
            "unit_id": ["x"],
            "start": [start],
            "end": pl.Series([None], dtype=pl.Date),
            "assigned_by": [assigned_by],
            "level": [level],
        }
    )


def make_assignments(rows: pl.DataFrame) -> pl.DataFrame:
    """The team of each person, from `cluster`, held since before the programme; departments of ten teams."""
    held = rows.unique("unit_id").sort("unit_id")
    team = held["cluster"]
    n = held.height
    return pl.DataFrame(
        {
            "employee_id": held["unit_id"],
            "start": [dt.date(2023, 1, 1)] * n,
            "end": pl.Series([None] * n, dtype=pl.Date),
            "team": team,
            "department": "d" + team.str.slice(1, 3),
            "site": ["s"] * n,
        }
    )
