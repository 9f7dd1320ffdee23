"""Cells that can be read as declared, and then most likely say something else.

"03/04/2024" is a day either way; "1.234" is a number either way. What the whole column looks like tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import polars as pl

from wellperf_models.tables.violation import SHOWN_ROWS, Violation

_DAY_AND_MONTH = re.compile(r"%[-_0]?(?:d|e)[-./ ]%[-_0]?m|%[-_0]?m[-./ ]%[-_0]?(?:d|e)")
# of so many different days all would lie in the first twelve of their months with probability .4 ** 20
_SURE, _FEW, _DAYS = 20, 3, 3
_THOUSANDS, _LEAST, _HUNDRED = 3, 1, 100

Problem = Callable[[str, str, str], Violation]


def date_sums(prefix: str, value: pl.Expr, written: tuple[str, ...]) -> list[pl.Expr]:
    """What must be known of a column of dates; [] where its form leaves no doubt."""
    if not any(_DAY_AND_MONTH.search(form) for form in written):
        return []
    return [
        value.dt.day().max().alias(f"{prefix}max_day"),
        value.dt.day().n_unique().alias(f"{prefix}days"),
        value.drop_nulls().n_unique().alias(f"{prefix}dates"),
        value.dt.month().n_unique().alias(f"{prefix}months"),
    ]


def judge_dates(sums: dict[str, Any], problem: Problem) -> tuple[Violation | None, str]:
    """A violation where day and month are most likely swapped; else a note where nothing tells."""
    if not sums["dates"] or sums["max_day"] is None or sums["max_day"] > 12:
        return None, ""
    if sums["dates"] >= _SURE and sums["days"] >= _DAYS:
        text = f"days lie all over their months; of {sums['dates']:,} different dates none is after the 12th"
        todo = (
            "day and month are most likely swapped, in all cells or in some (a spreadsheet swaps those it "
            "can): correct date_format, or export the dates again as 2024-01-31"
        )
        return problem("day_month_order", text, todo), ""
    if sums["dates"] >= _FEW and sums["days"] > 1:
        return None, "no date is after the 12th of its month, so nothing tells day and month apart: read as "
    return None, ""


def number_sums(prefix: str, cell: pl.Expr, decimal: str) -> list[pl.Expr]:
    """What must be known of a column of numbers, to see that its decimal sign separates thousands."""
    text, sign = cell.str.strip_chars(), re.escape(decimal)
    three = text.str.contains(rf"^[+-]?[1-9]\d{{0,2}}{sign}\d{{3}}$")
    pointed = text.str.contains(sign)
    plain = text.str.contains(r"^[+-]?\d+$")
    return [
        three.sum().alias(f"{prefix}three"),
        (pointed & ~three).sum().alias(f"{prefix}pointed"),
        (plain & text.str.contains(r"^[+-]?[1-9]\d{2}$")).sum().alias(f"{prefix}hundreds"),
        (plain & text.str.contains(r"\d{4}")).sum().alias(f"{prefix}long"),
    ]


def judge_numbers(sums: dict[str, Any], decimal: str, problem: Problem) -> Violation | None:
    """Every decimal has three digits, and what has none is below a thousand and above a hundred."""
    if sums["three"] < _THOUSANDS or sums["pointed"] or sums["long"] or sums["hundreds"] < _LEAST:
        return None
    return problem(
        "thousands_or_decimals",
        f"the sign {decimal!r} separates decimals; here it is followed by exactly three digits wherever it "
        "stands, and numbers without it stop below a thousand",
        f'it most likely separates thousands: write thousands = "{decimal}" (and decimal = the other sign)',
    )


def with_rows(violation: Violation, rows: pl.Series) -> Violation:
    """A violation of the rows given."""
    first = tuple(int(row) for row in rows.unique().sort().head(SHOWN_ROWS))
    return Violation(**(vars(violation) | {"count": len(rows), "first_rows": first}))
