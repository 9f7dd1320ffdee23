"""Which rows are kept back so that none follows from the others, and where their people are shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from wellperf_models.disclosure.rules import Rules, judge_sum
from wellperf_models.evidence import Row, Support, Table

SECOND = "kept back so that another row can't be had by subtraction"


@dataclass(frozen=True, kw_only=True)
class Wider:
    """A row of a level above that is shown for rows kept back: which table, and its place there."""

    table: Table
    index: int


def hide_second(table: Table, reasons: dict[int, str], rules: Rules) -> None:
    """Hides further rows until those hidden together are at least two and hold enough people.

    Rows with the same key but for the last part share a total, which is taken as known. A row beside one that
    is hidden already, in the same parent, goes first, so that the parent can be shown for both; then the
    smallest: least is lost.

    Args:
        table: Whose rows split one population.
        reasons: Index → why it is kept back; more are added.
        rules: Thresholds.
    """
    for indices in _slices(table).values():
        people = {i: table.rows[i].support.n_people for i in indices}
        hidden = [i for i in indices if i in reasons and people[i] > 0]
        while hidden and not _safe(hidden, table, rules):
            free = [i for i in indices if i not in reasons and people[i] > 0]
            if not free:
                break
            parents = {table.rows[i].parent for i in hidden}
            index = min(free, key=lambda i: (table.rows[i].parent not in parents, people[i], i))
            reasons[index] = SECOND
            hidden.append(index)


def show_wider(
    table: Table, hidden: Collection[int], refused: Mapping[int, Mapping[int, str]], rules: Rules
) -> list[Wider]:
    """Rows of the levels above that may be shown for rows kept back.

    A parent shown beside its children gives away the sum of those hidden in it; and, with the total, the sum
    of those hidden elsewhere. Both must be at least two rows with enough people.

    Args:
        table: The narrowest level.
        hidden: Indices of its rows kept back.
        refused: Level (1: one above) → index there → why that row may not be shown by itself.
        rules: Thresholds.

    Returns:
        In the order of levels and rows.
    """
    found = []
    for indices in _slices(table).values():
        people = {i: table.rows[i].support.n_people for i in indices}
        rest = [i for i in indices if i in hidden and people[i] > 0]
        above = {i: table.rows[i].parent for i in rest}
        level, wider = 1, table.wider
        while wider is not None and rest:
            start = table.rows[indices[0]].key[:-1]
            place = {row.key[-1]: n for n, row in enumerate(wider.rows) if row.key[:-1] == start}
            shown = _parents(rest, above, place, refused.get(level, {}), table, rules)
            found += [Wider(table=wider, index=place[key]) for key in sorted(shown, key=place.__getitem__)]
            rest = [i for i in rest if above[i] not in shown]
            above = {i: wider.rows[place[above[i]]].parent for i in rest if above[i] in place}
            rest = [i for i in rest if i in above]
            level, wider = level + 1, wider.wider
    return found


def _parents(
    rest: Sequence[int],
    above: Mapping[int, str],
    place: Mapping[str, int],
    refused: Mapping[int, str],
    table: Table,
    rules: Rules,
) -> set[str]:
    """Parents that can be shown without giving away what is hidden in them or outside them."""
    inside: dict[str, list[int]] = {}
    for i in rest:
        inside.setdefault(above[i], []).append(i)
    shown = {
        key
        for key, members in inside.items()
        if key in place and place[key] not in refused and _safe(members, table, rules)
    }
    while shown:
        outside = [i for i in rest if above[i] not in shown]
        if not outside or _safe(outside, table, rules):
            break
        people = {key: sum(table.rows[i].support.n_people for i in inside[key]) for key in shown}
        shown.remove(min(shown, key=lambda key: (people[key], key)))
    return shown


def _safe(hidden: Sequence[int], table: Table, rules: Rules) -> bool:
    """Whether what rows hold together, which others give away, may be known."""
    found = [table.rows[i].support for i in hidden]
    if len(found) < 2 or sum(s.n_people for s in found) < rules.min_group_size:
        return False
    amounts = [abs(v) for s in found for v in (s.largest, s.second) if v is not None]
    if all(s.total is None for s in found) or len(amounts) < 2:
        return True
    largest, second = sorted(amounts, reverse=True)[:2]
    total = sum(s.total for s in found if s.total is not None)
    people = sum(s.n_people for s in found)
    together = Support(n_people=people, total=total, largest=largest, second=second)
    return judge_sum(together, rules) is None


def _slices(table: Table) -> dict[tuple[str, ...], list[int]]:
    """Rows that share a total: those with the same key but for its last part."""
    slices: dict[tuple[str, ...], list[int]] = {}
    for index, row in enumerate(table.rows):
        slices.setdefault(row.key[:-1], []).append(index)
    return slices


def levels_of(table: Table) -> list[Table]:
    """A table and those above it, the narrowest first."""
    levels = [table]
    while levels[-1].wider is not None:
        levels.append(levels[-1].wider)
    return levels


def named(table: Table, row: Row) -> tuple[str, ...]:
    """The key of a row of a wider level in a table of a narrower one: it says its level."""
    return (*row.key[:-1], f"{table.level}: {row.key[-1]}" if table.level else row.key[-1])
