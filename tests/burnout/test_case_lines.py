"""Who is a case does not hang on the last digit of a computed score, wherever cases are told."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import FakeTables, make_frames, make_study, make_tables
from tests.burnout.nonresponse.worlds import CUT, make_world
from wellperf_models.burnout import build_frame
from wellperf_models.burnout.declared import is_case
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.nonresponse.frame import build_response
from wellperf_models.burnout.nonresponse.model import fit_nonresponse
from wellperf_models.burnout.split import cases_of
from wellperf_models.method_check.persistence import Steps, steps_of


def a_digit_below(frame: BurnoutFrame) -> BurnoutFrame:
    """The same scores, each as rounding can leave it."""
    strain = np.nextafter(frame.answers.strain, -np.inf)
    return dataclasses.replace(frame, answers=dataclasses.replace(frame.answers, strain=strain))


def test_a_score_a_rounding_below_the_line_is_on_it() -> None:
    scores = np.array([14.999999999999998, 15.0, 15.000000000000002, 14.99])
    assert is_case(scores, 15.0).tolist() == [True, True, True, False]
    assert is_case(-scores, -15.0).tolist() == [True, True, True, True]
    assert is_case(-scores - 1e-6, -15.0).tolist() == [False, False, False, True]


@pytest.mark.parametrize("higher_is", ["worse", "better"])
def test_cases_of_the_forecast_are_the_same(higher_is: str) -> None:
    frame = build_frame(make_tables(higher_is=higher_is, frames={"n": 120}))
    rows = np.arange(frame.answers.strain.size)
    at_line = np.abs(np.abs(frame.answers.strain) - 3.5) < 1e-9
    case = cases_of(frame, rows)
    assert case[at_line].sum() > 5
    assert np.array_equal(cases_of(a_digit_below(frame), rows), case)


def test_cases_before_and_after_silence_are_told_alike() -> None:
    response = make_world(3, 600, steps=2.0).response
    pairs = response.pairs
    assert pairs is not None
    assert (np.abs(pairs.last - CUT) < 1e-9).sum() > 5
    clean = fit_nonresponse(response, response.section)
    # as computed from items, the wave before alone, and both
    for change in ({"last"}, {"last", "strain"}):
        moved = {name: np.nextafter(getattr(pairs, name), -np.inf) for name in change}
        other = dataclasses.replace(response, pairs=dataclasses.replace(pairs, **moved))
        found = fit_nonresponse(other, response.section)
        assert found.change.as_answered.value == pytest.approx(clean.change.as_answered.value, abs=1e-12)
        assert found.change_bounds.low == clean.change_bounds.low
        assert [s.change.value for s in found.supposed] == pytest.approx(
            [s.change.value for s in clean.supposed], abs=1e-6
        )


def test_the_simulated_outcome_has_the_same_line() -> None:
    steps = Steps(values=np.array([10.0, 14.999999999999998, 20.0]), edges=np.array([-np.inf, 0.3, 1.0]))
    assert steps.edge_of(15.0) == 0.3
    assert steps.edge_of(20.0) == 1.0
    assert steps.edge_of(20.1) == np.inf
    scores = np.append(np.arange(0, 30, 0.1), 14.999999999999998)
    scores = scores[np.abs(scores - 15) > 1e-12]
    assert 14.999999999999998 in steps_of(np.append(scores, 14.999999999999998), 15.0).values


def movers(*, unknown_at_first: bool = False) -> FakeTables:
    """Everybody is in another team from the second wave on; in the first nobody's may be known."""
    frames = make_frames(2, n=200)
    before = frames["assignments"].with_columns(end=pl.date(2021, 4, 30))
    after = frames["assignments"].with_columns(
        start=pl.date(2021, 5, 1), team=pl.Series([f"t{(7 * i) % 40}" for i in range(200)])
    )
    frames["assignments"] = after if unknown_at_first else pl.concat([before, after])
    return FakeTables(make_study(cluster="team", nonresponse={}), frames)


@pytest.mark.parametrize("unknown_at_first", [False, True])
def test_movers_are_in_the_same_cluster_in_every_answer(unknown_at_first: bool) -> None:
    tables = movers(unknown_at_first=unknown_at_first)
    frame = build_frame(tables)
    pairs = build_response(tables, frame).pairs
    assert pairs is not None
    assert frame.roster is not None
    answers = tables["surveys"].collect().filter(pl.col("measure") == "exhaustion")
    waves = {str(i): set(rows["wave"]) for (i,), rows in answers.group_by("employee_id")}
    team = {}
    for number in range(200):
        who = f"p{number:04d}"
        old, new = f"t{number % 50}", f"t{(7 * number) % 40}"
        if unknown_at_first:
            team[who] = new if waves[who] != {"w0"} else "nowhere"
        else:
            team[who] = old if "w0" in waves[who] else new
    for person, cluster in ((frame.answers.person, frame.answers.cluster), (pairs.person, pairs.cluster)):
        own = [team[str(i)] for i in frame.roster.ids[person]]
        found = pl.DataFrame({"team": own, "cluster": cluster})
        assert found.unique().height == found["cluster"].n_unique() == found["team"].n_unique() > 30
