"""What stands in CHEERS follows from what the run holds: nothing is reported that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.guidelines.made import PROVENANCE, make_answer, make_silence
from tests.roi.builders import make_study, make_tables
from wellperf_models.disclosure import Released, release
from wellperf_models.evidence import NOT_ASKED, Unanswered
from wellperf_models.guidelines import Status
from wellperf_models.roi.frame import build_frame
from wellperf_models.roi.reporting.cheers import FIRST_ITEMS
from wellperf_models.roi.reporting.cheers_rest import REST_ITEMS
from wellperf_models.roi.reporting.findings import fill_cheers
from wellperf_models.study import Study

DECISION = {"discount_rate": 0.03, "perspective": "employer", "horizon_years": 3, "fade_out": 0.5}
WORDS = {
    "3": "background",
    "4": "protocol",
    "6": "setting",
    "7": "comparators",
    "8": "perspective",
    "9": "time_horizon",
    "10": "discounting",
    "15": "price_date",
    "18": "subgroups",
    "19": "distribution",
    "21": "involvement",
    "25": "involvement_effect",
    "27": "funding",
    "28": "conflicts",
}
LOWER_RATE = {"lower": {"discount_rate": 0.01}}
WHOLE = (
    make_answer("roi.effects", tables=["arms", "effects"]),
    make_answer("roi.contrast"),
    make_answer("roi.models"),
    make_answer("roi.priors", tables=["sources"]),
    make_answer("roi.decision", estimates=["npv_flat"], tables=["channels", "costs"]),
    make_answer("roi.scenarios"),
    make_answer("roi.information"),
)


def _study(words: dict[str, str] | None = None, **roi: Any) -> Study:
    study = make_study(**({"decision": DECISION} | roi))
    raw = study.model_dump(mode="json", exclude_none=True)
    raw |= {"money": {"reporting_currency": "EUR"}, "reporting": words or {}}
    return Study.model_validate(raw)


def _filled(study: Study, answers: Sequence[Released | Unanswered]) -> Released:
    frame = build_frame(make_tables(decision=DECISION))
    return release(fill_cheers(frame, study, answers, provenance=PROVENANCE), study)


def _statuses(found: Released) -> dict[str, str]:
    return {row.key[0]: str(row.values[1]) for row in found.table("cheers").rows}


def _where(found: Released, number: str) -> str:
    return next(str(row.values[2]) for row in found.table("cheers").rows if row.key == (number,))


def test_the_list_is_whole() -> None:
    assert [item.number for item in (*FIRST_ITEMS, *REST_ITEMS)] == [str(k) for k in range(1, 29)]


def test_everything_can_be_reported() -> None:
    study = _study(dict.fromkeys(WORDS.values(), "Said."), scenarios=LOWER_RATE)
    found = _filled(study, WHOLE)
    assert {n for n, s in _statuses(found).items() if s != "reported"} == {"2"}
    assert found.answer == (
        "Yes: 27 of 27 items of CHEERS 2022, the checklist for economic evaluations, that apply are reported."
    )
    (check,) = found.checks
    assert check.passed is True
    assert {row.key[0] for row in found.table("declared").rows} >= {"Setting", "Funding"}


def test_without_answers_nothing_of_the_run_is_reported() -> None:
    study = _study()
    frame = Unanswered(reason="no table of outcomes.")
    found = release(fill_cheers(frame, study, [], provenance=PROVENANCE), study)
    # units of the outcomes are in the study file, except of one that the rows would show to be yes/no
    assert {n for n, s in _statuses(found).items() if s == "reported"} == set()
    assert found.answer.startswith("No: 0 of 27 items of CHEERS 2022")


@pytest.mark.parametrize(
    ("gone", "lines"),
    [
        ("roi.effects", {"5": "reported", "11": "reported"}),
        (
            "roi.decision",
            dict.fromkeys(("1", "8", "9", "10", "13", "14", "17", "20", "22", "23", "26"), "not done"),
        ),
        ("roi.models", {"16": "not done"}),
        ("roi.priors", {"22": "not done", "26": "not done"}),
        ("roi.scenarios", {"24": "not done"}),
        ("roi.information", {"24": "not done"}),
    ],
)
def test_an_answer_that_is_gone_takes_its_lines_along(gone: str, lines: dict[str, Status]) -> None:
    study = _study(dict.fromkeys(WORDS.values(), "Said."), scenarios=LOWER_RATE)
    for answers in (
        [a for a in WHOLE if a.id != gone],
        [make_silence(a.id) if a.id == gone else a for a in WHOLE],
    ):
        found = _statuses(_filled(study, answers))
        assert {n: found[n] for n in lines} == lines
        others = {n for n, s in found.items() if s == "not done"} - set(lines)
        assert others == set()


def test_what_is_declared_is_reported_and_what_is_not_is_named() -> None:
    bare = _filled(_study(scenarios=LOWER_RATE), WHOLE)
    assert {n for n, s in _statuses(bare).items() if s == "not done"} == set(WORDS)
    assert all(f"[reporting] {field}" in _where(bare, number) for number, field in WORDS.items())
    assert bare.answer.startswith("No: 13 of 27 items")
    assert "missing: 3 background, 4 analysis plan" in bare.answer


def test_a_result_that_was_kept_back_is_not_reported() -> None:
    few = make_answer("roi.decision", estimates=["npv_flat"], tables=["channels", "costs"], people=5)
    found = _filled(_study(), [few if a.id == "roi.decision" else a for a in WHOLE])
    assert _statuses(found)["23"] == _statuses(found)["20"] == "not done"
    assert "kept back (fewer than 30 people)" in _where(found, "23")


def test_the_case_on_beliefs_alone_is_an_evaluation_too() -> None:
    case = make_answer("roi.case", tables=["channels", "costs", "sources"])
    answers = [case, *(make_silence(i) for i in ("roi.decision", "roi.effects", "roi.priors"))]
    found = _filled(_study(dict.fromkeys(WORDS.values(), "Said.")), answers)
    states = _statuses(found)
    assert all(states[n] == "reported" for n in ("1", "8", "13", "14", "17", "20", "22", "23", "26"))
    assert "roi.case" in _where(found, "23")
    # a case that shows no ledger reports no amounts
    bare = _filled(_study(), [make_answer("roi.case", tables=["sources"]), *answers[1:]])
    assert all(_statuses(bare)[n] == "not done" for n in ("13", "14", "22"))
    assert states["5"] == states["16"] == "not done"


def test_a_discount_rate_is_varied_where_years_are_discounted() -> None:
    same = _filled(_study(scenarios={"dearer": {"price": 1.5}}), WHOLE)
    assert _statuses(same)["24"] == "not done"
    assert "[roi.scenarios.NAME] discount_rate" in _where(same, "24")
    one_year = _filled(_study(decision=DECISION | {"horizon_years": 1}), WHOLE)
    assert _statuses(one_year)["24"] == "reported"


def test_an_outcome_without_a_unit_is_named() -> None:
    outcomes = {"sick_days": {"higher_is": "worse"}, "left": {"higher_is": "worse"}}
    assert "[roi.outcomes.sick_days] unit" in _where(_filled(_study(outcomes=outcomes), WHOLE), "12")
    # left is yes or no, and needs none
    outcomes = {"sick_days": {"higher_is": "worse", "unit": "days"}, "left": {"higher_is": "worse"}}
    assert _statuses(_filled(_study(outcomes=outcomes), WHOLE))["12"] == "reported"


def test_effects_alone_are_no_evaluation() -> None:
    study = make_study()
    frame = build_frame(make_tables())
    found = release(fill_cheers(frame, study, WHOLE, provenance=PROVENANCE), study)
    assert found.design == NOT_ASKED
    assert "add (roi.decision)" in found.answer


def test_each_line_says_where_why_not_or_what_would_do_it() -> None:
    allowed: set[Status] = {"reported", "not applicable", "not done"}
    for answers in (WHOLE, ()):
        for row in _filled(_study(), answers).table("cheers").rows:
            asks, status, place = (str(v) for v in row.values)
            assert asks
            assert status in allowed
            assert len(place) > 5
