"""The levels of an organisation above a group, so that a group too small is shown within the next one.

Which levels there are follows from who is where, before any outcome is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.evidence import Table

NO_GROUP: Final = "not assigned"
ORGANISATION: Final = "organisation"
WHOLE: Final = "whole organisation"
# how wide a level is; groups by any other attribute lie across sites, and inside the organisation alone
_WIDTH = {"team": 0, "department": 1, "site": 2, ORGANISATION: 3}


@dataclass(frozen=True, kw_only=True)
class Level:
    """One way to group the rows of a frame.

    Attributes:
        name: What a group is: "department", "site", "organisation", …
        groups: Group of each row, shape (n,).
    """

    name: str
    groups: NDArray[np.str_]

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Level({self.name!r}: {self.groups.size} rows)"

    def __getitem__(self, rows: NDArray[np.int64]) -> Level:
        """The level of some of the rows."""
        return replace(self, groups=self.groups[rows])


def levels_above(rows: pl.DataFrame, group: Level, widen: Sequence[str]) -> tuple[Level, ...]:
    """Levels above a group in the order declared, each holding every group below it wholly.

    A level that cuts a group (a department with people at two sites) is left out for all of them: what is
    hidden in the group could be had by subtraction. So is a level that joins no groups, and one that is the
    whole organisation under another name.

    Args:
        rows: With a column for each level there is; those of an absent table are missing.
        group: The groups shown; its rows are these.
        widen: `disclosure.widen`.
    """
    found: list[Level] = []
    below, lowest = group, _WIDTH.get(group.name, _WIDTH["site"])
    for name in widen:
        if _WIDTH[name] <= lowest:
            continue
        if name == ORGANISATION:
            groups = np.full(group.groups.size, WHOLE)
        else:
            if name not in rows.columns:
                continue
            groups = rows[name].cast(pl.String).fill_null(NO_GROUP).to_numpy().astype(str)
            number = np.unique(groups).size
            if number == 1 or not _nested(below.groups, groups) or number == np.unique(below.groups).size:
                continue
        below, lowest = Level(name=name, groups=groups), _WIDTH[name]
        found.append(below)
    return tuple(found)


def _nested(inner: NDArray[np.str_], outer: NDArray[np.str_]) -> bool:
    """Whether every group of the inner level lies wholly in one of the outer."""
    pairs = pl.DataFrame({"inner": inner, "outer": outer}).unique()
    return pairs.height == pairs["inner"].n_unique()


def nested_table(make: Callable[[Level], Table], levels: Sequence[Level]) -> Table:
    """A table by group which knows the same table one level up, and so on.

    Args:
        make: The table by the groups of one level, a group being the last key of its row.
        levels: The groups shown first, then what `levels_above` found.
    """
    above: tuple[Level, Table] | None = None
    for level in reversed(levels):
        table = replace(make(level), level=level.name)
        if above is not None:
            parent = dict(zip(level.groups.tolist(), above[0].groups.tolist(), strict=True))
            rows = tuple(replace(row, parent=parent[row.key[-1]]) for row in table.rows)
            table = replace(table, rows=rows, wider=above[1])
        above = (level, table)
    assert above is not None
    return above[1]


def what_a_group_needs(what: str, minimum: int) -> str:
    """When a group is shown by itself, in a sentence; holds no count of these data.

    Args:
        what: What a group is ("department").
        minimum: `disclosure.min_group_size`.
    """
    return (
        f"A {what} is shown by itself from {minimum} people on, with {minimum} others outside it; the people "
        "of smaller ones are counted in the level above, up to the whole organisation."
    )
