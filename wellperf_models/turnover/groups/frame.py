"""Months at risk and exits by group and band of tenure: exact cells, whatever the number of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.cells import build_cells
from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel import NO_GROUP, Level, levels_above
from wellperf_models.study import Turnover
from wellperf_models.turnover.rows import TurnoverFrame

LEVELS: Final = ("department", "site", "organisation")
_MOST_BANDS: Final = 8
_EXITS_PER_BAND: Final = 30
# a spread between fewer groups is a guess, and more of them are people rather than groups
LEAST_GROUPS: Final = 4
MOST_GROUPS: Final = 2_000
_LEAST_EXITS: Final = 10


@dataclass(frozen=True, kw_only=True, repr=False)
class GroupCells:
    """Cells of group and band of tenure, by name of the group.

    Attributes:
        what: What a group is: "team", "department" or "site".
        names: Of the groups, shape (G,).
        months: Person-months at risk, shape (G, B).
        exits: Exits for the modelled cause in them, shape (G, B).
        people: Codes of the people seen in each group.
        leavers: Codes of those of them who left from it for the modelled cause.
        above: Levels above, the narrowest first; their `groups` are of the groups below, shape (G,).
    """

    what: str
    names: NDArray[np.str_]
    months: Floats
    exits: Floats
    people: tuple[Ints, ...]
    leavers: tuple[Ints, ...]
    above: tuple[Level, ...]

    def everybody(self) -> tuple[Ints, Ints]:
        """Codes of distinct people and of those who left: who moved is in more than one group, and one."""
        return np.unique(np.concatenate(self.people)), np.unique(np.concatenate(self.leavers))

    def __repr__(self) -> str:
        """Shapes only."""
        return f"GroupCells({self.names.size} × {self.months.shape[1]}, by {self.what})"


def build_groups(frame: TurnoverFrame, section: Turnover, widen: Sequence[str] = LEVELS) -> GroupCells:
    """Counts months at risk and exits by group and band of tenure.

    A person-month counts for the group it began in, so that people who move count in each of theirs.

    Args:
        frame: The turnover frame; its months say who was where.
        section: `[turnover]`: `pooled_by` and, where declared, `period_edges_months`.
        widen: `disclosure.widen`: the levels above a group.

    Raises:
        NotAskedError: `pooled_by` names nothing.
        DesignError: Nobody knows who was where, or too few groups or exits.
    """
    what = section.pooled_by
    if what is None:
        raise NotAskedError(
            "Whether groups differ is not asked.",
            where="turnover.pooled_by",
            remedy='turnover.pooled_by = "team", "department" or "site"',
        )
    months = _months(frame, what)
    edges = _edges(months, section)
    bands = np.searchsorted(edges, months["start_months"].to_numpy(), side="right")
    marked = months.with_columns(pl.Series("band", bands))
    cells = build_cells(marked, ["group", "band"], n_causes=len(frame.causes))
    names = np.array(sorted(cells["group"].unique().to_list()))
    n = np.zeros((names.size, edges.size + 1))
    exits = np.zeros_like(n)
    place = (np.searchsorted(names, cells["group"].to_numpy().astype(str)), cells["band"].to_numpy())
    n[place], exits[place] = cells["n"].to_numpy(), cells["events_1"].to_numpy()
    _require_enough(names.size, exits.sum(), what)
    kept = exits.sum(axis=0) > 0
    return GroupCells(
        what=what,
        names=names,
        # at a tenure at which nobody leaves, groups say nothing
        months=n[:, kept],
        exits=exits[:, kept],
        people=_codes(months, names),
        leavers=_codes(months.filter(pl.col("event") == 1), names),
        above=_above(months, names, what, widen),
    )


def _months(frame: TurnoverFrame, what: str) -> pl.DataFrame:
    """Person, group, month of tenure and event of every person-month, with the levels there are."""
    if frame.months is not None:
        found = frame.months
        if found[what].null_count() == found.height:
            raise DesignError(
                f"Nobody's {what} is known, so there are no groups to compare.",
                where="turnover.pooled_by",
                remedy=f"give the table assignments a column {what}, or pool by something else",
            )
        return found.with_columns(pl.col(what).cast(pl.String).fill_null(NO_GROUP).alias("group"))
    spells = frame.spells
    if spells.group is None or frame.group_by != what:
        raise DesignError(
            f"Which {what} people were in month by month is not known without covariates.",
            where="turnover.pooled_by",
            remedy="name turnover.covariates, or the same group as turnover.group_by",
        )
    held = {level.name: level.groups for level in spells.above if level.name != "organisation"}
    last = np.maximum(np.ceil(spells.duration), np.floor(spells.entry) + 1)
    rows = pl.DataFrame({"person": spells.person, "group": spells.group, what: spells.group, **held})
    first = np.floor(spells.entry).astype(np.int64)
    rows = rows.with_columns(
        pl.Series("left", spells.event),
        pl.Series("last", last.astype(np.int64)),
        pl.int_ranges(pl.Series(first), pl.Series(last.astype(np.int64))).alias("start_months"),
    ).explode("start_months")
    leaves = pl.col("start_months") + 1 == pl.col("last")
    return rows.with_columns(pl.when(leaves).then(pl.col("left")).otherwise(0).alias("event"))


def _edges(months: pl.DataFrame, section: Turnover) -> Ints:
    """Upper edges of the bands of tenure: as declared, else so that each has about as many exits."""
    if section.period_edges_months is not None:
        return np.asarray(section.period_edges_months, np.int64)
    at = months.filter(pl.col("event") == 1)["start_months"].to_numpy()
    number = max(1, min(_MOST_BANDS, at.size // _EXITS_PER_BAND))
    return np.unique(np.quantile(at, np.arange(1, number) / number, method="lower").astype(np.int64) + 1)


def _require_enough(n_groups: int, n_exits: float, what: str) -> None:
    if n_groups < LEAST_GROUPS or n_groups > MOST_GROUPS:
        few = n_groups < LEAST_GROUPS
        raise DesignError(
            f"There are too {'few' if few else 'many'} groups to tell how much they differ.",
            where=f"turnover.pooled_by = {what!r}",
            expected=f"{LEAST_GROUPS} to {MOST_GROUPS} groups",
            remedy="pool by a narrower group" if few else "pool by a wider group",
        )
    if n_exits < _LEAST_EXITS:
        raise DesignError(
            "Too few people left for the modelled cause to compare groups.",
            where="turnover.causes",
            expected=f"at least {_LEAST_EXITS} exits",
        )


def _codes(rows: pl.DataFrame, names: NDArray[np.str_]) -> tuple[Ints, ...]:
    """Distinct people of each group, in the order of the names."""
    held = dict(rows.group_by("group").agg(pl.col("person").unique().sort()).iter_rows())
    return tuple(np.asarray(held.get(str(name), []), np.int64) for name in names)


def _above(
    months: pl.DataFrame, names: NDArray[np.str_], what: str, widen: Sequence[str]
) -> tuple[Level, ...]:
    levels = [name for name in ("department", "site") if name in months.columns]
    rows = months.select("group", *levels).unique().sort("group", *levels, nulls_last=True)
    own = rows["group"].to_numpy().astype(str)
    found = levels_above(rows, Level(name=what, groups=own), widen)
    first = np.searchsorted(own, names)
    return tuple(level[first] for level in found)
