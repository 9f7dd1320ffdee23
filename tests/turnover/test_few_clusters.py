"""Errors of hazard ratios with few clusters: what the jackknife is, when it is used, and that it covers.

The coverage is a short form of `python -m tests.recovery.few_clusters` (tests/recovery/FEW_CLUSTERS.md).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.recovery.few_clusters import TARGET, simulate
from tests.turnover.builders import FakeTables, make_frames, make_study, make_tables
from wellperf_models.errors import DesignError
from wellperf_models.inference.cox import fit_cox
from wellperf_models.inference.hazard import fit_hazard
from wellperf_models.inference.jackknife import FEW_CLUSTERS, cluster_jackknife
from wellperf_models.turnover import (
    build_frame,
    check_cox,
    fit_cox as fit_turnover_cox,
    fit_hazard as hazard_of,
)

WORLDS = 60


def test_it_is_the_formula_of_linear_models() -> None:
    """There β_(g) − β = −(XᵀX)⁻¹ X_gᵀ (I − H_gg)⁻¹ e_g (Bell & McCaffrey 2002): CR3 times (G − 1)/G."""
    rng = np.random.default_rng(0)
    X, cluster = np.column_stack([np.ones(60), rng.normal(size=60)]), np.arange(60) % 7
    y = X @ [1.0, 2.0] + rng.normal(size=7)[cluster] + rng.normal(size=60)
    beta = np.linalg.lstsq(X, y)[0]
    found = cluster_jackknife(lambda kept: np.linalg.lstsq(X[kept], y[kept])[0], beta, cluster)
    inverse, residual = np.linalg.inv(X.T @ X), y - X @ beta
    expected = np.zeros((2, 2))
    for g in range(7):
        own = cluster == g
        hat = X[own] @ inverse @ X[own].T
        move = inverse @ X[own].T @ np.linalg.solve(np.eye(int(own.sum())) - hat, residual[own])
        expected += np.outer(move, move) * 6 / 7
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_refits_do_not_depend_on_where_they_begin() -> None:
    world = simulate(3, 12)
    kept = world.team != 4
    rows = world.entry[kept], world.exit[kept], world.event[kept], world.X[kept]
    whole = fit_cox(world.entry, world.exit, world.event, world.X)
    np.testing.assert_allclose(fit_cox(*rows, start=whole.beta).beta, fit_cox(*rows).beta, atol=1e-8)
    month = np.floor(world.exit[kept] / 6).astype(np.int64)
    cells = month, np.full(month.size, 6.0), world.event[kept].astype(float), world.X[kept]
    far = fit_hazard(*cells, start=np.array([1.0, -1.0]))
    np.testing.assert_allclose(far.beta, fit_hazard(*cells).beta, atol=1e-7)


def test_the_jackknife_covers_where_the_sandwich_does_not() -> None:
    hits = {"sandwich": 0, "jackknife": 0}
    quantile = stats.t.ppf(0.975, 11)
    for seed in range(WORLDS):
        world = simulate(seed, 12)
        fit = fit_cox(world.entry, world.exit, world.event, world.X, cluster=world.team)

        def refit(kept: np.ndarray, world=world, fit=fit) -> np.ndarray:
            rows = world.entry[kept], world.exit[kept], world.event[kept], world.X[kept]
            return fit_cox(*rows, start=fit.beta).beta

        found = {"jackknife": np.sqrt(np.diag(cluster_jackknife(refit, fit.beta, world.team)))}
        found["sandwich"] = fit.std_error
        for name, error in found.items():
            hits[name] += bool(abs(fit.beta[0] - TARGET[0]) <= quantile * error[0])
    assert stats.binomtest(hits["jackknife"], WORLDS, 0.95).pvalue > 0.01
    assert stats.binomtest(hits["sandwich"], WORLDS, 0.95, alternative="less").pvalue < 0.01


def _with_departments(number: int) -> FakeTables:
    import polars as pl

    frames = make_frames(seed=1)
    names = [f"d{i % number:02d}" for i in range(frames["assignments"].height)]
    frames["assignments"] = frames["assignments"].with_columns(pl.Series("department", names))
    return FakeTables(make_study(cluster="department", group_by=None), frames)


@pytest.mark.parametrize(("number", "errors", "passed"), [(5, "jackknife", False), (12, "jackknife", True)])
def test_below_forty_clusters_errors_are_the_jackknife_s(number: int, errors: str, passed: bool) -> None:
    tables = _with_departments(number)
    frame, section = build_frame(tables), tables.study.turnover
    cox, hazard = fit_turnover_cox(frame, section), hazard_of(frame, section)
    assert (cox.errors, hazard.errors) == (errors, errors)
    assert cox.fit.n_clusters == number
    assert frame.rows is not None
    rows = frame.rows
    plain = fit_cox(rows.entry, rows.exit, rows.event == 1, rows.design.X, cluster=rows.cluster)
    np.testing.assert_allclose(cox.fit.beta, plain.beta)
    assert not np.allclose(cox.fit.std_error, plain.std_error, rtol=0.01)
    checks = {c.name: c for c in check_cox(frame, cox)}
    assert checks["number_of_clusters"].passed is passed
    assert "made for few clusters" in checks["number_of_clusters"].text


def test_from_forty_clusters_on_nothing_changes() -> None:
    tables = make_tables(seed=1, cluster="team")
    frame, section = build_frame(tables), tables.study.turnover
    cox = fit_turnover_cox(frame, section)
    assert cox.fit.n_clusters is not None
    assert cox.fit.n_clusters >= FEW_CLUSTERS
    assert cox.errors == "sandwich"
    assert frame.rows is not None
    rows = frame.rows
    plain = fit_cox(
        rows.entry, rows.exit, rows.event == 1, rows.design.X, cluster=rows.cluster, names=rows.design.names
    )
    assert cox.fit.std_error.tolist() == plain.std_error.tolist()


def test_a_coefficient_that_rests_on_one_cluster_keeps_the_sandwich_and_fails_the_check() -> None:
    rng = np.random.default_rng(0)
    exit, cluster = rng.exponential(5, 80), np.arange(80) % 8
    X = (cluster == 3).astype(float)[:, None]
    event, entry = np.ones(80, bool), np.zeros(80)
    fit = fit_cox(entry, exit, event, X, cluster=cluster)

    def refit(kept: np.ndarray) -> np.ndarray:
        return fit_cox(entry[kept], exit[kept], event[kept], X[kept]).beta

    with pytest.raises(DesignError, match="rests on it alone"):
        cluster_jackknife(refit, fit.beta, cluster)
    from wellperf_models.turnover.checks import number_of_clusters
    from wellperf_models.turnover.errors_few_clusters import with_few_clusters

    covariance, errors = with_few_clusters(fit.robust_covariance, refit, fit.beta, cluster)
    assert errors == "sandwich"
    assert covariance is fit.robust_covariance
    assert number_of_clusters(8, "department", errors).passed is False
    with pytest.raises(DesignError, match="at least two clusters"):
        cluster_jackknife(refit, fit.beta, np.zeros(80, np.int64))
