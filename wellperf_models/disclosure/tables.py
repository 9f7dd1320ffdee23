"""The gate for tables: primary suppression, a second row where one could be had by subtraction, rounding."""

from __future__ import annotations

import dataclasses

from wellperf_models.disclosure.rules import Rules, judge_group, judge_model, round_count
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import CellValue, Measure, Row, Table

_SECOND = "kept back so that another row can't be had by subtraction"


def release_table(table: Table, rules: Rules) -> tuple[Table, tuple[str, ...], list[tuple[str, str]]]:
    """Judges each row.

    Args:
        table: Before the gate.
        rules: Thresholds.

    Returns:
        The released table (suppressed values are None, counts to the base, rates from released counts),
        notes for the reader, and (row key, reason) for every suppressed row.

    Raises:
        DisclosureError: A measure of unknown kind, or a rate whose counts the table does not have.
    """
    _check_measures(table)
    if not table.about_people or rules.in_full:
        return table, (), []
    has_model = any(m.kind == "model" for m in table.measures)
    reasons: dict[int, str] = {}
    for index, row in enumerate(table.rows):
        reason = judge_group(row.support, rules)
        if reason is None and has_model:
            reason = judge_model(row.support, rules)
        if reason:
            reasons[index] = reason
    if table.partition:
        _suppress_second(table, reasons, rules)

    rows = tuple(
        dataclasses.replace(
            row,
            values=(None,) * len(row.values),
            monte_carlo_errors=(None,) * len(row.monte_carlo_errors),
        )
        if index in reasons
        else _round_row(row, table.measures, rules)
        for index, row in enumerate(table.rows)
    )
    notes = []
    if any(m.kind == "count" for m in table.measures):
        notes.append(
            f"Counts are rounded to multiples of {rules.count_base}; rates come from the rounded counts."
        )
    if reasons:
        notes.append(f"— : not shown, to protect people ({len(reasons)} of {len(table.rows)} rows).")
    kept = [(" · ".join(table.rows[i].key), why) for i, why in sorted(reasons.items())]
    return dataclasses.replace(table, rows=rows), tuple(notes), kept


def _check_measures(table: Table) -> None:
    counts = {m.name for m in table.measures if m.kind == "count"}
    for measure in table.measures:
        where = f"{table.name}.{measure.name}"
        if measure.kind not in ("count", "rate", "mean", "model", "text"):
            raise DisclosureError(
                "The gate does not know this kind of measure.", where=where, got=measure.kind
            )
        if measure.kind == "rate" and not {measure.numerator, measure.denominator} <= counts:
            raise DisclosureError(
                "A rate is released only from counts of the same table.",
                where=where,
                expected="numerator and denominator among: " + ", ".join(sorted(counts)),
            )


def _suppress_second(table: Table, reasons: dict[int, str], rules: Rules) -> None:
    """Hides further rows until those hidden together hold enough people that none follows from a total.

    Rows with the same key but for the last part share a total. Smallest first: least is lost.
    """
    blocks: dict[tuple[str, ...], list[int]] = {}
    for index, row in enumerate(table.rows):
        blocks.setdefault(row.key[:-1], []).append(index)
    for indices in blocks.values():
        people = {i: table.rows[i].support.n_people for i in indices}
        hidden = [i for i in indices if i in reasons and people[i] > 0]
        candidates = sorted(
            (i for i in indices if i not in reasons and people[i] > 0), key=lambda i: people[i]
        )
        while hidden and (len(hidden) < 2 or sum(people[i] for i in hidden) < rules.min_group_size):
            if not candidates:
                break
            index = candidates.pop(0)
            reasons[index] = _SECOND
            hidden.append(index)


def _round_row(row: Row, measures: tuple[Measure, ...], rules: Rules) -> Row:
    counts: dict[str, int] = {}
    for measure, value in zip(measures, row.values, strict=True):
        if measure.kind == "count" and isinstance(value, int | float):
            counts[measure.name] = round_count(value, rules)
    values: list[CellValue] = []
    for measure, value in zip(measures, row.values, strict=True):
        if measure.kind == "count":
            values.append(counts.get(measure.name))
        elif measure.kind == "rate":
            top, bottom = counts.get(str(measure.numerator)), counts.get(str(measure.denominator))
            values.append(measure.per * top / bottom if top is not None and bottom else None)
        else:
            values.append(value)
    return dataclasses.replace(row, values=tuple(values))
