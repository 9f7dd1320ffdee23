"""Which bookings paid for what is evaluated: up to which day, for how many, and for how much of the time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from wellperf_models.panel import Source, to_polars
from wellperf_models.panel.engine import table
from wellperf_models.roi.designs.starts import read_starts
from wellperf_models.roi.lots import read_programme
from wellperf_models.study import Roi


@dataclass(frozen=True, kw_only=True)
class BookedTime:
    """The time whose bookings count.

    Attributes:
        origin: First day of the programme: what was booked before it was paid for everybody.
        end: First day whose bookings are for others, or for what is not evaluated.
        scale: What was booked from the origin on is multiplied by it: above 1 where units started later and
            their own years are not over by the end.
        covers: Share of the declared years that lies before the end and the as-of date.
    """

    origin: dt.date
    end: dt.date
    scale: float
    covers: float


def booked_time(tables: Source, section: Roi) -> BookedTime | None:
    """The time whose bookings count; None where the first day is not known, or nothing is to be decided.

    In a roll-out it ends when the first units have had their declared years, as later bookings are partly for
    years beyond those. Units that started later have had less of theirs by then: bookings are scaled by the
    unit-years that everybody's declared years come to, over those that were paid for.

    Args:
        tables: May hold `programmes` and `outcomes`.
        section: `[roi]`.
    """
    if section.decision is None:
        return None
    years, as_of = section.decision.programme_years, tables.study.study.as_of
    if section.design == "staggered" and "programmes" in tables:
        began = [day for day in read_starts(tables, section).first.values() if day <= as_of]
        if not began:
            return None
        origin = min(began)
        full = _years_after(origin, years)
        stop = min(full, as_of + dt.timedelta(days=1))
        paid = sum(max(0, (stop - day).days) for day in began)
        needed = len(began) * (stop - origin).days
        return BookedTime(origin=origin, end=full, scale=needed / paid, covers=_share(origin, stop, full))
    start = read_programme(tables, section).start
    if start is None:
        return None
    full = _years_after(start, years)
    end = min([full, *_waiting(tables, section, start)])
    stop = min(end, as_of + dt.timedelta(days=1))
    return BookedTime(origin=start, end=end, scale=1.0, covers=_share(start, stop, full))


def _share(origin: dt.date, stop: dt.date, full: dt.date) -> float:
    return (stop - origin).days / (full - origin).days


def _years_after(day: dt.date, years: int) -> dt.date:
    # 29 February has no anniversary in most years
    leap = (day.month, day.day) == (2, 29)
    return dt.date(day.year + years, 3, 1) if leap else day.replace(year=day.year + years)


def _waiting(tables: Source, section: Roi, start: dt.date) -> list[dt.date]:
    """Days on which the programme began in the control arm: a wait-list."""
    if "programmes" not in tables or "outcomes" not in tables or section.control is None:
        return []
    outcomes = table(tables, "outcomes")
    if "arm" not in outcomes.collect_schema().names():
        return []
    waiting = to_polars(outcomes).filter(pl.col("arm") == section.control)
    units = {unit for c in ("unit_id", "cluster") if c in waiting.columns for unit in waiting[c].drop_nulls()}
    own = to_polars(table(tables, "programmes")).filter(
        pl.col("programme") == section.programme,
        pl.col("start") > start,
        pl.col("unit_id").is_in(list(units)),
    )
    return own["start"].to_list()
