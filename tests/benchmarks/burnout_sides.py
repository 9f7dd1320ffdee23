"""One part of `tests.benchmarks.burnout`, in a process of its own.

    python -m tests.benchmarks.burnout_sides PART '{"argument": …}'

prints a line of JSON: what was found, seconds of each stage (imports and simulation are not counted), and the
peak memory of the process, imports and the simulated tables included.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Found = dict[str, Any]
# by the wall, and of the CPU
Seconds = tuple[float, float]
WAVES = 12
# 12 of the month before, 4 scales of the wave before, 8 numbers and 6 categories of people: 30 predictors
_WORKLOAD, _SCALES, _NUMBERS, _CATEGORIES, _LEVELS = 12, 4, 8, 6, 5
_SEED = 1
_REPEATS = 3


def study_of_large() -> Any:
    """A study of 30 predictors that asks for every learner."""
    from wellperf_models.study import Study

    covariates: dict[str, dict[str, Any]] = {}
    covariates |= {f"load_{i}": {"table": "workload", "timing": "before"} for i in range(_WORKLOAD)}
    covariates |= {f"scale_{i}": {"table": "surveys", "timing": "before"} for i in range(_SCALES)}
    covariates |= {f"number_{i}": {"table": "people", "timing": "before"} for i in range(_NUMBERS)}
    covariates |= {
        f"kind_{i}": {"table": "people", "type": "category", "timing": "before"} for i in range(_CATEGORIES)
    }
    scale = {"low": 0, "high": 6, "higher_is": "worse"}
    return Study.model_validate(
        {
            "study": {"name": "large", "as_of": dt.date(2024, 12, 31), "seed": _SEED},
            "tables": {n: {"path": "none.csv"} for n in ("people", "workload", "surveys")},
            "measures": dict.fromkeys(("exhaustion", *(f"scale_{i}" for i in range(_SCALES))), scale),
            "covariates": covariates,
            "burnout": {
                "outcome": "exhaustion",
                "case_at": 4.0,
                "models": {"all": {"covariates": list(covariates)}},
                "use": {"thresholds": [0.2, 0.3]},
                "candidates": {
                    "learners": ["ridge", "forest", "boosting", "network"],
                    "background": ["kind_0", "number_0"],
                },
            },
        }
    )


def tables_of_large(people: int) -> Any:
    """A lasting trait, workload of which two columns matter and one only beyond a point, and chance."""
    import numpy as np
    import polars as pl

    from tests.fakes import FakeTables

    rng = np.random.default_rng(_SEED)
    ids = pl.Series("employee_id", [f"p{i:07d}" for i in range(people)])
    trait = rng.normal(size=people)
    surveys, workload = [], []
    for wave in range(WAVES):
        year, month = 2022 + wave // 4, 3 * (wave % 4) + 2
        load = rng.normal(size=(people, _WORKLOAD))
        strain = trait + 0.4 * load[:, 0] + 0.2 * load[:, 1] + 0.4 * (load[:, 2] > 1)
        score = np.clip(np.round(2.6 + strain + 0.7 * rng.normal(size=people), 1), 0, 6)
        own = [np.clip(np.round(3 + 0.5 * trait + rng.normal(size=people), 1), 0, 6) for _ in range(_SCALES)]
        for measure, values in (("exhaustion", score), *((f"scale_{i}", v) for i, v in enumerate(own))):
            surveys.append(
                pl.DataFrame({"employee_id": ids, "value": values}).with_columns(
                    pl.lit(f"w{wave:02d}").alias("wave"),
                    pl.lit(measure).alias("measure"),
                    pl.lit(None, dtype=pl.String).alias("item"),
                    pl.lit(dt.date(year, month, 10)).alias("date"),
                )
            )
        columns = {f"load_{i}": load[:, i] for i in range(_WORKLOAD)}
        workload.append(
            pl.DataFrame({"employee_id": ids} | columns).with_columns(
                pl.lit(dt.date(year, month - 1, 1)).alias("period")
            )
        )
    person: dict[str, Any] = {"employee_id": ids}
    person |= {f"number_{i}": rng.normal(size=people) for i in range(_NUMBERS)}
    words = np.array([f"level {i}" for i in range(_LEVELS)])
    person |= {f"kind_{i}": words[rng.integers(0, _LEVELS, people)].tolist() for i in range(_CATEGORIES)}
    frames = {
        "surveys": pl.concat(surveys),
        "workload": pl.concat(workload),
        "people": pl.DataFrame(person),
    }
    return FakeTables(study_of_large(), frames)


def protocol(people: int) -> Found:
    """The whole protocol in memory, stage by stage."""
    import sklearn.ensemble
    import sklearn.neural_network  # noqa: F401

    from tests.fakes import provenance
    from wellperf_models.burnout import build_frame, check_forecasts, fit_forecasts, forecast
    from wellperf_models.burnout.candidates.checks import check_candidates
    from wellperf_models.burnout.candidates.findings import compare_candidates
    from wellperf_models.burnout.candidates.model import fit_candidates
    from wellperf_models.disclosure import release

    tables = tables_of_large(people)
    study, where = tables.study, provenance(dt.date(2024, 12, 31))
    section, stages = study.burnout, {}

    def timed(stage: str, step: Callable[..., Any], *arguments: Any) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        made = step(*arguments)
        stages[stage] = (time.perf_counter() - wall, time.process_time() - cpu)
        print(stage, *stages[stage], file=sys.stderr, flush=True)
        return made

    frame = timed("frame", build_frame, tables)
    forecasts = timed("forecasts", fit_forecasts, frame, section)
    candidates = timed("candidates", fit_candidates, frame, forecasts, section)

    def findings() -> Any:
        first = forecast(frame, forecasts, check_forecasts(frame, forecasts), provenance=where)
        checks = check_candidates(frame, candidates)
        second = compare_candidates(frame, candidates, checks, provenance=where)
        return release(first, study), release(second, study)

    timed("checks, evidence and gate", findings)
    explain = _explanation()
    shap: list[Seconds] = []
    if explain is not None:
        with _watched(shap):
            timed("explanation", explain, frame, forecasts, candidates, section)
    last = forecasts.last_score
    return {
        "rows": int(frame.answers.person.size),
        "columns": len(candidates.answered["ridge"].tried.done[0].encoding.columns),
        "stages": stages,
        "shap": [sum(lap[i] for lap in shap) for i in (0, 1)],
        "auc": {f.name: f.scores.auc.value for f in (last, *candidates.answered.values())},
        "settings": {n: f.tried.done[0].learned.setting for n, f in candidates.answered.items()},
        "recommended": candidates.recommended,
        "peak_gb": _peak(),
    }


def _explanation() -> Callable[..., Any] | None:
    """SHAP of the models, imported beforehand; None where that part is not there."""
    try:
        import shap  # noqa: F401

        from wellperf_models.burnout.explanation.model import fit_explanation
    except ImportError:
        return None
    made: Callable[..., Any] = fit_explanation
    return made


@contextmanager
def _watched(laps: list[Seconds]) -> Iterator[None]:
    """Notes what contributions cost; the rest of an explanation is odds ratios and what travels."""
    from wellperf_models.burnout.explanation import model

    explain = model.explain

    def watched(*arguments: Any) -> Any:
        clock = _Clock()
        try:
            return explain(*arguments)
        finally:
            laps.append(clock.lap())

    model.explain = watched
    try:
        yield
    finally:
        model.explain = explain


def logistic(rows: int) -> Found:
    """The same ridge logistic on cells and on rows, coefficients first, then the best of a few times."""
    import numpy as np
    import polars as pl
    from sklearn.linear_model import LogisticRegression

    from wellperf_models.inference.design import fit_encoding
    from wellperf_models.inference.level_cells import cells_of_levels
    from wellperf_models.inference.logistic import fit_logistic

    rng = np.random.default_rng(_SEED)
    names = [f"kind_{i}" for i in range(6)]
    codes = rng.integers(0, _LEVELS, (rows, 6))
    weights = rng.normal(size=(6, _LEVELS)) * 0.4
    eta = -1.0 + weights[np.arange(6), codes].sum(axis=1)
    words = np.array([f"level {i}" for i in range(_LEVELS)])
    data = pl.DataFrame({n: words[codes[:, i]].tolist() for i, n in enumerate(names)})
    event = rng.uniform(size=rows) < 1 / (1 + np.exp(-eta))

    def on_cells() -> tuple[Any, Seconds, Seconds, int]:
        clock = _Clock()
        cells = cells_of_levels(data, names, event)
        X = fit_encoding(cells.patterns, np.arange(cells.n.size), min_people=1).apply(cells.patterns)
        encoded = clock.lap()
        fit = fit_logistic(X, cells.n, cells.events, 1.0)
        return fit.beta, encoded, clock.lap(), cells.n.size

    def on_rows() -> tuple[Any, Seconds, Seconds, int]:
        clock = _Clock()
        # in the order of the columns above; quicker than its own encoder, which sorts words
        dummies = data.select(names).to_dummies()
        X = dummies.select(sorted(dummies.columns)).cast(pl.Float64).to_numpy()
        encoded = clock.lap()
        model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10).fit(X, event)
        return model.coef_[0], encoded, clock.lap(), rows

    ours, theirs = on_cells(), on_rows()
    off = float(np.abs(ours[0] - theirs[0]).max())
    # the least disturbed of a few times, by the wall
    best_cells, best_rows = (
        min((side()[1:3] for _ in range(_REPEATS)), key=lambda laps: laps[0][0] + laps[1][0])
        for side in (on_cells, on_rows)
    )
    return {
        "off": off,
        "cells": best_cells,
        "rows": best_rows,
        "n_cells": ours[3],
        "peak_gb": _peak(),
    }


class _Clock:
    """Wall and CPU seconds from lap to lap."""

    def __init__(self) -> None:
        self._at = time.perf_counter(), time.process_time()

    def lap(self) -> Seconds:
        before, self._at = self._at, (time.perf_counter(), time.process_time())
        return self._at[0] - before[0], self._at[1] - before[1]


def _peak() -> float:
    # Linux counts in kB, macOS in bytes
    unit = 1e9 if sys.platform == "darwin" else 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


PARTS: dict[str, Callable[..., Found]] = {"protocol": protocol, "logistic": logistic}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](**json.loads(sys.argv[2]))))
