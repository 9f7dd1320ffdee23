"""What must not matter does not: order of rows, ids, unit of time, names of groups, weights."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.turnover.builders import FakeTables, make_frames, make_study
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.aalen_johansen import fit_aalen_johansen
from wellperf_models.inference.cox import CoxFit, fit_cox
from wellperf_models.inference.hazard import fit_hazard
from wellperf_models.inference.kaplan_meier import fit_kaplan_meier, restricted_mean
from wellperf_models.inference.rate_ratio import fit_rate_ratio
from wellperf_models.inference.truncation import assess_truncation
from wellperf_models.turnover import build_frame, fit_cox as fit_turnover_cox, fit_description
from wellperf_models.turnover.rows import rows_by_group

QUICK = settings(deadline=None, max_examples=20, derandomize=True)
SLOW = settings(deadline=None, max_examples=3, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
FRAMES = make_frames(seed=3, n=250)


@dataclasses.dataclass(frozen=True)
class Rows:
    """Spells with ties, late entry and two causes."""

    entry: np.ndarray
    exit: np.ndarray
    event: np.ndarray
    X: np.ndarray
    stratum: np.ndarray
    cluster: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> Rows:
        return Rows(*(getattr(self, f.name)[rows] for f in dataclasses.fields(self)))


@st.composite
def spells(draw: st.DrawFn) -> Rows:
    seed, n = draw(st.integers(0, 10_000)), draw(st.integers(40, 120))
    rng = np.random.default_rng(seed)
    entry = rng.integers(0, 6, n) * (rng.random(n) < 0.5) * 1.0
    return Rows(
        entry=entry,
        exit=entry + rng.integers(1, 15, n),
        event=rng.integers(0, 3, n),
        X=np.column_stack((rng.normal(size=n), rng.random(n) < 0.5)).astype(float),
        stratum=rng.integers(0, 2, n),
        cluster=rng.integers(0, 12, n),
    )


def cox(rows: Rows) -> CoxFit | None:
    try:
        return fit_cox(
            rows.entry, rows.exit, rows.event == 1, rows.X, stratum=rows.stratum, cluster=rows.cluster
        )
    except (DesignError, ConvergenceError):
        return None


def curves(rows: Rows, cluster: np.ndarray | None = None) -> list[np.ndarray]:
    """Kaplan–Meier and Aalen–Johansen with their errors, and the area up to 12."""
    km = fit_kaplan_meier(rows.entry, rows.exit, rows.event, cluster=cluster)
    aj = fit_aalen_johansen(rows.entry, rows.exit, rows.event, 2, cluster=cluster)
    return [km.survival, km.std_error, aj.incidence, aj.std_error]


def same(one: list[np.ndarray], two: list[np.ndarray], tolerance: float = 1e-12) -> None:
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


@QUICK
@given(spells(), st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_clusters(rows: Rows, random: object) -> None:
    order = np.random.default_rng(random.randrange(10**6)).permutation(rows.entry.size)  # type: ignore[attr-defined]
    names = np.random.default_rng(1).permutation(1000)[:12] - 500
    for cluster, other in ((None, None), (rows.cluster, names[rows.cluster][order])):
        same(curves(rows, cluster), curves(rows[order], other))
    one, two = cox(rows), cox(rows[order])
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        np.testing.assert_allclose(one.beta, two.beta, atol=1e-8)
        np.testing.assert_allclose(one.std_error, two.std_error, atol=1e-8)
    tests = [assess_truncation(r.entry, r.exit, r.event) for r in (rows, rows[order])]
    assert tests[0] is not None
    assert tests[1] is not None
    assert tests[0].z == pytest.approx(tests[1].z, abs=1e-10)


@QUICK
@given(spells(), st.sampled_from([1 / 12, 30.4375, 0.1, 7.0]))
def test_the_unit_of_time_rescales_tenure_and_nothing_else(rows: Rows, unit: float) -> None:
    """Months to years: shares, coefficients and tests are the same, times and areas are in the new unit."""
    scaled = dataclasses.replace(rows, entry=rows.entry * unit, exit=rows.exit * unit)
    same(curves(rows, rows.cluster), curves(scaled, rows.cluster))
    one, two = (fit_kaplan_meier(r.entry, r.exit, r.event) for r in (rows, scaled))
    np.testing.assert_allclose(two.times, one.times * unit, rtol=1e-12)
    areas = (restricted_mean(one, 0, 12), restricted_mean(two, 0, 12 * unit))
    np.testing.assert_allclose(areas[1], np.array(areas[0]) * unit, rtol=1e-9)
    fits = cox(rows), cox(scaled)
    if fits[0] is not None and fits[1] is not None:
        np.testing.assert_allclose(fits[0].beta, fits[1].beta, atol=1e-8)
        np.testing.assert_allclose(fits[1].baseline_hazard, fits[0].baseline_hazard, atol=1e-8)
    ratio = [fit_rate_ratio(np.array([30.0]), np.array([20.0]), *e) for e in _months(unit)]
    assert ratio[0].prob_at_least(1.2) == pytest.approx(ratio[1].prob_at_least(1.2), abs=1e-9)


def _months(unit: float) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    e, e0 = np.array([400.0]), np.array([300.0])
    return (e, e0), (e * unit, e0 * unit)


@QUICK
@given(spells(), st.integers(2, 4))
def test_a_row_several_times_is_a_row_with_that_weight(rows: Rows, weight: int) -> None:
    """Curves stay, errors shrink with the root of the weight; copies in one cluster change no error."""
    n = rows.entry.size
    copies = rows[np.repeat(np.arange(n), weight)]
    one, two = curves(rows), curves(copies)
    same([one[0], one[2]], [two[0], two[2]])
    same([one[1] / np.sqrt(weight)], [two[1]])
    who = np.arange(n)
    same(curves(rows, who), curves(copies, np.repeat(who, weight)), 1e-10)
    # cells: twice the people, once, or once the people, twice
    period, half = np.array([0, 0, 1, 1]), np.array([0.0, 1.0, 0.0, 1.0])[:, None]
    at_risk, left = np.array([90.0, 80.0, 70.0, 60.0]), np.array([9.0, 12.0, 5.0, 9.0])
    twice = np.repeat(np.arange(4), weight)
    summed = fit_hazard(period, at_risk * weight, left * weight, half)
    listed = fit_hazard(period[twice], at_risk[twice], left[twice], half[twice])
    np.testing.assert_allclose(summed.beta, listed.beta, atol=1e-10)
    np.testing.assert_allclose(summed.beta, fit_hazard(period, at_risk, left, half).beta, atol=1e-10)
    # a world counted twice over: as if every person were `weight` people who do the same
    events, months = np.array([12.0, 5.0]), np.array([100.0, 60.0])
    single = fit_rate_ratio(events, events[::-1], months, months)
    again = fit_rate_ratio(events * weight, events[::-1] * weight, months * weight, months * weight,
                           dispersion=weight)  # fmt: skip
    assert again.value == pytest.approx(single.value, rel=1e-6)
    assert again.log_sd == pytest.approx(single.log_sd, rel=1e-6)


@QUICK
@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=40))
def test_rows_by_group_is_the_mask_of_every_group(names: list[str]) -> None:
    groups = np.array(names)
    found = rows_by_group(groups)
    assert [name for name, _ in found] == sorted(set(names))
    for name, rows in found:
        assert rows.tolist() == np.flatnonzero(groups == name).tolist()


def _answers(frames: dict[str, pl.DataFrame]) -> tuple[np.ndarray, ...]:
    study = make_study(cluster="team")
    frame = build_frame(FakeTables(study, frames))
    description, fit = fit_description(frame, study.turnover), fit_turnover_cox(frame, study.turnover)
    by_group = sorted((g.n_people, g.n_leavers, *g.curve.survival[:5]) for g in description.groups)
    return (
        description.survival.survival,
        description.survival.std_error,
        description.incidence.incidence,
        np.array(by_group),
        fit.fit.beta,
        fit.fit.std_error,
    )


@SLOW
@given(st.integers(0, 1000))
def test_ids_order_and_names_of_groups_do_not_matter_to_the_pillar(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = sorted({i for f in FRAMES.values() for i in f["employee_id"]})
    new = dict(zip(ids, [f"x{k:05}" for k in rng.permutation(90_000)[: len(ids)]], strict=True))
    department = {"ops": "b", "sales": "c", "it": "a"}
    changed = {
        name: frame.with_columns(pl.col("employee_id").replace_strict(new)).sample(
            fraction=1.0, shuffle=True, seed=seed
        )
        for name, frame in FRAMES.items()
    }
    teams = pl.col("team").str.replace("t", "team ")
    changed["assignments"] = changed["assignments"].with_columns(
        pl.col("department").replace_strict(department), teams
    )
    for one, two in zip(_answers(FRAMES), _answers(changed), strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-8)
