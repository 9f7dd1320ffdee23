"""Small organisations for the tests of foretold exits: dated ones, and durations without a date."""

from __future__ import annotations

import numpy as np
import polars as pl

from tests.fakes import FakeTables
from tests.turnover.builders import make_frames, make_study
from wellperf_models.study import Study


def dated(
    seed: int = 0, *, n: int = 700, effect: float = 0.6, leak: bool = False, **turnover: object
) -> FakeTables:
    """36 months of monthly exits; with `leak` the contract says of nine in ten who left."""
    frames = make_frames(seed, n, effect)
    if leak:
        left = frames["spells"].filter(pl.col("end").is_not_null())["employee_id"]
        # nine in ten of them: a level without a single exit would be no level
        told = left.filter(pl.Series(np.arange(len(left)) % 10 > 0))
        gone = pl.col("employee_id").is_in(told.to_list())
        contract = pl.when(gone).then(pl.lit("temporary")).otherwise(pl.lit("permanent")).alias("contract")
        frames["people"] = frames["people"].with_columns(contract)
    settings: dict[str, object] = {"horizons_months": [6, 12], "every_months": 6}
    return FakeTables(make_study(**({"risk": settings} | turnover)), frames)


def durations(seed: int = 0, *, n: int = 500, effect: float = 0.8) -> FakeTables:
    """Tenures in months, exact, some censored; leaving rises with a score and differs by trade."""
    rng = np.random.default_rng(seed)
    score, trade = rng.normal(size=n), rng.integers(0, 3, n)
    time = rng.exponential(25 / np.exp(effect * score + 0.5 * (trade == 1)))
    censored = rng.uniform(2, 60, n)
    study = Study.model_validate(
        {
            "study": {"name": "t", "as_of": "2023-12-31", "seed": 4},
            "tables": {name: {"path": "none.csv"} for name in ("people", "spells")},
            "covariates": {
                "score": {"table": "people", "type": "number", "timing": "before", "bins": 3},
                "trade": {"table": "people", "type": "category", "timing": "before"},
            },
            "turnover": {
                "causes": ["voluntary"],
                "horizons_months": [12.0],
                "covariates": ["score", "trade"],
                "validation": {"folds": 4, "repeats": 2},
                "risk": {"horizons_months": [6, 12]},
            },
        }
    )
    ids = [f"p{i:04d}" for i in range(n)]
    people = pl.DataFrame({"employee_id": ids, "score": score, "trade": np.array(["a", "b", "c"])[trade]})
    spells = pl.DataFrame(
        {
            "employee_id": ids,
            "duration_months": np.minimum(time, censored),
            "exit_reason": ["voluntary" if e else None for e in time <= censored],
        }
    )
    return FakeTables(study, {"people": people, "spells": spells})
