"""Guards fire where a comparison is broken, and not where it is sound.

A short form of `python -m tests.recovery.adversarial --worlds 200` (ADVERSARIAL.md).
"""

from __future__ import annotations

import pytest
from scipy import stats

from tests.recovery.adversarial import CASES, PEOPLE, called_lots, rates

WORLDS = range(4)


@pytest.mark.parametrize("name", CASES)
def test_the_guard_fires_where_it_should(name: str) -> None:
    fired = rates(CASES[name], True, WORLDS, name)
    clean = rates(CASES[name], False, WORLDS, name)
    assert stats.binomtest(fired, len(WORLDS), 0.9, alternative="less").pvalue >= 0.01
    assert stats.binomtest(clean, len(WORLDS), 0.1, alternative="greater").pvalue >= 0.01
    assert PEOPLE == 600


def test_a_guard_that_looks_elsewhere_would_be_noticed() -> None:
    """People who chose are called lots: attrition is alike, and says nothing of it."""
    case = CASES["the sick are lost"]
    wrong = type(case)(guard=case.guard, make=called_lots)
    assert rates(wrong, True, WORLDS, "wrong") <= 1
