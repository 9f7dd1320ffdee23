"""Person × wave: the last score, and nothing from the wave itself or later."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from tests.fakes import FakeTables
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.panel import build_waves, read_wave_order, to_polars
from wellperf_models.study import Study

D = dt.date
TABLES = ("people", "assignments", "workload", "surveys", "outcomes")


def make_study(**burnout: Any) -> Study:
    section = {"outcome": "strain", "case_at": 3.0, "models": {"m": {"covariates": ["gender"]}}}
    people = {"table": "people", "column": "gender", "type": "category"}
    return Study.model_validate(
        {
            "study": {"name": "t", "as_of": D(2022, 12, 31), "seed": 1},
            "tables": {name: {"path": "none.csv"} for name in TABLES},
            "measures": {m: {"low": 0, "high": 9, "higher_is": "worse"} for m in ("strain", "mood", "pulse")},
            "covariates": {
                "gender": people | {"timing": "before"},
                "team": {"table": "assignments", "type": "category", "timing": "before"},
                "hours": {"table": "workload", "timing": "before"},
                "mood": {"table": "surveys", "timing": "before"},
                "mood_now": {"table": "surveys", "column": "mood", "timing": "during"},
                "pulse": {"table": "surveys", "timing": "before"},
                "wave": people | {"timing": "before"},
                "site": people | {"timing": "before"},
                "hours_now": {"table": "workload", "column": "hours", "timing": "during"},
                "after": people | {"timing": "after"},
                "trial": {"table": "outcomes", "column": "value", "timing": "before"},
            },
            "burnout": section | burnout,
        }
    )


def surveys(rows: list[tuple[str, str, str, dt.date | None, float]]) -> pl.DataFrame:
    made = pl.DataFrame(
        rows,
        schema={
            "employee_id": pl.String, "wave": pl.String, "measure": pl.String, "date": pl.Date,
            "value": pl.Float64,
        },
        orient="row",
    )  # fmt: skip
    return made.with_columns(item=pl.lit(None, dtype=pl.String))


ROWS: list[tuple[str, str, str, dt.date | None, float]] = [
    ("a", "spring", "strain", D(2022, 3, 5), 1.0),
    ("a", "autumn", "strain", D(2022, 9, 9), 4.0),
    ("a", "winter", "strain", D(2022, 12, 2), 5.0),
    ("b", "spring", "strain", D(2022, 3, 1), 2.0),
    ("b", "winter", "strain", D(2022, 12, 1), 3.0),
    # answered the spring wave after the autumn wave had begun
    ("c", "spring", "strain", D(2022, 9, 10), 6.0),
    ("c", "autumn", "strain", D(2022, 9, 12), 7.0),
    ("c", "winter", "strain", D(2022, 12, 1), 8.0),
    ("d", "autumn", "strain", D(2022, 9, 8), 2.5),
    ("a", "spring", "mood", D(2022, 3, 5), 8.0),
    ("a", "autumn", "mood", D(2022, 9, 9), 3.0),
    ("c", "autumn", "mood", D(2022, 9, 12), 2.0),
]


def make_frames() -> dict[str, pl.DataFrame]:
    date = pl.Date
    assignments = pl.DataFrame(
        {
            "employee_id": ["a", "a", "b"],
            "start": [D(2022, 1, 1), D(2022, 9, 9), D(2022, 1, 1)],
            "end": [D(2022, 9, 8), None, D(2022, 6, 30)],
            "team": ["t1", "t2", "t3"],
            "department": ["x", "y", "x"],
            "site": ["n", "n", "n"],
        },
        schema_overrides={"start": date, "end": date},
    )
    workload = pl.DataFrame(
        {
            "employee_id": ["a"] * 4,
            "period": [D(2022, 2, 1), D(2022, 3, 1), D(2022, 8, 1), D(2022, 9, 1)],
            "hours": [10.0, 20.0, None, 40.0],
        }
    )
    people = pl.DataFrame({"employee_id": ["a", "b", "c", "d"], "gender": ["f", "m", "f", "m"]})
    return {"surveys": surveys(ROWS), "assignments": assignments, "workload": workload, "people": people}


def waves_of(
    covariates: tuple[str, ...] = ("gender", "team", "hours", "mood", "mood_now"),
    frames: dict[str, pl.DataFrame] | None = None,
    engine: str = "polars",
    **burnout: Any,
) -> pl.DataFrame:
    made = build_waves(FakeTables(make_study(**burnout), frames or make_frames(), engine), covariates)
    return to_polars(made).sort("employee_id", "wave_order", "wave")


def by_key(frame: pl.DataFrame, column: str) -> dict[tuple[str, str], Any]:
    return {(i, w): v for i, w, v in frame.select("employee_id", "wave", column).iter_rows()}


def test_last_scores_are_those_answered_before_the_wave_began() -> None:
    frame = waves_of()
    assert by_key(frame, "last_score") == {
        ("a", "spring"): None, ("a", "autumn"): 1.0, ("a", "winter"): 4.0,
        ("b", "spring"): None, ("b", "winter"): 2.0,
        # not 6: it was answered two days after the autumn wave began; the next wave may use what came last
        ("c", "spring"): None, ("c", "autumn"): None, ("c", "winter"): 7.0,
        ("d", "autumn"): None,
    }  # fmt: skip
    assert by_key(frame, "last_wave")["b", "winter"] == "spring"
    assert by_key(frame, "wave_order")["b", "winter"] == 2
    begin = (D(2022, 9, 8) - D(1970, 1, 1)).days
    assert {v for (_, w), v in by_key(frame, "wave_day").items() if w == "autumn"} == {begin}


def test_covariates_are_known_before_and_groups_are_those_of_the_first_day() -> None:
    frame = waves_of()
    # March's hours were not over when the spring wave began on the 1st; August's are missing
    assert by_key(frame, "hours")["a", "spring"] == 10.0
    assert by_key(frame, "hours")["a", "autumn"] == 20.0
    assert by_key(frame, "hours")["a", "winter"] == 40.0
    assert by_key(frame, "mood")["a", "autumn"] == 8.0
    assert by_key(frame, "mood")["a", "winter"] == 3.0
    # the first day of the autumn wave is the 8th: still the old team
    assert by_key(frame, "team")["a", "autumn"] == "t1"
    assert by_key(frame, "team")["a", "winter"] == "t2"
    assert by_key(frame, "department")["b", "winter"] is None
    # during: from the wave itself
    assert by_key(frame, "mood_now")["c", "autumn"] == 2.0
    assert by_key(frame, "mood_now")["a", "winter"] is None


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("surveys", pl.col("date") >= D(2022, 9, 8)),
        ("workload", pl.col("period") >= D(2022, 9, 1)),
    ],
)
def test_what_happens_from_the_first_day_on_does_not_leak(table: str, change: pl.Expr) -> None:
    value = "value" if table == "surveys" else "hours"
    frames = make_frames()
    spied = frames[table].with_columns(
        pl.when(change & pl.col(value).is_not_null()).then(99.0).otherwise(pl.col(value)).alias(value)
    )
    known = ("hours", "mood")
    columns = ["employee_id", "wave", "last_score", *known]
    before, after = waves_of(known), waves_of(known, frames | {table: spied})
    early = pl.col("wave") != "winter"
    assert after.filter(early).select(columns).equals(before.filter(early).select(columns))
    assert not after.select(columns).equals(before.select(columns))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.integers(0, 3), st.sampled_from(["strain", "mood"]), st.integers(0, 25)
        ),
        min_size=1,
        max_size=30,
        unique_by=lambda r: r[:3],
    ),
    st.randoms(use_true_random=False),
)
def test_everything_lies_before_and_row_order_does_not_matter(rows: Any, random: Any) -> None:
    # waves 30 days apart, answers up to 25 days late: the order of the waves is clear
    made = [
        (i, f"w{w}", m, D(2022, 1, 1) + dt.timedelta(days=30 * w + late), float(n))
        for n, (i, w, m, late) in enumerate(rows)
    ]
    made.append(("z", "w0", "strain", D(2022, 1, 1), 0.0))
    frames = make_frames() | {"surveys": surveys(made)}
    frame = waves_of(("mood", "hours"), frames)
    for place in ("last_place", "mood_place", "hours_place"):
        known = frame.filter(pl.col(place).is_not_null())
        assert (known[place] < known["place"]).all()
    random.shuffle(made)
    shuffled = waves_of(("mood", "hours"), frames | {"surveys": surveys(made)})
    assert shuffled.equals(frame)


def test_pandas_and_polars_give_the_same_waves() -> None:
    polars, pandas = waves_of(), waves_of(engine="pandas")
    assert polars.columns == pandas.columns
    for name in polars.columns:
        left, right = polars[name], pandas[name]
        if left.dtype.is_numeric() or right.dtype.is_numeric():
            left, right = left.cast(pl.Float64), right.cast(pl.Float64).fill_nan(None)
        assert left.to_list() == right.to_list(), name


@pytest.mark.parametrize("engine", ["polars", "pandas"])
def test_without_dates_the_declared_order_counts(engine: str) -> None:
    undated = [(i, w, m, None, v) for i, w, m, _, v in ROWS]
    frames = make_frames() | {"surveys": surveys(undated)}
    frame = waves_of(("mood", "gender"), frames, engine, waves=["spring", "autumn", "winter"])
    assert by_key(frame, "last_score")["c", "autumn"] == 6.0
    assert by_key(frame, "mood")["a", "winter"] == 3.0
    assert (frame.drop_nulls("last_place")["last_place"] < frame.drop_nulls("last_place")["place"]).all()
    assert frame["wave_day"].null_count() == frame.height
    nothing = waves_of(("mood", "gender"), frames, engine)
    assert nothing["last_score"].null_count() == nothing.height
    assert nothing["mood"].null_count() == nothing.height
    assert set(nothing["wave_order"]) == {0}
    order = read_wave_order(FakeTables(make_study(), frames, engine))
    assert not order.ordered


@pytest.mark.parametrize("turn", [1, -1])
def test_of_two_answers_on_one_day_the_later_wave_counts(turn: int) -> None:
    both = [("d", "spring", "strain", D(2022, 9, 12), 1.0), ("d", "autumn", "strain", D(2022, 9, 12), 0.5)]
    rows = [r for r in ROWS if r[0] != "d"] + [("d", "winter", "strain", D(2022, 12, 1), 1.0)] + both[::turn]
    frame = waves_of((), make_frames() | {"surveys": surveys(rows)})
    assert by_key(frame, "last_score")["d", "winter"] == 0.5


def test_a_missing_date_counts_as_the_last_day_of_its_wave() -> None:
    rows = [*ROWS, ("d", "spring", "strain", None, 3.0)]
    # the spring wave's last known answer came after the autumn wave had begun
    assert (
        by_key(waves_of((), make_frames() | {"surveys": surveys(rows)}), "last_score")["d", "autumn"] is None
    )
    on_time = [r for r in rows if r[:2] != ("c", "spring")]
    frames = make_frames() | {"surveys": surveys(on_time)}
    assert by_key(waves_of((), frames), "last_score")["d", "autumn"] == 3.0


def test_a_pulse_that_overlaps_the_waves_is_placed_by_its_days() -> None:
    weekly = [("a", f"p{w}", "pulse", D(2022, 9, 1) + dt.timedelta(days=7 * w), float(w)) for w in range(4)]
    frame = waves_of(("pulse",), make_frames() | {"surveys": surveys([*ROWS, *weekly])})
    # the autumn wave began on 8 September, a day on which a pulse was answered too
    assert by_key(frame, "pulse")["a", "autumn"] == 0.0
    assert by_key(frame, "pulse")["a", "winter"] == 3.0
    assert set(frame["wave"]) == {"spring", "autumn", "winter"}


@pytest.mark.parametrize(
    ("rows", "declared", "match"),
    [
        # one date a year too early puts a wave first
        ([*ROWS, ("d", "winter", "strain", D(2012, 12, 1), 1.0)], [], "do not tell their order"),
        ([*ROWS, ("d", "late", "strain", D(2022, 12, 1), 1.0)], [], "do not tell their order"),
        (ROWS, ["spring", "winter", "autumn"], "do not tell their order"),
        (ROWS, ["spring", "autumn"], "not in the declared order"),
        ([*ROWS, ("d", "later", "strain", None, 1.0)], [], "Some waves have dates"),
        ([*ROWS, ("a", "spring", "strain", D(2022, 3, 6), 1.0)], [], "several scores"),
    ],
)
def test_waves_that_are_not_clear_are_refused(rows: Any, declared: list[str], match: str) -> None:
    with pytest.raises(StudyError, match=match):
        waves_of((), make_frames() | {"surveys": surveys(rows)}, waves=declared)


@pytest.mark.parametrize(
    ("covariate", "match"),
    [
        ("wave", "bears a name"),
        ("site", "bears a name"),
        ("after", "after the outcome"),
        ("hours_now", "can't be placed"),
        ("trial", "can't be placed"),
        ("salary", "not declared"),
    ],
)
def test_covariates_that_can_not_be_placed_are_refused(covariate: str, match: str) -> None:
    with pytest.raises(StudyError, match=match):
        waves_of((covariate,))


def test_without_dates_workload_and_teams_can_not_be_placed() -> None:
    frames = make_frames() | {"surveys": surveys([(i, w, m, None, v) for i, w, m, _, v in ROWS])}
    for covariate in ("hours", "team"):
        with pytest.raises(StudyError, match="have no dates"):
            waves_of((covariate,), frames, waves=["spring", "autumn", "winter"])


def test_a_group_may_be_a_predictor_too() -> None:
    frame = to_polars(build_waves(FakeTables(make_study(), make_frames()), ("gender",), groups=("gender",)))
    assert frame.columns.count("gender") == 1


def test_nobody_with_a_scale_score_is_an_error_of_the_design() -> None:
    items = surveys(ROWS).with_columns(item=pl.lit("i1"))
    with pytest.raises(DesignError, match="Nobody has a score"):
        waves_of((), make_frames() | {"surveys": items})
    with pytest.raises(DesignError, match="Nobody has a score"):
        waves_of((), outcome="pulse")


def test_no_surveys_or_no_section_is_named() -> None:
    frames = {k: v for k, v in make_frames().items() if k != "surveys"}
    with pytest.raises(StudyError, match="no table of surveys"):
        waves_of((), frames)
    study = make_study().model_copy(update={"burnout": None})
    with pytest.raises(StudyError, match="which scale"):
        build_waves(FakeTables(study, make_frames()))
