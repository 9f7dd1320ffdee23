"""Effects by design: what is estimated, what must not matter, how often chance looks like an effect."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.roi.builders import OUTCOMES, FakeTables, make_programmes, make_rows, make_tables
from wellperf_models.evidence import Unanswered
from wellperf_models.roi import Effects, OutcomeRows, RoiFrame, build_frame, fit_effects, joint_correlation
from wellperf_models.roi.rows import Effect

ONE: dict[str, Any] = {"sick_days": {"higher_is": "worse"}}


def fit(tables: FakeTables) -> Effects:
    section = tables.study.roi
    assert section is not None
    return fit_effects(build_frame(tables), section)


def itt(effects: Effects, name: str = "sick_days") -> Effect:
    effect = effects.of[name].intention_to_treat
    assert isinstance(effect, Effect)
    return effect


def compliers(effects: Effects, name: str = "sick_days") -> Effect:
    effect = effects.of[name].compliers
    assert isinstance(effect, Effect)
    return effect


def contrast(effects: Effects, name: str = "sick_days") -> Effect:
    effect = effects.of[name].contrast
    assert isinstance(effect, Effect)
    return effect


def reason(what: Effect | Unanswered) -> str:
    assert isinstance(what, Unanswered)
    return what.reason


def test_an_effect_is_found_and_the_contrast_is_biased() -> None:
    """Taking part saves two days; those who are seldom sick rather take part."""
    effects = fit(make_tables(make_rows(n=4000, effect=-2.0, taking_part=0.5, choice=1.5)))
    assert effects.no_effect is None
    offer, taking_part, compared = itt(effects), compliers(effects), contrast(effects)
    assert offer.method == "HC1"
    assert taking_part.method == "HC0"
    assert taking_part.low < -2 < taking_part.high
    assert offer.low < -1 < offer.high
    assert compared.high < -3
    assert compared.kind == "contrast"
    assert taking_part.first_stage is not None
    assert taking_part.first_stage > 1000
    assert offer.n_events is None
    assert offer.n_clusters is None
    assert offer.randomisation_p is None
    assert list(effects.holm_p) == ["sick_days", "left"]
    # what was measured before: balanced by lot, not by choice
    assert itt(effects, "sick_days_before").p_value > 0.01
    assert contrast(effects, "sick_days_before").p_value < 1e-6
    assert "before the programme" in reason(effects.of["sick_days_before"].compliers)


def test_counts_of_a_yes_no_outcome() -> None:
    rows = make_rows(2)
    effect = itt(fit(make_tables(rows)), "left")
    left = rows.filter(pl.col("name") == "left")
    by_arm = left.group_by("arm").agg(pl.col("value").sum(), pl.len())
    assert by_arm["value"].n_unique() == 2
    assert effect.n_events == by_arm["value"].min()
    assert effect.n_non_events == (by_arm["len"] - by_arm["value"]).min()
    assert effect.smallest_side == 300
    assert effect.n_people == 600


def test_adjusting_for_the_baseline_narrows_and_moves_little() -> None:
    rows = make_rows(n=2000)
    plain = itt(fit(make_tables(rows)))
    outcomes = OUTCOMES | {"sick_days": {"adjust_for": ["sick_days_before"]}}
    adjusted = itt(fit(make_tables(rows, outcomes=outcomes)))
    assert adjusted.std_error < 0.7 * plain.std_error
    assert abs(adjusted.value - plain.value) < 3 * plain.std_error
    assert adjusted.n_parameters == 3


def test_weights_weigh() -> None:
    """Who was covered for a month only says little; unweighted the sign flips."""
    rows = make_rows(n=400).filter(pl.col("name") == "sick_days")
    short = pl.col("unit_id").str.ends_with("3")
    odd = rows.with_columns(
        pl.when(short).then(1.0).otherwise(12.0).alias("weight"),
        (
            pl.col("value") + pl.when(pl.col("arm") == "offered").then(pl.when(short).then(60).otherwise(-3))
        ).fill_null(pl.col("value")),
    )
    effect = itt(fit(make_tables(odd, outcomes=ONE)))
    assert effect.high < 0
    by_arm = {arm: np.average(own["value"], weights=own["weight"]) for (arm,), own in odd.group_by("arm")}
    assert effect.value == pytest.approx(by_arm["offered"] - by_arm["waiting"], rel=1e-12)
    assert effect.control_mean == pytest.approx(by_arm["waiting"], rel=1e-12)
    assert itt(fit(make_tables(odd.drop("weight"), outcomes=ONE))).value > 0


def test_clusters_take_cr2_and_few_of_them_the_lots() -> None:
    many = itt(fit(make_tables(make_rows(teams=60, icc=0.1), level="team")))
    assert (many.method, many.n_clusters, many.randomisation_p) == ("CR2", 60, None)
    few = fit(make_tables(make_rows(teams=12, icc=0.1), level="team"))
    assert (itt(few).method, itt(few).n_clusters) == ("CR2", 12)
    assert itt(few).randomisation_p is not None
    assert itt(few).df == pytest.approx(10, abs=0.01)
    assert compliers(few).method == "Anderson–Rubin, CR2"
    assert compliers(few).p_value == pytest.approx(itt(few).p_value, rel=1e-9)
    # two dozen people assigned one by one are few, too
    alone = itt(fit(make_tables(make_rows(n=24), outcomes=ONE)))
    assert (alone.method, alone.n_clusters) == ("CR2", 24)
    assert alone.randomisation_p is not None


def test_one_treated_team_is_no_trial() -> None:
    rows = make_rows(teams=12).with_columns(
        pl.when(pl.col("cluster") == "t0003")
        .then(pl.lit("offered"))
        .otherwise(pl.lit("waiting"))
        .alias("arm"),
        pl.lit(None, pl.String).alias("received"),
    )
    effects = fit(make_tables(rows, level="team"))
    assert "fewer than two independent units" in reason(effects.of["sick_days"].intention_to_treat)


def test_an_outcome_of_one_arm_does_not_stop_the_others() -> None:
    rows = make_rows().filter((pl.col("name") != "left") | (pl.col("arm") == "offered"))
    effects = fit(make_tables(rows))
    assert "fewer than two independent units" in reason(effects.of["left"].intention_to_treat)
    assert isinstance(effects.of["left"].contrast, Effect)
    assert list(effects.holm_p) == ["sick_days"]


@pytest.mark.parametrize("repeat", ["same unit, other period", "units cut into a team each"])
def test_twelve_rows_a_person_do_not_narrow_the_interval(repeat: str) -> None:
    """The same information cut in twelve: counted as rows the interval would shrink to .29 of its width."""
    rows = make_rows(n=400).filter(pl.col("name") == "sick_days")
    year = itt(fit(make_tables(rows, outcomes=ONE)))
    rng = np.random.default_rng(8)
    months = []
    noise = rng.normal(size=(12, rows.height))
    for month in range(12):
        own = rows["value"] + (noise[month] - noise.mean(axis=0))
        part = rows.with_columns(own.alias("value"), pl.lit(f"month {month}").alias("period"))
        if repeat != "same unit, other period":
            part = part.with_columns(
                (pl.col("unit_id") + f"/{month}").alias("unit_id"), pl.col("unit_id").alias("cluster")
            )
        months.append(part)
    level = "person" if repeat == "same unit, other period" else "team"
    cut = itt(fit(make_tables(pl.concat(months), outcomes=ONE, level=level)))
    assert cut.n_rows == 12 * year.n_rows
    assert cut.value == pytest.approx(year.value, rel=1e-10)
    assert cut.std_error == pytest.approx(year.std_error, rel=1e-9)
    assert cut.high - cut.low >= (year.high - year.low) * (1 - 1e-9)


def test_what_must_not_matter() -> None:
    rows = make_rows(teams=50, icc=0.1, effect=-1.0)
    base = fit(make_tables(rows, level="team"))
    shuffled = fit(make_tables(rows.sample(fraction=1.0, shuffle=True, seed=5), level="team"))
    renamed = rows.with_columns(
        ("z" + pl.col("unit_id").str.reverse()).alias("unit_id"),
        ("team " + pl.col("cluster").str.reverse()).alias("cluster"),
        pl.col("arm").replace_strict({"offered": "A", "waiting": "B"}),
    )
    other_names = fit(make_tables(renamed, level="team", treated="A", control="B"))
    hours = rows.with_columns(pl.col("value") * 8)
    scaled = fit(make_tables(hours, level="team"))
    doubled = pl.concat([rows, rows.with_columns(pl.lit("again").alias("period"))], how="diagonal")
    halves = fit(make_tables(doubled.with_columns(pl.lit(0.5).alias("weight")), level="team"))
    for which in (itt, compliers, contrast):
        one = which(base)
        for other, factor in ((shuffled, 1), (other_names, 1), (scaled, 8), (halves, 1)):
            again = which(other)
            assert again.value == pytest.approx(factor * one.value, rel=1e-9)
            assert again.std_error == pytest.approx(factor * one.std_error, rel=1e-8)
            assert again.low == pytest.approx(factor * one.low, rel=1e-8)
    mirrored = fit(make_tables(rows, level="team", treated="waiting", control="offered"))
    assert itt(mirrored).value == pytest.approx(-itt(base).value, rel=1e-9)


def test_blocks_are_taken_out() -> None:
    """Nine in ten are offered it in the sick block, one in ten in the healthy one; nothing happens."""
    rng = np.random.default_rng(12)
    n = 2000
    block = np.arange(n) % 2
    offered = rng.uniform(size=n) < np.where(block == 1, 0.9, 0.1)
    rows = pl.DataFrame(
        {
            "unit_type": ["person"] * n,
            "unit_id": [f"p{i:05d}" for i in range(n)],
            "name": ["sick_days"] * n,
            "value": 5.0 * block + rng.normal(size=n),
            "arm": np.where(offered, "offered", "waiting").tolist(),
            "block": [f"b{b}" for b in block],
        }
    )
    without = itt(fit(make_tables(rows.drop("block"), outcomes=ONE)))
    assert without.low > 3
    within = itt(fit(make_tables(rows, outcomes=ONE)))
    assert abs(within.value) < 3 * within.std_error < 0.5


def permuted(frame: RoiFrame, rng: np.random.Generator) -> RoiFrame:
    """The frame with the lots drawn again, the same number of whole clusters in each arm."""
    rows = frame.outcomes["sick_days"]
    codes, first = np.unique(rows.cluster, return_index=True)
    arm = rng.permutation(rows.treated[first])
    again = dataclasses.replace(rows, treated=arm[np.searchsorted(codes, rows.cluster)], received=None)
    return dataclasses.replace(frame, outcomes={"sick_days": again})


@pytest.mark.parametrize("teams", [0, 30])
def test_permuted_assignment_is_significant_about_as_often_as_said(teams: int) -> None:
    rows = make_rows(n=600, teams=teams, icc=0.2).filter(pl.col("name") == "sick_days")
    tables = make_tables(rows, outcomes=ONE, level="team" if teams else "person")
    frame, section = build_frame(tables), tables.study.roi
    assert section is not None
    rng = np.random.default_rng([9, teams])
    found = [itt(fit_effects(permuted(frame, rng), section)) for _ in range(200)]
    assert 0.02 <= np.mean([e.p_value < 0.05 for e in found]) <= 0.09
    if teams:
        p = [e.randomisation_p for e in found]
        assert None not in p
        assert 0.02 <= np.mean([float(v or 0) < 0.05 for v in p]) <= 0.09


def test_joint_errors_of_outcomes_of_the_same_people() -> None:
    rows = make_rows(n=1500)
    twin = rows.filter(pl.col("name") == "sick_days").with_columns(
        pl.lit("twin").alias("name"), (-3 * pl.col("value")).alias("value")
    )
    apart = rows.filter(pl.col("name") == "left").with_columns(
        ("other file:" + pl.col("unit_id")).alias("unit_id"), pl.lit("apart").alias("name")
    )
    outcomes = {"sick_days": {}, "twin": {}, "left": {}, "apart": {}}
    effects = fit(make_tables(pl.concat([rows, twin, apart]), outcomes=outcomes))
    chosen = [itt(effects, name) for name in outcomes]
    for effect in chosen:
        assert effect.influence is not None
        assert math.sqrt(float((effect.influence[1] ** 2).sum())) == pytest.approx(
            effect.std_error, rel=1e-10
        )
    joint = joint_correlation(chosen)
    assert joint[0, 1] == pytest.approx(-1, abs=1e-9)
    assert abs(joint[0, 2]) < 0.1
    assert np.isnan(joint[0, 3])
    assert np.array_equal(np.diag(joint), np.ones(4))
    assert "n=" not in repr(chosen[0])


def test_joint_errors_also_at_the_level_of_teams() -> None:
    """Two outcomes that share only what their teams have in common, one of them by person and month."""
    effects = fit(make_tables(make_rows(teams=40, icc=0.5), level="team"))
    joint = joint_correlation([itt(effects), itt(effects, "sick_days_before")])
    assert joint[0, 1] > 0.5


def test_receipt_that_is_not_recorded() -> None:
    rows = make_rows().with_columns(pl.lit(None, pl.String).alias("received"))
    effects = fit(make_tables(rows))
    assert "not recorded" in reason(effects.of["sick_days"].compliers)
    assert "not recorded" in reason(effects.of["sick_days"].contrast)
    assert isinstance(effects.of["sick_days"].intention_to_treat, Effect)
    partly = make_rows().with_columns(
        pl.when(pl.col("unit_id") > "p00400").then(None).otherwise(pl.col("received")).alias("received")
    )
    assert "Too often" in reason(fit(make_tables(partly)).of["sick_days"].compliers)


def test_a_weak_offer_gives_a_wide_interval_or_none() -> None:
    rng = np.random.default_rng(3)
    rows = make_rows(n=400)
    ids = rows["unit_id"].unique().sort()
    anyway = dict(zip(ids, rng.uniform(size=ids.len()) < 0.5, strict=True))
    took_part = pl.Series(["yes" if anyway[i] else "no" for i in rows["unit_id"]])
    effects = fit(make_tables(rows.with_columns(took_part.alias("received"))))
    assert "changed too little" in reason(effects.of["sick_days"].compliers)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"design": "participation"}, "chose whether to take part"),
        ({"design": "before_after"}, "no control group"),
    ],
)
def test_designs_without_lots_have_no_effect(change: dict[str, Any], why: str) -> None:
    outcomes = OUTCOMES | {"sick_days": {"adjust_for": ["sick_days_before"]}}
    effects = fit(make_tables(make_rows(), outcomes=outcomes, **change))
    assert effects.no_effect is not None
    assert why in effects.no_effect.reason
    for one in effects.of.values():
        assert why in reason(one.intention_to_treat)
        assert why in reason(one.compliers)
    assert not effects.holm_p
    assert isinstance(effects.of["sick_days"].contrast, Effect)


def test_everyone_treated_has_no_effect() -> None:
    effects = fit(make_tables(make_rows().filter(pl.col("arm") == "offered")))
    assert effects.no_effect is not None
    assert "no control group" in effects.no_effect.reason
    assert isinstance(effects.of["sick_days"].contrast, Effect)


@pytest.mark.parametrize(
    ("by", "level"), [("self_selected", "person"), ("everyone", "person"), ("randomised", "team")]
)
def test_a_record_that_contradicts_the_study_leaves_no_effect(by: str, level: str) -> None:
    effects = fit(make_tables(more={"programmes": make_programmes(by, level)}))
    assert effects.no_effect is not None
    assert "one of the two is wrong" in effects.no_effect.reason
    agreed = fit(make_tables(more={"programmes": make_programmes()}))
    assert agreed.no_effect is None


def test_before_and_after_in_the_same_people() -> None:
    rows = make_rows().with_columns(
        pl.when(pl.col("name") == "sick_days").then(pl.col("value") - 1.5).otherwise(pl.col("value"))
    )
    outcomes = OUTCOMES | {"sick_days": {"adjust_for": ["sick_days_before"]}}
    effects = fit(make_tables(rows, outcomes=outcomes, design="before_after"))
    change = contrast(effects)
    wide = rows.filter(pl.col("arm") == "offered").pivot("name", index="unit_id", values="value")
    by_person = (wide["sick_days"] - wide["sick_days_before"]).to_numpy()
    assert change.value == pytest.approx(by_person.mean(), rel=1e-12)
    assert change.std_error == pytest.approx(by_person.std(ddof=1) / math.sqrt(300), rel=1e-10)
    assert change.n_people == 300
    assert "no measurement before" in reason(effects.of["left"].contrast)


def test_participation_compares_everybody_with_a_record() -> None:
    rows = make_rows(n=800)
    effects = fit(make_tables(rows, design="participation", treated="took part", control=None))
    offered = rows.filter((pl.col("name") == "sick_days") & (pl.col("arm") == "offered"))
    took = (offered["received"] == "yes").to_numpy()
    value = offered["value"].to_numpy()
    assert contrast(effects).value == pytest.approx(value[took].mean() - value[~took].mean(), rel=1e-10)


def test_an_outcome_that_is_the_arm_has_no_error() -> None:
    rows = make_rows().with_columns((pl.col("arm") == "offered").cast(pl.Float64).alias("value"))
    effects = fit(make_tables(rows, outcomes=ONE))
    assert "does not vary inside" in reason(effects.of["sick_days"].intention_to_treat)


def test_reprs_hold_no_value() -> None:
    tables = make_tables()
    frame, effects = build_frame(tables), fit(tables)
    for thing in (frame, effects, itt(effects), frame.outcomes["left"], frame.outcomes["left"].assigned):
        assert not any(ch in repr(thing) for ch in ("0.", "["))
    assert isinstance(frame.outcomes["left"], OutcomeRows)
