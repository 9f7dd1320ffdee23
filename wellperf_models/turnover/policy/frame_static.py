"""What is carried as it is: people's categories and what was asked of them once, and the study's strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study import Covariate
from wellperf_models.turnover.design import Minimum

# values of a stratum that is a number, above which it is cut into fifths
_MOST_VALUES = 12
_FIFTHS = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, kw_only=True)
class Static:
    """Columns that no model moves; each is centred.

    Attributes:
        fixed: What does not change within a spell, shape (n, q).
        codes: By category that does: its level as known as each month began, shape (n, months).
        levels: By category that does: one row a level, one column a level with enough people, shape (L, q).
        names: Of the columns, fixed ones first.
        moving: Names of the categories that change.
    """

    fixed: Floats
    codes: tuple[Ints, ...]
    levels: tuple[Floats, ...]
    names: tuple[str, ...]
    moving: tuple[str, ...]

    def at(self, rows: Ints, known: Ints) -> Floats:
        """For rows, as known in months, both of shape (m,): shape (m, columns)."""
        return np.column_stack([self.fixed[rows], *self.moving_at(rows, known)])

    def moving_at(self, rows: Ints, known: Ints) -> list[Floats]:
        """Columns of the categories that change alone, as of `at`."""
        return [table[code[rows, known]] for code, table in zip(self.codes, self.levels, strict=True)]

    def __repr__(self) -> str:
        """Names of the columns' covariates hold levels: counts only."""
        return f"Static({len(self.names)} columns, {len(self.moving)} categories that change)"


def read_static(
    months: pl.DataFrame,
    row: Ints,
    column: Ints,
    shape: tuple[int, int],
    *,
    declared: dict[str, Covariate],
    dated: Sequence[str],
    strata: Sequence[str],
    minimum: Minimum,
) -> Static:
    """Numbers asked once; categories and strata as known in each month, the commonest level without a column.

    Args:
        months: Sorted by spell and month.
        row, column: Spell and month of each of its rows.
        shape: Spells and months.
        declared: The modelled covariates. dated: Those that are simulated.
        strata: Columns of `months` too; a confounder told apart by strata is one here as well.
        minimum: People that a level needs.

    Raises:
        DesignError: A stratum is not among the columns.
    """
    if unknown := [name for name in strata if name not in months.columns]:
        raise DesignError(
            "A stratum is not known by month, so a policy can't be asked within it.",
            where="turnover.strata",
            got=", ".join(unknown),
            remedy="leave it out of turnover.strata, or declare a table it can be read from",
        )
    first_row = np.r_[True, row[1:] != row[:-1]]
    firsts = months.filter(pl.Series(first_row))
    fixed: list[Floats] = []
    names: list[str] = []
    changing: list[tuple[str, pl.Series]] = []
    for name in [n for n in declared if n not in dated] + list(strata):
        if name in declared and declared[name].type == "number":
            values = firsts[name].cast(pl.Float64).to_numpy()
            known = np.isfinite(values)
            spread = float(values[known].std()) if known.any() else 0.0
            if spread > 0:
                fixed.append(np.where(known, (values - values[known].mean()) / spread, 0.0)[:, None])
                names.append(name)
            continue
        values_by_month = months[name] if name in declared else _as_category(months[name])
        text = values_by_month.cast(pl.String).fill_null("not known").to_numpy().astype(str)
        if np.any((text[1:] != text[:-1]) & ~first_row[1:]):
            changing.append((name, pl.Series(text)))
            continue
        table, kept, code = _columns(text[first_row], np.arange(firsts.height), minimum)
        fixed.append(table[code])
        names += [f"{name}: {level}" for level in kept]
    codes, tables = [], []
    for name, series in changing:
        table, kept, code = _columns(series.to_numpy().astype(str), row, minimum)
        codes.append(_carried(code, row, column, shape))
        tables.append(table)
        names += [f"{name}: {level}" for level in kept]
    return Static(
        fixed=np.column_stack(fixed) if fixed else np.zeros((shape[0], 0)),
        codes=tuple(codes),
        levels=tuple(tables),
        names=tuple(names),
        moving=tuple(name for name, _ in changing),
    )


def _as_category(values: pl.Series) -> pl.Series:
    """A stratum that is a number of many values → fifths; anything else as it is."""
    if not values.dtype.is_numeric() or values.drop_nulls().n_unique() <= _MOST_VALUES:
        return values
    number = values.cast(pl.Float64).to_numpy()
    known = np.isfinite(number)
    fifth = np.searchsorted(np.quantile(number[known], _FIFTHS), number, side="right")
    return pl.Series([int(f) if k else None for f, k in zip(fifth, known, strict=True)], dtype=pl.Int64)


def _columns(text: np.ndarray, spell: Ints, minimum: Minimum) -> tuple[Floats, list[str], Ints]:
    """One row a level and one centred column a level with enough spells; their names; codes of the rows."""
    levels, code, counts = np.unique(text, return_inverse=True, return_counts=True)
    common = int(np.argmax(counts))
    enough = [
        k for k in range(levels.size) if k != common and np.unique(spell[code == k]).size >= minimum.people
    ]
    table = np.eye(levels.size)[:, enough]
    return table - table[code].mean(axis=0), [str(levels[k]) for k in enough], code


def _carried(code: Ints, row: Ints, column: Ints, shape: tuple[int, int]) -> Ints:
    """By spell and month: the last known level; before the first month of a spell its first."""
    grid = np.full(shape, -1)
    grid[row, column] = code
    seen = grid >= 0
    last = np.maximum.accumulate(np.where(seen, np.arange(shape[1]), 0), axis=1)
    carried = np.take_along_axis(grid, last, axis=1)
    first = np.take_along_axis(grid, seen.argmax(axis=1)[:, None], axis=1)
    return np.where(carried >= 0, carried, first)
