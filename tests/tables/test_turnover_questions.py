"""What a policy and a transition need before anything is fitted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from tests.tables.good import make_study
from wellperf_models.study import Study
from wellperf_models.tables.questions import build_questions

_POLICY = "How many exits would another way of working avoid?"
_AIM = "How many reach the exit that is the aim?"
_CAP = {"cap": {"covariate": "overtime", "label": "Overtime capped", "cap": 20.0}}


def _study(**turnover: Any) -> Study:
    return make_study(
        tables={"people": {"path": "p.csv"}, "workload": {"path": "w.csv"}},
        covariates={"overtime": {"table": "workload", "column": "overtime_hours", "timing": "before"}},
        turnover={"covariates": ["overtime"]} | turnover,
    )


def _spells(exits: int, *, reason: str = "voluntary", dated: bool = True) -> pl.DataFrame:
    n = exits + 60
    start = dt.date(2022, 1, 1) if dated else None
    return pl.DataFrame(
        {
            "employee_id": [str(i) for i in range(n)],
            "start": [start] * n,
            "exit_reason": [reason] * exits + [None] * 60,
        },
        schema_overrides={"start": pl.Date},
    )


def _ask(question: str, study: Study, spells: pl.DataFrame) -> tuple[str, str]:
    (row,) = [q for q in build_questions({"spells": spells.lazy()}, study) if q.question == question]
    return row.now, row.needs


@pytest.mark.parametrize(
    ("turnover", "spells", "now", "needs"),
    [
        ({}, _spells(80), "no", "a policy in [turnover.policies]"),
        ({"policies": _CAP}, _spells(80, dated=False), "no", "dates in spells"),
        ({"policies": _CAP}, _spells(49), "with a failed check", "5 more exits (voluntary)"),
        ({"policies": _CAP}, _spells(50), "yes", ""),
    ],
)
def test_a_policy_needs_dates_and_exits(
    turnover: dict[str, Any], spells: pl.DataFrame, now: str, needs: str
) -> None:
    assert _ask(_POLICY, _study(**turnover), spells) == (now, needs)


def test_a_transition_is_a_question_only_where_it_is_asked() -> None:
    aim = {"causes": ["permanent_job", "other"], "transition": {"cause": "permanent_job"}}
    spells = _spells(19, reason="permanent_job")
    assert _ask(_AIM, _study(**aim), spells) == ("no", "5 more exits (permanent_job)")
    assert _ask(_AIM, _study(**aim), _spells(20, reason="permanent_job")) == ("yes", "")
    questions = build_questions({"spells": spells.lazy()}, _study())
    assert _AIM not in [q.question for q in questions]
