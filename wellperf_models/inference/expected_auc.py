"""AUC a model would have among these people if it were right.

Source: van Klaveren et al. (2016), BMC Medical Research Methodology 16:76.

People who are more alike are harder to order. So where a model is used elsewhere, its AUC falls (or rises)
for two reasons: other people, and other associations. What it would be if every predicted risk were right
holds the first alone; the rest of the difference is the second.
"""

from __future__ import annotations

import math

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats


def expected_auc(risk: Floats) -> float:
    """Σ p_i (1 − p_j) [p_i > p_j, ties half] / Σ p_i (1 − p_j), over pairs of different rows.

    Args:
        risk: Predicted, shape (n,).

    Raises:
        DesignError: Fewer than two rows, or no risk between 0 and 1.
    """
    p = np.sort(np.asarray(risk, float))
    q = 1 - p
    pairs = float(p.sum() * q.sum() - p @ q)
    if p.size < 2 or not pairs > 0:
        raise DesignError("An expected AUC needs two rows with a risk.", where="inference.expected_auc")
    # of each row: the q of all rows below it, and of those that tie with it
    total = np.concatenate([[0.0], np.cumsum(q)])
    low = np.searchsorted(p, p, side="left")
    high = np.searchsorted(p, p, side="right")
    below, tied = total[low], total[high] - total[low] - q
    return float(p @ (below + tied / 2)) / pairs


def told_apart(mean: float, spread: float, other_mean: float, other_spread: float) -> float:
    """How well a score tells two groups of people apart (c-statistic), from means and standard deviations.

    For scores that are about normal in both: Φ(|μ₁ − μ₂| / √(σ₁² + σ₂²)); .5 is not at all. It is the
    membership model of Debray et al. (2015, Journal of Clinical Epidemiology 68:279) with the linear
    predictor as its only column, where nothing but moments of the other people is known.

    Args:
        mean, spread: Of the one group.
        other_mean, other_spread: Of the other.

    Raises:
        DesignError: Nobody differs in either.
    """
    both = math.hypot(spread, other_spread)
    if not both > 0:
        raise DesignError("Two groups without spread can't be compared.", where="inference.expected_auc")
    return 0.5 * (1 + math.erf(abs(mean - other_mean) / both / math.sqrt(2)))
