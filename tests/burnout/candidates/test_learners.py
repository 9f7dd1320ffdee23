"""Each learner learns, is tuned on whole groups of its training rows alone, and gives finite log odds."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.burnout.builders import make_tables
from wellperf_models.burnout import build_frame
from wellperf_models.burnout.candidates import boosting
from wellperf_models.burnout.candidates.boosting import learn_boosting
from wellperf_models.burnout.candidates.forest import learn_forest
from wellperf_models.burnout.candidates.network import learn_network
from wellperf_models.burnout.candidates.tuning import inner_folds, log_odds_of
from wellperf_models.burnout.learner import Learned, learn_ridge
from wellperf_models.burnout.split import Split, make_splits
from wellperf_models.burnout.tried import Tried, predictors_of, try_learner, try_learners
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.auc import auc
from wellperf_models.inference.folds import draw_groups

LEARNERS = {"forest": learn_forest, "boosting": learn_boosting, "network": learn_network}
MOST = 100_000


def crossed(n: int, seed: int) -> tuple[Any, NDArray[np.bool_], Any]:
    """Two predictors that only tell together, which no sum of them can; three rows a person."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    case = rng.uniform(size=n) < 1 / (1 + np.exp(-2.5 * np.sign(X[:, 0] * X[:, 1])))
    return X, case, np.arange(n) // 3


@pytest.mark.parametrize("name", LEARNERS)
def test_what_no_sum_can_tell_is_learnt(name: str) -> None:
    X, case, group = crossed(600, 1)
    Z, truth, _ = crossed(600, 2)
    learned = LEARNERS[name](X, case, group, seed=3, most_rows=MOST)
    ridge = learn_ridge(X, case, group, seed=3)
    eta = learned.log_odds(Z)
    assert auc(truth, eta) > auc(truth, ridge.log_odds(Z)) + 0.2
    assert learned.own_auc > 0.8
    assert learned.setting
    assert repr(learned).endswith("not released)")


@pytest.mark.parametrize("name", LEARNERS)
def test_where_there_is_nothing_to_learn_little_is_learnt(name: str) -> None:
    rng = np.random.default_rng(5)
    X, group = rng.normal(size=(900, 5)), np.arange(900) // 3
    case = rng.uniform(size=900) < 0.3
    eta = LEARNERS[name](X, case, group, seed=1, most_rows=MOST).log_odds(rng.normal(size=(900, 5)))
    # untuned forests and boosting spread these by .8 and more
    assert eta.std() < 0.45


def test_boosting_stops_by_people_and_not_by_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of a person are alike: folds of rows would let it learn people by heart, and never stop."""
    monkeypatch.setattr(boosting, "_MOST_TREES", 40)
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(150), 8)
    X = rng.normal(size=(150, 4))[person]
    case = (rng.uniform(size=150) < 0.4)[person]
    by_person = learn_boosting(X, case, person, seed=0, most_rows=MOST)
    by_row = learn_boosting(X, case, np.arange(person.size), seed=0, most_rows=MOST)
    assert np.ptp(by_person.log_odds(X)) < np.ptp(by_row.log_odds(X)) / 3


def test_inner_folds_keep_groups_together_and_cover_all_rows() -> None:
    _, case, group = crossed(300, 1)
    pairs = inner_folds(case, group, seed=1)
    assert len(pairs) == 3
    assert np.array_equal(np.sort(np.concatenate([held for _, held in pairs])), np.arange(300))
    for fitted, held in pairs:
        assert not set(group[fitted]) & set(group[held])
    with pytest.raises(DesignError, match="too few cases"):
        inner_folds(case, np.zeros(300, np.int64), seed=1)


def test_rows_are_drawn_by_whole_groups() -> None:
    group = np.repeat(np.arange(100), np.arange(100) % 7 + 1)
    rows = draw_groups(group, 150, seed=4)
    assert 140 < rows.size <= 150
    for code in np.unique(group[rows]):
        assert np.isin(np.flatnonzero(group == code), rows).all()
    assert np.array_equal(rows, draw_groups(group, 150, seed=4))
    assert not np.array_equal(rows, draw_groups(group, 150, seed=5))
    assert np.array_equal(draw_groups(group, 10_000, seed=4), np.arange(group.size))


@pytest.mark.parametrize("name", LEARNERS)
def test_tuning_is_given_no_more_rows_than_declared_and_learns_the_same_again(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def watch(case: Any, group: Any, *, seed: int) -> Any:
        seen.append(case.size)
        assert np.all(np.bincount(group)[np.unique(group)] == 3)
        return inner_folds(case, group, seed=seed)

    module = LEARNERS[name].__module__
    monkeypatch.setattr(f"{module}.inner_folds", watch)
    for constant, few in (("_TREES", 40), ("_TREES_TUNED", 10), ("_MOST_TREES", 40), ("_MOST_ROUNDS", 8)):
        monkeypatch.setattr(f"{module}.{constant}", few, raising=False)
    X, case, group = crossed(300, 1)
    learned, again = (LEARNERS[name](X, case, group, seed=3, most_rows=150) for _ in range(2))
    assert seen == [150, 150]
    assert np.array_equal(learned.log_odds(X), again.log_odds(X))
    if name == "forest":
        engine: Any = learned.engine
        assert engine.estimators_[0].tree_.weighted_n_node_samples[0] == 150


def test_a_risk_of_nobody_or_everybody_is_half_a_row_away() -> None:
    eta = log_odds_of(np.array([0.0, 0.25, 1.0]), 49)
    assert eta == pytest.approx([np.log(0.01 / 0.99), np.log(1 / 3), np.log(0.99 / 0.01)])
    # leaves of a world that is told apart in full
    X = np.column_stack([np.repeat([0.0, 1.0], 150), np.zeros(300)])
    learned = learn_forest(X, X[:, 0] > 0, np.arange(300), seed=1, most_rows=MOST)
    assert np.isfinite(learned.log_odds(X)).all()


def test_scored_rows_tell_a_learner_nothing() -> None:
    tables = make_tables(3, frames={"n": 100, "waves": 3})
    frame = build_frame(tables)
    (split,) = make_splits(frame)
    rng = np.random.default_rng(1)
    other = split.case.copy()
    other[split.test] = rng.permutation(other[split.test])
    data = predictors_of(frame, frame.sets["load"])
    learners = {"boosting": partial(learn_boosting, most_rows=MOST)}
    one = try_learners(frame, (split,), "load", data, learners)
    changed = Split(train=split.train, test=split.test, case=other)
    two = try_learners(frame, (changed,), "load", data, learners)
    first, second = one["boosting"], two["boosting"]
    assert isinstance(first, Tried)
    assert isinstance(second, Tried)
    assert np.array_equal(first.etas[0], second.etas[0])  # type: ignore[arg-type]


def test_several_learners_are_each_what_they_are_alone_and_one_that_fails_stops_no_other() -> None:
    tables = make_tables(3, frames={"n": 150, "waves": 2})
    frame = build_frame(tables)
    splits = make_splits(frame)

    def refuse(X: Any, case: Any, group: Any, *, seed: int) -> Learned:
        raise DesignError("Nothing to learn.")

    data = predictors_of(frame, frame.sets["load"])
    found = try_learners(frame, splits, "load", data, {"refuse": refuse, "ridge": learn_ridge})
    assert found["refuse"] == Unanswered(reason="Nothing to learn.")
    alone, ridge = try_learner(frame, splits, "ridge", data, learn_ridge), found["ridge"]
    assert isinstance(ridge, Tried)
    for one, two in zip(alone.etas, ridge.etas, strict=True):
        assert np.array_equal(one, two)  # type: ignore[arg-type]
