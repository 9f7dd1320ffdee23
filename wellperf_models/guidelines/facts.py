"""What a run holds: the study file and the answers that were released, asked for by name."""

from __future__ import annotations

from dataclasses import dataclass

from wellperf_models.disclosure import Released
from wellperf_models.evidence import NOT_ASKED, Check, Table
from wellperf_models.study import Study

_NO_ANSWER = ("not answered", NOT_ASKED, "")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The run as a list sees it: nothing but what passed the gate, and what the study file says.

    Attributes:
        study: The study.
        answers: Released answers by id, as this reader sees them.
    """

    study: Study
    answers: dict[str, Released]

    def given(self, identifier: str) -> Released | None:
        """The answer, if one says something."""
        found = self.answers.get(identifier)
        return None if found is None or found.design in _NO_ANSWER else found

    def why_not(self, identifier: str) -> str:
        """Why there is no such answer, in words."""
        found = self.answers.get(identifier)
        if found is None:
            return f"{identifier} is not among the answers of this page"
        if found.design == NOT_ASKED:
            return f"the study file does not ask it ({identifier})"
        if found.design == "":
            return f"{identifier} is not for this reader"
        return f"{identifier}: {_first_sentence(found.answer)}"

    def asked(self, identifier: str) -> bool:
        """Whether the study file asks a question."""
        found = self.answers.get(identifier)
        return found is not None and found.design != NOT_ASKED

    def numbers(self, identifier: str, *prefixes: str) -> bool:
        """Whether a released answer holds an estimate, or a table with a value, whose name begins so."""
        found = self.given(identifier)
        if found is None:
            return False
        return any(e.name.startswith(prefixes) for e in found.estimates) or any(
            t.name.startswith(prefixes) and _holds_values(t) for t in found.tables
        )

    def kept_back(self, identifier: str, *prefixes: str) -> str:
        """Why such an estimate or table is not shown; "" where the gate kept none back."""
        found = self.given(identifier)
        for item in () if found is None else found.suppressed:
            name = item.what.partition(" ")[2]
            if name.startswith(prefixes):
                return item.reason
        return ""

    def table(self, identifier: str, name: str) -> Table | None:
        """A released table of an answer."""
        found = self.given(identifier)
        return None if found is None else next((t for t in found.tables if t.name == name), None)

    def checks(self, identifier: str, prefix: str) -> list[Check]:
        """Checks of an answer whose name begins so; an answer that failed has some too."""
        found = self.answers.get(identifier)
        return [] if found is None else [c for c in found.checks if c.name.startswith(prefix)]

    def state(self, identifier: str, prefix: str) -> bool | None:
        """False where one of these checks failed, True where all passed, None where none says."""
        states = [c.passed for c in self.checks(identifier, prefix)]
        if any(state is False for state in states):
            return False
        return True if states and all(states) else None

    def text(self, field: str) -> str:
        """What `[reporting]` says under a key."""
        return str(getattr(self.study.reporting, field))

    def __repr__(self) -> str:
        """Names only."""
        return f"{type(self).__name__}({', '.join(self.answers)})"


def _holds_values(table: Table) -> bool:
    return any(value is not None for row in table.rows for value in row.values)


def _first_sentence(text: str) -> str:
    head, point, _ = text.partition(". ")
    return head + point.strip()
