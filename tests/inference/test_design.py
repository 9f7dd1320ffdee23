"""Design matrices learnt from training rows alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from wellperf_models.errors import StudyError
from wellperf_models.inference.design import as_declared, fit_encoding
from wellperf_models.study import Covariate


def covariate(kind: str) -> Covariate:
    return Covariate.model_validate({"table": "people", "type": kind, "timing": "before"})


DECLARED = {
    "age": covariate("number"),
    "job": covariate("category"),
    "child": covariate("yes_no"),
    "code": covariate("category"),
}


def rows(n: int = 100) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    raw = pl.DataFrame(
        {
            "age": [None if i % 5 == 0 else float(v) for i, v in enumerate(rng.normal(40, 10, n))],
            "job": ["a"] * 50 + ["b"] * 40 + ["c"] * 4 + ["d"] * 6,
            "child": [True, False] * 50,
            "code": [1, 1, 2, 2] * 25,
        },
    )
    return as_declared(raw, list(DECLARED), DECLARED)


def test_columns_are_learnt_from_training_rows() -> None:
    data, person = rows(), np.arange(100)
    encoding = fit_encoding(data, person, min_people=10)
    assert encoding.columns == (
        "age", "age: not measured", "job: a", "job: b", "job: other levels", "child: yes", "code: 2",
    )  # fmt: skip
    X = encoding.apply(data)
    known = data["age"].drop_nulls().to_numpy()
    assert X[1, 0] == pytest.approx((data["age"][1] - known.mean()) / known.std())
    assert X[0, :2].tolist() == [0.0, 1.0]
    assert X[:, 2:5].sum(axis=1).tolist() == [1.0] * 100
    assert encoding.blocks == {"age": [0, 1], "job": [2, 3, 4], "child": [5], "code": [6]}
    # the levels of job add up to the intercept
    assert encoding.n_parameters == 6
    assert np.linalg.matrix_rank(np.column_stack([np.ones(100), X])) == 1 + encoding.n_parameters


def test_other_rows_change_nothing_and_new_levels_have_no_column() -> None:
    data, person = rows(), np.arange(100)
    train = np.arange(90)
    encoding = fit_encoding(data[train], person[train], min_people=10)
    spied = data.with_columns(
        age=pl.when(pl.int_range(pl.len()) >= 90).then(1e6).otherwise(pl.col("age")),
        job=pl.when(pl.int_range(pl.len()) >= 90).then(pl.lit("new")).otherwise(pl.col("job")),
    )
    again = fit_encoding(spied[train], person[train], min_people=10)
    assert again == encoding
    assert encoding.apply(spied[train]).tolist() == encoding.apply(data[train]).tolist()
    assert encoding.apply(spied)[95, 2:4].tolist() == [0.0, 0.0]


def test_a_few_missing_values_are_the_mean_without_a_column() -> None:
    data = rows().with_columns(
        age=pl.when(pl.int_range(pl.len()) < 3).then(None).otherwise(pl.lit(1.0) * pl.int_range(pl.len()))
    )
    encoding = fit_encoding(data, np.arange(100), min_people=10)
    assert "age: not measured" not in encoding.columns
    assert encoding.apply(data)[:3, 0].tolist() == [0.0] * 3


def test_levels_count_people_not_rows() -> None:
    data = rows()
    # the 40 rows of level b belong to four people
    person = np.where(data["job"].to_numpy() == "b", np.arange(100) % 4, np.arange(100))
    assert "job: b" not in fit_encoding(data, person, min_people=10).columns


def test_what_says_nothing_is_unused() -> None:
    data = as_declared(
        pl.DataFrame(
            {"age": [3.0] * 30, "job": ["a"] * 29 + ["b"], "child": [None] * 30, "code": [None] * 30}
        ),
        list(DECLARED),
        DECLARED,
    )
    encoding = fit_encoding(data, np.arange(30), min_people=5)
    assert encoding.unused == ("age", "job", "child", "code")
    assert encoding.apply(data).shape == (30, 0)


def test_wrong_types_are_the_study_files_fault() -> None:
    words = pl.DataFrame({"age": ["old", "young"]})
    with pytest.raises(StudyError, match="is none"):
        as_declared(words, ["age"], DECLARED)
    with pytest.raises(StudyError, match="something else"):
        as_declared(words.rename({"age": "child"}), ["child"], DECLARED)
