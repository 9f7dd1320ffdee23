"""Inner folds of the training rows, in which the settings of a learner are chosen (nested cross-validation).

The rows that are scored are never looked at (Varma & Simon 2006, BMC Bioinformatics 7:91).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.folds import grouped_folds
from wellperf_models.inference.risk_sets import Floats, Ints

# where settings are few and coarse, folds of people leave little to chance
_INNER_FOLDS = 3
# of a stream for each use of chance
TUNING, FOREST, BOOSTING, NETWORK = 0x7E51, 0x0F04, 0x0B05, 0x0E77


def inner_folds(case: NDArray[np.bool_], group: Ints, *, seed: int) -> tuple[tuple[Ints, Ints], ...]:
    """Pairs of training rows: those a setting is fitted on, and those it is judged by.

    Args:
        case: Of the training rows, shape (n,).
        group: What must not be split, shape (n,).
        seed: The study's.

    Raises:
        DesignError: Too few groups or cases: no pair holds both classes on both sides.
    """
    folds = min(_INNER_FOLDS, int(np.unique(group).size))
    pairs = []
    if folds >= 2:
        (fold,) = grouped_folds(group, folds=folds, repeats=1, seed=seed + TUNING)
        for number in range(folds):
            fitted, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            if all(0 < int(case[rows].sum()) < rows.size for rows in (fitted, held)):
                pairs.append((fitted, held))
    if not pairs:
        raise DesignError(
            "There are too few cases to choose how cautious a model should be.",
            where="burnout.candidates",
            remedy="more answers, or a cut-off that makes more cases",
        )
    return tuple(pairs)


@contextmanager
def unchecked() -> Iterator[None]:
    """scikit-learn without its checks of settings and values at every tree: half the time of small fits."""
    import sklearn

    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        yield


def log_likelihood(case: NDArray[np.bool_], eta: Floats) -> float:
    """Log-likelihood of cases under predicted log odds."""
    return float(eta[case].sum() - np.logaddexp(0.0, eta).sum())


def stream(seed: int, number: int) -> int:
    """Seed of a library's generator: one of its own for each use."""
    return int(np.random.default_rng([seed, number]).integers(2**31 - 1))


def log_odds_of(prob: Floats, n_rows: int) -> Floats:
    """Log odds of probabilities that may be 0 or 1.

    Args:
        prob: Shape (n,).
        n_rows: Rows it was learnt from: none of them can tell a risk from 0 by less than half a row in all.
    """
    least = 0.5 / (n_rows + 1)
    kept = np.clip(np.asarray(prob, float), least, 1 - least)
    return np.log(kept) - np.log1p(-kept)
