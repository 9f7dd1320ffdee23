"""What goes with leaving: a cause-specific Cox model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.cox import CoxFit, fit_cox as _fit
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.proportional_hazards import assess_proportional_hazards, changing_covariates
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.study import Turnover
from wellperf_models.turnover.design import Column
from wellperf_models.turnover.errors_few_clusters import Errors, with_few_clusters
from wellperf_models.turnover.model_tenure import ByTenure, fit_by_tenure
from wellperf_models.turnover.rows import ModelRows, TurnoverFrame

_ALPHA = 0.05


@dataclass(frozen=True, kw_only=True)
class CoxModel:
    """A cause-specific Cox model; other causes count as censored on the day they happen.

    Attributes:
        cause: The modelled exit reason.
        fit: Coefficients and errors.
        columns: What each coefficient is about.
        n_people, n_leavers: People in the model; those who left for the cause.
        proportional: Covariate → p-value of the test of proportional hazards, not yet corrected.
        clustered_by: What errors are clustered by, or None.
        n_repeated: People with more than one spell.
        errors: How they were made.
        by_tenure: Ratios by band of tenure of the covariates whose ratio changes; None where none does, an
            `Unanswered` where there are too few exits to tell bands apart.
    """

    cause: str
    fit: CoxFit
    columns: tuple[Column, ...]
    n_people: int
    n_leavers: int
    proportional: dict[str, float]
    clustered_by: str | None
    n_repeated: int
    errors: Errors = "model"
    by_tenure: ByTenure | Unanswered | None = None

    @property
    def quantile(self) -> float:
        """Errors on either side of a 95 % interval."""
        return quantile_of(self.fit.n_clusters)

    @property
    def clear(self) -> list[int]:
        """Columns whose Holm-corrected two-sided p is below .05, clearest first."""
        from scipy import stats

        z = np.abs(self.fit.beta) / self.fit.std_error
        df = np.inf if self.fit.n_clusters is None else self.fit.n_clusters - 1
        adjusted = holm((2 * stats.t.sf(z, df)).tolist())
        return [int(i) for i in np.argsort(-z, kind="stable") if adjusted[int(i)] < _ALPHA]


def fit_cox(frame: TurnoverFrame, section: Turnover) -> CoxModel:
    """Fits the Cox model of the first cause on the frame's counting-process rows.

    Entry is respected, strata have their own baseline, ties are Efron's; errors are clustered where the study
    declares a cluster, by the jackknife where clusters are few. Where a hazard ratio changes with tenure, the
    model is fitted again with one for each band of tenure.

    Args:
        frame: The turnover frame.
        section: `[turnover]`.

    Raises:
        DesignError: No covariates, or covariates that imply each other.
        ConvergenceError: Separation, or no convergence: there is no estimate.
    """
    rows = require_rows(frame)
    happened = rows.event == 1
    fit, errors = _fit_clustered(rows)
    proportional = assess_proportional_hazards(fit, rows.design.blocks)
    by_tenure: ByTenure | Unanswered | None = None
    if changing := changing_covariates(proportional):
        edges = section.period_edges_months
        by_tenure = attempt(fit_by_tenure, rows, changing, edges, frame.minimum)
    return CoxModel(
        cause=frame.causes[0],
        fit=fit,
        columns=rows.design.columns,
        n_people=int(np.unique(rows.person).size),
        n_leavers=int(np.unique(rows.person[happened]).size),
        proportional=proportional,
        clustered_by=section.cluster,
        n_repeated=int(np.sum(np.bincount(frame.spells.person) > 1)),
        errors=errors,
        by_tenure=by_tenure,
    )


def _fit_clustered(rows: ModelRows) -> tuple[CoxFit, Errors]:
    """The fit with its clustered errors, and how they were made."""
    happened, names = rows.event == 1, rows.design.names
    fit = _fit(
        rows.entry,
        rows.exit,
        happened,
        rows.design.X,
        stratum=rows.stratum,
        cluster=rows.cluster,
        names=names,
    )

    def refit(kept: NDArray[np.bool_]) -> Floats:
        again = _fit(
            rows.entry[kept],
            rows.exit[kept],
            happened[kept],
            rows.design.X[kept],
            stratum=None if rows.stratum is None else rows.stratum[kept],
            names=names,
            start=fit.beta,
        )
        return again.beta

    covariance, errors = with_few_clusters(fit.robust_covariance, refit, fit.beta, rows.cluster)
    return replace(fit, robust_covariance=covariance), errors


def quantile_of(n_clusters: int | None) -> float:
    """Normal, or t with clusters − 1 degrees of freedom."""
    from scipy import stats

    if n_clusters is None:
        return float(stats.norm.ppf(0.975))
    return float(stats.t.ppf(0.975, n_clusters - 1))


def require_rows(frame: TurnoverFrame) -> ModelRows:
    """The frame's model rows.

    Raises:
        DesignError: The study names no covariates, or they can't be modelled.
    """
    if frame.no_rows is not None:
        raise DesignError(
            frame.no_rows.reason, where="turnover.covariates", remedy=frame.no_rows.remedy or None
        )
    if frame.rows is None:
        raise DesignError(
            "The study names no covariates, so there is nothing to explain or predict exits with.",
            where="turnover.covariates",
            remedy='name some, each declared under [covariates] with timing = "before"',
        )
    return frame.rows
