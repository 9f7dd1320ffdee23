"""People by where they are counted: those counted in the same cells are one atom.

Sums over cells can be subtracted from each other, never parts of an atom: so what a reader can derive is a
question about a few atoms, not about a million people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Split:
    """A set of people laid over the atoms.

    Attributes:
        ids: The people. Shape (people,).
        inside: How many of each atom are in the set. Shape (atoms,).
        parent: Which atom each atom is a part of, once those the set cuts are cut. Shape (atoms after,).
        sizes: People of each. Shape (atoms after,).
        mask: Whether it is in the set. Shape (atoms after,).
    """

    ids: np.ndarray
    inside: np.ndarray
    parent: np.ndarray
    sizes: np.ndarray
    mask: np.ndarray


class Numbers:
    """A number for each person, the same in every statistic of a study, so that each is looked up once."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._of: dict[frozenset[str], np.ndarray] = {}

    def __len__(self) -> int:
        """How many people have one."""
        return len(self._number)

    def of(self, people: frozenset[str]) -> np.ndarray:
        """Numbers of a set, in no order. Shape (people,)."""
        if people not in self._of:
            self._of[people] = np.fromiter(self._all(people), dtype=np.intp, count=len(people))
        return self._of[people]

    def _all(self, people: frozenset[str]) -> Iterable[int]:
        number = self._number
        for person in people:
            yield number.setdefault(person, len(number))


class Atoms:
    """Sets of people, and the atoms they make; grows with each set added.

    Attributes:
        sizes: People of each atom; the first holds whoever is in no set. Shape (atoms,).
        sets: Which atoms each set covers, as ones (products of truth values are slow). Shape (sets, atoms).
    """

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._atom = np.zeros(0, dtype=np.intp)
        self.sizes = np.zeros(1)
        self.sets = np.zeros((0, 1))

    def split(self, people: frozenset[str]) -> Split:
        """Lays a set over the atoms; changes nothing but who is known by name."""
        ids = self._known(people)
        inside = np.bincount(self._atom[ids], minlength=self.sizes.size).astype(float)
        whole = inside == self.sizes
        # who is in no set so far will be joined by others: never whole
        whole[0] = False
        cut = np.flatnonzero((inside > 0) & ~whole)
        parent = np.concatenate([np.arange(self.sizes.size), cut])
        sizes = np.concatenate([self.sizes, inside[cut]])
        sizes[cut] -= inside[cut]
        mask = np.concatenate([(inside > 0) & whole, np.ones(cut.size, dtype=bool)])
        return Split(ids=ids, inside=inside, parent=parent, sizes=sizes, mask=mask)

    def add(self, split: Split) -> None:
        """Takes in a set that was laid over the atoms as they are now."""
        cut = split.parent[self.sizes.size :]
        becomes = np.arange(self.sizes.size)
        becomes[cut] = np.arange(self.sizes.size, split.parent.size)
        self._atom[split.ids] = becomes[self._atom[split.ids]]
        self.sizes = split.sizes
        self.sets = np.vstack([self.sets[:, split.parent], split.mask])

    def differences(self, split: Split) -> tuple[np.ndarray, np.ndarray]:
        """Against every set: people only in the new one, and people only in the old. Shapes (sets,)."""
        both = self.sets @ split.inside
        return split.inside.sum() - both, self.sets @ self.sizes - both

    def copy(self) -> Atoms:
        """One that can grow on its own."""
        other = Atoms(self._numbers)
        other._atom, other.sizes, other.sets = self._atom.copy(), self.sizes, self.sets
        return other

    def _known(self, people: frozenset[str]) -> np.ndarray:
        """Numbers of people, each of whom is in an atom by then."""
        ids = self._numbers.of(people)
        if new := len(self._numbers) - self._atom.size:
            self._atom = np.concatenate([self._atom, np.zeros(new, dtype=np.intp)])
            self.sizes = self.sizes.copy()
            self.sizes[0] += new
        return ids
