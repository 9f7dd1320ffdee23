"""Whether numbers of several groups differ by more than chance, and which of them stand out.

Cochran's Q (1954, Biometrics 10:101): Σ (v_g − v̄)² / s_g² around the mean weighted by 1 / s_g², chi-squared
with groups − 1 degrees of freedom where all are the same. The group farthest from the weighted mean of the
others stands out where Bonferroni's correction over the groups says so; it is then set aside, and the rest
are looked at again: the worst of many is worst by chance as well, and one that is off must not make others
look so. Groups count as independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.inference.risk_sets import Floats, Ints

_LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Heterogeneity:
    """How numbers of groups differ.

    Attributes:
        p_value: Of Q: that differences as large come about by chance.
        apart: −1 for a group that stands out below the others, 1 above, 0 for the rest, shape (groups,).
    """

    p_value: float
    apart: Ints

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Heterogeneity({self.apart.size} groups; not released)"


def differences(values: Floats, std_errors: Floats) -> Heterogeneity | None:
    """Tests whether groups differ; None with fewer than two groups, or one without an error.

    Args:
        values: One a group, shape (groups,).
        std_errors: Above 0, shape (groups,).
    """
    from scipy import stats

    if values.size < 2 or not np.all(std_errors > 0):
        return None
    weight = 1 / std_errors**2
    q = float(weight @ (values - weight @ values / weight.sum()) ** 2)
    apart, left = np.zeros(values.size, np.int64), np.arange(values.size)
    while left.size >= 2:
        z = _from_others(values[left], std_errors[left])
        # the two of a pair are as far from each other
        farthest = np.arange(2) if left.size == 2 else np.array([int(np.argmax(np.abs(z)))])
        tests = 1 if left.size == 2 else left.size
        if tests * 2 * float(stats.norm.sf(np.abs(z[farthest[0]]))) >= _LEVEL:
            break
        apart[left[farthest]] = np.sign(z[farthest]).astype(np.int64)
        left = np.delete(left, farthest)
    return Heterogeneity(p_value=float(stats.chi2.sf(q, values.size - 1)), apart=apart)


def _from_others(values: Floats, std_errors: Floats) -> Floats:
    """Each group less the weighted mean of the others, in standard errors, shape (groups,)."""
    weight = 1 / std_errors**2
    rest = weight.sum() - weight
    others = (weight @ values - weight * values) / rest
    return (values - others) / np.sqrt(std_errors**2 + 1 / rest)
