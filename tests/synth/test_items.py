"""Items of the synthetic exhaustion score: whole answers whose mean is the score, as reliable as it is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from wellperf_models.inference.reliability import reliability
from wellperf_models.synth import PRESETS, generate
from wellperf_models.synth.measures import ITEM_NAMES, ITEMS_OF

WORLD = PRESETS["small"].but(survey_items=True, people=400, months=13, history_months=36)


@pytest.fixture(scope="module")
def surveys() -> pl.DataFrame:
    return generate(WORLD, 3).tables["surveys"]


@pytest.fixture(scope="module")
def wide(surveys: pl.DataFrame) -> pl.DataFrame:
    items = surveys.filter(pl.col("item").is_not_null())
    assert items["measure"].unique().to_list() == [ITEMS_OF]
    made = items.pivot(on="item", index=["employee_id", "wave"], values="value")
    scores = surveys.filter(pl.col("measure") == ITEMS_OF, pl.col("item").is_null())
    joined = scores.join(made, on=["employee_id", "wave"], how="left")
    assert joined.height == made.height
    return joined


def test_answers_are_whole_and_their_mean_is_the_score_to_the_bit(wide: pl.DataFrame) -> None:
    answers = wide.select(ITEM_NAMES).to_numpy()
    assert set(np.unique(answers)) <= set(range(7))
    assert np.array_equal(answers.sum(axis=1) / 5, wide["value"].to_numpy())


def test_items_change_nothing_else(surveys: pl.DataFrame) -> None:
    without = generate(WORLD.but(survey_items=False), 3).tables["surveys"]
    assert surveys.filter(pl.col("item").is_null()).equals(without)


def test_items_are_as_reliable_as_the_error_of_the_world_says(wide: pl.DataFrame) -> None:
    answers, person = wide.select(ITEM_NAMES).to_numpy(), wide["employee_id"].rank("dense").to_numpy()
    # rounding an answer to whole points adds error of its own, 1/12 of a point squared for each
    error = WORLD.survey_noise_sd**2 + 1 / 12 / 5
    implied = 1 - error / wide["value"].to_numpy().var(ddof=1)
    found = reliability(answers, person, kind="omega")
    assert found.low < implied < found.high


def test_the_default_world_alone_has_them() -> None:
    assert not PRESETS["large"].survey_items
    assert not PRESETS["million"].survey_items
    assert PRESETS["default"].survey_items
