"""Released tables as files for a spreadsheet: one CSV each, and a workbook with all of them.

A spreadsheet takes a cell that begins with `=` for a formula, which can fetch addresses and start programs,
so a text never begins like one. In CSV (RFC 4180, UTF-8 with a byte-order mark, without which Excel misreads
letters beyond ASCII) an apostrophe goes before it; in the workbook every text is typed as a text. Numbers are
numbers in both. The same tables give the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from wellperf_models.report.controls import strip_controls

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

WORKBOOK: Final = "tables.xlsx"
_FOLDER = "tables"
_FORMULA = frozenset("=+-@")
# where a cell begins, for a reader whose spreadsheet separates by semicolons too
_STARTS = re.compile(r"(?:^|(?<=;))\s*")
_UNSAFE = re.compile(r"[^a-z0-9_]+")
_LONGEST_NAME = 60
_LONGEST_CELL = 32_000
_SHEET_NAME = 31
# the first moment a ZIP file knows
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_WIDEST = 60
_ABOUT_ITSELF = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties xmlns:cp="http://schemas.'
    b'openxmlformats.org/package/2006/metadata/core-properties"></cp:coreProperties>'
)


def export_tables(results: Mapping[str, Any]) -> dict[str, bytes]:
    """File name → content of every released table of a pack, and of the workbook that holds all.

    Args:
        results: As in `results.json`: nothing is read but what passed the gate.
    """
    tables = list(_tables(results))
    files = {csv_name(evidence["id"], table["name"]): _csv(table) for evidence, table in tables}
    return {**files, WORKBOOK: _workbook(results, tables)}


def csv_name(evidence: str, table: str) -> str:
    """Path of a table's CSV below the pack: letters, digits, dots and underscores, whatever the names."""
    return f"{_FOLDER}/{'.'.join(_safe(part) for part in (*evidence.split('.'), table))}.csv"


def plain_cell(text: str) -> str:
    """A text for CSV: one line, without hidden characters, and not the beginning of a formula."""
    line = " ".join(strip_controls(text).split())[:_LONGEST_CELL]
    return _STARTS.sub(lambda start: _mark(line, start), line)


def _mark(line: str, start: re.Match[str]) -> str:
    following = line[start.end() : start.end() + 1]
    # full-width and other twins of the four are read as them by some programs
    apostrophe = bool(following) and unicodedata.normalize("NFKC", following)[0] in _FORMULA
    return f"{start[0]}'" if apostrophe else start[0]


def _tables(results: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for evidence in results["evidence"]:
        for table in evidence["tables"]:
            yield evidence, table


def _safe(part: str) -> str:
    """A part of a file name; one that had to be changed gets a hash, so that no two become the same."""
    safe = _UNSAFE.sub("_", part.lower())[:_LONGEST_NAME].strip("_")
    if safe == part and safe:
        return safe
    return f"{safe or 'table'}_{hashlib.sha256(part.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"


def _header(table: Mapping[str, Any]) -> list[str]:
    heads = [str(key).replace("_", " ") for key in table["keys"]]
    for measure in table["measures"]:
        label = measure["label"] or measure["name"].replace("_", " ")
        unit = measure["unit"]
        heads.append(f"{label} ({unit})" if unit and unit.lower() not in label.lower() else label)
    return heads


def _csv(table: Mapping[str, Any]) -> bytes:
    text = io.StringIO(newline="")
    # every text in quotation marks: whatever separates cells elsewhere does not here
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([plain_cell(head) for head in _header(table)])
    for row in table["rows"]:
        writer.writerow([plain_cell(v) if isinstance(v, str) else _number(v) for v in _cells(row)])
    return text.getvalue().encode("utf-8-sig", "backslashreplace")


def _cells(row: Mapping[str, Any]) -> list[Any]:
    return [*(str(key) for key in row["key"]), *row["values"]]


def _number(value: Any) -> Any:
    """None (not shown) is an empty cell; yes and no are words."""
    if value is None:
        return None
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _workbook(
    results: Mapping[str, Any], tables: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    contents = book.active
    assert contents is not None
    contents.title = "Contents"
    _write_contents(contents, results, tables)
    for number, (evidence, table) in enumerate(tables, start=1):
        name = f"{number} {_UNSAFE.sub('_', table['name'].lower()).strip('_')}"
        _write_table(book.create_sheet(name[:_SHEET_NAME].strip()), evidence, table)
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_times(buffer.getvalue())


def _write_contents(
    sheet: Worksheet,
    results: Mapping[str, Any],
    tables: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
) -> None:
    about = results["provenance"]
    kind = "the organisation's own data"
    if about["synthetic"]:
        kind = "Synthetic data: not evidence. The organisation and its people are simulated."
    elif about["public_microdata"]:
        kind = f"published microdata: {about['licence']}, {about['source']}"
    lines: list[list[Any]] = [
        ["Study", f"{results['study']}, as of {about['as_of']}"],
        ["Data", kind],
        ["Empty cells", "not shown, to protect people, or not known"],
        [],
        ["Sheet", "Table", "Question", "File"],
    ]
    for number, (evidence, table) in enumerate(tables, start=1):
        file = csv_name(evidence["id"], table["name"])
        lines.append([number, table["title"], evidence["question"], file])
    _write(sheet, lines, bold=(1, 2, 3, 5))


def _write_table(sheet: Worksheet, evidence: Mapping[str, Any], table: Mapping[str, Any]) -> None:
    lines: list[list[Any]] = [[table["title"]], [evidence["question"]], [], _header(table)]
    lines += [[v if isinstance(v, str) else _number(v) for v in _cells(row)] for row in table["rows"]]
    notes = [[note] for note in table.get("notes", ())]
    _write(sheet, lines + ([[], *notes] if notes else []), bold=(1, 4))
    sheet.freeze_panes = "A5"


def _write(sheet: Worksheet, lines: Sequence[Sequence[Any]], *, bold: Sequence[int]) -> None:
    from openpyxl.styles import Font

    widths: dict[int, int] = {}
    for row, line in enumerate(lines, start=1):
        for column, value in enumerate(line, start=1):
            if value is None:
                continue
            cell = sheet.cell(row, column)
            if isinstance(value, str):
                text = strip_controls(value).encode("utf-8", "backslashreplace").decode()[:_LONGEST_CELL]
                cell.value = text
                # openpyxl takes "=1+1" for a formula, and "#N/A" for an error
                cell.data_type = "s"
                cell.quotePrefix = True
                # a title may reach over the columns beside it
                if len(line) > 1:
                    widths[column] = max(widths.get(column, 0), min(len(text), _WIDEST))
            else:
                cell.value = value
            if row in bold:
                cell.font = Font(bold=True)
    for column, width in widths.items():
        sheet.column_dimensions[sheet.cell(1, column).column_letter].width = width + 2


def _without_times(book: bytes) -> bytes:
    """A workbook with neither the time of its making nor that of its parts; stored, so that no other
    compressor gives other bytes.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = _ABOUT_ITSELF if name == "docProps/core.xml" else old.read(name)
            new.writestr(zipfile.ZipInfo(name, _NO_TIME), content)
    return buffer.getvalue()
