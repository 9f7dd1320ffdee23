"""The method check of forecasts says so when the pipeline is wrong, and does not when it is sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import PROVENANCE, make_frames, make_study, make_tables
from tests.fakes import FakeTables
from wellperf_models.burnout import BurnoutFrame, Forecasts, build_frame, model as burnout_model
from wellperf_models.burnout.split import Split, make_splits
from wellperf_models.disclosure import release
from wellperf_models.evidence import Estimate, Evidence, Support, Unanswered, attempt
from wellperf_models.inference.auc import auc
from wellperf_models.method_check import (
    MethodCheckResult,
    build_burnout,
    build_turnover,
    check_method,
    judge_method,
    plot_method,
    try_burnout,
    try_turnover,
)
from wellperf_models.method_check.answers import AnswerWorld, shape_of_answers, simulate_answers
from wellperf_models.method_check.answers_truth import other_people, plant_effect, same_people
from wellperf_models.method_check.burnout import Pipeline, forecast_world
from wellperf_models.method_check.detectable import detectable_gain
from wellperf_models.runs.ending import lack_of
from wellperf_models.runs.notebooks import find_notebooks
from wellperf_models.study import Burnout, MethodCheck, Study

WORLDS = 20
MODELS = {"load": {"covariates": ["overtime", "noise"], "label": "Workload"}}


@cache
def made(waves: int = 4, n: int = 160, effect: float = 2.0) -> tuple[BurnoutFrame, Study]:
    """Frame and study of people who answered four waves, or one."""
    frames = {"n": n, "waves": waves}
    folds = {"folds": 2, "repeats": 1}
    tables = make_tables(seed=1, frames=frames, models=MODELS, validation=folds)
    study = tables.study.model_copy(update={"method_check": MethodCheck(worlds=WORLDS, effect=effect)})
    return build_frame(tables), study


_KNOWN: dict[bytes, tuple[Forecasts, Evidence]] = {}


def remembered(frame: BurnoutFrame, section: Burnout) -> tuple[Forecasts, Evidence]:
    """The pillar's own pipeline; a world that another test has tried is not fitted again."""
    key = frame.answers.strain.tobytes()
    if key not in _KNOWN:
        _KNOWN[key] = forecast_world(frame, section)
    return _KNOWN[key]


@cache
def sound() -> MethodCheckResult:
    return try_burnout(*made(), forecasting=remembered)


def passed(result: MethodCheckResult) -> dict[str, bool | None]:
    return {c.name: c.passed for c in check_method(result)}


def test_a_sound_pipeline_passes_and_finds_what_was_planted() -> None:
    result = sound()
    assert set(passed(result).values()) == {True}
    names = [r.target.name for r in result.recovered]
    assert names == ["auc_last_score", "delta_auc_load", "delta_auc_load_nothing", "calibration_slope_load"]
    claims = result.claims
    assert claims is not None
    assert (claims.found.n, claims.false_alarms.n) == (WORLDS, WORLDS)
    assert claims.found.count > claims.false_alarms.count + 3
    planted = result.recovered[1]
    # found less often than not: what is found in 8 of 10 is larger, but of its size
    assert planted.detectable is not None
    assert planted.truth / 3 < planted.detectable[0] < 3 * planted.truth
    assert abs(result.recovered[2].truth) < planted.truth / 5


def halved(frame: BurnoutFrame, section: Burnout) -> tuple[Forecasts, Evidence]:
    """Intervals less than half as wide as they should be."""
    forecasts, found = remembered(frame, section)
    made = [
        replace(e, low=e.value - 0.4 * (e.value - e.low), high=e.value + 0.4 * (e.high - e.value))
        if e.low is not None and e.high is not None
        else e
        for e in found.estimates
    ]
    return forecasts, replace(found, estimates=tuple(made))


def with_a_leak(frame: BurnoutFrame, section: Burnout) -> tuple[Forecasts, Evidence]:
    """A predictor recorded after the outcome is used under the name of an honest one."""
    answers = frame.answers
    noise = np.random.default_rng(int(1e6 * answers.strain.mean())).normal(size=answers.strain.size)
    known = answers.covariates.with_columns(pl.Series("noise", answers.strain + noise))
    return forecast_world(replace(frame, answers=replace(answers, covariates=known)), section)


@pytest.mark.parametrize(
    ("pipeline", "failed"),
    [(halved, {"nominal_coverage"}), (with_a_leak, {"no_bias", "nominal_coverage", "false_alarms"})],
)
def test_a_broken_pipeline_is_caught(pipeline: Pipeline, failed: set[str]) -> None:
    found = passed(try_burnout(*made(), forecasting=pipeline))
    assert {name for name, ok in found.items() if ok is False} == failed


def test_an_auc_of_rows_it_was_trained_on_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """With many predictors and few people a model knows its own rows too well."""
    models = {"load": {"covariates": ["overtime", *(f"x{i}" for i in range(12))], "label": "Workload"}}
    extra = {f"x{i}": {"table": "people", "timing": "before"} for i in range(12)}
    study = make_study(
        models=models,
        covariates={"overtime": {"table": "workload", "column": "overtime_hours", "timing": "before"}}
        | extra,
        validation={"folds": 2, "repeats": 1},
    )
    frames = make_frames(2, 60, 2, answered=1.0)
    rng = np.random.default_rng(5)
    more = {f"x{i}": pl.Series(rng.normal(size=60)) for i in range(12)}
    tables = FakeTables(study, {**frames, "people": frames["people"].with_columns(**more)})
    study = tables.study.model_copy(update={"method_check": MethodCheck(worlds=WORLDS, effect=1.5)})

    def own_rows(frame: BurnoutFrame) -> tuple[Split, ...]:
        return tuple(replace(s, test=s.train) for s in make_splits(frame))

    monkeypatch.setattr(burnout_model, "make_splits", own_rows)
    result = try_burnout(build_frame(tables), study)
    assert passed(result)["no_bias"] is False
    assert result.recovered[1].bias > 1


def test_the_truth_is_that_of_many_simulated_organisations() -> None:
    """The integral over what could have been answered against an average over draws."""
    frame, _ = made()
    shape = shape_of_answers(frame, "load")
    world = plant_effect(shape, shape.answers.covariates["overtime"].fill_null(0).to_numpy(), 2.0)
    cut, waves = shape.cut, np.unique(shape.answers.wave)[-2:]
    told = []
    for seed in range(60):
        answers = simulate_answers(world, np.random.default_rng(seed)).frame.answers
        own = np.isin(answers.wave, waves)
        assert answers.last is not None
        told.append(auc(answers.strain[own] >= cut, answers.last[own]))
    population = other_people(world, np.flatnonzero(np.isin(shape.answers.wave, waves)), cut)
    eta = np.broadcast_to(population.values, population.cases.shape)
    error = float(np.std(told)) / 60**0.5
    assert population.auc(eta) == pytest.approx(float(np.mean(told)), abs=3.5 * error)
    assert population.auc(eta) != pytest.approx(float(np.mean(told)), abs=1e-9)


def test_the_truth_about_the_same_people_is_theirs() -> None:
    """Averaged over organisations it is that of other people: knowing nothing, one expects no more."""
    frame, _ = made()
    shape = shape_of_answers(frame, "load")
    world = AnswerWorld(shape=shape, x=np.zeros(shape.place.size), effect=0.0)
    own, others = [], []
    for seed in range(60):
        simulated = simulate_answers(world, np.random.default_rng(seed))
        (split,) = make_splits(simulated.frame)
        population = same_people(world, simulated, split, shape.cut)
        np.testing.assert_allclose((population.cases + population.others).sum(axis=1), 1.0, atol=1e-9)
        own.append(population.cases.mean(axis=0).sum())
        others.append(simulated.frame.answers.strain[split.test] >= shape.cut)
    rates = np.array([o.mean() for o in others])
    # what came out differs from what could have come out by chance alone
    assert abs(np.mean(rates - own)) < 3.5 * np.std(rates - own) / 60**0.5
    assert np.std(rates - own) < np.std(rates)


def test_the_shape_keeps_how_scores_are_spread_and_last() -> None:
    frame, _ = made(n=1000)
    shape = shape_of_answers(frame, "load")
    answers = frame.answers
    assert answers.last is not None
    seen = np.corrcoef(answers.last, answers.strain)[0, 1], (answers.strain >= shape.cut).mean()
    drawn = []
    world = AnswerWorld(shape=shape, x=np.zeros(shape.place.size), effect=0.0)
    for seed in range(20):
        again = simulate_answers(world, np.random.default_rng(seed)).frame.answers
        assert again.last is not None
        assert set(again.strain) <= set(answers.strain)
        drawn.append((np.corrcoef(again.last, again.strain)[0, 1], (again.strain >= shape.cut).mean()))
    np.testing.assert_allclose(np.mean(drawn, axis=0), seen, atol=0.03)


def test_the_planted_odds_ratio_is_the_one_asked_for() -> None:
    frame, _ = made()
    shape = shape_of_answers(frame, "load")
    x = shape.answers.covariates["noise"].to_numpy()
    assert plant_effect(shape, x, 1.0).effect == pytest.approx(0.0, abs=1e-3)
    small, large = (plant_effect(shape, x, ratio).effect for ratio in (1.3, 2.0))
    assert 0 < small < large


def test_across_people_a_coin_is_to_be_beaten() -> None:
    frame, study = made(waves=1, n=200)
    result = try_burnout(frame, study)
    auc_of, nothing, _ = result.recovered
    assert nothing.truth == pytest.approx(0.5, abs=1e-9)
    assert auc_of.truth > 0.6
    assert passed(result)["no_bias"] is True
    evidence = judge_method(frame, result, check_method(result), provenance=PROVENANCE)
    answer = release(evidence, study).answer
    assert "orders better than a coin" in answer
    assert "worth a gain in AUC over a coin" in answer


def test_the_answer_in_sentences_and_a_picture() -> None:
    frame, study = made()
    evidence = judge_method(frame, sound(), check_method(sound()), provenance=PROVENANCE)
    answer = release(evidence, study)
    assert answer.id == "method_check.burnout"
    assert not answer.suppressed
    for words in ("held the truth in", "adds to the last score", "odds ratio of 2", "8 of 10"):
        assert words in answer.answer
    assert "azard" not in answer.answer + answer.estimand + "".join(answer.limits)
    picture = plot_method(answer)
    assert picture is not None
    assert picture.title.startswith("Gain in AUC over the last score of ")


def test_the_same_seed_gives_the_same_world_in_any_order_of_rows() -> None:
    frame, _ = made()
    a = frame.answers
    rows = np.random.default_rng(1).permutation(a.person.size)
    mixed = replace(
        a,
        **{k: getattr(a, k)[rows] for k in ("person", "fold_group", "cluster", "wave", "strain", "last")},
        covariates=a.covariates[rows],
        places={},
    )
    drawn = []
    for one in (frame, replace(frame, answers=mixed)):
        shape = shape_of_answers(one, "load")
        world = plant_effect(shape, shape.answers.covariates["noise"].to_numpy(), 1.5)
        drawn.append(simulate_answers(world, np.random.default_rng(3)).frame.answers)
    np.testing.assert_array_equal(drawn[0].strain, drawn[1].strain)
    np.testing.assert_array_equal(drawn[0].person, drawn[1].person)
    assert drawn[0].covariates.equals(drawn[1].covariates)


def test_a_gain_found_in_eight_of_ten_by_hand() -> None:
    """Where the error does not grow with the gain it is (1.96 + .84) standard errors."""
    same = [
        Estimate(name="x", value=0.02, low=0.02 - 0.0196, high=0.02 + 0.0196, coverage=0.95, se=0.01,
                 interval="confidence", unit="AUC", support=Support(n_people=100))
        for _ in range(5)
    ]  # fmt: skip
    value, error = detectable_gain(same, same, 0.02, 1.0)
    assert value == pytest.approx(0.01 * (1.96 + 0.8416), rel=1e-4)
    assert error == pytest.approx(0.0, abs=1e-12)
    assert detectable_gain(same, same, 0.02, 0.25)[0] == pytest.approx(value / 2)


@pytest.mark.parametrize(
    ("build", "attempted", "pillar"),
    [(build_turnover, try_turnover, "turnover"), (build_burnout, try_burnout, "burnout")],
)
def test_what_the_study_does_not_ask_is_not_asked(
    build: Callable[..., object], attempted: Callable[..., MethodCheckResult], pillar: str
) -> None:
    """A pillar whose table is missing: no error, no number."""
    tables = make_tables(seed=1, frames={"n": 40})
    del tables["surveys"]
    frame = attempt(build, tables)
    assert isinstance(frame, Unanswered)
    result = attempt(attempted, frame, tables.study)
    assert isinstance(result, Unanswered)
    assert not result.asked
    assert check_method(result) == ()
    evidence = judge_method(frame, result, (), pillar=pillar, provenance=PROVENANCE)
    assert evidence.id == f"method_check.{pillar}"
    answer = release(evidence, tables.study)
    assert answer.answer.startswith("Not asked: ")
    assert plot_method(answer) is None


@pytest.mark.parametrize(
    ("held", "why"),
    [("spells", ""), ("surveys", ""), ("outcomes", ""), ("workload", "spells, surveys, outcomes")],
)
def test_the_notebook_runs_with_either_table(held: str, why: str) -> None:
    (notebook,) = (n for n in find_notebooks() if n.name == "method_check")
    study = make_study().model_copy(update={"tables": {held: make_study().tables["surveys"]}})
    lack = lack_of(notebook, study)
    assert bool(lack) is bool(why)
    assert lack.words == (f"not run: needs one of the tables {why}" if why else "")
