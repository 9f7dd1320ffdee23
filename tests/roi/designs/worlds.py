"""Small worlds of designs beside lots by arm, made by hand: roll-outs and comparison groups."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from tests.fakes import FakeTables
from tests.roi.builders import make_study

ONE: dict[str, Any] = {"strain": {"label": "Strain", "unit": "points", "higher_is": "worse"}}
TWO: dict[str, Any] = {
    "strain": {
        "label": "Strain after",
        "unit": "points",
        "higher_is": "worse",
        "name": "strain",
        "period": "2024",
        "adjust_for": ["strain_before"],
    },
    "strain_before": {
        "label": "Strain before",
        "unit": "points",
        "higher_is": "worse",
        "name": "strain",
        "period": "2022",
        "timing": "before",
    },
}
EARLIER: dict[str, Any] = {
    "strain_earlier": {
        "label": "Strain two years before",
        "unit": "points",
        "name": "strain",
        "period": "2021",
        "timing": "before",
    }
}
QUARTERS = tuple(f"{year}-Q{q}" for year in (2022, 2023, 2024) for q in (1, 2, 3, 4))


def first_day(quarter: int) -> dt.date:
    """First day of a quarter, counted from 2022."""
    return dt.date(2022 + quarter // 4, 3 * (quarter % 4) + 1, 1)


def roll_out(
    seed: int = 0,
    *,
    teams: int = 24,
    size: int = 12,
    effect: float = -1.0,
    growth: float = 0.0,
    early: float = 0.0,
    trend: float = 0.0,
    starts: tuple[int | None, ...] = (4, 7, 10, None),
    drawn: bool = True,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tables outcomes and programmes of teams that start in different quarters.

    Args:
        seed: Of the draws.
        teams, size: Teams, and people in each.
        effect: In the first quarter after the start. growth: Added to it every further quarter.
        early: Added to it for every quarter that a team starts before the last one.
        trend: A quarter's drift of those that start, before and after alike.
        starts: Quarters in which teams start, in turn; None: never.
        drawn: Recorded as drawn by lot.
    """
    rng = np.random.default_rng([seed, 0x2011])
    begin = rng.permutation(
        np.array([99 if s is None else s for s in starts])[np.arange(teams) % len(starts)]
    )
    between, quarter = rng.normal(size=teams), np.cumsum(rng.normal(0, 0.3, len(QUARTERS)))
    team = np.repeat(np.arange(teams), size)
    person = rng.normal(0, 0.7, team.size)
    shock, last = rng.normal(0, 0.2, teams), max(s for s in starts if s is not None)
    parts = []
    for t, name in enumerate(QUARTERS):
        # what hits a whole team lasts a while
        shock = 0.5 * shock + np.sqrt(0.75) * rng.normal(0, 0.2, teams)
        since = t - begin[team]
        value = 5 + between[team] + quarter[t] + person + rng.normal(0, 0.7, team.size)
        value = value + np.where(since >= 0, effect + growth * since + early * (last - begin[team]), 0.0)
        value = value + shock[team] + trend * t * (begin[team] < 99)
        parts.append(
            pl.DataFrame(
                {
                    "unit_type": ["person"] * team.size,
                    "unit_id": [f"p{i:05d}" for i in range(team.size)],
                    "period": [name] * team.size,
                    "name": ["strain"] * team.size,
                    "value": value,
                    "cluster": [f"t{g:03d}" for g in team],
                }
            )
        )
    began = np.flatnonzero(begin < 99)
    programmes = pl.DataFrame(
        {
            "programme": ["coaching"] * began.size,
            "unit_type": ["team"] * began.size,
            "unit_id": [f"t{g:03d}" for g in began],
            "start": [first_day(int(begin[g])) for g in began],
            "end": pl.Series([None] * began.size, dtype=pl.Date),
            "assigned_by": ["randomised" if drawn else "phased"] * began.size,
            "level": ["team"] * began.size,
        }
    )
    return pl.concat(parts), programmes


def roll_out_tables(seed: int = 0, *, change: dict[str, Any] | None = None, **world: Any) -> FakeTables:
    """Study and tables of a roll-out; `change` overrides the section."""
    outcomes, programmes = roll_out(seed, **world)
    section = {"design": "staggered", "level": "team", "control": None, "outcomes": ONE} | (change or {})
    return FakeTables(make_study(**section), {"outcomes": outcomes, "programmes": programmes})


def two_groups(
    seed: int = 0,
    *,
    n: int = 400,
    teams: int = 0,
    effect: float = -0.5,
    gap: float = 0.0,
    trend: float = 0.0,
    picked: bool = False,
    stability: float = 0.6,
) -> pl.DataFrame:
    """The table outcomes of two groups measured in 2021, 2022 (before) and 2024 (after).

    Args:
        seed: Of the draws.
        n: People. teams: The group is a team's where above 0.
        effect: Of the programme, on the value after.
        gap: By which the treated group is always higher. trend: By which it grows more, in each step.
        picked: The half with the higher values in 2022 gets it.
        stability: Correlation of two values of one person.
    """
    rng = np.random.default_rng([seed, 0xD1D])
    team = np.arange(n) % teams if teams else np.arange(n)
    treated = rng.permutation(np.arange(teams or n) % 2 == 1)[team]
    shared = rng.normal(0, 0.3, teams)[team] if teams else np.zeros(n)
    steady = np.sqrt(stability) * rng.normal(size=n)
    values = {
        y: 5 + shared + steady + np.sqrt(1 - stability) * rng.normal(size=n) for y in (2021, 2022, 2024)
    }
    if picked:
        by_team = np.bincount(team, values[2022]) / np.bincount(team)
        treated = (by_team > np.median(by_team))[team]
    parts = []
    for step, (year, value) in enumerate(values.items()):
        told = value + treated * (gap + trend * step) + (effect * treated if year == 2024 else 0.0)
        parts.append(
            pl.DataFrame(
                {
                    "unit_type": ["person"] * n,
                    "unit_id": [f"p{i:05d}" for i in range(n)],
                    "period": [str(year)] * n,
                    "name": ["strain"] * n,
                    "value": told,
                    "arm": np.where(treated, "offered", "waiting").tolist(),
                    "received": np.where(treated, "yes", "no").tolist(),
                    "cluster": [f"t{g:03d}" for g in team],
                }
            )
        )
    return pl.concat(parts)


def two_groups_tables(
    seed: int = 0, *, design: str = "controlled_before_after", earlier: bool = False, **world: Any
) -> FakeTables:
    """Study and tables of two groups; `earlier` declares the value of 2021 too."""
    level = "team" if world.get("teams") else "person"
    rows = two_groups(seed, **world)
    if level == "person":
        rows = rows.drop("cluster")
    outcomes = TWO | (EARLIER if earlier else {})
    if design == "before_after":
        rows = rows.filter(pl.col("arm") == "offered")
    study = make_study(outcomes=outcomes, design=design, level=level, start=dt.date(2023, 1, 1))
    return FakeTables(study, {"outcomes": rows})
