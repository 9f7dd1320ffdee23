"""Wide to long: what stands beside a value comes with it, and a value that is missing was not measured."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.tables.folder import load_as_read, write_study
from wellperf_models.errors import StudyError
from wellperf_models.study import Study
from wellperf_models.tables import Violation, check_study, load_tables

TRIAL = (
    '[tables.outcomes]\npath = "t.csv"\nrow_id = true\n'
    '[tables.outcomes.constants]\nunit_type = "person"\n'
    '[tables.outcomes.wide]\nname = "name"\nvalue = "value"\n'
    '[tables.outcomes.wide.columns]\nSpend1 = "spend"\nDays1 = "days"\nGym1 = "gym"\n'
    '[tables.outcomes.wide.beside.weight]\nspend = "cov"\ndays = "elig"\n'
)
TEXT = "Spend1,Days1,Gym1,cov,elig\n10,1,5,.5,365\n,2,6,0,\n30,3,,1,30\n"


def _rows(study: Study) -> list[tuple[object, ...]]:
    table = load_tables(study)["outcomes"].select("name", "unit_id", "value", "weight").collect()
    return table.sort("name", "unit_id").rows()


def _found(study: Study) -> list[Violation]:
    return list(check_study(study).violations)


def test_each_name_has_its_own_weight_and_missing_values_stay(tmp_path: Path) -> None:
    assert _rows(write_study(tmp_path, TRIAL, t_csv=TEXT)) == [
        ("days", "1", 1.0, 365.0),
        ("days", "2", 2.0, None),
        ("days", "3", 3.0, 30.0),
        ("gym", "1", 5.0, None),
        ("gym", "2", 6.0, None),
        ("gym", "3", None, None),
        ("spend", "1", 10.0, 0.5),
        ("spend", "2", None, 0.0),
        ("spend", "3", 30.0, 1.0),
    ]


def test_names_without_a_header_take_the_default(tmp_path: Path) -> None:
    sections = (
        '[tables.spells]\npath = "s.csv"\n[tables.spells.wide]\nname = "exit_reason"\n'
        'value = "duration_months"\n[tables.spells.wide.columns]\nv = "voluntary"\no = "other"\n'
        '[tables.spells.wide.beside.entry_months]\nother = "e"\n'
    )
    study = write_study(tmp_path, sections, s_csv="employee_id,v,o,e\n1,5,,9\n2,,7,3\n")
    spells = load_as_read(study)["spells"].select("employee_id", "duration_months", "entry_months").collect()
    assert spells.rows() == [("1", 5.0, 0.0), ("2", 7.0, 3.0)]


def test_values_and_units_apply_beside(tmp_path: Path) -> None:
    sections = TRIAL + '[tables.outcomes.wide.beside.received]\nspend = "took"\n'
    sections += '[tables.outcomes.values.received]\n"1" = "yes"\n"0" = "no"\n'
    text = "Spend1,Days1,Gym1,cov,elig,took\n1,1,1,1,1,1\n2,2,2,1,1,0\n"
    table = load_tables(write_study(tmp_path, sections, t_csv=text))["outcomes"].collect()
    got = table.filter(pl.col("name") == "spend")["received"].to_list()
    assert (got, table["received"].null_count()) == (["yes", "no"], 4)
    (found,) = _found(write_study(tmp_path, sections, t_csv=text.replace("1,1,0", "1,1,2")))
    assert (found.rule, found.column, found.first_rows) == ("unlisted_value", "received", (2,))
    days = '[tables.spells]\npath = "s.csv"\n[tables.spells.wide]\nname = "exit_reason"\n'
    days += 'value = "duration_months"\n[tables.spells.wide.columns]\nv = "voluntary"\n'
    days += '[tables.spells.wide.beside.entry_months]\nvoluntary = "e"\n'
    days += '[tables.spells.units]\nentry_months = "years"\n'
    study = write_study(tmp_path, days, s_csv="employee_id,v,e\n1,50,2\n")
    assert load_tables(study)["spells"].collect()["entry_months"].to_list() == [24.0]


def test_a_value_can_stand_beside_another(tmp_path: Path) -> None:
    sections = TRIAL.replace('spend = "cov"', 'spend = "Days1"')
    rows = _rows(write_study(tmp_path, sections, t_csv=TEXT))
    assert [(value, weight) for name, _, value, weight in rows if name == "spend"] == [
        (10.0, 1.0), (None, 2.0), (30.0, 3.0)
    ]  # fmt: skip


def test_typed_columns_of_two_types(tmp_path: Path) -> None:
    pl.DataFrame(
        {"Spend1": [1, 2], "Days1": [0.5, None], "Gym1": [1, 1], "cov": [1, 2], "elig": [0.5, 1.5]}
    ).cast({"cov": pl.Int8}).write_parquet(tmp_path / "t.parquet")
    study = write_study(tmp_path, TRIAL.replace("t.csv", "t.parquet"))
    assert _rows(study) == [
        ("days", "1", 0.5, 0.5), ("days", "2", None, 1.5), ("gym", "1", 1.0, None), ("gym", "2", 1.0, None),
        ("spend", "1", 1.0, 1.0), ("spend", "2", 2.0, 2.0),
    ]  # fmt: skip


def test_surveys_make_no_row_of_a_missing_cell(tmp_path: Path) -> None:
    sections = (
        '[tables.surveys]\npath = "s.csv"\n[tables.surveys.constants]\nwave = "1"\n'
        '[tables.surveys.wide]\nname = "measure"\nvalue = "value"\n'
        '[tables.surveys.wide.columns]\nEX = "exhaustion"\nCY = "cynicism"\n'
        "[measures.exhaustion]\nlow = 0\nhigh = 6\n[measures.cynicism]\nlow = 0\nhigh = 6\n"
    )
    tables = load_tables(write_study(tmp_path, sections, s_csv="employee_id,EX,CY\n1,1,\n2,,\n"))
    assert tables.n_rows == {"surveys": 1}


@pytest.mark.parametrize(
    ("change", "rule", "column", "says"),
    [
        (('"elig"', '"eligible"'), "missing_column", "weight", "in [tables.outcomes.wide.beside.weight]"),
        (("beside.weight", "beside.wieght"), "unknown_column", "wieght", "wide.beside"),
        (("beside.weight", "beside.value"), "one_origin", "value", "[tables.outcomes]"),
        (("Gym1 =", "Gym9 ="), "missing_column", "gym", '= "gym" in [tables.outcomes.wide.columns]'),
    ],
)  # fmt: skip
def test_wrong_headers_are_named(
    tmp_path: Path, change: tuple[str, str], rule: str, column: str, says: str
) -> None:
    study = write_study(tmp_path, TRIAL.replace(*change), t_csv=TEXT)
    found = next(v for v in _found(study) if v.rule == rule)
    assert found.column == column
    assert says in found.what_to_do


def test_two_origins_beside(tmp_path: Path) -> None:
    sections = TRIAL + '[tables.outcomes.columns]\nweight = "cov"\n'
    assert [v.rule for v in _found(write_study(tmp_path, sections, t_csv=TEXT))] == ["one_origin"]
    constant = TRIAL.replace('unit_type = "person"', 'unit_type = "person"\nweight = 1.0')
    assert "one_origin" in {v.rule for v in _found(write_study(tmp_path, constant, t_csv=TEXT))}


def test_a_name_that_wide_does_not_make_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"wide\.columns does not make"):
        write_study(tmp_path, TRIAL + 'walk = "cov"\n', t_csv=TEXT)


def test_an_empty_row_is_no_unit(tmp_path: Path) -> None:
    found = _found(write_study(tmp_path, TRIAL, t_csv=TEXT + ",,,,\n"))
    assert [(v.rule, v.first_rows) for v in found] == [("empty_row", (4,))]


def test_equal_rows_are_judged_before_they_become_several(tmp_path: Path) -> None:
    found = _found(write_study(tmp_path, TRIAL, t_csv=TEXT + "10,1,5,.5,365\n"))
    assert [(v.rule, v.first_rows) for v in found] == [("duplicate_rows", (4,))]
    kept = TRIAL.replace("row_id = true\n", 'row_id = true\nduplicates = "keep"\n')
    assert load_tables(write_study(tmp_path, kept, t_csv=TEXT + "10,1,5,.5,365\n")).n_rows == {"outcomes": 12}
