"""Containers, encodings, mappings, units: what comes out is what was declared, or a named refusal."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
import sys
import unicodedata
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import sqlalchemy as sa

from tests.tables.folder import HEAD, SPELLS, load_as_read, write_study
from wellperf_models.errors import TablesError
from wellperf_models.tables import SCHEMA, Tables, check_study, database, load_tables
from wellperf_models.tables.declare import Column
from wellperf_models.tables.text_rules import CONTROLS

D = dt.date
SOURCE = '[tables.spells]\npath = "spells.csv"\n'
SPELL_ROWS = [("1", D(2020, 1, 1), D(2021, 12, 31), "voluntary"), ("2", D(2020, 1, 1), None, None)]


def _rows(tables: Tables, name: str, *columns: str) -> list[tuple[object, ...]]:
    return tables[name].select(columns).collect().rows()


def test_csv(tmp_path: Path) -> None:
    tables = load_as_read(write_study(tmp_path, SOURCE, spells_csv=SPELLS))
    assert tables["spells"].collect().rows() == SPELL_ROWS
    assert tables.names == ("spells",)
    assert tables.n_rows == {"spells": 2}
    assert "people" not in tables


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "employee_id,start,Größe\n1,2020-01-01,käse\n"
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    sections = (
        f'[tables.assignments]\npath = "a.csv"\nencoding = "{declared}"\n'
        '[tables.assignments.columns]\nteam = "Größe"\n'
    )
    tables = load_as_read(write_study(tmp_path, sections, a_csv=text.encode(encoding)))
    assert _rows(tables, "assignments", "employee_id", "team") == [("1", "käse")]


def test_separator_decimal_thousands_and_dates(tmp_path: Path) -> None:
    text = "employee_id;start;cause;days\n1;31.01.2024;illness;1.234,5\n2;01.02.2024;other;,5\n"
    sections = (
        '[tables.absences]\npath = "a.csv"\nseparator = ";"\ndecimal = ","\nthousands = "."\n'
        'date_format = "%d.%m.%Y"\n'
    )
    tables = load_tables(write_study(tmp_path, sections, a_csv=text.replace("1.234,5", "1.034,5")))
    assert _rows(tables, "absences", "start", "days") == [(D(2024, 1, 31), 1034.5), (D(2024, 2, 1), 0.5)]


def test_month_without_a_day_is_its_first(tmp_path: Path) -> None:
    sections = '[tables.workload]\npath = "w.csv"\ndate_format = "%Y-%m"\n'
    tables = load_as_read(
        write_study(tmp_path, sections, w_csv="employee_id,period,hours\n007,2024-03,150\n")
    )
    assert _rows(tables, "workload", "employee_id", "period", "hours") == [("007", D(2024, 3, 1), 150.0)]


def test_absent_optional_columns_are_missing_in_their_type(tmp_path: Path) -> None:
    sections = '[tables.workload]\npath = "w.csv"\n'
    study = write_study(tmp_path, sections, w_csv="employee_id,period\n1,2024-03-01\n")
    got = load_tables(study)["workload"].collect()
    assert got.schema == {c.name: c.dtype for c in SCHEMA["workload"].columns}
    assert got["task_switches"].to_list() == [None]


def test_parquet_is_scanned_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    whole = pl.DataFrame(
        {
            "employee_id": pl.Series(["1", "2", "3"], dtype=pl.Categorical),
            "period": [dt.datetime(2024, 1, 1)] * 3,
            "hours": pl.Series([150, 160, 170], dtype=pl.Int16),
        }
    )
    whole[:2].write_parquet(tmp_path / "w" / "1.parquet")
    whole[2:].write_parquet(tmp_path / "w" / "2.parquet")
    for path in ("w", "w/*.parquet"):
        study = write_study(tmp_path, f'[tables.workload]\npath = "{path}"\nformat = "parquet"\n')
        tables = load_as_read(study)
        assert _rows(tables, "workload", "employee_id", "period", "hours") == [
            (str(i), D(2024, 1, 1), 140.0 + 10 * i) for i in (1, 2, 3)
        ]
        assert "PARQUET" in tables["workload"].explain().upper()


def test_parquet_nan_is_missing_and_time_of_day_is_no_date(tmp_path: Path) -> None:
    pl.DataFrame(
        {
            "employee_id": [1, 2],
            "period": [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, 8)],
            "hours": [float("nan"), 1.0],
        }
    ).write_parquet(tmp_path / "w.parquet")
    report = check_study(write_study(tmp_path, '[tables.workload]\npath = "w.parquet"\n'))
    assert [(v.rule, v.column, v.first_rows) for v in report.violations] == [
        ("parses_as_date", "period", (2,))
    ]


def test_excel(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["not", "this"])
    sheet = book.create_sheet("Exits")
    sheet.append(["employee_id", "start", "end", "exit_reason"])
    sheet.append(["007", D(2020, 1, 1), "31.12.2021", "voluntary"])
    sheet.append([8, dt.datetime(2020, 1, 1), None, None])
    book.save(tmp_path / "e.xlsx")
    sections = '[tables.spells]\npath = "e.xlsx"\nsheet = "Exits"\ndate_format = "%d.%m.%Y"\n'
    tables = load_as_read(write_study(tmp_path, sections))
    assert tables["spells"].collect().rows() == [
        ("007", D(2020, 1, 1), D(2021, 12, 31), "voluntary"),
        ("8", D(2020, 1, 1), None, None),
    ]


def test_stata(tmp_path: Path) -> None:
    data = pl.DataFrame(
        {
            "id": [101.0, 102.0],
            "begin": [dt.datetime(2020, 1, 1)] * 2,
            "finish": [dt.datetime(2021, 12, 31), None],
            "why": ["voluntary", ""],
        }
    ).to_pandas()
    data.to_stata(tmp_path / "s.dta", write_index=False, convert_dates={"begin": "td", "finish": "td"})
    sections = (
        '[tables.spells]\npath = "s.dta"\n[tables.spells.columns]\nemployee_id = "id"\nstart = "begin"\n'
        'end = "finish"\nexit_reason = "why"\n'
    )
    tables = load_as_read(write_study(tmp_path, sections))
    assert tables["spells"].collect().rows() == [
        ("101", D(2020, 1, 1), D(2021, 12, 31), "voluntary"),
        ("102", D(2020, 1, 1), None, None),
    ]


def _database(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        connection.execute("create table hr (id integer, start text, stop text, why text, mixed)")
        connection.executemany(
            "insert into hr values (?, ?, ?, ?, ?)",
            [(1, "2020-01-01", "2021-12-31", "voluntary", 1), (2, "2020-01-01", None, None, "x")],
        )
    connection.close()
    return f"sqlite:///{path}"


QUERY = (
    "[tables.spells]\n"
    'query = "select id as employee_id, start, stop as end, why as exit_reason, mixed from hr order by id"\n'
    'address_env = "TEST_DB"\n'
    '[tables.spells.attributes]\nmixed = "mixed"\n'
)


def test_sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DB", _database(tmp_path / "x.db"))
    tables = load_as_read(write_study(tmp_path, QUERY))
    assert tables["spells"].drop("mixed").collect().rows() == SPELL_ROWS
    assert _rows(tables, "spells", "mixed") == [("1",), ("x",)]
    first = tables.fingerprint
    assert load_as_read(write_study(tmp_path, QUERY)).fingerprint == first
    assert load_as_read(write_study(tmp_path, QUERY.replace("by id", "by id desc"))).fingerprint == first
    assert (
        load_as_read(write_study(tmp_path, QUERY.replace("mixed from", "1 as mixed from"))).fingerprint
        != first
    )


def test_values_null_words_and_constants(tmp_path: Path) -> None:
    sections = (
        '[tables.spells]\npath = "s.csv"\nnull_values = ["", "NULL"]\n'
        '[tables.spells.constants]\nstart = "2020-01-01"\n'
        '[tables.spells.values.exit_reason]\nResigned = "voluntary"\nhere = ""\n'
    )
    text = "employee_id,end,exit_reason\n1,2021-12-31,Resigned\n2,NULL,here\n"
    tables = load_as_read(write_study(tmp_path, sections, s_csv=text))
    assert tables["spells"].collect().rows() == SPELL_ROWS


@pytest.mark.parametrize(
    ("unit", "given", "months"),
    [
        ("months", "6", 6.0),
        ("years", "2", 24.0),
        ("days", "365.25", 12.0),
        ("weeks", "52.17857142857143", 12.0),
    ],
)
def test_units(tmp_path: Path, unit: str, given: str, months: float) -> None:
    sections = (
        '[tables.spells]\npath = "s.csv"\n[tables.spells.columns]\nduration_months = "t"\n'
        f'[tables.spells.units]\nduration_months = "{unit}"\n'
    )
    tables = load_tables(write_study(tmp_path, sections, s_csv=f"employee_id,t,exit_reason\n1,{given},\n"))
    assert tables["spells"].collect().columns == [
        "employee_id", "duration_months", "entry_months", "exit_reason"
    ]  # fmt: skip
    assert _rows(tables, "spells", "duration_months", "entry_months")[0] == pytest.approx((months, 0.0))


def test_percent_becomes_a_fraction(tmp_path: Path) -> None:
    sections = '[tables.people]\npath = "p.csv"\n[tables.people.units]\nfte = "percent"\n'
    tables = load_tables(write_study(tmp_path, sections, p_csv="employee_id,fte\n1,80\n"))
    assert _rows(tables, "people", "fte") == [(0.8,)]


def test_second_column_of_a_name(tmp_path: Path) -> None:
    sections = SOURCE + '[tables.spells.columns]\nexit_reason = "why[2]"\n'
    text = "employee_id,why,start,why, end \n1,x,2020-01-01,other,2021-12-31\n"
    tables = load_tables(write_study(tmp_path, sections, spells_csv=text))
    assert _rows(tables, "spells", "exit_reason", "end") == [("other", D(2021, 12, 31))]


WIDE = (
    '[tables.surveys]\npath = "s.csv"\n[tables.surveys.constants]\nwave = "1"\n'
    '[tables.surveys.wide]\nname = "measure"\nvalue = "value"\n'
    '[tables.surveys.wide.columns]\nEX = "exhaustion"\nCY = "cynicism"\n'
    "[measures.exhaustion]\nlow = 0\nhigh = 6\n[measures.cynicism]\nlow = 0\nhigh = 6\n"
)


def test_wide_to_long_keeps_row_numbers(tmp_path: Path) -> None:
    good = load_as_read(write_study(tmp_path, WIDE, s_csv="employee_id,EX,CY\n1,1,2\n2,3,\n"))
    assert sorted(_rows(good, "surveys", "employee_id", "measure", "value")) == [
        ("1", "cynicism", 2.0),
        ("1", "exhaustion", 1.0),
        ("2", "exhaustion", 3.0),
    ]
    bad = check_study(write_study(tmp_path, WIDE, s_csv="employee_id,EX,CY\n1,1,2\n2,3,x\n3,7,7\n"))
    assert {(v.rule, v.count, v.first_rows) for v in bad.violations} == {
        ("parses_as_number", 1, (2,)),
        ("value_in_measure_range", 2, (3,)),
    }


ROWS_AS_PEOPLE = (
    '[tables.people]\npath = "p.csv"\nrow_id = true\nduplicates = "drop"\n'
    '[tables.people.attributes]\nage = "age"\ncode = "code"\nplace = "place"\n'
)


def test_duplicates_are_kept_where_the_study_says_they_are_different_people(tmp_path: Path) -> None:
    kept = ROWS_AS_PEOPLE.replace('"drop"', '"keep"')
    tables = load_tables(write_study(tmp_path, kept, p_csv="age,code,place\n30,01,a\n30,01,a\n31,02,b\n"))
    assert tables.n_rows == {"people": 3}
    assert tables.dropped_duplicates == {"people": 0}


def test_duplicates_are_dropped_and_counted_and_numbers_stay(tmp_path: Path) -> None:
    text = "age,code,place\n30,01,a\n30,01,a\n31,02,b\n"
    tables = load_tables(write_study(tmp_path, ROWS_AS_PEOPLE, p_csv=text))
    assert _rows(tables, "people", "employee_id", "age", "code", "place") == [
        ("1", 30.0, "01", "a"),
        ("3", 31.0, "02", "b"),
    ]
    assert tables.dropped_duplicates == {"people": 1}
    assert "1" in str(check_study(tables.study)).split("duplicates dropped")[1].splitlines()[2]


def test_attribute_types_follow_the_covariates(tmp_path: Path) -> None:
    covariates = "".join(
        f'[covariates.{name}]\ntable = "people"\ntype = "{kind}"\ntiming = "before"\n'
        for name, kind in (("age", "category"), ("place", "yes_no"))
    )
    text = "age,code,place\n30,1,yes\n31,2,no\n"
    tables = load_tables(write_study(tmp_path, ROWS_AS_PEOPLE + covariates, p_csv=text))
    assert _rows(tables, "people", "age", "code", "place") == [("30", 1.0, "yes"), ("31", 2.0, "no")]


def test_cell_that_does_not_parse_is_named_and_the_others_are_judged(tmp_path: Path) -> None:
    text = SPELLS + "3,01.02.2020,2021-01-01,no such reason\n"
    found = check_study(write_study(tmp_path, SOURCE, spells_csv=text)).violations
    assert [(v.column, v.rule, v.count, v.first_rows) for v in found] == [
        ("start", "parses_as_date", 1, (3,)),
        ("start", "mixed_date_formats", 1, (3,)),
        ("exit_reason", "allowed", 1, (3,)),
    ]


def test_data_dirs_are_searched_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "spells.csv").write_text(SPELLS)
    head = HEAD + 'data_dirs = ["$TEST_DATA", "."]\n'
    study = write_study(tmp_path, SOURCE, head=head)
    monkeypatch.delenv("TEST_DATA", raising=False)
    missing = check_study(study).violations
    assert [v.rule for v in missing] == ["missing_file"]
    assert "TEST_DATA" in missing[0].what_to_do
    assert str(tmp_path) in missing[0].text
    monkeypatch.setenv("TEST_DATA", str(tmp_path / "one"))
    assert load_tables(study).names == ("spells",)


def test_fingerprint_follows_the_bytes(tmp_path: Path) -> None:
    first = load_tables(write_study(tmp_path, SOURCE, spells_csv=SPELLS)).fingerprint
    again = load_tables(write_study(tmp_path, SOURCE, spells_csv=SPELLS)).fingerprint
    changed = load_tables(write_study(tmp_path, SOURCE, spells_csv=SPELLS.replace("2,2020", "2,2021")))
    assert first == again
    assert first != changed.fingerprint
    assert len(first) == 64


def test_load_tables_lists_every_violation(tmp_path: Path) -> None:
    text = SPELLS + "2,2020-01-01,,\n,2020-01-01,,\n"
    with pytest.raises(TablesError) as caught:
        load_tables(write_study(tmp_path, SOURCE, spells_csv=text))
    assert "required" in str(caught.value)
    assert "duplicate_rows" in str(caught.value)


def test_absent_table_is_an_error_that_lists_those_there(tmp_path: Path) -> None:
    tables = load_tables(write_study(tmp_path, SOURCE, spells_csv=SPELLS))
    with pytest.raises(TablesError, match=r"no table 'people'[\s\S]*spells"):
        tables["people"]


def test_every_column_is_described() -> None:
    for schema in SCHEMA.values():
        assert schema.grain.startswith("one row per")
        assert schema.source
        for column in schema.columns:
            assert column.description.endswith("."), column
            assert isinstance(column, Column)
            assert schema.source_of(column.name)
            if column.type == "whole":
                assert column.unit, column


def test_tab_separates_and_blanks_in_values_count(tmp_path: Path) -> None:
    text = "employee_id\tgender\n1\tM \n2\tF\n"
    sections = '[tables.people]\npath = "p.csv"\nseparator = "\\t"\n'
    sections += '[tables.people.values.gender]\n"M " = "m"\nF = "f"\n'
    tables = load_tables(write_study(tmp_path, sections, p_csv=text))
    assert _rows(tables, "people", "gender") == [("m",), ("f",)]


def test_database_errors_hide_the_address_and_the_cells() -> None:
    engine = sa.create_engine("sqlite:////srv/Zsecret.db")
    named = sa.exc.OperationalError("select 1", {}, Exception("no table x in /srv/Zsecret.db\nmore"))
    assert database._hidden(named, engine) == ": no table x in …"
    cell = sa.exc.DataError("select 1", {}, Exception("invalid number: 'Zcell'"))
    assert database._hidden(cell, engine) == ""


def test_control_characters_are_those_of_unicode() -> None:
    wrong = re.compile(CONTROLS)
    found = {i for i in range(sys.maxunicode + 1) if wrong.match(chr(i))}
    listed = {i for i in range(sys.maxunicode + 1) if unicodedata.category(chr(i)) in ("Cc", "Cf")}
    # Egyptian joiners came with Unicode 15, the zero-width joiner is part of words
    assert found ^ listed <= {0x200D, *range(0x13439, 0x13440)}
    assert 0x200D not in found


def test_a_mapping_declares_the_blank_in_an_attribute(tmp_path: Path) -> None:
    sections = (
        '[tables.people]\npath = "p.csv"\n[tables.people.attributes]\ndept = "dept"\n'
        '[tables.people.values.dept]\nAlpha = "Alpha"\n"Alpha " = "Alpha"\n'
    )
    tables = load_tables(write_study(tmp_path, sections, p_csv="employee_id,dept\n1,Alpha\n2,Alpha \n"))
    assert _rows(tables, "people", "dept") == [("Alpha",), ("Alpha",)]


def test_links_out_of_the_data_folders_are_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "study"
    outside.mkdir()
    inside.mkdir()
    (outside / "s.csv").write_text(SPELLS)
    (inside / "spells.csv").symlink_to(outside / "s.csv")
    study = write_study(inside, SOURCE)
    assert [v.rule for v in check_study(study).violations] == ["outside_data_dirs"]
    allowed = write_study(inside, SOURCE, head=HEAD + f'data_dirs = [".", "{outside.as_posix()}"]\n')
    assert check_study(allowed).ok
    absolute = SOURCE.replace("spells.csv", (outside / "s.csv").as_posix())
    assert [v.rule for v in check_study(write_study(inside, absolute)).violations] == ["outside_data_dirs"]
    head = HEAD + f'data_dirs = ["{outside.as_posix()}"]\n'
    assert check_study(write_study(inside, absolute, head=head)).ok
