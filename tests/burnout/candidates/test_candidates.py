"""Frame → candidates → evidence → gate → picture: who is recommended, and what is said first."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import PROVENANCE, FakeTables, make_frames, make_study, make_tables
from wellperf_models.burnout import build_frame, fit_forecasts
from wellperf_models.burnout.candidates import boosting, forest, network
from wellperf_models.burnout.candidates.checks import check_candidates, overfit
from wellperf_models.burnout.candidates.findings import compare_candidates
from wellperf_models.burnout.candidates.model import Candidates, fit_candidates
from wellperf_models.burnout.candidates.plots import plot_candidates
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Evidence, Unanswered, attempt, unanswered

ALL = ["ridge", "forest", "boosting", "network"]
USE = {"thresholds": [0.2, 0.5]}


def fitted(tables: FakeTables) -> tuple[BurnoutFrame, Candidates | Unanswered]:
    frame = build_frame(tables)
    section = tables.study.burnout
    assert section is not None
    forecasts = attempt(fit_forecasts, frame, section)
    return frame, attempt(fit_candidates, frame, forecasts, section)


def evidence_of(frame: BurnoutFrame, candidates: Candidates | Unanswered) -> Evidence:
    checks = check_candidates(frame, candidates)
    return compare_candidates(frame, candidates, checks, provenance=PROVENANCE)


def released_of(tables: FakeTables) -> Released:
    return release(evidence_of(*fitted(tables)), tables.study)


@pytest.fixture(scope="module", autouse=True)
def fewer_trees() -> Iterator[None]:
    """What is tested here does not hang on how many trees and rounds there are; test_null has them all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forest, "_TREES", 40)
        patch.setattr(forest, "_TREES_TUNED", 10)
        patch.setattr(boosting, "_MOST_TREES", 40)
        patch.setattr(network, "_MOST_ROUNDS", 12)
        yield


@pytest.fixture(scope="module")
def tables() -> FakeTables:
    asked = {"learners": ["forest", "boosting", "network", "ridge"], "background": ["parent"]}
    models = {
        "load": {"covariates": ["overtime", "noise", "job"], "label": "Workload"},
        "life": {"covariates": ["parent"]},
    }
    frames = {"n": 300, "effect": 0.8}
    return make_tables(2, candidates=asked, models=models, use=USE, frames=frames)


@pytest.fixture(scope="module")
def found(tables: FakeTables) -> tuple[BurnoutFrame, Candidates]:
    frame, candidates = fitted(tables)
    assert isinstance(candidates, Candidates)
    return frame, candidates


@pytest.fixture(scope="module")
def released(tables: FakeTables, found: tuple[BurnoutFrame, Candidates]) -> Released:
    return release(evidence_of(*found), tables.study)


def test_one_protocol_for_all_the_simplest_first(found: tuple[BurnoutFrame, Candidates]) -> None:
    frame, candidates = found
    assert list(candidates.answered) == ALL
    assert candidates.reference == "last_score"
    forecasts = candidates.forecasts
    # nothing is fitted twice
    assert candidates.answered["ridge"].tried is forecasts.answered["load"].tried
    for item in candidates.answered.values():
        assert item.covariates == frame.sets["load"]
        assert len(item.tried.fits) == len(forecasts.splits) == 1
        assert item.risk.size == forecasts.scored.person.size
    best = candidates.answered[candidates.best]
    assert best.scores.auc.value == max(f.scores.auc.value for f in candidates.answered.values())
    assert candidates.behind[candidates.best].value == 0.0


def test_the_simplest_that_is_as_good_is_recommended(
    found: tuple[BurnoutFrame, Candidates], released: Released
) -> None:
    _, candidates = found
    # the world is a sum of its parts: nothing is gained by a model that can do more
    assert set(candidates.winners) == set(ALL)
    assert candidates.recommended == "ridge"
    assert released.answer.startswith(
        "Yes, the penalised logistic model orders people better than their last score alone (gain in AUC 0."
    )
    assert "Recommended: the penalised logistic model" in released.answer
    assert (
        "who people are (has children) is not shown to foretell anything by itself (AUC 0."
        in (released.answer.partition(". Recommended")[0])
    )
    assert "AUC is the chance that a case is ranked above" in released.answer


@pytest.mark.parametrize("best", ["forest", "ridge"])
def test_who_is_recommended_without_beating_the_last_score_is_said_to_be_so(
    found: tuple[BurnoutFrame, Candidates], tables: FakeTables, best: str
) -> None:
    frame, candidates = found
    gains = candidates.gains | {"ridge": dataclasses.replace(candidates.gains["ridge"], p_value=0.2)}
    again = dataclasses.replace(candidates, gains=gains, best=best)
    answer = release(evidence_of(frame, again), tables.study).answer
    assert answer.startswith("Yes, ")
    recommended = answer.partition("Recommended: ")[2]
    assert recommended.startswith("the penalised logistic model")
    end = "; by itself it is not shown to order people better than their last score alone."
    assert end in recommended
    assert end not in release(evidence_of(frame, candidates), tables.study).answer


def test_models_are_side_by_side(released: Released) -> None:
    table = released.table("models")
    rows = {row.key[0]: row.values for row in table.rows}
    assert list(rows) == [
        "Last score alone",
        "Penalised logistic",
        "Random forest",
        "Boosted trees",
        "Neural network",
    ]
    names = [m.name for m in table.measures]
    assert names[:7] == ["auc", "brier", "slope", "delta_auc", "low", "high", "delta_brier"]
    # a gain in net benefit to three digits would count those acted on: it is told with its interval alone
    assert names[7:] == ["setting", "verdict"]
    assert rows["Penalised logistic"][-1] == "recommended, better"
    assert "trees" in str(rows["Random forest"][-2])
    base = rows["Last score alone"]
    for values in list(rows.values())[1:]:
        assert float(values[0]) - float(base[0]) == pytest.approx(float(values[3]), abs=0.002)  # type: ignore[arg-type]
    kinds = [row.key[0] for row in released.table("differences").rows]
    assert list(dict.fromkeys(kinds))[2] == "net benefit at a risk of 0.2, per 100 answers"


def test_a_gain_in_net_benefit_is_kept_back_where_few_are_acted_on(
    found: tuple[BurnoutFrame, Candidates], tables: FakeTables
) -> None:
    """As `burnout.use` keeps back who is acted on: each could be had from the other."""
    frame, candidates = found
    scored, low = candidates.forecasts.scored, 0.2
    ridge, base = candidates.answered["ridge"], candidates.forecasts.last_score
    assert base is not None
    # seven people at or above a threshold; and one at which the two part five
    high = float(np.sort(ridge.risk)[-7])
    use = frame.section.use.model_copy(update={"thresholds": (low, high)})
    section = frame.section.model_copy(update={"use": use})
    frame = dataclasses.replace(frame, section=section)
    again = dataclasses.replace(
        candidates,
        gains={
            n: dataclasses.replace(g, net_benefit=(g.net_benefit[0],) * 2)
            for n, g in candidates.gains.items()
        },
    )
    table = release(evidence_of(frame, again), tables.study).table("differences")
    shown = {r.key: r.values for r in table.rows if r.key[1] == "Penalised logistic"}
    kept_back = [key[0] for key, values in shown.items() if values[0] is None]
    assert kept_back == [f"net benefit at a risk of {high:g}, per 100 answers"]
    # the two act on the same people but for five
    risk = base.risk.copy()
    least = np.flatnonzero(risk < low)[:5]
    assert np.unique(scored.person[least]).size == 5
    risk[least] = low
    close = {"ridge": dataclasses.replace(ridge, risk=risk)}
    again = dataclasses.replace(again, models=close, gains={"ridge": again.gains["ridge"]}, best="ridge")
    table = release(evidence_of(frame, again), tables.study).table("differences")
    assert (
        next(r for r in table.rows if r.key[0].startswith("net benefit at a risk of 0.2")).values[0] is None
    )


def test_the_gate_lets_it_through_without_a_person(
    released: Released, found: tuple[BurnoutFrame, Candidates]
) -> None:
    assert released.suppressed == ()
    assert not re.search(r"\bp\d{4}\b", str(released.to_dict()))
    evidence = evidence_of(*found)
    assert evidence.members is not None
    told = " ".join([evidence.answer, evidence.question, evidence.estimand, *evidence.limits])
    assert not re.search(r"\b(causes? people|leads? to|reduces?|because of|impact|effect)\b", told)
    # numbers reach the answer through the gate alone
    assert not re.search(r"\d", re.sub(r"\{[^}]*\}", "", evidence.answer).replace("0.5 is a coin", ""))
    for thing in (found[1], found[1].gains["ridge"]):
        assert not re.search(r"0\.\d", repr(thing))


def test_the_picture_states_the_finding(released: Released) -> None:
    picture = plot_candidates(released)
    assert picture is not None
    assert picture.title.startswith("Penalised logistic: AUC higher by 0.")
    assert picture.title in picture.alt
    assert "Recommended: Penalised logistic." in picture.alt
    assert picture.png() == picture.png()


def test_checks_of_each(found: tuple[BurnoutFrame, Candidates]) -> None:
    checks = {c.name: c for c in check_candidates(*found)}
    for name in ALL:
        assert checks[f"plausible_auc_{name}"].passed
        assert checks[f"overfit_{name}"].passed is None
        assert checks[f"folds_converged_{name}"].passed
    assert checks["plausible_auc_forest"].text.startswith("Random forest: ")
    assert "on all answers trained on" in checks["settings_sampled"].text
    # a forest knows its own rows, a ridge hardly better than others
    own = {name: checks[f"overfit_{name}"].value for name in ALL}
    assert own["forest"] > own["ridge"]  # type: ignore[operator]
    assert "learnt is chance" in overfit(0.99, 0.7, "forest").text
    assert "little by heart" in overfit(0.75, 0.7, "forest").text


def test_where_none_is_better_the_first_sentence_says_so_and_that_background_says_nothing() -> None:
    asked = {"learners": ["ridge", "network"], "background": ["job", "noise"]}
    tables = make_tables(5, candidates=asked, use=USE, frames={"n": 200, "effect": 0.0})
    released = released_of(tables)
    first, _, rest = released.answer.partition(". Recommended: ")
    assert first.startswith(
        "These data do not show that any of the kinds of models tried orders people better than their last "
        "score alone (largest gain in AUC "
    )
    assert "and who people are (job, noise) is not shown to foretell anything by itself (AUC" in first
    assert rest.startswith("the last score alone.")
    picture = plot_candidates(released)
    assert picture is not None
    assert picture.title == "No kind of model is shown to order people better than: last score alone"
    verdicts = {row.key[0]: row.values[-1] for row in released.table("models").rows}
    assert verdicts["Last score alone"] == "recommended"
    assert verdicts["Neural network"] != "recommended"


def test_background_with_a_signal_is_a_sentence_of_its_own() -> None:
    asked = {"learners": ["ridge"], "background": ["overtime"]}
    tables = make_tables(1, candidates=asked, frames={"n": 500, "effect": 0.8})
    answer = released_of(tables).answer
    assert "Who people are (overtime) orders them by itself with an AUC of 0." in answer
    assert "not shown to foretell" not in answer


def test_a_cross_section_is_compared_with_the_same_risk_for_everybody() -> None:
    asked = {"learners": ["ridge", "boosting"], "background": ["parent"]}
    models = {"mood": {"covariates": ["noise", "mood_now"]}, "life": {"covariates": ["parent"]}}
    folds = {"folds": 3, "repeats": 1}
    frames = {"waves": 1, "n": 300}
    tables = make_tables(1, candidates=asked, models=models, use=USE, frames=frames, validation=folds)
    frame, candidates = fitted(tables)
    assert isinstance(candidates, Candidates)
    assert candidates.reference == "base_rate"
    # an AUC is compared with a coin
    for name, item in candidates.answered.items():
        assert candidates.gains[name].auc.value == pytest.approx(item.scores.auc.value - 0.5, abs=1e-12)
    released = release(evidence_of(frame, candidates), tables.study)
    assert released.answer.startswith("Cross-section only: nothing is forecast. Yes, ")
    assert "better than chance would" in released.answer
    assert "Warning: asked in the same questionnaire as the outcome: Mood now" in released.answer
    assert released.design == "cross-section"
    assert [row.key[0] for row in released.table("models").rows] == ["Penalised logistic", "Boosted trees"]


def test_a_predictor_that_knows_the_outcome_sets_off_the_alarm() -> None:
    frames = make_frames(2, n=300)
    mean = frames["surveys"].filter(pl.col("measure") == "exhaustion").group_by("employee_id").agg(
        pl.col("value").mean().alias("copy")
    )  # fmt: skip
    rng = np.random.default_rng(1)
    people = frames["people"].join(mean, on="employee_id", how="left")
    noisy = pl.col("copy") + pl.Series(0.15 * rng.normal(size=people.height))
    frames["people"] = people.with_columns(noisy.alias("copy"))
    models = {"leak": {"covariates": ["copy", "noise"]}}
    study = make_study(models=models, candidates={"learners": ["boosting"]})
    frame, candidates = fitted(FakeTables(study, frames))
    (alarm,) = [c for c in check_candidates(frame, candidates) if c.name == "plausible_auc_boosting"]
    assert alarm.passed is False
    assert "too good to be true" in alarm.text


@pytest.mark.parametrize(
    ("study", "told"),
    [
        ({}, "Not asked: Models of other kinds are not asked for."),
        (
            {"candidates": {"learners": ["ridge"]}, "models": {"now": {"covariates": ["mood_now"]}}},
            "Not answered: A predictor is taken from the wave it would have to foretell",
        ),
        ({"candidates": {"learners": ["ridge"]}, "case_at": 0.0}, "Not answered: Among the answers"),
    ],
)
def test_what_is_not_asked_or_can_not_be_answered_has_no_number(study: dict[str, Any], told: str) -> None:
    tables = make_tables(1, frames={"n": 100}, **study)
    frame, candidates = fitted(tables)
    assert check_candidates(frame, candidates) == ()
    released = release(evidence_of(frame, candidates), tables.study)
    assert released.answer.startswith(told)
    assert released.estimates == ()
    assert plot_candidates(released) is None
    other = unanswered("burnout.use", "?", Unanswered(reason="x."), population="", provenance=PROVENANCE)
    with pytest.raises(DesignError, match="made from"):
        plot_candidates(release(other, tables.study))


def test_a_background_of_the_wave_itself_is_said_and_the_rest_goes_on() -> None:
    models = {"load": {"covariates": ["overtime", "noise"]}, "now": {"covariates": ["mood_now"]}}
    asked = {"learners": ["ridge"], "background": ["mood_now"], "predictors": "load"}
    answer = released_of(make_tables(1, candidates=asked, models=models)).answer
    assert (
        "What people's background foretells is not answered: background covariates are taken from" in answer
    )
    assert "Recommended: " in answer


def test_nothing_hangs_on_the_order_of_rows() -> None:
    frames, asked = make_frames(3, n=100, waves=3), {"learners": ["boosting", "forest"]}
    study = make_study(candidates=asked)
    shuffled = {name: f.sample(fraction=1.0, shuffle=True, seed=1) for name, f in frames.items()}
    one, two = released_of(FakeTables(study, frames)), released_of(FakeTables(study, shuffled))
    assert one.to_dict() == two.to_dict()
