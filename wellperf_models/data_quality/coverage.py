"""Counts of who and what is in an extract; nothing here is displayed before it passed the gate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from wellperf_models.data_quality.files import FileRead, read_files
from wellperf_models.study import Study
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
_Z95 = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class TableCount:
    """Rows, distinct people and dropped duplicate rows of one table."""

    table: str
    n_rows: int
    n_people: int | None
    n_dropped: int


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
    """One survey wave: people who could have answered (None: not known) and people who did."""

    wave: str
    n_invited: int | None
    n_answered: int


@dataclass(frozen=True, kw_only=True)
class NonResponseGap:
    """Earlier score of those who then did not answer, minus that of those who did.

    Attributes:
        measure: Which scale.
        value, se: In points of the scale; the error is clustered by person.
        n_people: People with an earlier score who were still employed at the next wave.
        n_silent: Of these, people who at least once did not answer.
    """

    measure: str
    value: float
    se: float
    n_people: int
    n_silent: int

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - _Z95 * self.se

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + _Z95 * self.se


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
    """

    n_people: int
    n_employed: int | None
    n_exits: int | None
    n_delayed: int | None
    tables: tuple[TableCount, ...]
    missing: tuple[MissingCount, ...]
    waves: tuple[WaveCount, ...]
    consents: tuple[tuple[str, int], ...]
    gap: NonResponseGap | None
    at_least: bool = False
    files: tuple[FileRead, ...] = ()


def measure_coverage(tables: Tables) -> Coverage:
    """Counts what is in the tables.

    Args:
        tables: Checked tables.
    """
    counts = tuple(_count_table(tables, name) for name in tables.names)
    n_people, at_least = _count_people(tables)
    employed, exits, delayed = _count_spells(tables)
    return Coverage(
        n_people=n_people,
        at_least=at_least,
        n_employed=employed,
        n_exits=exits,
        n_delayed=delayed,
        tables=counts,
        missing=tuple(_missing(tables, {c.table: c.n_people or 0 for c in counts})),
        waves=tuple(_waves(tables)),
        consents=tuple(_consents(tables)),
        gap=_non_response_gap(tables),
        files=read_files(tables),
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
    people = int(tables[name].select(pl.col(column).n_unique()).collect().item()) if column else None
    return TableCount(
        table=name,
        n_rows=tables.n_rows[name],
        n_people=people,
        n_dropped=tables.dropped_duplicates.get(name, 0),
    )


def _dated_spells(tables: Tables) -> pl.LazyFrame | None:
    """Spells in the dated form with the days between which they were observed; None in any other form."""
    if "spells" not in tables or "start" not in tables["spells"].collect_schema().names():
        return None
    return tables["spells"].with_columns(
        pl.col("end").fill_null(pl.lit(tables.study.study.as_of)).alias("last_day")
    )


def _count_spells(tables: Tables) -> tuple[int | None, int | None, int | None]:
    if "spells" not in tables:
        return None, None, None
    spells = tables["spells"]
    left = pl.col("exit_reason").is_not_null()
    observed_from = tables.study.study.observed_from
    dated = _dated_spells(tables)
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


def _answers(tables: Tables) -> pl.LazyFrame:
    return tables["surveys"].filter(pl.col("value").is_not_null())


def _wave_days(answers: pl.LazyFrame) -> pl.LazyFrame:
    """Each wave with its first and last day of answers; a wave may be open for weeks."""
    return (
        answers.group_by("wave")
        .agg(pl.col("date").min().alias("opens"), pl.col("date").max().alias("closes"))
        .sort("opens", "wave")
    )


def _waves(tables: Tables) -> Sequence[WaveCount]:
    if "surveys" not in tables:
        return []
    answers = _answers(tables)
    answered = dict(answers.group_by("wave").agg(pl.col("employee_id").n_unique()).collect().iter_rows())
    spells = _dated_spells(tables)
    found = []
    for wave, opens, closes in _wave_days(answers).collect().iter_rows():
        invited = None
        if spells is not None and opens is not None:
            # whoever was there on any day on which answers came in could have answered
            present = (pl.col("start") <= closes) & (pl.col("last_day") >= opens)
            invited = int(spells.filter(present).select(pl.col("employee_id").n_unique()).collect().item())
        found.append(WaveCount(wave=wave, n_invited=invited, n_answered=int(answered[wave])))
    return found


def _consents(tables: Tables) -> Sequence[tuple[str, int]]:
    if "consent" not in tables:
        return []
    as_of = tables.study.study.as_of
    valid = (pl.col("from_date") <= as_of) & (pl.col("to_date").is_null() | (pl.col("to_date") >= as_of))
    given = tables["consent"].filter(valid)
    if "spells" in tables:
        # consent of somebody who has left covers nothing any more
        employed = tables["spells"].filter(pl.col("exit_reason").is_null()).select("employee_id").unique()
        given = given.join(employed, on="employee_id", how="semi")
    counted = (
        given.group_by("stream").agg(pl.col("employee_id").n_unique().alias("n")).sort("stream").collect()
    )
    return [(stream, int(n)) for stream, n in counted.iter_rows()]


def _non_response_gap(tables: Tables) -> NonResponseGap | None:
    """Whether those who fall silent had scored differently the wave before."""
    spells = _dated_spells(tables)
    measure = _first_worse(tables.study)
    if "surveys" not in tables or spells is None or measure is None:
        return None
    scores = (
        _answers(tables)
        .filter((pl.col("measure") == measure) & pl.col("item").is_null() & pl.col("date").is_not_null())
        .select("employee_id", "wave", "date", "value")
    )
    waves = _wave_days(scores)
    following = waves.select(
        "wave", pl.col("wave").shift(-1).alias("next"), pl.col("closes").shift(-1).alias("next_closes")
    ).drop_nulls()
    rows = (
        scores.join(following, on="wave")
        .join(spells.select("employee_id", "start", "last_day"), on="employee_id")
        # there until the next wave closed, so that silence is a choice
        .filter((pl.col("start") <= pl.col("date")) & (pl.col("last_day") >= pl.col("next_closes")))
        .join(
            scores.select(
                "employee_id", pl.col("wave").alias("next"), pl.lit(True).alias("answered")
            ).unique(),
            on=["employee_id", "next"],
            how="left",
        )
        .select("employee_id", "value", pl.col("answered").is_null().alias("silent"))
        .collect()
    )
    return _clustered_difference(rows, measure)


def _clustered_difference(rows: pl.DataFrame, measure: str) -> NonResponseGap | None:
    """Difference of two means with an error clustered by person (linearised ratio, Cochran 1977)."""
    # sorted, so that the sums have one order and their last digits one value
    rows = rows.sort("employee_id", "silent", "value")
    means = dict(rows.group_by("silent", maintain_order=True).agg(pl.col("value").mean()).iter_rows())
    if set(means) != {True, False}:
        return None
    sizes = dict(rows.group_by("silent").agg(pl.len()).iter_rows())
    residual = (
        pl.when("silent")
        .then((pl.col("value") - means[True]) / sizes[True])
        .otherwise(-(pl.col("value") - means[False]) / sizes[False])
    )
    by_person = rows.group_by("employee_id", maintain_order=True).agg(
        residual.sum().alias("r"), pl.col("silent").any()
    )
    n = by_person.height
    if n < 2:
        return None
    variance = float((by_person["r"] ** 2).sum()) * n / (n - 1)
    return NonResponseGap(
        measure=measure,
        value=float(means[True] - means[False]),
        se=math.sqrt(variance),
        n_people=n,
        n_silent=int(by_person["silent"].sum()),
    )


def _first_worse(study: Study) -> str | None:
    """The first declared scale on which more is worse: where silence hides most."""
    return next((name for name, scale in study.measures.items() if scale.higher_is == "worse"), None)
