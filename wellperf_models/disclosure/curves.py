"""The gate for curves: a step of a survival curve is a person, so only blocks of events are shown."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence

from wellperf_models.disclosure.rules import Rules, judge_group, judge_model, round_count
from wellperf_models.evidence import Area, Curve, Estimate, Support

_DECIMALS = 3


def release_curve(curve: Curve, rules: Rules) -> tuple[Curve | None, str]:
    """Keeps the points at the ends of blocks of enough events while enough people remain at risk.

    A curve whose support holds its events is judged like an estimate read off it: a value that is refused
    as an estimate must not be had from the curve.

    Args:
        curve: Before the gate; point i is the value from x[i] on.
        rules: Thresholds.

    Returns:
        The coarsened curve and "", or None and the reason.
    """
    if rules.in_full:
        return dataclasses.replace(curve, block_ends=None), ""
    reason = judge_group(curve.support, rules)
    if reason is None and curve.support.n_events is not None:
        reason = judge_model(curve.support, rules)
    if reason:
        return None, reason
    kept, block_events = _blocks(curve, rules)
    if not any(block_events):
        return (
            None,
            f"fewer than {rules.curve_block_events} events while {rules.min_group_size} people remain",
        )

    def pick(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(values[i] for i in kept)

    support = Support(n_people=round_count(curve.support.n_people, rules))
    return (
        dataclasses.replace(
            curve,
            # the exact x is one person's; the value holds to the end of its unit
            x=tuple(float(math.ceil(v)) for v in pick(curve.x)),
            y=_cut(pick(curve.y)),
            low=_cut(pick(curve.low)),
            high=_cut(pick(curve.high)),
            at_risk=tuple(round_count(curve.at_risk[i], rules) for i in kept),
            events=tuple(round_count(n, rules) for n in block_events),
            block_ends=None,
            support=support,
        ),
        "",
    )


def _cut(values: Sequence[float]) -> tuple[float, ...]:
    """To three decimals: finer ones could tell how many people stand behind a step."""
    return tuple(round(v, _DECIMALS) for v in values)


def last_of_unit(x: Sequence[float]) -> list[bool]:
    """Which points are the last before the end of their whole unit of x (a month).

    Only there may a block end: shown at the end of the unit, its value is exact and its x is nobody's.

    Args:
        x: Increasing positions.
    """
    units = [math.ceil(v) for v in x]
    return [i + 1 == len(units) or units[i + 1] > unit for i, unit in enumerate(units)]


def _blocks(curve: Curve, rules: Rules) -> tuple[list[int], list[int]]:
    """Points at the ends of blocks, and the events in each block."""
    kept: list[int] = []
    block_events: list[int] = []
    # where the curve starts before its first event is not about anybody
    if curve.x and curve.events[0] == 0:
        kept.append(0)
        block_events.append(0)
    running = 0
    last = last_of_unit(curve.x)
    for i in range(len(kept), len(curve.x)):
        running += curve.events[i]
        if curve.at_risk[i] - curve.events[i] < rules.min_group_size:
            break
        allowed = last[i] and (curve.block_ends is None or curve.block_ends[i])
        if allowed and running >= rules.curve_block_events:
            kept.append(i)
            block_events.append(running)
            running = 0
    return kept, block_events


def area_under(area: Area, curves: Sequence[Curve], estimates: Mapping[str, Estimate]) -> float | None:
    """Area under a released curve, by straight lines between its points.

    A step of a released curve stands for a block of exits that were spread over the time before it: straight
    lines give the area that steps would overstate.

    Args:
        area: Under which curve, from where to where.
        curves: Released ones.
        estimates: Released ones, by name; one of them is the curve's value at the end.

    Returns:
        The area; None where the curve or its value at the end is not released.
    """
    curve = next((c for c in curves if c.name == area.curve and not c.group), None)
    last = estimates.get(area.at_end)
    if curve is None or last is None or not curve.x or curve.x[0] > area.start:
        return None
    points = [(x, y) for x, y in zip(curve.x, curve.y, strict=True) if x < area.end]
    points.append((area.end, last.value))
    pairs = itertools.pairwise(points)
    return sum((right - left) * (one + other) / 2 for (left, one), (right, other) in pairs)
