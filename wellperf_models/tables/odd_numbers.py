"""Numbers that stand for something else: codes for "missing", and columns in which nothing varies."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping

import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables.rules import ROW, is_mark
from wellperf_models.tables.schema import SCHEMA
from wellperf_models.tables.violation import SHOWN_ROWS, Note, Violation

_NEGATIVE = (-9.0, -99.0, -999.0, -9999.0, -99999.0)
_POSITIVE = (999.0, 9999.0, 99999.0, 999999.0)
# a single -9 may be a measurement; a single -99 where nothing else is negative is none
_SHORTEST, _MIN_SHORTEST, _MIN_ROWS = -9.0, 2, 30
# more levels than this are no groups: one coefficient each, and next to nobody in most
MAX_LEVELS = 100
_SAME = 0.999999
_MIN_PAIRS = 10
# what splits a column of numbers into different quantities
_BY = {"outcomes": ("name",), "performance": ("indicator",), "surveys": ("measure", "item")}
_REVERSED, _MIN_PEOPLE, _Z = -0.3, 30, 3.29
_MAX_ITEMS = 60


def find_sentinels(frames: Mapping[str, pl.LazyFrame]) -> list[Violation]:
    """Codes such as -99 in columns that have no declared range; nobody's value is one of them."""
    found = []
    for table, frame in frames.items():
        schema = frame.collect_schema()
        for name, dtype in schema.items():
            column = SCHEMA[table].by_name.get(name)
            bounded = column is not None and (column.low is not None or column.type == "whole")
            money = table == "costs"  # a refund may be any amount
            if is_mark(name) or not dtype.is_float() or bounded or money:
                continue
            by = [key for key in _BY.get(table, ()) if key in schema] if name in ("value", "target") else []
            if violation := _sentinel(table, frame, name, by):
                found.append(violation)
    return found


def _sentinel(table: str, frame: pl.LazyFrame, name: str, by: list[str]) -> Violation | None:
    value = pl.col(name)
    codes = value.is_in([c for c in _NEGATIVE if c != _SHORTEST])
    other = (value < 0) & ~value.is_in(list(_NEGATIVE))
    shortest = value == _SHORTEST
    groups = frame.filter(value.is_not_null()).group_by(*by) if by else frame.group_by(pl.lit(1).alias("_g"))
    low = (codes.sum() > 0) | ((shortest.sum() >= _MIN_SHORTEST) & (value.count() >= _MIN_ROWS))
    told = groups.agg(
        low=low & (other.sum() == 0) & ((value >= 0).sum() > 0),
        high=pl.any_horizontal(
            ((value == code).sum() >= _MIN_SHORTEST)
            & (value.filter(value < code).max() < code / 10)
            & (value.max() == code)
            & (value.count() >= _MIN_PAIRS)
            for code in _POSITIVE
        ),
    ).collect(engine="streaming")
    hit = told.filter(pl.col("low") | pl.col("high"))
    if not hit.height:
        return None
    where = (value.is_in(list(_NEGATIVE)) & pl.col("low")) | (value.is_in(list(_POSITIVE)) & pl.col("high"))
    if by:
        marked = frame.join(hit.lazy(), on=by, how="inner", nulls_equal=True)
    else:
        marked = frame.with_columns(low=pl.lit(bool(hit["low"][0])), high=pl.lit(bool(hit["high"][0])))
    rows = marked.filter(where).select(ROW).collect()[ROW]
    return Violation(
        table=table,
        column=name,
        rule="sentinel_value",
        count=len(rows),
        first_rows=tuple(int(row) for row in rows.unique().sort().head(SHOWN_ROWS)),
        text="no number stands for a missing value (such as -99 or 9999 far from all others)",
        what_to_do="list the number in null_values, as it is written in the source; if it is a measurement, "
        "mend the others",
    )


def _in_use(study: Study) -> list[str]:
    names = [*study.turnover.covariates, *study.turnover.strata]
    names += study.burnout.covariates if study.burnout else ()
    for outcome in (study.roi.outcomes if study.roi else {}).values():
        names += [name for name in outcome.adjust_for if name in study.covariates]
    return list(dict.fromkeys(names))


def look_at_covariates(
    study: Study, frames: Mapping[str, pl.LazyFrame]
) -> tuple[list[Violation], list[Note]]:
    """Covariates that can explain nothing: empty, constant, of too many levels, or the same as another."""
    violations: list[Violation] = []
    notes: list[Note] = []
    for name in _in_use(study):
        covariate = study.covariates[name]
        if (cells := _cells_of(study, frames, name)) is None:
            continue
        distinct = cells.drop_nulls().n_unique()
        column = covariate.column or name
        if distinct == 0:
            text = f"covariates.{name} has a value somewhere"
            todo = "take it out of the models that name it, or complete the source"
            violations.append(_whole(covariate.table, column, "covariate_empty", text, todo))
        elif distinct == 1:
            text = f"covariates.{name} is the same for everybody: it can explain nothing"
            notes.append(
                Note(table=covariate.table, column=column, rule="constant", count=len(cells), text=text)
            )
        elif covariate.type == "category" and distinct > MAX_LEVELS:
            text = f"covariates.{name} has at most {MAX_LEVELS} levels; found {distinct:,}"
            todo = "map it to broader groups in values, or use a column of broader groups"
            violations.append(_whole(covariate.table, column, "too_many_levels", text, todo))
    return violations, [*notes, *_collinear(study, frames)]


def _whole(table: str, column: str, rule: str, text: str, todo: str) -> Violation:
    return Violation(table=table, column=column, rule=rule, count=1, text=text, what_to_do=todo)


def _cells_of(study: Study, frames: Mapping[str, pl.LazyFrame], name: str) -> pl.Series | None:
    covariate = study.covariates[name]
    column, frame = covariate.column or name, frames.get(covariate.table)
    if frame is None:
        return None
    if covariate.table == "surveys" and column in study.measures:
        frame, column = frame.filter(pl.col("measure") == column), "value"
    if column not in frame.collect_schema():
        return None
    return frame.select(column).collect(engine="streaming")[column]


def _collinear(study: Study, frames: Mapping[str, pl.LazyFrame]) -> Iterator[Note]:
    """Pairs of numbers of one table of which each follows from the other."""
    by_table: dict[str, dict[str, str]] = {}
    for name in _in_use(study):
        covariate = study.covariates[name]
        if covariate.type == "number" and covariate.table in ("people", "assignments", "workload"):
            by_table.setdefault(covariate.table, {})[covariate.column or name] = name
    for table, columns in by_table.items():
        if table not in frames or len(columns) < 2:
            continue
        there = frames[table].collect_schema()
        known = [column for column in columns if column in there and there[column].is_numeric()]
        pairs = list(itertools.combinations(known, 2))
        if not pairs:
            continue
        both = [pl.corr(a, b).abs().alias(str(i)) for i, (a, b) in enumerate(pairs)]
        row = frames[table].select(pl.len(), *both).collect(engine="streaming").row(0)
        for (a, b), r in zip(pairs, row[1:], strict=True):
            if r is not None and math.isfinite(r) and r > _SAME and row[0] >= _MIN_PAIRS:
                text = "each of the two follows from the other: a model can't tell them apart"
                yield Note(table=table, column=f"{a}, {b}", rule="collinear", count=int(row[0]), text=text)


def find_reversed_items(frames: Mapping[str, pl.LazyFrame], *, but: Collection[str] = ()) -> list[Note]:
    """Items that run against the rest of their scale, more than chance would have it: not reversed yet?

    Args:
        frames: Declared tables.
        but: Names in `surveys.measure` that are looked at by their scoring key.
    """
    surveys = frames.get("surveys")
    if surveys is None:
        return []
    items = surveys.filter(
        pl.col("item").is_not_null(), pl.col("value").is_not_null(), ~pl.col("measure").is_in(list(but))
    )
    cells = items.select("employee_id", "wave", "measure", "item", "value").collect(engine="streaming")
    notes = []
    for (measure,), own in cells.group_by("measure", maintain_order=True):
        names = own["item"].unique().sort().to_list()
        if not 3 <= len(names) <= _MAX_ITEMS:
            continue  # of two items that disagree, neither is the reversed one
        wide = own.pivot(on="item", index=["employee_id", "wave"], values="value", aggregate_function="mean")
        complete = wide.drop_nulls().group_by("employee_id").first()
        n = complete.height
        if n < _MIN_PEOPLE:
            continue
        total = pl.sum_horizontal(names)
        row = complete.select(pl.corr(name, total - pl.col(name)).alias(name) for name in names).row(0)
        against = [
            r
            for r in row
            if r is not None
            and math.isfinite(r)
            and r <= _REVERSED
            and math.atanh(max(r, -0.999999)) + _Z / math.sqrt(n - 3) < 0
        ]
        if against:
            text = (
                f"items of {measure} run against the rest of their scale: they may have to be reversed first"
            )
            notes.append(
                Note(table="surveys", column="value", rule="reversed_items", count=len(against), text=text)
            )
    return notes
