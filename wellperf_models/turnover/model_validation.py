"""How well the order of exits can be foretold for people the model has not seen."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.concordance import concordance
from wellperf_models.inference.cox import fit_cox
from wellperf_models.inference.folds import FoldMean, corrected_mean, grouped_folds
from wellperf_models.study import Turnover
from wellperf_models.turnover.frame import ModelRows, TurnoverFrame
from wellperf_models.turnover.model_cox import require_rows

# exits a level needs among the training rows to get a coefficient; rarer ones join the reference
_MIN_EXITS_OF_LEVEL = 10
# more failed folds than this share, and there is no estimate
_MAX_FAILED = 0.1


@dataclass(frozen=True, kw_only=True)
class ValidationResult:
    """Concordance of a Cox model over repeated grouped folds.

    Attributes:
        concordance: Mean C over folds with its corrected interval.
        folds, repeats: As declared.
        group_by: What was kept together.
        n_groups: Their number.
        n_failed: Folds whose fit did not converge; they are left out of the mean.
        n_people, n_leavers, n_parameters: Of all rows.
    """

    concordance: FoldMean
    folds: int
    repeats: int
    group_by: str
    n_groups: int
    n_failed: int
    n_people: int
    n_leavers: int
    n_parameters: int

    @property
    def exits_per_parameter(self) -> float:
        """Exits of the modelled cause for each parameter of the model."""
        return self.n_leavers / self.n_parameters


def validate(frame: TurnoverFrame, section: Turnover) -> ValidationResult:
    """Refits Cox without each fold in turn and scores the order of exits within the fold.

    The risk score is the linear predictor; pairs respect delayed entry and strata.

    Args:
        frame: The turnover frame.
        section: `[turnover]`; `validation` says how many folds and what stays together.

    Raises:
        DesignError: Fewer groups than folds, or a fold without a comparable pair.
        ConvergenceError: More than one fit in ten failed.
    """
    from tqdm import tqdm

    rows = require_rows(frame)
    plan = section.validation
    assigned = grouped_folds(rows.fold_group, folds=plan.folds, repeats=plan.repeats, seed=frame.seed)
    scores = np.full((plan.repeats, plan.folds), np.nan)
    jobs = [(r, f) for r in range(plan.repeats) for f in range(plan.folds)]
    for repeat, fold in tqdm(jobs, desc="folds", leave=False, disable=not sys.stderr.isatty()):
        scores[repeat, fold] = _score(rows, assigned[repeat] == fold)
    failed = int(np.isnan(scores).sum())
    if failed > _MAX_FAILED * scores.size:
        raise ConvergenceError(
            "Too many of the refits failed to converge.",
            where="turnover.validation",
            got=f"{failed} of {scores.size}",
            remedy="fewer folds, fewer covariates, or pool rare levels",
        )
    happened = rows.event == 1
    return ValidationResult(
        concordance=corrected_mean(scores[np.isfinite(scores)], plan.folds),
        folds=plan.folds,
        repeats=plan.repeats,
        group_by=plan.group_by,
        n_groups=int(np.unique(rows.fold_group).size),
        n_failed=failed,
        n_people=int(np.unique(rows.person).size),
        n_leavers=int(np.unique(rows.person[happened]).size),
        n_parameters=len(rows.design.columns),
    )


def _score(rows: ModelRows, test: NDArray[np.bool_]) -> float:
    """C on the fold; nan where the fit without it failed."""
    train = ~test
    event = rows.event == 1
    if not event[test].any():
        raise DesignError(
            "A fold holds nobody who left.", where="turnover.validation.folds", remedy="use fewer folds"
        )
    used = _columns_for(rows, train)
    X = rows.unpooled.X[:, used]
    stratum = rows.stratum
    try:
        fit = fit_cox(
            rows.entry[train],
            rows.exit[train],
            event[train],
            X[train],
            stratum=None if stratum is None else stratum[train],
        )
    except ConvergenceError:
        return float("nan")
    found = concordance(
        rows.entry[test],
        rows.exit[test],
        event[test],
        X[test] @ fit.beta,
        None if stratum is None else stratum[test],
    )
    return found.c


def _columns_for(rows: ModelRows, train: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which columns the refit uses, decided by its own rows: nothing of the test fold is looked at."""
    X, event = rows.unpooled.X[train], rows.event[train] == 1
    used = X.std(axis=0) > 0
    for index, column in enumerate(rows.unpooled.columns):
        if column.level is not None:
            exits = int(X[event, index].sum())
            used[index] &= exits >= _MIN_EXITS_OF_LEVEL
    return used
