"""Detectable faults, scored both ways: each check fires where the fault is and stays silent where it is not.

Organisations of the default one's size and exits, simulated directly at fixed seeds: at least 90 % of those
with the fault, at most 10 % of those without.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy import stats

from tests.turnover.builders import FakeTables, make_frames, make_study, make_tables
from wellperf_models.evidence import Check
from wellperf_models.inference.aft import fit_aft
from wellperf_models.inference.concordance import concordance
from wellperf_models.inference.cox import fit_cox
from wellperf_models.inference.frailty import fit_frailty
from wellperf_models.inference.proportional_hazards import assess_proportional_hazards
from wellperf_models.inference.split_rows import split_rows
from wellperf_models.turnover import build_frame, check_cox, checks, fit_cox as fit_turnover_cox
from wellperf_models.turnover.checks_sensitivity import sensitivity_agrees

Floats = NDArray[np.float64]
World = tuple[Floats, Floats, NDArray[np.bool_], Floats, NDArray[np.int64]]


def share_failing(make: Callable[[int], Check], worlds: int) -> float:
    return float(np.mean([make(seed).passed is False for seed in range(worlds)]))


def organisation(seed: int, *, early: float, late: float, frailty: float = 0.0, n: int = 1200) -> World:
    """Late entry, 36 months, about 600 exits; the log hazard ratio of the first covariate is `early` in the
    first year and `late` afterwards; teams of 25 share a gamma frailty."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=n), rng.uniform(size=n) < 0.4]).astype(float)
    team = np.arange(n) // 25
    shared = rng.gamma(1 / frailty, frailty, n)[team] if frailty else np.ones(n)
    entry = np.where(rng.uniform(size=n) < 0.5, 0.0, rng.uniform(0, 24, n))
    base = 0.018 * shared * np.exp(0.2 * X[:, 1])
    first, then = base * np.exp(early * X[:, 0]), base * np.exp(late * X[:, 0])
    drawn = rng.exponential(size=n)
    in_first_year = first * np.maximum(12 - entry, 0)
    time = np.where(
        drawn < in_first_year,
        entry + drawn / first,
        np.maximum(entry, 12) + (drawn - in_first_year) / then,
    )
    return entry, np.minimum(time, entry + 36), time <= entry + 36, X, team


def _proportional(world: World) -> Check:
    entry, exit, event, X, _ = world
    p_values = assess_proportional_hazards(fit_cox(entry, exit, event, X), {"a": [0], "b": [1]})
    return checks.proportional_hazards(p_values)


def test_a_hazard_ratio_that_wears_off_is_noticed() -> None:
    # 1.65 times as often per standard deviation in the first year, and no difference afterwards
    assert share_failing(lambda s: _proportional(organisation(s, early=0.5, late=0.0)), 60) >= 0.9
    assert share_failing(lambda s: _proportional(organisation(s, early=0.5, late=0.5)), 60) <= 0.1
    # teams that differ are not taken for it (.065 in 400 other organisations, also with a variance of .3)
    teams = share_failing(lambda s: _proportional(organisation(s, early=0.5, late=0.5, frailty=0.15)), 60)
    assert teams <= 0.1


def _ordering(seed: int, *, leaked: bool) -> Check:
    """C of people the model has not seen, with a covariate that was written down after the exit or not."""
    rng = np.random.default_rng(seed)
    entry, exit, event, X, _ = organisation(seed, early=0.4, late=0.4, n=700)
    if leaked:
        # hours of training in all up to the extract: who stays longer has had more
        X = np.column_stack([X, np.log((exit - entry) * rng.gamma(6, 1 / 6, event.size))])
    seen = rng.uniform(size=event.size) < 0.5
    fit = fit_cox(entry[seen], exit[seen], event[seen], X[seen])
    found = concordance(entry[~seen], exit[~seen], event[~seen], X[~seen] @ fit.beta)
    return checks.plausible_concordance(found.c)


def test_a_covariate_that_knows_the_outcome_raises_the_alarm() -> None:
    assert share_failing(lambda s: _ordering(s, leaked=True), 60) >= 0.9
    assert share_failing(lambda s: _ordering(s, leaked=False), 60) <= 0.1


def _dates(seed: int, *, late: bool) -> Check:
    """1,000 values known 1 to 90 days before their month; or one in a hundred from within it."""
    rng = np.random.default_rng(seed)
    month = rng.integers(18_000, 19_000, 1000)
    age = rng.integers(1, 90, 1000)
    if late:
        age = np.where(rng.uniform(size=1000) < 0.01, -rng.integers(0, 30, 1000), age)
    return checks.covariates_from_before(month - age, month)


def test_values_from_the_month_itself_are_noticed() -> None:
    assert share_failing(lambda s: _dates(s, late=True), 100) >= 0.9
    assert share_failing(lambda s: _dates(s, late=False), 100) == 0


def test_the_panel_uses_the_last_value_before_the_month_and_no_other() -> None:
    """Against the tables, value by value; scores given in the month of exit would foretell it."""
    frames = make_frames(seed=3, n=300)
    told = frames["spells"].filter(pl.col("end").is_not_null())
    after = told.select(
        "employee_id",
        measure=pl.lit("exhaustion"),
        item=pl.lit(None, dtype=pl.String),
        date=pl.col("end").dt.month_start(),
        value=pl.lit(99.0),
    )
    frames["surveys"] = pl.concat([frames["surveys"], after.select(frames["surveys"].columns)])
    tables = FakeTables(make_study(), frames)
    frame = build_frame(tables)
    assert frame.months is not None
    assert 99.0 not in frame.months["exhaustion"].to_list()
    given = frames["surveys"].sort("date").partition_by("employee_id", as_dict=True)
    named = dict(frame.months.select("employee_id", "person").unique().iter_rows())
    assert len(named) > 200
    wrong = 0
    for row in frame.months.iter_rows(named=True):
        own = given.get((row["employee_id"],))
        before = [] if own is None else own.filter(pl.col("date") < row["period"])["value"].to_list()
        wrong += (before[-1] if before else None) != row["exhaustion"]
    assert wrong == 0
    # planted: the rows of one exit take the value of its own month
    assert frame.rows is not None
    cox = fit_turnover_cox(frame, tables.study.turnover)
    assert _state(check_cox(frame, cox)) is True
    day = frame.rows.measured_day.copy()
    day[np.flatnonzero(frame.rows.event == 1)[0]] = frame.rows.period_day.max()
    planted = dataclasses.replace(frame, rows=dataclasses.replace(frame.rows, measured_day=day))
    assert _state(check_cox(planted, cox)) is False


def _state(found: tuple[Check, ...]) -> bool | None:
    return next(c.passed for c in found if c.name == "covariates_from_before")


def _agreement(seed: int, *, between: bool) -> Check:
    """One covariate, 24 teams of 40: it goes with leaving person by person, or only because it is commoner in
    teams that leave for another reason."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(24), 40)
    of_team = rng.normal(size=24)[team]
    x = np.sqrt(0.3) * of_team + np.sqrt(0.7) * rng.normal(size=team.size)
    log_rate = 0.6 * of_team if between else 0.35 * x + 0.3 * rng.normal(size=24)[team]
    entry = np.where(rng.uniform(size=team.size) < 0.5, 0.0, rng.uniform(0, 24, team.size))
    exit = entry + rng.exponential(1 / (0.02 * np.exp(log_rate)))
    event = exit <= entry + 36
    exit, X = np.minimum(exit, entry + 36), x[:, None]
    beta = fit_cox(entry, exit, event, X).beta
    weibull = fit_aft(entry, exit, event, X, shape="weibull")
    logistic = fit_aft(entry, exit, event, X, shape="log_logistic")
    pieces = split_rows(entry, exit, event, np.quantile(exit[event], (0.25, 0.5, 0.75)))
    frailty = fit_frailty(
        pieces.band, pieces.stop - pieces.start, pieces.event.astype(float), X[pieces.row], team[pieces.row]
    )
    others = {
        "frailty": frailty.beta,
        "weibull": -weibull.beta / weibull.scale,
        "log_logistic": -logistic.beta / weibull.scale,
    }
    return sensitivity_agrees(beta, [0], others, ["x"])


def test_other_models_disagree_where_an_association_lies_between_teams_alone() -> None:
    faulty = [_agreement(seed, between=True) for seed in range(15)]
    clean = [_agreement(seed, between=False) for seed in range(15)]
    assert np.mean([c.passed is False for c in faulty]) >= 0.9
    assert np.mean([c.passed is False for c in clean]) <= 0.1
    # and not by a hair: without the fault an association keeps most of its size
    assert min(c.value for c in clean if c.value is not None) > 0.8


@pytest.mark.parametrize("changing", [True, False])
def test_where_ratios_change_they_are_given_by_tenure(changing: bool) -> None:
    from wellperf_models.turnover.model_tenure import ByTenure

    frame = build_frame(make_tables())
    assert frame.rows is not None
    entry, exit, event, X, team = organisation(4, early=0.6, late=0.0 if changing else 0.6, n=3000)
    design = dataclasses.replace(frame.rows.design, X=X)
    person = np.arange(entry.size)
    rows = dataclasses.replace(
        frame.rows,
        entry=entry,
        exit=exit,
        event=event.astype(np.int64),
        design=design,
        person=person,
        cluster=team,
        stratum=None,
    )
    study = make_study(period_edges_months=[6.0, 12.0, 24.0, 36.0])
    cox = fit_turnover_cox(dataclasses.replace(frame, rows=rows), study.turnover)
    if not changing:
        assert cox.by_tenure is None
        return
    assert isinstance(cox.by_tenure, ByTenure)
    assert cox.by_tenure.covariates == ("exhaustion",)
    ratios = cox.by_tenure.ratios
    assert (ratios[0].start, ratios[-1].end) == (0.0, np.inf)
    assert 3 <= len(ratios) <= 4
    assert 12.0 in {r.end for r in ratios}
    quantile = stats.norm.ppf(1 - 0.01 / 2 / len(ratios))
    for ratio in ratios:
        truth = 0.6 if ratio.end <= 12 else 0.0
        assert abs(ratio.beta - truth) < quantile * ratio.std_error
    # the average is neither
    assert 0.1 < cox.fit.beta[0] < 0.5
