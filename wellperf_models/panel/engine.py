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
    """`days` of a date column."""
    return nw.col(column).dt.timestamp("ms") // 86_400_000


def month_of(column: str) -> nw.Expr:
    """`months` of a date column; a float, so that an engine without null integers can hold a missing date."""
    return nw.col(column).dt.year().cast(nw.Float64) * 12 + nw.col(column).dt.month().cast(nw.Float64) - 1
