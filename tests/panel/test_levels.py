"""Which levels lie above a group follows from who is where; a level that cuts a group is no level."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from wellperf_models.errors import WellperfError
from wellperf_models.evidence import Measure, Row, Support, Table
from wellperf_models.panel import WHOLE, Level, levels_above, nested_table, what_a_group_needs

ALL = ("department", "site", "organisation")
# six people: teams in departments in sites, each wholly
PLACES = pl.DataFrame(
    {
        "team": ["t1", "t2", "t3", "t4", "t5", "t6"],
        "department": ["a", "a", "b", "b", "c", "d"],
        "site": ["north", "north", "north", "north", "south", "south"],
    }
)


def level(name: str, rows: pl.DataFrame = PLACES) -> Level:
    return Level(name=name, groups=rows[name].fill_null("not assigned").to_numpy().astype(str))


def table_of(one: Level) -> Table:
    names, counts = np.unique(one.groups, return_counts=True)
    rows = [
        Row(key=(str(g),), values=(int(n),), support=Support(n_people=int(n)))
        for g, n in zip(names, counts, strict=True)
    ]
    return Table(
        name="t", title="t", keys=(one.name,), measures=(Measure(name="n", kind="count"),), rows=tuple(rows)
    )


@pytest.mark.parametrize(
    ("group_by", "widen", "names"),
    [
        ("team", ALL, ["department", "site", "organisation"]),
        ("department", ALL, ["site", "organisation"]),
        ("site", ALL, ["organisation"]),
        ("team", ("site", "organisation"), ["site", "organisation"]),
        ("department", ("department", "site"), ["site"]),
        ("department", (), []),
        # what is narrower is never above what is wider, in whichever order it is declared
        ("team", ("site", "department", "organisation"), ["site", "organisation"]),
    ],
)
def test_levels_in_the_order_declared(group_by: str, widen: tuple[str, ...], names: list[str]) -> None:
    assert [found.name for found in levels_above(PLACES, level(group_by), widen)] == names


def test_another_attribute_lies_across_sites() -> None:
    rows = PLACES.with_columns(job_family=pl.Series(["x", "x", "x", "x", "y", "z"]))
    assert [found.name for found in levels_above(rows, level("job_family", rows), ALL)] == ["organisation"]


def test_a_site_that_cuts_one_department_is_left_out_for_all() -> None:
    rows = PLACES.with_columns(site=pl.Series(["north", "south", "north", "north", "south", "south"]))
    assert [found.name for found in levels_above(rows, level("department", rows), ALL)] == ["organisation"]
    # somebody of the department whose site nobody knows is somewhere else
    unknown = PLACES.with_columns(site=pl.Series(["north", None, "north", "north", "south", "south"]))
    assert [found.name for found in levels_above(unknown, level("department", unknown), ALL)] == [
        "organisation"
    ]


def test_a_level_that_joins_nothing_is_none() -> None:
    rows = PLACES.with_columns(site=pl.col("department"))
    assert [found.name for found in levels_above(rows, level("department", rows), ALL)] == ["organisation"]
    one = PLACES.with_columns(site=pl.lit("here"))
    assert [found.name for found in levels_above(one, level("department", one), ALL)] == ["organisation"]
    without = PLACES.drop("site")
    assert [found.name for found in levels_above(without, level("department"), ALL)] == ["organisation"]


def test_every_row_has_a_parent_that_holds_it() -> None:
    above = levels_above(PLACES, level("department"), ALL)
    made = nested_table(table_of, (level("department"), *above))
    assert made.level == "department"
    assert {row.key[0]: row.parent for row in made.rows} == {
        "a": "north",
        "b": "north",
        "c": "south",
        "d": "south",
    }
    site = made.wider
    assert site is not None
    assert (site.level, site.keys) == ("site", ("site",))
    assert {row.parent for row in site.rows} == {WHOLE}
    whole = site.wider
    assert whole is not None
    assert (whole.level, whole.wider) == ("organisation", None)
    assert [(row.key, row.values, row.parent) for row in whole.rows] == [((WHOLE,), (6,), "")]


def test_without_a_level_above_the_table_stands_alone() -> None:
    made = nested_table(table_of, (level("department"),))
    assert (made.level, made.wider) == ("department", None)
    assert {row.parent for row in made.rows} == {""}


def test_a_wider_table_with_other_measures_is_refused() -> None:
    def other(one: Level) -> Table:
        table = table_of(one)
        if one.name == "department":
            return table
        return Table(
            name="t", title="t", keys=table.keys, measures=(Measure(name="m", kind="mean"),), rows=table.rows
        )

    with pytest.raises(WellperfError, match="well formed"):
        nested_table(other, (level("department"), *levels_above(PLACES, level("department"), ALL)))


def test_what_a_group_needs_is_declared_and_never_counted() -> None:
    told = what_a_group_needs("department", 12)
    assert told.startswith("A department is shown by itself from 12 people on, with 12 others outside it")
    assert "north" not in repr(level("site")) + repr(levels_above(PLACES, level("team"), ALL))
