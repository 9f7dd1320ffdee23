"""From the cells of a source to declared types: what does not parse is flagged, never silently missing."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from wellperf_models.study import TableSource
from wellperf_models.tables.dates import read_text_dates
from wellperf_models.tables.declare import ColumnType

_DAYS_PER_MONTH = 365.25 / 12
# our unit ← their unit: multiply by; a year is twelve months, everything else goes through days
_FACTORS: dict[tuple[str, str], float] = {
    ("months", "days"): 1 / _DAYS_PER_MONTH,
    ("months", "weeks"): 7 / _DAYS_PER_MONTH,
    ("months", "years"): 12.0,
    ("months", "months"): 1.0,
    ("days", "days"): 1.0,
    ("days", "weeks"): 7.0,
    ("days", "months"): _DAYS_PER_MONTH,
    ("days", "years"): 365.25,
    ("hours", "minutes"): 1 / 60,
    ("hours", "hours"): 1.0,
    ("fraction", "percent"): 0.01,
    ("fraction", "fraction"): 1.0,
}
# the unit of a declared column, in the words of [tables.NAME.units]
_UNIT_WORDS = {
    "months": "months",
    "hours a month": "hours",
    "full-time equivalents": "fraction",
}


def unit_factor(ours: str, theirs: str) -> float | None:
    """What to multiply their number by; None: these units do not convert."""
    return _FACTORS.get((_UNIT_WORDS.get(ours, ours), theirs))


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A column on its way: its value, and where the cell did not parse (None: cannot happen).

    `steps` are the readings that went beyond the plain one: rule, words, and the cells it was needed for.
    """

    value: pl.Expr
    bad: pl.Expr | None
    rule: str
    steps: tuple[tuple[str, str, pl.Expr], ...] = ()


def parse(
    cell: pl.Expr,
    dtype: pl.DataType,
    to: ColumnType,
    source: TableSource,
    *,
    excel: bool,
    column: str = "",
) -> Parsed:
    """Parses one column.

    Args:
        cell: The column.
        dtype: Its type as the container gives it; text for CSV and Excel.
        to: Declared type.
        source: Decimal sign, thousands sign and date format of text.
        excel: Text stands for typed cells, so plain numbers and ISO dates are accepted as well.
        column: Declared column, whose own date formats are taken.

    Returns:
        The value and where it did not parse.
    """
    if isinstance(dtype, pl.Categorical | pl.Enum):
        cell, dtype = cell.cast(pl.String), pl.String()
    if to in ("text", "category"):
        return Parsed(value=as_text(cell, dtype), bad=None, rule="parses_as_text")
    if to in ("date", "month"):
        return _date(cell, dtype, source, column, excel=excel)
    number = _number(cell, dtype, source, excel=excel)
    return number if to == "number" else _whole(number, dtype)


def as_text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Text of a cell: whole numbers without a decimal point, yes and no for booleans."""
    if isinstance(dtype, pl.String):
        return cell
    if isinstance(dtype, pl.Boolean):
        return pl.when(cell).then(pl.lit("yes")).when(~cell).then(pl.lit("no"))
    if dtype.is_float():
        whole = cell.is_finite() & (cell == cell.round(0)) & (cell.abs() < 2**53)
        text = (
            pl.when(whole)
            .then(cell.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(cell.cast(pl.String))
        )
        return pl.when(cell.is_not_nan()).then(text)
    return cell.cast(pl.String)


def _number(cell: pl.Expr, dtype: pl.DataType, source: TableSource, *, excel: bool) -> Parsed:
    rule = "parses_as_number"
    if isinstance(dtype, pl.String):
        value = _text_number(cell, source.decimal, source.thousands)
        if excel:
            value = pl.coalesce(_text_number(cell, ".", ""), value)
        return Parsed(value=value, bad=cell.is_not_null() & value.is_null(), rule=rule)
    if dtype.is_float():
        # typed files write a missing number as NaN; an infinite one is left for the rule `finite`
        return Parsed(value=cell.cast(pl.Float64).fill_nan(None), bad=None, rule=rule)
    if dtype.is_numeric() or isinstance(dtype, pl.Boolean):
        return Parsed(value=cell.cast(pl.Float64), bad=None, rule=rule)
    return Parsed(value=pl.lit(None, dtype=pl.Float64), bad=cell.is_not_null(), rule=rule)


def _text_number(cell: pl.Expr, decimal: str, thousands: str) -> pl.Expr:
    """A number only where the whole cell has the declared form: "1,5" is no 15."""
    point = re.escape(decimal)
    groups = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
    form = rf"^[+-]?(?:(?:{groups}\d+)(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?$"
    text = cell.str.strip_chars()
    plain = text.str.replace_all(thousands, "", literal=True) if thousands else text
    if decimal != ".":
        plain = plain.str.replace(decimal, ".", literal=True)
    return pl.when(text.str.contains(form)).then(plain.str.strip_prefix("+")).cast(pl.Float64, strict=False)


def _whole(number: Parsed, dtype: pl.DataType) -> Parsed:
    rule = "parses_as_whole_number"
    if dtype.is_integer():
        return Parsed(value=number.value.cast(pl.Int64), bad=None, rule=rule)
    whole = number.value.is_finite() & (number.value == number.value.round(0)) & (number.value.abs() < 2**53)
    value = pl.when(whole).then(number.value).cast(pl.Int64, strict=False)
    fraction = number.value.is_not_null() & value.is_null()
    return Parsed(value=value, bad=fraction if number.bad is None else number.bad | fraction, rule=rule)


def _date(cell: pl.Expr, dtype: pl.DataType, source: TableSource, column: str, *, excel: bool) -> Parsed:
    rule = "parses_as_date"
    value: pl.Expr
    steps: tuple[tuple[str, str, pl.Expr], ...] = ()
    if isinstance(dtype, pl.Date):
        return Parsed(value=cell, bad=None, rule=rule)
    if isinstance(dtype, pl.Datetime):
        value = pl.when(cell == cell.dt.truncate("1d")).then(cell.dt.date())
    elif isinstance(dtype, pl.String):
        read = read_text_dates(cell, source, column, excel=excel)
        value, steps = read.value, read.steps
    elif column in source.date_formats and (dtype.is_integer() or dtype.is_float()):
        # typed years and day numbers
        read = read_text_dates(as_text(cell, dtype), source, column, excel=excel)
        value, steps = read.value, read.steps
    else:
        value = pl.lit(None, dtype=pl.Date)
    return Parsed(value=value, bad=cell.is_not_null() & value.is_null(), rule=rule, steps=steps)


def parse_year(cell: pl.Expr, dtype: pl.DataType, source: TableSource, column: str, *, excel: bool) -> Parsed:
    """The year of a date, where a study gives the date of a column that is declared a year."""
    date = _date(cell, dtype, source, column, excel=excel)
    taken = ("year_of_date", "the year of a date, of which nothing else is kept", date.value.is_not_null())
    return Parsed(
        value=date.value.dt.year().cast(pl.Int64), bad=date.bad, rule=date.rule, steps=(*date.steps, taken)
    )
