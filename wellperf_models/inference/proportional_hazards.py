"""Do hazard ratios change with time? (Grambsch & Therneau 1994, Biometrika 81:515)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from wellperf_models.inference.cox import CoxFit
from wellperf_models.inference.multiplicity import holm

_ALPHA = 0.05


def assess_proportional_hazards(fit: CoxFit, blocks: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Tests each covariate's scaled Schoenfeld residuals for a trend in the rank of event time.

    With v = Σ (g_i − ḡ) r*_i and r* = d V s, T = v_Bᵀ (d V_BB Σ (g_i − ḡ)²)⁻¹ v_B is χ² with |B| degrees
    of freedom for a covariate with the columns B.

    Args:
        fit: A Cox fit.
        blocks: Covariate → its columns.

    Returns:
        Covariate → p-value.
    """
    from scipy import stats

    time = stats.rankdata(fit.event_times)
    time = time - time.mean()
    d = fit.event_times.size
    trend = d * fit.covariance @ (fit.schoenfeld.T @ time)
    spread = float(time @ time)
    if spread == 0:
        return dict.fromkeys(blocks, 1.0)
    found = {}
    for name, columns in blocks.items():
        chosen = np.asarray(list(columns))
        block = d * fit.covariance[np.ix_(chosen, chosen)] * spread
        statistic = float(trend[chosen] @ np.linalg.solve(block, trend[chosen]))
        found[name] = float(stats.chi2.sf(statistic, chosen.size))
    return found


def changing_covariates(p_values: Mapping[str, float]) -> tuple[str, ...]:
    """Covariates whose hazard ratio changes with time, by Holm-corrected p < .05; in the order given."""
    adjusted = holm(list(p_values.values()))
    return tuple(name for name, p in zip(p_values, adjusted, strict=True) if p < _ALPHA)
