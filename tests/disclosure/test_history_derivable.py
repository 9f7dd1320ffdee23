"""What follows from known sums: against a search that tries every small set, on people and not on atoms."""

import itertools
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from tests.disclosure.published import people
from wellperf_models.disclosure.derivable import Known, singles_out
from wellperf_models.disclosure.statistic import Cell, Statistic, judge

MINIMUM = 5


def cell(name: str, who: frozenset[str], events: frozenset[str] = frozenset()) -> Cell:
    return Cell(definition=name, people=who, events=events)


def rules(minimum: int, *cells: Cell) -> list[str]:
    return [c.rule if c else "" for c in judge(Statistic(minimum), cells)]


def smallest_singled_out(sets: Sequence[frozenset[str]], minimum: int) -> int:
    """Fewest people a combination of sums is about, below `minimum`; `minimum` where there is none.

    A combination lives on the people S where the projection beside the row space has a null vector on S.
    """
    everyone = sorted(frozenset().union(*sets))
    rows = np.array([[p in s for p in everyone] for s in sets], dtype=float)
    patterns, place, sizes = np.unique(rows, axis=1, return_inverse=True, return_counts=True)
    assert place.size == len(everyone)
    _, values, right = np.linalg.svd(patterns, full_matrices=False)
    basis = right[values > 1e-9]
    beside = np.eye(sizes.size) - basis.T @ basis
    small = np.flatnonzero(sizes < minimum)
    for n in range(1, minimum):
        chosen = np.array([s for s in itertools.combinations(small, n) if sizes[list(s)].sum() < minimum])
        if not chosen.size:
            continue
        blocks = beside[chosen[:, :, None], chosen[:, None, :]]
        dark = np.abs(np.linalg.det(blocks)) < 1e-11
        if dark.any():
            return int(min(sizes[list(s)].sum() for s in chosen[dark]))
    return minimum


class World:
    """Departments and sites with people who come, go, move and are filtered, a few at a time."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.people = {f"p{i}": (int(self.rng.integers(4)), int(self.rng.integers(2))) for i in range(45)}
        self.hired = 45

    def step(self) -> None:
        for name in self.rng.permutation(list(self.people))[: self.rng.integers(0, 9)]:
            if self.rng.random() < 0.7:
                del self.people[name]
            else:
                self.people[name] = (int(self.rng.integers(4)), self.people[name][1])
        for _ in range(self.rng.integers(0, 9)):
            self.people[f"p{self.hired}"] = (int(self.rng.integers(4)), int(self.rng.integers(2)))
            self.hired += 1

    def cells(self) -> Iterator[Cell]:
        yield cell("all", frozenset(self.people))
        for d in range(4):
            yield cell(f"d{d}", frozenset(p for p, (own, _) in self.people.items() if own == d))
        for s in range(2):
            yield cell(f"s{s}", frozenset(p for p, (_, own) in self.people.items() if own == s))
        left_out = frozenset(self.rng.permutation(list(self.people))[: self.rng.integers(1, 20)].tolist())
        yield cell("filtered", frozenset(self.people) - left_out)
        yield cell("merged", frozenset(p for p, (own, _) in self.people.items() if own in (0, 1)))


def shown_of(seed: int, *, gate: bool) -> tuple[list[frozenset[str]], int]:
    """Sets published over five releases, and how many cells were judged."""
    world, statistic, shown, judged = World(seed), Statistic(MINIMUM), [], 0
    for _ in range(5):
        cells = [c for c in world.cells() if len(c.people) >= MINIMUM]
        judged += len(cells)
        found = judge(statistic, cells)
        for one, conflict in zip(cells, found, strict=True):
            if conflict is None or not gate:
                statistic.accept(one)
                shown.append(one.people)
        world.step()
    return shown, judged


@pytest.mark.parametrize("seed", range(8))
def test_no_chain_of_releases_singles_out_few_people(seed: int) -> None:
    shown, judged = shown_of(seed, gate=True)
    for one, other in itertools.combinations(shown, 2):
        assert not 0 < max(len(one - other), len(other - one)) < MINIMUM
    assert smallest_singled_out(shown, MINIMUM) == MINIMUM
    # and it does not get there by showing nothing
    assert len(shown) >= 0.15 * judged


def test_the_search_finds_people_where_nothing_is_held() -> None:
    assert all(smallest_singled_out(shown_of(seed, gate=False)[0], MINIMUM) < MINIMUM for seed in range(3))


def test_a_total_less_its_parts() -> None:
    a, b, rest = people(0, 20), people(20, 40), people(40, 44)
    assert rules(5, cell("a", a), cell("b", b), cell("all", a | b | rest)) == ["", "", "derived"]
    assert rules(5, cell("a", a), cell("b", b), cell("all", a | b | people(40, 45))) == ["", "", ""]
    assert rules(5, cell("a", a), cell("b", b), cell("all", a | b)) == ["", "", ""]


def test_few_people_in_several_atoms() -> None:
    """The rest is cut by another grouping, so that it is no atom of its own."""
    a, b, rest = people(0, 50), people(50, 100), people(100, 104)
    sites = people(0, 25) | people(50, 75) | people(100, 102), people(25, 50) | people(75, 100)
    cells = [cell("s0", sites[0]), cell("s1", sites[1] | people(102, 104)), cell("a", a), cell("b", b)]
    assert rules(5, *cells) == ["", "", "", "derived"]
    assert smallest_singled_out([a, b, a | b | rest], 5) == 4


def test_a_half_sum_is_a_sum() -> None:
    """(ab + ac - bc) / 2 = a."""
    a, b, c = people(0, 4), people(4, 24), people(24, 44)
    assert rules(5, cell("ab", a | b), cell("ac", a | c), cell("bc", b | c)) == ["", "", "derived"]


def test_crossed_groups_of_ordinary_size_are_left_alone() -> None:
    """One person is the only one in the department, the site and the grade; nothing singles them out."""
    cells = [cell(f"g{i}", people(0, 1) | people(100 * i, 100 * i + 12)) for i in range(1, 6)]
    assert rules(10, *cells) == [""] * 5


def test_few_events_count_where_people_cancel_out() -> None:
    a, b = people(0, 20), people(20, 40)
    cells = [cell("a", a, people(0, 2)), cell("b", b, people(20, 22)), cell("all", a | b, people(0, 2))]
    assert rules(5, *cells) == ["", "", "derived"]
    same = [*cells[:2], cell("all", a | b, people(0, 2) | people(20, 22))]
    assert rules(5, *same) == ["", "", ""]


def test_what_follows_from_the_others_may_always_join() -> None:
    a, b = people(0, 20), people(20, 40)
    assert rules(5, cell("a", a), cell("a again", a), cell("all", a | b), cell("b", b)) == [""] * 4


def test_earlier_leaks_are_not_held_against_others() -> None:
    known = Statistic(5)
    for one in (cell("all", people(0, 40)), cell("most", people(0, 37))):
        known.accept(one)
    cells = [cell("new", people(40, 60)), cell("half", people(0, 20)), cell("less", people(0, 36))]
    assert [c.rule if c else "" for c in judge(known, cells)] == ["", "", "near"]


def test_a_leak_that_is_cut_by_a_new_set_is_no_new_leak() -> None:
    known = Statistic(5)
    for one in (cell("all", people(0, 40)), cell("most", people(0, 37))):
        known.accept(one)
    # two of the three it left over, and twenty others: nothing about fewer than three follows
    assert judge(known, [cell("x", people(17, 39))]) == [None]


def test_halves_of_other_people_hide_a_person_who_weighs_much() -> None:
    """n - (o1 + o2) / 2 = one person, less half of twenty others: eleven people's worth."""
    person, x, y1, y2 = people(0, 1), people(1, 41), people(41, 51), people(51, 61)
    cells = [cell("o1", x | y1), cell("o2", x | y2), cell("n", person | x)]
    assert rules(10, *cells) == ["", "", ""]
    assert rules(12, cells[0], cell("o2", x | y2 | people(61, 63)), cell("n", person | x))[2] != ""


def test_hundreds_of_cells_of_thousands_of_people_take_seconds() -> None:
    rng = np.random.default_rng(1)
    names = np.array([f"p{i:05}" for i in range(4000)])
    group = rng.integers(0, 30, size=4000)
    known, hired, accepted, start = Statistic(10), 3000, 0, time.process_time()
    for _ in range(10):
        cells = [cell(f"g{g}", frozenset(names[:hired][group[:hired] == g].tolist())) for g in range(30)]
        for one, conflict in zip(cells, judge(known, cells), strict=True):
            if conflict is None:
                known.accept(one)
                accepted += 1
        hired += 100
        # a few change their group each time
        moved = rng.integers(0, 4000, size=40)
        group[moved] = rng.integers(0, 30, size=40)
    assert time.process_time() - start < 20
    assert accepted > 30


def test_the_bound_is_enough_for_large_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """The linear programme is solved where people weigh much, and nowhere else."""

    def refuse(*_: object, **__: object) -> float:
        raise AssertionError("a linear programme was solved")

    monkeypatch.setattr("wellperf_models.disclosure.derivable._smallest_reach", refuse)
    cells = [cell("a", people(0, 100)), cell("b", people(50, 150)), cell("all", people(0, 180))]
    assert rules(10, *cells) == ["", "", ""]
    with pytest.raises(AssertionError, match="was solved"):
        rules(
            10, *cells, cell("most", people(0, 177)) if False else cell("c", people(0, 50) | people(148, 180))
        )


def test_where_programmes_would_take_too_long_the_bound_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wellperf_models.disclosure.derivable._MOST_PROGRAMMES", 0)
    crossed = [cell(f"g{i}", people(0, 1) | people(100 * i, 100 * i + 12)) for i in range(1, 6)]
    assert "derived" in rules(10, *crossed)


def test_a_sum_that_says_nothing_new_singles_nobody_out() -> None:
    sizes = np.array([0.0, 3.0, 40.0])
    known = Known.nothing().cut(np.array([0, 0, 0])).plus(np.array([0.0, 1.0, 0.0]), sizes)
    rest, _ = known.without(np.array([0.0, 1.0, 0.0]), sizes)
    assert not rest.any()
    assert not singles_out(known, rest, sizes, 10)
    # three people, unless they were known before
    assert singles_out(Known.nothing().cut(np.array([0, 0, 0])), np.array([0.0, 1.0, 0.0]), sizes, 10)
