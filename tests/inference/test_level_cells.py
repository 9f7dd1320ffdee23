"""Cells by counting are the cells of `build_cells`, and give the same coefficients as rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from wellperf_models.cells import build_cells
from wellperf_models.errors import DesignError
from wellperf_models.inference.level_cells import cells_of_levels
from wellperf_models.inference.logistic import cells_or_rows, collapse_rows, fit_logistic

NAMES = ["job", "site", "shift"]


def rows_of(seed: int, n: int = 500) -> tuple[pl.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    words = {
        "job": ["b", "a", "c", None],
        "site": ["south", "north"],
        "shift": ["late", "early", "night"],
    }
    data = {name: [levels[i] for i in rng.integers(0, len(levels), n)] for name, levels in words.items()}
    return pl.DataFrame(data), rng.uniform(size=n) < 0.3


def test_cells_are_those_of_the_group_by() -> None:
    # other words known to the session take no place
    pl.Series(["zebra", "apple", "c"]).cast(pl.Categorical)
    rows, event = rows_of(1)
    found = cells_of_levels(rows, NAMES, event)
    marked = rows.with_columns(pl.Series("event", event.astype(np.int64)))
    expected = build_cells(marked, by=NAMES, n_causes=1).sort(NAMES, nulls_last=True)
    assert found.patterns.equals(expected.select(NAMES))
    assert found.n.tolist() == expected["n"].to_list()
    assert found.events.tolist() == expected["events_1"].to_list()
    assert repr(found) == "LevelCells(24 cells × 3 covariates)"


def test_the_order_of_rows_does_not_matter() -> None:
    rows, event = rows_of(2)
    order = np.random.default_rng(0).permutation(event.size)
    one, two = cells_of_levels(rows, NAMES, event), cells_of_levels(rows[order], NAMES, event[order])
    assert one.patterns.equals(two.patterns)
    assert np.array_equal(one.n, two.n)
    assert np.array_equal(one.events, two.events)


def test_a_level_that_first_occurs_late_is_not_taken_for_another() -> None:
    """Digits are chosen on the first rows; the sum of all hashes tells that they do not hold for the rest."""
    n = 30_000
    rows = pl.DataFrame({"job": ["a", "b"] * (n // 2), "site": ["x"] * (n - 7) + ["y"] * 4 + [None] * 3})
    found = cells_of_levels(rows, ["job", "site"], np.arange(n) == n - 1)
    marked = rows.with_columns(pl.Series("event", (np.arange(n) == n - 1).astype(np.int64)))
    expected = build_cells(marked, by=["job", "site"], n_causes=1).sort("job", "site", nulls_last=True)
    assert found.patterns.equals(expected.select("job", "site"))
    assert found.n.tolist() == expected["n"].to_list()
    assert found.events.tolist() == expected["events_1"].to_list()


def test_nobody_known_is_a_level_and_too_many_patterns_are_refused() -> None:
    nobody = pl.DataFrame({"job": pl.Series([None, None, None], dtype=pl.String), "site": ["x", "y", "y"]})
    found = cells_of_levels(nobody, ["job", "site"], np.array([True, False, True]))
    assert found.patterns.rows() == [(None, "x"), (None, "y")]
    assert found.events.tolist() == [1.0, 1.0]
    wide = pl.DataFrame({f"c{i}": [str(j) for j in range(200)] for i in range(3)})
    with pytest.raises(DesignError, match="more patterns"):
        cells_of_levels(wide, wide.columns, np.zeros(200, bool))


def test_rows_are_taken_together_only_where_it_pays_and_the_fit_is_the_same() -> None:
    rng = np.random.default_rng(4)
    numbers, levels = rng.normal(size=(400, 2)), rng.integers(0, 3, (400, 2)).astype(float)
    event = rng.uniform(size=400) < 0.4
    assert cells_or_rows(numbers, event).n.size == 400
    assert cells_or_rows(levels, event).n.size == 9
    for X in (numbers, levels):
        one, two = cells_or_rows(X, event), collapse_rows(X, event)
        fits = [fit_logistic(c.X, c.n, c.events, 0.5) for c in (one, two)]
        assert fits[0].beta == pytest.approx(fits[1].beta, abs=1e-10)


def test_a_fit_ends_where_it_ends_wherever_it_begins() -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(400, 3))
    event = (rng.uniform(size=400) < 1 / (1 + np.exp(-X[:, 0]))).astype(float)
    ones = np.ones(400)
    cold = fit_logistic(X, ones, event, 1.0)
    warm = fit_logistic(X, ones, event, 1.0, start=fit_logistic(X, ones, event, 0.01))
    close = fit_logistic(X, ones, event, 1.0, tolerance=1e-3)
    assert warm.beta == pytest.approx(cold.beta, abs=1e-12)
    assert close.beta == pytest.approx(cold.beta, abs=1e-6)
