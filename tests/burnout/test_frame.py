"""Which question the waves can bear, and what is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import COVARIATES, FakeTables, make_frames, make_study, make_tables
from wellperf_models.burnout import BurnoutFrame, build_frame, fit_forecasts
from wellperf_models.errors import DesignError, StudyError, TablesError
from wellperf_models.study import load_study
from wellperf_models.tables import Tables, load_tables


def model(*covariates: str, **more: Any) -> dict[str, Any]:
    return {"models": {"m": {"covariates": list(covariates)}}, **more}


def test_waves_that_follow_each_other_are_split_in_time() -> None:
    frame = build_frame(make_tables())
    assert frame.design == "forward"
    assert frame.time_split
    # nobody has a score before the first wave
    assert frame.waves == ("w1", "w2", "w3")
    assert frame.answers.last is not None
    assert frame.answers.last.size == frame.answers.person.size
    first = frame.left_out["answers without an earlier score of the same person"]
    assert first.people == first.rows == make_frames()["surveys"]["employee_id"].n_unique()
    assert first.rows + frame.answers.person.size == len(make_frames()["surveys"]) / 2


def test_two_waves_are_a_forecast_without_a_newer_wave_to_score() -> None:
    frame = build_frame(make_tables(frames={"waves": 2}))
    assert (frame.design, frame.time_split) == ("forward", False)


def test_one_wave_or_no_person_in_common_is_a_cross_section() -> None:
    one = build_frame(make_tables(frames={"waves": 1}))
    assert (one.design, one.why) == ("cross_section", "There is one wave.")
    frames = make_frames()
    strangers = frames["surveys"].with_columns(employee_id=pl.col("employee_id") + pl.col("wave"))
    other = build_frame(FakeTables(make_study(**model("mood")), frames | {"surveys": strangers}))
    assert other.design == "cross_section"
    assert "No person answered in two waves" in other.why
    assert other.answers.last is None


def test_too_few_who_answered_twice_are_a_cross_section() -> None:
    frames = make_frames(waves=2)
    few = frames["surveys"].filter((pl.col("wave") == "w0") | (pl.col("employee_id") < "p0025"))
    frame = build_frame(FakeTables(make_study(), frames | {"surveys": few}))
    assert frame.design == "cross_section"
    assert "Too few people answered in two waves" in frame.why


def test_waves_without_an_order_are_grouped_by_person() -> None:
    undated = {"frames": {"dated": False}}
    frame = build_frame(make_tables(**undated, **model("noise")))
    assert frame.design == "grouped"
    assert "burnout.waves" in frame.why
    ordered = build_frame(make_tables(**undated, **model("noise", waves=["w0", "w1", "w2", "w3"])))
    assert ordered.design == "forward"
    backwards = build_frame(make_tables(**undated, **model("noise", waves=["w3", "w2", "w1", "w0"])))
    assert backwards.waves == ("w2", "w1", "w0")


def test_a_scale_where_lower_is_worse_is_turned() -> None:
    tables = make_tables(higher_is="better", case_at=2.0)
    frame = build_frame(tables)
    assert frame.answers.strain.max() <= 0
    assert frame.case == "a score of Exhaustion of 2 or less"
    turned = make_frames()
    turned["surveys"] = turned["surveys"].with_columns(
        value=pl.when(pl.col("measure") == "exhaustion").then(6 - pl.col("value")).otherwise(pl.col("value"))
    )
    mirrored = FakeTables(make_study(higher_is="better", case_at=2.5), turned)
    found = fit_forecasts(build_frame(mirrored), mirrored.study.burnout)
    plain = make_tables()
    same = fit_forecasts(build_frame(plain), plain.study.burnout)
    assert found.last_score is not None
    assert same.last_score is not None
    assert found.last_score.scores.auc.value == pytest.approx(same.last_score.scores.auc.value, abs=1e-12)
    assert found.last_score.scores.slope.value == pytest.approx(same.last_score.scores.slope.value, abs=1e-8)


def test_the_outcome_before_the_wave_is_the_last_score_and_dropped() -> None:
    frame = build_frame(make_tables(**model("noise", "own_before")))
    assert frame.sets == {"m": ("noise",)}
    assert frame.dropped == {"m": ("own_before",)}


def test_people_keep_the_cluster_they_were_first_seen_in() -> None:
    frames = make_frames()
    moved = frames["assignments"].with_columns(end=pl.lit(dt.date(2021, 7, 31)))
    later = frames["assignments"].with_columns(start=pl.lit(dt.date(2021, 8, 1)), team=pl.lit("new"))
    frames["assignments"] = pl.concat([moved, later])
    frame = build_frame(FakeTables(make_study(cluster="team", group_by="team"), frames))
    pairs = {(int(p), int(c)) for p, c in zip(frame.answers.person, frame.answers.cluster, strict=True)}
    assert len(pairs) == frame.answers.n_people
    # groups are those of the wave
    assert frame.answers.group is not None
    assert set(frame.answers.group[frame.answers.wave == 2]) == {"new"}


def test_nothing_depends_on_the_order_of_rows() -> None:
    frames = make_frames()
    shuffled = {name: f.sample(fraction=1.0, shuffle=True, seed=3) for name, f in frames.items()}
    study = make_study(group_by="department", cluster="team")
    one, two = build_frame(FakeTables(study, frames)), build_frame(FakeTables(study, shuffled))
    for field in ("person", "wave", "strain", "last", "group", "cluster", "fold_group"):
        assert np.array_equal(getattr(one.answers, field), getattr(two.answers, field)), field
    assert one.answers.covariates.equals(two.answers.covariates)


@pytest.mark.parametrize(
    ("study", "match"),
    [
        (model("own_now"), "among its own predictors"),
        (model("late"), "measured after the outcome"),
        ({"higher_is": "neither"}, "no bad end"),
        ({"case_at": 60.0}, "outside of the scale"),
        ({"models": {"last_score": {"covariates": ["noise"]}}}, "name of the one it is compared with"),
        ({"validation": {"group_by": "cluster"}}, "there is none"),
        ({"group_by": "planet"}, "nowhere to be found"),
    ],
)
def test_wrong_study_files_are_named(study: dict[str, Any], match: str) -> None:
    with pytest.raises(StudyError, match=match):
        build_frame(make_tables(**study))


def test_a_cluster_that_is_nowhere_is_named() -> None:
    frames = {k: v for k, v in make_frames().items() if k != "assignments"}
    with pytest.raises(StudyError, match="cluster of the errors is nowhere"):
        build_frame(FakeTables(make_study(cluster="team"), frames))


def test_no_section_and_no_scores_are_named() -> None:
    study = make_study()
    with pytest.raises(StudyError, match="which scale"):
        build_frame(FakeTables(study.model_copy(update={"burnout": None}), make_frames()))
    frames = make_frames()
    frames["surveys"] = frames["surveys"].with_columns(value=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(DesignError, match="Nobody has a score"):
        build_frame(FakeTables(study, frames))


def test_answers_after_the_as_of_date_are_refused_with_the_tables() -> None:
    study = make_study(covariates={"mood": COVARIATES["mood"]}, **model("mood"))
    frames = {"surveys": make_frames(waves=2)["surveys"]}
    only = study.model_copy(update={"tables": {"surveys": study.tables["surveys"]}})
    assert build_frame(Tables.from_frames(only, frames)).design == "forward"
    late = frames["surveys"].with_columns(
        date=pl.when(pl.col("wave") == "w1").then(pl.lit(dt.date(2024, 2, 1))).otherwise(pl.col("date"))
    )
    with pytest.raises(TablesError, match="date"):
        Tables.from_frames(only, {"surveys": late})


def test_a_single_csv_with_two_yearly_waves_is_enough(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["who;year;day;strain;sleep;children"]
    for person in range(200):
        trait, child = rng.normal(), rng.choice(["Y", "N"])
        for year in (2022, 2023):
            score = float(np.clip(np.round(50 + 15 * trait + 8 * rng.normal()), 0, 100))
            sleep = round(float(7 - 0.5 * trait + 0.5 * rng.normal()), 1)
            lines.append(f"{person:03d};{year};{rng.integers(1, 20):02d}.05.{year};{score:g};{sleep};{child}")
    (tmp_path / "survey.csv").write_text("\n".join(lines))
    (tmp_path / "study.toml").write_text(
        """
[study]
name = "two_years"
as_of = 2023-12-31
seed = 1
[tables.surveys]
path = "survey.csv"
separator = ";"
date_format = "%d.%m.%Y"
[tables.surveys.columns]
employee_id = "who"
wave = "year"
date = "day"
[tables.surveys.wide]
name = "measure"
value = "value"
[tables.surveys.wide.columns]
strain = "strain"
sleep = "sleep_hours"
[measures.strain]
low = 0
high = 100
higher_is = "worse"
[measures.sleep_hours]
low = 0
high = 24
higher_is = "better"
[covariates.sleep]
table = "surveys"
column = "sleep_hours"
timing = "before"
[burnout]
outcome = "strain"
case_share = 0.25
[burnout.models.sleep]
covariates = ["sleep"]
""",
        encoding="utf-8",
    )
    study = load_study(tmp_path)
    frame = build_frame(load_tables(study))
    assert (frame.design, frame.time_split, frame.waves) == ("forward", False, ("2023",))
    assert frame.answers.n_people == 200
    assert study.burnout is not None
    found = fit_forecasts(frame, study.burnout)
    assert found.last_score is not None
    assert 0.75 < found.last_score.scores.auc.value < 0.95
    assert list(found.answered) == ["sleep"]


def test_a_weekly_pulse_uses_the_week_before() -> None:
    rng = np.random.default_rng(1)
    n, weeks = 60, 20
    trait = rng.normal(size=n)
    rows = [
        (f"e{i}", f"{w:02d}", "exhaustion", dt.date(2023, 1, 2) + dt.timedelta(days=7 * w), float(s))
        for w in range(weeks)
        for i, s in enumerate(np.clip(np.round(3 + trait + rng.normal(size=n)), 0, 6))
    ]
    schema = {"employee_id": pl.String, "wave": pl.String, "measure": pl.String, "date": pl.Date}
    surveys = pl.DataFrame(rows, schema=schema | {"value": pl.Float64}, orient="row")
    surveys = surveys.with_columns(item=pl.lit(None, dtype=pl.String))
    people = pl.DataFrame({"employee_id": [f"e{i}" for i in range(n)], "noise": rng.normal(size=n)})
    frame: BurnoutFrame = build_frame(
        FakeTables(make_study(**model("noise")), {"surveys": surveys, "people": people})
    )
    assert (frame.design, frame.time_split, len(frame.waves)) == ("forward", True, weeks - 1)
    strain, last = frame.answers.strain.reshape(n, -1), frame.answers.last
    assert last is not None
    assert np.array_equal(strain[:, :-1], last.reshape(n, -1)[:, 1:])


def test_nothing_of_a_person_is_in_a_repr() -> None:
    frame = build_frame(make_tables())
    for text in (repr(frame), repr(frame.answers)):
        assert "p0" not in text
        assert "DataFrame" not in text
