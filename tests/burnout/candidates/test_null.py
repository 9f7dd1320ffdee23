"""No model is claimed to beat the last score where none does: short form of `null_worlds`."""

from __future__ import annotations

from scipy import stats

from tests.burnout.candidates.null_worlds import CLEAN, GAIN, claim

QUICK = ("ridge", "boosting")
N = 8


def test_nothing_is_claimed_where_there_is_nothing_to_gain() -> None:
    claims = [claim(seed, CLEAN, QUICK, n=120) for seed in range(700, 700 + N)]
    wrong = sum(bool(c.winners) for c in claims)
    assert stats.binomtest(wrong, N, 0.05, alternative="greater").pvalue > 0.01
    assert sum(c.recommended == "last_score" for c in claims) == N - wrong


def test_what_is_there_is_found() -> None:
    claims = [claim(seed, 2 * GAIN, QUICK, n=120) for seed in range(700, 703)]
    assert all(c.winners for c in claims)
    assert all(c.recommended in QUICK for c in claims)
