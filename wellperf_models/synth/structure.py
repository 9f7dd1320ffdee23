"""What stays: teams, departments, sites, and what a team does to its people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.synth.streams import Floats, Ints, Mechanism, Streams
from wellperf_models.synth.world import World

DEPARTMENTS = (
    "Engineering",
    "Sales",
    "Customer service",
    "Operations",
    "Finance",
    "Research",
    "Logistics",
    "People and law",
)
SITES = ("North", "South", "Harbour", "East", "West", "Airport", "Centre", "Hill")
FAMILIES = ("technical", "commercial", "service", "operations", "administration")
# job family of the department of the same place in DEPARTMENTS
_FAMILY_OF = (0, 1, 2, 3, 4, 0, 3, 4)


@dataclass(frozen=True, kw_only=True)
class Structure:
    """Teams of one block. Arrays over teams are length n_teams, `team` is length n_posts.

    Attributes:
        team: Team each post starts in.
        department, site: Of each team.
        head_team: Of each department: the team whose lead heads it.
        secondary: Of each team: the team whose lead is its secondary manager; −1 for none.
        family: Of each department, into FAMILIES.
        exhaustion, overtime, performance, voluntary: Team effects in the units of `World`.
    """

    block: int
    team: Ints
    department: Ints
    site: Ints
    head_team: Ints
    secondary: Ints
    family: Ints
    exhaustion: Floats
    overtime: Floats
    performance: Floats
    voluntary: Floats

    @property
    def n_teams(self) -> int:
        """Number of teams."""
        return len(self.department)


def build_structure(world: World, streams: Streams, posts: int, block: int = 0) -> Structure:
    """Draws the teams of one block of `posts` posts."""
    rng = streams.of(Mechanism.TEAMS)
    n_teams = max(world.departments, round(posts / world.team_size))
    # sizes differ by up to a half; every team has at least one post
    weights = rng.uniform(0.5, 1.5, n_teams)
    cuts = np.floor(np.cumsum(weights) / weights.sum() * (posts - n_teams) + 1e-9).astype(np.int64)
    sizes = np.diff(cuts, prepend=0) + 1
    sizes[-1] += posts - sizes.sum()
    department = np.arange(n_teams) * world.departments // n_teams
    home = rng.integers(0, world.sites, world.departments)
    away = rng.random(n_teams) < 0.25
    site = np.where(away, rng.integers(0, world.sites, n_teams), home[department])
    matrix = rng.random(n_teams) < world.matrix_share
    other = (np.arange(n_teams) + rng.integers(1, max(2, n_teams), n_teams)) % n_teams
    return Structure(
        block=block,
        team=np.repeat(np.arange(n_teams), sizes),
        department=department,
        site=site,
        head_team=np.searchsorted(department, np.arange(world.departments)),
        secondary=np.where(matrix, other, -1),
        family=np.array([_FAMILY_OF[d % len(_FAMILY_OF)] for d in range(world.departments)]),
        exhaustion=world.exhaustion_team_sd * rng.standard_normal(n_teams),
        overtime=world.overtime_team_sd * rng.standard_normal(n_teams),
        performance=world.performance_team_sd * rng.standard_normal(n_teams),
        voluntary=world.voluntary_team_sd * rng.standard_normal(n_teams),
    )


def department_names(structure: Structure, departments: int) -> list[str]:
    """Readable, distinct over all blocks."""
    names = []
    for d in range(departments):
        turn = structure.block * -(-departments // len(DEPARTMENTS)) + d // len(DEPARTMENTS)
        names.append(DEPARTMENTS[d % len(DEPARTMENTS)] + (f" {turn + 1}" if turn else ""))
    return names


def team_names(structure: Structure) -> list[str]:
    """`T` and a number, distinct over all blocks."""
    return [
        f"T{structure.block:02d}{k:04d}" if structure.block else f"T{k:04d}" for k in range(structure.n_teams)
    ]
