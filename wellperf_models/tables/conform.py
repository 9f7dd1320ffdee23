"""From a raw source to the declared table: duplicates, wide to long, values, units, types.

Nothing is repaired. A cell that can't be read makes a violation, and its row is judged by no other rule.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from wellperf_models.study import Study, TableSource
from wellperf_models.tables.declare import Column, ColumnType, TableSchema
from wellperf_models.tables.durations import halve_zero_durations
from wellperf_models.tables.header import Mapping, form_columns, map_header
from wellperf_models.tables.parse import as_text, parse, unit_factor
from wellperf_models.tables.rules import BAD, ROW
from wellperf_models.tables.sources import Raw, file_problem
from wellperf_models.tables.text_rules import (
    BLANKS_TEXT,
    BLANKS_TO_DO,
    CONTROLS,
    CONTROLS_TEXT,
    CONTROLS_TO_DO,
)
from wellperf_models.tables.violation import SHOWN_ROWS, Violation
from wellperf_models.tables.wide import NAME, VALUE, beside_cell, lengthen


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A table, or one of its parts, in its declared form.

    Attributes:
        frame: Declared columns, attributes, `_row`, and `_bad` where a cell could not be read. None: a
            required column is missing.
        n_rows: Rows; after wide to long and after dropping duplicates.
        dropped: Duplicate rows dropped.
        half_steps: Durations of zero set to half the smallest positive one.
        violations: What could not be read.
    """

    frame: pl.LazyFrame | None
    n_rows: int
    dropped: int
    half_steps: int
    violations: tuple[Violation, ...]


@dataclass(kw_only=True)
class _Work:
    """A table while it is being conformed: raw cells, then declared values and what is wrong with them.

    `key` is its name in the study file, `[tables.KEY]`: the table's own, or that of a part.
    """

    key: str
    schema: TableSchema
    source: TableSource
    raw: Raw
    frame: pl.LazyFrame
    dtypes: dict[str, pl.DataType]
    values: list[pl.Expr] = field(default_factory=list)
    bad: list[tuple[pl.Expr, Violation]] = field(default_factory=list)

    @property
    def text(self) -> bool:
        """The container holds text only."""
        return self.raw.form in ("csv", "excel")

    def flag(self, where: pl.Expr, rule: str, column: str, text: str, what_to_do: str) -> None:
        """Notes rows that can't be read."""
        problem = file_problem(self.key, rule, text, what_to_do, column=column)
        self.bad.append((where.fill_null(False), problem))


def conform(study: Study, schema: TableSchema, source: TableSource, raw: Raw, key: str) -> Declared:
    """Brings a source into its declared form.

    Args:
        study: Gives the types of covariates.
        schema: The declared table.
        source: How the study maps it.
        raw: The source.
        key: Its name in the study file, `[tables.KEY]`; it names every violation.

    Returns:
        The table; values have declared types and units. A missing cell of a wide column is a row with a
        missing value where the declared column may miss one (assigned, but not measured), else no row.
    """
    mapping = map_header(schema, source, raw.header, key)
    dtypes = {n: d for n, d in raw.frame.collect_schema().items() if n != ROW}
    work = _Work(key=key, schema=schema, source=source, raw=raw, frame=raw.frame, dtypes=dtypes)
    problems = list(mapping.problems)
    _read_nulls(work)
    dropped = _duplicates(work)
    _lengthen(work, mapping)
    there = set(mapping.positions) | set(source.constants)
    if source.row_id and schema.subject:
        there.add(schema.subject)
    if source.wide:
        there |= {source.wide.name, source.wide.value, *mapping.beside}
    for name in form_columns(schema, there):
        problems += _declared_column(work, mapping, schema.by_name[name])
    for name in source.attributes:
        if name in mapping.positions and name not in schema.names:
            _attribute(work, study, name, f"c{mapping.positions[name]}")
    n_rows, found = _count_bad(work)
    problems += found
    if n_rows == 0 and not problems:
        problems.append(
            file_problem(
                key, "empty_table", "the source has no rows", "check the extract, or remove the table"
            )
        )
    marks = [where for where, _ in work.bad]
    frame = work.frame.select(ROW, *work.values, *([pl.any_horizontal(marks).alias(BAD)] if found else []))
    if raw.form != "parquet":
        frame = frame.collect().lazy()  # parsed once, not once per rule
    half_steps = 0
    if source.zero_durations == "half_step" and not mapping.incomplete:
        frame, half_steps = halve_zero_durations(frame)
    return Declared(
        frame=None if mapping.incomplete else frame,
        n_rows=n_rows,
        dropped=dropped,
        half_steps=half_steps,
        violations=tuple(problems),
    )


def _read_nulls(work: _Work) -> None:
    """Turns the study's words for "missing" into missing cells."""
    texts = [name for name, dtype in work.dtypes.items() if isinstance(dtype, pl.String)]
    missing = list(work.source.null_values)
    if texts and missing:
        work.frame = work.frame.with_columns(
            pl.when(~pl.col(name).is_in(missing)).then(pl.col(name)) for name in texts
        )
    if work.text:
        work.flag(
            pl.all_horizontal(pl.col(name).is_null() for name in work.dtypes),
            "empty_row",
            "",
            "no row is empty",
            "remove empty rows in the source",
        )


def _duplicates(work: _Work) -> int:
    """Rows equal in every column of the file to an earlier one."""
    typed_with_key = work.raw.form in ("parquet", "frame") and not work.source.row_id
    if work.source.duplicates == "keep":
        return 0  # a declared key that they share is still a violation
    if work.source.duplicates == "refuse" and typed_with_key:
        return 0  # the rule `unique_key` finds them without holding whole rows
    again = ~pl.struct(sorted(work.dtypes)).is_first_distinct()
    if work.source.duplicates == "drop":
        marked = work.frame.with_columns(again.alias(BAD))
        dropped = int(marked.select(pl.col(BAD).sum()).collect().item())
        if dropped:
            work.frame = marked.filter(~pl.col(BAD)).drop(BAD)
        return dropped
    work.flag(
        again,
        "duplicate_rows",
        "",
        "no row equals an earlier one in every column",
        f'remove them in the source, or write duplicates = "drop" (or "keep") in [tables.{work.key}]',
    )
    return 0


def _lengthen(work: _Work, mapping: Mapping) -> None:
    """Turns the wide columns into rows."""
    wide = work.source.wide
    if wide is None or not mapping.wide:
        return
    # judged on the rows of the file, before they become several
    marks = {f"bad{i}": where for i, (where, _) in enumerate(work.bad)}
    work.bad = [(pl.col(f"bad{i}"), problem) for i, (_, problem) in enumerate(work.bad)]
    work.frame = lengthen(work.frame.with_columns(**marks), mapping, work.schema, wide.value, keep=marks)
    work.dtypes = {n: d for n, d in work.frame.collect_schema().items() if n != ROW and n not in marks}


def _declared_column(work: _Work, mapping: Mapping, column: Column) -> list[Violation]:
    """Adds one declared column; returns what is wrong with its entry in the study file."""
    source, name = work.source, column.name
    if name in source.constants:
        return _constant(work, column, source.constants[name])
    if source.row_id and name == work.schema.subject:
        number = pl.col(ROW).cast(pl.String)
        # the same number in two parts is not the same unit
        work.values.append((number if source.part_of is None else f"{work.key}:" + number).alias(name))
        return []
    position = mapping.positions.get(name)
    cell_name = _wide_cell(work, mapping, name) or (f"c{position}" if position is not None else None)
    if cell_name is None or cell_name not in work.dtypes:
        work.values.append(pl.lit(column.default, dtype=column.dtype).alias(name))
        return []
    cell, dtype = _mapped(work, name, pl.col(cell_name), work.dtypes[cell_name])
    value = _parsed(work, name, cell, dtype, column.type)
    problems: list[Violation] = []
    if theirs := source.units.get(name):
        factor = unit_factor(column.unit, theirs)
        if factor is None or column.type not in ("number", "whole"):
            text = f"{theirs} do not convert to {column.unit or 'this column'}"
            todo = f"remove units.{name}, or convert in the source"
            problems.append(file_problem(work.key, "unit", text, todo, column=name))
        elif factor != 1:
            value = value * factor
    work.values.append(value.cast(column.dtype).alias(name))
    return problems


def _wide_cell(work: _Work, mapping: Mapping, name: str) -> str | None:
    """The cell of a column that comes from `wide`; None: it comes from elsewhere."""
    wide = work.source.wide
    if wide is None or not mapping.wide:
        return None
    if name in wide.beside:
        return beside_cell(name)
    return {wide.name: NAME, wide.value: VALUE}.get(name)


def _constant(work: _Work, column: Column, value: str | float | bool) -> list[Violation]:
    try:
        given: Any = value
        if column.type in ("date", "month"):
            given = dt.date.fromisoformat(str(value))
        elif column.type in ("number", "whole"):
            given = float(value) if column.type == "number" else int(value)
        else:
            given = str(value)
    except ValueError:
        text = f"the constant for {column.name} is no {column.type}"
        todo = f"correct [tables.{work.key}.constants] {column.name}; dates as 2024-01-31"
        work.values.append(pl.lit(None, dtype=column.dtype).alias(column.name))
        return [file_problem(work.key, "constant", text, todo, column=column.name)]
    work.values.append(pl.lit(given, dtype=column.dtype).alias(column.name))
    return []


def _mapped(work: _Work, name: str, cell: pl.Expr, dtype: pl.DataType) -> tuple[pl.Expr, pl.DataType]:
    """Applies the study's value mapping; a value that it does not list is flagged."""
    listed = work.source.values.get(name)
    if listed is None:
        return cell, dtype
    text = as_text(cell.cast(pl.String) if isinstance(dtype, pl.Categorical | pl.Enum) else cell, dtype)
    work.flag(
        text.is_not_null() & ~text.is_in(list(listed)),
        "unlisted_value",
        name,
        f"a value listed in [tables.{work.key}.values.{name}]",
        'list every value of the source there; map it to "" where it means missing',
    )
    ours = [value or None for value in listed.values()]
    return text.replace_strict(list(listed), ours, default=None, return_dtype=pl.String), pl.String()


def _parsed(work: _Work, name: str, cell: pl.Expr, dtype: pl.DataType, to: ColumnType) -> pl.Expr:
    parsed = parse(cell, dtype, to, work.source, excel=work.raw.form == "excel")
    if parsed.bad is not None:
        form = (
            f"a date written as {work.source.date_format}"
            if to in ("date", "month")
            else f"a {'whole ' if to == 'whole' else ''}number with decimal sign {work.source.decimal!r}"
        )
        work.flag(
            parsed.bad,
            parsed.rule,
            name,
            form,
            f"correct date_format, decimal or null_values in [tables.{work.key}], or the cells",
        )
    return parsed.value


def _attribute(work: _Work, study: Study, name: str, cell_name: str) -> None:
    """Carries an extra column along: of the type its covariate declares, else number where every cell is."""
    cell, dtype = _mapped(work, name, pl.col(cell_name), work.dtypes[cell_name])
    kinds = {
        covariate.type
        for key, covariate in study.covariates.items()
        if covariate.table == work.schema.name and (covariate.column or key) == name
    }
    if "number" in kinds or (not kinds and _is_number(work, cell, dtype)):
        work.values.append(_parsed(work, name, cell, dtype, "number").alias(name))
        return
    text = _parsed(work, name, cell, dtype, "text")
    if "yes_no" in kinds:
        work.flag(
            text.is_not_null() & ~text.is_in(["yes", "no"]),
            "yes_no",
            name,
            "yes or no",
            f'map the coding in [tables.{work.key}.values.{name}], such as "1" = "yes"',
        )
    # what a value mapping lists is declared, so only its result is judged
    work.flag(_has_edge_blanks(text), "no_edge_blanks", name, BLANKS_TEXT, BLANKS_TO_DO)
    work.flag(text.str.contains(CONTROLS), "control_characters", name, CONTROLS_TEXT, CONTROLS_TO_DO)
    work.values.append(text.alias(name))


def _has_edge_blanks(text: pl.Expr) -> pl.Expr:
    """True where a text is empty or has blanks at its ends."""
    return (text.str.strip_chars() != text) | (text == "")


def _is_number(work: _Work, cell: pl.Expr, dtype: pl.DataType) -> bool:
    if not isinstance(dtype, pl.String):
        return dtype.is_numeric()
    if work.raw.form == "parquet":
        return False  # typed as text on purpose
    parsed = parse(cell, dtype, "number", work.source, excel=work.raw.form == "excel")
    # "0123" is a code, not the number 123
    code = cell.str.contains(r"^0\d")
    answer = work.frame.select(
        some=cell.is_not_null().any(),
        bad=(parsed.value.is_null() & cell.is_not_null()).any(),
        code=code.any(),
    ).collect()
    some, bad, codes = answer.row(0)
    return bool(some and not bad and not codes)


def _count_bad(work: _Work) -> tuple[int, list[Violation]]:
    """Rows, and the flagged ones by rule, in one pass."""
    sums = [where.sum().alias(f"bad{i}") for i, (where, _) in enumerate(work.bad)]
    n_rows, *counts = work.frame.select(pl.len(), *sums).collect(engine="streaming").row(0)
    found, kept = [], []
    for (where, problem), count in zip(work.bad, counts, strict=True):
        if not count:
            continue
        kept.append((where, problem))
        rows = work.frame.filter(where).select(pl.col(ROW).unique().sort().head(SHOWN_ROWS)).collect()[ROW]
        found.append(
            Violation(**(vars(problem) | {"count": int(count), "first_rows": tuple(int(r) for r in rows)}))
        )
    work.bad = kept
    return int(n_rows), found
