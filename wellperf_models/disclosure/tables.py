"""The gate for tables: what is kept back, what is shown a level above instead, how counts are rounded."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wellperf_models.disclosure.levels import SECOND, Wider, hide_second, levels_of, named, show_wider
from wellperf_models.disclosure.rules import (
    ALL_OR_NONE,
    Rules,
    all_or_none,
    judge_group,
    judge_model,
    judge_sum,
    refuse_extremes,
    round_count,
)
from wellperf_models.disclosure.wording import decimals_of, significant
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import CellValue, Measure, Row, Support, Table

_KINDS = ("count", "rate", "mean", "sum", "model", "text")
# a theme is a code; what somebody wrote is longer
_LONGEST_KEY, _MOST_WORDS = 40, 5
TOGETHER = "too few people, nobody or everybody with the event, or another row would follow from it"


@dataclass(frozen=True, kw_only=True)
class ReleasedTable:
    """A table after the gate.

    Attributes:
        table: Suppressed values are None, counts to the base, rates from released counts.
        notes: What the gate did, for the reader.
        kept_back: (row key, reason) of every row kept back.
        exact: The row before the gate behind each released one; for the ledger.
        n_wider: How many of the last rows are of a level above.
    """

    table: Table
    notes: tuple[str, ...]
    kept_back: tuple[tuple[str, str], ...]
    exact: tuple[Row, ...]
    n_wider: int = 0


def release_table(table: Table, rules: Rules) -> ReleasedTable:
    """Judges each row; where one fails, its people are shown within the level above, if that may be.

    Args:
        table: Before the gate.
        rules: Thresholds.

    Raises:
        DisclosureError: A measure of unknown kind, a rate whose counts the table does not have, a sum without
            its largest amounts, a minimum or maximum, or a key that is somebody's words.
    """
    levels = levels_of(table)
    for level in levels:
        _check_measures(level, rules)
    if not table.about_people and not rules.in_full and any(row.support.n_people for row in table.rows):
        raise DisclosureError(
            "A table that is about nobody rests on people.",
            where=table.name,
            expected="about_people = True where a row's support counts people",
        )
    if not table.about_people or rules.in_full:
        plain = dataclasses.replace(table, wider=None)
        return ReleasedTable(table=plain, notes=(), kept_back=(), exact=table.rows)
    reasons = _judge(table, rules)
    if table.partition:
        hide_second(table, reasons, rules)
    above = {number: _judge(level, rules) for number, level in enumerate(levels) if number}
    wider = show_wider(table, reasons, above, rules)
    kept = [i for i in range(len(table.rows)) if not (table.open_keys and i in reasons)]
    rows = [hidden_row(table.rows[i]) if i in reasons else _show(table.rows[i], table, rules) for i in kept]
    rows += [_show_wider(item, rules) for item in wider]
    exact = [table.rows[i] for i in kept] + [item.table.rows[item.index] for item in wider]
    return ReleasedTable(
        table=dataclasses.replace(table, rows=tuple(rows), wider=None),
        notes=_notes(table, reasons, wider, rules),
        kept_back=_kept_back(table, reasons),
        exact=tuple(exact),
        n_wider=len(wider),
    )


def _judge(table: Table, rules: Rules) -> dict[int, str]:
    """Index → why a row may not be shown by itself: people first, then what the row says of them."""
    kinds = {m.kind for m in table.measures}
    reasons = {}
    for index, row in enumerate(table.rows):
        reason = judge_group(row.support, rules)
        if reason is None and "model" in kinds:
            reason = judge_model(row.support, rules)
        if reason is None and "sum" in kinds:
            reason = judge_sum(row.support, rules)
        if reason is None and (
            all_or_none(row.support.n_events, row.support.n_non_events, rules)
            or _tells_everybody(row, table.measures, rules)
        ):
            reason = ALL_OR_NONE
        if reason:
            reasons[index] = reason
    return reasons


def _tells_everybody(row: Row, measures: Sequence[Measure], rules: Rules) -> bool:
    """A rate of 0 % or 100 % says of each person of the row what they did."""
    counts = {
        m.name: value
        for m, value in zip(measures, row.values, strict=True)
        if m.kind == "count" and isinstance(value, int | float)
    }
    for measure in measures:
        part, whole = counts.get(str(measure.numerator)), counts.get(str(measure.denominator))
        if measure.kind == "rate" and part is not None and whole is not None:
            # time at risk is no number of people: only "nobody" tells anything
            share = not measure.unit.endswith("years")
            if all_or_none(part, whole - part if share else None, rules):
                return True
    return False


def _check_measures(table: Table, rules: Rules) -> None:
    counts = {m.name for m in table.measures if m.kind == "count"}
    for measure in table.measures:
        where = f"{table.name}.{measure.name}"
        if measure.kind not in _KINDS:
            raise DisclosureError(
                "The gate does not know this kind of measure.",
                where=where,
                expected=", ".join(_KINDS),
                got=measure.kind,
            )
        if measure.kind == "rate" and not {measure.numerator, measure.denominator} <= counts:
            raise DisclosureError(
                "A rate is released only from counts of the same table.",
                where=where,
                expected="numerator and denominator among: " + ", ".join(sorted(counts)),
            )
        if table.about_people:
            refuse_extremes(measure.name, where, rules)
    if table.open_keys and not rules.in_full:
        for row in table.rows:
            if any(len(key) > _LONGEST_KEY or len(key.split()) > _MOST_WORDS for key in row.key):
                raise DisclosureError(
                    "What somebody wrote is never shown.",
                    where=table.name,
                    expected=f"themes: codes of at most {_MOST_WORDS} words and {_LONGEST_KEY} characters",
                    remedy="code the comments into themes first; themes are counted, comments are not quoted",
                )


def _kept_back(table: Table, reasons: Mapping[int, str]) -> tuple[tuple[str, str], ...]:
    """Rows kept back by name; where the names themselves come from people, only that there are some."""
    if table.open_keys:
        return (("rare ones", "fewer people each than may be shown"),) if reasons else ()
    told = set(reasons.values())
    if told & {SECOND, ALL_OR_NONE}:
        # which row fails by itself, and on which side, would tell about its people
        reasons = dict.fromkeys(reasons, TOGETHER)
    return tuple((" · ".join(table.rows[i].key), why) for i, why in sorted(reasons.items()))


def _notes(table: Table, reasons: Mapping[int, str], wider: Sequence[Wider], rules: Rules) -> tuple[str, ...]:
    notes = []
    if any(m.kind == "count" for m in table.measures):
        notes.append(
            f"Counts are rounded to multiples of {rules.count_base}; rates come from the rounded counts."
        )
    if reasons and table.open_keys:
        notes.append("Rare ones are not shown, to protect people.")
    elif reasons:
        notes.append(f"— : not shown, to protect people ({len(reasons)} of {len(table.rows)} rows).")
    if wider:
        keys = ", ".join(named(item.table, item.table.rows[item.index])[-1] for item in wider)
        notes.append(f"People of rows that are not shown are counted, with others, in: {keys}.")
    return tuple(notes)


def hidden_row(row: Row) -> Row:
    """The row without its values."""
    return dataclasses.replace(
        row,
        values=(None,) * len(row.values),
        monte_carlo_errors=(None,) * len(row.monte_carlo_errors),
        support=Support(n_people=0),
        parent="",
    )


def _show_wider(item: Wider, rules: Rules) -> Row:
    row = item.table.rows[item.index]
    return dataclasses.replace(_show(row, item.table, rules), key=named(item.table, row))


def _show(row: Row, table: Table, rules: Rules) -> Row:
    """Counts to the base, rates from them, other numbers to the digits that are printed."""
    counts: dict[str, int] = {}
    for measure, value in zip(table.measures, row.values, strict=True):
        if measure.kind == "count" and isinstance(value, int | float):
            counts[measure.name] = round_count(value, rules)
    digits = _decimals(row, table.measures)
    values: list[CellValue] = []
    for measure, value in zip(table.measures, row.values, strict=True):
        if measure.kind == "count":
            values.append(counts.get(measure.name))
        elif measure.kind == "rate":
            top, bottom = counts.get(str(measure.numerator)), counts.get(str(measure.denominator))
            values.append(measure.per * top / bottom if top is not None and bottom else None)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            values.append(_cut(float(value), digits.get(measure.name)))
        else:
            values.append(value)
    people = round_count(row.support.n_people, rules)
    errors = tuple(None if e is None else significant(e, 2) for e in row.monte_carlo_errors)
    support = Support(n_people=people)
    return dataclasses.replace(
        row, values=tuple(values), monte_carlo_errors=errors, support=support, parent=""
    )


def _decimals(row: Row, measures: Sequence[Measure]) -> dict[str, int]:
    """Decimals of the numbers whose interval stands in the same row: two digits of their standard error."""
    at = {m.name: value for m, value in zip(measures, row.values, strict=True)}
    found = {}
    for measure in measures:
        for stem in (f"{measure.name}_", ""):
            low, high = at.get(f"{stem}low"), at.get(f"{stem}high")
            if measure.kind == "model" and isinstance(low, float) and isinstance(high, float) and high > low:
                bounds = (measure.name, f"{stem}low", f"{stem}high")
                found.update(dict.fromkeys((b for b in bounds if b not in found), decimals_of(low, high)))
                break
    return found


def _cut(value: float, decimals: int | None) -> float:
    return significant(value, 3) if decimals is None else round(value, decimals)
