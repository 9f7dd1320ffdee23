"""Babushkin: a hazard that can be read does as well as Cox, and the stored forest lies in its intervals.

One repeat of the five in BABUSHKIN.md, which `python -m tests.real_data.babushkin` makes.
"""

from __future__ import annotations

import pytest

from tests.real_data.babushkin import FOREST_BRIER, FOREST_C, has_data, study_here
from wellperf_models.disclosure import Released, release
from wellperf_models.study import Turnover
from wellperf_models.tables import load_tables
from wellperf_models.tables.provenance import build_provenance
from wellperf_models.turnover import TurnoverFrame, build_frame, check_validation, predict, validate
from wellperf_models.turnover.risk.checks import check_risk
from wellperf_models.turnover.risk.findings import foretell
from wellperf_models.turnover.risk.model import fit_risk


@pytest.fixture(scope="module")
def parts() -> tuple[TurnoverFrame, Turnover, object]:
    study = study_here()
    if not has_data(study):
        pytest.skip("WELLPERF_DATA_DIR holds no copy of the data")
    tables = load_tables(study)
    validation = study.turnover.validation.model_copy(update={"repeats": 1})
    section = study.turnover.model_copy(update={"validation": validation})
    return build_frame(tables), section, build_provenance(tables)


@pytest.mark.real_data
def test_the_hazard_does_as_well_as_cox_and_the_forest(parts: tuple[TurnoverFrame, Turnover, object]) -> None:
    frame, section, provenance = parts
    result = validate(frame, section)
    assert result.hazard is not None
    assert result.gain is not None
    assert result.brier is not None
    assert result.concordance.mean == pytest.approx(0.613, abs=0.02)
    assert result.hazard.mean == pytest.approx(0.623, abs=0.02)
    assert result.hazard.low < FOREST_C < result.hazard.high
    assert result.gain.low < 0.009 < result.gain.high
    assert result.brier.until == 86
    assert result.brier.hazard.mean == pytest.approx(FOREST_BRIER, abs=0.006)
    assert result.brier.hazard.mean < result.brier.cox.mean < result.brier.average.mean
    shown = release(
        predict(frame, result, check_validation(result), provenance=provenance),  # type: ignore[arg-type]
        study_here(),
    )
    assert "can be read as a table" in shown.answer
    assert "orders as well as Cox's model" in shown.answer
    assert "Guessing would give 0.5" in shown.answer


@pytest.fixture(scope="module")
def risk(parts: tuple[TurnoverFrame, Turnover, object]) -> Released:
    frame, section, provenance = parts
    result = fit_risk(frame, section)
    evidence = foretell(frame, result, check_risk(result), provenance=provenance)  # type: ignore[arg-type]
    return release(evidence, study_here())


@pytest.mark.real_data
def test_foretold_exits_are_calibrated_and_weakly_ordered(risk: Released) -> None:
    ratio, slope, auc = (risk.estimate(n) for n in ("calibration_ratio", "calibration_slope", "auc"))
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 1 < ratio.high
    assert 0.6 < slope.value < 1.4
    assert 0.58 < auc.value < 0.70
    assert "people left out of the model in turn" in risk.answer
    assert [c.name for c in risk.checks if c.passed is False] == []
