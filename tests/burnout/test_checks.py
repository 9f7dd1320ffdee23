"""Every check fires with its fault and stays silent without it; a leak never gives a number."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import PROVENANCE, FakeTables, make_frames, make_study, make_tables
from wellperf_models.burnout import build_frame, check_forecasts, checks, fit_forecasts, forecast
from wellperf_models.evidence import Check, Unanswered, attempt
from wellperf_models.inference.calibration import recalibrate
from wellperf_models.inference.logistic import expit
from wellperf_models.inference.scores import Score, score_of

WORLDS = 20
QUICK = {"folds": 3, "repeats": 1}
NOTHING: dict[str, tuple[np.ndarray, np.ndarray]] = {}


def share_failing(make: Callable[[int], Check]) -> float:
    return float(np.mean([make(seed).passed is False for seed in range(WORLDS)]))


def checks_of(tables: FakeTables) -> dict[str, Check]:
    frame = build_frame(tables)
    found = attempt(fit_forecasts, frame, tables.study.burnout)
    return {c.name: c for c in check_forecasts(frame, found)}


@functools.cache
def clean(seed: int) -> dict[str, Check]:
    """Checks of a world without a fault."""
    return checks_of(make_tables(seed))


def leaking(seed: int, leak: float) -> FakeTables:
    """A covariate of people that knows the newest scores: their mean, blurred by `leak`."""
    frames = make_frames(seed)
    rng = np.random.default_rng(seed + 1000)
    newest = frames["surveys"].filter((pl.col("measure") == "exhaustion") & (pl.col("wave") != "w0"))
    known = newest.group_by("employee_id").agg(pl.col("value").mean().alias("copy")).sort("employee_id")
    blurred = known.with_columns(copy=pl.col("copy") + leak * pl.Series(rng.normal(size=known.height)))
    frames["people"] = frames["people"].join(blurred, on="employee_id", how="left")
    study = make_study(models={"m": {"covariates": ["copy"]}})
    return FakeTables(study, frames)


def test_too_good_an_order_is_noticed_and_an_honest_one_is_not() -> None:
    assert share_failing(lambda s: checks_of(leaking(s, 0.1))["plausible_auc_m"]) >= 0.9
    assert share_failing(lambda s: clean(s)["plausible_auc_load"]) <= 0.1


def test_a_gain_that_is_too_large_is_noticed() -> None:
    flagged = checks.plausible_auc(0.85, 0.2, "m", forward=True)
    assert flagged.passed is False
    assert "gain over the last score" in flagged.text
    assert checks.plausible_auc(0.85, 0.1, "m", forward=True).passed is True
    assert checks.plausible_auc(0.85, None, "m", forward=False).passed is False
    assert checks.plausible_auc(0.78, None, "m", forward=False).passed is True


def _across(seed: int, *, leak: bool) -> Check:
    """One wave; the covariate is another form of the same questionnaire, declared as known before."""
    frames = make_frames(seed, waves=1)
    mood = frames["surveys"].filter(pl.col("measure") == "mood").select("employee_id", copy="value")
    frames["people"] = frames["people"].join(mood, on="employee_id", how="left")
    models = {"m": {"covariates": ["copy"] if leak else ["noise", "overtime"]}}
    study = make_study(models=models, validation=QUICK)
    return checks_of(FakeTables(study, frames))["plausible_auc_m"]


def test_across_people_the_line_is_lower() -> None:
    assert share_failing(lambda s: _across(s, leak=True)) >= 0.9
    assert share_failing(lambda s: _across(s, leak=False)) <= 0.1


def test_predictors_of_the_same_wave_are_named_and_not_judged() -> None:
    models = {"m": {"covariates": ["noise", "mood_now"]}}
    found = checks_of(make_tables(frames={"waves": 1}, models=models))
    assert found["predictors_from_before_m"].passed is False
    assert found["predictors_from_before_m"].text == (
        "Asked in the same questionnaire as the outcome: Mood now. Part of the order is the same answer "
        "given twice."
    )
    assert found["plausible_auc_m"].passed is None


def test_predictors_from_before_counts_what_is_late() -> None:
    before = {"a": (np.array([1.0, 2.0]), np.array([2.0, 3.0]))}
    late = {"a": (np.array([1.0, 3.0]), np.array([2.0, 3.0]))}
    assert checks.predictors_from_before((), before, "m").passed is True
    assert checks.predictors_from_before((), late, "m").passed is False
    assert checks.predictors_from_before((), NOTHING, "m").passed is None
    assert checks_of(make_tables())["predictors_from_before_load"].passed is True


def _slope(seed: int, factor: float, n: int = 3000) -> Check:
    rng = np.random.default_rng(seed)
    eta = -1 + rng.normal(size=n)
    event = rng.uniform(size=n) < expit(eta)
    found = recalibrate(event, factor * eta, np.arange(n))
    return checks.calibration_slope(score_of(found.slope, found.slope_std_error, n), "m")


def test_calibration_slope_both_ways() -> None:
    assert share_failing(lambda s: _slope(s, 2.0)) >= 0.9
    assert share_failing(lambda s: _slope(s, 0.5)) >= 0.9
    assert share_failing(lambda s: _slope(s, 1.0)) <= 0.1
    passing = [_slope(s, 1.0).passed is True for s in range(WORLDS)]
    assert np.mean(passing) >= 0.9
    # too few to tell is neither
    assert {_slope(s, 1.0, n=120).passed for s in range(WORLDS)} == {None}
    assert "too extreme" in _slope(0, 2.0).text
    assert "too cautious" in _slope(0, 0.4).text


def test_calibration_slope_of_a_fitted_model_is_not_failed_by_chance() -> None:
    assert share_failing(lambda s: clean(s)["calibration_slope_load"]) <= 0.1


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (checks.cases_per_parameter(100, 10, "m"), checks.cases_per_parameter(99, 10, "m")),
        (checks.number_of_clusters(40, "team"), checks.number_of_clusters(39, "team")),
        (checks.repeated_units(0), checks.repeated_units(1)),
        (checks.folds_converged(0, 25, "m"), checks.folds_converged(1, 25, "m")),
        (checks.outcome_not_among_predictors(""), checks.outcome_not_among_predictors("It is.")),
    ],
)
def test_simple_checks_both_ways(good: Check, bad: Check) -> None:
    assert good.passed is True
    assert bad.passed is False


def test_counts_in_checks_are_rounded_down() -> None:
    assert checks.number_of_clusters(44, "person").value == 40.0
    assert checks.cases_per_parameter(104.9, 10, "m").value == 10.0
    asked = checks.response([(103, 58), (99, 61)])
    assert asked.passed is None
    assert asked.value == pytest.approx(0.59)
    assert checks.number_of_clusters(None, "person").passed is None
    # across people there is no wave before
    models = {"m": {"covariates": ["noise"]}}
    assert "response" not in checks_of(make_tables(frames={"waves": 1}, models=models, validation=QUICK))


def test_one_cluster_has_no_interval_and_no_number() -> None:
    tables = make_tables(cluster="site")
    found = attempt(fit_forecasts, build_frame(tables), tables.study.burnout)
    assert isinstance(found, Unanswered)
    assert "at least two clusters" in found.reason


def test_few_clusters_are_noticed() -> None:
    frames = make_frames()
    frames["assignments"] = frames["assignments"].with_columns(team=pl.col("team").str.slice(0, 2))
    found = checks_of(FakeTables(make_study(cluster="team"), frames))
    assert found["number_of_clusters"].passed is False
    assert checks_of(make_tables(cluster="team"))["number_of_clusters"].passed is True


def test_repeated_people_in_other_folds_are_noticed() -> None:
    plan = {"folds": 4, "repeats": 1, "group_by": "covariate_pattern"}
    models = {"m": {"covariates": ["noise", "mood_now"]}}
    tables = make_tables(frames={"dated": False}, validation=plan, models=models)
    assert checks_of(tables)["repeated_units"].passed is False
    together = make_tables(frames={"dated": False}, models=models)
    assert checks_of(together)["repeated_units"].passed is True


def copied(seed: int, kind: str) -> FakeTables:
    """One wave, and a covariate of people that is the outcome in disguise."""
    frames = make_frames(seed, waves=1)
    scores = frames["surveys"].filter(pl.col("measure") == "exhaustion")
    values = scores["value"].to_numpy()
    rng = np.random.default_rng(seed)
    made = {
        "itself": values,
        "turned and stretched": 100 - 3 * values,
        "another scale": np.exp(2 * values),
        "another scale, blurred": np.exp(2 * (values + 0.1 * rng.normal(size=values.size))),
        "slightly blurred": values + 0.15 * rng.normal(size=values.size),
        "the case as a number": (values >= 3.5) + rng.uniform(0, 0.5, values.size),
    }[kind]
    known = scores.select("employee_id").with_columns(copy=pl.Series(made))
    frames["people"] = frames["people"].join(known, on="employee_id", how="left")
    return FakeTables(make_study(models={"m": {"covariates": ["noise", "copy"]}}), frames)


KINDS = (
    "itself",
    "turned and stretched",
    "another scale",
    "another scale, blurred",
    "slightly blurred",
    "the case as a number",
)


@pytest.mark.parametrize("kind", KINDS)
def test_the_outcome_among_the_predictors_gives_no_number(kind: str) -> None:
    for seed in range(5):
        tables = copied(seed, kind)
        frame = build_frame(tables)
        found = fit_forecasts(frame, tables.study.burnout)
        own = found.models["m"]
        assert isinstance(own, Unanswered)
        assert own.reason == "The outcome is among the predictors (burnout.models: copy)."
        checked = check_forecasts(frame, found)
        assert [c.passed for c in checked if c.name == "no_predictor_is_the_outcome_m"] == [False]
        evidence = forecast(frame, found, checked, provenance=PROVENANCE)
        assert evidence.estimates == ()
        assert evidence.tables == ()
        assert evidence.answer.startswith("Not answered: The outcome is among the predictors")
        assert [c.passed for c in evidence.checks] == [False]


def test_a_category_that_separates_is_the_outcome() -> None:
    frames = make_frames(0, waves=1)
    scores = frames["surveys"].filter(pl.col("measure") == "exhaustion")
    word = scores.select("employee_id").with_columns(
        job=pl.Series(np.where(scores["value"].to_numpy() >= 3.5, "burnt out", "fine"))
    )
    frames["people"] = frames["people"].drop("job").join(word, on="employee_id", how="left")
    tables = FakeTables(make_study(models={"m": {"covariates": ["noise", "job"]}}), frames)
    found = checks_of(tables)
    assert found["no_predictor_is_the_outcome_m"].passed is False


def test_halves_of_the_outcome_together_are_the_outcome() -> None:
    frames = make_frames(0, waves=1)
    scores = frames["surveys"].filter(pl.col("measure") == "exhaustion")
    half = np.random.default_rng(0).normal(size=scores.height)
    parts = scores.select("employee_id").with_columns(
        copy=pl.Series(scores["value"].to_numpy() - half), noise=pl.Series(half)
    )
    frames["people"] = frames["people"].drop("noise").join(parts, on="employee_id", how="left")
    tables = FakeTables(make_study(models={"m": {"covariates": ["noise", "copy"]}}), frames)
    frame = build_frame(tables)
    own = fit_forecasts(frame, tables.study.burnout).models["m"]
    assert isinstance(own, Unanswered)
    assert "several of them together" in own.reason


def test_a_wave_that_copies_the_one_before_gives_no_number() -> None:
    frames = make_frames(answered=1.0)
    first = frames["surveys"].filter(pl.col("wave") == "w0").select("employee_id", "measure", again="value")
    frames["surveys"] = (
        frames["surveys"]
        .join(first, on=["employee_id", "measure"], how="left")
        .with_columns(value=pl.coalesce("again", "value"))
        .drop("again")
    )
    tables = FakeTables(make_study(), frames)
    frame = build_frame(tables)
    found = attempt(fit_forecasts, frame, tables.study.burnout)
    assert isinstance(found, Unanswered)
    assert "the last score" in found.reason
    checked = check_forecasts(frame, found)
    assert [(c.name, c.passed) for c in checked] == [("no_predictor_is_the_outcome", False)]


def test_honest_predictors_are_never_taken_for_the_outcome() -> None:
    for seed in range(WORLDS):
        assert clean(seed)["no_predictor_is_the_outcome_load"].passed is True
        models = {"m": {"covariates": ["noise", "job", "parent", "mood_now"]}}
        across = checks_of(make_tables(seed, frames={"waves": 1}, models=models, validation=QUICK))
        assert across["no_predictor_is_the_outcome_m"].passed is True


def test_a_clean_world_fails_nothing() -> None:
    found = clean(1)
    assert [name for name, c in found.items() if c.passed is False] == []
    assert set(found) == {
        "predictors_from_before_load",
        "plausible_auc_load",
        "calibration_slope_load",
        "cases_per_parameter_load",
        "no_predictor_is_the_outcome_load",
        "folds_converged_load",
        "number_of_clusters",
        "repeated_units",
        "response",
    }


def test_each_check_says_which_model_it_is_about() -> None:
    models = {"a": {"covariates": ["overtime"], "label": "Work"}, "b": {"covariates": ["noise"]}}
    found = checks_of(make_tables(models=models))
    assert found["plausible_auc_a"].text.startswith("Work: ")
    assert found["plausible_auc_b"].text.startswith("b: ")


def test_too_many_failed_folds_are_no_estimate() -> None:
    from wellperf_models.burnout.tried import _check_enough
    from wellperf_models.errors import ConvergenceError

    _check_enough(2, 25, "m")
    with pytest.raises(ConvergenceError, match="Too many of the refits"):
        _check_enough(3, 25, "m")


def test_a_score_hides_its_numbers() -> None:
    score = Score(value=0.71, std_error=0.02, low=0.67, high=0.75)
    assert "0.71" not in repr(dataclasses.replace(score))


def test_scores_that_hardly_change_are_no_alarm() -> None:
    assert checks.plausible_auc(0.95, 0.002, "m", forward=True).passed is True
    assert checks.plausible_auc(0.95, 0.2, "m", forward=True).passed is False
    assert checks.plausible_auc(0.95, None, "m", forward=True).passed is False


def test_a_copy_of_the_wave_to_be_foretold_gives_no_number() -> None:
    """It is a stranger among the rows a model is trained on."""
    frames = make_frames(3, waves=4)
    newest = frames["surveys"].filter((pl.col("measure") == "exhaustion") & (pl.col("wave") == "w3"))
    later = newest.select("employee_id", later="value")
    frames["people"] = frames["people"].join(later, on="employee_id", how="left")
    covariates = {"later": {"table": "people", "timing": "before"}}
    study = make_study(covariates=covariates, models={"m": {"covariates": ["later"]}}, test_share=0.2)
    frame = build_frame(FakeTables(study, frames))
    assert frame.time_split
    found = fit_forecasts(frame, study.burnout)
    refused = found.models["m"]
    assert isinstance(refused, Unanswered)
    assert refused.reason == "The outcome is among the predictors (burnout.models: later)."
