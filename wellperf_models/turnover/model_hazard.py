"""The person-period hazard on cells: the predictive engine, and a second road to the Cox estimate."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.cells import build_cells
from wellperf_models.inference.cox import CoxFit, fit_cox as _fit_cox
from wellperf_models.inference.hazard import HazardFit, fit_hazard as _fit_hazard
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study import Turnover
from wellperf_models.turnover.design import Column, encode
from wellperf_models.turnover.errors_few_clusters import Errors, with_few_clusters
from wellperf_models.turnover.model_cox import require_rows
from wellperf_models.turnover.rows import TurnoverFrame


@dataclass(frozen=True, kw_only=True)
class HazardModel:
    """Complementary log-log hazard of the first cause.

    Attributes:
        cause: The modelled exit reason.
        fit: With the study's bands of tenure (one a month where none are declared).
        saturated: One intercept a month of tenure: must equal Cox on the same rows. Of the columns only those
            that differ within a month.
        cox: That Cox fit, on the same binned covariates and the same months.
        columns: What each coefficient is about.
        band_edges: Upper edges of the bands in months, or None.
        n_cells, n_person_months, n_people, n_leavers: Counts.
        errors: How those of `fit` were made.
    """

    cause: str
    fit: HazardFit
    saturated: HazardFit
    cox: CoxFit
    columns: tuple[Column, ...]
    band_edges: tuple[float, ...] | None
    n_cells: int
    n_person_months: int
    n_people: int
    n_leavers: int
    errors: Errors = "model"

    @property
    def distance_from_cox(self) -> float:
        """Largest difference between the saturated hazard and Cox, in Cox's model-based standard errors."""
        errors = np.sqrt(np.diag(self.cox.covariance))
        return float(np.max(np.abs(self.saturated.beta - self.cox.beta) / errors))


def fit_hazard(frame: TurnoverFrame, section: Turnover) -> HazardModel:
    """Fits the hazard on cells of (month of tenure, covariate levels, stratum, cluster).

    Args:
        frame: The turnover frame.
        section: `[turnover]`.

    Raises:
        DesignError: No covariates.
        ConvergenceError: Separation, or no convergence.
    """
    require_rows(frame)
    assert frame.panel is not None
    panel = frame.panel
    names = list(frame.covariates)
    design = encode(panel, names, frame.covariates, frame.minimum, binned=True)
    stratum = _stratum(panel, section)
    by = ["start_months", *names, *section.strata, *(["cluster_key"] if section.cluster else [])]
    # the dummies of a pattern travel with it as its first row's
    marked = panel.with_columns(pl.Series("row", np.arange(panel.height)), pl.Series("baseline", stratum))
    cells = build_cells(marked, [*by, "baseline"], n_causes=len(frame.causes)).sort([*by, "baseline"])
    first = marked.group_by([*by, "baseline"]).agg(pl.col("row").min())
    cells = cells.join(first, on=[*by, "baseline"], how="left", maintain_order="left", nulls_equal=True)
    X = design.X[cells["row"].to_numpy()]
    months = cells["start_months"].to_numpy().astype(np.int64)
    baseline = cells["baseline"].to_numpy().astype(np.int64)
    n, events = cells["n"].to_numpy().astype(float), cells["events_1"].to_numpy().astype(float)
    cluster = None
    if section.cluster:
        cluster = (cells["cluster_key"].rank("dense") - 1).cast(pl.Int64).to_numpy()
    edges = section.period_edges_months
    width = int(months.max()) + 1
    code = baseline * width + months
    # "not measured" may be one month of tenure, which has an intercept of its own
    told = _varies(code, X)
    columns = tuple(c for c, kept in zip(design.columns, told, strict=True) if kept)
    names_told = tuple(c.name for c in columns)
    saturated = _fit_hazard(code, n, events, X[:, told], cluster=cluster, names=names_told)
    banded = saturated
    if edges is None:
        X = X[:, told]
    else:
        columns = design.columns
        band = np.searchsorted(np.asarray(edges), months, side="right")
        code = baseline * (len(edges) + 1) + band
        banded = _fit_hazard(code, n, events, X, cluster=cluster, names=design.names)
    banded, errors = _few_clusters(banded, code, n, events, X, cluster)
    event = panel["event"].to_numpy() == 1
    person = panel["person"].to_numpy()
    return HazardModel(
        cause=frame.causes[0],
        fit=banded,
        saturated=saturated,
        cox=_fit_cox(
            panel["start_months"].cast(pl.Float64).to_numpy(),
            panel["stop_months"].cast(pl.Float64).to_numpy(),
            event,
            design.X[:, told],
            stratum=stratum,
            names=names_told,
        ),
        columns=columns,
        band_edges=edges,
        n_cells=cells.height,
        n_person_months=panel.height,
        n_people=int(np.unique(person).size),
        n_leavers=int(np.unique(person[event]).size),
        errors=errors,
    )


def _varies(code: Ints, X: Floats) -> NDArray[np.bool_]:
    """Which columns take two values under at least one intercept, shape (p,)."""
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    spread = np.maximum.reduceat(X[order], starts) - np.minimum.reduceat(X[order], starts)
    return np.asarray((spread > 0).any(axis=0))


def _few_clusters(
    fit: HazardFit, code: Ints, n: Floats, events: Floats, X: Floats, cluster: Ints | None
) -> tuple[HazardFit, Errors]:
    """The fit with errors made for few clusters where they are few, and how they were made."""

    def refit(kept: NDArray[np.bool_]) -> Floats:
        return _fit_hazard(code[kept], n[kept], events[kept], X[kept], start=fit.beta).beta

    covariance, errors = with_few_clusters(fit.robust_covariance, refit, fit.beta, cluster)
    return replace(fit, robust_covariance=covariance), errors


def _stratum(panel: pl.DataFrame, section: Turnover) -> np.ndarray:
    if not section.strata:
        return np.zeros(panel.height, np.int64)
    joined = panel.select(pl.concat_str(section.strata, separator="\x1f").alias("s"))["s"]
    return (joined.rank("dense") - 1).cast(pl.Int64).to_numpy()
