"""Exact cells of words: rows with the same levels taken together, by one number a pattern.

Every covariate's level is a digit, so a pattern is a number and grouping is counting. A digit is a few bits
of the word's 64-bit hash in which the levels differ (a perfect hash); that no other word occurs is seen from
the sum of all hashes. `build_cells` does the same in any engine; this is the quick way for words in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

# patterns there could be: more are not worth a place each
_MOST_PATTERNS = 5_000_000
_FEW = 10_000
# bits beyond those that count the levels; with so many places some window of the hash tells them apart
_MORE_BITS = 3

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, kw_only=True)
class LevelCells:
    """Patterns of levels, in increasing order of their words, the first covariate first.

    Attributes:
        patterns: One row a pattern that occurs, missing is a level of its own, the last.
        n, events: Rows and events of each, shape (m,).
    """

    patterns: pl.DataFrame
    n: Floats
    events: Floats

    def __repr__(self) -> str:
        """Shapes only."""
        return f"LevelCells({self.n.size} cells × {self.patterns.width} covariates)"


@dataclass(frozen=True, kw_only=True)
class _Digits:
    """One covariate.

    Attributes:
        words: Its levels, sorted, a missing one last.
        place: Digit → place among them; digits that stand for no level hold anything.
        hashes: Digit → hash of its level.
        of_row: Digit of each row, shape (n,).
        checked: Whether every row's level is known to be among the levels.
    """

    words: pl.Series
    place: Ints
    hashes: Hashes
    of_row: NDArray[np.int32]
    checked: bool


def cells_of_levels(rows: pl.DataFrame, names: Sequence[str], event: NDArray[np.bool_]) -> LevelCells:
    """Takes rows with the same words together.

    Args:
        rows: Holds the covariates as words.
        names: Those covariates, at least one.
        event: Shape (n,).

    Raises:
        DesignError: More patterns could occur than are worth a place each.
    """
    hashed = rows.select(pl.col(name).hash() for name in names)
    hashes = [hashed[name].to_numpy() for name in names]
    quick = [_few_bits(rows[name], own) for name, own in zip(names, hashes, strict=True)]
    if all(d is not None for d in quick):
        read = [d for d in quick if d is not None]
        if _size(read) <= _MOST_PATTERNS:
            n, key = _count(read)
            if all(
                _all_known(d, own, n, axis) for axis, (d, own) in enumerate(zip(read, hashes, strict=True))
            ):
                return _cells(names, read, n, key, event)
    read = [_ranks(rows[name], own) for name, own in zip(names, hashes, strict=True)]
    if _size(read) > _MOST_PATTERNS:
        raise DesignError(
            "There could be more patterns than rows are worth.",
            where="inference.level_cells",
            expected=f"at most {_MOST_PATTERNS:,}",
            remedy="build_cells, or fewer covariates",
        )
    return _cells(names, read, *_count(read), event)


def _size(read: Sequence[_Digits]) -> float:
    return float(np.prod([float(d.place.size) for d in read]))


def _count(read: Sequence[_Digits]) -> tuple[Ints, NDArray[np.int32]]:
    """Rows of each pattern, shape (digits of the first, of the second, …), and the pattern of each row."""
    key = read[0].of_row.copy()
    for digits in read[1:]:
        key *= digits.place.size
        key += digits.of_row
    shape = [d.place.size for d in read]
    return np.bincount(key, minlength=int(np.prod(shape))).reshape(shape), key


def _all_known(digits: _Digits, hashes: Hashes, n: Ints, axis: int) -> bool:
    """Whether no word occurs beside the levels: their hashes, as often as counted, add up to all hashes."""
    if digits.checked:
        return True
    others = tuple(a for a in range(n.ndim) if a != axis)
    counted = n.sum(axis=others).astype(np.uint64)
    with np.errstate(over="ignore"):
        return bool((counted * digits.hashes).sum(dtype=np.uint64) == hashes.sum(dtype=np.uint64))


def _cells(
    names: Sequence[str],
    read: Sequence[_Digits],
    n: Ints,
    key: NDArray[np.int32],
    event: NDArray[np.bool_],
) -> LevelCells:
    found = np.flatnonzero(n)
    events = np.bincount(key[np.asarray(event, bool)], minlength=n.size)[found]
    places = [d.place[digit] for d, digit in zip(read, np.unravel_index(found, n.shape), strict=True)]
    order = np.lexsort(places[::-1])
    patterns = {
        name: digits.words.gather(place[order])
        for name, digits, place in zip(names, read, places, strict=True)
    }
    return LevelCells(
        patterns=pl.DataFrame(patterns),
        n=n.ravel()[found][order].astype(float),
        events=events[order].astype(float),
    )


def _few_bits(values: pl.Series, hashes: Hashes) -> _Digits | None:
    """A few bits of the hash in which the levels of the first rows differ; None where there are no such."""
    levels, first = np.unique(hashes[:_FEW], return_index=True)
    fewest = max(1, int(levels.size - 1).bit_length())
    for bits in range(fewest, min(fewest + _MORE_BITS, 8) + 1):
        for shift in range(65 - bits):
            own = (levels >> np.uint64(shift)) & np.uint64(2**bits - 1)
            if np.unique(own).size < levels.size:
                continue
            words, rank = _sorted(values, first)
            place, known = np.zeros(2**bits, np.int64), np.zeros(2**bits, np.uint64)
            place[own.astype(np.int64)] = rank
            known[own.astype(np.int64)] = levels
            cut = (hashes >> np.uint64(shift)).astype(np.uint8) & np.uint8(2**bits - 1)
            return _Digits(
                words=words,
                place=place,
                hashes=known,
                of_row=cut.astype(np.int32),
                checked=hashes.size <= _FEW,
            )
    return None


def _ranks(values: pl.Series, hashes: Hashes) -> _Digits:
    """Every level found by sorting all hashes."""
    levels, first, of_row = np.unique(hashes, return_index=True, return_inverse=True)
    words, rank = _sorted(values, first)
    return _Digits(words=words, place=rank, hashes=levels, of_row=of_row.astype(np.int32), checked=True)


def _sorted(values: pl.Series, first: Ints) -> tuple[pl.Series, Ints]:
    """Words of some rows, sorted, a missing one last; and the place of each row's word among them."""
    words = values.gather(first)
    order = words.arg_sort(nulls_last=True).to_numpy()
    rank = np.zeros(order.size, np.int64)
    rank[order] = np.arange(order.size)
    return words.gather(order), rank
