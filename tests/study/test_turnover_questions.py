"""What the questions on turnover may be asked about."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.tables.good import make_study

_CAP = {"covariate": "overtime", "label": "Less", "cap": 20.0}


def _study(policy: dict[str, Any] | None = None, **turnover: Any) -> None:
    make_study(
        tables={"people": {"path": "p.csv", "attributes": {"fte": "fte"}}, "workload": {"path": "w.csv"}},
        covariates={
            "overtime": {"table": "workload", "column": "overtime_hours", "timing": "before"},
            "fte": {"table": "people", "timing": "before"},
        },
        turnover={"covariates": ["overtime", "fte"]}
        | ({} if policy is None else {"policies": {"less": policy}})
        | turnover,
    )


def test_a_policy_changes_a_number_measured_over_time() -> None:
    _study(_CAP)
    with pytest.raises(
        ValidationError, match="a number of people: a policy changes a number that is measured"
    ):
        _study(_CAP | {"covariate": "fte"})


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"reduce_by": 5.0}, "exactly one of cap and reduce_by"),
        ({"cap": None}, "exactly one of cap and reduce_by"),
        ({"cap": float("nan")}, "finite"),
        ({"cap": None, "reduce_by": float("inf")}, "finite"),
        ({"floor": 30.0}, "cap is not below floor"),
        ({"covariate": "overtme"}, "overtime"),
        ({"horizon_months": 0}, "greater than or equal to 1"),
    ],
)
def test_what_is_no_policy(policy: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        _study(_CAP | policy)


@pytest.mark.parametrize("target", [-1.0, -3.0, float("nan"), float("inf")])
def test_a_goal_is_a_share_more_or_less(target: float) -> None:
    with pytest.raises(ValidationError, match="target"):
        _study(causes=["permanent_job"], transition={"cause": "permanent_job", "target": target})


def test_the_aim_is_one_of_the_causes() -> None:
    with pytest.raises(ValidationError, match=r"not among turnover\.causes"):
        _study(transition={"cause": "permanent_job"})
