"""The latest row up to a day: windows give what an as-of join gives; days are the same in every engine."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from wellperf_models.panel.engine import day_of, days, to_polars
from wellperf_models.panel.latest import join_latest, join_latest_by_windows

ENGINES = ("polars", "pandas")


def _lazy(frame: pl.DataFrame, engine: str) -> nw.LazyFrame[Any]:
    native: Any = frame.lazy() if engine == "polars" else frame.to_pandas()
    return nw.from_native(native).lazy()


def _case(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A few people, days that often meet, several values a day; some people without any."""
    rng = np.random.default_rng(seed)
    asked = pl.DataFrame(
        {
            "row": np.arange(60),
            "employee_id": [f"p{i}" for i in rng.integers(0, 6, 60)],
            "limit": rng.integers(-3, 12, 60),
        }
    )
    known = pl.DataFrame(
        {
            "employee_id": [f"p{i}" for i in rng.integers(1, 8, 30)],
            "day": rng.integers(0, 12, 30),
            "value": rng.permutation(30).astype(float),
        }
    )
    return asked, known


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(8))
def test_windows_give_what_an_as_of_join_gives(seed: int, engine: str) -> None:
    asked, known = _case(seed)
    frame, values = _lazy(asked, engine), _lazy(known, engine)
    found = [
        to_polars(join(frame, values, limit="limit", day="day", ties=["value"])).sort("row")
        for join in (join_latest, join_latest_by_windows)
    ]
    columns = ["row", "employee_id", "limit", "day", "value"]
    assert_frame_equal(found[1].select(columns), found[0].select(columns), check_dtypes=False)
    # by hand
    for row in found[1].iter_rows(named=True):
        before = known.filter(
            pl.col("employee_id") == row["employee_id"], pl.col("day") <= row["limit"]
        ).sort("day", "value")
        assert (row["day"], row["value"]) == (
            before.select("day", "value").row(-1) if len(before) else (None, None)
        )


@pytest.mark.parametrize("engine", ENGINES)
def test_days_are_counted_from_1970_through_leap_years(engine: str) -> None:
    dates = [dt.date(1899, 12, 31) + dt.timedelta(days=37 * i) for i in range(2600)]
    dates += [
        dt.date(y, m, d) for y in (1900, 1972, 2000, 2024, 2100) for m, d in ((2, 28), (3, 1), (12, 31))
    ]
    frame = pl.DataFrame({"date": [*dates, None]}, schema={"date": pl.Date})
    if engine == "pandas":
        frame = frame.with_columns(pl.col("date").cast(pl.Datetime("ns")))
    found = to_polars(_lazy(frame, engine).select(n=day_of("date")))["n"].fill_nan(None).to_list()
    assert found == [*map(float, map(days, dates)), None]
