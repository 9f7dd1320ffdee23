"""When each unit started, where a programme is rolled out at different times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.panel import Source, to_polars
from wellperf_models.panel.engine import table
from wellperf_models.roi.designs.periods import Bounds
from wellperf_models.study import Roi


@dataclass(frozen=True, kw_only=True)
class Starts:
    """First and last day of each unit that got the programme, by its name.

    Attributes:
        first: Unit → first day.
        last: Unit → last day, of those where it ended.
    """

    first: Mapping[str, dt.date]
    last: Mapping[str, dt.date]

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Starts({len(self.first)} units)"


def read_starts(tables: Source, section: Roi) -> Starts:
    """Reads when units started.

    Args:
        tables: Holds `programmes`.
        section: `[roi]`, with the design "staggered".

    Raises:
        StudyError: There is no table of programmes, or it tells starts of other units than were assigned.
        DesignError: Nobody is recorded as having started.
    """
    if "programmes" not in tables:
        raise StudyError(
            "A roll-out needs the first day of each unit.",
            where="[tables.programmes]",
            expected=f"one row for each {section.level} that got the programme, with its start",
            remedy='declare the table, or another design than "staggered"',
        )
    own = to_polars(table(tables, "programmes")).filter(pl.col("programme") == section.programme)
    if own.is_empty():
        raise DesignError(
            "No unit is recorded as having started the programme.",
            where="programmes.programme",
            expected=f"rows of {section.programme!r}",
            remedy="correct roi.programme, or fill the table programmes",
        )
    if other := sorted(set(own["unit_type"].cast(pl.String)) - {section.level}):
        raise StudyError(
            "Starts are recorded for other units than were assigned.",
            where="programmes.unit_type",
            expected=section.level,
            got=", ".join(other),
            remedy=f"give the first day of each {section.level}, or correct roi.level",
        )
    own = own.with_columns(pl.col("unit_id").cast(pl.String))
    first = own.group_by("unit_id").agg(pl.col("start").min()).sort("unit_id")
    ended = own.drop_nulls("end").group_by("unit_id").agg(pl.col("end").max()).sort("unit_id")
    return Starts(
        first=dict(zip(first["unit_id"], first["start"], strict=True)),
        last=dict(zip(ended["unit_id"], ended["end"], strict=True)),
    )


def adoption(
    units: list[str], starts: Starts, periods: Mapping[str, Bounds], level: str
) -> tuple[dict[str, int], dict[str, int]]:
    """First period wholly after the start of each unit, and the one the start falls into, if any.

    A period of one day counts as before where it is the first day itself: it is asked in the morning.

    Args:
        units: Names of what was assigned, those that were measured.
        starts: First and last days.
        periods: In order of time.
        level: What was assigned, in a word.

    Returns:
        Unit → index of its first treated period (the number of periods: none of them), and unit → index of
        the period that is partly before and partly after.

    Raises:
        DesignError: A unit's treatment ends while outcomes are still measured; every unit starts at once;
            there are too few units; nobody starts within the periods; nobody was measured before.
    """
    days = list(periods.values())
    adopted, mixed = {}, {}
    for unit in units:
        adopted[unit] = len(days)
        start = starts.first.get(unit)
        if start is None:
            continue
        for index, (first, last) in enumerate(days):
            if first < start <= last:
                mixed[unit] = index
            elif first > start or (first == start and last > first):
                adopted[unit] = index
                break
    _refuse_switched_off(units, starts, days, level)
    _refuse_no_design(adopted, len(days), level)
    return adopted, mixed


def _refuse_switched_off(units: list[str], starts: Starts, days: list[Bounds], level: str) -> None:
    off = [u for u in units if u in starts.last and any(last > starts.last[u] for _, last in days)]
    if off:
        raise DesignError(
            "The programme ended for some units while outcomes were still measured: a roll-out that is "
            "switched off again is another design.",
            where="programmes.end",
            expected="programmes that run through the last period measured",
            got=f"{len(off)} of {len(units)} {level}s ended before",
            remedy="leave out the periods after the first end",
        )


def _refuse_no_design(adopted: dict[str, int], n_periods: int, level: str) -> None:
    if len(adopted) < 2:
        raise DesignError(
            f"There is only one {level}: nothing to compare it with.",
            where=f"[roi] level = {level!r}",
            expected=f"several {level}s that start at different times",
            got=str(len(adopted)),
            remedy="declare the level at which starting times differ",
        )
    times = set(adopted.values())
    inside = times - {0, n_periods}
    if not inside and 0 not in times:
        raise DesignError(
            "No unit started within the periods measured.",
            where="programmes.start",
            expected=f"{level}s that start between the first and the last period",
            remedy="measure later periods, or look whether units of programmes and outcomes bear the same "
            "names",
        )
    if not inside:
        raise DesignError(
            "Every unit that got the programme had it in the first period: nothing was measured before.",
            where="programmes.start",
            expected="periods before the first start",
            remedy="add earlier periods to the table outcomes",
        )
    if len(times - {0}) < 2:
        raise DesignError(
            f"Every {level} started in the same period: what changed then by itself cannot be told from "
            "what the programme did.",
            where="programmes.start",
            expected="different starting times, or units that never start",
            remedy=f'add {level}s without the programme, or declare design = "before_after", which is a '
            "contrast",
        )
