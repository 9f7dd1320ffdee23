"""The ledger: draft outside a run, one check at publish, nothing written on a conflict."""

import itertools
from pathlib import Path

import pytest

from tests.disclosure.builders import estimate, evidence, headcount, study
from tests.disclosure.published import a_run, claim, people, publish
from wellperf_models.disclosure import ledger_path, publish_claims, read_ledger, release
from wellperf_models.disclosure.claims import CLAIMS_VARIABLE, read_claims, record_claims
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Support

EVERYONE = people(0, 100)


def test_a_draft_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CLAIMS_VARIABLE, raising=False)
    owner = study(tmp_path)
    release(evidence(estimates=(estimate(),)), owner)
    record_claims(owner, [claim("a", EVERYONE)])
    assert [p.name for p in tmp_path.iterdir()] == ["acme.toml"]


def test_same_data_twice_is_idempotent(tmp_path: Path) -> None:
    owner = study(tmp_path)
    claims = [claim("a", EVERYONE, events=people(0, 20)), claim("b", frozenset(), n_people=50)]
    assert publish(owner, claims, run="1") == 2
    before = {p: p.read_bytes() for p in ledger_path(owner).parent.rglob("*") if p.is_file()}
    assert publish(owner, claims, run="2") == 0
    assert publish(owner, [*claims, *claims], run="3") == 0
    assert before == {p: p.read_bytes() for p in ledger_path(owner).parent.rglob("*") if p.is_file()}


def test_the_same_claim_of_two_notebooks_is_one_cell(tmp_path: Path) -> None:
    owner = study(tmp_path)
    assert publish(owner, [claim("a", EVERYONE), claim("a", EVERYONE)]) == 1


def test_a_release_of_a_run_is_published(tmp_path: Path) -> None:
    owner = study(tmp_path)
    with a_run(tmp_path) as claims:
        release(evidence(tables=(headcount({"a": 50, "b": 80}),)), owner)
        assert publish_claims(owner, claims, "1", "x") == 2
        assert publish_claims(owner, claims, "2", "x") == 0


def test_a_conflict_publishes_nothing_and_names_both_cells(tmp_path: Path) -> None:
    """Two runs began at the same time; neither knew of the other."""
    owner = study(tmp_path)
    publish(owner, [claim("a", EVERYONE), claim("b", people(200, 280))], run="1")
    before = ledger_path(owner).read_bytes()
    with pytest.raises(DisclosureError) as caught:
        publish(
            owner,
            [claim("a", people(0, 93)), claim("b", people(200, 280)), claim("c", people(4, 100))],
            run="2",
        )
    text = str(caught.value)
    assert (
        "exits_by_group/a: with turnover.description/table/exits_by_group/a of run 1 as of 2024-12-31" in text
    )
    assert "exits_by_group/c: with turnover.description/table/exits_by_group/a of run 1" in text
    # the unchanged row teaches nothing new; no number of people and nobody by name stands in the message
    assert "exits_by_group/b" not in text
    assert not any(word in text for word in ("93", "96", "100", "p000"))
    assert ledger_path(owner).read_bytes() == before


def test_a_conflict_cannot_move_the_cursor_of_a_terminal(tmp_path: Path) -> None:
    owner = study(tmp_path)
    publish(owner, [claim("a\x1b[2J", EVERYONE)], run="1")
    with pytest.raises(DisclosureError) as caught:
        publish(owner, [claim("a\x1b[2J", people(0, 99))], run="2")
    assert "\x1b" not in str(caught.value)


def test_two_notebooks_of_a_run_that_conflict_are_named(tmp_path: Path) -> None:
    owner = study(tmp_path)
    with a_run(tmp_path) as folder:
        record_claims(owner, [claim("a", EVERYONE)])
        record_claims(owner, [claim("b", people(0, 97))])
        with pytest.raises(DisclosureError, match=r"exits_by_group/b: with .*exits_by_group/a of this run"):
            publish_claims(owner, folder, "1", "x")
    assert not ledger_path(owner).exists()


def test_cells_that_only_together_say_too_much_name_their_statistic(tmp_path: Path) -> None:
    owner = study(tmp_path)
    a, b = people(0, 50), people(50, 100)
    rest = people(100, 105)
    with pytest.raises(DisclosureError, match="exits_by_group/c: together with the other cells of turnover"):
        publish(
            owner,
            [claim("a", a), claim("b", b | people(200, 220)), claim("c", a | b | rest | people(200, 220))],
        )


def test_many_conflicts_are_counted(tmp_path: Path) -> None:
    owner = study(tmp_path)
    publish(owner, [claim(f"{i}", people(i * 100, i * 100 + 100)) for i in range(12)], run="1")
    with pytest.raises(DisclosureError, match="and 2 more"):
        publish(owner, [claim(f"{i}", people(i * 100, i * 100 + 99)) for i in range(12)], run="2")


def test_whatever_the_order_what_was_judged_fresh_is_published(tmp_path: Path) -> None:
    """A run judges by answer, publish judges the union: they agree."""
    sets = {
        "all": people(0, 330), "A": people(0, 100), "B": people(100, 200), "C": people(200, 330),
        "x": people(0, 180),
    }  # fmt: skip
    for number, order in enumerate(itertools.islice(itertools.permutations(sets), 0, None, 9)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert publish(study(folder), [claim(name, sets[name]) for name in order]) == 5


def test_claims_come_back_as_they_were_in_their_order(tmp_path: Path) -> None:
    first = [
        claim(
            "z", EVERYONE, events=people(0, 5), values=(1, 2.5, None, "few"), period="wave 1", stable=False
        ),
        claim("a", frozenset(), n_people=7),
    ]
    second = [claim("b", EVERYONE, subject="burnout.groups/table/cases")]
    with a_run(tmp_path) as folder:
        record_claims(study(tmp_path), first)
        record_claims(study(tmp_path), second)
        record_claims(study(tmp_path), [])
        assert read_claims(folder) == [*second, *first]


def test_claims_and_entries_show_nobody() -> None:
    one = claim("a", EVERYONE, values=(987654,))
    assert not any(word in repr(one) for word in ("p000", "987654", "100"))


def test_other_studies_in_the_same_folder_do_not_meet(tmp_path: Path) -> None:
    one, other = study(tmp_path), study(tmp_path, name="other")
    assert publish(one, [claim("a", frozenset(), n_people=50)]) == 1
    assert publish(other, [claim("a", frozenset(), n_people=44)]) == 1


def test_published_microdata_have_no_ledger(tmp_path: Path) -> None:
    owner = study(tmp_path, general='public_microdata = true\nlicence = "CC0"\nsource = "x"')
    with a_run(tmp_path) as folder:
        record_claims(owner, [claim("a", EVERYONE)])
        assert list(folder.iterdir()) == []
        assert publish_claims(owner, folder, "1", "x") == 0
    assert not ledger_path(owner).exists()


def test_ledger_stays_with_the_study(tmp_path: Path) -> None:
    with pytest.raises(DisclosureError, match="stay with the study"):
        ledger_path(study(tmp_path, extra='[disclosure]\nledger = "../elsewhere.jsonl"'))


def test_values_reach_the_ledger_as_they_were_released(tmp_path: Path) -> None:
    """What is not printed is in no file."""
    owner = study(tmp_path)
    support = Support(n_people=203, n_events=50, n_non_events=153)
    with a_run(tmp_path) as folder:
        released = release(evidence(estimates=(estimate(value=0.987654, support=support),)), owner)
        publish_claims(owner, folder, "1", "x")
    (entry,) = read_ledger(owner)
    assert entry.values is not None
    assert entry.values[0] == released.estimates[0].value


def test_a_second_ledger_is_no_way_to_forget(tmp_path: Path) -> None:
    owner = study(tmp_path)
    publish(owner, [claim("a", EVERYONE)])
    elsewhere = study(tmp_path, extra='[disclosure]\nledger = ".wellperf/ledger-2.jsonl"')
    with pytest.raises(DisclosureError, match="another ledger"):
        read_ledger(elsewhere)
    with pytest.raises(DisclosureError, match="another ledger"):
        publish(elsewhere, [claim("a", people(1, 100))])
    assert len(read_ledger(owner)) > 0
