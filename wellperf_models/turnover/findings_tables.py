"""Tables of the description: people and exits by group, exits by cause, what was left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.evidence import Measure, Row, Support, Table
from wellperf_models.inference.risk_sets import Ints
from wellperf_models.panel import Level, left_out_table, members_of, nested_table
from wellperf_models.turnover.model import Description
from wellperf_models.turnover.rows import TurnoverFrame, rows_by_group

# groups kept back are named up to this many
_MOST_NAMED = 200
_GROUP_MEASURES = (
    Measure(name="people", kind="count", unit="people", label="People observed"),
    Measure(name="person_years", kind="count", unit="years", label="Person-years"),
    Measure(name="exits", kind="count", unit="exits", label="Exits"),
    Measure(
        name="exit_rate",
        kind="rate",
        unit="exits per 100 person-years",
        label="Exits per 100 person-years",
        numerator="exits",
        denominator="person_years",
        per=100.0,
    ),
)


def tables_of(frame: TurnoverFrame, description: Description) -> list[Table]:
    """Every table of the description.

    Args:
        frame: The turnover frame.
        description: Its description: says which causes are named.
    """
    tables = [_table_of_causes(frame, description)]
    if description.horizons:
        tables.append(_table_of_risk_sets(frame, description))
    if description.naive:
        tables.append(_table_of_entry(frame, description))
    if frame.spells.group is not None:
        tables.insert(0, _table_of_groups(frame, frame.spells.group))
    if frame.left_out:
        tables.append(table_left_out(frame))
    return tables


def _table_of_groups(frame: TurnoverFrame, group: NDArray[np.str_]) -> Table:
    own = Level(name=str(frame.group_by), groups=group)
    return nested_table(lambda level: _groups_of(frame, level), (own, *frame.spells.above))


def _groups_of(frame: TurnoverFrame, level: Level) -> Table:
    """People and exits by the groups of one level."""
    spells = frame.spells
    everyone = frame.n_people
    rows = []
    for name, own in rows_by_group(level.groups):
        gone = own[spells.event[own] > 0]
        people, leavers = np.unique(spells.person[own]), np.unique(spells.person[gone])
        exits = gone.size
        years = float((spells.duration[own] - spells.entry[own]).sum() / 12)
        values = (people.size, round(years), exits, 100 * exits / round(years) if round(years) else None)
        support = support_of(frame, people, leavers, of=everyone)
        rows.append(Row(key=(name,), values=values, support=support))
    what = level.name.replace("_", " ")
    return Table(
        name="exits_by_group",
        title=f"People and exits by {what}, the one they were first seen in",
        keys=(level.name,),
        measures=_GROUP_MEASURES,
        rows=tuple(rows),
        open_keys=names_are_left_out(rows, frame.min_group_size),
    )


def names_are_left_out(rows: Sequence[Row], minimum: int) -> bool:
    """Whether groups that are kept back are not even named: nobody reads thousands of names.

    Args:
        rows: Of a table by group.
        minimum: People a group needs.
    """
    small = sum(row.support.n_people < minimum for row in rows)
    return small > _MOST_NAMED and are_names(rows)


def are_names(rows: Sequence[Row]) -> bool:
    """Whether the gate takes the keys of all rows for names, and none for somebody's words."""
    return all(len(row.key[0]) <= 40 and len(row.key[0].split()) <= 5 for row in rows)


def _table_of_causes(frame: TurnoverFrame, description: Description) -> Table:
    """All spells, also those that ended before the curves start; the causes that are named there."""
    spells = frame.spells
    total = int(np.sum(spells.event > 0))
    named = {k for cause in description.shown for k in cause.members}
    parts = [(cause.name, cause.members) for cause in description.shown]
    parts += [(name, (k,)) for k, name in enumerate(frame.causes, start=1) if k not in named]
    rows = []
    for name, members in parts:
        left = np.isin(spells.event, members)
        people, exits = np.unique(spells.person[left]), int(left.sum())
        # an empty row would be suppressed like a small one, and say as much
        support = replace(support_of(frame, people, people, of=frame.n_people), n_non_events=None)
        values = (exits, total, 100 * exits / total)
        rows.append(Row(key=(name.replace("_", " "),), values=values, support=support))
    return Table(
        name="exits_by_cause",
        title="Exits by cause",
        keys=("cause",),
        measures=(
            Measure(name="exits", kind="count", unit="exits", label="Exits"),
            Measure(name="all_exits", kind="count", unit="exits", label="All exits"),
            Measure(
                name="share",
                kind="rate",
                unit="per 100 exits",
                label="Per 100 exits",
                numerator="exits",
                denominator="all_exits",
                per=100.0,
            ),
        ),
        rows=tuple(rows),
    )


def _table_of_risk_sets(frame: TurnoverFrame, description: Description) -> Table:
    """How many people a number rests on, by tenure; and between which tenures the data speak at all."""
    rows = []
    for horizon in description.horizons:
        staying, (people, leavers) = description.at_risk[horizon], description.people_behind[horizon]
        # a horizon lies where enough people are at risk: `identifiable_range`
        support = support_of(frame, people, leavers)
        rows.append(Row(key=(f"{horizon:g}",), values=(staying.size, leavers.size), support=support))
    since = "hire" if description.start == 0 else f"{description.start:g} months"
    return Table(
        name="risk_sets",
        title=f"People under observation by tenure (the data speak about tenures from {since} to "
        f"{math.floor(description.end)} months)",
        keys=("months of tenure",),
        measures=(
            Measure(name="at_risk", kind="count", unit="people", label="Under observation then"),
            Measure(name="left", kind="count", unit="people", label="Had left by then"),
        ),
        rows=tuple(rows),
        # the same people at several tenures
        partition=False,
    )


def _table_of_entry(frame: TurnoverFrame, description: Description) -> Table:
    """The curve beside what it would be, were late entry ignored."""
    rows = []
    for horizon in description.horizons:
        right, _, right_low, right_high = description.survival.at(horizon)
        naive, _, low, high = description.naive[horizon]
        rows.append(
            Row(
                key=(f"{horizon:g}",),
                values=(right, right_low, right_high, naive, low, high),
                support=support_of(frame, *description.people_behind[horizon]),
            )
        )
    given = f", of those who reach {description.start:g} months" if description.start > 0 else ""
    return Table(
        name="late_entry",
        title=f"Still employed{given}: with late entry taken into account, and if it were ignored (too high: "
        "who had left before observation began could not be seen)",
        keys=("months of tenure",),
        measures=tuple(
            Measure(name=name, kind="model", unit="probability", label=label)
            for name, label in (
                ("adjusted", "Late entry taken into account"),
                ("adjusted_low", "from"),
                ("adjusted_high", "to"),
                ("ignored", "Late entry ignored"),
                ("ignored_low", "from"),
                ("ignored_high", "to"),
            )
        ),
        rows=tuple(rows),
        partition=False,
    )


def table_left_out(frame: TurnoverFrame, *, models: bool = False) -> Table:
    """What did not enter as it stood.

    Args:
        frame: The turnover frame.
        models: With what is described and did not enter a model with covariates.
    """
    lost = frame.left_out | (frame.left_out_of_models if models else {})
    return left_out_table({(why,): n for why, n in lost.items()}, title="What did not enter as it stood")


def support_of(frame: TurnoverFrame, people: Ints, leavers: Ints, *, of: int | None = None) -> Support:
    """What a number rests on.

    Args:
        frame: Knows who the codes are.
        people, leavers: Distinct codes of the people, and of those of them who left.
        of: Size of the population, where they are a part of it.
    """
    return Support(
        n_people=people.size,
        n_complement=None if of is None else of - people.size,
        n_events=leavers.size,
        n_non_events=people.size - leavers.size,
        members=members_of(frame.roster, people, leavers),
    )
