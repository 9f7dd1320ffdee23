"""The simulation where the answer is known on paper."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from tests.turnover.policy.builders import make_frame
from wellperf_models.inference.random_intercept import RandomIntercept
from wellperf_models.study.turnover_questions import Policy
from wellperf_models.turnover.policy.frame import Histories, build_histories
from wellperf_models.turnover.policy.model_cohort import Cohort, landmarks_of, take_cohort
from wellperf_models.turnover.policy.model_course import fit_courses
from wellperf_models.turnover.policy.model_groups import change_of
from wellperf_models.turnover.policy.model_simulation import Arm, Draws, Parameters, simulate

OVERTIME, EXHAUSTION = 0, 1


@pytest.fixture(scope="module")
def world() -> tuple[Histories, Cohort]:
    frame, _ = make_frame()
    histories = build_histories(frame)
    return histories, take_cohort(histories, fit_courses(histories), (OVERTIME,), 12, 6)


def _parameters(
    histories: Histories, cohort: Cohort, *, mean: float, memory: float, sigma: float, slope: float
) -> Parameters:
    """Overtime moves by itself, exhaustion stands still, overtime alone makes people leave."""
    courses = []
    for k, sums in enumerate(cohort.sums):
        beta = np.zeros(sums.shape[1] - 1)
        if k == OVERTIME:
            beta[:2] = mean * (1 - memory), memory
        else:
            beta[1] = 1.0
        courses.append(RandomIntercept(beta=beta, sigma=sigma if k == OVERTIME else 1e-9, sigma_unit=1e-18))
    exits = np.zeros((1 + 4 * len(courses) + histories.base(np.array([0]), np.array([0])).shape[1], 1))
    exits[:2, 0] = np.log(0.02), slope
    return Parameters(
        courses=tuple(courses),
        entries=tuple(None for _ in courses),
        responses=tuple(None for _ in courses),
        exits=exits,
        weighted={},
    )


def _live(world: tuple[Histories, Cohort], parameters: Parameters, number: int, policy: Policy | None) -> Arm:
    histories, cohort = world
    draws = Draws.make(4, number, len(histories.dated), cohort)
    return simulate(
        histories, cohort, parameters, draws, np.full(cohort.size, 1 / cohort.size),
        changed=OVERTIME, change=None if policy is None else change_of(policy), weighting=None,
    )  # fmt: skip


@pytest.mark.parametrize("cap", [None, 22.0])
def test_exits_under_independent_normal_overtime_are_an_integral(
    world: tuple[Histories, Cohort], cap: float | None
) -> None:
    histories, cohort = world
    dated, mean, sigma, slope = histories.dated[OVERTIME], 2.0, 6.0, 0.05
    policy = None if cap is None else Policy(covariate="overtime", label="cap", cap=cap)

    def stays(hours: np.ndarray) -> np.ndarray:
        return np.exp(-0.02 * np.exp(slope * (hours - dated.centre)))

    z = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    hours = np.clip(dated.centre + mean + sigma * z, dated.floor, dated.high)
    if policy is not None:
        hours = change_of(policy)(hours)
    # the first month goes by what was lived before the policy
    expected = float(stays(cohort.memories[OVERTIME].last).mean() * stays(hours).mean() ** 11)
    parameters = _parameters(histories, cohort, mean=mean, memory=0.0, sigma=sigma, slope=slope)
    found = np.array([_live(world, parameters, number, policy).stay[-1] for number in range(8)])
    error = found.std(ddof=1) / np.sqrt(found.size)
    assert error < 0.001
    assert abs(found.mean() - expected) < 4 * error + 1e-5


@pytest.mark.parametrize(
    "policy",
    [
        Policy(covariate="overtime", label="less", reduce_by=3.0),
        Policy(covariate="overtime", label="cap", cap=24.0),
    ],
)
def test_a_policy_changes_what_would_have_come_about_after_it(
    world: tuple[Histories, Cohort], policy: Policy
) -> None:
    """Without noise: each month from the month before as lived under the policy."""
    histories, cohort = world
    dated, memory, mean = histories.dated[OVERTIME], 0.5, 1.5
    parameters = _parameters(histories, cohort, mean=mean, memory=memory, sigma=1e-9, slope=0.0)
    found = _live(world, parameters, 0, policy).course[:, OVERTIME]
    hours, expected = cohort.memories[OVERTIME].last, []
    change: Callable[[np.ndarray], np.ndarray] = change_of(policy)
    for _ in range(12):
        expected.append(hours.mean())
        natural = dated.centre + mean * (1 - memory) + memory * (hours - dated.centre)
        hours = change(np.clip(natural, dated.floor, dated.high))
    assert found == pytest.approx(expected, abs=1e-6)


def test_without_a_slope_nothing_is_gained_and_shares_add_up(world: tuple[Histories, Cohort]) -> None:
    histories, cohort = world
    parameters = _parameters(histories, cohort, mean=0.0, memory=0.3, sigma=5.0, slope=0.0)
    policy = Policy(covariate="overtime", label="less", reduce_by=10.0)
    natural, under = _live(world, parameters, 0, None), _live(world, parameters, 0, policy)
    assert under.stay == pytest.approx(natural.stay, abs=1e-14)
    assert natural.stay + natural.left.sum(axis=1) == pytest.approx(1.0)
    assert natural.stay == pytest.approx(np.exp(-0.02 * np.arange(13)))
    # exits spread over their month
    assert natural.months == pytest.approx((natural.stay[1:] + natural.stay[:-1]).sum() / 2)


def test_a_policy_on_arrays_is_the_policy_of_the_study() -> None:
    hours = np.array([-2.0, 0.0, 3.0, 15.0, 22.0, 40.0])
    for policy in (
        Policy(covariate="o", label="c", cap=20.0),
        Policy(covariate="o", label="r", reduce_by=10.0),
        Policy(covariate="o", label="r", reduce_by=10.0, floor=5.0),
    ):
        assert change_of(policy)(hours).tolist() == [policy(h) for h in hours]


def test_landmarks_leave_history_before_and_the_whole_horizon_after() -> None:
    assert landmarks_of(36, 12, 6) == (12, 18, 24)
    assert landmarks_of(30, 24, 6) == (6,)


def test_histories_remember_as_the_panel_knew(world: tuple[Histories, Cohort]) -> None:
    """The last value by month is the column of the panel; the fading mean is that of those before it."""
    histories, _ = world
    frame, _ = make_frame()
    assert frame.months is not None
    months = frame.months.drop_nulls("overtime")
    spell = months["spell"].to_numpy()
    month = ((months["period"].dt.year() - 2022) * 12 + months["period"].dt.month() - 1).to_numpy()
    codes = np.searchsorted(np.unique(frame.months["spell"].to_numpy()), spell)
    last = histories.features[OVERTIME][codes, month, 0] + histories.dated[OVERTIME].centre
    assert last == pytest.approx(months["overtime"].to_numpy())
    person = int(np.flatnonzero(histories.at_risk.all(axis=1))[0])
    values = histories.value[OVERTIME][person]
    values = values[np.isfinite(values)]
    mean = values[0]
    for n, value in enumerate(values[:-1], start=1):
        mean += max(0.25, 1 / n) * (value - mean)
    assert histories.memories[OVERTIME][-1].mean[person] == pytest.approx(mean)
