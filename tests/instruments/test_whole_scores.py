"""Scores that are whole numbers come out whole: a cut-off at 15 holds those whose answers add up to 15."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl
import pytest

from wellperf_models.instruments import ScoringKey, from_sum, score
from wellperf_models.tables.scored import Keyed

_K = 11


def key_of(scoring: Literal["mean", "sum", "percent"], low: float = 0, high: float = 3) -> ScoringKey:
    return ScoringKey(
        name="own.strain",
        label="Strain",
        items=tuple(str(i) for i in range(_K)),
        low=low,
        high=high,
        scoring=scoring,
        min_answered=_K - 1,
        source="somebody",
    )


def every_sum(key: ScoringKey) -> np.ndarray:
    """A row of answers for every sum there can be."""
    steps = int(key.high - key.low)
    rows = [[min(steps, max(0, total - steps * i)) for i in range(_K)] for total in range(steps * _K + 1)]
    return np.array(rows, float) + key.low


def in_table(key: ScoringKey, rows: np.ndarray, coded: tuple[float, float] | None = None) -> np.ndarray:
    """The same scores as the survey table makes them."""
    low, high = coded or (key.low, key.high)
    keyed = Keyed(
        measure="strain",
        carrier="strain",
        key=key,
        names={item: item for item in key.items},
        low=low,
        high=high,
    )
    written = low + (rows - key.low) * (high - low) / (key.high - key.low)
    person, item = np.indices(rows.shape)
    table = pl.DataFrame(
        {"person": person.ravel(), "item": item.ravel().astype(str), "value": written.ravel()}
    ).drop_nulls()
    table = table.filter(pl.col("value").is_not_nan()).with_columns(answer=keyed.answer())
    return table.group_by("person").agg(value=keyed.score()).sort("person")["value"].to_numpy()


def test_sums_are_whole() -> None:
    key = key_of("sum")
    rows = every_sum(key)
    wanted = rows.sum(axis=1)
    assert np.array_equal(score(rows, key), wanted)
    assert np.array_equal(in_table(key, rows), wanted)
    assert np.array_equal(in_table(key, rows, (0, 300)), wanted)
    assert np.array_equal(in_table(key, rows, (3, 0)), wanted)


def test_percents_are_exact() -> None:
    key = key_of("percent", 1, 6)
    rows = every_sum(key)
    # 55 steps: a whole percentage at every eleventh
    whole = np.arange(0, 56, 11)
    wanted = np.arange(0, 101, 20.0)
    assert np.array_equal(score(rows, key)[whole], wanted)
    assert np.array_equal(in_table(key, rows)[whole], wanted)


@pytest.mark.parametrize("scoring", ["mean", "sum", "percent"])
def test_an_answer_that_lacks_is_stood_in_for_by_the_mean_of_the_others(
    scoring: Literal["mean", "sum", "percent"],
) -> None:
    key = key_of(scoring, 1, 4)
    rows = every_sum(key)
    rows[:, 2] = np.nan
    mean = np.nanmean(rows, axis=1)
    wanted = {"mean": mean, "sum": _K * mean, "percent": 100 * (mean - 1) / 3}[scoring]
    assert score(rows, key) == pytest.approx(wanted, abs=1e-12)
    assert in_table(key, rows) == pytest.approx(wanted, abs=1e-12)
    assert from_sum(np.nansum(rows, axis=1), _K - 1, key) == pytest.approx(wanted, abs=1e-12)


def test_a_percentage_is_divided_last() -> None:
    key = replace(key_of("percent", 0, 4), items=tuple("abcdefghijklmnopqrstuvw"[:5]), min_answered=5)
    assert from_sum([11], 5, key).tolist() == [55.0]
