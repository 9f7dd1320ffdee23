"""The posterior under the flat prior is the trial's estimate; the sceptical one lies towards its prior."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.roi.decision_builders import (
    SICK_DAYS,
    make_effects,
    make_frame,
    make_rows,
    make_section,
    sick_days,
)
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.gaussian_blocks import log_likelihood
from wellperf_models.roi.checks_decision import check_decision
from wellperf_models.roi.frame import build_frame
from wellperf_models.roi.model_decision import fit_decision
from wellperf_models.roi.model_effects import fit_effects
from wellperf_models.roi.model_posterior import (
    build_model,
    data_of,
    fit_posterior,
    intention_to_treat,
    standardise,
)
from wellperf_models.study import load_study
from wellperf_models.tables import load_tables

OUTCOMES = {
    "sick_days": {"higher_is": "worse"},
    "left": {"higher_is": "worse"},
    "spending": {"higher_is": "worse"},
    "before": {"timing": "before"},
}


def _trial(seed: int, n: int = 900):
    """Skewed days, a rare binary and a weighted outcome whose spread differs between the arms."""
    rng = np.random.default_rng(seed)
    section = make_section(OUTCOMES)
    treated = rng.uniform(size=n) < 0.6
    left = (rng.uniform(size=n) < 0.11 + 0.02 * treated).astype(float)
    spending = rng.lognormal(5, 1 + 0.3 * treated, n)
    rows = [
        make_rows(section, "sick_days", value=rng.gamma(1.0, 5.0, n) - 0.3 * treated, treated=treated),
        make_rows(section, "left", value=left, treated=treated),
        make_rows(section, "spending", value=spending, treated=treated, weight=rng.integers(1, 13, n)),
        make_rows(section, "before", value=rng.normal(size=n), treated=treated),
    ]
    return section, make_frame(section, rows), make_effects(rows)


@functools.cache
def _fitted(seed: int):
    """Effects and posteriors of a trial, fitted once."""
    section, frame, effects = _trial(seed)
    return effects, fit_posterior(frame, effects, section)


@pytest.mark.parametrize("seed", range(3))
def test_flat_prior_gives_the_estimate_and_its_error(seed):
    effects, posteriors = _fitted(seed)
    assert {name for name, _ in posteriors} == {"sick_days", "left", "spending"}
    for name in ("sick_days", "left", "spending"):
        posterior, effect = posteriors[name, "flat"], intention_to_treat(effects, name)
        assert abs(posterior.mean - effect.value) / effect.std_error < 0.05
        assert posterior.sd == pytest.approx(effect.std_error, rel=0.1)
        assert posterior.n_divergences == 0
        assert posterior.n_cells == 2


def test_sceptical_prior_lies_between_prior_and_estimate_as_the_two_normals_say():
    effects, posteriors = _fitted(2)
    for name in ("sick_days", "left", "spending"):
        effect, posterior = intention_to_treat(effects, name), posteriors[name, "sceptical"]
        assert posterior.prior_mean == pytest.approx(0)
        assert posterior.prior_sd == pytest.approx(0.1 * effect.control_sd)
        low, high = sorted([effect.value, posterior.prior_mean])
        assert low < posterior.mean < high
        assert posterior.sd < posteriors[name, "flat"].sd
        # conjugate normals: precision adds; the arms' spreads are all but known with 900 people
        flat = posteriors[name, "flat"]
        precision = 1 / flat.sd**2 + 1 / posterior.prior_sd**2
        assert posterior.sd == pytest.approx(precision**-0.5, rel=0.05)
        expected = flat.mean / flat.sd**2 / precision
        assert posterior.mean == pytest.approx(expected, abs=0.08 * flat.sd)


def test_covariates_adjusted_for_leave_the_posterior_at_the_estimate():
    rng = np.random.default_rng(8)
    X = rng.normal(size=(900, 2))
    X -= X.mean(axis=0)
    section = make_section({"sick_days": {}})
    treated = rng.uniform(size=900) < 0.6
    value = X @ [1.0, -0.5] + rng.normal(size=900)
    rows = make_rows(section, "sick_days", value=value, treated=treated, X=X)
    effects = make_effects([rows])
    posterior = fit_posterior(make_frame(section, [rows]), effects, section)["sick_days", "flat"]
    effect = intention_to_treat(effects, "sick_days")
    assert abs(posterior.mean - effect.value) / effect.std_error < 0.05
    assert posterior.sd == pytest.approx(effect.std_error, rel=0.1)
    # what the covariates explain is no longer noise
    assert posterior.sd < 0.8 * np.sqrt(value.var() * (1 / treated.sum() + 1 / (~treated).sum()))


def test_cutting_each_person_into_twelve_rows_does_not_narrow_the_interval():
    rng = np.random.default_rng(3)
    section = make_section({"sick_days": {}})
    treated = np.arange(300) % 2 == 0
    person = rng.normal(size=300)
    months = person[:, None] + rng.normal(size=(300, 12))
    whole = make_rows(section, "sick_days", value=months.mean(axis=1), treated=treated)
    unit = np.repeat(np.arange(300), 12)
    cut = make_rows(section, "sick_days", value=months.ravel(), treated=np.repeat(treated, 12), unit=unit)
    told = {}
    for name, rows in (("whole", whole), ("cut", cut)):
        frame = make_frame(section, [rows])
        told[name] = fit_posterior(frame, make_effects([rows]), section)["sick_days", "flat"]
    assert told["cut"].n_cells == 4
    assert told["cut"].sd == pytest.approx(told["whole"].sd, rel=0.05)
    assert told["cut"].mean == pytest.approx(told["whole"].mean, abs=0.05 * told["whole"].sd)
    assert told["cut"].sd > 2.5 * months.std() * np.sqrt(4 / 3600)


def test_teams_assigned_as_a_whole_widen_it():
    rng = np.random.default_rng(4)
    section = make_section({"sick_days": {}}, level="team")
    cluster = np.repeat(np.arange(40), 25)
    treated = cluster % 2 == 0
    value = 0.4 * rng.normal(size=40)[cluster] + rng.normal(size=1000)
    rows = make_rows(section, "sick_days", value=value, treated=treated, cluster=cluster)
    effects = make_effects([rows])
    effect = intention_to_treat(effects, "sick_days")
    posterior = fit_posterior(make_frame(section, [rows]), effects, section)["sick_days", "flat"]
    assert posterior.sd == pytest.approx(effect.std_error, rel=0.2)
    assert posterior.sd > 1.6 * np.sqrt(4 * value.var() / 1000)


def test_the_sampled_density_is_that_of_the_blocks():
    rng = np.random.default_rng(6)
    section = make_section({"sick_days": {}})
    rows = make_rows(
        section,
        "sick_days",
        value=rng.normal(3, 2, 200),
        treated=np.arange(200) % 4 < 2,
        cluster=np.arange(200) // 2,
        weight=rng.uniform(1, 5, 200),
        X=rng.normal(size=(200, 1)),
    )
    data = standardise(rows, 2)
    model = build_model(2)
    for name, value in data_of(data.blocks).items():
        model.set_data(name, value)
    density = model.compile_fn(model.logp(sum=False))
    names = [variable.name for variable in model.basic_RVs + model.potentials]
    for _ in range(4):
        b, log_sigma, omega = rng.normal(size=4), rng.normal(size=2), float(rng.uniform(0.1, 1))
        point = {"intercept": b[0], "effect": b[1], "slopes": b[2:], "log_sigma": log_sigma, "omega": omega}
        values = {n: float(np.sum(v)) for n, v in zip(names, density(point), strict=True)}
        expected = log_likelihood(data.blocks, b, np.exp(log_sigma), omega) - data.blocks.constant
        assert values["likelihood"] == pytest.approx(expected, rel=1e-10)
        # the declared priors, one slope being of a column of zeros
        assert values["slopes"] == pytest.approx(stats.norm.logpdf(b[2:], 0, 10).sum(), rel=1e-6)
        assert values["log_sigma"] == pytest.approx(stats.norm.logpdf(log_sigma, 0, 2).sum(), rel=1e-6)
        assert values["omega"] == pytest.approx(stats.norm.logpdf(omega, 0, 0.5), rel=1e-6)
        assert values["intercept"] == values["effect"] == values["prior"] == 0


def test_same_seed_same_draws():
    section = make_section({"sick_days": {}})
    rows = sick_days(section)
    arguments = (make_frame(section, [rows]), make_effects([rows]), section)
    one, other = fit_posterior(*arguments), fit_posterior(*arguments)
    assert np.array_equal(one["sick_days", "flat"].draws, other["sick_days", "flat"].draws)
    moved = make_frame(section, [rows], seed=5)
    assert not np.array_equal(
        fit_posterior(moved, *arguments[1:])["sick_days", "flat"].draws, one["sick_days", "flat"].draws
    )


def test_no_lots_no_control_no_variation_no_number():
    section = make_section({"sick_days": {}})
    rows = sick_days(section)
    effects = make_effects([rows])
    chosen = make_section({"sick_days": {}}, design="participation")
    with pytest.raises(DesignError, match="not decided by lot"):
        fit_posterior(make_frame(chosen, [rows]), effects, chosen)
    barred = make_effects([rows], Unanswered(reason="there is no control group.", remedy="keep one"))
    with pytest.raises(DesignError, match="no control group"):
        fit_posterior(make_frame(section, [rows], has_control=False), barred, section)


def test_an_outcome_that_does_not_vary_in_an_arm_stops_the_decision_only_where_it_has_a_price():
    section = make_section({"sick_days": SICK_DAYS, "left": {}})
    rows = sick_days(section)
    nobody = make_rows(section, "left", value=rows.treated * (rows.unit % 3 == 0), treated=rows.treated)
    both = [rows, nobody]
    found = fit_posterior(make_frame(section, both), make_effects(both), section)
    assert {name for name, _ in found} == {"sick_days"}
    priced = make_section({"sick_days": {}, "left": SICK_DAYS})
    moved = [dataclasses.replace(r, declared=priced.outcomes[r.name]) for r in both]
    with pytest.raises(DesignError, match="does not vary") as error:
        fit_posterior(make_frame(priced, moved), make_effects(moved), priced)
    assert "left" in str(error.value.where)


def test_illinois_under_the_flat_prior_is_the_published_estimate_on_every_outcome():
    study = load_study(Path(__file__).parents[1] / "real_data" / "illinois.toml")
    paths = [source.path or "" for source in study.tables.values()]
    if not all(any((folder / path).is_file() for folder in study.data_dirs()) for path in paths):
        pytest.skip("WELLPERF_DATA_DIR holds no copy of the data")
    frame = build_frame(load_tables(study))
    effects = fit_effects(frame, study.roi)
    posteriors = fit_posterior(frame, effects, study.roi)
    after = [name for name, rows in frame.outcomes.items() if rows.declared.timing == "after"]
    assert len(after) == 8
    for name in after:
        effect, flat = intention_to_treat(effects, name), posteriors[name, "flat"]
        assert abs(flat.mean - effect.value) / effect.std_error < 0.05
        assert flat.sd == pytest.approx(effect.std_error, rel=0.05)
    found = fit_decision(frame, effects, posteriors, study.roi)
    assert found.answer == "undecided"
    assert all(0.3 < found.returns[p].p_positive < 0.6 for p in found.judged_by)
    checks = {c.name: c.passed for c in check_decision(frame, effects, posteriors, found)}
    # the trial's own costs are not in its public files
    assert [name for name, passed in checks.items() if passed is False] == ["costs_measured"]
