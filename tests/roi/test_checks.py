"""Each check both ways: it fires in nine worlds of ten with the fault, in at most one of ten without."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tests.roi.builders import OUTCOMES, FakeTables, make_programmes, make_rows, make_tables
from wellperf_models.evidence import Check, Unanswered
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi import (
    Effects,
    RoiFrame,
    build_frame,
    check_contrast,
    check_effects,
    checks_balance as balance,
    checks_effects as checks,
    fit_effects,
)
from wellperf_models.roi.rows import Assigned, Effect

N_WORLDS = 40


def fitted(tables: FakeTables) -> tuple[RoiFrame, Effects]:
    section = tables.study.roi
    assert section is not None
    frame = build_frame(tables)
    return frame, fit_effects(frame, section)


def named(found: tuple[Check, ...]) -> dict[str, Check]:
    return {check.name: check for check in found}


def share_failing(check: Callable[[int], Check], worlds: int = N_WORLDS) -> float:
    """Share of worlds in which a check fails."""
    return float(np.mean([check(world).passed is False for world in range(worlds)]))


def effect_of(**changes: object) -> Effect:
    effect = (
        fitted(make_tables(make_rows(teams=20, icc=0.1), level="team"))[1].of["sick_days"].intention_to_treat
    )
    assert isinstance(effect, Effect)
    return dataclasses.replace(effect, **changes)  # type: ignore[arg-type]


def test_a_contrast_fails_its_design_whatever_its_number() -> None:
    for tables in (
        make_tables(),
        make_tables(make_rows(choice=0.0)),
        make_tables(design="participation"),
        make_tables(design="before_after"),
    ):
        found = check_contrast(*fitted(tables))
        assert found[0].name == "design_of_contrast"
        assert found[0].passed is False
        assert found[0].value is None
    assert "chose" in checks.design_of_contrast("randomised").text
    assert "time" in checks.design_of_contrast("before_after").text


def trial(world: int, *, shift: float = 0.0, choice: float = 1.0) -> tuple[RoiFrame, Effects]:
    """A trial whose treated arm was `shift` days worse before it began."""
    rows = make_rows(world, n=400, choice=choice).filter(pl.col("name") != "left")
    rows = rows.with_columns(
        pl.when((pl.col("name") == "sick_days_before") & (pl.col("arm") == "offered"))
        .then(pl.col("value") + shift)
        .otherwise(pl.col("value"))
        .alias("value")
    )
    return fitted(make_tables(rows, outcomes={n: o for n, o in OUTCOMES.items() if n != "left"}))


def test_arms_alike_at_start_both_ways() -> None:
    def check(world: int, shift: float) -> Check:
        return named(check_effects(*trial(world, shift=shift)))["arms_alike_at_start"]

    assert share_failing(lambda w: check(w, 1.0)) >= 0.9
    assert share_failing(lambda w: check(w, 0.0)) <= 0.1


def test_arms_alike_looks_at_covariates_too() -> None:
    rows = make_rows().with_columns((pl.col("arm") == "offered").cast(pl.Float64).alias("grade"))
    covariates = {"grade": {"table": "outcomes", "timing": "before", "label": "Pay grade"}}
    check = named(check_effects(*fitted(make_tables(rows, covariates=covariates))))["arms_alike_at_start"]
    assert check.passed is False
    assert "Pay grade" in check.text
    during = {"grade": covariates["grade"] | {"timing": "during"}}
    check = named(check_effects(*fitted(make_tables(rows, covariates=during))))["arms_alike_at_start"]
    assert check.passed is True


def test_participants_differ_at_start_both_ways() -> None:
    def check(world: int, choice: float) -> Check:
        return named(check_contrast(*trial(world, choice=choice)))["participants_differ_at_start"]

    assert share_failing(lambda w: check(w, 1.0)) >= 0.9
    assert share_failing(lambda w: check(w, 0.0)) <= 0.1


def assigned(world: int, measured: tuple[float, float], teams: int = 0) -> Assigned:
    """A thousand people of whom a share of each arm was measured; teams differ in theirs."""
    rng = np.random.default_rng([world, 4])
    cluster = np.arange(1000) % (teams or 1000)
    treated = (rng.permutation(teams or 1000) % 2 == 1)[cluster]
    between: Floats = 0.1 * rng.normal(size=teams)[cluster] if teams else np.zeros(1000)
    share = np.where(treated, measured[1], measured[0]) + between
    return Assigned(treated=treated, cluster=cluster, measured=rng.uniform(size=1000) < share)


@pytest.mark.parametrize("teams", [0, 40])
def test_attrition_both_ways(teams: int) -> None:
    def check(world: int, measured: tuple[float, float]) -> Check:
        return balance.attrition_alike({"Sick days": assigned(world, measured, teams)})

    assert share_failing(lambda w: check(w, (0.85, 0.65)), 200) >= 0.9
    assert share_failing(lambda w: check(w, (0.75, 0.75)), 200) <= 0.1
    # who is not listed at all cannot be seen
    assert balance.attrition_alike({"x": assigned(1, (2.0, 2.0))}).passed is None
    assert balance.attrition_alike({}).passed is None


def test_attrition_by_the_whole_pipeline() -> None:
    rows = make_rows(n=1000)
    lost = (
        (pl.col("name") == "sick_days") & (pl.col("arm") == "offered") & pl.col("unit_id").str.ends_with("1")
    )
    gone = rows.with_columns(pl.when(lost).then(None).otherwise(pl.col("value")).alias("value"))
    check = named(check_effects(*fitted(make_tables(gone))))["attrition_alike"]
    assert check.passed is False
    assert "Sick days" in check.text
    assert "Left" not in check.text


def test_negative_controls_both_ways() -> None:
    for p, passed in ((0.001, False), (0.4, True)):
        assert balance.negative_controls_unmoved({"Shoe size": p}).passed is passed
    general = {"negative_controls": ["left"]}
    found = named(check_effects(*fitted(make_tables(general=general))))
    assert found["negative_controls_unmoved"].passed is True
    assert "negative_controls_unmoved" not in named(check_effects(*fitted(make_tables())))


def test_clusters() -> None:
    assert checks.enough_clusters(None, 0.0, "person").passed is True
    assert checks.enough_clusters(60, 1e-9, "team").passed is True
    few = checks.enough_clusters(17, 1e-3, "team")
    assert few.passed is None
    assert few.value == 15
    assert "drawn again" in few.text
    assert checks.enough_clusters(6, 0.1, "team").passed is False


def test_lots_that_can_fall_in_few_ways() -> None:
    def smallest(teams: int) -> float:
        rows = make_rows(n=10 * teams, teams=teams).filter(pl.col("name") == "sick_days")
        tables = make_tables(rows, level="team", outcomes={"sick_days": {}})
        return checks.smallest_p(build_frame(tables).outcomes["sick_days"])

    assert smallest(6) == pytest.approx(2 / 20)
    assert smallest(7) == pytest.approx(1 / 35)
    assert smallest(8) == pytest.approx(2 / 70)


def test_randomisation_agrees_both_ways() -> None:
    assert checks.randomisation_agrees(effect_of(randomisation_p=0.4, p_value=0.3)).passed is True
    assert checks.randomisation_agrees(effect_of(randomisation_p=0.2, p_value=0.01)).passed is False
    assert checks.randomisation_agrees(effect_of(randomisation_p=0.001, p_value=0.2)).passed is False
    # so near the line that another seed could turn it
    assert checks.randomisation_agrees(effect_of(randomisation_p=0.055, p_value=0.045)).passed is True
    assert checks.randomisation_agrees(effect_of(randomisation_p=None)).passed is None


def test_in_clean_worlds_of_few_teams_the_lots_agree() -> None:
    def check(world: int) -> Check:
        rows = make_rows(world, n=300, teams=20, icc=0.1).filter(pl.col("name") == "sick_days")
        found = fitted(make_tables(rows, level="team", outcomes={"sick_days": {}}))
        return named(check_effects(*found))["randomisation_agrees"]

    assert share_failing(check) <= 0.1


def test_first_stage_both_ways() -> None:
    assert checks.first_stage([3000.0, 40.0]).passed is True
    assert checks.first_stage([3000.0, 4.0]).passed is False
    assert checks.first_stage([]).passed is None
    # nobody in the control arm, everybody in the treated arm: no error at all
    sure = checks.first_stage([float("inf")])
    assert sure.passed is True
    assert sure.value is not None
    assert np.isfinite(sure.value)


def test_assigned_as_declared_both_ways() -> None:
    judge = checks.assigned_as_declared
    assert judge("randomised", "person", (), ()).passed is None
    assert judge("randomised", "team", ("randomised",), ("team",)).passed is True
    assert judge("randomised", "team", ("phased",), ("team",)).passed is None
    for by in ("self_selected", "manager", "everyone"):
        assert judge("randomised", "team", (by,), ("team",)).passed is False
    assert judge("randomised", "person", ("randomised",), ("team",)).passed is False
    assert judge("participation", "person", ("self_selected",), ("person",)).passed is True
    tables = make_tables(more={"programmes": make_programmes("self_selected")})
    found = check_effects(*fitted(tables))
    assert [c.name for c in found] == ["assigned_as_declared"]
    assert found[0].passed is False
    assert "self selected" in found[0].text


def test_several_outcomes_names_what_stays_clear() -> None:
    check = checks.several_outcomes({"A": 0.001, "B": 0.03, "C": 0.5})
    assert check.passed is None
    assert "(Holm): A." in check.text
    assert "not after it: B" in check.text
    assert "none" in checks.several_outcomes({"A": 0.2}).text


def test_smallest_detectable_is_what_is_found_four_times_in_five() -> None:
    """Simulated: an effect of that size is significant in 80 % of worlds, within Monte Carlo error."""
    value = checks.smallest_detectable(effect_of(std_error=1.0, df=np.inf), "days").value
    assert value == pytest.approx(2.8016, abs=1e-3)
    rng = np.random.default_rng(6)
    estimates = value + rng.normal(size=20_000)
    assert np.mean(np.abs(estimates) > 1.96) == pytest.approx(0.8, abs=3 * np.sqrt(0.16 / 20_000))


def test_checks_of_nothing() -> None:
    frame = build_frame(make_tables())
    why = Unanswered(reason="it did not converge.")
    assert [c.name for c in check_effects(frame, why)] == ["assigned_as_declared"]
    assert [c.name for c in check_contrast(frame, why)] == ["design_of_contrast"]


def test_every_check_of_a_full_trial() -> None:
    outcomes = OUTCOMES | {
        "sick_days": {"label": "Days {x} [y]", "unit": "days", "adjust_for": ["sick_days_before"]}
    }
    found = check_effects(*fitted(make_tables(make_rows(teams=20), level="team", outcomes=outcomes)))
    assert {c.name for c in found} == {
        "assigned_as_declared",
        "arms_alike_at_start",
        "attrition_alike",
        "enough_clusters",
        "randomisation_agrees",
        "smallest_detectable",
        "first_stage",
        "several_outcomes",
    }
    assert all("{x}" not in c.text for c in found)
