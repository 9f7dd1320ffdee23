"""An executed notebook, taken apart: answers with their figures, and the story around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from wellperf_models.disclosure.read import State
from wellperf_models.disclosure.released import MIME_TYPE
from wellperf_models.disclosure.summary import SUMMARY_MIME_TYPE
from wellperf_models.report.markdown import first_heading, render_markdown

_LIMITS_HEADING = "## What this does not show"


@dataclass(frozen=True, kw_only=True)
class PackInfo:
    """What every page says about the pack.

    Attributes:
        title: Of the study.
        run_id: Of the run.
        provenance: As in results.json.
        role: Who it is made for.
        one_page: Tables by group on the first page, and no other page.
        governance: How it may be used, from `governance_facts`; empty: nothing is said.
        model_card_of: File of the page whose model has a card; "": there is no card.
    """

    title: str
    run_id: str
    provenance: Mapping[str, Any]
    role: str = "researcher"
    one_page: bool = False
    governance: Mapping[str, Any] = field(default_factory=dict)
    model_card_of: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One notebook of the pack.

    Attributes:
        stem: File name without ending, e.g. "30_turnover".
        name: Without number.
        title: What a reader sees.
        state: Whether it ran.
        note: Why it did not.
        notebook: The executed notebook; None where it did not run.
        parameters: What it was given beyond its defaults.
    """

    stem: str
    name: str
    title: str
    state: State
    note: str = ""
    notebook: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """Of the page."""
        return f"{self.stem}.html"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture of a notebook."""

    png: str
    alt: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Note:
    """A piece of the story: Markdown made safe."""

    html: Markup


@dataclass(kw_only=True)
class Answer:
    """A released answer and the figures displayed after it; `evidence` is None for figures before any."""

    evidence: Mapping[str, Any] | None
    figures: list[Figure] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A notebook taken apart.

    Attributes:
        answers: Released answers with their figures.
        groups: Of a summary of answers that other notebooks gave.
        limits: The notebook's own words on what it does not show.
        notes: The rest of its story.
    """

    answers: tuple[Answer, ...] = ()
    groups: tuple[Mapping[str, Any], ...] = ()
    limits: tuple[Note, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def lines(self) -> tuple[Mapping[str, Any], ...]:
        """Answers of the summary, group after group."""
        return tuple(line for group in self.groups for line in group["lines"])


def take_apart(notebook: Mapping[str, Any]) -> Parts:
    """Splits an executed notebook into answers and story; code is left to the notebook itself.

    Args:
        notebook: Executed and cleaned. Its own first heading is dropped: the page has one.
    """
    taken = _Taken()
    first = True
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = _text(cell["source"])
            taken.markdown(first_heading(text)[1] if first else text)
            first = False
        for output in cell.get("outputs", []):
            taken.output(output)
    if len(taken.answers) > 1 and taken.answers[0].evidence is None:
        # figures before the first answer belong to it
        taken.answers[1].figures[:0] = taken.answers.pop(0).figures
    return Parts(
        answers=tuple(taken.answers),
        groups=tuple(taken.groups),
        limits=tuple(taken.limits),
        notes=tuple(taken.notes),
    )


@dataclass(kw_only=True)
class _Taken:
    """What has been taken from a notebook so far."""

    answers: list[Answer] = field(default_factory=list)
    groups: list[Mapping[str, Any]] = field(default_factory=list)
    limits: list[Note] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def markdown(self, text: str) -> None:
        """A Markdown text; the part under the heading on limits is kept apart."""
        story, _, limits = text.partition(_LIMITS_HEADING)
        # a heading alone announced an output that stands elsewhere on the page
        if any(line.strip() and not line.startswith("#") for line in story.splitlines()):
            self.notes.append(Note(html=render_markdown(story)))
        if limits.strip():
            self.limits.append(Note(html=render_markdown(limits)))

    def output(self, output: Mapping[str, Any]) -> None:
        """One output of a code cell; text that passed no gate is not for a page, wherever it came from."""
        data = output.get("data", {})
        if MIME_TYPE in data:
            if data[MIME_TYPE]["id"] not in self.seen:
                self.seen.add(data[MIME_TYPE]["id"])
                self.answers.append(Answer(evidence=data[MIME_TYPE]))
        elif SUMMARY_MIME_TYPE in data:
            self.groups.extend(data[SUMMARY_MIME_TYPE]["groups"])
        elif "image/png" in data:
            self._picture(data["image/png"], output.get("metadata", {}).get("image/png", {}))

    def _picture(self, png: str | list[str], about: Mapping[str, str]) -> None:
        if not self.answers:
            self.answers.append(Answer(evidence=None))
        plain = "".join(_text(png).split())
        figure = Figure(png=plain, alt=about.get("alt", ""), title=about.get("title", ""))
        self.answers[-1].figures.append(figure)


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)
