"""Imputed effects of a roll-out: the regression they stand for, errors, and the lots drawn again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference import imputation
from wellperf_models.inference.imputation import RollOutCells, comparable, fit_imputation, roll_out_test

Floats = NDArray[np.float64]


def cells(
    seed: int = 0, groups: int = 12, periods: int = 8, *, effect: float = 0.4, holes: bool = True
) -> RollOutCells:
    rng = np.random.default_rng([seed, 0x1417])
    adopted = rng.permutation(np.array([3, 5, 6, 99])[np.arange(groups) % 4])
    w = rng.integers(5, 30, (groups, periods)).astype(float)
    if holes:
        w[rng.uniform(size=w.shape) < 0.1] = 0.0
    since = np.arange(periods)[None, :] - adopted[:, None]
    y = rng.normal(size=(groups, 1)) + rng.normal(size=(1, periods)) + rng.normal(size=(groups, periods))
    y = y + np.where(since >= 0, effect + 0.1 * since, 0.0)
    return RollOutCells(y=np.where(w > 0, y, np.nan), w=w, adopted=adopted)


def by_regression(made: RollOutCells, target: NDArray[np.bool_], kept: list[int]) -> float:
    """The same by least squares: dummies for groups, periods and every single treated cell.

    Where one group is left out, the others that start with it take its place.
    """
    n_groups, n_periods = made.w.shape
    places = [(g, t) for g in kept for t in range(n_periods) if made.w[g, t] > 0]
    X = np.zeros((len(places), n_groups + n_periods + len(places)))
    for row, (g, t) in enumerate(places):
        X[row, g] = X[row, n_groups + t] = 1.0
        if made.treated[g, t]:
            X[row, n_groups + n_periods + row] = 1.0
    w = np.array([made.w[p] for p in places])
    y = np.array([made.y[p] for p in places])
    beta = np.linalg.lstsq(np.sqrt(w)[:, None] * X, np.sqrt(w) * y, rcond=None)[0]
    own = beta[n_groups + n_periods :]
    chosen = np.array([target[p] for p in places])
    weight = target * made.w
    whole, left = (
        {a: weight[rows][made.adopted[rows] == a].sum() for a in np.unique(made.adopted)}
        for rows in (np.arange(n_groups), np.array(kept))
    )
    factor = np.array([whole[made.adopted[g]] / max(left[made.adopted[g]], 1e-300) for g, _ in places])
    return float(np.average(own[chosen], weights=(w * factor)[chosen]))


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_regression_with_a_dummy_for_every_treated_cell(seed: int) -> None:
    made = cells(seed)
    target = comparable(made)
    fit = fit_imputation(made, target[None])
    everyone = list(range(12))
    assert fit.value[0] == pytest.approx(by_regression(made, target, everyone), abs=1e-9)
    left_out = np.array([by_regression(made, target, [g for g in everyone if g != out]) for out in everyone])
    # the jackknife by its definition, group by group, but for its scale
    scale = imputation._Parts(made, target[None]).scale_and_df()[0][0]
    assert 0.5 < scale < 1
    variance = scale * float(((left_out - fit.value[0]) ** 2).sum())
    assert fit.covariance[0, 0] == pytest.approx(variance, rel=1e-8)
    assert fit.influence.shape == (12, 1)


def test_two_groups_and_two_periods_are_the_difference_in_differences() -> None:
    y = np.array([[1.0, 4.0], [2.0, 4.5], [0.0, 1.0], [3.0, 5.0]])
    made = RollOutCells(y=y, w=np.ones((4, 2)), adopted=np.array([1, 1, 2, 2]))
    fit = fit_imputation(made, comparable(made)[None])
    change = y[:, 1] - y[:, 0]
    assert fit.value[0] == pytest.approx(change[:2].mean() - change[2:].mean())
    assert fit.without[0] == pytest.approx(y[:2, 1].mean() - fit.value[0])


def test_no_treated_cell_is_a_comparison_for_another() -> None:
    """What the first ones to start do later can't move the effect on those who start later."""
    made = cells(holes=False)
    late = comparable(made) & (made.adopted == 6)[:, None]
    moved = np.where(made.treated & (made.adopted == 3)[:, None], made.y + 100.0, made.y)
    other = RollOutCells(y=moved, w=made.w, adopted=made.adopted)
    assert fit_imputation(other, late[None]).value == pytest.approx(fit_imputation(made, late[None]).value)


def test_error_and_degrees_of_freedom_are_those_of_the_working_model() -> None:
    """Under independent errors the variance is right on average, and varies as its degrees of freedom say."""
    made = cells(holes=False)
    target = comparable(made)[None]
    fit = fit_imputation(made, target)
    rng = np.random.default_rng(5)
    found, values = [], []
    for _ in range(600):
        y = rng.normal(size=made.w.shape) / np.sqrt(made.w)
        parts = imputation._Parts(RollOutCells(y=y, w=made.w, adopted=made.adopted), target)
        found.append(float(((parts.leave_one_out() - parts.estimate()) ** 2).sum()))
        values.append(float(parts.estimate()[0]))
    df = 2 * np.mean(found) ** 2 / np.var(found)
    # the Monte Carlo error of a variance of 600 is about 7 %
    assert fit.df[0] == pytest.approx(df, rel=0.25)
    assert fit.df[0] < 11
    scale = parts.scale_and_df()[0][0]
    assert scale * np.mean(found) == pytest.approx(np.var(values), rel=0.25)


def test_effects_that_differ_by_starting_time_are_not_taken_for_chance() -> None:
    made = cells(holes=False)
    target = comparable(made)[None]
    differing = RollOutCells(
        y=made.y + np.where(made.treated, 5.0 * made.adopted[:, None], 0.0), w=made.w, adopted=made.adopted
    )
    assert fit_imputation(differing, target).std_error == pytest.approx(
        fit_imputation(made, target).std_error, rel=1e-8
    )


def test_an_average_over_one_group_has_no_error() -> None:
    made = cells(holes=False)
    alone = comparable(made) & (np.arange(12) == np.flatnonzero(made.adopted == 3)[0])[:, None]
    fit = fit_imputation(made, np.stack([comparable(made), alone]))
    assert np.isfinite(fit.std_error[0])
    assert np.isnan(fit.std_error[1])


def test_without_anybody_to_compare_with_there_is_no_value() -> None:
    made = RollOutCells(y=np.ones((3, 3)), w=np.ones((3, 3)), adopted=np.array([1, 1, 1]))
    assert not comparable(made).any()
    with pytest.raises(DesignError, match="No period has both"):
        fit_imputation(made, made.treated[None])
    with pytest.raises(DesignError, match="one way only"):
        roll_out_test(made, comparable)


def test_nothing_depends_on_the_order_of_groups() -> None:
    made = cells()
    order = np.random.default_rng(3).permutation(12)
    other = RollOutCells(y=made.y[order], w=made.w[order], adopted=made.adopted[order])
    a, b = (fit_imputation(m, comparable(m)[None]) for m in (made, other))
    assert a.value == pytest.approx(b.value, rel=1e-10)
    assert a.std_error == pytest.approx(b.std_error, rel=1e-10)
    assert a.df == pytest.approx(b.df, rel=1e-8)


def test_many_groups_take_the_short_way_to_nearly_the_same_degrees_of_freedom() -> None:
    made = cells(groups=120, holes=False)
    parts = imputation._Parts(made, comparable(made)[None])
    scale, df = parts.scale_and_df()
    assert parts._df_of_many()[0] == pytest.approx(df[0], rel=0.15)
    assert scale[0] == pytest.approx(119 / 120, rel=0.05)


def test_the_lots_drawn_again_find_an_effect_and_hold_without_one() -> None:
    assert roll_out_test(cells(effect=2.0), comparable, n_permutations=200) < 0.02
    p = [roll_out_test(flat(seed), comparable, n_permutations=19) for seed in range(40)]
    # of 40 tests at 10 %, above 10 happen once in 150
    assert sum(v <= 0.1 for v in p) <= 10


def flat(seed: int) -> RollOutCells:
    made = cells(seed, effect=0.0, holes=False)
    since = made.event_time
    return RollOutCells(y=made.y - np.where(since >= 0, 0.1 * since, 0.0), w=made.w, adopted=made.adopted)


def test_joint_p_of_one_average_is_its_own() -> None:
    made = cells()
    fit = fit_imputation(made, comparable(made)[None])
    assert fit.joint_p() == pytest.approx(fit.p_value(0), rel=1e-9)
