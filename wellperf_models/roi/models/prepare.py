"""One outcome as its declared model sees it: cells of each part, a crude level, how to centre clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.models.cells import Cells, count_cells, gamma_cells, hazard_cells, row_cells
from wellperf_models.roi.models.structure import (
    FIRST,
    SECOND,
    SITE_VARYING,
    PartData,
    Priors,
    Structure,
    data_of,
)
from wellperf_models.roi.models.units import MIN_ROWS, Units, units_of, whole_totals, with_power
from wellperf_models.roi.priors import PriorOfEffect
from wellperf_models.roi.rows import Effect, OutcomeRows
from wellperf_models.study import Likelihood

# spread of cluster effects from which the sampler starts to centre where the data show none
_LEAST_SPREAD: Final = 0.02


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What is sampled.

    Attributes:
        name: Of the outcome.
        structure: What is compiled.
        parts: Part → data.
        units: One row a unit, for effects on the outcome's scale and for replicated data.
        centre, scale: Taken from the value before it was modelled; 0 and 1 but for a Student t.
    """

    name: str
    structure: Structure
    parts: dict[str, PartData]
    units: Units
    centre: float = 0.0
    scale: float = 1.0

    @property
    def n_cells(self) -> int:
        """Rows the likelihood is evaluated on."""
        return sum(part.cells.n_cells for part in self.parts.values())

    def data(self, priors: Priors, prior: tuple[float, float]) -> dict[str, Any]:
        """Name of each `pm.Data` → its value.

        Args:
            priors: Of everything but the effect.
            prior: Mean and precision of the prior of the contrast; precision 0: flat.
        """
        return data_of(self.parts, self.units.arm_of_cluster, priors, prior)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Prepared({self.name!r}, {self.structure})"


def prepare(rows: OutcomeRows, likelihood: Likelihood, n_slopes: int) -> Prepared:
    """Reduces an outcome to the cells of its declared model.

    A Tweedie outcome is fitted as a hurdle: both are of averages with zeros, but the density of a Tweedie is
    a
    series without sufficient sums (Dunn & Smyth 2005, Statistics and Computing 15:267), slow and unsafe where
    its power nears 1 or 2, and it ties the share of zeros to the mean.

    Args:
        rows: One outcome.
        likelihood: Declared; not "gaussian".
        n_slopes: Columns the model has room for.

    Raises:
        DesignError: The values do not fit the likelihood: a hazard that is not yes/no or happens twice, a
            count that is not whole, a hurdle with values below 0 or too few above it in an arm.
    """
    if likelihood == "tweedie":
        likelihood = "hurdle"
    if likelihood == "hazard":
        _refuse_no_hazard(rows)
    units = units_of(rows, n_slopes, by_row=likelihood == "hazard")
    parts: dict[str, PartData] = {}
    centre, scale = 0.0, 1.0
    if likelihood == "count":
        total, exposure = whole_totals(units, rows.name)
        parts[FIRST] = _part(units, count_cells(units, total, exposure), units.value)
    elif likelihood == "hazard":
        units = with_power(units)
        parts[FIRST] = _part(units, hazard_cells(units, units.value), units.value, hazard=True)
    elif likelihood == "hurdle":
        units = with_power(units)
        parts = _hurdle_parts(units, rows.name)
    elif likelihood == "student_t":
        units = with_power(units)
        centre = float(np.sum(units.share * units.value))
        scale = float(np.sqrt(np.sum(units.share * (units.value - centre) ** 2)))
        units = replace(units, value=(units.value - centre) / scale)
        parts[FIRST] = _part(units, row_cells(units), units.value, logarithmic=False)
    else:
        raise AssertionError(likelihood)
    arms = np.bincount(units.arm_of_cluster.astype(int), minlength=2) if units.n_clusters else np.zeros(2)
    structure = Structure(
        likelihood=likelihood,
        n_slopes=n_slopes,
        n_clusters=units.n_clusters,
        n_spreads=2 if arms.min() >= SITE_VARYING else 1,
    )
    return Prepared(name=rows.name, structure=structure, parts=parts, units=units, centre=centre, scale=scale)


def _refuse_no_hazard(rows: OutcomeRows) -> None:
    where = f"[roi.outcomes.{rows.name}] likelihood = 'hazard'"
    if not rows.binary:
        raise DesignError(
            "A hazard is of something that happened or did not.",
            where=where,
            expected="values 0 and 1",
            remedy='declare likelihood = "count", "hurdle" or "gaussian"',
        )
    happened = rows.unit[rows.value == 1]
    if np.unique(happened).size < happened.size:
        raise DesignError(
            "A hazard is of something that happens once, and it happened to somebody twice.",
            where=where,
            remedy='declare likelihood = "count", one total a person',
        )


def _hurdle_parts(units: Units, name: str) -> dict[str, PartData]:
    above = units.value > 0
    where = f"[roi.outcomes.{name}] likelihood = 'hurdle'"
    if units.value.min() < 0:
        raise DesignError("A hurdle model is of values of 0 or more.", where=where, got="values below 0")
    for arm in (units.treated, ~units.treated):
        if np.sum(above & arm) < MIN_ROWS or np.all(above[arm]):
            raise DesignError(
                "A hurdle model needs values of 0 and values above 0 in both arms.",
                where=where,
                expected=f"at least {MIN_ROWS} values above 0 in each arm, and one of 0",
                remedy='declare likelihood = "gaussian"',
            )
    if not np.ptp(units.value[above]) > 0:
        raise DesignError(
            "All values above 0 are the same, so there is nothing to say of how much.",
            where=where,
            remedy='declare likelihood = "hazard" (with values 0 and 1) or "gaussian"',
        )
    chosen = replace(
        units,
        value=units.value[above],
        exposure=units.exposure[above],
        power=units.power[above],
        share=units.share[above],
        treated=units.treated[above],
        cluster=units.cluster[above],
        X=units.X[above],
    )
    event = above.astype(float)
    return {
        FIRST: _part(units, hazard_cells(units, event), event, hazard=True),
        SECOND: _part(chosen, gamma_cells(chosen), chosen.value),
    }


def _part(
    units: Units, cells: Cells, value: Floats, *, hazard: bool = False, logarithmic: bool = True
) -> PartData:
    """Cells with the crude level in the control arm, and centring from moments."""
    weight = units.share / units.share.sum()
    control = ~units.treated
    mean = float(np.average(value[control], weights=weight[control]))
    on_hazard = -math.log1p(-mean) if hazard else mean
    crude = math.log(on_hazard) if logarithmic else mean
    return PartData(
        cells=cells,
        crude=crude,
        centring=_centring(units, value, logarithmic=logarithmic),
    )


def _centring(units: Units, value: Floats, *, logarithmic: bool) -> Floats:
    """Share of what is known about each cluster that its own rows tell, I ω² / (1 + I ω²), ω² by moments.

    DerSimonian & Laird (1986), Controlled Clinical Trials 7:177.
    """
    c = units.n_clusters
    if not c:
        return np.zeros(0)
    arm = units.treated.astype(int)
    means = np.array([value[arm == a].mean() for a in (0, 1)])
    scale = means[arm] if logarithmic else 1.0
    relative = (value - means[arm]) / scale
    n = np.bincount(units.cluster, minlength=c).astype(float)
    own = np.bincount(units.cluster, weights=relative, minlength=c) / np.maximum(n, 1)
    within = float(np.mean((relative - own[units.cluster]) ** 2)) * value.size / max(value.size - c, 1)
    information = n / max(within, 1e-9)
    q, total = float(information @ own**2), information.sum()
    spread = (q - (c - 2)) / max(total - float(information @ information) / total, 1e-9)
    known = information * max(spread, _LEAST_SPREAD**2)
    return np.asarray(known / (1 + known))


def prior_of_contrast(told: PriorOfEffect, effect: Effect, prepared: Prepared) -> tuple[float, float]:
    """Mean and precision of the prior of `contrast`; 0 and 0 for the flat one.

    A relative prior is about the contrast itself. Any other, which is about the difference in the outcome's
    unit, becomes one about the contrast by how much the contrast moves the mean of the control arm (delta
    method): by the mean itself, or for a hazard by −(1 − p) log(1 − p).
    """
    if told.declared is None:
        return 0.0, 0.0
    if prepared.structure.on_ratio and told.declared.scale == "relative":
        return told.declared.mean, told.declared.sd**-2
    if not prepared.structure.on_ratio:
        per_unit = prepared.scale
    elif prepared.structure.likelihood == "hazard":
        per_unit = -(1 - effect.control_mean) * math.log1p(-effect.control_mean)
    else:
        per_unit = effect.control_mean
    return told.mean / per_unit, (per_unit / told.sd) ** 2
