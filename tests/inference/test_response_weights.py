"""Weights, bounds and differences for silence, against sums done by hand and against leaving rows out."""

from __future__ import annotations

import numpy as np
import pytest

from wellperf_models.errors import DesignError
from wellperf_models.inference.auc import auc
from wellperf_models.inference.delta_adjustment import Asked, share_at, steps_of, tipping_point
from wellperf_models.inference.response_bounds import bound_share
from wellperf_models.inference.response_weights import (
    StandIns,
    auc_of_all,
    clustered,
    fit_response,
    mean_of_all,
    stand_ins,
)


def drawn(seed: int = 0, n: int = 240) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    answered = rng.uniform(size=n) < 1 / (1 + np.exp(-(0.6 - 0.7 * x)))
    return x[:, None], answered, np.round(2 + x + rng.normal(size=n), 1)


def weights_of(X: np.ndarray, answered: np.ndarray) -> StandIns:
    return stand_ins(fit_response(X, answered), least_chance=1e-6)


def test_with_cells_it_is_the_mean_of_each_cell_times_its_people() -> None:
    # 30 of 40 answer in one cell, 10 of 40 in the other
    cell = np.repeat([0.0, 1.0], 40)
    answered = np.concatenate([np.arange(40) < 30, np.arange(40) < 10])
    y = np.concatenate([(np.arange(40) < 6), (np.arange(40) < 5)]).astype(float)
    value, influence = mean_of_all(weights_of(cell[:, None], answered), y, y)
    assert value == pytest.approx(0.5 * 6 / 30 + 0.5 * 5 / 10, abs=1e-9)
    assert influence.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("what", ["mean", "auc"])
def test_influence_is_what_leaving_a_row_out_changes(what: str) -> None:
    X, answered, y = drawn(3)
    case = answered & (y >= 2.5)

    def estimate(keep: np.ndarray) -> tuple[float, np.ndarray]:
        weights = weights_of(X[keep], answered[keep])
        if what == "auc":
            return auc_of_all(weights, case[keep], X[keep, 0])
        return mean_of_all(weights, case[keep].astype(float), (y[keep] >= 2.0).astype(float))

    everybody = np.ones(y.size, bool)
    value, influence = estimate(everybody)
    moved = []
    for i in range(y.size):
        keep = everybody.copy()
        keep[i] = False
        moved.append(value - estimate(keep)[0])
    slope = np.polyfit(influence, moved, 1)[0]
    assert np.corrcoef(influence, moved)[0, 1] > 0.995
    assert slope == pytest.approx(1, abs=0.05)


def test_weighted_auc_against_every_pair() -> None:
    X, answered, y = drawn(5, 120)
    weights, case = weights_of(X, answered), y >= 2.5
    score = np.round(X[:, 0], 1)
    own = np.where(answered, 1 + weights.odds, 0.0)
    above = total = 0.0
    for i in np.flatnonzero(answered & case):
        for j in np.flatnonzero(answered & ~case):
            above += own[i] * own[j] * (float(score[i] > score[j]) + 0.5 * float(score[i] == score[j]))
            total += own[i] * own[j]
    assert auc_of_all(weights, case, score)[0] == pytest.approx(above / total, abs=1e-12)
    # nobody stands for anybody else: the plain one
    alone = StandIns(response=weights.response, odds=0 * weights.odds, moving=0 * weights.moving, n_cut=0)
    assert auc_of_all(alone, case, score)[0] == pytest.approx(auc(case[answered], score[answered]))


def test_one_class_has_no_order() -> None:
    X, answered, _ = drawn()
    with pytest.raises(DesignError, match="one class"):
        auc_of_all(weights_of(X, answered), np.zeros(answered.size, bool), X[:, 0])


def test_large_weights_are_cut_and_count_as_known() -> None:
    X, answered, _ = drawn(1)
    whole, cut = (
        stand_ins(fit_response(X, answered), least_chance=1e-6),
        stand_ins(fit_response(X, answered), least_chance=0.4),
    )
    line = 0.6 / 0.4
    assert cut.odds.max() == pytest.approx(line)
    assert cut.n_cut == int((whole.odds > line).sum()) > 0
    assert np.all(cut.moving[whole.odds > line] == 0)
    assert cut.effective_size > whole.effective_size
    assert whole.stabilised.mean() == pytest.approx(1, abs=0.05)


def test_clustered_error_by_hand() -> None:
    score = clustered(0.5, np.array([0.1, 0.1, -0.2]), np.array([0, 0, 1]))
    assert score.std_error == pytest.approx(np.sqrt(2 * (0.2**2 + 0.2**2)))
    with pytest.raises(DesignError):
        clustered(0.5, np.zeros(3), np.zeros(3, int))


def test_bounds_by_hand() -> None:
    event = np.array([True, False, False, True, False, False, False, False])
    answered = np.array([True, True, True, True, True, True, False, False])
    found = bound_share(event, answered, np.arange(8))
    assert (found.low, found.high) == (2 / 8, 4 / 8)
    assert found.lowest < found.low < found.high < found.highest
    # an answer of somebody who did not answer counts for nothing
    assert bound_share(event | ~answered, answered, np.arange(8)).low == found.low


def test_interval_of_bounds_is_one_sided_where_they_are_far_apart_and_two_sided_where_they_meet() -> None:
    rng = np.random.default_rng(2)
    event, person = rng.uniform(size=4000) < 0.3, np.arange(4000)
    everybody = np.ones(4000, bool)
    met, apart = (
        bound_share(event, everybody, person),
        bound_share(event, rng.uniform(size=4000) < 0.5, person),
    )
    error = np.sqrt(event.mean() * (1 - event.mean()) / 4000)
    assert (met.low - met.lowest) / error == pytest.approx(1.96, abs=0.01)
    low_error = np.sqrt(apart.low * (1 - apart.low) / 4000)
    assert (apart.low - apart.lowest) / low_error == pytest.approx(1.645, abs=0.03)


def asked_of(seed: int = 7) -> Asked:
    X, answered, y = drawn(seed)
    return Asked(
        weights=weights_of(X, answered),
        strain=np.where(answered, y, np.nan),
        cut=2.5,
        cluster=np.arange(y.size),
    )


def test_no_difference_is_weighting_and_a_difference_lifts_the_share() -> None:
    asked = asked_of()
    case = asked.case.astype(float)
    assert share_at(asked, 0.0).value == pytest.approx(mean_of_all(asked.weights, case, case)[0], abs=1e-12)
    shares = [share_at(asked, d).value for d in (-9, -0.5, 0.0, 0.5, 1.0, 9)]
    assert shares == sorted(shares)
    answered = asked.weights.response.answered
    # all of the silent, and none of them
    assert shares[-1] == pytest.approx((case.sum() + (~answered).sum()) / answered.size)
    assert shares[0] == pytest.approx(case.sum() / answered.size)


def test_share_moves_only_at_the_steps() -> None:
    asked = asked_of()
    steps = steps_of(asked, 1.0)
    assert steps
    assert steps == sorted(steps)
    assert steps[-1] <= 1.0 + 1e-6
    before = share_at(asked, 0.0).value
    for step in steps:
        assert share_at(asked, step - 1e-4).value == pytest.approx(before, abs=1e-12)
        before = share_at(asked, step).value
    down = steps_of(asked, -1.0)
    assert down == sorted(down, reverse=True)
    assert all(d < 0 for d in down)
    assert share_at(asked, down[0]).value < share_at(asked, 0.0).value


def test_tipping_point_is_the_first_step_past_the_line() -> None:
    asked = asked_of()
    line = share_at(asked, 0.0).value + 0.03
    found = tipping_point(asked, lambda d: share_at(asked, d).value >= line, furthest=3.0)
    assert found is not None
    assert share_at(asked, found).value >= line > share_at(asked, found - 1e-4).value
    assert tipping_point(asked, lambda d: False, furthest=3.0) is None
