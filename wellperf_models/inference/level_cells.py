"""Exact cells of words: rows with the same levels taken together, by one number a pattern.

Every covariate's level is a digit, so a pattern is a number and grouping is counting. `build_cells` does the
same in any engine; this is the quick way for words that are in memory.
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


def cells_of_levels(rows: pl.DataFrame, names: Sequence[str], event: NDArray[np.bool_]) -> LevelCells:
    """Takes rows with the same words together.

    Args:
        rows: Holds the covariates as words.
        names: Those covariates, at least one.
        event: Shape (n,).

    Raises:
        DesignError: More patterns could occur than are worth a place each.
    """
    coded = rows.select(pl.col(name).cast(pl.Categorical).to_physical() for name in names)
    read = [_digits(rows[name], coded[name]) for name in names]
    sizes = [words.len() for words, _ in read]
    total = int(np.prod([float(size) for size in sizes]))
    if total > _MOST_PATTERNS:
        raise DesignError(
            "There could be more patterns than rows are worth.",
            where="inference.level_cells",
            expected=f"at most {_MOST_PATTERNS:,}",
            remedy="build_cells, or fewer covariates",
        )
    key = np.zeros(rows.height, np.int32)
    for size, (_, digits) in zip(sizes, read, strict=True):
        key *= size
        key += digits
    n = np.bincount(key, minlength=total)
    events = np.bincount(key[np.asarray(event, bool)], minlength=total)
    found = np.flatnonzero(n)
    patterns = {
        name: words.gather(digit)
        for name, (words, _), digit in zip(names, read, np.unravel_index(found, sizes), strict=True)
    }
    return LevelCells(
        patterns=pl.DataFrame(patterns), n=n[found].astype(float), events=events[found].astype(float)
    )


def _digits(values: pl.Series, codes: pl.Series) -> tuple[pl.Series, NDArray[np.int32]]:
    """Words that occur, sorted, a missing one last; and the place of each row's word among them."""
    # categories may be those of every series of the session: only what occurs here counts
    highest = codes.max()
    above = 0 if highest is None else int(str(highest)) + 1
    numbers = (codes.fill_null(above) if codes.null_count() else codes).to_numpy()
    there = np.zeros(above + 1, bool)
    there[numbers] = True
    present = np.flatnonzero(there)
    words = values.gather(_first_of_each(numbers, present))
    order = words.arg_sort(nulls_last=True).to_numpy()
    place = np.zeros(above + 1, np.int32)
    place[present[order]] = np.arange(order.size)
    return words.gather(order), place[numbers]


def _first_of_each(numbers: NDArray[np.uint32], present: Ints) -> Ints:
    """First row of each number that occurs; a few rows hold nearly always all of them."""
    for rows in (_FEW, numbers.size):
        found, first = np.unique(numbers[:rows], return_index=True)
        if found.size == present.size:
            break
    return first
