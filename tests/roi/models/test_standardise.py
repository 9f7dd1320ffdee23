"""Effects on the outcome's scale are those of every person computed one by one; draws are weighed rightly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.roi.models.made import rows_of
from wellperf_models.inference.known_estimate import draw_known
from wellperf_models.inference.sampling import Diagnostics
from wellperf_models.roi.models.fit import Fitted, _systematic, _weighed
from wellperf_models.roi.models.prepare import prepare
from wellperf_models.roi.models.standardise import means_of, patterns_of


def _direct(prepared, p, arm, rng) -> float:
    """Mean outcome of everybody in an arm, cluster effects drawn a million times."""
    s, units = prepared.structure, prepared.units
    x = units.X @ p["slopes_first"][0]
    z1, z2 = rng.normal(size=(2, 4_000)) if s.n_clusters else np.zeros((2, 1))
    u1 = p["spread_first"][0, arm] * z1 - p["spread_first"][0, arm] ** 2 / 2 if s.n_clusters else 0 * z1
    first = p["level_first"][0] + arm * p["effect_first"][0] + x[:, None] + u1[None, :]
    if s.likelihood == "count":
        return float(np.exp(first).mean())
    value = 1 - np.exp(-np.exp(first))
    if s.likelihood == "hurdle":
        w, lean = (p["spread_second"][0, arm], p["lean"][0]) if s.n_clusters else (0.0, 0.0)
        u2 = w * (lean * z1 + np.sqrt(1 - lean**2) * z2) - w**2 / 2
        second = p["level_second"][0] + arm * p["effect_second"][0] + units.X @ p["slopes_second"][0]
        value = value * np.exp(second[:, None] + u2[None, :])
    return float(value.mean())


@pytest.mark.parametrize("clusters", [0, 20])
@pytest.mark.parametrize("likelihood", ["hazard", "count", "hurdle"])
@pytest.mark.parametrize("many", [False, True])
def test_the_mean_of_an_arm_is_that_of_its_people_one_by_one(likelihood, clusters, many):
    rng = np.random.default_rng(4)
    # more patterns than are kept apart: people with nearly the same predictor go together
    X = rng.normal(size=(900, 1)) if many else None
    more = {} if X is None else {"X": X - X.mean(axis=0)}
    prepared = prepare(rows_of(likelihood, n=900, clusters=clusters, **more), likelihood, 1)
    p = {"level_first": [-1.0], "effect_first": [0.4], "slopes_first": [[0.5]]}
    p |= {"level_second": [1.0], "effect_second": [-0.2], "slopes_second": [[0.3]]}
    p |= {"spread_first": [[0.5, 0.3]], "spread_second": [[0.4, 0.6]], "lean": [0.7]}
    p = {name: np.array(value) for name, value in p.items()}
    found = means_of(prepared.structure, p, patterns_of(prepared.units, p, prepared.structure))
    for arm in (0, 1):
        direct = _direct(prepared, p, arm, np.random.default_rng(8))
        assert found[arm][0] == pytest.approx(direct, rel=0.04 if clusters else 2e-3 if many else 1e-12)


def test_weighed_draws_are_those_of_the_two_normals():
    rng = np.random.default_rng(2)
    contrast = 0.1 + 0.2 * rng.normal(size=20_000)
    flat = Fitted(
        parameters={"contrast": contrast},
        control=np.ones((4, 5_000)),
        treated=1 + contrast.reshape(4, 5_000),
        diagnostics=Diagnostics(r_hat=1.0, ess_bulk=20_000, ess_tail=20_000, n_divergences=0),
    )
    found = _weighed(flat, -0.02, 0.08**-2, where="test")
    precision = 0.2**-2 + 0.08**-2
    mean = (0.1 * 0.2**-2 - 0.02 * 0.08**-2) / precision
    assert found.effect.mean() == pytest.approx(mean, abs=4 * precision**-0.5 / np.sqrt(5_000))
    assert found.effect.std() == pytest.approx(precision**-0.5, rel=0.04)
    # what repeats counts as one
    assert found.diagnostics.ess_bulk < 15_000
    # a prior the draws hardly reach is no matter of weights
    assert _weighed(flat, -2.0, 0.08**-2, where="test") is None


def test_places_are_as_many_as_their_weights_ask_chain_by_chain():
    places = _systematic(np.array([[1.0, 0.0, 3.0, 0.0], [1.0, 1.0, 1.0, 1.0]]))
    assert places.tolist() == [0, 2, 2, 2, 4, 5, 6, 7]


@pytest.mark.parametrize("df", [4.0, np.inf])
def test_a_known_estimate_is_drawn_from_its_own_density(df):
    flat = draw_known(df, prior_mean=0.0, prior_precision=0.0, shape=(4, 5_000), seed=1)
    assert stats.kstest(flat.ravel(), "norm" if np.isinf(df) else stats.t(df).cdf).pvalue > 0.001
    drawn = draw_known(df, prior_mean=-1.5, prior_precision=4.0, shape=(4, 5_000), seed=1).ravel()
    x = np.linspace(-8, 8, 200_001)
    density = np.exp(-2 * (x + 1.5) ** 2) * (stats.norm.pdf(x) if np.isinf(df) else stats.t.pdf(x, df))
    density /= density.sum()
    mean = float(density @ x)
    spread = float(np.sqrt(density @ (x - mean) ** 2))
    assert drawn.mean() == pytest.approx(mean, abs=4 * spread / np.sqrt(20_000))
    assert drawn.std() == pytest.approx(spread, rel=0.03)
