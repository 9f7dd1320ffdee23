"""What somebody would pay: told apart, in no other number."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.roi.decision_builders import (
    PLAIN,
    PROVENANCE,
    SICK_DAYS,
    make_effects,
    make_frame,
    make_posteriors,
    make_section,
    sick_days,
)
from wellperf_models.disclosure import release
from wellperf_models.roi.checks_decision import check_decision
from wellperf_models.roi.findings_decision import decide
from wellperf_models.roi.model_decision import fit_decision
from wellperf_models.study import Study

ASKED = {
    "outcome": "mood",
    "amount": 100.0,
    "currency": "EUR",
    "source": "a survey",
    "asked": "the works council",
}


def _parts(mood=(0.5, 0.2), higher="better", decision=PLAIN, **asked):
    outcomes = {"sick_days": SICK_DAYS, "mood": {"higher_is": higher, "label": "Mood"}}
    section = make_section(outcomes, decision, willingness_to_pay={"calm": ASKED | asked})
    days = sick_days(section)
    rows = [days, dataclasses.replace(days, name="mood", declared=section.outcomes["mood"])]
    posteriors = make_posteriors(sick_days=(-0.1, 0.2), mood=mood)
    return section, make_frame(section, rows), make_effects(rows), posteriors


def _fit(parts):
    section, frame, effects, posteriors = parts
    return fit_decision(frame, effects, posteriors, section)


def test_it_is_worth_what_was_said_and_in_no_headline():
    parts = _parts()
    found = _fit(parts)
    (paid,) = found.paid
    mood = parts[3]["mood", "flat"].draws
    assert np.median(paid.worth["flat"]) == pytest.approx(100 * 3 * 600 * np.median(mood), rel=0.01)
    assert paid.worth["flat"] == pytest.approx(100 * paid.per_amount["flat"])
    without = make_section({"sick_days": SICK_DAYS, "mood": {"higher_is": "better"}}, PLAIN)
    alone = _fit((without, *parts[1:]))
    assert np.array_equal(alone.returns["flat"].npv, found.returns["flat"].npv)
    assert alone.paid == ()
    assert paid.npv["flat"].mean() == pytest.approx(
        found.returns["flat"].npv.mean() + paid.worth["flat"].mean(), rel=1e-9
    )


def test_more_of_what_is_worse_is_worth_less_and_a_spread_widens_it():
    better, worse = _fit(_parts()).paid[0], _fit(_parts(higher="worse")).paid[0]
    assert worse.worth["flat"].mean() == pytest.approx(-better.worth["flat"].mean())
    unsure = _fit(_parts(spread=0.8)).paid[0]
    assert unsure.worth["flat"].std() > 1.3 * better.worth["flat"].std()
    assert unsure.per_amount["flat"] == pytest.approx(better.per_amount["flat"])


def test_money_of_others_is_told_and_not_added():
    (paid,) = _fit(_parts(party="employee")).paid
    assert not paid.counts
    assert np.median(paid.worth["flat"]) > 0
    (counted,) = _fit(_parts(party="employee", decision=PLAIN | {"perspective": "society"})).paid
    assert counted.counts


def test_without_a_better_side_or_an_effect_there_is_nothing_to_pay_for():
    assert _fit(_parts(higher="neither")).paid == ()
    section, frame, effects, posteriors = _parts()
    known = {key: p for key, p in posteriors.items() if key[0] == "sick_days"}
    found = fit_decision(frame, effects, known, section)
    assert found.paid == ()
    checks = check_decision(frame, effects, known, found)
    told = decide(frame, effects, known, found, checks, provenance=PROVENANCE)
    assert any("What somebody would pay is not told" in text for text in told.limits)


def test_tables_tell_it_beside_the_headline():
    study = {"study": {"name": "t", "as_of": "2024-12-31", "seed": 4}, "tables": {}}
    for party, rows in (("employer", 5), ("employee", 0)):
        section, frame, effects, posteriors = _parts(party=party)
        found = fit_decision(frame, effects, posteriors, section)
        checks = check_decision(frame, effects, posteriors, found)
        evidence = decide(frame, effects, posteriors, found, checks, provenance=PROVENANCE)
        released = release(evidence, Study.model_validate(study))
        assert "100" not in released.answer.replace("100 %", "")
        first = released.table("willingness_to_pay").rows[0]
        assert first.key == ("calm", "Mood", "flat prior")
        assert (first.values[3] is None) == (party == "employee")
        assert "works council" in first.values[7]
        curve = [t for t in released.tables if t.name == "willingness_to_pay_curve"]
        assert sum(len(t.rows) for t in curve) == rows
        if rows:
            p = [row.values[0] for row in curve[0].rows]
            assert p == sorted(p)
            assert curve[0].rows[0].values[0] == pytest.approx(
                released.table("by_prior").rows[0].values[3], abs=1.5
            )
