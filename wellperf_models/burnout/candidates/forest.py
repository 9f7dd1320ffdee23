"""Random forest (Breiman 2001, Machine Learning 45:5) by scikit-learn; the size of its leaves is tuned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.candidates.tuning import (
    FOREST,
    inner_folds,
    log_likelihood,
    log_odds_of,
    stream,
    unchecked,
)
from wellperf_models.burnout.learner import Learned, own_auc
from wellperf_models.inference.folds import draw_groups
from wellperf_models.inference.risk_sets import Floats, Ints

# the largest first: it wins a tie. Small leaves hardly ever pay where an AUC of .7 is good
LEAVES = (120, 40, 12)
_TREES, _TREES_TUNED = 150, 30
# of the predictors, at each branch
_SHARE = 1 / 3
# rows a tree is grown on: more of them cost time and make trees alike
_MOST_OF_A_TREE = 10_000


@unchecked()
def learn_forest(X: Floats, case: NDArray[np.bool_], group: Ints, *, seed: int, most_rows: int) -> Learned:
    """Grows a forest on at most so many rows; the least answers of a leaf are chosen in inner folds.

    Args:
        X, case, group, seed: As in `Learner`.
        most_rows: Rows it is given at most, drawn by group.

    Raises:
        DesignError: Too few groups or cases to choose with.
    """
    rows = draw_groups(group, most_rows, seed=seed + FOREST)
    # what scikit-learn would turn it into at every fit
    X, case, group = np.asarray(X[rows], np.float32), case[rows], group[rows]
    found = np.zeros(len(LEAVES))
    for fitted, held in inner_folds(case, group, seed=seed):
        for index, leaf in enumerate(LEAVES):
            forest = _grown(X[fitted], case[fitted], leaf, _TREES_TUNED, seed)
            found[index] += log_likelihood(case[held], _log_odds(forest, X[held], fitted.size))
    leaf = LEAVES[int(np.argmax(found))]
    forest = _grown(X, case, leaf, _TREES, seed)

    def log_odds(Z: Floats) -> Floats:
        return _log_odds(forest, Z, case.size)

    return Learned(
        log_odds=log_odds,
        setting=f"{_TREES} trees, {leaf} answers or more a leaf",
        engine=forest,
        own_auc=own_auc(X, case, log_odds),
    )


def _grown(X: Floats, case: NDArray[np.bool_], leaf: int, trees: int, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=trees,
        min_samples_leaf=leaf,
        max_features=_SHARE,
        max_samples=min(case.size, _MOST_OF_A_TREE),
        random_state=stream(seed, FOREST),
    ).fit(X, case)


def _log_odds(forest: Any, X: Floats, n_rows: int) -> Floats:
    return log_odds_of(forest.predict_proba(X)[:, 1], n_rows)
