"""A declared table in several parts: one table, and every message names the part and the row in it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from tests.tables.folder import SPELLS, load_as_read, write_study
from wellperf_models.study import Study
from wellperf_models.tables import Tables, check_study, load_tables
from wellperf_models.tables.violation import Violation

HEADER = "unit_type,unit_id,name,value,arm\n"
ONE = HEADER + "person,1,spend,1,t\nperson,2,spend,2,c\n"
TWO = HEADER + "person,1,days,3,t\nperson,2,days,,c\nperson,3,days,5,c\n"


def _part(name: str, table: str = "outcomes", extra: str = "") -> str:
    return f'[tables.{name}]\npart_of = "{table}"\npath = "{name}.csv"\n{extra}'


def _two(folder: Path, *, one: str = ONE, two: str = TWO, extra: str = "", sections: str = "") -> Study:
    text = _part("one", extra=extra) + _part("two", extra=extra) + sections
    return write_study(folder, text, one_csv=one, two_csv=two)


def _found(study: Study) -> list[Violation]:
    return list(check_study(study).violations)


def _cells(tables: Tables, *columns: str) -> list[tuple[object, ...]]:
    return tables["outcomes"].select(columns).collect().rows()


def test_parts_are_one_table(tmp_path: Path) -> None:
    tables = load_as_read(_two(tmp_path))
    assert tables.names == ("outcomes",)
    assert tables.n_rows == {"outcomes": 5}
    assert set(tables.sources) == {"one", "two"}
    assert _cells(tables, "unit_id", "name", "value") == [
        ("1", "spend", 1.0), ("2", "spend", 2.0), ("1", "days", 3.0), ("2", "days", None), ("3", "days", 5.0),
    ]  # fmt: skip
    lines = str(check_study(tables.study)).splitlines()
    assert [line.split() for line in lines if line.startswith("outcomes")] == [["outcomes", "5", "0"]]
    assert "_row" not in tables["outcomes"].collect_schema().names()


def test_row_ids_of_parts_are_other_units(tmp_path: Path) -> None:
    text = "unit_type,name,value\nperson,spend,1\nperson,spend,1\n"
    extra = 'row_id = true\nduplicates = "keep"\n'
    study = _two(tmp_path, one=text, two=text, extra=extra)
    ids = ["one:1", "one:2", "two:1", "two:2"]
    assert [row[0] for row in _cells(load_tables(study), "unit_id")] == ids
    whole = write_study(tmp_path, f'[tables.outcomes]\npath = "one.csv"\n{extra}')
    assert [row[0] for row in _cells(load_tables(whole), "unit_id")] == ["1", "2"]


def test_the_table_itself_may_be_one_of_its_parts(tmp_path: Path) -> None:
    sections = '[tables.outcomes]\npath = "one.csv"\n' + _part("two")
    tables = load_tables(write_study(tmp_path, sections, one_csv=ONE, two_csv=TWO))
    assert tables.n_rows == {"outcomes": 5}


def test_a_single_part_is_the_table(tmp_path: Path) -> None:
    study = write_study(tmp_path, _part("one"), one_csv=ONE)
    assert load_tables(study).n_rows == {"outcomes": 2}


def test_attributes_and_columns_missing_in_a_part_are_missing_there(tmp_path: Path) -> None:
    one = "unit_type,unit_id,name,value,age\nperson,1,spend,1,40\n"
    two = "unit_type,unit_id,name,value,weight\nperson,1,days,1,.5\n"
    sections = (
        _part("one", extra='[tables.one.attributes]\nage = "age"\n')
        + _part("two")
        + '[covariates.age]\ntable = "outcomes"\ntiming = "before"\n'
    )
    tables = load_tables(write_study(tmp_path, sections, one_csv=one, two_csv=two))
    assert _cells(tables, "age", "weight") == [(40.0, None), (None, 0.5)]


def test_dropped_duplicates_and_half_steps_are_added_up(tmp_path: Path) -> None:
    text = "employee_id,duration_months,exit_reason\n1,0,other\n2,3,\n2,3,\n"
    extra = 'duplicates = "drop"\nzero_durations = "half_step"\n'
    sections = _part("a", "spells", extra) + _part("b", "spells", extra)
    tables = load_tables(
        write_study(tmp_path, sections, a_csv=text, b_csv=text.replace("1,0", "3,0").replace("2,", "4,"))
    )
    assert (tables.n_rows, tables.dropped_duplicates) == ({"spells": 4}, {"spells": 2})
    assert tables.n_half_steps == {"spells": 2}


def test_the_fingerprint_follows_every_part(tmp_path: Path) -> None:
    first = load_tables(_two(tmp_path)).fingerprint
    assert load_tables(_two(tmp_path)).fingerprint == first
    assert load_tables(_two(tmp_path, two=TWO.replace("5", "6"))).fingerprint != first
    assert load_tables(_two(tmp_path, one=ONE.replace("1,t", "3,t"))).fingerprint != first
    one = load_tables(write_study(tmp_path, _part("one"))).fingerprint
    assert load_tables(write_study(tmp_path, _part("two"))).fingerprint != one != first


def test_a_broken_cell_is_named_by_part_and_row(tmp_path: Path) -> None:
    study = _two(tmp_path, two=TWO.replace("person,3", "persona,3"))
    (found,) = _found(study)
    assert (found.table, found.rule, found.count, found.first_rows) == ("two", "allowed", 1, (3,))
    assert "[tables.two.values.unit_type]" in found.what_to_do
    unread = _found(_two(tmp_path, two=TWO.replace("days,5", "days,x")))
    assert [(v.table, v.rule, v.first_rows) for v in unread] == [("two", "parses_as_number", (3,))]
    assert "[tables.two]" in unread[0].what_to_do


def test_a_rule_over_the_whole_table_tells_part_and_row(tmp_path: Path) -> None:
    (found,) = _found(_two(tmp_path, two=TWO + "person,1,spend,9,t\n"))
    assert (found.table, found.rule, found.rows) == ("outcomes", "unique_key", ("two 4",))
    assert "1 row: two 4" in str(check_study(_two(tmp_path, two=TWO + "person,1,spend,9,t\n")))
    (arms,) = _found(_two(tmp_path, two=TWO.replace("person,1,days,3,t", "person,1,days,3,c")))
    assert (arms.rule, arms.count, arms.rows) == ("one_arm_per_unit", 1, ("two 1",))


def test_an_unreadable_cell_in_one_part_hides_no_row_of_another(tmp_path: Path) -> None:
    """A part without unreadable cells has no mark for them, and a missing mark is no mark."""
    one = ONE.replace("spend,1", "spend,x")
    found = _found(_two(tmp_path, one=one, two=TWO + "person,2,spend,9,c\nperson,3,days,9,c\n"))
    assert {(v.table, v.rule, v.rows) for v in found} == {
        ("one", "parses_as_number", ("1",)),
        ("outcomes", "unique_key", ("two 4", "two 5")),
    }


def test_a_part_that_is_missing_is_named_and_makes_no_false_alarm(tmp_path: Path) -> None:
    sections = _part("a", "people") + _part("gone", "people") + '[tables.spells]\npath = "spells.csv"\n'
    study = write_study(tmp_path, sections, a_csv="employee_id\n1\n", spells_csv=SPELLS)
    # person 2 of the spells is in the part that is gone
    assert [(v.table, v.rule) for v in _found(study)] == [("gone", "missing_file")]
    assert "[tables.gone] path" in _found(study)[0].what_to_do


def test_people_in_parts_are_known(tmp_path: Path) -> None:
    sections = _part("a", "people") + _part("b", "people") + '[tables.spells]\npath = "spells.csv"\n'
    study = write_study(
        tmp_path, sections, a_csv="employee_id\n1\n", b_csv="employee_id\n2\n", spells_csv=SPELLS
    )
    assert not _found(study)


def test_parts_have_one_form_of_their_table(tmp_path: Path) -> None:
    sections = _part("a", "spells") + _part("b", "spells")
    study = write_study(
        tmp_path, sections, a_csv=SPELLS, b_csv="employee_id,duration_months,exit_reason\n9,3,\n"
    )
    (found,) = _found(study)
    assert (found.table, found.rule) == ("spells", "one_form")
    assert "a has start, b has duration_months" in found.text


def test_an_attribute_has_one_type(tmp_path: Path) -> None:
    head = "unit_type,unit_id,name,value,age\n"
    extra = _part("one", extra='[tables.one.attributes]\nage = "age"\n') + _part(
        "two", extra='[tables.two.attributes]\nage = "age"\n'
    )
    files = {"one_csv": head + "person,1,spend,1,40\n", "two_csv": head + "person,1,days,1,old\n"}
    (found,) = _found(write_study(tmp_path, extra, **files))
    assert (found.rule, found.column) == ("one_type", "age")
    assert "numbers in one, text in two" in found.text
    empty = files | {"two_csv": head + "person,1,days,1,\n"}
    assert _cells(load_tables(write_study(tmp_path, extra, **empty)), "age") == [(40.0,), (None,)]


def test_names_of_parts(tmp_path: Path) -> None:
    (unknown,) = _found(write_study(tmp_path, _part("one", "outcome"), one_csv=ONE))
    assert (unknown.table, unknown.rule) == ("one", "unknown_table")
    assert "did you mean 'outcomes'" in unknown.text
    assert "part_of in [tables.one]" in unknown.what_to_do
    other = _found(write_study(tmp_path, _part("people"), people_csv=ONE))
    assert "part_name" in {v.rule for v in other}


def test_parquet_parts_stay_lazy(tmp_path: Path) -> None:
    frame = pl.DataFrame({"employee_id": ["1"], "period": [dt.date(2024, 1, 1)], "hours": [150.0]})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.with_columns(employee_id=pl.lit("2")).write_parquet(tmp_path / "b.parquet")
    sections = "".join(
        f'[tables.{name}]\npart_of = "workload"\npath = "{name}.parquet"\n' for name in ("a", "b")
    )
    workload = load_as_read(write_study(tmp_path, sections))["workload"]
    assert workload.select("employee_id", "hours").collect().rows() == [("1", 150.0), ("2", 150.0)]
    assert "PARQUET" in workload.explain().upper()
