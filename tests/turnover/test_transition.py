"""Transitional employment: a known ratio of rates is recovered, and the probability means what it says."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import wellperf_models as wp
from tests.turnover.builders import AS_OF, PROVENANCE, FakeTables
from wellperf_models.disclosure import Released
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.rate_ratio import fit_rate_ratio, rate_interval
from wellperf_models.study import Study
from wellperf_models.turnover import build_frame
from wellperf_models.turnover.rows import TurnoverFrame
from wellperf_models.turnover.transition.checks import check_transition, one_by_one, same_tenures, whole_years
from wellperf_models.turnover.transition.dispersion import Dispersion
from wellperf_models.turnover.transition.findings import judge_transition
from wellperf_models.turnover.transition.model import TransitionModel, fit_transition
from wellperf_models.turnover.transition.plots import plot_transition


def study_of(asked: dict[str, Any] | None = None, *, dated: bool = True, **turnover: Any) -> Study:
    section: dict[str, Any] = {
        "causes": ["permanent_job", "other"],
        "horizons_months": [6.0, 12.0, 24.0],
        "transition": asked if asked is not None else {},
    }
    general: dict[str, Any] = {"name": "t", "as_of": AS_OF, "seed": 4}
    if dated:
        general["observed_from"] = dt.date(2021, 1, 1)
    tables = {"spells": {"path": "s.csv"}, "assignments": {"path": "a.csv"}}
    return Study.model_validate({"study": general, "tables": tables, "turnover": section | turnover})


def placements(
    seed: int, *, n: int = 700, factor: float = 1.2, wave: bool = False, bunched: bool = False
) -> dict[str, pl.DataFrame]:
    """Day by day: the rate of a permanent job rises with tenure, and by `factor` in the last calendar year.

    Args:
        wave: Most placements begin in the last year, when people are still at tenures with low rates.
        bunched: Teams of 20 move on together, half of a team at a time.
    """
    rng = np.random.default_rng(seed)
    day0, last, year = dt.date(2020, 7, 1), (AS_OF - dt.date(2020, 7, 1)).days, 365
    begin = rng.integers(0, last - 30, n)
    if wave:
        begin = np.where(rng.random(n) < 0.6, rng.integers(last - year, last - 30, n), begin)
    # piecewise constant: .015 a month in the first half year, .06 afterwards
    length = 30.4375
    out = np.full(n, last + 1)
    reason = np.full(n, "", dtype=object)
    team = rng.integers(0, n // 20, n)
    luck = rng.gamma(0.5, 2.0, (n // 20, 2)) if bunched else np.ones((n // 20, 2))
    t = begin.astype(float)
    alive = np.ones(n, bool)
    for day in range(int(begin.min()), last + 1, 5):
        at = alive & (t <= day)
        tenure = (day - begin) / length
        late = day > last - year
        rate = np.where(tenure < 6, 0.015, 0.06) * (factor if late else 1.0) * luck[team, int(late)]
        draw = rng.random(n)
        job = at & (draw < rate * 5 / length)
        other = at & ~job & (draw > 1 - 0.015 * 5 / length)
        for chosen, word in ((job, "permanent_job"), (other, "other")):
            out[chosen] = np.minimum(day + rng.integers(0, 5, int(chosen.sum())), last)
            reason[chosen] = word
            alive &= ~chosen
    start = [day0 + dt.timedelta(days=int(d)) for d in begin]
    end = [day0 + dt.timedelta(days=int(d)) if w else None for d, w in zip(out, reason, strict=True)]
    spells = pl.DataFrame(
        {
            "employee_id": [f"p{i:04}" for i in range(n)],
            "start": start,
            "end": pl.Series(end, dtype=pl.Date),
            "exit_reason": pl.Series([w or None for w in reason], dtype=pl.String),
        }
    ).filter(pl.col("end").is_null() | (pl.col("end") >= dt.date(2021, 1, 1)))
    assignments = pl.DataFrame(
        {
            "employee_id": [f"p{i:04}" for i in range(n)],
            "start": start,
            "end": pl.Series([None] * n, dtype=pl.Date),
            "team": [f"t{i}" for i in team],
            "department": ["d"] * n,
            "site": ["s"] * n,
        }
    )
    return {"spells": spells, "assignments": assignments}


def fitted(study: Study, frames: dict[str, pl.DataFrame]) -> tuple[TurnoverFrame, TransitionModel]:
    frame = build_frame(FakeTables(study, frames))
    return frame, fit_transition(frame, study.turnover)


def released(study: Study, frames: dict[str, pl.DataFrame]) -> Released:
    frame, model = fitted(study, frames)
    return wp.release(
        judge_transition(frame, model, check_transition(frame, model), provenance=PROVENANCE), study
    )


@pytest.mark.parametrize(("d", "d0", "e", "e0"), [(30, 20, 100, 90), (0, 5, 10, 12), (400, 300, 1e4, 1.1e4)])
def test_one_stratum_is_the_scaled_f(d: int, d0: int, e: float, e0: float) -> None:
    found = fit_rate_ratio(*(np.array([float(x)]) for x in (d, d0, e, e0)))
    law = stats.f(2 * d + 1, 2 * d0 + 1, scale=(d + 0.5) / (d0 + 0.5) * e0 / e)
    np.testing.assert_allclose((found.low, found.value, found.high), law.ppf([0.025, 0.5, 0.975]), rtol=5e-5)
    for goal in (0.5, 1.0, 1.2, 2.0):
        assert found.prob_at_least(goal) == pytest.approx(law.sf(goal), abs=1e-6)


def test_strata_with_one_ratio_but_different_rates() -> None:
    """Were the strata pooled, the change in who is there would be read as a change of the rate."""
    found = fit_rate_ratio(*(np.array(x, float) for x in ([600, 30], [30, 600], [3000, 1000], [150, 20000])))
    assert found.low < 1 < found.high
    pooled = fit_rate_ratio(*(np.array([float(x)]) for x in (630, 630, 4000, 20150)))
    assert pooled.low > 4
    with pytest.raises(DesignError, match="same tenure"):
        fit_rate_ratio(*(np.array(x, float) for x in ([5, 0], [0, 5], [10, 0], [0, 10])))


def test_the_interval_covers_and_the_probability_is_calibrated() -> None:
    """Poisson counts by stratum, 400 worlds: coverage, and the share in which the probability is below u."""
    rng = np.random.default_rng(12)
    months, before = np.array([1500.0, 900.0, 300.0]), np.array([900.0, 900.0, 700.0])
    rate, true, worlds = np.array([0.01, 0.03, 0.02]), 1.2, 400
    covered, probability = 0, np.empty(worlds)
    for i in range(worlds):
        found = fit_rate_ratio(rng.poisson(true * rate * months), rng.poisson(rate * before), months, before)
        covered += found.low <= true <= found.high
        probability[i] = found.prob_at_least(true)
    # 99 % Monte Carlo intervals around the nominal
    assert abs(covered / worlds - 0.95) < 2.576 * np.sqrt(0.95 * 0.05 / worlds)
    for u in (0.1, 0.25, 0.5, 0.75, 0.9):
        # two-sided, Bonferroni over five: 3.09 standard errors
        assert abs(np.mean(probability < u) - u) < 3.09 * np.sqrt(u * (1 - u) / worlds)


def test_a_rate_with_few_events_has_an_interval() -> None:
    value, low, high = rate_interval(0, 100)
    assert 0 < low < value < high < 0.05


def test_a_known_ratio_is_recovered_and_a_wave_of_newcomers_does_not_fake_one() -> None:
    section = study_of()
    logs, crude = [], []
    for seed in range(12):
        _, model = fitted(section, placements(seed, wave=True))
        logs.append((np.log(model.ratio.value) - np.log(1.2)) / model.ratio.log_sd)
        crude.append(model.crude.value)
    assert abs(np.mean(logs)) < 2.576 / np.sqrt(len(logs))
    # newcomers make the latest year look bad where tenure is not regarded
    assert np.mean(crude) < 1


def test_counts_of_a_period_are_those_of_the_calendar() -> None:
    frames = placements(3)
    _, model = fitted(study_of(), frames)
    spells = frames["spells"].filter(pl.col("exit_reason") == "permanent_job")
    for period, year in ((model.later, 2023), (model.earlier, 2022)):
        assert period.n_events == spells.filter(pl.col("end").dt.year() == year).height
        assert period.words == f"{year}-01 to {year}-12"
        # months at risk by days over the mean length of a month
        first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
        inside = frames["spells"].with_columns(
            a=pl.max_horizontal("start", pl.lit(first)),
            b=pl.min_horizontal(pl.col("end").fill_null(last), pl.lit(last)),
        )
        days = inside.select(((pl.col("b") - pl.col("a")).dt.total_days() + 1).clip(0).sum()).item()
        assert period.months == pytest.approx(days / 30.4375, rel=0.005)


def test_the_answer_is_worded_as_an_aim_and_gated() -> None:
    found = released(study_of(), placements(1, factor=1.6))
    text = str(found.answer)
    assert "moved to a permanent job" in text
    assert "lost" not in text
    assert "goal was +20 %, a ratio of 1.2" in text
    assert found.estimate("goal_reached_probability").value > 0.5
    shares = found.estimate("permanent_job_exits_24_months")
    frame = build_frame(FakeTables(study_of(), placements(1, factor=1.6)))
    description = wp.turnover.fit_description(frame, study_of().turnover)
    assert shares.value == pytest.approx(description.shown_incidence.at(24, 1)[0], abs=0.01)
    assert found.has("reached_of_starters_latest")
    frame, model = fitted(study_of(), placements(1, factor=1.6))
    evidence = judge_transition(frame, model, (), provenance=PROVENANCE)
    for support in [e.support for e in evidence.estimates] + [r.support for r in evidence.tables[0].rows]:
        assert support.members is not None
        assert len(support.members.people) == support.n_people
        assert support.members.events <= support.members.people
    assert [c.name for c in found.checks if c.passed is False] == []
    picture = plot_transition(found)
    assert picture is not None
    assert "goal was 1.2" in picture.alt
    few = released(study_of(), placements(1, n=25))
    assert not few.estimates
    assert plot_transition(few) is None


def test_what_can_not_be_answered_says_why() -> None:
    frames = placements(2, n=300)
    not_asked = study_of(transition=None)
    frame = build_frame(FakeTables(not_asked, frames))
    why = wp.attempt(fit_transition, frame, not_asked.turnover)
    assert isinstance(why, Unanswered)
    assert "does not ask" in why.words
    assert check_transition(frame, why) == ()
    evidence = judge_transition(frame, why, (), provenance=PROVENANCE)
    assert wp.release(evidence, not_asked).estimates == ()
    late = study_of()
    late = late.model_copy(
        update={"study": late.study.model_copy(update={"observed_from": dt.date(2023, 2, 1)})}
    )
    frame = build_frame(FakeTables(late, frames))
    with pytest.raises(DesignError, match="was not observed"):
        fit_transition(frame, late.turnover)
    undated = study_of(dated=False)
    months = pl.DataFrame(
        {"employee_id": ["a", "b"], "duration_months": [4.0, 9.0], "exit_reason": ["permanent_job", None]}
    )
    frame = build_frame(FakeTables(undated, {"spells": months}))
    with pytest.raises(DesignError, match="no dates"):
        fit_transition(frame, undated.turnover)


def test_checks_both_ways() -> None:
    calm = Dispersion(by_month=1.0, p_value=0.4, by_cluster=1.1, clustered_by="team", used=1.1)
    assert one_by_one(calm, 40).passed
    assert one_by_one(dataclasses.replace(calm, p_value=0.01), 40).passed is False
    assert one_by_one(dataclasses.replace(calm, by_cluster=3.0), 40).passed is False
    assert one_by_one(calm, 5).passed is False
    assert (
        one_by_one(
            Dispersion(by_month=None, p_value=None, by_cluster=None, clustered_by="", used=1), 0
        ).passed
        is None
    )
    assert whole_years(24).passed
    assert whole_years(6).passed is False
    assert same_tenures(0.95).passed
    assert same_tenures(0.6).passed is False
    half = study_of({"months": 6})
    half = half.model_copy(
        update={"study": half.study.model_copy(update={"observed_from": dt.date(2023, 3, 1)})}
    )
    frame, model = fitted(half, placements(0))
    failed = {c.name for c in check_transition(frame, model) if c.passed is False}
    assert failed >= {"whole_years", "comparable_follow_up"}


def test_bunches_are_found_and_widen_the_interval() -> None:
    study = study_of(cluster="team")
    wide, calm = [], []
    for seed in range(6):
        for found, bunched in ((wide, True), (calm, False)):
            frame, model = fitted(study, placements(seed, bunched=bunched))
            check = next(c for c in check_transition(frame, model) if c.name == "one_by_one")
            found.append(check.passed)
            assert model.ratio.log_sd >= model.unwidened[0].log_sd - 1e-12
    assert wide.count(False) >= 5
    assert calm.count(False) <= 1


def test_teams_of_one_period_only_are_no_bunches() -> None:
    """Teams by the day people began: what a team did is held against its own months at risk."""
    study = study_of(cluster="team")
    found = []
    for seed in range(6):
        frames = placements(seed)
        rank = frames["assignments"]["start"].rank("ordinal") // 20
        frames["assignments"] = frames["assignments"].with_columns(team=rank.cast(pl.String))
        _, model = fitted(study, frames)
        assert model.dispersion.by_cluster is not None
        found.append(model.dispersion.by_cluster)
    # about 35 teams: the mean of six has a standard error of about .1
    assert abs(np.mean(found) - 1) < 0.35


def test_no_share_is_shown_that_the_description_keeps_back() -> None:
    """Where few leave otherwise, the share of the aim and of those still there would give those few away."""
    kept_back = 0
    for n in (90, 130, 200):
        frames = placements(5, n=n)
        frame, model = fitted(study_of(), frames)
        assert not isinstance(model.description, Unanswered)
        evidence = judge_transition(frame, model, (), provenance=PROVENANCE)
        told = {e.name for e in evidence.estimates if e.name.startswith("permanent_job_exits")}
        described = wp.turnover.describe(frame, model.description, (), provenance=PROVENANCE)
        assert told == {e.name for e in described.estimates if e.name.startswith("permanent_job_exits")}
        kept_back += len(model.description.horizons) - len(told)
    assert kept_back
