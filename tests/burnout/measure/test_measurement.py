"""How well the outcome is measured: the numbers, what they rest on, and what is said without items."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import PROVENANCE
from tests.burnout.measure.builders import ITEMS, MEASURES, make_tables
from tests.fakes import FakeTables
from wellperf_models.burnout.measure.checks import check_measurement
from wellperf_models.burnout.measure.findings import describe_measurement
from wellperf_models.burnout.measure.frame import MeasureFrame, build_measures
from wellperf_models.burnout.measure.model import ItemQuality, Measurement, fit_measurement
from wellperf_models.burnout.measure.plots import plot_reliability
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Check, Evidence, Table, Unanswered
from wellperf_models.inference.reliability import reliability


def all_of(tables: FakeTables) -> tuple[MeasureFrame, Measurement, tuple[Check, ...], Evidence, Released]:
    measures = build_measures(tables)
    found = fit_measurement(measures, tables.study)
    checks = check_measurement(measures, found)
    evidence = describe_measurement(measures, found, checks, provenance=PROVENANCE)
    return measures, found, checks, evidence, release(evidence, tables.study)


def table(evidence: Evidence | Released, name: str) -> Table:
    return next(t for t in evidence.tables if t.name == name)


def check(checks: tuple[Check, ...], name: str) -> Check:
    return next(c for c in checks if c.name == name)


@pytest.fixture(scope="module")
def tables() -> FakeTables:
    return make_tables(frames={"n": 500})


@pytest.fixture(scope="module")
def whole(tables: FakeTables) -> tuple[MeasureFrame, Measurement, tuple[Check, ...], Evidence, Released]:
    return all_of(tables)


def test_reliability_is_that_of_the_items_by_wave_and_group(tables: FakeTables, whole: tuple) -> None:
    _, found, _, evidence, _ = whole
    items = tables["surveys"].filter(pl.col("item").is_not_null()).collect()
    wide = items.pivot(on="item", index=["employee_id", "wave"], values="value")
    answers, person = wide.select(ITEMS).to_numpy(), wide["employee_id"].rank("dense").to_numpy()
    expected = reliability(answers, person)
    assert found.reliability is not None
    assert (found.reliability.value, found.reliability.low) == pytest.approx((expected.value, expected.low))
    assert "omega" in found.reliability.source
    rows = table(evidence, "reliability_by_wave").rows
    assert [row.key for row in rows] == [("w0",), ("w1",), ("w2",)]
    for row in rows:
        own = wide.filter(pl.col("wave") == row.key[0]).select(ITEMS).to_numpy()
        assert row.values[3:6] == pytest.approx(
            [getattr(reliability(own), part) for part in ("value", "low", "high")]
        )
        assert row.support.n_people == len(own)
        assert row.support.members is not None
        assert row.support.members.period == f"wave {row.key[0]}"
        assert len(row.support.members.people) == len(own)
    assert {row.key[0] for row in table(evidence, "reliability_by_group").rows} == {"ops", "sales", "it"}


def test_the_answer_says_it_plainly_and_every_number_passed_the_gate(whole: tuple) -> None:
    *_, evidence, released = whole
    assert released.answer.startswith("Exhaustion is measured well by its items. Of what sets")
    assert f"{released.estimate('omega').value:.3g}"[:4] in released.answer
    assert "p0" not in repr(evidence) + repr(released.answer)
    assert not released.suppressed


def test_shares_beyond_each_line_are_those_counted(tables: FakeTables, whole: tuple) -> None:
    *_, evidence, _ = whole
    newest = tables["surveys"].filter(
        pl.col("wave") == "w2", pl.col("measure") == "exhaustion", pl.col("item").is_null()
    )
    score = newest.collect()["value"].to_numpy()
    rows = table(evidence, "cut_offs").rows
    assert [row.key[0] for row in rows] == [
        "a case in this study: 3.4 or more",
        "high (highest third): 3.2 or more",
    ]
    assert [row.values[0] for row in rows] == [(score >= 3.4 - 1e-9).sum(), (score >= 3.2 - 1e-9).sum()]
    assert [row.values[3] for row in rows] == ["convention", "contested"]
    counts = [row.values[0] for row in table(evidence, "distribution").rows]
    assert sum(counts) == score.size
    # what lies between two lines can be had by subtraction: it is judged too
    between = int(((score >= 3.2 - 1e-9) & (score < 3.4 - 1e-9)).sum())
    assert between in counts
    assert [row.support.smallest_level for row in rows] == [min(counts)] * 2


def test_a_line_too_near_to_another_is_kept_back() -> None:
    close = MEASURES["exhaustion"] | {"cut_offs": {"twin": {"at": 3.3, "source": "nobody"}}}
    *_, evidence, released = all_of(make_tables(measures=MEASURES | {"exhaustion": close}))
    assert table(evidence, "cut_offs").rows[1].key == ("twin: 3.3 or more",)
    shown = {row.key[0]: row.values[0] for row in table(released, "cut_offs").rows}
    assert shown["twin: 3.3 or more"] is None
    assert shown["a case in this study: 3.4 or more"] is not None


def test_checks_of_sound_items_pass(whole: tuple) -> None:
    checks = whole[2]
    assert [c.name for c in checks if c.passed is False] == []
    assert check(checks, "reliability").passed is None


FEW = {"n": 150, "waves": 2}


def planted(change: pl.Expr, where: pl.Expr) -> FakeTables:
    made = make_tables(frames=FEW)
    made["surveys"] = made["surveys"].with_columns(value=pl.when(where).then(change).otherwise("value"))
    return made


def test_checks_name_what_is_wrong_with_items() -> None:
    third = pl.col("item") == "3"
    turned = check_of(planted(6 - pl.col("value"), third), "items_run_together")
    assert turned.passed is False
    assert "item 3 " in turned.text
    off = check_of(planted(pl.lit(9.0), third & (pl.col("wave") == "w1")), "items_on_scale")
    assert off.passed is False
    assert off.text == "Answers off the scale were left out, to item 3."
    made = make_tables(frames=FEW)
    first = made["surveys"].filter(pl.col("item") == "1")
    copied = pl.concat(
        [made["surveys"].filter(pl.col("item").ne_missing("2")), first.with_columns(item=pl.lit("2"))]
    )
    made["surveys"] = copied
    assert "1 and 2" in check_of(made, "no_duplicated_items").text
    score = pl.col("item").is_null() & (pl.col("measure") == "exhaustion")
    other = check_of(planted((pl.col("value") + 0.5).clip(0, 6), score), "scores_agree_with_items")
    assert other.passed is False


def check_of(tables: FakeTables, name: str) -> Check:
    measures = build_measures(tables)
    return check(check_measurement(measures, fit_measurement(measures, tables.study)), name)


def test_without_items_the_scores_alone_are_told() -> None:
    _, found, checks, _, released = all_of(make_tables(items=False))
    assert found.reliability is None
    assert isinstance(found.quality, Unanswered)
    assert checks == ()
    assert released.answer.startswith("How reliable the score is can't be told.")
    assert {t.name for t in released.tables} >= {"distribution", "cut_offs"}
    assert plot_reliability(released) is None


def test_an_outcome_without_a_key_is_told_by_its_scores() -> None:
    plain = {k: v for k, v in MEASURES["exhaustion"].items() if k != "scored_from"}
    *_, released = all_of(make_tables(measures=MEASURES | {"exhaustion": plain}))
    assert "does not say from which items" in released.answer
    assert len(table(released, "cut_offs").rows) == 1


def test_noise_makes_the_answer_no() -> None:
    rng = np.random.default_rng(1)
    made = make_tables(frames=FEW)
    surveys = made["surveys"].collect()
    items = pl.col("item").is_not_null()
    drawn = pl.Series("drawn", rng.integers(0, 7, surveys.height).astype(float))
    made["surveys"] = (
        surveys.with_columns(drawn).with_columns(value=pl.when(items).then("drawn").otherwise("value")).lazy()
    )
    *_, evidence, released = all_of(made)
    assert released.answer.startswith(("Poorly: the items", "How reliable the score is", "These data"))
    assert "measured well" not in evidence.answer


def test_unanswered_is_taken_for_an_answer() -> None:
    why = Unanswered(reason="Nobody has a score of the outcome.")
    assert check_measurement(why, why) == ()
    evidence = describe_measurement(why, why, (), provenance=PROVENANCE)
    assert evidence.design == "not answered"
    empty = make_tables()
    empty["surveys"] = empty["surveys"].filter(pl.col("measure") == "mood")
    with pytest.raises(DesignError, match="Nobody has a score"):
        build_measures(empty)


def test_a_small_organisation_shows_nothing_of_a_few_people() -> None:
    _, found, _, _, released = all_of(make_tables(frames={"n": 24}))
    assert isinstance(found.quality, Unanswered)
    numbers = [v for t in released.tables if t.name == "cut_offs" for row in t.rows for v in row.values[:3]]
    assert all(v is None or v % 5 == 0 or v > 0 for v in numbers)
    assert not released.has("omega")


def test_the_picture_states_the_finding(whole: tuple) -> None:
    released = whole[4]
    picture = plot_reliability(released)
    assert picture is not None
    assert re.match(r"The score of Exhaustion is reliable enough to compare groups: 0\.\d+ \(", picture.title)
    assert "w2 0." in picture.alt
    with pytest.raises(DesignError):
        plot_reliability(release_other())


def release_other() -> Released:
    *_, released = all_of(make_tables(frames={"n": 60, "waves": 1}))
    object.__setattr__(released, "id", "burnout.groups")
    return released


def test_order_and_engine_change_nothing(tables: FakeTables, whole: tuple) -> None:
    shuffled = FakeTables(
        tables.study, {n: f.collect().sample(fraction=1, shuffle=True, seed=1) for n, f in tables.items()}
    )
    pandas = FakeTables(tables.study, {n: f.collect() for n, f in tables.items()}, engine="pandas")
    found = whole[1]
    for other in (shuffled, pandas):
        measures = build_measures(other)
        again = fit_measurement(measures, tables.study)
        assert isinstance(again.quality, ItemQuality)
        assert again.reliability == found.reliability
        np.testing.assert_array_equal(again.quality.item_rest, found.quality.item_rest)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("contested", "the line is contested"),
        ("validated", "the line was validated against something else than the scale"),
        ("convention", "the line is a convention"),
    ],
)
def test_what_a_single_line_rests_on_is_told_as_declared(status: str, words: str) -> None:
    line = {"high": {"at": 4.0, "status": status, "source": "somebody"}}
    own = {"low": 0, "high": 6, "higher_is": "worse", "label": "Exhaustion", "cut_offs": line}
    *_, released = all_of(
        make_tables(items=False, measures=MEASURES | {"exhaustion": own}, case_at=None, case_share=0.25)
    )
    assert words in released.answer
    assert "no diagnosis" in released.answer
    for other in {"contested", "validated", "convention"} - {status}:
        assert other not in released.answer
