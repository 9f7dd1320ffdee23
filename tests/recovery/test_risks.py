"""Foretold exits are calibrated forward in time in simulated organisations, and the judge notices when not.

A short form of `python -m tests.recovery.risks --worlds 100`.
"""

from __future__ import annotations

import dataclasses

import pytest

from tests.recovery.risks import SLOPES, estimate, judge
from tests.recovery.worlds import Found, variant_of

WORLDS = 2


@pytest.fixture(scope="module")
def worlds() -> list[dict[str, Found]]:
    world = dataclasses.replace(variant_of(""), people=600)
    return [estimate(world, seed) for seed in range(500, 500 + WORLDS)]


def test_as_many_leave_as_were_foretold(worlds: list[dict[str, Found]]) -> None:
    lines = {line.name: line for line in judge(worlds, null=False)}
    assert all(line.passed for line in lines.values())
    assert {"log_ratio_any", "log_ratio_voluntary", "slope_any", "auc_gain_any"} <= set(lines)
    assert abs(lines["log_ratio_any"].mean) < 3 * lines["log_ratio_any"].error


def test_totals_that_are_off_and_slopes_out_of_range_would_be_noticed(worlds: list[dict[str, Found]]) -> None:
    wrong = []
    for number, world in enumerate(worlds * 6):
        ratio, slope = world["log_ratio_any"], 0.4 + 0.01 * number
        off = dataclasses.replace(ratio, low=0.1, high=0.4)
        flat = Found(value=slope, error=0.1, low=slope - 0.2, high=slope + 0.2)
        wrong.append(world | {"log_ratio_any": off, "slope_any": flat})
    failed = {line.name for line in judge(wrong, null=False) if not line.passed}
    assert {"log_ratio_any", "slope_any"} <= failed
    assert SLOPES == (0.8, 1.3)
    gain = Found(value=0.02, error=0.005, low=0.01, high=0.03)
    null = [world | {"auc_gain_any": gain} for world in worlds * 6]
    assert "auc_gain_any" in {line.name for line in judge(null, null=True) if not line.passed}
