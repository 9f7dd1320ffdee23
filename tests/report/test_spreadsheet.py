"""Tables as files: numbers are numbers, texts never formulas, the same bytes every time."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from typing import Any

import openpyxl
import pytest

from tests.report.samples import PROVENANCE, released
from wellperf_models.report.spreadsheet import WORKBOOK, csv_name, export_tables, plain_cell

FORMULAS = (
    "=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0=1", "\u200b=1", "＝1",
    "＋1", "－1", "＠x", "﹦1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x")', "x;=1", "x; @y", "\ufeff=1",
)  # fmt: skip


def results(**table: Any) -> dict[str, Any]:
    first = released()["tables"][0]
    plain = {"name": "other", "title": "Other", "rows": [], "notes": []}
    evidence = [released(tables=[first | table]), released(id="b.c", tables=[first | plain])]
    return {"study": "tiny", "provenance": PROVENANCE, "evidence": evidence}


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def book_of(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def test_one_file_a_table_and_a_workbook_with_all() -> None:
    files = export_tables(results())
    assert list(files) == ["tables/turnover.description.exits.csv", "tables/b.c.other.csv", WORKBOOK]
    content = files["tables/turnover.description.exits.csv"]
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    assert rows_of(content) == [
        ["department", "People", "Exits (per 100 people)"],
        ["Nursing", "1200", "12.5"],
        ["Legal", "", ""],
    ]
    book = book_of(files[WORKBOOK])
    assert book.sheetnames == ["Contents", "1 exits", "2 other"]
    values = [list(row) for row in book["1 exits"].iter_rows(values_only=True)]
    assert values[0][0] == "People and exits by department"
    assert values[3:6] == [
        ["department", "People", "Exits (per 100 people)"],
        ["Nursing", 1200, 12.5],
        ["Legal", None, None],
    ]
    assert values[-1][0] == "counts are rounded to base 5"
    # what is printed without its report still says what it is
    assert "the organisation's own data" in [c.value for c in book["Contents"]["B"]]
    synthetic = results() | {"provenance": PROVENANCE | {"synthetic": True}}
    cells = [c.value for c in book_of(export_tables(synthetic)[WORKBOOK])["Contents"]["B"]]
    assert any(str(c).startswith("Synthetic data: not evidence") for c in cells)


def test_the_same_tables_are_the_same_bytes() -> None:
    first = export_tables(results())
    time.sleep(2.1)  # a ZIP file counts in steps of two seconds
    assert export_tables(results()) == first
    with zipfile.ZipFile(io.BytesIO(first[WORKBOOK])) as book:
        assert {i.date_time for i in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"20" not in book.read("docProps/core.xml").partition(b"metadata")[2].replace(b"/2006/", b"")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_begins_like_a_formula(text: str) -> None:
    rows = [{"key": [text], "values": [5, -0.5], "shown": True}]
    measures = [
        {"name": "n", "label": text, "kind": "count", "unit": text},
        {"name": "change", "label": "Change", "kind": "mean", "unit": ""},
    ]
    files = export_tables(results(rows=rows, measures=measures, title=text, keys=[text], notes=[text]))
    read = rows_of(files["tables/turnover.description.exits.csv"])
    # also where a semicolon separates cells
    for cell in (part for line in read for whole in line[:2] for part in whole.split(";")):
        assert cell.strip()[:1] not in tuple("=+-@＝＋－＠﹦"), cell
        assert not set(cell) & set("\t\r\n\u200b\ufeff"), cell
    # the minus of a number is a number
    assert read[1][1:] == ["5", "-0.5"]
    assert b"\r\n\"'" in files["tables/turnover.description.exits.csv"] or ";" in text
    book = book_of(files[WORKBOOK])
    for sheet in book:
        for cell in (c for row in sheet.iter_rows() for c in row if c.value is not None):
            assert cell.data_type in ("s", "n"), (sheet.title, cell.coordinate)
            assert cell.quotePrefix == (cell.data_type == "s")
    assert [c.value for c in book["1 exits"][5]][1:] == [5, -0.5]
    with zipfile.ZipFile(io.BytesIO(files[WORKBOOK])) as parts:
        assert all(b"<f>" not in parts.read(name) for name in parts.namelist())


def test_errors_and_booleans_of_a_spreadsheet_are_texts() -> None:
    rows = [{"key": [t], "values": [True, None], "shown": True} for t in ("#N/A", "TRUE", "1e5", "\x01", "")]
    sheet = book_of(export_tables(results(rows=rows))[WORKBOOK])["1 exits"]
    assert [sheet.cell(row, 1).data_type for row in (5, 6, 7)] == ["s", "s", "s"]
    assert sheet.cell(5, 2).value == "yes"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a/b",
        "a\\b",
        "C:x",
        "a\x00b",
        "Ä" * 400,
        "\ud800",
        "A",
    ],
)
def test_names_of_files_stay_in_their_folder(name: str) -> None:
    for path in (csv_name(name, "t"), csv_name("t", name)):
        folder, _, file = path.partition("/")
        assert folder == "tables"
        assert set(file) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.")
        assert not file.startswith(".")
        assert len(file) < 160
    # what had to be changed alike is still two files
    assert csv_name("t", name) != csv_name("t", name + "!")
    assert csv_name("a", "b.c") != csv_name("a.b", "c")


def test_words_stay_as_they_are() -> None:
    for text in ("Nursing", "R&D", "a=b", "−5 to 3", "x; y", 'Pflege "Süd"', "5 - 3", "日本"):
        assert plain_cell(text) == text
