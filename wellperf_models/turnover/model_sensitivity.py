"""The same question to other models: accelerated failure time, and a frailty shared by clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.aft import AftFit, Shape, fit_aft
from wellperf_models.inference.frailty import FrailtyFit, fit_frailty
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.split_rows import split_rows
from wellperf_models.study import Turnover
from wellperf_models.turnover.design import Column
from wellperf_models.turnover.errors_few_clusters import with_few_clusters
from wellperf_models.turnover.model_cox import require_rows
from wellperf_models.turnover.rows import ModelRows, TurnoverFrame

# the baseline of the frailty model where the study declares no bands: as many bands of equally many exits
_BANDS = 10


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """What other models say on the rows and covariates of the Cox model.

    Attributes:
        columns: What each coefficient is about.
        weibull, log_logistic: Accelerated failure time, or why not.
        frailty: With a frailty shared within `frailty_by`, or why not.
        frailty_by: Who shares one; None: not asked.
        n_people, n_leavers, n_clusters: Counts.
    """

    columns: tuple[Column, ...]
    weibull: AftFit | Unanswered
    log_logistic: AftFit | Unanswered
    frailty: FrailtyFit | Unanswered
    frailty_by: str | None
    n_people: int
    n_leavers: int
    n_clusters: int | None

    def log_hazard_ratios(self) -> dict[str, Floats]:
        """Model → what it says on the scale of Cox's coefficients, shape (p,); fitted models alone.

        Weibull: −β/σ, exactly a log hazard ratio. Log-logistic: its log time ratios by the Weibull's σ: the
        hazard ratios that would stretch time as much.
        """
        found = {}
        if not isinstance(self.weibull, Unanswered):
            found["weibull"] = -self.weibull.beta / self.weibull.scale
            if not isinstance(self.log_logistic, Unanswered):
                found["log_logistic"] = -self.log_logistic.beta / self.weibull.scale
        if not isinstance(self.frailty, Unanswered):
            found["frailty"] = self.frailty.beta
        return found

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Sensitivity({', '.join(self.log_hazard_ratios()) or 'nothing fitted'})"


def fit_sensitivity(frame: TurnoverFrame, section: Turnover) -> Sensitivity:
    """Fits the other models; one that can't be fitted is an `Unanswered` among the others.

    Accelerated failure time: Weibull and log-logistic, with entry and strata, errors clustered as Cox's. The
    frailty is shared by the study's cluster, by the person where there is none and people come back, and not
    asked otherwise; its baseline is constant within the study's bands of tenure, or tenths of the exits.

    Args:
        frame: The turnover frame.
        section: `[turnover]`.

    Raises:
        DesignError: No covariates.
    """
    rows = require_rows(frame)
    frailty_by = section.cluster
    if frailty_by is None and bool((np.bincount(frame.spells.person) > 1).any()):
        frailty_by = "person"
    frailty: FrailtyFit | Unanswered = Unanswered(
        reason="The study names no cluster and nobody came back, so nobody shares what was not measured."
    )
    if frailty_by is not None:
        frailty = attempt(_frailty, rows, section)
    happened = rows.event == 1
    return Sensitivity(
        columns=rows.design.columns,
        weibull=attempt(_aft, rows, "weibull"),
        log_logistic=attempt(_aft, rows, "log_logistic"),
        frailty=frailty,
        frailty_by=frailty_by,
        n_people=int(np.unique(rows.person).size),
        n_leavers=int(np.unique(rows.person[happened]).size),
        n_clusters=None if rows.cluster is None else int(np.unique(rows.cluster).size),
    )


def _aft(rows: ModelRows, shape: Shape) -> AftFit:
    happened = rows.event == 1

    def fit(kept: NDArray[np.bool_] | slice, start: Floats | None = None) -> AftFit:
        return fit_aft(
            rows.entry[kept],
            rows.exit[kept],
            happened[kept],
            rows.design.X[kept],
            shape=shape,
            exact=not rows.varying,
            stratum=None if rows.stratum is None else rows.stratum[kept],
            cluster=None if rows.cluster is None else rows.cluster[kept],
            start=start,
        )

    whole = fit(slice(None))
    estimate = np.concatenate((whole.beta, [np.log(whole.scale)]))

    def refit(kept: NDArray[np.bool_]) -> Floats:
        again = fit(kept, estimate)
        return np.concatenate((again.beta, [np.log(again.scale)]))

    covariance, _ = with_few_clusters(whole.robust_covariance, refit, estimate, rows.cluster)
    return replace(whole, robust_covariance=covariance)


def _frailty(rows: ModelRows, section: Turnover) -> FrailtyFit:
    happened = rows.event == 1
    shared = rows.person if rows.cluster is None else rows.cluster
    edges = section.period_edges_months
    if edges is None:
        cuts = np.unique(np.quantile(rows.exit[happened], np.arange(1, _BANDS) / _BANDS))
    else:
        cuts = np.asarray(edges, float)
    cut = split_rows(rows.entry, rows.exit, happened, cuts)
    code = cut.band if rows.stratum is None else rows.stratum[cut.row] * (cuts.size + 1) + cut.band
    return fit_frailty(
        code, cut.stop - cut.start, cut.event.astype(float), rows.design.X[cut.row], shared[cut.row]
    )
