"""From a raw source to the declared table: duplicates, wide to long, values, units, types.

Nothing is repaired. A cell that can't be read makes a violation, and its row is judged by no other rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from wellperf_models.study import Study, TableSource
from wellperf_models.tables.columns import Work, attribute, declared_column
from wellperf_models.tables.declare import TableSchema
from wellperf_models.tables.durations import halve_zero_durations
from wellperf_models.tables.header import Mapping, form_columns, map_header
from wellperf_models.tables.lost_waves import lost_waves
from wellperf_models.tables.parse import as_text
from wellperf_models.tables.raw import Raw
from wellperf_models.tables.readings import date_sums, judge_dates, judge_numbers, number_sums, with_rows
from wellperf_models.tables.rules import BAD, ROW, bad_column, is_mark
from wellperf_models.tables.violation import SHOWN_ROWS, Note, Violation, file_problem
from wellperf_models.tables.wide import lengthen
from wellperf_models.tables.written import diagnose, missing_words_in


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
        notes: What was done with it because the study says so.
    """

    frame: pl.LazyFrame | None
    n_rows: int
    dropped: int
    half_steps: int
    violations: tuple[Violation, ...]
    notes: tuple[Note, ...] = ()


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
    try:
        return _conform(study, schema, source, raw, key)
    except (pl.exceptions.ComputeError, pl.exceptions.PanicException, OSError) as error:
        if raw.form != "parquet":
            raise
        # a Parquet file whose footer is whole and whose pages are not is found out only now
        problem = file_problem(
            key,
            "unreadable",
            f"{source.path or 'the source'} is damaged: its cells can't be read ({type(error).__name__})",
            "copy or export the file again",
        )
        return Declared(frame=None, n_rows=0, dropped=0, half_steps=0, violations=(problem,))


def _conform(study: Study, schema: TableSchema, source: TableSource, raw: Raw, key: str) -> Declared:
    mapping = map_header(schema, source, raw.header, key)
    dtypes = {n: d for n, d in raw.frame.collect_schema().items() if n != ROW}
    work = Work(key=key, schema=schema, source=source, raw=raw, frame=raw.frame, dtypes=dtypes)
    problems = [*raw.problems, *mapping.problems]
    work.notes += [replace(note, table=key) for note in raw.notes]
    _trim(work, mapping)
    _read_nulls(work)
    dropped = _duplicates(work)
    _lengthen(work, mapping)
    _map_columns(work, study, mapping, problems)
    n_rows, found = _count_bad(work)
    problems += found
    if n_rows == 0 and not problems:
        problems.append(
            file_problem(
                key, "empty_table", "the source has no rows", "check the extract, or remove the table"
            )
        )
    frame = work.frame.select(ROW, *work.values, *_marks(work))
    if raw.form != "parquet":
        frame = frame.collect().lazy()  # parsed once, not once per rule
    frame, n_dropped = _drop_missing(work, frame)
    half_steps = 0
    if source.zero_durations == "half_step" and not mapping.incomplete:
        frame, half_steps = halve_zero_durations(frame)
    _count_missing(work, frame)
    return Declared(
        frame=None if mapping.incomplete else frame,
        n_rows=n_rows - n_dropped,
        dropped=dropped,
        half_steps=half_steps,
        violations=tuple(problems),
        notes=tuple(work.notes),
    )


def _marks(work: Work) -> list[pl.Expr]:
    """Marks the rows with a cell that could not be read, and these cells by column; [] where all could."""
    if not work.bad:
        return []
    by_column: dict[str, list[pl.Expr]] = {}
    for where, problem in work.bad:
        by_column.setdefault(problem.column, []).append(where)
    marks = [pl.any_horizontal(wheres).alias(bad_column(name)) for name, wheres in by_column.items()]
    return [pl.any_horizontal([where for where, _ in work.bad]).alias(BAD), *marks]


def _map_columns(work: Work, study: Study, mapping: Mapping, problems: list[Violation]) -> None:
    """Adds every declared column and attribute."""
    schema, source = work.schema, work.source
    there = set(mapping.positions) | set(source.constants)
    if source.row_id and schema.subject:
        there.add(schema.subject)
    if source.row_number:
        there.add(source.row_number)
    if source.wide:
        there |= {source.wide.name, source.wide.value, *mapping.beside}
    for name in form_columns(schema, there):
        problems += declared_column(work, mapping, schema.by_name[name])
    for name in source.attributes:
        if name in mapping.positions and name not in schema.names:
            attribute(work, study, name, f"c{mapping.positions[name]}")


def _trim(work: Work, mapping: Mapping) -> None:
    """Takes blanks off the ends of texts, where the study says so."""
    if work.source.edge_blanks != "trim":
        return
    texts = [name for name, dtype in work.dtypes.items() if isinstance(dtype, pl.String)]
    used = {f"c{i}": name for name, i in mapping.positions.items()} | {
        f"c{i}": n for i, n in mapping.wide.items()
    }
    stripped = {name: pl.col(name).str.strip_chars() for name in texts}
    changed = [(pl.col(n) != stripped[n]).sum().alias(n) for n in texts if n in used]
    counts = work.frame.select(changed).collect(engine="streaming").row(0) if changed else ()
    for name, count in zip((n for n in texts if n in used), counts, strict=True):
        if count:
            text = "blanks taken off the ends of texts (edge_blanks)"
            work.notes.append(
                Note(table=work.key, column=used[name], rule="edge_blanks", count=int(count), text=text)
            )
    work.frame = work.frame.with_columns(**stripped)


def _drop_missing(work: Work, frame: pl.LazyFrame) -> tuple[pl.LazyFrame, int]:
    """Drops rows in which a cell is missing that the study says they are of no use without."""
    there = frame.collect_schema().names()
    needed = [name for name in work.source.drop_missing if name in there]
    if not needed:
        return frame, 0
    empty = pl.any_horizontal(pl.col(name).is_null() for name in needed)
    if BAD in there:
        empty = empty & ~pl.col(BAD)  # what could not be read is a violation, not missing
    n = int(frame.select(empty.sum()).collect(engine="streaming").item())
    if n:
        work.notes += lost_waves(frame, work.key, "wave", ~empty) if "wave" in there else ()
        text = "rows dropped, because one of these cells is missing (drop_missing)"
        work.notes.append(
            Note(table=work.key, column=", ".join(needed), rule="drop_missing", count=n, text=text)
        )
    return frame.filter(~empty), n


def _count_missing(work: Work, frame: pl.LazyFrame) -> None:
    """Notes missing cells of columns that the source has; reads every used cell once, so damage shows."""
    names = [name for name in frame.collect_schema().names() if not is_mark(name)]
    n, *counts = (
        frame.select(pl.len().alias(ROW), *(pl.col(name).null_count() for name in names))
        .collect(engine="streaming")
        .row(0)
    )
    missing = {name: int(k) for name, k in zip(names, counts, strict=True) if k and name in work.sourced}
    if missing:
        told = ", ".join(f"{name} {'every cell' if k == n else f'{k:,}'}" for name, k in missing.items())
        text = f"cells are missing, in {n:,} rows: {told}"
        work.notes.append(Note(table=work.key, rule="missing_cells", count=sum(missing.values()), text=text))


def _read_nulls(work: Work) -> None:
    """Turns the study's words for "missing" into missing cells."""
    missing = list(work.source.null_values)
    typed_words = [word for word in missing if word]
    nulls = []
    for name, dtype in work.dtypes.items():
        if isinstance(dtype, pl.String):
            nulls.append(pl.when(~pl.col(name).is_in(missing)).then(pl.col(name)))
        elif typed_words and (dtype.is_numeric() or isinstance(dtype, pl.Date)):
            # "-99" and "9999-12-31" mean missing in a typed file as well
            nulls.append(pl.when(~as_text(pl.col(name), dtype).is_in(typed_words)).then(pl.col(name)))
    if missing:
        work.frame = work.frame.with_columns(nulls)
    if work.text:
        work.flag(
            pl.all_horizontal(pl.col(name).is_null() for name in work.dtypes),
            "empty_row",
            "",
            "no row is empty",
            "remove empty rows in the source",
        )


def _duplicates(work: Work) -> int:
    """Rows equal in every column of the file to an earlier one."""
    numbered = work.source.row_id or work.source.row_number is not None
    typed_with_key = work.raw.form in ("parquet", "frame") and not numbered
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


def _lengthen(work: Work, mapping: Mapping) -> None:
    """Turns the wide columns into rows."""
    wide = work.source.wide
    if wide is None or not mapping.wide:
        return
    if "wave" in mapping.positions and not work.schema.may_miss(wide.value):
        given = pl.any_horizontal(pl.col(f"c{position}").is_not_null() for position in mapping.wide)
        work.notes += lost_waves(work.frame, work.key, f"c{mapping.positions['wave']}", given)
    # judged on the rows of the file, before they become several
    marks = {f"bad{i}": where for i, (where, _) in enumerate(work.bad)}
    work.bad = [(pl.col(f"bad{i}"), problem) for i, (_, problem) in enumerate(work.bad)]
    work.frame = lengthen(work.frame.with_columns(**marks), mapping, work.schema, wide.value, keep=marks)
    work.dtypes = {n: d for n, d in work.frame.collect_schema().items() if n != ROW and n not in marks}


def _count_bad(work: Work) -> tuple[int, list[Violation]]:
    """Rows, and the flagged ones by rule, in one pass; then a closer look at what could not be read."""
    sums = [where.sum().alias(f"bad{i}") for i, (where, _) in enumerate(work.bad)]
    sums += [where.sum().alias(f"step{i}") for i, (where, _) in enumerate(work.steps)]
    n_rows, *all_counts = work.frame.select(pl.len(), *sums).collect(engine="streaming").row(0)
    counts, steps = all_counts[: len(work.bad)], all_counts[len(work.bad) :]
    work.notes += [replace(note, count=int(n)) for (_, note), n in zip(work.steps, steps, strict=True) if n]
    found, kept, unread = [], [], set()
    for (where, problem), count in zip(work.bad, counts, strict=True):
        if not count:
            continue
        kept.append((where, problem))
        rows = work.frame.filter(where).select(pl.col(ROW).unique().sort().head(SHOWN_ROWS)).collect()[ROW]
        first = tuple(int(row) for row in rows)
        found.append(replace(problem, count=int(count), first_rows=first))
        unread.add(problem.column)
    work.bad = kept
    told = _closer_look(work, unread, found)
    return int(n_rows), [*found, *told]


def _closer_look(work: Work, unread: set[str], found: list[Violation]) -> list[Violation]:
    """Names the ways in which cells that can't be read are written; completes `found` with words of ours."""
    for i, violation in enumerate(found):
        if violation.rule == "missing_word":
            cells = work.frame.select(cell=work.sourced[violation.column].unique()).collect()["cell"]
            words = ", ".join(map(repr, missing_words_in(cells, work.source.not_missing)))
            found[i] = replace(violation, text=f"{violation.text}; found: {words}")
    told: list[Violation] = []
    for look in work.looked:
        if look.column in unread:
            every = work.frame.select(pl.col(ROW), cell=look.cell, bad=look.bad)
            known = every.filter(pl.col("cell").is_not_null()).collect()
            told += diagnose(known, _problem_of(work, look.column), dates=look.kind != "number")
    return [*told, *_doubtful(work, unread)]


def _problem_of(work: Work, column: str) -> Callable[[str, str, str], Violation]:
    def problem(rule: str, text: str, what_to_do: str) -> Violation:
        return file_problem(work.key, rule, text, what_to_do.replace("COLUMN", column), column=column)

    return problem


def _doubtful(work: Work, unread: set[str]) -> list[Violation]:
    """Columns that can be read as declared, and most likely say something else."""
    source, sums = work.source, []
    looked = {f"{i}:": look for i, look in enumerate(work.looked) if look.column not in unread}
    for prefix, look in looked.items():
        if look.kind == "date":
            sums += date_sums(prefix, look.value, source.formats_of(look.column))
        elif look.kind == "number":
            sums += number_sums(prefix, look.cell, source.decimal)
    if not sums:
        return []
    row = work.frame.select(sums).collect(engine="streaming").row(0, named=True)
    found = []
    for prefix, look in looked.items():
        own = {name.removeprefix(prefix): v for name, v in row.items() if name.startswith(prefix)}
        if not own:
            continue
        problem, why = _problem_of(work, look.column), ""
        if look.kind == "date":
            doubt, why = judge_dates(own, problem)
        else:
            doubt = judge_numbers(own, source.decimal, problem)
        if doubt is not None:
            given = work.frame.filter(look.cell.is_not_null()).select(ROW).collect()[ROW]
            found.append(with_rows(doubt, given))
        if why:
            text = why + " or ".join(source.formats_of(look.column))
            note = Note(
                table=work.key, column=look.column, rule="day_month_open", count=own["dates"], text=text
            )
            work.notes.append(note)
    return found
