"""Tables of the description: people and exits by group, exits by cause, what was left out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wellperf_models.evidence import Measure, Row, Support, Table
from wellperf_models.turnover.frame import LeftOut, TurnoverFrame
from wellperf_models.turnover.model import Description


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
        tables.append(left_out_table(frame.left_out))
    return tables


def _table_of_groups(frame: TurnoverFrame, group: np.ndarray) -> Table:
    spells = frame.spells
    rows = []
    for name in np.unique(group):
        own = group == name
        people = int(np.unique(spells.person[own]).size)
        leavers = int(np.unique(spells.person[own & (spells.event > 0)]).size)
        exits = int(np.sum(spells.event[own] > 0))
        years = float((spells.duration - spells.entry)[own].sum() / 12)
        support = Support(
            n_people=people,
            n_complement=frame.n_people - people,
            n_events=leavers,
            n_non_events=people - leavers,
        )
        values = (people, round(years), exits, 100 * exits / round(years) if round(years) else None)
        rows.append(Row(key=(str(name),), values=values, support=support))
    return Table(
        name="exits_by_group",
        title=f"People and exits by {str(frame.group_by).replace('_', ' ')}, the one they were first seen in",
        keys=(str(frame.group_by),),
        measures=(
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
        ),
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
        people, exits = int(np.unique(spells.person[left]).size), int(left.sum())
        # an empty row would be suppressed like a small one, and say as much
        support = Support(n_people=people, n_complement=frame.n_people - people, n_events=people)
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


def left_out_table(left_out: Mapping[str, LeftOut]) -> Table:
    """What did not enter as it stood: nothing is dropped silently.

    Args:
        left_out: Reason → rows, which are counted, and the people they belong to, which the gate judges.
    """
    return Table(
        name="left_out",
        title="What did not enter as it stood",
        keys=("reason",),
        measures=(Measure(name="n", kind="count", label="Number"),),
        rows=tuple(
            Row(key=(reason,), values=(n.rows,), support=Support(n_people=n.people))
            for reason, n in left_out.items()
        ),
        partition=False,
    )
