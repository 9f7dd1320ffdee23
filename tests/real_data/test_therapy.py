"""Real people who chose: the comparison is a contrast, and the case rests on beliefs alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import wellperf_models as wp
from tests.roi.whole import answers_of
from wellperf_models.disclosure import Released
from wellperf_models.study import load_study

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def answers() -> dict[str, Released]:
    study = load_study(Path(__file__).parent / "carrard2022_therapy.toml")
    path = study.tables["outcomes"].path or ""
    if not any((folder / path).is_file() for folder in study.data_dirs()):
        pytest.skip("WELLPERF_DATA_DIR holds no copy of the data")
    return answers_of(wp.load_tables(study))


def test_those_in_therapy_are_worse_off_and_therapy_is_not_blamed(answers: dict[str, Released]) -> None:
    contrast = answers["roi.contrast"]
    assert contrast.answer.startswith("Not an effect, whatever its number")
    assert {c.name: c.passed for c in contrast.checks}["design_of_contrast"] is False
    low = next(e.low for e in contrast.estimates if e.name.startswith("contrast_exhaustion"))
    assert low is not None
    assert low > 0


def test_there_is_no_effect_and_nothing_rests_on_one(answers: dict[str, Released]) -> None:
    assert {i for i, answer in answers.items() if answer.estimates} == {"roi.contrast", "roi.case"}
    for identifier in ("roi.effects", "roi.decision", "roi.scenarios", "roi.information"):
        assert answers[identifier].answer.startswith("Not a"), identifier


def test_what_it_would_have_to_change_is_told_from_beliefs(answers: dict[str, Released]) -> None:
    case = answers["roi.case"]
    assert case.answer.startswith("No local evidence")
    assert case.estimate("p_sceptical").value < case.estimate("p_optimistic").value
    # 2,000 francs a head, at 300 a point and year, the second year half: 2000 / 300 / (1 + .5 / 1.03)
    assert case.estimate("break_even").value == pytest.approx(-4.49, rel=0.03)
    (said,) = (check.text for check in case.checks if check.name == "no_local_evidence")
    assert "is no evidence of what the programme changed, and is not used" in said
