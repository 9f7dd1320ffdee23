"""Kaplan–Meier and Aalen–Johansen: hand-made examples with entry and ties, lifelines without."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wellperf_models.errors import WellperfError
from wellperf_models.inference.aalen_johansen import fit_aalen_johansen
from wellperf_models.inference.kaplan_meier import fit_kaplan_meier, restricted_mean
from wellperf_models.inference.risk_sets import condition_on, identifiable_range, smallest_risk_set

# risk sets (entry < t ≤ exit): t=2: a b c = 3, one event; t=4: c d e = 3, two events (ties); t=5: f = 1
ENTRY = np.array([0.0, 0.0, 0.0, 2.0, 3.0, 4.0])
EXIT = np.array([2.0, 2.0, 4.0, 4.0, 4.0, 6.0])
EVENT = np.array([1, 0, 1, 2, 0, 1])


def simulated(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    time, censor = rng.exponential(12, n), rng.uniform(2, 30, n)
    cause = rng.integers(1, 4, n)
    return np.zeros(n), np.minimum(time, censor), np.where(time <= censor, cause, 0)


def test_hand_made_example_with_entry_and_ties() -> None:
    curve = fit_kaplan_meier(ENTRY, EXIT, EVENT)
    assert curve.times.tolist() == [2, 4, 6]
    assert curve.at_risk.tolist() == [3, 3, 1]
    assert curve.events.tolist() == [1, 2, 1]
    np.testing.assert_allclose(curve.survival, [2 / 3, 2 / 9, 0], rtol=1e-15)
    greenwood = 2 / 9 * math.sqrt(1 / (3 * 2) + 2 / (3 * 1))
    assert curve.std_error[1] == pytest.approx(greenwood, rel=1e-14)
    assert (curve.low <= curve.survival).all()
    assert (curve.survival <= curve.high).all()


def test_hand_made_cumulative_incidence() -> None:
    curves = fit_aalen_johansen(ENTRY, EXIT, EVENT, 2)
    # cause 1: 1/3 at 2; 2/3 · 1/3 at 4; 2/9 · 1 at 6. cause 2: 2/3 · 1/3 at 4
    np.testing.assert_allclose(curves.incidence[:, 0], [1 / 3, 5 / 9, 7 / 9], rtol=1e-14)
    np.testing.assert_allclose(curves.incidence[:, 1], [0, 2 / 9, 2 / 9], rtol=1e-14)
    np.testing.assert_allclose(curves.incidence.sum(axis=1) + curves.survival, 1, atol=1e-15)


def test_equal_to_lifelines_without_entry() -> None:
    from lifelines import KaplanMeierFitter

    entry, exit, event = simulated(3)
    exit = np.ceil(exit)  # ties
    mine = fit_kaplan_meier(entry, exit, event)
    theirs = KaplanMeierFitter().fit(exit, event > 0)
    expected = theirs.survival_function_at_times(mine.times).to_numpy()
    np.testing.assert_allclose(mine.survival, expected, atol=1e-8)
    band = theirs.confidence_interval_.loc[mine.times].to_numpy()
    inside = mine.survival > 0
    np.testing.assert_allclose(mine.low[inside], band[inside, 0], atol=1e-8)
    np.testing.assert_allclose(mine.high[inside], band[inside, 1], atol=1e-8)


@pytest.mark.parametrize("cause", [1, 2, 3])
def test_incidence_equal_to_lifelines_without_entry_and_ties(cause: int) -> None:
    from lifelines import AalenJohansenFitter

    entry, exit, event = simulated(5)
    mine = fit_aalen_johansen(entry, exit, event, 3)
    theirs = AalenJohansenFitter(calculate_variance=True).fit(exit, event, event_of_interest=cause)
    times = theirs.cumulative_density_.index.to_numpy()
    rows = np.searchsorted(times, mine.times, side="right") - 1
    expected = theirs.cumulative_density_.iloc[rows, 0].to_numpy()
    np.testing.assert_allclose(mine.incidence[:, cause - 1], expected, atol=1e-8)
    variance = theirs.variance_.to_numpy().ravel()[rows]
    np.testing.assert_allclose(mine.std_error[:, cause - 1] ** 2, variance, rtol=1e-8, atol=1e-12)


def test_one_cause_is_kaplan_meier_with_its_variance() -> None:
    rng = np.random.default_rng(11)
    entry = rng.uniform(0, 10, 300)
    exit = np.ceil(entry + rng.exponential(8, 300))
    event = (rng.uniform(size=300) < 0.6).astype(int)
    km = fit_kaplan_meier(entry, exit, event)
    aj = fit_aalen_johansen(entry, exit, event, 1)
    np.testing.assert_allclose(1 - aj.incidence[:, 0], km.survival, atol=1e-12)
    positive = km.survival > 1e-6
    np.testing.assert_allclose(aj.std_error[positive, 0], km.std_error[positive], rtol=1e-6, atol=1e-9)


def test_variance_of_the_incidence_is_that_of_repeated_samples() -> None:
    found, errors = [], []
    for seed in range(400):
        curves = fit_aalen_johansen(*simulated(seed, 150), 3)
        value, error, _, _ = curves.at(12.0, 2)
        found.append(value)
        errors.append(error)
    spread = float(np.std(found, ddof=1))
    # the standard deviation of 400 samples is itself known to about 3.5 %
    assert abs(np.sqrt(np.mean(np.square(errors))) / spread - 1) < 4 * 0.0355


def test_delayed_entry_is_respected() -> None:
    rng = np.random.default_rng(2)
    time, entry = rng.exponential(1 / 0.2, 40_000), rng.uniform(0, 6, 40_000)
    seen = time > entry
    exit = np.minimum(time[seen], 12.0)
    curve = fit_kaplan_meier(entry[seen], exit, (time[seen] <= 12).astype(int))
    for t in (1.0, 2.0, 4.0, 8.0):
        value, error, _, _ = curve.at(t)
        assert abs(value - math.exp(-0.2 * t)) < 4 * error


def test_restricted_mean_is_the_area_and_its_error_that_of_samples() -> None:
    curve = fit_kaplan_meier(ENTRY, EXIT, EVENT)
    area, _ = restricted_mean(curve, 0, 5)
    assert area == pytest.approx(2 * 1 + 2 * 2 / 3 + 1 * 2 / 9)
    found, errors = [], []
    for seed in range(400):
        value, error = restricted_mean(fit_kaplan_meier(*simulated(seed, 120)), 0, 15)
        found.append(value)
        errors.append(error)
    assert abs(np.sqrt(np.mean(np.square(errors))) / np.std(found, ddof=1) - 1) < 4 * 0.0355


def test_range_with_enough_people() -> None:
    entry, exit = np.array([0.0, *[3.0] * 12]), np.array([2.0, *range(4, 16)])
    event = np.ones(13, dtype=np.int64)
    # up to 2 one person is at risk, up to 3 nobody, up to 4 twelve; then eleven, ten, nine …
    assert identifiable_range(entry, exit, 10) == (3.0, 6.0)
    assert identifiable_range(entry, exit, 13) == (0.0, 0.0)
    assert smallest_risk_set(entry, exit, 3.0, 6.0) == 10
    assert smallest_risk_set(entry, exit, 2.0, 6.0) == 0
    assert smallest_risk_set(entry, exit, 3.0, 6.5) == 9
    assert smallest_risk_set(entry, exit, 3.0, 99.0) == 0
    moved, _, _, kept = condition_on(entry, exit, event, 2.0)
    assert kept.sum() == 12
    assert moved.min() == 3.0


def test_one_person_without_an_event_does_not_open_the_range() -> None:
    """Nobody leaves before 24, and one person is seen from hire on: that says nothing about staying."""
    entry = np.concatenate((np.linspace(24, 60, 400), [0.0]))
    exit = entry + np.random.default_rng(0).exponential(20, 401) + 1
    exit[-1] = 36.0
    start, _ = identifiable_range(entry, exit, 10)
    assert 24 < start < 26
    # everybody from hire on: from hire
    assert identifiable_range(np.zeros(401), exit, 10)[0] == 0.0


def test_a_spell_must_end_after_it_enters() -> None:
    with pytest.raises(WellperfError, match="after it enters"):
        fit_kaplan_meier(np.array([2.0]), np.array([2.0]), np.array([1]))
