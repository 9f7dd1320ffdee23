"""Waves of a source that leave no row in the declared table, since nothing was answered in them."""

from __future__ import annotations

import polars as pl

from wellperf_models.tables.violation import Note


def lost_waves(frame: pl.LazyFrame, table: str, wave: str, kept: pl.Expr) -> tuple[Note, ...]:
    """A note for each wave of which no row is kept; none where no row of any is: an empty table says it.

    Args:
        frame: Rows before those without an answer are left out.
        table: Its name in the study file.
        wave: The column with the wave.
        kept: Which rows stay.
    """
    by_wave = frame.filter(pl.col(wave).is_not_null()).group_by(wave).agg(pl.len(), kept=kept.any())
    waves = by_wave.sort(wave).collect(engine="streaming")
    lost = waves.filter(~pl.col("kept") & waves["kept"].any())
    return tuple(
        Note(
            table=table,
            column="wave",
            rule="empty_wave",
            count=int(rows),
            text=f"in wave {name} nobody answered anything, so that it is not among the data: were its "
            "answers lost on the way?",
        )
        for name, rows, _ in lost.iter_rows()
    )
