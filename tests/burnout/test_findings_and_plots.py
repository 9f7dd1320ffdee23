"""Evidence is complete, says plainly what is forecast, passes the gate without a leak, and can be drawn."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import PROVENANCE, FakeTables, make_frames, make_study, make_tables
from wellperf_models.burnout import (
    build_frame,
    check_forecasts,
    describe_groups,
    fit_forecasts,
    forecast,
    plot_auc,
    plot_calibration,
)
from wellperf_models.burnout.findings_tables import risk_groups
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Evidence, attempt

TWO = {
    "load": {"covariates": ["overtime", "noise", "job"], "label": "Workload"},
    "life": {"covariates": ["parent", "noise"], "label": "Life {outside} [work]"},
}
ACROSS = {"plain": {"covariates": ["noise", "job"]}, "mood": {"covariates": ["noise", "mood_now"]}}


def evidence_of(tables: FakeTables) -> tuple[Evidence, Evidence]:
    frame = build_frame(tables)
    found = attempt(fit_forecasts, frame, tables.study.burnout)
    checks = check_forecasts(frame, found)
    return (
        forecast(frame, found, checks, provenance=PROVENANCE),
        describe_groups(frame, found, provenance=PROVENANCE),
    )


def released_of(tables: FakeTables) -> tuple[Released, Released]:
    one, two = evidence_of(tables)
    return release(one, tables.study), release(two, tables.study)


@pytest.fixture(scope="module")
def tables() -> FakeTables:
    return make_tables(1, models=TWO, group_by="department")


@pytest.fixture(scope="module")
def evidence(tables: FakeTables) -> tuple[Evidence, Evidence]:
    return evidence_of(tables)


@pytest.fixture(scope="module")
def released(tables: FakeTables, evidence: tuple[Evidence, Evidence]) -> tuple[Released, Released]:
    return release(evidence[0], tables.study), release(evidence[1], tables.study)


def test_identifiers_estimates_and_their_support(evidence: tuple[Evidence, Evidence]) -> None:
    foreseen, groups = evidence
    assert (foreseen.id, groups.id) == ("burnout.forecast", "burnout.groups")
    names = {e.name for e in foreseen.estimates}
    assert {"auc_last_score", "brier_last_score", "calibration_slope_last_score"} <= names
    for model in TWO:
        assert {f"auc_{model}", f"delta_auc_{model}", f"brier_{model}", f"delta_brier_{model}"} <= names
    for item in (*foreseen.estimates, *groups.estimates):
        assert item.interval == "confidence"
        assert item.low is not None
        assert item.high is not None
        assert item.low <= item.value <= item.high
        support = item.support
        assert support.n_events is not None
        assert support.n_non_events is not None
        # people, not answers
        assert support.n_people == support.n_events + support.n_non_events <= 400
    assert {t.name for t in foreseen.tables} == {"scores", "calibration", "left_out"}
    assert {t.name for t in groups.tables} == {"cases_by_group", "auc_by_group", "calibration_by_group"}


def test_the_first_sentence_answers_for_the_model_declared_first(evidence: tuple[Evidence, Evidence]) -> None:
    answer = evidence[0].answer
    assert answer.startswith(
        "Yes: the model “Workload” adds {delta_auc_load.estimate} to the last score alone;"
    )
    assert "These data do not show that the model “Life (outside) (work)” orders people better than" in answer
    assert not re.search(r"\d", re.sub(r"\{[^}]*\}", "", answer).replace("0.5 is a coin", ""))


def test_where_nothing_is_gained_the_first_sentence_says_so() -> None:
    first, _ = released_of(make_tables(5, frames={"effect": 0.0}))
    assert first.answer.startswith(
        "These data do not show that the model orders people better than their last score"
    )
    picture = plot_auc(first)
    assert picture is not None
    assert picture.title == "No model orders people better than their last score alone"


def test_a_cross_section_forecasts_nothing_and_warns() -> None:
    first, groups = released_of(make_tables(1, frames={"waves": 1}, models=ACROSS, group_by="department"))
    assert first.answer.startswith(
        "Cross-section only: nothing is forecast. “plain” orders people with an AUC"
    )
    assert (
        "Warning: asked in the same questionnaire as the outcome: Mood now; part of this order"
        in first.answer
    )
    assert first.design == "cross-section"
    assert [c.name for c in first.checks if c.passed is False] == ["predictors_from_before_mood"]
    assert any("There is one wave." in limit for limit in first.limits)
    assert groups.design == "cross-section"
    told = " ".join([first.estimand, first.population, *first.limits])
    assert "before the wave" not in told
    picture = plot_auc(first)
    assert picture is not None
    assert picture.title.startswith("Across people, nothing forecast: AUC")
    assert "Hollow dots" in picture.alt


def test_waves_without_an_order_say_why_nothing_is_forecast() -> None:
    models = {"m": {"covariates": ["noise", "mood_now"]}}
    first, _ = released_of(make_tables(1, frames={"dated": False}, models=models))
    assert first.answer.startswith(
        "Cross-section only: nothing is forecast. People answered in several waves, but nothing says which "
        "wave"
    )


def test_two_waves_say_that_time_is_not_tested() -> None:
    first, _ = released_of(make_tables(1, frames={"waves": 2}))
    assert first.answer.startswith("Yes: the model ")
    assert any("Only one wave follows another" in limit for limit in first.limits)
    assert "other people of the same wave" in first.estimand


def test_words_are_those_of_an_association(evidence: tuple[Evidence, Evidence]) -> None:
    for item in evidence:
        told = " ".join([item.answer, item.question, item.estimand, *item.limits])
        assert not re.search(r"\b(causes? people|leads? to|reduces?|because of|impact|effect)\b", told)
        assert any("never to be used to decide" in x or "nobody's own risk" in x for x in item.limits)


def test_counts_add_up(evidence: tuple[Evidence, Evidence]) -> None:
    foreseen, groups = evidence
    calibration = next(t for t in foreseen.tables if t.name == "calibration")
    by_group = next(t for t in groups.tables if t.name == "cases_by_group")
    models = {row.key[0] for row in calibration.rows}
    assert models == {"Last score alone", "Workload", "Life {outside} [work]"}
    totals = {
        tuple(np.sum([row.values[:2] for row in calibration.rows if row.key[0] == m], axis=0)) for m in models
    }
    assert totals == {tuple(np.sum([row.values[1:3] for row in by_group.rows], axis=0))}
    for row in calibration.rows:
        assert row.support.n_people >= 30
    # groups are in the order of their risk
    predicted = [row.values[3] for row in calibration.rows if row.key[0] == "Workload"]
    assert predicted == sorted(predicted)


def test_the_gate_lets_the_answers_through_without_a_person(released: tuple[Released, Released]) -> None:
    for item in released:
        assert "Not shown" not in item.answer
        assert not re.search(r"\bp\d{4}\b", str(item.to_dict()))
        for table in item.tables:
            kinds = [m.kind for m in table.measures]
            for row in table.rows:
                counts = [v for v, k in zip(row.values, kinds, strict=True) if k == "count" and v is not None]
                assert all(float(v) % 5 == 0 for v in counts)
    assert all(e.support.n_people % 5 == 0 for e in released[0].estimates)


def test_groups_too_small_are_kept_back_and_a_second_one_with_them() -> None:
    frames = make_frames(1)
    few = pl.when(pl.col("employee_id") < "p0006").then(pl.lit("tiny"))
    frames["assignments"] = frames["assignments"].with_columns(department=few.otherwise("department"))
    study = make_study(group_by="department")
    tables = FakeTables(study, frames)
    _, groups = released_of(tables)
    shown = {row.key[0]: row.values for row in groups.table("cases_by_group").rows}
    assert all(v is None for v in shown["tiny"])
    # the tiny group would follow from the others and the whole
    assert sum(all(v is None for v in values) for values in shown.values()) == 2
    orders = {row.key[0]: row.values for row in groups.table("auc_by_group").rows}
    # an order does not follow from others: only the tiny group's is kept back
    assert [name for name, values in orders.items() if all(v is None for v in values)] == ["tiny"]


def test_too_few_cases_in_a_group_are_said_where_all_is_public() -> None:
    frames = make_frames(1)
    few = pl.when(pl.col("employee_id") < "p0006").then(pl.lit("tiny"))
    frames["assignments"] = frames["assignments"].with_columns(department=few.otherwise("department"))
    tables = FakeTables(make_study(public=True, group_by="department"), frames)
    _, groups = released_of(tables)
    rows = {row.key[0]: row.values for row in groups.table("auc_by_group").rows}
    assert rows["tiny"] == (None, None, None, "too few to tell")
    assert rows["ops"][3] == ""
    assert all(isinstance(v, float) for v in rows["ops"][:3])


def test_a_small_organisation_reads_something_and_shows_nobody() -> None:
    frames = make_frames(3, n=70, waves=3)
    tables = FakeTables(make_study(group_by="department", models=TWO), frames)
    for item in released_of(tables):
        text = str(item.to_dict())
        assert not re.search(r"\bp\d{4}\b", text)
        assert item.answer
        for table in item.tables:
            kinds = [m.kind for m in table.measures]
            for row in table.rows:
                shown = [v for v, k in zip(row.values, kinds, strict=True) if k == "count" and v is not None]
                assert all(float(v) % 5 == 0 for v in shown)
        for estimate in item.estimates:
            assert estimate.support.n_people >= 30


def test_an_estimate_on_too_few_cases_is_not_in_a_check_either() -> None:
    tables = make_tables(2, frames={"n": 120}, case_at=5.0)
    first, _ = released_of(tables)
    hidden = [s for s in first.suppressed if s.what == "estimate auc_load"]
    if first.estimates or not hidden:
        pytest.fail("this world was made to have too few cases")
    assert first.answer.startswith("Not shown")
    shown = {c.name: c for c in first.checks}
    assert shown["plausible_auc_load"].value is None
    assert "(not shown)" in shown["plausible_auc_load"].text
    assert plot_auc(first) is None
    models = {"mood": {"covariates": ["noise", "mood_now"]}}
    across, _ = released_of(make_tables(2, frames={"n": 150, "waves": 1}, case_at=4.6, models=models))
    assert across.estimates == ()
    assert {c.name: c.value for c in across.checks}["plausible_auc_mood"] is None


def test_what_can_not_be_fitted_is_an_answer_without_a_number() -> None:
    models: dict[str, Any] = {"now": {"covariates": ["mood_now"]}}
    for tables in (make_tables(models=models, group_by="department"), make_tables(case_at=0.0)):
        for item in released_of(tables):
            assert item.answer.startswith("Not answered: ")
            assert item.estimates == ()
            assert item.tables == ()
            assert item.design == "not answered"
    _, groups = released_of(make_tables())
    assert groups.answer.startswith("Not answered: The study names no group.")


def test_a_set_that_is_not_answered_is_named_beside_the_others() -> None:
    models = TWO | {"now": {"covariates": ["mood_now"], "label": "Mood"}}
    first, _ = released_of(make_tables(1, models=models))
    assert (
        "“Mood” is not answered: a predictor is taken from the wave it would have to foretell" in first.answer
    )
    assert first.answer.startswith("Yes: the model “Workload” adds")


def test_pictures_have_a_finding_and_words(released: tuple[Released, Released]) -> None:
    first, groups = released
    for picture in (plot_auc(first), plot_calibration(first)):
        assert picture is not None
        assert picture.title in picture.alt
        assert len(picture.png()) > 10_000
        assert picture.png() == picture.png()
    with pytest.raises(DesignError, match="made from"):
        plot_auc(groups)
    with pytest.raises(DesignError, match="made from"):
        plot_calibration(groups)
    assert plot_auc(first).title.startswith("Workload: AUC higher")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("people", "passed", "told"),
    [
        (400, True, "predicted risks are as spread out as what happened"),
        # its interval is wider than .8 to 1.3: the picture claims no more than the check
        (150, None, "too few answers to tell whether predicted risks are"),
    ],
)
def test_the_calibration_title_says_what_the_check_says(people: int, passed: bool | None, told: str) -> None:
    first, _ = released_of(make_tables(1, frames={"n": people}))
    assert {c.name: c.passed for c in first.checks}["calibration_slope_load"] is passed
    picture = plot_calibration(first)
    assert picture is not None
    assert told in picture.title


@pytest.mark.parametrize("least", [1, 10, 40])
def test_groups_of_risk_are_ordered_whole_and_large_enough(least: int) -> None:
    rng = np.random.default_rng(least)
    risk = np.round(rng.beta(1, 6, 300), 2)
    person = rng.integers(0, 120, 300)
    known = rng.uniform(size=300) < 0.95
    group = risk_groups(risk, person, known, least)
    assert np.array_equal(group == -1, ~known)
    for number in range(group.max() + 1):
        assert np.unique(person[group == number]).size >= least
        if number:
            assert risk[group == number].min() > risk[group == number - 1].max()
    assert group.max() + 1 <= 10


def test_one_risk_for_everybody_is_one_group() -> None:
    group = risk_groups(np.full(50, 0.2), np.arange(50), np.ones(50, bool), 10)
    assert set(group) == {0}


def test_importing_the_pillar_is_cheap() -> None:
    code = (
        "import sys, wellperf_models.burnout as b; assert 'plot_auc' in dir(b);"
        "heavy = {'sklearn', 'matplotlib', 'polars', 'scipy', 'pandas'} & set(sys.modules);"
        "assert not heavy, heavy\n"
        "for name in b.__all__: getattr(b, name)\n"
        "heavy = {'sklearn', 'matplotlib', 'scipy', 'lifelines'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_group_in_which_everybody_is_a_case_is_not_shown() -> None:
    frames = make_frames(2)
    department = dict(frames["assignments"].select("employee_id", "department").iter_rows())
    chosen = [p for p in department if department[p] == "it"][:30]
    frames["assignments"] = frames["assignments"].with_columns(
        department=pl.when(pl.col("employee_id").is_in(chosen)).then(pl.lit("all")).otherwise("department")
    )
    strained = pl.col("employee_id").is_in(chosen) & (pl.col("measure") == "exhaustion")
    frames["surveys"] = frames["surveys"].with_columns(
        value=pl.when(strained).then(5.0 + 0.1 * pl.col("value")).otherwise("value")
    )
    _, groups = released_of(FakeTables(make_study(group_by="department"), frames))
    shown = {row.key: row.values for row in groups.table("cases_by_group").rows}
    assert all(value is None for value in shown["all",])
