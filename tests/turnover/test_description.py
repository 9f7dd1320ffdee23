"""What the description tells beside its curves: late entry, risk sets, clusters, rehires, truncation."""

from __future__ import annotations

import datetime as dt
import functools

import numpy as np
import polars as pl
import pytest

from tests.turnover.builders import PROVENANCE, FakeTables, make_frames, make_study, make_tables
from wellperf_models.disclosure import Released, release
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.kaplan_meier import fit_kaplan_meier
from wellperf_models.inference.truncation import assess_truncation
from wellperf_models.turnover import build_frame, check_description, describe, fit_description
from wellperf_models.turnover.checks_description import exits_spread_over_days, some_are_still_there


def described(tables: FakeTables) -> Released:
    frame = build_frame(tables)
    description = fit_description(frame, tables.study.turnover)
    checks = check_description(frame, description)
    return release(describe(frame, description, checks, provenance=PROVENANCE), tables.study)


@functools.cache
def usual() -> Released:
    return described(make_tables(seed=1, covariates=[]))


def test_late_entry_is_shown_beside_what_ignoring_it_would_give() -> None:
    table = usual().table("late_entry")
    assert "too high" in table.title
    for row, name in zip(table.rows, ("survival_6_months", "survival_12_months"), strict=True):
        adjusted, *_, naive, _, _ = row.values
        assert adjusted == pytest.approx(usual().estimate(name).value, abs=0.001)
        # .03 a month on average: ignoring entry takes people for loyal who had left unseen
        assert isinstance(naive, float)
        assert naive > usual().estimate(name).value + 0.05
    frames = make_frames(n=900)
    hired = frames["spells"].filter(pl.col("start") >= dt.date(2021, 1, 1))
    late = described(FakeTables(make_study(covariates=[]), {**frames, "spells": hired}))
    assert "late_entry" not in {t.name for t in late.tables}


def test_risk_sets_by_horizon_are_rounded_counts() -> None:
    table = usual().table("risk_sets")
    spells = build_frame(make_tables(seed=1, covariates=[])).spells
    for row, horizon in zip(table.rows, (6.0, 12.0), strict=True):
        at_risk = int(np.sum((spells.entry < horizon) & (spells.duration >= horizon)))
        left = int(np.sum((spells.event > 0) & (spells.duration <= horizon)))
        assert row.values == (5 * round(at_risk / 5), 5 * round(left / 5))
    assert "from hire to" in table.title


def test_early_tenure_nobody_saw_is_said_in_the_answer() -> None:
    frames = make_frames()
    old = frames["spells"].filter(pl.col("start") < dt.date(2020, 7, 1))
    found = described(FakeTables(make_study(covariates=[]), {**frames, "spells": old}))
    assert "Nobody can say from these data how many leave in their first" in found.answer
    assert all("of those who reach" in e.label for e in found.estimates if e.name.startswith("survival"))
    assert "first 6 months" not in usual().answer


def test_bands_respect_clusters_and_are_greenwoods_without() -> None:
    plain, team = (make_tables(seed=1, covariates=[], **more) for more in ({}, {"cluster": "team"}))
    one, two = (fit_description(build_frame(t), t.study.turnover) for t in (plain, team))
    spells = build_frame(plain).spells
    assert spells.cluster is None
    greenwood = fit_kaplan_meier(spells.entry, spells.duration, spells.event)
    assert (one.survival.std_error == greenwood.std_error).all()
    assert (two.survival.survival == one.survival.survival).all()
    assert two.survival.n_clusters == 60
    assert not np.allclose(two.survival.std_error, one.survival.std_error)
    assert any("in one team as belonging together" in text for text in described(team).assumptions)
    found = describe(build_frame(team), two, (), provenance=PROVENANCE).estimates
    mean = next(e for e in found if e.name == "restricted_mean_12_months")
    assert two.restricted_mean is not None
    assert mean.high is not None
    # t with 59 degrees of freedom
    assert mean.high - mean.value == pytest.approx(2.001 * two.restricted_mean[1], rel=1e-4)


def test_teams_that_leave_together_make_bands_wider_and_coverage_right() -> None:
    """300 worlds of 50 teams: the clustered interval of S(6) covers, Greenwood's does not."""
    rng = np.random.default_rng(5)
    team = np.repeat(np.arange(50), 10)
    # half of the teams leave at twice the rate of the others, E S(6) = (e^-.3 + e^-.6) / 2
    true = (np.exp(-0.3) + np.exp(-0.6)) / 2
    hits = np.zeros(2)
    worlds = 300
    for _ in range(worlds):
        rate = np.where(rng.random(50) < 0.5, 0.05, 0.1)
        common = rng.exponential(1 / rate)
        own = rng.exponential(1 / rate[team])
        # in half of the teams everyone leaves on one day
        time = np.where((rng.random(50) < 0.5)[team], common[team], own)
        time, event = np.minimum(time, 12.0), (time < 12).astype(int)
        for i, cluster in enumerate((None, team)):
            _, _, low, high = fit_kaplan_meier(np.zeros(500), time, event, cluster=cluster).at(6.0)
            hits[i] += low <= true <= high
    covered = hits / worlds
    assert covered[0] < 0.8
    assert abs(covered[1] - 0.95) < 2.576 * np.sqrt(0.95 * 0.05 / worlds)


def test_who_came_back_is_a_cluster_and_it_is_said() -> None:
    frames = make_frames(n=900)
    spells = frames["spells"]
    back = spells.filter(pl.col("end") < dt.date(2022, 6, 1)).with_columns(
        start=pl.col("end") + dt.timedelta(days=90),
        end=pl.lit(None, pl.Date),
        exit_reason=pl.lit(None, pl.String),
    )
    study = make_study(covariates=[])
    tables = FakeTables(study, {**frames, "spells": pl.concat([spells, back])})
    frame = build_frame(tables)
    assert frame.spells.clustered_by == "person"
    assert frame.spells.cluster is not None
    assert np.unique(frame.spells.cluster).size == frame.n_people < frame.spells.entry.size
    # the second spell begins at tenure 0
    again = frame.spells.start is not None and (frame.spells.entry == 0).sum()
    assert again >= back.height
    found = described(tables)
    assert any("begins again at tenure 0" in text for text in found.limits)
    assert any("spells of one person as belonging together" in text for text in found.assumptions)
    assert not any("begins again" in text for text in usual().limits)


def test_what_can_not_be_described_is_an_answer_with_checks() -> None:
    tables = make_tables(covariates=[])
    frame = build_frame(tables)
    why = Unanswered(reason="Too few people.")
    evidence = describe(frame, why, check_description(frame, why), provenance=PROVENANCE)
    found = release(evidence, tables.study)
    assert found.answer.startswith("Not answered")
    assert {c.name for c in found.checks} == {"some_are_still_there", "exits_spread_over_days"}


def test_checks_of_the_extract_both_ways() -> None:
    assert some_are_still_there(10, 10).passed
    assert some_are_still_there(9, 10).passed is False
    rng = np.random.default_rng(1)
    spread = rng.integers(0, 1000, 200) / 31
    assert exits_spread_over_days(spread, 10).passed
    assert exits_spread_over_days(np.concatenate((spread, np.full(200, 3.0))), 10).passed is False
    # nine exits on a day are no closure
    assert exits_spread_over_days(np.full(9, 3.0), 10).passed


def _fires(seed: int, *, dependent: bool) -> bool:
    """People hired earlier (they enter observation late) leave at a third of the rate, or at the same."""
    rng = np.random.default_rng([7, seed])
    entry = np.where(rng.random(300) < 0.5, 0.0, rng.uniform(0, 24, 300))
    mean = np.where((entry > 0) & dependent, 45.0, 15.0)
    lasted, followed = rng.exponential(mean), rng.uniform(6, 36, 300)
    event = (lasted <= followed).astype(int)
    test = assess_truncation(entry, entry + np.minimum(lasted, followed), event)
    assert test is not None
    return test.p_value < 0.05


@pytest.mark.parametrize("dependent", [True, False])
def test_dependent_truncation_is_found_and_clean_worlds_are_left_alone(dependent: bool) -> None:
    """At least 90 % of worlds with the fault, at most 10 % without, by the 99 % Monte Carlo interval."""
    worlds = 100
    share = np.mean([_fires(seed, dependent=dependent) for seed in range(worlds)])
    margin = 2.576 * np.sqrt(0.9 * 0.1 / worlds)
    if dependent:
        assert share >= 0.9 - margin
    else:
        assert share <= 0.1 + margin
