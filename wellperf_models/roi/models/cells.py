"""Exact cells of the outcome models: sums over units alike in arm, cluster and covariates.

With pattern j the units of one arm, cluster, covariates (and exposure), π the power of a unit, η_j the linear
predictor of the pattern:

    hazard      Σ_j d_j log(1 − exp(−h_j)) − (n_j − d_j) h_j                       h = exp(η)
    count       Σ_j y_j log μ_j − (y_j + n_j α) log(μ_j + α) + n α log α − n lgamma(α) + Σ_v c_v lgamma(v + α)
    gamma       Σ_j a (n_j log a − n_j η_j − y_j exp(−η_j)) − n lgamma(a) + (a − 1) Σ π log y

where n, d, y are sums of π, of π × event, of π × value, and c_v is how many units have the total v: rows
enter
through these sums alone, so nothing is lost (Lawless 1987, Canadian Journal of Statistics 15:209, for the
negative binomial). What holds no parameter is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.roi.models.units import Units


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Patterns, shape (m,) unless said otherwise.

    Attributes:
        arm, cluster, X: Of the pattern; X has shape (m, p).
        n, y: Sum of powers, and of power × value (of events, of totals).
        log_exposure: Of each of its units; 0 where exposure does not enter.
        values, counts: Distinct totals and how many units have each, shape (v,); empty where not needed.
        log_y: Σ power × log value, for the gamma.
    """

    arm: Floats
    cluster: Ints
    X: Floats
    n: Floats
    y: Floats
    log_exposure: Floats
    values: Floats
    counts: Floats
    log_y: float = 0.0

    @property
    def n_cells(self) -> int:
        """Rows the likelihood is evaluated on."""
        return int(self.n.size + self.values.size)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Cells({self.n_cells})"


def hazard_cells(units: Units, event: Floats) -> Cells:
    """Cells of a yes/no outcome.

    Args:
        units: One row an interval.
        event: 1 where it happened, shape (n,).
    """
    return _cells(units, event)


def count_cells(units: Units, total: Floats, exposure: Floats) -> Cells:
    """Cells of whole totals.

    Args:
        units: One row a person.
        total, exposure: From `whole_totals`, shape (n,).
    """
    values, counts = np.unique(total, return_counts=True)
    return _cells(units, total, log_exposure=np.log(exposure), values=values, counts=counts.astype(float))


def gamma_cells(units: Units) -> Cells:
    """Cells of values above 0."""
    log_y = float(np.sum(units.power * np.log(units.value)))
    return _cells(units, units.value, log_y=log_y)


def row_cells(units: Units) -> Cells:
    """Every unit a cell of its own: the path of a likelihood without sums (Student t)."""
    return Cells(
        arm=units.treated.astype(float),
        cluster=units.cluster,
        X=units.X,
        n=units.power,
        y=units.value,
        log_exposure=np.zeros(units.value.size),
        values=np.zeros(0),
        counts=np.zeros(0),
    )


def _cells(
    units: Units,
    value: Floats,
    *,
    log_exposure: Floats | None = None,
    values: Floats | None = None,
    counts: Floats | None = None,
    log_y: float = 0.0,
) -> Cells:
    offset = np.zeros(value.size) if log_exposure is None else log_exposure
    slopes = [f"x{k}" for k in range(units.X.shape[1])]
    keys = ["cluster", "arm", "offset", *slopes]
    columns = {"cluster": units.cluster, "arm": units.treated.astype(float), "offset": offset}
    columns |= dict(zip(slopes, units.X.T, strict=True))
    sums = {"n": units.power, "y": units.power * value}
    # sorted, so that neither the engine nor the order of rows decides the order of sums
    frame = pl.DataFrame(columns | sums).sort([*keys, "y", "n"])
    found = frame.group_by(keys, maintain_order=True).agg(pl.col("n").sum(), pl.col("y").sum())
    return Cells(
        arm=found["arm"].to_numpy(),
        cluster=found["cluster"].to_numpy(),
        X=found.select(slopes).to_numpy().reshape(found.height, len(slopes)),
        n=found["n"].to_numpy(),
        y=found["y"].to_numpy(),
        log_exposure=found["offset"].to_numpy(),
        values=np.zeros(0) if values is None else values,
        counts=np.zeros(0) if counts is None else counts,
        log_y=log_y,
    )
