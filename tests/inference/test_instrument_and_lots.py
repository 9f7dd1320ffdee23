"""Two-stage least squares against its ratio and its formula; the randomisation test against brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.random import Generator

from wellperf_models.errors import DesignError
from wellperf_models.inference.instrument import two_stage
from wellperf_models.inference.least_squares import fit_wls
from wellperf_models.inference.randomisation import log_ways, randomisation_test
from wellperf_models.inference.risk_sets import Floats, Ints


@pytest.fixture
def rng() -> Generator:
    """Draws that do not depend on which other tests ran."""
    return np.random.default_rng(77)


def trial(
    rng: Generator, n: int = 400, strength: float = 0.6
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Outcome, covariate design, offer, receipt, weight; who is healthy rather takes part."""
    offer = (np.arange(n) % 2).astype(float)
    health = rng.normal(size=n)
    received = offer * (0.7 * health + rng.normal(size=n) > -math.log(strength / (1 - strength)))
    y = 2 * received - health + rng.normal(size=n)
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    return y, X, offer, received.astype(float), rng.uniform(0.5, 2, n)


def test_without_covariates_it_is_the_wald_ratio(rng: Generator) -> None:
    y, X, offer, received, w = trial(rng)
    fit = two_stage(y, X[:, :1], offer, received, w)

    def by_offer(values: Floats) -> float:
        means = [np.average(values[offer == k], weights=w[offer == k]) for k in (1, 0)]
        return float(means[0] - means[1])

    assert fit.beta == pytest.approx(by_offer(y) / by_offer(received), rel=1e-12)


def test_sandwich_and_covariates_as_in_the_books(rng: Generator) -> None:
    y, X, offer, received, w = trial(rng)
    fit = two_stage(y, X, offer, received, w)
    D, Z = np.column_stack([X, received]), np.column_stack([X, offer])
    inverse = np.linalg.inv(Z.T @ (w[:, None] * D))
    beta = inverse @ Z.T @ (w * y)
    score = Z * (w * (y - D @ beta))[:, None]
    covariance = inverse @ score.T @ score @ inverse.T
    assert fit.beta == pytest.approx(beta[-1], rel=1e-10)
    assert fit.std_error == pytest.approx(math.sqrt(covariance[-1, -1]), rel=1e-10)
    assert fit.df == math.inf
    first = fit_wls(received, Z, w)
    assert fit.first_stage == pytest.approx((first.beta[-1] / first.std_error[-1]) ** 2, rel=1e-10)
    cluster = np.arange(y.size) // 8
    grouped = two_stage(y, X, offer, received, w, cluster)
    sums = np.array([score[cluster == g].sum(axis=0) for g in range(50)])
    covariance = 50 / 49 * inverse @ sums.T @ sums @ inverse.T
    assert grouped.std_error == pytest.approx(math.sqrt(covariance[-1, -1]), rel=1e-10)
    assert grouped.df == 49


def test_anderson_rubin_ends_are_where_its_test_turns(rng: Generator) -> None:
    y, X, offer, received, w = trial(rng, n=160)
    fit = two_stage(y, X, offer, received, w)
    assert fit.likely is not None
    for end in fit.likely:
        reduced = fit_wls(y - end * received, np.column_stack([X, offer]), w)
        assert reduced.p_values[-1] == pytest.approx(0.05, abs=1e-9)
    assert fit.likely[0] < fit.beta < fit.likely[1]


def test_a_weak_offer_has_no_interval_with_ends(rng: Generator) -> None:
    n = 200
    offer, received = (np.arange(n) % 2).astype(float), (rng.uniform(size=n) < 0.5).astype(float)
    fit = two_stage(rng.normal(size=n), np.ones((n, 1)), offer, received, np.ones(n))
    assert fit.first_stage < 4
    assert fit.likely is None
    with pytest.raises(DesignError, match="did not change who took part"):
        two_stage(rng.normal(size=n), np.ones((n, 1)), offer, np.repeat([0.0, 1.0], n // 2), np.ones(n))


def clustered(rng: Generator, G: int = 6) -> tuple[Floats, Floats, Floats, Ints, Floats]:
    cluster = np.repeat(np.arange(G), rng.integers(4, 9, G))
    X = np.column_stack([np.ones(cluster.size), rng.normal(size=cluster.size)])
    treated = (cluster < G // 2).astype(float)
    y = rng.normal(size=cluster.size) + 0.8 * treated + 0.4 * rng.normal(size=G)[cluster]
    return y, X, treated, cluster, rng.uniform(0.5, 2, cluster.size)


def statistic(y: Floats, X: Floats, treated: Floats, cluster: Ints, w: Floats) -> float:
    """|coefficient| over its clustered error, from scratch."""
    F = np.column_stack([X, treated])
    inverse = np.linalg.inv(F.T @ (w[:, None] * F))
    beta = inverse @ F.T @ (w * y)
    score = F * (w * (y - F @ beta))[:, None]
    sums = np.array([score[cluster == g].sum(axis=0) for g in np.unique(cluster)])
    return float(abs(beta[-1]) / math.sqrt((inverse @ sums.T @ sums @ inverse)[-1, -1]))


def test_randomisation_p_approaches_the_exact_one(rng: Generator) -> None:
    y, X, treated, cluster, w = clustered(rng)
    observed = statistic(y, X, treated, cluster, w)
    every = [
        statistic(y, X, np.isin(cluster, chosen).astype(float), cluster, w)
        for chosen in itertools.combinations(range(6), 3)
    ]
    exact = np.mean(np.array(every) >= observed * (1 - 1e-9))
    p = randomisation_test(y, X, treated, cluster, w, n_permutations=4000, seed=1)
    assert abs(p - exact) < 4 * math.sqrt(exact * (1 - exact) / 4000)
    arm = np.array([1.0, 1, 1, 0, 0, 0])
    assert math.exp(log_ways(arm, np.zeros(6, np.int64))) == pytest.approx(20)


def test_lots_stay_in_their_blocks(rng: Generator) -> None:
    """One of six is treated in one block, five of six in a block of another level: 36 ways, not 924."""
    cluster = np.repeat(np.arange(12), 5)
    block = (cluster >= 6).astype(np.int64)
    treated = np.isin(cluster, [0, 6, 7, 8, 9, 10]).astype(float)
    y, one, w = 10.0 * block + rng.normal(size=60), np.ones((60, 1)), np.ones(60)
    assert math.exp(log_ways(treated[::5], block[::5])) == pytest.approx(36)
    observed = statistic(y, one, treated, cluster, w)
    every = [
        statistic(y, one, ((cluster == a) | ((cluster >= 6) & (cluster != b))).astype(float), cluster, w)
        for a in range(6)
        for b in range(6, 12)
    ]
    exact = np.mean(np.array(every) >= observed * (1 - 1e-9))
    p = randomisation_test(y, one, treated, cluster, w, block, n_permutations=4000, seed=2)
    assert abs(p - exact) < 4 * math.sqrt(exact * (1 - exact) / 4000)
    assert randomisation_test(y, one, treated, cluster, w, seed=2) < exact / 2


def test_it_is_reproducible_never_zero_and_refuses_nonsense(rng: Generator) -> None:
    y, X, treated, cluster, w = clustered(rng, 20)
    y = y + 50 * treated
    p = randomisation_test(y, X, treated, cluster, w, n_permutations=99, seed=3)
    assert p == randomisation_test(y, X, treated, cluster, w, n_permutations=99, seed=3) == 0.01
    with pytest.raises(DesignError, match="both arms"):
        randomisation_test(y, X, (np.arange(y.size) % 2).astype(float), cluster, w)
    with pytest.raises(DesignError, match="one way only"):
        randomisation_test(y, X, np.ones(y.size), cluster, w)
