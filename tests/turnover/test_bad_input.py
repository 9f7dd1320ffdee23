"""Bad input through the whole pipeline: a named error or a stated handling, no crash, hang or wrong number.

What `wellperf check` says of each cell is in `tests/bad_input/`; here it is what comes after it.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest

import wellperf_models as wp
from tests.turnover.builders import AS_OF, PROVENANCE, FakeTables, make_frames, make_study
from wellperf_models.disclosure import Released
from wellperf_models.errors import DesignError, TablesError
from wellperf_models.study import Study
from wellperf_models.tables import Tables
from wellperf_models.turnover.policy.checks import check_policies
from wellperf_models.turnover.policy.findings import what_if
from wellperf_models.turnover.policy.model import fit_policies
from wellperf_models.turnover.risk.checks import check_risk
from wellperf_models.turnover.risk.findings import foretell
from wellperf_models.turnover.risk.model import fit_risk
from wellperf_models.turnover.transition.checks import check_transition
from wellperf_models.turnover.transition.findings import judge_transition
from wellperf_models.turnover.transition.model import fit_transition

Frames = Mapping[str, pl.DataFrame]


def study_of(**sections: Any) -> Study:
    """Spells and people in the duration form, one covariate."""
    turnover = {"causes": ["voluntary", "involuntary"], "horizons_months": [6.0, 12.0], "covariates": ["age"]}
    turnover |= {"validation": {"folds": 3, "repeats": 1}, "risk": {"horizons_months": [6, 12]}}
    return Study.model_validate(
        {
            "study": {"name": "bad", "as_of": AS_OF, "seed": 4},
            "tables": {"people": {"path": "p.csv"}, "spells": {"path": "s.csv"}},
            "covariates": {"age": {"table": "people", "timing": "before", "bins": 2}},
            "turnover": turnover | sections,
        }
    )


def tenures(duration: np.ndarray, reason: list[str | None], entry: np.ndarray | None = None) -> Frames:
    """Spells by months of tenure."""
    n = duration.size
    ids = [f"p{i:04}" for i in range(n)]
    late = {} if entry is None else {"entry_months": entry}
    spells = pl.DataFrame(
        {"employee_id": ids, "duration_months": duration, "exit_reason": reason, **late},
        schema_overrides={"exit_reason": pl.String},
    )
    ages = np.random.default_rng(1).integers(20, 60, n).astype(float)
    return {"spells": spells, "people": pl.DataFrame({"employee_id": ids, "age": ages})}


def answers(tables: Any, *, foretold: bool = True) -> dict[str, Released]:
    """Every answer of the pillar after the gate; what is not to be had says why in words.

    Args:
        tables: Checked or not.
        foretold: Also the forecast, which takes seconds where there are many clusters.
    """
    study, turnover = tables.study, wp.turnover
    section, frame = study.turnover, turnover.build_frame(tables)
    description = wp.attempt(turnover.fit_description, frame, section)
    found = [
        turnover.describe(
            frame, description, turnover.check_description(frame, description), provenance=PROVENANCE
        )
    ]
    cox, hazard = (wp.attempt(fit, frame, section) for fit in (turnover.fit_cox, turnover.fit_hazard))
    checks = (*turnover.check_cox(frame, cox), *turnover.check_hazard(hazard))
    found.append(turnover.explain(frame, cox, hazard, checks, provenance=PROVENANCE))
    validation = wp.attempt(turnover.validate, frame, section)
    checks = turnover.check_validation(validation)
    found.append(turnover.predict(frame, validation, checks, provenance=PROVENANCE))
    transition, policies = (wp.attempt(fit, frame, section) for fit in (fit_transition, fit_policies))
    checks = check_transition(frame, transition)
    found.append(judge_transition(frame, transition, checks, provenance=PROVENANCE))
    found.append(what_if(frame, policies, check_policies(policies), provenance=PROVENANCE))
    if foretold:
        risk = wp.attempt(fit_risk, frame, section)
        found.append(foretell(frame, risk, check_risk(risk), provenance=PROVENANCE))
    released = {evidence.id.removeprefix("turnover."): wp.release(evidence, study) for evidence in found}
    for one in released.values():
        assert one.answer
        for estimate in one.estimates:
            bounds = [b for b in (estimate.low, estimate.high) if b is not None]
            assert np.isfinite([estimate.value, *bounds]).all()
    return released


def values(released: Released) -> dict[str, float]:
    return {estimate.name: estimate.value for estimate in released.estimates}


def checked(released: Released) -> dict[str, bool | None]:
    return {check.name: check.passed for check in released.checks}


def without_surveys(**turnover: Any) -> Study:
    """The dated study with the contract as its only covariate."""
    study = make_study(**{"covariates": ["contract"], **turnover})
    tables = {name: source for name, source in study.tables.items() if name != "surveys"}
    return study.model_copy(update={"tables": tables})


RNG = np.random.default_rng(20)
N = 240
LASTED = np.ceil(RNG.exponential(14, N).clip(0.1, 40) * 10) / 10
SOME = [None if i % 3 == 0 else "voluntary" if i % 3 == 1 else "involuntary" for i in range(N)]


def test_zero_events() -> None:
    with pytest.raises(DesignError, match="Nobody left"):
        answers(Tables.from_frames(study_of(), tenures(LASTED, [None] * N)))


def test_one_cause_only() -> None:
    """The cause that nobody left for is not named, and the other is all that survival leaves."""
    frames = tenures(LASTED, [None if i % 3 == 0 else "voluntary" for i in range(N)])
    found = answers(Tables.from_frames(study_of(), frames))
    numbers = values(found["description"])
    assert not [name for name in numbers if name.startswith("involuntary")]
    gone = numbers["voluntary_exits_12_months"]
    assert gone + numbers["survival_12_months"] == pytest.approx(1, abs=0.02)
    nobody = answers(Tables.from_frames(study_of(causes=["involuntary", "voluntary"]), frames))
    # nobody left for the cause that is modelled
    assert "Not answered" in nobody["explained"].answer
    assert "Not answered" in nobody["prediction"].answer


def test_everyone_leaves_on_one_day() -> None:
    frames = {name: frame for name, frame in make_frames(n=600).items() if name != "surveys"}
    day = dt.date(2023, 6, 30)
    spells = frames["spells"].filter(pl.col("start") < day)
    closed = spells.with_columns(end=pl.lit(day), exit_reason=pl.lit("involuntary"))
    found = answers(Tables.from_frames(without_surveys(), {**frames, "spells": closed}))
    failed = {name for name, passed in checked(found["description"]).items() if passed is False}
    assert failed >= {"some_are_still_there", "exits_spread_over_days"}
    numbers = values(found["description"])
    gone = numbers["involuntary_exits_12_months"]
    assert gone + numbers["survival_12_months"] == pytest.approx(1, abs=0.02)
    assert "Not answered" in found["explained"].answer
    assert "Not answered" in found["prediction"].answer


def test_everyone_leaves_at_one_tenure() -> None:
    found = answers(Tables.from_frames(study_of(), tenures(np.full(N, 9.0), ["voluntary"] * N)))
    assert not found["description"].estimates
    assert checked(found["description"])["some_are_still_there"] is False
    section = {"horizons_months": [6.0, 9.0]}
    mixed = answers(Tables.from_frames(study_of(**section), tenures(np.full(N, 9.0), SOME)))
    numbers = values(mixed["description"])
    assert numbers["survival_9_months"] == pytest.approx(SOME.count(None) / N, abs=0.01)
    assert numbers["voluntary_exits_9_months"] == pytest.approx(SOME.count("voluntary") / N, abs=0.01)


@pytest.mark.parametrize("late", [9.0, 12.0])
def test_entry_after_exit(late: float) -> None:
    entry = np.zeros(N)
    entry[5] = late
    lasted = LASTED.copy()
    lasted[5] = 9.0
    with pytest.raises(TablesError) as caught:
        Tables.from_frames(study_of(), tenures(lasted, SOME, entry))
    assert "entry_months" in str(caught.value)
    # tables that nobody checked are refused too
    with pytest.raises(DesignError, match="before it enters observation"):
        answers(FakeTables(study_of(), dict(tenures(lasted, SOME, entry))))


def dated(change: Callable[[pl.DataFrame], pl.DataFrame], **study: Any) -> tuple[Study, Frames]:
    frames = make_frames(n=500)
    made = make_study()
    if study:
        made = made.model_copy(update={"study": made.study.model_copy(update=study)})
    return made, {**frames, "spells": change(frames["spells"])}


def test_as_of_before_every_event() -> None:
    study, frames = dated(lambda s: s, as_of=dt.date(2010, 1, 1), observed_from=dt.date(2009, 1, 1))
    with pytest.raises(TablesError, match="as_of"):
        Tables.from_frames(study, frames)
    with pytest.raises(DesignError, match=r"No spell was observed|Nobody left"):
        answers(FakeTables(study, dict(frames)))


def test_an_exit_dated_after_the_extract() -> None:
    after = AS_OF + dt.timedelta(days=40)
    first = pl.int_range(pl.len()) == pl.col("end").is_not_null().arg_max()

    def change(spells: pl.DataFrame) -> pl.DataFrame:
        return spells.with_columns(end=pl.when(first).then(pl.lit(after)).otherwise("end"))

    study, frames = dated(change)
    with pytest.raises(TablesError, match="as_of"):
        Tables.from_frames(study, frames)
    # unchecked, they are still employed on the day of the extract, and it is said
    frame = wp.turnover.build_frame(FakeTables(study, dict(frames)))
    before = wp.turnover.build_frame(FakeTables(*dated(lambda s: s)))
    assert (frame.spells.event > 0).sum() == (before.spells.event > 0).sum() - 1
    assert frame.left_out["spells that end after the as-of date, still employed on it"].rows == 1


def test_leavers_without_a_date() -> None:
    def change(spells: pl.DataFrame) -> pl.DataFrame:
        gone = pl.col("exit_reason") == "voluntary"
        return spells.with_columns(end=pl.when(gone).then(None).otherwise("end"))

    study, frames = dated(change)
    with pytest.raises(TablesError, match="exit_reason"):
        Tables.from_frames(study, frames)
    nameless = tenures(LASTED, SOME)
    lost = nameless["spells"].with_columns(
        duration_months=pl.when(pl.col("exit_reason").is_not_null()).then("duration_months")
    )
    with pytest.raises(TablesError, match="duration_months"):
        Tables.from_frames(study_of(), {**nameless, "spells": lost})


def test_a_covariate_measured_after_exit() -> None:
    frames = make_frames(n=500)
    gone = frames["spells"].drop_nulls("end").select("employee_id", "end")
    late = gone.select(
        "employee_id",
        measure=pl.lit("exhaustion"),
        item=pl.lit(None, pl.String),
        date=pl.col("end") + dt.timedelta(days=30),
        value=pl.lit(99.0),
    ).filter(pl.col("date") <= AS_OF)
    both = {**frames, "surveys": pl.concat([frames["surveys"], late])}
    study = make_study()
    with pytest.raises(TablesError, match="surveys"):
        Tables.from_frames(study, both)
    # unchecked, it changes nothing: what is used is known before the month
    one, two = (wp.turnover.build_frame(FakeTables(study, dict(f))) for f in (frames, both))
    assert one.panel is not None
    assert one.panel.equals(two.panel)


def test_ten_thousand_teams_of_one() -> None:
    n = 10_000
    frames = {k: f for k, f in make_frames(n=n).items() if k != "surveys"}
    teams = frames["assignments"].with_columns(team=pl.col("employee_id"))
    study = without_surveys(group_by="team", cluster="team", validation={"folds": 3, "repeats": 1})
    started = time.process_time()
    found = answers(Tables.from_frames(study, {**frames, "assignments": teams}), foretold=False)
    assert time.process_time() - started < 20
    assert found["explained"].estimates
    description = found["description"]
    assert {curve.group for curve in description.curves} == {""}
    assert values(description)
    shown = next(t for t in description.tables if t.name == "exits_by_group")
    assert not [row for row in shown.rows if row.key[-1].startswith("p")]


def test_leavers_only() -> None:
    """An extract without those who stayed makes tenure look short, which a check says."""
    frames = tenures(LASTED, ["voluntary" if i % 2 else "involuntary" for i in range(N)])
    found = answers(Tables.from_frames(study_of(), frames))
    assert checked(found["description"])["some_are_still_there"] is False
    text = next(c.text for c in found["description"].checks if c.name == "some_are_still_there")
    assert "too short" in text
