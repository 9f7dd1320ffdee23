"""Trees beside the logistic model: explained where they add up, named where they do not, no other learner."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.burnout.builders import PROVENANCE, FakeTables, make_tables
from wellperf_models.burnout import build_frame, fit_forecasts
from wellperf_models.burnout.explanation import contributions
from wellperf_models.burnout.explanation.checks import check_explanation
from wellperf_models.burnout.explanation.findings import explain_risk
from wellperf_models.burnout.explanation.model import Explanation, fit_explanation
from wellperf_models.burnout.explanation.plots import plot_contributions
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.learner import Learned
from wellperf_models.burnout.model import Forecasts, forecast_of
from wellperf_models.burnout.tried import predictors_of, try_learner
from wellperf_models.disclosure import release
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.shap_values import Contributions, tree_contributions

SET = {"load": {"covariates": ["overtime", "noise"], "label": "Load"}}


def learn(engine: Any, X: Floats, case: NDArray[np.bool_]) -> Learned:
    fitted = engine.fit(X, case)
    return Learned(
        log_odds=lambda Z: np.log(p := np.clip(fitted.predict_proba(Z)[:, 1], 0.01, 0.99)) - np.log(1 - p),
        engine=fitted,
    )


def forest(X: Floats, case: NDArray[np.bool_], group: Ints, *, seed: int) -> Learned:
    from sklearn.ensemble import RandomForestClassifier

    del group
    return learn(RandomForestClassifier(15, min_samples_leaf=15, random_state=seed, max_samples=300), X, case)


def boosting(X: Floats, case: NDArray[np.bool_], group: Ints, *, seed: int) -> Learned:
    from sklearn.ensemble import HistGradientBoostingClassifier

    del group
    return learn(HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=4, random_state=seed), X, case)


@pytest.fixture(scope="module")
def tables() -> FakeTables:
    return make_tables(1, models=SET)


@pytest.fixture(scope="module")
def base(tables: FakeTables) -> tuple[BurnoutFrame, Forecasts, Any]:
    frame = build_frame(tables)
    forecasts = fit_forecasts(frame, tables.study.burnout)
    data = predictors_of(frame, frame.sets["load"])
    models: dict[str, Any] = {"network": Unanswered(reason="never explained")}
    for name, learner in (("forest", forest), ("boosting", boosting)):
        tried = try_learner(frame, forecasts.splits, name, data, learner)
        models[name] = forecast_of(frame, forecasts.splits, tried, frame.sets["load"], None)
    return frame, forecasts, SimpleNamespace(models=models)


def told(tables: FakeTables, base: tuple[BurnoutFrame, Forecasts, Any]) -> Explanation:
    return fit_explanation(base[0], base[1], base[2], tables.study.burnout)


def test_trees_agree_with_the_world_and_the_network_is_left_alone(
    tables: FakeTables, base: tuple[BurnoutFrame, Forecasts, Any]
) -> None:
    explanation = told(tables, base)
    assert set(explanation.models) == {"load", "forest", "boosting"}
    for name, scale in (("forest", "probability"), ("boosting", "log odds")):
        item = explanation.explained[name]
        assert item.scale == scale
        assert item.gap <= 1e-6
        assert item.weights[-1].group == "Noise"
        assert item.stability is not None
        assert item.stability >= 0.5
        assert item.n_refits == 2
    shown = release(
        explain_risk(base[0], explanation, check_explanation(base[0], explanation), provenance=PROVENANCE),
        tables.study,
    )
    keys = {r.key[0] for r in shown.table("contributions").rows}
    assert keys == {"ridge logistic “Load”", "random forest", "boosted trees"}
    assert plot_contributions(shown) is not None
    assert told(tables, base).explained["forest"].weights == explanation.explained["forest"].weights


def test_what_does_not_add_up_is_not_told_and_the_rest_is(
    tables: FakeTables, base: tuple[BurnoutFrame, Forecasts, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wellperf_models.inference.shap_values import require_additive

    def off(engine: Any, X: Floats) -> Contributions:
        found = tree_contributions(engine, X)
        said = found.values.sum(axis=1) + found.base
        return require_additive(found.values + 1e-5, found.base, said, found.scale)

    monkeypatch.setattr(contributions, "tree_contributions", off)
    explanation = told(tables, base)
    assert set(explanation.explained) == {"load"}
    checks = {c.name: c.passed for c in check_explanation(base[0], explanation)}
    assert checks["contributions_add_up_forest"] is False
    assert checks["contributions_add_up_load"] is True
    found = explain_risk(base[0], explanation, (), provenance=PROVENANCE)
    assert any("“forest” are not told" in limit for limit in found.limits)


def test_a_costly_forest_is_explained_on_fewer_answers(
    tables: FakeTables, base: tuple[BurnoutFrame, Forecasts, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contributions, "_WORK", 1.0)
    item = told(tables, base).explained["forest"]
    assert item.person.size == 60
