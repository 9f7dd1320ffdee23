"""Net benefit of acting above a threshold of risk (Vickers & Elkin 2006, Medical Decision Making 26:565).

Who acts at a risk of t says that one case missed weighs as much as (1 − t) / t needless actions. At that
price the net benefit is what was gained: cases acted on less needless actions at their price, per answer. 0
is acting on nobody.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats


def net_benefit(case: NDArray[np.bool_], risk: Floats, threshold: float) -> Floats:
    """What each row contributes; the mean is the net benefit, in cases acted on per row at no needless cost.

    1 for a case at or above the threshold, −t / (1 − t) for another there, 0 below. A risk of at least the
    threshold is acted on.

    Args:
        case: Shape (n,).
        risk: Predicted probability, shape (n,).
        threshold: t, above 0 and below 1.

    Raises:
        DesignError: The threshold is no risk one could act at.
    """
    price = price_of(threshold)
    acted = np.asarray(risk, float) >= threshold
    return np.where(acted, np.where(np.asarray(case, bool), 1.0, -price), 0.0)


def treat_all(case: NDArray[np.bool_], threshold: float) -> Floats:
    """What each row contributes where everybody is acted on, shape (n,).

    Args:
        case: Shape (n,).
        threshold: t, above 0 and below 1.

    Raises:
        DesignError: The threshold is no risk one could act at.
    """
    return np.where(np.asarray(case, bool), 1.0, -price_of(threshold))


def price_of(threshold: float) -> float:
    """T / (1 − t): how many cases a needless action costs.

    Raises:
        DesignError: The threshold is not above 0 and below 1.
    """
    if not 0 < threshold < 1:
        raise DesignError(
            "A threshold of risk lies between 0 and 1.",
            where="inference.net_benefit",
            expected="above 0 and below 1",
            got=f"{threshold:g}",
        )
    return threshold / (1 - threshold)
