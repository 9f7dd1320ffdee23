"""The files a table may come in: CSV, Parquet, Excel, Stata.

What is text in the container stays text here; Parquet is scanned, not read.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import string
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from wellperf_models.study import Study, TableSource
from wellperf_models.tables.rules import ROW
from wellperf_models.tables.violation import SHOWN_ROWS, Refused, Violation

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
    ".xls": "excel",
    ".xlsb": "excel",
    ".ods": "excel",
    ".dta": "stata",
}
SEPARATORS = (";", "\t", ",", "|")


@dataclass(frozen=True, kw_only=True)
class Raw:
    """A source as it is.

    Attributes:
        frame: Columns `c0`, `c1`, … in the order of the header, and `_row` (from 1).
        header: The header, duplicates and all.
        form: csv, parquet, excel, stata, sql or frame.
        files: Files behind it, for the fingerprint.
        digest: sha256 of the result, where there is no file.
    """

    frame: pl.LazyFrame
    header: tuple[str, ...]
    form: str
    files: tuple[Path, ...] = ()
    digest: str = ""


def open_source(study: Study, table: str, source: TableSource) -> Raw:
    """Opens the file or files of a table.

    Args:
        study: Gives the folders to search.
        table: Name of the table, for messages.
        source: Where and how it is written.

    Returns:
        The source, unparsed.

    Raises:
        Refused: It can't be read; holds the violation that says why.
    """
    assert source.path is not None
    return open_files(table, source, _find(study, table, source))


def open_files(table: str, source: TableSource, files: tuple[Path, ...]) -> Raw:
    """As `open_source`, of files that are known to exist."""
    form = source.format or FORMATS.get(files[0].suffix.lower())
    if form is None:
        raise Refused(
            file_problem(
                table,
                "unknown_format",
                f"the ending of {source.path} says nothing about its format",
                f'write format = "csv", "parquet", "excel" or "stata" in [tables.{table}]',
            )
        )
    if form != "parquet" and len(files) > 1:
        raise Refused(
            file_problem(
                table,
                "one_file",
                f"{source.path} is {len(files)} files",
                "only Parquet is read in pieces; give one file",
            )
        )
    try:
        if form == "parquet":
            return _parquet(table, files)
        if form == "excel":
            return _excel(table, source, files[0])
        if form == "stata":
            return _stata(files[0])
        return _csv(table, source, files[0])
    except Refused:
        raise
    except Exception as error:  # the readers' own errors are of every kind
        raise Refused(
            file_problem(
                table,
                "unreadable",
                f"{source.path} is not a readable {form} file ({type(error).__name__})",
                "open it in its own program and save it again, or correct format in the study file",
            )
        ) from error


def file_problem(table: str, rule: str, text: str, what_to_do: str, *, column: str = "") -> Violation:
    """A violation about a whole file or an entry of the study file."""
    return Violation(table=table, column=column, rule=rule, count=1, text=text, what_to_do=what_to_do)


def digest_file(path: Path) -> str:
    """sha256 of the bytes of a file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_files(files: tuple[Path, ...]) -> str:
    """sha256 over the hashes of files, in order."""
    total = hashlib.sha256()
    for path in files:
        total.update(bytes.fromhex(digest_file(path)))
    return total.hexdigest()


def digest_frame(frame: pl.DataFrame) -> str:
    """sha256 over the rows of a frame, whatever their order."""
    text = frame.select(pl.all().cast(pl.String))
    return hashlib.sha256(text.sort(text.columns).write_csv().encode()).hexdigest()


def numbered(frame: pl.DataFrame, header: tuple[str, ...]) -> pl.LazyFrame:
    """Columns by position, rows numbered from 1."""
    frame = frame.rename(dict(zip(frame.columns, (f"c{i}" for i in range(len(header))), strict=True)))
    return frame.with_row_index(ROW, offset=1).lazy()


def _find(study: Study, table: str, source: TableSource) -> tuple[Path, ...]:
    """The file, or the pieces of a Parquet folder or pattern, in name order.

    Only files inside the study's folder or one of its data folders, links followed: a study file written by
    others can't have another file of this machine opened and its first row quoted.
    """
    path = source.path or ""
    folders = study.data_dirs()
    roots = (study.folder.resolve(), *folders)

    def allowed(file: Path) -> bool:
        return any(file.resolve().is_relative_to(root) for root in roots)

    outside = False
    for folder in folders:
        whole = folder / path
        if not allowed(whole):
            outside = True
            continue
        if whole.is_file():
            return (whole,)
        pieces = sorted(whole.glob("*.parquet")) if whole.is_dir() else []
        if not pieces and "*" in path and not Path(path).is_absolute():
            pieces = sorted(folder.glob(path))
        if pieces and all(allowed(piece) for piece in pieces):
            return tuple(pieces)
        outside |= bool(pieces)
    if outside:
        raise Refused(
            file_problem(
                table,
                "outside_data_dirs",
                f"{path} lies in the study's folder or in one of its data_dirs, links followed",
                "add the folder that holds the file to [study] data_dirs, or copy the file there",
            )
        )
    raise Refused(_missing_file(study, table, path))


def _missing_file(study: Study, table: str, path: str) -> Violation:
    names = {n for text in study.study.data_dirs for n in string.Template(text).get_identifiers()}
    unset = sorted(name for name in names if name not in os.environ)
    searched = ", ".join(str(folder) for folder in study.data_dirs()) or "no folder"
    advice = (
        f"set the environment variable {' or '.join(unset)} to the folder of the data, or " if unset else ""
    )
    return file_problem(
        table,
        "missing_file",
        f"{path} is in none of the searched folders: {searched}",
        f"{advice}correct [tables.{table}] path or [study] data_dirs",
    )


def _csv(table: str, source: TableSource, path: Path) -> Raw:
    text = _decode(table, source, path.read_bytes()).rstrip("\r\n")
    if not text:
        raise Refused(file_problem(table, "empty_table", "the file is empty", "check the extract"))
    # universal newlines, also inside quotes: rows are counted the same on every platform
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    header, ragged = _shape(text, source.separator)
    if ragged:
        raise Refused(
            Violation(
                table=table,
                column="",
                rule="ragged_rows",
                count=len(ragged),
                first_rows=tuple(ragged[:SHOWN_ROWS]),
                text=f"every row has as many cells as the header ({len(header)})",
                what_to_do="quote cells that hold the separator, or correct separator in the study file",
            )
        )
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
    frame = pl.read_csv(
        io.BytesIO(text.encode()),
        has_header=False,
        infer_schema=False,
        separator=source.separator,
        empty_string_is_null=False,
        raise_if_empty=False,
    ).slice(1)
    return Raw(frame=numbered(frame, header), header=header, form="csv", files=(path,))


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
        raise Refused(
            file_problem(table, "encoding", f"the file is not text in {encoding}", 'try encoding = "utf-16"')
        )
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


def _shape(text: str, separator: str) -> tuple[tuple[str, ...], list[int]]:
    """Header, and the data rows whose number of cells differs from it (blank lines are judged later)."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    csv.field_size_limit(2**30)
    header = tuple(next(rows))
    width = len(header)
    return header, [number for number, row in enumerate(rows, start=1) if row and len(row) != width]


def _parquet(table: str, files: tuple[Path, ...]) -> Raw:
    scan = pl.scan_parquet(list(files), row_index_name=ROW, row_index_offset=1)
    header = tuple(name for name in scan.collect_schema().names() if name != ROW)
    renamed = scan.select(ROW, *(pl.col(name).alias(f"c{i}") for i, name in enumerate(header)))
    return Raw(frame=renamed, header=header, form="parquet", files=files)


def _excel(table: str, source: TableSource, path: Path) -> Raw:
    import fastexcel

    book = fastexcel.read_excel(path)
    if source.sheet is not None and source.sheet not in book.sheet_names:
        raise Refused(
            file_problem(
                table,
                "missing_sheet",
                f"the workbook has no sheet {source.sheet!r}; it has: {', '.join(book.sheet_names)}",
                f"correct sheet in [tables.{table}]",
            )
        )
    sheet = book.load_sheet(source.sheet if source.sheet is not None else 0, header_row=None, dtypes="string")
    cells = sheet.to_polars()
    if cells.height == 0:
        raise Refused(file_problem(table, "empty_table", "the sheet is empty", "check the extract"))
    header = tuple("" if name is None else str(name) for name in cells.row(0))
    return Raw(frame=numbered(cells.slice(1), header), header=header, form="excel", files=(path,))


def _stata(path: Path) -> Raw:
    import pyreadstat

    # codes, not value labels: partly labelled scales stay numbers, and [values] maps codes
    frame, _ = pyreadstat.read_dta(str(path), output_format="polars")
    header = tuple(frame.columns)
    return Raw(frame=numbered(frame, header), header=header, form="stata", files=(path,))
