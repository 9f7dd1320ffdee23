"""Periods written as dates: which days they hold, and their order."""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
import re
from collections.abc import Iterable

from wellperf_models.errors import DesignError, StudyError

_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_QUARTER = re.compile(r"(\d{4})-?[Qq]([1-4])")
_RANGE = re.compile(r"(.+?)(?: to |/)(.+)")
_MOST_TOLD = 5

Bounds = tuple[dt.date, dt.date]


def bounds_of(period: str) -> Bounds | None:
    """First and last day of a period: a year, quarter (2024-Q1), month, day, or "one to another".

    None for any other words.
    """
    text = period.strip()
    if found := _QUARTER.fullmatch(text):
        year, quarter = int(found[1]), int(found[2])
        return _month(year, 3 * quarter - 2)[0], _month(year, 3 * quarter)[1]
    if found := _ISO.fullmatch(text):
        return _written(found)
    if found := _RANGE.fullmatch(text):
        first, last = bounds_of(found[1]), bounds_of(found[2])
        if first is not None and last is not None and first[0] <= last[1]:
            return first[0], last[1]
    return None


def _written(found: re.Match[str]) -> Bounds | None:
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        if day:
            only = dt.date(year or 1, month or 1, day)
            return only, only
        first = dt.date(year or 1, month or 1, 1)
        return first, _month(first.year, month or 12)[1]
    except ValueError:
        return None


def _month(year: int, month: int) -> Bounds:
    return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])


def month_name(day: dt.date) -> str:
    """The month of a day as a period."""
    return f"{day.year:04d}-{day.month:02d}"


def quarter_name(day: dt.date) -> str:
    """The quarter of a day as a period."""
    return f"{day.year:04d}-Q{(day.month + 2) // 3}"


def in_order(periods: Iterable[str], where: str) -> dict[str, Bounds]:
    """Periods with their days, in order of time.

    Raises:
        StudyError: One is no date, or two overlap.
    """
    found: dict[str, Bounds] = {}
    for period in sorted(set(periods)):
        days = bounds_of(period)
        if days is None:
            raise StudyError(
                "A roll-out is followed through time, and a period is no date.",
                where=where,
                expected="periods such as 2024, 2024-Q1, 2024-03, 2024-03-31 or 2024-01-01 to 2024-06-30",
                got=repr(period[:40]),
                remedy="write the periods of the table outcomes as dates",
            )
        found[period] = days
    ordered = dict(sorted(found.items(), key=lambda item: item[1]))
    names = list(ordered)
    overlapping = [f"{a} and {b}" for a, b in itertools.pairwise(names) if ordered[b][0] <= ordered[a][1]]
    if overlapping:
        raise StudyError(
            "Periods overlap.",
            where=where,
            expected="one kind of period, one after the other",
            got="; ".join(overlapping[:_MOST_TOLD]),
        )
    return ordered


def refuse_after(periods: Iterable[str], as_of: dt.date, where: str) -> None:
    """Refuses outcomes of a time that had not come when the data were taken.

    Raises:
        DesignError: A dated period begins after the as-of date.
    """
    late = [p for p in sorted(set(periods)) if (days := bounds_of(p)) is not None and days[0] > as_of]
    if late:
        raise DesignError(
            "An outcome was measured after the as-of date.",
            where=where,
            expected=f"periods that begin on or before {as_of}",
            got=", ".join(late[:_MOST_TOLD]),
            remedy="correct study.as_of, or the periods",
        )


def one_year_after(day: dt.date) -> dt.date:
    """The same day a year later; of 29 February, 1 March."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return dt.date(day.year + 1, 3, 1)
