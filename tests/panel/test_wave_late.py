"""What is known with the answer or after it, and columns beside the answers."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from tests.burnout.builders import FakeTables, make_study
from tests.burnout.ladder.world import MORE
from wellperf_models.errors import StudyError
from wellperf_models.panel import build_waves, to_polars
from wellperf_models.study import Study

DAYS = {"w0": dt.date(2023, 1, 10), "w1": dt.date(2023, 4, 3)}


def tables(study: Study | None = None, *, dated: bool = True) -> FakeTables:
    rows = [
        (who, wave, measure, day if dated else None, value, f"{who}-{wave}-{measure}")
        for wave, day in DAYS.items()
        for who, shift in (("a", 0.0), ("b", 1.0))
        for measure, value in (("exhaustion", 2.0 + shift), ("mood", 4.0 + shift + (wave == "w1")))
    ]
    schema = {"employee_id": pl.String, "wave": pl.String, "measure": pl.String, "date": pl.Date}
    surveys = pl.DataFrame(rows, schema=schema | {"value": pl.Float64, "beside": pl.String}, orient="row")
    work = pl.DataFrame(
        {
            "employee_id": ["a"] * 5,
            "period": [dt.date(2022, 12, 1), *(dt.date(2023, m, 1) for m in (1, 2, 4, 5))],
            "overtime_hours": [12.0, 1.0, 2.0, 4.0, 5.0],
        }
    )
    made = surveys.with_columns(item=pl.lit(None, dtype=pl.String))
    return FakeTables(study or make_study(covariates=MORE), {"surveys": made, "workload": work})


def waves(*late: str, **of: bool) -> pl.DataFrame:
    found = build_waves(tables(**of), (), groups=(), late=late)  # type: ignore[arg-type]
    return to_polars(found).sort("employee_id", "wave")


def test_a_column_beside_the_answer_is_that_of_the_outcome_and_its_wave() -> None:
    found = waves("beside")
    assert found["beside"].to_list() == [f"{w}-{t}-exhaustion" for w in "ab" for t in ("w0", "w1")]


def test_a_score_afterwards_is_that_of_the_next_wave_and_one_during_that_of_the_same() -> None:
    found = waves("mood_next", "mood_now")
    assert found["mood_next"].to_list() == [5.0, None, 6.0, None]
    assert found["mood_now"].to_list() == [4.0, 5.0, 5.0, 6.0]


def test_work_is_that_of_the_month_of_the_wave_or_of_the_next() -> None:
    found = waves("overtime_then", "overtime_later").filter(pl.col("employee_id") == "a")
    assert found["overtime_then"].to_list() == [1.0, 4.0]
    assert found["overtime_later"].to_list() == [2.0, 5.0]


def test_what_is_late_is_no_covariate_and_what_is_before_is_not_late() -> None:
    with pytest.raises(StudyError, match="measured after the outcome"):
        build_waves(tables(), ("beside",), groups=())
    with pytest.raises(StudyError, match="is declared as known before"):
        build_waves(tables(), (), groups=(), late=("mood",))


def test_without_an_order_nothing_is_after_and_beside_is_as_before() -> None:
    assert waves("beside", dated=False)["beside"].null_count() == 0
    with pytest.raises(StudyError, match="waves have no order"):
        waves("mood_next", dated=False)


def test_a_column_that_is_nowhere_is_named() -> None:
    own = tables()
    own["surveys"] = own["surveys"].drop("beside")
    with pytest.raises(StudyError, match="no scale, and no column beside"):
        build_waves(own, (), groups=(), late=("beside",))
