"""Second rows and levels above at their edges: who is hidden with whom, and what is shown in their place."""

from collections.abc import Mapping
from typing import Any

import pytest

from wellperf_models.disclosure.levels import SECOND, hide_second, levels_of, named, show_wider
from wellperf_models.disclosure.rules import Rules
from wellperf_models.evidence import Measure, Row, Support, Table

RULES = Rules()
COUNT = (Measure(name="n", kind="count"),)
Amounts = tuple[float, float, float]


def table(
    people: Mapping[tuple[str, ...] | str, int],
    *,
    parents: Mapping[str, str] | None = None,
    wider: Table | None = None,
    amounts: Mapping[str, Amounts] | None = None,
    level: str = "",
) -> Table:
    """People by key; (total, largest, second) of amounts where they are given."""
    rows = []
    for given, n in people.items():
        key = (given,) if isinstance(given, str) else given
        found = (amounts or {}).get(key[-1])
        more: dict[str, Any] = dict(zip(("total", "largest", "second"), found, strict=True)) if found else {}
        parent = (parents or {}).get(key[-1], "")
        rows.append(Row(key=key, values=(n,), support=Support(n_people=n, **more), parent=parent))
    keys = tuple(f"key {i}" for i in range(len(rows[0].key)))
    return Table(name="t", title="t", keys=keys, measures=COUNT, rows=tuple(rows), wider=wider, level=level)


def hidden(made: Table, *first: int) -> set[int]:
    reasons = dict.fromkeys(first, "few")
    hide_second(made, reasons, RULES)
    assert all(reasons[i] == "few" for i in first)
    assert all(why == SECOND for i, why in reasons.items() if i not in first)
    return set(reasons)


def wider(made: Table, rows: set[int], refused: Mapping[int, Mapping[int, str]] | None = None) -> list[str]:
    found = show_wider(made, rows, refused or {}, RULES)
    return [item.table.rows[item.index].key[-1] for item in found]


def test_one_small_row_takes_the_smallest_with_it() -> None:
    assert hidden(table({"a": 4, "b": 40, "c": 30, "d": 50}), 0) == {0, 2}
    assert hidden(table({"a": 4, "b": 40, "c": 30, "d": 50})) == set()


def test_two_rows_are_enough_at_ten_people_together() -> None:
    assert hidden(table({"a": 4, "b": 6, "c": 30}), 0, 1) == {0, 1}
    assert hidden(table({"a": 4, "b": 5, "c": 30}), 0, 1) == {0, 1, 2}


def test_a_row_of_nobody_protects_nobody() -> None:
    assert hidden(table({"a": 4, "b": 0, "c": 30}), 0, 1) == {0, 1, 2}
    assert hidden(table({"a": 0, "b": 40, "c": 30}), 0) == {0}
    assert hidden(table({"a": 4, "b": 0, "c": 30, "d": 31}), 0) == {0, 2}
    # a row of one is somebody
    assert hidden(table({"a": 40, "b": 1, "c": 30}), 0) == {0, 1}
    assert hidden(table({"a": 1, "b": 40, "c": 30}), 0) == {0, 2}


def test_rows_of_different_slices_do_not_protect_each_other() -> None:
    made = table({("x", "a"): 4, ("x", "b"): 40, ("y", "a"): 5, ("y", "b"): 50})
    assert hidden(made, 0) == {0, 1}
    assert hidden(made, 0, 2) == {0, 1, 2, 3}
    three = table({("x", "u", "a"): 4, ("x", "u", "b"): 40, ("x", "v", "a"): 20, ("x", "v", "b"): 20})
    assert hidden(three, 0) == {0, 1}


def test_where_nothing_is_left_to_hide_the_rest_stands() -> None:
    assert hidden(table({"a": 4}), 0) == {0}
    assert hidden(table({"a": 4, "b": 3}), 0) == {0, 1}


def test_amounts_hidden_together_may_not_be_one_persons() -> None:
    amounts = {"a": (100.0, 95.0, 3.0), "b": (110.0, 5.0, 4.0), "c": (900.0, 50.0, 40.0)}
    people = {"a": 12, "b": 40, "c": 60}
    # with b alone the largest amount (95) and the next (5) are less than nine tenths of 210
    assert hidden(table(people, amounts=amounts), 0) == {0, 1}
    alone = {**amounts, "b": (6.0, 2.0, 1.0)}
    assert hidden(table(people, amounts=alone), 0) == {0, 1, 2}
    # without amounts only people are counted; one amount alone is no sum of several people's
    assert hidden(table(people), 0) == {0, 1}
    assert hidden(table(people, amounts={"a": (100.0, 95.0, 3.0)}), 0) == {0, 1, 2}


def test_amounts_against_each_other_count_by_size() -> None:
    amounts = {"a": (-100.0, -95.0, -3.0), "b": (-6.0, -2.0, -1.0), "c": (-900.0, -50.0, -40.0)}
    assert hidden(table({"a": 12, "b": 40, "c": 60}, amounts=amounts), 0) == {0, 1, 2}


SITES = {"north": 64, "south": 110}
IN = {"a": "north", "b": "north", "c": "south", "d": "south"}


def nested(people: Mapping[str, int], **more: Any) -> Table:
    top = table({"everyone": sum(people.values())}, level="organisation")
    sites = {s: sum(n for k, n in people.items() if IN[k] == s) for s in ("north", "south")}
    middle = table(sites, wider=top, parents=dict.fromkeys(sites, "everyone"), level="site")
    return table(people, wider=middle, parents=IN, level="department", **more)


def test_the_second_row_is_looked_for_beside_the_first() -> None:
    assert hidden(nested({"a": 4, "b": 60, "c": 40, "d": 70}), 0) == {0, 1}


def test_a_parent_is_shown_for_two_hidden_rows_with_enough_people() -> None:
    made = nested({"a": 4, "b": 60, "c": 40, "d": 70})
    assert wider(made, {0, 1}) == ["north"]
    assert wider(made, {0}) == []
    assert wider(made, set()) == []
    assert wider(nested({"a": 4, "b": 6, "c": 40, "d": 70}), {0, 1}) == ["north"]
    assert wider(nested({"a": 4, "b": 5, "c": 40, "d": 70}), {0, 1}) == []


def test_a_parent_that_may_not_be_shown_is_passed_over() -> None:
    made = nested({"a": 4, "b": 60, "c": 40, "d": 70})
    assert wider(made, {0, 1}, {1: {0: "few"}}) == ["everyone"]
    assert wider(made, {0, 1}, {1: {1: "few"}}) == ["north"]
    assert wider(made, {0, 1}, {1: {0: "few"}, 2: {0: "few"}}) == []
    # what is refused two levels up does not touch the level between
    assert wider(made, {0, 1}, {2: {0: "few"}}) == ["north"]


def test_hidden_rows_elsewhere_must_be_safe_as_well() -> None:
    made = nested({"a": 4, "b": 60, "c": 4, "d": 70})
    # north would leave c by itself
    assert wider(made, {0, 1, 2}) == ["everyone"]
    assert wider(made, {0, 1, 2, 3}) == ["north", "south"]
    both = nested({"a": 4, "b": 8, "c": 4, "d": 5})
    assert wider(both, {0, 1, 2, 3}) == ["everyone"]


def test_the_smaller_parent_goes_first() -> None:
    people = {"a": 30, "b": 31, "c": 6, "d": 6, "e": 3}
    top = table({"everyone": 76}, level="organisation")
    parents = {"a": "north", "b": "north", "c": "south", "d": "south", "e": "west"}
    middle = table(
        {"north": 61, "south": 12, "west": 3},
        wider=top,
        parents=dict.fromkeys(("north", "south", "west"), "everyone"),
    )
    made = table(people, wider=middle, parents=parents)
    # e alone would follow from north and south; without south, c, d and e are together
    assert wider(made, {0, 1, 2, 3, 4}) == ["north", "everyone"]


def test_people_of_no_row_ask_for_no_parent() -> None:
    made = nested({"a": 0, "b": 60, "c": 40, "d": 70})
    assert wider(made, {0, 1}) == []
    assert wider(nested({"a": 1, "b": 60, "c": 40, "d": 70}), {0, 1}) == ["north"]


def test_parents_are_those_of_the_same_slice() -> None:
    up = table({("x", "north"): 64, ("y", "north"): 50, ("x", "south"): 40, ("y", "south"): 40})
    people = {("x", "a"): 4, ("x", "b"): 60, ("x", "c"): 40, ("y", "a"): 20, ("y", "b"): 30, ("y", "c"): 40}
    made = table(people, wider=up, parents=IN)
    found = show_wider(made, {0, 1}, {}, RULES)
    assert [item.table.rows[item.index].key for item in found] == [("x", "north")]
    found = show_wider(made, {3, 4}, {}, RULES)
    assert [item.table.rows[item.index].key for item in found] == [("y", "north")]


@pytest.mark.parametrize(
    ("key", "level", "shown"),
    [
        (("north",), "site", ("site: north",)),
        (("north",), "", ("north",)),
        (("x", "north"), "site", ("x", "site: north")),
        (("u", "x", "north"), "site", ("u", "x", "site: north")),
        (("u", "x", "north"), "", ("u", "x", "north")),
    ],
)
def test_the_name_of_a_row_of_a_level_above(key: tuple[str, ...], level: str, shown: tuple[str, ...]) -> None:
    made = table({key: 20}, level=level)
    assert named(made, made.rows[0]) == shown


def test_levels_the_narrowest_first() -> None:
    made = nested({"a": 4, "b": 60, "c": 40, "d": 70})
    assert [t.level for t in levels_of(made)] == ["department", "site", "organisation"]
