"""Good files with random damage: every one ends in a report, and no row is lost without a word."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from tests.bad_input.case import PEOPLE, SECRET, SOURCE
from tests.bad_input.made import ROWS, parquet, workbook
from tests.tables.folder import write_study
from wellperf_models.tables import CheckReport, check_study

N = 40
SPELLS = "employee_id,start,end,exit_reason,comment\n" + "".join(
    f'{i},20{10 + i % 10}-0{i % 9 + 1}-1{i % 9},{"2023-05-31,voluntary" if i % 3 else ","},"{SECRET}, {i}"\n'
    for i in range(N)
)
_BYTES = b',;"\n\r\t\x00\xff\xe9\xc3 0-9.E~'


def _flipped(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        changed[rng.randrange(len(changed))] = rng.choice(_BYTES)
    return bytes(changed)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def _repeated(content: bytes, rng: random.Random) -> bytes:
    at, size = rng.randrange(len(content)), rng.randint(1, 80)
    return content[: at + size] + content[at:]


def _removed(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + content[at + rng.randint(1, 80) :]


DAMAGE = {"flipped": _flipped, "cut": _cut, "repeated": _repeated, "removed": _removed}


def _rows_of(content: bytes) -> int:
    """Lines of the file below the header that are not blank, whatever stands in them."""
    text = content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return sum(1 for line in text.split("\n")[1:] if line)


def _said(report: CheckReport) -> set[str]:
    return {v.rule for v in report.violations} | {note.rule for note in report.notes}


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("seed", range(12))
def test_no_damage_loses_rows_without_a_word(tmp_path: Path, kind: str, seed: int) -> None:
    content = DAMAGE[kind](SPELLS.encode(), random.Random(f"{kind}{seed}"))
    report = check_study(write_study(tmp_path, SOURCE, spells_csv=content))
    assert SECRET not in str(report)
    if not report.tables:
        assert not report.ok
        return
    (spells,) = report.tables
    lost = _rows_of(content) - spells.rows
    assert lost == 0 or _said(report) & {"ragged_rows", "line_breaks_in_cells", "empty_row"}, _said(report)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_parquet_is_refused_or_read(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    good = parquet(
        employee_id=[f"p{i}" for i in range(2000)],
        start=["2020-01-01"] * 2000,
        pay=[float(i) for i in range(2000)],
        dates="start",
    )
    content = rng.choice([_flipped, _cut, _removed])(good, rng)
    sections = '[tables.spells]\npath = "s.parquet"\n[tables.spells.attributes]\npay = "pay"\n'
    report = check_study(write_study(tmp_path, sections, s_parquet=content))
    assert not report.ok or report.tables[0].rows == 2000


@pytest.mark.parametrize("seed", range(8))
def test_damaged_workbook_is_refused_or_read(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    content = rng.choice([_flipped, _cut, _removed])(workbook(ROWS), rng)
    report = check_study(write_study(tmp_path, '[tables.spells]\npath = "s.xlsx"\n', s_xlsx=content))
    assert not report.ok or report.tables[0].rows == 1


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_columns_changes_nothing(tmp_path: Path, seed: int) -> None:
    rows = list(csv.reader(io.StringIO(SPELLS)))
    order = list(range(len(rows[0])))
    random.Random(seed).shuffle(order)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([row[i] for i in order] for row in rows)
    report = check_study(write_study(tmp_path, SOURCE, spells_csv=out.getvalue()))
    assert report.ok, str(report)
    assert report.tables[0].rows == N


_CELLS = (
    SECRET, "", " ", "-99", "NA", "1e309", "2020-13-45", "31/12/2020", "٣", "1,5", "NaN", "=1+1", "\ufeff",
    "Ⅳ", "½",
    "0x10", "1_000", "inf", "𝟙", "２０２０-01-01", "true", "9" * 40, "-0", "2020-01-01T00:00:00Z", "#DIV/0!",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_strange_cells_are_refused_or_said(tmp_path: Path, seed: int) -> None:
    """A cell of any kind in any column: no traceback, no cell in a message."""
    rng = random.Random(seed)
    rows = [
        [str(i), str(1960 + i), "f", "2019-01-01", "ops", "permanent", "1"] for i in range(1, 12)
    ]  # every column of people
    for _ in range(3):
        rows[rng.randrange(len(rows))][rng.randrange(7)] = rng.choice(_CELLS)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["employee_id", "birth_year", "gender", "hire_date", "job_family", "contract", "fte"])
    writer.writerows(rows)
    report = check_study(write_study(tmp_path, PEOPLE, spells_csv=out.getvalue()))
    assert SECRET not in str(report)
    assert report.tables[0].rows == len(rows)
