"""A line of a reporting list, and the ways in which what a run holds fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from wellperf_models.guidelines.facts import Facts

Status = Literal["reported", "not applicable", "not done"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """How one line of a list stands.

    Attributes:
        status: As the list has it.
        where: Where it is reported, why it does not apply, or what would do it.
    """

    status: Status
    where: str


type Rule[F: Facts] = Callable[[F], Line]


@dataclass(frozen=True, kw_only=True)
class Item[F: Facts]:
    """A line of a reporting list.

    Attributes:
        number: The official one.
        topic: In a word or two.
        asks: What it asks for, in our words.
        rule: How a run fills it.
    """

    number: str
    topic: str
    asks: str
    rule: Rule[F]


def reported(where: str) -> Line:
    """It is there."""
    return Line(status="reported", where=where)


def not_applicable(why: str) -> Line:
    """There is nothing to report."""
    return Line(status="not applicable", where=why)


def not_done(what: str) -> Line:
    """It is missing."""
    return Line(status="not done", where=what)


def always_not_applicable(why: str) -> Rule[Facts]:
    """Of this kind of study, whatever the data."""
    return lambda facts: not_applicable(why)


def from_answer(identifier: str, part: str, remedy: str = "") -> Rule[Facts]:
    """Reported where an answer was released.

    Args:
        identifier: Of the answer.
        part: Which part of it says so.
        remedy: What would do it.
    """

    def rule(facts: Facts) -> Line:
        if facts.given(identifier) is not None:
            return reported(f"{identifier}: {part}")
        return not_done(facts.why_not(identifier) + (f"; {remedy}" if remedy else ""))

    return rule


def from_numbers(identifier: str, *prefixes: str, part: str, remedy: str = "") -> Rule[Facts]:
    """Reported where released numbers are there: what the gate kept back is not.

    Args:
        identifier: Of the answer.
        prefixes: How the names of its estimates or tables begin.
        part: What they are, in words.
        remedy: What would do it.
    """

    def rule(facts: Facts) -> Line:
        if facts.numbers(identifier, *prefixes):
            return reported(f"{identifier}: {part}")
        if reason := facts.kept_back(identifier, *prefixes):
            return not_done(f"{part}: kept back ({reason})")
        missing = f"{identifier} has no {part}" if facts.given(identifier) else facts.why_not(identifier)
        return not_done(missing + (f"; {remedy}" if remedy else ""))

    return rule


def from_words(field: str, what: str) -> Rule[Facts]:
    """Reported where the study file says it.

    Args:
        field: Key of `[reporting]`.
        what: What to say there.
    """

    def rule(facts: Facts) -> Line:
        if facts.text(field):
            return reported(f"[reporting] {field} of the study file")
        return not_done(f"say {what} in [reporting] {field}")

    return rule


def all_of[F: Facts](*rules: Rule[F]) -> Rule[F]:
    """Reported where every part is; else what is missing first.

    Args:
        rules: Of the parts.
    """

    def rule(facts: F) -> Line:
        lines = [part(facts) for part in rules]
        missing = next((line for line in lines if line.status != "reported"), None)
        return missing or reported("; ".join(line.where for line in lines))

    return rule


def either[F: Facts](first: Rule[F], second: Rule[F]) -> Rule[F]:
    """Reported where one of two is; else what the first misses.

    Args:
        first, second: The two.
    """

    def rule(facts: F) -> Line:
        line = first(facts)
        other = second(facts)
        return other if line.status != "reported" and other.status == "reported" else line

    return rule
