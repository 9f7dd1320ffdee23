"""Rules on what can't be so: hours a month does not have, managers in a circle, one id for two people."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from typing import Any

import narwhals as nw
import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables.rules import ROW, Frames, Rule, present
from wellperf_models.tables.schema import FIRST_YEAR, LAST_YEAR

_YOUNGEST = 14  # as of the rule working_age
_SHORT_MONTHS = (4, 6, 9, 11)
_LEAP_YEARS = tuple(year for year in range(FIRST_YEAR, LAST_YEAR + 1) if calendar.isleap(year))
_Row = tuple[int, str, str, dt.date, dt.date | None]


def _more_than_the_month(column: str) -> Rule:
    def where(_: Study) -> nw.Expr:
        month, year = nw.col("period").dt.month(), nw.col("period").dt.year()
        leap = year.is_in(_LEAP_YEARS)
        hours = nw.col(column)
        return (
            ((month == 2) & leap & (hours > 29 * 24))
            | ((month == 2) & ~leap & (hours > 28 * 24))
            | (month.is_in(_SHORT_MONTHS) & (hours > 30 * 24))
            | (hours > 31 * 24)
        )

    return Rule(
        name="hours_in_month",
        table="workload",
        columns=("period", column),
        text="no more hours than the month has (24 a day, 168 a week)",
        what_to_do="look for minutes ([tables.workload.units]), for sums over several months, and for rows "
        "entered twice",
        where=where,
    )


def _first_employment(frames: Frames) -> Any:
    """First day of the first employment, by person; None in the form without dates."""
    spells = frames["spells"]
    if "start" not in spells.collect_schema().names():
        return None
    known = spells.filter(present("employee_id"), present("start"))
    return known.group_by("employee_id").agg(nw.col("start").min().alias("_first"))


def _before_hire(frames: Frames, _: Study) -> Any:
    if (first := _first_employment(frames)) is None:
        return None
    people = frames["people"].filter(present("employee_id"), present("hire_date"))
    joined = people.select(ROW, "employee_id", "hire_date").join(first, on="employee_id", how="inner")
    return joined.filter(nw.col("_first") < nw.col("hire_date"))


def _too_young(frames: Frames, _: Study) -> Any:
    if (first := _first_employment(frames)) is None:
        return None
    people = frames["people"].filter(present("employee_id"), present("birth_year"))
    joined = people.select(ROW, "employee_id", "birth_year").join(first, on="employee_id", how="inner")
    return joined.filter(nw.col("_first").dt.year() - nw.col("birth_year") < _YOUNGEST)


def _cycles(frames: Frames, _: Study) -> Any:
    columns = ("employee_id", "manager_id", "start", "end")
    rows = frames["assignments"]
    rows = rows.filter(present("employee_id"), present("manager_id"), present("start"))
    rows = rows.filter(nw.col("manager_id") != nw.col("employee_id")).select(ROW, *columns)
    # who has no reports, and who is led by somebody without a manager, is in no circle
    reports = rows.select(nw.col("manager_id").alias("employee_id")).unique()
    rows = rows.join(reports, on="employee_id", how="semi")
    led = rows.select(nw.col("employee_id").alias("manager_id")).unique()
    rows = rows.join(led, on="manager_id", how="semi")
    held = rows.collect().select(ROW, *columns).rows()
    found = _in_a_circle([(int(r), e, m, _day(s), _day(t)) for r, e, m, s, t in held])
    return nw.from_native(pl.DataFrame({ROW: found}, schema={ROW: pl.Int64}).lazy())


def _day(value: Any) -> Any:
    """As a day: pandas holds days as date-times, and its missing ones as NaT."""
    if not isinstance(value, dt.date) or value != value:
        return None
    return value.date() if isinstance(value, dt.datetime) else value


def _in_a_circle(rows: Iterable[_Row]) -> list[int]:
    """Rows that close a circle on the day they begin: circles are judged day by day, as managers change.

    Args:
        rows: `_row`, person, manager, first day, last day (None: it lasts).
    """
    now: dict[str, tuple[str, dt.date | None]] = {}
    ordered = sorted(rows, key=lambda row: (row[3], row[0]))
    found = []
    for i, (_, person, manager, start, end) in enumerate(ordered):
        now[person] = (manager, end)
        if i + 1 < len(ordered) and ordered[i + 1][3] == start:
            continue  # a day is judged when all of its changes are known
        for other in _begun(ordered, i, start):
            found += [other[0]] if _returns(now, other[1], start) else []
    return sorted(found)


def _begun(ordered: list[_Row], last: int, start: dt.date) -> list[_Row]:
    first = last
    while first > 0 and ordered[first - 1][3] == start:
        first -= 1
    return ordered[first : last + 1]


def _returns(now: dict[str, tuple[str, dt.date | None]], person: str, day: dt.date) -> bool:
    """Whether going up from a person leads back to them."""
    seen, at = set(), person
    while at in now and at not in seen:
        seen.add(at)
        manager, end = now[at]
        if end is not None and end < day:
            return False
        at = manager
        if at == person:
            return True
    return False


PLAUSIBLE = (
    _more_than_the_month("hours"),
    Rule(
        name="not_before_hire",
        table="people",
        columns=("employee_id", "hire_date"),
        text="nobody is employed before the first day of their first employment",
        what_to_do="an id that was given again to another person needs a new one; if hire_date is that of "
        "the last employment, give the first",
        needs=("spells",),
        find=_before_hire,
    ),
    Rule(
        name="working_age_at_start",
        table="people",
        columns=("employee_id", "birth_year"),
        text=f"{_YOUNGEST} or older when their first employment began",
        what_to_do="an id that was given again to another person needs a new one; else correct the year of "
        "birth or the date",
        needs=("spells",),
        find=_too_young,
    ),
    Rule(
        name="no_manager_circle",
        table="assignments",
        columns=("employee_id", "manager_id"),
        text="nobody is their own manager by way of others; counted are rows that close a circle",
        what_to_do="correct manager_id, or the dates: the earlier row ends the day before managers change",
        find=_cycles,
    ),
)
