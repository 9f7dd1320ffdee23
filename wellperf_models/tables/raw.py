"""A source as it is, before its columns are mapped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from wellperf_models.tables.rules import ROW
from wellperf_models.tables.violation import Note, Violation


@dataclass(frozen=True, kw_only=True)
class Raw:
    """A source as it is.

    Attributes:
        frame: Columns `c0`, `c1`, … in the order of the header, and `_row` (from 1).
        header: The header, duplicates and all.
        form: csv, parquet, excel, stata, sql or frame.
        files: Files behind it, for the fingerprint.
        digest: sha256 of the result, where there is no file.
        problems: What is wrong with some of its rows, which are not in `frame`.
        notes: What was done about how it is written.
    """

    frame: pl.LazyFrame
    header: tuple[str, ...]
    form: str
    files: tuple[Path, ...] = ()
    digest: str = ""
    problems: tuple[Violation, ...] = ()
    notes: tuple[Note, ...] = ()


def numbered(frame: pl.DataFrame, header: tuple[str, ...]) -> pl.LazyFrame:
    """Columns by position, rows numbered from 1."""
    frame = frame.rename(dict(zip(frame.columns, (f"c{i}" for i in range(len(header))), strict=True)))
    return frame.with_row_index(ROW, offset=1).lazy()
