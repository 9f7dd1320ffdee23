"""The numbers of the answer on use, each with its support."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wellperf_models.burnout.checks import support_of
from wellperf_models.burnout.use.decision import AtThreshold, Decision
from wellperf_models.burnout.use.intervals import Intervals
from wellperf_models.burnout.use.measured import Measured
from wellperf_models.burnout.use.model import Use
from wellperf_models.evidence import Estimate, Support
from wellperf_models.inference.calibration_error import CalibrationError
from wellperf_models.inference.scores import Score

_PER_100 = "cases per 100 answers"
_AUC_UNIT = "AUC (0.5 is chance, 1 is perfect order)"


def estimates_of(use: Use) -> tuple[Estimate, ...]:
    """Every number the answer may name."""
    support = support_of(use.forecasts, use.chosen)
    found: list[Estimate] = []
    if isinstance(use.decision, Decision):
        for point in use.decision.declared:
            found += _at_threshold(point, replace(support, smallest_level=point.fewest))
    if isinstance(use.error, CalibrationError):
        found += _error(use.error, support)
    if isinstance(use.intervals, Intervals):
        found += _intervals(use.intervals, support)
    if isinstance(use.measured, Measured):
        found += _measured(use, use.measured, support)
    return tuple(found)


def name_of(stem: str, threshold: float) -> str:
    """Name of an estimate at a threshold: `gain_last_20` at .2."""
    return f"{stem}_{100 * threshold:g}".replace(".", "_").replace("-", "_")


def _at_threshold(point: AtThreshold, support: Support) -> list[Estimate]:
    at = f"at a risk of {point.threshold:g} or more"
    parts = [
        ("net_benefit", f"net benefit of acting {at} by the model", point.model),
        ("gain_everybody", f"net benefit of acting {at}: the model less everybody", point.over_everybody),
    ]
    if point.over_last is not None:
        parts.append(
            ("gain_last", f"net benefit of acting {at}: the model less the last score alone", point.over_last)
        )
    return [
        _estimate(name_of(stem, point.threshold), label, score, _PER_100, support, factor=100)
        for stem, label, score in parts
    ]


def _error(error: CalibrationError, support: Support) -> list[Estimate]:
    label = f"mean distance of predicted and observed shares over {error.n_groups} groups of risk"
    corrected = _estimate(
        "calibration_error", f"{label}, chance deducted", error.error, _PER_100, support, factor=100
    )
    rounded = replace(
        corrected, low=None, high=None, coverage=None, interval=None, se=100 * error.error.std_error
    )
    return [
        corrected,
        replace(
            rounded,
            name="calibration_error_raw",
            label=f"{label}, chance included: biased upwards",
            value=100 * error.plug_in,
        ),
        replace(
            rounded,
            name="calibration_error_by_chance",
            label=f"{label} that a perfectly calibrated model would show by chance",
            value=100 * error.by_chance,
        ),
    ]


def _intervals(found: Intervals, support: Support) -> list[Estimate]:
    asked = f"{100 * found.nominal:g} in 100"
    # a quantile with few people beyond it would be one person's answer
    width = replace(support, smallest_level=found.beyond)
    # two digits of what a quantile of so many answers is off by, roughly
    error = found.half_width / np.sqrt(support.n_people)
    return [
        Estimate(
            name="interval_half_width",
            label=f"half the width of an interval for {asked} next scores",
            value=found.half_width,
            unit="points",
            se=error,
            support=width,
        ),
        Estimate(
            name="interval_half_width_blind",
            label=f"the same around the mean of all, for {asked}",
            value=found.half_width_blind,
            unit="points",
            se=error,
            support=width,
        ),
        _estimate(
            "interval_coverage", f"scores inside of intervals for {asked}", found.coverage, "share", support
        ),
    ]


def _measured(use: Use, found: Measured, support: Support) -> list[Estimate]:
    reliability = found.reliability
    parts = [
        (
            "reliability",
            "reliability of the score of the outcome",
            (reliability.value, reliability.low, reliability.high),
            "share of the variance of scores",
        ),
        (
            "auc_ceiling",
            "AUC that knowing everybody's true score would reach",
            (found.ceiling, found.ceiling_low, found.ceiling_high),
            _AUC_UNIT,
        ),
    ]
    made = [_bounded(name, label, values, unit, support) for name, label, values, unit in parts]
    return [
        *made,
        _estimate("auc", "AUC of the model", use.chosen.scores.auc, _AUC_UNIT, support),
        Estimate(
            name="error_of_measurement",
            label="standard error of measurement of the score",
            value=found.error,
            unit="points",
            se=found.error / np.sqrt(2 * support.n_people),
            support=support,
        ),
        _estimate(
            "near_cut_off",
            "answers so near to the cut-off that error of measurement could put them on the other side",
            found.near,
            "share",
            support,
        ),
    ]


def _bounded(
    name: str, label: str, values: tuple[float, float | None, float | None], unit: str, support: Support
) -> Estimate:
    """A number whose interval there may be none of."""
    value, low, high = values
    known = low is not None and high is not None
    return Estimate(
        name=name,
        label=label,
        value=value,
        low=low if known else None,
        high=high if known else None,
        coverage=0.95 if known else None,
        interval="confidence" if known else None,
        unit=unit,
        support=support,
    )


def _estimate(
    name: str, label: str, score: Score, unit: str, support: Support, *, factor: float = 1.0
) -> Estimate:
    return Estimate(
        name=name,
        label=label,
        value=factor * score.value,
        low=factor * score.low,
        high=factor * score.high,
        coverage=0.95,
        interval="confidence",
        unit=unit,
        se=factor * score.std_error,
        support=support,
    )
