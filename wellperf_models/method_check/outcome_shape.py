"""The shape of one outcome of a study's trial: aggregates that new values can be drawn from.

Of the outcome nothing is kept but what goes with what was known before, how values are spread around it, and
how much rows of a team, of a person and of a team in one period are alike. A value is

    y = location + spread × level(z) + change × arm,
    z = √c u_team + √(p − c) v_person + √(q − c) g_team,period + √(1 − p − q + c) e,

with level the quantile of standardised residuals that belongs to the standard normal z, in steps of at least
ten rows, and g in a roll-out alone. A yes/no outcome is yes where Φ(z) > 1 − chance. So the change is what
the offer truly does to the mean, whatever the shape of the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.roi import OutcomeRows, RoiFrame
from wellperf_models.roi.designs.controlled import baselines_of, unit_means

_MOST_LEVELS, _ROWS_PER_LEVEL = 200, 10
_MOST_ALIKE: Final = 0.95
_LEAST_CHANCE: Final = 0.002


@dataclass(frozen=True, kw_only=True, repr=False)
class OutcomeShape:
    """What a simulated outcome shares with the study's; n rows.

    Attributes:
        rows: Who was measured; its values are never used.
        location: Without the programme: what goes with what was known before, or the chance of a yes, (n,).
        spread: Of a row around it, shape (n,).
        levels: Standardised residuals in equal steps, increasing, shape (L,); empty of a yes/no outcome.
        in_cluster, in_unit, in_cell: c, p, q: share of the latent variance that rows of a cluster, of a unit,
            and of a cluster in one period have in common; the others hold the first.
    """

    rows: OutcomeRows
    location: Floats
    spread: Floats
    levels: Floats
    in_cluster: float
    in_unit: float
    in_cell: float

    def true_change(self, change: float) -> float:
        """What the offer does to the weighted mean: the change, but for chances that end at 0 and 1."""
        if self.levels.size:
            return change
        moved = np.clip(self.location + change, 0.0, 1.0) - self.location
        return float(np.average(moved, weights=self.rows.weight))

    def __repr__(self) -> str:
        """Shapes only."""
        return f"OutcomeShape({self.rows!r})"


def cells_of(rows: OutcomeRows) -> Ints:
    """Code of the cluster and period of each row of a roll-out."""
    assert rows.timeline is not None
    return np.asarray(rows.cluster * (rows.timeline.n_periods + 1) + rows.timeline.time)


def shape_of_outcome(rows: OutcomeRows, *, lasting: bool) -> tuple[OutcomeShape, Floats]:
    """The aggregates of one outcome, and the latent scores of its rows."""
    root, arm = np.sqrt(rows.weight), rows.treated.astype(float)
    # what a value is compared with is drawn anew too, so nothing goes with it as it was
    known = [] if lasting else [rows.X]
    if rows.timeline is not None:
        time = rows.timeline.time
        known.append(np.asarray(time[:, None] == np.unique(time)[1:], float))
    design = np.column_stack([np.ones(arm.size), *known, arm])
    beta = np.linalg.lstsq(root[:, None] * design, root * rows.value, rcond=None)[0]
    location = design[:, :-1] @ beta[:-1]
    residual = rows.value - design @ beta
    if rows.binary:
        location = np.clip(location, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
        spread, levels = np.ones(arm.size), np.zeros(0)
        latent = residual * _latent_size(float(np.average(location, weights=rows.weight)))
        size = 1.0
    else:
        spread = _spread_of(residual, rows.weight)
        levels = _levels_of(residual / spread, rows.weight)
        latent = _normal_scores(residual / spread)
        size = float(np.mean(latent**2))
    latent = latent / np.sqrt(size)
    in_cluster, in_unit, in_cell = _alike(latent, rows)
    made = OutcomeShape(
        rows=rows,
        location=location,
        spread=spread,
        levels=levels,
        in_cluster=in_cluster,
        in_unit=in_unit,
        in_cell=in_cell,
    )
    return made, latent


def joined(found: Mapping[str, tuple[OutcomeShape, Floats]], frame: RoiFrame) -> dict[str, OutcomeShape]:
    """Shapes of values before and after: what a unit has in common is what lasts from one to the other."""
    made = {name: one for name, (one, _) in found.items()}
    for name, (one, latent) in found.items():
        if one.rows.declared.timing != "after":
            continue
        earlier = baselines_of(one.rows, frame)
        for before in earlier[:1]:
            units = np.intersect1d(one.rows.unit, before.unit)
            then, now = (
                unit_means(replace(rows, value=scores), units)
                for rows, scores in ((before, found[before.name][1]), (one.rows, latent))
            )
            lasts = float(np.clip(np.mean(then * now), 0.0, _MOST_ALIKE)) if units.size else 0.0
            for each in (name, *(rows.name for rows in earlier)):
                in_unit = max(lasts, made[each].in_cluster)
                made[each] = replace(made[each], in_unit=in_unit)
    return made


def _latent_size(chance: float) -> float:
    """By what a residual of a yes/no outcome is multiplied, so that products are latent correlations."""
    from scipy import stats

    # first term of the tetrachoric series (Pearson 1900)
    return 1 / float(stats.norm.pdf(stats.norm.ppf(chance)))


def _spread_of(residual: Floats, weight: Floats) -> Floats:
    """Standard deviation by weight: of an average over w of a year the variance is a + b / w."""
    from scipy import optimize

    columns = np.column_stack([np.ones(weight.size), 1 / weight])
    if not np.ptp(weight) > 0:
        columns = columns[:, :1]
    found, _ = optimize.nnls(weight[:, None] * columns, weight * residual**2)
    return np.sqrt(columns @ found)


def _levels_of(residual: Floats, weight: Floats) -> Floats:
    """Means of steps of equal weight, mean 0 and variance 1, shape (L,)."""
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    number = int(np.clip(effective // _ROWS_PER_LEVEL, 2, _MOST_LEVELS))
    order = np.argsort(residual, kind="stable")
    place = np.cumsum(weight[order]) - weight[order] / 2
    step = np.minimum((place / weight.sum() * number).astype(np.int64), number - 1)
    total = np.bincount(step, weights=(weight * residual)[order], minlength=number)
    held = np.bincount(step, weights=weight[order], minlength=number)
    # a step that no row's middle falls into is like the one below
    levels = np.interp(np.arange(number), np.flatnonzero(held), total[held > 0] / held[held > 0])
    return np.asarray((levels - levels.mean()) / levels.std())


def _normal_scores(values: Floats) -> Floats:
    from scipy import special, stats

    return np.asarray(special.ndtri((stats.rankdata(values) - 0.5) / values.size))


def _alike(latent: Floats, rows: OutcomeRows) -> tuple[float, float, float]:
    """Mean product of pairs of rows: of a cluster alone, of a unit, of a cluster and period."""

    def pairs(code: Ints) -> Floats:
        _, place = np.unique(code, return_inverse=True)
        size = np.bincount(place).astype(float)
        total = np.bincount(place, weights=latent)
        return np.array([(total**2).sum() - (latent**2).sum(), (size * (size - 1)).sum()])

    def mean(of: Floats, otherwise: float) -> float:
        return float(np.clip(of[0] / of[1], 0.0, _MOST_ALIKE)) if of[1] > 0 else otherwise

    of_unit = pairs(rows.unit)
    of_cell = np.zeros(2) if rows.timeline is None else pairs(cells_of(rows))
    in_cluster = mean(pairs(rows.cluster) - of_unit - of_cell, 0.0)
    in_unit = max(in_cluster, mean(of_unit, in_cluster))
    in_cell = max(in_cluster, mean(of_cell, in_cluster))
    # together they leave something to chance
    return in_cluster, in_unit, min(in_cell, in_cluster + _MOST_ALIKE - in_unit)
