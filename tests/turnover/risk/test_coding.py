"""Codes are learned on training rows alone; splines are natural; what was never seen counts as average."""

from __future__ import annotations

import numpy as np
import polars as pl

from wellperf_models.study.covariates import Covariate
from wellperf_models.turnover.risk.coding import as_words, learn_coding, natural_spline

COVARIATES = {
    "score": Covariate(table="people", timing="before", bins=3),
    "hours": Covariate(table="people", timing="before", bins=(10.0, 20.0)),
    "trade": Covariate(table="people", type="category", timing="before"),
}
TRAINING = pl.DataFrame(
    {
        "score": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, None],
        "hours": [5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0],
        "trade": ["a", "a", "b", "b", None, "a", "b"],
    }
)


def test_edges_come_from_training_or_the_study() -> None:
    coding = learn_coding(as_words(TRAINING, COVARIATES, ()), COVARIATES)
    score, hours, trade = coding.blocks
    assert score.edges is not None
    assert hours.edges is not None
    assert hours.edges.tolist() == [10.0, 20.0]
    assert trade.levels == ("a", "b", "not measured")
    codes = coding.codes(as_words(TRAINING, COVARIATES, ()))
    assert codes[:, 0].tolist() == [0, 0, 1, 1, 2, 2, 3]
    # a declared edge belongs to the bin below it
    assert codes[:, 1].tolist() == [0, 0, 1, 1, 2, 2, 2]
    X = coding.design(codes)
    assert X.shape == (7, coding.n_columns) == (7, 4 + 3 + 3)
    assert (X.sum(axis=1) == 3).all()


def test_what_training_never_saw_counts_as_average() -> None:
    coding = learn_coding(TRAINING.drop_nulls(), COVARIATES)
    new = pl.DataFrame({"score": [99.0, None], "hours": [None, 1.0], "trade": ["z", None]})
    X = coding.design(coding.codes(new.cast({"hours": pl.Float64})))
    # beyond the last edge is the last bin; no training row lacked a number or a trade
    assert X[0].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert X[1].tolist() == [0, 0, 0, 1, 0, 0, 0, 0]


def test_a_covariate_without_two_values_is_left_out() -> None:
    same = TRAINING.with_columns(pl.lit(2.0).alias("score"), pl.lit("a").alias("trade"))
    assert [block.name for block in learn_coding(same, COVARIATES).blocks] == ["hours"]


def test_splines_are_linear_outside_their_knots_and_smooth_inside() -> None:
    knots = np.array([0.0, 1.0, 2.0, 4.0])
    x = np.linspace(-3, 8, 1101)
    basis = natural_spline(x, knots)
    assert basis.shape == (1101, 3)
    bend = np.diff(basis, n=2, axis=0)
    outside = (x[1:-1] < -0.05) | (x[1:-1] > 4.05)
    assert np.abs(bend[outside]).max() < 1e-10
    assert np.abs(bend[~outside]).max() > 1e-6
    assert np.abs(np.diff(bend, axis=0)).max() < 1e-4


def test_spline_columns_are_standardised_on_a_fine_grid() -> None:
    rng = np.random.default_rng(0)
    rows = pl.DataFrame({"score": rng.gamma(2, 3, 3000)})
    only = {"score": COVARIATES["score"]}
    coding = learn_coding(rows, only, numbers="splines")
    codes = coding.codes(rows)
    assert 30 < np.unique(codes).size <= 40
    X = coding.design(codes)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(X.std(axis=0), 1, atol=1e-10)
    # the first column is the number itself, to the step of the grid
    assert np.corrcoef(X[:, 0], rows["score"].to_numpy())[0, 1] > 0.98
