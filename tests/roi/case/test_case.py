"""The business case: closed forms, no table at all, what is missing, and what a reader sees."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tests.roi.beliefs.builders import believed_trial
from tests.roi.case.builders import DAYS, FEES, NO_FRAME, planned
from tests.roi.decision_builders import PROVENANCE, make_rows
from tests.roi.gated import no_verdict
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.figures import Picture
from wellperf_models.roi.beliefs.model import believed_cash
from wellperf_models.roi.case.checks import check_case
from wellperf_models.roi.case.findings import judge_case
from wellperf_models.roi.case.frame import build_case
from wellperf_models.roi.case.model import N_DRAWS, SETS, fit_case
from wellperf_models.roi.case.plots import plot_case
from wellperf_models.roi.priors import prior_of
from wellperf_models.roi.rows import RoiFrame


def _fit(tables, frame=NO_FRAME):
    return fit_case(build_case(tables, frame), tables.study.roi)


def _released(tables, frame=NO_FRAME):
    case = attempt(build_case, tables, frame)
    result = attempt(fit_case, case, tables.study.roi)
    evidence = judge_case(case, result, check_case(case, result), provenance=PROVENANCE)
    return evidence, release(evidence, tables.study)


def test_normal_beliefs_and_known_amounts_give_everything_by_hand():
    # three years at 250 a day, the programme 100 for one year
    found = _fit(planned())
    needed = -100 / 750
    assert found.break_even == pytest.approx(np.full(N_DRAWS, needed))
    for name, (m, s) in {
        "sceptical": (-0.02, 0.08),
        "organisational": (-0.15, 0.2),
        "optimistic": (-0.25, 0.15),
    }.items():
        mean = 8 * (np.exp(m + s**2 / 2) - 1)
        sd = 8 * np.exp(m + s**2 / 2) * np.sqrt(np.exp(s**2) - 1)
        expected = stats.norm.cdf((needed - mean) / sd)
        back = found.returns[name]
        error = 4 * np.sqrt(expected * (1 - expected) / N_DRAWS)
        assert back.p_positive == pytest.approx(expected, abs=error)
        # one channel: what pays alone is what pays
        assert np.array_equal(back.first_pays, back.npv > 0)
        middle = 400 * (-mean * 750 - 100)
        assert np.median(back.npv) == pytest.approx(middle, abs=4 * 400 * 750 * sd * 1.26 / np.sqrt(N_DRAWS))
    assert tuple(found.returns) == SETS
    assert "flat" not in found.returns


def test_discounting_years_and_factors_are_those_of_the_decision():
    decision = {"discount_rate": 0.1, "fade_out": 0.5, "programme_years": 2}
    days = DAYS | {"value": DAYS["value"] | {"times": ["conversion"]}}
    fixed = {"quantity": "q", "distribution": "fixed", "median": 0.5, "source": "s", "status": "measured"}
    found = _fit(planned({"sick_days": days}, decision, factors={"conversion": fixed}))
    costs, benefits = 100 * (1 + 1 / 1.1), 125 * (1 + 1 / 1.1 + 0.5 / 1.21)
    assert found.break_even == pytest.approx(np.full(N_DRAWS, -costs / benefits))
    assert set(found.factors) == {"conversion"}


def test_two_channels_pay_together_what_one_does_not():
    left = {
        "higher_is": "worse",
        "likelihood": "hazard",
        "baseline": 0.1,
        "value": DAYS["value"] | {"channel": "turnover", "amount": 10_000.0},
    }
    found = _fit(planned({"sick_days": DAYS, "left": left}))
    alone = _fit(planned())
    assert np.array_equal(found.break_even, alone.break_even)
    back = found.returns["optimistic"]
    assert back.p_positive > back.first_pays.mean()
    assert np.array_equal(back.first_pays, alone.returns["optimistic"].first_pays)


def test_the_plan_of_a_small_organisation_is_told_in_full_and_stamped():
    _, large = _released(planned(decision={"people": 1200}))
    # as a count that passed the gate is printed
    assert "“Coaching” to 1\N{NARROW NO-BREAK SPACE}200 people" in large.answer
    evidence, released = _released(planned(decision={"people": 20}))
    assert evidence.id == "roi.case"
    assert evidence.design == "prior only"
    assert released.answer.startswith("No local evidence: whether it pays depends on what one believes")
    assert "“Coaching” to 20 people" in released.answer
    assert "−0.133 days a year (−1.67 % of what there is without it)" in released.answer
    assert "a sceptic 49.7 %" in released.answer
    # nothing is kept back, as nothing rests on anybody
    assert evidence.estimates == ()
    assert released.suppressed == ()
    assert [t.name for t in released.tables] == ["by_set", "first_channel", "baselines", "sources"]
    assert all(v is not None for row in released.table("by_set").rows for v in row.values)
    (baseline,) = released.table("baselines").rows
    assert baseline.values == (8.0, None, "days a year", "declared in the study file")
    picture = plot_case(released)
    assert isinstance(picture, Picture)
    assert picture.title.startswith(
        "No local evidence: by belief alone it pays with probability 50 % to 95 %"
    )
    assert "Change that would pay alone: −0.133" in picture.alt
    assert len(picture.alt) < 1200


@pytest.mark.parametrize(
    ("amount", "start"),
    [
        (0.5, "No local evidence: whether it pays"),
        (0.0001, "No local evidence: whether it pays"),
        (5_000.0, "No local evidence: even an optimist would not"),
    ],
)
def test_the_plain_answer_follows_from_the_rule_under_every_set(amount, start):
    _, released = _released(planned(costs=[FEES | {"amount": amount}]))
    assert released.answer.startswith(start)
    assert ("an optimist under 0.1 %" in released.answer) == (amount == 5_000)


def test_what_even_a_sceptic_expects_is_still_not_measured():
    sure = {
        "quantity": "q",
        "scale": "unit",
        "mean": -2.0,
        "sd": 0.1,
        "source": "s",
        "status": "measured",
    }
    priors = {name: {"sick_days": sure} for name in SETS}
    _, released = _released(planned(priors=priors))
    assert released.answer.startswith("No local evidence: even a sceptic would expect it to pay, but nothing")
    assert next(c for c in released.checks if c.name == "sets_agree_before").passed is True


def _without(key):
    return {k: v for k, v in DAYS.items() if k != key}


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (lambda: planned({"sick_days": _without("baseline")}), "declare baseline"),
        (lambda: planned(costs=[]), "declare what the programme would cost"),
        (lambda: planned(decision={"people": None}), "how many people"),
        (lambda: planned({"sick_days": _without("value")}), "add the value of an outcome"),
        (
            lambda: planned({"sick_days": DAYS | {"value": DAYS["value"] | {"tier": "asserted"}}}),
            "add the value of an outcome",
        ),
        (
            lambda: planned({"sick_days": DAYS | {"value": DAYS["value"] | {"borne_by": {"others": 1.0}}}}),
            "the employer's money",
        ),
    ],
)
def test_what_is_missing_is_named_with_what_would_help(tables, words):
    evidence, released = _released(tables())
    assert released.answer.startswith("Not answered: ")
    assert words in released.answer
    assert evidence.estimates == ()
    assert evidence.checks == ()
    assert plot_case(released) is None


def test_no_rule_and_no_discount_rate_are_named():
    tables = planned()
    tables.study = tables.study.model_copy(
        update={"roi": tables.study.roi.model_copy(update={"decision": None})}
    )
    _, released = _released(tables)
    assert "There is no decision rule" in released.answer
    tables.study = tables.study.model_copy(update={"roi": None})
    with pytest.raises(StudyError, match="nothing of a programme"):
        build_case(tables, NO_FRAME)
    with pytest.raises(DesignError, match="no table of outcomes"):
        fit_case(NO_FRAME, planned().study.roi)


def test_a_break_even_effect_that_can_not_be_is_flagged():
    for amount, passed in ((100.0, True), (9_000.0, False)):
        tables = planned(costs=[FEES | {"amount": amount}])
        case = build_case(tables, NO_FRAME)
        check = {c.name: c for c in check_case(case, fit_case(case, tables.study.roi))}["break_even_possible"]
        assert check.passed is passed
        assert check.value == pytest.approx(amount / 750 / 8 * 100)


def _bookings(amount=1234.5):
    return {
        "costs": pl.DataFrame(
            {
                "programme": ["coaching"],
                "date": [dt.date(2024, 6, 1)],
                "kind": ["programme"],
                "currency": ["EUR"],
                "amount": [amount],
            }
        )
    }


def test_bookings_without_outcomes_are_what_it_costs():
    tables = planned(decision={"people": 403}, frames=_bookings(), costs=[])
    found = _fit(tables)
    assert [line.amount for line in found.costs] == [1234.5]
    assert found.terms.people == 403
    refunded = planned(frames=_bookings(-50.0), costs=[])
    _, released = _released(refunded)
    assert "less than nothing" in released.answer


def test_prices_of_what_has_not_begun_are_those_of_today():
    money = {
        "reporting_currency": "EUR",
        "rates": [
            {"currency": "USD", "date": d, "rate": r} for d, r in (("2024-01-01", 0.5), ("2024-12-01", 0.8))
        ],
    }
    tables = planned(money=money, costs=[FEES | {"currency": "USD"}], start="2025-06-01")
    assert _fit(tables).break_even == pytest.approx(np.full(N_DRAWS, -80 / 750))
    with pytest.raises(StudyError, match="no exchange rate"):
        _fit(planned(costs=[FEES | {"currency": "USD"}]))


def _local(design="randomised", seed=2, **days):
    """Tables and frame of 400 people, sick days of 6 and of 5 in the two arms."""
    tables = planned({"sick_days": DAYS | {"baseline": None} | days}, design=design)
    section = tables.study.roi
    treated = np.arange(400) % 2 == 0
    value = np.random.default_rng(seed).gamma(2.0, 3.0 - 0.5 * treated, 400)
    rows = make_rows(section, "sick_days", value=value, treated=treated)
    frame = RoiFrame(
        section=section,
        outcomes={"sick_days": rows},
        has_control=design == "randomised",
        costs=(),
        currency="EUR",
        money_rates={"EUR": 1.0},
        n_offered=200,
        population="People",
        min_group_size=10,
        seed=4,
        in_full=False,
    )
    lines = build_case(tables, NO_FRAME).costs
    return tables, dataclasses.replace(frame, costs=lines), rows


def test_those_without_the_programme_give_the_baseline_and_contrasts_are_not_used():
    compared = "Before any data (these data hold a comparison: where it gives an effect, the decision uses "
    for design, who, start, words in (
        ("randomised", "were not offered", compared, ""),
        (
            "participation",
            "did not take part",
            "No local evidence: ",
            "is no evidence of an effect, and is not used",
        ),
    ):
        tables, frame, rows = _local(design)
        case = build_case(tables, frame)
        baseline = case.baselines["sick_days"]
        assert baseline.mean == pytest.approx(rows.value[~rows.treated].mean())
        assert baseline.sd == pytest.approx(rows.value[~rows.treated].std())
        assert who in baseline.source
        assert baseline.support.n_people == 200
        _, released = _released(tables, frame)
        assert released.answer.startswith(start)
        assert words in released.answer
        # where a comparison was measured there is something to decide by
        assert ("can't be decided without measuring" in released.answer) == (design == "participation")
        assert plot_case(released).title.startswith(
            f"{start.partition(':')[0].partition(' (')[0]}: by belief"
        )
        # the mean itself is told with the effects
        assert released.table("baselines").rows[0].values[:2] == (None, None)
        # another arm changes nothing
        worse = dataclasses.replace(rows, value=np.where(rows.treated, 50.0, rows.value))
        moved = dataclasses.replace(frame, outcomes={"sick_days": worse})
        assert np.array_equal(
            fit_case(build_case(tables, moved), tables.study.roi).returns["sceptical"].npv,
            fit_case(case, tables.study.roi).returns["sceptical"].npv,
        )


def test_what_is_declared_comes_first_and_data_fill_in_the_rest():
    tables, frame, rows = _local(baseline=8.0)
    told = build_case(tables, frame).baselines["sick_days"]
    assert told.mean == 8.0
    assert told.sd == pytest.approx(rows.value[~rows.treated].std())
    tables, frame, _ = _local(baseline=8.0, baseline_sd=5.0)
    told = build_case(tables, frame).baselines["sick_days"]
    assert (told.mean, told.sd, told.support) == (8.0, 5.0, None)


def test_one_group_before_and_after_is_taken_before():
    outcomes = {
        "sick_days": DAYS | {"baseline": None, "adjust_for": ["earlier"]},
        "earlier": {"higher_is": "worse", "timing": "before"},
    }
    tables = planned(outcomes, design="before_after")
    section = tables.study.roi
    everybody = np.ones(60, bool)
    days = np.random.default_rng(0).gamma(2, 3, 60)
    rows = [
        make_rows(section, "sick_days", value=days / 2, treated=everybody),
        make_rows(section, "earlier", value=days, treated=everybody),
    ]
    _, frame, _ = _local()
    frame = dataclasses.replace(frame, section=section, outcomes={r.name: r for r in rows}, has_control=False)
    told = build_case(tables, frame).baselines["sick_days"]
    assert told.mean == pytest.approx(days.mean())
    assert told.source == "measured before the programme"


def test_few_people_without_the_programme_are_not_shown():
    tables, frame, rows = _local()
    few = np.arange(400) < 12
    kept = dataclasses.replace(
        rows, value=rows.value[few], treated=rows.treated[few], unit=rows.unit[few], weight=rows.weight[few]
    )
    _, released = _released(tables, dataclasses.replace(frame, outcomes={"sick_days": kept}))
    assert released.answer.startswith("Not shown")
    assert plot_case(released) is None
    no_verdict(released)


def test_few_people_who_were_offered_it_are_not_shown():
    # the mean is declared, and how many people it is about is counted from 25
    tables, frame, _ = _local(baseline=8.0, baseline_sd=5.0)
    tables.study = _without_people(tables.study)
    frame = dataclasses.replace(frame, section=tables.study.roi, n_offered=25)
    evidence, released = _released(tables, frame)
    assert released.answer.startswith("Not shown: fewer than 30 people")
    no_verdict(released)
    # with enough people the number of the same check is told
    _, shown = _released(tables, dataclasses.replace(frame, n_offered=200))
    assert next(c.value for c in shown.checks if c.name == "break_even_possible") is not None
    assert "break_even" in {e.name for e in evidence.estimates}


def _without_people(study):
    decision = study.roi.decision.model_copy(update={"people": None})
    return study.model_copy(update={"roi": study.roi.model_copy(update={"decision": decision})})


def test_the_case_is_what_was_believed_before_the_data_of_the_same_trial():
    frame, effects, _, section = believed_trial()
    tables = planned()
    tables.study = tables.study.model_copy(update={"roi": section})
    case = fit_case(build_case(tables, frame), section)
    effect = effects.of["sick_days"].intention_to_treat
    for name in SETS:
        told = prior_of("sick_days", section.outcomes["sick_days"], effect, name, section)
        cash = believed_cash({"sick_days": (told.mean, told.sd)}, {}, case.terms, N_DRAWS, frame.seed)
        assert case.returns[name].npv == pytest.approx(cash.npv)
    assert case.terms.people == 600


def test_a_share_is_told_in_per_cent_and_more_of_what_is_good_upwards():
    left = {
        "label": "Left",
        "higher_is": "worse",
        "likelihood": "hazard",
        "baseline": 0.1,
        "value": DAYS["value"] | {"channel": "turnover", "amount": 9_000.0},
    }
    _, released = _released(planned({"left": left}))
    assert "a change in “Left” of −0.370 % of people" in released.answer
    better = DAYS | {"higher_is": "better", "baseline_sd": 2.0}
    better["value"] = DAYS["value"] | {"channel": "productivity"}
    found = _fit(planned({"output": better}))
    assert found.break_even == pytest.approx(np.full(N_DRAWS, 100 / 750))
    expected = stats.norm.sf((100 / 750 - 0.5) / 0.3)
    assert found.returns["optimistic"].p_positive == pytest.approx(expected, abs=0.01)


def test_another_answer_is_refused():
    evidence, _ = _released(planned())
    study = planned().study
    with pytest.raises(DesignError, match=r"roi\.case"):
        plot_case(release(dataclasses.replace(evidence, id="roi.priors"), study))
    assert isinstance(attempt(fit_case, NO_FRAME, study.roi), Unanswered)
