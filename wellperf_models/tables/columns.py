"""The columns of a table, mapped and parsed. What can't be read is flagged, what was done is noted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from wellperf_models.study import Study, TableSource
from wellperf_models.tables.declare import Column, ColumnType, TableSchema
from wellperf_models.tables.header import Mapping
from wellperf_models.tables.parse import Parsed, as_text, parse, parse_year, unit_factor
from wellperf_models.tables.raw import Raw
from wellperf_models.tables.rules import FINITE_TEXT, HUGE, ROW
from wellperf_models.tables.text_rules import (
    BLANKS_TEXT,
    BLANKS_TO_DO,
    CONTROLS,
    CONTROLS_TEXT,
    CONTROLS_TO_DO,
)
from wellperf_models.tables.violation import Note, Violation, file_problem
from wellperf_models.tables.wide import ITEM, NAME, VALUE, beside_cell, makes_items
from wellperf_models.tables.written import garbled, missing_word, sheet_error

FINITE_TO_DO = "correct the cells in the source; write a missing value as a missing value"


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A column of text whose cells are looked at more closely."""

    column: str
    cell: pl.Expr
    value: pl.Expr
    bad: pl.Expr
    kind: Literal["date", "year", "number"]


@dataclass(kw_only=True)
class Work:
    """A table while it is being conformed: raw cells, then declared values and what is wrong with them.

    `key` is its name in the study file, `[tables.KEY]`: the table's own, or that of a part. `steps` are notes
    whose cells are still to be counted; `notes` are counted. `sourced` are the cells, before they are parsed,
    of every column that the source has.
    """

    key: str
    schema: TableSchema
    source: TableSource
    raw: Raw
    frame: pl.LazyFrame
    dtypes: dict[str, pl.DataType]
    values: list[pl.Expr] = field(default_factory=list)
    bad: list[tuple[pl.Expr, Violation]] = field(default_factory=list)
    steps: list[tuple[pl.Expr, Note]] = field(default_factory=list)
    looked: list[Looked] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    sourced: dict[str, pl.Expr] = field(default_factory=dict)

    @property
    def text(self) -> bool:
        """The container holds text only."""
        return self.raw.form in ("csv", "excel")

    def flag(self, where: pl.Expr, rule: str, column: str, text: str, what_to_do: str) -> None:
        """Notes rows that can't be read."""
        problem = file_problem(self.key, rule, text, what_to_do, column=column)
        self.bad.append((where.fill_null(False), problem))

    def note(self, where: pl.Expr, rule: str, column: str, text: str) -> None:
        """Notes cells that were read in a declared way."""
        told = Note(table=self.key, column=column, rule=rule, count=0, text=text)
        self.steps.append((where.fill_null(False), told))


def declared_column(work: Work, mapping: Mapping, column: Column) -> list[Violation]:
    """Adds one declared column; returns what is wrong with its entry in the study file."""
    source, name = work.source, column.name
    if name in source.constants:
        return _constant(work, column, source.constants[name])
    if (source.row_id and name == work.schema.subject) or name == source.row_number:
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
    work.sourced[name] = cell
    _flag_text(work, name, cell, dtype, mapped=name in source.values)
    value = _parsed(work, name, cell, dtype, column.type, year=column.unit == "year")
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


def _wide_cell(work: Work, mapping: Mapping, name: str) -> str | None:
    """The cell of a column that comes from `wide`; None: it comes from elsewhere."""
    wide = work.source.wide
    if wide is None or not mapping.wide:
        return None
    if name in wide.beside:
        return beside_cell(name)
    if name == "item" and wide.name == "measure" and makes_items(mapping, work.schema):
        return ITEM
    return {wide.name: NAME, wide.value: VALUE}.get(name)


def _constant(work: Work, column: Column, value: str | float | bool) -> list[Violation]:
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


def _mapped(work: Work, name: str, cell: pl.Expr, dtype: pl.DataType) -> tuple[pl.Expr, pl.DataType]:
    """Applies the study's words for "missing" in this column and its value mapping.

    A value that the mapping does not list is flagged.
    """
    if missing := work.source.column_nulls.get(name):
        cell = pl.when(~as_text(cell, dtype).is_in(list(missing))).then(cell)
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


def _parsed(
    work: Work, name: str, cell: pl.Expr, dtype: pl.DataType, to: ColumnType, *, year: bool = False
) -> pl.Expr:
    excel = work.raw.form == "excel"
    parsed: Parsed
    if year and name in work.source.date_formats:
        parsed = parse_year(cell, dtype, work.source, name, excel=excel)
    else:
        parsed = parse(cell, dtype, to, work.source, excel=excel, column=name)
    for rule, text, where in parsed.steps:
        work.note(where, rule, name, text)
    if parsed.bad is None:
        return parsed.value
    dates = parsed.rule == "parses_as_date"
    form = (
        f"a date written as {' or '.join(work.source.formats_of(name))}"
        if dates
        else f"a {'whole ' if to == 'whole' else ''}number with decimal sign {work.source.decimal!r}"
    )
    todo = (
        "correct date_format, decimal or null_values" if not dates else "correct date_formats or null_values"
    )
    work.flag(parsed.bad, parsed.rule, name, form, f"{todo} in [tables.{work.key}], or the cells")
    if isinstance(dtype, pl.String):
        bad = parsed.bad.fill_null(False)
        kind: Literal["date", "year", "number"] = "year" if year else "date" if dates else "number"
        looked = Looked(column=name, cell=cell, value=parsed.value, bad=bad, kind=kind)
        work.looked.append(looked)
    return parsed.value


def _flag_text(work: Work, name: str, cell: pl.Expr, dtype: pl.DataType, *, mapped: bool) -> None:
    """Flags text that stands for something else: a word for "missing", an error, letters that were lost."""
    if mapped or not isinstance(dtype, pl.String):
        return  # what a value mapping lists is declared
    work.flag(
        missing_word(cell, work.source.not_missing),
        "missing_word",
        name,
        "no cell holds a word for a missing value",
        f"in [tables.{work.key}], list the word in null_values (then it is missing), or in not_missing (then "
        "it is a value)",
    )
    work.flag(
        sheet_error(cell),
        "spreadsheet_error",
        name,
        "no cell holds an error of a spreadsheet, such as #REF!",
        "mend the formula in the source and export again",
    )
    work.flag(
        garbled(cell),
        "garbled_text",
        name,
        "letters beyond ASCII are whole: none was read in the wrong encoding before the file was saved",
        "export again, in UTF-8 from the start: what was garbled before can't be told from the file",
    )


def attribute(work: Work, study: Study, name: str, cell_name: str) -> None:
    """Carries an extra column along: of the type its covariate declares, else number where every cell is."""
    cell, dtype = _mapped(work, name, pl.col(cell_name), work.dtypes[cell_name])
    work.sourced[name] = cell
    _flag_text(work, name, cell, dtype, mapped=name in work.source.values)
    kinds = {
        covariate.type
        for key, covariate in study.covariates.items()
        if covariate.table == work.schema.name and (covariate.column or key) == name
    }
    if "number" in kinds or (not kinds and _is_number(work, cell, dtype)):
        value = _parsed(work, name, cell, dtype, "number")
        work.flag(~value.is_finite() | (value.abs() > HUGE), "finite", name, FINITE_TEXT, FINITE_TO_DO)
        work.values.append(value.alias(name))
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


def _is_number(work: Work, cell: pl.Expr, dtype: pl.DataType) -> bool:
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
