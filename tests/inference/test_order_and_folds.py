"""Concordance with entry, folds, truncation, and the small formulas."""

from __future__ import annotations

import numpy as np
import pytest

from wellperf_models.errors import DesignError
from wellperf_models.inference.concordance import concordance
from wellperf_models.inference.folds import corrected_mean, grouped_folds
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.sensitivity import e_value_of_hazard_ratio
from wellperf_models.inference.truncation import assess_truncation


def by_pairs(
    entry: np.ndarray, exit: np.ndarray, event: np.ndarray, risk: np.ndarray
) -> tuple[int, int, int]:
    right = tied = pairs = 0
    for i in np.flatnonzero(event):
        for j in range(exit.size):
            same_event = event[j] and exit[j] == exit[i]
            if j == i or same_event or not entry[j] < exit[i] <= exit[j]:
                continue
            pairs += 1
            right += risk[i] > risk[j]
            tied += risk[i] == risk[j]
    return int(right), int(tied), pairs


@pytest.mark.parametrize("seed", range(5))
def test_concordance_counts_every_pair(seed: int) -> None:
    rng = np.random.default_rng(seed)
    entry = rng.integers(0, 6, 80).astype(float)
    exit = entry + rng.integers(1, 9, 80)
    event, risk = rng.uniform(size=80) < 0.5, rng.integers(0, 9, 80).astype(float)
    found = concordance(entry, exit, event, risk)
    assert (found.concordant, found.tied, found.pairs) == by_pairs(entry, exit, event, risk)
    strata = rng.integers(0, 2, 80)
    halves = [by_pairs(*(v[strata == s] for v in (entry, exit, event, risk))) for s in (0, 1)]
    found = concordance(entry, exit, event, risk, strata)
    assert (found.concordant, found.tied, found.pairs) == tuple(np.sum(halves, axis=0))


def test_concordance_as_in_lifelines_without_entry() -> None:
    from lifelines.utils import concordance_index

    rng = np.random.default_rng(1)
    exit, event, risk = rng.exponential(5, 300), rng.uniform(size=300) < 0.6, rng.normal(size=300)
    found = concordance(np.zeros(300), exit, event, risk)
    assert found.c == pytest.approx(concordance_index(exit, -risk, event), abs=1e-12)


def test_someone_not_yet_there_is_not_compared() -> None:
    entry, exit = np.array([0.0, 5.0]), np.array([3.0, 9.0])
    found = concordance(entry, exit, np.array([True, True]), np.array([1.0, 2.0]))
    assert found.pairs == 0
    assert np.isnan(found.c)


def test_folds_keep_groups_together_and_repeat_by_seed() -> None:
    groups = np.repeat(np.arange(40), np.arange(40) % 5 + 1)
    one = grouped_folds(groups, folds=5, repeats=4, seed=3)
    assert one.shape == (4, groups.size)
    for repeat in one:
        assert all(np.unique(repeat[groups == g]).size == 1 for g in range(40))
        sizes = np.bincount(repeat, minlength=5)
        assert sizes.max() - sizes.min() <= 5
    assert (grouped_folds(groups, folds=5, repeats=4, seed=3) == one).all()
    assert (grouped_folds(groups, folds=5, repeats=4, seed=4) != one).any()
    assert (one[0] != one[1]).any()
    with pytest.raises(DesignError, match="fewer groups"):
        grouped_folds(np.array([1, 1, 2]), folds=5, repeats=1, seed=1)


def test_the_interval_over_folds_is_the_corrected_one() -> None:
    scores = np.array([[0.6, 0.62], [0.58, 0.64]])
    found = corrected_mean(scores, folds=2)
    assert found.mean == pytest.approx(0.61)
    assert found.std_error == pytest.approx(np.sqrt(scores.var(ddof=1) * (1 / 4 + 1)))
    assert found.low == pytest.approx(0.61 - 3.182446305284263 * found.std_error)


def truncated(seed: int, *, dependent: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    entry = rng.uniform(0, 10, 500)
    rate = 0.15 * np.exp(0.08 * entry) if dependent else 0.15
    time = rng.exponential(1 / rate, 500)
    seen = time > entry
    censor = entry + rng.uniform(1, 6, 500)
    exit = np.minimum(time, censor)
    return entry[seen], exit[seen], (time <= censor)[seen].astype(int)


def test_truncation_test_holds_its_level_and_finds_dependence() -> None:
    clean = [assess_truncation(*truncated(s, dependent=False)) for s in range(300)]
    share = np.mean([t is not None and t.p_value < 0.05 for t in clean])
    # 99 % Monte Carlo interval around .05 for 300 worlds
    assert abs(share - 0.05) < 2.576 * np.sqrt(0.05 * 0.95 / 300)
    spoiled = [assess_truncation(*_strongly(s)) for s in range(60)]
    assert np.mean([t is not None and t.p_value < 0.05 for t in spoiled]) >= 0.9


def _strongly(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    entry = rng.uniform(0, 10, 600)
    # who enters late leaves soon after
    exit = entry + rng.exponential(np.where(entry > 5, 1.0, 6.0))
    return entry, exit, np.ones(600, dtype=int)


def test_truncation_tau_by_pairs() -> None:
    entry, exit, event = truncated(5, dependent=True)
    found = assess_truncation(entry, exit, event)
    assert found is not None
    signs = []
    for i in np.flatnonzero(event):
        for j in range(exit.size):
            if entry[j] < exit[i] <= exit[j] and entry[i] != entry[j]:
                signs.append(np.sign((entry[i] - entry[j]) * (exit[i] - exit[j])))
    assert found.n_pairs == len(signs)
    assert found.tau == pytest.approx(np.sum(signs) / len(signs))
    assert assess_truncation(np.zeros(5), np.arange(1.0, 6), np.ones(5, dtype=int)) is None


def test_holm_and_e_value() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([]) == ()
    # VanderWeele & Ding 2017: RR 3.9 gives 7.26
    assert e_value_of_hazard_ratio(3.9, rare=True) == pytest.approx(7.26, abs=0.005)
    assert e_value_of_hazard_ratio(1 / 3.9, rare=True) == pytest.approx(7.26, abs=0.005)
    ratio = (1 - 0.5 ** np.sqrt(2)) / (1 - 0.5 ** np.sqrt(0.5))
    assert e_value_of_hazard_ratio(2.0, rare=False) == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)))
    assert e_value_of_hazard_ratio(1.0, rare=True) == 1.0
