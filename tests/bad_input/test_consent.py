"""Data of people who have withdrawn: present in the files, and said to be set aside; never silently used."""

from __future__ import annotations

from pathlib import Path

from tests.bad_input.case import SECRET
from tests.tables.folder import write_study
from wellperf_models.tables import check_study, load_tables

STUDY = (
    '[tables.surveys]\npath = "asked.csv"\n[tables.consent]\npath = "consent.csv"\n'
    "[measures.mood]\nlow = 0\nhigh = 6\n"
)
ASKED = "employee_id,wave,measure,value,date\n" + "".join(
    f"{i},w,mood,3,2023-03-01\n" for i in (*range(12), SECRET)
)
AGREED = "employee_id,stream,from_date,to_date\n" + "".join(f"{i},surveys,2020-01-01,\n" for i in range(12))


def test_who_withdrew_is_set_aside_and_said(tmp_path: Path) -> None:
    withdrawn = AGREED + f"{SECRET},surveys,2020-01-01,2022-12-31\n"
    study = write_study(tmp_path, STUDY, asked_csv=ASKED, consent_csv=withdrawn)
    report = check_study(study)
    assert report.ok, str(report)
    assert "set aside" in str(report)
    assert SECRET not in str(report)
    assert load_tables(study)["surveys"].collect().height == 12


def test_who_never_agreed_is_set_aside_and_said(tmp_path: Path) -> None:
    report = check_study(write_study(tmp_path, STUDY, asked_csv=ASKED, consent_csv=AGREED))
    assert report.ok
    assert "set aside" in str(report)


def test_a_consent_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    wrong = AGREED + f"{SECRET},surveys,2020-01-01,2019-12-31\n"
    report = check_study(write_study(tmp_path, STUDY, asked_csv=ASKED, consent_csv=wrong))
    assert [(v.rule, v.first_rows) for v in report.violations] == [("end_not_before_start", (13,))]
    assert SECRET not in str(report)


def test_a_consent_for_what_is_no_stream_is_refused(tmp_path: Path) -> None:
    wrong = AGREED.replace("0,surveys", f"0,{SECRET}", 1)
    report = check_study(write_study(tmp_path, STUDY, asked_csv=ASKED, consent_csv=wrong))
    assert [v.rule for v in report.violations] == ["allowed"]
    assert SECRET not in str(report)
