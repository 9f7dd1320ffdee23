"""A whole synthetic organisation as the declared tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import polars as pl

from wellperf_models.errors import DesignError
from wellperf_models.synth.appraisal import build_performance, build_ratings
from wellperf_models.synth.measures import build_absences, surveys_of, waves, workload_of
from wellperf_models.synth.path import Path, blocks_of, live_block
from wellperf_models.synth.programmes import build_costs, build_outcomes, build_programmes
from wellperf_models.synth.staffing import build_assignments, build_consent, build_people, build_spells
from wellperf_models.synth.world import World

# 36 months of 200,000 people in memory is about what a laptop holds
_MOST_PEOPLE = 200_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class SyntheticOrganisation:
    """An extract of a simulated organisation.

    Attributes:
        tables: Declared name → frame with exactly the declared columns.
        world: The parameters it was simulated from.
        seed: The seed.
    """

    tables: dict[str, pl.DataFrame]
    world: World
    seed: int

    def __repr__(self) -> str:
        """Shapes only."""
        shapes = ", ".join(f"{name} {frame.height}" for name, frame in self.tables.items())
        return f"SyntheticOrganisation({self.world!r}, seed {self.seed}; rows: {shapes})"

    __str__ = __repr__


def _workload(path: Path) -> pl.DataFrame:
    return pl.concat([workload_of(path, month) for month in range(path.world.months)])


def _surveys(path: Path) -> pl.DataFrame:
    return pl.concat([surveys_of(path, month) for month in waves(path)])


# every table that is an extract of one block; costs are the organisation's
BUILDERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "people": build_people,
    "assignments": build_assignments,
    "spells": build_spells,
    "workload": _workload,
    "surveys": _surveys,
    "performance": build_performance,
    "ratings": build_ratings,
    "absences": build_absences,
    "outcomes": build_outcomes,
    "programmes": build_programmes,
    "consent": build_consent,
}


def generate(world: World, seed: int) -> SyntheticOrganisation:
    """Simulates an organisation and extracts every declared table.

    Args:
        world: The true parameters.
        seed: The one seed; the same one gives the same tables.

    Returns:
        The tables. Everyone in `spells` is in `people`; who left before `world.observed_from` is in none.

    Raises:
        DesignError: Too large to hold in memory; `write_million` streams such a one to Parquet.
    """
    if world.people > _MOST_PEOPLE:
        raise DesignError(
            "This organisation is too large to hold in memory.",
            expected=f"at most {_MOST_PEOPLE:,} people",
            got=f"{world.people:,}",
            where="generate",
            remedy="use write_million, which streams it to Parquet",
        )
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in BUILDERS}
    for block, posts in enumerate(blocks_of(world)):
        path = live_block(world, seed, block, posts)
        for name, build in BUILDERS.items():
            parts[name].append(build(path))
    tables = {name: pl.concat(frames, rechunk=True) for name, frames in parts.items()}
    started = tables["programmes"].group_by("start").len().sort("start")
    tables["costs"] = build_costs(world, dict(zip(started["start"], started["len"], strict=True)))
    if not world.consent_refusal and not world.consent_withdrawal:
        del tables["consent"]
    return SyntheticOrganisation(tables=tables, world=world, seed=seed)
