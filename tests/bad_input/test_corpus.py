"""The corpus as a whole: how large it is, and that nothing the issue names is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input import (
    test_containers,
    test_encoding,
    test_keys,
    test_study_file,
    test_time,
    test_values,
)
from tests.bad_input.case import SOURCE, Bad
from tests.tables.folder import SPELLS, write_study
from wellperf_models.tables import check_study

THEMES = (test_containers, test_encoding, test_keys, test_study_file, test_time, test_values)
CORPUS: tuple[Bad, ...] = tuple(bad for theme in THEMES for bad in theme.CASES)


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
        "shuffled columns": "exit_reason,end,employee_id,start\nvoluntary,2021-12-31,1,2020-01-01\n,,2,2020-01-01\n",
        "other line ends": SPELLS.replace("\n", "\r\n"),
    }[name]
    report = check_study(write_study(tmp_path, SOURCE, spells_csv=text))
    assert report.ok
    assert [table.rows for table in report.tables] == [2]
