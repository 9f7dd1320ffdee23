"""Which causes are shown, and where: what is refused must not follow from what is shown by subtraction.

Still employed and left for each cause add up to everyone, so that all of them but one give away the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.disclosure import last_of_unit
from wellperf_models.inference.risk_sets import Floats, Ints

ANOTHER = "another_reason"
OTHERS = "other_causes"
STAY = "survival"

_LEAVE = {
    "voluntary": "left of their own accord",
    "involuntary": "were let go",
    "other": "left for another or an unknown reason",
    "permanent_job": "moved to a permanent job",
    ANOTHER: "left for a reason the study does not model",
}


@dataclass(frozen=True, kw_only=True)
class ShownCause:
    """A cause, or several that are too rare to be told apart.

    Attributes:
        name: The cause, or "other_causes".
        words: Predicate of a sentence.
        members: Codes of the causes it stands for, from 1.
    """

    name: str
    words: str
    members: tuple[int, ...]


def leave_words(cause: str) -> str:
    """A cause as the predicate of a sentence."""
    return _LEAVE.get(cause, f"left ({cause.replace('_', ' ')})")


def group_causes(
    causes: Sequence[str], person: Ints, event: Ints, early: NDArray[np.bool_], minimum: int
) -> tuple[ShownCause, ...]:
    """Combines causes with too few leavers, and the next smallest where those are too few together.

    One decision for all tenures, so that names are the same everywhere. A cause nobody left for is not named:
    there is nothing to estimate.

    Args:
        causes: Names, by code from 1.
        person, event: Of each spell described, shape (n,).
        early: Exits up to the last tenure reported, shape (n,).
        minimum: Leavers that a cause needs to stand alone; 0 shows all of them.
    """

    def leavers(codes: Sequence[int], among: NDArray[np.bool_]) -> int:
        return int(np.unique(person[among & np.isin(event, codes)]).size)

    every = np.ones(event.size, dtype=bool)
    codes = [k for k in range(1, len(causes) + 1) if minimum == 0 or leavers((k,), every) > 0]
    rare = [k for k in codes if leavers((k,), early) < minimum]
    if not rare or len(codes) < 2:
        rare = []
    else:
        common = sorted((k for k in codes if k not in rare), key=lambda k: leavers((k,), early))
        while common and leavers(rare, early) < minimum:
            rare.append(common.pop(0))
    shown = [
        ShownCause(name=causes[k - 1], words=leave_words(causes[k - 1]), members=(k,))
        for k in codes
        if k not in rare
    ]
    if rare:
        words = "left for one of the remaining reasons" if shown else "left, for whatever reason"
        shown.append(ShownCause(name=OTHERS, words=words, members=tuple(sorted(rare))))
    return tuple(shown)


def relabel(event: Ints, shown: Sequence[ShownCause]) -> Ints:
    """Event codes by the causes shown, from 1, shape (n,)."""
    found = np.zeros_like(event)
    for number, cause in enumerate(shown, start=1):
        found[np.isin(event, cause.members)] = number
    return found


def withhold(leavers: Mapping[str, int], n_stay: int, minimum: int) -> frozenset[str]:
    """Causes to keep back at one tenure besides those the gate refuses there.

    What is kept back adds up to what is not shown; it must be at least two parts with enough people together.

    Args:
        leavers: Cause shown → leavers up to that tenure.
        n_stay: People who had not left by then.
        minimum: Leavers, or others, below which the gate refuses; 0 keeps nothing back.
    """
    parts = {**leavers, STAY: n_stay}
    hidden = [n for n in parts.values() if n < minimum]
    candidates = sorted((name for name, n in leavers.items() if n >= minimum), key=lambda c: leavers[c])
    also: list[str] = []
    while hidden and candidates and (len(hidden) < 2 or sum(hidden) < minimum):
        also.append(candidates.pop(0))
        hidden.append(leavers[also[-1]])
    return frozenset(also)


def block_ends(times: Floats, events: Ints, block: int) -> NDArray[np.bool_]:
    """Times at which each cause's curve may be known, so that the difference of curves is a block too.

    The curve of the commonest cause may be known wherever it, and the others together, had enough
    events since; of these times the next commonest takes those where the same holds for it and the rarer
    ones; the two rarest share theirs.

    Args:
        times: Increasing, shape (m,); the gate ends a block only at the last time of a month.
        events: By time and cause shown, shape (m, K).
        block: Events since the time before.

    Returns:
        Shape (m, K).
    """
    m, n_causes = events.shape
    allowed = np.asarray(last_of_unit(times.tolist()), dtype=bool)
    found = np.ones((m, n_causes), dtype=bool)
    order = np.argsort(-events.sum(axis=0), kind="stable")
    for position, k in enumerate(order):
        rarer = order[position + 1 :]
        if rarer.size:
            allowed = _block_ends(events[:, k], events[:, rarer].sum(axis=1), allowed, block)
        found[:, k] = allowed
    return found


def _block_ends(own: Ints, rest: Ints, allowed: NDArray[np.bool_], block: int) -> NDArray[np.bool_]:
    kept = np.zeros(own.size, dtype=bool)
    a = b = 0
    for i in range(own.size):
        a, b = a + int(own[i]), b + int(rest[i])
        if allowed[i] and min(a, b) >= block:
            kept[i], a, b = True, 0, 0
    return kept
