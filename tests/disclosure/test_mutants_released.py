"""Edges of printed numbers, answers and what a Released shows, that mutation testing found unguarded."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.disclosure.builders import curve, estimate, evidence, headcount, study
from wellperf_models.disclosure import NOT_SHOWN, release
from wellperf_models.disclosure.wording import (
    as_printed,
    decimals_of,
    print_estimate,
    print_interval,
    print_value,
    significant,
)
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Check, Support

PLAIN = {"low": None, "high": None, "coverage": None, "interval": None}


def test_two_digits_of_a_standard_error() -> None:
    # half the width by 1.96: .0255 to .0255, so a hundredth of it is the last digit
    assert decimals_of(0.0, 0.1) == 3
    assert decimals_of(0.0, 0.5) == 2
    assert decimals_of(0.0, 3.8) == 2
    assert decimals_of(0.0, 4.0) == 1
    assert decimals_of(0.0, 3.8e-9) == 6


@pytest.mark.parametrize(
    ("value", "more", "printed"),
    [
        (0.123456, {"se": 0.02}, "0.123"),
        (0.123456, {"se": 0.002}, "0.1235"),
        (0.123456, {"se": 0.002, "scale": "log"}, "0.123"),
        (0.123456, {"se": 0.0}, "0.123"),
        (0.5, {"se": 0.02, "unit": "share"}, "50.0 %"),
        (100.4, {}, "100"),
        (99.44, {}, "99.4"),
        (0.0, {}, "0"),
        (100.5, {"unit": "share"}, "10050 %"),
    ],
)
def test_without_an_interval_the_error_decides_or_the_size(
    value: float, more: dict[str, object], printed: str
) -> None:
    item = estimate(value=value, **{**PLAIN, **more})
    assert print_value(item).replace("\N{NARROW NO-BREAK SPACE}", "") == printed
    assert print_interval(item) == ""
    assert print_estimate(item) == print_value(item)


def test_an_interval_of_no_width_has_no_error() -> None:
    assert print_estimate(estimate(value=0.5, low=0.5, high=0.5)) == "0.500 (0.500 to 0.500)"


def test_ten_digits_are_kept_where_everything_is() -> None:
    assert significant(1.23456789012345) == 1.23456789
    assert as_printed(estimate(se=0.0123456)).se == 0.012


def test_a_part_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DisclosureError, match="does not know this part"):
        release(dataclasses.replace(evidence(), checks=(SimpleNamespace(name="c"),)), study(tmp_path))  # type: ignore[arg-type]


def test_an_optional_part_needs_all_of_its_numbers(tmp_path: Path) -> None:
    small = estimate("few", support=Support(n_people=5))
    parts = evidence(answer="It is {effect}[, between {effect} and {few}].", estimates=(estimate(), small))
    assert release(parts, study(tmp_path)).answer == "It is 0.500."


def test_the_reason_told_is_that_of_the_number_that_is_missing(tmp_path: Path) -> None:
    estimates = (
        estimate("few", support=Support(n_people=5)),
        estimate("rare", support=Support(n_people=200, n_events=1)),
    )
    answer = release(evidence(answer="It is {few}.", estimates=estimates), study(tmp_path)).answer
    assert "30 people" in answer
    assert "events" not in answer


def test_what_a_released_gives_by_name(tmp_path: Path) -> None:
    one = curve([0] + [1] * 60, people=200)
    other = dataclasses.replace(one, name="other", series="other")
    shown = release(evidence(curves=(one, other), estimates=(estimate(),)), study(tmp_path))
    assert [c.name for c in shown.curves_of("other")] == ["other"]
    with pytest.raises(DisclosureError, match="no estimate of that name"):
        shown.estimate("nothing")


def test_how_it_displays(tmp_path: Path) -> None:
    states = {"a": True, "b": False, "c": None}
    shown = release(
        evidence(
            checks=tuple(Check(name=n, passed=state, text=f"check {n}") for n, state in states.items()),
            estimates=(estimate(unit="points"), estimate("part", value=0.5, unit="share")),
            tables=(headcount({"a": 5, "b": 60, "c": 72}),),
        ),
        study(tmp_path),
    )
    text, html = repr(shown), shown._repr_html_()
    for line in ("[passed] check a", "[FAILED] check b", "[informative] check c", "(0.400 to 0.600) points"):
        assert line in text
    assert "% share" not in text
    assert "<th>n_people</th>" in html
    assert f"<td>{NOT_SHOWN}</td>" in html
    assert "<td>70</td>" in html
    assert "<td>7.143</td>" in html
    rows = shown.to_dict()["tables"][0]["rows"]
    assert [row["shown"] for row in rows] == [False, False, True]
    assert all("monte_carlo_errors" not in row for row in rows)
