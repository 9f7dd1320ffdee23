"""Is the time of exit independent of the time of entry into observation?

Conditional Kendall's tau (Tsai 1990, Biometrika 77:169; Martin & Betensky 2005) in its risk-set form: at each
exit the entry of the one who leaves is compared with the entries of all who were at risk. Under independent
truncation each comparison is a fair draw from the risk set, whatever the censoring, so the sum has mean 0 and
a known variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wellperf_models.inference.risk_sets import Floats, Ints


@dataclass(frozen=True, kw_only=True)
class TruncationTest:
    """Result of the test.

    Attributes:
        tau: Conditional Kendall's tau: above 0, who entered observation late leaves late.
        z: Standard normal under independence.
        p_value: Two-sided.
        n_pairs: Comparable pairs with different entries.
    """

    tau: float
    z: float
    p_value: float
    n_pairs: int


def assess_truncation(entry: Floats, duration: Floats, event: Ints) -> TruncationTest | None:
    """Tests independence of entry and exit.

    Args:
        entry, duration: Months, shape (n,).
        event: 0 censored; shape (n,).

    Returns:
        The test, or None where no risk set holds two different entries (no delayed entry).
    """
    happened = np.asarray(event) > 0
    times = np.unique(duration[happened])
    entries, own = np.unique(entry, return_inverse=True)
    # people at risk at one time after the other, by distinct entry: no sort of people for each time
    joins = np.argsort(entry, kind="stable")
    leaves = np.argsort(duration, kind="stable")
    joined = np.searchsorted(entry[joins], times, side="left")
    gone = np.searchsorted(duration[leaves], times, side="left")
    last = np.searchsorted(duration[leaves], times, side="right")
    at_risk = np.zeros(entries.size)
    total, variance, pairs, i, j = 0.0, 0.0, 0.0, 0, 0
    for time in range(times.size):
        np.add.at(at_risk, own[joins[i : joined[time]]], 1.0)
        np.subtract.at(at_risk, own[leaves[j : gone[time]]], 1.0)
        i, j = int(joined[time]), int(gone[time])
        n = float(at_risk.sum())
        if n < 2:
            continue
        below = np.cumsum(at_risk) - at_risk
        above = n - below - at_risk
        # sum over the risk set of sign(own entry − other's entry); adds up to 0
        scores = below - above
        here = leaves[j : last[time]]
        here = own[here[happened[here]]]
        d = here.size
        total += float(scores[here].sum())
        # d drawn without replacement
        variance += d * float((at_risk * scores**2).sum() / n) * (n - d) / (n - 1)
        pairs += float((below + above)[here].sum())
    if variance <= 0 or pairs == 0:
        return None
    z = total / math.sqrt(variance)
    # a late entry compared in the set of an early exit counts as discordant
    return TruncationTest(
        tau=-total / pairs, z=-z, p_value=math.erfc(abs(z) / math.sqrt(2)), n_pairs=int(pairs)
    )
