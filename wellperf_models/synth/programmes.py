"""Tables on the programme: who received it, what it cost, what was measured to evaluate it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from wellperf_models.synth.dynamics import NEVER
from wellperf_models.synth.measures import answered, scores_of
from wellperf_models.synth.path import Path
from wellperf_models.synth.staffing import dates, ids, pick
from wellperf_models.synth.structure import team_names
from wellperf_models.synth.world import World

CURRENCY = "EUR"


def build_programmes(path: Path) -> pl.DataFrame:
    """One row per team that received it in the extract."""
    world = path.world
    occupied = np.isin(np.arange(path.structure.n_teams), path.team[: world.months])
    teams = np.flatnonzero((path.starts < world.months) & occupied)
    n = len(teams)

    def same(text: str) -> pl.Series:
        return pl.repeat(text, n, dtype=pl.String, eager=True)

    return pl.DataFrame(
        {
            "programme": same(world.programme),
            "unit_type": same("team"),
            "unit_id": pick(team_names(path.structure), teams),
            "start": dates(path.first_day[path.starts[teams]]),
            "end": dates(np.full(n, NEVER)),
            "assigned_by": same(world.programme_assignment),
            "level": same("team"),
        }
    )


def build_costs(world: World, teams_started: dict[dt.date, int]) -> pl.DataFrame:
    """Bookings: set-up once, then by the number of teams that start; `teams_started` is by day."""
    rows: list[tuple[str, dt.date, str, float]] = []
    for number, (day, teams) in enumerate(sorted(teams_started.items())):
        if number == 0:
            rows.append((world.programme, day, "technology", 12_000.0))
        rows += [
            (world.programme, day, "programme", 950.0 * teams),
            (world.programme, day, "staff_time", 1_400.0 * teams),
        ]
    columns = {"programme": pl.String, "date": pl.Date, "kind": pl.String, "amount": pl.Float64}
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(currency=pl.lit(CURRENCY))


def build_outcomes(path: Path) -> pl.DataFrame:
    """Exhaustion of who answered just before the first teams start and just before the second third does.

    Arms are those assigned by the team held at the first date: intention to treat.
    """
    first, second = path.world.programme_starts
    arm = np.where(path.starts == first, 0, 1)[path.team[first]]
    person = path.person[first]
    parts = []
    for name, month in (("exhaustion_before", first), ("exhaustion_follow_up", second)):
        same = (path.person[month] == person) & path.consented("surveys", person, path.first_day[month])
        posts = np.flatnonzero(same & answered(path, month))
        n = len(posts)
        day = np.datetime64(int(path.first_day[month]), "D")
        parts.append(
            pl.DataFrame(
                {
                    "unit_type": pl.repeat("person", n, dtype=pl.String, eager=True),
                    "unit_id": ids(path).gather(person[posts].astype(np.uint32)),
                    "period": pl.repeat(str(day), n, dtype=pl.String, eager=True),
                    "name": pl.repeat(name, n, dtype=pl.String, eager=True),
                    "value": scores_of(path, month)["exhaustion"][posts],
                    "weight": np.ones(n),
                    "arm": pick(("programme", "waiting"), arm[posts]),
                }
            )
        )
    return pl.concat(parts).sort("unit_id", "name")
