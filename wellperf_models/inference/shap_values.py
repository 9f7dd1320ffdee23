"""What each column moves a prediction by: Shapley values of linear and tree models, or nothing.

Linear: (x − mean) β in log odds, the closed form for columns taken as independent (Štrumbelj & Kononenko
2014, Knowledge and Information Systems 41:647; Lundberg & Lee 2017, NeurIPS 30). Trees: TreeSHAP along their
paths (Lundberg et al. 2020, Nature Machine Intelligence 2:56), on numbers only: with a library's own
categories it has given values that are off without an error, so they must add up or there are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.logistic import LogisticFit
from wellperf_models.inference.risk_sets import Floats

ADDITIVE = 1e-6
# of TreeSHAP, in leaves × depth² × rows: about twenty seconds
_MOST_WORK = 1e10

Scale = Literal["log odds", "probability"]


@dataclass(frozen=True, kw_only=True)
class Contributions:
    """Of rows that a model predicts.

    Attributes:
        values: Signed, shape (n, p).
        base: Prediction the values start from.
        scale: Of base, values and prediction.
        gap: Largest distance of base + Σ values from the prediction.
    """

    values: Floats
    base: float
    scale: Scale
    gap: float

    def __repr__(self) -> str:
        """Shapes only: a row is a person's."""
        return f"Contributions({self.values.shape[0]} rows × {self.values.shape[1]} columns; not released)"


def linear_contributions(X: Floats, mean: Floats, fit: LogisticFit, prediction: Floats) -> Contributions:
    """Contributions of a linear model, in log odds.

    Args:
        X: Rows, shape (n, p).
        mean: Of the columns among the rows it learnt from, shape (p,).
        fit: The model.
        prediction: Log odds of the rows as the model says them, shape (n,).

    Raises:
        ConvergenceError: They do not add up to the prediction.
    """
    base = fit.intercept + float(mean @ fit.beta)
    return require_additive((X - mean) * fit.beta, base, prediction, "log odds")


def tree_contributions(engine: Any, X: Floats) -> Contributions:
    """Contributions of a forest (in probability) or of boosted trees (in log odds).

    Args:
        engine: A fitted `RandomForestClassifier` or `HistGradientBoostingClassifier` of two classes, without
            categories of its own.
        X: Rows as it was given them, shape (n, p).

    Raises:
        DesignError: Another kind of model, or trees too deep to be explained.
        ConvergenceError: The contributions do not add up to the prediction.
    """
    import warnings

    from tqdm import TqdmWarning

    with warnings.catch_warnings():
        # in a notebook its import asks for a progress bar that nobody looks at
        warnings.simplefilter("ignore", TqdmWarning)
        import shap
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    boosted = isinstance(engine, HistGradientBoostingClassifier)
    if not boosted and not isinstance(engine, RandomForestClassifier):
        raise DesignError(
            "Contributions are told of linear and tree models only.", where="inference.shap_values"
        )
    if boosted and getattr(engine, "is_categorical_", None) is not None:
        raise DesignError(
            "Contributions of trees with categories of their own can't be trusted.",
            where="inference.shap_values",
            remedy="give them one column a level",
        )
    if work_of(engine) * X.shape[0] > _MOST_WORK:
        raise DesignError(
            "The trees are too many and too deep to be explained.",
            where="inference.shap_values",
            remedy="fewer rows, or trees with larger leaves",
        )
    explainer = shap.TreeExplainer(engine)
    found = np.asarray(explainer.shap_values(X, check_additivity=False), float)
    # a forest tells each class
    values = found[..., 1] if found.ndim == 3 else found
    base = float(np.atleast_1d(explainer.expected_value)[-1])
    if boosted:
        return require_additive(values, base, engine.decision_function(X), "log odds")
    return require_additive(values, base, engine.predict_proba(X)[:, 1], "probability")


def work_of(engine: Any) -> float:
    """What one row costs TreeSHAP: Σ over trees of leaves × depth².

    Args:
        engine: A fitted forest; boosted trees are small, and cost nothing by this measure.
    """
    trees = getattr(engine, "estimators_", ())
    return float(sum(tree.get_n_leaves() * tree.get_depth() ** 2 for tree in trees))


def require_additive(values: Floats, base: float, prediction: Floats, scale: Scale) -> Contributions:
    """Contributions that add up to the prediction, or none.

    Raises:
        ConvergenceError: They do not, for any row, to 1e-6.
    """
    gap = float(np.abs(values.sum(axis=1) + base - prediction).max(initial=0.0))
    if not gap <= ADDITIVE:
        raise ConvergenceError(
            "The contributions of the predictors do not add up to the prediction, so none is told.",
            where="inference.shap_values",
            expected=f"a gap of at most {ADDITIVE:g}",
            got=f"{gap:.2g}",
        )
    return Contributions(values=values, base=base, scale=scale, gap=gap)
