"""What a study file can say of instruments, and what it can't."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from wellperf_models.study import Study, cut_offs_of, key_of

EX = {"low": 0, "high": 6, "higher_is": "worse", "scored_from": "mbi_gs.exhaustion"}
HOUSE = {
    "low": 1,
    "high": 5,
    "source": "our own",
    "scales": {
        "fatigue": {"items": [1, 2, "c"], "reversed_items": [2], "higher_is": "worse"},
        "drive": {"items": [4, 5], "higher_is": "better"},
    },
}


def study(measures: dict[str, Any], **sections: Any) -> Study:
    return Study.model_validate(
        {
            "study": {"name": "t", "as_of": "2024-01-01", "seed": 1},
            "tables": {"surveys": {"path": "s.csv"}},
            "measures": measures,
        }
        | sections
    )


def test_a_measure_without_a_key_stays_as_it_was() -> None:
    made = study({"ex": {"low": 0, "high": 6, "instrument": "MBI-GS, as printed"}})
    assert key_of(made, "ex") is None
    assert cut_offs_of(made, "ex") == ()


def test_own_instruments_are_scored_like_published_ones() -> None:
    made = study({"f": {"low": 1, "high": 5, "scored_from": "house.fatigue"}}, instruments={"house": HOUSE})
    key = key_of(made, "f")
    assert key is not None
    assert (key.items, key.reversed_items, key.min_answered) == (("1", "2", "c"), ("2",), 3)
    assert key.source == "our own"


def test_what_the_study_says_otherwise_is_taken() -> None:
    made = study(
        {
            "ex": EX
            | {
                "low": 0,
                "high": 30,
                "scoring": "sum",
                "min_answered": 3,
                "reversed_items": [6],
                "cut_offs": {"ours": {"at": 20, "source": "the committee", "status": "contested"}},
            }
        }
    )
    key = key_of(made, "ex")
    assert key is not None
    assert (key.scoring, key.min_answered, key.reversed_items) == ("sum", 3, ("6",))
    # the published line is on the scale of means
    assert [(line.name, line.at, line.status) for line in cut_offs_of(made, "ex")] == [
        ("ours", 20, "contested")
    ]


def test_a_score_that_runs_the_other_way_is_turned() -> None:
    made = study({"e": {"low": 1, "high": 4, "higher_is": "better", "scored_from": "olbi.exhaustion"}})
    key = key_of(made, "e")
    assert key is not None
    assert key.reversed_items == ("5", "10", "14", "16")
    (line,) = cut_offs_of(made, "e")
    assert line.at == pytest.approx(2.75)


@pytest.mark.parametrize(
    ("measures", "sections", "told"),
    [
        ({"ex": EX | {"scored_from": "mbi_gs.exaustion"}}, {}, "did you mean 'mbi_gs.exhaustion'"),
        ({"ex": EX | {"high": 30}}, {}, "gives scores from 0 to 6"),
        ({"ex": EX | {"items": {"q1": 5}}}, {}, "items.q1 is no item of mbi_gs.exhaustion"),
        ({"ex": EX | {"items": {"q1": 1, "q2": 1}}}, {}, "gives two of them the same number"),
        ({"ex": EX | {"reversed_items": [9]}}, {}, "none of the scale: 9"),
        ({"ex": {"low": 0, "high": 6, "coded": [1, 7]}}, {}, r"from which key \(scored_from\)"),
        ({"ex": EX | {"coded": [3, 3]}}, {}, "two numbers"),
        ({"ex": EX | {"shares_items_with": ["exx"]}}, {}, "shares_items_with names 'exx'"),
        ({"ex": EX | {"cut_offs": {"a": {"at": 9, "source": "x"}}}}, {}, "outside of 0 to 6"),
        ({}, {"instruments": {"mbi_gs": HOUSE}}, "bears the name of a published instrument"),
        (
            {},
            {"instruments": {"h": HOUSE | {"scales": {"a": {"items": [1, 1]}}}}},
            "no items, or one of them twice",
        ),
    ],
)
def test_what_does_not_fit_is_named(measures: dict[str, Any], sections: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        study(measures, **sections)
