"""Whom the personal streams leave out: coverage in people and time, and whether those left out leave more."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

import polars as pl

from wellperf_models.data_quality.weighting import Weighted, weigh_answers
from wellperf_models.study import PERSONAL_STREAMS
from wellperf_models.tables import Tables
from wellperf_models.tables.consent import SetAside, consent_times

_DAYS_A_MONTH, _DAYS_A_YEAR = 365.25 / 12, 365.25
_PER_YEARS = 100
_Z95: Final = 1.959963984540054


@dataclass(frozen=True, kw_only=True, repr=False)
class ExitGap:
    """Exits in time that consent does not cover, minus exits in time that it covers.

    Attributes:
        value, se: Exits per 100 person-years; the error is clustered by person.
        n_exits: Exits in covered time and in the rest.
        n_people: People with covered time, and with other time; many have both.
    """

    value: float
    se: float
    n_exits: tuple[int, int]
    n_people: tuple[int, int]

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - _Z95 * self.se

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + _Z95 * self.se


@dataclass(frozen=True, kw_only=True, repr=False)
class StreamCoverage:
    """How much of the organisation one stream may speak about.

    Attributes:
        stream: The table.
        applied: It rests on consent, and other rows were set aside; False: only reported.
        n_people, n_covered: People observed, and those of them whose consent covers some of that time.
        n_months, n_covered_months: Person-months observed, and covered; None without dated spells.
        covered: Ids of `n_covered`; for the ledger.
        left: Ids of those of them whose exit is covered; for the ledger.
        gap: None where there is no time of one kind, or no date.
    """

    stream: str
    applied: bool
    n_people: int
    n_covered: int
    n_months: int | None
    n_covered_months: int | None
    covered: frozenset[str]
    left: frozenset[str]
    gap: ExitGap | None


@dataclass(frozen=True, kw_only=True, repr=False)
class LeftOut:
    """Everything found.

    Attributes:
        streams: Of the streams that rest on consent or occur in the table of consents; () without one.
        set_aside: Rows in the extract that no consent covers.
        n_ended_at_exit: People whose consent ends on the last day of their employment: leaving withdraws
            nothing, so the register may say what it does not mean.
        n_withdrawn: People who have withdrawn a consent, whenever.
        weighted: What the answers say of everybody; None where that can't be said.
        stable: People keep their pseudonym from extract to extract.
    """

    streams: tuple[StreamCoverage, ...]
    set_aside: tuple[SetAside, ...]
    n_ended_at_exit: int
    n_withdrawn: int
    weighted: Weighted | None
    stable: bool


def measure_left_out(tables: Tables) -> LeftOut:
    """Counts whom consent and silence leave out, and what that could change.

    Args:
        tables: Checked tables, consent applied.
    """
    stable = not any(source.row_id for source in tables.study.tables.values())
    ended, withdrawn = _ends(tables)
    return LeftOut(
        streams=_streams(tables),
        set_aside=tables.set_aside,
        n_ended_at_exit=ended,
        n_withdrawn=withdrawn,
        weighted=weigh_answers(tables),
        stable=stable,
    )


def observed_spells(tables: Tables) -> pl.DataFrame | None:
    """Employments in the observed time: employee_id, begin, end, left; None where spells have no dates."""
    if "spells" not in tables or "start" not in tables["spells"].collect_schema().names():
        return None
    general = tables.study.study
    from_day = general.observed_from or dt.date.min
    return (
        tables["spells"]
        .select(
            "employee_id",
            pl.max_horizontal("start", pl.lit(from_day)).alias("begin"),
            pl.col("end").fill_null(general.as_of),
            pl.col("exit_reason").is_not_null().alias("left"),
        )
        .filter(pl.col("end") >= pl.col("begin"))
        .sort("employee_id", "begin")
        .collect()
    )


def _streams(tables: Tables) -> tuple[StreamCoverage, ...]:
    if "consent" not in tables:
        return ()
    named = set(tables["consent"].select(pl.col("stream").unique()).collect()["stream"])
    times = consent_times(tables.study, {n: tables[n] for n in ("consent", "spells") if n in tables})
    spells = observed_spells(tables)
    found = []
    for stream in PERSONAL_STREAMS:
        if stream not in named and stream not in tables.consent_streams:
            continue
        mine = times.filter(pl.col("stream") == stream).select("employee_id", "first", "last")
        applied = stream in tables.consent_streams
        if spells is None:
            found.append(_by_people(tables, stream, mine, applied=applied))
        else:
            found.append(_by_time(spells, stream, mine, applied=applied))
    return tuple(found)


def _by_people(tables: Tables, stream: str, times: pl.DataFrame, *, applied: bool) -> StreamCoverage:
    """Without dates: people alone."""
    base = next((name for name in ("spells", "people", "assignments") if name in tables), "consent")
    everyone = frozenset(tables[base].select(pl.col("employee_id").unique()).collect()["employee_id"])
    covered = everyone & frozenset(times["employee_id"])
    return StreamCoverage(
        stream=stream,
        applied=applied,
        n_people=len(everyone),
        n_covered=len(covered),
        n_months=None,
        n_covered_months=None,
        covered=covered,
        left=frozenset(),
        gap=None,
    )


def _by_time(spells: pl.DataFrame, stream: str, times: pl.DataFrame, *, applied: bool) -> StreamCoverage:
    first, last = pl.max_horizontal("begin", "first"), pl.min_horizontal("end", "last")
    days = pl.when(pl.col("first").is_not_null()).then((last - first).dt.total_days() + 1)
    spell = ["employee_id", "begin", "end", "left"]
    people = (
        spells.join(times, on="employee_id", how="left")
        .with_columns(
            days.clip(lower_bound=0).fill_null(0).alias("covered"),
            (pl.col("left") & (pl.col("first") <= pl.col("end")) & (pl.col("last") >= pl.col("end")))
            .fill_null(False)
            .alias("covered_exit"),
        )
        # consents of a person do not overlap, so their days add up
        .group_by(spell, maintain_order=True)
        .agg(pl.col("covered").sum(), pl.col("covered_exit").any())
        .with_columns(((pl.col("end") - pl.col("begin")).dt.total_days() + 1).alias("days"))
        .group_by("employee_id", maintain_order=True)
        .agg(
            pl.col("covered").sum().alias("t1"),
            (pl.col("days") - pl.col("covered")).sum().alias("t0"),
            pl.col("covered_exit").sum().cast(pl.Int64).alias("e1"),
            (pl.col("left") & ~pl.col("covered_exit")).sum().cast(pl.Int64).alias("e0"),
        )
    )
    with_consent = people.filter(pl.col("t1") > 0)
    covered, other = int(people["t1"].sum()), int(people["t0"].sum())
    return StreamCoverage(
        stream=stream,
        applied=applied,
        n_people=people.height,
        n_covered=with_consent.height,
        n_months=round((covered + other) / _DAYS_A_MONTH),
        n_covered_months=round(covered / _DAYS_A_MONTH),
        covered=frozenset(with_consent["employee_id"]),
        left=frozenset(people.filter(pl.col("e1") > 0)["employee_id"]),
        gap=_exit_gap(people),
    )


def _exit_gap(people: pl.DataFrame) -> ExitGap | None:
    """Difference of two rates of the same people's time (linearised ratios, Cochran 1977, section 6.3)."""
    t1, t0 = float(people["t1"].sum()), float(people["t0"].sum())
    e1, e0 = int(people["e1"].sum()), int(people["e0"].sum())
    n = people.height
    if min(t1, t0) <= 0 or n < 2:
        return None
    rate1, rate0 = e1 / t1, e0 / t0
    residual = (pl.col("e0") - rate0 * pl.col("t0")) / t0 - (pl.col("e1") - rate1 * pl.col("t1")) / t1
    variance = float(people.select((residual**2).sum()).item()) * n / (n - 1)
    scale = _PER_YEARS * _DAYS_A_YEAR
    return ExitGap(
        value=scale * (rate0 - rate1),
        se=scale * math.sqrt(variance),
        n_exits=(e1, e0),
        n_people=(people.filter(pl.col("t1") > 0).height, people.filter(pl.col("t0") > 0).height),
    )


def _ends(tables: Tables) -> tuple[int, int]:
    """People whose consent ends on their last day, and people with any consent that ended."""
    spells = observed_spells(tables)
    if "consent" not in tables:
        return 0, 0
    ended = (
        tables["consent"]
        .filter(pl.col("to_date") < tables.study.study.as_of)
        .select("employee_id", "to_date")
        .unique()
        .collect()
    )
    if spells is None:
        return 0, ended["employee_id"].n_unique()
    exits = spells.filter("left").select("employee_id", pl.col("end").alias("to_date"))
    at_exit = ended.join(exits, on=["employee_id", "to_date"], how="semi")
    return at_exit["employee_id"].n_unique(), ended["employee_id"].n_unique()
