"""Outcomes made from spells, absences and performance where a unit has one arm: one row a unit.

After: the twelve whole months from the programme's first day on, as far as they were observed; before: the
twelve that end before it. Who was employed in the first month after counts, in the arm he had on the first
day: who leaves stays in, with the share of the year that could be seen as weight.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.panel import Source, to_polars
from wellperf_models.panel.engine import table
from wellperf_models.roi.background import DECLARED
from wellperf_models.roi.designs.made_rows import unit_months
from wellperf_models.roi.designs.periods import one_year_after
from wellperf_models.roi.designs.starts import read_starts
from wellperf_models.roi.lots import Programme, place_units
from wellperf_models.study import Outcome, Roi

_MONTHS = 12.0


def follow_up_rows(
    tables: Source, name: str, declared: Outcome, section: Roi, programme: Programme
) -> pl.DataFrame:
    """Rows of an outcome that is not measured in the table outcomes, as if they were of it.

    Args:
        tables: Holds `spells` or `performance`; `absences`, `programmes` and `assignments` where needed.
        name: Key of the outcome.
        declared: Its declaration; `timing` says which twelve months.
        section: `[roi]`.
        programme: Its first day.

    Returns:
        Columns of the table outcomes. Arms are those of the table outcomes where it has any; else the units
        that the table programmes names had it from the first day on, and those it does not name are the
        control arm.

    Raises:
        StudyError: The first day is not known, or exits are asked for before it.
        DesignError: Exits were followed for less than the year they are counted in.
    """
    where = f"[roi.outcomes.{name}] measured_in = {declared.measured_in!r}"
    if programme.start is None:
        raise StudyError("The programme's first day is not known.", where=where, remedy="give roi.start")
    if declared.timing == "during" or (declared.timing == "before" and declared.measured_in == "exits"):
        raise StudyError(
            "Nobody who is there on the first day has left before it."
            if declared.timing == "before"
            else "An outcome that is made of other tables is of the year before or after the first day.",
            where=where,
            expected='timing = "after"',
        )
    after = _first_whole_month(programme.start)
    if declared.measured_in == "exits":
        _refuse_part_of_a_year(after, tables.study.study.as_of, where)
    months = unit_months(tables, name, declared, section.level)
    # who was there when it began
    there = months.filter(pl.col("first") == after).select("unit_type", "unit_id").unique()
    first, last = after, one_year_after(after)
    if declared.timing == "before":
        last = programme.start.replace(day=1)
        first = last.replace(year=last.year - 1)
    own = months.filter(pl.col("first") >= first, pl.col("first") < last)
    own = own.join(there, on=["unit_type", "unit_id"], how="semi")
    value = pl.col("value").mean()
    weight = pl.len() / _MONTHS
    if declared.measured_in == "exits":
        value, weight = (pl.col("value") > 0).any().cast(pl.Float64), pl.lit(1.0)
    rows = own.group_by("unit_type", "unit_id").agg(value=value, weight=weight.first())
    told = f"{first} to {last - dt.timedelta(days=1)}"
    rows = rows.with_columns(period=pl.lit(told), name=pl.lit(declared.name or name)).sort(
        "unit_type", "unit_id"
    )
    rows = rows.with_columns(
        [pl.lit(None, kind).alias(c) for c, kind in DECLARED.items() if c not in rows.columns]
    ).with_columns([pl.col(c).cast(kind) for c, kind in DECLARED.items()])
    return _armed(rows, tables, section, programme.start, last).select(*DECLARED)


def _refuse_part_of_a_year(first: dt.date, as_of: dt.date, where: str) -> None:
    """Who left within three months is no share of a year, and three months times four is none either."""
    last = one_year_after(first) - dt.timedelta(days=1)
    if as_of < last:
        raise DesignError(
            "Exits are counted within a year, and that year is not over.",
            where=where,
            expected=f"data through {last}",
            got=f"as-of date {as_of}",
            remedy="wait until the year is over, or leave the outcome out",
        )


def _first_whole_month(start: dt.date) -> dt.date:
    return start if start.day == 1 else (start.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def _armed(rows: pl.DataFrame, tables: Source, section: Roi, start: dt.date, last: dt.date) -> pl.DataFrame:
    """Arms from the table programmes, where the table outcomes has none."""
    if section.control is None or "programmes" not in tables or _has_arms(tables):
        return rows
    began = read_starts(tables, section).first
    placed = place_units(rows, tables, section, start)
    first_day = pl.col("place").replace_strict(began, default=None, return_dtype=pl.Date)
    # who starts within the time looked at is on neither side
    arm = (
        pl.when(pl.col("place").is_null())
        .then(None)
        .when(first_day <= start)
        .then(pl.lit(section.treated))
        .when(first_day.is_null() | (first_day >= last))
        .then(pl.lit(section.control))
    )
    return placed.with_columns(arm=arm, cluster=pl.col("place"))


def _has_arms(tables: Source) -> bool:
    if "outcomes" not in tables:
        return False
    every = table(tables, "outcomes")
    if "arm" not in every.collect_schema().names():
        return False
    arms = to_polars(every.select("arm"))["arm"]
    return arms.null_count() < arms.len()
