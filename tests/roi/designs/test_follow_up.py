"""Outcomes made of spells, absences and performance in a trial by arm: one row a unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes import FakeTables
from tests.roi.designs.test_roll_out import made_tables
from wellperf_models.errors import StudyError
from wellperf_models.roi import build_frame
from wellperf_models.study import Study, load_study
from wellperf_models.tables import load_tables

DEFAULT = Path(__file__).parents[3] / "data_synthetic" / "study.toml"


def two_arms(**outcome: Any) -> FakeTables:
    """The tables of a small roll-out, taken as two arms from July 2023 on."""
    tables = made_tables()
    section = {"outcomes": {"made": {"higher_is": "worse"} | outcome}, "design": "controlled_before_after"}
    whole = tables.study.model_dump(exclude_unset=True)
    del tables["absences"]
    tables.study = Study.model_validate(whole | {"roi": whole["roi"] | section})
    return tables


def test_exits_made_of_spells_are_those_the_trial_recorded() -> None:
    """In the committed organisation the trial told who left within the year; spells tell the same."""
    study = load_study(DEFAULT)
    tables = load_tables(study)
    whole = study.model_dump(exclude_unset=True)
    outcomes = {
        "left_voluntarily": {"higher_is": "worse"},
        "made": {"higher_is": "worse", "measured_in": "exits"},
    }
    kept = ("programme", "design", "level", "treated", "control")
    whole["roi"] = {k: whole["roi"][k] for k in kept} | {"outcomes": outcomes}
    asked = FakeTables(Study.model_validate(whole), {n: tables[n].collect() for n in tables.names})
    frame = build_frame(asked)
    told, made = frame.outcomes["left_voluntarily"], frame.outcomes["made"]
    assert np.array_equal(told.unit, made.unit)
    assert np.array_equal(told.value, made.value)
    assert np.array_equal(told.treated, made.treated)
    # without the table of the trial, arms are those of who had started
    del asked["outcomes"]
    asked.study = asked.study.model_copy(
        update={
            "roi": asked.study.roi.model_copy(  # type: ignore[union-attr]
                update={"outcomes": {"made": asked.study.roi.outcomes["made"]}}  # type: ignore[union-attr]
            )
        }
    )
    alone = build_frame(asked).outcomes["made"]
    assert np.array_equal(alone.value, made.value)
    assert np.array_equal(alone.treated, made.treated)
    assert np.array_equal(alone.cluster, made.cluster)


def test_who_starts_within_the_year_is_on_neither_side() -> None:
    rows = build_frame(two_arms(measured_in="exits")).outcomes["made"]
    assert rows.n_units == (10, 10)
    assert rows.left_out["rows without an arm"].people == 9
    assert rows.value.sum() == 1.0
    assert rows.binary


def test_what_can_not_be_made() -> None:
    with pytest.raises(StudyError, match="left before it"):
        build_frame(two_arms_with_exits_before())
    with pytest.raises(StudyError, match="no table absences"):
        build_frame(two_arms(measured_in="absences"))


def two_arms_with_exits_before() -> FakeTables:
    tables = two_arms(measured_in="exits")
    whole = tables.study.model_dump(exclude_unset=True)
    whole["roi"]["outcomes"]["was"] = {"measured_in": "exits", "timing": "before"}
    tables.study = Study.model_validate(whole)
    return tables
