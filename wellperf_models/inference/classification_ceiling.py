"""The best order that any model can reach of cases that are themselves measured with error.

A score is Y = T + E with reliability ρ = var T / var Y; a case is Y at or above a cut-off. Who knew T exactly
would still not know E. With T and E normal, the AUC of T for such cases depends on ρ and the share of cases
alone. It is the ceiling of a genetic risk score under the liability-threshold model with heritability ρ
(Wray, Yang, Goddard & Visscher 2010, PLoS Genetics 6:e1000864), by quadrature where they approximate.
"""

from __future__ import annotations

import math

import numpy as np

from wellperf_models.errors import DesignError

# standard deviations of the true score on both sides, and steps: an error below 1e-9
_REACH, _STEPS = 9.0, 4_001


def ceiling_auc(reliability: float, share: float) -> float:
    """AUC of the true score for cases by the measured one.

    Args:
        reliability: ρ, above 0 and at most 1.
        share: Of cases, above 0 and below 1.

    Raises:
        DesignError: Arguments outside of their ranges.
    """
    if not 0 < reliability <= 1 or not 0 < share < 1:
        raise DesignError(
            "A ceiling needs a reliability above 0 and up to 1, and cases as well as others.",
            where="inference.classification_ceiling",
        )
    if reliability == 1:
        return 1.0
    from scipy.special import ndtr, ndtri

    true = np.linspace(-_REACH, _REACH, _STEPS)
    cut = -float(ndtri(share))
    a_case = ndtr((math.sqrt(reliability) * true - cut) / math.sqrt(1 - reliability))
    density = np.exp(-(true**2) / 2)
    cases, others = density * a_case, density * (1 - a_case)
    # others below each true score; half of those at it
    below = np.cumsum(others) - others / 2
    return float(cases @ below / (cases.sum() * others.sum()))


def error_of_measurement(deviation: float, reliability: float) -> float:
    """Standard error of measurement, sd · √(1 − ρ), in points of the score (Lord & Novick 1968, ch. 3)."""
    return deviation * math.sqrt(1 - reliability)
