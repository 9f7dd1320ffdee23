"""Every threshold of the gate at its edge: one person more or less changes the answer."""

import dataclasses
from typing import Any

import pytest

from tests.disclosure.builders import estimate
from wellperf_models.disclosure.rules import (
    ALL_OR_NONE,
    Rules,
    all_or_none,
    floor_count,
    judge_estimate,
    judge_group,
    judge_model,
    judge_people,
    judge_sum,
    round_count,
)
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Support

RULES = Rules()
FULL = Rules(in_full=True)
MODEL: dict[str, Any] = {"n_people": 200, "n_events": 60, "n_non_events": 140}


def test_the_defaults_are_those_of_the_design() -> None:
    assert dataclasses.asdict(RULES) == {
        "min_group_size": 10,
        "min_model_people": 30,
        "min_model_events": 10,
        "min_residual_df": 10,
        "max_parameter_share": 0.33,
        "count_base": 5,
        "curve_block_events": 10,
        "largest_two_share": 0.9,
        "rest_share": 0.1,
        "in_full": False,
    }


@pytest.mark.parametrize("name", ["min_group_size", "min_model_people", "min_model_events"])
def test_no_threshold_goes_below_the_floor(name: str) -> None:
    assert getattr(Rules(**{name: 5}), name) == 5
    with pytest.raises(DisclosureError, match="below the floor"):
        Rules(**{name: 4})


@pytest.mark.parametrize(
    ("n", "outside", "shown"),
    [(9, None, False), (10, None, True), (50, 0, True), (50, 1, False), (50, 9, False), (50, 10, True)],
)
def test_people_and_who_is_left(n: int, outside: int | None, shown: bool) -> None:
    support = Support(n_people=n, n_complement=outside)
    assert (judge_people(support, RULES) is None) is shown
    assert (judge_group(support, RULES) is None) is shown
    assert judge_people(support, FULL) is judge_group(support, FULL) is None


@pytest.mark.parametrize(("level", "shown"), [(None, True), (9, False), (10, True), (11, True)])
def test_the_smallest_level_of_a_group(level: int | None, shown: bool) -> None:
    reason = judge_group(Support(n_people=50, smallest_level=level), RULES)
    assert (reason is None) is shown
    assert shown or reason == "a level with fewer than 10 people"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"n_people": 30}, None),
        ({"n_people": 29}, "fewer than 30 people"),
        ({"n_events": 10}, None),
        ({"n_events": 9}, "fewer than 10 events"),
        ({"n_non_events": 10}, None),
        ({"n_non_events": 9}, "fewer than 10 non-events"),
        ({"smallest_level": 10}, None),
        ({"smallest_level": 9}, "a level with fewer than 10 people"),
        ({"residual_df": 10}, None),
        ({"residual_df": 9}, "fewer than 10 residual degrees of freedom"),
        ({"n_parameters": 66}, None),
        ({"n_parameters": 67}, "more than 0.33 parameters per person"),
        ({"n_complement": 0}, None),
        ({"n_complement": 1}, "fewer than 10 people outside the group"),
        ({"n_complement": 9}, "fewer than 10 people outside the group"),
        ({"n_complement": 10}, None),
    ],
)
def test_a_model_at_its_edges(change: dict[str, int], reason: str | None) -> None:
    support = Support(**{**MODEL, **change})
    assert judge_model(support, RULES) == reason
    assert judge_model(support, FULL) is None


@pytest.mark.parametrize(
    ("total", "largest", "second", "shown"),
    [
        (100.0, 50.0, 40.0, True),  # two make up nine tenths, no more
        (100.0, 50.0, 41.0, False),
        (100.0, 84.0, 7.0, False),
        (1000.0, 800.0, 100.0, True),
        (1100.0, 900.0, 90.0, True),  # the rest is more than a tenth of the largest
        (-100.0, -50.0, -20.0, True),
        (-100.0, -60.0, -35.0, False),
        (100.0, 20.0, 10.0, True),
    ],
)
def test_nobody_dominates_a_sum(total: float, largest: float, second: float, shown: bool) -> None:
    support = Support(n_people=50, total=total, largest=largest, second=second)
    assert (judge_sum(support, RULES) is None) is shown
    assert (judge_group(support, RULES) is None) is shown
    assert judge_sum(support, FULL) is None


def test_the_rest_of_a_sum_hides_the_largest() -> None:
    """The p % rule by itself: at exactly a tenth the second largest knows no more than that."""
    rules = Rules(largest_two_share=1.0)
    edge = Support(n_people=50, total=1140.0, largest=1000.0, second=40.0)
    assert judge_sum(edge, rules) is None
    below = dataclasses.replace(edge, total=1139.0)
    assert judge_sum(below, rules) == "one or two people's amounts make up most of the sum"


@pytest.mark.parametrize("missing", ["total", "largest", "second"])
def test_a_sum_needs_its_largest_amounts(missing: str) -> None:
    known: dict[str, float | None] = {"total": 100.0, "largest": 9.0, "second": 8.0}
    with pytest.raises(DisclosureError, match="two largest amounts"):
        judge_sum(Support(n_people=50, **{**known, missing: None}), RULES)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "unit", "events", "others", "hidden"),
    [
        (0.5, "share", 25, 25, False),
        (0.06, "share", 3, 47, False),
        (0.04, "share", 2, 48, True),
        (0.96, "share", 48, 2, True),
        (0.0, "share", None, None, True),
        (1.0, "share", None, None, True),
        (0.01, "share", None, None, False),
        (0.99, "probability", None, None, False),
        (1.5, "rate", None, None, True),
        (-0.1, "rate", None, None, True),
        (0.0, "%", None, None, True),
        (100.0, "%", None, None, True),
        (99.5, "%", None, None, False),
        (1.0, "%", None, None, False),
        (0.0, "points", None, None, False),
        (0.04, "points", 2, 48, False),
    ],
)
def test_a_share_of_nobody_or_everybody_is_kept_back(
    value: float, unit: str, events: int | None, others: int | None, hidden: bool
) -> None:
    support = Support(n_people=50, n_events=events, n_non_events=others)
    part = estimate(value=value, kind="description", unit=unit, support=support)
    assert judge_estimate(part, RULES) == (ALL_OR_NONE if hidden else None)
    assert judge_estimate(part, FULL) is None
    # a count says how many there are, not what each of them did
    assert judge_estimate(dataclasses.replace(part, kind="count"), RULES) is None


@pytest.mark.parametrize(
    ("part", "others", "told"), [(2, 9, True), (3, 9, False), (9, 2, True), (None, None, False)]
)
def test_nobody_or_everybody(part: int | None, others: int | None, told: bool) -> None:
    assert all_or_none(part, others, RULES) is told


@pytest.mark.parametrize(
    ("exact", "rounded", "floored"),
    [(0, 0, 0), (2, 0, 0), (3, 5, 0), (7, 5, 5), (8, 10, 5), (10, 10, 10), (12.5, 15, 10)],
)
def test_counts_to_the_base(exact: float, rounded: int, floored: int) -> None:
    assert round_count(exact, RULES) == rounded
    assert isinstance(round_count(exact, RULES), int)
    assert floor_count(exact) == floored
    assert round_count(exact, FULL) == int(exact)
