"""Logistic regression with a ridge whose strength is chosen on the training rows alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.folds import draw_groups, grouped_folds
from wellperf_models.inference.likelihood import binomial
from wellperf_models.inference.logistic import LogisticCells, LogisticFit, cells_or_rows, fit_logistic
from wellperf_models.inference.risk_sets import Floats, Ints

# √C is the prior standard deviation of a log odds ratio per standard deviation of a predictor: from .03,
# which leaves next to nothing of any, to 3.2, which leaves every real one as it is
STRENGTHS = tuple(float(10**power) for power in np.arange(-3.0, 1.5, 0.5))
_INNER_FOLDS = 5
_INNER_STREAM = 0x1D6E
# of the last step of a fit that is only to be compared: what is left of it is some 1e-8 in log odds
_CLOSE = 1e-4
# rows the strength is chosen with, where nothing else is said
MOST_ROWS = 100_000


@dataclass(frozen=True, kw_only=True)
class Ridge:
    """A penalised fit.

    Attributes:
        fit: The model on all training rows.
        C: The strength that foretold left-out training rows best (no one-standard-error rule: a stronger
            ridge than needed makes every risk too cautious).
    """

    fit: LogisticFit
    C: float


def fit_ridge(
    X: Floats, case: NDArray[np.bool_], group: Ints, *, seed: int, most_rows: int = MOST_ROWS
) -> Ridge:
    """Chooses the strength by grouped inner folds and fits on all rows.

    Args:
        X: Training rows, encoded, shape (n, p).
        case: Shape (n,).
        group: What must not be split between inner folds, shape (n,).
        seed: The study's.
        most_rows: Rows the strength is chosen with at most, drawn by group.

    Raises:
        DesignError: One class, or too few groups to choose a strength with.
        ConvergenceError: A fit did not converge.
    """
    rows = draw_groups(group, most_rows, seed=seed + _INNER_STREAM)
    folds = min(_INNER_FOLDS, int(np.unique(group[rows]).size))
    inner = np.zeros(rows.size, np.int64)
    if folds >= 2:
        (inner,) = grouped_folds(group[rows], folds=folds, repeats=1, seed=seed + _INNER_STREAM)
    # the fold is part of the pattern: cells of some folds are the exact cells of their rows
    cells = cells_or_rows(np.column_stack([X[rows], inner]), case[rows])
    fold, cells = cells.X[:, -1], replace(cells, X=cells.X[:, :-1])
    C = STRENGTHS[int(np.argmax(_held_out(cells, fold)))]
    if rows.size < case.size:
        cells = cells_or_rows(X, case)
    return Ridge(fit=fit_logistic(cells.X, cells.n, cells.events, C), C=C)


def _held_out(cells: LogisticCells, fold: Floats) -> Floats:
    """Log-likelihood of left-out rows for each strength, the strongest ridge first: it wins a tie."""
    total = np.zeros(len(STRENGTHS))
    usable = 0
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        X, n, events = cells.X[train], cells.n[train], cells.events[train]
        if not 0 < events.sum() < n.sum():
            continue
        usable += 1
        fit = None
        for index, C in enumerate(STRENGTHS):
            # each begins where a stronger ridge ended
            fit = fit_logistic(X, n, events, C, start=fit, tolerance=_CLOSE)
            eta = fit.linear_predictor(cells.X[test])
            total[index] += binomial(eta, cells.n[test], cells.events[test], "logit")
    if not usable:
        raise DesignError(
            "There are too few cases to choose how cautious a model should be.",
            where="burnout.models",
            remedy="more answers, or a cut-off that makes more cases",
        )
    return total
