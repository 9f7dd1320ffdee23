"""The gate for checks: the state always stands, the number only where people are enough."""

from __future__ import annotations

import dataclasses
import re

from wellperf_models.disclosure.rules import Rules, judge_model
from wellperf_models.disclosure.wording import significant
from wellperf_models.evidence import Check


def fill_check(check: Check, rules: Rules, *, hidden: bool = False) -> Check:
    """Fills `{value}` and `{threshold}`; a check whose value rests on too few people keeps only its state.

    Args:
        check: Before the gate.
        rules: Thresholds.
        hidden: Keep the number back whatever it rests on.
    """
    hidden = hidden or (check.support is not None and judge_model(check.support, rules) is not None)
    value, error = (None, None) if hidden else (check.value, check.monte_carlo_error)
    if value is not None and not rules.in_full:
        value = significant(value, 3)
    if error is not None and not rules.in_full:
        error = significant(error, 2)
    fills = {"value": "(not shown)" if hidden else _short(value), "threshold": _short(check.threshold)}
    text = re.sub(r"\{(value|threshold)\}", lambda m: fills[m.group(1)], check.text)
    return dataclasses.replace(check, value=value, monte_carlo_error=error, text=text)


def _short(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e6 else f"{value:.3g}"
