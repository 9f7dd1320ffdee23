"""The answer on use says plainly what is worth what, passes the gate without a leak, and can be drawn."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.burnout.builders import PROVENANCE
from tests.burnout.use.worlds import ASKED, World, make_world
from wellperf_models.burnout.use.checks import (
    below_the_ceiling,
    check_use,
    intervals_hold,
    needs_no_setting_right,
    right_on_the_whole,
    same_at_every_cut_off,
    small_error,
)
from wellperf_models.burnout.use.cut_offs import AtCutOff
from wellperf_models.burnout.use.findings import judge_use
from wellperf_models.burnout.use.findings_estimates import name_of
from wellperf_models.burnout.use.plots import plot_decision_curve, plot_intervals
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.calibration_error import CalibrationError
from wellperf_models.inference.scores import Score

ONCE = {"use": {"thresholds": [0.2, 0.5]}, "validation": {"folds": 3, "repeats": 1}}
DECLARED = ASKED | {"reliability": 0.8, "reliability_source": "a paper"}


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(frames={"n": 500, "waves": 5}, use=DECLARED, group_by="department")


@pytest.fixture(scope="module")
def released(world: World) -> Released:
    return release(world.evidence, world.study)


def test_the_first_sentence_says_whether_acting_is_worth_it(released: Released) -> None:
    assert released.answer.startswith(
        "Yes, acting on the risks of “Load” is worth more than acting on everybody"
    )
    assert "rather than on the last score alone finds more: " in released.answer
    assert "Not shown" not in released.answer
    assert "so near to the cut-off" in released.answer
    assert not re.search(r"\b(causes?|leads? to|reduces?|because of|impact|effect)\b", released.answer)
    assert any("nobody's own risk is shown" in limit for limit in released.limits)


def test_every_number_has_its_support_and_names_who_it_rests_on(world: World) -> None:
    evidence = world.evidence
    assert evidence.id == "burnout.use"
    assert {"net_benefit_20", "gain_everybody_30", "gain_last_50"} <= {e.name for e in evidence.estimates}
    supports = [e.support for e in evidence.estimates]
    supports += [row.support for table in evidence.tables for row in table.rows]
    for support in supports:
        members = support.members or evidence.members
        assert members is not None
        assert len(members.people) == support.n_people
        assert support.n_events is not None
        assert len(members.events) == support.n_events
        assert members.events <= members.people


def test_the_gate_lets_it_through_without_a_person(world: World, released: Released) -> None:
    text = str(released.to_dict())
    assert not re.search(r"\bp\d{4}\b", text)
    acted = released.table("acted_on")
    for row in acted.rows:
        counts = [v for v, m in zip(row.values, acted.measures, strict=True) if m.kind == "count"]
        assert all(v is None or float(v) % 5 == 0 for v in counts)
    # a threshold that nobody is above is kept back: everybody's side would be known
    nobody = make_world(use={"thresholds": [0.3, 0.99]})
    shown = release(nobody.evidence, nobody.study)
    assert not shown.has("net_benefit_99")
    assert shown.has("net_benefit_30")
    assert any("Not told at a threshold of 0.99" in limit for limit in shown.limits)


def test_a_model_that_adds_nothing_is_said_to_add_nothing() -> None:
    found = make_world(5, frames={"effect": 0.0}, use={"thresholds": [0.3]})
    shown = release(found.evidence, found.study)
    assert shown.answer.startswith("These data do not show a gain over acting on the last score alone: ")
    # where nothing foretells anything, all have about the same risk
    useless = make_world(6, frames={"n": 200, "effect": 0.0, "lasting": 0.0}, use={"thresholds": [0.4]})
    shown = release(useless.evidence, useless.study)
    assert shown.answer.startswith("Whether acting on a risk would help can't be told: too few people are on")


def test_a_cross_section_says_so_and_warns_of_what_was_asked_together() -> None:
    models = {"m": {"covariates": ["noise", "mood_now"]}}
    found = make_world(1, frames={"waves": 1, "n": 500}, models=models, **ONCE)
    shown = release(found.evidence, found.study)
    assert shown.answer.startswith("Cross-section only: nothing is forecast.")
    assert shown.design == "cross-section"
    assert any("Nobody would know them before acting" in limit for limit in shown.limits)
    assert any("waves that follow each other" in limit for limit in shown.limits)
    assert "last score" not in shown.answer
    picture = plot_decision_curve(shown)
    assert picture is not None
    assert "last score" not in picture.title


def test_what_has_no_answer_says_why(world: World) -> None:
    why = Unanswered(reason="There is one wave and nobody in it.")
    assert check_use(world.frame, why) == ()
    evidence = judge_use(world.frame, why, (), provenance=PROVENANCE)
    assert "nobody in it" in evidence.answer
    not_asked = judge_use(world.frame, replace(why, asked=False), (), provenance=PROVENANCE)
    assert not_asked.design == "not asked"


def test_pictures_state_the_finding(released: Released, world: World) -> None:
    curve, intervals = plot_decision_curve(released), plot_intervals(released)
    assert curve is not None
    assert intervals is not None
    assert re.match(r"Acting on the model gains more|These data do not show", curve.title)
    assert "Everybody" in curve.alt
    assert intervals.title.startswith("Intervals of ±")
    assert "wave w" in intervals.alt or "department" in intervals.alt
    assert len(curve.png()) > 10_000
    other = replace(world.evidence, id="burnout.forecast")
    with pytest.raises(DesignError):
        plot_decision_curve(release(other, world.study))
    empty = judge_use(world.frame, Unanswered(reason="none"), (), provenance=PROVENANCE)
    assert plot_decision_curve(release(empty, world.study)) is None
    assert plot_intervals(release(empty, world.study)) is None


def test_names_of_estimates_are_identifiers() -> None:
    assert name_of("gain_last", 0.2) == "gain_last_20"
    assert name_of("gain_last", 0.125) == "gain_last_12_5"
    assert name_of("gain_last", 0.00001).isidentifier()


def score(value: float, half: float) -> Score:
    return Score(value=value, std_error=half / 2, low=value - half, high=value + half)


def test_checks_fire_and_stay_silent() -> None:
    assert right_on_the_whole(score(0.1, 0.2)).passed
    assert right_on_the_whole(score(0.3, 0.2)).passed is False
    assert right_on_the_whole(None).passed is None
    states = [(0.02, 0.01, True), (0.09, 0.02, False), (0.05, 0.02, None)]
    for value, half, passed in states:
        error = CalibrationError(plug_in=value, by_chance=0.01, error=score(value, half), n_groups=10)
        assert small_error(error).passed is passed
    assert needs_no_setting_right(score(-0.02, 0.01)).passed is False
    assert needs_no_setting_right(score(0.0, 0.01)).passed
    assert needs_no_setting_right(score(0.02, 0.01)).passed is None
    assert intervals_hold(score(0.7, 0.05), 0.8).passed is False
    assert intervals_hold(score(0.78, 0.05), 0.8).passed
    assert "wider than needed" in intervals_hold(score(0.9, 0.05), 0.8).text
    assert below_the_ceiling(score(0.97, 0.01), 0.95).passed is False
    assert below_the_ceiling(score(0.93, 0.01), 0.95).passed


def test_a_gain_that_hangs_on_the_cut_off_is_found_and_chance_is_not(world: World) -> None:
    (own,) = [a for a in world.use.cut_offs.values() if isinstance(a, AtCutOff) and a.declared]

    def at(cut: float, gain: Score, *, declared: bool = False) -> AtCutOff:
        scores = replace(own.scores, delta_auc=gain)
        return replace(own, cut_off=cut, declared=declared, scores=scores)

    declared = at(3.0, score(0.05, 0.02), declared=True)
    for other, passed in (
        (score(0.04, 0.02), True),
        (score(0.035, 0.04), None),
        (score(-0.01, 0.02), False),
        (score(-0.05, 0.02), False),
    ):
        found = same_at_every_cut_off({3.0: declared, 4.0: at(4.0, other)})
        assert found.passed is passed
    alone = same_at_every_cut_off({3.0: declared, 4.0: Unanswered(reason="too few")})
    assert alone.passed is None
