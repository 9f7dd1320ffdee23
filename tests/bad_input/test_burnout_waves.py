"""Waves, ids and predictors of which nothing may be said: each is refused by name, or its handling is stated.

Refused means: the check names it, or the step ends in an error or an `Unanswered` with its reason. Never a
number, a traceback, an id or a value.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

import wellperf_models as wp
from wellperf_models.burnout.ladder.findings import describe_ladder
from wellperf_models.burnout.ladder.model import Climbed, LadderResult, climb_ladder
from wellperf_models.errors import DesignError, StudyError, TablesError, WellperfError
from wellperf_models.evidence import Evidence, Unanswered
from wellperf_models.study import Study
from wellperf_models.tables import Tables
from wellperf_models.tables.provenance import build_provenance

N = 160
RNG = np.random.default_rng(5)
AS_OF = dt.date(2024, 6, 30)


def make_study(*covariates: str, late: tuple[str, ...] = (), **burnout: Any) -> Study:
    declared = {
        "age": {"table": "people", "timing": "before"},
        "half_a": {"table": "people", "timing": "before"},
        "half_b": {"table": "people", "timing": "before"},
        "copy": {"table": "people", "timing": "before"},
        "copy_late": {"table": "people", "column": "copy", "timing": "after"},
        "own": {"table": "surveys", "column": "mood", "timing": "during"},
        "own_next": {"table": "surveys", "column": "mood", "timing": "after"},
    }
    return Study.model_validate(
        {
            "study": {"name": "t", "as_of": AS_OF, "seed": 3},
            "tables": {"people": {"path": "p.csv"}, "surveys": {"path": "s.csv"}},
            "measures": {"mood": {"low": 0, "high": 6, "higher_is": "worse"}},
            "covariates": declared,
            "burnout": {
                "outcome": "mood",
                "case_at": 3.5,
                "models": {"m": {"covariates": list(covariates or ("age",))}},
                "validation": {"folds": 3, "repeats": 1},
                "ladder": {"late": list(late)},
            }
            | burnout,
        }
    )


def make_frames(
    waves: tuple[str, ...] = ("a", "b", "c"), *, ids_change: bool = False, dates: tuple[dt.date, ...] = ()
) -> dict[str, pl.DataFrame]:
    trait = RNG.normal(size=N)
    parts, scores = [], {}
    for number, wave in enumerate(waves):
        score = np.clip(np.round(3 + trait + 0.7 * RNG.normal(size=N), 1), 0, 6)
        names = [f"{wave if ids_change else 'p'}{i:03d}" for i in range(N)]
        scores |= dict(zip(names, score.tolist(), strict=True))
        day = [dates[number]] * N if dates else [None] * N
        parts.append(
            pl.DataFrame(
                {"employee_id": names, "wave": [wave] * N, "measure": ["mood"] * N, "value": score},
            ).with_columns(date=pl.Series(day, dtype=pl.Date))
        )
    people = pl.DataFrame({"employee_id": list(scores), "copy": list(scores.values())})
    half = RNG.normal(size=people.height)
    people = people.with_columns(
        age=pl.Series(RNG.uniform(20, 60, people.height).round()),
        half_a=pl.Series(half),
        half_b=pl.col("copy") - pl.Series(half),
    )
    return {"people": people, "surveys": pl.concat(parts)}


def climb(study: Study, frames: dict[str, pl.DataFrame]) -> tuple[Any, LadderResult | Unanswered, Evidence]:
    tables = Tables.from_frames(study, frames)
    frame = wp.burnout.build_frame(tables)
    assert study.burnout is not None
    result = wp.attempt(climb_ladder, frame, study.burnout)
    return frame, result, describe_ladder(frame, result, (), provenance=build_provenance(tables))


def test_one_wave_is_ordered_across_people_and_says_so() -> None:
    frame, result, evidence = climb(make_study(), make_frames(("a",)))
    assert (frame.design, frame.why) == ("cross_section", "There is one wave.")
    assert isinstance(result, LadderResult)
    assert isinstance(result.climbed["forward"], Unanswered)
    assert evidence.answer.startswith("Cross-section only: nothing is forecast.")


def test_ids_that_change_from_wave_to_wave_are_nobody_twice() -> None:
    study = make_study(waves=["a", "b", "c"])
    frame, _, evidence = climb(study, make_frames(ids_change=True))
    assert frame.design == "cross_section"
    assert "ids may differ from wave to wave" in frame.why
    assert "ids may differ from wave to wave" in evidence.answer


def test_waves_without_an_order_are_grouped_by_person() -> None:
    frame, _, evidence = climb(make_study(), make_frames())
    assert frame.design == "grouped"
    assert "nothing says which wave came first" in evidence.answer


@pytest.mark.parametrize("case_at", [0.0, 6.0])
def test_one_class_is_no_number(case_at: float) -> None:
    frames = make_frames()
    kept = pl.col("value").clip(0.5, 5.5)
    frames["surveys"] = frames["surveys"].with_columns(kept.alias("value"))
    study = make_study(waves=["a", "b", "c"], case_at=case_at)
    _, result, evidence = climb(study, frames)
    assert isinstance(result, Unanswered)
    assert evidence.estimates == ()
    found = wp.attempt(
        wp.burnout.fit_forecasts, wp.burnout.build_frame(Tables.from_frames(study, frames)), study.burnout
    )
    assert isinstance(found, Unanswered)


@pytest.mark.parametrize("covariates", [("copy",), ("half_a", "half_b")])
def test_the_outcome_among_the_predictors_is_refused_whole_or_in_halves(covariates: tuple[str, ...]) -> None:
    study, frames = make_study(*covariates), make_frames(("a",))
    _, result, evidence = climb(study, frames)
    assert isinstance(result, Unanswered)
    assert result.reason.startswith("The outcome is among the predictors")
    assert evidence.estimates == ()


def test_a_copy_that_is_declared_late_is_refused_where_it_is_used() -> None:
    _, result, _ = climb(make_study(late=("copy_late",)), make_frames(("a",)))
    assert isinstance(result, LadderResult)
    refused = result.climbed["within_wave"]
    assert isinstance(refused, Unanswered)
    assert refused.reason.startswith("The outcome is among the predictors")
    assert isinstance(result.climbed["random_rows"], Climbed)


def test_the_outcome_itself_is_neither_predictor_nor_late() -> None:
    for study in (make_study("own"), make_study(late=("own",))):
        with pytest.raises(StudyError, match="among its own predictors"):
            climb(study, make_frames(("a",)))
    with pytest.raises(StudyError, match="waves have no order"):
        climb(make_study(late=("own_next",)), make_frames())


def test_a_wave_after_the_as_of_date_is_refused_by_its_dates_or_its_name() -> None:
    dates = (dt.date(2024, 1, 5), dt.date(2024, 4, 5), dt.date(2024, 8, 5))
    with pytest.raises(TablesError, match=r"as_of|as-of") as caught:
        Tables.from_frames(make_study(), make_frames(dates=dates))
    assert "p001" not in str(caught.value)
    named = make_frames(("2023-11", "2024-05", "2024-08"))
    with pytest.raises(StudyError, match="after the study's day") as refused:
        climb(make_study(waves=["2023-11", "2024-05", "2024-08"]), named)
    assert "2024-08" in str(refused.value)
    assert "2024-05" not in str(refused.value).replace("2024-06-30", "")
    # the year of the study's day has begun, and a number is no year
    climb(make_study(waves=["2022", "2023", "2024"]), make_frames(("2022", "2023", "2024")))
    climb(make_study(waves=["1", "2030", "3"]), make_frames(("1", "2030", "3")))


def test_all_missing_is_named() -> None:
    frames = make_frames()
    frames["surveys"] = frames["surveys"].with_columns(value=pl.lit(None, dtype=pl.Float64))
    with pytest.raises((TablesError, DesignError), match=r"missing|Nobody has a score|value"):
        climb(make_study(), frames)
    frames = make_frames(("a",))
    frames["people"] = frames["people"].with_columns(age=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(WellperfError, match="has a value somewhere"):
        climb(make_study(), frames)


def test_one_person_in_two_case_forms_of_the_id_is_named() -> None:
    frames = make_frames(("a", "b"))
    first = pl.col("wave") == "a"
    written = pl.when(first).then(pl.col("employee_id")).otherwise(pl.col("employee_id").str.to_uppercase())
    frames["surveys"] = frames["surveys"].with_columns(written.alias("employee_id"))
    frames["people"] = pl.concat(
        [frames["people"], frames["people"].with_columns(pl.col("employee_id").str.to_uppercase())]
    )
    with pytest.raises(TablesError, match=r"twin|case") as caught:
        climb(make_study(waves=["a", "b"]), frames)
    assert "P001" not in str(caught.value)
