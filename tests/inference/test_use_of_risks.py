"""Net benefit, calibration error, conformal intervals, ceiling, differences of groups: by another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, ndtr

from wellperf_models.errors import DesignError
from wellperf_models.inference.auc import auc
from wellperf_models.inference.calibration_error import calibration_error
from wellperf_models.inference.classification_ceiling import ceiling_auc, error_of_measurement
from wellperf_models.inference.conformal import half_width
from wellperf_models.inference.heterogeneity import differences
from wellperf_models.inference.net_benefit import net_benefit, treat_all

_WORLDS = 80


def test_net_benefit_is_that_of_vickers_and_elkin() -> None:
    rng = np.random.default_rng(0)
    risk = rng.uniform(size=500).round(2)
    case = rng.uniform(size=500) < risk
    for t in (0.1, 0.25, 0.5, 0.83):
        true = sum(1 for c, r in zip(case, risk, strict=True) if r >= t and c)
        false = sum(1 for c, r in zip(case, risk, strict=True) if r >= t and not c)
        published = true / 500 - false / 500 * (t / (1 - t))
        assert net_benefit(case, risk, t).mean() == pytest.approx(published, abs=1e-14)
        share = case.mean()
        assert treat_all(case, t).mean() == pytest.approx(share - (1 - share) * t / (1 - t), abs=1e-14)
        assert net_benefit(case, np.ones(500), t).mean() == pytest.approx(
            treat_all(case, t).mean(), abs=1e-14
        )
        assert net_benefit(case, np.zeros(500), t).mean() == 0


def test_a_risk_at_the_threshold_is_acted_on() -> None:
    # by hand: two acted on, one a case, at .2 a needless action costs a quarter
    case, risk = np.array([True, False, True]), np.array([0.2, 0.3, 0.19])
    assert net_benefit(case, risk, 0.2).tolist() == [1.0, -0.25, 0.0]


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.2, 1.4])
def test_no_risk_to_act_at(threshold: float) -> None:
    with pytest.raises(DesignError, match="between 0 and 1"):
        net_benefit(np.array([True]), np.array([0.5]), threshold)


def _world(seed: int, bend: float, shift: float) -> tuple[np.ndarray, ...]:
    """Clustered cases whose log odds are `shift` + `bend` × those predicted."""
    rng = np.random.default_rng(seed)
    eta = rng.normal(-1.5, 1.0, 1_000)
    cluster = np.repeat(np.arange(100), 10)
    together = math.sqrt(0.1) * rng.normal(size=100)[cluster] + math.sqrt(0.9) * rng.normal(size=1_000)
    case = ndtr(together) < expit(shift + bend * eta)
    group = np.searchsorted(np.quantile(eta, np.arange(1, 10) / 10), eta)
    right = expit(shift + bend * eta) - expit(eta)
    sizes = np.bincount(group)
    truth = float(np.abs(np.bincount(group, right)).sum() / sizes.sum())
    return case, expit(eta), cluster, group, np.array(truth)


def test_the_plug_in_is_the_weighted_distance() -> None:
    case, risk, cluster, group, _ = _world(3, 0.6, 0.2)
    found = calibration_error(case, risk, cluster, group, seed=1)
    total = 0.0
    for g in range(10):
        own = group == g
        total += own.mean() * abs(case[own].mean() - risk[own].mean())
    assert found.plug_in == pytest.approx(total, abs=1e-14)
    assert found.error.low <= found.error.value <= found.error.high
    # all risks are off in one direction here: none of the distance is chance
    assert found.error.value == pytest.approx(abs(case.mean() - risk.mean()), abs=1e-14)
    either = calibration_error(*_world(3, 0.6, 0.0)[:4], seed=1)
    assert either.error.value < either.plug_in
    again = calibration_error(case, risk, cluster, group, seed=1)
    assert (again.error.low, again.error.high) == (found.error.low, found.error.high)


@pytest.mark.parametrize(("bend", "shift"), [(1.0, 0.0), (0.5, 0.0), (1.0, 0.8)])
def test_the_error_is_covered_and_chance_is_told_from_it(bend: float, shift: float) -> None:
    covered, fired, plug, corrected, truths = 0, 0, [], [], []
    for seed in range(_WORLDS):
        *rows, truth = _world(seed, bend, shift)
        found = calibration_error(*rows, seed=seed)
        covered += found.error.low <= truth <= found.error.high
        fired += found.error.low > 0
        plug.append(found.plug_in)
        corrected.append(found.error.value)
        truths.append(float(truth))
    # never less than 95 %, up to Monte Carlo error: the interval is made to be cautious
    assert stats.binomtest(covered, _WORLDS, 0.95, alternative="less").pvalue > 0.01
    clean = (bend, shift) == (1.0, 0.0)
    assert fired <= 0.1 * _WORLDS if clean else fired >= 0.9 * _WORLDS
    # what is told is nearer the truth than the plug-in, which chance lifts
    assert abs(np.mean(corrected) - np.mean(truths)) < abs(np.mean(plug) - np.mean(truths)) + 0.002
    assert np.mean(plug) > np.mean(truths)


def _shifted(seed: int, shift: float) -> tuple[np.ndarray, ...]:
    """Independent cases whose log odds are all higher than predicted by the same."""
    rng = np.random.default_rng(seed)
    eta = rng.normal(-1, 1, 800)
    right = expit(eta + shift)
    group = np.argsort(np.argsort(eta)) * 10 // 800
    return rng.uniform(size=800) < right, expit(eta), np.arange(800), group, (right - expit(eta)).mean()


@pytest.mark.parametrize("shift", [0.2, 0.4])
def test_a_level_that_is_off_is_not_told_too_low(shift: float) -> None:
    worlds = 160
    above, errors = 0, []
    for seed in range(worlds):
        *rows, truth = _shifted(seed, shift)
        found = calibration_error(*rows, seed=seed)
        above += found.error.high < truth
        errors.append(found.error.value - float(truth))
    # one end of a 95 % interval
    assert stats.binomtest(above, worlds, 0.025, alternative="greater").pvalue > 0.01
    half = stats.t.ppf(0.995, worlds - 1) * np.std(errors, ddof=1) / math.sqrt(worlds)
    assert np.mean(errors) > -half


def test_one_cluster_has_no_interval() -> None:
    case, risk, cluster, group, _ = _world(3, 1.0, 0.0)
    with pytest.raises(DesignError, match="two clusters"):
        calibration_error(case, risk, np.zeros_like(cluster), group, seed=1)


def test_half_width_by_hand() -> None:
    # nine people, one answer each: the (9 + 1) · .8 = 8th smallest distance
    assert half_width(np.arange(9.0, 0, -1), np.arange(9), 0.8) == 8.0
    # one of four people answered three times, each a third of one: weights 1/3, 1/3, 1/3, 1, 1, 1
    distance, person = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.array([0, 0, 0, 1, 2, 3])
    assert half_width(distance, person, 0.5) == 5.0
    assert half_width(distance, person, 0.4) == 4.0
    with pytest.raises(DesignError, match="Too few people"):
        half_width(np.arange(3.0), np.arange(3), 0.8)


def test_intervals_hold_what_they_promise_to_new_people() -> None:
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(600):
        n = rng.integers(1, 6, 41)
        person = np.repeat(np.arange(41), n)
        # people differ in how far off they are, and who answers often is less so
        off = np.abs(rng.standard_t(4, person.size)) * (rng.gamma(2, 1, 41) / n)[person]
        held = person < 40
        width = half_width(off[held], person[held], 0.8)
        inside.append(rng.choice(off[~held]) <= width)
    assert stats.binomtest(int(sum(inside)), 600, 0.8).pvalue > 0.01


@pytest.mark.parametrize(("reliability", "share"), [(0.9, 0.1), (0.8, 0.25), (0.5, 0.5)])
def test_the_ceiling_is_that_of_simulated_true_scores(reliability: float, share: float) -> None:
    rng = np.random.default_rng(7)
    n = 400_000
    true = math.sqrt(reliability) * rng.normal(size=n)
    case = true + math.sqrt(1 - reliability) * rng.normal(size=n) >= stats.norm.isf(share)
    # standard error of an AUC of so many: below .0008
    assert ceiling_auc(reliability, share) == pytest.approx(auc(case, true), abs=0.002)


def test_the_ceiling_agrees_with_the_published_approximation() -> None:
    for h2, k in ((0.5, 0.1), (0.4, 0.3), (0.2, 0.05)):
        cut = stats.norm.isf(k)
        i = stats.norm.pdf(cut) / k
        v = -i * k / (1 - k)
        within = (1 - h2 * i * (i - cut)) + (1 - h2 * v * (v - cut))
        wray = stats.norm.cdf((i - v) * h2 / math.sqrt(h2 * within))
        assert ceiling_auc(h2, k) == pytest.approx(wray, abs=0.012)


def test_the_ceiling_has_the_right_ends() -> None:
    assert ceiling_auc(1.0, 0.3) == 1.0
    assert ceiling_auc(0.999999, 0.3) == pytest.approx(1.0, abs=1e-3)
    assert ceiling_auc(1e-6, 0.3) == pytest.approx(0.5, abs=1e-3)
    assert np.all(np.diff([ceiling_auc(r, 0.2) for r in (0.2, 0.4, 0.6, 0.8, 0.95)]) > 0)
    for reliability, share in ((0.0, 0.5), (1.2, 0.5), (0.8, 0.0), (0.8, 1.0)):
        with pytest.raises(DesignError, match="ceiling"):
            ceiling_auc(reliability, share)
    assert error_of_measurement(1.5, 0.84) == pytest.approx(0.6)


def test_differences_of_groups_are_found_and_chance_is_not() -> None:
    rng = np.random.default_rng(9)
    errors = np.array([0.02, 0.03, 0.05, 0.03, 0.02, 0.04])
    alarms, named = 0, 0
    for _ in range(400):
        found = differences(rng.normal(0.7, errors), errors)
        assert found is not None
        alarms += found.p_value < 0.05
        named += bool(found.apart.any())
    assert stats.binomtest(alarms, 400, 0.05).pvalue > 0.01
    assert stats.binomtest(named, 400, 0.05, alternative="greater").pvalue > 0.01
    fired = 0
    for _ in range(200):
        values = rng.normal(0.7, errors)
        values[3] -= 0.16
        found = differences(values, errors)
        assert found is not None
        fired += found.p_value < 0.05 and found.apart.tolist() == [0, 0, 0, -1, 0, 0]
    assert fired >= 0.9 * 200


def test_differences_of_two_groups_are_a_z_test() -> None:
    found = differences(np.array([0.6, 0.7]), np.array([0.03, 0.04]))
    assert found is not None
    assert found.p_value == pytest.approx(2 * stats.norm.sf(2.0))
    assert found.apart.tolist() == [-1, 1]
    assert differences(np.array([0.6]), np.array([0.03])) is None
