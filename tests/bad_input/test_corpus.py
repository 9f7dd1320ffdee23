"""The corpus as a whole: how large it is, and that nothing the issue names is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input import (
    test_containers,
    test_encoding,
    test_keys,
    test_roi,
    test_study_file,
    test_time,
    test_values,
)
from tests.bad_input.case import SOURCE, Bad
from tests.tables.folder import SPELLS, write_study
from wellperf_models.tables import check_study

THEMES = (
    test_containers,
    test_encoding,
    test_keys,
    test_roi,
    test_study_file,
    test_time,
    test_values,
)
CORPUS: tuple[Bad, ...] = tuple(bad for theme in THEMES for bad in theme.CASES)


# what the corpus must hold, by the words of its specification → the case that has it
ASKED = {
    "duplicates": "key twice",
    "case twins": "ids in upper and lower case (E7 and e7)",
    "lost leading zeros": "lost leading zeros in a column (007 and 7)",
    "lost leading zeros, across tables": "lost leading zeros between tables",
    "reused after rehire": "id given again after an exit, by year of birth",
    "manager cycles": "managers in a circle of three, closed later",
    "self-manager": "own manager",
    "exit before hire": "exit before entry",
    "1900 Excel dates": "day numbers of a spreadsheet (1900)",
    "1904 Excel dates": "day numbers read in the wrong calendar (1904)",
    "dd/mm against mm/dd": "day and month swapped",
    "mixed zones": "times of several zones",
    "9999-12-31": "open end as 9999",
    "overlapping spells": "overlapping spells",
    "survey after exit": "survey after the exit",
    "event after the as-of date": "exit after the extract",
    "negative hours": "negative hours",
    "> 168 h a week": "more than 168 hours a week",
    "mixed currency": "mixed currencies, one of them undeclared",
    "decimal comma": "decimal comma, told as such",
    "thousands separators": "thousands separators",
    "percent or fraction": "per cent and fractions mixed",
    "-99": "-99 for missing",
    "NA": "NA in a number",
    "Inf": "infinity",
    "1e308": "1e308",
    "reversed Likert": "reversed item of a scale",
    "off scale": "score off its scale",
    "constant": "constant covariate",
    "collinear": "covariates that follow from each other",
    "all missing": "covariate of which every cell is missing",
    "empty": "header only",
    "10,000 categories": "category of 10,000 levels",
    "unseen category": "value the mapping does not list",
    "duplicate column names": "two columns of one name",
    "cp1252 as UTF-8": "latin text declared utf-8",
    "BOM": "byte-order mark",
    "NUL": "NUL in a cell",
    "NFC/NFD twins": "one letter composed in two ways",
    "homoglyphs": "letters that look alike in an id",
    "zip bombs": "workbook that unpacks to gigabytes",
    "XML bombs": "workbook with XML entities",
    "truncated Parquet": "truncated Parquet",
    "huge row": "huge row",
    "costs negative": "negative cost",
    "discount rate missing": "no discount rate",
    "currency mixed": "cost in another currency",
    "outcome after the as-of date": "outcome after the extract, by month",
    "unknown factor": "factor that is none, of a value",
    "productivity and presenteeism": "measured and self-reported output",
    "hurdle rates below 0": "hurdle rate below 0",
    "initiatives naming unknown outcomes": "initiative that changes no outcome",
    "arms misspelt": "misspelt arm",
    "arms coded in two ways": "arms as 0/1 and as yes/no",
    "duplicate unit rows": "unit measured twice, row for row",
    "nan as a word": "outcome written as nan",
    "infinite values": "outcome without end",
    "negative weights": "negative weight",
}
# one class, zero and all events, separation, one row: in test_outcomes; withdrawn consent: in test_consent;
# designs and money that carry no answer: in test_returns


def test_nothing_that_is_asked_for_is_left_out() -> None:
    assert set(ASKED.values()) <= {bad.name for bad in CORPUS}


def test_corpus_is_large_and_distinct() -> None:
    names = [bad.name for bad in CORPUS]
    assert len(names) == len(set(names)) >= 200
    # hardly any rule is there without a case
    assert len({bad.rule for bad in CORPUS}) >= 100


def test_every_theme_has_twins_that_pass() -> None:
    assert all(len(theme.TWINS) >= 4 for theme in THEMES)


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


@pytest.mark.parametrize("name", ["shuffled columns", "other line ends"])
def test_what_changes_nothing_is_read_alike(tmp_path: Path, name: str) -> None:
    text = {
        "shuffled columns": "exit_reason,end,employee_id,start\n"
        "voluntary,2021-12-31,1,2020-01-01\n,,2,2020-01-01\n",
        "other line ends": SPELLS.replace("\n", "\r\n"),
    }[name]
    report = check_study(write_study(tmp_path, SOURCE, spells_csv=text))
    assert report.ok
    assert [table.rows for table in report.tables] == [2]
