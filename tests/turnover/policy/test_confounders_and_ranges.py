"""Strata as confounders, the range of what is simulated and of what is told, and what must not follow."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from tests.fakes import FakeTables
from tests.turnover.builders import PROVENANCE
from tests.turnover.policy.builders import CAP, make_frame, make_frames, make_study
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import DesignError
from wellperf_models.study import Study
from wellperf_models.turnover import TurnoverFrame, build_frame
from wellperf_models.turnover.design import Minimum
from wellperf_models.turnover.policy.checks import check_policies, natural_course_of_covariates
from wellperf_models.turnover.policy.findings import what_if
from wellperf_models.turnover.policy.frame import build_histories
from wellperf_models.turnover.policy.frame_static import read_static
from wellperf_models.turnover.policy.model import PolicyFit, fit_policies
from wellperf_models.turnover.policy.model_cohort import take_cohort
from wellperf_models.turnover.policy.model_course import fit_courses
from wellperf_models.turnover.policy.model_effects import curve_of, effects_of
from wellperf_models.turnover.policy.model_groups import Replicate
from wellperf_models.turnover.policy.model_simulation import Arm

SHORT = CAP | {"horizon_months": 6}
Fitted = tuple[TurnoverFrame, Study, PolicyFit]


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    frame, study = make_frame({"cap": SHORT}, n=400)
    return frame, study, fit_policies(frame, study.turnover, n_refits=6)


def _confounded(n: int = 500) -> dict[str, pl.DataFrame]:
    """Overtime does nothing; two fifths of people, on another contract, work more of it and leave more."""
    frames = make_frames(0, n, per_hour=0.0)
    rng = np.random.default_rng(9)
    ids = frames["people"]["employee_id"].to_list()
    busy = dict(zip(ids, (rng.random(n) < 0.4).tolist(), strict=True))
    frames["people"] = frames["people"].with_columns(
        pl.Series("contract", ["fixed" if busy[i] else "open" for i in ids])
    )
    more = pl.Series([15.0 if busy[i] else 0.0 for i in frames["workload"]["employee_id"]])
    frames["workload"] = frames["workload"].with_columns(pl.col("overtime") + more)
    spells = frames["spells"]
    stays = [not busy[i] and bool(k < 0.8) for i, k in zip(spells["employee_id"], rng.random(n), strict=True)]
    frames["spells"] = spells.with_columns(
        pl.when(pl.Series(stays)).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("end", "exit_reason")
    )
    return frames


def test_a_confounder_declared_as_stratum_counts_like_one_declared_as_covariate() -> None:
    frames, found = _confounded(), []
    declared: list[tuple[list[str], list[str]]] = [(["contract"], []), ([], ["contract"]), ([], [])]
    for more, strata in declared:
        study = make_study({"cap": SHORT}, covariates=["overtime", "exhaustion", *more], strata=strata)
        fit = fit_policies(build_frame(FakeTables(study, frames)), study.turnover, n_refits=6)
        found.append(fit.results[0].effects)
    covariate, stratum, neither = found
    assert stratum["exits_avoided_per_100"] == covariate["exits_avoided_per_100"]
    assert stratum["exits_avoided_weighted_per_100"] == covariate["exits_avoided_weighted_per_100"]
    assert abs(stratum["exits_avoided_per_100"].value) < 1 < neither["exits_avoided_per_100"].value


def test_a_stratum_that_changes_is_known_by_month_and_stays_as_it_was_at_the_landmark(fitted: Fitted) -> None:
    frame, study, _ = fitted
    assert frame.months is not None
    moved = (pl.col("person") % 2 == 0) & (pl.col("period") >= pl.date(2023, 6, 1))
    months = frame.months.with_columns(
        pl.when(moved).then(pl.lit("new")).otherwise(pl.lit("old")).alias("site")
    )
    frame = dataclasses.replace(frame, months=months)
    histories = build_histories(frame, ("site",))
    assert histories.static.moving == ("site",)
    # both levels are common; June 2023 is month 17
    row = np.flatnonzero((histories.person % 2 == 0) & histories.at_risk.all(axis=1))[:1]
    before, after = (histories.static.at(row, np.array([m]))[0, -1] for m in (16, 17))
    assert abs(after - before) == 1
    cohort = take_cohort(histories, fit_courses(histories), (0,), 6, 6)
    here = int(np.flatnonzero((cohort.spell == row[0]) & (cohort.landmark == 12))[0])
    assert {b[here, -1] for b in cohort.base} == {before}
    section = study.turnover.model_copy(update={"strata": ("site",)})
    assert fit_policies(frame, section, n_refits=2).carried == ("site",)


def test_strata_that_are_numbers_are_categories_and_unknown_ones_refused() -> None:
    n = 100
    months = pl.DataFrame({"grade": np.arange(n) % 3, "pay": np.arange(n) * 1.5})
    row, column = np.arange(n), np.zeros(n, dtype=np.int64)

    def read(*strata: str) -> tuple[str, ...]:
        return read_static(
            months, row, column, (n, 1), declared={}, dated=(), strata=strata,
            minimum=Minimum(people=5, events=1),
        ).names  # fmt: skip

    assert read("grade") == ("grade: 1", "grade: 2")
    assert len(read("pay")) == 4
    with pytest.raises(DesignError, match="not known by month"):
        read("nowhere")


def _arm(left: float) -> Arm:
    share = np.array([0.0, left / 2, left])
    stay = 1 - share
    return Arm(
        stay=stay, left=share[:, None], months=float((stay[1:] + stay[:-1]).sum() / 2),
        course=np.zeros((2, 1)), weighted_left=np.array([left]),
    )  # fmt: skip


def test_intervals_of_shares_stay_within_what_is_possible() -> None:
    def replicate(left: float) -> Replicate:
        return Replicate(
            natural=_arm(left), under=(_arm(left / 2),), observed=(np.zeros((3, 1)), np.zeros(1))
        )

    point = [replicate(0.02), replicate(0.022)]
    refits = [replicate(left) for left in (0.004, 0.01, 0.02, 0.05, 0.06, 0.09)]
    found = effects_of(point, refits, place=0, changed=0, horizon=2, df=5)
    for name in ("exits_with_per_100", "exits_without_per_100"):
        assert 0 < found[name].low < found[name].value < found[name].high < 100, name
    for name in ("months_with", "months_without"):
        assert 0 < found[name].low < found[name].value < found[name].high < 2, name
    # a difference may be on either side of nothing
    assert found["exits_avoided_per_100"].low < 0
    nobody = curve_of([np.zeros(3)] * 2, [np.zeros(3)] * 3, 5)
    assert nobody.low.tolist() == nobody.value.tolist() == [0, 0, 0]


def _release(fitted: Fitted, fit: PolicyFit | None = None, *, in_full: bool = False) -> Released:
    frame, study, own = fitted
    fit = fit or own
    frame = dataclasses.replace(frame, in_full=in_full)
    return release(what_if(frame, fit, check_policies(fit), provenance=PROVENANCE), study)


def test_the_last_month_of_the_course_is_the_estimate(fitted: Fitted) -> None:
    frame, _, fit = fitted
    evidence = what_if(frame, fit, check_policies(fit), provenance=PROVENANCE)
    table = next(t for t in evidence.tables if t.name == "course_cap")
    estimates = {e.name: e for e in evidence.estimates}
    for row, name in zip(table.rows[-2:], ("exits_without_per_100", "exits_with_per_100"), strict=True):
        own = estimates[f"cap_{name}"]
        assert row.values[:3] == pytest.approx((own.value, own.low, own.high), rel=1e-12), name
        assert own.scale == "logit"


def test_a_policy_on_another_covariate_moves_nothing() -> None:
    """On a scale from 1: the other policy's floor of 0 is no score that anybody has as things are."""
    frames = make_frames(n=300)
    frames["surveys"] = frames["surveys"].with_columns(pl.col("value").clip(2.0, 5.0) - 1)
    tired = {"covariate": "exhaustion", "label": "less tired", "reduce_by": 0.5, "horizon_months": 6}
    found = []
    for policies in ({"cap": SHORT}, {"cap": SHORT, "tired": tired}):
        study = make_study(policies)
        fit = fit_policies(build_frame(FakeTables(study, frames)), study.turnover, n_refits=2)
        assert (fit.dated[1].floor, fit.dated[1].low, fit.dated[1].high) == (1, 1, 4)
        found.append(fit.results[0])
    one, two = found
    assert one.effects == two.effects
    for name, curve in one.curves.items():
        assert np.array_equal(curve.low, two.curves[name].low), name


def _leaving_otherwise(fit: PolicyFit, n: int) -> PolicyFit:
    result = fit.results[0]
    return dataclasses.replace(
        fit, results=(dataclasses.replace(result, other_leavers=result.other_leavers[:n]),)
    )


def test_few_who_left_otherwise_do_not_follow_by_subtraction(fitted: Fitted) -> None:
    fit = fitted[2]
    assert 10 <= fit.results[0].other_leavers.size < fit.results[0].leavers.size
    kept = _release(fitted, _leaving_otherwise(fit, 9))
    shown = {e.name for e in kept.estimates}
    assert "cap_exits_avoided_per_100" in shown
    assert not {n for n in shown if "months" in n or "all_exits" in n}
    for table in kept.tables:
        assert not [m.name for m in table.measures if m.name.startswith(("still", "months", "all_exits"))]
    assert "months longer" not in kept.answer
    assert any("follow by subtraction" in limit for limit in kept.limits)
    for whole in (
        _release(fitted, _leaving_otherwise(fit, 10)),
        _release(fitted, _leaving_otherwise(fit, 0)),
        _release(fitted, _leaving_otherwise(fit, 9), in_full=True),
    ):
        assert whole.has("cap_months_gained")
        assert whole.has("cap_all_exits_avoided_per_100")


def test_a_course_is_off_where_it_is_far_off_and_more_than_chance(fitted: Fitted) -> None:
    fit = fitted[2]
    result = fit.results[0]
    spread = np.array([d.spread for d in fit.dated])

    def passed(gap: float, error: float) -> bool | None:
        moved = dataclasses.replace(
            result,
            observed_course=result.natural.course - gap * spread,
            course_error=np.full(spread.size, error) * spread,
        )
        return natural_course_of_covariates(dataclasses.replace(fit, results=(moved,))).passed

    assert passed(0.3, 0.12)
    assert not passed(0.3, 0.05)
    assert passed(0.1, 0.001)
    assert not passed(-0.3, 0.05)
