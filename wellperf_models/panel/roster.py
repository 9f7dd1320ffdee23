"""Who stands behind the numbers of a frame: codes → pseudonyms, for the ledger alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.evidence import Members
from wellperf_models.study import Study

# nobody knows who: the ledger then compares numbers of people alone
UNKNOWN = Members(people=frozenset(), stable=False)


@dataclass(frozen=True, kw_only=True, repr=False)
class Roster:
    """Pseudonyms by code.

    Attributes:
        ids: Of code 0, 1, …; shape (n,).
        stable: The same person has the same one in every extract; False where rows were numbered.
        period: Of what is counted with them, as in `Members`.
    """

    ids: NDArray[np.object_]
    stable: bool = True
    period: str = ""

    def members(self, people: NDArray[np.int64], events: NDArray[np.int64] | None = None) -> Members:
        """Those behind a number.

        Args:
            people: Their codes, repeated or not, shape (m,).
            events: Codes of those of them with the event.
        """
        return Members(
            people=self._ids(people),
            events=frozenset() if events is None else self._ids(events),
            period=self.period,
            stable=self.stable,
        )

    def during(self, period: str) -> Roster:
        """The same people, counted in another period."""
        return replace(self, period=period)

    def _ids(self, codes: NDArray[np.int64]) -> frozenset[str]:
        return frozenset(self.ids[np.unique(codes)].tolist())

    def __repr__(self) -> str:
        return "Roster(not released)"


def roster_of(rows: pl.DataFrame, *, code: str, identifier: str, stable: bool) -> Roster:
    """Pseudonyms by code.

    Args:
        rows: Every code has one identifier; codes are dense, from 0.
        code, identifier: Names of the columns.
        stable: See `Roster`.
    """
    held = rows.select(code, identifier).unique(code).sort(code)
    return Roster(ids=np.array(held[identifier].cast(pl.String).to_list(), dtype=object), stable=stable)


def has_stable_ids(study: Study, tables: Iterable[str]) -> bool:
    """Whether people have ids in the source of every table: the number of a row is nobody's id.

    Args:
        study: The study.
        tables: Declared names.
    """
    return not any(source.row_id for name in tables for source in study.sources_of(name).values())


def members_of(
    roster: Roster | None, people: NDArray[np.int64], events: NDArray[np.int64] | None = None
) -> Members:
    """As `Roster.members`; nobody by name where a frame was made without a roster."""
    return UNKNOWN if roster is None else roster.members(people, events)


def all_members(found: Sequence[Members | None]) -> Members:
    """Everybody behind any of several numbers; nobody by name where one of them names nobody."""
    named = [m for m in found if m is not None and m.people]
    if not named or len(named) < len(found):
        return UNKNOWN
    periods = dict.fromkeys(m.period for m in named)
    return Members(
        people=frozenset().union(*(m.people for m in named)),
        events=frozenset().union(*(m.events for m in named)),
        period=" and ".join(periods),
        stable=all(m.stable for m in named),
    )
