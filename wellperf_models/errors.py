"""Errors that say what was expected, what came, where, and what to do."""

from __future__ import annotations


class WellperfError(Exception):
    """Base of every error this package raises on purpose.

    Args:
        summary: One sentence: what went wrong.
        expected: What would have been right.
        got: What came instead; never a person's value.
        where: File, section, table or column.
        remedy: What the reader should do next.
    """

    def __init__(
        self,
        summary: str,
        *,
        expected: str | None = None,
        got: str | None = None,
        where: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.summary = summary
        self.expected = expected
        self.got = got
        self.where = where
        self.remedy = remedy
        parts = [summary]
        parts += [
            f"  {label}: {text}"
            for label, text in (
                ("where", where),
                ("expected", expected),
                ("got", got),
                ("what to do", remedy),
            )
            if text
        ]
        super().__init__("\n".join(parts))


class StudyError(WellperfError):
    """The study file is wrong or incomplete."""


class TablesError(WellperfError):
    """A table can't be read, or what was read breaks its declaration."""


class DisclosureError(WellperfError):
    """Showing this could expose a person, or the gate does not know what it is."""


class ConvergenceError(WellperfError):
    """A fit did not converge; there is no estimate."""


class DesignError(WellperfError):
    """The question cannot be answered by this design, whatever the numbers say."""


class NotAskedError(DesignError):
    """The study file does not ask this question; nothing is wrong."""


class RunError(WellperfError):
    """A run, a pack or its verification could not be completed."""
