"""How released numbers are printed: to two significant digits of their standard error."""

from __future__ import annotations

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


def _scale(estimate: Estimate) -> tuple[float, str]:
    return (100.0, " %") if estimate.unit in _PERCENT_UNITS else (1.0, "")


def _decimals(estimate: Estimate) -> int:
    if estimate.kind == "count":
        return 0
    factor, _ = _scale(estimate)
    error = None
    if estimate.low is not None and estimate.high is not None and estimate.high > estimate.low:
        error = (estimate.high - estimate.low) / (2 * _Z95)
    elif estimate.scale == "identity":
        error = estimate.se
    if error is None or error <= 0:
        value = abs(estimate.value * factor)
        return (
            0 if value >= 100 else min(_MAX_DECIMALS, 2 - math.floor(math.log10(value))) if value > 0 else 0
        )
    return min(_MAX_DECIMALS, max(0, 1 - math.floor(math.log10(error * factor))))


def _fixed(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    # a minus sign, not a hyphen; and no "−0"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.\N{NARROW NO-BREAK SPACE}") else "−" + text[1:]
    return text
