"""A filled list as words, tables and a check: about nobody, so that the gate has nothing to keep back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from wellperf_models.evidence import Check, Measure, Row, Support, Table
from wellperf_models.guidelines.facts import Facts
from wellperf_models.guidelines.line import Item, Line

_MOST_NAMED: Final = 6
_NOBODY: Final = Support(n_people=0)

type Filled[F: Facts] = tuple[tuple[Item[F], Line], ...]


def fill[F: Facts](items: Iterable[Item[F]], facts: F) -> Filled[F]:
    """Every line with how it stands.

    Args:
        items: Lines of the list.
        facts: The run.
    """
    return tuple((item, item.rule(facts)) for item in items)


def lines_in_words[F: Facts](lines: Filled[F], guideline: str, what: str = "lines") -> str:
    """How many lines that apply are reported, and which are missing, in a sentence.

    Args:
        lines: From `fill`.
        guideline: Name of the list.
        what: What it calls its lines.
    """
    asked = [(item, line) for item, line in lines if line.status != "not applicable"]
    missing = [f"{item.number} {item.topic}" for item, line in asked if line.status == "not done"]
    told = f"{len(asked) - len(missing)} of {len(asked)} {what} of {guideline} that apply are reported"
    if not missing:
        return told + "."
    more = len(missing) - _MOST_NAMED
    listed = ", ".join(missing[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{told}; missing: {listed}."


def table_of_lines[F: Facts](lines: Filled[F], name: str, title: str, what: str = "line") -> Table:
    """The list, line by line.

    Args:
        lines: From `fill`.
        name, title: Of the table.
        what: What the list calls a line.
    """
    return table_of_words(
        name,
        title,
        (what,),
        (
            ("asks", "What it asks for"),
            ("status", "Status"),
            ("where", "Where, why not, or what would do it"),
        ),
        [((item.number,), (item.asks, line.status, line.where)) for item, line in lines],
    )


def table_of_words(
    name: str,
    title: str,
    keys: tuple[str, ...],
    measures: tuple[tuple[str, str], ...],
    rows: Sequence[tuple[tuple[str, ...], tuple[str, ...]]],
) -> Table:
    """A table of words: it is about nobody.

    Args:
        name, title, keys: Of the table.
        measures: (Name, label) of each column of words.
        rows: (Key, words) of each row.
    """
    return Table(
        name=name,
        title=title,
        keys=keys,
        measures=tuple(Measure(name=m, kind="text", label=label) for m, label in measures),
        rows=tuple(Row(key=key, values=values, support=_NOBODY) for key, values in rows),
        partition=False,
        about_people=False,
    )


def every_line_reported[F: Facts](lines: Filled[F], guideline: str, what: str = "Lines") -> Check:
    """Fails where a line that applies is not reported.

    Args:
        lines: From `fill`.
        guideline: Name of the list.
        what: What it calls its lines.
    """
    missing = sum(line.status == "not done" for _, line in lines)
    return Check(
        name="every_line_reported",
        passed=missing == 0,
        value=float(missing),
        threshold=0.0,
        text=f"{what} of {guideline} that apply and are not reported: {{value}}.",
        computation="exact",
    )
