"""Items → scores, by a key."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wellperf_models.errors import StudyError, TablesError
from wellperf_models.instruments.key import ScoringKey
from wellperf_models.instruments.published import KEYS

Floats = NDArray[np.float64]


def scoring_key(name: str, own: Mapping[str, ScoringKey] | None = None) -> ScoringKey:
    """The key of a scale.

    Args:
        name: "INSTRUMENT.SCALE", such as "mbi_gs.exhaustion".
        own: Keys of the study's own instruments; they may not bear the name of a published one.

    Raises:
        StudyError: There is no such key; the nearest name is suggested.
    """
    known = KEYS | dict(own or {})
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    scales = sorted(k for k in known if k.partition(".")[0] == name.partition(".")[0])
    raise StudyError(
        f"There is no scoring key {name!r}" + (f"; did you mean {close[0]!r}?" if close else "."),
        expected="one of " + ", ".join(scales or sorted({k.partition(".")[0] for k in known})),
        remedy="name INSTRUMENT.SCALE, or declare your own in [instruments.NAME]",
    )


def aligned(items: ArrayLike, key: ScoringKey) -> Floats:
    """Answers turned so that all run with the score.

    Args:
        items: Answers, shape (n, k) in the order of `key.items`; nan where there is none.
        key: The key.

    Raises:
        TablesError: Another number of items than the key's, or answers off its scale; counted and named.
    """
    given = np.asarray(items, float)
    if given.ndim != 2 or given.shape[1] != len(key.items):
        raise TablesError(
            "The items are not those of the key.",
            where=key.name,
            expected=f"an array of n rows and {len(key.items)} columns",
            got=f"shape {given.shape}",
        )
    off = (given < key.low) | (given > key.high)
    if off.any():
        named = ", ".join(f"{n} in item {i}" for i, n in zip(key.items, off.sum(axis=0), strict=True) if n)
        raise TablesError(
            "Answers lie off the scale.",
            where=key.name,
            expected=f"{key.low:g} to {key.high:g}",
            got=named,
            remedy="correct them, or say how they are coded",
        )
    turn = np.isin(key.items, key.reversed_items)
    return np.where(turn, key.low + key.high - given, given)


def score(items: ArrayLike, key: ScoringKey) -> Floats:
    """The scale's scores, shape (n,); nan where fewer than `key.min_answered` items were answered.

    What is missing is stood in for by the mean of the person's other answers to the scale.

    Args:
        items: Answers, shape (n, k) in the order of `key.items`; nan where there is none.
        key: The key.

    Raises:
        TablesError: As `aligned`.
    """
    answers = aligned(items, key)
    n = np.isfinite(answers).sum(axis=1)
    made = from_sum(np.nansum(answers, axis=1), np.maximum(n, 1), key)
    return np.where(n >= max(1, key.min_answered), made, np.nan)


def from_sum(total: ArrayLike, n: ArrayLike, key: ScoringKey) -> Floats:
    """Scores from the sum of a person's answers: a sum is prorated, percent runs from 0 to 100.

    Divided last: what is a whole number comes out whole, and cut-offs are whole numbers.

    Args:
        total: Sum of the answers as they run with the score (`aligned`), shape (k,).
        n: How many there are, each above 0, shape (k,).
        key: The key.
    """
    total, n = np.asarray(total, float), np.asarray(n, float)
    if key.scoring == "sum":
        return np.asarray(total * len(key.items) / n)
    if key.scoring == "percent":
        return np.asarray(100 * (total - n * key.low) / (n * (key.high - key.low)))
    return np.asarray(total / n)
