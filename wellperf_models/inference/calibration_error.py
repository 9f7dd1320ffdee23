"""How far predicted risks are from what happened, on average over groups of risk, with what is chance in it.

The expected calibration error (Naeini, Cooper & Hauskrecht 2015, AAAI 29:2901) over groups of about the same
number of rows, Σ_b w_b |ȳ_b − p̄_b|, is never below 0, so chance alone makes it positive: it is biased
upwards, the more so the more groups (Kumar, Liang & Ma 2019, NeurIPS 32:3787; Roelofs et al. 2022, AISTATS
151:4036). So the error is estimated by inverting the distribution of the plug-in: the gaps of the groups are
normal with their clustered covariance around λ times the gaps found, and the estimate is the λ at which half
of the plug-ins drawn are above the one found. The high end of the 95 % interval is the λ with 97.5 % above;
the low end that with 2.5 % above, were the whole distance in one group (then chance in the others explains
most): it is 0 exactly where a perfectly calibrated model would show as much in one study of forty.

The distance is never below that of the means over all rows, |Σ_b w_b (ȳ_b − p̄_b)|, and is the same where all
risks are off in one direction; gaps all of one sign make the inversion fall short there. So the high end is
at least that of the distance of the means, and the estimate at least this distance where it differs from 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score

_STREAM = 0xECE0
_DRAWS = 2_000
_HALVINGS = 20
_Z = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class CalibrationError:
    """A mean distance of predicted and observed shares.

    Attributes:
        plug_in: As computed, chance included.
        by_chance: What a perfectly calibrated model would show on average in the same rows.
        error: Corrected for chance, with its interval; in shares.
        n_groups: Groups of risk.
    """

    plug_in: float
    by_chance: float
    error: Score
    n_groups: int

    def __repr__(self) -> str:
        """Shapes only."""
        return f"CalibrationError({self.n_groups} groups; not released)"


def calibration_error(
    case: NDArray[np.bool_], risk: Floats, cluster: NDArray[np.generic], group: Ints, *, seed: int
) -> CalibrationError:
    """The error over given groups of risk, corrected for chance.

    Args:
        case: Shape (n,).
        risk: Predicted probabilities, shape (n,).
        cluster: Code of the independent unit, shape (n,).
        group: Group of risk of each row, from 0 on, shape (n,).
        seed: The study's.

    Raises:
        DesignError: Fewer than two clusters.
    """
    gaps, covariance, weight = _gaps(case, risk, cluster, group)
    found = float(weight @ np.abs(gaps))
    half = np.random.default_rng([seed, _STREAM]).standard_normal((_DRAWS // 2, gaps.size))
    values, vectors = np.linalg.eigh(covariance)
    # each draw with its mirror image: means are exact, and nothing leans to one side
    noise = np.vstack([half, -half]) @ (vectors * np.sqrt(np.clip(values, 0, None))).T
    chance = np.abs(noise) @ weight
    middle, high = (found * _scale(gaps, noise, weight, found, above) for above in (0.5, 0.975))
    clearest = np.argmax(np.abs(gaps) / np.sqrt(np.maximum(np.diag(covariance), 1e-300)))
    alone = np.where(np.arange(gaps.size) == clearest, gaps, 0.0)
    held = float(weight @ np.abs(alone))
    level, error = (
        min(found, abs(float(weight @ gaps))),
        math.sqrt(max(0.0, float(weight @ covariance @ weight))),
    )
    low = min(middle, held * _scale(alone, noise, weight, found, 0.025) if held else 0.0)
    middle, high = max(middle, level if level > _Z * error else 0.0), max(high, level + _Z * error)
    return CalibrationError(
        plug_in=found,
        by_chance=float(chance.mean()),
        error=Score(value=middle, std_error=(high - low) / (2 * _Z), low=low, high=min(1.0, high)),
        n_groups=gaps.size,
    )


def _gaps(
    case: NDArray[np.bool_], risk: Floats, cluster: NDArray[np.generic], group: Ints
) -> tuple[Floats, Floats, Floats]:
    """Observed less predicted share of each group, their clustered covariance, and weights of the groups."""
    _, code = np.unique(cluster, return_inverse=True)
    clusters = int(code.max()) + 1 if code.size else 0
    if clusters < 2:
        raise DesignError("An interval needs at least two clusters.", where="inference.calibration_error")
    groups = int(group.max()) + 1
    size = np.bincount(group, minlength=groups).astype(float)
    rest = np.asarray(case, float) - risk
    gaps = np.bincount(group, rest, minlength=groups) / size
    sums = np.zeros((clusters, groups))
    np.add.at(sums, (code, group), rest - gaps[group])
    covariance = clusters / (clusters - 1) * (sums.T @ sums) / np.outer(size, size)
    return gaps, covariance, size / size.sum()


def _scale(gaps: Floats, noise: Floats, weight: Floats, found: float, above: float) -> float:
    """λ at which a share `above` of the plug-ins drawn reach the one found; 0 where even none does less."""

    def reached(scale: float) -> float:
        return float(np.mean(np.abs(scale * gaps + noise) @ weight >= found))

    if found == 0 or reached(0.0) >= above:
        return 0.0
    low, high = 0.0, 2.0
    while reached(high) < above and high < 1e6:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) >= above else (middle, high)
    return high
