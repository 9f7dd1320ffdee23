"""Printed digits: two significant digits of the standard error."""

import pytest

from tests.disclosure.builders import estimate
from wellperf_models.disclosure.wording import as_printed, print_estimate, print_value, significant


@pytest.mark.parametrize(
    ("value", "half", "unit", "printed"),
    [
        (0.61234, 0.03, "probability", "61.2 % (58.2 to 64.2 %)"),
        (10.83, 95.0, "dollars a month", "11 (−84 to 106)"),
        (1234.5, 20.0, "people", "1_234 (1_214 to 1_254)"),
        (-0.0004, 0.5, "points", "0.00 (−0.50 to 0.50)"),
        (0.0133, 0.0196, "points", "0.013 (−0.006 to 0.033)"),
    ],
)  # fmt: skip
def test_print(value: float, half: float, unit: str, printed: str) -> None:
    shown = estimate(value=value, low=value - half, high=value + half, unit=unit)
    assert print_estimate(shown) == printed.replace("_", "\N{NARROW NO-BREAK SPACE}")


def test_without_interval_three_digits() -> None:
    plain = {"low": None, "high": None, "coverage": None, "interval": None}
    assert print_value(estimate(value=0.012345, **plain)) == "0.0123"
    assert print_value(estimate(value=0.0, **plain)) == "0"
    assert print_value(estimate(value=250.4, **plain)) == "250"
    assert print_value(estimate(value=55.0, kind="count", **plain)) == "55"


def test_significant() -> None:
    assert significant(0.123456789012345) == 0.123456789
    assert significant(-1234567890.1234) == -1234567890.0
    assert significant(0.0) == 0.0


def test_digits_above_the_unit_are_cut_like_those_below() -> None:
    pay = estimate("pay", value=54321.4, low=48321.0, high=60322.0)
    assert print_estimate(pay).replace("\N{NARROW NO-BREAK SPACE}", "") == "54300 (48300 to 60300)"
    assert as_printed(pay).value == 54300.0
