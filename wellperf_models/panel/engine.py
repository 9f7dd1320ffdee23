"""What every step of the panel shares: the source of tables, dates as whole numbers, running a lazy frame."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import Any, Protocol

import narwhals as nw
import polars as pl

from wellperf_models.study import Study

_EPOCH = dt.date(1970, 1, 1)


class Source(Protocol):
    """What the panel needs of `Tables`: a study, and frames by declared name."""

    @property
    def study(self) -> Study:
        """The study the tables belong to."""
        ...

    def __contains__(self, name: object) -> bool:
        """Whether the study has the table."""
        ...

    def __getitem__(self, name: str) -> Any:
        """A Polars or pandas frame with the declared columns."""
        ...


def collect(frame: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    """Runs a lazy frame, without Polars' notice that the order within groups (sorted here) is not checked."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sortedness of columns cannot be checked")
        return frame.collect()


def to_polars(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """Collects a frame of any engine as Polars."""
    return collect(frame).to_polars()


def table(tables: Source, name: str) -> nw.LazyFrame[Any]:
    """A table as a lazy Narwhals frame, whatever the engine."""
    return nw.from_native(tables[name]).lazy()


def days(date: dt.date) -> int:
    """Days since 1970."""
    return (date - _EPOCH).days


def months(date: dt.date) -> int:
    """Calendar months since year 0."""
    return date.year * 12 + date.month - 1


def day_of(column: str) -> nw.Expr:
    """`days` of a date column, a float, missing where the date is.

    From the year and the day in it, which every engine knows; Spark has no number of days for a date here.
    """
    year = nw.col(column).dt.year().cast(nw.Float64)
    leap_days = (year - 1969) // 4 - (year - 1901) // 100 + (year - 1601) // 400
    return (year - 1970) * 365 + leap_days + nw.col(column).dt.ordinal_day().cast(nw.Float64) - 1


def month_of(column: str) -> nw.Expr:
    """`months` of a date column; a float, so that an engine without null integers can hold a missing date."""
    return nw.col(column).dt.year().cast(nw.Float64) * 12 + nw.col(column).dt.month().cast(nw.Float64) - 1


def same_engine(columns: dict[str, list[Any]], like: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """A small frame in the engine of another, to be joined with it.

    Args:
        columns: Name → values, all of one length.
        like: Any frame of the engine.
    """
    if like.implementation.is_spark_like():
        rows = list(zip(*columns.values(), strict=True))
        return nw.from_native(like.to_native().sparkSession.createDataFrame(rows, list(columns)))
    return nw.from_dict(columns, backend=like.implementation).lazy()
