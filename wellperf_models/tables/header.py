"""Which column of a source stands for which declared one."""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from dataclasses import dataclass, field

from wellperf_models.study import TableSource, Wide
from wellperf_models.tables.declare import TableSchema
from wellperf_models.tables.sources import file_problem
from wellperf_models.tables.violation import Violation

_NUMBERED = re.compile(r"^(?P<name>.*)\[(?P<number>[1-9][0-9]*)\]$")
_SHOWN_HEADERS = 12
_VALUE = re.compile(
    r"[\W\d_]*\d[\W\d_]*"  # numbers, dates, times, telephone numbers
    r"|\d{1,2}[-./ ]\w{3,9}[-./ ]\d{2,4}"  # 31-Jan-2020
    r"|\S+@\S+\.\S+"
    r"|m|f|male|female|yes|no|true|false|voluntary|involuntary|na|n/a|nan|null|none",
    re.IGNORECASE,
)


@dataclass(kw_only=True)
class Mapping:
    """Where every column comes from.

    Attributes:
        positions: Declared column or attribute → position in the header.
        wide: Position in the header → name it stands for.
        beside: Declared column → {name that wide makes → position in the header}.
        problems: What could not be resolved.
        incomplete: A required column is missing, so that the rules can't be evaluated.
    """

    positions: dict[str, int] = field(default_factory=dict)
    wide: dict[int, str] = field(default_factory=dict)
    beside: dict[str, dict[str, int]] = field(default_factory=dict)
    problems: list[Violation] = field(default_factory=list)
    incomplete: bool = False


def map_header(schema: TableSchema, source: TableSource, header: tuple[str, ...], key: str) -> Mapping:
    """Resolves the study's column mapping against a header.

    A declared column that the study does not mention is taken from the column of its own name, if there is
    one.

    Args:
        schema: The declared table.
        source: How the study maps it.
        header: The header of the source.
        key: Its name in the study file, `[tables.KEY]`: the table's own, or that of a part.
    """
    mapping = Mapping(problems=_entries(schema, source, key))
    wide = source.wide
    by_wide = {wide.name, wide.value, *wide.beside} if wide else set()
    elsewhere = by_wide | set(source.constants) | _numbered(schema, source)
    for column in schema.columns:
        theirs = source.columns.get(column.name)
        if column.name in elsewhere:
            if theirs is not None:
                mapping.problems.append(_twice(key, column.name))
            continue
        _resolve(mapping, key, column.name, theirs, header, required=column.required)
    for name, theirs in source.attributes.items():
        if name not in schema.names:
            _resolve(mapping, key, name, theirs, header, required=False)
    if wide:
        _resolve_wide(mapping, key, wide, header)
    _check_form(mapping, schema, source, key)
    return mapping


def _resolve_wide(mapping: Mapping, key: str, wide: Wide, header: tuple[str, ...]) -> None:
    """Finds the columns that become rows, and those that stand beside them."""
    for theirs, name in wide.columns.items():
        found = _position(theirs, header)
        if isinstance(found, int):
            mapping.wide[found] = name
        else:
            entry = f'"their header" = {json.dumps(name)} in [tables.{key}.wide.columns]'
            mapping.problems.append(_not_found(key, name, theirs, header, found, entry))
            mapping.incomplete = True
    for column, headers in wide.beside.items():
        mapping.beside[column] = {}
        for name, theirs in headers.items():
            found = _position(theirs, header)
            if isinstance(found, int):
                mapping.beside[column][name] = found
            else:
                entry = f'{name} = "their header" in [tables.{key}.wide.beside.{column}]'
                mapping.problems.append(_not_found(key, column, theirs, header, found, entry))


def _resolve(
    mapping: Mapping,
    key: str,
    name: str,
    theirs: str | None,
    header: tuple[str, ...],
    *,
    required: bool,
) -> None:
    found = _position(theirs if theirs is not None else name, header)
    if isinstance(found, int):
        mapping.positions[name] = found
        return
    if theirs is None and not found and not required:
        return
    mapping.problems.append(_not_found(key, name, theirs or name, header, found))
    mapping.incomplete |= required


def _position(theirs: str, header: tuple[str, ...]) -> int | list[int]:
    """Position of a header; several positions where it is ambiguous, none where it is missing."""
    exact = [i for i, name in enumerate(header) if name == theirs]
    if not exact and (numbered := _NUMBERED.match(theirs)):
        every = _same(numbered["name"], header)
        number = int(numbered["number"])
        return every[number - 1] if number <= len(every) else []
    exact = exact or _same(theirs, header)
    return exact[0] if len(exact) == 1 else exact


def _same(theirs: str, header: tuple[str, ...]) -> list[int]:
    """Equal, or equal but for blanks around it, or for how Unicode composes its letters."""
    return (
        [i for i, name in enumerate(header) if name == theirs]
        or [i for i, name in enumerate(header) if name.strip() == theirs.strip()]
        or [i for i, name in enumerate(header) if _composed(name) == _composed(theirs)]
    )


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())


def _not_found(
    table: str, name: str, theirs: str, header: tuple[str, ...], found: int | list[int], entry: str = ""
) -> Violation:
    if isinstance(found, list) and len(found) > 1:
        return file_problem(
            table,
            "ambiguous_column",
            f"{len(found)} columns are called {theirs!r}",
            f'write "{theirs}[1]" or "{theirs}[{len(found)}]" there'
            if entry
            else f'write [tables.{table}.columns] {name} = "{theirs}[1]" or "{theirs}[{len(found)}]"',
            column=name,
        )
    if looks_like_data(header):
        return file_problem(
            table,
            "missing_column",
            f"the source has no column {theirs!r}; the first row looks like data: is there a header?",
            "write the names of the columns into the first row of the file",
            column=name,
        )
    close = difflib.get_close_matches(theirs, header, n=1, cutoff=0.6)
    if not close:
        folded = {other.casefold(): other for other in header}
        close = [folded[c] for c in difflib.get_close_matches(theirs.casefold(), folded, n=1, cutoff=0.6)]
    shown = ", ".join(header[:_SHOWN_HEADERS]) + (" …" if len(header) > _SHOWN_HEADERS else "")
    return file_problem(
        table,
        "missing_column",
        f"the source has no column {theirs!r}"
        + (f"; did you mean {close[0]!r}?" if close else f"; it has: {shown}"),
        f"write {entry}" if entry else f'write [tables.{table}.columns] {name} = "their header"',
        column=name,
    )


def looks_like_data(header: tuple[str, ...]) -> bool:
    """At least half of the cells are empty, repeated, or what a person's row would hold.

    Then the first row is no header, and none of its cells may be shown.
    """
    plain = [name.strip() for name in header]
    values = sum(
        1
        for i, name in enumerate(plain)
        if not name or _VALUE.fullmatch(name) or name.casefold() in (other.casefold() for other in plain[:i])
    )
    return 2 * values >= len(plain)


def _entries(schema: TableSchema, source: TableSource, key: str) -> list[Violation]:
    """Keys of the study file that name no declared column, or one that has another origin already."""
    table, problems = key, []
    declared = set(schema.names)
    wide = {"wide.name": source.wide.name, "wide.value": source.wide.value} if source.wide else {}
    named = [("columns", n, declared) for n in source.columns]
    named += [("constants", n, declared) for n in source.constants]
    named += [("units", n, declared) for n in source.units]
    named += [("drop_missing", n, declared | set(source.attributes)) for n in source.drop_missing]
    named += [("column_nulls", n, declared | set(source.attributes)) for n in source.column_nulls]
    named += [("date_formats", n, declared) for n in source.date_formats]
    named += [("partial_dates", n, declared) for n in source.partial_dates]
    named += [("values", n, declared | set(source.attributes)) for n in source.values]
    named += [(entry, n, declared) for entry, n in wide.items()]
    beside = tuple(source.wide.beside) if source.wide else ()
    named += [("wide.beside", n, declared) for n in beside]
    for entry, name, known in named:
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
            problems.append(
                file_problem(
                    table,
                    "unknown_column",
                    f"{entry} names {name!r}, which {schema.name} does not declare"
                    + (
                        f"; did you mean {close[0]!r}?"
                        if close
                        else f"; it declares: {', '.join(schema.names)}"
                    ),
                    f"correct [tables.{table}] {entry}; carry other columns along as attributes",
                    column=name,
                )
            )
    for name in source.attributes:
        if name in declared:
            problems.append(_twice(table, name))
    taken = {*wide.values(), *source.constants, *_numbered(schema, source)}
    problems += [_twice(table, name) for name in beside if name in taken]
    if source.row_id and schema.subject is None:
        problems.append(
            file_problem(
                table,
                "row_id",
                f"{schema.name} has no column that rows could be numbered as",
                "remove row_id",
            )
        )
    return [*problems, *_row_number(schema, source, table)]


def _numbered(schema: TableSchema, source: TableSource) -> set[str]:
    """Columns that take the number of the row."""
    subject = {schema.subject} if source.row_id and schema.subject else set()
    return subject | ({source.row_number} if source.row_number else set())


def _row_number(schema: TableSchema, source: TableSource, key: str) -> list[Violation]:
    """A row can only be numbered as a declared text that says nothing of whom it is about."""
    name = source.row_number
    if name is None:
        return []
    column = schema.by_name.get(name)
    wide = (source.wide.name, source.wide.value) if source.wide else ()
    if name in source.constants or name in wide:
        return [_twice(key, name)]
    if column is not None and column.type == "text" and name != schema.subject:
        return []
    texts = [c.name for c in schema.columns if c.type == "text" and c.name != schema.subject]
    return [
        file_problem(
            key,
            "row_number",
            f"rows can't be numbered as {name!r}: "
            + ("it says whom a row is about" if name == schema.subject else "it is no declared text")
            + (f"; known: {', '.join(texts)}" if texts else ""),
            "write row_id = true" if name == schema.subject else "correct or remove row_number",
            column=name,
        )
    ]


def _twice(table: str, name: str) -> Violation:
    return file_problem(
        table,
        "one_origin",
        f"{name} has two origins in the study file (columns, constants, wide, attributes, row_id or "
        "row_number)",
        f"leave one of them in [tables.{table}]",
        column=name,
    )


def _check_form(mapping: Mapping, schema: TableSchema, source: TableSource, key: str) -> None:
    """A file has the columns of exactly one form of its table."""
    if not schema.forms:
        return
    wide = (source.wide.name, source.wide.value, *source.wide.beside) if source.wide else ()
    there = {*mapping.positions, *source.constants, *wide}
    used = [form for form in schema.forms if there.intersection(form)]
    if len(used) == 1 and used[0][0] in there:
        return
    mapping.incomplete = True
    choices = " or ".join(form[0] for form in schema.forms)
    mapping.problems.append(
        file_problem(
            key,
            "one_form",
            f"either {choices}: the source has {'both' if len(used) > 1 else 'neither'}",
            f"map exactly one of {choices} in [tables.{key}.columns]",
            column=", ".join(form[0] for form in schema.forms),
        )
    )


def form_columns(schema: TableSchema, there: set[str]) -> tuple[str, ...]:
    """Declared columns of the form in use: those of the other form are left out."""
    used = [form for form in schema.forms if form[0] in there]
    unused = {name for form in schema.forms if form not in used for name in form}
    return tuple(name for name in schema.names if name not in unused)
