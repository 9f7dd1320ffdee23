"""Contributions: the closed form of linear models, additive ones of trees, none that do not add up."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.logistic import LogisticFit, expit, fit_logistic
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.shap_values import (
    linear_contributions,
    require_additive,
    tree_contributions,
    work_of,
)


@pytest.fixture(scope="module")
def rows() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(5)
    X = np.column_stack([rng.normal(size=(400, 3)), rng.integers(0, 2, (400, 2))]).astype(float)
    return X, rng.uniform(size=400) < expit(X @ np.array([1.0, -0.5, 0.0, 0.7, 0.0]) - 0.3)


@pytest.fixture(scope="module")
def fit(rows: tuple[Floats, Floats]) -> LogisticFit:
    X, y = rows
    return fit_logistic(X, np.ones(400), y.astype(float), 1.0)


def shapley(x: Floats, background: Floats, fit: LogisticFit) -> Floats:
    """Shapley values by their definition: over all subsets, what is not in one drawn from the background."""
    p = x.size
    worth = {}
    for subset in itertools.chain.from_iterable(itertools.combinations(range(p), k) for k in range(p + 1)):
        mixed = background.copy()
        mixed[:, list(subset)] = x[list(subset)]
        worth[frozenset(subset)] = float(fit.linear_predictor(mixed).mean())
    values = np.zeros(p)
    for subset, value in worth.items():
        for j in set(range(p)) - subset:
            weight = math.factorial(len(subset)) * math.factorial(p - len(subset) - 1) / math.factorial(p)
            values[j] += weight * (worth[subset | {j}] - value)
    return values


def test_linear_is_the_closed_form_and_the_definition(rows: tuple[Floats, Floats], fit: LogisticFit) -> None:
    X, _ = rows
    mean = X.mean(axis=0)
    found = linear_contributions(X[:50], mean, fit, fit.linear_predictor(X[:50]))
    assert np.array_equal(found.values, (X[:50] - mean) * fit.beta)
    for row in (0, 7):
        assert np.allclose(found.values[row], shapley(X[row], X, fit), rtol=1e-9, atol=1e-12)
    assert found.base == pytest.approx(float(fit.linear_predictor(X).mean()), rel=1e-12)
    assert found.scale == "log odds"


def test_a_linear_model_that_says_something_else_is_refused(
    rows: tuple[Floats, Floats], fit: LogisticFit
) -> None:
    X, _ = rows
    other = replace(fit, intercept=fit.intercept + 2e-6)
    with pytest.raises(ConvergenceError, match="do not add up"):
        linear_contributions(X, X.mean(axis=0), other, fit.linear_predictor(X))


def test_trees_add_up(rows: tuple[Floats, Floats]) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    X, y = rows
    forest = RandomForestClassifier(20, min_samples_leaf=10, random_state=1).fit(X, y)
    boosted = HistGradientBoostingClassifier(max_iter=20, random_state=1).fit(X, y)
    for engine, scale, said in (
        (forest, "probability", forest.predict_proba(X[:40])[:, 1]),
        (boosted, "log odds", boosted.decision_function(X[:40])),
    ):
        found = tree_contributions(engine, X[:40])
        assert found.scale == scale
        assert np.abs(found.values.sum(axis=1) + found.base - said).max() <= 1e-6
        # what it learnt from: the first column more than one that is noise
        assert np.abs(found.values[:, 0]).mean() > 3 * np.abs(found.values[:, 4]).mean()
    assert work_of(forest) > 0
    assert work_of(boosted) == work_of(None) == 0


def test_own_categories_and_other_models_are_refused(rows: tuple[Floats, Floats]) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    X, y = rows
    coded = HistGradientBoostingClassifier(max_iter=5, categorical_features=[3]).fit(X, y)
    with pytest.raises(DesignError, match="categories of their own"):
        tree_contributions(coded, X[:5])
    with pytest.raises(DesignError, match="linear and tree models only"):
        tree_contributions(LogisticRegression().fit(X, y), X[:5])


def test_trees_that_cost_too_much_are_refused(
    rows: tuple[Floats, Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.ensemble import RandomForestClassifier

    from wellperf_models.inference import shap_values

    X, y = rows
    forest = RandomForestClassifier(5, random_state=1).fit(X, y)
    monkeypatch.setattr(shap_values, "_MOST_WORK", 1.0)
    with pytest.raises(DesignError, match="too deep"):
        tree_contributions(forest, X)


@pytest.mark.parametrize("fault", [2e-6, np.nan])
def test_the_gate_sees_one_row_of_many(fault: float) -> None:
    values = np.zeros((300, 3))
    values[123, 1] = fault
    with pytest.raises(ConvergenceError, match="do not add up"):
        require_additive(values, 0.5, np.full(300, 0.5), "log odds")
    values[123, 1] = 0.0
    assert require_additive(values, 0.5, np.full(300, 0.5), "log odds").gap == 0.0
