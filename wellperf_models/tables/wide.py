"""Columns that become rows, with what stands beside them in the same row of the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping as AnyMapping

import polars as pl

from wellperf_models.tables.declare import TableSchema
from wellperf_models.tables.header import Mapping
from wellperf_models.tables.parse import as_text
from wellperf_models.tables.rules import ROW

NAME, VALUE = "wide_name", "wide_value"
# "mbi_gs/1": an item and the name it stands under, where columns of a questionnaire become rows
ITEM, _BETWEEN = "wide_item", "/"


def beside_cell(column: str) -> str:
    """The cell, after `lengthen`, of a declared column whose header depends on the name."""
    return f"beside_{column}"


def lengthen(
    frame: pl.LazyFrame,
    mapping: Mapping,
    schema: TableSchema,
    value: str,
    *,
    keep: Iterable[str] = (),
) -> pl.LazyFrame:
    """Turns the wide columns into rows: one row per row of the file and name.

    Args:
        frame: Raw cells `c0`, `c1`, … and `_row`.
        mapping: Which of them become rows, which stand beside them, and which are used otherwise.
        schema: The declared table.
        value: The declared column that takes the cells. Where it may be missing, a missing cell makes a row
            with a missing value (assigned, but not measured), else none.
        keep: Other columns of the frame to carry along.

    Returns:
        `_row`, the cells that are used, `keep`, NAME, VALUE and one `beside_cell` per column of `beside`.
    """
    types = dict(frame.collect_schema())
    # copies, so that a column can be a value and stand beside another one
    values = {f"w{position}": f"c{position}" for position in mapping.wide}
    frame = frame.with_columns(**_alike(values, types))
    used = {*mapping.positions.values(), *(i for at in mapping.beside.values() for i in at.values())}
    long = frame.unpivot(
        on=list(values),
        index=[ROW, *keep, *(f"c{i}" for i in sorted(used))],
        variable_name=NAME,
        value_name=VALUE,
    )
    if not schema.may_miss(value):
        long = long.filter(pl.col(VALUE).is_not_null())
    names = {f"w{position}": name for position, name in mapping.wide.items()}
    long = long.with_columns(
        pl.col(NAME).cast(pl.String).replace_strict(list(names), list(names.values()), return_dtype=pl.String)
    )
    long = long.with_columns(
        _beside(at, types, schema.by_name[column].default).alias(beside_cell(column))
        for column, at in mapping.beside.items()
        if at and column in schema.names
    )
    if not makes_items(mapping, schema):
        return long
    parts = pl.col(NAME).str.splitn(_BETWEEN, 2)
    return long.with_columns(
        parts.struct.field("field_0").alias(NAME), parts.struct.field("field_1").alias(ITEM)
    )


def makes_items(mapping: Mapping, schema: TableSchema) -> bool:
    """Whether some of the names that columns stand for are items ("measure/item")."""
    return "item" in schema.names and any(_BETWEEN in name for name in mapping.wide.values())


def _beside(at: AnyMapping[str, int], types: AnyMapping[str, pl.DataType], default: object) -> pl.Expr:
    """The cell that belongs to each name; the column's default for a name that has none."""
    chosen = _alike({name: f"c{position}" for name, position in at.items()}, types)
    cells = [pl.when(pl.col(NAME) == name).then(cell) for name, cell in chosen.items()]
    if default is not None:
        cells.append(pl.when(~pl.col(NAME).is_in(list(at))).then(pl.lit(default)))
    return pl.coalesce(cells)


def _alike(cells: AnyMapping[str, str], types: AnyMapping[str, pl.DataType]) -> dict[str, pl.Expr]:
    """Cells in one type: as they are where they share one, else as numbers, else as text."""
    found = {types[cell] for cell in cells.values()}
    if len(found) == 1:
        return {name: pl.col(cell) for name, cell in cells.items()}
    if all(dtype.is_numeric() for dtype in found):
        return {name: pl.col(cell).cast(pl.Float64) for name, cell in cells.items()}
    return {name: as_text(pl.col(cell), types[cell]) for name, cell in cells.items()}
