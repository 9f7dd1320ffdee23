"""Rows that are occasions of their own, numbered as a declared column; columns beside the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tables.folder import HEAD, write_study
from wellperf_models.panel import read_wave_order
from wellperf_models.tables import check_study, load_tables

CSV = "who, hours ,reason\n7,4,a\n7,4,a\n8,2,b\n"
SURVEYS = """
[tables.surveys]
path = "absences.csv"
row_number = "wave"
duplicates = "keep"
[tables.surveys.columns]
employee_id = "who"
value = "hours"
[tables.surveys.constants]
measure = "hours"
[tables.surveys.attributes]
reason = "reason"
[measures.hours]
low = 0
high = 120
higher_is = "worse"
[covariates.reason]
table = "surveys"
type = "category"
timing = "after"
"""


def _check(folder: Path, sections: str):  # type: ignore[no-untyped-def]
    return check_study(write_study(folder, sections, head=HEAD, absences_csv=CSV))


def test_every_row_is_an_occasion_of_its_person(tmp_path: Path) -> None:
    study = write_study(tmp_path, SURVEYS, head=HEAD, absences_csv=CSV)
    frame = load_tables(study)["surveys"].collect()
    assert frame["wave"].n_unique() == 3
    assert frame["employee_id"].n_unique() == 2
    assert frame["reason"].to_list() == ["a", "a", "b"]
    assert frame["value"].to_list() == [4.0, 4.0, 2.0]


def test_equal_rows_are_named_unless_they_are_kept(tmp_path: Path) -> None:
    report = _check(tmp_path, SURVEYS.replace('duplicates = "keep"\n', ""))
    assert [v.rule for v in report.violations] == ["duplicate_rows"]


@pytest.mark.parametrize(
    ("column", "rule", "says"),
    [
        ("employee_id", "row_number", "whom a row is about"),
        ("value", "row_number", "no declared text"),
        ("wav", "row_number", "known: wave, item"),
        ("measure", "one_origin", "two origins"),
    ],
)
def test_other_columns_are_refused_by_name(tmp_path: Path, column: str, rule: str, says: str) -> None:
    report = _check(tmp_path, SURVEYS.replace('row_number = "wave"', f'row_number = "{column}"'))
    assert any(v.rule == rule and says in v.text for v in report.violations), report.violations


def test_a_column_that_is_numbered_has_no_header_beside_it(tmp_path: Path) -> None:
    twice = SURVEYS.replace('value = "hours"\n', 'value = "hours"\nwave = "reason"\n')
    assert "one_origin" in {v.rule for v in _check(tmp_path, twice).violations}


def test_a_column_beside_the_answers_serves_no_other_section(tmp_path: Path) -> None:
    asked = SURVEYS + '[turnover]\ncovariates = ["reason"]\n'
    assert "covariate_beside_answers" in {v.rule for v in _check(tmp_path, asked).violations}
    unknown = SURVEYS.replace("[covariates.reason]", '[covariates.other]\ncolumn = "raeson"')
    (violation,) = _check(tmp_path, unknown).violations
    assert violation.rule == "covariate_column"
    assert "did you mean 'reason'" in violation.text


def test_numbers_of_dated_rows_are_no_order_of_waves(tmp_path: Path) -> None:
    """Several rows bear one day: nothing tells which comes first, and nothing is refused for it."""
    dated = "who, hours ,reason,day\n7,4,a,2023-01-02\n7,5,a,2023-01-02\n8,2,b,2023-01-01\n"
    asked = SURVEYS.replace('value = "hours"', 'value = "hours"\ndate = "day"')
    asked += '[burnout]\noutcome = "hours"\ncase_at = 4\n[burnout.models.m]\ncovariates = ["reason"]\n'
    study = write_study(tmp_path, asked.replace("after", "during"), head=HEAD, absences_csv=dated)
    order = read_wave_order(load_tables(study), ())
    assert not order.ordered
    assert not order.dated
    assert len(order.names) == 3
