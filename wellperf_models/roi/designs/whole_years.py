"""An outcome brought to a year, which is what an amount of money is for, and what can't be brought to one."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from wellperf_models.errors import DesignError
from wellperf_models.roi.designs.periods import bounds_of
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.study import Outcome

_A_YEAR: Final = {None: 1.0, "year": 1.0, "half_year": 2.0, "quarter": 4.0, "month": 12.0}
# a period of so many days is a year, give or take two weeks
_DAYS: Final = 350
# share of those it happened to after whom rows end, from which it is taken for what ends them
_ENDS: Final = 0.9


def times_a_year(declared: Outcome) -> float:
    """How many values of an outcome make a year; 1 where a value is a year's, or nothing is said."""
    return _A_YEAR[declared.values_per]


def brought_to_a_year(own: pl.DataFrame, declared: Outcome) -> pl.DataFrame:
    """Values times as many as make a year, and a weight that keeps value × weight as it was measured.

    Args:
        own: Rows of one outcome with `value` and `weight`.
        declared: Its declaration.
    """
    times = times_a_year(declared)
    if times == 1.0:
        return own
    unweighted = own["weight"].null_count() == own.height
    weight = pl.lit(1.0) if unweighted else pl.col("weight").cast(pl.Float64)
    return own.with_columns(value=times * pl.col("value").cast(pl.Float64), weight=weight / times)


def are_cases(own: pl.DataFrame, declared: Outcome) -> bool:
    """Whether every value, as it was measured, is 0 or 1.

    Args:
        own: Rows after `brought_to_a_year`.
        declared: Its declaration.
    """
    return bool(own["value"].is_in([0.0, times_a_year(declared)]).all())


def is_time_unsaid(own: pl.DataFrame, declared: Outcome) -> bool:
    """Whether an amount of money for a year would be set against a month, or might be.

    Args:
        own: Usable rows of one outcome, with `unit` and `period`.
        declared: Its declaration.

    Returns:
        True where it has a value, was measured more often than once a year, and nothing says what time one
        value is of.
    """
    if declared.value is None or declared.values_per is not None:
        return False
    if declared.measured_in != "outcomes":
        # a figure of the table performance bears the month it was taken in, whatever time it is of
        return declared.measured_in == "performance"
    spans = [bounds_of(p) for p in own["period"].drop_nulls().unique().sort()]
    days = [None if s is None else (s[1] - s[0]).days + 1 for s in spans]
    if any(d is not None and 1 < d < _DAYS for d in days):
        return True
    each_a_year = bool(days) and all(d is not None and d >= _DAYS for d in days)
    return _repeated(own) and (not each_a_year or bool(own["period"].null_count()))


def refuse_time_unsaid(frame: RoiFrame) -> None:
    """Money is not made of an outcome without knowing what time its values are of.

    Raises:
        DesignError: One is `time_unsaid`.
    """
    for name, rows in frame.outcomes.items():
        if rows.time_unsaid:
            raise DesignError(
                "An outcome with a value was measured more often than once a year, and its amount is of a "
                "year.",
                where=f"[roi.outcomes.{name}] values_per",
                expected='"month", "quarter" or "half_year": what time one value is of; "year": a value is '
                "a year's already, such as a rate",
                got="nothing said",
                remedy="say values_per, or measure it once, over the year",
            )


def refuse_repeated_cases(own: pl.DataFrame, name: str, declared: Outcome) -> None:
    """Something that happens once is a share of people within a year, and no share of person-months.

    Args:
        own: Usable rows of one outcome in a design in which a unit has one arm, with `unit`, `period`.
        name: Its key.
        declared: Its declaration.

    Raises:
        DesignError: A hazard, or a yes/no outcome with a value, has several rows a unit.
    """
    if declared.timing != "after" or not _repeated(own):
        return
    priced = declared.value is not None and are_cases(own, declared)
    said = declared.values_per is not None and not ends_with_it(own)
    if declared.likelihood == "hazard" or (priced and not said):
        raise DesignError(
            "Something that happens or does not has several rows a person: a share of rows is no share of "
            "people within a year, which is what is compared and what has a value.",
            where=f"[roi.outcomes.{name}]",
            expected="one row a person",
            got=f"{own.height} rows of {own['unit'].n_unique()} units",
            remedy="give one row a person: whether it ever happened within the year",
        )


def ends_with_it(own: pl.DataFrame) -> bool:
    """Whether a yes/no outcome is what ends a unit's rows, as leaving does.

    Args:
        own: Rows with `unit`, `period` and `value`.
    """
    names = _in_order(own["period"].drop_nulls().unique().to_list())
    if len(names) < 2:
        return False
    at = pl.col("period").replace_strict({p: i for i, p in enumerate(names)}, return_dtype=pl.Int64)
    seen = own.with_columns(_at=at).drop_nulls("_at")
    happened = (
        seen.group_by("unit")
        .agg(last=pl.col("_at").max(), when=pl.col("_at").filter(pl.col("value") > 0).min())
        .drop_nulls("when")
        .filter(pl.col("when") < len(names) - 1)
    )
    if happened.is_empty():
        return False
    ended = happened.filter(pl.col("last") == pl.col("when")).height
    return ended >= _ENDS * happened.height


def _in_order(periods: list[str]) -> list[str]:
    """Dates by time; other words by the numbers in them: m2 before m10."""
    days = {period: bounds_of(period) for period in periods}
    dated = {period: bounds for period, bounds in days.items() if bounds is not None}
    if len(dated) == len(days):
        return sorted(dated, key=dated.__getitem__)
    return sorted(
        periods,
        key=lambda p: [(not t.isdigit(), int(t) if t.isdigit() else 0, t) for t in re.split(r"(\d+)", p)],
    )


def _repeated(own: pl.DataFrame) -> bool:
    return own["unit"].n_unique() < own.height
