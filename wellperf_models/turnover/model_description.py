"""How long people stay and why they leave: survival and cumulative incidence, no covariates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.aalen_johansen import AalenJohansen, fit_aalen_johansen
from wellperf_models.inference.kaplan_meier import KaplanMeier, fit_kaplan_meier, restricted_mean
from wellperf_models.inference.risk_sets import condition_on, count_risk_sets, identifiable_range
from wellperf_models.study import Turnover
from wellperf_models.turnover.frame import Spells, TurnoverFrame


@dataclass(frozen=True, kw_only=True)
class GroupCurve:
    """Survival of one group, with the people and exits behind it."""

    group: str
    curve: KaplanMeier
    n_people: int
    n_leavers: int


@dataclass(frozen=True, kw_only=True)
class Description:
    """Curves on the range of tenure the data can speak about.

    Attributes:
        start, end: Everything is conditional on reaching `start` months (0: from hire) and holds up to `end`:
            at every event between them at least the minimum group size is at risk.
        n_people, n_leavers: Distinct people behind it, and those of them who left.
        survival: All causes together.
        incidence: By cause.
        groups: Survival by group, by name; only groups whose own curve can start at `start`.
        groups_left_out: Number of groups too small for a curve from `start` on.
        horizons: Reported tenures inside the range.
        horizons_left_out: Tenures asked for that lie outside it.
        restricted_mean: (months, standard error) lived between `start` and the last horizon.
        people_behind: Horizon → (people, leavers) at risk at some time up to it.
        smallest_risk_set: At any event between `start` and the last horizon asked for.
    """

    start: float
    end: float
    n_people: int
    n_leavers: int
    survival: KaplanMeier
    incidence: AalenJohansen
    groups: tuple[GroupCurve, ...]
    groups_left_out: int
    horizons: tuple[float, ...]
    horizons_left_out: tuple[float, ...]
    restricted_mean: tuple[float, float] | None
    people_behind: dict[float, tuple[int, int]]
    smallest_risk_set: int


def fit_description(frame: TurnoverFrame, section: Turnover) -> Description:
    """Kaplan–Meier (overall and by group) and Aalen–Johansen, with delayed entry.

    Args:
        frame: The turnover frame.
        section: `[turnover]`.

    Raises:
        DesignError: At no tenure are enough people at risk.
    """
    spells = frame.spells
    counts = count_risk_sets(spells.entry, spells.duration, spells.event, len(frame.causes))
    start, end = identifiable_range(spells.entry, spells.duration, counts, frame.min_group_size)
    # a whole month: the exact start is one person's tenure
    start = float(math.ceil(start))
    if end <= start:
        raise DesignError(
            "At no tenure are enough people under observation to describe how long people stay.",
            expected=f"at least {frame.min_group_size} at risk at some exit",
            where="spells",
        )
    entry, duration, event, kept = condition_on(spells.entry, spells.duration, spells.event, start)
    person = spells.person[kept]
    survival = fit_kaplan_meier(entry, duration, event)
    horizons = tuple(h for h in section.horizons_months if start < h <= end)
    last_asked = section.horizons_months[-1]
    inside = (counts.times > start) & (counts.times <= last_asked)
    groups, too_small = _fit_groups(frame, spells, start)
    return Description(
        start=start,
        end=end,
        n_people=int(np.unique(person).size),
        n_leavers=int(np.unique(person[event > 0]).size),
        survival=survival,
        incidence=fit_aalen_johansen(entry, duration, event, len(frame.causes)),
        groups=groups,
        groups_left_out=too_small,
        horizons=horizons,
        horizons_left_out=tuple(h for h in section.horizons_months if h not in horizons),
        restricted_mean=restricted_mean(survival, start, horizons[-1]) if horizons else None,
        people_behind={
            h: (
                int(np.unique(person[entry < h]).size),
                int(np.unique(person[(event > 0) & (duration <= h)]).size),
            )
            for h in horizons
        },
        smallest_risk_set=_smallest(counts.at_risk[inside], duration, entry, last_asked),
    )


def _smallest(at_risk: np.ndarray, duration: np.ndarray, entry: np.ndarray, horizon: float) -> int:
    at_horizon = int(np.sum((entry < horizon) & (duration >= horizon)))
    return min([at_horizon, *at_risk.tolist()])


def _fit_groups(frame: TurnoverFrame, spells: Spells, start: float) -> tuple[tuple[GroupCurve, ...], int]:
    """Groups that can be described from the same start as everyone, so that their curves compare."""
    if spells.group is None:
        return (), 0
    made, too_small = [], 0
    for name in np.unique(spells.group):
        own = spells.group == name
        entry, duration, event, kept = condition_on(
            spells.entry[own], spells.duration[own], spells.event[own], start
        )
        happened = (event > 0).astype(np.int64)
        if not happened.any():
            too_small += 1
            continue
        counts = count_risk_sets(entry, duration, happened, 1)
        own_start, own_end = identifiable_range(entry, duration, counts, frame.min_group_size)
        if own_start > start or own_end <= start:
            too_small += 1
            continue
        person = spells.person[own][kept]
        made.append(
            GroupCurve(
                group=str(name),
                curve=fit_kaplan_meier(entry, duration, event),
                n_people=int(np.unique(person).size),
                n_leavers=int(np.unique(person[event > 0]).size),
            )
        )
    return tuple(made), too_small
