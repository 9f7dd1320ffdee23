"""Studies for the tests of the ladder: those of the pillar, with what is known too late and with places."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from tests.burnout.builders import COVARIATES, FakeTables, make_frames, make_study

MORE = COVARIATES | {
    "beside": {"table": "surveys", "timing": "after", "label": "Sick note"},
    "trip": {"table": "surveys", "type": "yes_no", "timing": "before", "label": "Away that week"},
    "mood_next": {"table": "surveys", "column": "mood", "timing": "after", "label": "Mood next"},
    "overtime_then": {"table": "workload", "column": "overtime_hours", "timing": "during"},
    "overtime_later": {"table": "workload", "column": "overtime_hours", "timing": "after"},
}


def make_frames_with_more(seed: int = 0, **more: Any) -> dict[str, pl.DataFrame]:
    """With a column beside every answer that knows the score, one that does not, and three sites."""
    frames = make_frames(seed, **more)
    rng = np.random.default_rng([seed, 5])
    surveys, people = frames["surveys"], frames["assignments"]
    noise = rng.normal(size=surveys.height)
    frames["surveys"] = surveys.with_columns(
        beside=pl.col("value") + 1.5 * pl.Series(noise),
        trip=pl.Series(rng.choice(["yes", "no"], surveys.height).tolist()),
    )
    frames["assignments"] = people.with_columns(site=pl.Series([f"s{i % 3}" for i in range(people.height)]))
    return frames


def make_world(
    seed: int = 0,
    *,
    late: tuple[str, ...] = ("beside",),
    leave_out: str | None = "site",
    model: tuple[str, ...] = ("overtime", "noise", "job"),
    frames: dict[str, Any] | None = None,
    **study: Any,
) -> FakeTables:
    """Study and frames together."""
    own = make_study(
        covariates=MORE,
        models={"m": {"covariates": list(model)}},
        ladder={"late": list(late), "leave_out": leave_out},
        **({"validation": {"folds": 3, "repeats": 1}} | study),
    )
    return FakeTables(own, make_frames_with_more(seed, **({"n": 240, "waves": 3} | (frames or {}))))
