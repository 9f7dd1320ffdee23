"""From the frame to what is released: the answer in words, one table of rungs, and the picture."""

from __future__ import annotations

from typing import Any

import pytest

from tests.burnout.builders import PROVENANCE
from tests.burnout.ladder.world import make_world
from wellperf_models.burnout import build_frame
from wellperf_models.burnout.ladder.checks import check_ladder
from wellperf_models.burnout.ladder.findings import describe_ladder
from wellperf_models.burnout.ladder.model import climb_ladder
from wellperf_models.burnout.ladder.plots import plot_ladder
from wellperf_models.disclosure import Released, release
from wellperf_models.evidence import Unanswered, attempt


def released(**world: Any) -> Released:
    tables = make_world(**world)
    frame = build_frame(tables)
    result = attempt(climb_ladder, frame, frame.section)
    checks = check_ladder(frame, result)
    return release(describe_ladder(frame, result, checks, provenance=PROVENANCE), tables.study)


@pytest.fixture(scope="module")
def forward() -> Released:
    return released()


def test_the_answer_says_how_much_is_leakage(forward: Released) -> None:
    assert forward.answer.startswith("Part of it is: of the 0.")
    assert "what is known too late (0." in forward.answer
    assert "Within chance: the same people on both sides" in forward.answer
    assert forward.answer.endswith("0.5 is a coin.")
    assert forward.design == "prediction"
    gone, above = forward.estimate("leakage"), forward.estimate("above_a_coin")
    top, honest = forward.estimate("auc_within_wave"), forward.estimate("auc_forward")
    assert gone.value == pytest.approx(top.value - honest.value, abs=2e-3)
    assert above.value == pytest.approx(top.value - 0.5, abs=2e-3)


def test_one_table_holds_every_rung_and_what_it_forgives(forward: Released) -> None:
    rungs = forward.table("rungs")
    assert [row.key[0].partition(":")[0] for row in rungs.rows] == [
        "Within the wave",
        "The same, but no person on both sides",
        "Rows at random, with what is known before alone",
        "Grouped",
        "Forward in time",
        "One site left out, forward in time",
    ]
    assert all(isinstance(row.values[0], float) for row in rungs.rows)
    assert "recorded with the outcome or after it" in str(rungs.rows[0].values[-1])
    overlap = forward.table("overlap")
    assert overlap.rows[0].key == ("Last score", "before")
    assert ("Sick note", "with the outcome or after it") in {row.key for row in overlap.rows}


def test_the_picture_has_the_finding_as_title_and_every_rung_in_its_alt_text(forward: Released) -> None:
    picture = plot_ladder(forward)
    assert picture is not None
    assert picture.title.startswith("Of the 0.")
    assert picture.title.rstrip(")").count("is leakage") == 1
    assert "Grouped: no person on both sides: 0." in picture.alt


def test_one_wave_and_nothing_late_says_what_it_can_not_say() -> None:
    found = released(frames={"waves": 1}, late=(), leave_out=None, model=("noise", "job"))
    assert found.answer.startswith("Cross-section only: nothing is forecast.")
    assert "allow no more forgiving score to compare it with" in found.answer
    assert "Nothing is declared as known too late" in found.answer
    assert "there is one wave" in found.answer
    texts = {row.key[0].partition(":")[0]: str(row.values[-1]) for row in found.table("rungs").rows}
    assert texts["Forward in time"].startswith("Not climbed: There is one wave")
    assert "same by construction" in texts["Grouped"]


def test_a_set_that_is_all_of_the_wave_has_no_honest_score() -> None:
    found = released(frames={"waves": 1}, late=(), leave_out=None, model=("mood_now",))
    assert "There is no honest score to hold it to" in found.answer
    assert not found.has("leakage")
    assert found.has("auc_within_wave")


def test_no_ladder_is_no_number() -> None:
    why = Unanswered(reason="Too few people have a score to model.")
    frame = build_frame(make_world(frames={"n": 60}))
    found = release(describe_ladder(frame, why, (), provenance=PROVENANCE), make_world().study)
    assert found.answer.startswith("Not answered: Too few people")
    assert found.estimates == ()
    assert plot_ladder(found) is None
