"""Histogram boosting (Ke et al. 2017, LightGBM) by scikit-learn; the size and number of trees are tuned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.candidates.tuning import BOOSTING, inner_folds, log_likelihood, stream, unchecked
from wellperf_models.burnout.learner import Learned, own_auc
from wellperf_models.inference.folds import draw_groups
from wellperf_models.inference.risk_sets import Floats, Ints

# the smallest first: it wins a tie. Two leaves are a sum of steps, more let predictors act together
TREE_SIZES = (2, 4, 10)
_MOST_TREES = 120
_RATE = 0.1
_LEAST_OF_A_LEAF = 20


@unchecked()
def learn_boosting(X: Floats, case: NDArray[np.bool_], group: Ints, *, seed: int, most_rows: int) -> Learned:
    """Boosts trees on all rows; their size and number are chosen in inner folds.

    scikit-learn's own early stopping would draw rows and not people.

    Args:
        X, case, group, seed: As in `Learner`.
        most_rows: Rows size and number are chosen with at most, drawn by group.

    Raises:
        DesignError: Too few groups or cases to choose with.
    """
    rows = draw_groups(group, most_rows, seed=seed + BOOSTING)
    found = np.zeros((len(TREE_SIZES), _MOST_TREES))
    for fitted, held in inner_folds(case[rows], group[rows], seed=seed):
        train, test = rows[fitted], rows[held]
        for index, size in enumerate(TREE_SIZES):
            model = _boosted(X[train], case[train], size, _MOST_TREES, seed)
            # of every number of trees from one fit
            for number, eta in enumerate(model.staged_decision_function(X[test])):
                found[index, number] += log_likelihood(case[test], np.ravel(eta))
    best, number = (int(i) for i in np.unravel_index(np.argmax(found), found.shape))
    model = _boosted(X, case, TREE_SIZES[best], number + 1, seed)

    def log_odds(Z: Floats) -> Floats:
        eta: Floats = np.ravel(model.decision_function(Z))
        return eta

    trees = "1 tree" if number == 0 else f"{number + 1} trees"
    return Learned(
        log_odds=log_odds,
        setting=f"{trees} of {TREE_SIZES[best]} leaves at most",
        engine=model,
        own_auc=own_auc(X, case, log_odds),
    )


def _boosted(X: Floats, case: NDArray[np.bool_], size: int, trees: int, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        learning_rate=_RATE,
        max_iter=trees,
        max_leaf_nodes=size,
        min_samples_leaf=_LEAST_OF_A_LEAF,
        early_stopping=False,
        random_state=stream(seed, BOOSTING),
    ).fit(X, case)
