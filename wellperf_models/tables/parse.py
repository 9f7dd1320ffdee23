"""From the cells of a source to declared types: what does not parse is flagged, never silently missing."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from wellperf_models.study import TableSource
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
_ISO_CELL = r"^\d{4}-\d{2}-\d{2}( 00:00:00(\.0+)?)?$"  # how calamine writes a date cell
_HAS_DAY = re.compile(r"%[-_0]?[deDFxjc]")


def unit_factor(ours: str, theirs: str) -> float | None:
    """What to multiply their number by; None: these units do not convert."""
    return _FACTORS.get((_UNIT_WORDS.get(ours, ours), theirs))


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A column on its way: its value, and where the cell did not parse (None: cannot happen)."""

    value: pl.Expr
    bad: pl.Expr | None
    rule: str


def parse(cell: pl.Expr, dtype: pl.DataType, to: ColumnType, source: TableSource, *, excel: bool) -> Parsed:
    """Parses one column.

    Args:
        cell: The column.
        dtype: Its type as the container gives it; text for CSV and Excel.
        to: Declared type.
        source: Decimal sign, thousands sign and date format of text.
        excel: Text stands for typed cells, so plain numbers and ISO dates are accepted as well.

    Returns:
        The value and where it did not parse.
    """
    if isinstance(dtype, pl.Categorical | pl.Enum):
        cell, dtype = cell.cast(pl.String), pl.String()
    if to in ("text", "category"):
        return Parsed(value=as_text(cell, dtype), bad=None, rule="parses_as_text")
    if to in ("date", "month"):
        return _date(cell, dtype, source, excel=excel)
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


def _date(cell: pl.Expr, dtype: pl.DataType, source: TableSource, *, excel: bool) -> Parsed:
    rule = "parses_as_date"
    value: pl.Expr
    if isinstance(dtype, pl.Date):
        return Parsed(value=cell, bad=None, rule=rule)
    if isinstance(dtype, pl.Datetime):
        value = pl.when(cell == cell.dt.truncate("1d")).then(cell.dt.date())
    elif isinstance(dtype, pl.String):
        value = _text_date(cell, source.date_format)
        if excel:
            iso = pl.when(cell.str.contains(_ISO_CELL)).then(cell.str.head(10))
            value = pl.coalesce(iso.str.to_date("%Y-%m-%d", strict=False), value)
    else:
        value = pl.lit(None, dtype=pl.Date)
    return Parsed(value=value, bad=cell.is_not_null() & value.is_null(), rule=rule)


def _text_date(cell: pl.Expr, date_format: str) -> pl.Expr:
    if not _HAS_DAY.search(date_format):
        # a month without a day ("2024-03") stands for its first day
        cell, date_format = cell + "~01", f"{date_format}~%d"
    return cell.str.to_date(date_format, strict=False)
