"""The shape of a study's trial, and trials of that shape whose lots and outcomes are drawn anew.

Kept are who was measured on what, with which weight, in which team and block, and what was known of them
before; of the outcomes aggregates alone (`outcome_shape`). In a roll-out the lots are starting times, and
values move with the periods; where a value before is compared with one after, what lasts about units and
teams is in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.method_check.outcome_shape import OutcomeShape, cells_of, joined, shape_of_outcome
from wellperf_models.roi import OutcomeRows, RoiFrame

# what is found in a part of a large trial is told of the whole by the root of the share
MOST_ROWS: Final = 12_000
_LEAST_CLUSTERS: Final = 60
_SEED: Final = 86


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
    found = {name: shape_of_outcome(rows, lasting=lasting) for name, rows in parts.items()}
    return TrialShape(
        frame=part,
        outcomes=joined(found, part) if lasting else {name: one for name, (one, _) in found.items()},
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
    z = np.sqrt(1 - one.in_unit - one.in_cell + one.in_cluster) * rng.normal(size=change.size)
    if rows.timeline is not None:
        z += np.sqrt(one.in_cell - one.in_cluster) * _each(cells_of(rows), rng)
    shares = (one.in_unit - one.in_cluster, one.in_cluster)
    for place, (code, share) in enumerate(zip((rows.unit, rows.cluster), shares, strict=True)):
        if common is None:
            z += np.sqrt(share) * _each(code, rng)
            continue
        codes, drawn = common[place]
        z += np.sqrt(share) * drawn[np.searchsorted(codes, code)]
    level = special.ndtr(z)
    if not one.levels.size:
        return np.asarray(level > 1 - np.clip(one.location + change, 0.0, 1.0), float)
    step = np.minimum((level * one.levels.size).astype(np.int64), one.levels.size - 1)
    return np.asarray(one.location + one.spread * one.levels[step] + change)


def _each(code: Ints, rng: np.random.Generator) -> Floats:
    """A standard normal for each code, row by row."""
    codes, place = np.unique(code, return_inverse=True)
    return np.asarray(rng.normal(size=codes.size)[place])


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
