"""Dates as organisations write them: what each declaration makes of a cell, and how it is counted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.tables.folder import write_study
from wellperf_models.tables import check_study, load_tables

D = dt.date
SOURCE = '[tables.people]\npath = "p.csv"\n'


def _hired(folder: Path, settings: str, *cells: str) -> list[dt.date | None]:
    text = "employee_id,hire_date\n" + "".join(f"p{i},{cell}\n" for i, cell in enumerate(cells))
    tables = load_tables(write_study(folder, SOURCE + settings, p_csv=text))
    return tables["people"].collect()["hire_date"].to_list()


@pytest.mark.parametrize(
    ("settings", "cell", "day"),
    [
        ('date_formats.hire_date = "excel-1900"\n', "43831", D(2020, 1, 1)),
        ('date_formats.hire_date = "excel-1904"\n', "42369", D(2020, 1, 1)),
        ('date_formats.hire_date = "excel-1900"\n', "43831.0", D(2020, 1, 1)),
        ('date_formats.hire_date = "%Y"\npartial_dates.hire_date = "first"\n', "2020", D(2020, 1, 1)),
        ('date_formats.hire_date = "%Y"\npartial_dates.hire_date = "middle"\n', "2020", D(2020, 7, 1)),
        ('date_formats.hire_date = "%Y"\npartial_dates.hire_date = "last"\n', "2020", D(2020, 12, 31)),
        ('date_formats.hire_date = "%m/%Y"\n', "02/2020", D(2020, 2, 1)),
        ('date_formats.hire_date = "%m/%Y"\npartial_dates.hire_date = "middle"\n', "02/2020", D(2020, 2, 16)),
        ('date_formats.hire_date = "%m/%Y"\npartial_dates.hire_date = "last"\n', "02/2020", D(2020, 2, 29)),
        ('date_formats.hire_date = "%d.%m.%y"\n', "31.12.69", None),
        ('date_formats.hire_date = "%d.%m.%y"\n', "01.01.70", D(1970, 1, 1)),
        ('date_formats.hire_date = "%d.%m.%y"\ntwo_digit_years_until = 2024\n', "01.01.24", D(2024, 1, 1)),
        ('date_formats.hire_date = "%d.%m.%y"\ntwo_digit_years_until = 2024\n', "01.01.25", D(1925, 1, 1)),
        ('date_formats.hire_date = "%d.%m.%y"\ntwo_digit_years_until = 2024\n', "29.02.60", D(1960, 2, 29)),
    ],
)
def test_a_declared_form_is_read(tmp_path: Path, settings: str, cell: str, day: dt.date | None) -> None:
    if day is None:  # 2069 lies after the as-of date
        found = check_study(
            write_study(tmp_path, SOURCE + settings, p_csv=f"employee_id,hire_date\np,{cell}\n")
        )
        assert [v.rule for v in found.violations] == ["not_after_as_of"]
        return
    assert _hired(tmp_path, settings, cell) == [day]


def test_29_february_of_no_leap_year_is_no_date(tmp_path: Path) -> None:
    """2000 had one, 1900 had none."""
    settings = 'date_formats.hire_date = "%d.%m.%y"\ntwo_digit_years_until = 1999\n'
    study = write_study(tmp_path, SOURCE + settings, p_csv="employee_id,hire_date\np,29.02.00\n")
    assert "parses_as_date" in {v.rule for v in check_study(study).violations}


def test_forms_are_tried_in_turn_and_counted(tmp_path: Path) -> None:
    settings = 'date_formats.hire_date = ["%Y-%m-%d", "%d.%m.%y", "%Y"]\npartial_dates.hire_date = "last"\n'
    cells = ("2020-03-04", "05.06.19", "07.08.18", "2017")
    days = [D(2020, 3, 4), D(2019, 6, 5), D(2018, 8, 7), D(2017, 12, 31)]
    assert _hired(tmp_path, settings, *cells) == days
    text = "employee_id,hire_date\n" + "".join(f"p{i},{cell}\n" for i, cell in enumerate(cells))
    notes = check_study(write_study(tmp_path, SOURCE + settings, p_csv=text)).notes
    assert {(n.rule, n.count) for n in notes if n.rule == "date_formats"} == {
        ("date_formats", 1),
        ("date_formats", 2),
    }
    assert {n.count for n in notes if n.rule == "two_digit_years"} == {2}
    assert {n.count for n in notes if n.rule == "partial_dates"} == {1}


def test_what_could_not_be_read_is_not_dropped_as_missing(tmp_path: Path) -> None:
    text = "employee_id,hire_date\np,2020-01-01\nq,soon\nr,\n"
    study = write_study(tmp_path, SOURCE + 'drop_missing = ["hire_date"]\n', p_csv=text)
    report = check_study(study)
    assert [(v.rule, v.first_rows) for v in report.violations] == [("parses_as_date", (2,))]
    assert {(n.rule, n.count) for n in report.notes if n.rule == "drop_missing"} == {("drop_missing", 1)}
    assert report.tables[0].rows == 2


def test_of_a_day_of_birth_only_the_year_is_kept(tmp_path: Path) -> None:
    settings = 'date_formats.birth_year = "%m/%d/%y"\ntwo_digit_years_until = 2005\n'
    text = "employee_id,birth_year\np,07/10/83\nq,11/24/51\nr,\n"
    people = load_tables(write_study(tmp_path, SOURCE + settings, p_csv=text))["people"].collect()
    assert people["birth_year"].to_list() == [1983, 1951, None]


def test_what_was_done_is_kept_with_the_tables(tmp_path: Path) -> None:
    settings = 'edge_blanks = "trim"\nragged_rows = "drop"\ndrop_missing = ["gender"]\n'
    text = "employee_id,gender\np,f \nq,m\nr\ns,\nt,m\n"
    tables = load_tables(write_study(tmp_path, SOURCE + settings, p_csv=text))
    assert tables["people"].collect()["gender"].to_list() == ["f", "m", "m"]
    assert {(n.column, n.rule, n.count) for n in tables.notes} == {
        ("gender", "edge_blanks", 1),
        ("", "ragged_rows", 1),
        ("gender", "drop_missing", 1),
    }
