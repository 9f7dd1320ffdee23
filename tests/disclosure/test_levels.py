"""Where a group fails its people are shown a level above, and nothing follows by subtraction."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.disclosure.builders import evidence, headcount, study
from wellperf_models.disclosure import Released, Rules, release
from wellperf_models.disclosure.tables import TOGETHER, release_table
from wellperf_models.evidence import Row, Support, Table

Sites = dict[str, dict[str, tuple[int, int]]]


def nested(sites: Sites) -> Table:
    """Departments (people, exits) in sites in the organisation."""
    everyone = [pair for departments in sites.values() for pair in departments.values()]
    n = sum(people for people, _ in everyone)

    def row(key: str, people: int, exits: int, parent: str) -> Row:
        return Row(
            key=(key,), values=(people, exits, 100 * exits / people),
            support=Support(n_people=people, n_complement=n - people), parent=parent,
        )  # fmt: skip

    plain = headcount({"x": 20})
    names, measures = {"keys": ("department",), "title": "t", "name": "headcount"}, plain.measures
    top = Table(
        **names, measures=measures, level="organisation",
        rows=(row("whole organisation", n, sum(e for _, e in everyone), ""),),
    )  # fmt: skip
    middle = Table(
        **names, measures=measures, level="site", wider=top,
        rows=tuple(
            row(site, sum(p for p, _ in of.values()), sum(e for _, e in of.values()), "whole organisation")
            for site, of in sites.items()
        ),
    )  # fmt: skip
    rows = [row(name, *pair, site) for site, of in sites.items() for name, pair in of.items()]
    return Table(**names, measures=measures, level="department", wider=middle, rows=tuple(rows))


def shown(table: Table) -> dict[str, tuple[object, ...]]:
    released = release_table(table, Rules())
    return {r.key[0]: r.values for r in released.table.rows if r.values[0] is not None}


def test_small_departments_are_shown_within_their_site() -> None:
    table = nested(
        {"north": {"a": (6, 1), "b": (40, 9), "c": (14, 5)}, "south": {"d": (60, 9), "e": (70, 9)}}
    )
    released = release_table(table, Rules())
    assert set(shown(table)) == {"b", "d", "e", "site: north"}
    # a is too small; c went with it, the smallest beside it, so that north can stand for both
    # and which of them is too small is not told
    assert dict(released.kept_back) == {"a": TOGETHER, "c": TOGETHER}
    assert shown(table)["site: north"][:2] == (60, 15)
    assert any("site: north" in note for note in released.notes)
    assert released.table.wider is None
    assert all(row.parent == "" for row in released.table.rows)


def test_small_departments_of_two_sites_are_shown_within_the_organisation() -> None:
    table = nested({"north": {"a": (6, 1), "b": (40, 9)}, "south": {"d": (8, 1), "e": (70, 9)}})
    # either site would give its one small department away
    assert set(shown(table)) == {"b", "e", "organisation: whole organisation"}


def test_an_organisation_of_eighty_still_reads_something() -> None:
    table = nested({"north": {"a": (9, 3), "b": (8, 3), "c": (9, 3)}, "south": {"d": (9, 3), "e": (8, 3)}})
    assert set(shown(table)) == {"site: north", "site: south"}


def test_everything_above_may_fail_too() -> None:
    table = nested({"north": {"a": (4, 1), "b": (3, 1)}})
    assert shown(table) == {}
    assert len(release_table(table, Rules()).table.rows) == 2


def test_a_parent_is_not_shown_where_it_leaves_one_row_outside() -> None:
    # north could stand for a and b; then c alone would be what is left of everybody
    table = nested({"north": {"a": (6, 3), "b": (7, 3), "x": (50, 9)}, "south": {"c": (9, 3), "y": (50, 9)}})
    assert set(shown(table)) == {"x", "y", "organisation: whole organisation"}


def test_nobody_follows_from_any_table() -> None:
    """The span of everything shown holds no group of fewer than ten people."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        sites: Sites = {
            f"s{i}": {f"d{i}{j}": (int(rng.integers(1, 40)), 6) for j in range(rng.integers(1, 6))}
            for i in range(rng.integers(1, 5))
        }
        table = nested(sites)
        departments = [(site, name) for site, of in sites.items() for name in of]
        people = np.array([sites[s][d][0] for s, d in departments])
        seen = [np.ones(len(departments))]
        for key in shown(table):
            level, _, name = key.rpartition(": ")
            seen.append(
                np.array(
                    [
                        level == "organisation" or (s == name if level == "site" else d == name)
                        for s, d in departments
                    ],
                    dtype=float,
                )
            )
        known = np.array(seen)
        hidden = [i for i, (_, d) in enumerate(departments) if d not in shown(table)]
        for size in (1, 2):
            for group in itertools.combinations(hidden, size):
                if people[list(group)].sum() >= 10:
                    continue
                target = np.zeros(len(departments))
                target[list(group)] = 1.0
                rest = target - known.T @ np.linalg.lstsq(known.T, target, rcond=None)[0]
                assert np.abs(rest).max() > 1e-6 or len(departments) == 1, (seed, group)


def test_who_is_hidden_is_told_once_and_curves_go_with_it(tmp_path: Path) -> None:
    table = nested({"north": {"a": (6, 1), "b": (40, 9), "c": (14, 5)}, "south": {"d": (60, 9)}})
    released: Released = release(evidence(tables=(table,)), study(tmp_path))
    assert [s.what for s in released.suppressed] == ["table headcount: a", "table headcount: c"]


@pytest.mark.parametrize("exits", [0, 2, 38, 40])
def test_a_rate_of_nobody_or_everybody_is_not_shown(exits: int) -> None:
    table = nested({"north": {"a": (40, exits), "b": (40, 9), "c": (50, 9)}})
    assert "a" not in shown(table)
    assert "a" in shown(nested({"north": {"a": (40, 20), "b": (40, 9), "c": (50, 9)}}))


def test_one_large_row_that_tells_everybody_takes_a_second_one_with_it() -> None:
    table = nested({"north": {"a": (60, 0), "b": (40, 9)}, "south": {"d": (50, 9), "e": (70, 9)}})
    # sixty people are enough, but one row alone follows from the rest
    assert set(shown(table)) == {"d", "e", "site: north"}


def test_a_parent_that_fails_by_itself_stands_for_nobody() -> None:
    table = nested({"north": {"a": (60, 0), "b": (40, 1)}, "south": {"d": (50, 9), "e": (70, 9)}})
    assert set(shown(table)) == {"d", "e", "organisation: whole organisation"}
