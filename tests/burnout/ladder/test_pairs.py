"""Rungs are compared in pairs that both rank: that places or groups differ is no leakage."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import PROVENANCE, FakeTables, make_frames, make_study
from wellperf_models.burnout import build_frame
from wellperf_models.burnout.ladder.checks import check_ladder
from wellperf_models.burnout.ladder.findings import describe_ladder
from wellperf_models.burnout.ladder.frame import FORWARD, PEOPLE, RANDOM, SITE, plan_ladder
from wellperf_models.burnout.ladder.model import Climbed, LadderResult, climb_ladder
from wellperf_models.burnout.ladder.pairs import Ranked, like_for_like, pairs_differ
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Estimate, Evidence, Unanswered
from wellperf_models.inference.auc import auc

SITES = 5


def climb(frames: dict[str, Any], **study: Any) -> tuple[LadderResult, Evidence]:
    """Sites that differ by much, for good, and as everybody knows; nothing is learnt that is of one site."""
    n = frames["n"]
    made = make_frames(7, answered=1.0, **frames)
    number = np.arange(n) % SITES
    effect = dict(zip(made["people"]["employee_id"], 0.8 * (number - 2.0), strict=True))
    lift = pl.Series([effect[e] for e in made["surveys"]["employee_id"]])
    made["surveys"] = made["surveys"].with_columns(value=(0.6 * pl.col("value") + 1.2 + lift).round(1))
    sites = pl.Series([f"s{i}" for i in number])
    noise = np.array(list(effect.values())) + 0.3 * np.random.default_rng(7).normal(size=n)
    made["people"] = made["people"].with_columns(noise=pl.Series(noise))
    made["assignments"] = made["assignments"].with_columns(site=sites)
    if not frames.get("dated", True):
        made["people"] = made["people"].with_columns(site=sites)
    tables = FakeTables(make_study(**({"models": {"m": {"covariates": ["noise"]}}} | study)), made)
    frame = build_frame(tables)
    found = climb_ladder(frame, frame.section)
    return found, describe_ladder(frame, found, check_ladder(frame, found), provenance=PROVENANCE)


def auc_of(found: LadderResult, name: str) -> float:
    climbed = found.climbed[name]
    assert isinstance(climbed, Climbed)
    return climbed.auc.value


def step(evidence: Evidence, above: str, below: str) -> Estimate:
    (own,) = (e for e in evidence.estimates if e.name == f"step_{above}_to_{below}")
    return own


def test_that_places_differ_is_not_told_as_leakage() -> None:
    found, evidence = climb(
        {"n": 450, "waves": 3}, ladder={"leave_out": "site"}, validation={"folds": 3, "repeats": 1}
    )
    assert auc_of(found, FORWARD) > auc_of(found, SITE) + 0.05
    less = found.less[SITE]
    assert abs(less.value) < 0.01
    assert less.low <= 0 <= less.high
    told = step(evidence, FORWARD, SITE)
    assert (told.value, told.low) == (-less.value, -less.high)
    assert "the same place (" not in evidence.answer
    (row,) = (r for r in evidence.tables[0].rows if "left out" in r.key[0])
    assert "Pairs are of one place" in str(row.values[-1])


def test_that_few_clusters_differ_is_not_told_as_the_same_people() -> None:
    found, evidence = climb(
        {"n": 450, "waves": 3, "dated": False},
        cluster="site",
        validation={"folds": 5, "repeats": 2, "group_by": "cluster"},
    )
    assert auc_of(found, RANDOM) > auc_of(found, PEOPLE) + 0.05
    assert abs(found.less[RANDOM].value) < 0.01
    told = step(evidence, RANDOM, PEOPLE)
    assert told.label.endswith("the same site on both sides")
    assert abs(told.value) < 0.01
    assert "different pairs of people" in evidence.answer
    assert "no site the model has seen" in evidence.answer
    assert any("few groups (by site)" in limit for limit in evidence.limits)


def test_many_people_to_a_fold_are_compared_as_they_are() -> None:
    found, evidence = climb({"n": 240, "waves": 3}, validation={"folds": 3, "repeats": 1})
    assert found.less[RANDOM].value == pytest.approx(
        auc_of(found, RANDOM) - auc_of(found, FORWARD), abs=1e-12
    )
    assert not pairs_differ(found.ladder, RANDOM, PEOPLE)
    assert "different pairs" not in evidence.answer


def test_one_answer_a_person_in_clusters_still_has_rows_at_random() -> None:
    """Teams with a flavour of their own, that the model can learn where a team is on both sides."""
    rng = np.random.default_rng(0)
    made = make_frames(3, n=400, waves=1, answered=1.0)
    team = dict(zip(made["assignments"]["employee_id"], made["assignments"]["team"], strict=True))
    made["people"] = made["people"].with_columns(job=pl.Series(list(team.values())))
    flavour = dict(zip(sorted(set(team.values())), 2 * rng.normal(size=50), strict=True))
    lift = pl.Series([flavour[team[e]] for e in made["surveys"]["employee_id"]])
    made["surveys"] = made["surveys"].with_columns(value=(pl.col("value") + lift).round(1).clip(0, 6))
    study = make_study(
        cluster="team",
        validation={"folds": 4, "repeats": 1, "group_by": "cluster"},
        models={"m": {"covariates": ["job"]}},
        disclosure={"min_group_size": 5},
    )
    frame = build_frame(FakeTables(study, made))
    assert plan_ladder(frame, frame.section).same == {}
    found = climb_ladder(frame, frame.section)
    both = found.climbed[RANDOM]
    assert isinstance(both, Climbed)
    assert both.auc.value > auc_of(found, PEOPLE) + 0.15
    assert found.less[RANDOM].low > 0.1


def test_a_share_of_a_coarse_scale_is_cut_at_the_same_score_on_every_rung() -> None:
    """The newest wave is worse: the worst quarter of older waves is not that of all."""
    made = make_frames(5, n=400, waves=4, answered=1.0)
    value = np.clip(np.round(made["surveys"]["value"].to_numpy() / 1.5), 0, 4)
    later = (made["surveys"]["wave"] == "w3").to_numpy()
    made["surveys"] = made["surveys"].with_columns(value=pl.Series(np.clip(value + 2 * later, 0, 4)))
    frame = build_frame(FakeTables(make_study(case_share=0.25, ladder={"leave_out": "department"}), made))
    ladder = plan_ladder(frame, frame.section)
    cuts = {
        float(frame.answers.strain[split.case].min())
        for rung in ladder.rungs
        if not isinstance(rung.splits, Unanswered)
        for split in rung.splits
    }
    assert len(cuts) == 1


def _ranked(rows: list[int], case: np.ndarray, eta: np.ndarray, repeat: int = 0) -> Ranked:
    own = np.array(rows)
    return Ranked(rows=own, case=case[own], eta=eta[own], repeat=repeat)


def test_like_for_like_is_the_difference_over_pairs_in_common_and_matches_repeats() -> None:
    rng = np.random.default_rng(1)
    case, one, other = np.arange(12) % 2 == 0, rng.normal(size=12), rng.normal(size=12)
    whole = [_ranked(list(range(12)), case, one)]
    halves = [_ranked([*range(6)], case, other), _ranked([*range(6, 12)], case, other)]
    cluster = np.arange(12)
    expected = np.mean([auc(case[s], one[s]) - auc(case[s], other[s]) for s in (slice(6), slice(6, 12))])
    assert like_for_like(whole, halves, cluster, 12).value == pytest.approx(float(expected), abs=1e-12)
    assert like_for_like(halves, whole, cluster, 12).value == pytest.approx(-float(expected), abs=1e-12)
    twice = [_ranked([*range(6)], case, one, 0), _ranked([*range(6, 12)], case, one, 1)]
    crossed = [_ranked([*range(6, 12)], case, other, 0), _ranked([*range(6)], case, other, 1)]
    with pytest.raises(DesignError, match="No scored part"):
        like_for_like(twice, crossed, cluster, 12)
    assert "not released" in repr(whole[0])
