"""Policies end to end on a small organisation made by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from tests.fakes import FakeTables
from tests.turnover.builders import PROVENANCE, make_tables
from tests.turnover.policy.builders import CAP, make_frame, make_frames, make_study
from wellperf_models.disclosure import release
from wellperf_models.evidence import Evidence, Unanswered, attempt
from wellperf_models.study import Study
from wellperf_models.turnover import TurnoverFrame, build_frame
from wellperf_models.turnover.policy.checks import (
    check_policies,
    estimators_agree,
    natural_course_of_covariates,
    natural_course_of_exits,
    positivity,
    refits_settled,
    time_order,
    weights_centred,
    weights_effective,
)
from wellperf_models.turnover.policy.findings import prefixes_of, what_if
from wellperf_models.turnover.policy.model import PolicyFit, PolicyResult, fit_policies
from wellperf_models.turnover.policy.model_effects import Effect
from wellperf_models.turnover.policy.plots import plot_policies

POLICIES = {
    "cap": CAP,
    "far_above": {"covariate": "overtime", "label": "A cap nobody reaches", "cap": 500.0},
    "nearly_none": {"covariate": "overtime", "label": "25 hours less", "reduce_by": 25.0},
    "two_less": {"covariate": "overtime", "label": "2 hours less", "reduce_by": 2.0},
}
Fitted = tuple[TurnoverFrame, Study, PolicyFit]


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    frame, study = make_frame(POLICIES)
    return frame, study, fit_policies(frame, study.turnover, n_refits=24)


def _result(fitted: Fitted, name: str) -> PolicyResult:
    return next(r for r in fitted[2].results if r.name == name)


def _evidence(fitted: Fitted) -> Evidence:
    frame, _, fit = fitted
    return what_if(frame, fit, check_policies(fit), provenance=PROVENANCE)


def test_shorter_overtime_avoids_exits_and_more_of_it_more(fitted: Fitted) -> None:
    two, cap, most = (
        _result(fitted, name).effects["exits_avoided_per_100"] for name in ("two_less", "cap", "nearly_none")
    )
    assert 0 < two.value < cap.value < most.value
    assert cap.low > 0
    assert _result(fitted, "cap").effects["months_gained"].value > 0
    # 24 refits of a chance interval can be short; the draws cannot matter
    assert all(e.monte_carlo_error < 0.2 * e.error for e in (two, cap, most))


def test_a_cap_nobody_reaches_changes_exactly_nothing(fitted: Fitted) -> None:
    result = _result(fitted, "far_above")
    names = ("exits_avoided_per_100", "all_exits_avoided_per_100", "months_gained", "taken_off")
    for name in names:
        assert result.effects[name] == Effect(value=0, low=0, high=0, error=0, monte_carlo_error=0), name
    assert result.effects["risk_ratio"].value == 1
    assert result.unsupported == 0
    released = release(_evidence(fitted), fitted[1])
    assert "“A cap nobody reaches”: nothing would change within 12 months" in released.answer


def test_the_same_seed_gives_the_same_numbers_whatever_the_order_of_rows() -> None:
    study = make_study()
    frames = make_frames()
    again = {name: f.sample(fraction=1, shuffle=True, seed=9) for name, f in frames.items()}
    one, two = (
        fit_policies(build_frame(FakeTables(study, f)), study.turnover, n_refits=3) for f in (frames, again)
    )
    for name, effect in one.results[0].effects.items():
        assert effect == two.results[0].effects[name], name


def test_positivity_fires_for_a_change_hardly_ever_seen_and_not_for_a_small_one(fitted: Fitted) -> None:
    assert positivity(_result(fitted, "cap")).passed
    assert positivity(_result(fitted, "two_less")).passed
    far = _result(fitted, "nearly_none")
    assert not positivity(far).passed
    assert estimators_agree(far).passed is None
    released = release(_evidence(fitted), fitted[1])
    assert released.has("cap_exits_avoided_weighted_per_100")
    assert not released.has("nearly_none_exits_avoided_weighted_per_100")
    assert "So large a change was hardly ever seen" in released.answer


def _with(result: PolicyResult, name: str, value: float, error: float) -> PolicyResult:
    effect = Effect(
        value=value, low=value - 2 * error, high=value + 2 * error, error=error, monte_carlo_error=0.0
    )
    return dataclasses.replace(result, effects=result.effects | {name: effect})


def test_checks_pass_on_this_organisation_and_fail_where_a_fault_is_planted(fitted: Fitted) -> None:
    fit, cap = fitted[2], _result(fitted, "cap")
    checks = {c.name: c.passed for c in check_policies(fit)}
    assert {name for name, passed in checks.items() if passed is False} == {"positivity_nearly_none"}
    assert not natural_course_of_exits([_with(cap, "observed_gap_per_100", 4.0, 1.0).effects]).passed
    assert not natural_course_of_exits([_with(cap, "observed_gap_all_per_100", -4.0, 1.0).effects]).passed
    moved = dataclasses.replace(cap, observed_course=cap.observed_course + np.array([0.0, 0.5]))
    off = natural_course_of_covariates(dataclasses.replace(fit, results=(moved,)))
    assert not off.passed
    assert "“Exhaustion”" in off.text
    assert not estimators_agree(_with(cap, "estimators_differ_by", 3.0, 1.0)).passed
    assert not weights_centred([1.0, 0.9]).passed
    assert not weights_effective([0.9, 0.1]).passed
    assert not time_order(late=True).passed
    assert not refits_settled(1, 10).passed


def test_exits_the_models_do_not_know_of_show_in_the_natural_course() -> None:
    """Half of those at work leave in one month of the follow-up, which nothing in their past foretells."""
    frames = make_frames()
    spells = frames["spells"].sort("employee_id")
    leave = (pl.int_range(pl.len()) % 2 == 0) & pl.col("end").is_null()
    frames["spells"] = spells.with_columns(
        pl.when(leave).then(pl.date(2024, 2, 20)).otherwise(pl.col("end")).alias("end"),
        pl.when(leave).then(pl.lit("voluntary")).otherwise(pl.col("exit_reason")).alias("exit_reason"),
    )
    study = make_study()
    fit = fit_policies(build_frame(FakeTables(study, frames)), study.turnover, n_refits=12)
    assert not natural_course_of_exits([r.effects for r in fit.results]).passed


def test_what_is_released_names_effects_with_their_errors_and_nobody(fitted: Fitted) -> None:
    frame, study, fit = fitted
    evidence = _evidence(fitted)
    assert evidence.members is not None
    assert len(evidence.members.people) == fit.people.size == frame.n_people
    assert all(e.support.n_people == fit.people.size for e in evidence.estimates)
    released = release(evidence, study)
    assert not released.suppressed
    assert "would have left of their own accord within 12 months" in released.answer
    assert "This rests on the assumption" in released.answer
    effect = released.estimate("cap_exits_avoided_per_100_and_year")
    assert effect.se is not None
    assert effect.scale == "identity"
    assert effect.monte_carlo_error is not None
    limit, value = released.estimate("cap_e_value_limit").value, released.estimate("cap_e_value").value
    assert 1 <= limit <= value
    picture = plot_policies(released)
    assert picture is not None
    assert "Overtime capped at 25 hours" in picture.title
    assert "p0" not in released.answer + picture.alt


def test_an_unclear_effect_reads_that_the_data_do_not_tell(fitted: Fitted) -> None:
    frame, study, fit = fitted
    unclear = _with(_result(fitted, "cap"), "exits_avoided_per_100", 0.5, 1.0)
    worse = _with(unclear, "exits_avoided_per_100", -3.0, 1.0)
    for result, words in ((unclear, "the data do not tell whether"), (worse, "more people would have left")):
        one = dataclasses.replace(fit, results=(result,))
        released = release(what_if(frame, one, check_policies(one), provenance=PROVENANCE), study)
        assert words in released.answer


def test_few_leavers_keep_every_number_back(fitted: Fitted) -> None:
    frame, study, fit = fitted
    cap = _result(fitted, "cap")
    one = dataclasses.replace(fit, results=(dataclasses.replace(cap, leavers=cap.leavers[:9]),))
    released = release(what_if(frame, one, check_policies(one), provenance=PROVENANCE), study)
    assert not released.estimates
    assert released.answer.startswith("Not shown")
    assert plot_policies(released) is None


def test_names_the_gate_would_take_for_an_extreme_are_numbered() -> None:
    assert prefixes_of(["cap_20", "max_overtime", "Less Work"]) == ("cap_20", "policy_2", "less_work")


def test_no_policy_no_dates_nothing_dated_or_too_short_is_unanswered(fitted: Fitted) -> None:
    frame, study, _ = fitted
    none = attempt(fit_policies, frame, make_study({}).turnover)
    assert isinstance(none, Unanswered)
    assert "No policy is asked about" in none.reason
    evidence = what_if(frame, none, (), provenance=PROVENANCE)
    assert release(evidence, study).answer.startswith("Not asked: No policy is asked about")
    undated = attempt(fit_policies, dataclasses.replace(frame, dated=False), study.turnover)
    assert isinstance(undated, Unanswered)
    assert "without dates" in undated.reason
    long = make_study({"cap": CAP | {"horizon_months": 24}}).turnover
    short = attempt(fit_policies, frame, long)
    assert isinstance(short, Unanswered)
    assert "too short" in short.reason
    frames = make_frames(n=200)
    frames["surveys"] = frames["surveys"].filter(pl.col("date") == pl.col("date").min())
    once = make_study({"c": {"covariate": "exhaustion", "label": "none exhausted", "cap": 1.0}})
    static = attempt(fit_policies, build_frame(FakeTables(once, frames)), once.turnover)
    assert isinstance(static, Unanswered)
    assert "not a number measured time and again" in static.reason


def test_a_study_without_anything_measured_over_time_is_unanswered() -> None:
    tables = make_tables(covariates=["contract"])
    frame = build_frame(tables)
    policies = make_study().turnover
    found = attempt(fit_policies, frame, policies)
    assert isinstance(found, Unanswered)
    assert "measured over time" in found.reason


def test_what_is_asked_once_is_carried_and_the_policy_still_answered() -> None:
    frames = make_frames()
    frames["surveys"] = frames["surveys"].filter(pl.col("date") == pl.col("date").min())
    study = make_study()
    fit = fit_policies(build_frame(FakeTables(study, frames)), study.turnover, n_refits=3)
    assert [d.name for d in fit.dated] == ["overtime"]
    assert fit.results[0].effects["exits_avoided_per_100"].value > 0


def test_without_an_effect_of_overtime_the_answer_is_near_nothing() -> None:
    """Exits follow exhaustion alone, which overtime moves a little: far from the other world's answer."""
    frame, study = make_frame(per_hour=0.0)
    effect = fit_policies(frame, study.turnover, n_refits=12).results[0].effects["exits_avoided_per_100"]
    assert abs(effect.value) < 2.5 * effect.error + 0.5
