"""What keeps an outcome model from making money of an artefact; without a sampler."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.roi.decision_builders import SICK_DAYS, make_effect, make_posterior, make_rows, make_section
from wellperf_models.errors import DesignError
from wellperf_models.roi.model_posterior import _near
from wellperf_models.roi.models.prepare import prepare
from wellperf_models.roi.models.units import units_of


def _rows(value: np.ndarray, X: np.ndarray | None = None):
    section = make_section({"sick_days": SICK_DAYS})
    treated = np.arange(value.size) % 2 == 0
    more = {} if X is None else {"X": X}
    return make_rows(section, "sick_days", value=value, treated=treated, **more)


def test_a_far_value_of_a_covariate_is_not_exponentiated() -> None:
    rng = np.random.default_rng(0)
    before = rng.gamma(1.0, 4.0, 600)
    before[0] = 180.0
    rows = _rows(rng.poisson(5, 600).astype(float), (before - before.mean())[:, None])
    X = units_of(rows, 1, by_row=False).X
    assert np.abs(X).max() == pytest.approx(3.0)
    # only what is far is touched
    inside = np.abs(rows.X[:, 0] / rows.X.std()) < 3
    assert np.allclose(X[inside, 0], rows.X[inside, 0] / rows.X.std(), atol=1e-12)


def test_a_hurdle_needs_values_above_0_that_differ() -> None:
    rows = _rows((np.arange(200) % 3 == 0).astype(float))
    with pytest.raises(DesignError, match="All values above 0 are the same"):
        prepare(rows, "hurdle", 0)


@pytest.mark.parametrize(("errors", "kept"), [(0.5, True), (-0.5, True), (3.0, False), (-3.0, False)])
def test_a_model_far_from_the_estimate_makes_no_money(errors: float, kept: bool) -> None:
    effect = make_effect(_rows(np.random.default_rng(1).normal(5, 2, 400)))
    flat = make_posterior("sick_days", "flat", effect.value + errors * effect.std_error, effect.std_error)
    own = {"flat": flat, "sceptical": dataclasses.replace(flat, prior="sceptical")}
    plain = make_posterior("sick_days", "flat", effect.value, effect.std_error)
    beside = {"flat": plain, "sceptical": dataclasses.replace(plain, prior="sceptical")}
    found = _near(own, effect, beside)
    assert (found["flat"].mean == flat.mean) is kept
    assert ("does not fit the outcome" in found["sceptical"].instead) is not kept
