"""Covariates as known at a landmark → codes of few values, and what each code means to a model.

Learned on training rows alone and applied to any: the edges of bins, the levels there are, the knots of
splines. Every level has a column of its own; the ridge makes that identifiable and treats all levels alike. A
level that training never saw has a row of zeros: it counts as the average.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from wellperf_models.inference.design import NOT_MEASURED, yes_no
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study import Covariate

# distinct values a number may have under splines: cells stay few, and a step is finer than any bin
_GRID = 40
# of the knots of a natural cubic spline with 3 degrees of freedom (Harrell 2015, table 2.3)
_KNOTS = (0.05, 0.35, 0.65, 0.95)


@dataclass(frozen=True, kw_only=True)
class Block:
    """One covariate.

    Attributes:
        name: Of the covariate.
        edges: Upper edges of the bins of a number, or midpoints between grid values; None for a category.
        levels: Words of a category in the order of its codes; () for a number.
        columns: Design row of each code; the last code is "never seen in training": zeros; shape (L + 1, d).
    """

    name: str
    edges: Floats | None
    levels: tuple[str, ...]
    columns: Floats

    def codes(self, values: pl.Series) -> Ints:
        """Code of each value, shape (n,)."""
        unseen = self.columns.shape[0] - 1
        if self.edges is not None:
            numbers = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
            found = np.searchsorted(self.edges, numbers, side="left").astype(np.int64)
            # codes of a number: its bins, then "not measured"
            return np.where(np.isfinite(numbers), found, self.edges.size + 1)
        mapping = {level: code for code, level in enumerate(self.levels)}
        words = values.fill_null(NOT_MEASURED)
        return words.replace_strict(mapping, default=unseen, return_dtype=pl.Int64).to_numpy()

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Block({self.name!r}: {self.columns.shape[0] - 1} codes × {self.columns.shape[1]} columns)"


@dataclass(frozen=True, kw_only=True)
class Coding:
    """All covariates of a model."""

    blocks: tuple[Block, ...]

    def codes(self, rows: pl.DataFrame) -> Ints:
        """Codes, shape (n, covariates)."""
        if not self.blocks:
            return np.zeros((rows.height, 0), np.int64)
        return np.column_stack([block.codes(rows[block.name]) for block in self.blocks])

    def design(self, codes: Ints) -> Floats:
        """Design matrix of codes of shape (n, covariates), shape (n, p)."""
        parts = [block.columns[codes[:, i]] for i, block in enumerate(self.blocks)]
        return np.column_stack(parts) if parts else np.zeros((codes.shape[0], 0))

    @property
    def n_columns(self) -> int:
        """P."""
        return sum(block.columns.shape[1] for block in self.blocks)


def as_words(rows: pl.DataFrame, covariates: Mapping[str, Covariate], strata: Sequence[str]) -> pl.DataFrame:
    """Covariates and strata as a coding reads them: numbers as they are, all else words, null where missing.

    Raises:
        StudyError: A yes/no covariate holds something else.
    """
    made = []
    for name, declared in covariates.items():
        kind = declared.type
        values = rows[name]
        if kind == "number":
            made.append(values.cast(pl.Float64).alias(name))
        else:
            words = yes_no(values, name) if kind == "yes_no" else values.cast(pl.String)
            made.append(words.alias(name))
    made += [rows[name].cast(pl.String).alias(name) for name in strata]
    return pl.DataFrame(made)


def learn_coding(
    rows: pl.DataFrame,
    covariates: Mapping[str, Covariate],
    strata: Sequence[str] = (),
    *,
    numbers: Literal["bins", "splines"] = "bins",
) -> Coding:
    """Learns codes from training rows; a covariate without two values there is left out.

    Args:
        rows: From `as_words`.
        covariates: Name → declaration.
        strata: Categories that enter like any other.
        numbers: How numbers enter.
    """
    blocks = []
    for name in (*covariates, *strata):
        declared = covariates.get(name)
        if declared is not None and declared.type == "number":
            block = _number(rows[name], declared, numbers)
        else:
            block = _category(rows[name])
        if block is not None:
            blocks.append(block)
    return Coding(blocks=tuple(blocks))


def _category(values: pl.Series) -> Block | None:
    levels = tuple(sorted(values.fill_null(NOT_MEASURED).unique().to_list()))
    if len(levels) < 2:
        return None
    columns = np.vstack([np.eye(len(levels)), np.zeros((1, len(levels)))])
    return Block(name=values.name, edges=None, levels=levels, columns=columns)


def _number(values: pl.Series, declared: Covariate, how: Literal["bins", "splines"]) -> Block | None:
    known = values.drop_nulls().to_numpy()
    known = known[np.isfinite(known)]
    missing = known.size < len(values)
    if np.unique(known).size < 2:
        return None
    if how == "splines":
        return _spline(values.name, known, missing=missing)
    if isinstance(declared.bins, int):
        edges = np.unique(np.quantile(known, np.arange(1, declared.bins) / declared.bins))
        edges = edges[edges < known.max()]
        if not edges.size:
            edges = np.unique(known)[-2:-1]
    else:
        edges = np.asarray(declared.bins, float)
    size = edges.size + 1
    # codes: bins, "not measured", never seen
    columns = np.zeros((size + 2, size + missing))
    columns[:size, :size] = np.eye(size)
    if missing:
        columns[size, size] = 1.0
    return Block(name=values.name, edges=edges, levels=(), columns=columns)


def _spline(name: str, known: Floats, *, missing: bool) -> Block:
    """Natural cubic spline on a fine grid of training quantiles, columns of mean 0 and unit spread."""
    grid = np.unique(np.quantile(known, (np.arange(_GRID) + 0.5) / _GRID))
    edges = (grid[1:] + grid[:-1]) / 2
    basis = natural_spline(grid, np.unique(np.quantile(known, _KNOTS)))
    at = basis[np.searchsorted(edges, known, side="left")]
    centre, spread = at.mean(axis=0), at.std(axis=0)
    basis = (basis - centre) / np.where(spread > 0, spread, 1.0)
    columns = np.zeros((grid.size + 2, basis.shape[1] + missing))
    columns[: grid.size, : basis.shape[1]] = basis
    if missing:
        columns[grid.size, -1] = 1.0
    return Block(name=name, edges=edges, levels=(), columns=columns)


def natural_spline(x: Floats, knots: Floats) -> Floats:
    """Restricted cubic spline: x itself and k − 2 truncated powers, linear outside the knots.

    Args:
        x: Shape (n,).
        knots: Increasing, shape (k,); fewer than three give x alone.

    Returns:
        Shape (n, max(1, k − 1)).
    """
    k = knots.size
    if k < 3:
        return np.asarray(x[:, None], float)
    cubes = np.maximum(x[:, None] - knots, 0.0) ** 3
    last, before = knots[-1], knots[-2]
    terms = [
        cubes[:, j]
        - cubes[:, -2] * (last - knots[j]) / (last - before)
        + cubes[:, -1] * (before - knots[j]) / (last - before)
        for j in range(k - 2)
    ]
    return np.column_stack([x, *(t / (last - knots[0]) ** 2 for t in terms)])
