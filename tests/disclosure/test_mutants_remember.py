"""What an answer shows beside earlier packs, and tables that add up two ways."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.disclosure.builders import estimate, evidence
from tests.disclosure.published import a_run, as_of, people
from wellperf_models.disclosure import Released, release
from wellperf_models.disclosure.claims import Claim, read_claims
from wellperf_models.disclosure.ledger import publish_claims
from wellperf_models.evidence import Check, Curve, Evidence, Measure, Members, Row, Support, Table

COUNT = (Measure(name="n", kind="count"),)
NO_INTERVAL: dict[str, Any] = {"low": None, "high": None, "coverage": None, "interval": None}
FIRST, SECOND = "2024-03-31", "2024-06-30"
ALL = people(0, 200)


def on(who: Iterable[str], *, named: bool = True, **more: Any) -> Support:
    who = frozenset(who)
    return Support(n_people=len(who), members=Members(people=who) if named else None, **more)


def table(
    rows: dict[tuple[str, ...], frozenset[str]], name: str = "t", *, named: bool = True, **more: Any
) -> Table:
    made = tuple(Row(key=k, values=(len(who),), support=on(who, named=named)) for k, who in rows.items())
    keys = tuple(f"key {i}" for i in range(len(made[0].key)))
    return Table(name=name, title=name, keys=keys, measures=COUNT, rows=made, **more)


def values(released: Released, name: str = "t") -> list[Any]:
    return [row.values[0] for row in released.table(name).rows]


def publish(folder: Path, parts: Evidence, day: str) -> tuple[Released, list[Claim]]:
    """Releases and publishes an answer as a run does; also what it claimed."""
    study = as_of(folder, day)
    data = f"data-{day}"
    parts = dataclasses.replace(parts, provenance=dataclasses.replace(parts.provenance, data_hmac=data))
    with a_run(folder) as claims:
        released = release(parts, study)
        noted = read_claims(claims)
        publish_claims(study, claims, f"of-{day}", data)
    return released, noted


def headline(who: frozenset[str], value: float) -> Evidence:
    """An estimate, a row, a curve and a check about the same people."""
    n = len(who)
    curve = Curve(
        name="stay", label="Stay", x=(0.0, 1.0, 2.0), y=(1.0, value, value / 2), low=(1.0, value, value / 2),
        high=(1.0, value, value / 2), at_risk=(n, n - 20, n - 40), events=(0, 20, 20), x_unit="months",
        y_unit="probability", support=on(who),
    )  # fmt: skip
    return evidence(
        estimates=(estimate(value=value, support=on(who)),),
        tables=(table({("a",): who}),),
        curves=(curve,),
        checks=(Check(name="c", passed=True, value=value, text="It is {value}."),),
        members=Members(people=who),
    )


def test_what_changed_by_few_is_shown_as_it_was(tmp_path: Path) -> None:
    publish(tmp_path, headline(ALL, 0.5), FIRST)
    later, noted = publish(tmp_path, headline(people(0, 204), 0.4), SECOND)
    found = later.estimate("effect")
    assert (found.value, found.low, found.high, found.support.n_people) == (0.5, 0.4, 0.6, 200)
    assert found.label == f"effect (as of {FIRST})"
    assert values(later) == [200]
    (curve,) = later.curves
    assert (curve.x, curve.y) == ((0.0, 1.0, 2.0), (1.0, 0.5, 0.25))
    assert (curve.low, curve.high) == ((1.0, 0.5, 0.25), (1.0, 0.5, 0.25))
    assert (curve.at_risk, curve.events) == ((200, 180, 160), (0, 20, 20))
    assert all(isinstance(n, int) for n in (*curve.at_risk, *curve.events))
    assert curve.label == f"Stay (as of {FIRST})"
    # of a check its state is left
    assert (later.checks[0].passed, later.checks[0].value) == (True, None)
    # nothing new is known, so nothing new is claimed
    assert noted == []


def test_an_estimate_without_an_interval_is_held_without_one(tmp_path: Path) -> None:
    for day, who, value in ((FIRST, ALL, 200.0), (SECOND, people(0, 204), 204.0)):
        count = estimate("n", value=value, kind="count", support=on(who), **NO_INTERVAL)
        released, _ = publish(tmp_path, evidence(estimates=(count,)), day)
    found = released.estimate("n")
    assert (found.value, found.low, found.high) == (200.0, None, None)


def test_what_changed_by_many_is_fresh_and_claimed(tmp_path: Path) -> None:
    _, noted = publish(tmp_path, headline(ALL, 0.5), FIRST)
    whats = sorted(c.definition.removeprefix("test.question/") for c in noted)
    assert whats == ["check/c", "curve/stay/", "estimate/effect", "table/n/everyone", "table/t/a"]
    assert {c.people for c in noted} == {ALL}
    assert {c.n_people for c in noted} == {200}
    later, noted = publish(tmp_path, headline(people(0, 230), 0.4), SECOND)
    assert later.estimate("effect").value == 0.4
    assert later.checks[0].value == 0.4
    assert len(noted) == 5


def test_what_was_never_published_is_kept_back(tmp_path: Path) -> None:
    one = evidence(tables=(table({("a",): people(0, 100), ("b",): people(100, 200)}),))
    publish(tmp_path, one, FIRST)
    # with x and a, y would tell of the four who are in neither
    rows = {("x",): people(0, 60), ("y",): people(64, 100), ("z",): people(100, 200)}
    later, noted = publish(tmp_path, evidence(tables=(table(rows, "u"),)), FIRST)
    assert values(later, "u") == [60, None, 100]
    assert [s.what for s in later.suppressed] == ["table u: y"]
    assert not [c for c in noted if c.definition.endswith("/y")]


def test_members_of_the_answer_stand_in_for_those_of_a_number(tmp_path: Path) -> None:
    parts = evidence(estimates=(estimate(support=Support(n_people=150)),), members=Members(people=ALL))
    _, (noted,) = publish(tmp_path, parts, FIRST)
    assert (noted.n_people, noted.people, noted.stable) == (150, ALL, True)
    nobody = Support(n_people=150, members=Members(people=frozenset()))
    parts = evidence(id="other", estimates=(estimate(support=nobody),), members=Members(people=ALL))
    _, (noted,) = publish(tmp_path, parts, FIRST)
    assert (noted.n_people, noted.people) == (150, ALL)
    unnamed = evidence(id="third", estimates=(estimate(support=Support(n_people=150)),))
    _, (noted,) = publish(tmp_path, unnamed, FIRST)
    assert (noted.people, noted.events, noted.period, noted.stable) == (frozenset(), frozenset(), "", False)


# ---- everybody is known


def test_a_row_that_others_and_everybody_give_away_is_kept_back(tmp_path: Path) -> None:
    """a is hidden with b; another table of the same measure shows b, and everybody tells the rest."""
    parts = {("a",): people(0, 4), ("b",): people(4, 44), ("c",): people(44, 200)}
    other = {("b",): people(4, 44), ("c",): people(44, 200)}
    one, two = table(parts), table(other, "u", partition=True)
    released, noted = publish(tmp_path, evidence(tables=(one, two)), FIRST)
    assert values(released) == [None, None, 155]
    assert values(released, "u") == [None, 155] or values(released, "u") == [None, None]
    (everyone,) = {c.people for c in noted if c.definition.endswith("/everyone") and len(c.people) == 200}
    assert everyone == ALL


def test_everybody_is_known_by_name_or_not_at_all(tmp_path: Path) -> None:
    parts = {("a",): people(0, 100), ("b",): people(100, 200)}
    _, noted = publish(tmp_path, evidence(tables=(table(parts, named=False),)), FIRST)
    assert not [c for c in noted if c.definition.endswith("/everyone")]
    made = table(parts)
    mixed = dataclasses.replace(
        made, rows=(made.rows[0], dataclasses.replace(made.rows[1], support=Support(n_people=100)))
    )
    _, noted = publish(tmp_path, evidence(id="mixed", tables=(mixed,)), FIRST)
    assert not [c for c in noted if c.definition.endswith("/everyone")]
    empty = Row(key=("z",), values=(0,), support=Support(n_people=0))
    _, noted = publish(
        tmp_path, evidence(id="empty", tables=(dataclasses.replace(made, rows=(*made.rows, empty)),)), FIRST
    )
    (everyone,) = [c for c in noted if c.definition.endswith("/everyone")]
    assert (everyone.people, everyone.n_people) == (ALL, 200)
    free = dataclasses.replace(made, partition=False)
    _, noted = publish(tmp_path, evidence(id="free", tables=(free,)), FIRST)
    assert sorted(c.subject for c in noted) == ["free/table/t/a", "free/table/t/b"]


def test_a_level_above_is_nobody_more(tmp_path: Path) -> None:
    wide = table({("north",): people(0, 44)}, level="site")
    rows = {("a",): people(0, 4), ("b",): people(4, 44), ("c",): people(44, 200)}
    below = table(rows)
    sites = ("north", "north", "south")
    south = Row(key=("south",), values=(156,), support=on(people(44, 200)))
    wide = dataclasses.replace(wide, rows=(*wide.rows, south))
    made = tuple(dataclasses.replace(r, parent=s) for r, s in zip(below.rows, sites, strict=True))
    nested = dataclasses.replace(below, rows=made, wider=wide, level="department")
    released, noted = publish(tmp_path, evidence(tables=(nested,)), FIRST)
    assert values(released) == [None, None, 155, 45]
    (everyone,) = [c for c in noted if c.definition.endswith("/everyone")]
    assert everyone.people == ALL
    keys = {c.definition.rpartition("/")[2] for c in noted if "/table/t/" in c.definition}
    assert keys == {"c", "site: north"}


# ---- two ways


def grid(*, few: bool, named: bool = True, name: str = "t", **more: Any) -> Table:
    """Two departments by two bands; x|1 has four people or fifty."""
    cut = 4 if few else 50
    rows = {
        ("x", "1"): people(0, cut),
        ("x", "2"): people(50, 100),
        ("y", "1"): people(100, 150),
        ("y", "2"): people(150, 200),
    }
    return table(rows, name, named=named, **more)


def test_a_table_by_two_keys_is_shown_whole_or_not_at_all(tmp_path: Path) -> None:
    whole, noted = publish(tmp_path, evidence(tables=(grid(few=False),)), FIRST)
    assert values(whole) == [50, 50, 50, 50]
    assert len(noted) == 5
    facts = table({("k",): frozenset()}, "facts", about_people=False)
    tables = (facts, grid(few=True), table({("a",): people(0, 90)}, "one", partition=False))
    none, noted = publish(tmp_path, evidence(id="few", tables=tables), FIRST)
    assert values(none) == [None] * 4
    assert values(none, "facts") == [0]
    assert values(none, "one") == [90]
    whys = [s.reason for s in none.suppressed if s.what == "table t: every row"]
    assert whys == ["its rows add up two ways, and some of them have too few people"]
    assert {c.definition.rpartition("/")[0] for c in noted} == {"few/table/one", "few/table/n"}


def test_a_table_by_one_key_or_of_several_splits_keeps_its_rows(tmp_path: Path) -> None:
    one = table({("a",): people(0, 4), ("b",): people(4, 44), ("c",): people(44, 200)})
    released, _ = publish(tmp_path, evidence(id="one", tables=(one,)), FIRST)
    assert values(released) == [None, None, 155]
    free = grid(few=True, partition=False)
    released, _ = publish(tmp_path, evidence(id="free", tables=(free,)), FIRST)
    assert values(released) == [None, 50, 50, 50]
    # the same people once for each model: there is one way to add up, within a model
    rows = {
        (m, g): who
        for m in ("one", "two")
        for g, who in (("a", people(0, 4)), ("b", people(4, 44)), ("c", people(44, 200)))
    }
    released, noted = publish(tmp_path, evidence(id="models", tables=(table(rows),)), FIRST)
    assert values(released) == [None, None, 155] * 2
    assert {c.subject for c in noted if c.definition.endswith("|c")} == {
        "models/table/n|t|one",
        "models/table/n|t|two",
    }
    # without names nobody knows whether they are the same: one way is taken
    released, _ = publish(tmp_path, evidence(id="unnamed", tables=(grid(few=True, named=False),)), FIRST)
    assert values(released) == [None, None, 50, 50]


def test_rows_of_nobody_say_nothing_of_the_slices(tmp_path: Path) -> None:
    made = grid(few=True)
    nobody = Row(key=("z", "1"), values=(0,), support=Support(n_people=0))
    released, _ = publish(
        tmp_path, evidence(tables=(dataclasses.replace(made, rows=(nobody, *made.rows)),)), FIRST
    )
    assert values(released) == [None] * 5


def test_a_table_that_loses_a_row_to_the_ledger_goes_whole(tmp_path: Path) -> None:
    first = table({("a",): people(0, 46), ("b",): people(46, 200)}, "first")
    publish(tmp_path, evidence(tables=(first,)), FIRST)
    released, noted = publish(tmp_path, evidence(tables=(grid(few=False),)), FIRST)
    assert values(released) == [None] * 4
    assert not [c for c in noted if "/table/t/" in c.definition]


def test_a_check_without_a_value_claims_nothing(tmp_path: Path) -> None:
    checks = (
        Check(name="silent", passed=None, text="informative"),
        Check(name="loud", passed=True, value=0.5, text="{value}"),
    )
    _, noted = publish(tmp_path, evidence(checks=checks), FIRST)
    assert [(c.definition, c.n_people) for c in noted] == [("test.question/check/loud", 0)]
