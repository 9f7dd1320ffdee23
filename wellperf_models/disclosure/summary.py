"""Several released answers on one page: question, answer, state of the checks, what it does not show."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from wellperf_models.disclosure.released import Released
from wellperf_models.errors import DisclosureError

SUMMARY_MIME_TYPE: Final = "application/vnd.wellperf.summary+json"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One question of the summary; every text comes from a `Released`.

    Attributes:
        evidence_id: Which answer.
        question, answer: As released.
        n_passed, n_failed, n_informative: Checks by state.
        failed: Texts of the checks that failed.
        not_shown: How many things the gate kept back.
        limits: What the answer does not show.
    """

    evidence_id: str
    question: str
    answer: str
    n_passed: int
    n_failed: int
    n_informative: int
    failed: tuple[str, ...]
    not_shown: int
    limits: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class Summary:
    """What a committee reads first; displays in JupyterLab and on the report's first page."""

    lines: tuple[Line, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON form, also what the notebook carries."""
        return {"lines": [asdict(line) for line in self.lines]}

    def __repr__(self) -> str:
        parts = []
        for line in self.lines:
            parts += [line.question, f"  {line.answer}", f"  checks: {_states(line)}"]
            parts += [f"  failed: {text}" for text in line.failed]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        escape = html.escape
        rows = "".join(
            f"<tr><th scope='row' style='text-align:left'>{escape(line.question)}</th>"
            f"<td style='text-align:left'>{escape(line.answer)}</td>"
            f"<td style='text-align:left'>{escape(_states(line))}</td></tr>"
            for line in self.lines
        )
        head = "<tr><th>Question</th><th>Answer</th><th>Checks</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {SUMMARY_MIME_TYPE: self.to_dict(), "text/html": self._repr_html_(), "text/plain": repr(self)}


def summarise(answers: Iterable[Released]) -> Summary:
    """Gathers released answers.

    Args:
        answers: In the order a reader should see them.

    Raises:
        DisclosureError: Something among them has not passed the gate.
    """
    lines = []
    for released in answers:
        if type(released) is not Released:
            raise DisclosureError(
                "Only released answers are summarised.", expected="Released", got=type(released).__name__
            )
        states = [check.passed for check in released.checks]
        lines.append(
            Line(
                evidence_id=released.id,
                question=released.question,
                answer=released.answer,
                n_passed=states.count(True),
                n_failed=states.count(False),
                n_informative=states.count(None),
                failed=tuple(c.text for c in released.checks if c.passed is False),
                not_shown=len(released.suppressed),
                limits=released.limits,
            )
        )
    return Summary(lines=tuple(lines))


def _states(line: Line) -> str:
    parts = [f"{line.n_passed} passed", f"{line.n_failed} failed"]
    if line.n_informative:
        parts.append(f"{line.n_informative} informative")
    if line.not_shown:
        parts.append(f"{line.not_shown} not shown")
    return ", ".join(parts)


def in_order(bundles: Mapping[str, Sequence[Released]]) -> list[Released]:
    """All released answers of a run in the order of its notebooks."""
    return [released for name in sorted(bundles) for released in bundles[name]]
