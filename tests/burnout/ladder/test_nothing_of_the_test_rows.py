"""A spy among the scored rows: whatever they hold, what is learnt stays bit for bit the same."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import numpy as np
import polars as pl
import pytest

from tests.burnout.ladder.world import make_world
from wellperf_models.burnout import BurnoutFrame, build_frame
from wellperf_models.burnout.candidates import boosting, forest, network
from wellperf_models.burnout.candidates.boosting import learn_boosting
from wellperf_models.burnout.candidates.forest import learn_forest
from wellperf_models.burnout.candidates.network import learn_network
from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.ladder.frame import FORWARD, Ladder, plan_ladder, values_of
from wellperf_models.burnout.ladder.model import predictors_on
from wellperf_models.burnout.learner import Learner, learn_logistic, learn_ridge
from wellperf_models.burnout.split import Split, cases_of
from wellperf_models.burnout.tried import Fit, predictors_of, try_learner
from wellperf_models.evidence import Unanswered

RUNGS = ("within_wave", "within_wave_by_person", "random_rows", "by_person", "forward", "left_out")
LEARNERS: dict[str, Learner] = {
    "logistic": learn_logistic,
    "ridge": learn_ridge,
    "forest": partial(learn_forest, most_rows=1_000),
    "boosting": partial(learn_boosting, most_rows=1_000),
    "network": partial(learn_network, most_rows=1_000),
}


@cache
def honest() -> tuple[BurnoutFrame, Ladder]:
    """A small world whose cut-off has to be found in the training rows."""
    frame = build_frame(make_world(frames={"n": 150, "waves": 3}, case_share=0.3))
    return frame, plan_ladder(frame, frame.section)


def poisoned(frame: BurnoutFrame, rows: np.ndarray) -> BurnoutFrame:
    """Other scores, last scores, numbers and levels in some rows; all of them far from what they were."""
    rng = np.random.default_rng(8)
    answers = frame.answers
    there = np.zeros(answers.person.size, bool)
    there[rows] = True

    def other(column: pl.Series) -> pl.Series:
        if column.dtype.is_float():
            return pl.Series(
                column.name, np.where(there, 50 * rng.normal(size=there.size), column.to_numpy())
            )
        return pl.Series(column.name, np.where(there, "never seen", column.to_numpy()).tolist())

    last = None if answers.last is None else np.where(there, 50 * rng.normal(size=there.size), answers.last)
    return replace(
        frame,
        answers=replace(
            answers,
            strain=np.where(there, 50 * rng.normal(size=there.size), answers.strain),
            last=last,
            covariates=pl.DataFrame([other(c) for c in answers.covariates]),
            late=pl.DataFrame([other(c) for c in answers.late]),
        ),
    )


def split_of(ladder: Ladder, rung: str) -> Split:
    (own,) = (r for r in ladder.rungs if r.name == rung)
    assert not isinstance(own.splits, Unanswered)
    return own.splits[0]


def fit(ladder: Ladder, rung: str, split: Split, learner: Learner) -> Fit:
    (own,) = (r for r in ladder.rungs if r.name == rung)
    # the unpenalised model is that of the last score alone
    alone = learner is learn_logistic
    name = LAST_SCORE if alone else ladder.model
    covariates = () if alone else predictors_on(ladder, own)
    data = predictors_of(ladder.frame, ())
    if covariates:
        data = pl.concat([data, values_of(ladder, covariates)], how="horizontal")
    frame = replace(ladder.frame, time_split=False)
    (found,) = try_learner(frame, [split], name, data, learner).fits
    assert found is not None
    return found


CASES = [(rung, "ridge") for rung in RUNGS] + [(FORWARD, name) for name in LEARNERS if name != "ridge"]


@pytest.mark.parametrize(("rung", "learner"), CASES)
def test_no_learner_and_no_rung_sees_a_scored_row(
    rung: str, learner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # one setting and few trees: how long they grow is no matter here
    monkeypatch.setattr(forest, "LEAVES", (12,))
    monkeypatch.setattr(forest, "_TREES", 10)
    monkeypatch.setattr(boosting, "_MOST_TREES", 10)
    monkeypatch.setattr(network, "DECAYS", (0.01,))
    frame, ladder = honest()
    split = split_of(ladder, rung)
    other = plan_ladder(poisoned(frame, split.test), frame.section)
    # every rung asks what the honest one asks: its cut-off is of rows that no honest rung scores
    asked = split_of(ladder, FORWARD)
    cut = frame.answers.strain[asked.case].min()
    again = replace(split, case=other.frame.answers.strain >= cut)
    assert np.array_equal(again.case[split.train], split.case[split.train])
    if rung in (FORWARD, "left_out"):
        assert np.array_equal(again.case, split_of(other, rung).case)
    one = fit(ladder, rung, split, LEARNERS[learner])
    two = fit(other, rung, again, LEARNERS[learner])
    assert one.encoding == two.encoding
    probe = np.random.default_rng(1).normal(size=(50, len(one.encoding.columns)))
    assert np.array_equal(one.learned.log_odds(probe), two.learned.log_odds(probe))
    assert one.learned.setting == two.learned.setting


def _cases(ladder: Ladder, split: Split) -> np.ndarray:
    """The cut-off found anew in the poisoned frame, on the same training rows."""
    return cases_of(ladder.frame, split.train)


@pytest.mark.parametrize("rung", ["within_wave", "within_wave_by_person", "random_rows", "by_person"])
def test_without_an_order_every_fold_finds_its_cut_off_in_the_rows_it_trains_on(rung: str) -> None:
    frames = {"n": 150, "waves": 3, "dated": False}
    frame = build_frame(make_world(model=("noise", "job"), leave_out=None, frames=frames, case_share=0.3))
    split = split_of(plan_ladder(frame, frame.section), rung)
    other = cases_of(poisoned(frame, split.test), split.train)
    assert np.array_equal(other[split.train], split.case[split.train])
    assert not np.array_equal(cases_of(poisoned(frame, split.train), split.train), split.case)


def test_a_spy_that_is_seen_would_be_noticed() -> None:
    """The same poison among the training rows changes everything."""
    frame, ladder = honest()
    split = split_of(ladder, FORWARD)
    other = plan_ladder(poisoned(frame, split.train[:40]), frame.section)
    again = replace(split, case=_cases(other, split))
    assert not np.array_equal(again.case[split.train], split.case[split.train])
    one, two = fit(ladder, FORWARD, split, learn_ridge), fit(other, FORWARD, again, learn_ridge)
    assert one.encoding != two.encoding
