"""Dates as organisations write them: several ways in one column, two-digit years, years and months alone.

Every reading is declared in the study file, and every cell that needed one is counted in a note.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import polars as pl

from wellperf_models.study import TableSource

# day 0 of the two calendars of spreadsheets; 1900 has a 29 February there, so day 0 is moved by one
_EXCEL_DAYS = {"excel-1900": dt.date(1899, 12, 30), "excel-1904": dt.date(1904, 1, 1)}
_ISO_CELL = r"^\d{4}-\d{2}-\d{2}( 00:00:00(\.0+)?)?$"  # how calamine writes a date cell
_HAS_DAY = re.compile(r"%[-_0]?[deDFxjc]")
_HAS_MONTH = re.compile(r"%[-_0]?[mbBhDFxjc]")
_MIDDLE = {"year": (7, 1), "month": (None, 16)}
# %Y reads "11" as the year 11, which nobody means
_FIRST_FULL_YEAR = 1000


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a column of dates was read.

    Attributes:
        value: The date.
        steps: Rule and words of each reading that goes beyond the plain one, and the cells it was needed for.
    """

    value: pl.Expr
    steps: tuple[tuple[str, str, pl.Expr], ...] = ()


def read_text_dates(cell: pl.Expr, source: TableSource, column: str, *, excel: bool) -> Reading:
    """Reads text as dates.

    Args:
        cell: Text.
        source: Gives the formats, and what an incomplete date stands for.
        column: Declared column.
        excel: Text stands for typed cells, so ISO dates are accepted as well.
    """
    formats = source.formats_of(column)
    values, steps = [], []
    taken = cell.is_null()
    for written in formats:
        value, more = _one_format(cell, written, source, column)
        mine = value.is_not_null() & ~taken
        if len(formats) > 1:
            steps.append(("date_formats", f"read as {written}", mine))
        steps += [(rule, text, mine) for rule, text in more]
        values.append(value)
        taken = taken | value.is_not_null()
    if excel:
        iso = pl.when(cell.str.contains(_ISO_CELL)).then(cell.str.head(10))
        values.insert(0, iso.str.to_date("%Y-%m-%d", strict=False))
    return Reading(value=pl.coalesce(values), steps=tuple(steps))


def _one_format(
    cell: pl.Expr, written: str, source: TableSource, column: str
) -> tuple[pl.Expr, list[tuple[str, str]]]:
    """The date where a cell has one form, and what was added to it."""
    if written in _EXCEL_DAYS:
        day = pl.when(cell.str.contains(r"^\d{1,6}(\.0+)?$")).then(cell.cast(pl.Float64, strict=False))
        start = pl.lit(_EXCEL_DAYS[written])
        return start + pl.duration(days=day.cast(pl.Int64)), [("excel_days", f"day numbers of {written}")]
    steps: list[tuple[str, str]] = []
    part = source.partial_dates.get(column, "first")
    whole = "" if _HAS_DAY.search(written) else ("month" if _HAS_MONTH.search(written) else "year")
    if whole == "year":
        value = (cell + "~01~01").str.to_date(f"{written}~%m~%d", strict=False)
    elif whole == "month":
        value = (cell + "~01").str.to_date(f"{written}~%d", strict=False)
    else:
        value = cell.str.to_date(written, strict=False)
    if "%y" in written:
        value, text = _century(value, source.two_digit_years_until)
        steps.append(("two_digit_years", text))
    else:
        value = pl.when(value.dt.year() >= _FIRST_FULL_YEAR).then(value)
    if whole:
        value = _day_of(value, whole, part)
        steps.append(("partial_dates", f"a {whole} alone stands for its {part} day"))
    return value, steps


def _day_of(first: pl.Expr, whole: str, part: str) -> pl.Expr:
    """The first, middle or last day of the period that begins on a day."""
    if part == "first":
        return first
    if part == "last":
        return first.dt.offset_by("1y" if whole == "year" else "1mo").dt.offset_by("-1d")
    month, day = _MIDDLE[whole]
    return first.dt.offset_by(f"{(month or 1) - 1}mo").dt.offset_by(f"{day - 1}d")


def _century(value: pl.Expr, until: int | None) -> tuple[pl.Expr, str]:
    """Dates read with %y, which takes 70 to 99 as 1970 to 1999, in the hundred years that end at `until`."""
    if until is None:
        return value, "two-digit years stand for 1970 to 2069 (two_digit_years_until says otherwise)"
    year = value.dt.year()
    moved = (
        pl.when(year > until)
        .then(value.dt.offset_by("-100y"))
        .when(year < until - 99)
        .then(value.dt.offset_by("100y"))
        .otherwise(value)
    )
    # 29 February has no counterpart in 1900
    kept = pl.when(moved.dt.day() == value.dt.day()).then(moved)
    return kept, f"two-digit years stand for {until - 99} to {until}"


def needs_a_rule(written: str) -> bool:
    """Whether a format is a year alone, for which `partial_dates` must name a day."""
    return written not in _EXCEL_DAYS and not _HAS_DAY.search(written) and not _HAS_MONTH.search(written)


def is_date_format(written: str) -> bool:
    """Whether a text says how a date is written."""
    return written in _EXCEL_DAYS or "%" in written
