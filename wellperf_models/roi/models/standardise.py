"""Means of both arms on the outcome's scale, standardised over the covariates of everybody (g-computation).

For each draw of the parameters, mean_t = Σ_i share_i E[y | x_i, arm t], the cluster effect averaged over its
distribution; the effect is mean_1 − mean_0, their quotient the ratio. Robins (1986); Snowden, Rose & Mortimer
(2011), American Journal of Epidemiology 173:731.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.models.likelihoods import normal_nodes
from wellperf_models.roi.models.structure import FIRST, SECOND, Structure
from wellperf_models.roi.models.units import Units

_NODES: Final = 11
# above it, people with nearly the same predictor are taken together: 200 groups, or 20 × 20 for two parts
_MOST_PATTERNS: Final = 400
_GROUPS: Final = {1: 200, 2: 20}
_CHUNK: Final = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Patterns:
    """Covariates of everybody, in m groups: mean X, shape (m, p), and share, shape (m,)."""

    X: Floats
    share: Floats

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Patterns({self.share.size})"


def patterns_of(units: Units, parameters: Mapping[str, Floats], structure: Structure) -> Patterns:
    """Distinct covariate patterns; where there are many, groups of people with nearly the same predictors.

    Args:
        units: One row a unit.
        parameters: Draws; of slopes, shape (n, p).
        structure: Of the model.
    """
    if not structure.n_slopes:
        return Patterns(X=np.zeros((1, 0)), share=np.ones(1))
    X, place = np.unique(units.X, axis=0, return_inverse=True)
    if X.shape[0] > _MOST_PATTERNS:
        place, groups = np.zeros(units.value.size, np.int64), 1
        for part in structure.parts:
            linear = units.X @ parameters[f"slopes_{part}"].mean(axis=0)
            # within the groups of the part before
            rank = np.empty(linear.size, np.int64)
            rank[np.lexsort((linear, place))] = np.arange(linear.size)
            groups *= _GROUPS[len(structure.parts)]
            place = rank * groups // linear.size
        place = np.unique(place, return_inverse=True)[1]
    share = np.bincount(place.ravel(), weights=units.share)
    X = np.column_stack([np.bincount(place.ravel(), weights=units.share * x) / share for x in units.X.T])
    return Patterns(X=X, share=share)


def means_of(
    structure: Structure, parameters: Mapping[str, Floats], patterns: Patterns
) -> tuple[Floats, Floats]:
    """Mean of the control and of the treated arm for each draw, shape (n,) each.

    Args:
        structure: Of the model.
        parameters: Name → draws, the first axis being draws.
        patterns: From `patterns_of`.
    """
    n = parameters[f"level_{FIRST}"].size
    size = max(1, _CHUNK // (patterns.share.size * _NODES))
    found = np.zeros((2, n))
    for start in range(0, n, size):
        chosen = {name: values[start : start + size] for name, values in parameters.items()}
        for arm in (0, 1):
            found[arm, start : start + size] = _mean(structure, chosen, patterns, arm)
    return found[0], found[1]


def _mean(structure: Structure, p: Mapping[str, Floats], patterns: Patterns, arm: int) -> Floats:
    """Shapes inside: (draws, patterns, nodes)."""
    eta = [_eta(p, part, patterns, arm, structure.n_slopes) for part in structure.parts]
    if structure.likelihood == "student_t":
        return np.asarray(eta[0] @ patterns.share)
    if structure.likelihood in ("count", "tweedie"):
        return np.asarray(np.exp(eta[0]) @ patterns.share)
    if not structure.n_clusters:
        first = -np.expm1(-np.exp(eta[0]))
        if structure.likelihood == "hurdle":
            first = first * np.exp(eta[1])
        return np.asarray(first @ patterns.share)
    node, weight = normal_nodes(_NODES)
    spread = p[f"spread_{FIRST}"][:, arm, None]
    # the level is that of the mean over clusters: ω² / 2 above the cluster in the middle
    own = spread * node[None, :] - 0.5 * spread**2
    first = -np.expm1(-np.exp(eta[0][:, :, None] + own[:, None, :]))
    if structure.likelihood == "hurdle":
        lean = (p["lean"] * p[f"spread_{SECOND}"][:, arm])[:, None]
        tilt = lean * node[None, :] - 0.5 * lean**2
        first = first * np.exp(eta[1][:, :, None] + tilt[:, None, :])
    return np.asarray(np.einsum("npk,p,k->n", first, patterns.share, weight))


def _eta(p: Mapping[str, Floats], part: str, patterns: Patterns, arm: int, n_slopes: int) -> Floats:
    middle = (p[f"level_{part}"] + arm * p[f"effect_{part}"])[:, None]
    if not n_slopes:
        return np.asarray(middle + np.zeros((1, patterns.share.size)))
    return np.asarray(middle + p[f"slopes_{part}"] @ patterns.X.T)
