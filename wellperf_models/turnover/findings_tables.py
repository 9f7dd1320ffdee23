"""Tables of the description: people and exits by group, exits by cause, what was left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.evidence import Measure, Row, Support, Table
from wellperf_models.inference.risk_sets import Ints
from wellperf_models.panel import Level, left_out_table, members_of, nested_table
from wellperf_models.turnover.model import Description
from wellperf_models.turnover.rows import TurnoverFrame

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
    rows = []
    for name in np.unique(level.groups):
        own = level.groups == name
        people, leavers = (np.unique(spells.person[kept]) for kept in (own, own & (spells.event > 0)))
        exits = int(np.sum(spells.event[own] > 0))
        years = float((spells.duration - spells.entry)[own].sum() / 12)
        values = (people.size, round(years), exits, 100 * exits / round(years) if round(years) else None)
        support = support_of(frame, people, leavers, of=frame.n_people)
        rows.append(Row(key=(str(name),), values=values, support=support))
    what = level.name.replace("_", " ")
    return Table(
        name="exits_by_group",
        title=f"People and exits by {what}, the one they were first seen in",
        keys=(level.name,),
        measures=_GROUP_MEASURES,
        rows=tuple(rows),
    )


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


def table_left_out(frame: TurnoverFrame) -> Table:
    """What did not enter as it stood."""
    return left_out_table(
        {(why,): lost for why, lost in frame.left_out.items()}, title="What did not enter as it stood"
    )


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
