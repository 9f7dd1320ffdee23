"""Every part of the use of a risk, against another way to compute it, and with a fault planted."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import make_frames
from tests.burnout.use.worlds import ASKED, SIMPLE, World, make_world
from wellperf_models.burnout.measure.model import Measurement
from wellperf_models.burnout.model import fit_forecasts
from wellperf_models.burnout.use.cut_offs import AtCutOff
from wellperf_models.burnout.use.decision import Decision
from wellperf_models.burnout.use.intervals import Intervals
from wellperf_models.burnout.use.measured import Measured, reliability_of
from wellperf_models.burnout.use.model import fit_use
from wellperf_models.burnout.use.trust import Recalibrated
from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.calibration_error import CalibrationError
from wellperf_models.inference.classification_ceiling import ceiling_auc
from wellperf_models.inference.scores import clustered_mean
from wellperf_models.instruments import CutOff
from wellperf_models.study.burnout_questions import Use as UseSection

DECLARED = ASKED | {"reliability": 0.8, "reliability_source": "a paper"}


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(frames={"n": 500, "waves": 5}, use=DECLARED)


def test_net_benefits_are_those_of_the_risks_foretold(world: World) -> None:
    decision, scored = world.use.decision, world.forecasts.scored
    assert isinstance(decision, Decision)
    assert [p.threshold for p in decision.declared] == [0.2, 0.3, 0.5]
    last = world.forecasts.last_score
    assert last is not None
    for point in decision.declared:
        t = point.threshold
        values = []
        for risk in (world.use.chosen.risk, last.risk, np.ones(scored.case.size)):
            acted = risk >= t
            value = (acted & scored.case).mean() - (acted & ~scored.case).mean() * t / (1 - t)
            values.append(value)
        assert point.last is not None
        assert point.over_last is not None
        found = (point.model.value, point.last.value, point.everybody.value)
        assert found == pytest.approx(values, abs=1e-12)
        assert point.over_last.value == pytest.approx(values[0] - values[1], abs=1e-12)
        own = np.where(world.use.chosen.risk >= t, np.where(scored.case, 1, -t / (1 - t)), 0)
        expected = clustered_mean(own, scored.cluster)
        assert (point.model.low, point.model.high) == pytest.approx((expected.low, expected.high))


def test_no_two_points_of_the_curve_tell_of_few_people(world: World) -> None:
    decision, scored = world.use.decision, world.forecasts.scored
    assert isinstance(decision, Decision)
    last = world.forecasts.last_score
    assert last is not None
    assert len(decision.points) > 4
    for a, b in zip(decision.points, decision.points[1:], strict=False):
        for risk in (world.use.chosen.risk, last.risk):
            between = set(scored.person[(risk >= a.threshold) & (risk < b.threshold)].tolist())
            gone = set(scored.person[risk >= a.threshold]) - set(scored.person[risk >= b.threshold])
            told = [len(s) for s in (between, gone) if s]
            # the gate keeps back what tells of fewer than ten
            assert min(told, default=10) >= min(10, b.fewest)
            assert b.fewest <= min(told, default=500)
            acted = np.unique(scored.person[risk >= b.threshold]).size
            assert b.fewest <= acted


def test_where_nobody_says_when_to_act_the_rest_is_told() -> None:
    found = make_world(frames={"n": 250}, use={})
    assert isinstance(found.use.decision, Unanswered)
    assert not found.use.decision.asked
    assert isinstance(found.use.intervals, Intervals)
    assert isinstance(found.use.error, CalibrationError)
    assert isinstance(found.use.measured, Unanswered)
    assert "How reliable the score is, is not known" in found.use.measured.reason
    assert "at which risk one would act" in found.evidence.answer


def test_an_earlier_wave_sets_right_what_is_off_alike_in_later_ones() -> None:
    frames = make_frames(2, n=400, waves=6)
    # from wave to wave everybody is worse off in the waves scored, which no model could have learned
    worse = pl.col("wave").replace_strict({"w4": 0.6, "w5": 1.2}, default=0.0, return_dtype=pl.Float64)
    worse = worse * (pl.col("measure") == "exhaustion").cast(pl.Float64)
    surveys = frames["surveys"].with_columns(value=(pl.col("value") + worse).clip(0, 6))
    found = make_world(2, changed={"surveys": surveys}, use={})
    right = found.use.recalibrated
    assert isinstance(right, Recalibrated)
    assert (right.learned_on, right.judged_on, right.refitted) == (("w4",), ("w5",), False)
    assert right.gap_before.low > 0.02
    assert abs(right.gap_after.value) < right.gap_before.value
    assert right.brier_change.high < 0
    assert found.check("recalibration_forward").passed is False
    assert found.check("calibration_in_the_large").passed is False
    clean = make_world(2, frames={"n": 300, "waves": 5}, use={})
    assert clean.check("recalibration_forward").passed is not False
    assert clean.check("calibration_in_the_large").passed


def test_one_scored_wave_is_set_right_by_the_newest_trained_on() -> None:
    found = make_world(3, frames={"n": 250}, use={})
    right = found.use.recalibrated
    assert isinstance(right, Recalibrated)
    assert (right.learned_on, right.judged_on, right.refitted) == (("w2",), ("w3",), True)
    few = make_world(3, frames={"n": 250, "waves": 3}, use={})
    assert isinstance(few.use.recalibrated, Unanswered)
    assert "too few waves" in few.use.recalibrated.reason


def test_intervals_hold_in_the_newest_wave_and_fail_where_it_is_another_world(world: World) -> None:
    found = world.use.intervals
    assert isinstance(found, Intervals)
    assert found.against_nominal.low <= 0.8 <= found.against_nominal.high
    # what the width is off by counts too
    assert found.against_nominal.high > found.coverage.high
    assert world.check("interval_coverage").passed
    assert found.half_width < found.half_width_blind
    frames = make_frames(1, n=500, waves=5)
    rng = np.random.default_rng(0)
    noise = pl.Series(2.0 * rng.normal(size=frames["surveys"].height))
    newest = (pl.col("wave") == "w4") & (pl.col("measure") == "exhaustion")
    wild = (pl.col("value") + noise).clip(0, 6)
    surveys = frames["surveys"].with_columns(value=pl.when(newest).then(wild).otherwise("value"))
    other = make_world(1, frames={"n": 700, "waves": 6}, changed={"surveys": surveys}, use=DECLARED)
    assert other.check("interval_coverage").passed is False


def test_another_cut_off_is_as_if_it_had_been_declared() -> None:
    found = make_world(1, frames={"effect": 1.0}, use=ASKED | {"cut_offs": [3.0, 9.0]})
    other = make_world(1, frames={"effect": 1.0}, case_at=3.0, use={})
    at = found.use.cut_offs[3.0]
    assert isinstance(at, AtCutOff)
    last = other.forecasts.last_score
    assert last is not None
    assert at.last == last.scores
    assert np.array_equal(at.scored.case, other.forecasts.scored.case)
    # the ridge keeps the strength it had, which is next to nothing here
    assert at.scores.auc.value == pytest.approx(other.use.chosen.scores.auc.value, abs=0.002)
    assert at.scores.slope is not None
    assert other.use.chosen.scores.slope is not None
    assert at.scores.slope.value == pytest.approx(other.use.chosen.scores.slope.value, abs=0.05)
    assert list(found.use.cut_offs) == [3.0, 3.5, 9.0]
    differing = found.forecasts.scored.case != other.forecasts.scored.case
    assert 0 < at.fewest <= np.unique(found.forecasts.scored.person[differing]).size
    assert found.check("same_at_every_cut_off").passed
    assert list(found.evidence.tables)[-1].name == "cut_offs"
    assert isinstance(found.use.cut_offs[9.0], Unanswered)
    assert any("Not told at a cut-off of 9" in limit for limit in found.evidence.limits)


def test_published_cut_offs_are_tried_too(world: World) -> None:
    known = Measurement(
        quality=Unanswered(reason="no items"),
        cut_offs=(CutOff(name="high", at=4.0, status="convention", source="somebody"),),
        profiles=Unanswered(reason="none"),
        in_profiles=np.zeros(0, bool),
    )
    section = world.study.burnout
    assert section is not None
    found = fit_use(world.frame, world.forecasts, section, known)
    at = found.cut_offs[4.0]
    assert isinstance(at, AtCutOff)
    assert at.origin == "high (convention)"


def test_a_share_that_makes_cases_has_a_cut_off_too() -> None:
    found = make_world(1, frames={"n": 250}, case_share=0.25, use=ASKED)
    scored, frame = found.forecasts.scored, found.frame
    (declared,) = [a for a in found.use.cut_offs.values() if isinstance(a, AtCutOff) and a.declared]
    strain = frame.answers.strain[found.forecasts.splits[0].test]
    assert np.array_equal(strain >= declared.cut_off, scored.case)


def test_where_better_is_higher_cut_offs_are_told_as_answered() -> None:
    found = make_world(1, frames={"n": 300}, higher_is="better", case_at=2.0, use={"cut_offs": [2.4]})
    at = found.use.cut_offs[2.4]
    assert isinstance(at, AtCutOff)
    # more people score 2.4 or less than 2 or less
    assert at.scored.case.sum() > found.forecasts.scored.case.sum()


def test_what_error_of_measurement_does(world: World) -> None:
    found, scored = world.use.measured, world.forecasts.scored
    assert isinstance(found, Measured)
    assert found.ceiling == ceiling_auc(0.8, float(scored.case.mean()))
    strain = world.frame.answers.strain[world.forecasts.splits[0].test]
    assert found.error == pytest.approx(strain.std(ddof=1) * np.sqrt(0.2))
    near = np.abs(strain - 3.5) <= 1.959964 * found.error
    assert found.near.value == pytest.approx(near.mean())
    assert world.check("below_the_ceiling").passed
    with pytest.raises(DesignError, match="is not known"):
        reliability_of(None, UseSection())


def test_what_can_not_be_forecast_has_no_use(world: World) -> None:
    section = world.study.burnout
    assert section is not None
    with pytest.raises(DesignError, match="nobody answered"):
        fit_use(world.frame, Unanswered(reason="nobody answered"), section)
    with pytest.raises(NotAskedError):
        fit_use(world.frame, Unanswered(reason="not asked", asked=False), section)


def test_folds_serve_where_nothing_lies_before() -> None:
    models = {"m": {"covariates": ["noise", "parent"]}}
    once = {"use": {"thresholds": [0.3]}, "validation": {"folds": 3, "repeats": 2}}
    found = make_world(1, frames={"waves": 1}, models=models, **once)
    assert not found.frame.time_split
    assert isinstance(found.use.decision, Decision)
    (point,) = found.use.decision.points
    assert point.last is None
    values = []
    for split, eta in zip(found.forecasts.splits, found.use.chosen.tried.etas, strict=True):
        assert eta is not None
        acted, case = 1 / (1 + np.exp(-eta)) >= 0.3, split.case[split.test]
        values.append((acted & case).mean() - (acted & ~case).mean() * 0.3 / 0.7)
    assert point.model.value == pytest.approx(np.mean(values))
    assert isinstance(found.use.intervals, Intervals)
    assert found.use.intervals.rows.size == found.frame.answers.person.size
    assert isinstance(found.use.recalibrated, Unanswered)
    assert "waves that follow each other" in found.use.recalibrated.reason


def test_nothing_depends_on_the_order_of_rows_and_nobody_is_in_a_repr(world: World) -> None:
    frames = make_frames(1, n=500, waves=5)
    shuffled = {name: table.sample(fraction=1, shuffle=True, seed=3) for name, table in frames.items()}
    other = make_world(1, frames={"n": 700, "waves": 6}, changed=shuffled, use=DECLARED)
    assert other.evidence.estimates == world.evidence.estimates
    parts = (world.use, world.use.decision, world.use.intervals, world.use.measured, world.use.recalibrated)
    assert not re.search(r"p\d{4}|0\.\d\d", " ".join(repr(p) for p in parts))
    section = world.study.burnout
    assert section is not None
    assert fit_forecasts(world.frame, section).answered["m"].scores == world.use.chosen.scores
    assert isinstance(attempt(fit_use, world.frame, Unanswered(reason="x"), section), Unanswered)
    assert SIMPLE


@pytest.mark.parametrize("thin", ["w3", "w4"])
def test_a_wave_of_a_handful_of_people_sets_nothing_right_and_judges_nothing(thin: str) -> None:
    frames = make_frames(5, n=400, waves=5)
    kept = pl.Series(np.random.default_rng(1).uniform(size=frames["surveys"].height)) < 0.04
    frames["surveys"] = frames["surveys"].filter((pl.col("wave") != thin) | kept)
    found = make_world(5, changed=frames, use={})
    right = found.use.recalibrated
    assert isinstance(right, Unanswered)
    assert "Too few" in right.reason
    assert right.remedy
