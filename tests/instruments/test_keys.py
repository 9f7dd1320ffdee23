"""Scoring keys against what the papers say, and scores against cases worked out by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest

from wellperf_models.errors import StudyError, TablesError
from wellperf_models.instruments import KEYS, ScoringKey, aligned, score, scoring_key

NAN = float("nan")


@pytest.mark.parametrize(
    ("instrument", "sizes", "low", "high"),
    [
        ("mbi_gs", {"exhaustion": 5, "cynicism": 5, "efficacy": 6}, 0, 6),
        ("mbi_ss", {"exhaustion": 5, "cynicism": 4, "efficacy": 6}, 0, 6),
        (
            "bat_23",
            {"exhaustion": 8, "mental_distance": 5, "cognitive_impairment": 5, "emotional_impairment": 5},
            1,
            5,
        ),
        (
            "bat_12",
            {"exhaustion": 3, "mental_distance": 3, "cognitive_impairment": 3, "emotional_impairment": 3},
            1,
            5,
        ),
        ("cbi", {"personal": 6, "work": 7, "client": 6}, 0, 100),
        ("olbi", {"exhaustion": 8, "disengagement": 8}, 1, 4),
    ],
)
def test_scales_have_their_items_and_part_the_instrument(
    instrument: str, sizes: dict[str, int], low: float, high: float
) -> None:
    own = {key.name.partition(".")[2]: key for key in KEYS.values() if key.instrument == instrument}
    total = own.pop("total", None)
    assert {name: len(key.items) for name, key in own.items()} == sizes
    assert {(key.low, key.high) for key in own.values()} == {(low, high)}
    numbers = sorted(int(item) for key in own.values() for item in key.items)
    assert numbers == list(range(1, sum(sizes.values()) + 1))
    # the MBI has no total; the BAT has
    assert (total is not None) == instrument.startswith("bat")
    if total is not None:
        assert sorted(map(int, total.items)) == numbers


def test_every_line_says_what_it_rests_on() -> None:
    for key in KEYS.values():
        assert re.search(r"\d{4}", key.source), key.name
        for line in key.cut_offs:
            low, high = key.range
            assert low < line.at < high
            assert line.source
            assert line.status == {"mbi_gs": "contested", "olbi": "convention", "cbi": "convention"}.get(
                key.instrument, "validated"
            )


# (key, answers, score by hand)
BY_HAND: list[tuple[str, list[float], float]] = [
    ("mbi_gs.exhaustion", [0, 6, 3, 4, 2], 3.0),
    ("mbi_gs.exhaustion", [6, 6, 3, 4, NAN], 4.75),  # four of five are enough
    ("mbi_gs.exhaustion", [6, 6, 3, NAN, NAN], NAN),
    ("mbi_gs.efficacy", [6, 5, 6, 5, 6, 5], 5.5),
    ("bat_12.total", [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 3, 3], 3.0),
    ("bat_23.mental_distance", [1, 1, 2, 2, 4], 2.0),
    # CBI: the last question of the work scale runs the other way, 100 counts as 0
    ("cbi.work", [100, 100, 75, 75, 50, 50, 100], 450 / 7),
    ("cbi.work", [100, 100, NAN, NAN, 50, NAN, 0], 350 / 4),  # four of seven are enough
    ("cbi.work", [100, 100, NAN, NAN, 50, NAN, NAN], NAN),
    ("cbi.personal", [25, 50, 75, NAN, NAN, NAN], 50.0),  # three of six are enough
    ("cbi.personal", [25, 50, NAN, NAN, NAN, NAN], NAN),
    # OLBI, 1 = strongly agree. Exhaustion: items 2, 4, 8, 12 are complaints and turned (1 → 4)
    ("olbi.exhaustion", [1, 1, 4, 1, 4, 1, 4, 4], 4.0),
    ("olbi.exhaustion", [4, 4, 1, 4, 1, 4, 1, 1], 1.0),
    ("olbi.disengagement", [2, 3, 3, 2, 3, 3, 2, 2], 2.0),
]


@pytest.mark.parametrize(("name", "given", "by_hand"), BY_HAND)
def test_scores_by_hand(name: str, given: list[float], by_hand: float) -> None:
    found = score([given], scoring_key(name))
    np.testing.assert_allclose(found, [by_hand], rtol=1e-12)


def make_key(**changed: object) -> ScoringKey:
    given: dict[str, object] = {
        "name": "own.scale",
        "label": "Scale",
        "items": ("a", "b", "c"),
        "low": 1,
        "high": 5,
        "reversed_items": ("c",),
        "min_answered": 2,
        "source": "nobody (2000)",
    }
    return ScoringKey(**(given | changed))  # type: ignore[arg-type]


def test_a_sum_is_prorated_and_percent_runs_from_nothing_to_everything() -> None:
    given = [[1, 3, NAN], [1, 1, 5], [5, 5, 1]]
    np.testing.assert_allclose(score(given, make_key(scoring="sum")), [6, 3, 15])
    np.testing.assert_allclose(score(given, make_key(scoring="percent")), [25, 0, 100])
    assert make_key(scoring="sum").range == (3, 15)
    assert make_key(scoring="percent").range == (0, 100)


def test_a_turned_key_mirrors_every_score() -> None:
    key = scoring_key("olbi.exhaustion")
    given = np.random.default_rng(0).integers(1, 5, (20, 8)).astype(float)
    np.testing.assert_allclose(score(given, key.turned()), 5 - score(given, key))
    assert key.turned().higher_is == "better"
    assert key.turned().cut_offs[0].at == pytest.approx(5 - 2.25)
    assert key.turned().turned() == key


def test_unknown_keys_and_wrong_shapes_are_named() -> None:
    with pytest.raises(StudyError, match=r"did you mean 'mbi_gs\.exhaustion'"):
        scoring_key("mbi_gs.exaustion")
    with pytest.raises(TablesError, match="5 columns"):
        score([[1, 2, 3]], scoring_key("mbi_gs.exhaustion"))
    with pytest.raises(TablesError, match="2 in item 3") as caught:
        aligned([[0, 0, 7, 0, 0], [0, 0, -1, 0, 6]], scoring_key("mbi_gs.exhaustion"))
    assert "-1" not in str(caught.value)
    for wrong in ({"reversed_items": ("z",)}, {"min_answered": 4}, {"low": 5}, {"items": ("a", "a")}):
        with pytest.raises(StudyError, match="can't be used"):
            make_key(**wrong)
