"""What rounding and a fold that can't be fitted do to a validation: next to nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.burnout.builders import PROVENANCE, make_tables
from tests.burnout.external.builders import SET
from wellperf_models.burnout import build_frame
from wellperf_models.burnout.explanation.model import Explanation
from wellperf_models.burnout.explanation.travel import cut_to_three_digits
from wellperf_models.burnout.external.checks import check_external
from wellperf_models.burnout.external.findings import judge_external
from wellperf_models.burnout.external.frame import apply_model
from wellperf_models.burnout.external.model import AS_PUBLISHED, LAST, External, fit_external
from wellperf_models.burnout.external.plots import plot_external
from wellperf_models.burnout.external.published import PublishedModel
from wellperf_models.burnout.external.tables import model_of
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecasts
from wellperf_models.disclosure import Released, release

Home = tuple[BurnoutFrame, Forecasts, Explanation, Released]


@pytest.fixture(scope="module")
def model(home: Home) -> PublishedModel:
    return model_of(home[3])


@pytest.mark.parametrize(
    ("found", "told"),
    [
        *((given, given) for given in (3.8, 0.3, 2.3, 15.0, -2.2, 0.0, 117.0)),
        (14.999999999999998, 15.0),
        (2.3456, 2.34),
        (0.9996, 0.999),
        (-2.0004, -2.01),
        (1236.0, 1230.0),
    ],
)
def test_a_cut_off_found_in_the_data_is_told_in_three_digits(found: float, told: float) -> None:
    assert cut_to_three_digits(found) == told
    # it keeps the cases
    assert cut_to_three_digits(found) <= found + 1e-9


def test_a_score_a_rounding_below_the_models_cut_off_is_a_case(model: PublishedModel) -> None:
    frame = build_frame(make_tables(7, models=SET))
    strain = np.nextafter(frame.answers.strain, -np.inf)
    moved = dataclasses.replace(frame, answers=dataclasses.replace(frame.answers, strain=strain))
    assert np.array_equal(apply_model(moved, model).case, apply_model(frame, model).case)
    assert (np.abs(frame.answers.strain - model.cut_off) < 1e-9).sum() > 5


def separated(frame: BurnoutFrame) -> BurnoutFrame:
    """The last score tells the cases without fail."""
    answers = frame.answers
    return dataclasses.replace(frame, answers=dataclasses.replace(answers, last=answers.strain.copy()))


def test_a_last_score_that_separates_the_cases_costs_its_own_row_alone(model: PublishedModel) -> None:
    tables = make_tables(7, models=SET)
    frame = separated(build_frame(tables))
    found = fit_external(frame, model, tables.study.burnout)
    assert isinstance(found, External)
    assert found.named(AS_PUBLISHED) is not None
    assert found.named(LAST) is None
    # its order needs no fit
    assert found.delta is not None
    assert found.delta.high < 0
    checks = check_external(frame, found)
    shown = release(judge_external(frame, found, checks, provenance=PROVENANCE), tables.study)
    assert shown.answer.startswith(("Yes", "In part", "No"))
    assert LAST not in str([table.rows for table in shown.tables])
    assert plot_external(shown) is not None
