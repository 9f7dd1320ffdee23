"""Prediction intervals by split conformal inference, whole people at a time.

Lei, G'Sell, Rinaldo, Tibshirani & Wasserman (2018, JASA 113:1094): distances of predictions from answers they
were not fitted on are as large as those to come, whatever the model. People with several answers count once
each, their answers as parts of one (Dunn, Wasserman & Ramdas 2023, JASA 118:2491, pooled distributions).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats


def half_width(distance: Floats, person: NDArray[np.generic], coverage: float) -> float:
    """Half the width of intervals that hold the next answer of a new person with at least this probability.

    The (K + 1) · coverage / K quantile of the distances, where each of the K people weighs 1 / K in all.

    Args:
        distance: |answer − prediction| of answers the prediction was not fitted on, shape (n,).
        person: Code of each row's person, shape (n,).
        coverage: Nominal, above 0 and below 1.

    Raises:
        DesignError: Too few people for such a coverage: even the largest distance is too small.
    """
    _, code = np.unique(person, return_inverse=True)
    people = int(code.max()) + 1 if code.size else 0
    if people == 0 or coverage * (people + 1) > people:
        needed = int(np.ceil(coverage / (1 - coverage) - 1e-9))
        raise DesignError(
            "Too few people for an interval of this coverage.",
            where="inference.conformal",
            expected=f"at least {needed} people apart from those fitted on",
            remedy="a lower coverage",
        )
    weight = 1 / np.bincount(code)[code]
    order = np.argsort(distance, kind="stable")
    reached = np.cumsum(weight[order])
    # rounding of the weights must not push the quantile to the next distance
    place = int(np.searchsorted(reached, coverage * (people + 1) - 1e-9))
    return float(distance[order[min(place, distance.size - 1)]])
