"""Cells against rows: the same log-likelihood up to a constant without parameters, in any engine."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from wellperf_models.cells import build_cells, build_count_cells, build_gaussian_cells
from wellperf_models.errors import WellperfError
from wellperf_models.inference import likelihood

RELATIVE = 1e-10
ONE = np.ones


def rows_of(seed: int, n: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "a": pl.Series([("x", "y", None)[i] for i in rng.integers(0, 3, n)], dtype=pl.String),
            "period": rng.integers(0, 4, n),
            "event": rng.integers(0, 3, n),
            "score": rng.normal(3, 2, n),
            "count": rng.poisson(2.0, n),
        }
    )


def effects(rng: np.random.Generator) -> dict[tuple[str | None, int], float]:
    return {(a, p): float(rng.normal(-1, 0.7)) for a in ("x", "y", None) for p in range(4)}


def eta_of(frame: pl.DataFrame, beta: dict[tuple[str | None, int], float]) -> np.ndarray:
    return np.array([beta[key] for key in frame.select("a", "period").rows()])


def close(one: float, two: float, size: float) -> bool:
    return abs(one - two) <= RELATIVE * max(abs(size), 1.0)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 300))
def test_binomial_cells_equal_rows(seed: int, n: int) -> None:
    rows, rng = rows_of(seed, n), np.random.default_rng(seed + 1)
    cells = build_cells(rows, ["a", "period"], n_causes=2)
    one, two = effects(rng), effects(rng)
    for cause, name in ((1, "events_1"), (2, "events_2")):
        for link in ("cloglog", "logit"):
            happened = (rows["event"] == cause).to_numpy().astype(float)
            values = []
            for beta in (one, two):
                by_row = likelihood.binomial(eta_of(rows, beta), ONE(n), happened, link)  # type: ignore[arg-type]
                by_cell = likelihood.binomial(
                    eta_of(cells, beta),
                    cells["n"].to_numpy().astype(float),
                    cells[name].to_numpy().astype(float),
                    link,  # type: ignore[arg-type]
                )
                values.append((by_row, by_cell))
            # the constant is 0 here: binomial coefficients are left out on both sides
            assert all(close(r, c, r) for r, c in values)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 300))
def test_gaussian_and_poisson_cells_equal_rows(seed: int, n: int) -> None:
    rows, rng = rows_of(seed, n), np.random.default_rng(seed + 1)
    gaussian = build_gaussian_cells(rows, ["a", "period"], "score")
    counts = build_count_cells(rows, ["a", "period"], "count")
    beta, sigma = effects(rng), float(rng.uniform(0.5, 3))
    score = rows["score"].to_numpy()
    by_row = likelihood.gaussian(eta_of(rows, beta), sigma, ONE(n), score, np.zeros(n))
    parts = [gaussian[c].to_numpy().astype(float) for c in ("n", "mean", "variance")]
    assert close(by_row, likelihood.gaussian(eta_of(gaussian, beta), sigma, *parts), by_row)
    by_row = likelihood.poisson(eta_of(rows, beta), ONE(n), rows["count"].to_numpy().astype(float))
    n_cell, value = (counts[c].to_numpy().astype(float) for c in ("n", "count"))
    assert close(by_row, likelihood.poisson(eta_of(counts, beta), n_cell, value), by_row)


def test_likelihoods_are_the_textbook_ones() -> None:
    from scipy import stats

    eta, d = np.array([-1.0, 0.3, -2.0]), np.array([1.0, 0.0, 1.0])
    p = 1 - np.exp(-np.exp(eta))
    expected = stats.bernoulli.logpmf(d.astype(int), p).sum()
    assert likelihood.binomial(eta, ONE(3), d, "cloglog") == pytest.approx(expected, rel=1e-12)
    p = 1 / (1 + np.exp(-eta))
    expected = stats.bernoulli.logpmf(d.astype(int), p).sum()
    assert likelihood.binomial(eta, ONE(3), d, "logit") == pytest.approx(expected, rel=1e-12)
    y = np.array([0.5, 2.0, -1.0])
    constant = -3 / 2 * math.log(2 * math.pi)
    found = likelihood.gaussian(eta, 1.7, ONE(3), y, np.zeros(3)) + constant
    assert found == pytest.approx(stats.norm.logpdf(y, eta, 1.7).sum(), rel=1e-12)
    count = np.array([0.0, 3.0, 1.0])
    constant = -sum(math.lgamma(c + 1) for c in count)
    found = likelihood.poisson(eta, ONE(3), count) + constant
    assert found == pytest.approx(stats.poisson.logpmf(count, np.exp(eta)).sum(), rel=1e-12)


def test_counts_per_cell_in_polars_lazy_polars_and_pandas() -> None:
    rows = rows_of(7, 500)
    by = ["a", "period"]
    eager = build_cells(rows, by, n_causes=2).sort(by, nulls_last=True)
    assert eager["n"].sum() == 500
    assert eager["exposure"].sum() == 500.0
    assert eager["events_1"].sum() == (rows["event"] == 1).sum()
    assert eager.height == 12
    lazy = build_cells(rows.lazy(), by, n_causes=2).collect().sort(by, nulls_last=True)
    assert lazy.equals(eager)
    pandas = pl.from_pandas(build_cells(rows.to_pandas(), by, n_causes=2)).sort(by, nulls_last=True)
    assert pandas["n"].to_list() == eager["n"].to_list()
    assert pandas["events_2"].to_list() == eager["events_2"].to_list()
    one = build_gaussian_cells(rows, by, "score").sort(by, nulls_last=True)
    two = pl.from_pandas(build_gaussian_cells(rows.to_pandas(), by, "score")).sort(by, nulls_last=True)
    np.testing.assert_allclose(one["variance"], two["variance"], rtol=1e-12, atol=1e-14)


def test_exposure_is_added_up() -> None:
    rows = pl.DataFrame({"a": ["x", "x", "y"], "event": [0, 1, 0], "fte": [0.5, 1.0, 0.8]})
    cells = build_cells(rows, ["a"], n_causes=1, exposure="fte").sort("a")
    assert cells.rows() == [("x", 2, 1.5, 1), ("y", 1, 0.8, 0)]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(WellperfError, match="department"):
        build_cells(rows_of(1, 5), ["department"], n_causes=1)
