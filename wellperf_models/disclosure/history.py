"""What a study has published before, and what may be shown beside it.

Cells whose people are known by name are judged by `statistic`: batch, near, derived. Where they are not (rows
were numbered, or an answer does not say who) only numbers can be compared, more strictly in one respect and
less in another:

- the same number of people in other data, with other values, is held as well: as many may have come as left;
- only publications of the same cell up to a year back count. In a year most groups have changed by more than
  the minimum; without an end to it, a study of steady size could never publish such a cell again.

A cell that may not be shown as it is now is *held*: shown as it was published last. That tells a reader
nothing new, so no cell can be locked out by others for good: people who come and go add up until they are
enough. Where it was never published it is *kept back*.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from wellperf_models.disclosure.atoms import Numbers
from wellperf_models.disclosure.claims import Claim, Value
from wellperf_models.disclosure.cohorts import Cohorts
from wellperf_models.disclosure.entries import Entry, cohorts_of, key_of, visible_entries
from wellperf_models.disclosure.rules import Rules
from wellperf_models.disclosure.statistic import Cell, Conflict, Statistic, judge
from wellperf_models.errors import DisclosureError
from wellperf_models.study import Study

_COUNTED_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What happens to a cell.

    Attributes:
        state: fresh: shown as it is; held: shown as it was published before; kept back: not shown.
        reason: Why, in plain words; "" where it is fresh.
        as_of: Day of the publication that is shown; "" where none is.
        values: What was published then; None where nothing is shown of it.
    """

    state: Literal["fresh", "held", "kept back"]
    reason: str = ""
    as_of: str = ""
    values: tuple[Value, ...] | None = None

    def __repr__(self) -> str:
        return f"Verdict({self.state!r}, {self.reason!r})"


class History:
    """The ledger of a study as it stood when the run began; reads and never writes."""

    def __init__(self, study: Study, entries: Sequence[Entry]) -> None:
        self._study = study
        self._entries = entries
        self._minimum = Rules.of(study).min_group_size
        self._cohorts: Cohorts | None = None
        self._numbers = Numbers()
        self._by_statistic: dict[tuple[str, str, str], list[int]] = {}
        self._by_definition: dict[str, list[int]] = {}
        for place, entry in enumerate(entries):
            if entry.named:
                self._by_statistic.setdefault(_statistic(entry, entry.data), []).append(place)
            if entry.study == study.study.name:
                self._by_definition.setdefault(entry.definition, []).append(place)

    @classmethod
    def of(cls, study: Study) -> Self:
        """The history of a study; published microdata have none.

        Raises:
            DisclosureError: The ledger can't be read.
        """
        return cls(study, () if study.study.public_microdata else visible_entries(study))

    def judge(self, claims: Sequence[Claim], *, data: str = "") -> list[Verdict]:
        """What happens to the cells of one answer, judged in this order.

        Args:
            claims: All cells of the answer that pass the gate by themselves.
            data: Keyed hash of the data (`Provenance.data_hmac`); "": other data than any published.

        Returns:
            One verdict a claim.

        Raises:
            DisclosureError: People behind published cells can't be read back, so nothing can be compared.
        """
        if self._study.study.public_microdata:
            return [Verdict(state="fresh") for _ in claims]
        found = self.conflicts(claims, data=data)
        return [self._verdict(c, conflict) for c, conflict in zip(claims, found, strict=True)]

    def conflicts(self, claims: Sequence[Claim], *, data: str) -> list[Conflict | None]:
        """Which cells may not be published beside the others, and why.

        Args:
            claims: In the order in which they are taken in.
            data: Keyed hash of the data they come from.
        """
        found = [self._count(claim, data) or self._value(claim, data) for claim in claims]
        groups: dict[tuple[str, str, str], list[int]] = {}
        for place, claim in enumerate(claims):
            if claim.named:
                groups.setdefault(_statistic(claim, data), []).append(place)
        for key, places in groups.items():
            cells = [
                Cell(definition=c.definition, people=c.people, events=c.events)
                for c in (claims[i] for i in places)
            ]
            for place, conflict in zip(places, judge(self._published(key), cells), strict=True):
                found[place] = conflict or found[place]
        return found

    def _published(self, key: tuple[str, str, str]) -> Statistic:
        """A statistic with every cell of it that has been published."""
        statistic = Statistic(self._minimum, self._numbers)
        for place in self._by_statistic.get(key, ()):
            entry = self._entries[place]
            if self._comparable(entry):
                cohorts = self._open()
                statistic.accept(
                    Cell(
                        definition=entry.definition,
                        people=cohorts.get(entry.people),
                        events=cohorts.get(entry.events),
                        source=f"run {entry.run_id} as of {entry.as_of}",
                        place=place,
                    )
                )
        return statistic

    def _comparable(self, entry: Entry) -> bool:
        """Whether its people have the pseudonyms they have here.

        Raises:
            DisclosureError: They had once, and the key has changed.
        """
        if entry.key == key_of(self._study):
            return True
        if entry.study == self._study.study.name:
            raise DisclosureError(
                "The study's key is not the one its ledger was written with, so nothing can be compared.",
                where=".wellperf/key",
                remedy="restore the key from a backup; with a new one every earlier pack would be forgotten",
            )
        # another study beside this one, with a key of its own
        return False

    def _open(self) -> Cohorts:
        if self._cohorts is None:
            self._cohorts = cohorts_of(self._study)
        return self._cohorts

    def _count(self, claim: Claim, data: str) -> Conflict | None:
        """Compares numbers of people where it is not known who they are, here or there."""
        here = self._study.study.as_of
        for place in reversed(self._by_definition.get(claim.definition, ())):
            entry = self._entries[place]
            legacy = entry.values is None
            if not legacy and (
                entry.period != claim.period
                or (claim.named and entry.named and _statistic(claim, data) == _statistic(entry, entry.data))
            ):
                continue
            if abs((here - dt.date.fromisoformat(entry.as_of)).days) > _COUNTED_DAYS:
                continue
            apart = abs(entry.n_people - claim.n_people)
            replaced = apart == 0 and entry.data != data and entry.digest != claim.digest
            if 0 < apart < self._minimum or replaced:
                other = Cell(
                    definition=entry.definition,
                    people=frozenset(),
                    source=f"run {entry.run_id} as of {entry.as_of}",
                    place=place,
                )
                return Conflict(rule="count", other=other)
        return None

    def _value(self, claim: Claim, data: str) -> Conflict | None:
        """The same people and events in other data, with another number: who was corrected is not known.

        Of the time up to the study's day this is ordinary as the day moves on. As of the same day, or of a
        time that is over, somebody's value was corrected, and it may be one person's.
        """
        if not claim.named:
            return None
        here = self._study.study.as_of.isoformat()
        for place in reversed(self._by_definition.get(claim.definition, ())):
            entry = self._entries[place]
            over = claim.period != "" or entry.as_of == here
            if not (over and entry.named and entry.period == claim.period and entry.data != data):
                continue
            if entry.digest == claim.digest or not self._comparable(entry):
                continue
            cohorts = self._open()
            if (cohorts.get(entry.people), cohorts.get(entry.events)) == (claim.people, claim.events):
                source = f"run {entry.run_id} as of {entry.as_of}"
                other = Cell(definition=entry.definition, people=claim.people, source=source, place=place)
                return Conflict(rule="value", other=other)
        return None

    def _verdict(self, claim: Claim, conflict: Conflict | None) -> Verdict:
        if conflict is None:
            return Verdict(state="fresh")
        earlier = self._to_show(claim, conflict)
        why = _WORDS[conflict.rule](self._minimum)
        if earlier is None:
            return Verdict(state="kept back", reason=f"{why}, and there is no earlier number to show")
        named = "" if earlier.definition == claim.definition else f" (under the name {_key(earlier)})"
        return Verdict(
            state="held",
            reason=f"{why}: shown as published as of {earlier.as_of}{named}",
            as_of=earlier.as_of,
            values=earlier.values,
        )

    def _to_show(self, claim: Claim, conflict: Conflict) -> Entry | None:
        """The latest publication of the cell; of the group it was before, where it has only been renamed."""
        places = list(self._by_definition.get(claim.definition, ()))
        if not places and conflict.rule == "near" and conflict.other and conflict.other.place is not None:
            places = [conflict.other.place]
        as_of = self._study.study.as_of.isoformat()
        fitting = [
            (entry.as_of <= as_of, entry.as_of, place)
            for place in places
            if (entry := self._entries[place]).study == self._study.study.name and _fits(entry, claim)
        ]
        return self._entries[max(fitting)[2]] if fitting else None


def _statistic(cell: Claim | Entry, data: str) -> tuple[str, str, str]:
    """What cells must share to be subtracted: numbers of rows mean the same people in the same data alone."""
    return cell.subject, cell.period, "" if cell.stable else f"rows of {data}"


def _fits(entry: Entry, claim: Claim) -> bool:
    """Whether the values of one can stand where those of the other would; a curve may have other steps."""
    if entry.values is None or entry.period != claim.period:
        return False
    return len(entry.values) == len(claim.values) or "/curve/" in claim.definition


def _key(entry: Entry) -> str:
    return entry.definition.rpartition("/")[2]


_WORDS: Mapping[str, Callable[[int], str]] = {
    "batch": lambda m: f"since it was published, fewer than {m} people have come, gone or changed",
    "near": lambda m: f"a published number is about the same people but for fewer than {m}",
    "derived": lambda m: f"together with other published numbers it would tell about fewer than {m} people",
    "value": lambda m: f"values were corrected since it was published, maybe of fewer than {m} people",
    "count": lambda m: f"it may differ from what was published by fewer than {m} people",
}
