"""What did not enter an analysis, counted by reason: nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wellperf_models.evidence import Measure, Members, Row, Support, Table
from wellperf_models.panel.roster import UNKNOWN, Roster, members_of


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """What did not enter as it stood, for one reason.

    Attributes:
        rows: Spells, person-months, answers, … left out.
        people: Whose they are; units, where these are no people.
        members: Who they are, for the ledger.
    """

    rows: int
    people: int
    members: Members = field(default=UNKNOWN, repr=False)


def left_out_rows(people: NDArray[np.int64], roster: Roster | None) -> LeftOut:
    """Rows left out.

    Args:
        people: Code of the person of each row, shape (n,).
        roster: Who the codes are.
    """
    return LeftOut(rows=people.size, people=int(np.unique(people).size), members=members_of(roster, people))


def left_out_table(
    left_out: Mapping[tuple[str, ...], LeftOut],
    *,
    title: str,
    keys: tuple[str, ...] = ("reason",),
    label: str = "Number",
) -> Table:
    """The table of what was left out.

    Args:
        left_out: One value for each key column → rows, which are counted, and their people, which the gate
            judges.
        title: What a reader sees.
        keys: Names of the key columns; the last one is the reason.
        label: Head of the column of counts.
    """
    return Table(
        name="left_out",
        title=title,
        keys=keys,
        measures=(Measure(name="n", kind="count", label=label),),
        rows=tuple(
            Row(key=key, values=(lost.rows,), support=Support(n_people=lost.people, members=lost.members))
            for key, lost in left_out.items()
        ),
        # one reason may hold the others ("without every covariate"), so one kept back takes a second along
        partition=True,
    )
