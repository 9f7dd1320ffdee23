"""The gate refuses what it should, and the same seed gives the same draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from wellperf_models.errors import ConvergenceError
from wellperf_models.inference.sampling import (
    CHAINS,
    Diagnostics,
    compile_once,
    diagnose,
    gate,
    sample,
)

GOOD = Diagnostics(r_hat=1.001, ess_bulk=4000.0, ess_tail=3000.0, n_divergences=0, worst="effect")


def _build():
    import pymc as pm

    with pm.Model() as model:
        mean, spread = pm.Data("mean", 0.0), pm.Data("spread", 1.0)
        pm.Normal("effect", mean, spread)
    return model


@pytest.fixture(scope="module")
def compiled():
    return compile_once(("test_normal",), _build)


def test_a_structure_is_compiled_once(compiled):
    def refuse():
        raise AssertionError("compiled twice")

    assert compile_once(("test_normal",), refuse) is compiled


def test_same_seed_same_draws_and_new_data_are_used(compiled):
    def run(seed: int, mean: float):
        return sample(
            compiled, {"mean": mean, "spread": 2.0}, reported=["effect"], seed=seed, where="t", draws=1000
        )

    one, same, other, moved = run(1, 0.0), run(1, 0.0), run(2, 0.0), run(1, 50.0)
    assert one.draws["effect"].shape == (CHAINS, 1000)
    assert np.array_equal(one.draws["effect"], same.draws["effect"])
    assert not np.array_equal(one.draws["effect"], other.draws["effect"])
    assert moved.draws["effect"].mean() == pytest.approx(50, abs=5 * moved.monte_carlo_error["effect"])
    assert moved.draws["effect"].std() == pytest.approx(2, rel=0.1)
    assert 0 < moved.monte_carlo_error["effect"] < 0.2
    # no draw in the repr
    assert repr(one) == "Sampled(effect; not released)"


def test_too_few_draws_are_refused(compiled):
    with pytest.raises(ConvergenceError, match="effective sample size") as error:
        sample(
            compiled,
            {"mean": 0.0, "spread": 1.0},
            reported=["effect"],
            seed=3,
            where="sick days",
            draws=40,
            tune=100,
        )
    assert error.value.where == "sick days"


def test_a_posterior_that_does_not_exist_is_no_number():
    """A flat likelihood and a flat prior: the sampler wanders, and the gate must say so."""
    import pymc as pm

    def build():
        with pm.Model() as model:
            a, b = pm.Flat("a"), pm.Flat("b")
            pm.Potential("only_the_sum", -0.5 * (a + b) ** 2)
        return model

    compiled = compile_once(("test_ridge",), build)
    with pytest.raises(ConvergenceError):
        sample(compiled, {}, reported=["a"], seed=1, where="t", draws=500, tune=300)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"r_hat": 1.02}, "R-hat of effect 1.020"),
        ({"r_hat": float("nan")}, "R-hat"),
        ({"ess_bulk": 399.0}, r"\(bulk\) 399"),
        ({"ess_tail": 120.0}, r"\(tail\) 120"),
        ({"ess_tail": float("nan")}, r"\(tail\)"),
        ({"n_divergences": 1}, "1 divergences"),
    ],
)
def test_the_gate_refuses_each_fault_and_names_it(change, word):
    gate(GOOD, where="t")
    with pytest.raises(ConvergenceError, match=word):
        gate(dataclasses.replace(GOOD, **change), where="t")


def test_diagnostics_see_chains_that_disagree_and_pass_those_that_do_not():
    rng = np.random.default_rng(0)
    clean = rng.normal(size=(CHAINS, 1000))
    gate(diagnose({"effect": clean}), where="t")
    apart = clean + np.array([0, 0, 0, 0.5])[:, None]
    found = diagnose({"effect": clean, "other": apart})
    assert found.worst == "other"
    assert found.r_hat > 1.01
    constant = diagnose({"effect": clean, "stuck": np.zeros((CHAINS, 1000))})
    with pytest.raises(ConvergenceError):
        gate(constant, where="t")
