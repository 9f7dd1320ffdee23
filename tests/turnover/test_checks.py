"""Every check fires with its fault and stays silent without it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from tests.turnover.builders import make_tables
from wellperf_models.evidence import Check
from wellperf_models.inference.aalen_johansen import fit_aalen_johansen
from wellperf_models.inference.cox import fit_cox
from wellperf_models.inference.proportional_hazards import assess_proportional_hazards
from wellperf_models.turnover import (
    build_frame,
    check_cox,
    check_description,
    check_hazard,
    check_validation,
    checks,
    fit_cox as fit_turnover_cox,
    fit_description,
    fit_hazard,
    validate,
)

WORLDS = 40


def share_failing(make: Callable[[int], Check]) -> float:
    return float(np.mean([make(seed).passed is False for seed in range(WORLDS)]))


def curves() -> object:
    rng = np.random.default_rng(0)
    return fit_aalen_johansen(np.zeros(50), rng.exponential(5, 50), rng.integers(0, 3, 50), 2)


def test_incidence_adds_up() -> None:
    good = fit_aalen_johansen(np.zeros(4), np.arange(1.0, 5), np.array([1, 2, 0, 1]), 2)
    assert checks.incidence_adds_up(good).passed
    bad = dataclasses.replace(good, incidence=good.incidence * 1.001)
    assert checks.incidence_adds_up(bad).passed is False


def _ph(seed: int, *, changing: bool) -> Check:
    rng = np.random.default_rng(seed)
    n = 800
    X = rng.normal(size=(n, 2))
    early = rng.exponential(10 / np.exp(0.8 * X[:, 0]))
    # the effect turns round after month 5
    later = 5 + rng.exponential(10 / np.exp(-0.8 * X[:, 0]))
    time = np.where(early < 5, early, later) if changing else early
    fit = fit_cox(np.zeros(n), np.minimum(time, 20), time < 20, X)
    return checks.proportional_hazards(assess_proportional_hazards(fit, {"a": [0], "b": [1]}))


def test_proportional_hazards_both_ways() -> None:
    assert share_failing(lambda s: _ph(s, changing=True)) >= 0.9
    # 5 % by construction: 99 % of binomials with 40 worlds lie below .175
    assert share_failing(lambda s: _ph(s, changing=False)) <= 0.15
    assert "change over tenure for a:" in _ph(0, changing=True).text


def _truncation(seed: int, *, dependent: bool) -> Check:
    rng = np.random.default_rng(seed)
    entry = rng.uniform(0, 10, 500)
    mean = np.where(entry > 5, 1.5, 6.0) if dependent else 6.0
    return checks.independent_truncation(entry, entry + rng.exponential(mean, 500), np.ones(500, dtype=int))


def test_independent_truncation_both_ways() -> None:
    assert share_failing(lambda s: _truncation(s, dependent=True)) >= 0.9
    assert share_failing(lambda s: _truncation(s, dependent=False)) <= 0.15
    nothing = checks.independent_truncation(np.zeros(9), np.arange(1.0, 10), np.ones(9, dtype=int))
    assert nothing.passed is None


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (checks.risk_set_at_horizon(12, 10), checks.risk_set_at_horizon(9, 10)),
        (checks.hazard_equals_cox(0.02), checks.hazard_equals_cox(0.4)),
        (checks.events_per_parameter(100, 10), checks.events_per_parameter(99, 10)),
        (checks.number_of_clusters(40, "team"), checks.number_of_clusters(39, "team")),
        (checks.repeated_units(3, "team"), checks.repeated_units(3, None)),
        (checks.plausible_concordance(0.66), checks.plausible_concordance(0.86)),
        (checks.every_fold_converged(0, 25), checks.every_fold_converged(1, 25)),
        (checks.every_fold_converged(0, 25), checks.every_fold_converged(0, 25, n_without_pairs=1)),
        (checks.every_fold_converged(0, 25), checks.every_fold_converged(0, 25, n_without_model=1)),
        (
            checks.covariates_from_before(np.array([5, 6]), np.array([7, 7])),
            checks.covariates_from_before(np.array([5, 7]), np.array([7, 7])),
        ),
    ],
)
def test_simple_checks_both_ways(good: Check, bad: Check) -> None:
    assert good.passed is True
    assert bad.passed is False


def test_not_applicable_is_informative_only() -> None:
    assert checks.number_of_clusters(None, None).passed is None
    assert checks.covariates_from_before(np.zeros(0, int), np.zeros(0, int)).passed is None


def test_checks_name_the_remedy_and_their_own_weakness() -> None:
    assert 'set turnover.cluster to "person"' in checks.repeated_units(3, None).text
    assert "without a comparable pair: 2." in checks.every_fold_converged(1, 25, n_without_pairs=2).text
    assert "counted as a coin: 3." in checks.every_fold_converged(0, 25, n_without_model=3).text
    assert "weak evidence" in _truncation(0, dependent=False).text


def test_a_risk_set_is_not_printed_to_the_person() -> None:
    assert checks.risk_set_at_horizon(13, 10).value == 10.0


def test_a_clean_world_fails_nothing() -> None:
    tables = make_tables(seed=1, cluster="team")
    section, frame = tables.study.turnover, build_frame(tables)
    found = [
        *check_description(frame, fit_description(frame, section)),
        *check_cox(frame, fit_turnover_cox(frame, section)),
        *check_hazard(fit_hazard(frame, section)),
        *check_validation(validate(frame, section)),
    ]
    assert [c.name for c in found if c.passed is False] == []
    assert len({c.name for c in found}) == len(found)
