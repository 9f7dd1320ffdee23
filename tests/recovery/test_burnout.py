"""The burnout pillar finds what the last score is worth, and no gain where there is none.

A short form of `python -m tests.recovery burnout --worlds 200`.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.recovery.forecasts import WORLDS, estimate, truth_of
from tests.recovery.worlds import Found, judge

N = 12


@pytest.fixture(scope="module")
def found() -> dict[str, list[dict[str, Found]]]:
    return {name: [estimate(name, seed) for seed in range(500, 500 + N)] for name in WORLDS}


@pytest.mark.parametrize("name", WORLDS)
def test_the_last_score_is_worth_what_it_is(name: str, found: dict[str, list[dict[str, Found]]]) -> None:
    rows = judge(found[name], *truth_of(name))
    assert [r.name for r in rows] == ["auc_last_score"]
    assert [r for r in rows if min(r.bias_p, r.coverage_p) < 0.01] == []


def test_another_truth_would_be_noticed(found: dict[str, list[dict[str, Found]]]) -> None:
    truth, own = truth_of("default")
    (row,) = judge(found["default"], {"auc_last_score": truth["auc_last_score"] + 0.03}, own)
    assert row.bias_p < 0.01


@pytest.mark.parametrize("name", ["null", "no_persistence"])
def test_no_gain_is_claimed_where_there_is_none(name: str, found: dict[str, list[dict[str, Found]]]) -> None:
    claimed = int(np.sum([w["gain"].low > 0 for w in found[name]]))
    assert stats.binomtest(claimed, N, 0.05, alternative="greater").pvalue > 0.01
