"""How well the order of exits can be foretold for people the model has not seen."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.concordance import concordance
from wellperf_models.inference.cox import fit_cox
from wellperf_models.inference.folds import FoldMean, corrected_mean, grouped_folds
from wellperf_models.study import Turnover
from wellperf_models.turnover.model_cox import require_rows
from wellperf_models.turnover.rows import ModelRows, TurnoverFrame

# exits a level needs among the training rows to get a coefficient; rarer ones join the reference
_MIN_EXITS_OF_LEVEL = 10
# more failed folds than this share, and there is no estimate
_MAX_FAILED = 0.1

type _Kind = Literal["fitted", "no_model", "failed", "no_pairs"]


@dataclass(frozen=True, kw_only=True)
class ValidationResult:
    """Concordance of a Cox model over repeated grouped folds.

    Attributes:
        concordance: Mean C over folds with its corrected interval. A fold whose training rows leave no column
            to fit (every level too rare) has no model and orders like a coin: its C is .5 and counts.
        folds, repeats: As declared.
        group_by: What was kept together.
        n_groups: Their number.
        n_failed: Folds whose fit was not possible or did not converge; they are left out of the mean.
        n_without_pairs: Folds whose people make no comparable pair; left out of the mean too.
        n_without_model: Folds that counted as a coin.
        n_people, n_leavers, n_parameters: Of all rows.
    """

    concordance: FoldMean
    folds: int
    repeats: int
    group_by: str
    n_groups: int
    n_failed: int
    n_without_pairs: int
    n_without_model: int
    n_people: int
    n_leavers: int
    n_parameters: int


def validate(frame: TurnoverFrame, section: Turnover) -> ValidationResult:
    """Refits Cox without each fold in turn and scores the order of exits within the fold.

    The risk score is the linear predictor; pairs respect delayed entry and strata.

    Args:
        frame: The turnover frame.
        section: `[turnover]`; `validation` says how many folds and what stays together.

    Raises:
        DesignError: Fewer groups than folds, a fold in which nobody left, or more than one fold in ten
            without a comparable pair.
        ConvergenceError: More than one fit in ten failed.
    """
    from tqdm import tqdm

    rows = require_rows(frame)
    plan = section.validation
    assigned = grouped_folds(rows.fold_group, folds=plan.folds, repeats=plan.repeats, seed=frame.seed)
    scores = np.full((plan.repeats, plan.folds), np.nan)
    kinds = np.full(scores.shape, "", dtype="U13")
    jobs = [(r, f) for r in range(plan.repeats) for f in range(plan.folds)]
    for repeat, fold in tqdm(jobs, desc="folds", leave=False, disable=not sys.stderr.isatty()):
        scores[repeat, fold], kinds[repeat, fold] = _score(rows, assigned[repeat] == fold)
    failed, pairless = int((kinds == "failed").sum()), int((kinds == "no_pairs").sum())
    _check_enough(failed, pairless, scores.size)
    happened = rows.event == 1
    return ValidationResult(
        concordance=corrected_mean(scores[np.isfinite(scores)], plan.folds),
        folds=plan.folds,
        repeats=plan.repeats,
        group_by=plan.group_by,
        n_groups=int(np.unique(rows.fold_group).size),
        n_failed=failed,
        n_without_pairs=pairless,
        n_without_model=int((kinds == "no_model").sum()),
        n_people=int(np.unique(rows.person).size),
        n_leavers=int(np.unique(rows.person[happened]).size),
        n_parameters=len(rows.design.columns),
    )


def _check_enough(failed: int, pairless: int, total: int) -> None:
    if failed > _MAX_FAILED * total:
        raise ConvergenceError(
            "Too many of the refits failed to converge.",
            where="turnover.validation",
            got=f"{failed} of {total}",
            remedy="fewer folds, fewer covariates, or pool rare levels",
        )
    if failed + pairless > _MAX_FAILED * total:
        raise DesignError(
            "Too many folds hold nobody of the same tenure to compare a leaver with.",
            where="turnover.validation",
            got=f"{pairless} of {total}, and {failed} failed refits",
            remedy="fewer folds, or fewer strata",
        )


def _score(rows: ModelRows, test: NDArray[np.bool_]) -> tuple[float, _Kind]:
    """C on the fold and how it came about; nan where the fit without it failed or no pair is comparable."""
    train = ~test
    event = rows.event == 1
    if not event[test].any():
        raise DesignError(
            "A fold holds nobody who left.", where="turnover.validation.folds", remedy="use fewer folds"
        )
    used = _columns_for(rows, train)
    X = rows.unpooled.X[:, used]
    stratum = rows.stratum
    kind: _Kind = "fitted" if used.any() else "no_model"
    # without a model everyone is as likely to leave as the next: every pair is a tie
    risk = np.zeros(int(test.sum()))
    try:
        if used.any():
            fit = fit_cox(
                rows.entry[train],
                rows.exit[train],
                event[train],
                X[train],
                stratum=None if stratum is None else stratum[train],
            )
            risk = X[test] @ fit.beta
    except (ConvergenceError, DesignError):
        return float("nan"), "failed"
    found = concordance(
        rows.entry[test],
        rows.exit[test],
        event[test],
        risk,
        None if stratum is None else stratum[test],
    )
    return found.c, kind if found.pairs else "no_pairs"


def _columns_for(rows: ModelRows, train: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which columns the refit uses, decided by its own rows: nothing of the test fold is looked at."""
    X, event = rows.unpooled.X[train], rows.event[train] == 1
    used = X.std(axis=0) > 0
    for index, column in enumerate(rows.unpooled.columns):
        if column.level is not None:
            exits = int(X[event, index].sum())
            used[index] &= exits >= _MIN_EXITS_OF_LEVEL
    return used
