"""The files a table may come in: CSV, Parquet, Excel, Stata.

What is text in the container stays text here; Parquet is scanned, not read.
"""

from __future__ import annotations

import hashlib
import os
import string
from pathlib import Path

import polars as pl

from wellperf_models.study import Study, TableSource
from wellperf_models.tables.containers import MAX_COLUMNS, check_zip, too_wide
from wellperf_models.tables.raw import Raw, numbered
from wellperf_models.tables.rules import ROW
from wellperf_models.tables.text_files import SEPARATORS, read_text
from wellperf_models.tables.violation import Refused, Violation, file_problem

__all__ = [
    "FORMATS", "SEPARATORS", "Raw", "digest_file", "digest_files", "digest_frame", "file_problem", "numbered",
    "open_files", "open_source",
]  # fmt: skip

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
        return read_text(table, source, files[0])
    except Refused:
        raise
    except (Exception, pl.exceptions.PanicException) as error:  # the readers' own errors are of every kind
        raise Refused(
            file_problem(
                table,
                "unreadable",
                f"{source.path} is not a readable {form} file ({type(error).__name__})",
                "open it in its own program and save it again, or correct format in the study file",
            )
        ) from error


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


def _parquet(table: str, files: tuple[Path, ...]) -> Raw:
    scan = pl.scan_parquet(list(files), row_index_name=ROW, row_index_offset=1)
    header = tuple(name for name in scan.collect_schema().names() if name != ROW)
    renamed = scan.select(ROW, *(pl.col(name).alias(f"c{i}") for i, name in enumerate(header)))
    return Raw(frame=renamed, header=header, form="parquet", files=files)


def _excel(table: str, source: TableSource, path: Path) -> Raw:
    import fastexcel

    check_zip(table, path)
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
    if cells.width > MAX_COLUMNS:
        raise Refused(too_wide(table, cells.width))
    header = tuple("" if name is None else str(name) for name in cells.row(0))
    return Raw(frame=numbered(cells.slice(1), header), header=header, form="excel", files=(path,))


def _stata(path: Path) -> Raw:
    import pyreadstat

    # codes, not value labels: partly labelled scales stay numbers, and [values] maps codes
    frame, _ = pyreadstat.read_dta(str(path), output_format="polars")
    header = tuple(frame.columns)
    return Raw(frame=numbered(frame, header), header=header, form="stata", files=(path,))
