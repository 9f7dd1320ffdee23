"""Bad inputs; each ends in a named violation that says what to do, never in a crash or a silent repair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tables.folder import HEAD, SPELLS, write_study
from wellperf_models.tables import check_study

SOURCE = '[tables.spells]\npath = "spells.csv"\n'
# values that must not appear in any message
SECRET = "Zyxwvut"


@dataclass(frozen=True, kw_only=True)
class Bad:
    """One bad input: files, study sections, and the rule that must name it."""

    name: str
    rule: str
    content: str | bytes = SPELLS
    sections: str = SOURCE
    rows: tuple[int, ...] = ()
    head: str = HEAD


def _spells(extra: str) -> str:
    return SPELLS + extra


def _people(column: str, *cells: str) -> str:
    return f"employee_id,{column}\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(cells, start=1))


PEOPLE = '[tables.people]\npath = "spells.csv"\n'
WORKLOAD = '[tables.workload]\npath = "spells.csv"\n'
SURVEYS = '[tables.surveys]\npath = "spells.csv"\n'
OUTCOMES = '[tables.outcomes]\npath = "spells.csv"\n'
TRIAL = "unit_type,unit_id,period,name,value,arm,received\n"
LONG = TRIAL + "person,1,,days,1,t,yes\nperson,2,,days,2,c,no\n"
ROI = (
    '[roi]\nprogramme = "p"\ndesign = "randomised"\nlevel = "person"\ntreated = "t"\ncontrol = "c"\n'
    "[roi.outcomes.days]\n"
)
WORTH = (
    'higher_is = "worse"\n[roi.outcomes.days.value]\nchannel = "absence"\namount = 1.0\ncurrency = "EUR"\n'
    'source = "s"\ntier = "measured"\n'
)
BURNOUT = (
    "[measures.mood]\nlow = 0\nhigh = 6\n"
    '[burnout]\noutcome = "mood"\ncase_share = 0.25\n[burnout.models.age]\ncovariates = ["age"]\n'
)
WIDE = (
    OUTCOMES + '[tables.outcomes.wide]\nname = "name"\nvalue = "value"\n'
    '[tables.outcomes.wide.columns]\nd1 = "days"\n[tables.outcomes.wide.beside.weight]\ndays = "w1"\n'
)
WIDE_TEXT = "unit_type,unit_id,d1,w1\nperson,1,3,1\n"
AGE = '[tables.people.attributes]\nage = "age"\n[covariates.age]\ntable = "people"\ntiming = "before"\n'

CORPUS = (
    Bad(name="no file", rule="missing_file", sections=SOURCE.replace("spells.csv", "gone.csv")),
    Bad(name="unknown ending", rule="unknown_format", sections=SOURCE.replace("spells.csv", "study.toml")),
    Bad(name="not parquet", rule="unreadable", sections=SOURCE + 'format = "parquet"\n'),
    Bad(name="not excel", rule="unreadable", sections=SOURCE + 'format = "excel"\n'),
    Bad(name="not stata", rule="unreadable", sections=SOURCE + 'format = "stata"\n'),
    Bad(name="empty file", rule="empty_table", content=b""),
    Bad(name="header only", rule="empty_table", content="employee_id,start\n"),
    Bad(name="latin text declared utf-8", rule="encoding", rows=(3,),
        content=(_spells("3,2020-01-01,,") + "Köln\n").encode("cp1252")),
    Bad(name="utf-8 text declared cp1252", rule="encoding", content=_spells("3,2020-01-01,,ñ\n"),
        sections=SOURCE + 'encoding = "cp1252"\n'),
    Bad(name="utf-16 declared utf-8", rule="encoding", content=SPELLS.encode("utf-16")),
    Bad(name="encoding that does not exist", rule="encoding", sections=SOURCE + 'encoding = "utf-9"\n'),
    Bad(name="wrong separator", rule="separator", content=SPELLS.replace(",", ";")),
    Bad(name="row too long", rule="ragged_rows", content=_spells("3,2020-01-01,,,5\n"), rows=(3,)),
    Bad(name="row too short", rule="ragged_rows", content=_spells("3,2020-01-01\n"), rows=(3,)),
    Bad(name="stray quote", rule="unreadable", content=_spells('3,2020-01-01,"2021-01-01"x,other\n')),
    Bad(name="empty row", rule="empty_row", content=_spells(",,,\n3,2020-01-01,,\n"), rows=(3,)),
    Bad(name="missing column", rule="missing_column", content=SPELLS.replace("employee_id", "employee")),
    Bad(name="mapped column missing", rule="missing_column",
        sections=SOURCE + '[tables.spells.columns]\nend = "until"\n'),
    Bad(name="two columns of one name", rule="ambiguous_column",
        content="employee_id,start,end,end,exit_reason\n1,2020-01-01,,,\n"),
    Bad(name="third of two columns", rule="missing_column",
        content="employee_id,start,end,end,exit_reason\n1,2020-01-01,,,\n",
        sections=SOURCE + '[tables.spells.columns]\nend = "end[3]"\n'),
    Bad(name="unknown table", rule="unknown_table", sections=SOURCE.replace("tables.spells", "tables.spels")),
    Bad(name="no table", rule="no_tables", sections=""),
    Bad(name="unknown declared column", rule="unknown_column",
        sections=SOURCE + '[tables.spells.columns]\nexit_raeson = "exit_reason"\n'),
    Bad(name="column and constant", rule="one_origin",
        sections=SOURCE + '[tables.spells.columns]\nend = "end"\n'
        + '[tables.spells.constants]\nend = "2024-01-01"\n'),
    Bad(name="attribute with a declared name", rule="one_origin",
        sections=SOURCE + '[tables.spells.attributes]\nend = "end"\n'),
    Bad(name="constant of the wrong type", rule="constant",
        content="employee_id\n1\n", sections=SOURCE + '[tables.spells.constants]\nstart = "31.1.2020"\n'),
    Bad(name="neither start nor duration", rule="one_form", content="employee_id,end\n1,2020-01-01\n"),
    Bad(name="both start and duration", rule="one_form",
        content="employee_id,start,duration_months\n1,2020-01-01,5\n"),
    Bad(name="duplicate rows", rule="duplicate_rows", content=_spells("1,2020-01-01,2021-12-31,voluntary\n"),
        rows=(3,)),
    Bad(name="key twice", rule="unique_key", content=_spells("2,2020-01-01,2022-01-01,other\n"), rows=(3,)),
    Bad(name="other date format", rule="parses_as_date", content=_spells("3,31.12.2020,,\n"), rows=(3,)),
    Bad(name="impossible date", rule="parses_as_date", content=_spells("3,2023-02-29,,\n"), rows=(3,)),
    Bad(name="two-digit year", rule="plausible_date", content="employee_id,start\n1,05/01/21\n",
        sections=SOURCE + 'date_format = "%m/%d/%Y"\n', rows=(1,)),
    Bad(name="date format without signs", rule="date_format",
        sections=SOURCE + 'date_format = "YYYY-MM-DD"\n'),
    Bad(name="text in a number", rule="parses_as_number", content=_people("fte", "1", SECRET),
        sections=PEOPLE, rows=(2,)),
    Bad(name="decimal comma", rule="parses_as_number", content=_people("fte", "1", '"0,5"'),
        sections=PEOPLE, rows=(2,)),
    Bad(name="comma that groups no thousands", rule="parses_as_number", content=_people("fte", "1", '"1,5"'),
        sections=PEOPLE + 'thousands = ","\n', rows=(2,)),
    Bad(name="the word nan", rule="parses_as_number", content=_people("fte", "1", "nan"), sections=PEOPLE,
        rows=(2,)),
    Bad(name="number too large", rule="finite", content=_people("fte", "1", "1e999"), sections=PEOPLE,
        rows=(2,)),
    Bad(name="half a birth year", rule="parses_as_whole_number",
        content=_people("birth_year", "1980", "1980.5"),
        sections=PEOPLE, rows=(2,)),
    Bad(name="percent as fraction", rule="range", content=_people("fte", "1", "80"), sections=PEOPLE,
        rows=(2,)),
    Bad(name="unit that does not convert", rule="unit", content=_people("fte", "1"),
        sections=PEOPLE + '[tables.people.units]\nfte = "years"\n'),
    Bad(name="value the mapping does not list", rule="unlisted_value",
        content=_spells(f"3,2020-01-01,2021-01-01,{SECRET}\n"), rows=(3,),
        sections=SOURCE + '[tables.spells.values.exit_reason]\nvoluntary = "voluntary"\n'),
    Bad(name="mapping to an unknown word", rule="allowed",
        sections=SOURCE + '[tables.spells.values.exit_reason]\nvoluntary = "quit"\n', rows=(1,)),
    Bad(name="mapping of a missing word", rule="value_is_null",
        sections=SOURCE + 'null_values = ["voluntary"]\n'
        + '[tables.spells.values.exit_reason]\nvoluntary = "other"\n'),
    Bad(name="trailing blank in an id", rule="no_edge_blanks", content=_spells("3 ,2020-01-01,,\n"),
        rows=(3,)),
    Bad(name="trailing blank in a group", rule="no_edge_blanks", content=_people("dept", "Alpha", "Alpha "),
        sections=PEOPLE + '[tables.people.attributes]\ndept = "dept"\n', rows=(2,)),
    Bad(name="text direction in a group", rule="control_characters",
        content=_people("dept", "Alpha", f"\u202e{SECRET}"), rows=(2,),
        sections=PEOPLE + '[tables.people.attributes]\ndept = "dept"\n'),
    Bad(name="zero-width space in an id", rule="control_characters", rows=(3,),
        content=_spells("3\u200b,2020-01-01,,\n")),
    Bad(name="tenure of no whole year", rule="positive_duration", rows=(1,),
        content="employee_id,duration_months,exit_reason\n1,0,other\n2,12,\n"),
    Bad(name="absolute path", rule="outside_data_dirs", sections=SOURCE.replace("spells.csv", "/etc/passwd")
        + 'format = "csv"\n'),
    Bad(name="path that climbs out", rule="outside_data_dirs",
        sections=SOURCE.replace("spells.csv", "../x.csv")),
    Bad(name="no header row", rule="missing_column", content=f"17,2020-01-01,2021-12-31,{SECRET}\n"),
    Bad(name="no header row, name first", rule="missing_column", content=f"{SECRET},2020-01-01,,voluntary\n"),
    Bad(name="query that writes", rule="query_reads_only",
        sections='[tables.spells]\nquery = "drop table spells"\naddress_env = "WELLPERF_TEST_DB"\n'),
    Bad(name="missing id", rule="required", content=_spells(",2020-01-01,,\n"), rows=(3,)),
    Bad(name="exit before entry", rule="end_not_before_start", rows=(3,),
        content=_spells("3,2020-01-01,2019-01-01,other\n")),
    Bad(name="exit after the extract", rule="not_after_as_of", rows=(3,),
        content=_spells("3,2020-01-01,2024-07-01,other\n")),
    Bad(name="open end as 9999", rule="plausible_date", content=_spells("3,2020-01-01,9999-12-31,other\n"),
        rows=(3,)),
    Bad(name="reason of who stays", rule="reason_has_exit", content=_spells("3,2020-01-01,,other\n"),
        rows=(3,)),
    Bad(name="overlapping spells", rule="no_overlap", content=_spells("1,2021-06-01,,\n"), rows=(3,)),
    Bad(name="more overtime than hours", rule="overtime_within_hours", sections=WORKLOAD, rows=(1,),
        content="employee_id,period,hours,overtime_hours\n1,2024-01-01,10,11\n"),
    Bad(name="month given by a later day", rule="first_of_month", sections=WORKLOAD, rows=(1,),
        content="employee_id,period\n1,2024-01-31\n"),
    Bad(name="scale that is not declared", rule="measure_declared", sections=SURVEYS, rows=(1,),
        content="employee_id,wave,measure,value\n1,1,mood,3\n"),
    Bad(name="row_id without a subject", rule="row_id", content="programme,date,kind,amount,currency\n",
        sections='[tables.costs]\npath = "spells.csv"\nrow_id = true\n'),
    Bad(name="covariate that is no number", rule="parses_as_number", content=_people("age", "30", SECRET),
        sections=PEOPLE + AGE, rows=(2,)),
    Bad(name="covariate of no column", rule="covariate_column", content=_people("age", "30"),
        sections=PEOPLE + AGE.replace("covariates.age", "covariates.aeg")),
    Bad(name="category declared a number", rule="covariate_type", content=_people("gender", "f"),
        sections=PEOPLE + '[covariates.gender]\ntable = "people"\ntiming = "before"\n'),
    Bad(name="yes and no in another coding", rule="yes_no", content=_people("age", "yes", "1"), rows=(2,),
        sections=PEOPLE + AGE.replace('timing', 'type = "yes_no"\ntiming')),
    Bad(name="group of no column", rule="group_column",
        sections=SOURCE + '[turnover]\ngroup_by = "departement"\n'),
    Bad(name="currency without money", rule="currency_declared", rows=(1,),
        content="programme,date,kind,amount,currency\np,2024-01-01,other,5,EUR\n",
        sections='[tables.costs]\npath = "spells.csv"\n'),
    Bad(name="amount without currency", rule="missing_column",
        content="programme,date,kind,amount\np,2024-01-01,other,5\n",
        sections='[tables.costs]\npath = "spells.csv"\n'),
    Bad(name="part of no table", rule="unknown_table", sections=SOURCE + 'part_of = "spels"\n'),
    Bad(name="part named like another table", rule="part_name", sections=SOURCE + 'part_of = "people"\n'),
    Bad(name="file of a part missing", rule="missing_file",
        sections=SOURCE + '[tables.more]\npart_of = "spells"\npath = "more.csv"\n'),
    Bad(name="parts that overlap", rule="unique_key", rows=(1,),
        sections=SOURCE + '[tables.more]\npart_of = "spells"\npath = "spells.csv"\n'),
    Bad(name="weight of no header", rule="missing_column", content=WIDE_TEXT,
        sections=WIDE.replace('"w1"', '"w2"')),
    Bad(name="beside of no column", rule="unknown_column", content=WIDE_TEXT,
        sections=WIDE.replace("beside.weight", "beside.wheight")),
    Bad(name="beside and column", rule="one_origin", content=WIDE_TEXT,
        sections=WIDE + '[tables.outcomes.columns]\nweight = "w1"\n'),
    Bad(name="negative weight beside", rule="range", content=WIDE_TEXT.replace("3,1", "3,-1"), rows=(1,),
        sections=WIDE),
    Bad(name="text in a weight beside", rule="parses_as_number", rows=(1,), sections=WIDE,
        content=WIDE_TEXT.replace("3,1", f"3,{SECRET}")),
    Bad(name="unit in two arms", rule="one_arm_per_unit", sections=OUTCOMES, rows=(3,),
        content=LONG + "person,2,later,days,2,t,no\n"),
    Bad(name="participation in another coding", rule="allowed", sections=OUTCOMES, rows=(1,),
        content=LONG.replace("yes", SECRET)),
    Bad(name="outcome that no row has", rule="name_in_outcomes", content=LONG,
        sections=OUTCOMES + ROI.replace("outcomes.days", "outcomes.dais")),
    Bad(name="period that no row has", rule="period_in_outcomes", content=LONG.replace(",,", ",y1,"),
        sections=OUTCOMES + ROI + 'period = "y2"\n'),
    Bad(name="value in an unknown currency", rule="roi_currency", content=LONG,
        sections=OUTCOMES + ROI + WORTH),
    Bad(name="covariate of no column of the trial", rule="covariate_column", content=LONG,
        sections=OUTCOMES + '[covariates.age]\ntable = "outcomes"\ntiming = "before"\n'),
    Bad(name="covariate of a trial on turnover", rule="covariate_of_outcomes", content=LONG,
        sections=OUTCOMES + '[covariates.weight]\ntable = "outcomes"\ntiming = "before"\n'
        + '[turnover]\ncovariates = ["weight"]\n'),
    Bad(name="burnout by a group of no column", rule="group_column", content=_people("age", "30"),
        sections=PEOPLE + AGE + BURNOUT.replace("case_share", 'group_by = "departement"\ncase_share')),
    Bad(name="no database address", rule="database_address",
        sections='[tables.spells]\nquery = "select 1"\naddress_env = "WELLPERF_TEST_UNSET"\n'),
    Bad(name="database that is not there", rule="database",
        sections='[tables.spells]\nquery = "select 1"\naddress_env = "WELLPERF_TEST_DB"\n'),
)  # fmt: skip


@pytest.mark.parametrize("bad", CORPUS, ids=lambda bad: bad.name)
def test_bad_input_is_named(bad: Bad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WELLPERF_TEST_UNSET", raising=False)
    monkeypatch.setenv("WELLPERF_TEST_DB", f"sqlite:///{tmp_path}/none/{SECRET}.db")
    study = write_study(tmp_path, bad.sections, head=bad.head, spells_csv=bad.content)
    report = check_study(study)
    found = {violation.rule: violation for violation in report.violations}
    assert bad.rule in found, found
    assert not report.ok
    violation = found[bad.rule]
    assert violation.what_to_do
    assert violation.count >= 1
    assert violation.first_rows[: len(bad.rows)] == bad.rows
    assert bad.rule in str(report)
    assert SECRET not in str(report)
    assert SECRET not in repr(report.violations)


def test_corpus_is_large_and_distinct() -> None:
    names = [bad.name for bad in CORPUS]
    assert len(names) == len(set(names)) >= 25


def test_problems_of_all_tables_are_listed_together(tmp_path: Path) -> None:
    sections = (
        SOURCE + '[tables.people]\npath = "gone.csv"\n[tables.nothing]\npath = "x.csv"\n'
        '[tables.workload]\npath = "w.csv"\n'
    )
    study = write_study(
        tmp_path,
        sections,
        spells_csv=SPELLS.replace("voluntary", "moved"),
        w_csv="employee,period\n1,2024-01-01\n",
    )
    assert {(v.table, v.rule) for v in check_study(study).violations} == {
        ("nothing", "unknown_table"),
        ("people", "missing_file"),
        ("workload", "missing_column"),
        ("spells", "allowed"),
    }


def test_suggestions_name_the_likely_header(tmp_path: Path) -> None:
    study = write_study(tmp_path, SOURCE, spells_csv=SPELLS.replace("employee_id", "Employe_ID"))
    assert "did you mean 'Employe_ID'?" in check_study(study).violations[0].text
