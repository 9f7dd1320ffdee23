"""The gate for curves: a step of a survival curve is a person, so only blocks of events are shown."""

from __future__ import annotations

import dataclasses

from wellperf_models.disclosure.rules import Rules, judge_group, round_count
from wellperf_models.evidence import Curve


def release_curve(curve: Curve, rules: Rules) -> tuple[Curve | None, str]:
    """Keeps the points at the ends of blocks of enough events while enough people remain at risk.

    Args:
        curve: Before the gate; point i is the value from x[i] on.
        rules: Thresholds.

    Returns:
        The coarsened curve and "", or None and the reason.
    """
    if rules.in_full:
        return curve, ""
    if reason := judge_group(curve.support, rules):
        return None, reason
    kept: list[int] = []
    block_events: list[int] = []
    # where the curve starts before its first event is not about anybody
    if curve.x and curve.events[0] == 0:
        kept.append(0)
        block_events.append(0)
    running = 0
    for i in range(len(kept), len(curve.x)):
        running += curve.events[i]
        if curve.at_risk[i] - curve.events[i] < rules.min_group_size:
            break
        if running >= rules.curve_block_events:
            kept.append(i)
            block_events.append(running)
            running = 0
    if not any(block_events):
        return (
            None,
            f"fewer than {rules.curve_block_events} events while {rules.min_group_size} people remain",
        )

    def pick(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(values[i] for i in kept)

    support = dataclasses.replace(curve.support, n_people=round_count(curve.support.n_people, rules))
    return (
        dataclasses.replace(
            curve,
            x=pick(curve.x),
            y=pick(curve.y),
            low=pick(curve.low),
            high=pick(curve.high),
            at_risk=tuple(round_count(curve.at_risk[i], rules) for i in kept),
            events=tuple(round_count(n, rules) for n in block_events),
            support=support,
        ),
        "",
    )
