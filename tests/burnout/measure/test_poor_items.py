"""Items everybody answered alike, and one scale where several are needed: said, and nothing else is lost."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.burnout.measure.builders import ITEMS, MEASURES, make_tables
from tests.burnout.measure.test_measurement import all_of, check, table
from tests.fakes import FakeTables
from wellperf_models.burnout.measure.frame import build_measures
from wellperf_models.burnout.measure.model import ItemQuality, fit_measurement
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.latent_profiles import Profiles
from wellperf_models.inference.reliability import Reliability, reliability

FEW = {"n": 150, "waves": 2}


def with_constant(*items: str) -> FakeTables:
    made = make_tables(frames=FEW)
    value = pl.when(pl.col("item").is_in(items)).then(4.0).otherwise("value")
    made["surveys"] = made["surveys"].with_columns(value=value)
    return made


def test_an_item_everybody_answered_alike_is_left_out_and_named() -> None:
    made = with_constant("3")
    measures, found, checks, evidence, released = all_of(made)
    assert isinstance(found.quality, ItemQuality)
    assert found.quality.constant == ("3",)
    assert measures.items is not None
    rest = np.delete(measures.items.answers, 2, axis=1)
    expected = reliability(rest, measures.person)
    for value in (found.quality.overall.omega, *(part.omega for part in found.quality.by_wave)):
        assert isinstance(value, Reliability)
    assert found.quality.overall.omega == expected
    assert found.quality.residual is not None
    assert np.isnan(found.quality.item_rest).tolist() == [name == "3" for name in ITEMS]
    named = check(checks, "items_vary")
    assert named.passed is False
    assert named.text.endswith("item 3.")
    assert check(checks, "items_run_together").passed
    assert [row.values[0] for row in table(evidence, "items").rows][2] is None
    assert released.has("omega")


@pytest.mark.parametrize("left", [0, 1])
def test_items_that_say_nothing_at_all_leave_the_scores(left: int) -> None:
    _, found, _, _, released = all_of(with_constant(*ITEMS[left:]))
    assert isinstance(found.quality, Unanswered)
    assert "everybody gave the same answer" in found.quality.reason
    assert "everybody gave the same answer" in released.answer
    assert {t.name for t in released.tables} >= {"distribution", "cut_offs"}


def test_sound_items_all_vary() -> None:
    made = make_tables(frames=FEW)
    _, found, checks, _, _ = all_of(made)
    assert isinstance(found.quality, ItemQuality)
    assert found.quality.constant == ()
    assert "items_vary" not in {c.name for c in checks}


def test_profiles_need_two_scales() -> None:
    """A skewed scale alone is described best by several normal distributions: no kinds of people."""
    alone = {k: v for k, v in MEASURES["exhaustion"].items() if k != "instrument"}
    mood = {"low": 0, "high": 6, "higher_is": "better"}
    made = make_tables(measures={"exhaustion": alone, "mood": mood}, frames={"n": 500})
    found = fit_measurement(build_measures(made), made.study)
    assert isinstance(found.profiles, Unanswered)
    assert found.profiles.reason.startswith("Profiles need two scales")
    *_, released = all_of(made)
    assert "kinds of people describe" not in released.answer
    assert not {"profiles", "profiles_tried"} & {t.name for t in released.tables}
    # with two of one instrument they are looked for
    two = make_tables(frames={"n": 500})
    assert isinstance(fit_measurement(build_measures(two), two.study).profiles, Profiles)
