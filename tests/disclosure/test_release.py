"""The gate: what it shows, what it keeps back, what it refuses."""

import dataclasses
import json
from pathlib import Path

import pytest

from tests.disclosure.builders import curve, estimate, evidence, headcount, study
from wellperf_models.disclosure import MIME_TYPE, Released, Rules, Summary, read, release, summarise
from wellperf_models.errors import DisclosureError, StudyError
from wellperf_models.evidence import Check, Evidence, Measure, Row, Support, Table


@pytest.mark.parametrize(
    ("support", "reason"),
    [
        (Support(n_people=29), "fewer than 30 people"),
        (Support(n_people=200, n_events=9, n_non_events=191), "fewer than 10 events"),
        (Support(n_people=200, n_events=191, n_non_events=9), "fewer than 10 non-events"),
        (Support(n_people=200, smallest_level=1), "a level with fewer than 10 people"),
        (Support(n_people=200, residual_df=9), "residual degrees of freedom"),
        (Support(n_people=200, n_parameters=70), "parameters per person"),
        (Support(n_people=200, n_complement=3), "outside the group"),
    ],
)
def test_model_estimate_is_kept_back(tmp_path: Path, support: Support, reason: str) -> None:
    released = release(evidence(estimates=(estimate(support=support),)), study(tmp_path))
    assert not released.has("effect")
    assert reason in released.suppressed[0].reason
    with pytest.raises(DisclosureError, match="not shown"):
        released.estimate("effect")


def test_model_estimate_at_the_threshold_is_shown(tmp_path: Path) -> None:
    support = Support(
        n_people=30,
        n_events=10,
        n_non_events=20,
        smallest_level=10,
        residual_df=10,
        n_parameters=9,
        n_complement=10,
    )
    released = release(evidence(estimates=(estimate(support=support),)), study(tmp_path))
    assert released.estimate("effect").value == 0.5
    assert released.suppressed == ()


@pytest.mark.parametrize("kind", ["description", "group"])
def test_described_group_needs_people_and_complement(tmp_path: Path, kind: str) -> None:
    for support, shown in [
        (Support(n_people=9), False),
        (Support(n_people=10), True),
        (Support(n_people=100, n_complement=9), False),
        (Support(n_people=100, n_complement=0), True),  # everyone: nothing is left to subtract
    ]:
        released = release(evidence(estimates=(estimate(kind=kind, support=support),)), study(tmp_path))
        assert released.has("effect") is shown, support


def test_study_can_be_stricter_but_never_below_the_floor(tmp_path: Path) -> None:
    strict = study(tmp_path, extra="[disclosure]\nmin_group_size = 25")
    part = estimate(kind="description", support=Support(n_people=20))
    assert not release(evidence(estimates=(part,)), strict).has("effect")
    with pytest.raises(StudyError):
        study(tmp_path, extra="[disclosure]\nmin_group_size = 4")
    with pytest.raises(DisclosureError, match="below the floor"):
        Rules(min_group_size=4)


def test_public_microdata_shows_everything_in_full(tmp_path: Path) -> None:
    public = study(tmp_path, general='public_microdata = true\nlicence = "CC0"\nsource = "somewhere"')
    parts = evidence(
        estimates=(estimate(support=Support(n_people=3)),),
        tables=(headcount({"a": 3, "b": 203}),),
        curves=(curve([0, 1, 1]),),
    )
    released = release(parts, public)
    assert released.suppressed == ()
    assert released.table("headcount").rows[0].values[0] == 3
    assert len(released.curves[0].x) == 3


def test_answer_takes_numbers_only_from_released_estimates(tmp_path: Path) -> None:
    shown = evidence(answer="It is {effect} ({effect.interval}).", estimates=(estimate(),))
    assert release(shown, study(tmp_path)).answer == "It is 0.500 (0.400 to 0.600)."
    small = evidence(answer="It is {effect}.", estimates=(estimate(support=Support(n_people=5)),))
    answer = release(small, study(tmp_path)).answer
    assert answer.startswith("Not shown: fewer than 30 people")
    assert "0.5" not in answer


def test_an_optional_part_goes_with_its_estimate(tmp_path: Path) -> None:
    small = estimate("few", support=Support(n_people=5))
    answer = "It is {effect}[, and {few} for the few][, again {effect}]."
    released = release(evidence(answer=answer, estimates=(estimate(), small)), study(tmp_path))
    assert released.answer == "It is 0.500, again 0.500."
    nothing_left = evidence(answer="[ It is {few}.]", estimates=(small,))
    assert release(nothing_left, study(tmp_path)).answer.startswith("Not shown: fewer than 30 people")
    with pytest.raises(DisclosureError, match="names what does not exist"):
        release(evidence(answer="[{nothing}]", estimates=(estimate(),)), study(tmp_path))


@pytest.mark.parametrize("answer", ["{nothing}", "{effect.value}", "{effect.__class__}", "{}", "{0}"])
def test_answer_with_an_unknown_placeholder_is_refused(tmp_path: Path, answer: str) -> None:
    with pytest.raises(DisclosureError, match="names what does not exist"):
        release(evidence(answer=answer, estimates=(estimate(),)), study(tmp_path))


def test_counts_are_rounded_and_rates_follow_the_rounded_counts(tmp_path: Path) -> None:
    released = release(evidence(tables=(headcount({"a": 23, "b": 202}, exits=7),)), study(tmp_path))
    table = released.table("headcount")
    assert table.rows[0].values == (25, 5, 20.0)
    assert table.rows[1].values == (200, 5, 2.5)
    assert "multiples of 5" in released.notes["headcount"][0]


def test_an_estimate_that_is_a_count_is_rounded_too(tmp_path: Path) -> None:
    plain = {"low": None, "high": None, "coverage": None, "interval": None}
    count = estimate("n_people", value=103.0, kind="count", support=Support(n_people=103), **plain)
    released = release(evidence(estimates=(count,)), study(tmp_path)).estimate("n_people")
    assert (released.value, released.support.n_people) == (105.0, 105)


def test_a_single_small_row_takes_a_second_one_with_it(tmp_path: Path) -> None:
    released = release(evidence(tables=(headcount({"a": 4, "b": 40, "c": 300}),)), study(tmp_path))
    shown = {r.key[0]: r.values[0] for r in released.table("headcount").rows}
    assert shown == {"a": None, "b": None, "c": 300}
    free = release(
        evidence(tables=(headcount({"a": 4, "b": 40, "c": 300}, partition=False),)), study(tmp_path)
    )
    assert [r.values[0] for r in free.table("headcount").rows] == [None, 40, 300]


def test_a_rate_without_its_counts_is_refused(tmp_path: Path) -> None:
    table = Table(
        name="t", title="t", keys=("k",),
        measures=(Measure(name="r", kind="rate", numerator="a", denominator="b"),),
        rows=(Row(key=("x",), values=(0.5,), support=Support(n_people=100)),),
    )  # fmt: skip
    with pytest.raises(DisclosureError, match="only from counts"):
        release(evidence(tables=(table,)), study(tmp_path))


def test_curve_is_shown_in_blocks_while_people_remain(tmp_path: Path) -> None:
    released = release(evidence(curves=(curve([0] + [1] * 60, people=75),)), study(tmp_path))
    shown = released.curves[0]
    # after 60 exits 15 remain; the blocks end at 10, 20, … 60
    assert shown.x == (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0)
    assert all(n % 5 == 0 for n in shown.at_risk)
    assert set(shown.events[1:]) == {10}
    few = release(evidence(curves=(curve([0] + [1] * 60, people=62),)), study(tmp_path))
    assert few.curves[0].x[-1] == 50.0


def test_curve_is_known_at_the_ends_of_whole_months_only(tmp_path: Path) -> None:
    exact = curve([0] + [1] * 60, people=200)
    days = dataclasses.replace(exact, x=tuple(v * 0.37 for v in exact.x))
    shown = release(evidence(curves=(days,)), study(tmp_path)).curves[0]
    assert all(v == int(v) for v in shown.x)
    assert len(set(shown.x)) == len(shown.x)
    # the value shown at the end of a month is the curve's own value there
    for x, y in zip(shown.x, shown.y, strict=True):
        assert y == [v for at, v in zip(days.x, days.y, strict=True) if at <= x][-1]


def test_curve_with_too_few_events_or_people_is_kept_back(tmp_path: Path) -> None:
    for small in (curve([0, 9]), curve([0, 5], people=9), curve([0] + [1] * 30, n_complement=3)):
        released = release(evidence(curves=(small,)), study(tmp_path))
        assert released.curves == ()
        assert len(released.suppressed) == 1


def test_check_text_is_filled_and_hidden_where_support_is_small(tmp_path: Path) -> None:
    check = Check(
        name="c", passed=False, value=0.8123, threshold=0.8, text="C is {value}, above {threshold}."
    )
    small = dataclasses.replace(check, name="d", support=Support(n_people=8))
    released = release(evidence(checks=(check, small)), study(tmp_path))
    assert released.checks[0].text == "C is 0.812, above 0.8."
    assert released.checks[1].value is None
    assert "0.812" not in released.checks[1].text


def test_unknown_things_are_refused(tmp_path: Path) -> None:
    class Sneaky(Evidence):
        pass

    plain = evidence()
    fields = {f.name: getattr(plain, f.name) for f in dataclasses.fields(plain)}
    for thing in (Sneaky(**fields), {"id": "x"}, None):
        with pytest.raises(DisclosureError):
            release(thing, study(tmp_path))  # type: ignore[arg-type]
    for parts in (
        {"estimates": (estimate(kind="guess"),)},
        {"tables": ("not a table",)},
        {
            "tables": (
                dataclasses.replace(headcount({"a": 50}), measures=(Measure(name="x", kind="sum"),) * 3),
            )
        },
    ):
        with pytest.raises((DisclosureError, AttributeError)):
            release(evidence(**parts), study(tmp_path))


def test_released_is_sealed_and_only_it_displays(tmp_path: Path) -> None:
    parts = evidence(answer="{effect}", estimates=(estimate(value=0.123456),), tables=(headcount({"a": 77}),))
    for item in (
        parts,
        *parts.estimates,
        *parts.tables,
        *parts.tables[0].rows,
        parts.tables[0].rows[0].support,
    ):
        assert "0.123" not in repr(item)
        assert "77" not in repr(item)
    released = release(parts, study(tmp_path))
    fields = {f.name: getattr(released, f.name) for f in dataclasses.fields(released)}
    with pytest.raises(DisclosureError, match="by hand"):
        Released(**fields)
    bundle = released._repr_mimebundle_()
    assert set(bundle) == {MIME_TYPE, "text/html", "text/plain"}
    assert "0.123" in bundle["text/plain"]


def test_to_dict_and_read_round_trip_through_json(tmp_path: Path) -> None:
    parts = evidence(
        answer="{effect.estimate}",
        estimates=(estimate(),),
        tables=(headcount({"a": 4, "b": 33, "c": 300}),),
        curves=(curve([0] + [1] * 60),),
        checks=(Check(name="c", passed=None, text="informative"),),
        limits=("one limit",),
    )
    content = release(parts, study(tmp_path)).to_dict()
    again = read(json.loads(json.dumps(content)))
    assert again.to_dict() == content
    with pytest.raises(DisclosureError, match="not a released answer"):
        read({"id": "x"})


def test_markup_in_names_is_escaped(tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script>"
    released = release(evidence(question=nasty, tables=(headcount({nasty: 50, "b": 60}),)), study(tmp_path))
    assert "<script" not in released._repr_html_()
    assert "<script" not in summarise([released])._repr_html_()


def test_summary_counts_states_and_refuses_what_is_not_released(tmp_path: Path) -> None:
    checks = (
        Check(name="a", passed=True, text="fine"),
        Check(name="b", passed=False, text="broken"),
        Check(name="c", passed=None, text="so so"),
    )
    summary = summarise([release(evidence(checks=checks), study(tmp_path))])
    (line,) = summary.lines
    assert Summary.from_dict(json.loads(json.dumps(summary.to_dict()))) == summary
    assert (line.n_passed, line.n_failed, line.n_informative, line.failed) == (1, 1, 1, ("broken",))
    with pytest.raises(DisclosureError, match="Only released"):
        summarise([evidence()])  # type: ignore[list-item]


def test_a_curve_is_judged_by_its_own_events(tmp_path: Path) -> None:
    """A rare cause whose estimate is refused is not read off its curve; nor is that of a few who stay."""
    plain = curve([0] + [1] * 60, people=200)
    for support, reason in [
        (Support(n_people=200, n_events=6, n_non_events=194), "fewer than 10 events"),
        (Support(n_people=200, n_events=194, n_non_events=6), "fewer than 10 non-events"),
        (Support(n_people=29, n_events=15, n_non_events=14), "fewer than 30 people"),
    ]:
        released = release(evidence(curves=(dataclasses.replace(plain, support=support),)), study(tmp_path))
        assert released.curves == ()
        assert reason in released.suppressed[0].reason
    enough = Support(n_people=200, n_events=60, n_non_events=140)
    assert release(evidence(curves=(dataclasses.replace(plain, support=enough),)), study(tmp_path)).curves


def test_a_block_ends_only_where_the_curve_allows_it(tmp_path: Path) -> None:
    ends = tuple(i in (0, 15, 55) for i in range(61))
    part = dataclasses.replace(curve([0] + [1] * 60, people=100), block_ends=ends)
    shown = release(evidence(curves=(part,)), study(tmp_path)).curves[0]
    assert shown.x == (0.0, 15.0, 55.0)
    assert shown.events == (0, 15, 40)
    assert shown.block_ends is None


def test_a_group_hidden_in_a_table_has_no_curve(tmp_path: Path) -> None:
    """Curves of all other groups and of everyone would give the hidden group by subtraction."""
    groups = {"a": 4, "b": 140, "c": 300}
    curves = tuple(
        dataclasses.replace(curve([0] + [1] * 60, people=n), group=name)
        for name, n in groups.items()
        if n > 60
    )
    released = release(evidence(tables=(headcount(groups),), curves=curves), study(tmp_path))
    # "b" is the second row the table keeps back
    assert [c.group for c in released.curves] == ["c"]
    assert any(s.what == "curve survival of b" for s in released.suppressed)
