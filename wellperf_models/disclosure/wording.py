"""How released numbers are printed: to two significant digits of their standard error."""

from __future__ import annotations

import dataclasses
import math

from wellperf_models.evidence import Estimate

# 95 % of a normal lies within this many standard errors on either side
_Z95 = 1.959963984540054
_PERCENT_UNITS = frozenset({"probability", "share", "rate"})
_MAX_DECIMALS = 6


def print_value(estimate: Estimate) -> str:
    """The value alone, e.g. `61 %` or `1.24`."""
    factor, suffix = _scale(estimate)
    return _fixed(estimate.value * factor, _decimals(estimate)) + suffix


def print_whole(value: float) -> str:
    """A declared number of people or of money, printed as a count that passed the gate is."""
    return _fixed(value, 0)


def print_interval(estimate: Estimate) -> str:
    """The interval alone, e.g. `58 to 64 %`; empty where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    factor, suffix = _scale(estimate)
    digits = _decimals(estimate)
    return f"{_fixed(estimate.low * factor, digits)} to {_fixed(estimate.high * factor, digits)}{suffix}"


def print_estimate(estimate: Estimate) -> str:
    """Value and interval, e.g. `61 % (58 to 64 %)`."""
    interval = print_interval(estimate)
    return f"{print_value(estimate)} ({interval})" if interval else print_value(estimate)


def significant(value: float, digits: int = 10) -> float:
    """Rounds to significant digits: below that a number says more about the machine than about people."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def as_printed(estimate: Estimate) -> Estimate:
    """The estimate with the digits that are printed and no others: more of them would pin people down."""
    factor, _ = _scale(estimate)
    decimals = _decimals(estimate)

    def cut(value: float | None) -> float | None:
        return None if value is None else significant(round(value * factor, decimals) / factor)

    value = cut(estimate.value)
    assert value is not None
    error = estimate.monte_carlo_error
    return dataclasses.replace(
        estimate,
        value=value,
        low=cut(estimate.low),
        high=cut(estimate.high),
        se=None if estimate.se is None else significant(estimate.se, 2),
        monte_carlo_error=None if error is None else significant(error, 2),
    )


def _scale(estimate: Estimate) -> tuple[float, str]:
    return (100.0, " %") if estimate.unit in _PERCENT_UNITS else (1.0, "")


def _decimals(estimate: Estimate) -> int:
    if estimate.kind == "count":
        return 0
    factor, _ = _scale(estimate)
    if estimate.low is not None and estimate.high is not None and estimate.high > estimate.low:
        return decimals_of(estimate.low * factor, estimate.high * factor)
    error = estimate.se if estimate.scale == "identity" else None
    if error is not None and error > 0:
        return _two_digits(error * factor)
    value = abs(estimate.value * factor)
    return 0 if value >= 100 or value == 0 else min(_MAX_DECIMALS, 2 - math.floor(math.log10(value)))


def decimals_of(low: float, high: float) -> int:
    """Decimals that show two significant digits of the standard error of a 95 % interval."""
    return _two_digits((high - low) / (2 * _Z95))


def _two_digits(error: float) -> int:
    """Negative where the error is above a hundred: then the last digits are zeros."""
    return min(_MAX_DECIMALS, 1 - math.floor(math.log10(error)))


def _fixed(value: float, digits: int) -> str:
    text = f"{round(value, digits):,.{max(0, digits)}f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    # a minus sign, not a hyphen; and no "−0"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.\N{NARROW NO-BREAK SPACE}") else "−" + text[1:]
    return text
