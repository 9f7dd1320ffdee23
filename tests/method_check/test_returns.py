"""The method check of returns says so when the pipeline is wrong, and does not when it is sound."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.recovery.adversarial import parting, roll_out
from tests.roi.builders import PROVENANCE, make_rows, make_study, make_tables
from tests.roi.decision_builders import FEES, SICK_DAYS, make_effect, sick_days
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.method_check import (
    MethodCheckResult,
    build_roi,
    check_method,
    judge_method,
    plot_method,
    try_roi,
)
from wellperf_models.method_check.quick_posterior import quantiles_of
from wellperf_models.method_check.recovered import Share
from wellperf_models.method_check.returns import Pipeline
from wellperf_models.method_check.trial_shape import shape_of_trial, simulate_trial
from wellperf_models.method_check.verdicts import chance_of, nothing_not_funded, probabilities_hold
from wellperf_models.roi import Effect, Effects, RoiFrame, fit_effects
from wellperf_models.roi.model_effects import OutcomeEffects
from wellperf_models.roi.priors import PriorOfEffect
from wellperf_models.study import MethodCheck, Money, Roi, Study

WORLDS = 20
VALUE = SICK_DAYS["value"]
OUTCOMES: dict[str, Any] = {
    "sick_days": SICK_DAYS | {"adjust_for": ["sick_days_before"]},
    "left": {"label": "Left within a year", "higher_is": "worse"},
    "sick_days_before": {"label": "Sick days, year before", "timing": "before"},
}
DECISION = {"discount_rate": 0.03, "perspective": "employer", "horizon_years": 3, "fade_out": 0.2}


@cache
def made(teams: int = 60, n: int = 900, decided: bool = True) -> tuple[RoiFrame, Study]:
    """Frame and study of a trial by team; a person-year costs 100."""
    level = {"level": "team"} if teams else {}
    tables = make_tables(
        make_rows(seed=3, n=n, teams=teams, icc=0.1),
        outcomes=OUTCOMES if decided else OUTCOMES | {"sick_days": {**SICK_DAYS, "value": None}},
        general={"seed": 5},
        **level,
        **({"decision": DECISION} if decided else {}),
        **({"costs": [COST]} if decided else {}),
    )
    tables.study = tables.study.model_copy(
        update={"method_check": MethodCheck(worlds=WORLDS), "money": Money(reporting_currency="EUR")}
    )
    return build_roi(tables), tables.study


COST = {
    "kind": "programme",
    "amount": 100.0,
    "per": "person_year",
    "currency": "EUR",
    "source": "contract",
    "tier": "measured",
}


@cache
def sound() -> MethodCheckResult:
    return try_roi(*made())


def passed(result: MethodCheckResult) -> dict[str, bool | None]:
    return {c.name: c.passed for c in check_method(result)}


def test_a_sound_pipeline_passes_and_finds_what_was_planted() -> None:
    result = sound()
    assert set(passed(result).values()) == {True}
    assert [r.target.name for r in result.recovered] == ["change_sick_days", "change_left"]
    claims = result.claims
    assert claims is not None
    assert (claims.found.n, claims.false_alarms.n) == (WORLDS, WORLDS)
    assert claims.found.count > claims.false_alarms.count + 10
    verdicts = result.verdicts
    assert verdicts is not None
    assert verdicts.worth > 0
    assert verdicts.works.count > verdicts.nothing.count + 5
    assert verdicts.p_positive.size == verdicts.positive.size == WORLDS


def test_a_planted_change_is_what_the_optimistic_priors_say() -> None:
    frame, _ = made()
    effect = fit_effects(frame, frame.section).of["sick_days"].intention_to_treat
    assert isinstance(effect, Effect)
    expected = effect.control_mean * (np.exp(-0.25 + 0.15**2 / 2) - 1)
    assert sound().recovered[0].truth == pytest.approx(expected, rel=0.01)


def _with(effects: Effects, **changed: Any) -> Effects:
    """The same, with the effects of intention to treat changed by a function of each."""
    of: dict[str, OutcomeEffects] = {}
    for name, one in effects.of.items():
        effect = one.intention_to_treat
        assert isinstance(effect, Effect)
        told = {k: change(effect) for k, change in changed.items()}
        of[name] = replace(one, intention_to_treat=replace(effect, **told))
    return replace(effects, of=of)


def halved(frame: RoiFrame, section: Roi) -> Effects:
    """Errors less than half as large as they should be, as of one who forgets the teams."""
    return _with(
        fit_effects(frame, section),
        std_error=lambda e: 0.4 * e.std_error,
        low=lambda e: e.value - 0.4 * (e.value - e.low),
        high=lambda e: e.value + 0.4 * (e.high - e.value),
    )


def flattering(frame: RoiFrame, section: Roi) -> Effects:
    """Everything comes out by three errors better than it is."""
    return _with(
        fit_effects(frame, section),
        value=lambda e: e.value - 3 * e.std_error,
        low=lambda e: e.low - 3 * e.std_error,
        high=lambda e: e.high - 3 * e.std_error,
    )


@pytest.mark.parametrize(
    ("pipeline", "decided", "failed"),
    [
        (halved, False, {"nominal_coverage", "false_alarms"}),
        (flattering, True, {"no_bias", "nominal_coverage", "false_alarms", "probabilities_hold"}),
    ],
)
def test_a_broken_pipeline_is_caught(pipeline: Pipeline, decided: bool, failed: set[str]) -> None:
    found = passed(try_roi(*made(decided=decided), estimating=pipeline))
    assert failed <= {name for name, ok in found.items() if ok is False}
    assert found["every_world_fitted"] is True


def test_the_simulated_trial_has_the_shape_of_the_study() -> None:
    """Errors of the simulated trials are those of the study, though nobody's value is in them."""
    for teams in (60, 0):
        frame, _ = made(teams=teams)
        shape = shape_of_trial(frame)
        own = fit_effects(frame, frame.section)
        errors: dict[str, list[float]] = {"sick_days": [], "left": []}
        for seed in range(30):
            world = simulate_trial(shape, {}, np.random.default_rng(seed))
            assert int(world.outcomes["sick_days"].treated.sum()) == pytest.approx(
                int(frame.outcomes["sick_days"].treated.sum()), abs=1
            )
            for name, one in fit_effects(world, frame.section).of.items():
                assert isinstance(one.intention_to_treat, Effect)
                errors[name].append(one.intention_to_treat.std_error)
        for name, told in errors.items():
            effect = own.of[name].intention_to_treat
            assert isinstance(effect, Effect)
            assert np.mean(told) == pytest.approx(effect.std_error, rel=0.15)


def test_nothing_depends_on_the_order_of_rows() -> None:
    frame, _ = made()
    order = np.random.default_rng(1).permutation(900)
    rows = frame.outcomes["sick_days"]
    mixed = replace(
        rows, **{k: getattr(rows, k)[order] for k in ("value", "weight", "treated", "unit", "cluster", "X")}
    )
    one, other = (shape_of_trial(replace(frame, outcomes={"sick_days": r})) for r in (rows, mixed))
    np.testing.assert_allclose(one.outcomes["sick_days"].levels, other.outcomes["sick_days"].levels)
    drawn = [simulate_trial(s, {}, np.random.default_rng(2)).outcomes["sick_days"] for s in (one, other)]
    lots = [dict(zip(d.unit.tolist(), d.treated.tolist(), strict=True)) for d in drawn]
    assert lots[0] == lots[1]


def test_of_a_large_trial_a_part_is_simulated_and_told_of_the_whole() -> None:
    """Errors shrink by the root of the share: what is found in 8 of 10 is that of the whole."""
    frame, study = made(teams=0, n=12_000)
    result = try_roi(replace(frame, section=frame.section.model_copy(update={"decision": None})), study)
    assert result.part < 0.55
    assert passed(result)["nominal_coverage"] is True
    effect = fit_effects(frame, frame.section).of["sick_days"].intention_to_treat
    assert isinstance(effect, Effect)
    found = result.recovered[0].detectable
    assert found is not None
    assert found[0] == pytest.approx((1.96 + 0.8416) * effect.std_error, rel=0.1)
    assert result.verdicts is None


def test_quick_quantiles_by_hand() -> None:
    """A normal likelihood and a normal prior give a normal; with a flat one it is the estimate's own t."""
    effect = replace(make_effect(sick_days_rows()), value=-0.5, std_error=0.2, df=np.inf)
    levels = np.array([0.025, 0.5, 0.975])
    prior = PriorOfEffect(mean=0.1, sd=0.1)
    precision = 1 / 0.2**2 + 1 / 0.1**2
    mean = (-0.5 / 0.2**2 + 0.1 / 0.1**2) / precision
    expected = stats.norm.ppf(levels, mean, precision**-0.5)
    np.testing.assert_allclose(quantiles_of(effect, prior, levels), expected, atol=2e-4)
    flat = quantiles_of(replace(effect, df=7.0), PriorOfEffect(mean=np.nan, sd=np.inf), levels)
    np.testing.assert_allclose(flat, -0.5 + 0.2 * stats.t.ppf(levels, 7.0))


def sick_days_rows() -> Any:
    section = made()[0].section
    return sick_days(section)


def test_probabilities_that_are_wrong_are_caught() -> None:
    rng = np.random.default_rng(1)
    right = rng.uniform(size=200)
    pays = (rng.uniform(size=200) < right).astype(float)
    assert probabilities_hold(right, pays).passed is True
    # too hopeful in all; right in all, but too sure one by one
    assert probabilities_hold(np.minimum(1.0, right + 0.2), pays).passed is False
    sure = np.where(right > 0.5, 0.99, 0.01)
    assert chance_of(sure, pays)[1] < 0.01
    assert probabilities_hold(sure, pays).passed is False


def test_nothing_is_funded_by_chance_only() -> None:
    assert nothing_not_funded(Share(count=5, n=60)).passed is True
    assert nothing_not_funded(Share(count=12, n=60)).passed is False


def test_the_answer_in_sentences_and_a_picture() -> None:
    frame, study = made()
    evidence = judge_method(frame, sound(), check_method(sound()), provenance=PROVENANCE)
    answer = release(evidence, study)
    assert answer.id == "method_check.roi"
    assert not answer.suppressed
    for words in (
        "held the truth in",
        "that “Sick days” had changed",
        "or more, to either side, would have been found in 8 of 10",
        "A programme that changes nothing would have been funded in",
        "(the sceptical set of priors)",
    ):
        assert words in answer.answer
    picture = plot_method(answer)
    assert picture is not None
    assert picture.title.startswith("Change in “Sick days” of ")


def test_without_a_decision_the_effects_are_tried_alone() -> None:
    frame, study = made(decided=False)
    result = try_roi(frame, study)
    assert result.verdicts is None
    assert result.no_verdicts == ""
    answer = release(judge_method(frame, result, (), provenance=PROVENANCE), study)
    assert "funded" not in answer.answer


def test_a_decision_that_cannot_be_made_is_named() -> None:
    """The rule is declared, but nothing is known of costs."""
    frame, study = made()
    result = try_roi(replace(frame, costs=()), study)
    assert result.verdicts is None
    assert "osts are missing" in result.no_verdicts
    assert FEES.amount == 100.0


@pytest.mark.parametrize("design", ["participation", "before_after"])
def test_without_lots_there_is_nothing_to_try(design: str) -> None:
    tables = make_tables(design=design)
    frame = build_roi(tables)
    with pytest.raises(DesignError, match="compared"):
        try_roi(frame, tables.study)
    result = attempt(try_roi, frame, tables.study)
    evidence = judge_method(frame, result, check_method(result), provenance=PROVENANCE, pillar="roi")
    assert release(evidence, tables.study).answer.startswith("Not answered")


@pytest.mark.parametrize("lacks", ["section", "table"])
def test_what_the_study_does_not_ask_is_not_asked(lacks: str) -> None:
    tables = make_tables()
    if lacks == "section":
        tables.study = make_study().model_copy(update={"roi": None})
    else:
        del tables["outcomes"]
    frame = attempt(build_roi, tables)
    assert isinstance(frame, Unanswered)
    result = attempt(try_roi, frame, tables.study)
    assert isinstance(result, Unanswered)
    assert not result.asked
    evidence = judge_method(frame, result, (), pillar="roi", provenance=PROVENANCE)
    answer = release(evidence, tables.study)
    assert answer.answer.startswith("Not asked: ")
    assert plot_method(answer) is None


@pytest.mark.parametrize(
    ("make", "last"), [(roll_out, "sick_days"), (parting, "after")], ids=["roll-out", "before and after"]
)
def test_other_designs_are_tried_by_their_own_estimators(make: Any, last: str) -> None:
    """Starting times are drawn again in a roll-out; values before and after go together in the other."""
    tables = make(np.random.default_rng(1), False)
    frame = build_roi(tables)
    result = try_roi(frame, tables.study.model_copy(update={"method_check": MethodCheck(worlds=20)}))
    assert [r.target.name for r in result.recovered] == [f"change_{last}"]
    assert {passed(result)[name] for name in ("no_bias", "nominal_coverage", "false_alarms")} == {True}
    effect = fit_effects(frame, frame.section).of[last].intention_to_treat
    assert isinstance(effect, Effect)
    found = result.recovered[0].detectable
    assert found is not None
    needed = (effect.high - effect.low) / 2 + 0.86 * effect.std_error
    assert found[0] == pytest.approx(needed, rel=0.25)
    told = judge_method(frame, result, (), provenance=PROVENANCE)
    assert any("by chance" in limit or "is chance" in limit for limit in told.limits)
    world = simulate_trial(shape_of_trial(frame), {}, np.random.default_rng(3)).outcomes[last]
    if world.timeline is not None:
        assert sorted(set(world.timeline.adopted)) == sorted(set(frame.outcomes[last].timeline.adopted))
        assert (world.treated == (world.timeline.time >= world.timeline.adopted)).all()
