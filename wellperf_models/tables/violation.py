"""What is wrong with the data, named and counted; no value of a person in it."""

from __future__ import annotations

from dataclasses import dataclass

# row numbers shown of one violation
SHOWN_ROWS = 5


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule that the data break.

    Attributes:
        table: Table of the study; of one that comes in parts the part, where the violation is in one alone.
        column: Column or columns, comma-separated; "" where the rule is about the whole file.
        rule: Name of the rule.
        count: Rows that break it; for a file or the study file, 1.
        first_rows: Up to five row numbers: data rows of the source file from 1, the header not counted.
        text: What the rule asks, in words.
        what_to_do: How to mend it.
        parts: For each of `first_rows`, the part of the table it is counted in; () where `table` says it.
    """

    table: str
    column: str
    rule: str
    count: int
    text: str
    what_to_do: str
    first_rows: tuple[int, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[str, ...]:
        """`first_rows` as a reader finds them: "17", or "claims 17" of a table in parts."""
        if not self.parts:
            return tuple(map(str, self.first_rows))
        return tuple(f"{part} {row}" for part, row in zip(self.parts, self.first_rows, strict=True))


@dataclass(frozen=True, kw_only=True)
class Note:
    """What was done with the data because the study says so, or what a reader should know of them.

    A note is no violation: the check passes, and says it.

    Attributes:
        table: Table of the study, or its part.
        column: Column or columns; "" where it is about whole rows or the file.
        rule: Name of what was done or found.
        count: Cells or rows it is about.
        text: In words; holds no value.
    """

    table: str
    rule: str
    count: int
    text: str
    column: str = ""


def file_problem(table: str, rule: str, text: str, what_to_do: str, *, column: str = "") -> Violation:
    """A violation about a whole file or an entry of the study file."""
    return Violation(table=table, column=column, rule=rule, count=1, text=text, what_to_do=what_to_do)


class Refused(Exception):
    """Inside this layer: a table can't be read; carries the violations that say why."""

    def __init__(self, *violations: Violation) -> None:
        self.violations = violations
        super().__init__(", ".join(v.rule for v in violations))
