"""Numbers of tables as a reader sees them: one column, one number of decimals."""

from __future__ import annotations

import math
from collections.abc import Sequence

NOT_SHOWN = "—"
_THIN = "\N{NARROW NO-BREAK SPACE}"
_MOST_DECIMALS = 4
_SIGNIFICANT = 3


def print_column(
    values: Sequence[float | int | str | None], *, one_by_one: bool = False, least_decimals: int = 0
) -> list[str]:
    """A column of a table: whole numbers grouped, others with the same decimals, None as a dash.

    Args:
        values: Top to bottom.
        one_by_one: Each number has its own three significant digits: rows in different units.
        least_decimals: Of the columns it is read with.
    """
    if one_by_one:
        return [print_column([value])[0] for value in values]
    digits = decimals_of(values)
    return [_print(v, max(digits, least_decimals) if digits else 0) for v in values]


def interval_decimals(
    names: Sequence[str], columns: Sequence[Sequence[float | int | str | None]]
) -> list[int]:
    """For each column the decimals it has at least: a number and both ends of its interval have the same.

    Args:
        names: Of the columns; the two after a number that end in "low" and "high" are its interval.
        columns: Their values.
    """
    least = [0] * len(names)
    for i in range(len(names) - 2):
        if names[i + 1].endswith("low") and names[i + 2].endswith("high"):
            least[i : i + 3] = [max(decimals_of(c) for c in columns[i : i + 3])] * 3
    return least


def decimals_of(values: Sequence[float | int | str | None]) -> int:
    """Decimals of a column: three significant digits of its largest number, as it is read by comparison."""
    floats = [abs(v) for v in values if isinstance(v, float) and math.isfinite(v)]
    digits = 0
    if floats and not all(v == round(v) for v in floats) and max(floats) > 0:
        largest = math.floor(math.log10(max(floats)))
        digits = min(_MOST_DECIMALS, max(0, _SIGNIFICANT - 1 - largest))
    return digits


def print_number(value: float | int | None) -> str:
    """A number on its own, to three significant digits; whole numbers in full."""
    return print_column([value])[0]


def _print(value: float | int | str | None, digits: int) -> str:
    if value is None:
        return NOT_SHOWN
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not math.isfinite(value):
        return NOT_SHOWN
    least = 10.0**-digits
    if isinstance(value, float) and 0 < abs(value) < least / 2:
        return f"{'> −' if value < 0 else '< '}{least:.{digits}f}"
    text = f"{value:,.{digits if isinstance(value, float) else 0}f}".replace(",", _THIN)
    return text.replace("-", "−")
