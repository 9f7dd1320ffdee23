"""What the pillars ask of `Tables`, and a provenance, for tests that make their frames by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import polars as pl

from wellperf_models.evidence import Provenance
from wellperf_models.study import Study


class FakeTables(dict[str, Any]):
    """Frames by name with a study: lazy Polars, or pandas."""

    def __init__(self, study: Study, frames: dict[str, pl.DataFrame], engine: str = "polars") -> None:
        super().__init__()
        self.study = study
        for name, frame in frames.items():
            self[name] = frame.lazy() if engine == "polars" else _to_pandas(frame)


def _to_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    made = frame.to_pandas()
    for name, kind in frame.schema.items():
        if kind == pl.Date:
            made[name] = pd.to_datetime(made[name])
    return made


def provenance(as_of: dt.date) -> Provenance:
    """Of a study “t” that was never read from a file."""
    return Provenance(
        study="t",
        as_of=str(as_of),
        data_hmac="0",
        synthetic=True,
        public_microdata=False,
        seed=4,
        package_version="0",
        lock_sha256="0",
        python="3",
    )
