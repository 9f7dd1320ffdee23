"""The evidence on information: what to do next in plain words, checks that can fail, pictures."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tests.roi.decision_builders import PROVENANCE, one_channel
from tests.roi.information.test_model import FLAT, PILOT, VALUE, inform, plain
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.roi.information.advice import advise
from wellperf_models.roi.information.checks import check_information
from wellperf_models.roi.information.findings import judge_information
from wellperf_models.roi.information.findings_tables import told_swings
from wellperf_models.roi.information.plots import plot_sampling, plot_tornado
from wellperf_models.study import Study

STUDY = Study.model_validate({"study": {"name": "t", "as_of": "2024-12-31", "seed": 4}, "tables": {}})
CHEAP = PILOT | {"cost_once": 0.0, "cost_per_person": 0.0, "delay_years": 0.0}


def told(parts):
    """Evidence and its release."""
    _, frame, _, found = parts
    checks = check_information(frame, found)
    evidence = judge_information(frame, found, checks, provenance=PROVENANCE)
    return evidence, release(evidence, STUDY)


@pytest.mark.parametrize(
    ("mean", "sd", "pilot", "first"),
    [
        (-2.0, 0.2, PILOT, "Fund it; nothing is worth measuring first"),
        (2.0, 0.2, PILOT, "Stop it; nothing is worth measuring first"),
        (-0.13, 0.5, CHEAP, "Run a trial first, with 400 people: it is worth more than it costs."),
        (0.05, 0.2, PILOT | {"cost_once": 1e6}, "Leave it, and do not measure more: "),
        (-0.13, 0.5, None, "Measure this first, by a further trial, if it can be had"),
    ],
)
def test_the_answer_comes_first(mean, sd, pilot, first):
    parts = inform(one_channel(FLAT, mean=mean, sd=sd), pilot=pilot)
    evidence, released = told(parts)
    assert evidence.id == "roi.information"
    assert released.answer.startswith(first)
    assert "The rule: fund and stop as the declared probabilities say" in released.answer
    assert released.has("evpi_flat")
    assert json.dumps(released.answer)


def test_fund_is_said_only_where_the_decision_says_it():
    parts = inform(one_channel(FLAT, mean=-2.0, sd=0.2))
    section, frame, _, found = parts
    assert parts[2].answer == "fund"
    doubtful = dataclasses.replace(frame, assigned_by=("manager",))
    _, released = told((section, doubtful, parts[2], found))
    assert not released.answer.startswith("Fund")
    assert "how it was assigned is in doubt" in released.answer


def test_sure_enough_is_not_nothing_to_know():
    """The rule says fund; what a day is worth could still turn that, and no trial tells it."""
    value = VALUE | {"spread": 1.0, "amount": 400.0}
    parts = inform(one_channel(FLAT, mean=-0.45, sd=0.02, value=value))
    assert parts[2].answer == "fund"
    evidence, released = told(parts)
    assert advise(parts[3], ()).group is not None
    assert "nothing is worth measuring" not in released.answer
    assert released.answer.startswith("Fund it, as the declared rule says: it is sure enough. Knowing more")
    assert "(told below): what the outcomes are worth." in released.answer
    assert "is “What the outcomes are worth”: " in evidence.answer


def test_what_no_trial_tells_is_measured_first():
    """The effect is nearly known, what it is worth is not, and a day may be worth much more or less."""
    value = VALUE | {"spread": 1.5, "amount": 100.0}
    parts = inform(one_channel(FLAT, mean=-0.3, sd=0.02, value=value))
    _, released = told(parts)
    assert released.answer.startswith("Measure this first if it can be had for less than it is worth: what")
    assert "What is worth most to know by itself is “What the outcomes are worth”: " in released.answer
    assert released.has("evppi_flat")


def test_a_trial_must_pay_under_every_set_that_judges():
    parts = inform(one_channel(mean=-0.13, sd=0.5), pilot=CHEAP)
    _, frame, _, found = parts
    assert advise(found, ()).verdict == "pilot"
    sceptic = found.under["sceptical"]
    poor = tuple(dataclasses.replace(t, net=-1.0) for t in sceptic.trials)
    split = dataclasses.replace(
        found, under=found.under | {"sceptical": dataclasses.replace(sceptic, trials=poor)}
    )
    advice = advise(split, ())
    assert advice.verdict != "pilot"
    assert not advice.pays
    names = {c.name: c.passed for c in check_information(frame, split)}
    assert names["same_advice_between_priors"] is False
    # clear of its own simulation error, too
    unsure = tuple(dataclasses.replace(t, net_error=t.net) for t in sceptic.trials)
    near = dataclasses.replace(
        found, under=found.under | {"sceptical": dataclasses.replace(sceptic, trials=unsure)}
    )
    assert not advise(near, ()).pays


def test_everything_told_passes_the_gate_and_keeps_its_errors():
    _, released = told(plain())
    assert {t.name for t in released.tables} == {"groups", "trials", "spreads", "tornado"}
    for estimate in released.estimates:
        assert estimate.monte_carlo_error is not None
        assert estimate.monte_carlo_error > 0
    for table in released.tables:
        assert all(value is not None for row in table.rows for value in row.values)
    groups = next(t for t in released.tables if t.name == "groups")
    assert groups.rows[0].key == ("Everything", "flat prior")
    assert groups.rows[0].values[2] == 100.0
    assert all(check.passed is not False for check in released.checks)


def test_numbers_of_few_people_are_kept_back():
    _, released = told(inform(one_channel(FLAT, mean=-0.15, sd=0.4, n=18)))
    assert not released.estimates
    assert all(value is None for t in released.tables for row in t.rows for value in row.values)
    assert plot_tornado(released) is None
    assert plot_sampling(released) is None


def test_what_somebody_judged_is_always_in_the_tornado():
    value = VALUE | {"times": ["absence_day"], "spread": 0.4}
    factor = {"quantity": "a multiple", "distribution": "lognormal", "median": 1.3, "spread": 0.01}
    factor |= {"source": "a guess", "status": "judgement"}
    parts = one_channel(FLAT, mean=-0.5, sd=0.4, value=value)
    *_, found = inform(parts, pilot=None, factors={"absence_day": factor})
    under = found.under["flat"]
    many = tuple(s for s in under.swings if "factor" not in s.unknown.name) * 10
    judged = [s for s in under.swings if "factor" in s.unknown.name]
    assert judged[0] in told_swings((*many, *judged))
    assert len(told_swings((*many, *judged))) == 13


def _checks(changed):
    found = plain()[3]
    under = changed(found.under["flat"])
    planted = dataclasses.replace(found, under={"flat": under})
    return {c.name: c.passed for c in check_information(plain()[1], planted)}


def test_planted_faults_fail_their_check():
    under = plain()[3].under["flat"]
    first, second = under.trials
    clean = _checks(lambda u: u)
    assert all(passed is not False for passed in clean.values())

    swapped = (
        dataclasses.replace(first, gain=second.gain),
        dataclasses.replace(second, gain=first.gain),
    )
    assert _checks(lambda u: dataclasses.replace(u, trials=swapped))["larger_trials_tell_more"] is False

    def with_gain(**changes):
        group, gain = under.groups[0]
        changed = ((group, dataclasses.replace(gain, **changes)), *under.groups[1:])
        return _checks(lambda u: dataclasses.replace(u, groups=changed))

    assert with_gain(value=2 * under.perfect.value)["within_bounds"] is False
    assert with_gain(value=-1.0)["within_bounds"] is False
    assert with_gain(unexplained=0.02)["regressions_hold"] is False
    assert with_gain(held_out=0.0)["unseen_draws_agree"] is False
    assert _checks(lambda u: dataclasses.replace(u, n_effective=1500.0))["enough_draws"] is False
    vague = dataclasses.replace(under.perfect, std_error=0.2 * under.perfect.value)
    assert _checks(lambda u: dataclasses.replace(u, perfect=vague))["value_is_sure"] is False
    nothing = dataclasses.replace(under.perfect, value=1e-6, std_error=1e-6)
    assert _checks(lambda u: dataclasses.replace(u, perfect=nothing))["value_is_sure"] is None


def test_draws_that_repeat_each_other_are_not_enough():
    """Each told ten times, as where few draws carry another set of priors."""
    section, frame, effects, posteriors = one_channel(FLAT, mean=-0.15, sd=0.4)
    flat = posteriors["sick_days", "flat"]
    often = dataclasses.replace(flat, draws=np.repeat(flat.draws[::20], 20))
    parts = section, frame, effects, posteriors | {("sick_days", "flat"): often}
    _, frame, _, found = inform(parts)
    checks = {c.name: c for c in check_information(frame, found)}
    assert checks["enough_draws"].passed is False
    assert checks["enough_draws"].value == pytest.approx(1000, rel=0.3)


def test_priors_agree_on_a_trial_only_where_one_trial_is_clear_under_all():
    _, frame, _, found = inform(one_channel(mean=-0.13, sd=0.5), pilot=CHEAP)

    def judged(**nets):
        under = {}
        for prior, pairs in nets.items():
            trials = tuple(
                dataclasses.replace(t, net=net, net_error=error)
                for t, (net, error) in zip(found.under[prior].trials, pairs, strict=True)
            )
            under[prior] = dataclasses.replace(found.under[prior], trials=trials)
        changed = dataclasses.replace(found, under=under)
        check = next(c for c in check_information(frame, changed) if c.name == "same_advice_between_priors")
        return check.passed, advise(changed, ()).pays

    # another trial under each set: both have one above 0, and none is advised
    assert judged(flat=[(9.0, 1.0), (-9.0, 1.0)], sceptical=[(-9.0, 1.0), (9.0, 1.0)]) == (False, False)
    # above 0, and not clear of its error
    assert judged(flat=[(9.0, 1.0), (9.0, 1.0)], sceptical=[(9.0, 8.0), (9.0, 8.0)]) == (False, False)
    assert judged(flat=[(9.0, 8.0), (9.0, 8.0)], sceptical=[(-9.0, 1.0), (-9.0, 1.0)]) == (True, False)
    assert judged(flat=[(9.0, 1.0), (3.0, 1.0)], sceptical=[(4.0, 1.0), (9.0, 1.0)]) == (True, True)


def test_what_people_of_a_team_share_is_said_to_be_assumed_where_it_is():
    names = {c.name: c.passed for c in check_information(plain()[1], plain()[3])}
    assert names["shared_within_clusters"] is None
    spreads = {n: dataclasses.replace(s, told=True) for n, s in plain()[3].spreads.items()}
    known = dataclasses.replace(plain()[3], spreads=spreads)
    assert {c.name: c.passed for c in check_information(plain()[1], known)}["shared_within_clusters"] is True


def test_pictures_state_the_finding():
    _, released = told(plain())
    tornado, sampling = plot_tornado(released), plot_sampling(released)
    assert tornado is not None
    assert sampling is not None
    assert "Effect: Sick days" in tornado.alt
    assert "400 people" in sampling.alt
    assert tornado.png()[:4] == sampling.png()[:4] == b"\x89PNG"
    _, pays = told(inform(one_channel(FLAT, mean=-0.13, sd=0.5), pilot=CHEAP))
    picture = plot_sampling(pays)
    assert picture is not None
    assert picture.title == "A trial first is worth more than it costs"
    _, cannot = told(inform(one_channel(FLAT, mean=-0.13, sd=0.5), pilot=CHEAP | {"cost_once": 1e6}))
    picture = plot_sampling(cannot)
    assert picture is not None
    assert picture.title == "No trial declared is worth what it costs"


def test_another_answer_makes_no_picture():
    evidence, _ = told(plain())
    other = release(dataclasses.replace(evidence, id="roi.decision"), STUDY)
    for plot in (plot_tornado, plot_sampling):
        with pytest.raises(DesignError):
            plot(other)


def test_what_is_not_answered_says_why_without_a_number():
    frame = plain()[1]
    why = Unanswered(reason="nobody was assigned by lot.")
    assert check_information(frame, why) == ()
    released = release(judge_information(frame, why, (), provenance=PROVENANCE), STUDY)
    assert "nobody was assigned by lot" in released.answer
    assert not released.estimates
    assert plot_tornado(released) is None
    nowhere = judge_information(why, why, (), provenance=PROVENANCE)
    assert nowhere.population == ""
