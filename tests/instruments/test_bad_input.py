"""Bad items: each has its own name, is counted, says which item, and shows no value of a person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.instruments.items import EX, MEASURE, answers, item_lines, survey_study
from wellperf_models.errors import TablesError
from wellperf_models.tables import CheckReport, check_study, load_tables


def report(folder: Path, lines: list[str], sections: str = MEASURE) -> CheckReport:
    return check_study(survey_study(folder, lines, sections))


def rules(found: CheckReport) -> set[str]:
    return {v.rule for v in found.violations}


def score_lines(given: np.ndarray) -> list[str]:
    return [f"p{i},w1,exhaustion,,2024-01-10,{row.mean()}" for i, row in enumerate(given)]


@pytest.mark.parametrize("seed", range(5))
def test_clean_items_are_left_alone(tmp_path: Path, seed: int) -> None:
    given = answers(seed=seed)
    found = report(tmp_path, [*item_lines(given), *item_lines(answers(seed=seed + 50), wave="w2")])
    assert not found.violations, str(found)
    assert {note.rule for note in found.notes} <= {"missing_cells", "scored_from_items"}


def test_items_off_scale_are_counted_and_named(tmp_path: Path) -> None:
    given = answers()
    given[:3, 1] = 7
    given[3, 4] = 66
    found = report(tmp_path, item_lines(given))
    (violation,) = [v for v in found.violations if v.rule == "item_off_scale"]
    assert violation.count == 4
    assert "3 in item 2, 1 in item 6" in violation.text
    assert "in wave w1" in violation.text
    assert "66" not in str(found)
    with pytest.raises(TablesError, match="item_off_scale"):
        load_tables(survey_study(tmp_path, item_lines(given)))


@pytest.mark.parametrize("seed", range(5))
def test_a_reversed_item_that_was_not_reversed_is_named(tmp_path: Path, seed: int) -> None:
    given = answers(seed=seed)
    given[:, 2] = 6 - given[:, 2]
    found = report(tmp_path, item_lines(given))
    (violation,) = [v for v in found.violations if v.rule == "reversed_items"]
    assert "not reversed: 3" in violation.text
    # with scores of the source it is a note: nothing rests on the items alone
    found = report(tmp_path, [*item_lines(given), *score_lines(given)])
    assert "reversed_items" not in rules(found)
    assert "reversed_items" in {note.rule for note in found.notes}
    # and saying so in the study file mends it
    assert not report(tmp_path, item_lines(given), MEASURE + "reversed_items = [3]\n").violations


def test_an_item_reversed_twice_is_named(tmp_path: Path) -> None:
    found = report(tmp_path, item_lines(answers()), MEASURE + "reversed_items = [4]\n")
    (violation,) = [v for v in found.violations if v.rule == "reversed_items"]
    assert "reversed already when they came" in violation.text
    assert ": 4" in violation.text


@pytest.mark.parametrize("seed", range(5))
def test_one_column_under_two_names_is_named(tmp_path: Path, seed: int) -> None:
    given = answers(seed=seed)
    given[:, 3] = given[:, 0]
    found = report(tmp_path, item_lines(given))
    (violation,) = [v for v in found.violations if v.rule == "duplicated_items"]
    assert "1 and 4" in violation.text


def test_items_that_the_key_does_not_know_are_named(tmp_path: Path) -> None:
    given = answers(k=7)
    found = report(tmp_path, item_lines(given, items=(*EX, "17", "bat_3")))
    (violation,) = [v for v in found.violations if v.rule == "unknown_item"]
    assert violation.count == 240
    assert "'17', 'bat_3'" in violation.text


def test_another_form_in_the_same_column_is_said(tmp_path: Path) -> None:
    """A wave on a 1–5 scale among waves on 0–6: every answer lies on the scale, and yet."""
    lines = item_lines(answers(200))
    lines += item_lines(answers(200, seed=1), wave="w2")
    lines += item_lines(answers(200, seed=2, low=1, high=5), wave="w3")
    found = report(tmp_path, lines)
    told = [note for note in found.notes if note.rule == "two_forms"]
    assert {note.text[:10] for note in told} == {"in wave w3"}
    assert not found.violations


def test_scores_of_two_instruments_in_one_column_are_named(tmp_path: Path) -> None:
    given = answers()
    lines = [f"p{i},w2,exhaustion,,2024-01-10,{row.sum()}" for i, row in enumerate(given)]
    found = report(tmp_path, [*score_lines(given), *lines])
    (violation,) = [v for v in found.violations if v.rule == "value_in_measure_range"]
    assert violation.count == int((given.sum(axis=1) > 6).sum())


def test_all_items_missing_is_said_and_the_scores_are_used(tmp_path: Path) -> None:
    found = report(tmp_path, score_lines(answers()))
    assert not found.violations
    (note,) = [note for note in found.notes if note.rule == "no_items"]
    assert "its scores are used as they are" in note.text
    burnout = (
        '[burnout]\noutcome = "exhaustion"\ncase_at = 3\n[burnout.models.a]\ncovariates = ["x"]\n'
        '[covariates.x]\ntable = "surveys"\ncolumn = "other"\ntiming = "before"\n'
        "[measures.other]\nlow = 0\nhigh = 6\n"
    )
    lines = [f"p{i},w1,other,,2024-01-10,3" for i in range(50)]
    found = report(tmp_path, lines, MEASURE + burnout)
    assert "outcome_in_surveys" in rules(found)


def test_too_few_answers_of_everybody_leave_no_score(tmp_path: Path) -> None:
    given = answers()
    given[:, 2:] = -999
    burnout = '[burnout]\noutcome = "exhaustion"\ncase_at = 3\n[burnout.models.a]\ncovariates = ["x"]\n'
    covariate = '[covariates.x]\ntable = "surveys"\ncolumn = "exhaustion"\ntiming = "before"\n'
    found = report(tmp_path, item_lines(given), MEASURE + burnout + covariate)
    assert "outcome_in_surveys" in rules(found)


def test_a_score_under_the_name_of_the_questionnaire_is_no_item(tmp_path: Path) -> None:
    sections = MEASURE + 'items_under = "mbi_gs"\n'
    lines = item_lines(answers(), measure="mbi_gs")
    assert not report(tmp_path, lines, sections).violations
    found = report(tmp_path, [*lines, "p1,w1,mbi_gs,,2024-01-10,3"], sections)
    assert rules(found) == {"measure_declared"}
