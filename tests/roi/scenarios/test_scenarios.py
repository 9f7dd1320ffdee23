"""The same draws under other circumstances."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.roi.decision_builders import (
    DECISION,
    FEES,
    PROVENANCE,
    SICK_DAYS,
    make_effects,
    make_frame,
    make_posteriors,
    make_section,
    sick_days,
)
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.roi.model_decision import fit_decision
from wellperf_models.roi.scenarios.checks import answer_holds, check_scenarios, every_scenario_told
from wellperf_models.roi.scenarios.findings import compare_scenarios
from wellperf_models.roi.scenarios.model import AtScenario, fit_scenarios
from wellperf_models.roi.scenarios.plots import plot_scenarios
from wellperf_models.study import Study

STUDY = Study.model_validate({"study": {"name": "t", "as_of": "2024-12-31", "seed": 4}, "tables": {}})


def _parts(*, mean=-0.5, sd=0.3, took_part=0.5, decision=DECISION, costs=(FEES,), **scenarios):
    section = make_section({"sick_days": SICK_DAYS}, decision, scenarios=scenarios)
    rows = sick_days(section)
    if took_part is not None:
        place = np.cumsum(rows.treated)
        took = rows.treated & (place % 100 < 100 * took_part)
        rows = dataclasses.replace(rows, received=took.astype(float))
    frame, effects = make_frame(section, [rows], costs=costs), make_effects([rows])
    decided = fit_decision(frame, effects, make_posteriors(sick_days=(mean, sd)), section)
    return frame, effects, decided, section


def _released(parts):
    frame, effects, decision, section = parts
    scenarios = attempt(fit_scenarios, frame, effects, decision, section)
    checks = check_scenarios(frame, scenarios)
    evidence = compare_scenarios(frame, scenarios, checks, provenance=PROVENANCE)
    return scenarios, release(evidence, STUDY)


def test_each_circumstance_changes_what_it_names_and_nothing_else():
    parts = _parts(
        nothing={},
        wages={"wages": 1.5},
        price={"price": 2.0},
        lasting={"fade_out": 0.0},
        impatient={"discount_rate": 0.5},
        uptake={"uptake": 0.75},
    )
    decision = parts[2]
    back = decision.returns["flat"]
    found = {name: at.npv["flat"] for name, at in fit_scenarios(*parts).of.items()}
    assert np.array_equal(found["nothing"], back.npv)
    assert found["wages"] == pytest.approx(1.5 * back.pv_benefit - back.pv_cost)
    assert found["price"] == pytest.approx(back.pv_benefit - 2 * back.pv_cost)
    # half of those offered it took part
    assert found["uptake"] == pytest.approx(1.5 * back.pv_benefit - back.pv_cost)
    first = back.cash.benefits[:, 0, 0]
    assert found["lasting"] == pytest.approx(first * (1 + 1 / 1.03 + 1 / 1.03**2) - back.pv_cost)
    assert found["impatient"] == pytest.approx(first * (1 + 0.8 / 1.5 + 0.64 / 2.25) - back.pv_cost)


def test_wages_pay_for_staff_time_too():
    staff = dataclasses.replace(FEES, kind="staff_time", amount=60.0)
    parts = _parts(costs=(FEES, staff), wages={"wages": 1.5}, both={"wages": 1.5, "price": 2.0})
    back, people = parts[2].returns["flat"], parts[2].people
    found = {name: at.npv["flat"] for name, at in fit_scenarios(*parts).of.items()}
    benefit, fees, time = 1.5 * back.pv_benefit, 100 * people, 60 * people
    assert found["wages"] == pytest.approx(benefit - fees - 1.5 * time)
    assert found["both"] == pytest.approx(benefit - 2 * fees - 3 * time)
    rows = _released(parts)[1].table("circumstances").rows
    assert rows[0].values[0] == "what every outcome is worth, and what staff time costs, × 1.5"


def test_a_fade_out_of_its_own_is_known_where_the_declared_one_is_not():
    parts = _parts(decision=DECISION | {"fade_out_spread": 0.1}, lasting={"fade_out": 0.2})
    back = parts[2].returns["flat"]
    at = fit_scenarios(*parts).of["lasting"]
    first = back.cash.benefits[:, 0, 0]
    assert at.npv["flat"] == pytest.approx(first * (1 + 0.8 / 1.03 + 0.64 / 1.03**2) - back.pv_cost)
    assert not np.allclose(at.npv["flat"], back.npv)


def test_another_uptake_needs_a_record_of_who_took_part():
    found = fit_scenarios(*_parts(took_part=None, more={"uptake": 0.8}, dear={"price": 2.0}))
    assert isinstance(found.of["more"], Unanswered)
    assert "not recorded" in found.of["more"].reason
    assert isinstance(found.of["dear"], AtScenario)
    frame, *rest = _parts(more={"uptake": 0.8})
    rows = frame.outcomes["sick_days"]
    hidden = np.where(np.cumsum(rows.treated) % 5 == 0, np.nan, rows.received)
    frame = dataclasses.replace(frame, outcomes={"sick_days": dataclasses.replace(rows, received=hidden)})
    assert isinstance(fit_scenarios(frame, *rest).of["more"], Unanswered)


def test_an_answer_that_changes_is_said_and_fails_its_check():
    scenarios, released = _released(_parts(mean=-2.0, sd=0.1, dear={"label": "It costs more", "price": 50.0}))
    assert scenarios.declared.answer == "fund"
    assert scenarios.of["dear"].answer == "stop"
    assert released.answer.startswith("No: “stop” if it costs more. As declared it is “fund”.")
    assert next(c for c in released.checks if c.name == "answer_holds").passed is False
    assert "another one if: It costs more" in plot_scenarios(released).title
    _, same = _released(_parts(mean=-2.0, sd=0.1, cheap={"price": 0.9}))
    assert same.answer.startswith("Yes: in the one scenario tried the answer is “fund”")
    assert all(c.passed for c in same.checks)
    assert [r.key for r in same.table("scenarios").rows] == [
        ("As declared", "flat prior"),
        ("As declared", "sceptical prior"),
        ("cheap", "flat prior"),
        ("cheap", "sceptical prior"),
    ]
    assert "“fund”" in plot_scenarios(same).title
    assert plot_scenarios(same).png()[:4] == b"\x89PNG"


def test_checks_both_ways():
    assert answer_holds("fund", ["fund", "fund"]).passed
    assert answer_holds("fund", ["fund", "stop"]).passed is False
    assert answer_holds("fund", []).passed is None
    assert every_scenario_told(2, 2).passed
    assert every_scenario_told(1, 2).passed is False


def test_what_can_not_be_told_has_its_reason_and_the_rest_is_told():
    _, released = _released(_parts(took_part=None, more={"uptake": 0.8}, dear={"price": 2.0}))
    assert "Not known: more." in released.answer
    assert "not recorded" in released.table("circumstances").rows[0].values[1]
    _, none = _released(_parts(took_part=None, more={"uptake": 0.8}))
    assert none.answer.startswith("Not known")


def test_the_observed_uptake_of_few_can_not_be_read_off():
    _, released = _released(_parts(took_part=0.005, more={"uptake": 0.8}))
    shown = {r.key: r.values[0] for r in released.table("scenarios").rows}
    assert shown["As declared", "flat prior"] is not None
    assert shown["more", "flat prior"] is None


def test_not_asked_and_not_answered():
    frame, effects, decision, section = _parts(dear={"price": 2.0})
    with pytest.raises(NotAskedError):
        fit_scenarios(frame, effects, decision, make_section({"sick_days": SICK_DAYS}))
    with pytest.raises(DesignError, match="no lots"):
        fit_scenarios(frame, effects, Unanswered(reason="There were no lots."), section)
    _, released = _released((frame, effects, Unanswered(reason="There were no lots."), section))
    assert "no lots" in released.answer
    assert not released.estimates
    assert plot_scenarios(released) is None
