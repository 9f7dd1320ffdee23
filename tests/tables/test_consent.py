"""Consent: whose rows are used, for when, and what is said of the others."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.tables.folder import HEAD, write_study
from tests.tables.good import make_study
from wellperf_models.errors import StudyError, TablesError
from wellperf_models.panel import build_panel, to_polars
from wellperf_models.study import Study, load_study
from wellperf_models.tables import Tables, check_study
from wellperf_models.tables.consent import REASONS, consent_times
from wellperf_models.tables.read import read_frames, read_study

D = dt.date
AS_OF = D(2024, 6, 30)


def spells(*rows: tuple[str, dt.date, dt.date | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(i, a, b, "voluntary" if b else None) for i, a, b in rows],
        schema={"employee_id": pl.String, "start": pl.Date, "end": pl.Date, "exit_reason": pl.String},
        orient="row",
    )


def consents(*rows: tuple[str, str, dt.date, dt.date | None]) -> pl.DataFrame:
    schema = {"employee_id": pl.String, "stream": pl.String, "from_date": pl.Date, "to_date": pl.Date}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def surveys(*rows: tuple[str, dt.date | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(i, f"w{n}", "exhaustion", None, day, 3.0) for n, (i, day) in enumerate(rows)],
        schema={
            "employee_id": pl.String, "wave": pl.String, "measure": pl.String, "item": pl.String,
            "date": pl.Date, "value": pl.Float64,
        },
        orient="row",
    )  # fmt: skip


def months(*rows: tuple[str, dt.date]) -> pl.DataFrame:
    return pl.DataFrame(
        [(i, m, 150.0) for i, m in rows],
        schema={"employee_id": pl.String, "period": pl.Date, "hours": pl.Float64},
        orient="row",
    )


def study_of(*streams: str, withdrawal: str = "all") -> Study:
    return make_study(consent={"streams": list(streams), "withdrawal": withdrawal})


def used(tables: Tables, stream: str, *columns: str) -> list[tuple[Any, ...]]:
    return tables[stream].select(columns).collect().rows()


def aside(tables: Tables) -> dict[tuple[str, str], tuple[int, int]]:
    return {(p.stream, p.reason): (p.n_rows, p.n_people) for p in tables.set_aside}


EVERYBODY = spells(*((i, D(2020, 1, 1), None) for i in "abcd"))


@pytest.mark.parametrize(
    ("withdrawal", "kept"),
    [
        ("all", {("a", D(2024, 2, 1))}),
        ("from_then_on", {("a", D(2024, 2, 1)), ("b", D(2023, 2, 1))}),
    ],
)
def test_a_row_needs_a_consent_for_its_day(withdrawal: str, kept: set[tuple[str, dt.date]]) -> None:
    answers = surveys(
        ("a", D(2023, 12, 31)), ("a", D(2024, 2, 1)),  # agreed from 2024 on
        ("b", D(2023, 2, 1)), ("b", D(2023, 7, 1)),  # withdrew in between
        ("c", D(2024, 2, 1)),  # refused
        ("a", None),  # nobody knows when
    )  # fmt: skip
    given = consents(
        ("a", "surveys", D(2024, 1, 1), None),
        ("b", "surveys", D(2023, 1, 1), D(2023, 6, 30)),
        ("c", "workload", D(2020, 1, 1), None),
    )
    tables = Tables.from_frames(
        study_of("surveys", withdrawal=withdrawal),
        {"spells": EVERYBODY, "surveys": answers, "consent": given},
    )
    assert set(used(tables, "surveys", "employee_id", "date")) == kept
    assert tables.consent_streams == ("surveys",)
    assert aside(tables) == {
        ("surveys", "no consent"): (1, 1),
        ("surveys", "after withdrawal"): (1, 1),
        ("surveys", "outside its time"): (2, 1),
    } | ({("surveys", "withdrawn"): (1, 1)} if withdrawal == "all" else {})
    assert tables.n_rows["surveys"] == len(kept)
    assert tables["spells"].collect().height == 4


def test_without_the_section_a_table_of_consents_applies_to_the_streams_it_names() -> None:
    given = consents(("a", "surveys", D(2020, 1, 1), None))
    frames = {
        "spells": EVERYBODY,
        "surveys": surveys(("a", D(2024, 1, 1)), ("b", D(2024, 1, 1))),
        "workload": months(("a", D(2024, 1, 1)), ("b", D(2024, 1, 1))),
        "consent": given,
    }
    tables = Tables.from_frames(make_study(), frames)
    assert tables.consent_streams == ("surveys",)
    assert used(tables, "surveys", "employee_id") == [("a",)]
    assert len(used(tables, "workload", "employee_id")) == 2
    for streams in ((), ("performance",)):
        tables = Tables.from_frames(study_of(*streams), frames)
        assert len(used(tables, "surveys", "employee_id")) == 2


def test_consent_given_again_counts_from_then_on() -> None:
    given = consents(
        ("a", "surveys", D(2022, 1, 1), D(2022, 12, 31)),
        ("a", "surveys", D(2024, 1, 1), None),
        # without a gap it is one consent
        ("b", "surveys", D(2022, 1, 1), D(2023, 3, 31)),
        ("b", "surveys", D(2023, 4, 1), None),
    )
    answers = surveys(("a", D(2022, 6, 1)), ("a", D(2023, 6, 1)), ("a", D(2024, 2, 1)), ("b", D(2022, 6, 1)))
    frames = {"spells": EVERYBODY, "surveys": answers, "consent": given}
    everything = Tables.from_frames(study_of("surveys"), frames)
    assert used(everything, "surveys", "employee_id", "date") == [("a", D(2024, 2, 1)), ("b", D(2022, 6, 1))]
    since = Tables.from_frames(study_of("surveys", withdrawal="from_then_on"), frames)
    assert [row[1] for row in used(since, "surveys", "employee_id", "date")] == [
        D(2022, 6, 1), D(2024, 2, 1), D(2022, 6, 1),
    ]  # fmt: skip


def test_a_month_needs_every_day_of_employment_in_it() -> None:
    people = spells(
        ("a", D(2023, 3, 10), None),  # agrees on the first day: March counts
        ("b", D(2023, 3, 10), None),  # agrees five days later: it does not
        ("c", D(2020, 1, 1), D(2023, 5, 20)),  # agreed to the last day
        ("d", D(2020, 1, 1), None),  # withdrew in the middle of a month
    )
    given = consents(
        ("a", "workload", D(2023, 3, 10), None),
        ("b", "workload", D(2023, 3, 15), None),
        ("c", "workload", D(2020, 1, 1), D(2023, 5, 20)),
        ("d", "workload", D(2020, 1, 1), D(2023, 5, 20)),
    )
    rows = months(
        *((i, D(2023, m, 1)) for i, m in (("a", 3), ("b", 3), ("b", 4), ("c", 5), ("d", 4), ("d", 5)))
    )
    frames = {"spells": people, "workload": rows, "consent": given}
    tables = Tables.from_frames(study_of("workload", withdrawal="from_then_on"), frames)
    assert [(i, p.month) for i, p in used(tables, "workload", "employee_id", "period")] == [
        ("a", 3), ("b", 4), ("c", 5), ("d", 4),
    ]  # fmt: skip
    # where nobody's employment is known, every day of the month counts
    del frames["spells"]
    tables = Tables.from_frames(study_of("workload", withdrawal="from_then_on"), frames)
    assert [(i, p.month) for i, p in used(tables, "workload", "employee_id", "period")] == [
        ("b", 4),
        ("d", 4),
    ]


def test_months_against_a_count_of_days() -> None:
    """Random employments and consents: a month is covered where no day of employment in it is not."""
    import numpy as np

    rng = np.random.default_rng(7)
    first = D(2023, 1, 1)

    def day(low: int, high: int) -> dt.date:
        return first + dt.timedelta(int(rng.integers(low, high)))

    ids = [f"p{n:03d}" for n in range(120)]
    people = [(i, day(0, 120), day(200, 500) if rng.random() < 0.5 else None) for i in ids]
    given = []
    for i, begin, _ in people:
        start = begin + dt.timedelta(int(rng.integers(0, 40)) * int(rng.random() < 0.6))
        stop = start + dt.timedelta(int(rng.integers(0, 200)))
        given.append((i, "workload", start, stop))
        if rng.random() < 0.5:
            again = stop + dt.timedelta(int(rng.integers(1, 30)))
            given.append((i, "workload", again, again + dt.timedelta(int(rng.integers(0, 200)))))
    rows = []
    for i, begin, end in people:
        month = begin.replace(day=1)
        while month <= (end or AS_OF):
            rows.append((i, month))
            month = (month + dt.timedelta(32)).replace(day=1)
    frames = {"spells": spells(*people), "workload": months(*rows), "consent": consents(*given)}
    tables = Tables.from_frames(study_of("workload", withdrawal="from_then_on"), frames)

    def covered(i: str, month: dt.date) -> bool:
        _, begin, end = next(p for p in people if p[0] == i)
        days = [month + dt.timedelta(n) for n in range(31)]
        employed = [d for d in days if d.month == month.month and begin <= d <= (end or AS_OF)]
        return all(any(a <= d <= b for p, _, a, b in given if p == i) for d in employed)

    expected = [row for row in rows if covered(*row)]
    assert used(tables, "workload", "employee_id", "period") == expected
    assert 0.2 < len(expected) / len(rows) < 0.8
    assert sum(p.n_rows for p in tables.set_aside) == len(rows) - len(expected)


def test_teams_need_no_consent_and_a_rating_needs_that_of_both() -> None:
    performance = pl.DataFrame(
        [
            (kind, unit, D(2024, 1, 1), "sales", "output", 1.0)
            for kind, unit in (("person", "a"), ("person", "b"), ("team", "b"))
        ],
        schema=["unit_type", "unit_id", "period", "indicator", "kind", "value"],
        orient="row",
    )  # fmt: skip
    ratings = pl.DataFrame(
        [(e, r, "peer", "c", "before", "i", 3.0) for e, r in (("a", "c"), ("a", "b"), ("b", "a"))],
        schema=["ratee_id", "rater_id", "role", "cycle", "stage", "item", "score"],
        orient="row",
    )
    given = consents(
        ("b", "performance", D(2020, 1, 1), D(2021, 1, 1)),
        ("b", "performance", D(2022, 1, 1), D(2023, 1, 1)),
        ("a", "performance", D(2020, 1, 1), None),
        *((i, "ratings", D(2020, 1, 1), None) for i in "ac"),
    )  # fmt: skip
    frames = {"performance": performance, "ratings": ratings, "consent": given}
    for withdrawal in ("all", "from_then_on"):
        tables = Tables.from_frames(study_of("performance", "ratings", withdrawal=withdrawal), frames)
        assert used(tables, "performance", "unit_type", "unit_id") == [("person", "a"), ("team", "b")]
        assert used(tables, "ratings", "ratee_id", "rater_id") == [("a", "c")]
        assert aside(tables) == {
            ("performance", "after withdrawal"): (1, 1),
            ("ratings", "no consent"): (2, 2),
        }


def test_absences_are_judged_by_their_first_day() -> None:
    rows = pl.DataFrame(
        [("a", d, "illness", 2.0) for d in (D(2023, 12, 31), D(2024, 1, 1))],
        schema=["employee_id", "start", "cause", "days"],
        orient="row",
    )
    given = consents(("a", "absences", D(2024, 1, 1), None))
    tables = Tables.from_frames(study_of("absences"), {"absences": rows, "consent": given})
    assert used(tables, "absences", "start") == [(D(2024, 1, 1),)]


def test_a_declared_stream_without_a_table_of_consents_is_refused(tmp_path: Path) -> None:
    csv = "employee_id,wave,measure,date,value\na,1,exhaustion,2024-01-01,3\n"
    sections = (
        '[consent]\nstreams = ["surveys"]\n[tables.surveys]\npath = "s.csv"\n'
        "[measures.exhaustion]\nlow = 0\nhigh = 6\n"
    )
    study = write_study(tmp_path, sections, s_csv=csv)
    (violation,) = check_study(study).violations
    assert (violation.table, violation.rule) == ("consent", "consent_is_given")
    # not even counted for what it could answer
    assert "surveys" not in read_study(study).frames
    with pytest.raises(TablesError, match="consent_is_given"):
        Tables.from_frames(study, {"surveys": surveys(("a", D(2024, 1, 1)))})


def test_streams_of_the_section_are_known_and_named_once(tmp_path: Path) -> None:
    for streams in ('["survey"]', '["surveys", "surveys"]', '["people"]'):
        (tmp_path / "study.toml").write_text(HEAD + f"[consent]\nstreams = {streams}\n")
        with pytest.raises(StudyError, match=r"consent"):
            load_study(tmp_path)


@pytest.mark.parametrize("answers", [surveys(("b", D(2024, 1, 1))), surveys(("a", None))])
def test_a_stream_of_which_nothing_is_left_is_named(answers: pl.DataFrame) -> None:
    frames = {"surveys": answers, "consent": consents(("a", "surveys", D(2020, 1, 1), None))}
    (violation,) = read_frames(study_of("surveys"), frames).violations
    assert (violation.table, violation.rule, violation.count) == ("surveys", "consent_covers_rows", 1)


def test_a_wrong_row_is_named_whoever_agrees() -> None:
    answers = surveys(("b", D(2024, 1, 1)), ("a", D(2024, 1, 1))).with_columns(
        value=pl.Series([9.0, 3.0])
    )  # b has no consent, and a score off the scale
    frames = {"surveys": answers, "consent": consents(("a", "surveys", D(2020, 1, 1), None))}
    (violation,) = read_frames(study_of("surveys"), frames).violations
    assert (violation.rule, violation.first_rows) == ("value_in_measure_range", (1,))


def test_check_tells_what_is_set_aside_in_fives(tmp_path: Path) -> None:
    people = [f"p{n}" for n in range(30)]
    rows = "".join(f"{i},1,exhaustion,2024-01-01,3\n" for i in people)
    register = "".join(
        f"{i},surveys,2020-01-01,{'2023-01-01' if n < 6 else '2024-02-01' if n < 13 else ''}\n"
        for n, i in enumerate(people)
        if n < 27
    )
    sections = (
        '[tables.surveys]\npath = "s.csv"\n[tables.consent]\npath = "c.csv"\n'
        "[measures.exhaustion]\nlow = 0\nhigh = 6\n"
    )
    study = write_study(
        tmp_path, sections, s_csv="employee_id,wave,measure,date,value\n" + rows,
        c_csv="employee_id,stream,from_date,to_date\n" + register,
    )  # fmt: skip
    report = check_study(study)
    assert report.ok
    assert report.consent == (
        "used with consent only: surveys",
        "  surveys: fewer than 5 rows of fewer than 5 people set aside, whose people never agreed",
        "  surveys: 5 rows of 5 people set aside, whose people have withdrawn since",
        "  surveys: 5 rows of 5 people set aside, from after their people withdrew",
    )
    assert all(line in str(report) for line in report.consent)


def test_who_refuses_stays_in_the_panel_with_the_covariate_missing() -> None:
    covariates = {"exhaustion": {"table": "surveys", "timing": "before"}}
    study = make_study(
        consent={"streams": ["surveys"]}, covariates=covariates, tables={"surveys": {"path": "x"}}
    )
    frames = {
        "spells": spells(("a", D(2023, 12, 1), None), ("b", D(2023, 12, 1), D(2024, 3, 31))),
        "surveys": surveys(("a", D(2024, 1, 1)), ("b", D(2024, 1, 1))),
        "consent": consents(("a", "surveys", D(2020, 1, 1), None)),
    }
    panel = to_polars(build_panel(Tables.from_frames(study, frames), covariates=["exhaustion"]))
    known = (
        panel.group_by("employee_id")
        .agg(pl.len(), pl.col("exhaustion").is_not_null().any())
        .sort("employee_id")
    )
    assert [row[2] for row in known.rows()] == [True, False]
    assert all(row[1] >= 4 for row in known.rows())


def test_times_say_nothing_of_bad_rows_and_show_no_person() -> None:
    times = consent_times(
        study_of("surveys"), {"consent": consents(("a", "surveys", D(2020, 1, 1), None)).lazy()}
    )
    assert times.select("employee_id", "first", "in_force").rows() == [("a", D(2020, 1, 1), True)]
    frames = {
        "surveys": surveys(("a", D(2024, 1, 1)), ("secret", D(2024, 1, 1))),
        "consent": consents(("a", "surveys", D(2020, 1, 1), None)),
    }
    tables = Tables.from_frames(study_of("surveys"), frames)
    assert tables.set_aside[0].reason == REASONS[0]
    assert "secret" not in repr(tables) + repr(tables.set_aside)
