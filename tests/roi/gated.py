"""What nobody may read where the numbers of an answer were kept back."""

from __future__ import annotations

import re

from wellperf_models.disclosure import Released

_VERDICT = re.compile(r"\b(?:fund|stop|undecided|optimist|sceptic)\b", re.IGNORECASE)


def no_verdict(released: Released) -> None:
    """No check tells a number that is not declared, and neither answer nor check what a set would answer."""
    assert released.suppressed, "something was kept back"
    assert {c.name: c.value for c in released.checks if c.value is not None} == {}
    for text in (released.answer, *(c.text for c in released.checks)):
        assert not _VERDICT.search(text), text
    for table in released.tables:
        if "answer" in (names := [m.name for m in table.measures]):
            place = names.index("answer")
            assert all(row.values[place] is None for row in table.rows), table.name
