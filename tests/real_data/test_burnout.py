"""Carrard et al. 2022: the published order across people, and the warning that nothing is forecast."""

from __future__ import annotations

from pathlib import Path

import pytest

from wellperf_models.burnout import (
    build_frame,
    check_forecasts,
    describe_groups,
    fit_forecasts,
    forecast,
    plot_auc,
    plot_calibration,
)
from wellperf_models.disclosure import Released, release
from wellperf_models.study import Study, load_study
from wellperf_models.tables import load_tables
from wellperf_models.tables.provenance import build_provenance

HERE = Path(__file__).parent


def _study() -> Study:
    study = load_study(HERE / "carrard2022_medstudents.toml")
    paths = [source.path or "" for source in study.tables.values()]
    if not all(any((folder / path).is_file() for folder in study.data_dirs()) for path in paths):
        pytest.skip("WELLPERF_DATA_DIR holds no copy of the data")
    return study


@pytest.fixture(scope="module")
def released() -> tuple[Released, Released]:
    study = _study()
    assert study.burnout is not None
    tables = load_tables(study)
    provenance = build_provenance(tables)
    frame = build_frame(tables)
    found = fit_forecasts(frame, study.burnout)
    checks = check_forecasts(frame, found)
    return (
        release(forecast(frame, found, checks, provenance=provenance), study),
        release(describe_groups(frame, found, provenance=provenance), study),
    )


@pytest.mark.real_data
def test_auc_is_the_published_one(released: tuple[Released, Released]) -> None:
    first, _ = released
    assert first.estimate("auc_background").value == pytest.approx(0.687, abs=0.02)
    assert first.estimate("auc_with_symptoms").value == pytest.approx(0.799, abs=0.02)
    low = first.estimate("delta_auc_with_symptoms").low
    assert low is not None
    assert low > 0.05


@pytest.mark.real_data
def test_it_says_that_nothing_is_forecast_and_warns_of_the_shared_wave(
    released: tuple[Released, Released],
) -> None:
    first, _ = released
    assert first.answer.startswith("Cross-section only: nothing is forecast. “Background” orders people with")
    _, _, second = first.answer.partition("“Background and symptom scales”")
    assert "Warning: asked in the same questionnaire as the outcome" in second
    assert "Depressive symptoms (CES-D), Trait anxiety (STAI-T)" in second
    failed = {c.name: c.text for c in first.checks if c.passed is False}
    assert "Depressive symptoms" in failed["predictors_from_before_with_symptoms"]
    assert "Depressive symptoms" not in failed["predictors_from_before_background"]
    assert {c.name: c.passed for c in first.checks}["folds_converged_background"] is True


@pytest.mark.real_data
def test_published_microdata_are_shown_in_full(released: tuple[Released, Released]) -> None:
    first, groups = released
    assert first.suppressed == groups.suppressed == ()
    assert sum(int(row.values[0] or 0) for row in groups.table("cases_by_group").rows) == 886
    assert groups.estimate("case_rate").value == pytest.approx(0.25, abs=0.02)
    for picture in (plot_auc(first), plot_calibration(first)):
        assert picture is not None
