"""Differences have the error they should, and the simplest model that is as good as the best is chosen."""

from __future__ import annotations

import numpy as np
import pytest

from tests.burnout.builders import make_tables
from wellperf_models.burnout import build_frame
from wellperf_models.burnout.candidates.gain import (
    Gain,
    auc_difference,
    choose,
    correct,
    net_benefit_difference,
    p_value,
)
from wellperf_models.burnout.split import Split, make_splits
from wellperf_models.inference.auc import auc
from wellperf_models.inference.scores import Score

ORDER = ("ridge", "forest", "boosting")


def score(value: float, error: float = 0.01) -> Score:
    return Score(value=value, std_error=error, low=value - 2 * error, high=value + 2 * error)


def gain(value: float, p: float) -> Gain:
    return Gain(auc=score(value), brier=score(-value), net_benefit=(), p_value=p)


@pytest.mark.parametrize(
    ("p_values", "behind", "chosen"),
    [
        # none beats it, however they rank
        ((0.2, 0.06, 0.3), (0.02, 0.0, 0.01), "last_score"),
        ((0.001, 0.001, 0.001), (0.0, 0.02, 0.03), "ridge"),
        # one standard error behind is as good, a little more is not
        ((0.001, 0.001, 0.001), (0.01, 0.005, 0.0), "ridge"),
        ((0.001, 0.001, 0.001), (0.0101, 0.005, 0.0), "forest"),
        ((0.001, 0.001, 0.001), (0.0101, 0.02, 0.0), "boosting"),
    ],
)
def test_the_simplest_within_one_standard_error(
    p_values: tuple[float, ...], behind: tuple[float, ...], chosen: str
) -> None:
    gains = {name: gain(0.03, p) for name, p in zip(ORDER, p_values, strict=True)}
    far = {name: score(value) for name, value in zip(ORDER, behind, strict=True)}
    assert choose("last_score", ORDER, gains, far) == chosen


def test_worse_is_not_better() -> None:
    assert gain(-0.05, 0.001).loses
    assert not gain(-0.05, 0.001).beats
    assert not gain(0.05, 0.05).beats
    assert gain(0.05, 0.049).beats


def test_several_tries_are_allowed_for() -> None:
    assert correct({"a": 0.02, "b": 0.04, "c": 0.5}) == pytest.approx({"a": 0.06, "b": 0.08, "c": 0.5})
    assert p_value(score(0.0196, 0.01), 100_000) == pytest.approx(0.05, abs=1e-4)
    # two models that say the same
    assert p_value(score(0.0, 0.0), 10) == 1.0


def test_the_error_is_that_of_drawing_clusters_again() -> None:
    """Against a bootstrap of clusters, which costs a sort a draw."""
    frame = build_frame(make_tables(1, frames={"n": 250, "waves": 5}))
    (split,) = make_splits(frame)
    rng = np.random.default_rng(3)
    case = split.case[split.test]
    one = case + rng.normal(size=case.size) * 1.5
    two = 0.5 * one + rng.normal(size=case.size)
    found = auc_difference(frame, (split,), [one], [two])
    assert found.value == pytest.approx(auc(case, one) - auc(case, two), abs=1e-12)
    cluster = frame.answers.cluster[split.test]
    rows = [np.flatnonzero(cluster == c) for c in np.unique(cluster)]
    drawn = []
    for _ in range(600):
        again = np.concatenate([rows[i] for i in rng.integers(0, len(rows), len(rows))])
        drawn.append(auc(case[again], one[again]) - auc(case[again], two[again]))
    # a standard deviation of 600 draws is known within 3 %
    assert found.std_error == pytest.approx(np.std(drawn), rel=0.09)


def test_net_benefit_by_hand() -> None:
    frame = build_frame(make_tables(1, frames={"n": 250, "waves": 4}))
    (split,) = make_splits(frame)
    n = split.test.size
    case = np.zeros(split.case.size, bool)
    # two cases: one model acts on one of them and on one in vain, the other on nobody
    case[split.test[:2]] = True
    made = Split(train=split.train, test=split.test, case=case)
    risk = np.full(n, 0.1)
    risk[[0, 5]] = 0.25
    one, two = np.log(risk / (1 - risk)), np.full(n, -3.0)
    found = net_benefit_difference(frame, (made,), [one], [two], 0.2)
    assert found.value == pytest.approx((1 - 0.25) / n)
    assert net_benefit_difference(frame, (made,), [one], [two], 0.3).value == 0.0


def test_folds_are_compared_pairwise_where_both_were_fitted() -> None:
    frame = build_frame(make_tables(1, frames={"n": 120, "waves": 1}))
    splits = make_splits(frame)
    rng = np.random.default_rng(0)
    one = [s.case[s.test] + rng.normal(size=s.test.size) for s in splits]
    two = [rng.normal(size=s.test.size) for s in splits]
    expected = [
        auc(s.case[s.test], a) - auc(s.case[s.test], b) for s, a, b in zip(splits, one, two, strict=True)
    ]
    assert auc_difference(frame, splits, one, two).value == pytest.approx(np.mean(expected))  # type: ignore[arg-type]
    left_out = [None, *one[1:]]
    assert auc_difference(frame, splits, left_out, two).value == pytest.approx(np.mean(expected[1:]))  # type: ignore[arg-type]
    assert "0." not in repr(gain(0.03, 0.01))
