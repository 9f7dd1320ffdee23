"""Exits simulated on a shape, and what the pillar's estimators would say of endlessly many such people.

Every person's monthly rate of exit is exactly the one planted, whoever works beside them, so that the truth
is what was planted; exits of a cluster go together as if it shared a gamma frailty (Clayton's copula;
Marshall and Olkin 1988, JASA 83:834; marginal hazards of clusters: Lee, Wei and Amato 1992).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.method_check.shape import Shape
from wellperf_models.turnover import TurnoverFrame
from wellperf_models.turnover.rows import ModelRows

# steps a month in which the large-sample curves are summed
_STEPS: Final = 8


@dataclass(frozen=True, kw_only=True, repr=False)
class World:
    """How people leave in a simulated organisation.

    Attributes:
        shape: What it shares with the study's.
        column: Of the design, which acts on the first cause; None: nothing acts.
        log_effect: Log hazard ratio of that column.
        rates: Monthly rate of each cause in each month of the shape, shape (m, K).
        rows: The model's rows if nobody left; None without covariates.
    """

    shape: Shape
    column: int | None
    log_effect: float
    rates: Floats
    rows: ModelRows | None

    def __repr__(self) -> str:
        """Shapes only."""
        return f"World({self.shape!r})"


def plant(shape: Shape, column: int | None, effect: float = 1.0) -> World:
    """A world in which one column multiplies the rate of the first cause, or none does.

    The rates are set so that about as many leave as without the effect.

    Args:
        shape: Of the study.
        column: Of the design matrix; None: no effect.
        effect: Hazard ratio.
    """
    rates = shape.rates
    if column is not None and shape.rows is not None:
        months = shape.months
        x = np.where(months.row >= 0, shape.rows.design.X[months.row, column], 0.0)
        factor = effect**x
        expected = rates[:, 0] * (months.stop - months.start)
        rates = rates.copy()
        rates[:, 0] *= factor * expected.sum() / (expected @ factor)
    log_effect = 0.0 if column is None else math.log(effect)
    return World(shape=shape, column=column, log_effect=log_effect, rates=rates, rows=_seen_rows(shape))


def _seen_rows(shape: Shape) -> ModelRows | None:
    """What the model would see if nobody left before being censored."""
    rows = shape.rows
    if rows is None:
        return None
    taken = shape.seen_row
    spell = shape.months.spell[shape.seen] if shape.by_month else shape.seen
    month = shape.months.month[shape.seen].astype(float) if shape.by_month else np.zeros(0)
    none = np.zeros(0, np.int64)
    design = replace(rows.design, X=rows.design.X[taken])
    return replace(
        rows,
        entry=month if shape.by_month else shape.entry[spell],
        exit=month + 1 if shape.by_month else shape.censored[spell],
        event=np.zeros(taken.size, np.int64),
        design=design,
        unpooled=design,
        person=shape.person[spell],
        fold_group=shape.person[spell],
        cluster=None if rows.cluster is None else rows.cluster[taken],
        stratum=None if rows.stratum is None else rows.stratum[taken],
        measured_day=none,
        period_day=none,
    )


def simulate(world: World, frame: TurnoverFrame, rng: np.random.Generator) -> TurnoverFrame:
    """A frame of the study with other exits: what the pillar's own functions take.

    Args:
        world: How people leave.
        frame: The study's.
        rng: Source of chance.
    """
    shape = world.shape
    ends, event = _draw(world, rng)
    duration = np.where(event > 0, ends - shape.offset, shape.censored)
    # an exit a rounding error after entry is still after it
    duration = np.maximum(duration, np.nextafter(shape.entry, np.inf))
    spells = replace(
        frame.spells,
        entry=shape.entry,
        duration=duration,
        event=event,
        person=shape.person,
        group=None,
        above=(),
    )
    # nothing of it is ever shown, so nothing need be pooled or kept back in it
    return replace(
        frame,
        spells=spells,
        rows=rows_until(world, ends, duration, event),
        panel=None,
        months=None,
        group_by=None,
        left_out={},
        left_out_of_models={},
        roster=None,
        in_full=True,
    )


def rows_until(world: World, ends: Floats, duration: Floats, event: Ints) -> ModelRows | None:
    """The model's rows of one simulated organisation.

    Args:
        world: Whose spells end.
        ends: On the clock of whole months, infinite where later than seen, shape (n,).
        duration: Exact tenure at exit or censoring, shape (n,).
        event: 0, 1..K, shape (n,).
    """
    shape, rows = world.shape, world.rows
    if rows is None:
        return None
    if not shape.by_month:
        return replace(rows, exit=duration[shape.seen], event=event[shape.seen])
    spell = shape.months.spell[shape.seen]
    until = ends[spell]
    kept = rows.entry < until
    happened = np.where(rows.exit >= until, event[spell], 0)
    design = replace(rows.design, X=rows.design.X[kept])
    return replace(
        rows,
        entry=rows.entry[kept],
        exit=rows.exit[kept],
        event=happened[kept],
        design=design,
        unpooled=design,
        person=rows.person[kept],
        fold_group=rows.fold_group[kept],
        cluster=None if rows.cluster is None else rows.cluster[kept],
        stratum=None if rows.stratum is None else rows.stratum[kept],
    )


def _draw(world: World, rng: np.random.Generator) -> tuple[Floats, Ints]:
    """When each spell ends on the clock of whole months (infinite: later than seen), and for which cause."""
    shape, months = world.shape, world.shape.months
    n = shape.entry.size
    _, code = np.unique(shape.cluster, return_inverse=True)
    ends, event = np.full(n, np.inf), np.zeros(n, np.int64)
    width = months.stop - months.start
    for cause in range(world.rates.shape[1]):
        reach = rng.exponential(size=n)
        if shape.dependence > 0:
            shared = rng.gamma(1 / shape.dependence, size=int(code.max()) + 1)
            reach = np.log1p(reach / shared[code]) / shape.dependence
        total = np.concatenate(([0.0], np.cumsum(world.rates[:, cause] * width)))
        target = total[months.first[:-1]] + reach
        place = np.searchsorted(total, target, side="left") - 1
        where = np.minimum(place, months.spell.size - 1)
        rate = world.rates[where, cause]
        inside = (place < months.first[1:]) & (rate > 0)
        time = months.start[where] + (target - total[where]) / np.where(rate > 0, rate, 1.0)
        earlier = inside & (time < ends)
        ends[earlier], event[earlier] = time[earlier], cause + 1
    return ends, event


@dataclass(frozen=True, kw_only=True, repr=False)
class Target:
    """What Kaplan–Meier and Aalen–Johansen estimate from endlessly many people like these.

    Attributes:
        edges: Exact tenure, steps of an eighth of a month, shape (g + 1,).
        hazard: Mean rate of each cause among those still there, in each step, shape (g, K).
    """

    edges: Floats
    hazard: Floats

    def at(self, start: float, time: float) -> tuple[float, Floats]:
        """(S, F of shape (K,)) at `time`, given that `start` was reached; both whole months."""
        inside = (self.edges[:-1] >= start - 1e-9) & (self.edges[1:] <= time + 1e-9)
        step = self.hazard[inside] / _STEPS
        total = np.cumsum(step.sum(axis=1))
        middle = np.exp(-(total - step.sum(axis=1) / 2))
        # exact for a constant hazard within a step, to the third order of what happens in it
        incidence = (middle[:, None] * step).sum(axis=0)
        survival = float(np.exp(-total[-1])) if total.size else 1.0
        left = incidence.sum()
        return survival, incidence * ((1 - survival) / left) if left > 0 else incidence


def target_of(world: World, end: float) -> Target:
    """The large-sample curves of a world.

    At t, those at risk are people with entry < t ≤ censored who have not left; the estimators see the mean
    of their rates, each weighted by the probability of being there.

    Args:
        world: How people leave.
        end: Last tenure asked for, months.
    """
    shape, months = world.shape, world.shape.months
    rate = world.rates.sum(axis=1)
    total = np.concatenate(([0.0], np.cumsum(rate * (months.stop - months.start))))
    edges = np.arange(round(end * _STEPS) + 1) / _STEPS
    hazard = np.zeros((edges.size - 1, world.rates.shape[1]))
    for step, time in enumerate((edges[:-1] + edges[1:]) / 2):
        here = np.flatnonzero((shape.entry < time) & (time <= shape.censored))
        if not here.size:
            continue
        clock = time + shape.offset[here]
        first = months.first[:-1][here]
        place = first + np.floor(clock).astype(np.int64) - months.month[first]
        place = np.minimum(place, months.first[1:][here] - 1)
        gone = total[place] - total[first] + rate[place] * np.maximum(clock - months.start[place], 0.0)
        weight = np.exp(-gone)
        hazard[step] = weight @ world.rates[place] / weight.sum()
    return Target(edges=edges, hazard=hazard)
