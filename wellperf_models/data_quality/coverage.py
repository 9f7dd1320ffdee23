"""Counts of who and what is in an extract; nothing here is displayed before it passed the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from wellperf_models.data_quality.files import FileRead, read_files
from wellperf_models.data_quality.non_response import (
    NonResponseGap,
    answers_of,
    dated_spells,
    measure_gap,
    wave_days,
)
from wellperf_models.tables import SCHEMA, Tables

# a missing cell in these columns says something ("still employed", "a scale score") and is no gap
_MISSING_SPEAKS = frozenset(
    {
        "end",
        "exit_reason",
        "item",
        "secondary_manager_id",
        "to_date",
        "target",
        "weight",
        "arm",
        "received",
        "cluster",
        "block",
        "period",
        "entry_months",
    }
)
# fewer missing cells than this change no answer, and their count would round to nothing
_FEWEST_MISSING = 10


@dataclass(frozen=True, kw_only=True)
class TableCount:
    """Rows, distinct people (and, for the ledger, who) and dropped duplicate rows of one table."""

    table: str
    n_rows: int
    n_people: int | None
    n_dropped: int
    people: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, kw_only=True)
class MissingCount:
    """Missing cells of one column, and the people its table is about."""

    table: str
    column: str
    n_rows: int
    n_missing: int
    n_people: int


@dataclass(frozen=True, kw_only=True)
class WaveCount:
    """One survey wave: people who could have answered (None: not known), and who did."""

    wave: str
    n_invited: int | None
    n_answered: int
    answered: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Everything counted.

    Attributes:
        n_people: Distinct people in any table about persons; where there is none, the people whose outcomes
            are given, counted in the largest file alone where files have no common ids.
        n_employed: People employed on the study's day; None without spells.
        n_exits: Spells that ended, whatever the reason; None without spells.
        n_delayed: People hired before observation began, seen only because they had stayed.
        at_least: Files without common ids may hold other people than those counted.
        files: What was read; () for private data, of which a plain hash would let a guess be confirmed.
        people, employed, left: Who they are, for the ledger; those who left at least once.
        stable: People keep their pseudonym from extract to extract.
    """

    n_people: int
    n_employed: int | None
    n_exits: int | None
    n_delayed: int | None
    tables: tuple[TableCount, ...]
    missing: tuple[MissingCount, ...]
    waves: tuple[WaveCount, ...]
    gap: NonResponseGap | None
    at_least: bool = False
    files: tuple[FileRead, ...] = ()
    people: frozenset[str] = field(default=frozenset(), repr=False)
    employed: frozenset[str] = field(default=frozenset(), repr=False)
    left: frozenset[str] = field(default=frozenset(), repr=False)
    stable: bool = True


def measure_coverage(tables: Tables) -> Coverage:
    """Counts what is in the tables.

    Args:
        tables: Checked tables.
    """
    counts = tuple(_count_table(tables, name) for name in tables.names)
    n_people, at_least = _count_people(tables)
    employed, exits, delayed = _count_spells(tables)
    everybody = frozenset[str]().union(*(c.people for c in counts))
    here, left = _who(tables)
    return Coverage(
        n_people=n_people,
        at_least=at_least,
        n_employed=employed,
        n_exits=exits,
        n_delayed=delayed,
        tables=counts,
        missing=tuple(
            _missing(tables, {c.table: n_people if c.n_people is None else c.n_people for c in counts})
        ),
        waves=tuple(_waves(tables)),
        gap=measure_gap(tables),
        files=read_files(tables),
        people=everybody,
        employed=here,
        left=left,
        stable=not any(source.row_id for source in tables.study.tables.values()),
    )


def _person_column(name: str) -> str | None:
    for column in ("employee_id", "ratee_id"):
        if column in SCHEMA[name].names:
            return column
    return None


def _count_people(tables: Tables) -> tuple[int, bool]:
    """Distinct people, and whether there may be more: files without common ids can't be joined."""
    ids = [
        tables[name].select(pl.col(column).alias("id"))
        for name in tables.names
        if (column := _person_column(name)) is not None
    ]
    if ids:
        return int(pl.concat(ids).select(pl.col("id").n_unique()).collect().item()), False
    if "outcomes" not in tables:
        return 0, False
    parts = [
        key for key, s in tables.study.sources_of("outcomes").items() if s.row_id and s.part_of is not None
    ]
    unit = pl.col("unit_id")
    file = pl.coalesce(
        *(pl.when(unit.str.starts_with(f"{key}:")).then(pl.lit(key)) for key in parts), pl.lit("")
    )
    people = tables["outcomes"].filter(pl.col("unit_type") == "person")
    sizes = people.group_by(file.alias("file")).agg(unit.n_unique().alias("n")).collect()["n"].to_list()
    return max(sizes, default=0), len(sizes) > 1


def _count_table(tables: Tables, name: str) -> TableCount:
    column = _person_column(name)
    people = frozenset(tables[name].select(pl.col(column).unique()).collect()[column]) if column else None
    return TableCount(
        table=name,
        n_rows=tables.n_rows[name],
        n_people=None if people is None else len(people),
        n_dropped=tables.dropped_duplicates.get(name, 0),
        people=people or frozenset(),
    )


def _count_spells(tables: Tables) -> tuple[int | None, int | None, int | None]:
    if "spells" not in tables:
        return None, None, None
    spells = tables["spells"]
    left = pl.col("exit_reason").is_not_null()
    observed_from = tables.study.study.observed_from
    dated = dated_spells(tables)
    if dated is None:
        delayed = pl.col("employee_id").filter(pl.col("entry_months") > 0).n_unique()
    elif observed_from is not None:
        delayed = pl.col("employee_id").filter(pl.col("start") < observed_from).n_unique()
    else:
        delayed = pl.lit(0)
    counted = spells.select(
        pl.col("employee_id").filter(~left).n_unique().alias("employed"),
        left.sum().alias("exits"),
        delayed.alias("delayed"),
    ).collect()
    employed, exits, n_delayed = counted.row(0)
    return int(employed), int(exits), int(n_delayed)


def _who(tables: Tables) -> tuple[frozenset[str], frozenset[str]]:
    """People employed on the study's day, and people who left at least once."""
    if "spells" not in tables:
        return frozenset(), frozenset()
    left = pl.col("exit_reason").is_not_null()
    here, gone = (
        frozenset(
            tables["spells"].filter(rows).select(pl.col("employee_id").unique()).collect()["employee_id"]
        )
        for rows in (~left, left)
    )
    return here, gone


def _missing(tables: Tables, people: dict[str, int]) -> Sequence[MissingCount]:
    found = []
    for name in tables.names:
        frame = tables[name]
        columns = [c for c in frame.collect_schema().names() if c not in _MISSING_SPEAKS]
        nulls = frame.select(pl.col(columns).null_count()).collect().row(0)
        n_rows = tables.n_rows[name]
        # a column missing throughout was not delivered; that is no gap in what was
        found += [
            MissingCount(table=name, column=c, n_rows=n_rows, n_missing=int(n), n_people=people[name])
            for c, n in zip(columns, nulls, strict=True)
            if _FEWEST_MISSING <= n < n_rows
        ]
    return found


def _waves(tables: Tables) -> Sequence[WaveCount]:
    if "surveys" not in tables:
        return []
    answers = answers_of(tables)
    answered = dict(answers.group_by("wave").agg(pl.col("employee_id").unique()).collect().iter_rows())
    spells = dated_spells(tables)
    found = []
    for wave, opens, closes in wave_days(answers).collect().iter_rows():
        invited = None
        if spells is not None and opens is not None:
            # whoever was there on any day on which answers came in could have answered
            present = (pl.col("start") <= closes) & (pl.col("last_day") >= opens)
            invited = int(spells.filter(present).select(pl.col("employee_id").n_unique()).collect().item())
        who = frozenset(answered[wave])
        found.append(WaveCount(wave=wave, n_invited=invited, n_answered=len(who), answered=who))
    return found
