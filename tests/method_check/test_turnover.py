"""The method check says so when a pipeline is wrong, and does not when it is sound."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.turnover.builders import PROVENANCE, make_tables
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import ConvergenceError
from wellperf_models.evidence import Evidence, Unanswered, attempt
from wellperf_models.method_check import (
    MethodCheckResult,
    check_method,
    judge_method,
    plot_method,
    try_turnover,
)
from wellperf_models.method_check.checks import false_alarms, nominal_coverage
from wellperf_models.method_check.exits import plant, rows_until, simulate, target_of
from wellperf_models.method_check.recovered import Share
from wellperf_models.method_check.shape import shape_of
from wellperf_models.method_check.turnover import Pipeline, _curve_targets, describe_world, explain_world
from wellperf_models.study import MethodCheck, Study, Turnover
from wellperf_models.turnover import TurnoverFrame, build_frame

WORLDS = 40


@cache
def made(**turnover: Any) -> tuple[TurnoverFrame, Study]:
    """Frame and study of 900 people, one survey each, delayed entry, two causes."""
    tables = make_tables(seed=1, **turnover)
    study = tables.study.model_copy(update={"method_check": MethodCheck(worlds=WORLDS, effect=1.4)})
    return build_frame(tables), study


@cache
def sound() -> MethodCheckResult:
    return try_turnover(*made(cluster="team"))


@cache
def released() -> Released:
    frame, study = made(cluster="team")
    return release(judge_method(frame, sound(), check_method(sound()), provenance=PROVENANCE), study)


def passed(result: MethodCheckResult) -> dict[str, bool | None]:
    return {c.name: c.passed for c in check_method(result)}


def test_a_sound_pipeline_passes() -> None:
    assert passed(sound()) == {
        "no_bias": True,
        "nominal_coverage": True,
        "false_alarms": True,
        "every_world_fitted": True,
    }
    claims = sound().claims
    assert claims is not None
    assert claims.false_alarms.n == claims.found.n == WORLDS
    planted = next(r for r in sound().recovered if r.target.planted)
    assert planted.truth == pytest.approx(1.4)
    assert planted.mean == pytest.approx(1.4, abs=5 * planted.mean_error)


def test_what_could_be_found_agrees_with_what_was_found() -> None:
    """A ratio well above the detectable one is nearly always found."""
    planted = next(r for r in sound().recovered if r.target.planted)
    assert planted.detectable is not None
    assert 1 < planted.detectable[0] < 1.4
    assert sound().claims is not None
    assert sound().claims.found.value >= 0.8


def without_entry(frame: TurnoverFrame, section: Turnover) -> Evidence:
    """Takes people as if they had been seen since hire."""
    spells = replace(frame.spells, entry=np.zeros_like(frame.spells.entry))
    return describe_world(replace(frame, spells=spells), section)


def test_a_pipeline_that_forgets_delayed_entry_is_caught() -> None:
    frame, study = made(cluster="team")
    found = try_turnover(frame, study, describing=without_entry)
    assert passed(found)["no_bias"] is False
    assert passed(found)["nominal_coverage"] is False
    assert found.recovered[0].bias > 1


def of_teams(frame: TurnoverFrame) -> TurnoverFrame:
    """The first covariate is the same for everybody of a team."""
    rows = frame.rows
    assert rows is not None
    assert rows.cluster is not None
    value = np.random.default_rng(3).normal(size=rows.cluster.max() + 1)[rows.cluster]
    X = rows.design.X.copy()
    X[:, 0] = (value - value.mean()) / value.std()
    design = replace(rows.design, X=X)
    return replace(frame, rows=replace(rows, design=design, unpooled=design))


def without_clusters(frame: TurnoverFrame, section: Turnover) -> Evidence:
    """Takes people of a team as independent."""
    assert frame.rows is not None
    return explain_world(replace(frame, rows=replace(frame.rows, cluster=None)), section)


@pytest.mark.parametrize(("pipeline", "holds"), [(without_clusters, False), (explain_world, True)])
def test_errors_that_forget_strong_clusters_are_caught(pipeline: Pipeline, holds: bool) -> None:
    frame, study = made(cluster="team")
    found = try_turnover(of_teams(frame), study, dependence=1.0, explaining=pipeline)
    effects = [r for r in found.recovered if r.target.effect]
    assert nominal_coverage(effects).passed is holds
    assert (effects[0].spread < 1.25) is holds


def test_false_alarms_are_caught() -> None:
    claims = sound().claims
    assert claims is not None
    assert false_alarms(replace(claims, false_alarms=Share(count=9, n=40))).passed is False
    assert false_alarms(replace(claims, false_alarms=Share(count=4, n=40))).passed is True


def test_failures_are_counted_and_too_many_are_an_answer() -> None:
    frame, study = made(cluster="team")
    calls = iter(range(10**6))

    def sometimes(world: TurnoverFrame, section: Turnover) -> Evidence:
        if next(calls) % 4 == 0:
            raise ConvergenceError("No maximum.", where="x")
        return explain_world(world, section)

    found = try_turnover(frame, study, explaining=sometimes)
    assert found.n_failed == {"No maximum (x).": WORLDS // 2}
    assert passed(found)["every_world_fitted"] is False
    evidence = judge_method(frame, found, check_method(found), provenance=PROVENANCE)
    assert any("No maximum" in limit for limit in evidence.limits)

    def never(world: TurnoverFrame, section: Turnover) -> Evidence:
        raise ConvergenceError("No maximum.", where="x")

    refused = attempt(try_turnover, frame, study, describing=never, explaining=never)
    assert isinstance(refused, Unanswered)
    assert check_method(refused) == ()
    answer = judge_method(frame, refused, (), provenance=PROVENANCE)
    assert answer.id == "method_check.turnover"
    assert not answer.estimates


def test_the_shape_keeps_who_was_seen_when() -> None:
    frame, study = made(cluster="team")
    assert frame.rows is not None
    shape = shape_of(frame, study)
    spells = frame.spells
    np.testing.assert_array_equal(shape.entry, spells.entry)
    stayed = spells.event == 0
    np.testing.assert_allclose(shape.censored[stayed], spells.duration[stayed])
    assert np.all(shape.censored >= spells.duration - 1e-9)
    # who was hired before observation began could have been followed for all of it
    late = (spells.entry > 0) & ~stayed
    np.testing.assert_allclose((shape.censored - shape.entry)[late], 36.0, atol=1e-6)
    # the rows the model has are among those it would have if nobody left
    assert shape.seen.size >= frame.rows.entry.size
    world = plant(shape, None)
    left = [
        np.bincount(simulate(world, frame, np.random.default_rng(i)).spells.event, minlength=3)
        for i in range(20)
    ]
    seen = np.bincount(spells.event, minlength=3)
    np.testing.assert_allclose(np.mean(left, axis=0), seen, atol=4 * np.std(left, axis=0).max() / 20**0.5)


@pytest.mark.parametrize(
    "turnover",
    [
        {"cluster": "team"},
        {"covariates": ("exhaustion",), "strata": ("contract",), "cluster": "person"},
        {"covariates": ("contract",)},
    ],
)
def test_the_exits_of_the_study_give_its_rows_back(turnover: dict[str, Any]) -> None:
    """By month, with strata, and where a row is a spell."""
    frame, study = made(**turnover)
    rows, shape = frame.rows, shape_of(frame, study)
    assert rows is not None
    spells = frame.spells
    ends = np.where(spells.event > 0, spells.duration + shape.offset, np.inf)
    rebuilt = rows_until(plant(shape, None), ends, spells.duration, spells.event)
    assert rebuilt is not None
    for name in ("entry", "exit", "event", "person", "cluster", "stratum"):
        np.testing.assert_array_equal(getattr(rebuilt, name), getattr(rows, name))
    np.testing.assert_array_equal(rebuilt.design.X, rows.design.X)


def test_strata_keep_their_rates() -> None:
    """Each stratum has about as many exits as in the study."""
    frame, study = made(covariates=("exhaustion",), strata=("contract",))
    rows = frame.rows
    assert rows is not None
    assert rows.stratum is not None
    world = plant(shape_of(frame, study), None)
    drawn = []
    for seed in range(20):
        again = simulate(world, frame, np.random.default_rng(seed)).rows
        assert again is not None
        assert again.stratum is not None
        drawn.append(np.bincount(again.stratum[again.event == 1], minlength=2))
    seen = np.bincount(rows.stratum[rows.event == 1], minlength=2)
    np.testing.assert_allclose(np.mean(drawn, axis=0), seen, atol=4 * np.std(drawn, axis=0).max() / 20**0.5)


def test_of_a_large_organisation_whole_clusters_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, study = made(cluster="team")
    whole = shape_of(frame, study)
    monkeypatch.setattr("wellperf_models.method_check.shape.MOST_SPELLS", 200)
    part = shape_of(frame, study)
    assert 200 <= part.entry.size < 240
    assert part.n_people < part.n_of == whole.n_people
    for code in np.unique(part.cluster):
        assert (part.cluster == code).sum() == (whole.cluster == code).sum()
    world = simulate(plant(part, 0, 1.4), frame, np.random.default_rng(1))
    assert world.rows is not None
    assert np.isin(world.rows.person, part.person).all()
    assert explain_world(world, study.turnover).estimates


def test_large_sample_curves_by_hand() -> None:
    """A constant rate is known in closed form."""
    frame, study = made(cluster="team")
    shape = shape_of(frame, study)
    rates = np.full_like(shape.rates, 0.0)
    rates[:, 0], rates[:, 1] = 0.03, 0.01
    survival, incidence = target_of(plant(replace(shape, rates=rates), None), 12.0).at(2.0, 12.0)
    assert survival == pytest.approx(np.exp(-0.4), rel=1e-9)
    assert incidence[0] == pytest.approx(0.75 * (1 - np.exp(-0.4)), rel=1e-6)


def test_without_covariates_the_curves_alone_are_tried() -> None:
    frame, study = made()
    found = try_turnover(replace(frame, rows=None, months=None, panel=None), study)
    assert [r.target.effect for r in found.recovered] == [False, False]
    assert found.claims is None
    evidence = judge_method(frame, found, check_method(found), provenance=PROVENANCE)
    assert "Nothing is said of associations" in evidence.answer


def test_the_answer_in_sentences_and_a_picture() -> None:
    answer = released()
    assert answer.id == "method_check.turnover"
    assert "held the truth in" in answer.answer
    assert "8 of 10" in answer.answer
    assert not answer.suppressed
    picture = plot_method(answer)
    assert picture is not None
    assert "8 of 10" in picture.title
    above, below = answer.estimate("detectable_above").value, answer.estimate("detectable_below").value
    assert below == pytest.approx(1 / above, rel=0.01)


def test_the_same_seed_gives_the_same_numbers() -> None:
    frame, study = made(cluster="team")
    few = study.model_copy(update={"method_check": MethodCheck(worlds=20)})
    assert try_turnover(frame, few).recovered == try_turnover(frame, few).recovered


@pytest.mark.parametrize(("n_others", "told"), [(0, 2), (3, 1), (400, 2)])
def test_a_cause_that_the_description_keeps_back_is_not_told_here(n_others: int, told: int) -> None:
    """Staying and leaving for the first cause would give away the few who left for another."""
    frame, study = made(cluster="team")
    event = frame.spells.event.copy()
    others = np.flatnonzero((event > 1) & (frame.spells.duration < 11))
    event[event > 1] = 0
    event[others[:n_others]] = 2
    few = replace(frame, spells=replace(frame.spells, event=event))
    targets, _ = _curve_targets(few, study.turnover)
    assert len(targets) == told
