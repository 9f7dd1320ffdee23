"""When what was known: how old the values of the covariates were as they were used."""

from __future__ import annotations

import polars as pl

from wellperf_models.evidence import Measure, Row, Support, Table
from wellperf_models.panel import members_of
from wellperf_models.turnover.rows import TurnoverFrame

# days; an exact age would be a date
_STEP = 5


def known_table(frame: TurnoverFrame) -> Table | None:
    """Source, age and completeness of each covariate over all person-months; None without months.

    An age counts the days from the measurement to the first day of the month it is used for; it is positive
    where the covariate was known before.
    """
    if frame.months is None:
        return None
    return Table(
        name="when_known",
        title="When what was known: values as old as they were when they were used",
        keys=("covariate",),
        measures=(
            Measure(name="source", kind="text", label="Read from"),
            Measure(name="known", kind="text", label="Known before the month"),
            Measure(name="median_age", kind="mean", unit="days", label="Age in days, median"),
            Measure(name="age_of_nine_in_ten", kind="mean", unit="days", label="Nine in ten at most"),
            Measure(
                name="without", kind="mean", unit="per 100 person-months", label="Per 100 without a value"
            ),
        ),
        rows=tuple(_row(frame, frame.months, name) for name in frame.covariates),
        partition=False,
    )


def _row(frame: TurnoverFrame, months: pl.DataFrame, name: str) -> Row:
    declared = frame.covariates[name]
    known = months.filter(pl.col(name).is_not_null())
    dated = f"{name}_measured_day"
    told, median, most = "as the study declares", None, None
    if dated in months.columns:
        age = (known["period_day"] - known[dated]).cast(pl.Float64)
        told = "by its date" if age.len() and bool((age > 0).all()) else "not every value"
        median, most = _rounded(age.quantile(0.5)), _rounded(age.quantile(0.9, "higher"))
    people = known["person"].unique().to_numpy()
    left = known.filter(pl.col("event") == 1)["person"].unique().to_numpy()
    return Row(
        key=(declared.label or name.replace("_", " "),),
        values=(declared.table, told, median, most, _share_without(frame, months, name)),
        support=Support(n_people=people.size, members=members_of(frame.roster, people, left)),
    )


def _share_without(frame: TurnoverFrame, months: pl.DataFrame, name: str) -> float | None:
    """Whole per cent of the person-months; None where those behind it are too few to be counted."""
    missing = months.filter(pl.col(name).is_null())
    few = 0 < missing["person"].n_unique() < frame.min_group_size
    if few and not frame.in_full:
        return None
    return float(round(100 * missing.height / months.height))


def _rounded(age: float | None) -> float | None:
    return None if age is None else float(_STEP * round(age / _STEP))
