"""How long people stay and why they leave: survival and cumulative incidence, no covariates."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.aalen_johansen import AalenJohansen, fit_aalen_johansen
from wellperf_models.inference.kaplan_meier import (
    KaplanMeier,
    clustered_restricted_mean,
    fit_kaplan_meier,
    restricted_mean,
)
from wellperf_models.inference.risk_sets import (
    Floats,
    Ints,
    condition_on,
    identifiable_range,
    smallest_risk_set,
)
from wellperf_models.study import Turnover
from wellperf_models.turnover.causes import ShownCause, group_causes, relabel
from wellperf_models.turnover.rows import Spells, TurnoverFrame, rows_by_group


@dataclass(frozen=True, kw_only=True)
class GroupCurve:
    """Survival of one group up to `end`, with the people and leavers (codes) behind it."""

    group: str
    curve: KaplanMeier
    end: float
    people: Ints
    leavers: Ints

    @property
    def n_people(self) -> int:
        """Distinct people."""
        return self.people.size

    @property
    def n_leavers(self) -> int:
        """Those of them who left."""
        return self.leavers.size

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return f"GroupCurve({self.group!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class Description:
    """Curves on the range of tenure the data can speak about.

    Attributes:
        start, end: Everything is conditional on reaching `start` months (0: from hire) and holds up to `end`:
            all along between them at least the minimum group size is at risk.
        people, leavers: Codes of the distinct people behind it, and of those of them who left.
        survival: All causes together.
        incidence: By cause, as the data have them.
        shown, shown_incidence: Causes as they are reported, the rare ones combined, and their incidence.
        groups: Survival by group, by name; only groups whose own curve can start at `start`: one that began
            later would be conditional on another tenure and not compare with the others.
        groups_left_out: Number of groups without a curve because too few people are ever at risk together
            after `start`, or nobody left.
        groups_later: Number of groups without a curve because enough people are at risk only from a tenure
            later than `start` on.
        horizons: Reported tenures inside the range.
        horizons_left_out: Tenures asked for that lie outside it.
        restricted_mean: (months, standard error) lived between `start` and the last horizon.
        people_behind: Horizon → codes of (people, leavers) at risk at some time up to it.
        smallest_risk_set: At any time between `start` and the last horizon asked for.
        naive: Horizon → (S, standard error, low, high) had nobody entered observation late; empty where
            nobody did after `start`.
        at_risk: Horizon → codes of the people under observation at that tenure.
    """

    start: float
    end: float
    people: Ints
    leavers: Ints
    survival: KaplanMeier
    incidence: AalenJohansen
    shown: tuple[ShownCause, ...]
    shown_incidence: AalenJohansen
    groups: tuple[GroupCurve, ...]
    groups_left_out: int
    groups_later: int
    horizons: tuple[float, ...]
    horizons_left_out: tuple[float, ...]
    restricted_mean: tuple[float, float] | None
    people_behind: dict[float, tuple[Ints, Ints]]
    smallest_risk_set: int
    naive: dict[float, tuple[float, float, float, float]] = field(default_factory=dict)
    at_risk: dict[float, Ints] = field(default_factory=dict)

    @property
    def n_people(self) -> int:
        """Distinct people behind it."""
        return self.people.size

    @property
    def n_leavers(self) -> int:
        """Those of them who left."""
        return self.leavers.size

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Description({len(self.groups)} groups, {len(self.horizons)} horizons; not released)"


def fit_description(frame: TurnoverFrame, section: Turnover) -> Description:
    """Kaplan–Meier (overall and by group) and Aalen–Johansen, with delayed entry.

    Args:
        frame: The turnover frame.
        section: `[turnover]`.

    Raises:
        DesignError: At no tenure are enough people at risk.
    """
    spells = frame.spells
    start, end = identifiable_range(spells.entry, spells.duration, frame.min_group_size)
    # a whole month: the exact start is one person's tenure
    start = float(math.ceil(start))
    if end <= start:
        raise DesignError(
            "At no tenure are enough people under observation to describe how long people stay.",
            expected=f"at least {frame.min_group_size} at risk at some tenure",
            where="spells",
        )
    entry, duration, event, kept = condition_on(spells.entry, spells.duration, spells.event, start)
    person = spells.person[kept]
    cluster = None if spells.cluster is None else spells.cluster[kept]
    survival = fit_kaplan_meier(entry, duration, event, cluster=cluster)
    horizons = tuple(h for h in section.horizons_months if start < h <= end)
    last_asked = section.horizons_months[-1]
    groups, too_small, later = _fit_groups(frame, spells, start)
    shown = group_causes(
        frame.causes,
        person,
        event,
        duration <= (horizons[-1] if horizons else np.inf),
        0 if frame.in_full else frame.minimum.events,
    )
    return Description(
        start=start,
        end=end,
        people=np.unique(person),
        leavers=np.unique(person[event > 0]),
        survival=survival,
        incidence=fit_aalen_johansen(entry, duration, event, len(frame.causes), cluster=cluster),
        shown=shown,
        shown_incidence=fit_aalen_johansen(
            entry, duration, relabel(event, shown), max(1, len(shown)), cluster=cluster
        ),
        groups=groups,
        groups_left_out=too_small,
        groups_later=later,
        horizons=horizons,
        horizons_left_out=tuple(h for h in section.horizons_months if h not in horizons),
        restricted_mean=_mean(survival, (entry, duration, event), cluster, start, horizons),
        people_behind={
            h: (np.unique(person[entry < h]), np.unique(person[(event > 0) & (duration <= h)]))
            for h in horizons
        },
        smallest_risk_set=smallest_risk_set(spells.entry, spells.duration, start, last_asked),
        naive=_naive((entry, duration, event), cluster, start, horizons),
        at_risk={h: np.unique(person[(entry < h) & (duration >= h)]) for h in horizons},
    )


def _mean(
    survival: KaplanMeier,
    spells: tuple[Floats, Floats, Ints],
    cluster: Ints | None,
    start: float,
    horizons: tuple[float, ...],
) -> tuple[float, float] | None:
    """Months lived between the start and the last horizon; clustered where the curve is."""
    if not horizons:
        return None
    if cluster is None or survival.n_clusters is None:
        return restricted_mean(survival, start, horizons[-1])
    return clustered_restricted_mean(survival, *spells, cluster, start=start, end=horizons[-1])


def _naive(
    spells: tuple[Floats, Floats, Ints], cluster: Ints | None, start: float, horizons: tuple[float, ...]
) -> dict[float, tuple[float, float, float, float]]:
    """What the curve would be, were everyone taken to be under observation from hire."""
    entry, duration, event = spells
    if not (entry > start).any():
        return {}
    curve = fit_kaplan_meier(np.full_like(entry, start), duration, event, cluster=cluster)
    return {h: curve.at(h) for h in horizons}


def _fit_groups(
    frame: TurnoverFrame, spells: Spells, start: float
) -> tuple[tuple[GroupCurve, ...], int, int]:
    """Groups that can be described from the same start as everyone, so that their curves compare.

    Also the number of groups too small or without an exit, and of those that only come into sight later.
    """
    if spells.group is None:
        return (), 0, 0
    made, too_small, later = [], 0, 0
    for name, own in rows_by_group(spells.group):
        entry, duration, event, kept = condition_on(
            spells.entry[own], spells.duration[own], spells.event[own], start
        )
        own_start, own_end = identifiable_range(entry, duration, frame.min_group_size)
        if not (event > 0).any() or own_end <= start:
            too_small += 1
            continue
        if own_start > start:
            later += 1
            continue
        person = spells.person[own][kept]
        cluster = None if spells.cluster is None else spells.cluster[own][kept]
        made.append(
            GroupCurve(
                group=name,
                curve=fit_kaplan_meier(entry, duration, event, cluster=cluster),
                end=own_end,
                people=np.unique(person),
                leavers=np.unique(person[event > 0]),
            )
        )
    return tuple(made), too_small, later
