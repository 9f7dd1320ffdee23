"""How well exits can be foretold for people the model has not seen: Cox and the hazard on cells, in pairs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.concordance import concordance
from wellperf_models.inference.cox import CoxFit, fit_cox
from wellperf_models.inference.folds import FoldMean, corrected_mean, grouped_folds
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.study import Turnover
from wellperf_models.turnover.model_cox import require_rows
from wellperf_models.turnover.model_validation_hazard import BrierGrid, HazardRows, hazard_rows
from wellperf_models.turnover.rows import ModelRows, TurnoverFrame

# exits a level needs among the training rows to get a coefficient; rarer ones join the reference
_MIN_EXITS_OF_LEVEL = 10
# more failed folds than this share, and there is no estimate
_MAX_FAILED = 0.1

type _Kind = Literal["fitted", "no_model", "failed", "no_pairs"]


@dataclass(frozen=True, kw_only=True)
class BrierComparison:
    """Integrated Brier score of being employed, lower is better; over the same folds.

    Attributes:
        until: Integrated from month 1 to this month.
        cox, hazard, average: Means over folds; "average" foretells the same for everybody (Kaplan–Meier).
        gain: Hazard less Cox in each fold: below 0 the hazard is better.
    """

    until: int
    cox: FoldMean
    hazard: FoldMean
    average: FoldMean
    gain: FoldMean


@dataclass(frozen=True, kw_only=True)
class ValidationResult:
    """Concordance over repeated grouped folds.

    Attributes:
        concordance: Mean C of the Cox model over folds with its corrected interval. A fold whose training
            rows leave no column to fit (every level too rare) has no model and orders like a coin: its C is
            .5 and counts.
        folds, repeats: As declared.
        group_by: What was kept together.
        n_groups: Their number.
        n_failed: Folds whose fit was not possible or did not converge; they are left out of the mean.
        n_without_pairs: Folds whose people make no comparable pair; left out of the mean too.
        n_without_model: Folds that counted as a coin.
        n_people, n_leavers, n_parameters: Of all rows.
        hazard: C of the penalised hazard on cells (bands, or splines), on the same folds; None where it could
            not be fitted in as many.
        gain: Hazard less Cox in each fold, with the interval of the paired difference.
        brier: The same of the integrated Brier score; None where covariates change over time, people enter
            late or there are strata: then a curve is not foretold for everybody from hire on.
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
    hazard: FoldMean | None = None
    gain: FoldMean | None = None
    brier: BrierComparison | None = None


@dataclass(frozen=True, kw_only=True)
class _Fold:
    """Scores of one fold; nan where there is none."""

    cox: float
    kind: _Kind
    hazard: float
    # Cox, hazard, average
    brier: tuple[float, float, float]


def validate(frame: TurnoverFrame, section: Turnover) -> ValidationResult:
    """Refits Cox and the hazard without each fold in turn and scores them within the fold.

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
    hazard, grid = hazard_rows(frame, section), BrierGrid.of(rows)
    jobs = [(r, f) for r in range(plan.repeats) for f in range(plan.folds)]
    found = [
        _score(rows, hazard, grid, assigned[repeat] == fold)
        for repeat, fold in tqdm(jobs, desc="folds", leave=False, disable=not sys.stderr.isatty())
    ]
    kinds = [fold.kind for fold in found]
    _check_enough(kinds.count("failed"), kinds.count("no_pairs"), len(kinds))
    happened = rows.event == 1
    cox, own = np.array([fold.cox for fold in found]), np.array([fold.hazard for fold in found])
    return ValidationResult(
        concordance=corrected_mean(cox[np.isfinite(cox)], plan.folds),
        folds=plan.folds,
        repeats=plan.repeats,
        group_by=plan.group_by,
        n_groups=int(np.unique(rows.fold_group).size),
        n_failed=kinds.count("failed"),
        n_without_pairs=kinds.count("no_pairs"),
        n_without_model=kinds.count("no_model"),
        n_people=int(np.unique(rows.person).size),
        n_leavers=int(np.unique(rows.person[happened]).size),
        n_parameters=len(rows.design.columns),
        hazard=_mean(own, plan.folds),
        gain=_mean(own - cox, plan.folds),
        brier=_compare(np.array([fold.brier for fold in found]), grid, plan.folds),
    )


def _mean(values: Floats, folds: int) -> FoldMean | None:
    """Mean over folds, None where too many of them lack it."""
    known = np.isfinite(values)
    if known.sum() < max(2, (1 - _MAX_FAILED) * values.size):
        return None
    return corrected_mean(values[known], folds)


def _compare(values: Floats, grid: BrierGrid | None, folds: int) -> BrierComparison | None:
    """Integrated Brier scores by fold, shape (folds, 3): Cox, hazard, average."""
    cox, hazard, average = (_mean(values[:, i], folds) for i in range(3))
    gain = _mean(values[:, 1] - values[:, 0], folds)
    if grid is None or cox is None or hazard is None or average is None or gain is None:
        return None
    return BrierComparison(until=grid.until, cox=cox, hazard=hazard, average=average, gain=gain)


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


def _score(rows: ModelRows, hazard: HazardRows, grid: BrierGrid | None, test: NDArray[np.bool_]) -> _Fold:
    """Both models on the fold; nan where the fit without it failed or no pair is comparable."""
    if not (rows.event == 1)[test].any():
        raise DesignError(
            "A fold holds nobody who left.", where="turnover.validation.folds", remedy="use fewer folds"
        )
    fit, risk, kind = _fit_cox(rows, test)
    cox = float("nan") if kind == "failed" else _order(rows, test, risk)
    if kind != "failed" and np.isnan(cox):
        kind = "no_pairs"
    nothing = (float("nan"),) * 3
    try:
        own = hazard.fit(~test)
    except (ConvergenceError, DesignError):
        return _Fold(cox=cox, kind=kind, hazard=float("nan"), brier=nothing)
    found = _order(rows, test, own.score(hazard.words[np.flatnonzero(test)]))
    brier = nothing
    if grid is not None and fit is not None:
        curves = (
            grid.of_cox(fit, risk),
            hazard.survival(own, test, grid.times),
            grid.of_average(rows, ~test),
        )
        scored = tuple(grid.score(rows, test, curve) for curve in curves)
        brier = (scored[0], scored[1], scored[2])
    return _Fold(cox=cox, kind=kind, hazard=found, brier=brier)


def _fit_cox(rows: ModelRows, test: NDArray[np.bool_]) -> tuple[CoxFit | None, Floats, _Kind]:
    """The fit without the fold, its linear predictor on the fold, and how it came about."""
    train = ~test
    used = _columns_for(rows, train)
    stratum = rows.stratum
    # without a model everyone is as likely to leave as the next: every pair is a tie
    none = np.zeros(int(test.sum()))
    if not used.any():
        return None, none, "no_model"
    X = rows.unpooled.X[:, used]
    try:
        fit = fit_cox(
            rows.entry[train],
            rows.exit[train],
            rows.event[train] == 1,
            X[train],
            stratum=None if stratum is None else stratum[train],
        )
    except (ConvergenceError, DesignError):
        return None, none, "failed"
    return fit, X[test] @ fit.beta, "fitted"


def _order(rows: ModelRows, test: NDArray[np.bool_], risk: Floats) -> float:
    """C on the fold; nan without a comparable pair."""
    stratum = rows.stratum
    found = concordance(
        rows.entry[test],
        rows.exit[test],
        rows.event[test] == 1,
        risk,
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
