"""Whether data sets drawn from a fitted model look like the data (Gelman, Meng & Stern 1996).

Features that the model is not fitted to: the share of zeros, the spread, the largest value, asymmetry, and
how
much clusters differ, clusters being drawn anew. A p near 0 or 1 says that replicated data hardly ever show
it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.models.prepare import Prepared, prepare
from wellperf_models.roi.models.structure import FIRST, SECOND
from wellperf_models.roi.models.units import Units
from wellperf_models.roi.rows import Modelled, OutcomeRows

_SEED: Final = 43
_REPLICATES: Final = 300
# units behind the replicated data: features of this many are sharp enough
_MOST_UNITS: Final = 4_000
ZEROS, SPREAD, LARGEST, ASYMMETRY, BETWEEN = (
    "share of zeros",
    "spread",
    "largest values",
    "asymmetry",
    "differences between what was assigned",
)
_OF: Final[dict[str, tuple[str, ...]]] = {
    "hazard": (),
    "count": (ZEROS, SPREAD, LARGEST),
    "hurdle": (SPREAD, LARGEST),
    "student_t": (SPREAD, ASYMMETRY),
}


def predictive_p(rows: OutcomeRows, modelled: Modelled, seed: int) -> dict[str, float]:
    """Feature → share of replicated data sets that show as much of it as the data, or more.

    Args:
        rows: One outcome.
        modelled: Its declared model, under the flat prior.
        seed: Of the study.

    Returns:
        Empty where there is nothing the model could fail to show, such as a yes/no outcome without clusters.
    """
    prepared = prepare(rows, modelled.likelihood, modelled.n_slopes)
    names = [*_OF[modelled.likelihood], *([BETWEEN] if modelled.n_clusters else [])]
    if not names:
        return {}
    rng = np.random.default_rng([seed, _SEED])
    units = prepared.units
    chosen = np.arange(units.value.size)
    if chosen.size > _MOST_UNITS and not modelled.n_clusters:
        chosen = np.sort(rng.choice(chosen, _MOST_UNITS, replace=False))
    own = {name: _FEATURES[name](units.value, units, chosen) for name in names}
    at_least = dict.fromkeys(names, 0.0)
    number = modelled.parameters[f"level_{FIRST}"].size
    draws = np.linspace(0, number - 1, min(_REPLICATES, number)).astype(int)
    for draw in draws:
        made = _replicate(prepared, {k: v[draw] for k, v in modelled.parameters.items()}, rng)
        for name in names:
            theirs = _FEATURES[name](made, units, chosen)
            at_least[name] += (theirs > own[name]) + 0.5 * (theirs == own[name])
    return {name: total / draws.size for name, total in at_least.items()}


def _replicate(prepared: Prepared, p: Mapping[str, Floats], rng: np.random.Generator) -> Floats:
    """Values of every unit under one draw of the parameters, shape (n,)."""
    structure, units = prepared.structure, prepared.units
    own = _clusters(prepared, p, rng)
    eta = {}
    for part in structure.parts:
        eta[part] = p[f"level_{part}"] + p[f"effect_{part}"] * units.treated + own[part]
        if structure.n_slopes:
            eta[part] = eta[part] + units.X @ p[f"slopes_{part}"]
    n = units.value.size
    if structure.likelihood == "student_t":
        sigma = np.exp(p["log_sigma"])[units.treated.astype(int)]
        return np.asarray(eta[FIRST] + sigma * rng.standard_t(np.exp(p["log_nu"]), size=n))
    if structure.likelihood == "count":
        alpha = float(np.exp(p["log_shape"]))
        mean = np.exp(eta[FIRST]) * units.exposure
        return np.asarray(rng.poisson(mean * rng.gamma(alpha, 1 / alpha, n)) / units.exposure)
    happened = rng.uniform(size=n) < -np.expm1(-np.exp(eta[FIRST]))
    if structure.likelihood == "hazard":
        return happened.astype(float)
    shape = np.exp(p["log_shape"]) * units.power
    return np.asarray(happened * rng.gamma(shape, np.exp(eta[SECOND]) / shape))


def _clusters(prepared: Prepared, p: Mapping[str, Floats], rng: np.random.Generator) -> dict[str, Floats]:
    """Part → effect of each unit's cluster, drawn anew."""
    structure, units = prepared.structure, prepared.units
    if not structure.n_clusters:
        return dict.fromkeys(structure.parts, np.zeros(units.value.size))
    arm = units.arm_of_cluster.astype(int)
    deviate = rng.normal(size=arm.size)
    made = {}
    for part in structure.parts:
        if part == SECOND:
            lean = float(p["lean"])
            deviate = lean * deviate + np.sqrt(1 - lean**2) * rng.normal(size=arm.size)
        spread = p[f"spread_{part}"][arm]
        middle = -0.5 * spread**2 if structure.on_ratio else 0.0
        made[part] = (middle + spread * deviate)[units.cluster]
    return made


def _between(value: Floats, units: Units) -> float:
    """Variance of the cluster means around their arm's, each by its size."""
    n = np.bincount(units.cluster, minlength=units.n_clusters).astype(float)
    mean = np.bincount(units.cluster, weights=value, minlength=units.n_clusters) / n
    arm = units.arm_of_cluster
    middle = np.array([np.average(mean[arm == a], weights=n[arm == a]) for a in (0, 1)])
    return float(np.average((mean - middle[arm.astype(int)]) ** 2, weights=n))


def _asymmetry(value: Floats) -> float:
    return float((value.mean() - np.median(value)) / value.std())


_FEATURES: Final[dict[str, Callable[[Floats, Units, np.ndarray], float]]] = {
    ZEROS: lambda value, units, chosen: float(np.mean(value[chosen] == 0)),
    SPREAD: lambda value, units, chosen: float(value[chosen].std()),
    LARGEST: lambda value, units, chosen: float(np.quantile(value[chosen], 0.999)),
    ASYMMETRY: lambda value, units, chosen: _asymmetry(value[chosen]),
    BETWEEN: lambda value, units, chosen: _between(value, units),
}
