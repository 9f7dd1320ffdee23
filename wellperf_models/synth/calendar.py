"""Months of a world as days since 1970-01-01."""

from __future__ import annotations

import numpy as np

from wellperf_models.synth.streams import Ints
from wellperf_models.synth.world import World

DAYS_A_MONTH = 30.4375


def first_day(world: World, month: int) -> int:
    """First day of a month, counted from the extract's first; negative ones are history."""
    start = np.datetime64(world.observed_from, "M") + np.timedelta64(month, "M")
    return int(start.astype("datetime64[D]").astype(np.int64))


def first_days(world: World) -> Ints:
    """First days of all months of the extract and of the one after it, shape (months + 1,)."""
    return np.array([first_day(world, m) for m in range(world.months + 1)], dtype=np.int64)


def year_of(world: World, month: int) -> int:
    """Calendar year of a month."""
    return (world.observed_from.year * 12 + world.observed_from.month - 1 + month) // 12


def month_of_year(world: World, month: int) -> int:
    """0 for January to 11 for December."""
    return (world.observed_from.month - 1 + month) % 12
