"""One month of the causal world, for all posts of a block at once."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wellperf_models.synth.calendar import DAYS_A_MONTH, first_day, month_of_year, year_of
from wellperf_models.synth.streams import Floats, Ints, Mechanism, Streams
from wellperf_models.synth.structure import Structure
from wellperf_models.synth.world import World

CAUSES = ("voluntary", "involuntary", "other")
NEVER = 10**9
_RETIREMENT_AGE, _LAST_AGE = 64, 68


@dataclass(frozen=True, kw_only=True)
class Policy:
    """An intervention, in force from the extract's first month.

    Attributes:
        programme: As the world rolls it out, in no team, or in every team from the first month.
        overtime_reduction: Hours a month taken off what overtime would have been, at most down to 0.
        overtime_cap: Most hours of overtime a month; None: no cap.
    """

    programme: Literal["as_rolled_out", "none", "all"] = "as_rolled_out"
    overtime_reduction: float = 0.0
    overtime_cap: float | None = None


@dataclass(kw_only=True)
class State:
    """Who holds each post as a month begins, and how they are. Arrays are over posts, `lead` over teams.

    Attributes:
        person: Number of the person in the block's register; −1 in the history.
        team, hire_day: Where, since when (days since 1970).
        exhaustion, overtime, performance: Values of the month before.
        exhaustion_own, overtime_own, performance_own, quality, confounder: Traits.
        gender: 0 man, 1 woman, 2 other. birth_year. temporary: 0 or 1. fte.
        lead: Post that leads each team.
        starts: Month each team's programme starts; set at the extract's first month.
        next_person: Number the next hire gets.
    """

    person: Ints
    team: Ints
    hire_day: Ints
    exhaustion: Floats
    overtime: Floats
    performance: Floats
    exhaustion_own: Floats
    overtime_own: Floats
    performance_own: Floats
    quality: Floats
    confounder: Floats
    gender: Ints
    birth_year: Ints
    temporary: Ints
    fte: Floats
    lead: Ints
    starts: Ints
    next_person: int = 0

    def copy(self) -> State:
        """A state of its own, to branch from."""
        return copy.deepcopy(self)


@dataclass(frozen=True, kw_only=True)
class Month:
    """What happened in a month; arrays over posts.

    Attributes:
        exhaustion, overtime_before: As the month began. overtime, performance: During the month.
        cause: −1 stayed, else place in CAUSES. end_day: Last day of those who left, else NEVER.
        manager: Post of the manager; −1 for the head.
    """

    exhaustion: Floats
    overtime_before: Floats
    overtime: Floats
    performance: Floats
    cause: Ints
    end_day: Ints
    manager: Ints


def start(world: World, structure: Structure, streams: Streams) -> State:
    """The block at the beginning of its history: tenure as a long-standing firm would have it."""
    n, month = len(structure.team), -world.history_months
    empty, zeros = np.zeros(n), np.zeros(n, dtype=np.int64)
    state = State(
        person=np.full(n, -1), team=structure.team.copy(), hire_day=zeros.copy(),
        exhaustion=empty.copy(), overtime=empty.copy(), performance=empty.copy(),
        exhaustion_own=empty.copy(), overtime_own=empty.copy(), performance_own=empty.copy(),
        quality=empty.copy(), confounder=empty.copy(),
        gender=zeros.copy(), birth_year=zeros.copy(), temporary=zeros.copy(), fte=np.ones(n),
        lead=np.searchsorted(structure.team, np.arange(structure.n_teams)),
        starts=np.full(structure.n_teams, NEVER),
    )  # fmt: skip
    hire(world, structure, streams, state, np.arange(n), month - 1)
    # exits of about a sixth a year that become rarer with tenure: more long tenures than an exponential has
    years = streams.of(Mechanism.TENURE).weibull(0.85, n) * 5.5
    age = year_of(world, month) - state.birth_year
    years = np.minimum(years, np.maximum(0.5, 0.75 * (_RETIREMENT_AGE - age)))
    state.hire_day -= np.floor(years * 12 * DAYS_A_MONTH).astype(np.int64)
    state.birth_year -= np.floor(years).astype(np.int64)
    return state


def hire(world: World, structure: Structure, streams: Streams, state: State, posts: Ints, month: int) -> None:
    """Fills posts for the month after `month`; half start on its first day, others up to 27 days before."""

    def uniform(part: int) -> Floats:
        return streams.sparse_uniform(Mechanism.HIRES, month, part, posts)

    def normal(part: int) -> Floats:
        return streams.sparse_normal(Mechanism.HIRES, month, part, posts)

    early = uniform(0)
    days_early = np.where(early < 0.5, 0, np.ceil((early - 0.5) * 2 * 27)).astype(np.int64)
    state.hire_day[posts] = first_day(world, month + 1) - days_early
    state.exhaustion_own[posts] = world.exhaustion_person_sd * normal(1)
    state.overtime_own[posts] = world.overtime_person_sd * normal(3)
    state.performance_own[posts] = world.performance_person_sd * normal(5)
    state.quality[posts] = normal(7)
    state.confounder[posts] = normal(9)
    gender, kind = uniform(11), uniform(12)
    state.gender[posts] = np.where(gender < world.women_share, 1, np.where(gender > 0.99, 2, 0))
    state.birth_year[posts] = year_of(world, month + 1) - np.floor(20 + 32 * uniform(13) ** 1.6).astype(
        np.int64
    )
    state.temporary[posts] = (uniform(14) < world.temporary_share).astype(np.int64)
    state.fte[posts] = np.where(
        kind < world.part_time_share, np.where(kind * 2 < world.part_time_share, 0.5, 0.8), 1.0
    )
    teams = state.team[posts]
    state.exhaustion[posts] = np.clip(
        world.exhaustion_mean + state.exhaustion_own[posts] + structure.exhaustion[teams]
        - world.exhaustion_honeymoon + world.confounder_on_exhaustion * state.confounder[posts], 0.0, 6.0
    )  # fmt: skip
    state.overtime[posts] = np.maximum(
        0.0, world.overtime_mean + state.overtime_own[posts] + structure.overtime[teams]
    )
    state.performance[posts] = state.performance_own[posts] + structure.performance[teams]
    if state.next_person > 0:
        state.person[posts] = state.next_person + np.arange(len(posts))
        state.next_person += len(posts)


def register(state: State) -> None:
    """Numbers the people who hold a post as the extract begins."""
    state.person = np.arange(len(state.team))
    state.next_person = len(state.team)


def managers(structure: Structure, state: State) -> Ints:
    """Post of each post's manager: team's lead; of leads, department's head; of heads, first team's lead."""
    posts = np.arange(len(state.team))
    manager = state.lead[state.team]
    own = manager == posts
    manager[own] = state.lead[structure.head_team[structure.department[state.team[own]]]]
    own = manager == posts
    manager[own] = state.lead[0]
    manager[manager == posts] = -1
    return manager


def roll_out(world: World, structure: Structure, streams: Streams, state: State, policy: Policy) -> None:
    """Decides when each team's programme starts: a third first, a third later, a third never."""
    if policy.programme != "as_rolled_out":
        state.starts[:] = 0 if policy.programme == "all" else NEVER
        return
    score = streams.of(Mechanism.ROLLOUT).standard_normal(structure.n_teams)
    if world.programme_assignment == "self_selected":
        # tired teams, and teams whose lead cares, ask for it first
        size = np.maximum(1, np.bincount(state.team, minlength=structure.n_teams))
        mean = np.bincount(state.team, state.exhaustion, structure.n_teams) / size
        score = (
            1.2 * (mean - mean.mean()) / max(float(mean.std()), 1e-12)
            + 0.7 * state.quality[state.lead]
            + 0.7 * score
        )
    rank = np.argsort(np.argsort(-score, kind="stable"), kind="stable")
    first, second = world.programme_starts
    n = structure.n_teams
    state.starts[:] = np.where(rank < n // 3, first, np.where(rank < 2 * (n // 3), second, NEVER))


def advance(
    world: World,
    structure: Structure,
    streams: Streams,
    state: State,
    month: int,
    policy: Policy | None = None,
) -> Month:
    """Lives one month: moves, exits, workload and exhaustion, new leads and hires. Changes `state`.

    Args:
        month: Counted from the extract's first; history is negative.
        policy: The intervention; none in the history.

    Returns:
        What happened.
    """
    _move(world, structure, streams, state, month)
    manager = managers(structure, state)
    quality = np.where(manager >= 0, state.quality[manager], 0.0)
    cause, end_day = _exits(world, structure, streams, state, month)
    exhaustion, overtime_before = state.exhaustion, state.overtime
    _live(world, structure, streams, state, month, quality, policy)
    happened = Month(
        exhaustion=exhaustion, overtime_before=overtime_before, overtime=state.overtime.copy(),
        performance=state.performance.copy(), cause=cause, end_day=end_day, manager=manager,
    )  # fmt: skip
    left = np.flatnonzero(cause >= 0)
    _succeed(state, left)
    hire(world, structure, streams, state, left, month)
    return happened


def _move(world: World, structure: Structure, streams: Streams, state: State, month: int) -> None:
    """Some people change team within their department; leads stay."""
    rng = streams.of(Mechanism.MOVES, month)
    moves = rng.random(len(state.team)) < world.move_rate_month
    moves[state.lead] = False
    posts = np.flatnonzero(moves)
    department = structure.department[state.team[posts]]
    first = structure.head_team[department]
    size = np.bincount(structure.department, minlength=world.departments)[department]
    where = streams.sparse_uniform(Mechanism.MOVES, month, 1, posts)
    state.team[posts] = first + np.floor(where * size).astype(np.int64)


def _exits(
    world: World, structure: Structure, streams: Streams, state: State, month: int
) -> tuple[Ints, Ints]:
    """Competing causes with hazards constant within the month: the earliest of three exponential times."""
    n, begin = len(state.team), first_day(world, month)
    days = first_day(world, month + 1) - begin
    tenure = np.log((np.maximum(0, begin - state.hire_day) / DAYS_A_MONTH + 6.0) / 36.0)
    age = year_of(world, month) - state.birth_year
    log_hazards = (
        np.log(world.voluntary_rate_year / 12) + world.voluntary_tenure * tenure
        + structure.voluntary[state.team]
        + world.exhaustion_on_voluntary * (state.exhaustion - world.exhaustion_mean)
        + world.overtime_on_voluntary * (state.overtime - world.overtime_mean)
        + world.confounder_on_voluntary * state.confounder,
        np.log(world.involuntary_rate_year / 12) + world.involuntary_tenure * tenure
        + world.performance_on_involuntary * state.performance,
        np.log(world.other_rate_year / 12) + world.other_tenure * tenure
        + world.temporary_on_other * state.temporary + np.where(age >= _RETIREMENT_AGE, 3.0, 0.0)
        + np.where(age >= _LAST_AGE, 3.0, 0.0),
    )  # fmt: skip
    time, cause = np.ones(n), np.full(n, -1)
    for k, mechanism in enumerate((Mechanism.VOLUNTARY, Mechanism.INVOLUNTARY, Mechanism.OTHER)):
        when = streams.of(mechanism, month).standard_exponential(n) * np.exp(-log_hazards[k])
        sooner = when < time
        time[sooner] = when[sooner]
        cause[sooner] = k
    # a hire's first day at risk is the first of a month, so the last day is never before the first
    end_day = np.where(cause >= 0, begin + np.floor(time * days).astype(np.int64), NEVER)
    return cause, end_day


def _live(
    world: World, structure: Structure, streams: Streams, state: State, month: int, quality: Floats,
    policy: Policy | None,
) -> None:  # fmt: skip
    """Overtime, exhaustion and performance of the month, each from the month before."""
    n, team = len(state.team), state.team
    angle = 2 * np.pi * month_of_year(world, month) / 12
    tired = state.exhaustion - world.exhaustion_mean
    overtime_mean = (
        world.overtime_mean + state.overtime_own + structure.overtime[team]
        + world.quality_on_overtime * quality + world.overtime_season * np.cos(angle - 5.5)
    )  # fmt: skip
    exhaustion_mean = (
        world.exhaustion_mean + state.exhaustion_own + structure.exhaustion[team]
        + world.quality_on_exhaustion * quality + world.confounder_on_exhaustion * state.confounder
        + world.exhaustion_season * np.cos(angle)
        + world.programme_on_exhaustion * (state.starts[team] <= month)
    )  # fmt: skip
    overtime = (
        overtime_mean + world.overtime_memory * (state.overtime - overtime_mean)
        + world.exhaustion_on_overtime * tired
        + world.overtime_noise_sd * streams.of(Mechanism.OVERTIME, month).standard_normal(n)
    )  # fmt: skip
    if policy is not None:
        overtime = overtime - policy.overtime_reduction
        if policy.overtime_cap is not None:
            overtime = np.minimum(overtime, policy.overtime_cap)
    exhaustion = (
        exhaustion_mean + world.exhaustion_memory * (state.exhaustion - exhaustion_mean)
        + world.overtime_on_exhaustion * (state.overtime - world.overtime_mean)
        + world.exhaustion_noise_sd * streams.of(Mechanism.EXHAUSTION, month).standard_normal(n)
    )  # fmt: skip
    state.performance = (
        state.performance_own + structure.performance[team] + world.quality_on_performance * quality
        + world.exhaustion_on_performance * tired
        + world.performance_noise_sd * streams.of(Mechanism.PERFORMANCE, month).standard_normal(n)
    )  # fmt: skip
    state.overtime = np.maximum(0.0, overtime)
    state.exhaustion = np.clip(exhaustion, 0.0, 6.0)


def _succeed(state: State, left: Ints) -> None:
    """Where a lead left, the longest-serving colleague who stayed takes over."""
    gone = np.zeros(len(state.team), dtype=bool)
    gone[left] = True
    vacant = gone[state.lead]
    if not vacant.any():
        return
    posts = np.flatnonzero(~gone & vacant[state.team])
    posts = posts[np.lexsort((posts, state.hire_day[posts], state.team[posts]))]
    teams, first = np.unique(state.team[posts], return_index=True)
    state.lead[teams] = posts[first]
