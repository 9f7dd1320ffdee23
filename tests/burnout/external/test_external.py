"""A published model elsewhere: the same numbers at home, right verdicts abroad, mismatches by name."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import COVARIATES, PROVENANCE, FakeTables, make_frames, make_study, make_tables
from tests.burnout.external.builders import SET, published
from wellperf_models.burnout import build_frame
from wellperf_models.burnout.explanation.model import Explanation
from wellperf_models.burnout.external.checks import check_external, enough_cases, order_as_expected
from wellperf_models.burnout.external.findings import judge_external
from wellperf_models.burnout.external.model import (
    AS_PUBLISHED,
    BOTH,
    INTERCEPT,
    LAST,
    External,
    _recalibrated,
    _refitted,
    fit_external,
)
from wellperf_models.burnout.external.origin import learnt_from
from wellperf_models.burnout.external.plots import plot_external
from wellperf_models.burnout.external.published import PublishedModel
from wellperf_models.burnout.external.tables import model_of
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecasts, scored_rows
from wellperf_models.burnout.tried import predictors_of
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.auc import auc
from wellperf_models.inference.scores import Score

Home = tuple[BurnoutFrame, Forecasts, Explanation, Released]
Abroad = tuple[FakeTables, BurnoutFrame, External]


def held(tables: FakeTables, model: PublishedModel) -> tuple[BurnoutFrame, External]:
    frame = build_frame(tables)
    return frame, fit_external(frame, model, tables.study.burnout)


def shown(tables: FakeTables, frame: BurnoutFrame, external: External | Unanswered) -> Released:
    checks = check_external(frame, external)
    return release(judge_external(frame, external, checks, provenance=PROVENANCE), tables.study)


@pytest.fixture(scope="module")
def model(home: Home) -> PublishedModel:
    return model_of(home[3])


@pytest.fixture(scope="module")
def abroad(model: PublishedModel) -> Abroad:
    """Another draw of the same world."""
    tables = make_tables(7, models=SET)
    return tables, *held(tables, model)


def eta_at_home(home: Home, model: PublishedModel) -> np.ndarray:
    data = predictors_of(home[0], home[1].answered["load"].covariates)
    return model.log_odds(data[scored_rows(home[1].splits)])[0]


def test_at_home_it_has_its_own_auc_within_rounding(home: Home, model: PublishedModel) -> None:
    forecast = home[1].answered["load"]
    eta = eta_at_home(home, model)
    assert auc(home[1].scored.case, eta) == pytest.approx(forecast.scores.auc.value, abs=0.002)
    fit = forecast.tried.fits[0]
    assert fit is not None
    assert 0 < np.abs(eta - fit.eta).max() < 0.02


def test_published_microdata_travel_exactly() -> None:
    tables = make_tables(1, models=SET, public=True)
    home = published(tables)
    forecast = home[1].answered["load"]
    fit = forecast.tried.fits[0]
    assert fit is not None
    # a bundle holds ten digits; release itself leaves all
    assert np.abs(eta_at_home(home, model_of(home[3])) - fit.eta).max() < 1e-9


def test_a_cut_off_found_in_the_data_keeps_its_cases() -> None:
    tables = make_tables(1, models=SET, case_share=0.25)
    home = published(tables)
    frame = home[0]
    external = fit_external(frame, model_of(home[3]), tables.study.burnout)
    assert np.array_equal(external.scored.case, home[1].splits[0].case)
    assert external.applied.same_cut_off is None


def test_the_same_world_yes_another_world_in_part(model: PublishedModel, abroad: Abroad) -> None:
    found = shown(*abroad)
    assert found.answer.startswith(("Yes", "In part: the model orders people here as well as it can"))
    assert next(c for c in found.checks if c.name == "order_as_expected").passed
    # overtime does nothing here
    other = make_tables(8, models=SET, frames={"effect": 0.0})
    frame, external = held(other, model)
    found = shown(other, frame, external)
    assert found.answer.startswith("In part: the model orders people here, but less well")
    assert "worse than their last score alone" in found.answer
    assert next(c for c in found.checks if c.name == "order_as_expected").passed is False
    slope = found.estimate("calibration_slope")
    assert slope.high is not None
    assert slope.high < 1
    picture = plot_external(found)
    assert picture is not None
    assert "too extreme" in picture.title
    assert picture.png()[:4] == b"\x89PNG"


def shifted(seed: int, by: float) -> FakeTables:
    frames = make_frames(seed)
    score = pl.col("measure") == "exhaustion"
    frames["surveys"] = frames["surveys"].with_columns(
        pl.when(score & (pl.col("wave") == "w3"))
        .then((pl.col("value") + by).clip(0, 6))
        .otherwise("value")
        .alias("value")
    )
    return FakeTables(make_study(models=SET), frames)


def test_a_level_that_is_off_is_mended_on_other_people(model: PublishedModel) -> None:
    tables = shifted(9, 0.8)
    frame, external = held(tables, model)
    parts = {h.name: h for h in external.held}
    assert list(parts) == [AS_PUBLISHED, INTERCEPT, BOTH, LAST]
    as_it_is, level, both = parts[AS_PUBLISHED], parts[INTERCEPT], parts[BOTH]
    assert as_it_is.intercept is not None
    assert level.intercept is not None
    assert as_it_is.intercept.low > 0
    assert abs(level.intercept.value) < 0.05
    assert level.brier.value < as_it_is.brier.value
    assert both.slope is not None
    assert both.slope.low < 1 < both.slope.high
    # nobody's risk was mended with their own answer: folds of whole people
    assert level.risk.mean() == pytest.approx(external.observed.value, abs=0.01)
    found = shown(tables, frame, external)
    assert next(c for c in found.checks if c.name == "right_on_the_whole").passed is False
    assert "mended here, the Brier score falls" in found.answer


def test_the_order_is_that_of_the_published_numbers_alone(model: PublishedModel, abroad: Abroad) -> None:
    """Nothing of the model is refitted: another outcome here changes no prediction."""
    _, frame, first = abroad
    second = held(shifted(7, 2.0), model)[1]
    newest = frame.answers.wave < 2
    assert np.array_equal(first.as_published.risk[newest], second.as_published.risk[newest])


def tables_with(change: dict[str, dict[str, Any]], seed: int = 7, **study: Any) -> FakeTables:
    covariates = {n: c | change.get(n, {}) for n, c in COVARIATES.items()}
    return FakeTables(
        make_study(models=study.pop("models", SET), covariates=covariates, **study), make_frames(seed)
    )


def test_another_outcome_scale_or_end_is_named(model: PublishedModel, abroad: Abroad) -> None:
    tables, frame, _ = abroad
    scale = frame.scale
    assert scale is not None
    section = tables.study.burnout
    for change, words in (
        (
            {"section": section.model_copy(update={"outcome": "sadness"}), "outcome": "Sadness"},
            "another outcome",
        ),
        ({"scale": scale.model_copy(update={"high": 100.0})}, "another range"),
        ({"higher_is_worse": False}, "bad end"),
        ({"scale": None}, "another range"),
    ):
        with pytest.raises(DesignError, match=words):
            fit_external(dataclasses.replace(frame, **change), model, section)


def test_another_type_or_unit_is_named() -> None:
    home = published(tables_with({"overtime": {"unit": "hours a month"}}, seed=1))
    model = model_of(home[3])
    other = tables_with({"overtime": {"unit": "hours a week"}})
    with pytest.raises(DesignError, match="another unit") as caught:
        held(other, model)
    assert "hours a month" in str(caught.value)
    assert held(tables_with({"overtime": {"unit": "hours a month"}}), model)
    with pytest.raises(DesignError, match="another type"):
        held(tables_with({"overtime": {"type": "category"}}), model)


def test_a_unit_nobody_declared_shows_as_a_shift(model: PublishedModel, abroad: Abroad) -> None:
    frames = make_frames(7)
    frames["workload"] = frames["workload"].with_columns(pl.col("overtime_hours") * 4.3 + 20)
    tables = FakeTables(make_study(models=SET), frames)
    frame, external = held(tables, model)
    assert next(c for c in check_external(frame, external) if c.name == "same_units").passed is False
    _, frame, external = abroad
    assert next(c for c in check_external(frame, external) if c.name == "same_units").passed is True


def test_what_is_not_known_here_is_its_average_and_said(model: PublishedModel, abroad: Abroad) -> None:
    tables = make_tables(7, models={"few": {"covariates": ["job"]}})
    frame, external = held(tables, model)
    found = shown(tables, frame, external)
    assert "Not known here and set to the average there: Overtime, Has children." in found.answer
    assert next(c for c in found.checks if c.name == "predictors_known").passed is False
    how = {r.key[0]: r.values[0] for r in found.table("matched").rows}
    assert how == {
        "Last score of Exhaustion": "used",
        "Overtime": "set to its average",
        "Job": "used",
        "Has children": "set to its average",
    }
    _, full_frame, full = abroad
    assert full.as_published.auc.value > external.as_published.auc.value
    assert next(c for c in check_external(full_frame, full) if c.name == "predictors_known").passed


def test_a_level_it_never_saw_is_the_average_level(model: PublishedModel) -> None:
    frames = make_frames(7)
    frames["people"] = frames["people"].with_columns(pl.col("job").replace("plant", "mine"))
    tables = FakeTables(make_study(models=SET), frames)
    frame, external = held(tables, model)
    match = next(m for m in external.applied.matches if m.predictor.name == "job")
    assert np.array_equal(match.lacking, (frame.answers.covariates["job"] == "mine").to_numpy())
    job = match.predictor
    eta, _ = job.apply(pl.Series(["mine", "field"]))
    assert eta[0] == pytest.approx(job.average)
    assert eta[1] == job.parts["level: field"].log_odds
    rate = next(r for r in shown(tables, frame, external).table("matched").rows if r.key[0] == "Job").values[
        5
    ]
    assert isinstance(rate, float)
    assert rate == pytest.approx(100 * float(match.lacking.mean()), abs=1.0)


def test_nothing_in_common_or_no_last_score(model: PublishedModel) -> None:
    with pytest.raises(DesignError, match="last score, and there is none here"):
        held(make_tables(7, models=SET, frames={"waves": 1}), model)
    alone = dataclasses.replace(model, predictors=tuple(p for p in model.predictors if p.name == "parent"))
    with pytest.raises(DesignError, match="Nothing that the model uses"):
        held(make_tables(7, models={"x": {"covariates": ["noise"]}}), alone)


def another_study(found: Released) -> bool | None:
    return next(c for c in found.checks if c.name == "another_study").passed


def test_the_answers_it_was_learnt_from_validate_nothing(
    model: PublishedModel, home_tables: FakeTables, abroad: Abroad
) -> None:
    first = "These are answers the model was learnt from: no external validation."
    without_newest = dict(make_frames(1))
    without_newest["surveys"] = without_newest["surveys"].filter(pl.col("wave") != "w3")
    for tables in (home_tables, FakeTables(make_study(models=SET), without_newest)):
        found = shown(tables, *held(tables, model))
        assert found.answer.startswith(first)
        assert another_study(found) is False
    # of the same name, with waves of the same names
    tables, frame, external = abroad
    assert model.waves == ("w1", "w2")
    assert model.study == PROVENANCE.study
    found = shown(*abroad)
    assert first not in found.answer
    assert another_study(found) is True
    # the hash says it where means can't
    digits = "ab" * 32
    hashed = dataclasses.replace(external, model=dataclasses.replace(model, data_hmac=digits))
    for provenance, same in (("ab" * 32, True), ("ac" * 32, False)):
        here = dataclasses.replace(PROVENANCE, data_hmac=provenance)
        checks = check_external(frame, hashed)
        found = release(judge_external(frame, hashed, checks, provenance=here), tables.study)
        assert found.answer.startswith(first) is same
        assert another_study(found) is not same
        assert sum(c.name == "another_study" for c in found.checks) == 1


def test_other_draws_of_the_same_world_are_other_studies(model: PublishedModel) -> None:
    for seed in range(30, 50):
        assert not learnt_from(build_frame(make_tables(seed, models=SET)), model)


def test_where_shares_are_not_told_levels_weigh_alike(model: PublishedModel) -> None:
    job = next(p for p in model.predictors if p.name == "job")
    untold = dataclasses.replace(
        job, parts={n: dataclasses.replace(p, share=None) for n, p in job.parts.items()}
    )
    assert untold.shares_untold
    assert not job.shares_untold
    assert untold.average == pytest.approx(np.mean([p.log_odds for p in job.parts.values()]))
    eta, lost = untold.apply(pl.Series(["mine", None, "field"]))
    assert list(eta) == [untold.average, untold.average, job.parts["level: field"].log_odds]
    assert list(lost) == [True, True, False]


def test_one_class_and_few_people(model: PublishedModel, abroad: Abroad) -> None:
    tables, frame, _ = abroad
    with pytest.raises(DesignError, match="everybody here is a case, or nobody"):
        fit_external(frame, dataclasses.replace(model, cut_off=0.0), tables.study.burnout)
    with pytest.raises(DesignError, match="Too few people"):
        held(
            make_tables(
                7, models=SET, frames={"n": 34, "answered": 1.0}, disclosure={"min_model_people": 40}
            ),
            model,
        )


def test_no_model_is_not_asked_and_its_reason_is_passed_on(home_tables: FakeTables, home: Home) -> None:
    frame = home[0]
    for asked, start in ((False, "Not asked:"), (True, "Not answered:")):
        why = Unanswered(reason="No model of another study was named.", asked=asked)
        found = attempt(fit_external, frame, why, home_tables.study.burnout)
        assert isinstance(found, Unanswered)
        assert found.asked is asked
        assert check_external(frame, found) == ()
        answer = shown(home_tables, frame, found)
        assert answer.answer.startswith(start)
        assert plot_external(answer) is None


def test_it_does_not_depend_on_the_order_of_rows_or_the_engine(model: PublishedModel, abroad: Abroad) -> None:
    study = make_study(models=SET)
    wanted = shown(*abroad).to_dict()
    shuffled = {n: f.sample(fraction=1, shuffle=True, seed=5) for n, f in make_frames(7).items()}
    for tables in (FakeTables(study, shuffled), FakeTables(study, make_frames(7), engine="pandas")):
        assert shown(tables, *held(tables, model)).to_dict() == wanted


def test_words_of_another_study_are_no_template(model: PublishedModel, abroad: Abroad) -> None:
    odd = dataclasses.replace(model, name="{auc} [x]", study="{evil}", case="{x}")
    tables, frame, _ = abroad
    found = shown(tables, frame, fit_external(frame, odd, tables.study.burnout))
    assert "“(auc) (x)” of the study “(evil)”" in found.answer


def test_order_is_judged_both_ways() -> None:
    good = Score(value=0.74, std_error=0.02, low=0.70, high=0.78)
    assert order_as_expected(good, 0.77).passed
    assert order_as_expected(good, 0.79).passed is False
    assert enough_cases(np.arange(300) < 99).passed is False
    assert enough_cases(np.arange(300) < 100).passed


def test_the_order_check_fires_in_other_worlds_and_not_in_the_same(model: PublishedModel) -> None:
    """Every world where overtime does nothing, none like the one it was learnt in: of six each."""
    fired = {}
    for effect in (0.5, 0.0):
        fired[effect] = 0
        for seed in range(20, 26):
            world = {"effect": effect, "n": 300}
            frame, external = held(make_tables(seed, models=SET, frames=world), model)
            check = next(c for c in check_external(frame, external) if c.name == "order_as_expected")
            fired[effect] += check.passed is False
    assert fired == {0.5: 0, 0.0: 6}


def test_what_is_mended_never_saw_the_answers_it_is_scored_on() -> None:
    rng = np.random.default_rng(1)
    eta, fold = rng.normal(size=200), np.repeat(np.arange(4), 50)
    case = rng.uniform(size=200) < 0.4
    other = np.where(fold == 2, ~case, case)
    for slope in (False, True):
        one, two = (_recalibrated(eta, c, fold, slope=slope) for c in (case, other))
        assert np.array_equal(one[fold == 2], two[fold == 2])
        assert not np.allclose(one[fold != 2], two[fold != 2])
    one, two = (_refitted(eta, c, fold) for c in (case, other))
    assert np.array_equal(one[fold == 2], two[fold == 2])
