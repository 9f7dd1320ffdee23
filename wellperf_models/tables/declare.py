"""How a table is declared: grain, columns with type, unit, range, source, and the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

# month: a date that is the first day of its month
ColumnType = Literal["text", "category", "number", "whole", "date", "month"]

_DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "category": pl.String(),
    "number": pl.Float64(),
    "whole": pl.Int64(),
    "date": pl.Date(),
    "month": pl.Date(),
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One declared column.

    Attributes:
        name: Its name.
        type: text, category, number, whole (number), date, month (the first day of it).
        description: What a cell says.
        unit: Unit of a number; "" where it has none.
        source: Where an organisation normally has it; "" means where the whole table comes from.
        required: The column must be there and have no missing cell.
        key: Part of the key; a key may hold missing cells where it is not required.
        allowed: The only values a category takes.
        low, high: Allowed range, ends included.
        low_open: The lower end itself is not allowed.
        past: A date that can't lie after the study's as-of date.
        sensitive: About a person's health, body, belief or judgement by others; its values appear in no
            message.
        default: What an absent column stands for; None means missing.
        refers_to_people: Holds ids that occur in `people`, where that table is present.
    """

    name: str
    type: ColumnType
    description: str
    unit: str = ""
    source: str = ""
    required: bool = False
    key: bool = False
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    past: bool = False
    sensitive: bool = False
    default: float | None = None
    refers_to_people: bool = False

    @property
    def dtype(self) -> pl.DataType:
        """Polars type of the column."""
        return _DTYPES[self.type]


@dataclass(frozen=True, kw_only=True)
class TableSchema:
    """One declared table.

    Attributes:
        name: Its name, as in `[tables.NAME]`.
        grain: What one row is.
        source: Where an organisation normally has it.
        columns: Its columns, in order.
        forms: Alternative groups of columns; a file has the columns of exactly one group, whose first
            column is then required. () means every column may be there.
    """

    name: str
    grain: str
    source: str
    columns: tuple[Column, ...]
    forms: tuple[tuple[str, ...], ...] = ()

    @property
    def by_name(self) -> Mapping[str, Column]:
        """Columns by name."""
        return {column.name: column for column in self.columns}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the key columns."""
        return tuple(column.name for column in self.columns if column.key)

    @property
    def subject(self) -> str | None:
        """The column that says whom a row is about and that `row_id` can number; None: there is none."""
        for name in ("employee_id", "unit_id"):
            if name in self.names:
                return name
        return None

    def may_miss(self, column: str) -> bool:
        """Whether a cell of a column may be missing; False for a name that is not declared."""
        firsts = {form[0] for form in self.forms}
        return column in self.names and not self.by_name[column].required and column not in firsts

    def source_of(self, column: str) -> str:
        """Where an organisation normally has a column."""
        return self.by_name[column].source or self.source
