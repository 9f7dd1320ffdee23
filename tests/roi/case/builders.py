"""Business cases without any table: a study file alone."""

from __future__ import annotations

from typing import Any

from tests.fakes import FakeTables
from tests.roi.decision_builders import PLAIN
from wellperf_models.evidence import Unanswered
from wellperf_models.study import Study

NO_FRAME = Unanswered(reason="There is no table of outcomes.")
DAYS = {
    "label": "Sick days",
    "unit": "days a year",
    "higher_is": "worse",
    "baseline": 8.0,
    "value": {
        "channel": "absence",
        "amount": 250.0,
        "currency": "EUR",
        "source": "payroll",
        "tier": "transported",
    },
}
FEES = {
    "kind": "programme",
    "amount": 100.0,
    "per": "person_year",
    "currency": "EUR",
    "source": "offer",
    "tier": "transported",
}


def planned(
    outcomes: dict[str, Any] | None = None,
    decision: dict[str, Any] | None = None,
    frames: dict[str, Any] | None = None,
    money: dict[str, Any] | None = None,
    **section: Any,
) -> FakeTables:
    """Tables of a study that plans a programme; without `frames` it has no table."""
    roi = {
        "programme": "coaching",
        "label": "Coaching",
        "design": "randomised",
        "level": "person",
        "treated": "yes",
        "control": "no",
        "outcomes": {"sick_days": DAYS} if outcomes is None else outcomes,
        "costs": [FEES],
        "decision": PLAIN | {"people": 400} | (decision or {}),
    }
    study = {
        "study": {"name": "t", "title": "Plan", "as_of": "2024-12-31", "seed": 4},
        "tables": {},
        "money": {"reporting_currency": "EUR"} if money is None else money,
        "roi": roi | section,
    }
    return FakeTables(Study.model_validate(study), frames or {})
