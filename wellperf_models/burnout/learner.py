"""What can learn a risk from training rows: the unpenalised logistic of one score, the ridge logistic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.ridge import MOST_ROWS, fit_ridge
from wellperf_models.inference.auc import auc
from wellperf_models.inference.logistic import LogisticFit, cells_or_rows, fit_logistic
from wellperf_models.inference.risk_sets import Floats, Ints

# rows on which it is looked how well a model knows what it was fitted on
_MOST_OWN = 20_000


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What was learnt from training rows.

    Attributes:
        log_odds: Design matrix of any rows, shape (n, p) → predicted log odds, shape (n,).
        strength: Of the ridge (its C); inf without one, nan where there is no such thing.
        setting: What tuning chose, in words; "" where nothing was tuned.
        logistic: The fit, where the model is one: what can be told as odds ratios and travels.
        engine: The fitted estimator of a library, for explanation; never stored, never shown.
        own_auc: AUC among the rows it was fitted on (20,000 of them at most); nan where nobody looked.
    """

    log_odds: Callable[[Floats], Floats]
    strength: float = float("nan")
    setting: str = ""
    logistic: LogisticFit | None = None
    engine: object | None = None
    own_auc: float = float("nan")

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return f"Learned({self.setting or 'no setting'}; not released)"


class Learner(Protocol):
    """Learns from training rows; tunes, if at all, in folds of them alone."""

    def __call__(self, X: Floats, case: NDArray[np.bool_], group: Ints, *, seed: int) -> Learned:
        """Learns.

        Args:
            X: Training rows, encoded, shape (n, p).
            case: Shape (n,).
            group: What must not be split between inner folds, shape (n,).
            seed: The study's.

        Raises:
            ConvergenceError: It did not converge; the split is then left out and counted.
            DesignError: These rows can't bear it.
        """
        ...


def learn_logistic(X: Floats, case: NDArray[np.bool_], group: Ints, *, seed: int) -> Learned:
    """Logistic regression without a penalty."""
    del group, seed
    cells = cells_or_rows(X, case)
    fit = fit_logistic(cells.X, cells.n, cells.events, np.inf)
    return Learned(log_odds=fit.linear_predictor, strength=fit.C, logistic=fit)


def learn_ridge(
    X: Floats, case: NDArray[np.bool_], group: Ints, *, seed: int, most_rows: int = MOST_ROWS
) -> Learned:
    """Logistic regression with a ridge; its strength is chosen by grouped inner folds.

    Args:
        X, case, group, seed: As in `Learner`.
        most_rows: Rows the strength is chosen with at most, drawn by group.
    """
    found = fit_ridge(X, case, group, seed=seed, most_rows=most_rows)
    return Learned(
        log_odds=found.fit.linear_predictor,
        strength=found.C,
        setting=f"ridge C = {found.C:.3g}",
        logistic=found.fit,
        own_auc=own_auc(X, case, found.fit.linear_predictor),
    )


def own_auc(X: Floats, case: NDArray[np.bool_], log_odds: Callable[[Floats], Floats]) -> float:
    """AUC among the rows something was fitted on, evenly spaced ones where there are many.

    Args:
        X: Those rows, shape (n, p).
        case: Shape (n,).
        log_odds: What was learnt.
    """
    rows = np.unique(np.linspace(0, case.size - 1, min(case.size, _MOST_OWN)).astype(np.int64))
    return auc(case[rows], log_odds(X[rows]))
