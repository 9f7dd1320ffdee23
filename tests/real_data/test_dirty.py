"""Two dirty files: as they are, every problem is named; with what can be mapped declared, they pass."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import polars as pl
import pytest

from wellperf_models.cli import main
from wellperf_models.study import Study, load_study
from wellperf_models.tables import CheckReport, check_study, load_tables

HERE = Path(__file__).parent
pytestmark = pytest.mark.real_data


def _study(name: str) -> Study:
    study = load_study(HERE / f"{name}.toml")
    paths = [source.path or "" for source in study.tables.values()]
    if not all(any((folder / path).is_file() for folder in study.data_dirs()) for path in paths):
        pytest.skip("WELLPERF_DATA_DIR holds no copy of the data")
    return study


def _file(study: Study) -> Path:
    path = next(iter(study.tables.values())).path or ""
    return next(folder / path for folder in study.data_dirs() if (folder / path).is_file())


def _found(report: CheckReport) -> set[tuple[str, str, str, int]]:
    return {(v.table, v.column, v.rule, v.count) for v in report.violations}


def _notes(report: CheckReport) -> set[tuple[str, str, str, int]]:
    return {(n.table, n.column, n.rule, n.count) for n in report.notes}


def test_hrdataset_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    report = check_study(_study("hrdataset_v14_raw"))
    assert {
        ("people", "", "ragged_rows", 1),
        ("people", "employee_id", "required", 6),
        ("people", "birth_year", "two_digit_years", 310),
        ("people", "birth_year", "parses_as_whole_number", 310),
        ("people", "gender", "no_edge_blanks", 135),
        ("people", "department", "no_edge_blanks", 208),
        ("people", "job_family", "no_edge_blanks", 1),
        ("people", "hispanic_latino", "case_twins", 2),
        ("spells", "exit_reason", "allowed", 310),
        ("spells", "end, exit_reason", "reason_has_exit", 206),
    } <= _found(report)
    assert ("people", "", "byte_order_mark", 1) in _notes(report)
    assert main(["check", os.fspath(HERE / "hrdataset_v14_raw.toml")]) == 1
    assert "two_digit_years" in capsys.readouterr().out


def test_exit_survey_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    report = check_study(_study("exit_survey_dete_raw"))
    assert {
        ("people", "hire_date", "missing_word", 73),
        ("people", "hire_date", "parses_as_date", 822),
        ("people", "hire_date", "partial_date", 749),
        ("people", "region", "missing_word", 105),
        ("people", "disability", "missing_word", 500),
        ("people", "contract", "allowed", 817),
        ("assignments", "start", "missing_word", 98),
        ("spells", "start", "missing_word", 73),
        ("spells", "end", "missing_word", 34),
        ("spells", "end", "partial_date", 788),
        ("spells", "end", "mixed_date_formats", 242),
        ("spells", "exit_reason", "allowed", 822),
    } <= _found(report)
    words = [v.text for v in report.violations if v.rule == "missing_word"]
    assert sum("'Not Stated'" in text for text in words) == 7
    mixed = next(v for v in report.violations if (v.table, v.rule) == ("spells", "mixed_date_formats"))
    assert "546 × a year alone" in mixed.text
    assert "242 × a month without a day" in mixed.text
    assert main(["check", os.fspath(HERE / "exit_survey_dete_raw.toml")]) == 1
    assert "'Not Stated'" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["hrdataset_v14_raw", "exit_survey_dete_raw"])
def test_no_cell_is_shown(name: str) -> None:
    """Of the columns that are read, but for words that we look for ourselves and plain numbers."""
    study = _study(name)
    text = str(check_study(study)).split("\nquestion ")[0]
    with _file(study).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    headers = {header for source in study.tables.values() for header in source.columns.values()}
    cells = {cell.strip() for row in rows for header in headers if (cell := row[header] or "")}
    long = {cell for cell in cells if len(cell) >= 5 and cell not in ("Not Stated", "Other")}
    assert len(long) > 20
    assert [cell for cell in long if cell in text] == []


@pytest.mark.parametrize("name", ["hrdataset_v14", "exit_survey_dete"])
def test_check_passes_once_mapped(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = check_study(_study(name))
    assert report.ok, str(report)
    assert main(["check", os.fspath(HERE / f"{name}.toml")]) == 0
    assert "every rule holds" in capsys.readouterr().out


def test_hrdataset_mapped() -> None:
    study = _study("hrdataset_v14")
    tables = load_tables(study)
    assert tables.n_rows == {"people": 304, "spells": 304}
    people = tables["people"].collect()
    assert set(people["gender"]) == {"F", "M"}
    assert people["birth_year"].min() == 1951
    assert people["birth_year"].max() == 1992
    assert people["department"].str.strip_chars().equals(people["department"])
    said = _notes(check_study(study))
    assert {
        ("people", "", "byte_order_mark", 1),
        ("people", "", "ragged_rows", 1),
        ("people", "gender", "edge_blanks", 135),
        ("people", "department", "edge_blanks", 208),
        ("people", "birth_year", "two_digit_years", 310),
        ("people", "birth_year", "year_of_date", 310),
        ("people", "employee_id", "drop_missing", 6),
        ("spells", "employee_id", "drop_missing", 6),
    } <= said
    assert {(n.table, n.column, n.rule, n.count) for n in tables.notes} == said


def test_exit_survey_mapped() -> None:
    study = _study("exit_survey_dete")
    tables = load_tables(study)
    spells = tables["spells"].collect()
    assert spells.height == 822 - 103
    # a year and a month alone stand for their first day
    assert set(spells["start"].dt.ordinal_day()) == {1}
    assert set(spells["end"].dt.day()) == {1}
    assert spells.filter(pl.col("end") < pl.col("start")).height == 0
    assert dict(spells["exit_reason"].value_counts().iter_rows())["involuntary"] <= 15
    assert {
        ("spells", "end", "date_formats", 242),
        ("spells", "end", "date_formats", 546),
        ("spells", "start", "partial_dates", 749),
        ("spells", "start, end", "drop_missing", 103),
    } <= _notes(check_study(study))
