"""Which rungs a study can climb, what they show, and why the others can't be climbed."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from tests.burnout.ladder.world import make_world
from wellperf_models.burnout import build_frame, fit_forecasts
from wellperf_models.burnout.ladder.frame import (
    FORWARD,
    PEOPLE,
    RANDOM,
    SITE,
    WITHIN,
    WITHIN_PEOPLE,
    plan_ladder,
)
from wellperf_models.burnout.ladder.model import Climbed, LadderResult, climb_ladder
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered


def climb(**world):  # type: ignore[no-untyped-def]
    tables = make_world(**world)
    frame = build_frame(tables)
    return frame, climb_ladder(frame, frame.section)


@pytest.fixture(scope="module")
def forward() -> LadderResult:
    return climb()[1]


def auc(result: LadderResult, name: str) -> float:
    found = result.climbed[name]
    assert isinstance(found, Climbed), found
    return found.auc.value


def why(result: LadderResult, name: str) -> str:
    found = result.climbed[name]
    assert isinstance(found, Unanswered)
    return found.reason


def test_every_rung_is_climbed_on_the_same_rows(forward: LadderResult) -> None:
    assert list(forward.climbed) == [WITHIN, WITHIN_PEOPLE, RANDOM, PEOPLE, FORWARD, SITE]
    people = [c.scored.person for c in forward.climbed.values() if isinstance(c, Climbed)]
    assert len(people) == 6
    assert all(np.array_equal(p, people[0]) for p in people)
    assert forward.ladder.honest == FORWARD
    assert forward.top == WITHIN


def test_what_is_known_too_late_lifts_the_forgiving_rungs_alone(forward: LadderResult) -> None:
    assert auc(forward, WITHIN) > auc(forward, FORWARD) + 0.03
    assert forward.less[WITHIN].low > 0
    assert auc(forward, RANDOM) == pytest.approx(auc(forward, FORWARD), abs=0.03)
    used = {name: c.covariates for name, c in forward.climbed.items() if isinstance(c, Climbed)}
    assert [name for name, own in used.items() if "beside" in own] == [WITHIN, WITHIN_PEOPLE]


def test_the_honest_rung_is_the_forecast_of_the_pillar(forward: LadderResult) -> None:
    tables = make_world()
    frame = build_frame(tables)
    model = fit_forecasts(frame, frame.section).answered["m"]
    assert auc(forward, FORWARD) == pytest.approx(model.scores.auc.value, abs=1e-12)
    found = forward.climbed[FORWARD]
    assert isinstance(found, Climbed)
    assert found.auc.std_error == pytest.approx(model.scores.auc.std_error, rel=0.01)


def test_nobody_is_on_both_sides_where_the_rung_says_so(forward: LadderResult) -> None:
    both = {name: c.n_on_both_sides for name, c in forward.climbed.items() if isinstance(c, Climbed)}
    assert both[PEOPLE] == both[WITHIN_PEOPLE] == both[SITE] == 0
    assert min(both[WITHIN], both[RANDOM], both[FORWARD]) > 50


def test_a_place_is_scored_by_what_was_learnt_elsewhere_and_before(forward: LadderResult) -> None:
    (rung,) = (r for r in forward.ladder.rungs if r.name == SITE)
    answers = forward.ladder.frame.answers
    assert not isinstance(rung.splits, Unanswered)
    assert len(rung.splits) == 3
    for split in rung.splits:
        assert answers.leave_out is not None
        (place,) = set(answers.leave_out[split.test])
        assert place not in set(answers.leave_out[split.train])
        assert answers.wave[split.train].max() < answers.wave[split.test].min()


def test_one_wave_says_so_and_its_grouped_rung_is_the_random_one() -> None:
    frame, result = climb(frames={"waves": 1}, leave_out=None, model=("noise", "job", "mood_now"), late=())
    assert frame.design == "cross_section"
    assert why(result, FORWARD) == "There is one wave."
    assert "No column of places is declared" in why(result, SITE)
    assert result.climbed[PEOPLE] is result.climbed[RANDOM]
    assert "same by construction" in result.ladder.same[PEOPLE]
    # what is asked in the wave of the outcome is late, whatever set it stands in
    assert result.ladder.late == ("mood_now",)
    assert result.ladder.predictors == ("noise", "job")
    assert result.less[WITHIN].low > 0.1


def test_nothing_late_one_place_and_no_order_are_said() -> None:
    result = climb(late=(), frames={"dated": False}, model=("noise", "job"), leave_out="job")[1]
    assert "nothing is declared as known" in why(result, WITHIN).lower()
    assert "nothing says which wave came first" in why(result, FORWARD)
    assert result.ladder.honest == PEOPLE
    assert isinstance(result.climbed[SITE], Climbed)
    tables = make_world(leave_out="site")
    tables["assignments"] = tables["assignments"].with_columns(site=pl.lit(None, dtype=pl.String))
    frame = build_frame(tables)
    assert frame.answers.leave_out is None
    assert "Nobody's site is known" in why(climb_ladder(frame, frame.section), SITE)


def test_two_waves_have_no_newer_one_to_score() -> None:
    result = climb(frames={"waves": 2}, late=())[1]
    assert "Only one wave follows another" in why(result, FORWARD)
    assert result.ladder.honest == PEOPLE


def test_a_copy_of_the_outcome_is_refused_on_every_rung_that_uses_it() -> None:
    tables = make_world(frames={"waves": 4})
    tables["surveys"] = tables["surveys"].with_columns(beside=pl.col("value") * 2 + 1)
    frame = build_frame(tables)
    result = climb_ladder(frame, frame.section)
    assert why(result, WITHIN).startswith("The outcome is among the predictors")
    assert why(result, WITHIN_PEOPLE).startswith("The outcome is among the predictors")
    assert isinstance(result.climbed[FORWARD], Climbed)
    assert result.top == RANDOM


def test_too_few_people_are_refused() -> None:
    frame = build_frame(make_world(frames={"n": 40, "waves": 4}))
    few = dataclasses.replace(frame, min_people=1_000)
    with pytest.raises(DesignError, match="Too few people"):
        plan_ladder(few, few.section)


def test_many_rows_are_climbed_on_a_sample_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wellperf_models.burnout.ladder.frame.MOST_ROWS", 300)
    frame = build_frame(make_world())
    ladder = plan_ladder(frame, frame.section)
    own = ladder.frame.answers
    assert own.person.size <= 300
    whole = {int(p): int((frame.answers.person == p).sum()) for p in np.unique(own.person)}
    assert all(int((own.person == p).sum()) == n for p, n in whole.items())
    assert own.late.height == own.covariates.height == own.person.size


def test_nothing_depends_on_the_order_of_rows_and_a_repr_shows_shapes(forward: LadderResult) -> None:
    tables = make_world()
    for name in list(tables):
        tables[name] = tables[name].collect().sample(fraction=1.0, shuffle=True, seed=9).lazy()
    frame = build_frame(tables)
    again = climb_ladder(frame, frame.section)
    for name in forward.climbed:
        assert auc(again, name) == auc(forward, name)
    for text in (repr(forward), repr(forward.ladder), repr(forward.climbed[WITHIN]), repr(frame)):
        assert "0." not in text
