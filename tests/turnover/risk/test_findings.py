"""What the committee reads: plain sentences, groups only, an alarm for what is too good to be true."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from tests.turnover.builders import PROVENANCE
from tests.turnover.risk.worlds import dated, durations
from wellperf_models.disclosure import Released, release
from wellperf_models.evidence import Check, Evidence, Unanswered
from wellperf_models.inference.risk_scores import Outcomes, draw_clusters
from wellperf_models.inference.scores import Score
from wellperf_models.turnover import build_frame
from wellperf_models.turnover.risk.checks import (
    check_risk,
    forward_in_time,
    incidences_add_up,
    plausible_auc,
    right_on_the_whole,
)
from wellperf_models.turnover.risk.findings import foretell, use_of
from wellperf_models.turnover.risk.model import RiskModel, fit_risk
from wellperf_models.turnover.risk.plots import plot_calibration
from wellperf_models.turnover.risk.scoring import ANY, _interval

TABLES = dated(1, cluster="team")


def fitted(tables: object) -> tuple[RiskModel, Evidence]:
    frame = build_frame(tables)  # type: ignore[arg-type]
    result = fit_risk(frame, tables.study.turnover)  # type: ignore[attr-defined]
    return result, foretell(frame, result, check_risk(result), provenance=PROVENANCE)


@pytest.fixture(scope="module")
def found() -> tuple[RiskModel, Evidence]:
    return fitted(TABLES)


@pytest.fixture(scope="module")
def released(found: tuple[RiskModel, Evidence]) -> Released:
    return release(found[1], TABLES.study)


def test_the_answer_is_plain_and_about_groups(released: Released) -> None:
    assert released.id == "turnover.risk"
    told = r"the model foretold [\d.]+ exits within 12 months, where [\d.]+ \([\d.]+ to [\d.]+\)"
    assert re.search(told, released.answer)
    assert "3 forecasts, each from what was known on its day" in released.answer
    assert "guessing gives 50 %" in released.answer
    assert "of nobody in particular" in released.answer
    for word in ("effect", "cause of", "employee_id"):
        assert word not in released.answer
    assert any("1 January 2022, 1 July 2022, 1 January 2023" in limit for limit in released.limits)


def test_groups_stand_beside_what_came_about(found: tuple[RiskModel, Evidence], released: Released) -> None:
    result, _ = found
    then = released.table("risk_by_group")
    assert {row.key[0] for row in then.rows} == {"it", "ops", "sales"}
    for row in then.rows:
        people, foretold, low, high, exits, rate = (float(v or 0) for v in row.values)
        assert people % 5 == exits % 5 == 0
        assert rate == pytest.approx(100 * exits / people)
        assert low < foretold < high
    now = released.table("risk_now")
    assert len(now.rows) == 3
    assert [m.name for m in now.measures][:2] == ["people", "foretold_6_months"]
    overall = {row.key[0]: row.values for row in released.table("risk_now_by_cause").rows}
    whole, parts = overall["any exit"], [overall["voluntary"], overall["involuntary"]]
    for i in range(2):
        assert float(whole[i] or 0) == pytest.approx(sum(float(p[i] or 0) for p in parts), abs=0.2)
    # the fit knows people by code; nothing of them is in what is shown
    assert "p0" not in str(released)
    assert "not released" in repr(result)


def test_every_number_has_support(found: tuple[RiskModel, Evidence]) -> None:
    _, evidence = found
    names = {e.name for e in evidence.estimates}
    assert {"foretold_exits_per_100", "observed_exits_per_100", "scaled_brier", "auc", "auc_gain"} <= names
    assert {"calibration_ratio", "calibration_slope"} <= names
    for estimate in evidence.estimates:
        assert estimate.support.n_people >= (estimate.support.n_events or 0) > 0
        assert estimate.support.n_clusters == 60


def test_small_groups_are_shown_in_the_level_above() -> None:
    tables = dated(2, n=260, cluster="team", group_by="team")
    result, evidence = fitted(tables)
    shown = release(evidence, tables.study)
    table = shown.table("risk_by_group")
    kept = [row for row in table.rows if row.values[0] is not None]
    assert len(result.past["team"]) > 20
    assert len(kept) < len(result.past["team"])


def test_the_picture_has_words(found: tuple[RiskModel, Evidence], released: Released) -> None:
    picture = plot_calibration(released)
    assert picture is not None
    assert "exits for each one foretold" in picture.title
    assert "lowest risk first" in picture.alt
    bare = dataclasses.replace(found[1], tables=())
    assert plot_calibration(release(bare, TABLES.study)) is None


def test_without_dates_it_says_so() -> None:
    tables = durations(1)
    result, evidence = fitted(tables)
    shown = release(evidence, tables.study)
    assert "people left out of the model in turn" in shown.answer
    assert "tenure alone tells nobody apart" in shown.answer
    assert any("not on later days" in limit for limit in shown.limits)
    assert {c.name: c.passed for c in shown.checks}["forward_in_time"] is None
    assert result.censored
    assert not result.past
    groups = shown.table("calibration").rows
    assert len(groups) == 5
    slope = shown.estimate("calibration_slope")
    assert 0.6 < slope.value < 1.5


def test_no_usable_order_is_said() -> None:
    tables = durations(5, effect=0.0, n=300)
    # the trade goes with leaving: take it away
    section = tables.study.turnover.model_copy(update={"covariates": ("score",)})
    tables.study = tables.study.model_copy(update={"turnover": section})
    _, evidence = fitted(tables)
    shown = release(evidence, tables.study)
    assert "It did not tell people more likely to leave from the others" in shown.answer
    assert "plan with the share of everyone" in shown.answer


def _score(value: float, error: float) -> Score:
    return Score(value=value, std_error=error, low=value - 2 * error, high=value + 2 * error)


def test_what_it_is_good_for_follows_from_intervals(found: tuple[RiskModel, Evidence]) -> None:
    scores = found[0].at(12)
    assert scores is not None
    clear = {"auc": _score(0.65, 0.02), "scaled": _score(0.04, 0.01), "gain": _score(0.02, 0.01)}
    better = dataclasses.replace(scores, **clear, auc_gain=_score(0.05, 0.02))
    assert use_of(better) == "more"
    assert use_of(dataclasses.replace(better, auc_gain=_score(0.03, 0.02))) == "no_more"
    assert use_of(dataclasses.replace(better, auc=_score(0.53, 0.02))) == "none"
    assert use_of(dataclasses.replace(better, scaled=_score(-0.01, 0.01))) == "none"


def test_unanswered_stays_unanswered() -> None:
    frame = build_frame(TABLES)
    why = Unanswered(reason="Too few months.", remedy="wait")
    evidence = foretell(frame, why, check_risk(why), provenance=PROVENANCE)
    assert evidence.answer.startswith("Not answered: Too few months.")
    assert not evidence.estimates


def test_leakage_is_noticed_and_its_absence_too() -> None:
    def check(seed: int, *, leak: bool) -> Check:
        tables = dated(seed, n=300, leak=leak)
        result = fit_risk(build_frame(tables), tables.study.turnover)
        return {c.name: c for c in check_risk(result)}["plausible_auc"]

    assert [check(seed, leak=True).passed for seed in range(3)] == [False] * 3
    assert [check(seed, leak=False).passed for seed in range(3)] == [True] * 3
    assert "knows the outcome" in check(0, leak=True).text


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (incidences_add_up(1e-15), incidences_add_up(1e-9)),
        (forward_in_time(0, 0), forward_in_time(1, 0)),
        (forward_in_time(-3, None), forward_in_time(0, 2)),
        (plausible_auc(0.79), plausible_auc(0.81)),
        (right_on_the_whole(-0.1, 0.1), right_on_the_whole(0.02, 0.1)),
    ],
)
def test_checks_both_ways(good: Check, bad: Check) -> None:
    assert good.passed is True
    assert bad.passed is False


def test_the_alarm_hears_every_horizon(found: tuple[RiskModel, Evidence]) -> None:
    result, _ = found
    quiet = [s if s.horizon != 6 or s.outcome != ANY else None for s in result.scores]
    (loud,) = (s for s in result.scores if s.horizon == 6 and s.outcome == ANY)
    assert result.headline == 12
    assert loud.leavers.size >= 20
    scores = (*(s for s in quiet if s), dataclasses.replace(loud, auc=_score(0.823, 0.02)))
    checks = {c.name: c for c in check_risk(dataclasses.replace(result, scores=scores))}
    assert checks["plausible_auc"].passed is False
    assert checks["plausible_auc"].value == 0.823


def test_a_cause_that_can_not_be_judged_is_named_in_the_limits(found: tuple[RiskModel, Evidence]) -> None:
    result, evidence = found
    frame = build_frame(TABLES)
    assert not any("too few left" in limit.lower() for limit in evidence.limits)
    rare = tuple(s for s in result.scores if (s.horizon, s.outcome) != (6, "involuntary"))
    result = dataclasses.replace(result, scores=rare)
    shown = foretell(frame, result, (), provenance=PROVENANCE)
    assert any(limit.startswith("Within 6 months causes are not told apart") for limit in shown.limits)
    public = foretell(dataclasses.replace(frame, in_full=True), result, (), provenance=PROVENANCE)
    assert "Too few left for a forecast to be judged: involuntary within 6 months." in public.limits
    keys = [row.key for t in public.tables if t.name == "scores" for row in t.rows]
    assert ("6", "voluntary") in keys


def test_one_forecast_is_one(found: tuple[RiskModel, Evidence]) -> None:
    one = dataclasses.replace(found[0], landmarks=("1 July 2022",))
    assert "(1 forecast, each" in foretell(build_frame(TABLES), one, (), provenance=PROVENANCE).answer


def test_intervals_are_never_of_no_width() -> None:
    n = 40
    cluster = np.repeat(np.arange(4), 10)
    case = np.zeros(n, bool)
    case[:5] = True
    draws = draw_clusters(4, samples=200, seed=1)
    held = Outcomes(case=case, weight=np.ones(n), stratum=np.zeros(n, np.int64), cluster=cluster, draws=draws)
    assert _interval(0.5, held, cluster == 0) == (None, None)
    low, high = _interval(0.0, held, cluster >= 1)
    # Wilson's, 0 of 3 clusters: z² / (3 + z²)
    assert low == 0.0
    assert high == pytest.approx(3.8415 / 6.8415, abs=1e-4)
    low, high = _interval(5 / 30, held, cluster <= 2)
    assert low is not None
    assert high is not None
    assert low < 5 / 30 < high


def test_more_and_fewer_are_told_apart() -> None:
    assert right_on_the_whole(0.1, 0.3).text.startswith("More people left")
    assert right_on_the_whole(-0.3, -0.1).text.startswith("Fewer people left")
    later, left_out = (right_on_the_whole(0.1, 0.3, dated=dated).text for dated in (True, False))
    assert "not like those learned from" in later
    # people left out in turn are like those learned from
    assert "not like those learned from" not in left_out
    assert "do not fit" in left_out


def test_the_same_seed_gives_the_same_numbers(found: tuple[RiskModel, Evidence]) -> None:
    again = fit_risk(build_frame(TABLES), TABLES.study.turnover)
    first, second = found[0].at(12), again.at(12)
    assert first is not None
    assert second is not None
    assert first.auc == second.auc
    assert np.array_equal(found[0].overall["any"], again.overall["any"])
