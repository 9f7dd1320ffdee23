"""Whom consent and silence leave out: counted right, weighted right, and bounds that always hold."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.disclosure.builders import provenance
from tests.tables.good import make_study
from wellperf_models.data_quality import check_left_out, describe_left_out, measure_left_out, plot_left_out
from wellperf_models.data_quality.left_out import LeftOut, StreamCoverage, _by_time
from wellperf_models.data_quality.weighting import SMALLEST_CELL, Weighted, join_cells, weigh
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Check, Evidence
from wellperf_models.study import Scale, Study
from wellperf_models.tables import Tables

D = dt.date
SCALE = Scale(low=0, high=6, higher_is="worse")
# department → people, share of cases, chance to answer: those with most cases are the most silent
DEPARTMENTS = {"a": (400, 0.10, 0.95), "b": (300, 0.25, 0.70), "c": (300, 0.45, 0.35)}
TRUTH = sum(n * p for n, p, _ in DEPARTMENTS.values()) / 1000


def employed(rng: np.random.Generator, *, teams: int = 0) -> tuple[pl.DataFrame, float]:
    """A thousand people whose answer depends on their department alone, and the share of cases among them."""
    department = np.repeat(list(DEPARTMENTS), [n for n, _, _ in DEPARTMENTS.values()])
    share = np.array([DEPARTMENTS[d][1] for d in department])
    answers = rng.random(1000) < np.array([DEPARTMENTS[d][2] for d in department])
    team = np.arange(1000) // (1000 // teams) if teams else np.zeros(1000, dtype=int)
    shift = rng.uniform(-0.1, 0.1, 1000)[team] if teams else 0.0
    case = rng.random(1000) < share + shift
    frame = pl.DataFrame(
        {
            "employee_id": [f"p{n:04d}" for n in range(1000)],
            "department": department,
            "tenure": "c",
            "team": [f"t{t}" for t in team] if teams else pl.Series([None] * 1000, dtype=pl.String),
            "value": np.where(case, 5.0, 1.0),
        }
    ).with_columns(pl.when(pl.Series(answers)).then("value").alias("value"))
    return frame, float(case.mean())


def weighted(frame: pl.DataFrame, case_at: float | None = 3.0, scale: Scale = SCALE) -> Weighted:
    found = weigh(frame, measure="exhaustion", wave="1", scale=scale, case_at=case_at)
    assert found is not None
    return found


@pytest.mark.parametrize("teams", [0, 100])
def test_weighting_recovers_the_truth_that_the_answers_miss(teams: int) -> None:
    """600 worlds: unbiased, 95 % intervals cover, bounds always do; the plain share is far off."""
    worlds = 600
    values, plain, hits, inside = [], [], 0, 0
    for world in range(worlds):
        frame, among_them = employed(np.random.default_rng(world), teams=teams)
        found = weighted(frame)
        values.append(found.weighted.value)
        plain.append(found.as_answered.value)
        hits += abs(found.weighted.value - TRUTH) <= 1.959964 * found.weighted.se
        inside += found.low <= among_them <= found.high
        assert found.cluster == ("team" if teams else "person")
    error = np.std(values, ddof=1) / math.sqrt(worlds)
    assert abs(np.mean(values) - TRUTH) < 2.576 * error
    assert np.mean(plain) < TRUTH - 0.05
    assert abs(hits / worlds - 0.95) < 2.576 * math.sqrt(0.95 * 0.05 / worlds)
    assert inside == worlds


def test_the_error_of_what_weighting_changes() -> None:
    """Its standard error is the spread of the change over answers redrawn from the same people."""
    rng = np.random.default_rng(3)
    frame, _ = employed(rng)
    here = frame["value"].is_not_null()
    share = np.array([DEPARTMENTS[d][1] for d in frame["department"]])
    changes, errors = [], []
    for _ in range(400):
        value = pl.Series(np.where(rng.random(1000) < share, 5.0, 1.0))
        found = weighted(frame.with_columns(pl.when(here).then(value).alias("value")))
        changes.append(found.change)
        errors.append(found.change_se)
        assert found.change == pytest.approx(found.weighted.value - found.as_answered.value, abs=1e-12)
    spread = float(np.std(changes, ddof=1))
    assert abs(np.mean(errors) / spread - 1) < 2.576 / math.sqrt(2 * 400)


def test_weights_and_bounds_by_hand() -> None:
    """Two departments of 40 people: 20 and 40 answers, half and a quarter of them cases."""
    rows = [("a", 5.0 if n < 10 else 1.0 if n < 20 else None) for n in range(40)]
    rows += [("b", 5.0 if n < 10 else 1.0) for n in range(40)]
    frame = pl.DataFrame(
        [(f"{d}{n}", d, "c", None, v) for n, (d, v) in enumerate(rows)],
        schema={
            "employee_id": pl.String, "department": pl.String, "tenure": pl.String, "team": pl.String,
            "value": pl.Float64,
        },
        orient="row",
    )  # fmt: skip
    found = weighted(frame)
    assert found.as_answered.value == pytest.approx(20 / 60)
    assert found.weighted.value == pytest.approx(0.5 * 0.5 + 0.5 * 0.25)
    assert (found.low, found.high) == (20 / 80, 40 / 80)
    # stratified mean: Σ W² p (1 − p) / (n − 1)
    expected = math.sqrt(0.25 * 0.25 / 19 + 0.25 * 0.1875 / 39)
    assert found.weighted.se == pytest.approx(expected)
    assert (found.n_people, found.n_answered, found.n_cases, found.smallest_cell) == (80, 60, 20, 20)
    assert found.cases == {f"a{n}" for n in range(10)} | {f"b{n}" for n in range(40, 50)}
    mean = weighted(frame, case_at=None)
    assert mean.as_answered.value == pytest.approx((20 * 5 + 40 * 1) / 60)
    assert (mean.low, mean.high) == (pytest.approx(140 / 80), pytest.approx((140 + 20 * 6) / 80))
    better = weighted(frame, scale=Scale(low=0, high=6, higher_is="better"))
    assert better.n_cases == 40


def test_small_cells_are_joined_until_each_has_enough_answers() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        n = int(rng.integers(12, 200))
        frame = pl.DataFrame(
            {
                "employee_id": [str(i) for i in range(n)],
                "department": pl.Series([[None, "a", "b", "c", "d"][i] for i in rng.integers(0, 5, n)]),
                "tenure": [["a", "b", "c"][i] for i in rng.integers(0, 3, n)],
                "y": pl.Series([1.0 if r < 0.5 else None for r in rng.random(n)], dtype=pl.Float64),
            }
        )
        cells = join_cells(frame).group_by("cell").agg(pl.col("y").count().alias("n"))
        assert join_cells(frame).height == n
        if frame["y"].count() >= SMALLEST_CELL:
            assert int(cells["n"].min()) >= SMALLEST_CELL  # type: ignore[arg-type]
        else:
            assert cells.height == 1


def test_too_few_answers_say_nothing() -> None:
    frame = employed(np.random.default_rng(1))[0].head(9)
    assert weigh(frame, measure="m", wave="1", scale=SCALE, case_at=3.0) is None


AS_OF = D(2024, 6, 30)


def frames_of(
    *, refuse: float = 0.3, leave_more: float = 1.0, ends_at_exit: bool = False, seed: int = 1, n: int = 600
) -> dict[str, pl.DataFrame]:
    """n people hired in 2021; those who refuse leave `leave_more` times as often."""
    rng = np.random.default_rng(seed)
    ids = [f"p{i:04d}" for i in range(n)]
    refuses = rng.random(n) < refuse
    days = rng.exponential(1200 / np.where(refuses, leave_more, 1.0)).astype(int) + 1
    start = [D(2021, 1, 1) + dt.timedelta(i % 360) for i in range(n)]
    end = [s + dt.timedelta(int(d)) for s, d in zip(start, days, strict=True)]
    gone = [e <= AS_OF for e in end]
    spells = pl.DataFrame(
        {
            "employee_id": ids,
            "start": start,
            "end": [e if g else None for e, g in zip(end, gone, strict=True)],
            "exit_reason": ["voluntary" if g else None for g in gone],
        },
        schema_overrides={"end": pl.Date},
    )
    agreed = [i for i in range(n) if not refuses[i]]
    consent = pl.DataFrame(
        {
            "employee_id": [ids[i] for i in agreed],
            "stream": "surveys",
            "from_date": [start[i] for i in agreed],
            "to_date": [end[i] if gone[i] and ends_at_exit else None for i in agreed],
        },
        schema_overrides={"to_date": pl.Date},
    )
    day = D(2024, 6, 1)
    there = [i for i in agreed if start[i] <= day <= end[i]]
    surveys = pl.DataFrame(
        {
            "employee_id": [ids[i] for i in there],
            "wave": "2024-06",
            "measure": "exhaustion",
            "date": day,
            "value": rng.integers(0, 7, len(there)).astype(float),
        }
    )
    assignments = pl.DataFrame(
        {"employee_id": ids, "start": start, "department": ["x" if i % 3 else "y" for i in range(n)]}
    )
    return {"spells": spells, "assignments": assignments, "surveys": surveys, "consent": consent}


def organisation(*, refuse: float = 0.3, ends_at_exit: bool = False, **sections: Any) -> Tables:
    scale = {"exhaustion": {"low": 0, "high": 6, "higher_is": "worse"}}
    study = make_study(**({"measures": scale} | sections))
    return Tables.from_frames(study, frames_of(refuse=refuse, ends_at_exit=ends_at_exit))


def covered(*, leave_more: float, seed: int) -> StreamCoverage:
    """The one stream of an organisation, without the reading of tables around it."""
    frames = frames_of(leave_more=leave_more, seed=seed)
    spells = frames["spells"].select(
        "employee_id",
        pl.col("start").alias("begin"),
        pl.col("end").fill_null(AS_OF),
        pl.col("exit_reason").is_not_null().alias("left"),
    )
    times = frames["consent"].select(
        "employee_id", pl.col("from_date").alias("first"), pl.lit(D(2300, 1, 1)).alias("last")
    )
    return _by_time(spells, "surveys", times, applied=True)


def evidence_of(tables: Tables) -> tuple[LeftOut, Evidence]:
    found = measure_left_out(tables)
    return found, describe_left_out(
        tables, found, check_left_out(found), provenance=provenance(synthetic=False)
    )


def check(found: Evidence, name: str) -> Check:
    return next(c for c in found.checks if c.name == name)


def test_coverage_by_hand() -> None:
    spells = pl.DataFrame(
        {
            "employee_id": ["a", "b", "c", "c"],
            "start": [D(2023, 1, 1), D(2023, 1, 1), D(2022, 1, 1), D(2024, 1, 1)],
            "end": [None, D(2023, 12, 31), D(2022, 12, 31), None],
            "exit_reason": [None, "voluntary", "voluntary", None],
        }
    )
    consent = pl.DataFrame(
        {
            "employee_id": ["a", "b", "c"],
            "stream": "workload",
            "from_date": [D(2023, 7, 1), D(2023, 1, 1), D(2022, 1, 1)],
            "to_date": [None, None, D(2022, 6, 30)],
        },
        schema_overrides={"to_date": pl.Date},
    )
    general = {"name": "t", "as_of": "2024-06-30", "seed": 1, "observed_from": "2022-07-01"}
    for withdrawal, people, days in (("all", 2, 366 + 365), ("from_then_on", 2, 366 + 365)):
        section = {"streams": ["workload"], "withdrawal": withdrawal}
        study = make_study(study=general, consent=section)
        tables = Tables.from_frames(study, {"spells": spells, "consent": consent})
        (found,) = measure_left_out(tables).streams
        assert (found.n_people, found.n_covered, found.covered) == (3, people, {"a", "b"})
        assert found.n_covered_months == round(days / (365.25 / 12))
        assert found.n_months == round((547 + 365 + 184 + 182) / (365.25 / 12))
        assert found.left == {"b"}
        gap = found.gap
        assert gap is not None
        assert (gap.n_exits, gap.n_people) == ((1, 1), (2, 2))
        rate = 100 * 365.25
        assert gap.value == pytest.approx(rate * (1 / (181 + 184 + 182) - 1 / days))


def test_exits_of_the_others_are_found_and_chance_is_not() -> None:
    """Over 60 worlds each: a true difference is seen, none is invented (1 % level)."""
    seen = {1.0: 0, 2.5: 0}
    for ratio in seen:
        for seed in range(60):
            found = LeftOut(
                streams=(covered(leave_more=ratio, seed=seed),), set_aside=(), n_ended_at_exit=0,
                n_withdrawn=0, weighted=None, stable=True,
            )  # fmt: skip
            (failed,) = [not c.passed for c in check_left_out(found) if c.name == "left_out_leave_alike"]
            seen[ratio] += failed
    assert seen[1.0] <= 3
    assert seen[2.5] >= 54


def test_the_error_of_the_difference_is_its_spread() -> None:
    worlds = 400
    gaps = [covered(leave_more=1.5, seed=s).gap for s in range(worlds)]
    values = [g.value for g in gaps if g is not None]
    errors = [g.se for g in gaps if g is not None]
    assert abs(np.mean(errors) / np.std(values, ddof=1) - 1) < 2.576 / math.sqrt(2 * worlds)


def test_what_a_committee_reads(tmp_path: Path) -> None:
    tables = organisation()
    left_out, evidence = evidence_of(tables)
    released = release(evidence, _placed(tables.study, tmp_path))
    assert "Used with consent only: surveys." in released.answer
    assert "agree to the use of their surveys" in released.answer
    assert "weighted to everybody employed then" in released.answer
    row = released.table("consent").rows[0]
    assert row.key == ("surveys", "with consent only")
    n_people, n_covered, share, n_months, n_covered_months, months_share = row.values
    assert (n_people, n_covered) == (600, 5 * round(left_out.streams[0].n_covered / 5))
    assert share == pytest.approx(100 * n_covered / n_people)  # type: ignore[operator]
    assert months_share == pytest.approx(100 * n_covered_months / n_months)  # type: ignore[operator]
    assert released.table("exits").rows[0].values[0] is not None
    picture = plot_left_out(released)
    assert picture is not None
    assert "weighted" in picture.title
    everything = repr(evidence) + repr(left_out) + str(released) + picture.alt
    assert "p0001" not in everything
    assert all(e.support.members for e in evidence.estimates if not e.name.startswith("n_people"))
    assert {e.interval for e in evidence.estimates} == {"confidence", "bounds", None}


def _placed(study: Study, folder: Path) -> Study:
    study._path = folder / "study.toml"
    return study


def test_cases_are_those_of_the_study() -> None:
    covariates = {"hours": {"table": "workload", "timing": "before"}}
    burnout = {"outcome": "exhaustion", "case_at": 4.0, "models": {"m": {"covariates": ["hours"]}}}
    tables = organisation(burnout=burnout, covariates=covariates, tables={"workload": {"path": "x"}})
    left_out, evidence = evidence_of(tables)
    found = left_out.weighted
    assert found is not None
    scores = tables["surveys"].collect()["value"]
    assert found.n_cases == int((scores >= 4).sum())
    assert {e.unit for e in evidence.estimates if e.name in ("weighted", "at_worst")} == {"share"}


def test_rows_from_after_a_withdrawal_are_told() -> None:
    tables = organisation(refuse=0.0)
    assert not tables.set_aside
    assert check(evidence_of(tables)[1], "no_rows_after_withdrawal").passed
    gone = {f"p{i:04d}" for i in range(0, 600, 5)}
    withdrawn = pl.when(pl.col("employee_id").is_in(gone)).then(D(2024, 1, 31)).alias("to_date")
    frames = {name: tables[name].collect() for name in tables.names}
    frames["consent"] = frames["consent"].with_columns(withdrawn)
    _, evidence = evidence_of(Tables.from_frames(tables.study, frames))
    failed = check(evidence, "no_rows_after_withdrawal")
    assert failed.passed is False
    assert "or more people" in failed.text
    (row,) = next(t for t in evidence.tables if t.name == "set_aside").rows
    assert row.key == ("surveys", "had withdrawn before")


@pytest.mark.parametrize("ends_at_exit", [True, False])
def test_a_register_that_closes_consents_of_leavers_is_told(ends_at_exit: bool) -> None:
    checks = check_left_out(measure_left_out(organisation(ends_at_exit=ends_at_exit)))
    found = {c.name: c.passed for c in checks}
    assert found.get("leaving_is_no_withdrawal") is (False if ends_at_exit else None)


def test_few_who_refuse_are_not_shown(tmp_path: Path) -> None:
    tables = organisation(refuse=0.01)
    released = release(evidence_of(tables)[1], _placed(tables.study, tmp_path))
    assert all(v is None for row in released.table("consent").rows for v in row.values)
    assert not [e for e in released.estimates if e.name.startswith("n_consent")]
    assert "agree to the use" not in released.answer


def test_without_consents_silence_alone_is_weighed() -> None:
    tables = organisation()
    frames = {name: tables[name].collect() for name in ("spells", "assignments", "surveys")}
    left_out, evidence = evidence_of(Tables.from_frames(tables.study, frames))
    assert left_out.streams == ()
    assert "nothing was filtered" in evidence.answer
    assert {e.name for e in evidence.estimates} == {"as_answered", "weighted", "at_worst"}


def test_durations_have_people_and_no_time() -> None:
    spells = pl.DataFrame(
        {
            "employee_id": [str(i) for i in range(40)],
            "duration_months": [5.0] * 40,
            "exit_reason": ["voluntary"] * 40,
        }
    )
    consent = pl.DataFrame(
        {"employee_id": [str(i) for i in range(25)], "stream": "surveys", "from_date": D(2020, 1, 1)}
    )
    left_out, evidence = evidence_of(Tables.from_frames(make_study(), {"spells": spells, "consent": consent}))
    (found,) = left_out.streams
    assert (found.n_people, found.n_covered, found.n_months, found.gap) == (40, 25, None, None)
    assert [m.name for m in next(t for t in evidence.tables if t.name == "consent").measures] == [
        "n_people", "n_covered", "people_share",
    ]  # fmt: skip


def test_a_study_without_either_says_why(tmp_path: Path) -> None:
    tables = organisation()
    alone = Tables.from_frames(tables.study, {"spells": tables["spells"].collect()})
    _, evidence = evidence_of(alone)
    assert evidence.design == "not answered"
    assert "no table of consents" in evidence.answer
    assert plot_left_out(release(evidence, _placed(alone.study, tmp_path))) is None


def test_a_picture_of_another_answer_is_refused(tmp_path: Path) -> None:
    from tests.disclosure.builders import evidence, study

    with pytest.raises(DesignError):
        plot_left_out(release(evidence(), study(tmp_path)))
