"""What a pillar finds: estimates, tables, curves and checks, each with the support the gate judges by.

Nothing in this package is displayable. Only `wellperf_models.disclosure.release` turns an `Evidence`
into a `Released`, and only a `Released` shows values.

support.py (on how many people, and who) · parts.py (the parts of an answer) · answer.py (the answer)
"""

from wellperf_models.evidence.answer import (
    NOT_ASKED,
    Evidence,
    Provenance,
    Unanswered,
    attempt,
    plain,
    unanswered,
)
from wellperf_models.evidence.parts import (
    Area,
    CellValue,
    Check,
    Computation,
    Curve,
    Estimate,
    EstimateKind,
    EstimateScale,
    IntervalKind,
    Measure,
    MeasureKind,
    Row,
    Table,
    interval_measures,
)
from wellperf_models.evidence.support import Members, Support

__all__ = [
    "NOT_ASKED",
    "Area",
    "CellValue",
    "Check",
    "Computation",
    "Curve",
    "Estimate",
    "EstimateKind",
    "EstimateScale",
    "Evidence",
    "IntervalKind",
    "Measure",
    "MeasureKind",
    "Members",
    "Provenance",
    "Row",
    "Support",
    "Table",
    "Unanswered",
    "attempt",
    "interval_measures",
    "plain",
    "unanswered",
]
