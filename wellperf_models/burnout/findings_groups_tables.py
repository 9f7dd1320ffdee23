"""Tables by group: cases, order, calibration, and acting at a threshold. Aggregates only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wellperf_models.burnout.findings_tables import COUNT_MEASURES, counts_row, group_support
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.group_scores import GroupScore, score_groups, use_in_groups
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.evidence import Measure, Row, Table, interval_measures
from wellperf_models.inference.scores import Score, interval_values
from wellperf_models.panel import Level, nested_table

_TOO_FEW = "too few to tell"


def cases_table(
    frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, levels: Sequence[Level]
) -> Table:
    """Cases by group, observed and predicted, and the same by the levels above."""
    return nested_table(lambda level: _cases_of(frame, forecasts, chosen, level), levels)


def _cases_of(frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, level: Level) -> Table:
    """Cases by the groups of one level."""
    # a fold that failed leaves its answers without a prediction: they are in no row
    known = np.isfinite(chosen.risk)
    rows = []
    for name in np.unique(level.groups[known]):
        own = known & (level.groups == name)
        people = int(np.unique(forecasts.scored.person[own]).size)
        rows.append(counts_row((str(name),), own, forecasts, chosen.risk, first=(people,)))
    what = level.name.replace("_", " ")
    return Table(
        name="cases_by_group",
        title=f"Cases by {what}, observed and predicted by “{frame.name_of(chosen.name)}”",
        keys=(level.name,),
        measures=(Measure(name="people", kind="count", unit="people", label="People"), *COUNT_MEASURES),
        rows=tuple(rows),
        computation="iterative",
    )


def auc_table(
    frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, groups: Sequence[GroupScore]
) -> Table:
    """AUC within each group."""
    rows, what = [], str(frame.group_by).replace("_", " ")
    for group in groups:
        score = None if group.auc is None else group.auc.within(0.0, 1.0)
        values = (*interval_values(score), _note(score))
        rows.append(Row(key=(group.name,), values=values, support=group_support(group.own, forecasts)))
    return Table(
        name="auc_by_group",
        title=f"How well “{frame.name_of(chosen.name)}” orders people within each {what} (AUC)",
        keys=(str(frame.group_by),),
        measures=(
            *interval_measures("auc", "AUC", ends=""),
            Measure(name="note", kind="text", label="Note"),
        ),
        rows=tuple(rows),
        # an AUC does not follow from that of the others
        partition=False,
        computation="iterative",
    )


def calibration_by_group(
    frame: BurnoutFrame,
    forecasts: Forecasts,
    chosen: Forecast,
    groups: Sequence[GroupScore],
    levels: Sequence[Level],
) -> Table:
    """Cases for each one foretold, and the calibration slope, within each group.

    Args:
        frame, forecasts, chosen: What is told of which model.
        groups: From `score_groups`, of the first level.
        levels: The groups shown first, then those above.
    """

    def of(level: Level) -> Table:
        own = groups if level is levels[0] else score_groups(frame, forecasts, chosen, level)
        return _calibration_of(frame, forecasts, chosen, own, level)

    return nested_table(of, levels)


def _calibration_of(
    frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, groups: Sequence[GroupScore], level: Level
) -> Table:
    def row(group: GroupScore) -> Row:
        ratio = interval_values(group.log_ratio)
        values = (
            *(math.exp(v) if isinstance(v, float) else None for v in ratio),
            *interval_values(group.slope),
            _note(group.log_ratio),
        )
        return Row(key=(group.name,), values=values, support=group_support(group.own, forecasts))

    return Table(
        name="calibration_by_group",
        title=f"Whether risks by “{frame.name_of(chosen.name)}” mean what they say, by "
        f"{level.name.replace('_', ' ')}",
        keys=(level.name,),
        measures=(
            *interval_measures("ratio", "Cases for each one foretold (1 is right)"),
            *interval_measures("slope", "Calibration slope (1 is right)"),
            Measure(name="note", kind="text", label="Note"),
        ),
        # cases of all groups add up to those of everyone: one kept back would follow from the others
        rows=tuple(row(group) for group in groups),
        computation="iterative",
    )


def use_table(frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, levels: Sequence[Level]) -> Table:
    """Answers acted on, and net benefit, at each declared threshold within each group."""
    return nested_table(lambda level: _use_of(frame, forecasts, chosen, level), levels)


def _use_of(frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, level: Level) -> Table:
    rows = []
    for item in use_in_groups(forecasts, chosen, level, frame.section.use.thresholds):
        values = (
            *interval_values(item.acted, 100),
            *interval_values(item.net_benefit, 100),
            _note(item.net_benefit),
        )
        # those acted on in a group, and those not, are groups of people too
        support = replace(group_support(item.own, forecasts), smallest_level=item.fewest)
        rows.append(Row(key=(f"{item.threshold:g}", item.name), values=values, support=support))
    what = level.name.replace("_", " ")
    return Table(
        name="use_by_group",
        title=f"Acting at a threshold of risk by {what}: how many it would be, and what it is worth",
        keys=("threshold", level.name),
        measures=(
            *interval_measures("acted", "Acted on", "per 100 answers"),
            *interval_measures("net_benefit", "Net benefit", "cases per 100 answers"),
            Measure(name="note", kind="text", label="Note"),
        ),
        rows=tuple(rows),
        computation="iterative",
    )


def _note(score: Score | None) -> str:
    return _TOO_FEW if score is None else ""
