"""What goes with leaving, in words and tables: by tenure, by other models, when known; strata all along."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import numpy as np
import polars as pl
import pytest

from tests.turnover.builders import PROVENANCE, FakeTables, make_frames, make_study, make_tables
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.cox import fit_cox as fit_rows
from wellperf_models.turnover import (
    TurnoverFrame,
    build_frame,
    check_cox,
    check_hazard,
    check_validation,
    explain,
    fit_cox,
    fit_hazard,
    predict,
    validate,
)
from wellperf_models.turnover.checks_sensitivity import check_sensitivity, sensitivity_agrees
from wellperf_models.turnover.model import CoxModel
from wellperf_models.turnover.model_sensitivity import Sensitivity, fit_sensitivity
from wellperf_models.turnover.model_tenure import ByTenure, fit_by_tenure


def released_of(
    tables: FakeTables, frame: TurnoverFrame, cox: CoxModel, sensitivity: Sensitivity | Unanswered | None
) -> Released:
    hazard = attempt(fit_hazard, frame, tables.study.turnover)
    checks = (*check_cox(frame, cox), *check_hazard(hazard), *check_sensitivity(cox, sensitivity))
    evidence = explain(frame, cox, hazard, checks, sensitivity=sensitivity, provenance=PROVENANCE)
    return release(evidence, tables.study)


@pytest.fixture(scope="module")
def tables() -> FakeTables:
    return make_tables(seed=1, cluster="team", covariates=["exhaustion", "contract"])


@pytest.fixture(scope="module")
def frame(tables: FakeTables) -> TurnoverFrame:
    return build_frame(tables)


@pytest.fixture(scope="module")
def cox(tables: FakeTables, frame: TurnoverFrame) -> CoxModel:
    return fit_cox(frame, tables.study.turnover)


@pytest.fixture(scope="module")
def sensitivity(tables: FakeTables, frame: TurnoverFrame) -> Sensitivity:
    return fit_sensitivity(frame, tables.study.turnover)


@pytest.fixture(scope="module")
def released(tables: FakeTables, frame: TurnoverFrame, cox: CoxModel, sensitivity: Sensitivity) -> Released:
    return released_of(tables, frame, cox, sensitivity)


def test_the_answer_is_read_without_knowing_what_a_hazard_ratio_is(released: Released) -> None:
    told = released.answer
    assert re.search(
        r"people leave more often with: Exhaustion, [\d.]+ \([^)]*\) times as often in any", told
    )
    assert re.search(r"for each [\d.]+ more", told)
    assert "associations, not effects" in told
    assert re.search(r"something that nobody measured .* by a factor of at least [\d.]+ each", told)
    assert "hazard" not in told
    assert not re.search(r"[\[\]{}]", told)


def test_other_models_stand_beside_cox(cox: CoxModel, sensitivity: Sensitivity, released: Released) -> None:
    told = sensitivity.log_hazard_ratios()
    assert set(told) == {"frailty", "weibull", "log_logistic"}
    for other in told.values():
        assert abs(other[0] - cox.fit.beta[0]) < 2 * cox.fit.std_error[0]
    rows = {r.key: r.values for r in released.table("other_models").rows}
    models = {key[1] for key in rows}
    assert models == {"Cox", "frailty shared by team", "Weibull"}
    assert len(rows) == 3 * len(cox.columns)
    # who leaves more often leaves sooner
    times = {r.key: r.values for r in released.table("time_ratios").rows}
    for (covariate, model), values in times.items():
        assert model in ("Weibull", "log-logistic")
        ratio = rows[covariate, "Weibull"][0]
        assert (float(values[0] or 1) < 1) is (float(ratio or 1) > 1)
    variance = next(e for e in released.estimates if e.name == "frailty_variance")
    assert variance.low is not None
    assert variance.high is not None
    assert variance.low <= variance.value <= variance.high
    assert next(c for c in released.checks if c.name == "sensitivity_agrees").passed is True


def test_the_weibull_ratio_has_the_error_of_a_ratio(sensitivity: Sensitivity) -> None:
    """Delta method against draws of (β, log σ)."""
    from wellperf_models.turnover.findings_explain_tables import _errors_of_hazard_ratio

    fit = sensitivity.weibull
    assert not isinstance(fit, Unanswered)
    assert fit.robust_covariance is not None
    mean = np.append(fit.beta, np.log(fit.scale))
    draws = np.random.default_rng(0).multivariate_normal(mean, fit.robust_covariance, 40_000)
    spread = (-draws[:, :-1] / np.exp(draws[:, -1:])).std(axis=0)
    np.testing.assert_allclose(_errors_of_hazard_ratio(fit), spread, rtol=0.03)


def test_nobody_shares_a_frailty_unless_somebody_does() -> None:
    tables = make_tables(n=400)
    frame = build_frame(tables)
    alone = fit_sensitivity(frame, tables.study.turnover)
    assert alone.frailty_by is None
    assert isinstance(alone.frailty, Unanswered)
    cox = fit_cox(frame, tables.study.turnover)
    shown = released_of(tables, frame, cox, alone)
    assert any("A shared frailty: Not answered" in limit for limit in shown.limits)
    assert {r.key[1] for r in shown.table("other_models").rows} == {"Cox", "Weibull"}
    again = dataclasses.replace(frame.spells, person=frame.spells.person // 2)
    assert (
        fit_sensitivity(dataclasses.replace(frame, spells=again), tables.study.turnover).frailty_by
        == "person"
    )


def test_disagreement_is_named() -> None:
    beta = np.array([0.4, -0.3])
    same = {"weibull": np.array([0.39, -0.28]), "frailty": np.array([0.42, -0.2])}
    assert sensitivity_agrees(beta, [0, 1], same, ["a", "b"]).passed is True
    other = {"weibull": np.array([0.39, -0.28]), "frailty": np.array([0.42, 0.1])}
    found = sensitivity_agrees(beta, [0, 1], other, ["a", "b"])
    assert found.passed is False
    assert "b (a shared frailty)" in found.text
    # what is not clear has nothing to lose
    assert sensitivity_agrees(beta, [0], other, ["a", "b"]).passed is True
    assert sensitivity_agrees(beta, [], other, ["a", "b"]).passed is None
    assert sensitivity_agrees(beta, [0], {}, ["a", "b"]).passed is None


def test_what_changes_with_tenure_is_said_and_tabled(
    tables: FakeTables, frame: TurnoverFrame, cox: CoxModel
) -> None:
    assert frame.rows is not None
    changed = fit_by_tenure(frame.rows, ["exhaustion"], None, frame.minimum)
    told = dataclasses.replace(cox, by_tenure=changed, proportional={"exhaustion": 1e-6, "contract": 0.8})
    shown = released_of(tables, frame, told, None)
    assert "This changes with tenure for Exhaustion" in shown.answer
    assert re.search(r"Exhaustion: [\d.]+ \([^)]*\) times as often up to [\d.]+ months", shown.answer)
    rows = shown.table("hazard_ratios_by_tenure").rows
    assert rows[0].key[1].startswith("up to")
    assert len(rows) == 3
    check = next(c for c in shown.checks if c.name == "proportional_hazards")
    assert check.passed is False
    assert "beside those by tenure" in check.text
    # a band's people and exits are its own
    assert sum(r.n_events for r in changed.ratios) == frame.rows.event.tolist().count(1)
    assert all(r.people.size < np.unique(frame.rows.person).size for r in changed.ratios[1:])


def test_bands_of_too_few_join_and_too_few_are_no_bands(frame: TurnoverFrame) -> None:
    assert frame.rows is not None
    edges = (1.0, 2.0, 6.0, 12.0, 18.0, 24.0, 300.0)
    found = fit_by_tenure(frame.rows, ["exhaustion", "contract"], edges, frame.minimum)
    assert isinstance(found, ByTenure)
    for column in {r.column.name for r in found.ratios}:
        own = [r for r in found.ratios if r.column.name == column]
        assert 2 <= len(own) <= 4
        assert min(r.leavers.size for r in own) >= 30
        assert min(r.n_events for r in own) >= frame.minimum.events
    with pytest.raises(DesignError, match="Too few people left"):
        fit_by_tenure(frame.rows, ["exhaustion"], (500.0,), frame.minimum)
    few = attempt(fit_by_tenure, frame.rows, ["exhaustion"], (500.0,), frame.minimum)
    assert isinstance(few, Unanswered)


def test_too_few_for_bands_is_said(tables: FakeTables, frame: TurnoverFrame, cox: CoxModel) -> None:
    few = Unanswered(reason="Too few people left.")
    shown = released_of(tables, frame, dataclasses.replace(cox, by_tenure=few), Unanswered(reason="No."))
    assert "too few people left to say how" in shown.answer
    assert any(limit.startswith("Hazard ratios by tenure: Not answered") for limit in shown.limits)
    assert any(limit.startswith("Other models: Not answered") for limit in shown.limits)


def test_when_what_was_known(frame: TurnoverFrame, released: Released) -> None:
    rows = {r.key[0]: r.values for r in released.table("when_known").rows}
    source, known, median, most, without = rows["Exhaustion"]
    assert (source, known) == ("surveys", "by its date")
    assert rows["contract"][:2] == ("people", "as the study declares")
    assert frame.months is not None
    seen = frame.months.drop_nulls("exhaustion")
    age = (seen["period_day"] - seen["exhaustion_measured_day"]).to_numpy()
    assert median is not None
    assert most is not None
    assert float(median) % 5 == 0
    assert abs(float(median) - np.median(age)) <= 2.5
    assert abs(float(most) - np.quantile(age, 0.9)) <= 3.5
    missing = 100 * frame.months["exhaustion"].null_count() / frame.months.height
    assert without is not None
    assert abs(float(without) - missing) <= 0.5


def test_few_without_a_value_are_not_counted() -> None:
    frames = make_frames(seed=2, n=400)
    kept = frames["spells"]["employee_id"].to_list()
    scores = pl.DataFrame({"employee_id": kept[4:]}).join(
        frames["spells"].select("employee_id", date=pl.col("start")), on="employee_id"
    )
    frames["surveys"] = scores.select(
        "employee_id",
        measure=pl.lit("exhaustion"),
        item=pl.lit(None, dtype=pl.String),
        date=pl.lit(dt.date(2016, 1, 1)),
        value=pl.int_range(pl.len()).cast(pl.Float64) % 7,
    )
    tables = FakeTables(make_study(), frames)
    frame = build_frame(tables)
    shown = released_of(tables, frame, fit_cox(frame, tables.study.turnover), None)
    assert next(r for r in shown.table("when_known").rows if r.key[0] == "Exhaustion").values[-1] is None


def test_strata_are_kept_all_along() -> None:
    """Contracts with hazards of their own, whatever is fitted."""
    tables = make_tables(seed=4, covariates=["exhaustion"], strata=["contract"], cluster="team")
    frame, section = build_frame(tables), tables.study.turnover
    rows = frame.rows
    assert rows is not None
    assert rows.stratum is not None
    assert sorted(np.unique(rows.stratum)) == [0, 1]
    cox, hazard = fit_cox(frame, section), fit_hazard(frame, section)
    by_hand = fit_rows(
        rows.entry, rows.exit, rows.event == 1, rows.design.X, stratum=rows.stratum, cluster=rows.cluster
    )
    without = fit_rows(rows.entry, rows.exit, rows.event == 1, rows.design.X)
    assert cox.fit.beta == pytest.approx(by_hand.beta)
    assert cox.fit.beta != pytest.approx(without.beta, abs=1e-6)
    assert set(cox.fit.baseline_stratum.tolist()) == {0, 1}
    assert hazard.distance_from_cox < 0.1
    order = validate(frame, section)
    sensitivity = fit_sensitivity(frame, section)
    assert set(sensitivity.log_hazard_ratios()) == {"frailty", "weibull", "log_logistic"}
    assert not isinstance(sensitivity.weibull, Unanswered)
    assert sensitivity.weibull.intercepts.size == 2
    shown = released_of(tables, frame, cox, sensitivity)
    assert [e.name for e in shown.estimates if e.name.startswith("hazard_ratio")] == [
        "hazard_ratio_exhaustion"
    ]
    assert [c.name for c in shown.checks if c.passed is False] == []
    foretold = predict(frame, order, check_validation(order), provenance=PROVENANCE)
    assert 0.5 < next(e.value for e in foretold.estimates if e.name == "concordance") < 0.8
    changed = fit_by_tenure(rows, ["exhaustion"], None, frame.minimum)
    assert len(changed.ratios) == 3
