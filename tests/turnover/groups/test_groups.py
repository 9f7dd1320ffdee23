"""Partially pooled hazards: the spread is found where there is one, and not claimed where there is none."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from tests.recovery.groups import BANDS, make_groups
from tests.turnover.builders import PROVENANCE, make_tables
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import NOT_ASKED, Unanswered, attempt
from wellperf_models.inference.likelihood import binomial
from wellperf_models.panel import Level
from wellperf_models.turnover import TurnoverFrame, build_frame
from wellperf_models.turnover.groups.checks import check_groups, verdict
from wellperf_models.turnover.groups.findings import compare_groups
from wellperf_models.turnover.groups.frame import build_groups
from wellperf_models.turnover.groups.model import GroupHazards, fit_cells, fit_groups
from wellperf_models.turnover.groups.plots import plot_group_hazards


@cache
def fitted(seed: int, scale: float) -> GroupHazards:
    return fit_cells(make_groups(seed, scale)[0], seed)


@cache
def frame_of() -> tuple[TurnoverFrame, object]:
    tables = make_tables(seed=1, cluster="team", pooled_by="team")
    return build_frame(tables), tables.study


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_known_spread_is_found_and_none_is_not_claimed(seed: int) -> None:
    wide, none = fitted(seed, 0.6), fitted(seed, 0.0)
    assert wide.spread.scale.low <= 0.6 <= wide.spread.scale.high
    assert verdict(wide.spread.prob_differs) == "differ"
    assert verdict(none.spread.prob_differs) != "differ"
    truth = make_groups(seed, 0.6)[1]
    told = list(wide.rates["team"].values())
    assert np.mean([s.low <= t <= s.high for s, t in zip(told, truth, strict=True)]) >= 0.85
    assert all(c.passed for c in check_groups(wide))


def test_small_groups_are_drawn_to_what_is_usual() -> None:
    """Each mean lies between the group's own rate and everyone's, nearer to its own in a large group."""
    model = fitted(1, 0.6)
    cells = model.cells
    common = np.log(cells.exits.sum(axis=0) / cells.months.sum(axis=0))
    own = cells.exits.sum(axis=1) / (cells.months @ np.exp(common))
    pooled = np.array([s.mean for s in model.rates["team"].values()]) / model.everyone.mean
    far = np.abs(np.log(np.maximum(own, 0.1))) > 0.4
    assert far.sum() > 8
    assert np.all(np.abs(pooled - 1)[far] < np.abs(own - 1)[far])
    kept = np.abs(pooled - 1)[far] / np.abs(own - 1)[far]
    assert np.corrcoef(kept, np.log(cells.months.sum(axis=1))[far])[0, 1] > 0.3


def test_the_likelihood_is_that_of_the_monthly_hazard() -> None:
    """d log λ − (n − d/2) λ differs from the binomial by less than .0004 an exit at these rates."""
    cells, _ = make_groups(1, 0.3)
    n, d = cells.months.ravel(), cells.exits.ravel()
    eta = np.tile(np.log(2 * BANDS), cells.names.size)
    poisson = float((d * eta - (n - d / 2) * np.exp(eta)).sum())
    assert abs(poisson - binomial(eta, n, d, "cloglog")) < 4e-4 * d.sum()
    assert abs(float((d * eta - n * np.exp(eta)).sum()) - binomial(eta, n, d, "cloglog")) > 0.01 * d.sum()


def test_a_check_fires_where_its_fault_is_planted() -> None:
    model = fitted(1, 0.6)
    spread = model.spread
    moved = replace(
        model, other_priors={0.25: (spread.scale.mean - 1.1 * spread.scale_sd, 1.0), 1.0: (0.6, 1.0)}
    )
    turned = replace(model, other_priors={0.25: (spread.scale.mean, 0.5), 1.0: (spread.scale.mean, 1.0)})
    untold = replace(model, other_priors={0.25: None, 1.0: (spread.scale.mean, 1.0)})
    for wrong in (moved, turned, untold):
        assert {c.name: c.passed for c in check_groups(wrong)}["prior_of_scale"] is False
    odd = replace(model, predicted_spread=0.001)
    assert {c.name: c.passed for c in check_groups(odd)}["spread_as_predicted"] is False
    assert check_groups(Unanswered(reason="x")) == ()


def test_cells_hold_every_month_and_exit_in_any_order() -> None:
    frame, study = frame_of()
    section = study.turnover  # type: ignore[attr-defined]
    cells = build_groups(frame, section)
    assert frame.months is not None
    in_bands = frame.months
    assert cells.exits.sum() == in_bands.filter(pl.col("event") == 1).height
    assert cells.months.sum() == in_bands.height
    shuffled = build_groups(replace(frame, months=in_bands.sample(fraction=1, shuffle=True, seed=1)), section)
    np.testing.assert_array_equal(shuffled.months, cells.months)
    np.testing.assert_array_equal(shuffled.exits, cells.exits)
    assert [p.tolist() for p in shuffled.people] == [p.tolist() for p in cells.people]


def test_without_months_the_group_of_the_curves_serves() -> None:
    tables = make_tables(seed=1, covariates=[], group_by="team", pooled_by="team")
    cells = build_groups(build_frame(tables), tables.study.turnover)
    assert cells.exits.sum() == (build_frame(tables).spells.event == 1).sum()


@pytest.mark.parametrize(
    ("turnover", "words"),
    [
        ({"pooled_by": "department"}, "too few groups"),
        ({"pooled_by": "team", "covariates": []}, "not known without covariates"),
        ({}, "not asked"),
    ],
)
def test_what_can_not_be_compared_says_why(turnover: dict[str, object], words: str) -> None:
    tables = make_tables(seed=1, **turnover)
    with pytest.raises(DesignError, match=words):
        fit_groups(build_frame(tables), tables.study.turnover)


def test_more_groups_than_can_be_compared() -> None:
    frame, study = frame_of()
    assert frame.months is not None
    alone = frame.months.with_columns(pl.int_range(pl.len()).cast(pl.String).alias("team"))
    with pytest.raises(DesignError, match="too many groups"):
        build_groups(replace(frame, months=alone), study.turnover)  # type: ignore[attr-defined]


def test_a_question_not_asked() -> None:
    tables = make_tables(seed=1)
    frame = build_frame(tables)
    with pytest.raises(NotAskedError):
        fit_groups(frame, tables.study.turnover)
    why = attempt(fit_groups, frame, tables.study.turnover)
    assert isinstance(why, Unanswered)
    evidence = compare_groups(frame, why, (), provenance=PROVENANCE)
    assert (evidence.id, evidence.design) == ("turnover.groups", NOT_ASKED)


def test_small_groups_are_shown_in_the_level_above_alone() -> None:
    """Groups below thirty people are in no row; means and intervals by name, and no draws."""
    frame, study = frame_of()
    model = fitted(1, 0.6)
    half = np.array(["north"] * 20 + ["south"] * 20)
    cells = replace(model.cells, above=(Level(name="department", groups=half),))
    wider = dict.fromkeys(("north", "south"), model.everyone)
    model = replace(model, cells=cells, rates=model.rates | {"department": wider})
    frame = replace(frame, roster=None)
    evidence = compare_groups(frame, model, check_groups(model), provenance=PROVENANCE)
    answer = release(evidence, study)  # type: ignore[arg-type]
    assert answer.answer.startswith("Groups differ by more than chance.")
    rows = {r.key[0]: r for r in answer.table("rates_by_group").rows}
    small = {str(n) for n, p in zip(cells.names, cells.people, strict=True) if p.size < 30}
    assert small
    # not even named
    assert not small & set(rows)
    large = [name for name in cells.names if str(name) in rows and rows[str(name)].values[1] is not None]
    assert len(large) >= 5
    # a large group in which nobody left is shown too: hiding it would leave those with many exits
    assert any(name.startswith("department: ") for name in rows)
    keys = [key for key in rows if key in set(cells.names.tolist())]
    assert keys == sorted(keys)
    picture = plot_group_hazards(answer)
    assert picture is not None
    assert "by name" in picture.alt
    # in steps: to more digits a rate would say how many left
    for name in large:
        exact = model.rates["team"][str(name)]
        step = np.ptp([exact.low, exact.high]) / 3.92 / 2
        for value in (v for v in rows[str(name)].values[1:] if v):
            power = 10 ** np.floor(np.log10(step))
            wide = next(s * power for s in (1, 2, 5, 10) if s * power >= step)
            assert abs(float(value) / wide - round(float(value) / wide)) < 1e-6


def test_rates_are_of_time_and_not_of_people() -> None:
    """At 10 % a month, 120 exits per 100 person-years: no sentence may say that 120 of 100 people leave."""
    frame, study = frame_of()
    model = fitted(1, 0.6)
    evidence = compare_groups(replace(frame, roster=None), model, (), provenance=PROVENANCE)
    words = evidence.answer + evidence.estimand + str(evidence.tables[0].measures) + str(evidence.limits)
    assert "exits per 100 person-years" in evidence.answer
    assert {e.unit for e in evidence.estimates if e.name == "everyone"} == {"exits per 100 person-years"}
    assert "100 people" not in words
    assert "All together:" in release(evidence, study).answer  # type: ignore[arg-type]


def test_the_rate_of_all_does_not_tell_the_few_other_exits() -> None:
    frame, study = frame_of()
    others = np.flatnonzero(frame.spells.event == 2)
    event = frame.spells.event.copy()
    event[others[4:]] = 0
    few = replace(frame, spells=replace(frame.spells, event=event), roster=None)
    for public, told in ((False, False), (True, True)):
        evidence = compare_groups(replace(few, in_full=public), fitted(1, 0.6), (), provenance=PROVENANCE)
        assert any(e.name == "everyone" for e in evidence.estimates) is told
        assert ("{everyone" in evidence.answer) is told
        assert any("rate of all is not told" in limit for limit in evidence.limits) is not told
    hidden = compare_groups(few, fitted(1, 0.6), (), provenance=PROVENANCE)
    assert "All together" not in release(hidden, study).answer  # type: ignore[arg-type]


def test_who_moved_is_one_person() -> None:
    model = fitted(1, 0.6)
    cells = model.cells
    people = (np.union1d(cells.people[0], cells.people[1]), *cells.people[1:])
    moved = replace(model, cells=replace(cells, people=people))
    support = {c.name: c.support for c in check_groups(moved)}["spread_as_predicted"]
    assert support is not None
    assert support.n_people == sum(p.size for p in cells.people)
