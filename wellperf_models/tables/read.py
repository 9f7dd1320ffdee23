"""A study's tables: read, checked, and lazily held."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from wellperf_models.errors import TablesError
from wellperf_models.study import Study, TableSource
from wellperf_models.tables.between import RULES
from wellperf_models.tables.conform import Declared, conform
from wellperf_models.tables.consent import SetAside, apply_consent
from wellperf_models.tables.database import open_query
from wellperf_models.tables.key import study_key
from wellperf_models.tables.look import look_closer
from wellperf_models.tables.parts import is_of_part, locate, of_part, stack
from wellperf_models.tables.pseudonymise import pseudonymise
from wellperf_models.tables.rules import BAD, ROW, evaluate
from wellperf_models.tables.schema import SCHEMA
from wellperf_models.tables.scored import add_scores, with_scores
from wellperf_models.tables.settings import check_names, check_settings
from wellperf_models.tables.sources import Raw, digest_files, digest_frame, numbered, open_source
from wellperf_models.tables.violation import Note, Refused, Violation

_SHOWN_VIOLATIONS = 20


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Everything read of a study, wrong or right.

    Attributes:
        frames: Table → frame with `_row`; only tables that have all their required columns, in every part. Of
            streams that rest on consent, the rows that are covered by one.
        n_rows, dropped, half_steps: Table → rows read; duplicate rows dropped; zero durations set to half a
            step; over all parts that could be read.
        keys: Table → names of its sources in the study file: its own, or those of its parts.
        raws: Name in the study file → source.
        consent_streams: Streams that rest on consent.
        set_aside: Rows of those streams that no consent covers.
        notes: What was done with the data because the study says so, and what to know of them.
        violations: Every one found.
    """

    frames: dict[str, pl.LazyFrame] = field(default_factory=dict)
    n_rows: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    half_steps: dict[str, int] = field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    raws: dict[str, Raw] = field(default_factory=dict)
    consent_streams: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    notes: tuple[Note, ...] = ()
    violations: tuple[Violation, ...] = ()


class Tables:
    """The checked tables of a study.

    `tables["surveys"]` is a `pl.LazyFrame` with every declared column in its declared type (missing where the
    source has none) and the study's attributes. `spells` has the columns of one form only: `start, end` or
    `duration_months, entry_months`. A table in parts (`part_of`) is one table; `sources` holds what was read,
    by its name in the study file. `n_half_steps` counts, by table, the durations of zero that the study
    declares to stand for half a step (`zero_durations`). Of the streams that rest on consent
    (`consent_streams`) it holds the rows that a consent covers; `set_aside` counts the others.

    Read from files, ids of people are keyed hashes (`pseudonymise`); no id of the source is kept.
    """

    def __init__(self, study: Study, reading: Reading) -> None:
        """Use `load_tables` or `Tables.from_frames`."""
        if reading.violations:
            raise TablesError("Tables hold checked data only.", expected="no violations")
        self.study = study
        self.names = tuple(name for name in SCHEMA if name in reading.frames)
        self.n_rows = dict(reading.n_rows)
        for part in reading.set_aside:
            self.n_rows[part.stream] -= part.n_rows
        self.consent_streams = reading.consent_streams
        self.set_aside = reading.set_aside
        self.notes = reading.notes
        self.dropped_duplicates = dict(reading.dropped)
        self.n_half_steps = dict(reading.half_steps)
        self._frames = {name: reading.frames[name].drop(ROW, BAD, strict=False) for name in self.names}
        self.sources = dict(reading.raws)
        self._keys = dict(reading.keys)
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
                for key in self._keys[name]:
                    raw = self.sources[key]
                    label = key if key == name else f"{name}/{key}"
                    total.update(f"{label}:{raw.digest or digest_files(raw.files)}\n".encode())
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
        The tables; every id of a person is replaced by a keyed hash.

    Raises:
        TablesError: Anything is wrong; every violation is listed.
        StudyError: The study's key can't be used (`study_key`).
    """
    return Tables(study, _hide_ids(study, _refuse(read_study(study))))


def _hide_ids(study: Study, reading: Reading) -> Reading:
    """Pseudonyms in place of ids, and of the sources no more than the numbers of their rows."""
    numbered: dict[str, pl.Expr] = {}
    for name in reading.frames:
        parts = [i for i, key in enumerate(reading.keys[name]) if study.tables[key].row_id]
        if len(parts) == len(reading.keys[name]):
            numbered[name] = pl.lit(True)
        elif parts and "employee_id" not in SCHEMA[name].names:
            numbered[name] = is_of_part(parts)
    frames = pseudonymise(reading.frames, study_key(study), numbered=numbered)
    raws = {key: replace(raw, frame=_only_rows(raw)) for key, raw in reading.raws.items()}
    for name in frames:
        # what is in memory anyway is hashed once; what is scanned stays lazy
        if all(raws[key].form != "parquet" for key in reading.keys[name]):
            frames[name] = frames[name].collect().lazy()
    return replace(reading, frames=frames, raws=raws)


def _only_rows(raw: Raw) -> pl.LazyFrame:
    rows = raw.frame.select(ROW)
    return rows if raw.form == "parquet" else rows.collect().lazy()


def read_study(study: Study) -> Reading:
    """Reads every table and finds every violation; raises nothing for problems of the data.

    A dry look: it makes no key, so ids stand as they are in the source.
    """

    def read(key: str) -> tuple[TableSource, Raw]:
        source = study.tables[key]
        if source.query is not None:
            return source, open_query(key, source)
        return source, open_source(study, key, source)

    keys = {name: tuple(study.sources_of(name)) for name in SCHEMA}
    return _read(study, {name: of for name, of in keys.items() if of}, read, check_settings(study))


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

    return _read(study, {name: (name,) for name in SCHEMA if name in frames}, read, [])


def _read(
    study: Study,
    keys: dict[str, tuple[str, ...]],
    read: Callable[[str], tuple[TableSource, Raw]],
    problems: list[Violation],
) -> Reading:
    """Reads the sources of every table (`keys`), and holds them against every rule."""
    found = list(problems)
    tables: dict[str, dict[str, Declared]] = {}
    raws: dict[str, Raw] = {}
    for name, of in keys.items():
        for key in of:
            try:
                source, raws[key] = read(key)
                declared = conform(study, SCHEMA[name], source, raws[key], key)
            except Refused as refused:
                found += refused.violations
                continue
            tables.setdefault(name, {})[key] = declared
            found += declared.violations
    frames, unlike = _frames(keys, tables)
    look = look_closer(study, keys, frames)
    found += [*unlike, *_judge(study, keys, tables, frames), *look.violations]
    found += check_names(study, with_scores(study, frames))
    # after the rules: a wrong row is named whoever agrees to its use
    applied = apply_consent(study, frames, keys)
    found += applied.violations
    # after consent: a score rests on the items that may be used
    scored, computed = add_scores(study, applied.frames)

    def total(of: Callable[[Declared], int]) -> dict[str, int]:
        return {name: sum(map(of, parts.values())) for name, parts in tables.items()}

    return Reading(
        frames=scored,
        n_rows=total(lambda table: table.n_rows),
        dropped=total(lambda table: table.dropped),
        half_steps={name: n for name, n in total(lambda table: table.half_steps).items() if n},
        keys=keys,
        raws=raws,
        consent_streams=applied.streams,
        set_aside=applied.set_aside,
        notes=(
            *(note for of in tables.values() for part in of.values() for note in part.notes),
            *look.notes,
            *computed,
        ),
        violations=tuple(found),
    )


def _frames(
    keys: dict[str, tuple[str, ...]], tables: dict[str, dict[str, Declared]]
) -> tuple[dict[str, pl.LazyFrame], list[Violation]]:
    """Table → frame, of the tables whose every source could be read; and why parts do not fit together."""
    frames: dict[str, pl.LazyFrame] = {}
    problems: list[Violation] = []
    for name, parts in tables.items():
        usable = {key: part.frame for key, part in parts.items() if part.frame is not None}
        if len(usable) < len(keys[name]):
            continue
        if keys[name] == (name,):
            frames[name] = usable[name]
            continue
        whole, unlike = stack(SCHEMA[name], usable)
        problems += unlike
        if whole is not None:
            frames[name] = whole
    return frames, problems


def _judge(
    study: Study,
    keys: dict[str, tuple[str, ...]],
    tables: dict[str, dict[str, Declared]],
    frames: dict[str, pl.LazyFrame],
) -> list[Violation]:
    """Every violation; of a table in parts, rules on single rows are judged and named part by part."""
    in_parts = {name for name, of in keys.items() if of != (name,)}
    single = [rule for rule in RULES if rule.table in in_parts and rule.where is not None]
    rest = [rule for rule in RULES if rule.table not in in_parts or rule.where is None]
    found = [
        locate(violation, keys[violation.table]) if violation.table in in_parts else violation
        for violation in evaluate(rest, frames, study)
    ]
    for name in sorted(in_parts & set(tables)):
        rules = [rule for rule in single if rule.table == name]
        for key, part in tables[name].items():
            if part.frame is not None:
                found += [of_part(v, key) for v in evaluate(rules, {name: part.frame}, study)]
    return found


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
    rows = f" (rows {', '.join(violation.rows)})" if violation.first_rows else ""
    where = f"{violation.table}.{violation.column}" if violation.column else violation.table
    return f"{where}: {violation.rule}: {violation.text}; broken {violation.count} times{rows}"
