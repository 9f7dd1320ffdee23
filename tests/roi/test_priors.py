"""Sets of priors and factors as data, and what they mean in the unit of an outcome."""

from __future__ import annotations

import numpy as np
import pytest

from tests.roi.decision_builders import make_effect, make_rows, make_section, sick_days
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.roi.priors import FLAT, believed_of, factors_of, packaged, parse_priors, prior_of
from wellperf_models.study import PRIOR_SETS


def _value(channel, **more):
    return {
        "channel": channel,
        "amount": 1.0,
        "currency": "EUR",
        "source": "s",
        "tier": "measured",
    } | more


def _days(**more):
    return {"higher_is": "worse", "value": _value("absence", **more)}


def _entry(**more):
    return {
        "quantity": "q",
        "scale": "standardised",
        "mean": 0.0,
        "sd": 0.1,
        "source": "own",
        "status": "judgement",
    } | more


def _believed(section, prior="sceptical", name="sick_days", mean=5.0, sd=8.0):
    return believed_of(name, section.outcomes[name], mean, sd, prior, section)


@pytest.mark.parametrize(
    ("prior", "entry", "mean", "sd"),
    [
        ("sceptical", "absence", -0.02, 0.08),
        ("sceptical", "turnover", -0.02, 0.10),
        ("organisational", "absence", -0.15, 0.20),
        ("organisational", "turnover", -0.15, 0.20),
        ("optimistic", "absence", -0.25, 0.15),
    ],
)
def test_the_packaged_sets_are_those_of_the_issue(prior, entry, mean, sd):
    told = packaged().sets[prior][entry]
    assert (told.scale, told.mean, told.sd) == ("relative", mean, sd)
    assert set(packaged().sets) == set(PRIOR_SETS)
    assert packaged().sets["flat"] == {}


def test_the_packaged_factors_are_those_of_the_issue_and_judgement_is_named_as_such():
    factors = packaged().factors
    middle = {n: (f.median, f.spread) for n, f in factors.items() if f.distribution == "lognormal"}
    assert middle["replacement_cost"] == (0.21, 0.6)
    assert middle["programme_cost"] == (144.0, 0.5)
    assert middle["presenteeism_ratio"] == (7.0, 0.21)
    assert (factors["self_report_conversion"].a, factors["self_report_conversion"].b) == (2.0, 4.0)
    assert {n for n, f in factors.items() if f.status == "judgement"} == {"self_report_conversion"}
    assert "depression only" in factors["presenteeism_ratio"].quantity


def test_relative_priors_are_turned_into_the_unit_of_the_outcome():
    section = make_section({"sick_days": _days()})
    effect = make_effect(sick_days(section))
    told = prior_of("sick_days", section.outcomes["sick_days"], effect, "sceptical", section)
    assert told.entry == "absence"
    ratio = np.exp(np.random.default_rng(0).normal(-0.02, 0.08, 400_000)) - 1
    assert told.mean == pytest.approx(effect.control_mean * ratio.mean(), abs=0.001 * effect.control_mean)
    assert told.sd == pytest.approx(effect.control_mean * ratio.std(), rel=0.01)
    assert prior_of("sick_days", section.outcomes["sick_days"], effect, "flat", section) is FLAT


def test_a_ratio_of_hazards_is_a_difference_of_shares():
    section = make_section(
        {"left": {"higher_is": "worse", "likelihood": "hazard", "value": _value("turnover")}}
    )
    told = _believed(section, "organisational", "left", mean=0.3)
    hazard = -np.log1p(-0.3) * np.exp(np.random.default_rng(1).normal(-0.15, 0.2, 400_000))
    change = -np.expm1(-hazard) - 0.3
    assert told.mean == pytest.approx(change.mean(), abs=2e-4)
    assert told.sd == pytest.approx(change.std(), rel=0.01)
    # as a ratio of shares it would be nearly a fifth more
    assert told.mean > 0.3 * (np.exp(-0.15 + 0.02) - 1) + 0.002


def test_where_a_ratio_has_no_meaning_the_default_holds():
    better = make_section({"stayed": {"higher_is": "better", "value": _value("turnover")}})
    assert _believed(better, name="stayed").entry == "default"
    section = make_section({"sick_days": _days()})
    change = make_effect(
        make_rows(section, "sick_days", value=np.arange(20) - 30.0, treated=np.arange(20) % 2 == 0)
    )
    told = prior_of("sick_days", section.outcomes["sick_days"], change, "sceptical", section)
    assert told.entry == "default"
    other = make_section({"complaints": {"higher_is": "worse", "value": _value("customer_satisfaction")}})
    told = _believed(other, name="complaints")
    assert (told.mean, told.sd) == (0.0, pytest.approx(0.8))


def test_spending_with_a_long_tail_is_believed_as_a_ratio():
    # in standard deviations the optimist would believe that more than half of it goes away
    section = make_section({"spending": {"higher_is": "worse", "value": _value("claims")}})
    for prior in ("sceptical", "organisational", "optimistic"):
        told = _believed(section, prior, "spending", mean=570.0, sd=1300.0)
        assert told.entry == "claims"
        assert abs(told.mean) + 2 * told.sd < 0.5 * 570


def test_a_relative_prior_of_ones_own_is_never_set_aside_silently():
    for entry in ("stayed", "default"):
        section = make_section(
            {"stayed": {"higher_is": "better"}}, priors={"sceptical": {entry: _entry(scale="relative")}}
        )
        with pytest.raises(StudyError, match="no ratio") as error:
            _believed(section, name="stayed")
        assert entry in str(error.value.where)


def test_standardised_priors_are_turned_round_where_more_is_worse():
    outcomes = {"mood": {"higher_is": "better"}, "strain": {"higher_is": "worse"}, "age": {}}
    section = make_section(outcomes)
    at = {n: _believed(section, "optimistic", n, sd=2.0) for n in outcomes}
    assert {n: t.mean for n, t in at.items()} == {"mood": 0.5, "strain": -0.5, "age": 0.5}
    assert {t.sd for t in at.values()} == {0.3}


def test_the_entry_of_an_outcome_comes_before_its_channel_and_that_before_the_default():
    own = {
        "sick_days": _entry(scale="unit", mean=-0.5, sd=0.25),
        "absence": _entry(mean=0.3),
        "default": _entry(mean=0.9),
    }
    outcomes = {"sick_days": _days(), "left": {"higher_is": "worse", "value": _value("turnover")}}
    for names, entry, mean in (
        (("sick_days", "absence", "default"), "sick_days", -0.5),
        (("absence", "default"), "absence", -2.4),
        (("default",), "absence", 5 * (np.exp(-0.02 + 0.0032) - 1)),
    ):
        section = make_section(outcomes, priors={"sceptical": {n: own[n] for n in names}})
        told = _believed(section)
        assert told.entry == entry
        assert told.mean == pytest.approx(mean)
        # a set that is not replaced stays the packaged one, and so does another outcome
        assert _believed(section, "optimistic").entry == "absence"
        assert _believed(section, name="left", mean=0.1).declared.source.startswith("Set so that")
    # on the outcome's own scale nothing has to be known of it
    section = make_section(outcomes, priors={"sceptical": own})
    told = _believed(section, mean=None, sd=None)
    assert (told.mean, told.sd) == (-0.5, 0.25)


def test_what_an_entry_needs_and_nobody_knows_is_named():
    section = make_section({"sick_days": _days(), "mood": {"higher_is": "better"}})
    with pytest.raises(DesignError, match="mean of an outcome") as error:
        _believed(section, mean=None)
    assert "baseline" in str(error.value.where)
    with pytest.raises(DesignError, match="standard deviation") as error:
        _believed(section, name="mood", mean=None, sd=None)
    assert "baseline_sd" in str(error.value.where)


def test_a_prior_for_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="absense"):
        make_section({"sick_days": _days()}, priors={"sceptical": {"absense": _entry()}})
    with pytest.raises(ValueError, match="flat"):
        make_section({"sick_days": _days()}, priors={"flat": {"absence": _entry()}})


def test_factors_of_the_study_come_before_the_packaged_ones_and_unknown_ones_are_named():
    own = {
        "quantity": "q",
        "distribution": "fixed",
        "median": 1.5,
        "source": "own",
        "status": "measured",
    }
    section = make_section(
        {"sick_days": _days(times=["absence_day", "on_costs"])}, factors={"absence_day": own, "on_costs": own}
    )
    found = factors_of(section)
    assert found["absence_day"].median == found["on_costs"].median == 1.5
    assert found["replacement_cost"] == packaged().factors["replacement_cost"]
    with pytest.raises(StudyError, match="not declared") as error:
        factors_of(make_section({"sick_days": _days(times=["overhead"])}))
    assert "overhead" in str(error.value)
    assert "sick_days" in str(error.value.where)


def _cost(**more):
    return {
        "kind": "programme",
        "amount": 1.0,
        "per": "person_year",
        "currency": "USD",
        "source": "s",
        "tier": "transported",
    } | more


_INDEX = {"currency": "USD", "from_year": 2009, "to_year": 2024, "ratio": 1.46, "source": "CPI-U"}


def test_what_was_measured_for_one_use_is_refused_for_another():
    fits = {"mood": {"higher_is": "worse", "value": _value("presenteeism", times=["presenteeism_ratio"])}}
    factors_of(make_section(fits))
    for section in (
        make_section({"sick_days": _days(times=["presenteeism_ratio"])}),
        make_section({"sick_days": _days()}, costs=[_cost(times=["presenteeism_ratio"])]),
        make_section({"sick_days": _days(times=["programme_cost"])}, price_indices=[_INDEX]),
    ):
        with pytest.raises(StudyError, match="not measured for"):
            factors_of(section)


def test_money_of_another_year_or_currency_is_never_taken_for_todays():
    outcomes = {"sick_days": _days()}
    with pytest.raises(StudyError, match="earlier year") as error:
        factors_of(make_section(outcomes, costs=[_cost(times=["programme_cost"])]))
    assert "price_indices" in str(error.value.where)
    with pytest.raises(StudyError, match="another currency"):
        factors_of(
            make_section(
                outcomes, costs=[_cost(times=["programme_cost"], currency="EUR")], price_indices=[_INDEX]
            )
        )
    with pytest.raises(StudyError, match="more than once"):
        factors_of(
            make_section(outcomes, costs=[_cost(times=["programme_cost"])], price_indices=[_INDEX] * 2)
        )
    fee = packaged().factors["programme_cost"].model_dump()
    with pytest.raises(StudyError, match="by money"):
        factors_of(
            make_section(
                outcomes,
                costs=[_cost(times=["programme_cost", "fee"])],
                price_indices=[_INDEX],
                factors={"fee": fee},
            )
        )
    section = make_section(outcomes, costs=[_cost(times=["programme_cost"])], price_indices=[_INDEX])
    found = factors_of(section)["programme_cost"]
    assert found.median == pytest.approx(144 * 1.46)
    assert found.spread == 0.5
    assert "2024" in found.quantity
    assert "CPI-U" in found.source
    # where it is not used nothing has to be said of it
    assert factors_of(make_section(outcomes))["programme_cost"].median == 144


def test_a_factor_that_is_half_said_is_refused():
    for more, word in (
        ({"currency": "USD"}, "both"),
        ({"currency": "USD", "price_year": 2009}, "no share"),
        ({"spread": 0.2}, "a and b"),
    ):
        factor = {"quantity": "q", "distribution": "beta", "a": 2.0, "b": 4.0, "source": "s"} | more
        with pytest.raises(ValueError, match=word):
            make_section({"sick_days": _days()}, factors={"x": factor | {"status": "judgement"}})


_ENTRY = 'quantity = "q"\ndistribution = "normal"\nscale = "standardised"\nmean = 0.0\nsd = 0.1\n'
_SOURCE = 'status = "judgement"\nsource = "s"\n'
_SETS = "".join(f"[{s}.default]\n{_ENTRY}{_SOURCE}" for s in PRIOR_SETS if s != "flat")
_FACTOR = '[factor.x]\nquantity = "q"\ndistribution = "lognormal"\nmedian = 1.0\n'


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (f"{_SETS}[sceptical.absence]\n{_ENTRY}{_SOURCE}width = 3\n", "width"),
        (f"{_SETS}[sceptical.absense]\n{_ENTRY}{_SOURCE}", "absense"),
        (f"{_SETS}[hopeful.default]\n{_ENTRY}{_SOURCE}", "hopeful"),
        (f"{_SETS}[sceptical.absence]\n{_ENTRY}status = 'guess'\nsource = 's'\n", "status"),
        (f"{_SETS}[sceptical.absence]\n{_ENTRY.replace('0.1', '0.0')}{_SOURCE}", "sd"),
        (f"{_SETS}[sceptical.absence]\n{_ENTRY}status = 'judgement'\n", "source"),
        (f"{_SETS}{_FACTOR}{_SOURCE}", "median and spread"),
        (_SETS.replace("optimistic.default", "optimistic.absence"), "default"),
        ("[sceptical\n", "TOML"),
    ],
)
def test_priors_that_are_not_well_written_are_refused(text, word):
    parse_priors(_SETS)
    parse_priors(f"{_SETS}{_FACTOR}spread = 0.1\n{_SOURCE}")
    with pytest.raises(StudyError, match=word):
        parse_priors(text)
