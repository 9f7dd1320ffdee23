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
    order = np.argsort(duration, kind="stable")
    entry, duration, happened = entry[order], duration[order], np.asarray(event)[order] > 0
    total, variance, pairs = 0.0, 0.0, 0
    for time in np.unique(duration[happened]):
        first = int(np.searchsorted(duration, time, side="left"))
        members = np.flatnonzero(entry[first:] < time) + first
        if members.size < 2:
            continue
        entries = entry[members]
        ranked = np.sort(entries)
        below = np.searchsorted(ranked, entries, side="left")
        above = members.size - np.searchsorted(ranked, entries, side="right")
        # sum over the risk set of sign(own entry − other's entry); adds up to 0
        scores = (below - above).astype(float)
        leavers = happened[members] & (duration[members] == time)
        d = int(leavers.sum())
        total += float(scores[leavers].sum())
        # d drawn without replacement
        shrink = (members.size - d) / (members.size - 1)
        variance += d * float(np.mean(scores**2)) * shrink
        pairs += int((below + above)[leavers].sum())
    if variance <= 0 or pairs == 0:
        return None
    z = total / math.sqrt(variance)
    # a late entry compared in the set of an early exit counts as discordant
    return TruncationTest(tau=-total / pairs, z=-z, p_value=math.erfc(abs(z) / math.sqrt(2)), n_pairs=pairs)
