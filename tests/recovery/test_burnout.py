"""The burnout pillar finds what the last score is worth, and no gain where there is none.

A short form of `python -m tests.recovery burnout --worlds 200`.
"""

from __future__ import annotations

import pytest

from tests.recovery.forecasts import NO_GAIN, SLOPES, WORLDS, estimate, judge_claims, mean_slope, truth_of
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


def test_no_gain_is_claimed_where_there_is_none(found: dict[str, list[dict[str, Found]]]) -> None:
    """By the declared model, and by one without a penalty."""
    worlds = [{f"{k} ({n})": v for n in NO_GAIN for k, v in found[n][i].items()} for i in range(N)]
    judged = judge_claims(worlds)
    assert [key for key, _, _ in judged] == [
        "gain (null)", "gain_unpenalised (null)",
        "gain (no_persistence)", "gain_unpenalised (no_persistence)",
    ]  # fmt: skip
    assert [key for key, _, p in judged if p < 0.01] == []


def test_claims_of_a_gain_would_be_noticed(found: dict[str, list[dict[str, Found]]]) -> None:
    """In the default world the predictors add something, and a model that says so is right."""
    worlds = [{f"{k} ({n})": v for n in NO_GAIN for k, v in found["default"][i].items()} for i in range(N)]
    assert min(p for _, _, p in judge_claims(worlds)) < 0.01


@pytest.mark.parametrize("name", ["default", "null"])
@pytest.mark.parametrize("key", ["slope", "slope_last_score"])
def test_risks_mean_what_they_say(name: str, key: str, found: dict[str, list[dict[str, Found]]]) -> None:
    mean, low, high = mean_slope(found[name], key)
    assert low < mean < high
    assert (low, high) == pytest.approx((mean, mean), abs=0.2)
    assert SLOPES[0] <= low
    assert high <= SLOPES[1]
