"""The benchmark of the pillar in small: one answer on cells and on rows, and a frame of its tables."""

from __future__ import annotations

from tests.benchmarks.burnout_sides import WAVES, logistic, tables_of_large
from wellperf_models.burnout import build_frame


def test_cells_and_rows_give_the_same_coefficients() -> None:
    found = logistic(rows=4_000)
    assert found["off"] < 1e-8
    assert found["n_cells"] <= 4_000


def test_the_large_organisation_has_thirty_predictors_from_before() -> None:
    frame = build_frame(tables_of_large(60))
    assert frame.design == "forward"
    assert frame.time_split
    assert len(frame.sets["all"]) == 30
    assert frame.answers.person.size == 60 * (WAVES - 1)
    assert all(v.size for v, _ in frame.answers.places.values())
