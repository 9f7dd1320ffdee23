"""Odds ratios, contributions and the travelling model: right, gated, and never about a person."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import PROVENANCE, FakeTables, make_frames, make_study, make_tables
from wellperf_models.burnout import build_frame, fit_forecasts
from wellperf_models.burnout.explanation.checks import adds_up, check_explanation, stable_order
from wellperf_models.burnout.explanation.contributions import Explained, rank_correlation
from wellperf_models.burnout.explanation.findings import explain_risk
from wellperf_models.burnout.explanation.frame import Told
from wellperf_models.burnout.explanation.model import Explanation, fit_explanation
from wellperf_models.burnout.explanation.plots import plot_contributions
from wellperf_models.burnout.external.tables import model_of
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecasts
from wellperf_models.disclosure import Released, release
from wellperf_models.evidence import Evidence, Unanswered, attempt
from wellperf_models.inference.logistic import fit_logistic

NONE = Unanswered(reason="No other learners.")
SET = {"load": {"covariates": ["overtime", "noise", "job", "parent"], "label": "Load {and} [life]"}}
GROUPS = {"groups": {"Work": ["overtime", "job"]}}


def steps(tables: FakeTables) -> tuple[BurnoutFrame, Forecasts, Explanation]:
    frame = build_frame(tables)
    section = tables.study.burnout
    forecasts = fit_forecasts(frame, section)
    return frame, forecasts, fit_explanation(frame, forecasts, NONE, section)


def evidence_of(frame: BurnoutFrame, explanation: Explanation | Unanswered) -> Evidence:
    checks = check_explanation(frame, explanation)
    return explain_risk(frame, explanation, checks, provenance=PROVENANCE)


@pytest.fixture(scope="module")
def tables() -> FakeTables:
    return make_tables(1, models=SET, explanation=GROUPS)


@pytest.fixture(scope="module")
def made(tables: FakeTables) -> tuple[BurnoutFrame, Forecasts, Explanation]:
    return steps(tables)


@pytest.fixture(scope="module")
def released(tables: FakeTables, made: tuple[BurnoutFrame, Forecasts, Explanation]) -> Released:
    return release(evidence_of(made[0], made[2]), tables.study)


def test_odds_ratios_are_those_of_a_fit_with_a_reference_level(
    made: tuple[BurnoutFrame, Forecasts, Explanation],
) -> None:
    frame, _, explanation = made
    assert explanation.way == "unpenalised"
    told = explanation.told
    data = told.data
    columns = [((data[c] - data[c].mean()) / data[c].std(ddof=0)).to_numpy() for c in data.columns[:3]]
    columns += [(data["job"] == level).to_numpy().astype(float) for level in ("field", "plant")]
    columns.append((data["parent"] == "yes").to_numpy().astype(float))
    by_hand = fit_logistic(np.column_stack(columns), np.ones(told.case.size), told.case * 1.0, np.inf)
    odds = explanation.odds
    assert not isinstance(odds, Unanswered)
    assert np.allclose([o.value for o in odds], np.exp(by_hand.beta), rtol=1e-6)
    # "office" is the most frequent level
    assert [o.contrast.words for o in odds[3:]] == [
        "field, against office",
        "plant, against office",
        "yes, against no",
    ]
    for item in odds:
        assert item.low < item.value < item.high
        # a ridge draws towards 1
        assert abs(np.log(item.ridge)) < abs(np.log(item.value)) + 0.05
        assert (item.e_value > 1) == (not item.low <= 1 <= item.high)
    assert frame.time_split


def test_what_drives_the_world_is_found_and_worded_as_association(released: Released) -> None:
    assert released.answer.startswith("Overtime (one standard deviation more) goes with being a case")
    assert "associations" in released.answer
    assert "Noise" in released.answer.split("Not shown")[1]
    for word in ("effect of", "cause", "leads to", "raises", "lowers", "reduces"):
        assert word not in released.answer
    assert released.design == "association"
    assert released.estimate("odds_ratio_1").value > 2


def test_contributions_add_up_are_grouped_and_stable(
    made: tuple[BurnoutFrame, Forecasts, Explanation],
) -> None:
    frame, forecasts, explanation = made
    item = explanation.explained["load"]
    assert {w.group for w in item.weights} == {"Work", "Noise", "Has children", "Last score of Exhaustion"}
    assert sum(w.share.value for w in item.weights) == pytest.approx(1.0)
    assert [w.share.value for w in item.weights] == sorted(
        (w.share.value for w in item.weights), reverse=True
    )
    work = next(w for w in item.weights if w.group == "Work")
    # by hand: signed values of the group's columns first, then their size
    fit = forecasts.answered["load"].tried.fits[0]
    assert fit is not None
    assert fit.learned.logistic is not None
    split = forecasts.splits[0]
    rows = split.test
    from wellperf_models.burnout.tried import predictors_of

    data = predictors_of(frame, forecasts.answered["load"].covariates)
    X, Z = fit.encoding.apply(data[rows]), fit.encoding.apply(data[split.train])
    values = (X - Z.mean(axis=0)) * fit.learned.logistic.beta
    own = [j for c in ("overtime", "job") for j in fit.encoding.blocks[c]]
    assert rows.size <= 500
    assert work.size.value == pytest.approx(float(np.abs(values[:, own].sum(axis=1)).mean()), rel=1e-9)
    assert work.size.value < float(np.abs(values[:, own]).sum(axis=1).mean())
    assert item.stability is not None
    assert item.stability > 0.7
    assert item.n_refits == 20


def test_no_row_of_a_person_is_kept_or_shown(
    made: tuple[BurnoutFrame, Forecasts, Explanation], released: Released
) -> None:
    item = made[2].explained["load"]
    held = {f.name for f in dataclasses.fields(Explained)}
    assert not held & {"values", "contributions", "rows"}
    assert "not released" in repr(item)
    assert "not released" in repr(evidence_of(made[0], made[2]))
    text = str(released.to_dict())
    assert "p0001" not in text
    for table in released.tables:
        assert len(table.rows) < 40


def test_the_answer_is_complete_and_drawn(released: Released) -> None:
    assert not released.suppressed
    assert {t.name for t in released.tables} == {"odds_ratios", "contributions", "model", "model_facts"}
    assert {c.name for c in released.checks} >= {
        "contributions_add_up_load",
        "stable_order_load",
        "odds_ratios_without_ridge",
        "rounding_keeps_order",
        "number_of_clusters",
    }
    assert all(c.passed for c in released.checks)
    picture = plot_contributions(released)
    assert picture is not None
    assert picture.title.startswith("Goes with being a case: Overtime")
    assert picture.png()[:4] == b"\x89PNG"


def test_it_does_not_depend_on_the_order_of_rows_or_the_engine(released: Released) -> None:
    study = make_study(models=SET, explanation=GROUPS)
    shuffled = {n: f.sample(fraction=1, shuffle=True, seed=3) for n, f in make_frames(1).items()}
    for tables in (FakeTables(study, shuffled), FakeTables(study, make_frames(1), engine="pandas")):
        frame, _, explanation = steps(tables)
        assert release(evidence_of(frame, explanation), study).to_dict() == released.to_dict()


def test_rare_levels_are_told_together_and_the_model_still_travels() -> None:
    frames = make_frames(2)
    people = frames["people"].with_row_index("i")
    job = pl.when(pl.col("i") < 12).then(pl.lit("diver")).when(pl.col("i") < 60).then(pl.lit("cook"))
    frames["people"] = people.with_columns(job.otherwise("job").alias("job")).drop("i")
    study = make_study(models=SET)
    frame, _, explanation = steps(FakeTables(study, frames))
    assert explanation.told.pooled == ("job",)
    shown = release(evidence_of(frame, explanation), study)
    assert not shown.suppressed
    assert "diver" not in str(shown.to_dict())
    assert any("Levels of too few people" in limit for limit in shown.limits)
    assert {p.name for p in model_of(shown).predictors} >= {"job", "last_score"}


def with_few(n_few: int) -> FakeTables:
    """Two jobs, and a third of a few people."""
    frames = make_frames(2)
    people = frames["people"].with_row_index("i")
    half = pl.when(pl.col("i") % 5 < 2).then(pl.lit("plant")).otherwise(pl.lit("office"))
    job = pl.when(pl.col("i") < n_few).then(pl.lit("diver")).otherwise(half)
    frames["people"] = people.with_columns(job.alias("job")).drop("i")
    return FakeTables(make_study(models=SET), frames)


def test_how_few_a_level_holds_does_not_follow_from_the_model() -> None:
    """Elsewhere in the pack that level is kept back, and with it a second one."""
    tables = with_few(7)
    frame, _, explanation = steps(tables)
    shown = release(evidence_of(frame, explanation), tables.study)
    table = shown.table("model")
    assert not any(m.kind in ("count", "rate") for m in table.measures)
    names = [m.name for m in table.measures]
    rows = {r.key: dict(zip(names, r.values, strict=True)) for r in table.rows}
    jobs = {key[1]: row for key, row in rows.items() if key[0] == "job"}
    assert set(jobs) == {"level: plant", "level: office"}
    assert [row["share"] for row in jobs.values()] == [None, None]
    parent = rows["parent", "level: yes"]["share"]
    assert isinstance(parent, float)
    assert parent == round(parent, 2)
    assert "diver" not in str(shown.to_dict())
    back = next(p for p in model_of(shown).predictors if p.name == "job")
    assert back.shares_untold
    # the level is called what it is
    assert jobs["level: office"]["stands_for"] == "office and rare levels"
    assert ["Job", "plant, against office and rare levels"] in [
        list(r.key) for r in shown.table("odds_ratios").rows
    ]


def test_shares_of_levels_without_few_are_told_in_two_decimals() -> None:
    tables = with_few(0)
    frame, _, explanation = steps(tables)
    shown = release(evidence_of(frame, explanation), tables.study)
    job = next(p for p in model_of(shown).predictors if p.name == "job")
    told = explanation.told
    for level in ("plant", "office"):
        part = job.parts[f"level: {level}"]
        assert part.share == round(float((told.data["job"] == level).to_numpy().mean()), 2)
        assert part.stands_for == ""
    assert "plant, against office" in [r.key[1] for r in shown.table("odds_ratios").rows]


def test_those_not_measured_who_are_told_with_a_level_are_named() -> None:
    frames = make_frames(2)
    few = pl.col("employee_id").is_in([f"p{i:04d}" for i in range(6)])
    frames["people"] = frames["people"].with_columns(
        pl.when(few).then(None).otherwise(pl.col("job")).alias("job")
    )
    _, _, explanation = steps(FakeTables(make_study(models=SET), frames))
    joined = explanation.told.joined["job"]
    assert (joined.words, joined.few) == ("office and not measured", True)


def test_columns_that_say_the_same_are_one_contrast() -> None:
    frames = make_frames(3)
    hidden = pl.col("employee_id").str.slice(1).cast(pl.Int64) % 4 == 0
    frames["people"] = frames["people"].with_columns(
        *(pl.when(hidden).then(None).otherwise(pl.col(c)).alias(c) for c in ("noise", "copy"))
        if "copy" in frames["people"].columns
        else (
            pl.when(hidden).then(None).otherwise(pl.col("noise")).alias("noise"),
            pl.when(hidden).then(None).otherwise(pl.col("noise").sin()).alias("copy"),
        )
    )
    study = make_study(models={"two": {"covariates": ["overtime", "noise", "copy"]}})
    _, _, explanation = steps(FakeTables(study, frames))
    assert explanation.way == "unpenalised"
    odds = explanation.odds
    assert not isinstance(odds, Unanswered)
    merged = [o for o in odds if "not measured" in o.contrast.words]
    assert [o.contrast.predictor for o in merged] == ["Noise; copy"]


def _told(seed: int, n_clusters: int = 60) -> Told:
    """Rows whose log odds are known: .5 for the first column, −.4 for the second of two levels."""
    rng = np.random.default_rng(seed)
    n = n_clusters * 6
    x, level = rng.normal(size=n), rng.integers(0, 2, n).astype(float)
    case = rng.uniform(size=n) < 1 / (1 + np.exp(0.6 - 0.5 * x + 0.4 * level))
    X = np.column_stack([x, level])
    data = pl.DataFrame({"overtime": x, "job": np.where(level > 0, "b", "a")})
    codes = np.repeat(np.arange(n_clusters), 6)
    from wellperf_models.inference.design import fit_encoding

    return Told(
        rows=np.arange(n),
        case=case,
        data=data,
        encoding=fit_encoding(data, np.arange(n), min_people=10),
        X=X,
        fit=fit_logistic(X, np.ones(n), case * 1.0, 1.0),
        group=codes,
        cluster=codes,
        person=np.arange(n),
        waves=("w0",),
        pooled=(),
    )


def test_intervals_cover_the_truth_that_the_ridge_is_drawn_away_from(
    made: tuple[BurnoutFrame, Forecasts, Explanation],
) -> None:
    from wellperf_models.burnout.explanation.odds import odds_ratios

    hit = np.zeros(2)
    worlds = 100
    for seed in range(worlds):
        odds, way = odds_ratios(made[0], _told(seed))
        assert way == "unpenalised"
        hit += [o.low <= np.exp(b) <= o.high for o, b in zip(odds, (0.5, -0.4), strict=True)]
    # 99 % Monte Carlo interval of .95 over 100 worlds
    assert np.all((hit / worlds > 0.89) & (hit / worlds <= 1.0))


def test_where_a_fit_without_ridge_fails_it_is_drawn_and_said(
    made: tuple[BurnoutFrame, Forecasts, Explanation], tables: FakeTables
) -> None:
    from wellperf_models.burnout.explanation.odds import odds_ratios

    told = _told(1)
    # nobody of the second level is a case
    told = dataclasses.replace(told, case=told.case & (told.X[:, 1] == 0))
    fit = fit_logistic(told.X, np.ones(told.case.size), told.case * 1.0, 0.1)
    odds, way = odds_ratios(made[0], dataclasses.replace(told, fit=fit))
    assert way == "bootstrap"
    assert odds[1].value == pytest.approx(odds[1].ridge)
    again = dataclasses.replace(made[2], way=way)
    shown = release(evidence_of(made[0], again), tables.study)
    assert next(c for c in shown.checks if c.name == "odds_ratios_without_ridge").passed is False


def test_checks_fire_and_do_not() -> None:
    assert stable_order("m", "trees", 0.2, 5).passed is False
    assert stable_order("m", "trees", 0.9, 5).passed is True
    assert stable_order("m", "trees", None, 0).passed is None
    broken = Unanswered(reason="The contributions of the predictors do not add up to the prediction.")
    assert adds_up("m", broken).passed is False
    assert adds_up("m", Unanswered(reason="linear and tree models only")).passed is None
    assert rank_correlation(np.array([1.0, 2, 3]), np.array([3.0, 5, 9])) == 1.0
    assert rank_correlation(np.array([1.0, 2, 3]), np.array([9.0, 5, 3])) == -1.0


def test_what_is_not_answered_before_is_not_answered_here(tables: FakeTables) -> None:
    frame = build_frame(tables)
    why = Unanswered(reason="Too few people.", remedy="more people")
    found = attempt(fit_explanation, frame, why, NONE, tables.study.burnout)
    assert isinstance(found, Unanswered)
    assert found.reason == "Too few people."
    assert check_explanation(frame, found) == ()
    shown = release(evidence_of(frame, found), tables.study)
    assert shown.answer.startswith("Not answered: Too few people.")
    assert plot_contributions(shown) is None


def test_across_people_the_same_questionnaire_is_named() -> None:
    across: dict[str, Any] = {"mood": {"covariates": ["noise", "mood_now"]}}
    tables = make_tables(4, models=across, frames={"waves": 1}, validation={"folds": 4, "repeats": 1})
    frame, _, explanation = steps(tables)
    shown = release(evidence_of(frame, explanation), tables.study)
    assert any("Asked in the same questionnaire" in limit for limit in shown.limits)
    assert not any("given the last score" in limit for limit in shown.limits)
    model = model_of(shown)
    assert not model.uses_last_score
    assert model.design.startswith("There is one wave")


def test_nothing_is_told_of_fewer_people_than_a_group_needs() -> None:
    tables = make_tables(1, models=SET, disclosure={"min_group_size": 380, "min_model_people": 400})
    frame = build_frame(tables)
    forecasts = attempt(fit_forecasts, frame, tables.study.burnout)
    found = attempt(fit_explanation, frame, forecasts, NONE, tables.study.burnout)
    if isinstance(found, Explanation):
        item = found.models["load"]
        assert isinstance(item, Unanswered)
        assert "Too few people were scored" in item.reason
    shown = release(evidence_of(frame, found), tables.study)
    assert not shown.estimates
