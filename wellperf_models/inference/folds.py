"""Repeated grouped folds and an interval over them (Nadeau & Bengio 2003, Machine Learning 52:239)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints


def grouped_folds(groups: NDArray[np.generic], *, folds: int, repeats: int, seed: int) -> Ints:
    """Splits whole groups into folds of nearly equal numbers of rows, several times.

    Args:
        groups: Group of each row, shape (n,).
        folds, repeats: A "5×5" is folds = 5, repeats = 5.
        seed: The study's.

    Returns:
        Fold of each row in each repeat, shape (repeats, n); the same for the same seed.

    Raises:
        DesignError: Fewer groups than folds.
    """
    names, code = np.unique(groups, return_inverse=True)
    if names.size < folds:
        raise DesignError(
            "There are fewer groups than folds.",
            expected=f"at least {folds} groups",
            got=f"{names.size}",
            where="turnover.validation",
        )
    sizes = np.bincount(code)
    rng = np.random.default_rng([seed, 0xF01D])
    result = np.empty((repeats, code.size), np.int64)
    for repeat in range(repeats):
        # large groups first, in random order among equals, each to the smallest fold so far
        order = rng.permutation(names.size)
        order = order[np.argsort(-sizes[order], kind="stable")]
        fold_of = np.empty(names.size, np.int64)
        filled = np.zeros(folds)
        for group in order:
            smallest = int(np.argmin(filled))
            fold_of[group] = smallest
            filled[smallest] += sizes[group]
        result[repeat] = fold_of[code]
    return result


def draw_groups(groups: NDArray[np.generic], most_rows: int, *, seed: int) -> Ints:
    """Rows of whole groups, drawn at random, as many as fit; all rows where all fit.

    Args:
        groups: Group of each row, shape (n,).
        most_rows: Rows at most; a first group that alone is larger is drawn all the same.
        seed: The study's.

    Returns:
        Row numbers, increasing; the same for the same seed.
    """
    _, code = np.unique(groups, return_inverse=True)
    if code.size <= most_rows:
        return np.arange(code.size)
    sizes = np.bincount(code)
    order = np.random.default_rng([seed, 0xD4A3]).permutation(sizes.size)
    fit = max(1, int(np.searchsorted(sizes[order].cumsum(), most_rows, side="right")))
    return np.flatnonzero(np.isin(code, order[:fit]))


@dataclass(frozen=True, kw_only=True)
class FoldMean:
    """Mean of a score over repeated folds.

    Attributes:
        mean: Over all folds and repeats.
        low, high: 95 % interval with the Nadeau–Bengio variance (1/J + n_test/n_train) s² and t with J − 1
            degrees of freedom: training sets overlap, so the plain variance over J folds is far too small.
        std_error: Square root of that variance.
        scores: Shape (repeats, folds).
    """

    mean: float
    low: float
    high: float
    std_error: float
    scores: Floats


def corrected_mean(scores: Floats, folds: int) -> FoldMean:
    """Mean and corrected 95 % interval of scores of shape (repeats, folds)."""
    from scipy import stats

    values = np.asarray(scores, float)
    number = values.size
    variance = float(values.var(ddof=1)) * (1 / number + 1 / (folds - 1))
    std_error = math.sqrt(variance)
    half = float(stats.t.ppf(0.975, number - 1)) * std_error
    mean = float(values.mean())
    return FoldMean(mean=mean, low=mean - half, high=mean + half, std_error=std_error, scores=values)
