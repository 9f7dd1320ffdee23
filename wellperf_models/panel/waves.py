"""Person × wave: a score of the outcome, the last score before it, and what was known strictly before.

One set of Narwhals expressions for Polars (lazy) and pandas; the order of the input rows does not matter.

**Order of waves.** By their first days, where every wave has dates; by `[burnout] waves`, where they have
none. A wave begins on the day of anybody's first answer to any of its scales.

**Before.** Everything has a place in time: the day (days since 1970), or, without dates, the position in
`[burnout] waves`. A wave's place is where it begins, and what is known about it has an earlier one: survey
scores of an earlier wave, answered before this one began (an answer without a date counts as given on the
last known day of its wave); workload of a month that had ended; assignments valid on the first day;
attributes of people, and columns beside the answer, as declared. A covariate declared "during" is taken from
the wave itself. What is declared as known too late is attached apart (wave_late.py), for the ladder alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

from wellperf_models.errors import StudyError
from wellperf_models.panel.covariates import GROUPS, attach
from wellperf_models.panel.engine import Source, collect, table
from wellperf_models.panel.wave_late import (
    attach_beside,
    attach_late_workload,
    attach_next_score,
    is_beside,
)
from wellperf_models.panel.wave_order import WaveOrder, measures_of, read_wave_order, survey_day
from wellperf_models.study import Covariate

_TAKEN = {
    "employee_id", "wave", "wave_order", "place", "day", "wave_day", "score", "last_score", "last_wave",
    "last_place", "last_day", "measure", "item", "value", "date", "interval_start_day", "period_day",
}  # fmt: skip


def build_waves(
    tables: Source,
    covariates: Sequence[str] = (),
    *,
    groups: Sequence[str] = GROUPS,
    late: Sequence[str] = (),
) -> nw.LazyFrame[Any]:
    """One row per person and wave with a score of `[burnout] outcome` (its scale score: item missing).

    Args:
        tables: Holds `surveys` and whatever covariates and groups are read from.
        covariates: Names from `[covariates]`, with timing "before" or "during".
        groups: Columns of assignments or people, as of the first day of the wave.
        late: Further covariates, known with the answer or after it; "during" or "after".

    Returns:
        Lazy frame: employee_id, wave, wave_order (0 is the oldest; all 0 where nothing orders them), place
        (of the wave's begin), day and wave_day (of the answer and of the wave's begin; missing without
        dates), score, last_score with last_wave, last_place and last_day (missing: none before), groups,
        covariates, late ones, and `NAME_place` for survey and workload covariates with timing "before",
        from which a check proves that nothing was measured later.

    Raises:
        StudyError: No `[burnout]`, no surveys, several answers of one person in one wave, waves whose order
            is not clear, or a covariate that is not declared or can't be placed.
        DesignError: Nobody has a score of the outcome.
    """
    section = tables.study.burnout
    if section is None:
        raise StudyError("The study does not say which scale to forecast.", where="[burnout]")
    if "surveys" not in tables:
        raise StudyError("There is no table of surveys.", where="[tables.surveys]", remedy="declare it")
    declared = tables.study.covariates
    every = (*covariates, *late)
    order = read_wave_order(tables, every)
    homes = _homes(tables, groups, order)
    for name in every:
        _check_covariate(name, declared, groups, homes, order, late=name in late)
    _refuse_repeats(tables, measures_of(tables, section, every))
    frame = _scores(tables, section.outcome, "score", order).with_columns(
        place=_position(order, order.begins)
    )
    frame = _attach_last(frame, tables, section.outcome, order)
    frame = _attach_groups(frame, tables, every, groups, order)
    frame, joined = _attach_together(frame, tables, covariates)
    for name in every:
        frame = frame if name in joined else _attach_one(frame, tables, name, order)
    there = set(frame.collect_schema().names())
    placed = [f"{name}_place" for name in every if f"{name}_place" in there]
    days = {"wave_day": nw.col("place") if order.dated else nw.lit(None, dtype=nw.Float64)}
    known = ["employee_id", "wave", "wave_order", "place", "day", "wave_day", "score"]
    last = ["last_score", "last_wave", "last_place", "last_day"]
    return frame.with_columns(**days).select(*known, *last, *dict.fromkeys((*groups, *every)), *placed)


def _attach_together(
    frame: nw.LazyFrame[Any], tables: Source, covariates: Sequence[str]
) -> tuple[nw.LazyFrame[Any], tuple[str, ...]]:
    """Adds workload known before, in one join, where every month has every value: as one by one, sooner."""
    declared = tables.study.covariates
    names = [c for c in covariates if (declared[c].table, declared[c].timing) == ("workload", "before")]
    if len(names) < 2 or "workload" not in tables:
        return frame, ()
    source = table(tables, "workload")
    there = source.collect_schema().names()
    full = {n: declared[n].column or n for n in names if (declared[n].column or n) in there}
    counted = collect(
        source.select(nw.len().alias("n"), *(nw.col(c).count().alias(f"_{c}") for c in set(full.values())))
    )
    rows = int(counted["n"][0])
    full = {n: c for n, c in full.items() if int(counted[f"_{c}"][0]) == rows}
    months = collect(source.select("employee_id", "period").unique().select(nw.len())).item()
    if len(full) < 2 or int(months) != rows:
        return frame, ()
    first, *others = full
    ended = _workload(tables, first, full[first], {n: full[n] for n in others})
    frame = _attach_before(frame, ended, first)
    places = {f"{n}_place": nw.when(~nw.col(n).is_null()).then(nw.col(f"{first}_place")) for n in others}
    return frame.with_columns(**places), tuple(full)


def _attach_one(frame: nw.LazyFrame[Any], tables: Source, name: str, order: WaveOrder) -> nw.LazyFrame[Any]:
    """Adds a covariate of surveys or workload; those of people and assignments are there already."""
    covariate = tables.study.covariates[name]
    column = covariate.column or name
    assert tables.study.burnout is not None
    if is_beside(tables.study, name):
        return attach_beside(frame, tables, name, tables.study.burnout.outcome)
    if covariate.table == "surveys" and covariate.timing == "after":
        if not order.ordered:
            raise StudyError(
                "What was answered after the outcome can't be found: the waves have no order.",
                where=f"burnout.ladder.late: [covariates.{name}]",
                remedy="give the dates of the answers, or burnout.waves",
            )
        return attach_next_score(frame, _scores(tables, column, name, order), name)
    if covariate.table == "surveys" and covariate.timing == "during":
        same = _scores(tables, column, name, order).select("employee_id", "wave", name)
        return frame.join(same, on=["employee_id", "wave"], how="left")
    if covariate.table == "surveys":
        return _attach_before(frame, _scores(tables, column, name, order), name)
    if covariate.table == "workload" and covariate.timing != "before":
        return attach_late_workload(frame, tables, name, covariate)
    if covariate.table == "workload":
        return _attach_before(frame, _workload(tables, name, column), name)
    return frame


def _homes(tables: Source, groups: Sequence[str], order: WaveOrder) -> dict[str, str]:
    """Group → the table it is read from."""
    found: dict[str, str] = {}
    for name in ("assignments", "people") if order.dated else ("people",):
        if name in tables:
            known = table(tables, name).collect_schema().names()
            found |= {g: name for g in groups if g in known and g not in found}
    return found


def _check_covariate(
    name: str,
    declared: dict[str, Covariate],
    groups: Sequence[str],
    home_of_groups: dict[str, str],
    order: WaveOrder,
    *,
    late: bool,
) -> None:
    if name not in declared:
        raise StudyError("A covariate is not declared.", where=f"[covariates.{name}]", got=name)
    covariate = declared[name]
    if not order.dated and covariate.table in ("workload", "assignments"):
        raise StudyError(
            "A covariate can't be placed before the outcome: the waves have no dates.",
            where=f"[covariates.{name}]: table = {covariate.table!r}",
            expected="dates in surveys.date, or an attribute of people",
        )
    # a group may be a predictor too, if it is the same column
    other = name in groups and (covariate.table, covariate.column or name) != (home_of_groups.get(name), name)
    if name in _TAKEN or name.endswith("_place") or other:
        raise StudyError(
            "A covariate bears a name the waves need themselves.",
            where=f"[covariates.{name}]",
            remedy="give it another name and keep `column`",
        )
    if late:
        _check_late(name, covariate)
    elif covariate.timing == "after":
        raise StudyError(
            "A covariate measured after the outcome can't foretell it.",
            where=f"[covariates.{name}] timing",
            expected='"before" (or "during", where nothing is forecast)',
            got="'after'",
        )
    during_work = covariate.table == "workload" and covariate.timing == "during" and not late
    if covariate.table == "outcomes" or during_work:
        raise StudyError(
            "A covariate can't be placed at or before a wave.",
            where=f"[covariates.{name}]: table = {covariate.table!r}, timing = {covariate.timing!r}",
            expected='people, assignments, surveys, or workload with timing = "before"',
        )


def _check_late(name: str, covariate: Covariate) -> None:
    if covariate.timing == "before":
        raise StudyError(
            "What is known too late for a model is declared as known before.",
            where=f"burnout.ladder.late: [covariates.{name}] timing",
            expected='"during" or "after"',
            got="'before'",
            remedy="correct the timing, or take it out of burnout.ladder.late",
        )


def _refuse_repeats(tables: Source, measures: Sequence[str]) -> None:
    answers = table(tables, "surveys").filter(
        nw.col("measure").is_in(list(measures)), nw.col("item").is_null(), ~nw.col("value").is_null()
    )
    counted = answers.group_by("employee_id", "wave", "measure").agg(nw.len().alias("n"))
    repeated = collect(counted.filter(nw.col("n") > 1).select(nw.len())).item()
    if repeated:
        raise StudyError(
            "Somebody has several scores of one scale in one wave.",
            where="surveys: employee_id, wave, measure",
            got=f"{int(repeated)} repeated",
            expected="one score a person, wave and scale",
            remedy="find out which one is right; nothing is averaged or dropped",
        )


def _position(order: WaveOrder, places: Sequence[float]) -> nw.Expr:
    return nw.col("wave").replace_strict(list(order.names), list(places), return_dtype=nw.Float64)


def _scores(tables: Source, measure: str, name: str, order: WaveOrder) -> nw.LazyFrame[Any]:
    """employee_id, wave, wave_order, NAME, day, NAME_place: where the answer lies in time."""
    rows = table(tables, "surveys").filter(
        nw.col("measure") == measure, nw.col("item").is_null(), ~nw.col("value").is_null()
    )
    day = survey_day() if order.dated else nw.lit(None, dtype=nw.Float64)
    position = list(range(len(order.names))) if order.ordered else [0] * len(order.names)
    chosen = rows.select(
        "employee_id",
        "wave",
        wave_order=nw.col("wave").replace_strict(list(order.names), position, return_dtype=nw.Int64),
        day=day,
        **{name: nw.col("value").cast(nw.Float64)},
    )
    ends = _position(order, order.ends)
    known = nw.when(~nw.col("day").is_null()).then(nw.col("day")).otherwise(ends) if order.dated else ends
    return chosen.with_columns(**{f"{name}_place": known})


def _workload(
    tables: Source, name: str, column: str, beside: Mapping[str, str] | None = None
) -> nw.LazyFrame[Any]:
    """A month's workload is known once the month has ended: its place is the last day."""
    source = table(tables, "workload")
    if column not in source.collect_schema().names():
        raise StudyError(
            "A covariate names a column the table doesn't have.", where=f"[covariates.{name}]", got=column
        )
    ended = source.filter(~nw.col(column).is_null()).with_columns(date=nw.col("period").dt.offset_by("1mo"))
    others = {n: nw.col(c) for n, c in (beside or {}).items()}
    place = {f"{name}_place": survey_day() - 1}
    return ended.select("employee_id", nw.col(column).alias(name), **others, **place)


def _attach_last(
    frame: nw.LazyFrame[Any], tables: Source, outcome: str, order: WaveOrder
) -> nw.LazyFrame[Any]:
    values = _scores(tables, outcome, "last_score", order).select(
        "employee_id",
        "wave_order",
        "last_score",
        "last_score_place",
        last_wave=nw.col("wave"),
        last_day=nw.col("day"),
    )
    return _attach_before(frame, values, "last_score").rename({"last_score_place": "last_place"})


def _attach_before(frame: nw.LazyFrame[Any], values: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
    """The latest value whose place is before the wave's; without an order nothing is before anything."""
    at = f"{name}_place"
    known = values.collect_schema().names()
    # of two on the same day the one of the later wave: nothing hangs on the order of the rows
    tie = [c for c in ("wave_order", name) if c in known]
    values = values.sort(at, *tie).drop([c for c in ("wave", "wave_order", "day") if c in known])
    return (
        frame.with_columns(_limit=nw.col("place") - 1)
        .sort("_limit")
        .join_asof(values, left_on="_limit", right_on=at, by="employee_id", strategy="backward")
        .drop("_limit")
    )


def _attach_groups(
    frame: nw.LazyFrame[Any],
    tables: Source,
    covariates: Sequence[str],
    groups: Sequence[str],
    order: WaveOrder,
) -> nw.LazyFrame[Any]:
    """Groups, and the covariates of people and assignments, as of the wave's first day."""
    declared = tables.study.covariates
    names = [c for c in covariates if declared[c].table in ("people", "assignments")]
    if order.dated:
        begin = nw.col("place").cast(nw.Int64)
        frame = frame.with_columns(interval_start_day=begin, period_day=begin)
    # a covariate that is a group is attached once, as a covariate
    return attach(frame, tables, names, [g for g in groups if g not in names], dated=order.dated)
