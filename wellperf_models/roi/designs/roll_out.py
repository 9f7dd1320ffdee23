"""Rows of a roll-out at different times: unit by period, with the time at which each started."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.panel import LeftOut, Roster, Source, has_stable_ids, left_out_rows, roster_of, to_polars
from wellperf_models.panel.engine import table
from wellperf_models.roi.background import DECLARED
from wellperf_models.roi.designs.made_rows import made_rows
from wellperf_models.roi.designs.periods import Bounds, in_order, refuse_after
from wellperf_models.roi.designs.starts import Starts, adoption, read_starts
from wellperf_models.roi.designs.whole_years import (
    are_cases,
    brought_to_a_year,
    ends_with_it,
    is_time_unsaid,
    times_a_year,
)
from wellperf_models.roi.lots import Programme, place_units
from wellperf_models.roi.rows import Assigned, OutcomeRows, Timeline
from wellperf_models.study import Outcome, Roi

_NO_WEIGHT = "rows without a weight, or with weight 0"
_MONTHS = 12.0


@dataclass(frozen=True, kw_only=True)
class RollOut:
    """Outcomes of a roll-out, what could not be measured, and the kinds of units."""

    outcomes: dict[str, OutcomeRows]
    not_measured: dict[str, Unanswered]
    kinds: frozenset[str]
    has_control: bool

    def __repr__(self) -> str:
        """Shapes only."""
        return f"RollOut({', '.join(self.outcomes)})"


def build_roll_out(tables: Source, section: Roi, programme: Programme) -> RollOut:
    """Builds the rows of every outcome.

    Args:
        tables: Holds `programmes`, and what the outcomes are measured in.
        section: `[roi]`, with the design "staggered".
        programme: From `read_programme`.

    Raises:
        StudyError: An outcome names one period, is adjusted for something, or its periods are no dates; or it
            is in no table.
        DesignError: The starts are no roll-out (`adoption`), an outcome was measured after the as-of date, or
            the first one has nothing to compare.
    """
    starts = read_starts(tables, section)
    parts = []
    for name, declared in section.outcomes.items():
        _refuse_adjusted(name, declared)
        if declared.timing == "after":
            own = _rows_of(tables, section, programme, name, declared, starts)
            own = brought_to_a_year(own, declared)
            refuse_after(own["period"], tables.study.study.as_of, f"[roi.outcomes.{name}]")
            parts.append(own.with_columns(pl.lit(name).alias("outcome")))
    rows = pl.concat(parts, how="vertical_relaxed")
    rows = rows.with_columns(
        unit=_code(pl.concat_str(["unit_type", "unit_id"], separator="\x1f")), whole=_code(pl.col("place"))
    )
    roster = _roster(rows, tables, section)
    outcomes: dict[str, OutcomeRows] = {}
    not_measured: dict[str, Unanswered] = {}
    for name, declared in section.outcomes.items():
        if declared.timing != "after":
            not_measured[name] = Unanswered(
                reason="in a roll-out each unit is compared with its own time before; an outcome measured "
                f"{declared.timing} is none of its own.",
                remedy="give all periods of an outcome one name",
            )
        elif name == section.primary:
            outcomes[name] = _outcome(rows, name, section, starts, roster)
        else:
            found = attempt(_outcome, rows, name, section, starts, roster)
            if isinstance(found, Unanswered):
                not_measured[name] = found
            else:
                outcomes[name] = found
    return RollOut(
        outcomes=outcomes,
        not_measured=not_measured,
        kinds=frozenset(rows["unit_type"]),
        has_control=True,
    )


def _refuse_adjusted(name: str, declared: Outcome) -> None:
    if declared.adjust_for:
        raise StudyError(
            "A roll-out compares each unit with itself before: what does not change is taken out already, "
            "and what changes may have been changed by the programme.",
            where=f"[roi.outcomes.{name}] adjust_for",
            expected="nothing",
            remedy="leave adjust_for out",
        )
    if declared.period is not None:
        raise StudyError(
            "A roll-out needs every period of an outcome.",
            where=f"[roi.outcomes.{name}] period",
            expected="no period",
            remedy="leave period out",
        )


def _code(text: pl.Expr) -> pl.Expr:
    return (text.rank("dense") - 1).cast(pl.Int64)


def _rows_of(
    tables: Source, section: Roi, programme: Programme, name: str, declared: Outcome, starts: Starts
) -> pl.DataFrame:
    """Columns of `MADE` of one outcome, wherever it is measured."""
    if declared.measured_in != "outcomes":
        return made_rows(tables, name, declared, section.level, starts.first.values())
    if "outcomes" not in tables:
        raise DesignError("There is no table of outcomes.", where="[tables.outcomes]", remedy="declare it")
    every = to_polars(table(tables, "outcomes"))
    every = every.with_columns(
        [pl.lit(None, kind).alias(c) for c, kind in DECLARED.items() if c not in every.columns]
    ).with_columns([pl.col(c).cast(kind) for c, kind in DECLARED.items()])
    own = every.filter(pl.col("name") == (declared.name or name))
    if own.is_empty():
        known = ", ".join(sorted(every["name"].drop_nulls().unique())[:20])
        raise StudyError(
            "An outcome is not in the table outcomes.",
            where=f"[roi.outcomes.{name}] name",
            expected=f"one of {known or '(none)'}",
            got=repr(declared.name or name),
        )
    if own["period"].null_count():
        raise StudyError(
            "A roll-out is followed through time, and some rows have no period.",
            where="outcomes.period",
            expected="a date for every row",
            got=f"{own['period'].null_count()} rows without one",
        )
    if own["weight"].null_count() == own.height:
        own = own.with_columns(weight=pl.lit(1.0))
    placed = place_units(own, tables, section, programme.start)
    return placed.select("unit_type", "unit_id", "period", "value", "weight", "place")


def _roster(rows: pl.DataFrame, tables: Source, section: Roi) -> Roster:
    person = pl.col("unit_type") == "person"
    named = pl.concat_str(["unit_type", "unit_id"], separator=" ")
    told = rows.with_columns(pl.when(person).then("unit_id").otherwise(named).alias("told"))
    read = {declared.measured_in for declared in section.outcomes.values()}
    sources = {"exits": "spells"}
    stable = has_stable_ids(tables.study, tuple(sorted(sources.get(r, r) for r in read)))
    return roster_of(told, code="unit", identifier="told", stable=stable)


def _outcome(rows: pl.DataFrame, name: str, section: Roi, starts: Starts, roster: Roster) -> OutcomeRows:
    """One outcome's rows that can be compared; everything that keeps a row out is counted."""
    where = f"[roi.outcomes.{name}]"
    declared = section.outcomes[name]
    _refuse_what_ends(declared.measured_in == "exits", section, where)
    left_out: dict[str, LeftOut] = {}
    own = rows.filter(pl.col("outcome") == name).with_columns(
        pl.when(pl.col(c).is_finite()).then(pl.col(c)).alias(c) for c in ("value", "weight")
    )
    own = own.drop_nulls("value")

    def keep(own: pl.DataFrame, kept: pl.Expr, why: str) -> pl.DataFrame:
        marked = own.with_columns(kept.fill_null(False).alias("_kept"))
        lost = marked.filter(~pl.col("_kept"))
        if lost.height:
            left_out[why] = left_out_rows(lost["unit"].to_numpy(), roster)
        return marked.filter("_kept").drop("_kept")

    own = keep(own, pl.col("place").is_not_null(), f"rows without a known {section.level}")
    own = keep(own, pl.col("weight") > 0, _NO_WEIGHT)
    if own.is_empty() or own["value"].n_unique() == 1:
        raise DesignError(
            "An outcome has nothing to compare: no row can be used, or all have the same value.",
            where=where,
            expected="values that differ",
            got=f"{own.height} usable rows",
        )
    periods = in_order(own["period"].unique().to_list(), where)
    if len(periods) < 2:
        raise DesignError(
            "There is only one period: a roll-out needs a time before and a time after.",
            where=where,
            expected="several periods",
            got=str(len(periods)),
        )
    _refuse_what_ends(are_cases(own, declared) and ends_with_it(own), section, where)
    own = _timed(own, starts, periods, section.level)
    own = keep(own, ~pl.col("mixed"), "rows of a period in which the programme began midway")
    own = keep(
        own, pl.col("adopted") > 0, f"rows of a {section.level} that had started before the first period"
    )
    own = own.sort("unit", "time", "whole", "value", "weight")
    return _assembled(own, name, declared, periods, left_out, roster)


def _refuse_what_ends(found: bool, section: Roi, where: str) -> None:
    """Who has left can't start any more: those who start are then those who would have stayed longer."""
    if found and section.level == "person":
        raise DesignError(
            "What ends somebody's rows, as leaving does, can't be compared with his own time before, in "
            "which it had not happened: a programme would seem to prevent it that does nothing.",
            where=where,
            expected="a roll-out by team, department or site",
            got='[roi] level = "person"',
            remedy="leave the outcome out, or compare arms that were drawn by lot",
        )


def _timed(own: pl.DataFrame, starts: Starts, periods: dict[str, Bounds], level: str) -> pl.DataFrame:
    """Adds `time`, `adopted`, and whether the period is partly before and partly after the start."""
    units = sorted(own["place"].unique())
    adopted, mixed = adoption(units, starts, periods, level)
    index = {period: number for number, period in enumerate(periods)}
    return own.with_columns(
        time=pl.col("period").replace_strict(index, return_dtype=pl.Int64),
        adopted=pl.col("place").replace_strict(adopted, return_dtype=pl.Int64),
        half=pl.col("place").replace_strict(mixed, default=-1, return_dtype=pl.Int64),
    ).with_columns(mixed=pl.col("time") == pl.col("half"))


def _assembled(
    own: pl.DataFrame,
    name: str,
    declared: Outcome,
    periods: dict[str, Bounds],
    left_out: dict[str, LeftOut],
    roster: Roster,
) -> OutcomeRows:
    unit, value = own["unit"].to_numpy(), own["value"].to_numpy()
    time, adopted = own["time"].to_numpy(), own["adopted"].to_numpy()
    began = own.group_by("unit").agg(
        pl.col("adopted").min(), pl.col("whole").first(), started=(pl.col("time") >= pl.col("adopted")).any()
    )
    began = began.sort("unit")
    reached = began["started"].to_numpy()
    lost = left_out.get(_NO_WEIGHT)
    made, times = declared.measured_in in ("exits", "absences"), times_a_year(declared)
    held = min(1.0, float(own["weight"].mean()) / _MONTHS)  # type: ignore[arg-type]
    return OutcomeRows(
        name=name,
        declared=declared,
        value=value,
        weight=own["weight"].to_numpy(),
        treated=time >= adopted,
        received=None,
        unit=unit,
        cluster=own["whole"].to_numpy(),
        block=None,
        X=np.zeros((own.height, 0)),
        covariates=(),
        binary=bool(np.isin(value, (0.0, 1.0)).all()),
        n_assigned=(int(np.sum(~reached)), int(np.sum(reached))),
        n_left_out=0 if lost is None else lost.rows,
        left_out=left_out,
        assigned=Assigned(
            treated=reached,
            cluster=began["whole"].to_numpy(),
            measured=np.ones(began.height, bool),
            unit=began["unit"].to_numpy(),
        ),
        roster=roster,
        timeline=Timeline(
            time=time,
            adopted=adopted,
            names=tuple(periods),
            first_days=tuple(first for first, _ in periods.values()),
        ),
        per_year=made or times > 1,
        row_years=held if made else 1 / times,
        of_cases=times > 1 and are_cases(own, declared),
        time_unsaid=is_time_unsaid(own, declared),
    )
