"""Rows of outcomes made from spells, absences and performance: a person, the team held then, and a period.

A person counts in a month where employed in it and the month was observed to its end, with the team,
department or site held on the first day at risk in it. Rates are a year's: of a person-month, twelve times
what happened. Months become quarters where every start is the first day of one: exits are rare.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.panel import Source, build_panel, has_dates, to_polars
from wellperf_models.panel.engine import table
from wellperf_models.roi.designs.periods import month_name, quarter_name
from wellperf_models.study import Outcome

_MONTHS = 12.0
_VOLUNTARY = "voluntary"
# columns of every row made here: unit and kind, period, value, weight, and what it belongs to
MADE = ("unit_type", "unit_id", "period", "value", "weight", "place")


def made_rows(
    tables: Source, name: str, declared: Outcome, level: str, starts: Iterable[dt.date]
) -> pl.DataFrame:
    """Rows of an outcome that is not measured in the table outcomes.

    Args:
        tables: Holds `spells` or `performance`; `absences` and `assignments` where needed.
        name: Key of the outcome.
        declared: Its declaration.
        level: What was assigned.
        starts: First days of the programme; they say whether a period is a quarter or a month.

    Returns:
        Columns `MADE`; weight is in months, and `place` is missing where it is not known.

    Raises:
        StudyError: A table is missing, spells have no dates, or voluntary exits are no cause of the study.
        DesignError: Records rest on consent, so who has none may have had none.
    """
    months = unit_months(tables, name, declared, level)
    quarters = all(day.day == 1 and day.month % 3 == 1 for day in starts)
    if not quarters:
        return months.with_columns(period=_words(months["first"], quarters=False)).select(MADE)
    total = pl.col("value") * pl.col("weight")
    return (
        months.with_columns(period=_words(months["first"], quarters=True))
        .group_by("unit_type", "unit_id", "period", "place")
        .agg(value=total.sum() / pl.col("weight").sum(), weight=pl.col("weight").sum())
        .sort("unit_type", "unit_id", "period", "place")
        .select(MADE)
    )


def unit_months(tables: Source, name: str, declared: Outcome, level: str) -> pl.DataFrame:
    """Months of people (or of teams, of performance): `first` day, value, weight and place.

    Args:
        tables, name, declared, level: As of `made_rows`.

    Raises:
        StudyError, DesignError: As `made_rows`.
    """
    if declared.measured_in == "performance":
        return _figures(tables, name, declared, level)
    return _person_months(tables, name, declared, level)


def _words(first: pl.Series, *, quarters: bool) -> pl.Series:
    days = first.unique().sort()
    told = [quarter_name(day) if quarters else month_name(day) for day in days]
    return first.replace_strict(days, pl.Series(told, dtype=pl.String), return_dtype=pl.String)


def _require(tables: Source, needed: str, name: str, declared: Outcome) -> None:
    if needed not in tables:
        raise StudyError(
            f"There is no table {needed}.",
            where=f"[roi.outcomes.{name}] measured_in = {declared.measured_in!r}",
            remedy=f"declare [tables.{needed}]",
        )


def _person_months(tables: Source, name: str, declared: Outcome, level: str) -> pl.DataFrame:
    where = f"[roi.outcomes.{name}] measured_in = {declared.measured_in!r}"
    _require(tables, "spells", name, declared)
    if not has_dates(tables):
        raise StudyError(
            "Spells without dates can't be placed in time.", where=where, expected="spells.start and end"
        )
    group = () if level == "person" else (level,)
    panel = to_polars(build_panel(tables, (), groups=group)).with_columns(
        pl.col("employee_id").cast(pl.String), first=pl.col("period").cast(pl.Date)
    )
    what = _exits(tables, where) if declared.measured_in == "exits" else None
    if what is None:
        panel = _absent(panel, tables, name, declared)
    else:
        panel = panel.with_columns(happened=(pl.col("event") == what).cast(pl.Float64))
    place = pl.col("employee_id") if level == "person" else pl.col(level).cast(pl.String)
    # somebody who left and came back within the month counts in it once
    return (
        panel.group_by("employee_id", "first")
        .agg(pl.col("happened").max(), place.sort().last().alias("place"))
        .select(
            pl.lit("person").alias("unit_type"),
            pl.col("employee_id").alias("unit_id"),
            "first",
            (_MONTHS * pl.col("happened")).alias("value"),
            pl.lit(1.0).alias("weight"),
            "place",
        )
        .sort("unit_id", "first")
    )


def _exits(tables: Source, where: str) -> int:
    causes = tables.study.turnover.causes
    if _VOLUNTARY not in causes:
        raise StudyError(
            "Voluntary exits are not among the causes of the study.",
            where=where,
            expected=f"turnover.causes with {_VOLUNTARY!r}",
            got=", ".join(causes),
        )
    return causes.index(_VOLUNTARY) + 1


def _absent(panel: pl.DataFrame, tables: Source, name: str, declared: Outcome) -> pl.DataFrame:
    """Days of absence that began in each month."""
    _require(tables, "absences", name, declared)
    consent = tables.study.consent
    if consent is not None and "absences" in consent.streams:
        raise DesignError(
            "Absences rest on consent: who has no record may have been absent all the same.",
            where=f"[roi.outcomes.{name}]",
            remedy="measure it in the table outcomes, with a missing value for who did not agree",
        )
    days = (
        to_polars(table(tables, "absences"))
        .select(
            pl.col("employee_id").cast(pl.String),
            first=pl.col("start").cast(pl.Date).dt.month_start(),
            days=pl.col("days").cast(pl.Float64),
        )
        .group_by("employee_id", "first")
        .agg(happened=pl.col("days").sum())
    )
    joined = panel.join(days, on=["employee_id", "first"], how="left")
    return joined.with_columns(pl.col("happened").fill_null(0.0))


def _figures(tables: Source, name: str, declared: Outcome, level: str) -> pl.DataFrame:
    """One indicator of the table performance, month by month; the value is the indicator's own."""
    _require(tables, "performance", name, declared)
    every = to_polars(table(tables, "performance")).with_columns(
        pl.col("unit_type", "unit_id", "indicator").cast(pl.String)
    )
    own = every.filter(pl.col("indicator") == (declared.name or name))
    if own.is_empty():
        known = ", ".join(sorted(every["indicator"].drop_nulls().unique())[:20])
        raise StudyError(
            "An outcome is not in the table performance.",
            where=f"[roi.outcomes.{name}] name",
            expected=f"an indicator: {known or '(none)'}",
            got=repr(declared.name or name),
        )
    own = own.select(
        "unit_type",
        "unit_id",
        first=pl.col("period").cast(pl.Date).dt.month_start(),
        value=pl.col("value").cast(pl.Float64),
        weight=pl.lit(1.0),
    )
    alone = pl.col("unit_type") == level
    placed = own.with_columns(place=pl.when(alone).then(pl.col("unit_id")))
    if "assignments" in tables and not own.select(alone.all()).item():
        placed = _placed(placed, to_polars(table(tables, "assignments")), level)
    return placed


def _placed(own: pl.DataFrame, held: pl.DataFrame, level: str) -> pl.DataFrame:
    """Figures of people and teams, with what held them on the first day of the month."""
    months = own.select("first").unique()
    for kind, key in (("person", "employee_id"), ("team", "team")):
        if kind == level or level not in held.columns or key not in held.columns:
            continue
        valid = (
            held.drop_nulls([key, level])
            .select(
                pl.col(key).cast(pl.String).alias("unit_id"), pl.col(level).cast(pl.String), "start", "end"
            )
            .join(months, how="cross")
            .filter(
                pl.col("start") <= pl.col("first"),
                pl.col("end").is_null() | (pl.col("end") >= pl.col("first")),
            )
            .group_by("unit_id", "first")
            .agg(n=pl.col(level).n_unique(), found=pl.col(level).sort_by("start").last())
        )
        # a team of two departments belongs to none
        found = pl.when((pl.lit(kind) == "person") | (pl.col("n") == 1)).then(pl.col("found"))
        own = (
            own.join(valid, on=["unit_id", "first"], how="left", maintain_order="left")
            .with_columns(place=pl.when(pl.col("unit_type") == kind).then(found).otherwise(pl.col("place")))
            .drop("n", "found")
        )
    return own
