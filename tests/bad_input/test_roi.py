"""Bad programmes: money that can't be told, arms and periods that contradict the tables, no amounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input.case import OUTCOMES, SECRET, Bad, Good, accept, judge
from tests.bad_input.test_study_file import COSTS, DECISION, LONG, ROI, TRIAL, WORTH
from tests.tables.folder import HEAD
from wellperf_models.cli import main
from wellperf_models.roi.priors import packaged
from wellperf_models.study import PACKAGED_FACTORS

EUR = '[money]\nreporting_currency = "EUR"\n'
COST = (
    '[[roi.costs]]\nkind = "programme"\namount = 10.0\nper = "person_year"\ncurrency = "EUR"\nsource = "s"\n'
    'tier = "measured"\n'
)
WHOLE = OUTCOMES + EUR + ROI + WORTH + DECISION + COST
BOOKED = OUTCOMES + ROI + WORTH + DECISION + COSTS
PILOT = '[roi.pilot]\npeople = [4]\ncurrency = "EUR"\nsource = "s"\ntier = "asserted"\n'
BUDGET = '[roi.budget]\namount = 5.0\ncurrency = "EUR"\n'
INITIATIVE = (
    "[roi.initiatives.gym]\npeople = 10\n[roi.initiatives.gym.effects.days]\nmean = -0.1\nsd = 0.2\n"
    'source = "s"\ntier = "asserted"\n[[roi.initiatives.gym.costs]]\nkind = "other"\namount = 5.0\n'
    'per = "once"\ncurrency = "EUR"\nsource = "s"\ntier = "asserted"\n'
)
BELIEF = (
    '[roi.priors.sceptical.absence]\nquantity = "q"\nscale = "unit"\nmean = 0.0\nsd = 1.0\nsource = "s"\n'
    'status = "judgement"\n'
)
FACTOR = (
    '[roi.factors.pay]\nquantity = "q"\ndistribution = "lognormal"\nmedian = 2.0\nspread = 0.1\n'
    'source = "s"\nstatus = "measured"\n'
)
JOY = '[roi.outcomes.joy]\nhigher_is = "better"\n'
PRICE = (
    '[roi.willingness_to_pay.joy]\noutcome = "joy"\namount = 1.0\ncurrency = "EUR"\nsource = "s"\n'
    'asked = "a"\n'
)
LONG_JOY = LONG + "person,1,,joy,3,t,yes\nperson,2,,joy,4,c,no\n"
OUTPUT = (
    '[roi.outcomes.output]\nhigher_is = "better"\n[roi.outcomes.output.value]\nchannel = "{}"\namount = 1.0\n'
    'currency = "EUR"\nsource = "s"\ntier = "measured"\n'
)
BOOKINGS = "programme,date,kind,amount,currency\n"
PROGRAMMES = '[tables.programmes]\npath = "p.csv"\n'
STARTS = "programme,unit_type,unit_id,start,end,assigned_by,level\n"
WEIGHTED = "unit_type,unit_id,name,value,arm,weight\nperson,1,days,1,t,{}\nperson,2,days,2,c,1\n"


def _in_decision(line: str) -> str:
    return WHOLE.replace("fade_out = 0.5", f"fade_out = 0.5\n{line}")


def _in_value(line: str) -> str:
    return WHOLE.replace("amount = 1.0", f"amount = 1.0\n{line}")


def _row(row: str) -> str:
    return LONG + row + "\n"


CASES = (
    # --- the decision
    Bad(name="no discount rate", rule="roi.decision.discount_rate: missing, and there is no default",
        sections=WHOLE.replace("discount_rate = 0.03\n", ""), says="error"),
    Bad(name="discount rate in per cent", rule="roi.decision.discount_rate: Input should be less than 1",
        sections=WHOLE.replace("0.03", "3"), says="error"),
    Bad(name="discount rate that is no number", rule="roi.decision.discount_rate", says="error",
        sections=WHOLE.replace("0.03", "nan")),
    Bad(name="hurdle rate below 0", rule="roi.decision.hurdle_rates.0", says="error",
        sections=_in_decision("hurdle_rates = [-0.1]")),
    Bad(name="hurdle rate without end", rule="finite number", says="error",
        sections=_in_decision("hurdle_rates = [inf]")),
    Bad(name="misspelt set of priors", rule="roi.decision.judged_by", says="error",
        sections=_in_decision('judged_by = ["skeptical"]')),
    Bad(name="set of priors twice", rule="names a set of priors twice", says="error",
        sections=_in_decision('judged_by = ["flat", "flat"]')),
    Bad(name="real prices with inflation", rule="give inflation with prices", says="error",
        sections=_in_decision("inflation = 0.02")),
    Bad(name="programme longer than the horizon", rule="programme_years lie inside horizon_years",
        sections=_in_decision("programme_years = 3"), says="error"),
    Bad(name="decision about nobody", rule="roi.decision.people", says="error",
        sections=_in_decision("people = 0")),
    Bad(name="more than all of an effect lost", rule="roi.decision.fade_out", says="error",
        sections=WHOLE.replace("fade_out = 0.5", "fade_out = 1.5")),
    Bad(name="misspelt design", rule="'randomised', 'staggered'", says="error",
        sections=WHOLE.replace('"randomised"', '"randomized"')),
    Bad(name="lots without a control arm", rule="has a control arm: name it in roi.control", says="error",
        sections=WHOLE.replace('control = "c"\n', "")),
    Bad(name="treated and control the same", rule="are different arms", says="error",
        sections=WHOLE.replace('control = "c"', 'control = "t"')),
    # --- amounts
    Bad(name="negative cost", rule="roi.costs.0.amount: Input should be greater than 0", says="error",
        sections=WHOLE.replace("amount = 10.0", "amount = -10.0")),
    Bad(name="infinite cost", rule="roi.costs.0.amount: Input should be a finite number", says="error",
        sections=WHOLE.replace("amount = 10.0", "amount = inf")),
    Bad(name="infinite value", rule="value.amount: Input should be a finite number", says="error",
        sections=WHOLE.replace("amount = 1.0", "amount = inf")),
    Bad(name="value that is no number", rule="roi.outcomes.days.value.amount", says="error",
        sections=WHOLE.replace("amount = 1.0", "amount = nan")),
    Bad(name="infinite prior", rule="mean: Input should be a finite number", says="error",
        sections=WHOLE + BELIEF.replace("mean = 0.0", "mean = inf")),
    Bad(name="negative cost of a pilot", rule="roi.pilot.cost_once", says="error",
        sections=WHOLE + PILOT + "cost_once = -5\n"),
    Bad(name="wages of nothing", rule="roi.scenarios.poor.wages", says="error",
        sections=WHOLE + "[roi.scenarios.poor]\nwages = 0.0\n"),
    Bad(name="uptake above all", rule="roi.scenarios.all.uptake", says="error",
        sections=WHOLE + "[roi.scenarios.all]\nuptake = 1.5\n"),
    Bad(name="money that nobody bears", rule="its shares add up to 1", says="error",
        sections=_in_value("borne_by = {employer = 0.5}")),
    Bad(name="currency by its name", rule="currency", says="error",
        sections=WHOLE.replace('"EUR"\nsource = "s"\ntier = "measured"\n[roi.decision]',
                               '"euro"\nsource = "s"\ntier = "measured"\n[roi.decision]')),
    Bad(name="bookings below nothing", rule="bookings_above_nothing", content=LONG, sections=BOOKED,
        files={"costs_csv": BOOKINGS + "p,2024-01-01,other,5,EUR\np,2024-02-01,other,-50,EUR\n"}),
    Bad(name="infinite booking", rule="finite", content=LONG, sections=BOOKED,
        files={"costs_csv": BOOKINGS + "p,2024-01-01,other,inf,EUR\n"}),
    Bad(name="booking in another currency", rule="currency_declared", content=LONG, sections=BOOKED,
        files={"costs_csv": BOOKINGS + "p,2024-01-01,other,5,USD\n"}),
    # --- currencies that nothing declares
    Bad(name="cost in another currency", rule="roi_currency", content=LONG,
        also="roi.costs, number 1 is in USD",
        sections=OUTCOMES + EUR + ROI + WORTH + DECISION + COST.replace("EUR", "USD")),
    Bad(name="pilot in another currency", rule="roi_currency", content=LONG,
        sections=WHOLE + PILOT.replace("EUR", "USD"), also="roi.pilot is in USD"),
    Bad(name="budget in another currency", rule="roi_currency", content=LONG,
        sections=WHOLE + BUDGET.replace("EUR", "USD"), also="roi.budget is in USD"),
    Bad(name="initiative in another currency", rule="roi_currency", content=LONG,
        sections=WHOLE + INITIATIVE.replace("EUR", "USD"), also="roi.initiatives.gym.costs, number 1"),
    Bad(name="willingness to pay in another currency", rule="roi_currency", content=LONG_JOY,
        sections=WHOLE + JOY + PRICE.replace("EUR", "USD"), also="roi.willingness_to_pay.joy is in USD"),
    # --- names
    Bad(name="factor that is none, of a value", rule="roi_factor", content=LONG,
        sections=_in_value('times = ["replacment_cost"]'), also="did you mean 'replacement_cost'?"),
    Bad(name="factor that is none, of a cost", rule="roi_factor", content=LONG,
        sections=WHOLE.replace("amount = 10.0", 'amount = 10.0\ntimes = ["program_cost"]'),
        also="did you mean 'programme_cost'?"),
    Bad(name="factor that is none, of an initiative", rule="roi_factor", content=LONG,
        sections=WHOLE + INITIATIVE.replace("amount = 5.0", 'amount = 5.0\ntimes = ["pay"]')),
    Bad(name="factor without its spread", rule="gives median and spread, nothing else", says="error",
        sections=WHOLE + FACTOR.replace("spread = 0.1\n", "")),
    Bad(name="prior of no outcome", rule="which is no outcome and no channel", says="error",
        sections=WHOLE + BELIEF.replace("absence", "absense")),
    Bad(name="belief before nothing is believed", rule="the flat set of priors holds no belief", says="error",
        sections=WHOLE + BELIEF.replace("sceptical", "flat")),
    Bad(name="initiative that changes no outcome", rule="is no outcome with a value", says="error",
        sections=WHOLE + INITIATIVE.replace("effects.days", "effects.daze")),
    Bad(name="initiatives without a rule", rule="declare it", says="error",
        sections=OUTCOMES + EUR + ROI + WORTH + COST + INITIATIVE),
    Bad(name="initiative longer than the horizon", rule="initiatives.gym.programme_years", says="error",
        sections=WHOLE + INITIATIVE.replace("people = 10", "people = 10\nprogramme_years = 4")),
    Bad(name="price of an outcome that is none", rule="names 'joy', which is no outcome", says="error",
        sections=WHOLE + PRICE),
    Bad(name="price of what has a value", rule="'days' has a value already", says="error",
        sections=WHOLE + PRICE.replace('outcome = "joy"', 'outcome = "days"')),
    Bad(name="pilot of three people", rule="roi.pilot.people.0", says="error",
        sections=WHOLE + PILOT.replace("[4]", "[3]")),
    # --- money counted twice
    Bad(name="measured and self-reported output", rule="are the same money measured twice", says="error",
        sections=WHOLE + OUTPUT.format("productivity")
        + OUTPUT.replace("outcomes.output", "outcomes.felt").format("presenteeism")),
    Bad(name="two outcomes of one channel", rule="both count money through absence", says="error",
        sections=WHOLE + OUTPUT.format("absence")),
    # --- the tables
    Bad(name="control arm that nobody is in", rule="arm_in_outcomes", sections=WHOLE,
        content=LONG.replace(",c,", ",t,")),
    Bad(name="arm in two cases", rule="arm_spelt_once", sections=WHOLE, rows=(),
        content=LONG + "person,3,,days,1,T,yes\n"),
    Bad(name="arms as 0/1 and as yes/no", rule="arm_spelt_once", also="roi.control",
        content=TRIAL + "person,1,,days,1,1,yes\nperson,2,,days,2,0,no\nperson,3,,days,1,yes,yes\n"
        "person,4,,days,1,no,no\n",
        sections=WHOLE.replace('treated = "t"', 'treated = "1"').replace('control = "c"', 'control = "0"')),
    Bad(name="receipt in several words", rule="allowed", sections=WHOLE,
        content=_row("person,3,,days,1,t,1"), rows=(3,)),
    Bad(name="unit measured twice, row for row", rule="duplicate_rows", sections=WHOLE,
        content=_row("person,1,,days,1,t,yes")),
    Bad(name="outcome written as nan", rule="missing_word", sections=WHOLE,
        content=_row("person,3,,days,nan,t,yes")),
    Bad(name="outcome without end", rule="finite", sections=WHOLE, content=_row("person,3,,days,inf,t,yes")),
    Bad(name="outcome that is a word", rule="parses_as_number", sections=WHOLE,
        content=_row(f"person,3,,days,{SECRET},t,yes")),
    Bad(name="negative weight", rule="range", sections=WHOLE, content=WEIGHTED.format("-1"), rows=(1,)),
    Bad(name="outcome after the extract, by month", rule="outcome_after_as_of", sections=WHOLE,
        content=LONG.replace(",,", ",2024-07,")),
    Bad(name="outcome after the extract, by quarter", rule="outcome_after_as_of", sections=WHOLE,
        content=LONG.replace(",,", ",2024-Q3,")),
    Bad(name="outcome after the extract, by range", rule="outcome_after_as_of", sections=WHOLE,
        content=LONG.replace(",,", ",2025-01-01 to 2025-12-31,")),
    Bad(name="programme that ends before it starts", rule="end_not_before_start", content=LONG,
        sections=WHOLE + PROGRAMMES,
        files={"p_csv": STARTS + "p,person,1,2024-03-01,2024-01-01,randomised,person\n"}),
)  # fmt: skip

TWINS = (
    Good(name="a whole study", content=LONG, sections=WHOLE),
    Good(name="everything that can be asked", content=LONG_JOY,
         sections=WHOLE + PILOT + BUDGET + INITIATIVE + BELIEF + FACTOR + JOY + PRICE
         + "[roi.scenarios.dear]\nprice = 1.5\n"),
    Good(name="factors of the package and of the study", content=LONG,
         sections=_in_value('times = ["replacement_cost", "pay"]') + FACTOR),
    Good(name="a refund", content=LONG, sections=BOOKED,
         files={"costs_csv": BOOKINGS + "p,2024-01-01,other,50,EUR\np,2024-02-01,other,-5,EUR\n"}),
    Good(name="refunds of another programme", content=LONG, sections=BOOKED,
         files={"costs_csv": BOOKINGS + "p,2024-01-01,other,50,EUR\nq,2024-02-01,other,-5,EUR\n"}),
    Good(name="a third arm", content=_row("person,3,,days,1,other,yes"), sections=WHOLE),
    Good(name="arms as yes and no", sections=WHOLE.replace('treated = "t"', 'treated = "yes"')
         .replace('control = "c"', 'control = "no"'),
         content=LONG.replace(",t,", ",yes,").replace(",c,", ",no,")),
    Good(name="weight of nothing", content=WEIGHTED.format("0"), sections=WHOLE),
    Good(name="period that the extract falls into", content=LONG.replace(",,", ",2024,"), sections=WHOLE),
    Good(name="period in words", content=LONG.replace(",,", ",after a year,"), sections=WHOLE),
    Good(name="another outcome after the extract", content=_row("person,1,2025,plans,1,t,yes"),
         sections=WHOLE),
)  # fmt: skip


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.name)
def test_programme(bad: Bad, tmp_path: Path) -> None:
    judge(bad, tmp_path)


@pytest.mark.parametrize("good", TWINS, ids=lambda good: good.name)
def test_twins_pass(good: Good, tmp_path: Path) -> None:
    accept(good, tmp_path)


def test_factors_that_the_check_knows_are_those_of_the_package() -> None:
    assert set(PACKAGED_FACTORS) == set(packaged().factors)


@pytest.mark.parametrize(
    ("sections", "code", "words"),
    [
        (_in_value('times = ["replacment_cost"]'), 1, "roi_factor"),
        (WHOLE.replace("discount_rate = 0.03\n", ""), 2, "roi.decision.discount_rate"),
        (WHOLE, 0, "every rule holds"),
    ],
    ids=["violation", "error", "good"],
)
def test_the_command_names_it(
    sections: str, code: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "study.toml").write_text(HEAD + sections, encoding="utf-8")
    (tmp_path / "spells.csv").write_text(LONG, encoding="utf-8")
    assert main(["check", str(tmp_path)]) == code
    said = capsys.readouterr()
    assert words in said.out + said.err
    assert "Traceback" not in said.out + said.err
