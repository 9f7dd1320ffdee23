"""The shape of a study's trial, and trials of that shape whose lots and outcomes are drawn anew.

Kept are who was measured on what, with which weight, in which team and block, and what was known of them
before; of the outcomes nothing but aggregates: what goes with what was known before, how values are spread
around it, and how much rows of a team and of a person are alike. A value is

    y = location + spread × level(z) + change × arm,    z = √c u_team + √(p − c) v_person + √(1 − p) e,

with level the quantile of standardised residuals that belongs to the standard normal z, in steps of at least
ten rows. A yes/no outcome is yes where Φ(z) > 1 − chance. So the change is what the offer truly does to the
mean, whatever the shape of the outcome. In a roll-out the lots are starting times, and the location moves
with the periods; where a value before is compared with one after, both have u and v in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.roi import OutcomeRows, RoiFrame
from wellperf_models.roi.designs.controlled import baselines_of, unit_means

# what is found in a part of a large trial is told of the whole by the root of the share
MOST_ROWS: Final = 12_000
_LEAST_CLUSTERS: Final = 60
_MOST_LEVELS, _ROWS_PER_LEVEL = 200, 10
_MOST_ALIKE: Final = 0.95
_LEAST_CHANCE: Final = 0.002
_SEED: Final = 86


@dataclass(frozen=True, kw_only=True, repr=False)
class OutcomeShape:
    """What a simulated outcome shares with the study's; n rows.

    Attributes:
        rows: Who was measured; its values are never used.
        location: Without the programme: what goes with what was known before, or the chance of a yes, (n,).
        spread: Of a row around it, shape (n,).
        levels: Standardised residuals in equal steps, increasing, shape (L,); empty of a yes/no outcome.
        in_cluster, in_unit: Share of the latent variance that rows of a cluster, and of a unit, have in
            common; the second holds the first.
    """

    rows: OutcomeRows
    location: Floats
    spread: Floats
    levels: Floats
    in_cluster: float
    in_unit: float

    def true_change(self, change: float) -> float:
        """What the offer does to the weighted mean: the change, but for chances that end at 0 and 1."""
        if self.levels.size:
            return change
        moved = np.clip(self.location + change, 0.0, 1.0) - self.location
        return float(np.average(moved, weights=self.rows.weight))

    def __repr__(self) -> str:
        """Shapes only."""
        return f"OutcomeShape({self.rows!r})"


@dataclass(frozen=True, kw_only=True, repr=False)
class TrialShape:
    """What a simulated trial shares with the study's.

    Attributes:
        frame: The study's, of the outcomes that the programme may have changed, and of what was measured
            before where these are compared with it; of a large one a part.
        outcomes: Name → shape.
        clusters, lots, block: Code of everything that was assigned as a whole; its arm (1 treated, 0 not), or
            the period in which it started; its block; shape (m,).
        lasting: What clusters and units have in common is so in every outcome, as one is compared with
            another.
        share: Of the rows that are simulated.
    """

    frame: RoiFrame
    outcomes: Mapping[str, OutcomeShape]
    clusters: Ints
    lots: Ints
    block: Ints
    lasting: bool
    share: float

    @property
    def after(self) -> tuple[str, ...]:
        """Outcomes that the programme may have changed."""
        return tuple(n for n, one in self.outcomes.items() if one.rows.declared.timing == "after")

    def __repr__(self) -> str:
        """Shapes only."""
        return f"TrialShape({len(self.outcomes)} outcomes, {self.clusters.size} assigned)"


def shape_of_trial(frame: RoiFrame) -> TrialShape:
    """Takes the shape of a study's trial.

    Args:
        frame: The return frame of a design that allows effects.
    """
    lasting = frame.section.design == "controlled_before_after"
    timings = ("before", "after") if lasting else ("after",)
    used = {name: rows for name, rows in frame.outcomes.items() if rows.declared.timing in timings}
    clusters, lots, block = _assigned(list(used.values()))
    total = sum(rows.value.size for rows in used.values())
    kept = _part_of(used, clusters, lots, block, frame.seed) if total > MOST_ROWS else clusters
    parts = {name: _stripped(rows, np.isin(rows.cluster, kept)) for name, rows in used.items()}
    chosen = np.isin(clusters, kept)
    part = replace(frame, outcomes=parts, negative_controls=())
    found = {name: _shape_of(rows, lasting=lasting) for name, rows in parts.items()}
    return TrialShape(
        frame=part,
        outcomes=_joined(found, part) if lasting else {name: one for name, (one, _) in found.items()},
        clusters=clusters[chosen],
        lots=lots[chosen],
        block=block[chosen],
        lasting=lasting,
        share=sum(rows.value.size for rows in parts.values()) / total,
    )


def simulate_trial(shape: TrialShape, changes: Mapping[str, float], rng: np.random.Generator) -> RoiFrame:
    """A trial like the study's with other lots and other outcomes.

    Args:
        shape: What it shares with the study's.
        changes: Outcome → what the offer changes, in its unit; others it leaves as they are.
        rng: Source of chance.
    """
    lots = shape.lots.copy()
    for block in np.unique(shape.block):
        own = shape.block == block
        lots[own] = rng.permutation(shape.lots[own])
    common = _lasting(shape, rng) if shape.lasting else None
    outcomes = {}
    for name, one in shape.outcomes.items():
        rows = one.rows
        lot = lots[np.searchsorted(shape.clusters, rows.cluster)]
        timeline = None if rows.timeline is None else replace(rows.timeline, adopted=lot)
        arm = lot > 0 if timeline is None else timeline.time >= lot
        value = _draw(one, changes.get(name, 0.0) * arm.astype(float), rng, common)
        outcomes[name] = replace(rows, value=value, treated=arm, timeline=timeline)
    return replace(shape.frame, outcomes=outcomes)


# codes, increasing, and a standard normal for each
Common = tuple[Ints, Floats]


def _lasting(shape: TrialShape, rng: np.random.Generator) -> tuple[Common, Common]:
    """What units and clusters have in common in every outcome."""
    units = np.unique(np.concatenate([one.rows.unit for one in shape.outcomes.values()]))
    made = [(codes, rng.normal(size=codes.size)) for codes in (units, shape.clusters)]
    return made[0], made[1]


def _draw(
    one: OutcomeShape, change: Floats, rng: np.random.Generator, common: tuple[Common, Common] | None
) -> Floats:
    from scipy import special

    rows = one.rows
    z = np.sqrt(1 - one.in_unit) * rng.normal(size=change.size)
    shares = (one.in_unit - one.in_cluster, one.in_cluster)
    for place, (code, share) in enumerate(zip((rows.unit, rows.cluster), shares, strict=True)):
        if common is None:
            codes = np.unique(code)
            drawn = rng.normal(size=codes.size)
        else:
            codes, drawn = common[place]
        z += np.sqrt(share) * drawn[np.searchsorted(codes, code)]
    level = special.ndtr(z)
    if not one.levels.size:
        return np.asarray(level > 1 - np.clip(one.location + change, 0.0, 1.0), float)
    step = np.minimum((level * one.levels.size).astype(np.int64), one.levels.size - 1)
    return np.asarray(one.location + one.spread * one.levels[step] + change)


def _assigned(outcomes: list[OutcomeRows]) -> tuple[Ints, Ints, Ints]:
    """Everything that was assigned as a whole: code, arm or starting period, block."""
    code = np.concatenate([rows.cluster for rows in outcomes])
    lot = np.concatenate(
        [r.treated.astype(np.int64) if r.timeline is None else r.timeline.adopted for r in outcomes]
    )
    none = [np.zeros(rows.cluster.size, np.int64) for rows in outcomes]
    block = np.concatenate([n if r.block is None else r.block for r, n in zip(outcomes, none, strict=True)])
    clusters, first = np.unique(code, return_index=True)
    return clusters, lot[first], block[first]


def _part_of(outcomes: Mapping[str, OutcomeRows], clusters: Ints, lots: Ints, block: Ints, seed: int) -> Ints:
    """Codes of the part that is simulated: of every block and lot the same share."""
    rng = np.random.default_rng([seed, _SEED])
    n_rows = sum(rows.value.size for rows in outcomes.values())
    share = max(MOST_ROWS / n_rows, min(1.0, _LEAST_CLUSTERS / clusters.size))
    kept = []
    for own in np.unique(np.column_stack([block, lots]), axis=0):
        alike = clusters[(block == own[0]) & (lots == own[1])]
        kept.append(rng.permutation(alike)[: max(2, round(share * alike.size))])
    return np.sort(np.concatenate(kept))


def _stripped(rows: OutcomeRows, chosen: NDArray[np.bool_]) -> OutcomeRows:
    """Some rows, without who they are and what was known of them beside: nothing of it is needed."""
    timeline = rows.timeline
    if timeline is not None:
        timeline = replace(timeline, time=timeline.time[chosen], adopted=timeline.adopted[chosen])
    return replace(
        rows,
        value=rows.value[chosen],
        weight=rows.weight[chosen],
        treated=rows.treated[chosen],
        received=None,
        unit=rows.unit[chosen],
        cluster=rows.cluster[chosen],
        block=None if rows.block is None else rows.block[chosen],
        X=rows.X[chosen],
        assigned=None,
        background=None,
        background_labels=(),
        roster=None,
        timeline=timeline,
    )


def _shape_of(rows: OutcomeRows, *, lasting: bool) -> tuple[OutcomeShape, Floats]:
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
    in_cluster, in_unit = _alike(latent, rows.cluster, rows.unit)
    made = OutcomeShape(
        rows=rows,
        location=location,
        spread=spread,
        levels=levels,
        in_cluster=in_cluster,
        in_unit=in_unit,
    )
    return made, latent


def _joined(found: Mapping[str, tuple[OutcomeShape, Floats]], frame: RoiFrame) -> dict[str, OutcomeShape]:
    """Shapes of values before and after: what a unit has in common is what lasts from one to the other."""
    made = {name: one for name, (one, _) in found.items()}
    for name, (one, latent) in found.items():
        if one.rows.declared.timing != "after":
            continue
        for before in baselines_of(one.rows, frame)[:1]:
            units = np.intersect1d(one.rows.unit, before.unit)
            then, now = (
                unit_means(replace(rows, value=scores), units)
                for rows, scores in ((before, found[before.name][1]), (one.rows, latent))
            )
            lasts = float(np.clip(np.mean(then * now), 0.0, _MOST_ALIKE)) if units.size else 0.0
            for each in (name, before.name):
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


def _alike(latent: Floats, cluster: Ints, unit: Ints) -> tuple[float, float]:
    """Mean product of pairs of rows: of a cluster but not of a unit, and of a unit."""

    def pairs(code: Ints) -> tuple[float, float]:
        _, place = np.unique(code, return_inverse=True)
        size = np.bincount(place).astype(float)
        total = np.bincount(place, weights=latent)
        return float((total**2).sum() - (latent**2).sum()), float((size * (size - 1)).sum())

    of_cluster, of_unit = pairs(cluster), pairs(unit)
    apart = (of_cluster[0] - of_unit[0], of_cluster[1] - of_unit[1])
    in_cluster = apart[0] / apart[1] if apart[1] > 0 else 0.0
    in_unit = of_unit[0] / of_unit[1] if of_unit[1] > 0 else in_cluster
    in_cluster = float(np.clip(in_cluster, 0.0, _MOST_ALIKE))
    return in_cluster, float(np.clip(in_unit, in_cluster, _MOST_ALIKE))
