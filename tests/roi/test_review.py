"""What a second reading by others found wrong, held right."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tests.roi.builders import PROVENANCE, make_rows, make_study, make_tables
from tests.roi.decision_builders import DECISION
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.evidence import Unanswered
from wellperf_models.roi import build_frame, check_effects, evaluate, fit_effects, fit_posterior
from wellperf_models.roi.rows import Effect, RoiFrame

SICK = {"sick_days": {"label": "Sick days", "unit": "days a year", "higher_is": "worse"}}
TWO = SICK | {"before": {"name": "sick_days_before", "timing": "before"}}


def _rows(value: np.ndarray, treated: np.ndarray, **more: object) -> pl.DataFrame:
    n = value.size
    return pl.DataFrame(
        {
            "unit_type": ["person"] * n,
            "unit_id": [f"p{i:05d}" for i in range(n)],
            "name": ["sick_days"] * n,
            "value": value,
            "arm": np.where(treated, "offered", "waiting"),
            "received": pl.Series([None] * n, dtype=pl.String),
            "cluster": pl.Series([None] * n, dtype=pl.String),
        }
        | more  # type: ignore[arg-type]
    )


def _itt(frame: RoiFrame, name: str = "sick_days") -> Effect:
    effect = fit_effects(frame, frame.section).of[name].intention_to_treat
    assert isinstance(effect, Effect)
    return effect


def test_with_clusters_of_unequal_size_the_flat_posterior_is_still_the_estimate() -> None:
    """Six teams of 200 in which it works, 54 of 5 in which it does not: people count, not teams."""
    rng = np.random.default_rng(5)
    size = np.array([200] * 6 + [5] * 54)
    team = np.repeat(np.arange(60), size)
    offered = (np.arange(60) % 2 == 0)[team]
    value = rng.normal(size=team.size) + 0.2 * rng.normal(size=60)[team] - 1.0 * (offered & (team < 6))
    frame = build_frame(
        make_tables(_rows(value, offered, cluster=[f"t{t}" for t in team]), outcomes=SICK, level="team")
    )
    effects = fit_effects(frame, frame.section)
    itt = _itt(frame)
    assert itt.value < -0.5
    posterior = fit_posterior(frame, effects, frame.section)["sick_days", "flat"]
    assert abs(posterior.mean - itt.value) / itt.std_error < 0.05
    assert posterior.low == pytest.approx(itt.low, abs=0.15 * itt.std_error)
    assert posterior.high == pytest.approx(itt.high, abs=0.15 * itt.std_error)


def test_a_small_arm_has_an_interval_that_holds() -> None:
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        frame = build_frame(make_tables(_rows(rng.normal(size=200), np.arange(200) < 4), outcomes=SICK))
        effect = _itt(frame)
        assert effect.method == "CR2"
        held += effect.low <= 0 <= effect.high
    assert stats.binomtest(held, 200, 0.95).pvalue > 0.01
    # where both arms are large nothing changes
    assert _itt(build_frame(make_tables(outcomes=SICK))).method == "HC1"


@pytest.mark.parametrize(
    ("period", "fine"),
    [("2023", True), ("2023-12", True), ("2024-01-01", True), ("2024-01", False), ("2024", False)],
)
def test_a_baseline_lies_before_the_first_day(period: str, fine: bool) -> None:
    rows = make_rows().with_columns(
        period=pl.when(pl.col("name") == "sick_days_before").then(pl.lit(period)).otherwise(pl.lit("2024-12"))
    )
    tables = make_tables(rows, outcomes=TWO, start=dt.date(2024, 1, 1))
    if fine:
        assert "before" in build_frame(tables).outcomes
    else:
        with pytest.raises(StudyError, match="contradicts its timing"):
            build_frame(tables)


def test_an_outcome_is_not_adjusted_for_its_own_rows() -> None:
    outcomes = {
        "sick_days": {"adjust_for": ["b"]},
        "b": {"name": "sick_days", "timing": "before"},
    }
    with pytest.raises(StudyError, match="rows that measure it"):
        build_frame(make_tables(outcomes=outcomes))


def test_a_copy_of_the_outcome_is_not_adjusted_for() -> None:
    rows = make_rows(effect=-1.0)
    noise = np.random.default_rng(1).normal(size=600) / 50
    copied = rows.filter(pl.col("name") == "sick_days")["value"].to_numpy() + noise
    rows = rows.with_columns(
        value=pl.when(pl.col("name") == "sick_days_before")
        .then(pl.Series(np.tile(copied, 3)))
        .otherwise(pl.col("value"))
    )
    outcomes = {"sick_days": {"adjust_for": ["before"]}, "before": TWO["before"]}
    frame = build_frame(make_tables(rows, outcomes=outcomes))
    refused = fit_effects(frame, frame.section).of["sick_days"].intention_to_treat
    assert isinstance(refused, Unanswered)
    assert "among what it is adjusted for" in refused.reason
    # an honest baseline is no copy
    frame = build_frame(make_tables(outcomes=outcomes))
    assert isinstance(fit_effects(frame, frame.section).of["sick_days"].intention_to_treat, Effect)


def test_one_who_moved_does_not_make_lots_of_people_out_of_lots_of_teams() -> None:
    rows = make_rows(teams=20)
    arms = dict(rows.group_by("cluster").agg(pl.col("arm").first()).iter_rows())
    other = next(t for t in arms if arms[t] != arms["t0000"])
    first = rows.filter(pl.col("cluster") == "t0000")["unit_id"][0]
    moved = rows.with_columns(
        cluster=pl.when(pl.col("unit_id") == first).then(pl.lit(other)).otherwise(pl.col("cluster"))
    )
    with pytest.raises(StudyError, match="wholly in one arm"):
        build_frame(make_tables(moved, level="person"))


def _check(frame: RoiFrame, name: str) -> bool | None:
    return next(c for c in check_effects(frame, fit_effects(frame, frame.section)) if c.name == name).passed


def test_blocks_with_other_shares_are_no_broken_lots() -> None:
    failed = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        block = np.arange(600) % 2
        offered = rng.uniform(size=600) < np.where(block, 0.8, 0.2)
        health = 2.0 * block + rng.normal(size=600)
        seen = rng.uniform(size=600) < np.where(block, 0.95, 0.6)
        names = {"block": [f"b{b}" for b in block]}
        after = _rows(np.where(seen, health + rng.normal(size=600), np.nan), offered, **names).with_columns(
            pl.col("value").fill_nan(None)
        )
        before = _rows(health, offered, **names).with_columns(name=pl.lit("sick_days_before"))
        frame = build_frame(make_tables(pl.concat([after, before]), outcomes=TWO))
        failed += [_check(frame, "arms_alike_at_start"), _check(frame, "attrition_alike")]
    assert stats.binomtest(failed.count(False), len(failed), 0.05, alternative="greater").pvalue > 0.01


def test_who_is_not_listed_cannot_be_seen() -> None:
    frame = build_frame(make_tables(make_rows().filter(pl.col("name") == "sick_days"), outcomes=SICK))
    assert _check(frame, "attrition_alike") is None


def test_teams_are_not_people_in_the_money() -> None:
    rows = make_rows().with_columns(unit_type=pl.lit("team"))
    frame = build_frame(make_tables(rows, outcomes=SICK, level="team", decision=DECISION))
    assert not frame.of_people
    assert build_frame(make_tables(outcomes=SICK)).of_people


def test_two_means_of_the_same_values_do_not_give_the_person_between_them() -> None:
    rows = make_rows()
    lone = rows.filter(pl.col("arm") == "offered")["unit_id"][0]
    rows = rows.with_columns(
        value=pl.when((pl.col("name") == "sick_days_before") & (pl.col("unit_id") == lone))
        .then(None)
        .otherwise(pl.col("value"))
    )
    outcomes = {
        "sick_days": {"label": "Sick days"},
        "adjusted": {"label": "Adjusted", "name": "sick_days", "adjust_for": ["before"]},
        "before": TWO["before"],
    }
    study = make_study(outcomes)
    frame = build_frame(make_tables(rows, outcomes=outcomes))
    effects = fit_effects(frame, frame.section)
    evidence = evaluate(frame, effects, (), provenance=PROVENANCE)
    shown = {r.key: r.values[2] for r in release(evidence, study).table("arms").rows}
    assert shown["Sick days", "offered"] is not None
    assert shown["Adjusted", "offered"] is None


def test_a_handful_without_a_record_of_taking_part_hides_the_effect_in_compliers() -> None:
    rows = make_rows().filter(pl.col("name") == "sick_days")
    lone = rows.filter(pl.col("arm") == "offered")["unit_id"][0]
    rows = rows.with_columns(
        received=pl.when(pl.col("unit_id") == lone).then(None).otherwise(pl.col("received"))
    )
    for source, hidden in ((rows, True), (make_rows(), False)):
        frame = build_frame(make_tables(source, outcomes=SICK))
        evidence = evaluate(frame, fit_effects(frame, frame.section), (), provenance=PROVENANCE)
        names = {e.name for e in release(evidence, make_study(SICK)).estimates}
        assert ("compliers_sick_days" in names) is not hidden


def test_a_broken_comparison_decides_nothing() -> None:
    from wellperf_models.roi.findings_decision import doubts_of, verdict_of

    frame = build_frame(make_tables())
    effects = fit_effects(frame, frame.section)
    assert doubts_of(frame, effects) == []
    broken = dataclasses.replace(frame, negative_controls=("sick_days",))
    rows = make_rows(effect=-3.0)
    worked = build_frame(make_tables(rows))
    worked = dataclasses.replace(worked, negative_controls=broken.negative_controls)
    doubts = doubts_of(worked, fit_effects(worked, worked.section))
    assert doubts == ["something changed that it cannot have changed"]

    assert verdict_of("fund", []).startswith("Fund it")
    assert verdict_of("fund", doubts).startswith("Undecided")


def test_an_outcome_that_can_not_be_used_does_not_silence_the_first() -> None:
    rows = make_rows().with_columns(
        value=pl.when(pl.col("name") == "left").then(None).otherwise(pl.col("value"))
    )
    outcomes = SICK | {"left": {"label": "Left", "higher_is": "worse"}}
    frame = build_frame(make_tables(rows, outcomes=outcomes, general={"negative_controls": ["left"]}))
    assert list(frame.outcomes) == ["sick_days"]
    assert {c.name for c in check_effects(frame, fit_effects(frame, frame.section))} >= {"attrition_alike"}
    evidence = evaluate(frame, fit_effects(frame, frame.section), (), provenance=PROVENANCE)
    assert any(limit.startswith("Not answered for “Left”") for limit in evidence.limits)
    # the first outcome itself is the question
    with pytest.raises(DesignError, match="no measured value"):
        build_frame(make_tables(rows, outcomes={"left": outcomes["left"], "sick_days": SICK["sick_days"]}))
