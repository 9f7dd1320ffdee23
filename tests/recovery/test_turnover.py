"""The turnover estimates find the truth of simulated organisations, and nothing where there is nothing.

A short form of `python -m tests.recovery --worlds 200`.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from tests.recovery.worlds import Found, committed_truth, estimate, judge, variant_of
from wellperf_models.synth import PRESETS

WORLDS, NULL_WORLDS = 12, 16


@pytest.fixture(scope="module")
def recovered() -> list[dict[str, Found]]:
    return [estimate(variant_of(""), seed) for seed in range(100, 100 + WORLDS)]


def test_the_committed_truth_is_that_of_this_world() -> None:
    world, _, _ = committed_truth()
    assert dataclasses.replace(world, name="default") == PRESETS["default"]


def test_truth_is_recovered(recovered: list[dict[str, Found]]) -> None:
    _, truth, own = committed_truth()
    rows = judge(recovered, truth, own)
    assert {"survival_24_months", "log_hazard_ratio_exhaustion_voluntary"} <= {r.name for r in rows}
    assert [r for r in rows if r.bias_p < 0.01] == []
    assert [r for r in rows if r.coverage_p < 0.01] == []


def test_a_biased_estimate_would_be_noticed(recovered: list[dict[str, Found]]) -> None:
    _, truth, own = committed_truth()
    # what ignoring delayed entry, or a wrong effect, would do
    wrong = truth | {
        "survival_24_months": truth["survival_24_months"] + 0.06,
        "log_hazard_ratio_exhaustion_voluntary": 0.0,
    }
    noticed = {r.name for r in judge(recovered, wrong, own) if r.bias_p < 0.01}
    assert noticed == {"survival_24_months", "log_hazard_ratio_exhaustion_voluntary"}


def _significant(worlds: list[dict[str, Found]], name: str) -> int:
    return int(np.sum([not w[name].low <= 0 <= w[name].high for w in worlds]))


def test_nothing_is_found_where_there_is_nothing(recovered: list[dict[str, Found]]) -> None:
    world = dataclasses.replace(variant_of("null"), people=800)
    worlds = [estimate(world, seed) for seed in range(300, 300 + NULL_WORLDS)]
    for covariate in ("exhaustion", "overtime"):
        name = f"log_hazard_ratio_{covariate}_voluntary_per_sd"
        found = _significant(worlds, name)
        assert stats.binomtest(found, NULL_WORLDS, 0.05, alternative="greater").pvalue > 0.01
    # the same count does find what there is
    found = _significant(recovered, "log_hazard_ratio_exhaustion_voluntary_per_sd")
    assert stats.binomtest(found, WORLDS, 0.05, alternative="greater").pvalue < 0.01
