"""Tables through the gate, cell by cell: what is judged, what is noted, how many digits are left."""

import dataclasses
from typing import Any

import pytest

from tests.disclosure.builders import headcount
from wellperf_models.disclosure.levels import SECOND
from wellperf_models.disclosure.rules import ALL_OR_NONE, Rules
from wellperf_models.disclosure.tables import TOGETHER, ReleasedTable, hidden_row, release_table
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import CellValue, Measure, Row, Support, Table

RULES = Rules()
FULL = Rules(in_full=True)
BIG = Support(n_people=203)
N = Measure(name="n", kind="count")
PART = Measure(name="part", kind="count")
RATE = Measure(name="rate", kind="rate", numerator="part", denominator="n", per=100)


def table(measures: tuple[Measure, ...], *rows: tuple[CellValue, ...], **more: Any) -> Table:
    """Rows "0", "1" … of 203 people each."""
    support = more.pop("support", BIG)
    made = tuple(Row(key=(str(i),), values=values, support=support) for i, values in enumerate(rows))
    plain: dict[str, Any] = {"name": "t", "title": "t", "keys": ("k",), "partition": False}
    return Table(measures=measures, rows=made, **{**plain, **more})


def shown(made: Table, rules: Rules = RULES) -> list[tuple[CellValue, ...]]:
    return [row.values for row in release_table(made, rules).table.rows]


def reasons(made: Table) -> list[str]:
    return [why for _, why in release_table(made, RULES).kept_back]


def test_a_plain_table_has_no_row_of_a_level_above() -> None:
    found = release_table(headcount({"a": 40, "b": 60}), RULES)
    assert (found.n_wider, found.kept_back) == (0, ())
    plain = ReleasedTable(table=found.table, notes=(), kept_back=(), exact=())
    assert plain.n_wider == 0


def test_a_table_about_nobody_rests_on_nobody() -> None:
    facts = table((N,), (7,), about_people=False, support=Support(n_people=0))
    assert shown(facts) == [(7,)]
    mixed = dataclasses.replace(
        facts, rows=(facts.rows[0], Row(key=("1",), values=(3,), support=Support(n_people=3)))
    )
    with pytest.raises(DisclosureError, match="rests on people"):
        release_table(mixed, RULES)
    assert shown(mixed, FULL) == [(7,), (3,)]


def test_the_level_below_is_not_judged_twice() -> None:
    """Whoever is refused below may be shown above; only the levels above are asked there."""
    top = table((N,), (64,), level="site", support=Support(n_people=64))
    rows = tuple(
        Row(key=(k,), values=(n,), support=Support(n_people=n), parent="0") for k, n in (("a", 4), ("b", 60))
    )
    made = dataclasses.replace(top, rows=rows, level="department", wider=top, partition=True)
    found = release_table(made, RULES)
    assert [r.key for r in found.table.rows] == [("a",), ("b",), ("site: 0",)]
    assert [r.values for r in found.table.rows] == [(None,), (None,), (65,)]
    assert found.n_wider == 1
    assert [r.support.n_people for r in found.exact] == [4, 60, 64]
    assert found.notes[-1] == "People of rows that are not shown are counted, with others, in: site: 0."
    above = dataclasses.replace(top, keys=("x", "k"), rows=(_in(top.rows[0], "x"),))
    below = tuple(_in(row, "x") for row in rows)
    found = release_table(dataclasses.replace(made, keys=("x", "k"), rows=below, wider=above), RULES)
    assert found.table.rows[-1].key == ("x", "site: 0")
    assert "in: site: 0." in found.notes[-1]


def _in(row: Row, first: str) -> Row:
    return dataclasses.replace(row, key=(first, *row.key))


def test_models_need_more_people_than_descriptions() -> None:
    few = Support(n_people=20)
    assert shown(table((N, Measure(name="effect", kind="model")), (20, 0.5), support=few)) == [(None, None)]
    assert shown(table((N, Measure(name="average", kind="mean")), (20, 0.5), support=few)) == [(20, 0.5)]
    # a reason that was found first stays
    assert reasons(table((Measure(name="effect", kind="model"),), (0.5,), support=Support(n_people=3))) == [
        "fewer than 10 people"
    ]


def test_sums_need_their_largest_amounts() -> None:
    measure = (Measure(name="cost", kind="sum"),)
    one = Support(n_people=50, total=100.0, largest=95.0, second=3.0)
    even = Support(n_people=50, total=100.0, largest=9.0, second=8.0)
    assert shown(table(measure, (100.0,), support=one)) == [(None,)]
    assert shown(table(measure, (100.0,), support=even)) == [(100.0,)]
    with pytest.raises(DisclosureError, match="two largest"):
        release_table(table(measure, (100.0,)), RULES)


@pytest.mark.parametrize(
    ("part", "n", "hidden"),
    [(2, 200, True), (3, 200, False), (197, 200, False), (198, 200, True), (50, 200, False)],
)
def test_a_rate_of_nobody_or_everybody(part: int, n: int, hidden: bool) -> None:
    made = table((PART, N, RATE), (part, n, 0.1))
    assert (shown(made) == [(None, None, None)]) is hidden
    assert reasons(made) == ([TOGETHER] if hidden else [])


def test_a_rate_over_time_tells_only_nobody() -> None:
    years = Measure(
        name="rate", kind="rate", unit="exits per 100 person-years", numerator="part", denominator="n"
    )
    assert shown(table((PART, N, years), (198, 200, 1.0))) != [(None, None, None)]
    assert shown(table((PART, N, years), (2, 200, 0.0))) == [(None, None, None)]


def test_counts_alone_and_missing_ones_tell_no_rate() -> None:
    assert shown(table((PART, N), (1, 200))) == [(0, 200)]
    assert shown(table((PART, N, RATE), (None, 200, None))) == [(None, 200, None)]
    assert shown(table((PART, N, RATE), (50, None, None))) == [(50, None, None)]
    # a text or a mean that has the name of a count is none
    odd = Measure(name="odd", kind="mean")
    assert shown(table((odd, PART, N, RATE), (0.0, 50, 200, 25.0))) == [(0.0, 50, 200, 25.0)]


def test_events_of_a_row_tell_everybody_too() -> None:
    made = table((N,), (50,), support=Support(n_people=50, n_events=1, n_non_events=49))
    assert shown(made) == [(None,)]
    assert ALL_OR_NONE not in reasons(made)


def test_unknown_kinds_and_rates_without_counts_are_refused() -> None:
    with pytest.raises(DisclosureError, match="does not know this kind") as refused:
        release_table(table((Measure(name="x", kind="guess"),), (1,)), RULES)  # type: ignore[arg-type]
    assert "count, rate, mean, sum, model, text" in str(refused.value)
    mean = Measure(name="part", kind="mean")
    with pytest.raises(DisclosureError, match="only from counts"):
        release_table(table((mean, N, RATE), (3.0, 20, 0.15)), RULES)


def test_an_extreme_is_refused_but_in_facts() -> None:
    largest = (Measure(name="days_max", kind="mean"),)
    with pytest.raises(DisclosureError, match="minimum or maximum"):
        release_table(table(largest, (9.0,)), RULES)
    assert shown(table(largest, (9.0,), about_people=False, support=Support(n_people=0))) == [(9.0,)]


WORDS = "one two three four five"


@pytest.mark.parametrize(
    ("key", "fine"), [("a" * 40, True), ("a" * 41, False), (WORDS, True), (f"{WORDS} six", False)]
)
def test_themes_are_short(key: str, fine: bool) -> None:
    rows = tuple(Row(key=(k, "b"), values=(40,), support=BIG) for k in ("theme", key))
    made = dataclasses.replace(table((N,)), keys=("k", "l"), rows=rows, open_keys=True)
    if fine:
        assert shown(made) == [(40,), (40,)]
    else:
        with pytest.raises(DisclosureError, match="somebody wrote"):
            release_table(made, RULES)
    # keys that are not people's words, and published data, may be longer
    assert shown(dataclasses.replace(made, open_keys=False)) == [(40,), (40,)]
    assert shown(made, FULL) == [(40,), (40,)]


def test_rare_themes_are_not_even_named() -> None:
    rows = (
        Row(key=("often",), values=(40,), support=BIG),
        Row(key=("rare",), values=(3,), support=Support(n_people=3)),
    )
    made = dataclasses.replace(table((N,)), rows=rows, open_keys=True)
    found = release_table(made, RULES)
    assert [r.key for r in found.table.rows] == [("often",)]
    assert [r.key for r in found.exact] == [("often",)]
    assert found.kept_back == (("rare ones", "fewer people each than may be shown"),)
    assert "Rare ones are not shown, to protect people." in found.notes
    assert not [n for n in found.notes if "—" in n]
    named = release_table(dataclasses.replace(made, open_keys=False), RULES)
    assert named.kept_back == (("rare", "fewer than 10 people"),)
    assert named.notes[-1] == "— : not shown, to protect people (1 of 2 rows)."
    alone = release_table(dataclasses.replace(made, rows=rows[:1]), RULES)
    assert (alone.kept_back, len(alone.notes)) == ((), 1)


def test_notes_say_what_was_done_and_no_more() -> None:
    assert release_table(table((Measure(name="average", kind="mean"),), (2.0,)), RULES).notes == ()
    assert len(release_table(table((N,), (20,)), RULES).notes) == 1
    mixed = table((N, Measure(name="average", kind="mean")), (20, 1.0))
    assert "multiples of 5" in release_table(mixed, RULES).notes[0]


def test_which_row_fails_by_itself_is_not_told() -> None:
    found = release_table(headcount({"a": 4, "b": 40, "c": 300}), RULES)
    assert found.kept_back == (("a", TOGETHER), ("b", TOGETHER))
    assert SECOND not in dict(found.kept_back).values()
    few = release_table(headcount({"a": 4, "b": 9, "c": 300}), RULES)
    assert few.kept_back == (("a", "fewer than 10 people"), ("b", "fewer than 10 people"))


def test_a_hidden_row_holds_nothing() -> None:
    row = Row(
        key=("a",), values=(3, 0.5), support=Support(n_people=3), monte_carlo_errors=(None, 0.1), parent="up"
    )
    empty = hidden_row(row)
    assert empty == Row(
        key=("a",), values=(None, None), support=Support(n_people=0), monte_carlo_errors=(None, None)
    )


def test_values_are_cut_to_the_digits_that_are_printed() -> None:
    names = ("effect", "effect_low", "effect_high", "other")
    measures = tuple(Measure(name=n, kind="model") for n in names)
    # the standard error is .02: two digits of it are three decimals
    (values,) = shown(table(measures, (0.123456, 0.084256, 0.162656, 1.23456)))
    assert values == (0.123, 0.084, 0.163, 1.23)
    # an interval without width, or turned round, gives no digits: three significant ones are left
    (values,) = shown(table(measures, (0.123456, 0.123456, 0.123456, 1.23456)))
    assert values == (0.123, 0.123, 0.123, 1.23)
    (values,) = shown(table(measures, (12.3456, 13.3456, 11.3456, 1.23456)))
    assert values == (12.3, 13.3, 11.3, 1.23)


def test_an_interval_of_its_own_comes_before_that_of_the_row() -> None:
    names = ("effect", "effect_low", "effect_high", "low", "high")
    measures = tuple(Measure(name=n, kind="model") for n in names)
    (values,) = shown(table(measures, (0.123456, 0.084256, 0.162656, -39.2, 39.2)))
    assert values == (0.123, 0.084, 0.163, -39.0, 39.0)
    plain = tuple(Measure(name=n, kind="model") for n in ("value", "low", "high"))
    assert shown(table(plain, (0.123456, 0.084256, 0.162656))) == [(0.123, 0.084, 0.163)]
    # a mean has the digits of nobody's interval
    mean = (Measure(name="value", kind="mean"), *plain[1:])
    (values,) = shown(table(mean, (12.3456, 0.084256, 0.162656)))
    assert values[0] == 12.3


def test_monte_carlo_errors_to_two_digits() -> None:
    measures = (Measure(name="value", kind="model"), Measure(name="unit", kind="text"))
    made = table(measures)
    row = Row(key=("0",), values=(1.23456, "points"), support=BIG, monte_carlo_errors=(0.012345, None))
    found = release_table(dataclasses.replace(made, rows=(row,), computation="sampled"), RULES).table.rows[0]
    assert found.monte_carlo_errors == (0.012, None)
    assert found.values == (1.23, "points")
    assert found.support == Support(n_people=205)


def test_zero_people_have_no_rate() -> None:
    years = dataclasses.replace(RATE, unit="per 100 years")
    assert shown(table((PART, N, years), (40, 2, 100.0))) == [(40, 0, None)]
