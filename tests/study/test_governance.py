"""Governance: what a given section must hold, what an absent one means, and the override log."""

from pathlib import Path

import pytest

from wellperf_models.cli import main
from wellperf_models.errors import StudyError
from wellperf_models.study import ALWAYS_PROHIBITED, Study, load_study, read_overrides

HEAD = '[study]\nname = "acme"\nas_of = 2024-12-31\nseed = 1\n{general}\n[tables.spells]\npath = "s.csv"\n'
FIELDS = {
    "controller": '"Acme"', "purpose": '"Less strain"', "overseer": '"Works council"',
    "contest": '"Write to the works council"', "retention": '"A year"',
}  # fmt: skip
BASES = '[governance.legal_basis]\nspells = "contract"\n'
DPIA = '[governance.dpia]\nreference = "D-1"\ndate = 2024-05-01\nby = "Officer"\nresidual_risk = "low"\n'
LOG = 'overrides = "log.toml"\n'
ENTRY = '[[override]]\ndate = 2025-01-15\nwho = "HR director"\ndecision = "goes on"\nreason = "agreed"\n'


def governance(*, leave_out: str = "", more: str = "", sections: str = BASES + DPIA) -> str:
    lines = [f"{key} = {value}\n" for key, value in FIELDS.items() if key != leave_out]
    return "[governance]\n" + "".join(lines) + more + sections


def load(folder: Path, sections: str, general: str = "") -> Study:
    path = folder / "study.toml"
    path.write_text(HEAD.format(general=general) + sections, encoding="utf-8")
    return load_study(path)


def problem(folder: Path, sections: str) -> str:
    with pytest.raises(StudyError) as caught:
        read_overrides(load(folder, sections))
    return str(caught.value)


@pytest.mark.parametrize("field", [*FIELDS, "legal_basis"])
def test_what_a_given_section_must_hold(tmp_path: Path, field: str) -> None:
    text = governance(leave_out=field, sections="" if field == "legal_basis" else BASES)
    assert f"governance.{field}: missing" in problem(tmp_path, text)


@pytest.mark.parametrize("field", ["reference", "date", "by", "residual_risk"])
def test_what_an_impact_assessment_must_hold(tmp_path: Path, field: str) -> None:
    lines = "\n".join(line for line in DPIA.splitlines() if not line.startswith(field))
    assert f"governance.dpia.{field}: missing" in problem(tmp_path, governance(sections=BASES + lines))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (governance(sections='[governance.legal_basis]\nspells = "interest"\n'), "legal_basis.spells"),
        (governance(sections='[governance.legal_basis]\nspels = "contract"\n'), "did you mean 'spells'?"),
        (governance(more='contact = "x"\n'), "governance.contact: unknown key; did you mean 'contest'?"),
        (governance(leave_out="contest", more='contest = ""\n'), "governance.contest"),
        (governance(more='overrides = "../log.toml"\n'), "the study's folder"),
        (governance(more='overrides = "/etc/log.toml"\n'), "governance.overrides"),
        (governance(more='overrides = "log.xlsx"\n'), "governance.overrides"),
    ],
)
def test_wrong_words_are_named(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in problem(tmp_path, text)


def test_prohibited_uses_always_hold(tmp_path: Path) -> None:
    study = load(tmp_path, governance(more='prohibited_uses = ["ranking teams", "inferring emotions"]\n'))
    assert study.governance is not None
    assert study.governance.prohibited_uses == (*ALWAYS_PROHIBITED, "ranking teams")
    plain = load(tmp_path, governance()).governance
    assert plain is not None
    assert plain.prohibited_uses == ALWAYS_PROHIBITED


def test_gaps_of_a_private_study_without_the_section(tmp_path: Path) -> None:
    gaps = load(tmp_path, "").governance_gaps()
    assert len(gaps) == 8
    assert all(gap.endswith(": not declared") for gap in gaps)
    assert load(tmp_path, "", "synthetic = true").governance_gaps() == ()
    public = 'public_microdata = true\nlicence = "CC0"\nsource = "x"'
    assert load(tmp_path, "", public).governance_gaps() == ()


def test_gaps_of_a_given_section(tmp_path: Path) -> None:
    (tmp_path / "log.toml").write_text(ENTRY)
    assert load(tmp_path, governance(more=LOG)).governance_gaps() == ()
    assert load(tmp_path, governance()).governance_gaps() == ("override log: not declared",)
    assert (
        "impact assessment (DPIA): not declared"
        in load(tmp_path, governance(sections=BASES)).governance_gaps()
    )
    absences = '[tables.absences]\npath = "a.csv"\n'
    gaps = load(tmp_path, absences + governance(more=LOG)).governance_gaps()
    assert gaps == ("legal basis of absences: not declared",)
    weak = BASES + 'absences = "legitimate_interests"\n' + DPIA
    (gap,) = load(tmp_path, absences + governance(more=LOG, sections=weak)).governance_gaps()
    assert "Art. 9" in gap


def test_consent_as_a_basis_and_consent_as_a_filter_go_together(tmp_path: Path) -> None:
    tables = '[tables.surveys]\npath = "q.csv"\n[tables.consent]\npath = "c.csv"\n'
    by_consent = governance(more=LOG, sections=BASES + 'surveys = "consent"\n' + DPIA)
    (gap,) = load(tmp_path, tables + by_consent).governance_gaps()
    assert "surveys: consent, but rows without consent are used" in gap
    filtered = '[consent]\nstreams = ["surveys"]\n'
    assert load(tmp_path, tables + filtered + by_consent).governance_gaps() == ()
    otherwise = governance(more=LOG, sections=BASES + 'surveys = "works_agreement"\n' + DPIA)
    (gap,) = load(tmp_path, tables + filtered + otherwise).governance_gaps()
    assert "only rows with consent are used" in gap


def test_override_log_is_read_from_toml_and_csv(tmp_path: Path) -> None:
    study = load(tmp_path, governance(more=LOG))
    (tmp_path / "log.toml").write_text(ENTRY.replace("2025-01-15", "2025-03-01") + ENTRY)
    first, second = read_overrides(study)
    assert (first.date.month, second.date.month) == (1, 3)
    assert (first.who, first.decision, first.reason) == ("HR director", "goes on", "agreed")
    csv = load(tmp_path, governance(more='overrides = "log.csv"\n'))
    (tmp_path / "log.csv").write_text(
        "date,who,decision,reason\r\n2025-01-15,HR director,goes on,agreed\r\n", encoding="utf-8-sig"
    )
    assert read_overrides(csv) == (first,)
    (tmp_path / "log.csv").write_text("date,who,decision,reason\n")
    assert read_overrides(csv) == ()
    assert read_overrides(load(tmp_path, governance())) == ()


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("log.toml", ENTRY + 'employee_id = "E-4711"\n', "another key: not allowed"),
        ("log.toml", ENTRY.replace('who = "HR director"\n', ""), "who: "),
        ("log.toml", ENTRY.replace("2025-01-15", '"soon"'), "date: "),
        ("log.toml", 'note = "x"\n' + ENTRY, "something else"),
        ("log.toml", "override = [1]", "entry 1"),
        ("log.toml", "override = ", "not valid TOML"),
        ("log.csv", "date,who,decision,reason,id\n2025-01-15,a,b,c,E-4711\n", "another key: not allowed"),
        ("log.csv", "date,who,decision,reason\n2025-01-15,a,b,c,E-4711\n", "another key: not allowed"),
        ("log.csv", "date,who,decision,reason\n2025-01-15,a,b\n", "entry 1"),
    ],
)
def test_override_log_that_is_not_well_written(tmp_path: Path, file: str, text: str, expected: str) -> None:
    (tmp_path / file).write_text(text)
    message = problem(tmp_path, governance(more=f'overrides = "{file}"\n'))
    assert expected in message
    assert "E-4711" not in message


def test_override_log_that_is_not_there_or_elsewhere(tmp_path: Path) -> None:
    inside = tmp_path / "study"
    inside.mkdir()
    assert "can't be read" in problem(inside, governance(more=LOG))
    (tmp_path / "elsewhere.toml").write_text(ENTRY)
    (inside / "log.toml").symlink_to(tmp_path / "elsewhere.toml")
    assert "a link to elsewhere" in problem(inside, governance(more=LOG))


def test_check_prints_the_gaps_and_does_not_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.csv").write_text("employee_id,start\na,2020-01-01\nb,2020-02-01\n")
    load(tmp_path, "")
    assert main(["check", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "Governance: 8 gaps" in shown
    assert "how an employee contests: not declared" in shown
    (tmp_path / "log.toml").write_text(ENTRY)
    load(tmp_path, governance(more=LOG))
    assert main(["check", str(tmp_path)]) == 0
    assert "Governance: declared" in capsys.readouterr().out
    (tmp_path / "log.toml").unlink()
    assert main(["check", str(tmp_path)]) == 2
