"""Files in binary forms, made by code: Parquet, workbooks, and workbooks that should not be opened."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import polars as pl

_TYPES = (
    b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    b'<Default Extension="xml" ContentType="application/xml"/>'
    b'<Override PartName="/xl/workbook.xml" ContentType='
    b'"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
_RELATIONS = (
    b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" '
    b'Target="%s"/></Relationships>'
)
_BOOK = (
    b'<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    b'<sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>'
)
_SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def _row(number: int, *cells: str) -> bytes:
    parts = (
        f'<c r="{letter}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for letter, cell in zip("ABCD", cells, strict=True)
    )
    return f'<row r="{number}">{"".join(parts)}</row>'.encode()


ROWS = _row(1, "employee_id", "start", "end", "exit_reason") + _row(
    2, "1", "2020-01-01", "2021-12-31", "voluntary"
)


def workbook(rows: bytes, *, before: bytes = b"", parts: int = 0) -> bytes:
    """A workbook of one sheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS % (b"officeDocument", b"xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", _BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", _RELATIONS % (b"worksheet", b"worksheets/sheet1.xml"))
        sheet = b'<?xml version="1.0"?>' + before + _SHEET + rows + b"</sheetData></worksheet>"
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        for i in range(parts):
            archive.writestr(f"xl/media/{i}", b"")
    return out.getvalue()


def excel_bomb() -> bytes:
    """A workbook of some 60 kB whose sheet unpacks to 60 MB."""
    return workbook(ROWS + b" " * 60_000_000)


def damaged(content: bytes) -> bytes:
    """A file in whose middle bytes were lost."""
    middle = len(content) // 2
    return content[:middle] + bytes(200) + content[middle + 200 :]


def parquet(*, dates: str = "", times: str = "", rows: int | None = None, **columns: list[Any]) -> bytes:
    """A Parquet file; `dates` and `times` name the columns that are typed so."""
    frame = pl.DataFrame(columns)
    frame = frame.with_columns(pl.col(name).str.to_date() for name in dates.split())
    frame = frame.with_columns(pl.col(name).str.to_datetime() for name in times.split())
    out = io.BytesIO()
    frame.head(rows if rows is not None else frame.height).write_parquet(out)
    return out.getvalue()
