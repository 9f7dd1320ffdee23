"""`wellperf check`: every violation, what was read, and which questions it answers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from wellperf_models.study import Study
from wellperf_models.tables.consent import describe_set_aside
from wellperf_models.tables.needs import Answerable
from wellperf_models.tables.questions import build_questions
from wellperf_models.tables.read import Reading, read_study
from wellperf_models.tables.schema import SCHEMA
from wellperf_models.tables.violation import Note, Violation

_WIDTH = 110


@dataclass(frozen=True, kw_only=True)
class TableRead:
    """What was read of one table.

    Attributes:
        name: Its name.
        rows: Rows of all its parts, after wide to long.
        dropped: Duplicate rows dropped, because the study says so.
        half_steps: Durations of zero set to half the smallest positive one, because the study says so.
    """

    name: str
    rows: int
    dropped: int
    half_steps: int = 0


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """The outcome of a check; `str(report)` is what the terminal shows.

    Attributes:
        study: Name of the study.
        violations: Every one, by table and rule; () where there is none.
        tables: What was read.
        questions: Question · answerable now · after pooling · needs.
        notes: What was done with the data because the study says so, and what to know of them; no violations.
        consent: Which streams rest on consent, and what of them is set aside, a line each.
    """

    study: str
    violations: tuple[Violation, ...]
    tables: tuple[TableRead, ...]
    questions: tuple[Answerable, ...]
    consent: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def ok(self) -> bool:
        """No violation."""
        return not self.violations

    def __repr__(self) -> str:
        """Shapes only."""
        return (
            f"CheckReport({self.study!r}: {len(self.tables)} tables, {len(self.violations)} violations, "
            f"{len(self.questions)} questions)"
        )

    def __str__(self) -> str:
        """Aligned tables for a terminal; row numbers, no values."""
        parts = [f"Study {self.study}", ""]
        rows = [(table.name, f"{table.rows:,}", f"{table.dropped:,}") for table in self.tables]
        parts += _align(("table", "rows", "duplicates dropped"), rows, right=(1, 2)) or ["no table was read"]
        parts += [
            f"{table.name}: {table.half_steps:,} durations of 0 set to half the smallest positive one "
            "(zero_durations)"
            for table in self.tables
            if table.half_steps
        ]
        parts += ["", *self.consent] if self.consent else []
        n = len(self.violations)
        parts += ["", f"{n} violation{'' if n == 1 else 's'}" + (":" if n else ": every rule holds")]
        for violation in self.violations:
            parts += _block(violation)
        if self.notes:
            parts += ["", f"{len(self.notes)} note{'' if len(self.notes) == 1 else 's'} (no violations):"]
        for note in self.notes:
            parts += _note(note)
        parts.append("")
        parts += _align(
            ("question", "answerable now", "after pooling", "needs"),
            [(q.question, q.now, q.after_pooling or "–", q.needs or "–") for q in self.questions],
        )
        return "\n".join(parts)


def check_study(study: Study) -> CheckReport:
    """Reads every table of a study and finds every violation.

    Args:
        study: The study.

    Returns:
        The report. Problems of the data never raise; nothing is repaired.
    """
    return build_report(study, read_study(study))


def build_report(study: Study, reading: Reading) -> CheckReport:
    """The report of a reading."""
    names = [name for name in SCHEMA if name in reading.n_rows]
    return CheckReport(
        study=study.study.name,
        violations=reading.violations,
        tables=tuple(
            TableRead(
                name=name,
                rows=reading.n_rows[name],
                dropped=reading.dropped[name],
                half_steps=reading.half_steps.get(name, 0),
            )
            for name in names
        ),
        questions=build_questions(reading.frames, study),
        consent=_consent_lines(reading),
        notes=reading.notes,
    )


def _consent_lines(reading: Reading) -> tuple[str, ...]:
    if not reading.consent_streams:
        return ()
    streams = ", ".join(reading.consent_streams)
    lines = describe_set_aside(reading.set_aside) or ("every row is covered by one",)
    return (f"used with consent only: {streams}", *(f"  {line}" for line in lines))


def _block(violation: Violation) -> list[str]:
    where = f"{violation.table}.{violation.column}" if violation.column else violation.table
    plural = "" if violation.count == 1 else "s"
    rows = ", ".join(violation.rows)
    more = ", …" if len(violation.first_rows) < violation.count else ""
    counted = (
        f"{violation.count:,} row{plural}: {rows}{more}" if rows else f"{violation.count:,} time{plural}"
    )
    lines = [f"  {where} · {violation.rule} · {counted}"]
    for label, text in (("asked", violation.text), ("to do", violation.what_to_do)):
        lines += textwrap.wrap(text, _WIDTH, initial_indent=f"      {label}: ", subsequent_indent=" " * 13)
    return lines


def _note(note: Note) -> list[str]:
    where = f"{note.table}.{note.column}" if note.column else note.table
    text = f"{where} · {note.rule} · {note.count:,}: {note.text}"
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent=" " * 6)


def _align(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Columns of equal width; [] where there are no rows."""
    if not rows:
        return []
    lines = [head, ["-" * len(name) for name in head], *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
