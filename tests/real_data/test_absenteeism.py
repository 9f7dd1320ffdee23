"""The ladder on real absences, and on samples of which nothing or little can be said."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from wellperf_models.burnout import BurnoutFrame, build_frame, fit_forecasts
from wellperf_models.burnout.ladder.checks import check_ladder
from wellperf_models.burnout.ladder.findings import describe_ladder
from wellperf_models.burnout.ladder.model import climb_ladder
from wellperf_models.disclosure import Released, release
from wellperf_models.study import Study, load_study
from wellperf_models.tables import Tables, load_tables
from wellperf_models.tables.provenance import build_provenance

HERE = Path(__file__).parent


@cache
def _tables(name: str) -> Tables:
    study = load_study(HERE / f"{name}.toml")
    paths = [source.path or "" for source in study.tables.values()]
    if not all(any((folder / path).is_file() for folder in study.data_dirs()) for path in paths):
        pytest.skip("WELLPERF_DATA_DIR holds no copy of the data")
    return load_tables(study)


@cache
def _frame(name: str) -> BurnoutFrame:
    return build_frame(_tables(name))


def _climb(name: str) -> tuple[Released, Study]:
    tables, frame = _tables(name), _frame(name)
    result = climb_ladder(frame, frame.section)
    evidence = describe_ladder(
        frame, result, check_ladder(frame, result), provenance=build_provenance(tables)
    )
    return release(evidence, tables.study), tables.study


@pytest.mark.real_data
def test_the_ladder_of_the_absences_is_the_known_one() -> None:
    """Logistic: row by row .815, grouped by person .762, without what is known after the fact .621."""
    found, _ = _climb("absenteeism_uci")
    assert found.estimate("auc_within_wave").value == pytest.approx(0.815, abs=0.03)
    assert found.estimate("auc_within_wave_by_person").value == pytest.approx(0.762, abs=0.03)
    assert found.estimate("auc_by_person").value == pytest.approx(0.621, abs=0.03)
    low = found.estimate("leakage").low
    assert low is not None
    assert low > 0.05
    assert "nothing says which wave came first" in found.answer
    assert found.suppressed == ()


@pytest.mark.real_data
def test_every_absence_is_an_answer_and_the_people_are_36() -> None:
    frame = _frame("absenteeism_uci")
    assert frame.design == "grouped"
    assert (frame.answers.person.size, frame.answers.n_people, len(frame.waves)) == (740, 36, 740)
    assert frame.late == ("reason", "discipline")
    assert set(frame.late).isdisjoint(frame.answers.covariates.columns)


@pytest.mark.real_data
def test_students_asked_once_climb_what_one_wave_allows() -> None:
    found, _ = _climb("carrard2022_medstudents")
    assert found.answer.startswith("Cross-section only: nothing is forecast. Part of it is")
    # symptom scales of the same questionnaire: the published .799 against background known before
    assert found.estimate("auc_within_wave").value == pytest.approx(0.799, abs=0.02)
    assert found.estimate("auc_by_person").value < 0.66
    texts = [str(row.values[-1]) for row in found.table("rungs").rows]
    assert sum("same by construction" in text for text in texts) == 2
    assert sum(text.startswith("Not climbed") for text in texts) == 2


@pytest.mark.real_data
def test_the_synthetic_sample_runs_and_is_stamped() -> None:
    found, study = _climb("ibm_attrition")
    assert study.study.synthetic
    assert found.provenance.synthetic
    # made by chance: nothing orders anybody
    low = found.estimate("auc_by_person").low
    assert low is not None
    assert low < 0.5
    frame = _frame("ibm_attrition")
    assert frame.case == "a score of Job satisfaction of 1 or less"
    assert fit_forecasts(frame, frame.section).answered.keys() == {"background"}
