"""No number may come from a predictor that is the outcome in disguise."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.errors import DesignError
from wellperf_models.inference.auc import auc
from wellperf_models.inference.risk_sets import Floats

# scales repeated within weeks correlate below .9: at .98 two columns are one
SAME = 0.98
# rows it takes to say so, and rows a column in the joint regression
_MIN_ROWS, _ROWS_PER_COLUMN = 20, 10
_MIN_CLASS = 10
# rows looked at first where there are more, and what nothing below it there can be .98 on all rows with: the
# error of a correlation of .98 from so many rows is .0003
_LOOK, _FAR, _DRAW = 20_000, 0.9, 0x1EA4


def refuse_outcome(
    covariates: pl.DataFrame,
    strain: Floats,
    case: NDArray[np.bool_],
    X: Floats,
    blocks: dict[str, list[int]],
) -> None:
    """Refuses predictors that are the outcome, one by one and all together.

    One alone: its correlation with the score (or that of the ranks) is .98 or more, or it separates cases
    from others without an error. Together: a linear combination of them is the score (R² of .98² or more), as
    when a scale comes in halves.

    Args:
        covariates: Floats and words of the rows, with the last score where there is one, n rows.
        strain: The outcome's score, shape (n,).
        case: Shape (n,).
        X: The same rows encoded, shape (n, p).
        blocks: Covariate → its columns of X.

    Raises:
        DesignError: The outcome is among the predictors.
    """
    # once, and not for every covariate that everybody has
    ranks = _ranks(strain) if strain.size <= _LOOK else None
    for name in covariates.columns:
        values = covariates[name]
        known = values.is_not_null().to_numpy()
        own = (strain, case, ranks) if known.all() else (strain[known], case[known], None)
        if values.dtype.is_float() and _is_same(values.drop_nulls().to_numpy(), *own):
            raise _outcome_among(name)
        if not values.dtype.is_float() and name in blocks and _separates(X[:, blocks[name]], case):
            raise _outcome_among(name)
    enough = strain.size >= max(_ROWS_PER_COLUMN * X.shape[1], _MIN_ROWS)
    if X.shape[1] and enough and _is_sum(X, strain):
        raise _outcome_among("several of them together")


def _is_sum(X: Floats, strain: Floats) -> bool:
    """R² of .98² or more in a regression on all columns."""
    if strain.size > _LOOK and _explained(*_some(strain.size, X, strain)) < _FAR:
        return False
    return _explained(X, strain) >= SAME**2


def _explained(X: Floats, strain: Floats) -> float:
    centred, score = X - X.mean(axis=0), strain - strain.mean()
    whole = float(score @ score)
    if not whole > 0:
        return 0.0
    fitted = centred @ np.linalg.lstsq(centred, score, rcond=None)[0]
    return float(fitted @ fitted) / whole


def _some(n_rows: int, *arrays: Any) -> list[Any]:
    """The same rows of each, drawn by chance: at even distances they could all be of one wave."""
    rows = np.sort(np.random.default_rng([_DRAW, n_rows]).choice(n_rows, _LOOK, replace=False))
    return [a[rows] for a in arrays]


def _is_same(values: Floats, strain: Floats, case: NDArray[np.bool_], ranks: Floats | None) -> bool:
    if values.size < _MIN_ROWS or not np.ptp(values) > 0 or not np.ptp(strain) > 0:
        return False
    if values.size > _LOOK and _is_far(*_some(values.size, values, strain, case)):
        return False
    if _correlation(values, strain, ranks) >= SAME:
        return True
    return _has_both(case) and auc(case, values) in (0.0, 1.0)


def _is_far(values: Floats, strain: Floats, case: NDArray[np.bool_]) -> bool:
    """What is far from the same on many rows is not the same on all of them."""
    if not np.ptp(values) > 0 or not np.ptp(strain) > 0 or not _has_both(case):
        return False
    return _correlation(values, strain) < _FAR and auc(case, values) not in (0.0, 1.0)


def _correlation(values: Floats, strain: Floats, ranks: Floats | None = None) -> float:
    """The larger of that of the values and that of the ranks, without its sign."""
    straight = abs(float(np.corrcoef(values, strain)[0, 1]))
    own = _ranks(strain) if ranks is None else ranks
    return max(straight, abs(float(np.corrcoef(_ranks(values), own)[0, 1])))


def _ranks(values: Floats) -> Floats:
    from scipy import stats

    found: Floats = stats.rankdata(values)
    return found


def _has_both(case: NDArray[np.bool_]) -> bool:
    return min(int(case.sum()), int((~case).sum())) >= _MIN_CLASS


def _separates(columns: Floats, case: NDArray[np.bool_]) -> bool:
    """Every level holds only cases or only others."""
    if not _has_both(case):
        return False
    # columns of levels: one of them, or none
    level = np.where(columns.any(axis=1), columns.argmax(axis=1) + 1, 0)
    cases, rows = np.bincount(level, weights=case.astype(float)), np.bincount(level)
    return bool(np.all((cases == 0) | (cases == rows)))


def _outcome_among(name: str) -> DesignError:
    what = "the last score" if name == LAST_SCORE else name
    return DesignError(
        "The outcome is among the predictors.",
        where=f"burnout.models: {what}",
        expected="predictors that are something else than the score they foretell",
        remedy="leave it out; look for a copy, a part or a recoding of the outcome's scale"
        + (", or a wave that repeats the one before" if name == LAST_SCORE else ""),
    )
