"""Tables of roll-outs, comparison groups, regression to the mean and the bias believed beforehand."""

from __future__ import annotations

import math
from collections.abc import Mapping

from wellperf_models.evidence import Measure, Row, Support, Table, interval_measures
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.designs.less_bias import less_bias
from wellperf_models.roi.designs.regression_to_mean import Regression
from wellperf_models.roi.designs.staggered import Timed
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.rows import Effect, OutcomeRows, RoiFrame

_PEOPLE = Measure(name="people", kind="count", unit="people", label="People")
_UNIT = Measure(name="unit", kind="text", label="Unit")
# periods since the start, for the picture; no number about people
_AT = Measure(name="at", kind="text", label="Periods since the start")


def tables_of_design(frame: RoiFrame, effects: Effects) -> tuple[Table, ...]:
    """What a design shows beside its effect; () for lots by arm.

    Args:
        frame: The return frame.
        effects: From `fit_effects`; the design allows effects.
    """
    labels = labels_of(frame.outcomes)
    rolled = {n: o.roll_out for n, o in effects.of.items() if o.roll_out is not None}
    by_time = {n: (*o.leads, *o.by_event_time) for n, o in rolled.items()}
    by_start = {n: o.by_cohort for n, o in rolled.items()}
    found = (
        _timed(frame, labels, by_time, "by_event_time", "By time since the start, and before it", "time"),
        _timed(
            frame, labels, by_start, "by_start", "By starting time, over the first year after it", "start"
        ),
        _beside(frame, labels, effects),
        regression_table(frame, effects),
        bias_table(frame, {n: o.intention_to_treat for n, o in effects.of.items()}),
    )
    return tuple(table for table in found if table.rows)


def _unit(rows: OutcomeRows) -> str:
    return rows.declared.unit or ("share of people" if rows.binary else "points")


def _timed(
    frame: RoiFrame,
    labels: Mapping[str, str],
    averages: Mapping[str, tuple[Timed, ...]],
    name: str,
    title: str,
    key: str,
) -> Table:
    rows = [
        Row(
            key=(labels[outcome], one.label),
            values=(
                one.effect.n_people,
                *((str(one.at),) if key == "time" else ()),
                one.effect.value,
                one.effect.low,
                one.effect.high,
                _unit(frame.outcomes[outcome]),
            ),
            support=support_of(one.effect),
        )
        for outcome, found in averages.items()
        for one in found
    ]
    at = (_AT,) if key == "time" else ()
    measures = (_PEOPLE, *at, *interval_measures("difference", "Difference"), _UNIT)
    return Table(
        name=name,
        title=title,
        keys=("outcome", key),
        measures=measures,
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def _beside(frame: RoiFrame, labels: Mapping[str, str], effects: Effects) -> Table:
    """The difference in changes beside what can be held against it."""
    rows = []
    for outcome, one in effects.of.items():
        if one.controlled is None:
            continue
        told = (
            ("difference in changes", one.controlled.change),
            ("difference after, adjusted for the value before", one.controlled.adjusted),
            ("difference in changes before the programme", one.controlled.earlier),
        )
        for what, effect in told:
            if effect is not None:
                values = (
                    effect.n_people,
                    effect.value,
                    effect.low,
                    effect.high,
                    _unit(frame.outcomes[outcome]),
                )
                rows.append(Row(key=(labels[outcome], what), values=values, support=support_of(effect)))
    return Table(
        name="beside",
        title="The difference in changes, and what can be held against it",
        keys=("outcome", "what"),
        measures=(_PEOPLE, *interval_measures("difference", "Difference"), _UNIT),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def regression_table(frame: RoiFrame, effects: Effects) -> Table:
    """How much of a change regression to the mean alone would bring.

    Args:
        frame: The return frame.
        effects: From `fit_effects`, whatever the design allows.
    """
    labels = labels_of(frame.outcomes)
    rows = []
    for outcome, one in effects.of.items():
        found = one.regression
        if found is None or not math.isfinite(found.expected):
            continue
        observed = _observed(one.controlled.change if one.controlled is not None else one.contrast)
        slope = found.slope if found.trace == "gap" else None
        values = (
            found.n_people,
            found.gap,
            slope,
            found.expected,
            found.low,
            found.high,
            observed,
            _unit(frame.outcomes[outcome]),
        )
        rows.append(Row(key=(labels[outcome],), values=values, support=_support(found)))
    over_time = frame.section.design == "before_after"
    gap = "Just before less an earlier time" if over_time else "Gap before, to those without it"
    return Table(
        name="regression_to_the_mean",
        title="What regression to the mean alone would bring",
        keys=("outcome",),
        measures=(
            _PEOPLE,
            Measure(name="gap", kind="model", label=gap),
            Measure(name="slope", kind="model", label="Share of a gap that stays by itself"),
            *interval_measures("expected", "Change it alone would bring"),
            Measure(name="observed", kind="model", label="Difference found"),
            _UNIT,
        ),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def _observed(found: object) -> float | None:
    return found.value if isinstance(found, Effect) else None


def _support(found: Regression) -> Support:
    return Support(
        n_people=found.n_people,
        residual_df=found.n_people - 2,
        n_parameters=2,
        smallest_level=found.smallest_side,
        n_clusters=found.n_clusters,
        members=found.members,
    )


def bias_table(frame: RoiFrame, differences: Mapping[str, object]) -> Table:
    """What differences leave after the bias believed beforehand.

    Args:
        frame: The return frame.
        differences: Outcome → contrast or effect; anything else is left out.
    """
    labels = labels_of(frame.outcomes)
    rows = []
    for outcome, difference in differences.items():
        declared = frame.outcomes[outcome]
        if not isinstance(difference, Effect) or declared.declared.timing != "after":
            continue
        left = less_bias(difference, declared, frame)
        if left is not None:
            values = (
                difference.n_people,
                difference.value,
                difference.low,
                difference.high,
                left.value,
                left.low,
                left.high,
                _unit(declared),
            )
            rows.append(Row(key=(labels[outcome],), values=values, support=support_of(difference)))
    return Table(
        name="less_bias",
        title="What the difference leaves after the bias believed beforehand",
        keys=("outcome",),
        measures=(
            _PEOPLE,
            *interval_measures("found", "Difference found"),
            *interval_measures("left", "Left after the believed bias"),
            _UNIT,
        ),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )
