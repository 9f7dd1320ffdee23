"""A small study in which every rule holds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables.schema import SCHEMA

D = dt.date


def make_study(**sections: Any) -> Study:
    """A study with three measures and two currencies; sections are replaced by the arguments."""
    content: dict[str, Any] = {
        "study": {"name": "good", "as_of": "2024-06-30", "seed": 1},
        "measures": {"exhaustion": {"low": 0, "high": 6}, "efficacy": {"low": 0, "high": 6}},
        "money": {
            "reporting_currency": "EUR",
            "rates": [{"currency": "USD", "date": "2024-01-01", "rate": 0.9}],
        },
    }
    return Study.model_validate(content | sections)


_ROWS: dict[str, list[dict[str, Any]]] = {
    "people": [
        {
            "employee_id": i,
            "birth_year": 1980,
            "gender": "f",
            "hire_date": D(2020, 1, 1),
            "job_family": "ops",
            "contract": "permanent",
            "fte": 1.0,
        }
        for i in ("1", "2", "3", "4")
    ],
    "assignments": [
        {
            "employee_id": "1",
            "start": D(2020, 1, 1),
            "end": D(2020, 12, 31),
            "team": "a",
            "department": "x",
            "site": "s",
            "manager_id": "4",
            "secondary_manager_id": None,
        },
        {
            "employee_id": "1",
            "start": D(2021, 1, 1),
            "end": None,
            "team": "b",
            "department": "x",
            "site": "s",
            "manager_id": "4",
            "secondary_manager_id": "3",
        },
        {
            "employee_id": "2",
            "start": D(2020, 1, 1),
            "end": None,
            "team": "a",
            "department": "x",
            "site": "s",
            "manager_id": "4",
            "secondary_manager_id": None,
        },
    ],
    "spells": [
        {"employee_id": "1", "start": D(2020, 1, 1), "end": D(2021, 12, 31), "exit_reason": "voluntary"},
        {"employee_id": "1", "start": D(2023, 1, 1), "end": None, "exit_reason": None},
        {"employee_id": "2", "start": D(2020, 1, 1), "end": None, "exit_reason": None},
        {"employee_id": "3", "start": D(2020, 1, 15), "end": D(2024, 3, 10), "exit_reason": "involuntary"},
    ],
    "workload": [
        {
            "employee_id": i,
            "period": p,
            "hours": 160.0,
            "overtime_hours": 10.0,
            "task_switches": 5,
            "manager_contacts": 2,
        }
        for i, p in (
            ("1", D(2021, 5, 1)),
            ("1", D(2023, 5, 1)),
            ("2", D(2023, 5, 1)),
            ("3", D(2020, 1, 1)),
            ("3", D(2024, 3, 1)),
        )
    ],
    "surveys": [
        {
            "employee_id": "1",
            "wave": "1",
            "measure": "exhaustion",
            "item": None,
            "date": D(2023, 3, 1),
            "value": 3.0,
        },
        {
            "employee_id": "1",
            "wave": "1",
            "measure": "efficacy",
            "item": None,
            "date": D(2023, 3, 1),
            "value": 6.0,
        },
        {"employee_id": "2", "wave": "1", "measure": "exhaustion", "item": "q1", "date": None, "value": 9.0},
    ],
    "performance": [
        {
            "unit_type": "person",
            "unit_id": "1",
            "period": D(2023, 5, 1),
            "indicator": "sales",
            "kind": "output",
            "value": 1.5,
            "target": None,
        },
        {
            "unit_type": "person",
            "unit_id": "2",
            "period": D(2023, 5, 1),
            "indicator": "sales",
            "kind": "output",
            "value": 2.5,
            "target": 2.0,
        },
        {
            "unit_type": "team",
            "unit_id": "a",
            "period": D(2023, 5, 1),
            "indicator": "sales",
            "kind": "output",
            "value": 2.5,
            "target": 2.0,
        },
    ],
    "ratings": [
        {
            "ratee_id": "1",
            "rater_id": "1",
            "role": "self",
            "cycle": "c",
            "stage": "before",
            "item": "i",
            "score": 3.0,
        },
        {
            "ratee_id": "1",
            "rater_id": "2",
            "role": "peer",
            "cycle": "c",
            "stage": "before",
            "item": "i",
            "score": 3.0,
        },
    ],
    "absences": [
        {"employee_id": "1", "start": D(2023, 2, 1), "cause": "illness", "days": 2.5},
        {"employee_id": "2", "start": D(2023, 2, 1), "cause": "other", "days": 1.0},
    ],
    "outcomes": [
        {
            "unit_type": "person",
            "unit_id": "u1",
            "period": None,
            "name": "spend",
            "value": 1.0,
            "weight": 0.0,
            "arm": "t",
            "received": "yes",
            "cluster": "k1",
            "block": "b",
        },
        {
            "unit_type": "person",
            "unit_id": "u2",
            "period": None,
            "name": "spend",
            "value": None,
            "weight": None,
            "arm": "c",
            "received": "no",
            "cluster": "k2",
            "block": "b",
        },
    ],
    "programmes": [
        {
            "programme": "p",
            "unit_type": t,
            "unit_id": u,
            "start": D(2023, 1, 1),
            "end": None,
            "assigned_by": "randomised",
            "level": "team",
        }
        for t, u in (("team", "a"), ("person", "2"), ("department", "x"), ("site", "s"))
    ],
    "costs": [
        {"programme": "p", "date": D(2025, 1, 1), "kind": "programme", "amount": -5.0, "currency": "EUR"},
        {"programme": "p", "date": D(2023, 1, 1), "kind": "programme", "amount": 5.0, "currency": "USD"},
    ],
    "consent": [
        {"employee_id": "1", "stream": "surveys", "from_date": D(2020, 1, 1), "to_date": None},
        {"employee_id": "2", "stream": "surveys", "from_date": D(2020, 1, 1), "to_date": D(2020, 1, 1)},
    ],
}

_DURATIONS = [
    {"employee_id": "1", "duration_months": 10.0, "entry_months": 0.0, "exit_reason": None},
    {"employee_id": "2", "duration_months": 12.0, "entry_months": 6.0, "exit_reason": "other"},
]


def frame(table: str, *, durations: bool = False, **changed: Any) -> pl.DataFrame:
    """A good table; `changed` replaces cells of its second row."""
    rows = [dict(row) for row in (_DURATIONS if durations else _ROWS[table])]
    rows[1] |= changed
    columns = {name: SCHEMA[table].by_name[name].dtype for name in rows[0]}
    return pl.DataFrame(rows, schema=columns, orient="row")


def frames(**replaced: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Every table, good."""
    return {name: frame(name) for name in _ROWS} | replaced
