"""The lived months of one block, recorded: what every table is an extract of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wellperf_models.synth import dynamics
from wellperf_models.synth.calendar import first_days
from wellperf_models.synth.dynamics import NEVER, Policy, State
from wellperf_models.synth.streams import Floats, Ints, Mechanism, Streams
from wellperf_models.synth.structure import Structure, build_structure
from wellperf_models.synth.world import World


@dataclass(frozen=True, kw_only=True)
class Register:
    """Everyone who was employed during the extract; arrays over people, in the order of their numbers.

    Attributes:
        hire_day, end_day: Days since 1970; end_day is NEVER for those still employed.
        cause: Place in CAUSES, −1 while employed.
        gender, birth_year, temporary, fte: As in `State`.
        team: First team in the extract. quality: As a manager, standard normal.
    """

    hire_day: Ints
    end_day: Ints
    cause: Ints
    gender: Ints
    birth_year: Ints
    temporary: Ints
    fte: Floats
    team: Ints
    quality: Floats


# the tables a person can refuse or withdraw
STREAMS = ("surveys", "workload", "performance", "ratings", "absences")


@dataclass(frozen=True, kw_only=True, eq=False)
class Path:
    """One block's extract. Arrays are (months, posts) unless said otherwise.

    The first four have one row more: how the first day after the extract would find the posts.

    Attributes:
        first_day: First day of each month and of the one after the extract, (months + 1,).
        person, team: Who holds the post, where. manager, secondary: Person numbers; −1 for none.
        exhaustion: As the month begins. overtime, performance: Of the month.
        ended: True in the month the person leaves.
        starts: Month each team's programme starts, (teams,).
        register: The people.
    """

    world: World
    structure: Structure
    streams: Streams
    first_day: Ints
    person: Ints
    team: Ints
    manager: Ints
    secondary: Ints
    exhaustion: Floats
    overtime: Floats
    performance: Floats
    ended: np.ndarray
    starts: Ints
    register: Register

    @cached_property
    def consent_days(self) -> tuple[Ints, Ints]:
        """First and last day of each consent, both (streams, people); who refuses has NEVER as first."""
        rng = self.streams.of(Mechanism.CONSENT)
        shape = (len(STREAMS), len(self.register.hire_day))
        begin = np.broadcast_to(np.maximum(self.register.hire_day, self.first_day[0]), shape)
        refused = rng.random(shape) < self.world.consent_refusal
        withdrawn = rng.random(shape) < self.world.consent_withdrawal
        # someone hired in the extract's very last days may not withdraw before they began
        until = begin + np.floor(rng.random(shape) * np.maximum(0, self.first_day[-1] - begin)).astype(
            np.int64
        )
        return np.where(refused, NEVER, begin), np.where(withdrawn, until, NEVER)

    def consented(self, stream: str, person: Ints, day: Ints | int) -> np.ndarray:
        """True where a person agrees to a stream on a day; `person` and `day` of one shape, or one day."""
        if self.world.consent_refusal == 0 and self.world.consent_withdrawal == 0:
            return np.ones(person.shape, dtype=bool)
        begin, until = (days[STREAMS.index(stream)] for days in self.consent_days)
        return (day >= begin[person]) & (day <= until[person])


def blocks_of(world: World) -> list[int]:
    """Posts of each block; independent of one another."""
    whole, rest = divmod(world.people, world.block_people)
    # a rest too small to be an organisation joins the block before
    if whole and rest < 20 * world.departments:
        return [world.block_people] * (whole - 1) + [world.block_people + rest]
    return [world.block_people] * whole + ([rest] if rest else [])


def begin(world: World, seed: int, block: int, posts: int) -> tuple[Structure, Streams, State]:
    """A block that has lived its history and stands at the extract's first month."""
    streams = Streams(seed, block)
    structure = build_structure(world, streams, posts, block)
    state = dynamics.start(world, structure, streams)
    for month in range(-world.history_months, 0):
        dynamics.advance(world, structure, streams, state, month)
    dynamics.register(state)
    return structure, streams, state


def live_block(world: World, seed: int, block: int, posts: int) -> Path:
    """Lives one block's history and extract and records the extract.

    Args:
        world: The parameters.
        seed: The one seed.
        block: Number of the block. posts: Its size.
    """
    return record(world, *begin(world, seed, block, posts))


def record(
    world: World, structure: Structure, streams: Streams, state: State, policy: Policy | None = None
) -> Path:
    """Lives the extract from its first month. Changes `state`.

    Args:
        world, structure, streams, state: From `begin`.
        policy: None: the programme as the world rolls it out.
    """
    policy, posts = policy or Policy(), len(state.team)
    dynamics.roll_out(world, structure, streams, state, policy)
    shape = (world.months, posts)
    ints = {
        name: np.empty((world.months + 1, posts), dtype=np.int64)
        for name in ("person", "team", "manager", "secondary")
    }
    floats: dict[str, Floats] = {name: np.empty(shape) for name in ("exhaustion", "overtime", "performance")}
    ended = np.zeros(shape, dtype=bool)
    people = _People(state)
    for month in range(world.months):
        person, team_lead = state.person.copy(), state.lead.copy()
        lived = dynamics.advance(world, structure, streams, state, month, policy)
        _note(ints, month, structure, state, person, team_lead, lived.manager)
        floats["exhaustion"][month] = lived.exhaustion
        floats["overtime"][month], floats["performance"][month] = lived.overtime, lived.performance
        ended[month] = lived.cause >= 0
        people.leave(person, lived)
        people.join(state, np.flatnonzero(ended[month]))
    _note(ints, world.months, structure, state, state.person, state.lead, dynamics.managers(structure, state))
    ints["secondary"][ints["secondary"] == ints["manager"]] = -1
    ints["secondary"][ints["secondary"] == ints["person"]] = -1
    return Path(
        world=world, structure=structure, streams=streams, first_day=first_days(world),
        person=ints["person"], team=ints["team"], manager=ints["manager"], secondary=ints["secondary"],
        exhaustion=floats["exhaustion"], overtime=floats["overtime"], performance=floats["performance"],
        ended=ended, starts=state.starts.copy(), register=people.register(),
    )  # fmt: skip


def _note(
    ints: dict[str, Ints],
    month: int,
    structure: Structure,
    state: State,
    person: Ints,
    lead: Ints,
    manager: Ints,
) -> None:
    """Writes down who holds each post, and the people above them, as a month begins."""
    other = structure.secondary[state.team]
    ints["person"][month], ints["team"][month] = person, state.team
    ints["manager"][month] = np.where(manager >= 0, person[manager], -1)
    ints["secondary"][month] = np.where(other >= 0, person[lead[other]], -1)


class _People:
    """Collects the register while the months are lived."""

    def __init__(self, state: State) -> None:
        self._parts: list[dict[str, np.ndarray]] = []
        self._left: list[tuple[Ints, Ints, Ints]] = []
        self.join(state, np.arange(len(state.team)))

    def join(self, state: State, posts: Ints) -> None:
        names = ("hire_day", "gender", "birth_year", "temporary", "fte", "team", "quality")
        self._parts.append({name: getattr(state, name)[posts] for name in names})

    def leave(self, person: Ints, lived: dynamics.Month) -> None:
        posts = np.flatnonzero(lived.cause >= 0)
        self._left.append((person[posts], lived.end_day[posts], lived.cause[posts]))

    def register(self) -> Register:
        columns = {name: np.concatenate([part[name] for part in self._parts]) for name in self._parts[0]}
        n = len(columns["hire_day"])
        end_day, cause = np.full(n, NEVER), np.full(n, -1)
        for person, day, why in self._left:
            end_day[person], cause[person] = day, why
        return Register(end_day=end_day, cause=cause, **columns)
