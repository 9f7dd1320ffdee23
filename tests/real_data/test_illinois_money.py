"""The Illinois trial as one decision: spending, leaving, sick days and, asserted, productivity."""

from __future__ import annotations

from pathlib import Path

import pytest

import wellperf_models as wp
from tests.roi.whole import answers_of
from wellperf_models.disclosure import Released
from wellperf_models.study import Study, load_study

HERE = Path(__file__).parent
MONEY = ("spend", "terminated", "sick_days")
LABELS = ("Spending on health care", "Left the university within 12 months", "Sick days")
ASSERTED = "productivity"
JUDGES = ("flat", "sceptical")
pytestmark = pytest.mark.real_data


def _study() -> Study:
    """The study file with the outcomes that have a value alone: no other takes part in the decision."""
    study = load_study(HERE / "illinois.toml")
    paths = [source.path or "" for source in study.tables.values()]
    if not all(any((folder / path).is_file() for folder in study.data_dirs()) for path in paths):
        pytest.skip("WELLPERF_DATA_DIR holds no copy of the data")
    assert study.roi is not None
    valued = {name: one for name, one in study.roi.outcomes.items() if one.value is not None}
    assert tuple(valued) == (*MONEY, ASSERTED)
    small = study.model_copy(update={"roi": study.roi.model_copy(update={"outcomes": valued})})
    small._path = study.path
    return small


@pytest.fixture(scope="module")
def answers() -> dict[str, Released]:
    return answers_of(wp.load_tables(_study()))


def test_every_question_is_answered(answers: dict[str, Released]) -> None:
    assert len(answers) == 10
    assert all(answer.design not in ("not answered", "not asked") for answer in answers.values())
    assert not any(answer.suppressed for answer in answers.values())


def test_the_year_one_answer_is_not_fund(answers: dict[str, Released]) -> None:
    decision = answers["roi.decision"]
    assert decision.answer.startswith("Undecided: ")
    for prior in JUDGES:
        npv = decision.estimate(f"npv_{prior}")
        assert npv.low is not None
        assert npv.high is not None
        # it may as well lose as gain several million dollars
        assert npv.low < -4 < 0 < 4 < npv.high
        assert 0.1 < decision.estimate(f"p_positive_{prior}").value < 0.9


def test_four_outcomes_are_one_decision_and_nothing_is_counted_twice(answers: dict[str, Released]) -> None:
    ledger = {row.key[0]: row.values for row in answers["roi.decision"].table("channels").rows}
    assert tuple(ledger) == (*LABELS, "Productivity index")
    names = [m.name for m in answers["roi.decision"].table("channels").measures]
    counted = {label: values[names.index("counted")] for label, values in ledger.items()}
    assert [counted[label] for label in LABELS] == ["yes"] * 3
    assert str(counted["Productivity index"]).startswith("no: asserted")
    channels = [values[names.index("channel")] for values in ledger.values()]
    assert len(set(channels)) == 4
    # what a point of the index would have to be worth is told instead
    needed = answers["roi.decision"].table("break_even_values")
    assert {row.key[0] for row in needed.rows} == {"Productivity index"}


def test_each_likelihood_is_the_declared_one(answers: dict[str, Released]) -> None:
    table = answers["roi.models"].to_dict()["tables"][0]
    told = {tuple(row["key"]) for row in table["rows"]}
    names = {label: " ".join(part for key in told if key[0] == label for part in key[1:]) for label in LABELS}
    assert "hazard" in names[LABELS[1]]
    assert "hurdle" in names[LABELS[2]]
    assert not {"hazard", "hurdle"} & set(names[LABELS[0]].split())


def test_the_cost_is_in_prices_of_the_year(answers: dict[str, Released]) -> None:
    told = str([answer.to_dict() for answer in answers.values()])
    assert "Consumer Price Index" in told
    case = answers["roi.case"].answer
    # 144 dollars of 2009 are 161 of 2016: on spending alone, 161 / 12 / (1 + .5 / 1.03 + .25 / 1.03²) a month
    assert "7.8 dollars a month" in case


def test_what_would_be_worth_measuring_is_what_it_does_to_spending(answers: dict[str, Released]) -> None:
    assert answers["roi.information"].answer.startswith("Run a trial first, with ")
    groups = answers["roi.information"].table("groups")
    shares = [m.name for m in groups.measures].index("share")
    for prior in ("flat prior", "sceptical prior"):
        share = {row.key[0]: float(row.values[shares] or 0) for row in groups.rows if row.key[1] == prior}
        assert max(LABELS, key=lambda label: share[f"Effect: {label}"]) == LABELS[0]
        assert share[f"Effect: {LABELS[0]}"] > 80
        assert share["Everything that is no effect"] < 25
    tornado = answers["roi.information"].table("tornado")
    assert tornado.rows[0].key[0] == f"Effect: {LABELS[0]}"


def test_the_answer_holds_in_every_scenario(answers: dict[str, Released]) -> None:
    assert answers["roi.scenarios"].answer.startswith("Yes: in each of the 4 scenarios")


def test_nothing_that_was_not_measured_wins_by_it(answers: dict[str, Released]) -> None:
    """Without data optimists would fund it; with them they would not be sure."""
    case, decision = answers["roi.case"], answers["roi.decision"]
    # there is something to decide by
    assert case.answer.startswith("Before any data (these data hold a comparison: ")
    assert "can't be decided without measuring" not in case.answer
    assert case.estimate("p_optimistic").value > 0.9
    assert decision.estimate("p_positive_optimistic").value < 0.9


def test_what_can_be_paid_for_is_no_matter_of_the_draws(answers: dict[str, Released]) -> None:
    """The budget is far from what the programme is expected to cost: no draw moves it across."""
    table = answers["roi.portfolio"].table("candidates")
    place = [m.name for m in table.measures].index("cost")
    rows = {row.key[0].partition(". ")[2]: row for row in table.rows}
    programme = rows["“Illinois workplace wellness programme”"]
    assert programme.monte_carlo_errors[place] is not None
    assert abs(700_000 - float(programme.values[place] or 0)) > 10 * programme.monte_carlo_errors[place]
    believed = answers["roi.portfolio"].table("initiatives").rows
    assert [row.values[3] for row in believed] == ["no local evidence: transported"]


def test_the_report_leaves_nothing_out(answers: dict[str, Released]) -> None:
    status = {row.key[0]: row.values[1] for row in answers["roi.reporting"].table("cheers").rows}
    assert [number for number, state in status.items() if state == "not done"] == []
