"""Groups and covariates of a row, as they were known before its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from wellperf_models.errors import StudyError
from wellperf_models.panel.engine import Source, day_of, table
from wellperf_models.panel.latest import join_latest
from wellperf_models.study import Covariate

GROUPS = ("team", "department", "site")
_TAKEN = {
    "employee_id", "spell_start", "period", "start_months", "stop_months", "event", "entry_months",
    "duration_months", "interval_start_day", "period_day",
}  # fmt: skip


def attach(
    frame: nw.LazyFrame[Any],
    tables: Source,
    covariates: Sequence[str],
    groups: Sequence[str],
    *,
    dated: bool,
) -> nw.LazyFrame[Any]:
    """Adds group columns and covariates.

    Args:
        frame: Rows with employee_id and, where dated, `interval_start_day` (first day at risk) and
            `period_day` (first day of its month), days since 1970.
        tables: Where they are read.
        covariates: Declared names.
        groups: Columns of assignments, else of people; null where neither has them.
        dated: False for the duration form, where only people's attributes can be placed in time.

    Raises:
        StudyError: Not declared, a reserved name, an absent column, or no date to place it by.
    """
    declared = tables.study.covariates
    for name in covariates:
        _check_name(name, declared, groups, dated=dated)
    wanted: dict[str, tuple[str, str]] = {
        name: (declared[name].table, declared[name].column or name) for name in covariates
    }
    for group in groups:
        wanted.setdefault(group, (_home_of_group(tables, group, dated=dated), group))
    for source in ("people", "assignments"):
        columns = {name: column for name, (home, column) in wanted.items() if home == source}
        if columns and source == "people":
            frame = _attach_people(frame, tables, columns)
        elif columns:
            frame = _attach_assignments(frame, tables, columns)
    for name, (home, column) in wanted.items():
        if home == "workload":
            frame = _attach_workload(frame, tables, name, column)
        elif home == "surveys":
            frame = _attach_survey(frame, tables, name, column)
        elif home == "":
            frame = frame.with_columns(nw.lit(None, dtype=nw.String).alias(name))
    return frame


def _check_name(name: str, declared: dict[str, Covariate], groups: Sequence[str], *, dated: bool) -> None:
    if name not in declared:
        raise StudyError("A covariate is not declared.", where=f"[covariates.{name}]", got=name)
    covariate = declared[name]
    if covariate.table == "outcomes":
        raise StudyError(
            "A covariate of the table outcomes says nothing about a month of a person: it only serves [roi].",
            where=f"[covariates.{name}]: table = 'outcomes'",
            expected="a covariate of people, assignments, workload or surveys",
            remedy="name it in adjust_for of [roi.outcomes.NAME], or read it from another table",
        )
    if name in _TAKEN or (
        name in groups and (covariate.table, covariate.column or name) != ("assignments", name)
    ):
        raise StudyError(
            "A covariate bears a name the panel needs itself.",
            where=f"[covariates.{name}]",
            remedy="give it another name and keep `column`",
        )
    if not dated and covariate.table != "people":
        raise StudyError(
            "A covariate can't be placed before the outcome: the spells have durations, not dates.",
            where=f"[covariates.{name}]: table = {covariate.table!r}",
            expected="an attribute of people, or spells with start and end dates",
        )


def _home_of_group(tables: Source, group: str, *, dated: bool) -> str:
    for name in ("assignments", "people") if dated else ("people",):
        if name in tables and group in table(tables, name).collect_schema().names():
            return name
    return ""


def _columns_of(tables: Source, name: str, columns: dict[str, str]) -> nw.LazyFrame[Any]:
    source = table(tables, name)
    known = source.collect_schema().names()
    for column in columns.values():
        if column not in known:
            raise StudyError(
                "A covariate or group names a column the table doesn't have.",
                where=f"table {name}",
                got=column,
                expected=", ".join(known),
            )
    return source


def _attach_people(frame: nw.LazyFrame[Any], tables: Source, columns: dict[str, str]) -> nw.LazyFrame[Any]:
    people = _columns_of(tables, "people", columns)
    chosen = people.select("employee_id", *(nw.col(c).alias(name) for name, c in columns.items()))
    return frame.join(chosen, on="employee_id", how="left")


def _attach_assignments(
    frame: nw.LazyFrame[Any], tables: Source, columns: dict[str, str]
) -> nw.LazyFrame[Any]:
    """The assignment valid on the first day of the interval (the latest start where several are)."""
    source = _columns_of(tables, "assignments", columns)
    dated = source.select(
        "employee_id",
        _from=day_of("start").cast(nw.Int64),
        _until=day_of("end").fill_null(10**7).cast(nw.Int64),
        **{name: nw.col(column) for name, column in columns.items()},
    )
    joined = join_latest(frame, dated, limit="interval_start_day", day="_from", ties=["_until"])
    # null _until: never assigned before
    valid = (nw.col("_until") >= nw.col("interval_start_day")).fill_null(False)
    nothing = nw.lit(None)
    kept = {name: nw.when(valid).then(nw.col(name)).otherwise(nothing) for name in columns}
    return joined.with_columns(**kept).drop("_from", "_until")


def _attach_workload(frame: nw.LazyFrame[Any], tables: Source, name: str, column: str) -> nw.LazyFrame[Any]:
    source = _columns_of(tables, "workload", {name: column})
    values = source.filter(~nw.col(column).is_null()).select(
        "employee_id",
        nw.col(column).alias(name),
        day_of("period").cast(nw.Int64).alias(f"{name}_measured_day"),
    )
    return _latest_before(frame, values, name)


def _attach_survey(frame: nw.LazyFrame[Any], tables: Source, name: str, measure: str) -> nw.LazyFrame[Any]:
    """Scale scores only (`item` null): scoring items is the instruments' work."""
    scores = table(tables, "surveys").filter(
        nw.col("measure") == measure,
        nw.col("item").is_null(),
        ~nw.col("date").is_null(),
        ~nw.col("value").is_null(),
    )
    values = scores.select(
        "employee_id",
        nw.col("value").alias(name),
        day_of("date").cast(nw.Int64).alias(f"{name}_measured_day"),
    )
    return _latest_before(frame, values, name)


def _latest_before(frame: nw.LazyFrame[Any], values: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
    """The last value measured strictly before the first day of the interval's month."""
    limited = frame.with_columns(_limit=nw.col("period_day") - 1)
    joined = join_latest(limited, values, limit="_limit", day=f"{name}_measured_day", ties=[name])
    return joined.drop("_limit")
