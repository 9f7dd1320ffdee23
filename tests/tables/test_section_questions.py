"""What `[burnout]` and `[roi]` can be answered with: yes only where the pillar answers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from tests.tables.good import make_study
from wellperf_models.study import Study
from wellperf_models.tables.needs import Answerable
from wellperf_models.tables.questions import build_questions

FORECAST = "Can exhaustion"
CHANGE, RETURN = "What did a programme", "What does a programme return"


def _ask(start: str, study: Study, **tables: pl.DataFrame) -> Answerable:
    found = {name: table.lazy() for name, table in tables.items()}
    return next(q for q in build_questions(found, study) if q.question.startswith(start))


def _burnout(**changes: Any) -> Study:
    section = {"outcome": "exhaustion", "case_at": 4.0, "models": {"age": {"covariates": ["age"]}}} | changes
    return make_study(
        measures={"exhaustion": {"low": 0, "high": 6, "higher_is": "worse"}},
        tables={"people": {"path": "p.csv", "attributes": {"age": "age"}}},
        covariates={"age": {"table": "people", "timing": "before"}},
        burnout=section,
    )


def _scores(
    waves: dict[str, int], *, cases: int = 10, dated: bool = True, other: bool = False
) -> pl.DataFrame:
    """`waves`: how many people answered each; the first `cases` of each wave score 5, the others 1."""
    day = dt.date(2024, 1, 1) if dated else None
    rows = [
        (f"{wave}-{i}" if other else f"{i}", wave, day, 5.0 if i < cases else 1.0)
        for wave, n in waves.items()
        for i in range(n)
    ]
    schema = {"employee_id": pl.String, "wave": pl.String, "date": pl.Date, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        measure=pl.lit("exhaustion"), item=pl.lit(None, dtype=pl.String)
    )


SECOND = "a second wave of the same people"


@pytest.mark.parametrize(
    ("scores", "now", "needs"),
    [
        (_scores({"1": 40}), "cross-section only", SECOND),
        (_scores({"1": 19}), "no", f"15 more people with a score, 5 more people who are no case, {SECOND}"),
        (_scores({"1": 40}, cases=9), "no", f"5 more cases, {SECOND}"),
        (_scores({"1": 40}, cases=31), "no", f"5 more people who are no case, {SECOND}"),
        (_scores({"1": 200, "2": 200}, other=True), "cross-section only", SECOND),
        (_scores({"1": 100, "2": 100}), "yes", ""),
        (_scores({"1": 99, "2": 99}), "yes, with wide intervals", "5 more people with two waves"),
        (_scores({"1": 30, "2": 30}), "yes, with wide intervals", "70 more people with two waves"),
        (_scores({"1": 40, "2": 29}), "cross-section only", "75 more people with two waves"),
        (_scores({"1": 99, "2": 99}, cases=4), "no", "5 more cases, 5 more people with two waves"),
        (
            _scores({"1": 100, "2": 100}, dated=False),
            "cross-section only",
            "dates of the answers, or the order of the waves in [burnout]",
        ),
    ],
)
def test_a_forecast_needs_two_waves_in_order(scores: pl.DataFrame, now: str, needs: str) -> None:
    answer = _ask(FORECAST, _burnout(), surveys=scores)
    assert (answer.now, answer.needs) == (now, needs)


def test_declared_waves_need_no_dates() -> None:
    study = _burnout(waves=["1", "2"])
    assert _ask(FORECAST, study, surveys=_scores({"1": 100, "2": 100}, dated=False)).now == "yes"


def test_a_share_makes_cases_of_the_worst() -> None:
    share = _burnout(case_at=None, case_share=0.25)
    assert _ask(FORECAST, share, surveys=_scores({"1": 40}, cases=0)).now == "cross-section only"
    assert _ask(FORECAST, share, surveys=_scores({"1": 39}, cases=0)).now == "no"


def test_items_and_other_scales_are_no_scores() -> None:
    items = _scores({"1": 40}).with_columns(item=pl.lit("q1"))
    other = _scores({"1": 40}).with_columns(measure=pl.lit("efficacy"))
    for scores in (items, other):
        assert _ask(FORECAST, _burnout(), surveys=scores).now == "no"


def test_of_a_scale_where_more_is_better_few_points_are_a_case() -> None:
    worse = _burnout(case_at=1.0)
    scale = worse.measures["exhaustion"].model_copy(update={"higher_is": "better"})
    better = worse.model_copy(update={"measures": {"exhaustion": scale}})
    assert _ask(FORECAST, better, surveys=_scores({"1": 40}, cases=10)).now == "cross-section only"
    assert _ask(FORECAST, better, surveys=_scores({"1": 40}, cases=35)).needs.startswith("5 more cases")


VALUE = {"channel": "absence", "amount": 1.0, "currency": "EUR", "source": "s", "tier": "measured"}
COST = {"kind": "other", "amount": 1.0, "per": "once", "currency": "EUR", "source": "s", "tier": "measured"}
DECISION = {"discount_rate": 0.03, "perspective": "employer", "horizon_years": 1, "fade_out": 0.5}


def _roi(**changes: Any) -> Study:
    section: dict[str, Any] = {
        "programme": "p",
        "design": "randomised",
        "level": "person",
        "treated": "t",
        "control": "c",
        "outcomes": {"days": {"higher_is": "worse", "value": VALUE}},
        "costs": [COST],
        "decision": DECISION,
    }
    section |= changes
    return make_study(roi={name: value for name, value in section.items() if value is not None})


def _trial(treated: int, control: int, *, rows: int = 1, unmeasured: int = 0) -> pl.DataFrame:
    """`rows` periods of each unit; of `unmeasured` more control units nothing was measured."""
    units = [
        (
            arm,
            f"{arm}{i}",
            f"{period}",
            "yes" if i % 2 else "no",
            None if arm == "c" and i >= control else 1.0,
        )
        for arm, n in (("t", treated), ("c", control + unmeasured))
        for i in range(n)
        for period in range(rows)
    ]
    schema = dict.fromkeys(("arm", "unit_id", "period", "received"), pl.String) | {"value": pl.Float64}
    return pl.DataFrame(units, schema=schema, orient="row").with_columns(
        unit_type=pl.lit("person"), name=pl.lit("days")
    )


@pytest.mark.parametrize(
    ("trial", "now", "needs"),
    [
        (_trial(30, 30), "yes", ""),
        (_trial(30, 29), "no", "5 more units in the smallest arm"),
        (_trial(200, 20, rows=12), "no", "10 more units in the smallest arm"),
        (_trial(200, 20, unmeasured=80), "no", "10 more units in the smallest arm"),
        (_trial(200, 0), "no", "30 more units in the smallest arm"),
        (_trial(0, 200), "no", "30 more units in the smallest arm"),
        (_trial(40, 40).with_columns(name=pl.lit("gym")), "no", "30 more units in the smallest arm"),
    ],
)
def test_units_are_counted_not_rows(trial: pl.DataFrame, now: str, needs: str) -> None:
    for question in (CHANGE, RETURN):
        answer = _ask(question, _roi(), outcomes=trial)
        assert (answer.now, answer.needs) == (now, needs)


def test_the_period_of_the_primary_outcome_counts() -> None:
    trial = pl.concat([_trial(40, 40, rows=1), _trial(40, 20, rows=1).with_columns(period=pl.lit("later"))])
    for period, now in (("0", "yes"), ("later", "no")):
        study = _roi(outcomes={"days": {"higher_is": "worse", "value": VALUE, "period": period}})
        assert _ask(CHANGE, study, outcomes=trial).now == now


def test_a_contrast_is_shown_with_a_failed_check() -> None:
    study = _roi(design="participation", control=None)
    answer = _ask(CHANGE, study, outcomes=_trial(60, 0))
    assert (answer.now, answer.needs) == ("with a failed check", "units drawn by lot")
    assert _ask(CHANGE, study, outcomes=_trial(50, 0)).needs == "5 more units in the smallest arm"
    before = _roi(design="before_after", control=None)
    assert _ask(CHANGE, before, outcomes=_trial(30, 0)).now == "with a failed check"


@pytest.mark.parametrize(
    ("changes", "needs"),
    [
        ({"decision": None}, "section [roi.decision]"),
        ({"costs": None}, "costs, in table costs or [[roi.costs]]"),
        ({"outcomes": {"days": {}}}, "a measured or transported [roi.outcomes.NAME.value]"),
        (
            {"outcomes": {"days": {"higher_is": "worse", "value": VALUE | {"tier": "asserted"}}}},
            "a measured or transported [roi.outcomes.NAME.value]",
        ),
    ],
)
def test_a_return_needs_values_costs_and_a_rule(changes: dict[str, Any], needs: str) -> None:
    study = _roi(**changes)
    answer = _ask(RETURN, study, outcomes=_trial(30, 30))
    assert (answer.now, answer.needs) == ("no", needs)
    assert _ask(CHANGE, study, outcomes=_trial(30, 30)).now == "yes"
    short = _ask(RETURN, study, outcomes=_trial(30, 29))
    assert short.needs == f"{needs}, 5 more units in the smallest arm"


def test_booked_costs_are_costs_of_the_programme() -> None:
    study = _roi(costs=None)
    for name, now in (("p", "yes"), ("q", "no")):
        booked = pl.DataFrame({"programme": [name]})
        assert _ask(RETURN, study, outcomes=_trial(30, 30), costs=booked).now == now
