"""A line follows from what was released: nothing is reported that is not there."""

from __future__ import annotations

import pytest

from tests.guidelines.made import make_answer, make_facts, make_silence, make_study
from wellperf_models.evidence import Check
from wellperf_models.guidelines import (
    Facts,
    Item,
    Line,
    all_of,
    always_not_applicable,
    either,
    every_line_reported,
    fill,
    from_answer,
    from_numbers,
    from_words,
    lines_in_words,
    not_applicable,
    not_done,
    reported,
    table_of_lines,
)

RUN = make_facts(
    make_answer("a.full", estimates=["npv_flat"], tables=["costs"]),
    make_answer("a.few", estimates=["npv_flat"], people=5),
    make_silence("a.silent"),
    make_silence("a.unasked", asked=False),
    reporting={"funding": "Nobody."},
)


@pytest.mark.parametrize(
    ("identifier", "status", "where"),
    [
        ("a.full", "reported", "a.full: the part"),
        ("a.silent", "not done", "a.silent: Not answered: there are too few of them.; do this"),
        ("a.unasked", "not done", "the study file does not ask it (a.unasked); do this"),
        ("a.gone", "not done", "a.gone is not among the answers of this page; do this"),
    ],
)
def test_a_line_from_an_answer(identifier: str, status: str, where: str) -> None:
    line = from_answer(identifier, "the part", "do this")(RUN)
    assert (line.status, line.where) == (status, where)


def test_numbers_that_the_gate_kept_back_are_not_reported() -> None:
    assert from_numbers("a.full", "npv_", part="values")(RUN) == reported("a.full: values")
    assert from_numbers("a.full", "costs", part="ledger")(RUN).status == "reported"
    assert from_numbers("a.few", "npv_", part="values")(RUN) == not_done(
        "values: kept back (fewer than 30 people)"
    )
    assert from_numbers("a.full", "roi_", part="return", remedy="ask")(RUN) == not_done(
        "a.full has no return; ask"
    )


def test_words_of_the_study_file() -> None:
    assert from_words("funding", "who paid")(RUN) == reported("[reporting] funding of the study file")
    assert from_words("conflicts", "who gains")(RUN) == not_done("say who gains in [reporting] conflicts")


def test_lines_of_several_parts() -> None:
    good, bad = from_words("funding", "x"), from_words("conflicts", "who gains")
    assert all_of(good, good)(RUN).where.count("funding") == 2
    assert all_of(good, bad)(RUN).where == "say who gains in [reporting] conflicts"
    assert either(bad, good)(RUN).status == "reported"
    assert either(bad, from_words("setting", "where"))(RUN).where.endswith("conflicts")


def test_what_checks_say() -> None:
    def state(*passed: bool | None) -> bool | None:
        checks = [Check(name=f"alike_{k}", passed=p, text="It is.") for k, p in enumerate(passed)]
        return make_facts(make_answer("a.full", checks=checks)).state("a.full", "alike")

    assert state(True, True) is True
    assert state(True, False, None) is False
    assert state(True, None) is None
    assert state() is None


def test_facts_tell_their_names_alone() -> None:
    assert repr(RUN) == "Facts(a.full, a.few, a.silent, a.unasked)"
    assert RUN.asked("a.silent")
    assert not RUN.asked("a.unasked")
    assert RUN.table("a.full", "costs") is not None
    assert RUN.table("a.full", "prices") is None
    assert RUN.table("a.silent", "costs") is None


def _item(number: int, line: Line) -> Item[Facts]:
    return Item(number=str(number), topic="matter", asks="it", rule=lambda facts: line)


def test_a_list_in_words_and_its_check() -> None:
    lines = [reported("x")] * 3 + [not_applicable("y")] + [not_done("z")] * 8
    filled = fill([_item(k, line) for k, line in enumerate(lines)], RUN)
    told = lines_in_words(filled, "LIST")
    assert told.startswith("3 of 11 lines of LIST that apply are reported; missing: 4 matter, 5 matter")
    assert told.endswith("9 matter and 2 more.")
    check = every_line_reported(filled, "LIST")
    assert (check.passed, check.value) == (False, 8.0)
    table = table_of_lines(filled, "list", "The list", "item")
    assert [row.key for row in table.rows] == [(str(k),) for k in range(12)]
    assert table.keys == ("item",)
    assert not table.about_people


def test_a_list_that_is_complete() -> None:
    filled = fill([_item(1, reported("x")), Item(number="2", topic="t", asks="a", rule=_NOT_HERE)], RUN)
    assert lines_in_words(filled, "LIST", "items") == "1 of 1 items of LIST that apply are reported."
    assert every_line_reported(filled, "LIST").passed is True


_NOT_HERE = always_not_applicable("a report and no paper")


def test_texts_are_those_of_the_study() -> None:
    facts = Facts(study=make_study(reporting={"setting": "Three sites."}), answers={})
    assert facts.text("setting") == "Three sites."
    with pytest.raises(AttributeError):
        facts.text("nothing of the kind")
