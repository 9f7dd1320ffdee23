"""Edges of the gate for tables, curves and areas."""

import dataclasses
from typing import Any

import pytest

from tests.disclosure.builders import curve, headcount
from wellperf_models.disclosure.curves import area_under, release_curve
from wellperf_models.disclosure.levels import levels_of, named
from wellperf_models.disclosure.rules import Rules
from wellperf_models.disclosure.tables import TOGETHER, release_table
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Area, Measure, Row, Support, Table

RULES = Rules()


def table(rows: dict[tuple[str, ...], tuple[int, Any]], *, kind: str = "mean", **more: Any) -> Table:
    """Keys → (people, value)."""
    keys = tuple("abcdef"[: len(next(iter(rows)))])
    found = tuple(
        Row(key=key, values=(value,), support=Support(n_people=people))
        for key, (people, value) in rows.items()
    )
    measure = Measure(name="value", kind=kind)  # type: ignore[arg-type]
    return Table(name="t", title="t", keys=keys, measures=(measure,), rows=found, **more)


def test_a_table_about_nobody_that_rests_on_people_is_refused() -> None:
    sneaky = table({("Anna",): (1, 54321.77), ("x",): (0, 1.0)}, about_people=False)
    with pytest.raises(DisclosureError, match="about nobody"):
        release_table(sneaky, RULES)
    assert release_table(sneaky, Rules(in_full=True)).table.rows == sneaky.rows
    plain = table({("x",): (0, 123.456789)}, about_people=False)
    assert release_table(plain, RULES).table.rows[0].values == (123.456789,)


def test_an_unknown_kind_of_measure_is_refused() -> None:
    with pytest.raises(DisclosureError, match="does not know this kind"):
        release_table(table({("x",): (50, 1.0)}, kind="median"), RULES)


@pytest.mark.parametrize(
    ("key", "fine"),
    [("w " * 4 + "w", True), ("w " * 5 + "w", False), ("x" * 40, True), ("x" * 41, False)],
)
def test_how_long_a_theme_may_be(key: str, fine: bool) -> None:
    made = table({("pay",): (60, 1.0), (key,): (50, 1.0)}, open_keys=True, partition=False)
    if fine:
        assert len(release_table(made, RULES).table.rows) == 2
    else:
        with pytest.raises(DisclosureError, match="never shown"):
            release_table(made, RULES)
    # keys that the study declares may be long
    declared = dataclasses.replace(made, open_keys=False)
    assert len(release_table(declared, RULES).table.rows) == 2
    assert len(release_table(made, Rules(in_full=True)).table.rows) == 2


def test_notes_say_what_was_done_and_nothing_else() -> None:
    assert release_table(table({("a",): (50, 1.0), ("b",): (60, 1.0)}), RULES).notes == ()
    hidden = release_table(table({("a",): (5, 1.0), ("b",): (60, 1.0), ("c",): (70, 1.0)}), RULES)
    assert hidden.notes == ("— : not shown, to protect people (2 of 3 rows).",)
    themes = table({("a",): (5, 1.0), ("b",): (60, 1.0)}, open_keys=True, partition=False)
    assert release_table(themes, RULES).notes == ("Rare ones are not shown, to protect people.",)
    fine = table({("b",): (60, 1.0)}, open_keys=True, partition=False)
    assert release_table(fine, RULES).notes == ()
    assert release_table(fine, RULES).kept_back == ()
    counted = release_table(headcount({"a": 50, "b": 60}), RULES)
    assert [note[:18] for note in counted.notes] == ["Counts are rounded"]


def test_reasons_are_told_apart_only_where_they_tell_nothing() -> None:
    free = table({("a",): (5, 1.0), ("b",): (6, 1.0), ("c",): (70, 1.0)}, partition=False)
    assert dict(release_table(free, RULES).kept_back) == dict.fromkeys("ab", "fewer than 10 people")
    bound = table({("a",): (5, 1.0), ("b",): (60, 1.0), ("c",): (70, 1.0)})
    assert dict(release_table(bound, RULES).kept_back) == dict.fromkeys("ab", TOGETHER)


def test_rows_of_nobody_need_no_second_row() -> None:
    shown = release_table(table({("a",): (0, 1.0), ("b",): (60, 1.0), ("c",): (70, 1.0)}), RULES)
    assert [r.values for r in shown.table.rows] == [(None,), (1.0,), (1.0,)]
    one = release_table(table({("a",): (1, 1.0), ("b",): (9, 1.0), ("c",): (70, 1.0)}), RULES)
    assert [r.values for r in one.table.rows] == [(None,), (None,), (1.0,)]


def test_hidden_rows_and_their_supports_hold_nothing() -> None:
    (first, *_) = release_table(headcount({"a": 5, "b": 60, "c": 70}), RULES).table.rows
    assert first.values == (None, None, None)
    assert first.support == Support(n_people=0)


def test_errors_of_drawn_numbers_are_cut() -> None:
    drawn = Table(
        name="t", title="t", keys=("k",), measures=(Measure(name="v", kind="mean"),) * 2,
        rows=(
            Row(
                key=("x",), values=(1.0, 2.0), support=Support(n_people=50), monte_carlo_errors=(0.123, None)
            ),
        ),
        computation="sampled",
    )  # fmt: skip
    assert release_table(drawn, RULES).table.rows[0].monte_carlo_errors == (0.12, None)


def test_digits_follow_the_interval_of_the_own_number() -> None:
    names = ("gain", "gain_low", "gain_high", "value", "low", "high", "flat_low", "flat_high")
    values = (1234.5678, 1034.5678, 1434.5678, 0.123456, 0.1, 0.15, 3.14159, 3.14159)
    made = Table(
        name="t", title="t", keys=("k",), measures=tuple(Measure(name=n, kind="model") for n in names),
        rows=(Row(key=("x",), values=values, support=Support(n_people=100)),),
    )  # fmt: skip
    shown = release_table(made, RULES).table.rows[0].values
    assert shown == (1230.0, 1030.0, 1430.0, 0.123, 0.1, 0.15, 3.142, 3.142)


def test_a_whole_number_of_a_model_is_cut_too() -> None:
    assert release_table(table({("a",): (50, 1234567)}), RULES).table.rows[0].values == (1230000.0,)


def _amounts(*rows: tuple[str, str, int, float, float, float]) -> Table:
    """(key, parent, people, total, largest, second) with their parents above."""
    parents: dict[str, list[tuple[int, float]]] = {}
    for _, parent, people, total, _, _ in rows:
        parents.setdefault(parent, []).append((people, total))
    measures = (Measure(name="pay", kind="sum"),)

    def row(key: str, people: int, total: float, largest: float, second: float, parent: str) -> Row:
        support = Support(n_people=people, total=total, largest=largest, second=second)
        return Row(key=(key,), values=(total,), support=support, parent=parent)

    above = tuple(
        row(name, sum(n for n, _ in of), sum(t for _, t in of), 1.0, 1.0, "") for name, of in parents.items()
    )
    plain: dict[str, Any] = {"name": "pay", "title": "t", "keys": ("k",), "measures": measures}
    wider = Table(**plain, level="site", rows=above)
    return Table(
        **plain, level="team", wider=wider,
        rows=tuple(row(k, n, t, big, second, parent) for k, parent, n, t, big, second in rows),
    )  # fmt: skip


def test_what_is_hidden_together_may_not_be_one_persons_either() -> None:
    others = (("c", "north", 30, 30_000.0, 1_100.0, 1_000.0), ("d", "north", 40, 40_000.0, 1_100.0, 1_000.0))
    # x is one person's, and so is x with y: the site would tell their sum
    made = _amounts(
        ("x", "north", 12, 65_000.0, 60_000.0, 1_000.0), ("y", "north", 12, 1_000.0, 100.0, 100.0), *others
    )
    shown = {r.key[0] for r in release_table(made, RULES).table.rows if r.values[0] is not None}
    assert "y" not in shown
    assert "d" in shown or "site: north" not in shown
    hidden = [r.support for r in made.rows if r.key[0] not in shown]
    if "site: north" in shown:
        assert sum(s.total or 0 for s in hidden) > (60_000 + 1_100) / 0.9
    even = _amounts(
        ("x", "north", 5, 5_000.0, 1_000.0, 1_000.0), ("y", "north", 12, 12_000.0, 1_000.0, 1_000.0), *others
    )
    shown = {r.key[0] for r in release_table(even, RULES).table.rows if r.values[0] is not None}
    assert shown == {"c", "d", "site: north"}


def test_the_key_of_a_wider_row_says_its_level() -> None:
    row = Row(key=("2024", "north"), values=(1,), support=Support(n_people=50))
    wide = Table(
        name="t", title="t", keys=("year", "site"), measures=(Measure(name="n", kind="count"),),
        rows=(row,), level="site",
    )  # fmt: skip
    assert named(wide, row) == ("2024", "site: north")
    assert named(dataclasses.replace(wide, level=""), row) == ("2024", "north")
    assert levels_of(wide) == [wide]


def test_a_curve_stops_where_too_few_remain() -> None:
    """Ten people must remain after the last exit shown, not before it."""
    for people, last in ((30, 20.0), (29, 10.0)):
        line = curve([0] + [1] * 25, people=people)
        shown, _ = release_curve(line, RULES)
        assert shown is not None
        assert shown.x[-1] == last


def test_the_area_is_that_of_the_curve_of_everyone() -> None:
    line = curve([0] + [1] * 60, people=171)
    shown, _ = release_curve(line, RULES)
    assert shown is not None
    area = Area(curve="survival", start=0.0, end=60.0, at_end="end")
    last = {"end": dataclasses.replace(_ending(), value=0.65)}
    group, other = dataclasses.replace(shown, group="g"), dataclasses.replace(shown, name="other")
    assert area_under(area, [group], last) is None
    assert area_under(area, [other], last) is None
    assert area_under(area, [group, other, shown], last) == pytest.approx(49.5, abs=1.0)
    late = dataclasses.replace(area, start=-1.0)
    assert area_under(late, [shown], last) is None
    assert area_under(area, [shown], {}) is None


def _ending() -> Any:
    from tests.disclosure.builders import estimate

    return estimate("end", value=0.6)
