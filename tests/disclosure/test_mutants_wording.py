"""Printed digits, curves and what is displayed, at their edges."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.disclosure.builders import curve, estimate, evidence, headcount, study
from wellperf_models.disclosure import release
from wellperf_models.disclosure.curves import area_under, release_curve
from wellperf_models.disclosure.rules import Rules
from wellperf_models.disclosure.wording import (
    as_printed,
    decimals_of,
    print_estimate,
    print_interval,
    print_value,
    significant,
)
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Area, Check, Curve, Support

RULES = Rules()
PLAIN: dict[str, Any] = {"low": None, "high": None, "coverage": None, "interval": None}


@pytest.mark.parametrize(
    ("se", "decimals"),
    [(0.02, 3), (0.0999, 3), (0.1, 2), (0.15, 2), (1.0, 1), (2.0, 1), (12.0, 0), (150.0, -1)],
)
def test_two_digits_of_the_standard_error(se: float, decimals: int) -> None:
    assert decimals_of(5.0, 5.0 + 2 * 1.96 * se * 1.000001) == decimals


def test_at_most_six_decimals() -> None:
    assert decimals_of(0.0, 1e-7) == 6
    assert decimals_of(0.0, 2 * 1.96 * 1.1e-5) == 6
    assert decimals_of(0.0, 2 * 1.96 * 1.1e-4) == 5
    assert print_value(estimate(value=0.00000123456, unit="points", **PLAIN)) == "0.000001"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.2345, "1.23"),
        (12.345, "12.3"),
        (99.44, "99.4"),
        (100.0, "100"),
        (100.6, "101"),
        (0.012345, "0.0123"),
    ],
)
def test_without_an_error_three_digits(value: float, text: str) -> None:
    assert print_value(estimate(value=value, unit="points", **PLAIN)) == text


def test_without_an_error_three_digits_of_a_share() -> None:
    assert print_value(estimate(value=0.12345, unit="share", **PLAIN)) == "12.3 %"
    assert print_value(estimate(value=1.0, unit="share", **PLAIN)) == "100 %"


def test_the_standard_error_decides_on_its_own_scale_only() -> None:
    given = {**PLAIN, "unit": "points", "value": 1.23456}
    assert print_value(estimate(**given, se=0.002)) == "1.2346"
    assert print_value(estimate(**given, se=0.002, scale="log")) == "1.23"
    assert print_value(estimate(**given, se=0.0)) == "1.23"
    assert print_value(estimate(**given, se=0.5)) == "1.23"
    assert print_value(estimate(value=0.123456, unit="share", **PLAIN, se=0.02)) == "12.3 %"
    # an interval without width says nothing of the error
    flat = {"low": 1.23456, "high": 1.23456, "coverage": 0.95, "interval": "bounds"}
    assert print_value(estimate(value=1.23456, unit="points", **flat)) == "1.23"


def test_an_estimate_without_an_interval_prints_none() -> None:
    alone = estimate(value=0.5, unit="points", **PLAIN)
    assert print_interval(alone) == ""
    assert print_estimate(alone) == "0.500"


def test_ten_digits_unless_told_otherwise() -> None:
    assert significant(1.23456789012345) == 1.234567890
    assert significant(123456.789012345) == 123456.789
    assert significant(0.0) == 0.0
    assert significant(1.23456, 3) == 1.23


def test_the_estimate_keeps_what_is_printed() -> None:
    sampled = {"computation": "sampled", "monte_carlo_error": 0.0012345}
    made = estimate(value=0.512345, se=0.051021, unit="points", **sampled)
    cut = as_printed(made)
    assert (cut.value, cut.low, cut.high) == (0.512, 0.412, 0.612)
    assert (cut.se, cut.monte_carlo_error) == (0.051, 0.0012)
    assert as_printed(estimate(value=0.5, **PLAIN)).low is None


# ---- curves


def test_a_curve_needs_the_people_of_an_estimate_where_it_counts_events() -> None:
    made = curve([0] + [1] * 20, people=25)
    assert release_curve(made, RULES)[0] is not None
    counted = dataclasses.replace(made, support=Support(n_people=25, n_events=20, n_non_events=5))
    assert release_curve(counted, RULES) == (None, "fewer than 30 people")
    few = dataclasses.replace(counted, support=Support(n_people=9, n_events=20, n_non_events=5))
    assert release_curve(few, RULES) == (None, "fewer than 10 people")


def test_a_curve_ends_where_fewer_than_ten_remain() -> None:
    # 30 people, ten leave at 1, ten more at 2: ten remain there, none are shown after
    made = curve([0, 10, 10, 10], people=30)
    shown, _ = release_curve(made, RULES)
    assert shown is not None
    assert shown.x == (0.0, 1.0, 2.0)
    less, _ = release_curve(curve([0, 10, 10, 10], people=29), RULES)
    assert less is not None
    assert less.x == (0.0, 1.0)


def test_a_curve_does_not_come_back_when_people_join() -> None:
    made = curve([0, 10, 10, 10], people=60)
    gap = dataclasses.replace(made, at_risk=(60, 60, 12, 60))
    shown, _ = release_curve(gap, RULES)
    assert shown is not None
    assert shown.x == (0.0, 1.0)


def test_a_curve_that_starts_with_an_exit_has_no_free_point() -> None:
    shown, _ = release_curve(curve([4, 6, 10], people=60), RULES)
    assert shown is not None
    assert (shown.x, shown.events) == ((1.0, 2.0), (10, 10))
    assert shown.support == Support(n_people=60)


def test_the_area_is_that_under_the_released_curve_of_everyone() -> None:
    everyone = dataclasses.replace(curve([0, 10, 10], people=60), x=(0.0, 6.0, 12.0), y=(1.0, 0.8, 0.6))
    other = dataclasses.replace(everyone, y=(1.0, 0.2, 0.1), group="a")
    incidence = dataclasses.replace(everyone, y=(0.0, 0.2, 0.4), name="incidence")
    area = Area(curve="survival", start=0.0, end=12.0, at_end="end")
    at_end = {"end": estimate("end", value=0.5)}

    def found(*curves: Curve) -> float | None:
        return area_under(area, curves, at_end)

    assert found(other, incidence, everyone) == pytest.approx(6 * 0.9 + 6 * (0.8 + 0.5) / 2)
    assert found(other, incidence) is None
    assert area_under(area, (everyone,), {}) is None
    assert area_under(dataclasses.replace(area, start=1.0), (everyone,), at_end) is not None
    late = dataclasses.replace(everyone, x=(3.0, 6.0, 12.0))
    assert found(late) is None


# ---- what is displayed


def test_curves_by_series_and_parts_by_name(tmp_path: Path) -> None:
    one = curve([0] + [1] * 60)
    other = dataclasses.replace(one, name="incidence", series="cumulative_incidence")
    released = release(evidence(curves=(one, other), estimates=(estimate(),)), study(tmp_path))
    assert [c.name for c in released.curves_of("survival")] == ["survival"]
    assert [c.name for c in released.curves_of("cumulative_incidence")] == ["incidence"]
    with pytest.raises(DisclosureError, match="no estimate of that name"):
        released.estimate("other")
    with pytest.raises(DisclosureError, match="no table of that name"):
        released.table("other")


def test_states_units_and_cells_as_they_are_read(tmp_path: Path) -> None:
    checks = tuple(
        Check(name=str(p), passed=p, text=f"text {p}") for p in (True, False, None)
    )  # fmt: skip
    parts = evidence(
        estimates=(estimate(unit="points"), estimate("part", value=0.5, unit="share")),
        tables=(headcount({"a": 40, "b": 4, "c": 300}),),
        checks=checks,
    )
    released = release(parts, study(tmp_path))
    text, page = repr(released), released._repr_html_()
    for line in ("[passed] text True", "[FAILED] text False", "[informative] text None", "points"):
        assert line in text
    assert "share" not in text
    assert "<b>FAILED</b> text False" in page
    assert "<th>n_people</th>" in page
    assert "<td>300</td>" in page
    assert "<td>—</td>" in page
    assert "<td>1.667</td>" in page
    shown = json.loads(json.dumps(released.to_dict()))["tables"][0]["rows"]
    assert [r["shown"] for r in shown] == [False, False, True]
    assert not [r for r in shown if "monte_carlo_errors" in r]


def test_a_row_is_shown_where_any_of_its_values_is(tmp_path: Path) -> None:
    made = headcount({"a": 40, "b": 60})
    rows = tuple(dataclasses.replace(r, values=(r.values[0], None, None)) for r in made.rows)
    parts = evidence(tables=(dataclasses.replace(made, rows=rows),))
    assert [r["shown"] for r in release(parts, study(tmp_path)).to_dict()["tables"][0]["rows"]] == [
        True,
        True,
    ]


def test_an_optional_part_needs_all_its_estimates(tmp_path: Path) -> None:
    few = estimate("few", support=Support(n_people=5))
    parts = evidence(answer="It is {effect}[, {effect} of {few}].", estimates=(estimate(), few))
    assert release(parts, study(tmp_path)).answer == "It is 0.500."


def test_only_the_reasons_of_what_is_missing_are_given(tmp_path: Path) -> None:
    few = estimate("few", support=Support(n_people=5))
    rare = estimate("rare", support=Support(n_people=50, n_events=3, n_non_events=47))
    parts = evidence(answer="It is {few}.", estimates=(few, rare))
    answer = release(parts, study(tmp_path)).answer
    assert "fewer than 30 people" in answer
    assert "events" not in answer


def test_a_part_of_another_type_is_refused_by_name(tmp_path: Path) -> None:
    for field in ("estimates", "tables", "curves", "checks"):
        made = evidence()
        object.__setattr__(made, field, ("text",))
        with pytest.raises(DisclosureError, match="does not know this part"):
            release(made, study(tmp_path))
