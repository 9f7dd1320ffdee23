"""Kinds of people are found where there are some, and not where a continuum is cut off or bends."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.latent_profiles import entropy_of, fit_profiles

ROOT = np.linalg.cholesky(np.array([[1, 0.6, -0.4], [0.6, 1, -0.4], [-0.4, -0.4, 1]]))
WORLDS = 10


def scales(seed: int, *, apart: float = 0.0, n: int = 400, centre: float = 2.3) -> NDArray[np.float64]:
    """Three scales from 0 to 6 that go together; three people in ten are another kind."""
    rng = np.random.default_rng(seed)
    other = rng.random(n) < 0.3
    shift = other[:, None] * apart * np.array([1.0, 0.8, -0.6])
    raw = (
        np.array([centre, 1.9, 4.2]) + (1.1 if not apart else 0.7) * rng.normal(size=(n, 3)) @ ROOT.T + shift
    )
    return np.clip(np.round(raw * 5) / 5, 0, 6)


def test_a_continuum_is_one_kind_and_two_kinds_are_two() -> None:
    clean = [fit_profiles(scales(s), most=2, seed=1).number for s in range(WORLDS)]
    assert clean.count(1) >= 0.9 * WORLDS
    parted = [fit_profiles(scales(s, apart=2.2), most=2, seed=1).number for s in range(WORLDS)]
    assert sum(number > 1 for number in parted) >= 0.9 * WORLDS


def test_the_kinds_found_are_those_made() -> None:
    found = fit_profiles(scales(3, apart=2.5, n=1500), most=2, seed=1)
    assert found.number == 2
    np.testing.assert_allclose(found.means[0], [2.3, 1.9, 4.2], atol=0.2)
    np.testing.assert_allclose(found.means[1], [4.8, 3.9, 2.7], atol=0.3)
    assert found.smallest_share == pytest.approx(0.3, abs=0.05)
    assert found.entropy is not None
    assert found.entropy > 0.7
    again = fit_profiles(scales(3, apart=2.5, n=1500), most=2, seed=1)
    assert np.array_equal(again.assigned, found.assigned)


def test_entropy_by_hand() -> None:
    assert entropy_of(np.array([[1.0, 0.0], [0.0, 1.0]])) == 1
    assert entropy_of(np.full((4, 2), 0.5)) == pytest.approx(0)
    p = np.array([[0.9, 0.1]])
    assert entropy_of(p) == pytest.approx(1 + (0.9 * np.log(0.9) + 0.1 * np.log(0.1)) / np.log(2))


def test_scales_cut_off_and_few_people_are_refused() -> None:
    with pytest.raises(DesignError, match="one end of a scale"):
        fit_profiles(scales(0, centre=0.6), most=3, seed=1)
    with pytest.raises(DesignError, match="Too few people"):
        fit_profiles(scales(0, n=80), most=3, seed=1)
