"""Rows of the outcomes that a study declares, wherever they are measured."""

from __future__ import annotations

import datetime as dt

import polars as pl

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.panel import Source, to_polars
from wellperf_models.panel.engine import table
from wellperf_models.roi.background import DECLARED
from wellperf_models.roi.designs.follow_up import follow_up_rows
from wellperf_models.roi.designs.periods import bounds_of, refuse_after
from wellperf_models.roi.designs.whole_years import brought_to_a_year
from wellperf_models.roi.lots import Programme
from wellperf_models.study import Outcome, Roi


def _refuse_same_rows(section: Roi) -> None:
    """An outcome is not adjusted for the very rows it is measured by."""
    for name, outcome in section.outcomes.items():
        for other in outcome.adjust_for:
            baseline = section.outcomes.get(other)
            if baseline is None or (baseline.name or other) != (outcome.name or name):
                continue
            if outcome.measured_in != "outcomes":
                # made of the year before and of the year after, by its timing
                continue
            if None in (baseline.period, outcome.period) or baseline.period == outcome.period:
                raise StudyError(
                    "An outcome is adjusted for rows that measure it.",
                    where=f"[roi.outcomes.{name}] adjust_for {other!r}",
                    expected="another period for each of the two",
                    remedy="give both a period",
                )


def declared_rows(
    tables: Source, section: Roi, programme: Programme
) -> tuple[pl.DataFrame, dict[str, Unanswered]]:
    """Rows of the declared outcomes, their key in `outcome`; a row may serve two.

    Args:
        tables: Holds what the outcomes are measured in.
        section: `[roi]`.
        programme: Its first day.

    Returns:
        The rows, values brought to a year where the study says what time they are of; and outcome → why it
        could not be made, never of the first one, nor of one that was measured before.

    Raises:
        StudyError: An outcome is not in its table, or not in the period named; a period contradicts its
            timing; an outcome is adjusted for its own rows.
        DesignError: There is no table of outcomes, an outcome was measured after the as-of date, or the first
            one can't be made.
    """
    _refuse_same_rows(section)
    every = _all_rows(tables, section)
    parts, not_made = [], {}
    for name, declared in section.outcomes.items():
        if declared.measured_in == "outcomes":
            own = _chosen(every, name, declared)
        elif name == section.primary or declared.timing == "before":
            own = follow_up_rows(tables, name, declared, section, programme)
        else:
            made = attempt(follow_up_rows, tables, name, declared, section, programme)
            if isinstance(made, Unanswered):
                not_made[name] = made
                continue
            own = made
        refuse_after(own["period"].drop_nulls(), tables.study.study.as_of, f"[roi.outcomes.{name}]")
        _check_period(own, name, declared, programme.start)
        own = brought_to_a_year(own, declared)
        parts.append(own.with_columns(pl.lit(name).alias("outcome")))
    return pl.concat(parts, how="diagonal"), not_made


def _all_rows(tables: Source, section: Roi) -> pl.DataFrame:
    """The table outcomes, whole; empty where no outcome is measured in it."""
    if "outcomes" in tables:
        every = to_polars(table(tables, "outcomes"))
    elif any(declared.measured_in == "outcomes" for declared in section.outcomes.values()):
        raise DesignError("There is no table of outcomes.", where="[tables.outcomes]", remedy="declare it")
    else:
        every = pl.DataFrame(schema=DECLARED)
    return every.with_columns(
        [pl.lit(None, kind).alias(c) for c, kind in DECLARED.items() if c not in every.columns]
    ).with_columns([pl.col(c).cast(kind) for c, kind in DECLARED.items()])


def _chosen(every: pl.DataFrame, name: str, declared: Outcome) -> pl.DataFrame:
    """Rows of one outcome in the period it names."""
    own = every.filter(pl.col("name") == (declared.name or name))
    if own.is_empty():
        known = ", ".join(sorted(every["name"].drop_nulls().unique())[:20])
        raise StudyError(
            "An outcome is not in the table outcomes.",
            where=f"[roi.outcomes.{name}] name",
            expected=f"one of {known or '(none)'}",
            got=repr(declared.name or name),
        )
    if declared.period is None:
        return own
    periods = ", ".join(sorted(own["period"].drop_nulls().unique())[:12]) or "(none)"
    own = own.filter(pl.col("period") == declared.period)
    if own.is_empty():
        raise StudyError(
            "An outcome has no row in the period named.",
            where=f"[roi.outcomes.{name}] period",
            expected=f"one of {periods}",
            got=repr(declared.period),
        )
    return own


def _check_period(own: pl.DataFrame, name: str, declared: Outcome, start: dt.date | None) -> None:
    """Where periods are dates, what is said to be before was, and what is said to be after was not."""
    if start is None or declared.timing == "during":
        return
    for period in sorted(own["period"].drop_nulls().unique()):
        bounds = bounds_of(period)
        if bounds is None:
            continue
        wrong = bounds[1] < start
        if declared.timing == "before":
            # the first day itself counts as before: it is asked in the morning; a month it lies in does not
            wrong = bounds[1] > start or (bounds[0] < bounds[1] and bounds[1] >= start)
        if wrong:
            raise StudyError(
                "An outcome's period contradicts its timing.",
                where=f"[roi.outcomes.{name}] timing = {declared.timing!r}",
                expected=f"a period {declared.timing} the programme's first day, {start}",
                got=period,
                remedy="correct timing, period or roi.start",
            )
