"""Tenure of zero: what is left of a few months in a source that counts whole years."""

from __future__ import annotations

import polars as pl

_DURATION = "duration_months"


def halve_zero_durations(frame: pl.LazyFrame) -> tuple[pl.LazyFrame, int]:
    """Sets durations of zero to half the smallest positive duration of the table.

    Somebody who left within the first year was employed for some part of it; at exactly zero no risk set
    holds them. Half a step is the usual continuity correction for times counted in whole units.

    Args:
        frame: The spells; other tables and the form with dates come back as they are.

    Returns:
        The spells, and how many durations were changed; 0 where no duration is positive.
    """
    if _DURATION not in frame.collect_schema().names():
        return frame, 0
    duration = pl.col(_DURATION)
    least, zeros = (
        frame.select(duration.filter(duration > 0).min().alias("least"), (duration == 0).sum().alias("zeros"))
        .collect(engine="streaming")
        .row(0)
    )
    if least is None or not zeros:
        return frame, 0
    return frame.with_columns(
        pl.when(duration == 0).then(least / 2).otherwise(duration).alias(_DURATION)
    ), int(zeros)
