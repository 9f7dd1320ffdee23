"""Leaks nobody declared, and predictors that overlap with the outcome."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import COVARIATES, FakeTables, make_frames, make_study
from tests.recovery.leaks import DESIGNS, FAULTS, detect, detector_of, make_world
from wellperf_models.burnout import build_frame
from wellperf_models.burnout.ladder.checks import (
    check_ladder,
    no_shared_items,
    nobody_on_both_sides,
    one_person_one_id,
    predictors_not_too_good,
    refits_converged,
)
from wellperf_models.burnout.ladder.frame import plan_ladder
from wellperf_models.burnout.ladder.model import climb_ladder
from wellperf_models.burnout.ladder.one_person import SamePeople, find_same_people
from wellperf_models.burnout.ladder.overlap import adjusted_r, find_overlaps
from wellperf_models.burnout.ladder.suspects import Suspects
from wellperf_models.evidence import Unanswered
from wellperf_models.study import Study

SEEDS = range(30, 32)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("fault", [f for f in FAULTS if f != "none"])
def test_planted_leaks_are_caught(fault: str, design: str) -> None:
    """The short form of `python -m tests.recovery leaks --worlds 60`."""
    assert all(detect(make_world(fault, design, seed))[detector_of(fault)] for seed in SEEDS)


@pytest.mark.parametrize("design", DESIGNS)
def test_clean_worlds_raise_no_alarm(design: str) -> None:
    assert not any(any(detect(make_world("none", design, seed)).values()) for seed in SEEDS)


def test_who_is_there_twice_is_found_by_name_and_nobody_else() -> None:
    frame = make_world("two ids", "forward in time", 3)
    found = find_same_people(frame)
    assert frame.roster is not None
    ids = {frame.roster.ids[code] for code in found.people}
    twice = {i for i in frame.roster.ids if i.startswith("x")}
    # who answered too rarely is not told
    assert ids <= twice | {i.removeprefix("x") for i in twice}
    assert len(ids) > len(twice)


def test_coarse_rows_do_not_tell_two_people_from_one() -> None:
    study = make_study(models={"m": {"covariates": ["job"]}})
    frames = make_frames(waves=1)
    frames["surveys"] = frames["surveys"].with_columns(pl.col("value").round(0))
    found = find_same_people(build_frame(FakeTables(study, frames)))
    assert (found.can_tell, found.n_people) == (False, 0)


def _overlapping(**measures: Any) -> Study:
    study = make_study(covariates=COVARIATES, models={"m": {"covariates": ["noise", "job", "mood"]}})
    own = {
        name: study.measures[name].model_copy(update=measures.get(name, {}))
        for name in ("exhaustion", "mood")
    }
    return study.model_copy(update={"measures": own})


@pytest.mark.parametrize(
    ("measures", "shared"),
    [
        ({}, (False, False)),
        ({"mood": {"instrument": "mbi-gs "}, "exhaustion": {"instrument": "MBI-GS"}}, (False, True)),
        ({"mood": {"shares_items_with": ("exhaustion",)}}, (True, False)),
        ({"exhaustion": {"shares_items_with": ("mood",)}}, (True, False)),
        (
            {"mood": {"scored_from": "bat12.exhaustion"}, "exhaustion": {"scored_from": "bat23.exhaustion"}},
            (False, True),
        ),
        (
            {"mood": {"scored_from": "cbi.work"}, "exhaustion": {"scored_from": "olbi.exhaustion"}},
            (False, False),
        ),
    ],
)
def test_what_a_predictor_shares_is_read_off_the_study_file(
    measures: dict[str, Any], shared: tuple[bool, bool]
) -> None:
    tables = FakeTables(_overlapping(**measures), make_frames(n=150))
    frame = build_frame(tables)
    found = {o.covariate: o for o in find_overlaps(plan_ladder(frame, frame.section))}
    assert (found["mood"].items, found["mood"].instrument) == shared
    assert not found["noise"].overlaps
    assert found["mood"].correlation is not None
    known = frame.answers.covariates["mood"].is_not_null().to_numpy()
    mood = frame.answers.covariates["mood"].drop_nulls().to_numpy()
    r = abs(np.corrcoef(mood, frame.answers.strain[known])[0, 1])
    assert found["mood"].correlation == pytest.approx(r, abs=1e-12)


def test_the_ladder_is_climbed_without_what_overlaps_and_both_are_there() -> None:
    study = _overlapping(mood={"shares_items_with": ("exhaustion",)})
    frame = build_frame(FakeTables(study, make_frames(n=150, waves=3)))
    result = climb_ladder(frame, frame.section)
    assert set(result.without) == {result.top, "forward"}
    other = result.without["forward"]
    assert not isinstance(other, Unanswered)
    assert other.covariates == ("noise", "job")
    (check,) = (c for c in check_ladder(frame, result) if c.name == "no_shared_items")
    assert check.passed is False
    assert "with the outcome: Mood. The ladder is climbed without them" in check.text


def test_adjusted_r_is_that_of_least_squares_and_0_for_noise() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = X @ [1.0, -0.5, 0.0] + rng.normal(size=80)
    full = np.column_stack([np.ones(80), X])
    rest = y - full @ np.linalg.solve(full.T @ full, full.T @ y)
    expected = 1 - (rest @ rest / 76) / y.var(ddof=1)
    assert adjusted_r(X, y) == pytest.approx(expected**0.5, abs=1e-12)
    assert adjusted_r(rng.normal(size=(40, 30)), rng.normal(size=40)) < 0.6


def test_every_check_can_pass_fail_and_not_tell() -> None:
    nobody = np.zeros(0, np.int64)
    states = [
        nobody_on_both_sides(0, "person"),
        nobody_on_both_sides(7, "covariate_pattern"),
        nobody_on_both_sides(None, "person"),
        one_person_one_id(SamePeople(n_people=0, can_tell=True, people=nobody), 100),
        one_person_one_id(SamePeople(n_people=4, can_tell=True, people=nobody), 100),
        one_person_one_id(SamePeople(n_people=0, can_tell=False, people=nobody), 100),
        predictors_not_too_good(Suspects(names=(), looked_at=("a",)), {}),
        predictors_not_too_good(Suspects(names=("a",), looked_at=("a",)), {"a": "Sick {note}"}),
        predictors_not_too_good(Suspects(names=(), looked_at=()), {}),
    ]
    assert [c.passed for c in states] == [True, False, None] * 3
    assert "Sick (note)" in states[7].text
    assert no_shared_items((), {}).passed is True
    assert refits_converged(2).passed is False
    assert check_ladder(None, Unanswered(reason="None.")) == ()  # type: ignore[arg-type]
