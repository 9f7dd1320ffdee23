"""`wellperf new`: the proposal loads, marks its guesses, and runs for a study of people and exits alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from tests.tables.folder import load_as_read
from wellperf_models.errors import StudyError
from wellperf_models.study import Study, load_study
from wellperf_models.tables import check_study, load_tables
from wellperf_models.tables.guess import identifies
from wellperf_models.tables.propose import propose_study, write_proposal

AS_OF = "2024-06-30"


def _propose(tmp_path: Path, **files: str | bytes) -> tuple[str, Study]:
    data = tmp_path / "data"
    data.mkdir()
    for name, content in files.items():
        path = data / name.replace("_", ".")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    file = write_proposal(tmp_path / "study", folder=data, as_of=AS_OF)
    return file.read_text(encoding="utf-8"), load_study(file)


@pytest.mark.parametrize(
    "content",
    [
        "id,start,end,reason\n1,2020-01-31,,\n2,2020-01-31,2021-02-28,resigned\n",
        "EmployeeNumber;HireDate;TerminationDate;Reason for leaving\n"
        "1;31.01.2020;;\n2;31.01.2020;28.02.2021;quit\n",
        "emp_id\tDate of Hire\tExit date\tAttrition\n"
        "1\t01/31/2020\t\tNo\n2\t01/31/2020\t02/28/2021\tresignation\n",
        "\ufeffStaff ID,Joined,Leaving Date,Separation type\n"
        "1,31/01/2020,,\n2,31/01/2020,28/02/2021,Voluntary\n",
    ],
)
def test_people_and_exits_alone_come_out_running(tmp_path: Path, content: str) -> None:
    text, study = _propose(tmp_path, leavers_csv=content)
    assert check_study(study).ok, str(check_study(study))
    assert load_as_read(study)["spells"].collect().rows() == [
        ("1", dt.date(2020, 1, 31), None, None),
        ("2", dt.date(2020, 1, 31), dt.date(2021, 2, 28), "voluntary"),
    ]
    assert study.turnover.causes == ("voluntary",)
    assert "# guess" in text
    assert str(tmp_path) not in text


def test_durations_without_ids(tmp_path: Path) -> None:
    text, study = _propose(tmp_path, hr_csv="tenure_years,left,salary\n2,1,100\n3,0,200\n")
    assert study.tables["spells"].row_id
    assert load_tables(study)["spells"].collect().rows() == [
        ("1", 24.0, 0.0, "other"),
        ("2", 36.0, 0.0, None),
    ]
    assert '# salary = "salary"' in text


def test_flat_extract_gives_people_and_spells(tmp_path: Path) -> None:
    content = (
        "EmpID,Gender,Hire date,Exit date,Left,Left\n1,f,2020-01-01,,no,0\n2,m,2020-01-01,2021-01-01,yes,1\n"
    )
    _, study = _propose(tmp_path, extract_csv=content)
    assert set(study.tables) == {"people", "spells"}
    assert study.tables["spells"].columns["exit_reason"] == "Left[1]"
    assert check_study(study).ok


def test_cells_of_sensitive_columns_are_not_written(tmp_path: Path) -> None:
    content = (
        "employee_id,start,cause,days,comment\n"
        "1,2024-01-01,Zyxdepression,3,Zyxtext\n2,2024-01-01,Zyxflu,1,Zyxtext\n"
    )
    text, study = _propose(tmp_path, absences_csv=content)
    assert "Zyx" not in text
    assert [v.rule for v in check_study(study).violations] == ["allowed"]


def test_many_reasons_are_not_listed(tmp_path: Path) -> None:
    rows = "".join(f"{i},2020-01-01,2021-01-01,because {i}\n" for i in range(60))
    text, study = _propose(tmp_path, exits_csv="employee_id,start,end,exit_reason\n" + rows)
    assert "because" not in text
    assert not check_study(study).ok


def test_what_fits_no_table_is_listed(tmp_path: Path) -> None:
    text, study = _propose(
        tmp_path,
        spells_csv="employee_id,start,end,exit_reason\n1,2020-01-01,,\n",
        weather_csv="rain\n1\n",
        notes_md="x",
    )
    assert "# weather.csv: no declared table fits; its headers are:\n#   rain" in text
    assert "# notes.md: not read" in text
    assert check_study(study).ok


def test_hostile_headers_and_names_do_not_break_the_file(tmp_path: Path) -> None:
    header = 'id,start,end,reason,"a ""b"" \\ #","x\ny",[z]\n'
    text, study = _propose(
        tmp_path, hr_csv=header + "1,2020-01-01,,,1,2,3\n2,2020-01-01,2021-01-01,q'\"uit,1,2,3\n"
    )
    assert check_study(study).ok
    assert study.tables["spells"].values["exit_reason"] == {"q'\"uit": "other"}
    assert "\n#" in text


def test_without_a_folder_there_is_an_example(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(propose_study(None, tmp_path, name="My Study"), encoding="utf-8")
    study = load_study(tmp_path)
    assert study.study.name == "my-study"
    assert study.study.as_of == dt.date.today()
    assert [v.rule for v in check_study(study).violations] == ["no_tables"]


def test_missing_as_of_is_a_marked_guess(tmp_path: Path) -> None:
    assert "guess: today" in propose_study(None, tmp_path)
    assert "guess: today" not in propose_study(None, tmp_path, as_of=dt.date(2024, 1, 1))


@pytest.mark.parametrize("what", ["exists", "no folder", "empty folder", "bad date"])
def test_refusals(tmp_path: Path, what: str) -> None:
    target, folder, as_of = tmp_path / "new", tmp_path, AS_OF
    if what == "exists":
        target.mkdir()
        (target / "study.toml").touch()
    elif what == "no folder":
        folder = tmp_path / "gone"
    elif what == "bad date":
        as_of = "30.6.2024"
    with pytest.raises(StudyError):
        write_proposal(target, folder=folder, as_of=as_of)
    assert what == "exists" or not (target / "study.toml").exists()


def test_the_synthetic_organisation_is_recognised(tmp_path: Path) -> None:
    data = Path(__file__).parents[2] / "data_synthetic"
    if not (data / "spells.csv").is_file():
        pytest.skip("data_synthetic is not made yet")
    file = write_proposal(tmp_path / "s", folder=data, as_of="2024-12-31")
    proposed, own = load_study(file), load_study(data)
    assert set(proposed.tables) == set(own.tables)
    assert {n: s.path for n, s in proposed.tables.items()} == {n: s.path for n, s in own.tables.items()}
    assert check_study(proposed).ok


def test_german_flat_extract(tmp_path: Path) -> None:
    content = (
        "Personalnummer;Geschlecht;Geburtsjahr;Abteilung;Standort;Eintrittsdatum;Austrittsdatum;Austrittsgrund;"
        "Nachname;E-Mail;Straße;Hobby\n"
        "1;w;1980;IT;Ulm;01.02.2020;;;Zyx;zyx@a.de;Weg 1;a\n"
        "2;m;1981;HR;Ulm;01.02.2020;31.03.2021;Eigenkündigung;Zyx;zyy@a.de;Weg 2;b\n"
        "3;m;1982;HR;Ulm;01.02.2020;31.03.2021;Kündigung Arbeitgeber;Zyx;zyz@a.de;Weg 3;b\n"
        "4;m;1983;HR;Ulm;01.02.2020;31.03.2021;Kündigung Arbeitnehmer;Zyx;zyz@a.de;Weg 3;b\n"
        "5;m;1984;HR;Ulm;01.02.2020;31.03.2021;betriebsbedingt;Zyx;zyz@a.de;Weg 3;b\n"
    )
    text, study = _propose(tmp_path, personal_csv=content)
    assert check_study(study).ok, str(check_study(study))
    assert study.tables["spells"].columns == {
        "employee_id": "Personalnummer",
        "start": "Eintrittsdatum",
        "end": "Austrittsdatum",
        "exit_reason": "Austrittsgrund",
    }
    assert study.tables["people"].attributes == {"department": "Abteilung"}
    assert study.turnover.group_by == "department"
    assert 'group_by = "department"   # guess' in text
    assert study.tables["spells"].values["exit_reason"] == {
        "Eigenkündigung": "voluntary",
        "Kündigung Arbeitnehmer": "voluntary",
        "Kündigung Arbeitgeber": "involuntary",
        "betriebsbedingt": "involuntary",
    }
    assert "# left out: identifies people: Nachname, E-Mail, Straße" in text
    assert '"Nachname"' not in text
    assert '# hobby = "Hobby"' in text


def test_german_workload(tmp_path: Path) -> None:
    _, study = _propose(tmp_path, zeiten_csv="Personalnummer,Monat,Stunden,Überstunden\n1,2024-01-01,150,5\n")
    assert study.tables["workload"].columns["overtime_hours"] == "Überstunden"
    assert study.tables["workload"].columns["hours"] == "Stunden"


@pytest.mark.parametrize(
    "header",
    [
        "Employee_Name",
        "name",
        "E-mail address",
        "Phone",
        "Zip",
        "DOB",
        "Date of Birth",
        "SSN",
        "Home Address",
    ],
)
def test_identifiers_are_never_offered(header: str) -> None:
    assert identifies(header)


@pytest.mark.parametrize(
    "header", ["Department name", "Team", "JobRole", "OverTime", "MonthlyIncome", "Birth year"]
)
def test_other_columns_are_no_identifiers(header: str) -> None:
    assert not identifies(header)


def test_zero_tenure_is_a_marked_guess(tmp_path: Path) -> None:
    text, study = _propose(tmp_path, hr_csv="tenure_years,left\n0,1\n3,0\n")
    assert 'zero_durations = "half_step"   # guess' in text
    assert load_tables(study).n_half_steps == {"spells": 1}


def test_a_file_without_header_is_not_copied(tmp_path: Path) -> None:
    text, _ = _propose(
        tmp_path,
        spells_csv="employee_id,start,end,exit_reason\n1,2020-01-01,,\n",
        people_csv="17,1980,f,Zyxwv,2020-01-01\n18,1981,m,Zyx,2020-01-01\n",
        hr_db=b"SQLite",
    )
    assert "Zyx" not in text
    assert "people.csv: not read; the first row looks like data" in text
    assert "hr.db: not read; a database" in text


def test_a_folder_with_a_database_says_how(tmp_path: Path) -> None:
    (tmp_path / "hr.sqlite").write_bytes(b"SQLite")
    with pytest.raises(StudyError, match=r"(?s)query = .*address_env"):
        propose_study(tmp_path, tmp_path)


def test_other_sheets_are_mentioned(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["employee_id", "start", "end", "exit_reason"])
    book.active.append(["1", "2020-01-01", None, None])
    book.create_sheet("Absences")
    book.save(tmp_path / "hr.xlsx")
    assert "others are: Absences" in propose_study(tmp_path, tmp_path)


def test_outcomes_of_a_trial_are_recognised(tmp_path: Path) -> None:
    text, study = _propose(
        tmp_path,
        trial_csv="unit_type,unit_id,outcome,value,treatment,participated,stratum,cluster id\n"
        "person,1,days,1,t,1,s1,k\nperson,2,days,,c,0,s1,k\n",
    )
    source = study.tables["outcomes"]
    assert source.columns["received"] == "participated"
    assert source.columns["block"] == "stratum"
    assert source.columns["cluster"] == "cluster id"
    assert source.values["received"] == {"0": "no", "1": "yes"}
    assert '"1" = "yes"   # guess' in text
    assert check_study(study).ok


def test_units_without_a_value_are_no_outcomes(tmp_path: Path) -> None:
    text, study = _propose(tmp_path, units_csv="unit_type,unit_id,outcome\nperson,1,days\n")
    assert "units.csv: no declared table fits" in text
    assert not study.tables
