"""From declared covariates to design columns: dummies, standardised numbers, bins; rare levels pooled."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.inference.design import POOLED, yes_no
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.study import Covariate


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a design matrix.

    Attributes:
        name: Identifier, unique in its design.
        covariate: The declared covariate it belongs to.
        label: What a reader sees, contrast included.
        level: Level against the reference; None for a standardised number.
        n_people: People in the smaller of the two levels. For a number: everyone, unless more than half of
            the people share a value; it then says little but who has that value, and counts like a level.
        n_events, n_non_events: Exits and stays on the side that has fewest; all for a number without sides.
        spread: Standard deviation a number was divided by, in its unit; None for a level.
        two_sided: True where it compares two sets of people: a level, or a number most people share.
    """

    name: str
    covariate: str
    label: str
    level: str | None
    n_people: int
    n_events: int
    n_non_events: int
    spread: float | None = None
    two_sided: bool = True


@dataclass(frozen=True, kw_only=True)
class Minimum:
    """How many people, and exits and stays each, a level needs to stand alone."""

    people: int
    events: int


@dataclass(frozen=True, kw_only=True)
class Design:
    """A design matrix X of shape (n, p) with its columns."""

    X: Floats
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(c.name for c in self.columns)

    @property
    def blocks(self) -> dict[str, list[int]]:
        """Covariate → its columns."""
        found: dict[str, list[int]] = {}
        for index, column in enumerate(self.columns):
            found.setdefault(column.covariate, []).append(index)
        return found


def encode(
    rows: pl.DataFrame,
    covariates: Sequence[str],
    declared: Mapping[str, Covariate],
    minimum: Minimum,
    *,
    binned: bool = False,
) -> Design:
    """Design matrix: categories as dummies against the largest level, numbers per standard deviation.

    Args:
        rows: Columns person, left (bool: the modelled exit) and the covariates, none missing.
        covariates: Names.
        declared: Their declarations.
        minimum: Levels below it are pooled.
        binned: True where every covariate is a word already.

    Returns:
        The design; X of shape (n, p), names of columns distinct.

    Raises:
        StudyError: A yes/no column holds something else, or a number has two values only.
        DesignError: A covariate has a single value.
    """
    made: list[tuple[Floats, Column]] = []
    for name in covariates:
        kind = "category" if binned else declared[name].type
        label = declared[name].label or name.replace("_", " ")
        if kind == "number":
            made.append(_number(rows, name, label))
        else:
            values = yes_no(rows[name], name) if kind == "yes_no" else rows[name].cast(pl.String)
            made += _dummies(rows.with_columns(values.alias(name)), name, label, minimum)
    if not made:
        raise DesignError("There is no covariate to model.", where="turnover.covariates")
    return Design(X=np.column_stack([v for v, _ in made]), columns=_distinct([c for _, c in made]))


def _distinct(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Names that fell together ("B", "B+" and "B-" are all b) get _2, _3, … in the order of the columns."""
    taken: set[str] = set()
    own = {column.name for column in columns}
    named = []
    for column in columns:
        name, number = column.name, 1
        while name in taken or (number > 1 and name in own):
            number += 1
            name = f"{column.name}_{number}"
        taken.add(name)
        named.append(replace(column, name=name))
    return tuple(named)


def bin_number(values: pl.Series, bins: int | tuple[float, ...]) -> pl.Series:
    """Ordered words for a number: quantile groups, or the declared cut points; missing stays missing.

    Where the largest value is so frequent that every quantile is it, those who have it are one group and the
    others the second. A number with a single value is one group, which `encode` refuses.
    """
    numbers = values.cast(pl.Float64).to_numpy()
    known = np.isfinite(numbers)
    edges: Floats
    if isinstance(bins, int):
        edges = _quantile_edges(numbers[known], bins)
        words = [_ordinal(i, len(edges) + 1) for i in range(len(edges) + 1)]
    else:
        edges = np.asarray(bins, float)
        shown = [f"{e:g}" for e in bins]
        middle = [f"{a} to {b}" for a, b in itertools.pairwise(shown)]
        words = [f"up to {shown[0]}", *middle, f"over {shown[-1]}"]
    position = np.searchsorted(edges, numbers, side="left")
    named = [words[int(p)] if k else None for p, k in zip(position, known, strict=True)]
    return pl.Series(values.name, named, dtype=pl.String)


def _quantile_edges(numbers: Floats, bins: int) -> Floats:
    """Upper edges of all groups but the last; below the maximum, so that no group is empty."""
    values = np.unique(numbers)
    if values.size < 2:
        return np.zeros(0)
    edges = np.unique(np.quantile(numbers, np.arange(1, bins) / bins))
    edges = edges[edges < values[-1]]
    return edges if edges.size else values[-2:-1]


def _ordinal(index: int, total: int) -> str:
    if total == 3:
        return ("low", "middle", "high")[index]
    end = " (lowest)" if index == 0 else " (highest)" if index == total - 1 else ""
    return f"group {index + 1} of {total}{end}"


def _number(rows: pl.DataFrame, name: str, label: str) -> tuple[Floats, Column]:
    values = rows[name].cast(pl.Float64).to_numpy()
    spread = float(values.std())
    if not spread > 0:
        raise DesignError("A covariate has a single value.", where=f"[covariates.{name}]")
    if rows[name].n_unique() == 2:
        raise StudyError(
            "A covariate declared as a number has two values only.",
            where=f"[covariates.{name}] type",
            got="number",
            expected="yes_no or category",
            remedy='declare it as type = "yes_no" or "category"',
        )
    people, exits, stays, two_sided = _number_support(rows, name)
    column = Column(
        name=slug(name),
        covariate=name,
        label=f"{label} (per standard deviation)",
        level=None,
        n_people=people,
        n_events=exits,
        n_non_events=stays,
        spread=spread,
        two_sided=two_sided,
    )
    return (values - values.mean()) / spread, column


def _number_support(rows: pl.DataFrame, name: str) -> tuple[int, int, int, bool]:
    """People, exits and stays a number's coefficient rests on, and whether they are those of one side.

    A value that more than half of the people have (at some time) makes the number a flag with a size: those
    who have another value carry the coefficient, and there may be one of them.
    """
    people = rows["person"].n_unique()
    held = rows.group_by(name).agg(pl.col("person").n_unique().alias("people"))
    mode = held.sort(["people", name], descending=[True, False]).row(0, named=True)
    if 2 * mode["people"] <= people:
        leavers = rows.filter("left")["person"].n_unique()
        return people, int(rows["left"].sum()), people - leavers, False
    sides = count_levels(rows.with_columns((pl.col(name) == mode[name]).alias(name)), name).values()
    fewest = [min(side[i] for side in sides) for i in range(3)]
    return fewest[0], fewest[1], fewest[2], True


def _dummies(
    rows: pl.DataFrame, name: str, label: str, minimum: Minimum
) -> list[tuple[NDArray[np.float64], Column]]:
    rows = rows.with_columns(pool_levels(rows, name, minimum).alias(name))
    counts = count_levels(rows, name)
    if len(counts) < 2:
        raise DesignError(
            "A covariate has a single level (levels with too few people are pooled).",
            where=f"[covariates.{name}]",
            remedy="leave it out, or group its levels differently",
        )
    reference = next(iter(counts))
    made = []
    for level in sorted(set(counts) - {reference}):
        pairs = (counts[level], counts[reference])
        column = Column(
            name=slug(f"{name}_{level}"),
            covariate=name,
            label=f"{label}: {level} against {reference}",
            level=level,
            n_people=min(p[0] for p in pairs),
            n_events=min(p[1] for p in pairs),
            n_non_events=min(p[2] for p in pairs),
        )
        made.append(((rows[name] == level).to_numpy().astype(float), column))
    return made


def count_levels(rows: pl.DataFrame, name: str) -> dict[str, tuple[int, int, int]]:
    """Level → (people, exits, people who never leave in it), the largest level (by rows) first."""
    counted = (
        rows.group_by(name)
        .agg(
            pl.len().alias("rows"),
            pl.col("person").n_unique().alias("people"),
            pl.col("left").sum().alias("exits"),
            pl.col("person").filter(pl.col("left")).n_unique().alias("leavers"),
        )
        .sort(["rows", name], descending=[True, False])
    )
    return {r[name]: (r["people"], r["exits"], r["people"] - r["leavers"]) for r in counted.to_dicts()}


def pool_levels(rows: pl.DataFrame, name: str, minimum: Minimum) -> pl.Series:
    """Levels below the minimum become "other levels"; the next smallest join until those reach it too."""
    counts = count_levels(rows, name)

    def enough(levels: Sequence[str]) -> bool:
        chosen = rows.filter(pl.col(name).is_in(list(levels)))
        people = chosen["person"].n_unique()
        leavers = chosen.filter("left")["person"].n_unique()
        exits = int(chosen["left"].sum())
        return people >= minimum.people and min(exits, people - leavers) >= minimum.events

    small = [level for level in counts if not enough([level])]
    rest = [level for level in counts if level not in small]
    while small and rest and not enough(small):
        small.append(rest.pop())
    if not small:
        return rows[name]
    return rows.select(
        pl.when(pl.col(name).is_in(small)).then(pl.lit(POOLED)).otherwise(pl.col(name)).alias(name)
    )[name]


def slug(text: str) -> str:
    """An identifier made of a name."""
    return re.sub(r"\W+", "_", text.strip().lower()).strip("_") or "level"
