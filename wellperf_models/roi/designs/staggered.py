"""The effect of a roll-out at different times: overall, by time since the start and by starting time.

Cells are what was assigned × period: the mean of the outcome, weighted by the people (or their exposure)
behind it. The overall effect is the mean over those cells that lie in the first year after a start and have
a comparison, weighted alike. What cells would have had comes from `inference.imputation`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.imputation import (
    ImputationFit,
    RollOutCells,
    comparable,
    fit_imputation,
    roll_out_test,
)
from wellperf_models.inference.risk_sets import Ints
from wellperf_models.roi.comparison import MIN_CLUSTERS, spread_a_year
from wellperf_models.roi.designs.periods import one_year_after
from wellperf_models.roi.rows import Effect, OutcomeRows, Timeline

METHOD = "jackknife of an imputation"
_MOST_LEADS = 4
_MOST_EVENT_TIMES = 24
# degrees of freedom that a joint test of leads needs beside one for each of them
_SPARE = 5


@dataclass(frozen=True, kw_only=True)
class Timed:
    """One average of a roll-out.

    Attributes:
        label: Periods since the start, or the period of the start.
        at: Periods since the start (below 0: before it), or the index of the starting period.
        effect: Over the cells concerned.
    """

    label: str
    at: int
    effect: Effect


@dataclass(frozen=True, kw_only=True)
class RollOutEffects:
    """What a roll-out shows of one outcome.

    Attributes:
        overall: Mean over the first year after the start.
        by_event_time: By periods since the start, from 0 on.
        by_cohort: By starting period, over the first year after it.
        leads: What it would seem to have done before it began, had it been said to start earlier; () where
            too little was measured before.
        leads_p: That all of these are 0; None without them.
        compared: Share of the weight of the first year after a start that has a comparison.
    """

    overall: Effect
    by_event_time: tuple[Timed, ...]
    by_cohort: tuple[Timed, ...]
    leads: tuple[Timed, ...]
    leads_p: float | None
    compared: float

    def __repr__(self) -> str:
        """Shapes only."""
        return f"RollOutEffects({len(self.by_event_time)} times, {len(self.by_cohort)} starts; not released)"


def fit_roll_out(rows: OutcomeRows, *, by_lot: bool, seed: int) -> RollOutEffects:
    """Effects of a roll-out on one outcome.

    Args:
        rows: With a timeline.
        by_lot: Starting times were drawn by lot, so that below 40 units the lots are drawn again.
        seed: The study's.

    Raises:
        DesignError: Nothing is left to compare, or it rests on a single unit.
    """
    timeline = rows.timeline
    if timeline is None:
        raise DesignError("These rows have no times.", where=f"outcome {rows.name}")
    codes, group = np.unique(rows.cluster, return_inverse=True)
    cells = _cells(rows, timeline, group, codes.size)
    first_year = _first_year(timeline)
    chosen = comparable(cells)
    inside = first_year(cells)
    overall = chosen & inside
    if not overall.any():
        raise DesignError(
            "No period has both units that had started and units that had not.",
            where=f"outcome {rows.name}",
            expected="in each period compared, at least two units that start later or never",
            remedy="keep some units for a later start, or look at earlier periods",
        )
    times = [k for k in range(_MOST_EVENT_TIMES) if (chosen & (cells.event_time == k)).any()]
    cohorts = [int(a) for a in np.unique(cells.adopted) if (overall & (cells.adopted == a)[:, None]).any()]
    targets = [overall]
    targets += [chosen & (cells.event_time == k) for k in times]
    targets += [overall & (cells.adopted == a)[:, None] for a in cohorts]
    fit = fit_imputation(cells, np.stack(targets))
    averages = [
        _effect(rows, timeline, group, codes, cells, fit, k, target) for k, target in enumerate(targets)
    ]
    whole = averages[0]
    if whole is None:
        raise DesignError(
            "A comparison rests on a single unit, so nothing says how far chance reaches.",
            where=f"outcome {rows.name}",
            expected="at least two units that started, and two that had not",
        )
    if by_lot and codes.size < MIN_CLUSTERS:
        p = roll_out_test(cells, lambda drawn: comparable(drawn) & first_year(drawn), seed=seed)
        whole = replace(whole, randomisation_p=p)
    weight = cells.w * (cells.treated & inside)
    leads, p_leads = _leads(rows, timeline, group, codes, cells)
    return RollOutEffects(
        overall=whole,
        by_event_time=_timed(averages[1 : 1 + len(times)], times, [_after(k) for k in times]),
        by_cohort=_timed(averages[1 + len(times) :], cohorts, [timeline.names[a] for a in cohorts]),
        leads=leads,
        leads_p=p_leads,
        compared=float((weight * overall).sum() / weight.sum()),
    )


def _timed(averages: list[Effect | None], at: list[int], labels: list[str]) -> tuple[Timed, ...]:
    return tuple(
        Timed(label=label, at=place, effect=effect)
        for effect, place, label in zip(averages, at, labels, strict=True)
        if effect is not None
    )


def _after(k: int) -> str:
    return "first period after the start" if k == 0 else f"{k} {'period' if k == 1 else 'periods'} later"


def _before(k: int) -> str:
    return f"{k} {'period' if k == 1 else 'periods'} before the first one after the start"


def _cells(rows: OutcomeRows, timeline: Timeline, group: Ints, n_groups: int) -> RollOutCells:
    place = group * timeline.n_periods + timeline.time
    size = n_groups * timeline.n_periods
    w = np.bincount(place, rows.weight, size)
    total = np.bincount(place, rows.weight * rows.value, size)
    y = np.divide(total, w, out=np.zeros(size), where=w > 0)
    adopted = np.full(n_groups, timeline.n_periods, np.int64)
    adopted[group] = timeline.adopted
    shape = (n_groups, timeline.n_periods)
    return RollOutCells(y=y.reshape(shape), w=w.reshape(shape), adopted=adopted)


def _first_year(timeline: Timeline) -> Callable[[RollOutCells], NDArray[np.bool_]]:
    """Cells → whether each lies in the first year after its start."""
    end = np.full(timeline.n_periods + 1, 0, np.int64)
    for index, day in enumerate(timeline.first_days):
        last = one_year_after(day)
        end[index] = sum(first < last for first in timeline.first_days)

    def inside(cells: RollOutCells) -> NDArray[np.bool_]:
        adopted = np.minimum(cells.adopted, timeline.n_periods)
        return cells.treated & (np.arange(timeline.n_periods)[None, :] < end[adopted][:, None])

    return inside


def _leads(
    rows: OutcomeRows, timeline: Timeline, group: Ints, codes: Ints, cells: RollOutCells
) -> tuple[tuple[Timed, ...], float | None]:
    """The same comparison, the start said to be some periods earlier, on what lies before the true start."""
    periods = timeline.n_periods
    starting = cells.adopted < periods
    before = ((cells.w > 0) & ~cells.treated).sum(axis=1)[starting]
    before = before[before >= 2]
    if not before.size:
        return (), None
    most = min(_MOST_LEADS, max(1, int(before.min()) // 2))
    early = RollOutCells(
        y=cells.y,
        w=np.where(cells.treated, 0.0, cells.w),
        adopted=np.where(starting, np.maximum(cells.adopted - most, 0), periods),
    )
    true_time = cells.event_time
    chosen = comparable(early) & starting[:, None]
    at = [-k for k in range(most, 0, -1) if (chosen & (true_time == -k)).any()]
    if not at:
        return (), None
    targets = [chosen & (true_time == k) for k in at]
    try:
        fit = fit_imputation(early, np.stack([*targets, np.any(targets, axis=0)]))
    except DesignError:
        return (), None
    found = [_effect(rows, timeline, group, codes, early, fit, k, t) for k, t in enumerate(targets)]
    return _timed(found, at, [_before(-k) for k in at]), _joint(fit, len(at))


def _joint(fit: ImputationFit, n_leads: int) -> float | None:
    """All leads at once where there are enough units, else their mean."""
    own = list(range(n_leads))
    if not np.all(np.isfinite(fit.covariance[-1, -1])):
        return None
    enough = np.all(np.isfinite(fit.df[own])) and float(np.min(fit.df[own])) - n_leads + 1 >= _SPARE
    kept = own if enough and np.all(np.isfinite(fit.covariance[np.ix_(own, own)])) else [n_leads]
    return ImputationFit(
        value=fit.value[kept],
        covariance=fit.covariance[np.ix_(kept, kept)],
        df=fit.df[kept],
        influence=fit.influence[:, kept],
        without=fit.without[kept],
    ).joint_p()


def _effect(
    rows: OutcomeRows,
    timeline: Timeline,
    group: Ints,
    codes: Ints,
    cells: RollOutCells,
    fit: ImputationFit,
    number: int,
    target: NDArray[np.bool_],
) -> Effect | None:
    """One average with what it rests on; None where it rests on one unit alone."""
    error = float(fit.std_error[number])
    if not (math.isfinite(error) and error > 0 and math.isfinite(float(fit.df[number]))):
        return None
    low, high = fit.interval(number)
    here = target[group, timeline.time]
    at_these = target.any(axis=0)[timeline.time]
    not_yet = (~cells.treated)[group, timeline.time] & (cells.w > 0)[group, timeline.time]
    beside = not_yet & at_these
    used = here | not_yet
    spread = spread_a_year(rows, not_yet)
    events, non_events = _cases(rows, here, beside)
    return Effect(
        outcome=rows.name,
        kind="intention_to_treat",
        value=float(fit.value[number]),
        std_error=error,
        low=low,
        high=high,
        df=float(fit.df[number]),
        p_value=fit.p_value(number),
        method=METHOD,
        control_mean=float(fit.without[number]),
        control_sd=spread,
        n_rows=int(used.sum()),
        n_people=_units(rows, used),
        smallest_side=min(_units(rows, here), _units(rows, beside)),
        n_events=events,
        n_non_events=non_events,
        n_clusters=codes.size,
        n_parameters=timeline.n_periods + 1,
        influence=(codes, fit.influence[:, number]),
        members=rows.members(used),
    )


def _units(rows: OutcomeRows, chosen: NDArray[np.bool_]) -> int:
    return int(np.unique(rows.unit[chosen]).size)


def _cases(
    rows: OutcomeRows, here: NDArray[np.bool_], beside: NDArray[np.bool_]
) -> tuple[int | None, int | None]:
    """Units with and without it, on the side that has fewest."""
    if not rows.counts_cases:
        return None, None
    sides: list[tuple[int, int]] = []
    for side in (here, beside):
        with_it = _units(rows, side & (rows.value > 0))
        sides.append((with_it, _units(rows, side) - with_it))
    return min(s[0] for s in sides), min(s[1] for s in sides)
