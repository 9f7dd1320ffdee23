"""Value of information against closed forms, exact conditional means, and its own bounds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from wellperf_models.errors import DesignError
from wellperf_models.inference.moment_independent import NOTHING, delta_of
from wellperf_models.inference.spline_regression import regress
from wellperf_models.inference.value_of_information import evpi, evppi, evsi

N = 20_000


def unit_loss(mean: float, sd: float) -> float:
    """E max(0, m) − max(0, mean) of m ~ Normal(mean, sd): the value of learning m."""
    return float(sd * stats.norm.pdf(mean / sd) - abs(mean) * stats.norm.cdf(-abs(mean) / sd))


def linear(q: int, mean: float, seed: int):
    """Net benefit 0 or mean + Σθ of normal θ; the first q of them with their covariance."""
    spread = np.linspace(1.0, 0.5, q + 2)
    theta = np.random.default_rng([seed, q]).normal(size=(N, q + 2)) * spread
    options = np.column_stack([np.zeros(N), mean + theta.sum(axis=1)])
    return options, theta[:, :q], np.diag(spread[:q] ** 2), float(np.sum(spread**2))


def near(gain, truth: float, errors: float = 3.0) -> bool:
    return abs(gain.value - truth) <= errors * gain.std_error


@pytest.mark.parametrize(("q", "mean"), [(1, 0.2), (1, -0.6), (2, -0.3), (4, 0.0), (4, 1.2)])
def test_the_linear_normal_case_has_its_closed_form(q, mean):
    options, X, covariance, total = linear(q, mean, seed=3)
    assert near(evpi(options), unit_loss(mean, np.sqrt(total)))
    assert near(evppi(options, X), unit_loss(mean, np.sqrt(np.trace(covariance))))
    error = np.diag(np.full(q, 0.5)) + 0.2
    noise = np.random.default_rng(8).normal(size=X.shape)
    sizes = (0.25, 1.0, 4.0)
    for scale, gain in zip(sizes, evsi(options, X, [error * s for s in sizes], noise), strict=True):
        weights = np.ones(q) @ covariance
        told = weights @ np.linalg.solve(covariance + error * scale, weights)
        assert near(gain, unit_loss(mean, np.sqrt(told)))


def test_the_stated_error_is_that_of_the_estimates():
    truth, scores = unit_loss(0.3, 1.0), []
    for seed in range(40):
        rng = np.random.default_rng([seed, 5])
        x = rng.normal(size=3000)
        options = np.column_stack([np.zeros(3000), 0.3 + x + rng.normal(size=3000)])
        gain = evppi(options, x[:, None])
        scores.append((gain.value - truth) / gain.std_error)
    spread = float(np.std(scores))
    # 99 % of the standard deviation of 40 standard normal draws lies above .72; a cautious error is no fault
    assert 0.5 < spread < 1.3
    assert abs(np.mean(scores)) < 3 * max(spread, 1.0) / np.sqrt(40)


def test_what_is_not_normal_agrees_with_its_exact_conditional_mean():
    rng = np.random.default_rng(11)
    amount, effect, cost = rng.lognormal(0, 0.6, N), rng.normal(0.6, 1.5, N), rng.gamma(4, 0.25, N)
    options = np.column_stack([np.zeros(N), amount * effect - cost])
    for X, known in (
        (np.column_stack([amount]), amount * 0.6 - 1),
        (np.column_stack([amount, effect]), amount * effect - 1),
        (np.column_stack([amount, effect, cost]), amount * effect - cost),
    ):
        exact = float(np.maximum(known, 0).mean() - max(known.mean(), 0))
        assert near(evppi(options, X), exact)


def test_several_options():
    rng = np.random.default_rng(12)
    x = rng.normal(size=N)
    options = np.column_stack([np.zeros(N), x, 0.5 * x**2 - 0.3]) + rng.normal(size=(N, 3))
    known = np.column_stack([np.zeros(N), x, 0.5 * x**2 - 0.3])
    exact = float(known.max(axis=1).mean() - known.mean(axis=0).max())
    assert near(evppi(options, x[:, None]), exact)


def test_where_one_option_dominates_nothing_is_worth_knowing():
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, N)
    options = np.column_stack([np.zeros(N), 3 + x])
    noise = rng.normal(size=(N, 1))
    gains = [evpi(options), evppi(options, x[:, None]), *evsi(options, x[:, None], [np.eye(1)], noise)]
    assert [gain.value for gain in gains] == [0.0, 0.0, 0.0]


def test_a_study_is_worth_no_more_than_what_it_estimates_and_grows_with_its_size():
    options, X, _, _ = linear(2, -0.4, seed=9)
    noise = np.random.default_rng(2).normal(size=X.shape)
    gains = evsi(options, X, [np.eye(2) * v for v in (8.0, 4.0, 2.0, 1.0, 0.5, 0.1, 1e-6)], noise)
    values = [gain.value for gain in gains]
    assert values == sorted(values)
    known, whole = evppi(options, X), evpi(options)
    assert values[-1] <= known.value + 3 * known.std_error
    assert values[-1] == pytest.approx(known.value, rel=0.02)
    assert known.value <= whole.value + 3 * whole.std_error


def test_what_has_nothing_to_do_with_it_is_worth_nothing():
    options, _, _, _ = linear(1, 0.1, seed=4)
    other = np.random.default_rng(77).normal(size=(N, 3))
    gain = evppi(options, other)
    assert gain.value <= 3 * gain.std_error
    # columns that do not vary are no knowledge
    assert evppi(options, np.ones((N, 2))).value == 0.0


def test_unseen_draws_and_residuals_tell_a_bad_fit():
    rng = np.random.default_rng(5)
    x = rng.uniform(-3, 3, N)
    good = regress(x[:, None], np.column_stack([np.sin(x) + rng.normal(size=N)]))
    assert good.unexplained < 0.003
    # straight lines where the truth is in steps smaller than any spline
    steps = regress(np.column_stack([x, rng.normal(size=N), rng.normal(size=N)]), 4.0 * (x > 2.9)[:, None])
    assert steps.unexplained > 0.01


def test_the_halves_do_not_see_each_other():
    rng = np.random.default_rng(6)
    noise, X = rng.normal(size=(400, 1)), rng.normal(size=(400, 2))
    found = regress(X, noise)
    # what is fitted follows its own noise, what is held out can't
    assert float((found.fitted * noise).mean()) > float((found.held_out * noise).mean())


def test_halves_hold_what_is_repeated_once():
    """Each draw told twice, side by side: what is held out of one must not follow its twin."""
    rng = np.random.default_rng(6)
    X = np.repeat(rng.uniform(-2, 2, (200, 1)), 2, axis=0)
    told = np.sin(4 * X) + np.repeat(rng.normal(size=(200, 1)), 2, axis=0)
    twins = np.repeat(rng.permutation(200), 2)

    def followed(together):
        before = regress(X, told, together).held_out
        count = 0
        for pair in range(20):
            changed = told.copy()
            # too little for another weight of the penalty
            changed[2 * pair : 2 * pair + 2] += 1e-6
            after = regress(X, changed, together).held_out
            count += not np.array_equal(after[2 * pair : 2 * pair + 2], before[2 * pair : 2 * pair + 2])
        return count

    assert followed(twins) == 0
    assert 4 <= followed(None) <= 16


@pytest.mark.parametrize("options", [np.zeros((9, 1)), np.full((9, 2), np.nan), np.zeros(9)])
def test_without_a_choice_there_is_no_value(options):
    with pytest.raises(DesignError, match="choice"):
        evpi(options)


def _joint_share(rho: float, classes: int) -> float:
    """Delta of a bivariate normal on classes of equal probability, by fine midpoints."""
    edges = stats.norm.ppf(np.linspace(0, 1, classes + 1))
    x = stats.norm.ppf((np.arange(6000) + 0.5) / 6000)
    below = stats.norm.cdf((edges[:, None] - rho * x) / np.sqrt(1 - rho**2))
    shares = np.diff(below, axis=0).reshape(classes, classes, -1).mean(axis=2) / classes
    # of the most that so many classes allow
    return float(0.5 * np.abs(shares - 1 / classes**2).sum()) / (1 - 1 / classes)


@pytest.mark.parametrize("rho", [0.3, -0.6, 0.9])
def test_delta_of_a_bivariate_normal(rho):
    rng = np.random.default_rng([3, int(100 * abs(rho))])
    x = rng.normal(size=N)
    y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=N)
    found = delta_of(x, y, np.random.default_rng(1))
    assert abs(found.value - _joint_share(rho, 12)) <= 4 * found.std_error
    # any increasing transformation leaves it as it is
    assert delta_of(np.exp(x), y**3, np.random.default_rng(1)).value == found.value


def test_delta_of_what_has_nothing_to_do_with_it():
    rng = np.random.default_rng(4)
    found = [delta_of(rng.normal(size=N), rng.normal(size=N), rng).value for _ in range(20)]
    # the line below which the table says that it is nothing
    assert max(found) < NOTHING


def test_delta_of_what_tells_it_is_one():
    x = np.random.default_rng(4).normal(size=N)
    assert delta_of(x, np.exp(x), np.random.default_rng(1)).value == pytest.approx(1.0, abs=0.001)
