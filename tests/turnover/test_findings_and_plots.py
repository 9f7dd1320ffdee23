"""Evidence is complete, says nothing causal, passes the gate without a leak, and can be drawn."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.turnover.builders import PROVENANCE, FakeTables, make_frames, make_study, make_tables
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Evidence, Unanswered, attempt
from wellperf_models.turnover import (
    build_frame,
    check_cox,
    check_description,
    check_hazard,
    check_validation,
    describe,
    explain,
    fit_cox,
    fit_description,
    fit_hazard,
    plot_hazard_ratios,
    plot_incidence,
    plot_survival,
    plot_survival_by_group,
    predict,
    validate,
)


def evidence_of(tables: FakeTables) -> tuple[Evidence, Evidence, Evidence]:
    section, frame = tables.study.turnover, build_frame(tables)
    description, cox = fit_description(frame, section), fit_cox(frame, section)
    hazard, result = fit_hazard(frame, section), validate(frame, section)
    return (
        describe(frame, description, check_description(frame, description), provenance=PROVENANCE),
        explain(frame, cox, hazard, (*check_cox(frame, cox), *check_hazard(hazard)), provenance=PROVENANCE),
        predict(frame, result, check_validation(result), provenance=PROVENANCE),
    )


@pytest.fixture(scope="module")
def evidence() -> tuple[Evidence, Evidence, Evidence]:
    return evidence_of(make_tables(seed=1, cluster="team"))


@pytest.fixture(scope="module")
def released(evidence: tuple[Evidence, ...]) -> tuple[Released, ...]:
    study = make_tables(seed=1, cluster="team").study
    return tuple(release(e, study) for e in evidence)


def test_identifiers_and_estimates(evidence: tuple[Evidence, ...]) -> None:
    description, explained, prediction = evidence
    assert [e.id for e in evidence] == [
        "turnover.description",
        "turnover.explained",
        "turnover.prediction",
    ]
    names = {e.name for e in description.estimates}
    assert {"survival_12_months", "voluntary_exits_12_months", "restricted_mean_12_months"} <= names
    assert {"hazard_ratio_exhaustion", "e_value", "e_value_limit"} <= {e.name for e in explained.estimates}
    assert prediction.estimates[0].name == "concordance"
    for item in (e for part in evidence for e in part.estimates):
        support = item.support
        assert support.n_people > 0
        assert support.n_events is not None
        assert support.n_non_events is not None
        assert support.n_people >= support.n_events
    for item in explained.estimates:
        assert item.support.n_clusters == 60
        assert item.support.n_parameters == 2
        assert item.support.smallest_level is not None


def test_shares_add_up_and_tables_are_there(evidence: tuple[Evidence, ...]) -> None:
    description = evidence[0]
    value = {e.name: e.value for e in description.estimates}
    left = value["voluntary_exits_12_months"] + value["involuntary_exits_12_months"]
    assert value["survival_12_months"] + left == pytest.approx(1, abs=1e-12)
    tables = {t.name: t for t in description.tables}
    assert set(tables) == {"exits_by_group", "exits_by_cause", "risk_sets", "late_entry"}
    # everybody is described; who lacks a covariate does not enter the models
    assert "left_out" in {t.name for t in evidence[1].tables}
    by_group = sum(int(r.values[2] or 0) for r in tables["exits_by_group"].rows)
    by_cause = sum(int(r.values[0] or 0) for r in tables["exits_by_cause"].rows)
    assert by_group == by_cause
    assert {c.series for c in description.curves} == {
        "survival",
        "survival_by_group",
        "cumulative_incidence",
    }


def test_words_are_those_of_an_association(evidence: tuple[Evidence, ...]) -> None:
    explained = evidence[1]
    assert explained.design == "association"
    assert "associations, not effects" in explained.answer
    told = " ".join([explained.answer, explained.question, *explained.limits])
    assert not re.search(r"\b(causes? people|leads? to|reduces?|because of|impact)\b", told)
    assert any("E-value" in limit for limit in explained.limits)
    assert not re.search(r"\d", explained.answer.replace("{", "").split(":")[0])


def test_in_a_world_without_an_effect_nothing_is_claimed() -> None:
    explained = evidence_of(make_tables(seed=5, effect=0.0))[1]
    assert "No covariate is clearly associated" in explained.answer


def test_the_gate_lets_the_answers_through_without_a_person(released: tuple[Released, ...]) -> None:
    for item in released:
        assert "Not shown" not in item.answer
        assert not re.search(r"\bp\d{4}\b", str(item.to_dict()))
    counts = [v for r in released[0].table("exits_by_group").rows for v in r.values[:3] if v is not None]
    assert all(float(v) % 5 == 0 for v in counts)
    for curve in released[0].curves:
        assert all(n % 5 == 0 for n in curve.at_risk)


def test_pictures_have_a_finding_and_words(released: tuple[Released, ...]) -> None:
    description, explained, _ = released
    for picture in (
        plot_survival(description),
        plot_survival_by_group(description),
        plot_incidence(description),
        plot_hazard_ratios(explained),
    ):
        assert picture is not None
        assert picture.title in picture.alt
        assert len(picture.png()) > 10_000
    assert plot_survival(description).png() == plot_survival(description).png()  # type: ignore[union-attr]
    with pytest.raises(DesignError, match="description"):
        plot_survival(explained)


def test_nothing_to_draw_is_no_picture() -> None:
    frames = {name: f.head(40) for name, f in make_frames().items()}
    tables = FakeTables(make_study(covariates=[]), frames)
    frame = build_frame(tables)
    description = fit_description(frame, tables.study.turnover)
    shown = release(describe(frame, description, (), provenance=PROVENANCE), tables.study)
    assert plot_survival_by_group(shown) is None


def test_importing_the_pillar_is_cheap() -> None:
    code = (
        "import sys, wellperf_models.turnover as t; assert 'plot_survival' in dir(t);"
        "heavy = {'lifelines', 'sklearn', 'matplotlib', 'polars', 'scipy', 'pandas'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_can_not_be_fitted_is_an_answer_without_a_number() -> None:
    tables = make_tables(covariates=[])
    frame = build_frame(tables)
    section = tables.study.turnover
    cox, hazard, order = (attempt(fit, frame, section) for fit in (fit_cox, fit_hazard, validate))
    for evidence in (
        explain(frame, cox, hazard, check_cox(frame, cox), provenance=PROVENANCE),
        predict(frame, order, check_validation(order), provenance=PROVENANCE),
    ):
        released = release(evidence, tables.study)
        assert released.answer.startswith("Not answered: The study names no covariates")
        assert released.estimates == ()
        assert released.checks == ()


def test_cox_without_its_second_opinion_says_so() -> None:
    tables = make_tables()
    frame = build_frame(tables)
    cox = fit_cox(frame, tables.study.turnover)
    failed = Unanswered(reason="It did not converge.")
    checks = (*check_cox(frame, cox), *check_hazard(failed))
    evidence = explain(frame, cox, failed, checks, provenance=PROVENANCE)
    assert evidence.estimates
    assert [c.passed for c in evidence.checks if c.name == "hazard_equals_cox"] == [False]
