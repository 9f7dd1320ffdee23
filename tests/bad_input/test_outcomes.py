"""Outcomes that carry no answer: one class, no events, separation, one row. Each is refused by name.

Refused means: the check names it, or the step ends in an `Unanswered` with its reason. Never a number,
never a
traceback; where an answer is possible after all, it is finite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

import wellperf_models as wp
from wellperf_models.errors import WellperfError
from wellperf_models.evidence import Provenance, Unanswered
from wellperf_models.study import Study
from wellperf_models.tables import Tables

N = 120
REFUSED = "refused"
_PROVENANCE = Provenance(
    study="outcomes", as_of="2024-06-30", data_hmac="0" * 64, synthetic=False, public_microdata=False, seed=1,
    package_version="0", lock_sha256="0" * 64, python="3.13",
)  # fmt: skip
HEAD = {"name": "outcomes", "as_of": "2024-06-30", "seed": 1}


def _ids(n: int) -> list[str]:
    return [f"p{i:03}" for i in range(n)]


def _leaving(
    *, left: np.ndarray, n: int = N, covariates: dict[str, Any] | None = None
) -> dict[str, pl.DataFrame]:
    rng = np.random.default_rng(5)
    spells = pl.DataFrame(
        {
            "employee_id": _ids(n),
            "duration_months": rng.uniform(1, 60, n).round(1),
            "exit_reason": ["voluntary" if one else None for one in left],
        },
        schema_overrides={"exit_reason": pl.String},
    )
    columns = covariates if covariates is not None else {"age": rng.uniform(20, 60, n).round()}
    return {"spells": spells, "people": pl.DataFrame({"employee_id": _ids(n), **columns})}


def _turnover_study(**kinds: str) -> Study:
    kinds = kinds or {"age": "number"}
    return Study.model_validate(
        {
            "study": HEAD,
            "tables": {"people": {"path": "p.csv"}, "spells": {"path": "s.csv"}},
            "covariates": {
                name: {"table": "people", "type": kind, "timing": "before"} for name, kind in kinds.items()
            },
            "turnover": {"covariates": list(kinds)},
        }
    )


def _attempt(step: Callable[..., Any], *arguments: Any) -> Any:
    """The step's result; "refused" where it names why there is none."""
    try:
        found = wp.attempt(step, *arguments)
    except WellperfError:
        return REFUSED
    if isinstance(found, Unanswered):
        assert found.reason
        return REFUSED
    return found


def _turnover(study: Study, frames: dict[str, pl.DataFrame]) -> dict[str, Any]:
    """Every model of turnover, on tables that pass the check."""
    frame = _attempt(lambda: wp.turnover.build_frame(Tables.from_frames(study, frames)))
    if frame is REFUSED:
        return dict.fromkeys(("cox", "hazard", "validate"), REFUSED)
    steps = {"cox": wp.turnover.fit_cox, "hazard": wp.turnover.fit_hazard, "validate": wp.turnover.validate}
    return {name: _attempt(step, frame, study.turnover) for name, step in steps.items()}


RNG = np.random.default_rng(11)
SOME = RNG.random(N) < 0.4
NONE = np.zeros(N, bool)
AGES = RNG.uniform(20, 60, N).round()
UNANSWERABLE: dict[str, tuple[Study, dict[str, pl.DataFrame]]] = {
    "zero events": (_turnover_study(), _leaving(left=NONE)),
    "one row": (_turnover_study(), _leaving(left=np.array([True]), n=1)),
    "constant covariate": (_turnover_study(), _leaving(left=SOME, covariates={"age": [40.0] * N})),
    "covariate of missing cells": (
        _turnover_study(),
        _leaving(left=SOME, covariates={"age": pl.Series([None] * N, dtype=pl.Float64)}),
    ),
    "collinear covariates": (
        _turnover_study(age="number", months="number"),
        _leaving(left=SOME, covariates={"age": AGES, "months": AGES * 12}),
    ),
    "category of 10,000 levels": (
        _turnover_study(post="category"),
        _leaving(left=np.arange(10_000) % 3 == 0, n=10_000, covariates={"post": _ids(10_000)}),
    ),
}


@pytest.mark.parametrize("name", UNANSWERABLE)
def test_turnover_that_nothing_can_be_said_of(name: str) -> None:
    study, frames = UNANSWERABLE[name]
    assert all(found is REFUSED for found in _turnover(study, frames).values())


def test_one_event_is_shown_to_nobody() -> None:
    """A model can be fitted to it, and the gate lets nothing of it out."""
    study = _turnover_study()
    tables = Tables.from_frames(study, _leaving(left=np.arange(N) == 3))
    frame = wp.turnover.build_frame(tables)
    cox, hazard, validation = (
        wp.attempt(step, frame, study.turnover)
        for step in (wp.turnover.fit_cox, wp.turnover.fit_hazard, wp.turnover.validate)
    )
    assert isinstance(validation, Unanswered)
    evidence = wp.turnover.explain(
        frame, cox, hazard, wp.turnover.check_cox(frame, cox), provenance=_PROVENANCE
    )
    assert wp.release(evidence, study).estimates == ()


def test_separation_of_leavers_is_no_hazard_ratio() -> None:
    """A covariate that all leavers share and nobody else has would be given an infinite ratio."""
    study = _turnover_study(badge="yes_no")
    covariates = {"badge": ["yes" if left else "no" for left in SOME]}
    found = _turnover(study, _leaving(left=SOME, covariates=covariates))
    assert found["cox"] is REFUSED
    assert found["hazard"] is REFUSED


def test_where_everybody_left_the_curve_ends_at_zero() -> None:
    study = _turnover_study()
    frame = wp.turnover.build_frame(Tables.from_frames(study, _leaving(left=~NONE)))
    description = wp.turnover.fit_description(frame, study.turnover)
    assert description.n_leavers == N
    assert _attempt(wp.turnover.fit_cox, frame, study.turnover) is not None


def test_a_category_seen_only_once_leaves_the_scores_finite() -> None:
    study = _turnover_study(post="category", age="number")
    posts = ["a" if i % 2 else "b" for i in range(N)]
    posts[7] = "seen once"
    found = _turnover(study, _leaving(left=SOME, covariates={"post": posts, "age": AGES}))
    for result in found.values():
        assert result is REFUSED or "nan" not in repr(result).casefold()


def _asked(scores: np.ndarray, n: int = N) -> dict[str, pl.DataFrame]:
    ages = np.random.default_rng(3).uniform(20, 60, n).round()
    people = pl.DataFrame({"employee_id": _ids(n), "age": ages})
    surveys = pl.DataFrame(
        {"employee_id": _ids(n), "wave": ["w"] * n, "measure": ["mood"] * n, "value": scores.astype(float)}
    )
    return {"people": people, "surveys": surveys}


def _burnout(frames: dict[str, pl.DataFrame], case_at: float) -> Any:
    study = Study.model_validate(
        {
            "study": HEAD,
            "tables": {"people": {"path": "p.csv"}, "surveys": {"path": "s.csv"}},
            "measures": {"mood": {"low": 0, "high": 6, "higher_is": "worse"}},
            "covariates": {"age": {"table": "people", "timing": "before"}},
            "burnout": {"outcome": "mood", "case_at": case_at, "models": {"m": {"covariates": ["age"]}}},
        }
    )

    def fit() -> Any:
        frame = wp.burnout.build_frame(Tables.from_frames(study, frames))
        return wp.burnout.fit_forecasts(frame, study.burnout)

    found = _attempt(fit)
    return found if found is REFUSED else found.answered


@pytest.mark.parametrize(
    ("scores", "case_at"),
    [
        (RNG.integers(0, 6, N), 0.0),
        (RNG.integers(0, 4, N), 6.0),
        (np.arange(N) == 5, 1.0),
        (np.full(N, 3), 3.0),
    ],
    ids=["everybody a case", "nobody a case", "one case", "constant score"],
)
def test_one_class_is_no_forecast(scores: np.ndarray, case_at: float) -> None:
    assert _burnout(_asked(scores), case_at) in (REFUSED, {})


def test_one_answer_is_no_forecast() -> None:
    assert _burnout(_asked(np.array([5]), n=1), 3.0) in (REFUSED, {})


def _trial(values: list[float | None], arms: list[str]) -> tuple[Study, dict[str, pl.DataFrame]]:
    n = len(values)
    outcomes = pl.DataFrame(
        {
            "unit_type": ["person"] * n,
            "unit_id": _ids(n),
            "name": ["days"] * n,
            "value": pl.Series(values, dtype=pl.Float64),
            "arm": arms,
        }
    )
    roi = {
        "programme": "p", "design": "randomised", "level": "person", "treated": "t", "control": "c",
        "outcomes": {"days": {"higher_is": "worse"}},
    }  # fmt: skip
    study = Study.model_validate({"study": HEAD, "tables": {"outcomes": {"path": "o.csv"}}, "roi": roi})
    return study, {"outcomes": outcomes}


HALVES = ["t", "c"] * (N // 2)
TRIALS: dict[str, tuple[list[float | None], list[str]]] = {
    "one arm": ([float(i % 7) for i in range(N)], ["t"] * N),
    "no value": ([None] * N, HALVES),
    "the same value for all": ([3.0] * N, HALVES),
    "one unit in each arm": ([1.0, 2.0], ["t", "c"]),
    "one value in one arm": ([float(i % 7) if i % 2 or i == 4 else None for i in range(N)], HALVES),
    "one row": ([1.0], ["t"]),
}


@pytest.mark.parametrize("name", TRIALS)
def test_a_trial_that_nothing_can_be_said_of(name: str) -> None:
    study, frames = _trial(*TRIALS[name])

    def fit() -> Any:
        frame = wp.roi.build_frame(Tables.from_frames(study, frames))
        return wp.roi.fit_effects(frame, study.roi)

    found = _attempt(fit)
    if found is not REFUSED:
        effects = [effects.intention_to_treat for effects in found.of.values()]
        assert all(isinstance(effect, Unanswered) for effect in effects)
