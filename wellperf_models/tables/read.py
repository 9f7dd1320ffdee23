"""A study's tables: read, checked, and lazily held."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from wellperf_models.errors import TablesError
from wellperf_models.study import Study, TableSource
from wellperf_models.tables.between import RULES
from wellperf_models.tables.conform import Declared, conform
from wellperf_models.tables.database import open_query
from wellperf_models.tables.rules import BAD, ROW, evaluate
from wellperf_models.tables.schema import SCHEMA
from wellperf_models.tables.settings import check_settings
from wellperf_models.tables.sources import Raw, digest_files, digest_frame, numbered, open_source
from wellperf_models.tables.violation import Refused, Violation

_SHOWN_VIOLATIONS = 20


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Everything read of a study, wrong or right.

    Attributes:
        frames: Table → frame with `_row`; only tables that have all their required columns.
        n_rows, dropped, half_steps: Table → rows; duplicate rows dropped; zero durations set to half a step.
        raws: Table → its source.
        violations: Every one found.
    """

    frames: dict[str, pl.LazyFrame] = field(default_factory=dict)
    n_rows: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    half_steps: dict[str, int] = field(default_factory=dict)
    raws: dict[str, Raw] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()


class Tables:
    """The checked tables of a study.

    `tables["surveys"]` is a `pl.LazyFrame` with every declared column in its declared type (missing where the
    source has none) and the study's attributes. `spells` has the columns of one form only: `start, end` or
    `duration_months, entry_months`. `n_half_steps` counts, by table, the durations of zero that the study
    declares to stand for half a step (`zero_durations`).
    """

    def __init__(self, study: Study, reading: Reading) -> None:
        """Use `load_tables` or `Tables.from_frames`."""
        if reading.violations:
            raise TablesError("Tables hold checked data only.", expected="no violations")
        self.study = study
        self.names = tuple(name for name in SCHEMA if name in reading.frames)
        self.n_rows = dict(reading.n_rows)
        self.dropped_duplicates = dict(reading.dropped)
        self.n_half_steps = dict(reading.half_steps)
        self._frames = {name: reading.frames[name].drop(ROW, BAD, strict=False) for name in self.names}
        self._raws = reading.raws
        self._fingerprint: str | None = None

    @classmethod
    def from_frames(cls, study: Study, frames: Mapping[str, pl.DataFrame | pl.LazyFrame]) -> Tables:
        """Checks frames that have declared names; other columns are carried along as attributes.

        Raises:
            TablesError: As `load_tables`.
        """
        return cls(study, _refuse(read_frames(study, frames)))

    @property
    def fingerprint(self) -> str:
        """sha256 over every source file's bytes or query result, in table order."""
        if self._fingerprint is None:
            total = hashlib.sha256()
            for name in self.names:
                raw = self._raws[name]
                total.update(f"{name}:{raw.digest or digest_files(raw.files)}\n".encode())
            self._fingerprint = total.hexdigest()
        return self._fingerprint

    def __contains__(self, name: object) -> bool:
        return name in self._frames

    def __getitem__(self, name: str) -> pl.LazyFrame:
        """The table.

        Raises:
            TablesError: The study has none of this name.
        """
        try:
            return self._frames[name]
        except KeyError:
            raise TablesError(
                f"The study has no table {name!r}.",
                expected=f"one of {', '.join(self.names) or '(none)'}",
                where=self.study.path.name,
                remedy=f"add [tables.{name}] to the study file, or skip what needs it",
            ) from None

    def __repr__(self) -> str:
        """Shapes only."""
        shapes = ", ".join(f"{name} ({self.n_rows[name]:,} rows)" for name in self.names)
        return f"Tables({self.study.study.name!r}: {shapes or 'none'})"


def load_tables(study: Study) -> Tables:
    """Reads and checks every table of a study.

    Args:
        study: The study.

    Returns:
        The tables.

    Raises:
        TablesError: Anything is wrong; every violation is listed.
    """
    return Tables(study, _refuse(read_study(study)))


def read_study(study: Study) -> Reading:
    """Reads every table and finds every violation; raises nothing for problems of the data."""

    def read(name: str) -> tuple[TableSource, Raw]:
        source = study.tables[name]
        if source.query is not None:
            return source, open_query(name, source)
        return source, open_source(study, name, source)

    known = [name for name in SCHEMA if name in study.tables]
    return _read(study, known, read, check_settings(study))


def read_frames(study: Study, frames: Mapping[str, pl.DataFrame | pl.LazyFrame]) -> Reading:
    """As `read_study`, of frames with declared names."""
    if unknown := [name for name in frames if name not in SCHEMA]:
        raise TablesError(
            f"There is no table {unknown[0]!r}.", expected=f"one of {', '.join(SCHEMA)}", where="from_frames"
        )

    def read(name: str) -> tuple[TableSource, Raw]:
        frame = frames[name].lazy().collect()
        header = tuple(frame.columns)
        extra = {column: column for column in header if column not in SCHEMA[name].names}
        zeros = study.tables[name].zero_durations if name in study.tables else "refuse"
        source = TableSource(path="(frame)", attributes=extra, null_values=(), zero_durations=zeros)
        return source, Raw(
            frame=numbered(frame, header), header=header, form="frame", digest=digest_frame(frame)
        )

    return _read(study, [name for name in SCHEMA if name in frames], read, [])


def _read(
    study: Study,
    names: list[str],
    read: Callable[[str], tuple[TableSource, Raw]],
    problems: list[Violation],
) -> Reading:
    found = list(problems)
    tables: dict[str, Declared] = {}
    raws: dict[str, Raw] = {}
    for name in names:
        try:
            source, raws[name] = read(name)
            tables[name] = conform(study, SCHEMA[name], source, raws[name])
        except Refused as refused:
            found += refused.violations
            continue
        found += tables[name].violations
    frames = {name: table.frame for name, table in tables.items() if table.frame is not None}
    found += evaluate(RULES, frames, study)
    return Reading(
        frames=frames,
        n_rows={name: table.n_rows for name, table in tables.items()},
        dropped={name: table.dropped for name, table in tables.items()},
        half_steps={name: table.half_steps for name, table in tables.items() if table.half_steps},
        raws=raws,
        violations=tuple(found),
    )


def _refuse(reading: Reading) -> Reading:
    """Raises where anything is wrong."""
    if not reading.violations:
        return reading
    n = len(reading.violations)
    lines = [describe(violation) for violation in reading.violations[:_SHOWN_VIOLATIONS]]
    if n > _SHOWN_VIOLATIONS:
        lines.append(f"… and {n - _SHOWN_VIOLATIONS} more")
    raise TablesError(
        f"The tables break {n} rule{'s' if n > 1 else ''}.",
        got="\n    " + "\n    ".join(lines),
        remedy="run `wellperf check STUDY` for what to do about each",
    )


def describe(violation: Violation) -> str:
    """One violation as a line."""
    rows = f" (rows {', '.join(map(str, violation.first_rows))})" if violation.first_rows else ""
    where = f"{violation.table}.{violation.column}" if violation.column else violation.table
    return f"{where}: {violation.rule}: {violation.text}; broken {violation.count} times{rows}"
