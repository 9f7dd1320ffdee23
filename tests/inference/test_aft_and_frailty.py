"""Accelerated failure time against a direct optimisation and lifelines; frailty against integration and R."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import integrate, optimize, stats

from tests.recovery.few_clusters import simulate
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.aft import Shape, fit_aft
from wellperf_models.inference.frailty import FrailtyFit, _likelihood, _prepare, fit_frailty
from wellperf_models.inference.split_rows import split_rows

Floats = NDArray[np.float64]


def times(seed: int = 3, n: int = 900) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=n), rng.uniform(size=n) < 0.3]).astype(float)
    time = 10 * rng.weibull(1.4, n) * np.exp(X @ [0.3, -0.2])
    end, entry = rng.uniform(2, 25, n), np.where(rng.uniform(size=n) < 0.5, 0.0, rng.uniform(0, 6, n))
    seen = np.minimum(time, end) > entry
    return {
        "entry": entry[seen],
        "exit": np.minimum(time, end)[seen],
        "event": (time <= end)[seen],
        "X": X[seen],
    }


def _distribution(shape: Shape, intercept: Floats, scale: float) -> Any:
    family = stats.weibull_min if shape == "weibull" else stats.fisk
    return family(1 / scale, scale=np.exp(intercept))


def _direct(data: dict[str, Any], shape: Shape, exact: bool) -> tuple[Floats, Floats]:
    """(parameters, errors) from scipy's own distributions: intercept, β, log σ."""

    def loss(theta: Floats) -> float:
        # far from the maximum the search meets numbers that are none
        with np.errstate(all="ignore"):
            own = _distribution(shape, theta[0] + data["X"] @ theta[1:-1], np.exp(theta[-1]))
            inside = own.sf(data["entry"]) - own.sf(data["exit"])
            last = own.logpdf(data["exit"]) if exact else np.log(inside)
            told = np.where(data["event"], last, own.logsf(data["exit"])) - own.logsf(data["entry"])
        return -float(told.sum()) if np.isfinite(told).all() else 1e6

    begin = np.array([2.0, 0.1, 0.1, 0.1])
    near = optimize.minimize(loss, begin, method="Nelder-Mead")
    found = optimize.minimize(loss, near.x, method="BFGS", options={"gtol": 1e-5})
    step = 1e-4
    hessian = np.empty((4, 4))
    for i, j in np.ndindex(4, 4):
        a, b = np.eye(4)[i] * step, np.eye(4)[j] * step
        corners = (found.x + a + b, found.x + a - b, found.x - a + b, found.x - a - b)
        one, two, three, four = (loss(c) for c in corners)
        hessian[i, j] = (one - two - three + four) / (4 * step**2)
    return found.x, np.sqrt(np.diag(np.linalg.inv(hessian)))


@pytest.mark.parametrize("shape", ["weibull", "log_logistic"])
@pytest.mark.parametrize("exact", [True, False])
def test_as_in_a_direct_optimisation_with_entry(shape: Shape, exact: bool) -> None:
    data = times()
    if not exact:
        # months, so that an exit is known to lie in one
        data["entry"], data["exit"] = np.floor(data["entry"]), np.ceil(data["exit"])
    mine = fit_aft(**data, shape=shape, exact=exact)
    theirs, errors = _direct(data, shape, exact)
    ours = [*mine.intercepts, *mine.beta, np.log(mine.scale)]
    np.testing.assert_allclose(ours, theirs, atol=2e-4)
    np.testing.assert_allclose(mine.std_error, errors[1:3], rtol=2e-3)
    # from where it ends no step is left
    again = fit_aft(**data, shape=shape, exact=exact, start=np.append(mine.beta, np.log(mine.scale)))
    np.testing.assert_allclose(again.beta, mine.beta, atol=1e-7)


def test_as_in_lifelines_with_entry() -> None:
    from lifelines import WeibullAFTFitter

    data = times()
    frame = pd.DataFrame(data["X"], columns=["a", "b"])
    frame["exit"], frame["event"], frame["entry"] = data["exit"], data["event"].astype(int), data["entry"]
    theirs = WeibullAFTFitter().fit(frame, "exit", "event", entry_col="entry")
    mine = fit_aft(**data, shape="weibull")
    np.testing.assert_allclose(mine.beta, theirs.params_["lambda_"][["a", "b"]], atol=1e-5)
    np.testing.assert_allclose(
        mine.std_error, theirs.standard_errors_["lambda_"][["a", "b"]].to_numpy(), rtol=1e-4
    )
    assert mine.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-5)


def test_rows_cut_in_two_are_the_same_likelihood_and_strata_have_their_own_intercept() -> None:
    data = times()
    whole = fit_aft(**data, shape="log_logistic", cluster=np.arange(data["exit"].size))
    cut = split_rows(data["entry"], data["exit"], data["event"], np.array([3.0, 7.0]))
    parts = fit_aft(cut.start, cut.stop, cut.event, data["X"][cut.row], shape="log_logistic", cluster=cut.row)
    np.testing.assert_allclose(parts.beta, whole.beta, atol=1e-8)
    np.testing.assert_allclose(parts.std_error, whole.std_error, rtol=1e-6)
    stratum = (data["X"][:, 1] == 1).astype(np.int64)
    own = fit_aft(
        data["entry"], data["exit"], data["event"], data["X"][:, :1], shape="weibull", stratum=stratum
    )
    both = fit_aft(**data, shape="weibull")
    np.testing.assert_allclose(own.beta, both.beta[:1], atol=1e-7)
    assert own.intercepts[1] - own.intercepts[0] == pytest.approx(both.beta[1], abs=1e-7)


def test_what_has_no_estimate_says_so() -> None:
    data = times(n=80)
    with pytest.raises(DesignError, match="no events"):
        fit_aft(**(data | {"event": np.zeros(data["exit"].size, bool)}), shape="weibull")
    with pytest.raises(DesignError, match="does not vary"):
        fit_aft(**(data | {"X": np.ones((data["exit"].size, 1))}), shape="weibull")
    with pytest.raises((ConvergenceError, DesignError)):
        fit_aft(**(data | {"X": data["event"][:, None].astype(float)}), shape="weibull")
    with pytest.raises(DesignError, match="two clusters"):
        fit_frailty(
            np.zeros(9, np.int64), np.ones(9), np.ones(9), np.arange(9.0)[:, None], np.zeros(9, np.int64)
        )


def _frailty(world: Any, edges: Floats) -> FrailtyFit:
    cut = split_rows(world.entry, world.exit, world.event, edges)
    return fit_frailty(
        cut.band, cut.stop - cut.start, cut.event.astype(float), world.X[cut.row], world.team[cut.row]
    )


def test_the_frailty_is_integrated_out() -> None:
    """Against numerical integration over the gamma density, cluster by cluster; and its derivatives."""
    world = simulate(1, 6, 20)
    cut = split_rows(world.entry, world.exit, world.event, np.array([12.0, 24.0]))
    cells, _ = _prepare(
        cut.band, cut.stop - cut.start, cut.event.astype(float), world.X[cut.row], world.team[cut.row]
    )
    theta, variance = np.array([-4.1, -4.0, -3.8, 0.2, 0.1]), 0.4
    value, score, information = _likelihood(cells, theta, variance)
    eta = theta[cells.band] + cells.Z @ theta[3:]
    expected = 0.0
    for g in range(6):
        own = cells.cluster == g
        total, events = float((cells.exposure * np.exp(eta))[own].sum()), float(cells.event[own].sum())

        def density(v: float, total: float = total, events: float = events) -> float:
            return float(v**events * np.exp(-v * total) * stats.gamma.pdf(v, 1 / variance, scale=variance))

        expected += np.log(integrate.quad(density, 0, 12, epsabs=0)[0]) + float(
            (cells.event * eta)[own].sum()
        )
    assert value == pytest.approx(expected, abs=1e-7)
    moved = [_likelihood(cells, theta + step, variance) for step in 1e-5 * np.eye(5)]
    np.testing.assert_allclose([(m[0] - value) / 1e-5 for m in moved], score, atol=2e-3)
    np.testing.assert_allclose([(score - m[1]) / 1e-5 for m in moved], information, rtol=1e-3, atol=2e-3)


def test_as_in_r() -> None:
    """R 4, survival: coxph(Surv(entry, exit, event) ~ x1 + x2 + frailty(team, "gamma"), ties = "breslow").

    Its baseline has a jump at each month, so bands are single months; data: 60 teams, frailty variance .4.
    """
    world = simulate(5, 60, 50, 0.4)
    fit = _frailty(world, np.unique(world.exit[world.event])[:-1])
    assert fit.variance == pytest.approx(0.3154, abs=5e-4)
    np.testing.assert_allclose(fit.beta, [0.4865, 0.3593], atol=5e-4)


def test_the_variance_is_found_where_there_is_one_and_not_where_there_is_none() -> None:
    edges = np.array([6.0, 12.0, 24.0, 36.0])
    held = []
    for seed in range(12):
        fit = _frailty(simulate(seed, 40, 30, 0.3), edges)
        held.append(fit.variance_low <= 0.3 <= fit.variance_high)
        assert fit.p_value < 0.05
        # what shrank comes back: towards the ratio given the frailty
        assert fit.variance > 0
    assert stats.binomtest(sum(held), 12, 0.95).pvalue > 0.01
    none = [_frailty(simulate(seed, 40, 30, 1e-9), edges) for seed in range(12)]
    assert sum(f.p_value < 0.05 for f in none) <= 3
    assert all(f.variance_high < 0.3 for f in none)
    alone = [f for f in none if f.variance == 0]
    assert alone
    for fit in alone:
        assert (fit.variance_low, fit.p_value) == (0.0, 1.0)
        np.testing.assert_array_equal(fit.beta, fit.without)


def test_rows_are_cut_at_edges_and_nothing_is_lost() -> None:
    entry, exit = np.array([0.0, 5.0, 12.0]), np.array([12.0, 30.0, 13.0])
    cut = split_rows(entry, exit, np.array([True, False, True]), np.array([12.0, 24.0]))
    assert cut.row.tolist() == [0, 1, 1, 1, 2]
    assert cut.band.tolist() == [0, 0, 1, 2, 1]
    assert cut.start.tolist() == [0, 5, 12, 24, 12]
    assert cut.stop.tolist() == [12, 12, 24, 30, 13]
    assert cut.event.tolist() == [True, False, False, False, True]
