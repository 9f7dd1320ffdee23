"""Limits on containers: a small file that unpacks to more than a machine holds is refused unread."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from wellperf_models.tables.violation import Refused, Violation

# a workbook of the largest sheet that Excel knows, well filled, unpacks to less
MAX_UNPACKED = 2 * 2**30
# XML of numbers packs 5 to 30 times, of repeated text up to 100 times; judged only where it is large
MAX_RATIO, RATIO_FROM = 250, 20 * 2**20
MAX_PARTS = 5_000
# the reader holds a sheet as a full rectangle: one cell in the last corner of the sheet would fill the memory
MAX_RECTANGLE, MIN_FILLED = 20_000_000, 1_000
MAX_COLUMNS = 5_000
MAX_ROW_CHARACTERS = 1_000_000
# the longest text that a cell of a spreadsheet can hold
MAX_CELL_CHARACTERS = 32_767
_CHUNK = 2**20
_DECLARATIONS = tuple(
    word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("utf-8", "utf-16-le", "utf-16-be")
)
_REFERENCE = re.compile(rb'<c [^>]{0,80}?\br="([A-Z]{1,3})([0-9]{1,7})"')
_TAIL = 128  # bytes of a chunk looked at again with the next one


@dataclass(kw_only=True)
class _Extent:
    """How far a sheet reaches, and how many cells it really has."""

    column: int = 0
    row: int = 0
    cells: int = 0
    seen: set[bytes] = field(default_factory=set)

    def take(self, content: bytes) -> None:
        for letters, number in _REFERENCE.findall(content):
            self.cells += 1
            self.row = max(self.row, int(number))
            if letters not in self.seen:
                self.seen.add(letters)
                place = 0
                for letter in letters:
                    place = place * 26 + letter - 64
                self.column = max(self.column, place)

    @property
    def hollow(self) -> bool:
        """A large rectangle with next to nothing in it."""
        rectangle = self.row * self.column
        return rectangle > MAX_RECTANGLE and self.cells * MIN_FILLED < rectangle


def check_zip(table: str, path: Path) -> None:
    """Refuses a workbook that would unpack to too much, or whose XML declares entities.

    Nothing is believed: sizes are counted while unpacking, and unpacking ends at the limit.

    Args:
        table: Name of the table, for messages.
        path: A file; one that is no ZIP archive (an old .xls) passes.

    Raises:
        Refused: With what to do.
    """
    if not zipfile.is_zipfile(path):
        return
    packed = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        declared = sum(part.file_size for part in parts)
        if len(parts) > MAX_PARTS or _too_much(declared, packed):
            raise Refused(_bomb(table))
        unpacked = 0
        for part in parts:
            extent, tail, first = _Extent(), b"", True
            with archive.open(part) as stream:
                while chunk := stream.read(_CHUNK):
                    unpacked += len(chunk)
                    if _too_much(unpacked, packed):
                        raise Refused(_bomb(table))
                    if first and any(word in chunk[:_CHUNK] for word in _DECLARATIONS):
                        raise Refused(_entities(table))
                    first = False
                    if part.filename.startswith("xl/worksheets/"):
                        # a cell that lies across two chunks is counted with the second
                        whole = tail + chunk
                        cut = whole.rfind(b"<c ")
                        cut = len(whole) if cut < len(whole) - _TAIL else cut
                        extent.take(whole[:cut])
                        tail = whole[cut:]
            extent.take(tail)
            if extent.hollow:
                raise Refused(_hollow(table))


def _too_much(unpacked: int, packed: int) -> bool:
    return unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed)


def _bomb(table: str) -> Violation:
    return _refusal(
        table,
        "archive_too_large",
        f"the workbook unpacks to no more than {MAX_UNPACKED // 2**30} GB and {MAX_RATIO} times its size",
        "do not open it where it came from strangers; else save the sheet as CSV",
    )


def _entities(table: str) -> Violation:
    return _refusal(
        table,
        "xml_entities",
        "the XML of the workbook declares no entities of its own: no program for spreadsheets writes them",
        "do not use the file; ask where it comes from, and for a CSV",
    )


def _hollow(table: str) -> Violation:
    return _refusal(
        table,
        "hollow_sheet",
        "a sheet that reaches far has cells to match: this one has next to none, up to its last corner",
        "delete the stray cells far to the right and far below, or save the sheet as CSV",
    )


def too_wide(table: str, n: int) -> Violation:
    """A header of more columns than any table of people has."""
    return _refusal(
        table,
        "too_many_columns",
        f"at most {MAX_COLUMNS:,} columns; found {n:,}",
        "check separator, or extract the columns that the study needs",
    )


def check_lines(table: str, text: str) -> int:
    """Refuses a text file with a row longer than any table has.

    Returns:
        Characters of the longest line.

    Raises:
        Refused: Rows are told by their number.
    """
    longest = max(map(len, text.split("\n")), default=0)
    if longest <= MAX_ROW_CHARACTERS:
        return longest
    long_rows = [i for i, line in enumerate(text.split("\n")) if len(line) > MAX_ROW_CHARACTERS]
    problem = _refusal(
        table,
        "huge_row",
        f"a row has at most {MAX_ROW_CHARACTERS:,} characters",
        "check the line ends and the quotes around it: a whole file in one row is one missing quote",
    )
    raise Refused(_at(problem, long_rows))


def long_cells(table: str, rows: list[int]) -> Violation:
    """Cells longer than a spreadsheet can hold."""
    problem = _refusal(
        table,
        "long_cell",
        f"a cell has at most {MAX_CELL_CHARACTERS:,} characters",
        "check the quotes around it, or leave the column of free text out of the extract",
    )
    return _at(problem, rows)


def _at(problem: Violation, rows: list[int]) -> Violation:
    first = tuple(row for row in rows if row)[:5]
    return Violation(**(vars(problem) | {"count": len(rows), "first_rows": first}))


def _refusal(table: str, rule: str, text: str, what_to_do: str) -> Violation:
    return Violation(table=table, column="", rule=rule, count=1, text=text, what_to_do=what_to_do)
