"""What goes with leaving: a cause-specific Cox model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.cox import CoxFit, fit_cox as _fit
from wellperf_models.inference.proportional_hazards import assess_proportional_hazards
from wellperf_models.study import Turnover
from wellperf_models.turnover.design import Column
from wellperf_models.turnover.rows import ModelRows, TurnoverFrame


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
    """

    cause: str
    fit: CoxFit
    columns: tuple[Column, ...]
    n_people: int
    n_leavers: int
    proportional: dict[str, float]
    clustered_by: str | None
    n_repeated: int


def fit_cox(frame: TurnoverFrame, section: Turnover) -> CoxModel:
    """Fits the Cox model of the first cause on the frame's counting-process rows.

    Entry is respected, strata have their own baseline, ties are Efron's; errors are clustered where the study
    declares a cluster.

    Args:
        frame: The turnover frame.
        section: `[turnover]`.

    Raises:
        DesignError: No covariates, or covariates that imply each other.
        ConvergenceError: Separation, or no convergence: there is no estimate.
    """
    rows = require_rows(frame)
    happened = rows.event == 1
    fit = _fit(
        rows.entry,
        rows.exit,
        happened,
        rows.design.X,
        stratum=rows.stratum,
        cluster=rows.cluster,
        names=rows.design.names,
    )
    return CoxModel(
        cause=frame.causes[0],
        fit=fit,
        columns=rows.design.columns,
        n_people=int(np.unique(rows.person).size),
        n_leavers=int(np.unique(rows.person[happened]).size),
        proportional=assess_proportional_hazards(fit, rows.design.blocks),
        clustered_by=section.cluster,
        n_repeated=int(np.sum(np.bincount(frame.spells.person) > 1)),
    )


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
