"""One bad input: small files, the sections that map them, and the rule that must name what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from tests.tables.folder import HEAD, SPELLS, write_study
from wellperf_models.errors import StudyError
from wellperf_models.tables import CheckReport, check_study

SOURCE = '[tables.spells]\npath = "spells.csv"\n'
PEOPLE = '[tables.people]\npath = "spells.csv"\n'
WORKLOAD = '[tables.workload]\npath = "spells.csv"\n'
SURVEYS = '[tables.surveys]\npath = "spells.csv"\n'
OUTCOMES = '[tables.outcomes]\npath = "spells.csv"\n'
ASSIGNMENTS = '[tables.assignments]\npath = "spells.csv"\n'
# a cell that must not appear in any message
SECRET = "Zyxwvut"


@dataclass(frozen=True, kw_only=True)
class Bad:
    """One bad input.

    Attributes:
        name: What is wrong with it, in words.
        rule: The violation that must name it; where it `says` a note, the note; else part of the error.
        content: The file spells.csv.
        sections: Of the study file.
        rows: The first rows that the violation must name.
        head: `[study]`.
        files: Further files, by name with "_" for the dot.
        says: "violation": a named refusal. "note": accepted, and said. "error": the study file can't be read.
        also: Part of what is said.
    """

    name: str
    rule: str
    content: str | bytes = SPELLS
    sections: str = SOURCE
    rows: tuple[int, ...] = ()
    head: str = HEAD
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    says: Literal["violation", "note", "error"] = "violation"
    also: str = ""


@dataclass(frozen=True, kw_only=True)
class Good:
    """The twin of a bad input: it looks alike, is right, and must pass.

    Attributes:
        not_said: A rule that must not even be noted; "" where notes are no matter.
    """

    name: str
    content: str | bytes = SPELLS
    sections: str = SOURCE
    head: str = HEAD
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    not_said: str = ""


def spells(extra: str) -> str:
    """The good spells and further rows; the first of them is row 3."""
    return SPELLS + extra


def people(column: str, *cells: str) -> str:
    """People 1, 2, … with one more column."""
    return f"employee_id,{column}\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(cells, start=1))


def toml_with(source: str, **settings: str) -> str:
    """A source with further settings, written as in TOML."""
    return source + "".join(f"{name} = {value}\n" for name, value in settings.items())


def attribute(name: str = "dept") -> str:
    """People with one attribute carried along."""
    return PEOPLE + f'[tables.people.attributes]\n{name} = "{name}"\n'


def report_of(case: Bad | Good, folder: Path) -> CheckReport:
    """Checks the study of a case."""
    study = write_study(folder, case.sections, head=case.head, spells_csv=case.content, **case.files)
    return check_study(study)


def judge(bad: Bad, folder: Path) -> None:
    """The bad input is named, with what to do, and no cell of it is shown."""
    if bad.says == "error":
        with pytest.raises(StudyError) as caught:
            report_of(bad, folder)
        assert bad.rule in str(caught.value)
        assert SECRET not in str(caught.value)
        return
    report = report_of(bad, folder)
    text = str(report)
    assert SECRET not in text
    assert SECRET not in repr((report.violations, report.notes))
    assert bad.rule in text
    assert bad.also in " ".join(text.split())
    if bad.says == "note":
        assert report.ok, text
        note = next(note for note in report.notes if note.rule == bad.rule)
        assert note.count >= 1
        assert note.text
        return
    found = {violation.rule: violation for violation in report.violations}
    assert bad.rule in found, found
    assert not report.ok
    violation = found[bad.rule]
    assert violation.what_to_do
    assert violation.count >= 1
    assert violation.first_rows[: len(bad.rows)] == bad.rows


def accept(good: Good, folder: Path) -> None:
    """The good input breaks no rule."""
    report = report_of(good, folder)
    assert report.ok, str(report)
    assert good.not_said not in {note.rule for note in report.notes}
