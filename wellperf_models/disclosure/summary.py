"""Several released answers on one page: question, answer, state of the checks, what it does not show."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from wellperf_models.disclosure.read import Chapter, State
from wellperf_models.disclosure.released import Released
from wellperf_models.disclosure.shown import displayed
from wellperf_models.errors import DisclosureError

SUMMARY_MIME_TYPE: Final = "application/vnd.wellperf.summary+json"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One answer of the summary; every text comes from a `Released`.

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

    @classmethod
    def of(cls, released: Released) -> Self:
        """The line of an answer.

        Raises:
            DisclosureError: It has not passed the gate.
        """
        if type(released) is not Released:
            raise DisclosureError(
                "Only released answers are summarised.", expected="Released", got=type(released).__name__
            )
        states = [check.passed for check in released.checks]
        return cls(
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


@dataclass(frozen=True, kw_only=True)
class Group:
    """Answers that belong together: those of one notebook.

    Attributes:
        notebook: Its name; "" for answers given without one.
        title: What a reader sees.
        state: How the notebook ended. note: Why it was not run, or not to its end; empty where it was.
        lines: Its answers.
    """

    notebook: str = ""
    title: str = ""
    state: State = "done"
    note: str = ""
    lines: tuple[Line, ...] = ()

    @property
    def limits(self) -> tuple[str, ...]:
        """What its answers do not show, each said once."""
        return tuple(dict.fromkeys(text for line in self.lines for text in line.limits))


@dataclass(frozen=True, kw_only=True, repr=False)
class Summary:
    """What a committee reads first; displays in JupyterLab and on the report's first page."""

    groups: tuple[Group, ...] = field(default=())

    @property
    def lines(self) -> tuple[Line, ...]:
        """All answers, group after group."""
        return tuple(line for group in self.groups for line in group.lines)

    def to_dict(self) -> dict[str, Any]:
        """JSON form, also what the notebook carries."""
        return {"groups": [asdict(group) for group in self.groups]}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Rebuilds what `to_dict` wrote; texts are taken as they stand."""
        groups = []
        for group in content["groups"]:
            lines = tuple(
                Line(**{**line, "failed": tuple(line["failed"]), "limits": tuple(line["limits"])})
                for line in group["lines"]
            )
            groups.append(Group(**{**group, "lines": lines}))
        return cls(groups=tuple(groups))

    def __repr__(self) -> str:
        parts = []
        for group in self.groups:
            parts += [text for text in (group.title.upper(), group.note) if text]
            for line in group.lines:
                parts += [line.question, f"  {line.answer}", f"  checks: {_states(line)}"]
                parts += [f"  failed: {text}" for text in line.failed]
            parts += [f"  does not show: {text}" for text in group.limits]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        return "".join(_group_html(group) for group in self.groups)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return displayed(
            {SUMMARY_MIME_TYPE: self.to_dict(), "text/html": self._repr_html_(), "text/plain": repr(self)}
        )


def summarise(answers: Iterable[Chapter | Released]) -> Summary:
    """Gathers released answers, grouped by the notebook they come from.

    Args:
        answers: In the order a reader should see them: what `in_order` gives, or answers alone.

    Raises:
        DisclosureError: Something among them has not passed the gate.
    """
    groups: list[Group] = []
    for item in answers:
        if isinstance(item, Chapter):
            lines = tuple(Line.of(released) for released in item.answers)
            groups.append(
                Group(notebook=item.name, title=item.title, state=item.state, note=item.note, lines=lines)
            )
        elif groups and not groups[-1].notebook:
            groups[-1] = Group(lines=(*groups[-1].lines, Line.of(item)))
        else:
            groups.append(Group(lines=(Line.of(item),)))
    return Summary(groups=tuple(groups))


def in_order(chapters: Mapping[str, Chapter], first: Sequence[str] = ()) -> tuple[Chapter, ...]:
    """What the notebooks of a run answered, in the order a reader should see it.

    Args:
        chapters: From `read_bundles`.
        first: Names of notebooks that come first, in this order; the others follow by their number.

    Raises:
        DisclosureError: A name that is not among them.
    """
    for name in first:
        if name not in chapters:
            raise DisclosureError(
                "There is no notebook of that name in this run.",
                expected=", ".join(chapters) or "(none)",
                got=name,
                remedy="run the study again, with that notebook",
            )
    rest = sorted((c for c in chapters.values() if c.name not in first), key=lambda c: (c.number, c.name))
    return (*(chapters[name] for name in first), *rest)


def _states(line: Line) -> str:
    parts = [f"{line.n_passed} passed", f"{line.n_failed} failed"]
    if line.n_informative:
        parts.append(f"{line.n_informative} informative")
    if line.not_shown:
        parts.append(f"{line.not_shown} not shown")
    return ", ".join(parts)


def _group_html(group: Group) -> str:
    escape = html.escape
    title = f"<h3>{escape(group.title)}</h3>" if group.title else ""
    note = f"<p><i>{escape(group.note)}</i></p>" if group.note else ""
    rows = "".join(
        f"<tr><th scope='row' style='text-align:left'>{escape(line.question)}</th>"
        f"<td style='text-align:left'>{escape(line.answer)}</td>"
        f"<td style='text-align:left'>{escape(_states(line))}"
        + "".join(f"<br><b>failed:</b> {escape(text)}" for text in line.failed)
        + "</td></tr>"
        for line in group.lines
    )
    head = "<tr><th>Question</th><th>Answer</th><th>Checks</th></tr>"
    table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
    limits = "".join(f"<li>{escape(text)}</li>" for text in group.limits)
    return f"{title}{note}{table}" + (f"<p>What this does not show</p><ul>{limits}</ul>" if limits else "")
