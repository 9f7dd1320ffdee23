"""A reader of released answers who knows how the tables are built: what is known of every atom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.attacks.algebra import BAND, System
from tests.attacks.organisations import Atom, Organisation

COUNTS = {"n_people": "people", "n_exits": "exits"}


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """A row kept back: where, and the atoms it is the sum of."""

    where: str
    atoms: tuple[Atom, ...]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """What somebody knows who has all the answers.

    Attributes:
        system: Of the atoms' people and exits.
        hidden: The rows that were kept back.
    """

    system: System
    hidden: tuple[Hidden, ...]

    def people(self, hidden: Hidden) -> tuple[float, float]:
        """Between which numbers the people of a hidden row lie."""
        return self.system.interval(_cells("people", hidden.atoms))


def read_answers(org: Organisation, answers: Sequence[dict[str, Any]], *, band: float = BAND) -> Reader:
    """Puts everything released into one system.

    Args:
        org: Whose structure the reader knows; its numbers are not looked at.
        answers: From `Released.to_dict()`, all about the same people.
        band: What rounding may have added or taken.
    """
    atoms = tuple(org.people)
    system = System([*_cells("people", atoms), *_cells("exits", atoms)])
    for atom in atoms:
        system.add_at_most(_cells("exits", [atom]), _cells("people", [atom]))
    hidden: list[Hidden] = []
    for answer in answers:
        for estimate in answer["estimates"]:
            if estimate["name"] in COUNTS:
                system.add_total(_cells(COUNTS[estimate["name"]], atoms), estimate["value"], band)
        for table in answer["tables"]:
            hidden += _read_table(org, system, table, band)
        for curve in answer["curves"]:
            _read_curve(org, system, curve)
    return Reader(system=system, hidden=tuple(hidden))


def _read_table(org: Organisation, system: System, table: dict[str, Any], band: float) -> list[Hidden]:
    hidden = []
    for row in table["rows"]:
        atoms = _atoms(org, row["key"])
        shown = dict(zip((m["name"] for m in table["measures"]), row["values"], strict=True))
        for name, kind in COUNTS.items():
            if shown[name] is not None:
                system.add_total(_cells(kind, atoms), float(shown[name]), band)
        if shown["n_people"] is None:
            hidden.append(Hidden(where=f"{table['name']}: {'|'.join(row['key'])}", atoms=tuple(atoms)))
    return hidden


def _read_curve(org: Organisation, system: System, curve: dict[str, Any]) -> None:
    people = _atoms(org, [curve["group"]] if curve["group"] else [])
    events, blocks = sum(curve["events"]), len(curve["events"])
    # every block of events was rounded by itself, and what came after the last one is not known
    system.add_at_least(_cells("exits", people), events - BAND * blocks)
    for shown in (curve["n_people"], curve["at_risk"][0]):
        system.add_total(_cells("people", people), float(shown))
    sizes = [
        n
        for n in range(max(1, curve["n_people"] - BAND), curve["n_people"] + BAND + 1)
        if all(could_be(n, sum(curve["events"][: i + 1]), BAND * (i + 1), 1 - y, _step(curve["y"]))
               for i, y in enumerate(curve["y"]))
    ]  # fmt: skip
    system.add_between(_cells("people", people), min(sizes), max(sizes))


def could_be(people: int, events: int, band: int, share: float, step: float) -> bool:
    """Whether a share printed in steps may be of so many people, with the events within a band."""
    return any(
        abs(e / people - share) <= step / 2 * (1 + 1e-6)
        for e in range(max(0, events - band), min(people, events + band) + 1)
    )


def _step(values: Iterable[float]) -> float:
    """Smallest step of printed numbers: trailing zeros are lost, the longest one has none."""
    decimals = max(len(f"{v!r}".partition(".")[2]) for v in values)
    return float(10.0**-decimals)


def _atoms(org: Organisation, key: Sequence[str]) -> list[Atom]:
    # a row of a level above says its level: "site: north"
    names = (part.rpartition(": ")[2] for part in key)
    return org.atoms_of(*(name for name in names if name != "everyone"))


def _cells(kind: str, atoms: Iterable[Atom]) -> list[str]:
    return ["|".join((kind, *atom)) for atom in atoms]
