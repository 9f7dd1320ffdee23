"""What stands in the lists follows from what the run holds: nothing is reported that is not there."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import pytest

from tests.burnout.builders import PROVENANCE, make_study, make_tables
from tests.burnout.nonresponse.worlds import make_organisation
from wellperf_models.burnout import build_frame, check_forecasts, describe_groups, fit_forecasts, forecast
from wellperf_models.burnout.external.checks import another_study
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.nonresponse.checks import check_nonresponse
from wellperf_models.burnout.nonresponse.findings import judge_nonresponse
from wellperf_models.burnout.nonresponse.frame import build_response
from wellperf_models.burnout.nonresponse.model import fit_nonresponse
from wellperf_models.burnout.reporting.findings import fill_lists
from wellperf_models.burnout.reporting.probast import QUESTIONS, judge_domain, judge_part
from wellperf_models.burnout.reporting.tripod import FIRST_ITEMS
from wellperf_models.burnout.reporting.tripod_rest import REST_ITEMS
from wellperf_models.disclosure import Released, release
from wellperf_models.evidence import Evidence, Unanswered, attempt
from wellperf_models.guidelines import Status
from wellperf_models.study import Study

ITEMS = (*FIRST_ITEMS, *REST_ITEMS)
PRIVATE = dataclasses.replace(PROVENANCE, synthetic=False)


def released_of(tables: object, study: Study) -> tuple[BurnoutFrame, list[Released]]:
    frame = build_frame(tables)  # type: ignore[arg-type]
    assert study.burnout is not None
    fits = attempt(fit_forecasts, frame, study.burnout)
    found: list[Evidence] = [
        forecast(frame, fits, check_forecasts(frame, fits), provenance=PRIVATE),
        describe_groups(frame, fits, provenance=PRIVATE),
    ]
    response = build_response(tables, frame)  # type: ignore[arg-type]
    silence = attempt(fit_nonresponse, response, study.burnout)
    checks = check_nonresponse(response, silence)
    found.append(judge_nonresponse(response, silence, checks, provenance=PRIVATE))
    return frame, [release(e, study) for e in found]


@pytest.fixture(scope="module")
def run() -> tuple[BurnoutFrame, Study, list[Released]]:
    tables = make_organisation(1, leavers=20, group_by="department", frames={"n": 900, "waves": 3})
    frame, answers = released_of(tables, tables.study)
    return frame, tables.study, answers


def filled(frame: BurnoutFrame | Unanswered, study: Study, answers: Sequence[Released]) -> Released:
    return release(fill_lists(frame, study, answers, provenance=PRIVATE), study)


def statuses(found: Released) -> dict[str, str]:
    return {row.key[0]: str(row.values[1]) for row in found.table("tripod_ai").rows}


def where(found: Released, number: str) -> str:
    return next(str(row.values[2]) for row in found.table("tripod_ai").rows if row.key == (number,))


def asked(found: Released, part: str, number: str) -> str:
    return next(str(row.values[1]) for row in found.table("probast_ai").rows if row.key == (part, number))


def test_both_lists_are_whole() -> None:
    numbers = [item.number for item in ITEMS]
    assert len(numbers) == len(set(numbers)) == 52
    assert sorted({int(re.match(r"\d+", n)[0]) for n in numbers}) == list(range(1, 28))  # type: ignore[index]
    by_part = {
        part: [q.number for q in QUESTIONS if q.part == part] for part in ("Development", "Evaluation")
    }
    assert {part: len(n) for part, n in by_part.items()} == {"Development": 16, "Evaluation": 18}
    first = ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4"]
    assert by_part["Development"] == [*first, *(f"4.{k}" for k in range(1, 6))]
    assert by_part["Evaluation"] == [*first, *(f"4.{k}" for k in range(1, 8))]


def test_without_answers_nothing_of_the_run_is_reported() -> None:
    found = filled(Unanswered(reason="no surveys"), make_study(), [])
    assert set(statuses(found).values()) <= {"not done", "not applicable"}
    answers = {str(row.values[1]) for row in found.table("probast_ai").rows}
    assert "yes" not in answers
    assert found.answer.startswith("0 of ")
    assert not any(c.passed for c in found.checks)


def test_each_line_says_where_why_not_or_what_would_do_it(
    run: tuple[BurnoutFrame, Study, list[Released]],
) -> None:
    found = filled(*run)
    allowed: set[Status] = {"reported", "not applicable", "not done"}
    for row in found.table("tripod_ai").rows:
        asks, status, place = (str(v) for v in row.values)
        assert status in allowed
        assert asks
        assert len(place) > 5
    for row in found.table("probast_ai").rows:
        assert row.values[1] in {"yes", "no", "no information", "not applicable"}
        assert row.values[2]


@pytest.mark.parametrize(
    ("gone", "lines"),
    [
        (
            "burnout.forecast",
            ["1", "4", "5b", "6b", "8a", "10", "12a", "12c", "12e", "18f", "20a", "21", "23a", "26"],
        ),
        ("burnout.groups", ["14", "23a"]),
        ("burnout.nonresponse", ["5a", "11"]),
    ],
)
def test_an_answer_that_is_gone_takes_its_lines_along(
    run: tuple[BurnoutFrame, Study, list[Released]], gone: str, lines: list[str]
) -> None:
    frame, study, answers = run
    whole = statuses(filled(frame, study, answers))
    less = statuses(filled(frame, study, [a for a in answers if a.id != gone]))
    assert {n for n in whole if whole[n] == "reported" and less[n] != "reported"} == {
        n for n in lines if whole[n] == "reported"
    }
    assert any(whole[n] == "reported" for n in lines)
    assert all(less[n] == "not done" for n in lines)


def test_calibration_that_is_kept_back_is_not_reported(
    run: tuple[BurnoutFrame, Study, list[Released]],
) -> None:
    frame, study, answers = run
    tables = make_organisation(1, leavers=20, group_by="department", frames={"n": 900, "waves": 3})
    assert tables.study.burnout is not None
    fits = fit_forecasts(frame, tables.study.burnout)
    evidence = forecast(frame, fits, check_forecasts(frame, fits), provenance=PRIVATE)
    few = tuple(
        dataclasses.replace(e, support=dataclasses.replace(e.support, n_people=5))
        if e.name.startswith("calibration_slope")
        else e
        for e in evidence.estimates
    )
    kept = release(dataclasses.replace(evidence, estimates=few), study)
    others = [a for a in answers if a.id != "burnout.forecast"]
    found = filled(frame, study, [kept, *others])
    assert statuses(found)["23a"] == "not done"
    assert "calibration slope: kept back (fewer than 30 people)" in where(found, "23a")
    assert statuses(filled(frame, study, answers))["23a"] == "reported"
    assert asked(found, "Evaluation", "4.7") == "no"


def test_what_is_declared_is_reported_and_what_is_not_is_named(
    run: tuple[BurnoutFrame, Study, list[Released]],
) -> None:
    frame, study, answers = run
    lines = {
        "18a": "funding",
        "18b": "conflicts",
        "18c": "protocol",
        "18d": "registration",
        "19": "involvement",
        "3a": "rationale",
        "27c": "next_steps",
    }
    bare = filled(frame, study, answers)
    assert all(statuses(bare)[n] == "not done" for n in lines)
    assert "[reporting] funding" in where(bare, "18a")
    told = study.model_copy(
        update={"reporting": study.reporting.model_copy(update=dict.fromkeys(lines.values(), "Said."))}
    )
    assert all(statuses(filled(frame, told, answers))[n] == "reported" for n in lines)


def test_answer_counts_lines_and_names_the_missing(
    run: tuple[BurnoutFrame, Study, list[Released]],
) -> None:
    found = filled(*run)
    states = list(statuses(found).values())
    apply = len(states) - states.count("not applicable")
    assert found.answer.startswith(f"{states.count('reported')} of {apply} lines of TRIPOD+AI")
    assert "missing: 3a background" in found.answer
    assert "By PROBAST+AI the risk of bias is high, because " in found.answer
    (check,) = (c for c in found.checks if c.name == "every_line_reported")
    assert check.passed is False
    assert check.value == states.count("not done")


def test_rules_of_judgement() -> None:
    assert judge_domain(["yes", "not applicable"]) == "low"
    assert judge_domain(["yes", "no information"]) == "unclear"
    assert judge_domain(["yes", "no information", "no"]) == "high"
    assert judge_part(["low", "low"]) == "low"
    assert judge_part(["low", "unclear"]) == "unclear"
    assert judge_part(["unclear", "high", "low"]) == "high"


def test_simulated_data_are_no_source_of_evidence(run: tuple[BurnoutFrame, Study, list[Released]]) -> None:
    frame, study, answers = run
    assert asked(filled(frame, study, answers), "Evaluation", "1.1") == "yes"
    made_up = study.model_copy(update={"study": study.study.model_copy(update={"synthetic": True})})
    assert asked(filled(frame, made_up, answers), "Evaluation", "1.1") == "no"


def test_a_cross_section_and_a_cut_off_made_by_the_data_are_biased() -> None:
    tables = make_tables(2, case_share=0.25, models={"m": {"covariates": ["mood_now"]}}, frames={"waves": 1})
    found = filled(*(lambda f: (f[0], tables.study, f[1]))(released_of(tables, tables.study)))
    for part in ("Development", "Evaluation"):
        for number in ("1.2", "2.3", "2.4", "3.1", "3.3", "3.4"):
            assert asked(found, part, number) == "no", number
    assert asked(found, "Evaluation", "4.6") == "yes"
    assert statuses(found)["20c"] == "not applicable"
    # an answer that says why there is none is no answer
    assert statuses(found)["11"] == "not done"
    assert "the study file does not ask it" in where(found, "11")
    assert asked(found, "Evaluation", "1.3") == "no information"


def test_a_named_cut_off_is_judged_by_what_it_rests_on(
    run: tuple[BurnoutFrame, Study, list[Released]],
) -> None:
    frame, study, answers = run
    assert asked(filled(frame, study, answers), "Evaluation", "3.1") == "no information"
    for status, answer in (("validated", "yes"), ("convention", "yes"), ("contested", "no")):
        line = {"high": {"at": 3.5, "source": "A 2020", "status": status}}
        raw = study.model_dump()
        raw["measures"]["exhaustion"]["cut_offs"] = line
        assert asked(filled(frame, Study.model_validate(raw), answers), "Evaluation", "3.1") == answer


def test_nothing_names_a_person(run: tuple[BurnoutFrame, Study, list[Released]]) -> None:
    assert not re.search(r"p\d{4}", str(filled(*run).to_dict()))


def test_a_model_held_to_its_own_answers_reports_no_evaluation_elsewhere(
    run: tuple[BurnoutFrame, Study, list[Released]],
) -> None:
    frame, study, answers = run

    def elsewhere(same: bool) -> set[str]:
        told = Evidence(
            id="burnout.external",
            question="Does it hold?",
            answer="It was held to this study.",
            estimand="AUC",
            population="people",
            design="prediction",
            provenance=PRIVATE,
            checks=(another_study(same=same),),
        )
        found = filled(frame, study, [*answers, release(told, study)])
        return {str(r.values[2]) for r in found.table("tripod_ai").rows if str(r.values[1]) == "reported"}

    assert any("burnout.external" in place for place in elsewhere(same=False))
    assert not any("burnout.external" in place for place in elsewhere(same=True))
