"""What roll-outs and comparison groups say, what is checked, and how it is told."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.fakes import FakeTables
from tests.recovery.designs import two_way
from tests.roi.builders import PROVENANCE, make_study
from tests.roi.designs.worlds import ONE, TWO, roll_out_tables, two_groups, two_groups_tables
from wellperf_models.disclosure import Released, release
from wellperf_models.evidence import Check, Unanswered
from wellperf_models.roi import (
    Effects,
    RoiFrame,
    build_frame,
    check_contrast,
    check_effects,
    contrast,
    evaluate,
    fit_effects,
    plot_contrast,
    plot_effects,
)
from wellperf_models.roi.designs import checks
from wellperf_models.roi.designs.less_bias import less_bias
from wellperf_models.roi.designs.plots import plot_event_time
from wellperf_models.roi.designs.staggered import METHOD
from wellperf_models.roi.rows import Effect
from wellperf_models.study import Study


def fitted(tables: FakeTables) -> tuple[RoiFrame, Effects]:
    frame = build_frame(tables)
    return frame, fit_effects(frame, frame.section)


def itt(effects: Effects) -> Effect:
    found = effects.of["strain"].intention_to_treat
    assert isinstance(found, Effect)
    return found


def by_name(found: tuple[Check, ...]) -> dict[str, bool | None]:
    return {c.name: c.passed for c in found}


def released(tables: FakeTables) -> tuple[Released, Released]:
    frame, effects = fitted(tables)
    first = evaluate(frame, effects, check_effects(frame, effects), provenance=PROVENANCE)
    second = contrast(frame, effects, check_contrast(frame, effects), provenance=PROVENANCE)
    return release(first, tables.study), release(second, tables.study)


@pytest.fixture(scope="module")
def rolled() -> tuple[FakeTables, RoiFrame, Effects]:
    tables = roll_out_tables(2, drawn=False, growth=-0.25)
    return tables, *fitted(tables)


def test_a_roll_out_by_time_and_by_start(rolled: tuple[FakeTables, RoiFrame, Effects]) -> None:
    _, frame, effects = rolled
    found = effects.of["strain"].roll_out
    assert found is not None
    assert found.overall is effects.of["strain"].intention_to_treat
    assert found.overall.method == METHOD
    assert found.overall.randomisation_p is None
    # −1 in the first quarter, and a quarter more in each further one
    for one in found.by_event_time:
        assert abs(one.effect.value - (-1 - 0.25 * one.at)) < 4 * one.effect.std_error
    assert [one.at for one in found.by_event_time] == list(range(8))
    assert [one.label for one in found.by_cohort] == ["2023-Q1", "2023-Q4", "2024-Q3"]
    assert all(abs(one.effect.value) < 3.5 * one.effect.std_error for one in found.leads)
    assert found.leads_p is not None
    assert found.leads_p > 0.05
    assert found.compared == 1.0
    assert effects.holm_p["strain"] == found.overall.p_value
    # the plain way is far off what it says it is, a mean over every treated quarter
    whole = np.mean([-1 - 0.25 * k for start in (4, 7, 10) for k in range(12 - start)])
    plain = two_way(frame.outcomes["strain"])
    assert abs(plain.value - whole) > 3 * plain.error


def test_lots_drawn_over_starting_times_are_drawn_again() -> None:
    _, effects = fitted(roll_out_tables(1, teams=12, size=6))
    assert itt(effects).randomisation_p is not None
    assert itt(effects).randomisation_p < 0.05  # type: ignore[operator]


def test_units_that_are_teams_give_the_same_as_their_people() -> None:
    tables = roll_out_tables(3, drawn=False, size=4)
    by_team = (
        tables["outcomes"]
        .group_by("cluster", "period", "name")
        .agg(pl.col("value").mean(), weight=pl.len().cast(pl.Float64))
        .with_columns(unit_type=pl.lit("team"), unit_id=pl.col("cluster"), cluster=pl.lit(None, pl.String))
    )
    other = FakeTables(
        tables.study, {"outcomes": by_team.collect(), "programmes": tables["programmes"].collect()}
    )
    people, teams = itt(fitted(tables)[1]), itt(fitted(other)[1])
    assert teams.value == pytest.approx(people.value, rel=1e-9)
    assert teams.std_error == pytest.approx(people.std_error, rel=1e-9)
    assert teams.n_people == 24


def test_cutting_a_quarter_into_rows_does_not_narrow_the_interval() -> None:
    tables = roll_out_tables(3, drawn=False, size=4)
    rows = tables["outcomes"].collect()
    doubled = FakeTables(
        tables.study, {"outcomes": pl.concat([rows, rows]), "programmes": tables["programmes"].collect()}
    )
    assert itt(fitted(doubled)[1]).std_error == pytest.approx(itt(fitted(tables)[1]).std_error, rel=1e-9)


def test_a_roll_out_is_told_with_its_condition(rolled: tuple[FakeTables, RoiFrame, Effects]) -> None:
    tables = rolled[0]
    changed, compared = released(tables)
    assert changed.answer.startswith(
        "If those who had not started yet show how the others would have gone on"
    )
    assert "for the better" in changed.answer
    assert "parallel trends" in changed.estimand
    assert any("Nobody drew lots" in limit for limit in changed.limits)
    assert changed.design == "roll-out at different times"
    assert {"effects", "by_event_time", "by_start", "less_bias"} <= {t.name for t in changed.tables}
    assert compared.answer.startswith("Not answered")
    assert not compared.checks
    picture = plot_event_time(changed)
    assert picture is not None
    assert picture.title == "“Strain”: a clear change in 8 of 8 periods after the start"
    assert "before" not in picture.alt.split(".")[0]
    assert plot_effects(changed) is not None
    assert plot_contrast(compared) is None
    drawn, _ = released(roll_out_tables(0, size=6))
    assert drawn.answer.startswith("Starting “Coaching” changed “Strain” by")
    assert "parallel_trends_assumed" not in {c.name for c in drawn.checks}
    assert "less_bias" not in {t.name for t in drawn.tables}


def test_trends_that_were_not_parallel_are_no_effect() -> None:
    changed, _ = released(roll_out_tables(1, drawn=False, trend=0.3))
    assert changed.answer.startswith("These data do not show what “Coaching” changed: already before")
    assert "for the better" not in changed.answer
    assert changed.has("itt_strain")


def test_change_beyond_that_of_the_comparison_group() -> None:
    tables = two_groups_tables(1, gap=0.8, teams=30, earlier=True)
    frame, effects = fitted(tables)
    one = effects.of["strain"]
    assert one.controlled is not None
    wide = tables["outcomes"].collect().pivot("period", index=["unit_id", "arm"], values="value")
    change = (wide["2024"] - wide["2022"]).to_numpy()
    offered = (wide["arm"] == "offered").to_numpy()
    assert itt(effects).value == pytest.approx(change[offered].mean() - change[~offered].mean(), rel=1e-9)
    assert itt(effects).method == "CR2, difference in changes"
    assert itt(effects).control_mean == pytest.approx(wide["2024"].to_numpy()[~offered].mean())
    earlier = (wide["2022"] - wide["2021"]).to_numpy()
    assert one.controlled.earlier is not None
    assert one.controlled.earlier.value == pytest.approx(earlier[offered].mean() - earlier[~offered].mean())
    # adjusting for the value before takes a gap that stays for regression to the mean
    assert one.controlled.adjusted is not None
    assert one.controlled.adjusted.value > itt(effects).value + 0.1
    found = by_name(check_effects(frame, effects))
    assert found["no_effect_before_start"] is True
    assert found["adjusting_agrees"] is False


def test_covariates_known_before_are_adjusted_for_in_the_change() -> None:
    rows = two_groups(4)
    age = {f"p{i:05d}": float(i % 9) for i in range(400)}
    aged = rows.with_columns(age=pl.col("unit_id").replace_strict(age, return_dtype=pl.Float64)).with_columns(
        value=pl.col("value") + (pl.col("period") == "2024") * pl.col("age")
    )
    outcomes = TWO | {"strain": TWO["strain"] | {"adjust_for": ["strain_before", "age"]}}
    covariates = {"age": {"table": "outcomes", "type": "number", "timing": "before"}}
    study = make_study(outcomes=outcomes, covariates=covariates, design="controlled_before_after")
    tables = FakeTables(study, {"outcomes": aged.drop("cluster")})
    plain = FakeTables(
        make_study(outcomes=TWO, design="controlled_before_after"), {"outcomes": aged.drop("cluster")}
    )
    assert itt(fitted(tables)[1]).std_error < 0.5 * itt(fitted(plain)[1]).std_error


def test_without_a_value_before_there_is_no_effect() -> None:
    outcomes = {"strain": {k: v for k, v in TWO["strain"].items() if k != "adjust_for"}}
    study = make_study(outcomes=outcomes, design="controlled_before_after")
    _, effects = fitted(FakeTables(study, {"outcomes": two_groups().drop("cluster")}))
    found = effects.of["strain"].intention_to_treat
    assert isinstance(found, Unanswered)
    assert "no measurement before" in found.reason


def test_a_comparison_group_is_told_with_its_condition() -> None:
    changed, _ = released(two_groups_tables(1))
    assert changed.answer.startswith("If the comparison group shows how the others would have gone on")
    assert "not by lot" in changed.design
    assert plot_event_time(changed) is None
    assert plot_effects(changed) is not None
    picked, _ = released(two_groups_tables(1, picked=True))
    assert picked.answer.startswith("These data do not show")
    assert "better by themselves" in picked.answer


def test_what_regression_to_the_mean_alone_would_bring() -> None:
    """Picked by a bad value, and no programme at all: the change found is what the table foretold."""
    found = []
    for seed in range(12):
        _, effects = fitted(two_groups_tables(seed, picked=True, effect=0.0, n=800))
        one = effects.of["strain"]
        assert one.regression is not None
        assert one.regression.low < itt(effects).value < one.regression.high or seed
        found.append(itt(effects).value - one.regression.expected)
    assert abs(np.mean(found)) < 3 * np.std(found, ddof=1) / np.sqrt(len(found))


@pytest.mark.parametrize("design", ["participation", "before_after"])
def test_contrasts_stay_contrasts_and_the_bias_stands_beside(design: str) -> None:
    changed, compared = released(two_groups_tables(1, design=design, picked=True, earlier=True))
    assert changed.answer.startswith("Not answered")
    assert not changed.estimates
    assert compared.answer.startswith("Not an effect")
    names = {t.name for t in compared.tables}
    assert {"regression_to_the_mean", "less_bias"} <= names
    assert by_name(compared.checks)["no_regression_to_the_mean"] is False
    assert any("mean −0.4, standard deviation 0.4" in limit for limit in compared.limits)
    table = compared.table("less_bias")
    at = [m.name for m in table.measures].index("left")
    # a bias that flatters is taken off: what is left is less of an improvement
    assert float(table.rows[0].values[at]) > float(table.rows[0].values[1])  # type: ignore[arg-type]


def test_the_believed_bias_by_hand() -> None:
    frame, effects = fitted(two_groups_tables(1, design="participation"))
    difference = effects.of["strain"].contrast
    assert isinstance(difference, Effect)
    rows = frame.outcomes["strain"]
    better = dataclasses.replace(rows, declared=rows.declared.model_copy(update={"higher_is": "better"}))
    left = less_bias(difference, better, frame)
    assert left is not None
    # in standard deviations towards better: the contrast is .4 of them too good
    assert left.value == pytest.approx(difference.value - 0.4 * difference.control_sd, rel=1e-6)
    half = 1.96 * np.hypot(difference.std_error, 0.4 * difference.control_sd)
    assert (left.high - left.low) / 2 == pytest.approx(half, rel=0.01)
    worse = less_bias(difference, rows, frame)
    assert worse is not None
    shift = difference.control_mean * (np.exp(-0.4 + 0.5 * 0.4**2) - 1)
    assert worse.value == pytest.approx(difference.value - shift, rel=2e-3)
    neither = dataclasses.replace(rows, declared=rows.declared.model_copy(update={"higher_is": "neither"}))
    assert less_bias(difference, neither, frame) is None


def test_one_column_in_the_money_twice_is_seen() -> None:
    rows = two_groups(1).filter(pl.col("period") == "2024").drop("cluster", "period")
    noise = np.random.default_rng(1).normal(size=rows.height)
    value: dict[str, Any] = {"amount": 1.0, "currency": "EUR", "source": "x", "tier": "measured"}
    outcomes = {
        name: {"higher_is": "worse", "value": value | {"channel": channel}}
        for name, channel in (("strain", "absence"), ("again", "claims"))
    }
    whole = make_study(outcomes=outcomes).model_dump(exclude_unset=True)
    study = Study.model_validate(whole | {"money": {"reporting_currency": "EUR"}})
    for spread, passed in ((0.01, False), (1.0, True)):
        copied = rows.with_columns(
            name=pl.lit("again"), value=2 * pl.col("value") + spread * pl.Series(noise)
        )
        frame, effects = fitted(FakeTables(study, {"outcomes": pl.concat([rows, copied])}))
        assert by_name(check_effects(frame, effects))["no_channel_twice"] is passed
    alone = fitted(FakeTables(make_study(outcomes=ONE), {"outcomes": rows}))
    assert "no_channel_twice" not in by_name(check_effects(*alone))


def test_statements_of_nothing() -> None:
    assert checks.no_effect_before_start({}).passed is None
    assert checks.no_regression_to_the_mean({}).passed is None
    assert checks.no_channel_twice({"a and b": None}).passed is None
    assert checks.enough_units(None, "person").passed is True
    assert checks.enough_units(12, "team").passed is None
    assert checks.enough_units(60, "team").passed is True
    assert checks.starts_compared(0.2).passed is False
    assert checks.starts_compared(0.8).passed is True


def test_reprs_hold_no_value(rolled: tuple[FakeTables, RoiFrame, Effects]) -> None:
    _, effects = fitted(two_groups_tables(1))
    one = effects.of["strain"]
    for thing in (rolled[2].of["strain"].roll_out, one.controlled, one.regression, one):
        assert not any(character in repr(thing) for character in ("0.", "["))
