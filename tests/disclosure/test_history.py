"""The rules on people who are known by name: batch, near, derived."""

from pathlib import Path

import pytest

from tests.disclosure.builders import study as study_of
from tests.disclosure.published import as_of, claim, go, people, publish, states
from wellperf_models.disclosure.entries import ENTRIES_VARIABLE
from wellperf_models.disclosure.history import History
from wellperf_models.disclosure.ledger import ledger_path, ledger_position
from wellperf_models.errors import DisclosureError

Q1, Q2, Q3 = "2024-03-31", "2024-06-30", "2024-09-30"
TEAM = people(0, 100)


def test_what_was_never_published_is_fresh_and_writes_nothing(tmp_path: Path) -> None:
    study = as_of(tmp_path, Q1)
    assert states(History.of(study).judge([claim("a", TEAM), claim("b", people(100, 120))])) == ["fresh"] * 2
    assert [p.name for p in tmp_path.iterdir()] == ["acme.toml"]


@pytest.mark.parametrize(
    ("joiners", "leavers", "state"),
    [
        (0, 0, "fresh"),
        (1, 0, "held"),
        (0, 1, "held"),
        (9, 0, "held"),
        (0, 9, "held"),
        (10, 0, "fresh"),
        (0, 10, "fresh"),
        (10, 10, "fresh"),
        (10, 1, "held"),
        (1, 10, "held"),
        (40, 9, "held"),
    ],
)
def test_joiners_and_leavers_come_in_batches(tmp_path: Path, joiners: int, leavers: int, state: str) -> None:
    go(as_of(tmp_path, Q1), [claim("a", TEAM, values=(100, 1.5))])
    now = claim("a", people(leavers, 100 + joiners), values=(95, 1.7))
    (verdict,) = go(as_of(tmp_path, Q2), [now])
    assert verdict.state == state
    assert verdict.values == ((100, 1.5) if state == "held" else None)
    assert verdict.as_of == (Q1 if state == "held" else "")
    assert ("10 people" in verdict.reason and Q1 in verdict.reason) == (state == "held")


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        (0, 0, "fresh"),
        (20, 21, "held"),
        (20, 29, "held"),
        (20, 30, "fresh"),
        (20, 11, "held"),
        (20, 10, "fresh"),
    ],
)
def test_new_and_vanished_events_come_in_batches(tmp_path: Path, before: int, after: int, state: str) -> None:
    go(as_of(tmp_path, Q1), [claim("a", TEAM, events=people(0, before))])
    assert states(go(as_of(tmp_path, Q2), [claim("a", TEAM, events=people(0, after))])) == [state]


@pytest.mark.parametrize(
    ("after", "state"), [(people(0, 23), "held"), (people(3, 20), "held"), (people(0, 20), "fresh")]
)
def test_events_come_in_batches_beside_enough_joiners(
    tmp_path: Path, after: frozenset[str], state: str
) -> None:
    go(as_of(tmp_path, Q1), [claim("a", TEAM, events=people(0, 20))])
    assert states(go(as_of(tmp_path, Q2), [claim("a", people(0, 115), events=after)])) == [state]


def test_late_exits_wait_until_they_are_enough(tmp_path: Path) -> None:
    """An exit of month 1 that is registered in month 3 changes the events of people counted before."""
    seen = []
    for month, exits in enumerate((20, 24, 27, 31, 33), start=1):
        seen += states(go(as_of(tmp_path, f"2024-0{month}-28"), [claim("a", TEAM, events=people(0, exits))]))
    assert seen == ["fresh", "held", "held", "fresh", "held"]


def test_every_earlier_publication_counts_not_only_the_last(tmp_path: Path) -> None:
    go(as_of(tmp_path, Q1), [claim("a", people(0, 100))])
    assert states(go(as_of(tmp_path, Q2), [claim("a", people(0, 130))])) == ["fresh"]
    # thirty away from the last, but three from the first
    (verdict,) = go(as_of(tmp_path, Q3), [claim("a", people(0, 103))])
    assert (verdict.state, verdict.as_of) == ("held", Q2)


def test_what_is_shown_instead_is_not_younger_than_the_pack(tmp_path: Path) -> None:
    go(as_of(tmp_path, Q1), [claim("a", people(0, 100), values=(1,))])
    go(as_of(tmp_path, Q3), [claim("a", people(0, 130), values=(3,))])
    (verdict,) = go(as_of(tmp_path, Q2), [claim("a", people(0, 105), values=(2,))])
    assert (verdict.state, verdict.as_of, verdict.values) == ("held", Q1, (1,))


def test_joiners_add_up_until_they_are_enough(tmp_path: Path) -> None:
    seen = [
        states(go(as_of(tmp_path, f"2024-0{m}-28"), [claim("a", people(0, 100 + 4 * m))]))[0]
        for m in range(1, 9)
    ]
    assert seen == ["fresh", "held", "held", "fresh", "held", "held", "fresh", "held"]


def test_the_same_people_with_other_values_are_a_recomputation(tmp_path: Path) -> None:
    go(as_of(tmp_path, Q1), [claim("a", TEAM, values=(1.0,))])
    assert states(go(as_of(tmp_path, Q2), [claim("a", TEAM, values=(2.0,))])) == ["fresh"]


def test_numbers_of_different_periods_are_not_compared(tmp_path: Path) -> None:
    go(as_of(tmp_path, Q1), [claim("a", TEAM, period="wave 2024-01")])
    later = [
        claim("a", people(0, 99), period="wave 2024-04"),
        claim("a", people(0, 99), period="wave 2024-01"),
    ]
    assert states(go(as_of(tmp_path, Q2), later)) == ["fresh", "held"]


def test_another_statistic_is_not_subtracted(tmp_path: Path) -> None:
    go(as_of(tmp_path, Q1), [claim("a", TEAM)])
    assert states(
        go(as_of(tmp_path, Q1), [claim("a", people(0, 99), subject="burnout.groups/table/cases")])
    ) == ["fresh"]


def test_a_filter_and_its_remainder(tmp_path: Path) -> None:
    """Everyone, and everyone but three: the second is never shown."""
    study = as_of(tmp_path, Q1)
    everyone = claim("all", TEAM)
    assert states(go(study, [everyone, claim("without managers", people(3, 100))])) == ["fresh", "kept back"]
    assert states(go(study, [claim("without directors", people(20, 100))])) == ["fresh"]


def test_small_differences_both_ways_are_refused_and_large_ones_are_not(tmp_path: Path) -> None:
    go(as_of(tmp_path, Q1), [claim("a", TEAM)])
    (near,) = go(as_of(tmp_path, Q1), [claim("b", people(9, 109))])
    assert (near.state, "the same people" in near.reason) == ("held", True)
    assert "under the name a" in near.reason
    # nine on one side, forty on the other: nobody knows what of the difference is whose
    assert states(go(as_of(tmp_path, Q1), [claim("c", people(9, 140))])) == ["fresh"]


def test_the_same_people_with_other_events_are_near_too(tmp_path: Path) -> None:
    go(as_of(tmp_path, Q1), [claim("a", TEAM, events=people(0, 30))])
    assert states(go(as_of(tmp_path, Q1), [claim("b", TEAM, events=people(3, 30))])) == ["held"]


def test_a_department_with_another_name_goes_on(tmp_path: Path) -> None:
    go(as_of(tmp_path, Q1), [claim("Personnel", TEAM, events=people(0, 20))])
    assert states(go(as_of(tmp_path, Q2), [claim("People", TEAM, events=people(0, 20))])) == ["fresh"]
    # with three more it is shown as it was; the name it had then is said once it is another
    (held,) = go(as_of(tmp_path, Q3), [claim("People", people(0, 103), events=people(0, 20))])
    assert (held.state, held.as_of) == ("held", Q2)


def test_consent_withdrawn_by_one_person_changes_nothing(tmp_path: Path) -> None:
    go(as_of(tmp_path, Q1), [claim("a", TEAM, values=(100, 3.2))])
    (verdict,) = go(as_of(tmp_path, Q1), [claim("a", TEAM - {"p00042"}, values=(100, 3.3))])
    assert (verdict.state, verdict.values) == ("held", (100, 3.2))


def test_a_merger_with_three_joiners_does_not_follow_from_the_total(tmp_path: Path) -> None:
    """C is A and B and three more. Kept back itself, it would be the total less all the others."""
    a, b, d = people(0, 100), people(100, 200), people(200, 300)
    go(as_of(tmp_path, Q1), [claim("all", a | b | d), claim("A", a), claim("B", b), claim("D", d)])
    new, others = people(300, 303), people(303, 320)
    verdicts = go(
        as_of(tmp_path, Q2),
        [claim("all", a | b | d | new | others), claim("D", d | others), claim("C", a | b | new)],
    )
    # the total has twenty more and may be shown, D has seventeen more: together they would leave the three
    assert states(verdicts) == ["fresh", "held", "kept back"]
    assert "together with other published numbers" in verdicts[1].reason


def test_a_cell_that_is_held_does_not_follow_from_the_others(tmp_path: Path) -> None:
    """B has enough joiners and too few new events; total and A would give B as it is now."""
    a, b = people(0, 100), people(100, 200)
    exits_a, exits_b = people(0, 20), people(100, 120)
    go(as_of(tmp_path, Q1), [claim("A", a, events=exits_a), claim("B", b, events=exits_b)])
    new_a, new_b = people(200, 215), people(215, 230)
    later_a, later_b = exits_a | people(20, 35), exits_b | people(120, 123)
    cells = [
        claim("all", a | b | new_a | new_b, events=later_a | later_b),
        claim("A", a | new_a, events=later_a),
        claim("B", b | new_b, events=later_b),
    ]
    assert states(go(as_of(tmp_path, Q2), cells)) == ["fresh", "held", "held"]


def test_few_new_events_do_not_follow_from_totals(tmp_path: Path) -> None:
    """Nobody came or left; fifteen events are new, ten of them in A: the others are not in A."""
    a, b, c = people(0, 100), people(100, 200), people(200, 300)
    go(as_of(tmp_path, Q1), [claim("all", a | b | c), claim("A", a), claim("B", b), claim("C", c)])
    new = {"A": people(0, 10), "B": people(100, 103), "C": people(200, 202)}
    cells = [
        claim("all", a | b | c, events=new["A"] | new["B"] | new["C"]),
        claim("A", a, events=new["A"]),
        claim("B", b, events=new["B"]),
        claim("C", c, events=new["C"]),
    ]
    assert states(go(as_of(tmp_path, Q2), cells)) == ["fresh", "held", "held", "held"]


def test_what_is_given_away_already_does_not_forbid_the_rest(tmp_path: Path) -> None:
    """A study that raises its minimum has published smaller batches; it goes on from there."""
    low, high = ("[disclosure]\nmin_group_size = 5", "[disclosure]\nmin_group_size = 10")
    go(as_of(tmp_path, Q1, extra=low), [claim("a", people(0, 100))])
    assert states(go(as_of(tmp_path, Q1, extra=low), [claim("a", people(0, 106))])) == ["fresh"]
    assert states(go(as_of(tmp_path, Q2, extra=high), [claim("a", people(0, 120))])) == ["fresh"]


def test_a_held_cell_that_follows_from_earlier_packs_does_not_take_the_rest_with_it(tmp_path: Path) -> None:
    low, high = ("[disclosure]\nmin_group_size = 5", "[disclosure]\nmin_group_size = 10")
    a, b = people(0, 40), people(40, 80)
    go(as_of(tmp_path, Q1, extra=low), [claim("a", a), claim("b", b)])
    assert states(go(as_of(tmp_path, Q2, extra=low), [claim("all", people(0, 86))])) == ["fresh"]
    later = [claim("b", people(40, 86)), claim("c", people(100, 150))]
    assert states(go(as_of(tmp_path, Q3, extra=high), later)) == ["held", "fresh"]


def test_values_of_another_shape_are_not_shown_in_place_of_these(tmp_path: Path) -> None:
    curves = "turnover.description/curve/survival_by_group"
    go(
        as_of(tmp_path, Q1),
        [claim("a", TEAM, values=(1,)), claim("a", TEAM, values=(1,) * 6, subject=curves)],
    )
    now = people(0, 101)
    later = [claim("a", now, values=(1, 2)), claim("a", now, values=(1,) * 12, subject=curves)]
    assert states(go(as_of(tmp_path, Q2), later)) == ["kept back", "held"]


def test_a_run_sees_the_ledger_as_it_stood_when_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = as_of(tmp_path, Q1)
    assert ledger_position(study) == 0
    go(study, [claim("a", TEAM)])
    assert ledger_position(study) == 1
    now = [claim("a", people(0, 101))]
    monkeypatch.setenv(ENTRIES_VARIABLE, "0")
    assert states(History.of(study).judge(now)) == ["fresh"]
    # but it is not published so
    with pytest.raises(DisclosureError, match="subtract"):
        publish(study, now)
    monkeypatch.setenv(ENTRIES_VARIABLE, "1")
    assert states(History.of(study).judge(now)) == ["held"]
    monkeypatch.setenv(ENTRIES_VARIABLE, "-1")
    with pytest.raises(DisclosureError, match="no number"):
        History.of(study)


def test_published_microdata_have_no_history(tmp_path: Path) -> None:
    study = study_of(tmp_path, general='public_microdata = true\nlicence = "CC0"\nsource = "x"')
    ledger_path(study).parent.mkdir()
    ledger_path(study).write_text("{never read")
    assert states(History.of(study).judge([claim("a", TEAM), claim("b", people(0, 99))])) == ["fresh"] * 2
    assert ledger_position(study) == 0
