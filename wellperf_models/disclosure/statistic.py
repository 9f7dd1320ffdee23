"""All published cells of one statistic and period, and whether one more may join them.

Three rules, with m for the minimum group size:

- *Batch*, against every earlier publication of the same cell: who joined, who left, whose event is new and
  whose event is gone must be nobody or at least m people each.
- *Near*, against every other cell of the statistic (another filter, group, level or name): the people in one
  and not in the other must not be fewer than m both ways, unless they are the same people; and then likewise
  for their events.
- *Derived*: no sum or difference of any number of cells may single out fewer than m people (`derivable`).
  Where the people of a combination cancel out, those whose events are left in it count instead. What a
  combination of earlier publications gave away already is not held against a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wellperf_models.disclosure.atoms import Atoms, Numbers, Split
from wellperf_models.disclosure.derivable import Known, singles_out


@dataclass(frozen=True, kw_only=True, repr=False)
class Cell:
    """A published cell, or one that would be.

    Attributes:
        definition: Which.
        people, events: Who is behind it, and whose event it counts.
        source: Who published it, for messages; "" for this run.
        place: Index of its entry in the ledger; None for this run.
    """

    definition: str
    people: frozenset[str]
    events: frozenset[str] = frozenset()
    source: str = ""
    place: int | None = None


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Why a cell may not join: the rule, and one cell it breaks it with (None: all of them together)."""

    rule: Literal["batch", "near", "derived", "count", "value"]
    other: Cell | None = None


class Statistic:
    """The cells of one statistic and period that a reader knows."""

    def __init__(self, minimum: int, numbers: Numbers | None = None) -> None:
        """Without a cell.

        Args:
            minimum: Smallest number of people a sum may be about.
            numbers: Of the study's people, where several statistics share them.
        """
        self._minimum = minimum
        self._numbers = Numbers() if numbers is None else numbers
        self._cells: list[Cell] = []
        self._people, self._events = Atoms(self._numbers), Atoms(self._numbers)
        self._known = Known.nothing()
        # what each vector of `_known` says about events; and the combinations in which no people are left
        self._companions = np.zeros((0, 1))
        self._events_alone = Known.nothing()

    def copy(self) -> Statistic:
        """One that can grow on its own."""
        other = Statistic(self._minimum, self._numbers)
        other._cells = list(self._cells)
        other._people, other._events = self._people.copy(), self._events.copy()
        other._known, other._events_alone = self._known, self._events_alone
        other._companions = self._companions
        return other

    def accept(self, cell: Cell) -> None:
        """Takes in a cell unasked: it is published."""
        self._take(cell, self._lay(cell))

    def offer(self, cell: Cell) -> Conflict | None:
        """Takes in a cell if it may join; says why where it may not."""
        new = self._lay(cell)
        conflict = self._compare(cell, new)
        if conflict is None and new.singles_out(self._minimum):
            conflict = Conflict(rule="derived")
        if conflict is None:
            self._take(cell, new)
        return conflict

    def gives_away(self, cell: Cell) -> bool:
        """Whether the numbers of a cell are sums and differences of those known."""
        new = self._lay(cell)
        return not new.rest.any() and not new.events_rest.any()

    def _lay(self, cell: Cell) -> _Laid:
        """What a cell adds to what is known."""
        people, events = self._people.split(cell.people), self._events.split(cell.events)
        known, alone = self._known.cut(people.parent), self._events_alone.cut(events.parent)
        companions = self._companions[:, events.parent]
        rest, taken = known.without(people.mask, people.sizes)
        events_rest = events.mask - taken @ companions
        if not rest.any():
            events_rest, _ = alone.without(events_rest, events.sizes)
        return _Laid(
            people=people,
            events=events,
            known=known,
            alone=alone,
            companions=companions,
            rest=rest,
            events_rest=events_rest,
        )

    def _take(self, cell: Cell, new: _Laid) -> None:
        self._known, self._events_alone, self._companions = new.known, new.alone, new.companions
        if new.rest.any():
            self._known = new.known.plus(new.rest, new.people.sizes)
            length = np.sqrt(new.people.sizes @ new.rest**2)
            self._companions = np.vstack([new.companions, new.events_rest / length])
        elif new.events_rest.any():
            self._events_alone = new.alone.plus(new.events_rest, new.events.sizes)
        self._people.add(new.people)
        self._events.add(new.events)
        self._cells.append(cell)

    def _compare(self, cell: Cell, new: _Laid) -> Conflict | None:
        """The batch rule and the rule for near cells, against all others at once."""
        if not self._cells:
            return None
        people, events = self._people.differences(new.people), self._events.differences(new.events)
        same = np.array([c.definition == cell.definition for c in self._cells])
        few = np.any([self._few(n) for n in (*people, *events)], axis=0)
        equal = np.maximum(*people) == 0
        near = self._few(np.maximum(*people)) | (equal & self._few(np.maximum(*events)))
        broken = np.flatnonzero(np.where(same, few, near))
        if broken.size == 0:
            return None
        last = int(broken[-1])
        return Conflict(rule="batch" if same[last] else "near", other=self._cells[last])

    def _few(self, n: np.ndarray) -> np.ndarray:
        return (n > 0) & (n < self._minimum)


@dataclass(frozen=True, kw_only=True)
class _Laid:
    """A cell beside what is known, on atoms fine enough for both.

    Attributes:
        people, events: Laid over the atoms.
        known, alone, companions: What is known, as in `Statistic`.
        rest: What of its people is not known yet.
        events_rest: What goes with it of its events; where no people are left, what is not known yet.
    """

    people: Split
    events: Split
    known: Known
    alone: Known
    companions: np.ndarray
    rest: np.ndarray
    events_rest: np.ndarray

    def singles_out(self, minimum: int) -> bool:
        """Whether, with all others, it tells about too few people, or too few events."""
        if self.rest.any():
            return singles_out(self.known, self.rest, self.people.sizes, minimum)
        return singles_out(self.alone, self.events_rest, self.events.sizes, minimum)


def judge(published: Statistic, cells: Sequence[Cell]) -> list[Conflict | None]:
    """Which of several cells may be published, in this order.

    A cell that is kept out must not follow from those taken in either: where it would, the one that gives it
    away is kept out as well.

    Args:
        published: What a reader knows; stays as it is.
        cells: What would be published, first come first served.

    Returns:
        For each cell None, or why it is kept out.
    """
    trial = published.copy()
    found = [trial.offer(cell) for cell in cells]
    hidden = [c for c, conflict in zip(cells, found, strict=True) if conflict]
    hidden = [c for c in hidden if trial.gives_away(c) and not published.gives_away(c)]
    if not hidden:
        return found
    taken = published.copy()
    for place, cell in enumerate(cells):
        if found[place] is None:
            trial = taken.copy()
            trial.accept(cell)
            if given_away := next((c for c in hidden if trial.gives_away(c)), None):
                found[place] = Conflict(rule="derived", other=given_away)
            else:
                taken = trial
    return found
