"""What shorter overtime would change: the people at work at three dates, lived on with it and without.

A policy is in force from the month a cohort is taken on, month after month: what overtime would have come
about in a month, given the months before **as lived under the policy**, is changed as the policy says (the
natural value of treatment: Young, Herrán and Robins 2014). Everything else, the programme's roll-out
included, goes on as in the world, with the same random numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wellperf_models.synth import dynamics
from wellperf_models.synth.calendar import first_day
from wellperf_models.synth.dynamics import CAUSES, Month, Policy, State
from wellperf_models.synth.streams import Streams
from wellperf_models.synth.structure import Structure
from wellperf_models.synth.world import World

WEEKS_A_MONTH = 30.4375 / 7
CAP_HOURS, FEWER_HOURS = 20.0, round(5 * WEEKS_A_MONTH, 2)
COHORT_MONTHS, POLICY_MONTHS = (12, 18, 24), 12
OVERTIME_POLICIES: dict[str, Policy] = {
    "overtime_cap_20_hours": Policy(overtime_cap=CAP_HOURS),
    "overtime_minus_5_weekly_hours": Policy(overtime_reduction=FEWER_HOURS),
}
_AS_IT_IS = "as_it_is"
_OUTCOMES = ("voluntary", "exits", "months")


def tally_policies(
    world: World,
    structure: Structure,
    streams: Streams,
    state: State,
    policies: dict[str, Policy] | None = None,
) -> dict[str, np.ndarray]:
    """Exits and months employed of one block's cohorts, each policy as against none. Changes `state`.

    Args:
        world, structure, streams, state: From `begin`: as the extract's first month begins.
        policies: By name; None: `OVERTIME_POLICIES`.

    Returns:
        Sums over the cohorts: "people", and by policy and for "as_it_is" `NAME.voluntary`, `NAME.exits`
        (people) and `NAME.months` (months employed of the next `POLICY_MONTHS`).
    """
    policies = OVERTIME_POLICIES if policies is None else policies
    dynamics.roll_out(world, structure, streams, state, Policy())
    cohorts: dict[int, State] = {}
    natural: list[Month] = []
    for month in range(COHORT_MONTHS[-1] + POLICY_MONTHS):
        if month in COHORT_MONTHS:
            cohorts[month] = state.copy()
        natural.append(dynamics.advance(world, structure, streams, state, month))
    sums = {f"{name}.{what}": 0.0 for name in (_AS_IT_IS, *policies) for what in _OUTCOMES}
    for begin, cohort in cohorts.items():
        months = range(begin, begin + POLICY_MONTHS)
        courses = {_AS_IT_IS: iter(natural[begin : begin + POLICY_MONTHS])}
        courses |= {
            name: _live_on(world, structure, streams, cohort.copy(), months, policy)
            for name, policy in policies.items()
        }
        for name, course in courses.items():
            for what, value in zip(_OUTCOMES, _follow(world, months, course), strict=True):
                sums[f"{name}.{what}"] += value
    people = float(len(state.team) * len(COHORT_MONTHS))
    return {name: np.array(value) for name, value in sums.items()} | {"people": np.array(people)}


def _live_on(
    world: World, structure: Structure, streams: Streams, state: State, months: range, policy: Policy
) -> Iterator[Month]:
    for month in months:
        yield dynamics.advance(world, structure, streams, state, month, policy)


def _follow(world: World, months: range, course: Iterator[Month]) -> tuple[float, float, float]:
    """Those at work as a month begins, until they leave or time is up; who replaces them is not seen.

    Returns:
        Voluntary exits, exits and months employed.
    """
    here: np.ndarray | None = None
    voluntary = employed = 0.0
    for month, lived in zip(months, course, strict=True):
        here = np.ones(len(lived.cause), dtype=bool) if here is None else here
        leaves = here & (lived.cause >= 0)
        voluntary += float((leaves & (lived.cause == CAUSES.index("voluntary"))).sum())
        day = first_day(world, month)
        # the last day is worked
        worked = (lived.end_day[leaves] + 1 - day) / (first_day(world, month + 1) - day)
        here = here & ~leaves
        employed += float(here.sum()) + float(worked.sum())
    assert here is not None
    return voluntary, float((~here).sum()), employed


def policy_effects(sums: dict[str, np.ndarray]) -> dict[str, float]:
    """What each policy averts per 100 people, and gains per person.

    Args:
        sums: From `tally_policies`, added up.
    """
    names = dict.fromkeys(key.partition(".")[0] for key in sums if "." in key)
    found = {}
    for name in names:
        if name == _AS_IT_IS:
            continue
        changes = {
            what: float((sums[f"{name}.{what}"] - sums[f"{_AS_IT_IS}.{what}"]) / sums["people"])
            for what in _OUTCOMES
        }
        found[f"{name}_voluntary_exits_averted_per_100"] = -100 * changes["voluntary"]
        found[f"{name}_exits_averted_per_100"] = -100 * changes["exits"]
        found[f"{name}_months_gained"] = changes["months"]
    return found
