"""Reasons nobody modelled are exits all the same, and what is refused does not follow by subtraction."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import polars as pl
import pytest

from tests.turnover.builders import PROVENANCE, FakeTables, make_frames, make_study, make_tables
from wellperf_models.disclosure import Released, release
from wellperf_models.study import Study
from wellperf_models.turnover import build_frame, check_description, describe, fit_cox, fit_description
from wellperf_models.turnover.causes import block_ends, group_causes, withhold
from wellperf_models.turnover.model import Description
from wellperf_models.turnover.rows import TurnoverFrame

CAUSES = ["voluntary", "involuntary", "other"]


def released_of(frames: dict[str, pl.DataFrame], study: Study) -> tuple[TurnoverFrame, Description, Released]:
    frame = build_frame(FakeTables(study, frames))
    described = fit_description(frame, study.turnover)
    checks = check_description(frame, described)
    return frame, described, release(describe(frame, described, checks, provenance=PROVENANCE), study)


def with_reasons(rare: int, late: int, *, seed: int = 0) -> dict[str, pl.DataFrame]:
    """`rare` exits are involuntary and `late` (of the longest) of another kind, the rest voluntary."""
    frames = make_frames(seed)
    spells = frames["spells"].with_row_index("i")
    gone = spells.drop_nulls("exit_reason").with_columns(
        tenure=(pl.col("end") - pl.col("start")).dt.total_days(),
        hired=pl.col("start") >= dt.date(2021, 1, 1),
    )
    hired = gone.filter("hired").sort("tenure")
    latest = hired.filter(pl.col("tenure") < 360).tail(late)["i"].to_list()
    first = [i for i in hired["i"].to_list() if i not in latest][:rare]
    reason = (
        pl.when(pl.col("i").is_in(first)).then(pl.lit("involuntary"))
        .when(pl.col("i").is_in(latest)).then(pl.lit("other"))
        .when(pl.col("exit_reason").is_not_null()).then(pl.lit("voluntary"))
    )  # fmt: skip
    return frames | {"spells": spells.with_columns(exit_reason=reason).drop("i")}


def test_exits_for_a_reason_that_is_not_modelled_are_not_people_still_employed() -> None:
    every, one = make_tables(), make_tables(causes=["voluntary"])
    whole, part = build_frame(every), build_frame(one)
    assert part.causes == ("voluntary", "another_reason")
    a = fit_description(whole, every.study.turnover)
    b = fit_description(part, one.study.turnover)
    for horizon in (6.0, 12.0):
        assert b.survival.at(horizon) == a.survival.at(horizon)
        assert b.incidence.at(horizon, 1) == a.incidence.at(horizon, 1)
        assert b.incidence.at(horizon, 2) == a.incidence.at(horizon, 2)
    # the model of one cause censors the others, named or not
    beta = [fit_cox(f, t.study.turnover).fit.beta for f, t in ((whole, every), (part, one))]
    assert beta[0] == pytest.approx(beta[1], abs=1e-12)
    shown = release(describe(part, b, (), provenance=PROVENANCE), one.study)
    assert "left for a reason the study does not model" in shown.answer
    # printed to the digits its error supports
    assert shown.estimate("survival_12_months").value == pytest.approx(a.survival.at(12.0)[0], abs=1e-3)


def test_a_permanent_job_and_the_duration_form_count_too() -> None:
    rng = np.random.default_rng(0)
    reasons = rng.choice(["voluntary", "permanent_job", ""], 400)
    spells = pl.DataFrame(
        {
            "employee_id": [str(i) for i in range(400)],
            "duration_months": rng.exponential(12, 400) + 0.1,
            "exit_reason": [r or None for r in reasons.tolist()],
        }
    )
    study = make_study(group_by=None, covariates=[], causes=["voluntary"])
    frame = build_frame(FakeTables(study, {"spells": spells}))
    assert frame.causes == ("voluntary", "another_reason")
    assert np.bincount(frame.spells.event).tolist() == [
        int((reasons == r).sum()) for r in ("", "voluntary", "permanent_job")
    ]


def _determined(described: Description, released: Released, minimum: int, frame: TurnoverFrame) -> list[str]:
    """Causes with too few exits that follow from released numbers, at a horizon or where curves meet.

    A reader is given every released number without its rounding.
    """
    spells, found = frame.spells, []
    number = {cause.name: k for k, cause in enumerate(described.shown, start=1)}

    def exact(name: str, time: float) -> float:
        one = described.shown_incidence.at(time, number[name]) if name else described.survival.at(time)
        return one[0]

    known: dict[float, dict[str, float]] = {}
    for horizon in described.horizons:
        named = f"{horizon:g}_months"
        estimates = {"": f"survival_{named}"} | {name: f"{name}_exits_{named}" for name in number}
        shown = [name for name, estimate in estimates.items() if released.has(estimate)]
        known[horizon] = {name: exact(name, horizon) for name in shown}
    stays = [("", curve) for curve in released.curves_of("survival")]
    causes = released.curves_of("cumulative_incidence")
    for name, curve in stays + [(c.name.removeprefix("incidence_"), c) for c in causes]:
        for x in curve.x:
            known.setdefault(x, {})[name] = exact(name, x)
    for time, values in known.items():
        for size in range(1, len(values) + 1):
            for chosen in itertools.combinations(values, size):
                if "" not in chosen:
                    continue
                rest = 1 - sum(values[c] for c in chosen)
                for k, cause in enumerate(frame.causes, start=1):
                    inside = (spells.event == k) & (spells.duration > described.start)
                    n = int(np.sum(inside & (spells.duration <= time)))
                    true = described.incidence.at(time, k)[0]
                    if 0 < n < minimum and abs(rest - true) < 1e-9:
                        found.append(f"{cause} at {time:g}")
    return found


@pytest.mark.parametrize(("rare", "late"), [(6, 0), (0, 14), (6, 14), (4, 3), (25, 14)])
def test_nothing_refused_follows_by_subtraction(rare: int, late: int) -> None:
    frames = with_reasons(rare, late)
    frame, described, released = released_of(frames, make_study(causes=CAUSES))
    assert released.has("survival_12_months")
    assert _determined(described, released, frame.minimum.events, frame) == []
    # every number that is shown rests on enough exits
    table = released.table("exits_by_cause")
    hidden = [r for r in table.rows if r.values[0] is None and r.support.n_people > 0]
    assert len(hidden) != 1
    # nothing but noise is lost: together they still add up
    last = [e for e in released.estimates if e.name.endswith("exits_12_months")]
    assert sum(e.value for e in last) + released.estimate("survival_12_months").value == pytest.approx(
        1, abs=2e-3
    )


def test_causes_are_combined_until_they_are_enough() -> None:
    def names(*counts: int) -> list[tuple[str, tuple[int, ...]]]:
        event = np.repeat(np.arange(1, len(counts) + 1), counts)
        every = np.ones(event.size, dtype=bool)
        found = group_causes("abcd"[: len(counts)], np.arange(event.size), event, every, 10)
        return [(c.name, c.members) for c in found]

    assert names(50, 20, 10) == [("a", (1,)), ("b", (2,)), ("c", (3,))]
    assert names(50, 20, 9) == [("a", (1,)), ("other_causes", (2, 3))]
    assert names(50, 20, 4, 6) == [("a", (1,)), ("b", (2,)), ("other_causes", (3, 4))]
    assert names(50, 3) == [("other_causes", (1, 2))]
    assert names(50, 0) == [("a", (1,))]


def test_what_is_kept_back_is_two_parts_and_enough_people() -> None:
    assert withhold({"a": 50, "b": 20, "c": 10}, 100, 10) == frozenset()
    assert withhold({"a": 50, "b": 20, "c": 9}, 100, 10) == {"b"}
    assert withhold({"a": 50, "b": 4, "c": 3}, 100, 10) == {"a"}
    assert withhold({"a": 50, "b": 6, "c": 5}, 100, 10) == frozenset()
    # who stayed are too few: the sum of all causes would give them away
    assert withhold({"a": 50, "b": 20}, 5, 10) == {"b"}


def test_curves_of_causes_are_known_together_only_at_the_ends_of_blocks() -> None:
    events = np.random.default_rng(0).multinomial(3, [0.7, 0.2, 0.1], size=200)
    ends = block_ends(np.arange(len(events), dtype=float), events, 10)
    assert ends.any(axis=0).all()
    for time_sets in ((0,), (0, 1), (0, 1, 2)):
        marks = np.flatnonzero(ends[:, time_sets].all(axis=1))
        others = [k for k in range(3) if k not in time_sets]
        blocks = np.add.reduceat(events, np.concatenate(([0], marks + 1)), axis=0)[: marks.size]
        if others:
            assert blocks[:, others].sum(axis=1).min() >= 10
    assert (ends[:, 1] == ends[:, 2]).all()
    assert not (ends[:, 1] & ~ends[:, 0]).any()


def test_a_hiring_freeze_is_described_from_the_first_tenure_that_was_seen() -> None:
    rng = np.random.default_rng(2)
    n = 1500
    hire = [_first(-int(m)) for m in rng.integers(24, 80, n)]
    ends = [int(np.ceil(rng.exponential(60))) for _ in range(n)]
    end = [_first(m) - dt.timedelta(days=1) if m <= 36 else None for m in ends]
    spells = pl.DataFrame(
        {
            "employee_id": [f"q{i}" for i in range(n + 1)],
            "start": [*hire, _first(0)],
            "end": pl.Series([*end, None], dtype=pl.Date),
            "exit_reason": [None if e is None else "voluntary" for e in [*end, None]],
        }
    )
    study = make_study(group_by=None, covariates=[], horizons_months=[12.0, 24.0, 36.0])
    _, described, released = released_of({"spells": spells}, study)
    assert described.start == 24.0
    assert described.horizons == (36.0,)
    assert described.smallest_risk_set >= 10
    assert "people who reach 24 months" in released.answer
    assert {e.name for e in released.estimates} == {
        "survival_36_months", "voluntary_exits_36_months", "restricted_mean_36_months",
    }  # fmt: skip


def test_groups_without_a_curve_from_the_common_start_are_counted() -> None:
    frames = make_frames()
    old = frames["spells"]["start"] < dt.date(2020, 7, 1)
    hired = frames["spells"].filter(~old)["employee_id"].to_list()
    settled = frames["spells"].filter(old)["employee_id"].to_list()
    one = hired[0]
    where = pl.when(pl.col("employee_id").is_in([*settled[:200], one])).then(pl.lit("settled"))
    where = where.when(pl.col("employee_id").is_in(settled[200:204])).then(pl.lit("tiny"))
    department = where.otherwise(pl.lit("ops"))
    frames["assignments"] = frames["assignments"].with_columns(department=department)
    _, described, released = released_of(frames, make_study(covariates=[]))
    assert described.start == 0.0
    # one new hire does not make a curve from hire, and 200 people are not "too small"
    assert [g.group for g in described.groups] == ["ops"]
    assert (described.groups_left_out, described.groups_later) == (1, 1)
    told = " ".join(released.limits)
    assert "could not begin at hire like the others'" in told
    assert "or nobody left: 1" in told


def _first(month: int) -> dt.date:
    total = 2021 * 12 + month
    return dt.date(total // 12, total % 12 + 1, 1)


def test_left_out_rests_on_people_and_counts_rows() -> None:
    frames = make_frames()
    # three people with many spells from before observation began
    again = pl.DataFrame(
        {
            "employee_id": [f"p{i % 3:04d}" for i in range(30)],
            "start": [dt.date(2000 + i // 3, 1, 1) for i in range(30)],
            "end": [dt.date(2000 + i // 3, 2, 1) for i in range(30)],
            "exit_reason": ["voluntary"] * 30,
        }
    )
    early = frames["spells"].filter(~pl.col("employee_id").is_in(["p0000", "p0001", "p0002"]))
    frame, _, released = released_of(
        frames | {"spells": pl.concat([early, again])}, make_study(covariates=[])
    )
    found = frame.left_out["spells that ended before observation began"]
    assert (found.rows, found.people) == (30, 3)
    assert [r.values for r in released.table("left_out").rows if "before" in r.key[0]] == [(None,)]


def test_a_short_extract_without_a_whole_month_keeps_its_description() -> None:
    ids = [f"q{i:03d}" for i in range(300)]
    spells = pl.DataFrame(
        {
            "employee_id": ids,
            "start": [dt.date(2019, 1, 1 + i % 28) for i in range(300)],
            "end": pl.Series([dt.date(2021, 1, 5 + i % 14) if i < 60 else None for i in range(300)]),
            "exit_reason": ["voluntary" if i < 60 else None for i in range(300)],
        }
    )
    people = pl.DataFrame({"employee_id": ids, "contract": ["permanent", "temporary"] * 150})
    plain = make_study(group_by=None, covariates=["contract"]).model_dump()
    plain["study"] |= {"observed_from": dt.date(2021, 1, 2), "as_of": dt.date(2021, 1, 20)}
    study = Study.model_validate(plain)
    frame = build_frame(FakeTables(study, {"spells": spells, "people": people}))
    assert frame.panel is None
    assert frame.no_rows is not None
    assert "whole month" in frame.no_rows.reason
    assert fit_description(frame, study.turnover).n_leavers > 10
