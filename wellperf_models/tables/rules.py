"""What a rule is, the rules that follow from the columns' declarations, and how rules are evaluated.

A rule is a Narwhals expression or a Narwhals plan, so the same rule runs on Polars (lazily), pandas or Spark.
Every frame carries `_row`, the data row of the source file. True, or a row returned, means "breaks the rule".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables.declare import Column, TableSchema
from wellperf_models.tables.schema import FIRST_YEAR, LAST_YEAR
from wellperf_models.tables.text_rules import (
    BLANKS_TEXT,
    BLANKS_TO_DO,
    CONTROLS,
    CONTROLS_TEXT,
    CONTROLS_TO_DO,
)
from wellperf_models.tables.violation import SHOWN_ROWS, Violation

ROW = "_row"
# rows with a cell that could not be read; named once by the reader and judged by no rule after that
BAD = "_bad"
# and the same by column, so that the other cells of the row are still judged one by one
_BAD_COLUMN = "_bad:"
# beyond this, sums lose whole units; 1e308 overflows in the first one
HUGE = 1e15
FINITE_TEXT = "a finite number, not beyond a million billions"
Frames = Mapping[str, Any]  # table name → nw.LazyFrame


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule; exactly one of `where` and `find` is given.

    Attributes:
        name: Its name; unique together with table and columns.
        table: The table whose rows break it.
        columns: The columns it is about.
        text: What it asks.
        what_to_do: How a violation is mended.
        needs: Other tables without which it is not evaluated.
        where: Study → expression over the table, True for rows that break it; None: nothing to check.
        find: Frames, study → rows that break it (only `_row` is used); None: nothing to check.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    text: str
    what_to_do: str
    needs: tuple[str, ...] = ()
    where: Callable[[Study], nw.Expr | None] | None = None
    find: Callable[[Frames, Study], Any | None] | None = None

    @property
    def id(self) -> str:
        """Table, columns and name."""
        return f"{self.table}.{'+'.join(self.columns)}.{self.name}"


def day(date: dt.date) -> nw.Expr:
    """A date as a literal every engine can compare with `at(column)`."""
    return nw.lit(dt.datetime(date.year, date.month, date.day))


def at(column: str) -> nw.Expr:
    """A date column at midnight: pandas has no dates, only date-times."""
    return nw.col(column).cast(nw.Datetime("us"))


def present(column: str) -> nw.Expr:
    """True where the cell is not missing."""
    return ~nw.col(column).is_null()


def bad_column(column: str) -> str:
    """Name of the column that marks the cells of another one that could not be read."""
    return f"{_BAD_COLUMN}{column}"


def is_mark(column: str) -> bool:
    """Whether a column of a frame is a row number or a mark, and none of the table's."""
    return column in (ROW, BAD) or column.startswith(_BAD_COLUMN)


def column_rules(schema: TableSchema) -> tuple[Rule, ...]:
    """Rules that follow from a table's declaration."""
    firsts = {form[0] for form in schema.forms}
    rules: list[Rule] = []
    for column in schema.columns:
        rules += _value_rules(schema.name, column, required=column.required or column.name in firsts)
        if column.type in ("date", "month"):
            rules += _date_rules(schema.name, column)
        if column.refers_to_people:
            rules.append(_person_is_known(schema.name, column.name))
    rules.append(_unique_key(schema))
    return tuple(rules)


def _value_rules(table: str, column: Column, *, required: bool) -> Iterable[Rule]:
    name = column.name
    if required:
        yield Rule(
            name="required",
            table=table,
            columns=(name,),
            text="no cell is missing",
            what_to_do="fill the cells or remove the rows in the source, or name the words that mean “no "
            "answer” in null_values; a missing value is never invented",
            where=lambda _: nw.col(name).is_null(),
        )
    if column.allowed:
        yield Rule(
            name="allowed",
            table=table,
            columns=(name,),
            text=f"one of {', '.join(column.allowed)}",
            what_to_do=f"map the organisation's words in [tables.{table}.values.{name}]",
            where=lambda _: ~nw.col(name).is_in(column.allowed) & present(name),
        )
    if column.type in ("text", "category"):
        yield Rule(
            name="no_edge_blanks",
            table=table,
            columns=(name,),
            text=BLANKS_TEXT,
            what_to_do=BLANKS_TO_DO,
            where=lambda _: (
                # pandas finds a missing text unequal to itself
                present(name) & ((nw.col(name).str.strip_chars() != nw.col(name)) | (nw.col(name) == ""))
            ),
        )
        yield Rule(
            name="control_characters",
            table=table,
            columns=(name,),
            text=CONTROLS_TEXT,
            what_to_do=CONTROLS_TO_DO,
            where=lambda _: nw.col(name).str.contains(CONTROLS) & present(name),
        )
    if column.type == "number":
        yield Rule(
            name="finite",
            table=table,
            columns=(name,),
            text=FINITE_TEXT,
            what_to_do="correct the cells in the source; write a missing value as a missing value",
            where=lambda _: (~nw.col(name).is_finite() | (nw.col(name).abs() > HUGE)) & present(name),
        )
    if column.low is not None or column.high is not None:
        yield _range_rule(table, column)


def _range_rule(table: str, column: Column) -> Rule:
    parts = []
    if column.low is not None:
        parts.append(f"{'above' if column.low_open else 'at least'} {column.low:g}")
    if column.high is not None:
        parts.append(f"at most {column.high:g}")

    def outside(_: Study) -> nw.Expr:
        value, wrong = nw.col(column.name), None
        if column.low is not None:
            wrong = value <= column.low if column.low_open else value < column.low
        if column.high is not None:
            above = value > column.high
            wrong = above if wrong is None else wrong | above
        assert wrong is not None
        return wrong

    return Rule(
        name="range",
        table=table,
        columns=(column.name,),
        text=" and ".join(parts) + (f" {column.unit}" if column.unit else ""),
        what_to_do=f"correct the source; declare another unit in [tables.{table}.units]",
        where=outside,
    )


def _date_rules(table: str, column: Column) -> Iterable[Rule]:
    name = column.name
    yield Rule(
        name="plausible_date",
        table=table,
        columns=(name,),
        text=f"between {FIRST_YEAR} and {LAST_YEAR}",
        what_to_do="check date_format: %Y reads '21' as the year 21, %y as 2021; 9999 is no open end",
        where=lambda _: (nw.col(name).dt.year() < FIRST_YEAR) | (nw.col(name).dt.year() > LAST_YEAR),
    )
    if column.type == "month":
        yield Rule(
            name="first_of_month",
            table=table,
            columns=(name,),
            text="the first day of a month",
            what_to_do="give one row per month, dated on its first day",
            where=lambda _: nw.col(name).dt.day() > 1,
        )
    if column.past:
        yield Rule(
            name="not_after_as_of",
            table=table,
            columns=(name,),
            text="not after the study's as_of date",
            what_to_do="leave out what is planned only, or correct [study] as_of to the day of the extract",
            where=lambda study: at(name) > day(study.study.as_of),
        )


def _person_is_known(table: str, column: str) -> Rule:
    def find(frames: Frames, _: Study) -> Any:
        rows = frames[table].filter(present(column))
        return rows.join(
            frames["people"].select("employee_id"), left_on=column, right_on="employee_id", how="anti"
        )

    return Rule(
        name="person_is_known",
        table=table,
        columns=(column,),
        text="occurs in people",
        what_to_do="add the person to people, or find why the ids differ (leading zeros, another key)",
        needs=("people",),
        find=find,
    )


def _unique_key(schema: TableSchema) -> Rule:
    def find(frames: Frames, _: Study) -> Any:
        frame = frames[schema.name]
        there = set(frame.collect_schema().names())
        key = [name for name in schema.key if name in there]
        needed = [name for name in key if schema.by_name[name].required]
        grouped = frame.filter(*(present(name) for name in needed)).group_by(*key)
        # the last row of a repeated key stands for it: no join back, so no second pass over a large table
        return grouped.agg(nw.len().alias("_n"), nw.col(ROW).max()).filter(nw.col("_n") > 1)

    return Rule(
        name="unique_key",
        table=schema.name,
        columns=schema.key,
        text=f"{schema.grain}; counted are the keys that occur again",
        what_to_do="find out which row is right; nothing is averaged or dropped",
        find=find,
    )


def evaluate(rules: Iterable[Rule], frames: Mapping[str, Any], study: Study) -> tuple[Violation, ...]:
    """Finds every violation.

    Args:
        rules: The rules.
        frames: Table name → frame with declared columns and `_row`, of any engine Narwhals knows.
        study: Gives as-of date, measures, currencies.

    Returns:
        One violation per broken rule, in the order of the rules.
    """
    lazy = {name: nw.from_native(frame).lazy() for name, frame in frames.items()}
    columns = {name: set(frame.collect_schema().names()) for name, frame in lazy.items()}
    readable = {n: f.filter(~nw.col(BAD)) if BAD in columns[n] else f for n, f in lazy.items()}
    usable = [
        rule
        for rule in rules
        if rule.table in lazy
        and all(name in lazy for name in rule.needs)
        and (rule.name == "unique_key" or columns[rule.table].issuperset(rule.columns))
    ]
    counts = _count_wheres(usable, lazy, columns, study)
    found = []
    for rule in usable:
        if rule.where is not None:
            if rule.id not in counts:
                continue
            where, count = counts[rule.id]
            rows = _first(lazy[rule.table].filter(where)) if count else []
        else:
            count, rows = _run_find(rule, {**lazy, rule.table: readable[rule.table]}, study)
        if count:
            found.append(_violation(rule, count, rows))
    return tuple(found)


def _count_wheres(
    rules: Iterable[Rule], frames: Mapping[str, Any], columns: Mapping[str, set[str]], study: Study
) -> dict[str, tuple[nw.Expr, int]]:
    """Counts all row-wise rules of a table in one pass; a rule judges rows whose cells could be read."""
    by_table: dict[str, dict[str, nw.Expr]] = {}
    for rule in rules:
        if rule.where is not None and (where := rule.where(study)) is not None:
            where = where.fill_null(False)
            for mark in _marks(rule, columns[rule.table]):
                where = where & ~nw.col(mark)
            by_table.setdefault(rule.table, {})[rule.id] = where
    counts: dict[str, tuple[nw.Expr, int]] = {}
    for table, wheres in by_table.items():
        sums = [where.sum().alias(f"rule{i}") for i, where in enumerate(wheres.values())]
        row = _gather(frames[table].select(*sums)).row(0)
        counts |= {key: (where, int(n or 0)) for (key, where), n in zip(wheres.items(), row, strict=True)}
    return counts


def _marks(rule: Rule, there: set[str]) -> list[str]:
    """Marks of the cells a rule looks at, and of whole rows; one mark for all where there is no other."""
    by_column = [name for name in there if name.startswith(_BAD_COLUMN)]
    if not by_column:
        return [BAD] if BAD in there else []
    return [name for name in map(bad_column, (*rule.columns, "")) if name in there]


def _run_find(rule: Rule, frames: Mapping[str, Any], study: Study) -> tuple[int, list[int]]:
    assert rule.find is not None
    rows = rule.find(frames, study)
    if rows is None:
        return 0, []
    numbers = sorted(_collect(rows.select(ROW)))
    return len(numbers), sorted(set(numbers))[:SHOWN_ROWS]


def _first(frame: Any) -> list[int]:
    """The first row numbers; one row of a wide file may have become several."""
    return _collect(frame.select(ROW).unique().top_k(SHOWN_ROWS, by=ROW, reverse=True))


def _gather(frame: Any) -> Any:
    """Collects; through Polars' streaming engine where the frame is one of Polars."""
    native = frame.to_native()
    if isinstance(native, pl.LazyFrame):
        return nw.from_native(native.collect(engine="streaming"))
    return frame.collect()


def _collect(frame: Any) -> list[int]:
    return sorted(int(number) for number in _gather(frame)[ROW].to_list())


def _violation(rule: Rule, count: int, rows: Iterable[int]) -> Violation:
    return Violation(
        table=rule.table,
        column=", ".join(rule.columns),
        rule=rule.name,
        count=count,
        first_rows=tuple(rows),
        text=rule.text,
        what_to_do=rule.what_to_do,
    )
