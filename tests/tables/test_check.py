"""The report of `wellperf check`, the questions it ends with, and the data dictionary."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.tables.folder import SPELLS, write_study
from tests.tables.good import frames, make_study
from wellperf_models.tables import SCHEMA, check_study
from wellperf_models.tables.between import RULES
from wellperf_models.tables.dictionary import render_dictionary
from wellperf_models.tables.questions import Answerable, build_questions

SOURCE = '[tables.spells]\npath = "spells.csv"\n'


def _spells(exits: int, n: int = 200, reason: str = "voluntary") -> pl.LazyFrame:
    return pl.DataFrame(
        {
            "employee_id": [str(i) for i in range(n)],
            "duration_months": [10.0] * n,
            "exit_reason": [reason] * exits + [None] * (n - exits),
        },
        schema_overrides={"exit_reason": pl.String},
    ).lazy()


def _ask(start: str, found: dict[str, pl.LazyFrame], **sections: object) -> Answerable:
    study = make_study(**sections)
    return next(q for q in build_questions(found, study) if q.question.startswith(start))


COVARIATES = {
    "tables": {"people": {"path": "p.csv"}},
    "covariates": {
        "fte": {"table": "people", "timing": "before"},
        "gender": {"table": "people", "type": "category", "timing": "before"},
    },
    "turnover": {"covariates": ["fte", "gender"]},
}


def _people(levels: int) -> pl.LazyFrame:
    return pl.DataFrame(
        {
            "employee_id": [str(i) for i in range(200)],
            "gender": [f"g{i % levels}" for i in range(200)],
            "fte": 1.0,
        }
    ).lazy()


@pytest.mark.parametrize(
    ("exits", "levels", "now", "needs"),
    [
        # one number and a category of three levels: three parameters, thirty events
        (30, 3, "yes", ""),
        (29, 3, "with a failed check", "5 more exits (voluntary), or fewer covariates"),
        (10, 3, "with a failed check", "20 more exits (voluntary), or fewer covariates"),
        (9, 3, "no", "25 more exits (voluntary), or fewer covariates"),
        (29, 4, "with a failed check", "15 more exits (voluntary), or fewer covariates"),
    ],
)
def test_ten_events_per_parameter(exits: int, levels: int, now: str, needs: str) -> None:
    tables = {"spells": _spells(exits), "people": _people(levels)}
    answer = _ask("What goes with turnover", tables, **COVARIATES)
    assert (answer.now, answer.needs) == (now, needs)


def test_causes_pool_where_one_is_too_rare() -> None:
    spells = pl.concat([_spells(25), _spells(10, 100, "other")])
    tables = {"spells": spells, "people": _people(3)}
    answer = _ask("What goes with turnover", tables, **COVARIATES)
    assert (answer.now, answer.after_pooling) == ("with a failed check", "yes, all exits together")


def test_prediction_needs_a_hundred_events() -> None:
    tables = {"spells": _spells(99), "people": _people(2)}
    assert _ask("Can turnover be predicted", tables, **COVARIATES).needs.startswith("5 more")
    tables["spells"] = _spells(100)
    assert _ask("Can turnover be predicted", tables, **COVARIATES).now == "yes"


def _assignments(sizes: dict[str, int]) -> pl.LazyFrame:
    departments = [name for name, size in sizes.items() for _ in range(size)]
    n = len(departments)
    return pl.DataFrame(
        {
            "employee_id": [str(i) for i in range(n)],
            "start": ["2020-01-01"] * n,
            "end": [None] * n,
            "department": departments,
            "site": ["s"] * n,
        },
        schema_overrides={"end": pl.Date},
    ).with_columns(pl.col("start").str.to_date()).lazy()  # fmt: skip


@pytest.mark.parametrize(
    ("sizes", "now", "pooled", "needs"),
    [
        ({"a": 10, "b": 10}, "yes", "", ""),
        (
            {"a": 10, "b": 9},
            "partly: 1 of 2 departments",
            "yes, by site",
            "5 more people in small departments",
        ),
        ({"a": 9, "b": 4}, "no", "yes, by site", "10 more people in small departments"),
        ({"a": 4, "b": 4}, "no", "no", "15 more people in small departments"),
    ],
)
def test_departments_need_the_minimum_group(sizes: dict[str, int], now: str, pooled: str, needs: str) -> None:
    n = sum(sizes.values())
    answer = _ask("Does turnover differ", {"spells": _spells(5, n), "assignments": _assignments(sizes)})
    assert (answer.now, answer.after_pooling, answer.needs) == (now, pooled, needs)


def test_questions_without_tables_name_them() -> None:
    answers = build_questions({}, make_study())
    assert all(answer.now == "no" and answer.needs.startswith("table") for answer in answers)


def test_every_question_takes_the_smallest_tables() -> None:
    tables = {name: table.lazy() for name, table in frames().items()}
    for answer in build_questions(tables, make_study()):
        assert answer.now in ("yes", "data suffice; not analysed yet") or answer.needs


def test_yes_is_said_only_of_what_a_notebook_answers() -> None:
    """Data that suffice for a question nobody analyses yet are no answer."""
    generous = make_study(disclosure={"min_group_size": 5, "min_model_people": 5, "min_model_events": 5})
    n = 400
    ids = [str(i) for i in range(n)]
    tables = {
        "spells": _spells(200, n),
        "assignments": _assignments({"a": 200, "b": 200}),
        "absences": pl.DataFrame({"employee_id": ids}).lazy(),
        "surveys": pl.DataFrame(
            {
                "employee_id": ids * 2,
                "wave": ["1"] * n + ["2"] * n,
                "measure": "e",
                "item": None,
                "value": 1.0,
            },
            schema_overrides={"item": pl.String},
        ).lazy(),
        "outcomes": pl.DataFrame({"arm": ["x"] * 50 + ["y"] * 50}).lazy(),
        "costs": pl.DataFrame({"programme": ["p"]}).lazy(),
    }
    yes = {a.question for a in build_questions(tables, generous) if a.now == "yes"}
    suffice = {a.question for a in build_questions(tables, generous) if a.now.startswith("data suffice; not")}
    assert yes == {"How long do people stay, and why do they leave?", "Does turnover differ by department?"}
    assert suffice == {"How is well-being, by department?", "How often are people absent, and why?"}
    # these are analysed where the study file says how
    needs = {a.question: a.needs for a in build_questions(tables, generous) if a.needs.startswith("section")}
    assert needs == {
        "Can exhaustion be forecast from an earlier wave?": "section [burnout]",
        "What did a programme change?": "section [roi]",
        "What does a programme return?": "section [roi]",
    }


def test_report_shows_tables_violations_and_questions(tmp_path: Path) -> None:
    bad = check_study(write_study(tmp_path, SOURCE, spells_csv=SPELLS.replace("voluntary", "moved")))
    text = str(bad)
    assert "spells.exit_reason · allowed · 1 row: 1" in text
    assert "one of voluntary, involuntary" in text
    assert "[tables.spells.values.exit_reason]" in text
    assert "answerable now" in text
    assert "moved" not in text
    assert not bad.ok
    good = check_study(write_study(tmp_path, SOURCE, spells_csv=SPELLS))
    assert good.ok
    assert "0 violations: every rule holds" in str(good)
    assert max(map(len, text.splitlines())) < 140


def test_dictionary_names_every_table_column_and_rule() -> None:
    text = render_dictionary()
    for schema in SCHEMA.values():
        section = text.split(f"\n## {schema.name}\n")[1].split("\n## ")[0]
        for column in schema.columns:
            assert f"| `{column.name}`" in section
        for rule in RULES:
            if rule.table == schema.name and len(rule.columns) > 1 and rule.name != "unique_key":
                assert f"`{rule.name}`" in section
    assert render_dictionary() == text
