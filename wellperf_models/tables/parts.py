"""A declared table that comes in several parts: one frame, whose rows still say where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from wellperf_models.tables.declare import TableSchema
from wellperf_models.tables.rules import BAD, ROW, is_mark
from wellperf_models.tables.sources import file_problem
from wellperf_models.tables.violation import Violation

# rows of the first part are numbered from 1, those of the second from this + 1, …: no file is that long
_STRIDE = 10**12


def stack(
    schema: TableSchema, parts: Mapping[str, pl.LazyFrame]
) -> tuple[pl.LazyFrame | None, list[Violation]]:
    """Puts the parts of a table one below the other.

    Args:
        schema: The declared table.
        parts: Name in the study file → its rows, in their declared form. A column that a part does not have
            is missing in its rows.

    Returns:
        The table, its `_row` telling part and row (`locate`), and what keeps the parts apart; None where they
        have different forms of the table or a column of different types.
    """
    types = {key: dict(frame.collect_schema()) for key, frame in parts.items()}
    problems = _forms(schema, types)
    columns = dict.fromkeys(name for known in types.values() for name in known if not is_mark(name))
    shared: dict[str, pl.DataType] = {}
    for name in columns:
        found = {key: known[name] for key, known in types.items() if name in known}
        if len(set(found.values())) > 1:
            found = {key: dtype for key, dtype in found.items() if _has_cells(parts[key], name)} or found
        shared[name] = next(iter(found.values()))
        if len(set(found.values())) > 1:
            problems.append(_two_types(schema, name, found))
    if problems:
        return None, problems
    frames = []
    for i, (key, frame) in enumerate(parts.items()):
        there = types[key]
        cells = [
            (pl.col(name).cast(dtype) if name in there else pl.lit(None, dtype=dtype)).alias(name)
            for name, dtype in shared.items()
        ]
        bad = pl.col(BAD) if BAD in there else pl.lit(False)
        row = pl.col(ROW).cast(pl.Int64) + i * _STRIDE
        frames.append(frame.select(row.alias(ROW), *cells, bad.alias(BAD)))
    return pl.concat(frames), []


def is_of_part(parts: Sequence[int]) -> pl.Expr:
    """Rows of a stacked table that come from the parts with these places."""
    return (pl.col(ROW) // _STRIDE).is_in(list(parts))


def locate(violation: Violation, keys: Sequence[str]) -> Violation:
    """A violation of a stacked table, its rows told by part and by their number in it."""
    return replace(
        violation,
        first_rows=tuple(row % _STRIDE for row in violation.first_rows),
        parts=tuple(keys[row // _STRIDE] for row in violation.first_rows),
    )


def of_part(violation: Violation, key: str) -> Violation:
    """A violation of one part, under the name that the study file gives it."""
    section = f"[tables.{violation.table}"
    return replace(violation, table=key, what_to_do=violation.what_to_do.replace(section, f"[tables.{key}"))


def _has_cells(frame: pl.LazyFrame, column: str) -> bool:
    return bool(frame.select(pl.col(column).is_not_null().any()).collect().item())


def _forms(schema: TableSchema, types: Mapping[str, Mapping[str, pl.DataType]]) -> list[Violation]:
    """Every part has the same form of its table."""
    used = {
        key: next((form[0] for form in schema.forms if form[0] in known), "") for key, known in types.items()
    }
    if len(set(used.values())) <= 1:
        return []
    told = ", ".join(f"{key} has {form}" for key, form in used.items())
    return [
        file_problem(
            schema.name,
            "one_form",
            f"every part has the same one of {' and '.join(form[0] for form in schema.forms)}: {told}",
            "give every part the same form, or leave one of them out",
            column=", ".join(form[0] for form in schema.forms),
        )
    ]


def _two_types(schema: TableSchema, column: str, found: Mapping[str, pl.DataType]) -> Violation:
    told = ", ".join(
        f"{'numbers' if dtype.is_numeric() else 'text'} in {key}" for key, dtype in found.items()
    )
    return file_problem(
        schema.name,
        "one_type",
        f"an attribute is of one type in every part: {told}",
        f'declare it as a covariate with type = "number" or "category", or map it in values.{column}',
        column=column,
    )
