"""Text with separators (CSV): decoded, its shape checked, row numbers kept."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from wellperf_models.study import TableSource
from wellperf_models.tables.containers import (
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    check_lines,
    long_cells,
    too_wide,
)
from wellperf_models.tables.raw import Raw
from wellperf_models.tables.rules import ROW
from wellperf_models.tables.violation import SHOWN_ROWS, Note, Refused, Violation, file_problem

SEPARATORS = (";", "\t", ",", "|")
_BOM = b"\xef\xbb\xbf"
# a file of which more rows are malformed is read in the wrong way
_MOST_RAGGED = 0.5


@dataclass(kw_only=True)
class _Shape:
    """What the rows of a file look like.

    Attributes:
        header: The header.
        n_rows: Data rows, blank lines included.
        ragged: Those with another number of cells than the header.
        long: Those with a cell that is too long.
        broken: Those with a line break inside a cell.
    """

    header: tuple[str, ...]
    n_rows: int
    ragged: list[int]
    long: list[int]
    broken: list[int]


def read_text(table: str, source: TableSource, path: Path) -> Raw:
    """Reads a CSV file.

    Args:
        table: Name of the table, for messages.
        source: How it is written.
        path: The file.

    Raises:
        Refused: It can't be read; holds the violation that says why.
    """
    content = path.read_bytes()
    text = _decode(table, source, content).rstrip("\r\n")
    if not text:
        raise Refused(file_problem(table, "empty_table", "the file is empty", "check the extract"))
    # universal newlines, also inside quotes: rows are counted the same on every platform
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    longest = check_lines(table, text)
    shape = _shape(text, source.separator, long_line=longest > MAX_CELL_CHARACTERS)
    _check_header(table, source, shape.header)
    problems, notes = _findings(table, source, shape, bom=content.startswith(_BOM))
    if shape.ragged:
        frame, numbers = _formed(text, source.separator, shape)
        lazy = frame.insert_column(0, pl.Series(ROW, numbers, dtype=pl.UInt32)).lazy()
    else:
        frame = _parse(text, source.separator)
        if frame.height != shape.n_rows:
            raise Refused(
                file_problem(
                    table,
                    "unreadable",
                    f"where rows of {source.path} end is not clear: two ways of reading count differently",
                    "look for stray quotes and line breaks inside cells, and save the file again",
                )
            )
        lazy = frame.with_row_index(ROW, offset=1).lazy()
    return Raw(
        frame=lazy,
        header=shape.header,
        form="csv",
        files=(path,),
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _findings(
    table: str, source: TableSource, shape: _Shape, *, bom: bool
) -> tuple[list[Violation], list[Note]]:
    """What is wrong with the rows, and what was done about it because the study says so."""
    problems, notes = [], []
    if bom:
        text = "the file begins with a byte-order mark, which is no part of the first column's name"
        notes.append(Note(table=table, rule="byte_order_mark", count=1, text=text))
    if shape.long:
        problems.append(long_cells(table, shape.long))
    if shape.broken:
        text = "cells hold line breaks: several lines of the file make one row"
        notes.append(Note(table=table, rule="line_breaks_in_cells", count=len(shape.broken), text=text))
    if not shape.ragged:
        return problems, notes
    if source.ragged_rows == "drop" and len(shape.ragged) <= _MOST_RAGGED * shape.n_rows:
        text = "rows dropped, because they have another number of cells than the header (ragged_rows)"
        return problems, [*notes, Note(table=table, rule="ragged_rows", count=len(shape.ragged), text=text)]
    ragged = Violation(
        table=table,
        column="",
        rule="ragged_rows",
        count=len(shape.ragged),
        first_rows=tuple(shape.ragged[:SHOWN_ROWS]),
        text=f"every row has as many cells as the header ({len(shape.header)})",
        what_to_do="mend the rows in the source (quote cells that hold the separator), correct separator, or "
        f'write ragged_rows = "drop" in [tables.{table}]',
    )
    if len(shape.ragged) > _MOST_RAGGED * shape.n_rows:
        raise Refused(*problems, ragged)
    return [*problems, ragged], notes


def _check_header(table: str, source: TableSource, header: tuple[str, ...]) -> None:
    if len(header) > MAX_COLUMNS:
        raise Refused(too_wide(table, len(header)))
    other = [s for s in SEPARATORS if s != source.separator and s in header[0]]
    if len(header) == 1 and other:
        raise Refused(
            file_problem(
                table,
                "separator",
                f"the header is one column that contains {other[0]!r}",
                f'write separator = "{other[0]}" in [tables.{table}]'.replace("\t", "\\t"),
            )
        )


def _parse(text: str, separator: str) -> pl.DataFrame:
    frame = pl.read_csv(
        io.BytesIO(text.encode()),
        has_header=False,
        infer_schema=False,
        separator=separator,
        empty_string_is_null=False,
        raise_if_empty=False,
    ).slice(1)
    return frame.rename({name: f"c{i}" for i, name in enumerate(frame.columns)})


def _formed(text: str, separator: str, shape: _Shape) -> tuple[pl.DataFrame, list[int]]:
    """The rows that have as many cells as the header, and their numbers in the file."""
    left_out = set(shape.ragged)
    numbers, rows = [], []
    for number, row in enumerate(_rows(text, separator), start=0):
        if number and number not in left_out:
            numbers.append(number)
            rows.append(row or [""] * len(shape.header))
    names = [f"c{i}" for i in range(len(shape.header))]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row"), numbers


def _rows(text: str, separator: str) -> Any:
    csv.field_size_limit(2**30)
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def _shape(text: str, separator: str, *, long_line: bool) -> _Shape:
    """Header, and the data rows that are out of shape (blank lines are judged later)."""
    rows = _rows(text, separator)
    header = tuple(next(rows))
    width = len(header)
    shape = _Shape(header=header, n_rows=0, ragged=[], long=[], broken=[])
    line = rows.line_num
    for number, row in enumerate(rows, start=1):
        shape.n_rows = number
        if row and len(row) != width:
            shape.ragged.append(number)
        broken = rows.line_num > line + 1
        line = rows.line_num
        if broken:
            shape.broken.append(number)
        # where no line of the file is that long, a cell is so only if it holds line breaks
        if (long_line or broken) and row and max(map(len, row)) > MAX_CELL_CHARACTERS:
            shape.long.append(number)
    return shape


def _decode(table: str, source: TableSource, content: bytes) -> str:
    encoding = source.encoding
    try:
        # a byte-order mark is no part of the first column's name
        text = content.decode(
            "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
        )
    except LookupError:
        raise Refused(
            file_problem(
                table, "encoding", f"{encoding!r} is no encoding", 'write "utf-8", "cp1252", "latin-1" …'
            )
        ) from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n")
        advice = 'try encoding = "cp1252" (Windows) or "utf-16"'
        problem = file_problem(table, "encoding", f"the file is not written in {encoding}", advice)
        raise Refused(Violation(**(vars(problem) | {"first_rows": (line,) if line else ()}))) from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00"))
        problem = file_problem(
            table,
            "encoding",
            f"the file is not text in {encoding}: it holds the character NUL",
            'try encoding = "utf-16"; a file that was cut off while it was written is filled with NUL',
        )
        raise Refused(Violation(**(vars(problem) | {"first_rows": (line,) if line else ()})))
    if not content.isascii() and not encoding.lower().startswith(("utf", "u8")) and _is_utf8(content):
        raise Refused(
            file_problem(
                table,
                "encoding",
                f"the file is written in UTF-8; read as {encoding}, its letters beyond ASCII are wrong",
                f'write encoding = "utf-8" in [tables.{table}]',
            )
        )
    return text


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
