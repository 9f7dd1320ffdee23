"""Tables on the programme: who received it, what it cost, what was measured to evaluate it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from wellperf_models.synth.dynamics import NEVER
from wellperf_models.synth.path import Path
from wellperf_models.synth.staffing import dates, ids, pick
from wellperf_models.synth.structure import team_names
from wellperf_models.synth.trial import ARMS, measure_trial
from wellperf_models.synth.world import World

CURRENCY = "EUR"
_OUTCOMES = (
    "unit_type", "unit_id", "period", "name", "value", "weight", "arm", "received", "cluster", "block"
)  # fmt: skip


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
    """Everybody employed when the first third of the teams starts, followed until the second third does.

    Arm and cluster are those of the team held on that day: intention to treat. Who did not answer, left or
    did not agree to a record keeps the row, without a value, so that who is missing can be counted by arm.
    Days of absence are days a year, weighted by the share of that time in which they could be seen.
    """
    world = path.world
    first, second = (int(path.first_day[month]) for month in world.programme_starts)
    trial = measure_trial(path)
    whole = np.ones(len(trial.person))
    begin, follow_up, last = (str(np.datetime64(day, "D")) for day in (first, second, second - 1))
    between = f"{begin} to {last}" if second > first else begin
    outcomes = {
        "exhaustion_before": (begin, trial.before, whole),
        "exhaustion_follow_up": (follow_up, trial.follow_up, whole),
        "absence_days": (between, trial.absence_days, trial.share),
        "left_voluntarily": (between, trial.left, whole),
    }
    # lots are drawn in each block of a large organisation by itself
    block = f"B{path.structure.block:02d}" if world.people > world.block_people else None
    people = pl.DataFrame(
        {
            "unit_type": pl.repeat("person", len(whole), dtype=pl.String, eager=True),
            "unit_id": ids(path).gather(trial.person.astype(np.uint32)),
            "arm": pick(ARMS, trial.waiting.astype(np.int64)),
            "received": pick(("no", "yes"), trial.received.astype(np.int64)),
            "cluster": pick(team_names(path.structure), trial.team),
            "block": pl.repeat(block, len(whole), dtype=pl.String, eager=True),
        }
    )
    parts = [
        people.with_columns(
            pl.lit(period).alias("period"),
            pl.lit(name).alias("name"),
            pl.Series("value", np.round(value, 4)).fill_nan(None),
            pl.Series("weight", np.round(weight, 4)),
        )
        for name, (period, value, weight) in outcomes.items()
    ]
    return pl.concat(parts).select(_OUTCOMES).sort("unit_id", "name")
