"""The panel: who was at risk when, and nothing measured in or after the interval."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from tests.fakes import FakeTables
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.panel import build_panel, build_spells, count_left_out, tally_left_out, to_polars
from wellperf_models.study import Study

D = dt.date


def make_study(**general: Any) -> Study:
    source = {"path": "none.csv"}
    settings = {"name": "t", "as_of": D(2021, 6, 30), "seed": 1} | general
    return Study.model_validate(
        {
            "study": settings,
            "tables": dict.fromkeys(("people", "assignments", "spells", "workload", "surveys"), source),
            "covariates": {
                "gender": {"table": "people", "type": "category", "timing": "before"},
                "exhaustion": {"table": "surveys", "timing": "before"},
                "overtime_hours": {"table": "workload", "timing": "before"},
                "job": {"table": "people", "column": "job_family", "type": "category", "timing": "before"},
            },
            "turnover": {"causes": ["voluntary", "involuntary"]},
        }
    )


COVARIATES = ("gender", "exhaustion", "overtime_hours", "job")


def make_frames() -> dict[str, pl.DataFrame]:
    date = pl.Date
    spells = pl.DataFrame(
        {
            "employee_id": ["a", "b", "c", "d", "e"],
            "start": [D(2021, 1, 1), D(2020, 11, 15), D(2021, 3, 10), D(2019, 1, 1), D(2021, 7, 5)],
            "end": [D(2021, 3, 31), None, D(2021, 5, 2), D(2020, 12, 31), None],
            "exit_reason": ["voluntary", None, "involuntary", "voluntary", None],
        },
        schema_overrides={"start": date, "end": date},
    )
    people = pl.DataFrame(
        {
            "employee_id": ["a", "b", "c", "d", "e"],
            "gender": ["f", "m", "f", "m", "f"],
            "job_family": ["x", "y", "x", None, "x"],
        }
    )
    assignments = pl.DataFrame(
        {
            "employee_id": ["a", "b", "b", "c"],
            "start": [D(2021, 1, 1), D(2020, 11, 15), D(2021, 3, 2), D(2021, 3, 10)],
            "end": [None, D(2021, 3, 1), None, D(2021, 3, 31)],
            "team": ["t1", "t1", "t2", "t3"],
            "department": ["sales", "sales", "ops", "ops"],
            "site": ["n", "n", "s", "s"],
        },
        schema_overrides={"start": date, "end": date},
    )
    months = [D(2021, m, 1) for m in range(1, 7)]
    workload = pl.DataFrame(
        {
            "employee_id": ["a"] * 3 + ["b"] * 6,
            "period": months[:3] + months,
            "overtime_hours": [1.0, 2.0, 3.0, 10.0, 20.0, None, 40.0, 50.0, 60.0],
        }
    )
    surveys = pl.DataFrame(
        {
            "employee_id": ["b", "b", "b", "c"],
            "measure": ["exhaustion"] * 4,
            "item": pl.Series([None, None, "i1", None], dtype=pl.String),
            "date": [D(2021, 1, 31), D(2021, 4, 1), D(2021, 1, 2), D(2021, 4, 30)],
            "value": [1.0, 2.0, 9.0, 4.0],
        }
    )
    return {
        "spells": spells,
        "people": people,
        "assignments": assignments,
        "workload": workload,
        "surveys": surveys,
    }


def panel_of(frames: dict[str, pl.DataFrame], engine: str = "polars", **general: Any) -> pl.DataFrame:
    tables = FakeTables(make_study(**general), frames, engine)
    made = to_polars(build_panel(tables, COVARIATES))
    return made.with_columns(pl.col("period", "spell_start").cast(pl.Date)).sort("employee_id", "stop_months")


def test_rows_run_from_hire_to_exit_or_last_whole_month() -> None:
    panel = panel_of(make_frames(), observed_from=D(2021, 1, 1))
    spans = panel.group_by("employee_id").agg(
        pl.col("period").min().alias("first"), pl.col("period").max().alias("last"), pl.col("event").sum()
    )
    got = {row[0]: row[1:] for row in spans.sort("employee_id").rows()}
    assert got == {
        "a": (D(2021, 1, 1), D(2021, 3, 1), 1),
        "b": (D(2021, 1, 1), D(2021, 6, 1), 0),
        "c": (D(2021, 3, 1), D(2021, 5, 1), 2),
    }


def test_tenure_is_counted_from_the_month_of_hire() -> None:
    panel = panel_of(make_frames(), observed_from=D(2021, 1, 1)).filter(pl.col("employee_id") == "b")
    assert panel["start_months"].to_list() == [2, 3, 4, 5, 6, 7]
    assert (panel["stop_months"] - panel["start_months"] == 1).all()


def test_incomplete_months_are_not_at_risk() -> None:
    frames = make_frames()
    panel = panel_of(frames, observed_from=D(2021, 1, 2), as_of=D(2021, 5, 2))
    b = panel.filter(pl.col("employee_id") == "b")["period"].to_list()
    assert b == [D(2021, 2, 1), D(2021, 3, 1), D(2021, 4, 1)]
    # hired inside the first, incomplete month: observed from the first day
    assert panel.filter(pl.col("employee_id") == "a")["period"].to_list()[0] == D(2021, 2, 1)
    # c left on 2 May, in a month that was not observed to its end: censored at the end of April
    assert panel.filter(pl.col("employee_id") == "c")["event"].sum() == 0


def test_groups_are_those_of_the_first_day_of_the_interval() -> None:
    panel = panel_of(make_frames(), observed_from=D(2021, 1, 1))
    b = panel.filter(pl.col("employee_id") == "b")
    assert b["team"].to_list() == ["t1", "t1", "t1", "t2", "t2", "t2"]
    c = panel.filter(pl.col("employee_id") == "c")
    # hired on the 10th: the assignment of that day; it ended, so nothing afterwards
    assert c["department"].to_list() == ["ops", None, None]


def test_covariates_come_from_strictly_before() -> None:
    panel = panel_of(make_frames(), observed_from=D(2021, 1, 1)).filter(pl.col("employee_id") == "b")
    # the survey of 1 April is not known before April; the item score is not a scale score
    assert panel["exhaustion"].to_list() == [None, 1.0, 1.0, 1.0, 2.0, 2.0]
    # workload of the month before; the missing March value leaves February's
    assert panel["overtime_hours"].to_list() == [None, 10.0, 20.0, 20.0, 40.0, 50.0]


@pytest.mark.parametrize("table", ["surveys", "workload"])
def test_a_value_of_the_same_or_a_later_interval_does_not_leak(table: str) -> None:
    frames = make_frames()
    before = panel_of(frames, observed_from=D(2021, 1, 1))
    if table == "surveys":
        spied = frames["surveys"].with_columns(
            value=pl.when(pl.col("date") >= D(2021, 4, 1)).then(99.0).otherwise(pl.col("value"))
        )
    else:
        spied = frames["workload"].with_columns(
            overtime_hours=pl.when(pl.col("period") >= D(2021, 4, 1))
            .then(99.0)
            .otherwise(pl.col("overtime_hours"))
        )
    after = panel_of(frames | {table: spied}, observed_from=D(2021, 1, 1))
    until_april = pl.col("period") <= D(2021, 4, 1)
    assert after.filter(until_april).equals(before.filter(until_april))
    assert not after.equals(before)
    for name in ("exhaustion", "overtime_hours"):
        seen = after.drop_nulls(f"{name}_measured_day")
        assert (seen[f"{name}_measured_day"] < seen["period_day"]).all()


def test_pandas_and_polars_give_the_same_panel_and_spells() -> None:
    frames = make_frames()
    polars = panel_of(frames, observed_from=D(2021, 1, 1))
    pandas = panel_of(frames, "pandas", observed_from=D(2021, 1, 1))
    assert polars.columns == pandas.columns
    for name in polars.columns:
        left, right = polars[name], pandas[name]
        if left.dtype.is_numeric():
            left, right = left.cast(pl.Float64), right.cast(pl.Float64).fill_nan(None)
        assert left.to_list() == right.to_list(), name
    study = make_study(observed_from=D(2021, 1, 1))
    one = to_polars(build_spells(FakeTables(study, frames), COVARIATES)).sort("employee_id")
    two = to_polars(build_spells(FakeTables(study, frames, "pandas"), COVARIATES)).sort("employee_id")
    assert one["duration_months"].to_list() == two["duration_months"].to_list()
    assert one["team"].to_list() == two["team"].to_list()


def test_exact_tenure_makes_anniversaries_whole_numbers() -> None:
    study = make_study(observed_from=D(2021, 1, 1))
    spells = to_polars(build_spells(FakeTables(study, make_frames()))).sort("employee_id")
    assert spells["employee_id"].to_list() == ["a", "b", "c"]
    assert spells["duration_months"][0] == 3.0
    assert spells["entry_months"].to_list()[0] == 0.0
    # 15 November to 1 January: one whole month, and 17 days of 31 days
    assert spells["entry_months"][1] == pytest.approx(2 - 14 / 31)
    assert spells["event"].to_list() == [1, 0, 2]


def test_what_is_left_out_is_counted() -> None:
    tables = FakeTables(make_study(observed_from=D(2021, 1, 1)), make_frames())
    assert count_left_out(tables) == {
        "spells that begin after the as-of date": 1,
        "spells that ended before observation began": 1,
    }
    before = make_frames()["spells"].filter(pl.col("end") < D(2021, 1, 1))["employee_id"]
    for engine in ("polars", "pandas"):
        found = tally_left_out(FakeTables(make_study(observed_from=D(2021, 1, 1)), make_frames(), engine))
        lost = found["spells that ended before observation began"]
        assert (lost.people, lost.members.people) == (1, frozenset(before))


def duration_tables() -> FakeTables:
    spells = pl.DataFrame(
        {
            "employee_id": ["1", "2", "3"],
            "duration_months": [2.5, 4.0, 3.2],
            "entry_months": [0.0, 1.5, 0.0],
            "exit_reason": ["voluntary", "involuntary", None],
        }
    )
    people = make_frames()["people"].head(3).with_columns(employee_id=pl.Series(["1", "2", "3"]))
    return FakeTables(make_study(), {"spells": spells, "people": people})


def test_durations_become_months_of_tenure_after_entry() -> None:
    panel = to_polars(build_panel(duration_tables(), ("gender",))).sort("employee_id", "stop_months")
    rows = panel.select("employee_id", "start_months", "event").rows()
    assert rows == [
        ("1", 0, 0), ("1", 1, 0), ("1", 2, 1),
        ("2", 2, 0), ("2", 3, 2),
        ("3", 0, 0), ("3", 1, 0), ("3", 2, 0), ("3", 3, 0),
    ]  # fmt: skip


def test_a_dated_covariate_needs_dated_spells() -> None:
    with pytest.raises(StudyError, match="placed before"):
        build_panel(duration_tables(), ("exhaustion",))


def test_an_undeclared_covariate_is_refused() -> None:
    with pytest.raises(StudyError, match="not declared"):
        build_panel(FakeTables(make_study(), make_frames()), ("salary",))


def test_a_covariate_of_a_trial_serves_no_panel() -> None:
    declared = {"spend": {"table": "outcomes", "timing": "before"}}
    source = {"outcomes": {"path": "none.csv"}}
    study = make_study()
    content = study.model_dump(exclude_none=True) | {"covariates": declared}
    trial = Study.model_validate(content | {"tables": content["tables"] | source})
    for build in (build_panel, build_spells):
        with pytest.raises(StudyError, match=r"only serves \[roi\]"):
            build(FakeTables(trial, make_frames()), ("spend",))


def test_no_whole_month_is_an_error_of_the_design() -> None:
    tables = FakeTables(make_study(as_of=D(2021, 1, 20), observed_from=D(2021, 1, 2)), make_frames())
    with pytest.raises(DesignError, match="whole month"):
        build_panel(tables)
