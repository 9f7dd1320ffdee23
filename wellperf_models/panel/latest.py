"""The latest row of a person up to a day: an as-of join where an engine has one, else windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

_PERSON, _DAY, _IS_LIMIT = "employee_id", "_day_known", "_is_limit"
# before every day; a missing value would be a gap in some engines' running maximum
_NEVER = -(10**9)


def join_latest(
    frame: nw.LazyFrame[Any], values: nw.LazyFrame[Any], *, limit: str, day: str, ties: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Adds to each row the same person's row of `values` with the largest `day` that is at most `limit`.

    Args:
        frame: Rows with employee_id and `limit`, a whole number of days; neither is missing.
        values: Rows with employee_id, `day`, never missing, and what is to be added; no other name is shared.
        limit, day: Names of columns.
        ties: Of several rows of a person on one day the last by these columns is taken.

    Returns:
        The rows of `frame` with the columns of `values`, missing where there is no earlier row; order not
        defined.
    """
    if has_as_of_join(frame):
        return frame.sort(limit).join_asof(
            values.sort(day, *ties), left_on=limit, right_on=day, by=_PERSON, strategy="backward"
        )
    return join_latest_by_windows(frame, values, limit=limit, day=day, ties=ties)


def has_as_of_join(frame: nw.LazyFrame[Any]) -> bool:
    """Whether the engine can join as of a day; Spark can't."""
    return not frame.implementation.is_spark_like()


def join_latest_by_windows(
    frame: nw.LazyFrame[Any], values: nw.LazyFrame[Any], *, limit: str, day: str, ties: Sequence[str]
) -> nw.LazyFrame[Any]:
    """As `join_latest`, for any engine: the largest day so far is found first, then that day's row.

    Args:
        frame, values, limit, day, ties: As of `join_latest`.
    """
    last = values.unique([_PERSON, day], keep="last", order_by=[*ties] or None)
    asked = frame.select(_PERSON, nw.col(limit).cast(nw.Int64).alias("_at")).unique()
    # a day counts for limits on it, so it comes first
    when = nw.concat(
        [
            last.select(
                _PERSON,
                nw.col(day).cast(nw.Int64).alias("_at"),
                nw.col(day).cast(nw.Int64).alias(_DAY),
                nw.lit(0).alias(_IS_LIMIT),
            ),
            asked.select(
                _PERSON, "_at", nw.lit(_NEVER).cast(nw.Int64).alias(_DAY), nw.lit(1).alias(_IS_LIMIT)
            ),
        ]
    )
    known = when.with_columns(nw.col(_DAY).cum_max().over(_PERSON, order_by=["_at", _IS_LIMIT]))
    matched = known.filter(nw.col(_IS_LIMIT) == 1).select(_PERSON, nw.col("_at").alias(limit), _DAY)
    right = last.with_columns(nw.col(day).cast(nw.Int64).alias(_DAY))
    joined = frame.join(matched, on=[_PERSON, limit], how="left").join(right, on=[_PERSON, _DAY], how="left")
    return joined.drop(_DAY)
