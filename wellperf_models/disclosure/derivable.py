"""What follows from known sums by addition and subtraction, and whether it is about too few people.

A reader who knows sums over sets of people knows every linear combination of them. Write a combination as a
weight for each person, the largest of them 1: its *reach* is the sum of all weights by size. A combination
that gives the sum over a set of k people has reach k; one with a reach of r gives a person's value up to what
r - 1 others add. So no combination may have a reach below the minimum. (Weights on a set of fewer people
than the minimum always have a smaller reach, so that no such set is derivable either.)

The smallest reach of a combination in which a person weighs 1 is a linear programme. It is seldom solved: it
is never below the inverse of the person's leverage in the space of all combinations, the diagonal of the
projection on it (by the Cauchy-Schwarz inequality), and that is at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ZERO = 1e-6  # squared length: combinations of zeros and ones are either shorter by far, or longer by far
_CLOSE = 1e-6
# beyond these the programmes take longer than an answer may: then the bound itself decides, which is stricter
_MOST_PROGRAMMES = 60
_MOST_NUMBERS = 60_000


@dataclass(frozen=True, kw_only=True)
class Known:
    """The combinations a reader knows.

    Attributes:
        vectors: Orthonormal over people, constant on atoms. Shape (rank, atoms).
    """

    vectors: np.ndarray

    @classmethod
    def nothing(cls) -> Known:
        """Before the first sum."""
        return cls(vectors=np.zeros((0, 1)))

    def cut(self, parent: np.ndarray) -> Known:
        """The same combinations on finer atoms (`Split.parent`)."""
        return Known(vectors=self.vectors[:, parent])

    def without(self, weights: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What of a combination is not known yet.

        Args:
            weights: Of each atom. Shape (atoms,).
            sizes: People of each atom. Shape (atoms,).

        Returns:
            The rest (zeros where all is known), and the coefficient of each vector that was taken away.
        """
        rest, taken = weights.astype(float), np.zeros(len(self.vectors))
        for _ in range(2):  # twice is enough (Giraud et al. 2005): once leaves rounding errors
            step = self.vectors @ (sizes * rest)
            rest = rest - step @ self.vectors
            taken += step
        if sizes @ rest**2 <= _ZERO:
            rest = np.zeros_like(rest)
        return rest, taken

    def plus(self, rest: np.ndarray, sizes: np.ndarray) -> Known:
        """With what `without` left over, which is not zero."""
        length = float(np.sqrt(sizes @ rest**2))
        return Known(vectors=np.vstack([self.vectors, rest / length]))


def singles_out(known: Known, rest: np.ndarray, sizes: np.ndarray, minimum: int) -> bool:
    """Whether one more sum gives a combination about fewer than `minimum` people that was not known before.

    Args:
        known: Before it.
        rest: What of it is not known yet (`Known.without`). Shape (atoms,).
        sizes: People of each atom. Shape (atoms,).
        minimum: Smallest number of people a sum may be about.
    """
    occupied = sizes > 0
    sizes, rest = sizes[occupied], rest[occupied]
    before = Known(vectors=known.vectors[:, occupied])
    if not (sizes @ rest**2 > _ZERO):
        return False
    after = before.plus(rest, sizes)
    gained = after.vectors[-1] ** 2
    leverage = (after.vectors**2).sum(axis=0)
    # a set of fewer people than the minimum has at most minimum - 1
    suspects = np.flatnonzero((leverage >= 1 / (minimum - 1) - _CLOSE) & (gained > _CLOSE * leverage))
    if suspects.size == 0:
        return False
    if suspects.size > _MOST_PROGRAMMES or after.vectors.size > _MOST_NUMBERS:
        return True
    return any(
        # a programme that was not solved certifies nothing
        (reach := _smallest_reach(after.vectors, sizes, int(i), unsolved=0.0)) <= minimum - 1 + _CLOSE
        and reach < _smallest_reach(before.vectors, sizes, int(i), unsolved=np.inf) - _CLOSE
        for i in suspects
    )


def _smallest_reach(vectors: np.ndarray, sizes: np.ndarray, atom: int, *, unsolved: float) -> float:
    """Smallest Σ size·|weight| of a combination in which the people of an atom weigh 1; ∞ where none does."""
    # loaded where it is needed, which is seldom
    from scipy.optimize import linprog

    rank, atoms = vectors.shape
    if rank == 0 or not np.any(np.abs(vectors[:, atom]) > _CLOSE):
        return np.inf
    # unknowns: the coefficient of each vector, and a bound on each weight by size
    identity = np.eye(atoms)
    answer = linprog(
        np.concatenate([np.zeros(rank), sizes]),
        A_ub=np.block([[vectors.T, -identity], [-vectors.T, -identity]]),
        b_ub=np.zeros(2 * atoms),
        A_eq=np.concatenate([vectors[:, atom], np.zeros(atoms)])[None, :],
        b_eq=[1.0],
        bounds=[(None, None)] * rank + [(0, None)] * atoms,
        method="highs",
    )
    return float(answer.fun) if answer.status == 0 else unsolved
