"""Tables of effects and contrasts: in the outcome's unit, in standard deviations, by arm, left out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wellperf_models.evidence import CellValue, Measure, Row, Support, Table, Unanswered, interval_measures
from wellperf_models.panel import LeftOut, all_members, left_out_table
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.designs.tables import bias_table, regression_table, tables_of_design
from wellperf_models.roi.designs.words import short_label
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.rows import Effect, OutcomeRows, RoiFrame
from wellperf_models.study import HARD_FLOOR

_PEOPLE = Measure(name="people", kind="count", unit="people", label="People")
_UNIT = Measure(name="unit", kind="text", label="Unit")


def _difference(name: str, label: str, unit: str = "", *, error: bool = True) -> tuple[Measure, ...]:
    """Columns of a difference: value, ends of the interval and, where asked, its standard error."""
    columns = [*interval_measures(name, label, unit)]
    if error:
        columns.append(Measure(name=f"{name}_se", kind="model", unit=unit, label="SE"))
    return tuple(columns)


def _cells(effect: Effect | None, *, scale: float = 1.0, error: bool = True) -> tuple[CellValue, ...]:
    """Cells under `_difference`; empty where there is none."""
    if effect is None:
        return (None,) * (4 if error else 3)
    values = (effect.value, effect.low, effect.high, *((effect.std_error,) if error else ()))
    return tuple(v / scale for v in values)


def _shown(effect: Effect | Unanswered, frame: RoiFrame) -> Effect | None:
    """An effect beside another in a row: only where the gate would not take the row for it."""
    if isinstance(effect, Unanswered):
        return None
    return effect if frame.in_full or effect.smallest_side >= frame.min_group_size else None


def _joint(*effects: Effect | None) -> Support:
    """What a row rests on that shows several differences: of everything the least."""
    found = [support_of(e) for e in effects if e is not None]

    def least(name: str) -> int | None:
        values = [v for s in found if (v := getattr(s, name)) is not None]
        return min(values) if values else None

    return dataclasses.replace(
        found[0],
        n_people=min(s.n_people for s in found),
        n_events=least("n_events"),
        n_non_events=least("n_non_events"),
        residual_df=least("residual_df"),
        smallest_level=least("smallest_level"),
        members=all_members([s.members for s in found]),
    )


def tables_of_effects(frame: RoiFrame, effects: Effects) -> tuple[Table, ...]:
    """Every table of the evidence on effects.

    Args:
        frame: The return frame.
        effects: Its effects; the design allows them.
    """
    labels = labels_of(frame.outcomes)
    by_arm = frame.section.design == "randomised"
    rows, scaled = [], []
    for name, one in effects.of.items():
        outcome, itt = frame.outcomes[name], one.intention_to_treat
        if isinstance(itt, Unanswered) or outcome.declared.timing == "before":
            continue
        sd = itt.control_sd
        compliers = _shown(one.compliers, frame)
        support = _joint(itt, compliers)
        p = effects.holm_p.get(name)
        beside = _cells(compliers) if by_arm else ()
        values = (itt.n_people, *_cells(itt), p, *beside, unit_text(outcome))
        rows.append(Row(key=(labels[name],), values=values, support=support))
        if sd > 0:
            beside = _cells(compliers, scale=sd, error=False) if by_arm else ()
            values = (*_cells(itt, scale=sd, error=False), *beside)
            scaled.append(Row(key=(labels[name],), values=values, support=support))
    label = short_label(frame).capitalize()
    found = [
        _table(
            "effects",
            "Effect of the offer, and of taking part because of it" if by_arm else label,
            rows,
            _PEOPLE,
            *_difference("itt", label),
            Measure(name="p_holm", kind="model", label="p (Holm)"),
            *(_difference("compliers", "Change by taking part") if by_arm else ()),
            _UNIT,
        ),
        _table(
            "effects_standardised",
            "The same in standard deviations of the control arm"
            if by_arm
            else "The same in standard deviations without the programme",
            scaled,
            *_difference("itt", label, "SD", error=False),
            *(_difference("compliers", "Change by taking part", "SD", error=False) if by_arm else ()),
        ),
        _at_start(
            "at_start",
            "Before the programme: treated arm less control arm",
            frame,
            {name: one.intention_to_treat for name, one in effects.of.items()},
        ),
        *tables_of_design(frame, effects),
        # in a roll-out one and the same unit is on both sides, before and after
        *(() if frame.section.design == "staggered" else _arms(frame, labels)),
        _left_out(frame, labels),
    ]
    return tuple(table for table in found if table.rows)


def tables_of_contrast(frame: RoiFrame, effects: Effects) -> tuple[Table, ...]:
    """Every table of the evidence on the contrast.

    Args:
        frame: The return frame.
        effects: Its effects, or why the design allows none, and contrasts.
    """
    labels = labels_of(frame.outcomes)
    rows, scaled = [], []
    for name, one in effects.of.items():
        outcome, contrast = frame.outcomes[name], one.contrast
        if isinstance(contrast, Unanswered) or outcome.declared.timing == "before":
            continue
        sd = contrast.control_sd
        itt, compliers = _shown(one.intention_to_treat, frame), _shown(one.compliers, frame)
        if itt is not None and itt.control_sd > 0:
            # one yardstick for both: the arm that was not offered the programme
            sd = itt.control_sd
        support = _joint(contrast, itt, compliers)
        values = (contrast.n_people, *_cells(contrast), *_cells(itt), *_cells(compliers), unit_text(outcome))
        rows.append(Row(key=(labels[name],), values=values, support=support))
        if sd > 0:
            parts = (_cells(e, scale=sd, error=False) for e in (contrast, itt, compliers))
            values = tuple(v for part in parts for v in part)
            scaled.append(Row(key=(labels[name],), values=values, support=support))
    what = "After less before" if frame.section.design == "before_after" else "Took part less did not"
    columns = (
        ("contrast", f"{what} (not an effect)"),
        ("itt", "Change by the offer"),
        ("compliers", "Change by taking part"),
    )
    found = [
        _table(
            "contrast",
            "The contrast, which is not an effect, beside what the lots say",
            rows,
            _PEOPLE,
            *(m for name, label in columns for m in _difference(name, label)),
            _UNIT,
        ),
        _table(
            "contrast_standardised",
            "The same in standard deviations (of the control arm where there is one)",
            scaled,
            *(m for name, label in columns for m in _difference(name, label, "SD", error=False)),
        ),
        _at_start(
            "participants_at_start",
            "Before the programme: those who would take part less those who would not",
            frame,
            {name: one.contrast for name, one in effects.of.items()},
        ),
        *([] if frame.section.design == "randomised" else _doubts(frame, effects)),
        _left_out(frame, labels),
    ]
    return tuple(table for table in found if table.rows)


def _doubts(frame: RoiFrame, effects: Effects) -> list[Table]:
    """What regression to the mean alone would bring, and what the believed bias leaves."""
    contrasts = {name: one.contrast for name, one in effects.of.items()}
    return [regression_table(frame, effects), bias_table(frame, contrasts)]


def _at_start(
    name: str, title: str, frame: RoiFrame, differences: Mapping[str, Effect | Unanswered]
) -> Table:
    """Differences in what was measured before the programme."""
    labels = labels_of(frame.outcomes)
    rows = []
    for outcome, difference in differences.items():
        declared = frame.outcomes[outcome].declared
        if isinstance(difference, Unanswered) or declared.timing != "before":
            continue
        sd = difference.control_sd
        standard = _cells(difference, scale=sd, error=False) if sd > 0 else (None,) * 3
        unit = unit_text(frame.outcomes[outcome])
        values = (difference.n_people, *_cells(difference), *standard, unit)
        rows.append(Row(key=(labels[outcome],), values=values, support=support_of(difference)))
    columns = (
        *_difference("difference", "Difference"),
        *_difference("standardised", "Difference in SD", "SD", error=False),
    )
    return _table(name, title, rows, _PEOPLE, *columns, _UNIT)


def unit_text(rows: OutcomeRows) -> str:
    """Unit of the values of a table."""
    return rows.declared.unit or ("share of people" if rows.binary else "points")


def _table(name: str, title: str, rows: list[Row], *measures: Measure) -> Table:
    return Table(
        name=name,
        title=title,
        keys=("outcome",),
        measures=measures,
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def _apart(frame: RoiFrame, seen: list[OutcomeRows], rows: OutcomeRows, own: NDArray[np.bool_]) -> int | None:
    """Fewest people of an arm by whom this outcome differs from an earlier one of the same values."""
    found = []
    for other in seen:
        if (other.declared.name or other.name) != (rows.declared.name or rows.name):
            continue
        theirs = other.treated == bool(rows.treated[own][0]) if own.any() else other.treated
        number = int(np.setxor1d(rows.unit[own], other.unit[theirs]).size)
        if 0 < number < frame.min_group_size:
            found.append(number)
    return min(found) if found else None


def _support_of_arm(
    frame: RoiFrame, seen: list[OutcomeRows], rows: OutcomeRows, own: NDArray[np.bool_], *, of: int
) -> Support:
    """What the mean or share of an arm rests on; nobody's value follows from it.

    Args:
        frame: The return frame.
        seen: Outcomes whose arms stand in the table already.
        rows: This outcome.
        own: Its rows in the arm.
        of: Units of both arms.
    """
    units, place = np.unique(rows.unit[own], return_inverse=True)
    value, weight = rows.value[own], rows.weight[own]
    # two means of the same values, over people who differ by a handful, give the handful's values
    few = [n for n in (_apart(frame, seen, rows, own),) if n is not None]
    if units.size:
        if rows.binary:
            with_it = int(np.unique(rows.unit[own & (rows.value == 1)]).size)
            fewest = min(with_it, units.size - with_it)
        else:
            # a mean of one value, or nearly, is everybody's
            values = np.round(np.bincount(place, value * weight) / np.bincount(place, weight), 9)
            fewest = units.size - int(np.unique(values, return_counts=True)[1].max())
        few += [fewest] if fewest < HARD_FLOOR else []
    support = Support(
        n_people=units.size,
        n_complement=of - units.size,
        smallest_level=min(few) if few else None,
        members=rows.members(own),
    )
    if rows.binary or not units.size:
        return support
    # nor is it mostly that of one or two: sick days of few who were ill for long
    amounts = np.sort(np.abs(np.bincount(place, value * weight)))[::-1]
    second = float(amounts[1]) if amounts.size > 1 else 0.0
    return dataclasses.replace(support, total=float(amounts.sum()), largest=float(amounts[0]), second=second)


def _arms(frame: RoiFrame, labels: Mapping[str, str]) -> list[Table]:
    """People assigned and measured by arm: means of numbers, shares from counts of yes/no outcomes."""
    section = frame.section
    names = (section.control or "control", section.treated)
    means, shares = [], []
    seen: list[OutcomeRows] = []
    for name, rows in frame.outcomes.items():
        for number, arm in enumerate(names):
            own = rows.treated == bool(number)
            measured = rows.n_units[number]
            support = _support_of_arm(frame, seen, rows, own, of=sum(rows.n_units))
            counts = (rows.n_assigned[number], measured)
            key = (labels[name], arm)
            if rows.binary:
                with_it = int(np.unique(rows.unit[own & (rows.value == 1)]).size)
                share = 100 * with_it / measured if measured else None
                shares.append(Row(key=key, values=(*counts, with_it, share), support=support))
            elif own.any():
                mean = float(np.average(rows.value[own], weights=rows.weight[own]))
                means.append(Row(key=key, values=(*counts, mean, unit_text(rows)), support=support))
        seen.append(rows)
    people = (
        Measure(name="assigned", kind="count", unit="people", label="Assigned"),
        Measure(name="measured", kind="count", unit="people", label="Measured"),
    )
    of_numbers = Measure(name="mean", kind="mean", label="Mean (weighted)")
    of_shares = Measure(
        name="share",
        kind="rate",
        unit="per 100 people",
        label="Per 100 measured",
        numerator="with_it",
        denominator="measured",
        per=100.0,
    )
    cases = Measure(name="with_it", kind="count", unit="people", label="With it")
    tables = (
        ("arms", "People and means by arm", means, (*people, of_numbers, _UNIT)),
        ("arms_shares", "People and shares by arm", shares, (*people, cases, of_shares)),
    )
    return [
        Table(name=name, title=title, keys=("outcome", "arm"), measures=measures, rows=tuple(found))
        for name, title, found, measures in tables
    ]


def _left_out(frame: RoiFrame, labels: Mapping[str, str]) -> Table:
    """What did not enter: nothing is dropped silently."""
    found: dict[tuple[str, ...], LeftOut] = {
        (labels[name], why): lost
        for name, outcome in frame.outcomes.items()
        for why, lost in outcome.left_out.items()
    }
    return left_out_table(found, title="What did not enter", keys=("outcome", "reason"), label="Rows")
