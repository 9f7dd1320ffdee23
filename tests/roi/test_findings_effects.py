"""Evidence on effects and contrasts: plain words, numbers through the gate only, and pictures."""

from __future__ import annotations

import re
from typing import Any

import polars as pl
import pytest

from tests.roi.builders import OUTCOMES, PROVENANCE, FakeTables, make_programmes, make_rows, make_tables
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Evidence, Unanswered
from wellperf_models.roi import (
    build_frame,
    check_contrast,
    check_effects,
    contrast,
    evaluate,
    fit_effects,
    plot_contrast,
    plot_effects,
)

PUBLIC = {"public_microdata": True, "licence": "CC0", "source": "made up"}


def evidence_of(tables: FakeTables) -> tuple[Evidence, Evidence]:
    section = tables.study.roi
    assert section is not None
    frame = build_frame(tables)
    effects = fit_effects(frame, section)
    return (
        evaluate(frame, effects, check_effects(frame, effects), provenance=PROVENANCE),
        contrast(frame, effects, check_contrast(frame, effects), provenance=PROVENANCE),
    )


def released_of(tables: FakeTables) -> tuple[Released, Released]:
    first, second = evidence_of(tables)
    return release(first, tables.study), release(second, tables.study)


@pytest.fixture(scope="module")
def released() -> tuple[Released, Released]:
    return released_of(make_tables(make_rows(n=3000, effect=-2.0, choice=1.5)))


def test_identifiers_and_estimates() -> None:
    effects, compared = evidence_of(make_tables())
    assert (effects.id, compared.id) == ("roi.effects", "roi.contrast")
    assert effects.question == "What did the programme change?"
    names = [e.name for e in effects.estimates]
    # the offer first, and nothing on what was measured before
    assert names == ["itt_sick_days", "itt_left", "compliers_sick_days", "compliers_left"]
    assert [e.name for e in compared.estimates][:2] == ["contrast_sick_days", "itt_sick_days"]
    for item in (*effects.estimates, *compared.estimates):
        assert item.interval == "confidence"
        assert item.support.n_people >= 300
        assert item.support.smallest_level is not None
        assert (item.support.n_events is None) == ("sick" in item.name)
    assert {t.name for t in effects.tables} == {
        "effects",
        "effects_standardised",
        "at_start",
        "arms",
        "arms_shares",
    }
    assert {t.name for t in compared.tables} == {"contrast", "contrast_standardised", "participants_at_start"}


def test_a_clear_effect_is_said_with_its_direction(released: tuple[Released, Released]) -> None:
    effects, _ = released
    assert effects.design == "randomised"
    assert "Offering “Coaching” changed “Sick days” by −1." in effects.answer
    assert "excludes no change: it changed, for the better." in effects.answer
    assert "In those who took part because it was offered" in effects.answer
    assert "No other outcome changed clearly" in effects.answer
    assert any("exclusion" in a for a in effects.assumptions)
    assert any("monotonicity" in a for a in effects.assumptions)


def test_a_null_says_that_the_data_do_not_tell() -> None:
    effects, _ = released_of(make_tables(make_rows(3)))
    assert "The interval includes no change: these data do not tell" in effects.answer
    assert not re.search(r"for the (better|worse)", effects.answer)


def test_the_contrast_warns_first_and_is_never_called_an_effect(released: tuple[Released, Released]) -> None:
    _, compared = released
    assert compared.answer.startswith("Not an effect, whatever its number: people chose")
    assert compared.answer.index("Not an effect") < re.search(r"\d", compared.answer).start()  # type: ignore[union-attr]
    assert "The lots say:" in compared.answer
    assert compared.design == "contrast of participants: not an effect"
    assert compared.checks[0].name == "design_of_contrast"
    assert compared.checks[0].passed is False
    assert [c.passed for c in compared.checks] == [False, False]
    told = " ".join(e.label for e in compared.estimates if e.name.startswith("contrast"))
    assert "not an effect" in told
    assert not re.search(r"\b(saved|reduces?|because of the programme|led to|impact)\b", compared.answer)


def test_numbers_are_rounded_and_nobody_is_in_it(released: tuple[Released, Released]) -> None:
    for item in released:
        assert not re.search(r"\bp\d{5}\b", str(item.to_dict()))
        assert "Not shown" not in item.answer
    shares = released[0].table("arms_shares")
    assert len(shares.rows) == 2
    for row in shares.rows:
        assigned, measured, with_it, share = row.values
        assert isinstance(with_it, int)
        assert isinstance(measured, int)
        assert assigned == measured == 1500
        assert with_it % 5 == 0
        assert share == pytest.approx(100 * with_it / measured)


def test_published_microdata_show_everything() -> None:
    rows = make_rows(n=26)
    hidden, _ = released_of(make_tables(rows))
    assert "Not shown" in hidden.answer
    assert not hidden.estimates
    shown, compared = released_of(make_tables(rows, general=PUBLIC))
    assert "Offering" in shown.answer
    assert shown.table("arms").rows[0].values[0] == 13
    assert compared.estimates


def test_few_people_in_an_arm_or_few_events_are_kept_back() -> None:
    rare = make_rows().with_columns(
        pl.when(pl.col("name") == "left")
        .then(((pl.col("unit_id") < "p00009") | (pl.col("unit_id") > "p00560")).cast(pl.Float64))
        .otherwise(pl.col("value"))
        .alias("value")
    )
    few = rare.filter((pl.col("name") != "left") | (pl.col("value") == 0) | (pl.col("unit_id") < "p00009"))
    effects, _ = released_of(make_tables(few))
    assert effects.has("itt_sick_days")
    assert not effects.has("itt_left")
    table = effects.table("effects")
    assert [row.values[1] is None for row in table.rows] == [False, True]


def test_a_handful_who_stayed_away_do_not_follow_from_two_effects() -> None:
    """Effect of the offer over effect of taking part is the share who took part."""
    rows = make_rows().with_columns(
        pl.when(pl.col("received").is_null())
        .then(None)
        .otherwise(pl.when(pl.col("unit_id") < "p00010").then(pl.lit("no")).otherwise(pl.lit("yes")))
        .alias("received")
    )
    effects, compared = released_of(make_tables(rows))
    assert effects.has("itt_sick_days")
    assert not effects.has("compliers_sick_days")
    assert "In those who took part" not in effects.answer
    first = effects.table("effects").rows[0]
    at = [m.name for m in effects.table("effects").measures]
    assert first.values[at.index("itt")] is not None
    assert first.values[at.index("compliers")] is None
    assert not compared.has("contrast_sick_days")


def test_few_teams_are_said() -> None:
    effects, _ = released_of(make_tables(make_rows(teams=16, icc=0.1), level="team"))
    assert any("Few teams were assigned" in limit for limit in effects.limits)
    assert any("drawn again" in c.text for c in effects.checks)


def test_a_verdict_that_the_lots_do_not_confirm() -> None:
    from dataclasses import replace

    from wellperf_models.roi.rows import Effect

    tables = make_tables(make_rows(teams=16, effect=-9.0), level="team")
    frame = build_frame(tables)
    assert tables.study.roi is not None
    effects = fit_effects(frame, tables.study.roi)
    itt = effects.of["sick_days"].intention_to_treat
    assert isinstance(itt, Effect)
    doubted = replace(effects.of["sick_days"], intention_to_treat=replace(itt, randomisation_p=0.2))
    changed = replace(effects, of=effects.of | {"sick_days": doubted})
    assert "it changed, for the better" in evaluate(frame, effects, (), provenance=PROVENANCE).answer
    assert "does not confirm it" in evaluate(frame, changed, (), provenance=PROVENANCE).answer


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"design": "participation"}, "chose whether to take part"),
        ({"design": "before_after"}, "no control group"),
        ({"more": {"programmes": make_programmes("self_selected")}}, "one of the two is wrong"),
    ],
)
def test_without_lots_there_is_no_number_but_the_contrast(change: dict[str, Any], why: str) -> None:
    outcomes = OUTCOMES | {"sick_days": OUTCOMES["sick_days"] | {"adjust_for": ["sick_days_before"]}}
    effects, compared = released_of(make_tables(outcomes=outcomes, **change))
    assert effects.answer.startswith("Not answered:")
    assert why in effects.answer
    assert effects.design == "not answered"
    assert not effects.estimates
    assert not effects.tables
    assert compared.answer.startswith("Not an effect")
    assert compared.has("contrast_sick_days")
    assert not any(e.name.startswith("itt") for e in compared.estimates)
    assert compared.checks[0].passed is False
    assert plot_effects(effects) is None
    picture = plot_contrast(compared)
    assert picture is not None
    assert ("after less before" in picture.alt) == (change.get("design") == "before_after")


def test_everyone_treated_is_not_answered() -> None:
    effects, _ = released_of(make_tables(make_rows().filter(pl.col("arm") == "offered")))
    assert "no control group" in effects.answer
    assert not effects.estimates


def test_what_could_not_be_fitted_is_said() -> None:
    frame = build_frame(make_tables())
    why = Unanswered(reason="the {model} did [not] converge.", remedy="more data")
    for make in (evaluate, contrast):
        evidence = make(frame, why, (), provenance=PROVENANCE)
        text = release(evidence, make_tables().study).answer
        assert "the (model) did (not) converge" in text


def test_an_unanswered_primary_does_not_hide_the_others() -> None:
    rows = make_rows().filter((pl.col("name") != "sick_days") | (pl.col("arm") == "offered"))
    effects, _ = released_of(make_tables(rows))
    assert "On “Sick days”: Not answered" in effects.answer
    assert effects.has("itt_left")


def test_pictures_have_a_finding_and_words(released: tuple[Released, Released]) -> None:
    effects, compared = released
    pictures = (plot_effects(effects), plot_contrast(compared))
    for picture in pictures:
        assert picture is not None
        assert picture.title in picture.alt
        assert len(picture.png()) > 10_000
        assert len(picture.title) < 90
    assert pictures[0] is not None
    assert pictures[0].title == "1 of 2 outcomes clearly changed; “Sick days” did"
    assert pictures[1] is not None
    assert "articipants" in pictures[1].title
    assert pictures[0].png() == plot_effects(effects).png()  # type: ignore[union-attr]
    for plot, wrong in ((plot_effects, compared), (plot_contrast, effects)):
        with pytest.raises(DesignError, match="made from"):
            plot(wrong)


def test_the_picture_of_a_null_says_so() -> None:
    effects, _ = released_of(make_tables(make_rows(3)))
    picture = plot_effects(effects)
    assert picture is not None
    assert picture.title == "The programme changed no outcome clearly"


def test_what_was_kept_back_is_not_drawn() -> None:
    effects, compared = released_of(make_tables(make_rows(n=26)))
    assert plot_effects(effects) is None
    assert plot_contrast(compared) is None


def test_left_out_rows_are_tabled() -> None:
    rows = make_rows().with_columns(
        pl.when(pl.col("unit_id") < "p00040").then(pl.lit("third")).otherwise(pl.col("arm")).alias("arm")
    )
    effects, _ = released_of(make_tables(rows))
    table = effects.table("left_out")
    assert {row.key[1] for row in table.rows} == {"rows of another arm"}
    assert {row.values[0] for row in table.rows} == {40}
