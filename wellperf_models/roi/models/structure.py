"""What every outcome model shares: linear predictor, cluster effects, and the priors of both.

The log of the mean (of the hazard; the mean itself for a Student t) of a unit with covariates x in arm t is

    η = m + x·β,   m = level + effect × t                        where units were assigned one by one,
    η = m_c + x·β, m_c ~ Normal(level + effect × t − ω_t² / 2, ω_t²)   where cluster c was assigned as a
    whole,

so that `level` and `effect` speak of the mean over clusters, not of the cluster in the middle: of a
log-normal
mean the logarithm of the mean is the logarithm of the median + ω² / 2. Where each arm has 8 clusters or more
the spread ω may differ between the arms: an effect that varies from cluster to cluster shows in it.

The cluster means are sampled around their own arm's mean (hierarchically centred; Papaspiliopoulos, Roberts &
Sköld 2007, Statistical Science 22:59) as far as a cluster's rows say where it lies, by `centring` between 0
and 1, which changes how fast the sampler moves and nothing else. A sum-to-zero form would tie the clusters of
an arm to its effect.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.models.cells import Cells
from wellperf_models.study import Likelihood

# clusters of each arm from which its spread is its own
SITE_VARYING: Final = 8
# the two parts of a hurdle model: whether anything, and how much
FIRST, SECOND = "first", "second"


@dataclass(frozen=True, kw_only=True)
class Structure:
    """What a compiled model depends on; data and priors can be replaced.

    Attributes:
        likelihood: Of the outcome.
        n_slopes, n_clusters: Columns of X, and clusters (0: units were assigned one by one).
        n_spreads: 2 where each arm has its own spread between clusters, else 1.
    """

    likelihood: Likelihood
    n_slopes: int
    n_clusters: int
    n_spreads: int

    @property
    def parts(self) -> tuple[str, ...]:
        """Linear predictors: two for the hurdle."""
        return (FIRST, SECOND) if self.likelihood == "hurdle" else (FIRST,)

    @property
    def on_ratio(self) -> bool:
        """Whether the effect is the logarithm of a ratio."""
        return self.likelihood != "student_t"

    @property
    def free(self) -> tuple[str, ...]:
        """Numbers that are sampled, but for the effects and the cluster means, in the order of one vector."""
        names: list[str] = []
        for part in self.parts:
            names.append(f"shift_{part}")
            names += [f"slope_{part}_{k}" for k in range(self.n_slopes)]
            names += [f"log_spread_{part}_{k}" for k in range(self.n_spreads if self.n_clusters else 0)]
        names += ["log_shape"] * (self.likelihood in ("count", "hurdle"))
        names += ["raw_lean"] * (self.likelihood == "hurdle" and self.n_clusters > 0)
        if self.likelihood == "student_t":
            names += ["log_sigma_0", "log_sigma_1", "log_nu"]
        return tuple(names)

    def place(self, name: str) -> slice:
        """Where a number, or numbers whose names begin so, are in that vector."""
        found = [k for k, own in enumerate(self.free) if own == name or own.startswith(f"{name}_")]
        return slice(found[0], found[-1] + 1)


@dataclass(frozen=True, kw_only=True)
class Priors:
    """Priors of everything but the effect, on the scale of the model.

    Attributes:
        level_sd: Of the level, around its crude value.
        slope_sd: Of a slope, for one standard deviation of the covariate.
        spread_sd: Scale of the half-normal of ω.
        shape_mean, shape_sd: Of the logarithm of the shape (of the negative binomial, of the gamma).
        part_sd: Of the effect on each part of a hurdle; inf: flat.
    """

    level_sd: float = 5.0
    slope_sd: float = 2.5
    spread_sd: float = 0.5
    shape_mean: float = 0.0
    shape_sd: float = 2.0
    part_sd: float = float("inf")


@dataclass(frozen=True, kw_only=True)
class PartData:
    """One linear predictor's data.

    Attributes:
        cells: Exact cells.
        crude: Level around which the prior lies.
        centring: Of each cluster, shape (c,).
    """

    cells: Cells
    crude: float
    centring: Floats


# places in the vector of numbers that a compiled model takes; every array of data costs a second to compile
_NUMBERS: Final = (
    "prior_mean",
    "prior_precision",
    "part_precision",
    "level_sd",
    "slope_sd",
    "spread_sd",
    "shape_mean",
    "shape_sd",
    "log_y",
    f"crude_{FIRST}",
    f"crude_{SECOND}",
)
# where the sampler starts, where 0 would be far from anything
_START: Final = {"log_spre": -1.5, "log_nu": 2.0}
# columns of the cells before those of X
_COLUMNS: Final = 5


def data_of(
    parts: Mapping[str, PartData], arm_of_cluster: Floats, priors: Priors, prior: tuple[float, float]
) -> dict[str, Any]:
    """Name of each `pm.Data` → its value.

    Args:
        parts: Part → data.
        arm_of_cluster: Arm of each cluster, shape (c,).
        priors: Of everything but the effect.
        prior: Mean and precision of the prior of the contrast.
    """
    numbers = {name: getattr(priors, name) for name in _NUMBERS if hasattr(priors, name)}
    numbers |= {"prior_mean": prior[0], "prior_precision": prior[1]}
    numbers |= {"part_precision": 0.0 if math.isinf(priors.part_sd) else priors.part_sd**-2}
    numbers |= {"log_y": sum(part.cells.log_y for part in parts.values())}
    numbers |= {f"crude_{name}": part.crude for name, part in parts.items()}
    made: dict[str, Any] = {"numbers": np.array([numbers.get(name, 0.0) for name in _NUMBERS])}
    for name, part in parts.items():
        c = part.cells
        made[f"cells_{name}"] = np.column_stack([c.arm, c.cluster, c.n, c.y, c.log_exposure, c.X])
        if c.values.size:
            made["totals"] = np.column_stack([c.values, c.counts])
    if arm_of_cluster.size:
        made["clusters"] = np.column_stack([arm_of_cluster, *(part.centring for part in parts.values())])
    return made


@dataclass(frozen=True)
class Shared:
    """What the parts of a PyMC model share: data, and the vectors of what is sampled."""

    structure: Structure
    numbers: Any
    clusters: Any
    vector: Any
    raw: Any

    def number(self, name: str) -> Any:
        """One of `_NUMBERS`."""
        return self.numbers[_NUMBERS.index(name)]

    def free(self, name: str) -> Any:
        """One of the numbers that are sampled."""
        return self.vector[self.structure.free.index(name)]


def add_shared(structure: Structure) -> Shared:
    """Adds what all parts use to the PyMC model in whose context it is called."""
    import pymc as pm

    numbers = pm.Data("numbers", np.ones(len(_NUMBERS)))
    start = [_START.get(name[:8], 0.0) for name in structure.free]
    vector = pm.Flat("free", shape=len(start), initval=np.array(start))
    if not structure.n_clusters:
        return Shared(structure, numbers, None, vector, None)
    parts = len(structure.parts)
    clusters = pm.Data("clusters", np.zeros((structure.n_clusters, 1 + parts)))
    return Shared(structure, numbers, clusters, vector, pm.Flat("raw", shape=(parts, structure.n_clusters)))


@dataclass(frozen=True)
class Part:
    """One linear predictor inside a PyMC model: tensors.

    Attributes:
        eta, n, y, log_exposure, arm: Of each cell.
        level, effect: Scalars.
        deviate: Of each cluster, in its spreads; None without clusters.
        prior: Log density of its priors.
    """

    eta: Any
    n: Any
    y: Any
    log_exposure: Any
    arm: Any
    level: Any
    effect: Any
    deviate: Any
    prior: Any


def add_part(structure: Structure, shared: Shared, part: str, lean: Any = None, deviate: Any = None) -> Part:
    """Adds a linear predictor to the PyMC model in whose context it is called.

    Args:
        structure: Of the model.
        shared: From `add_shared`.
        part: Its name.
        lean: Correlation of its cluster effects with `deviate`, those of the part before; None: alone.
        deviate: See above.
    """
    import pymc as pm

    cells = pm.Data(f"cells_{part}", np.ones((1, _COLUMNS + structure.n_slopes)))
    shift, effect = shared.free(f"shift_{part}"), pm.Flat(f"effect_{part}")
    level = shared.number(f"crude_{part}") + shift
    prior = -0.5 * (shift / shared.number("level_sd")) ** 2
    prior -= 0.5 * shared.number("part_precision") * effect**2
    if structure.n_clusters:
        at, own, more = _clusters(structure, shared, part, level, effect, lean, deviate)
        eta, prior = at[cells[:, 1].astype("int64")], prior + more
    else:
        eta, own = level + effect * cells[:, 0], None
    if structure.n_slopes:
        slopes = shared.vector[structure.place(f"slope_{part}")]
        prior -= 0.5 * (slopes**2).sum() / shared.number("slope_sd") ** 2
        eta = eta + (cells[:, _COLUMNS:] * slopes[None, :]).sum(axis=1)
    return Part(eta, cells[:, 2], cells[:, 3], cells[:, 4], cells[:, 0], level, effect, own, prior)


def _clusters(
    structure: Structure, shared: Shared, part: str, level: Any, effect: Any, lean: Any, deviate: Any
) -> tuple[Any, Any, Any]:
    """Mean of each cluster, its deviate, and the log density of both."""
    import pytensor.tensor as pt

    arm_of = shared.clusters[:, 0]
    centring = shared.clusters[:, 1 + structure.parts.index(part)]
    log_spread = shared.vector[structure.place(f"log_spread_{part}")]
    # the half-normal of ω, seen on its logarithm
    prior = (log_spread - 0.5 * pt.exp(2 * log_spread) / shared.number("spread_sd") ** 2).sum()
    log_own = log_spread[0] + arm_of * (log_spread[structure.n_spreads - 1] - log_spread[0])
    middle = level + effect * arm_of
    if structure.on_ratio:
        middle = middle - 0.5 * pt.exp(2 * log_own)
    if lean is not None:
        middle = middle + lean * pt.exp(log_own) * deviate
        log_own = log_own + 0.5 * pt.log1p(-(lean**2))
    raw = shared.raw[structure.parts.index(part)]
    # standard normal given the others; the last term is the Jacobian
    own = (raw - centring * middle) * pt.exp(-centring * log_own)
    prior -= 0.5 * (own**2).sum() + (centring * log_own).sum()
    at = middle + pt.exp(log_own) * own
    if lean is not None:
        own = lean * deviate + pt.sqrt(1 - lean**2) * own
    return at, own, prior
