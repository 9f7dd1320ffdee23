"""Known truth: weighting finds it where silence hangs on what is known; bounds hold it; δ is recovered."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from tests.burnout.nonresponse.worlds import make_world, response_of, section_of
from wellperf_models.burnout.nonresponse.frame import ResponseFrame
from wellperf_models.burnout.nonresponse.model import NonResponseFit, direction_of, fit_nonresponse
from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.delta_adjustment import Asked, share_at

_WORLDS = 30


def fitted(response: ResponseFrame) -> NonResponseFit:
    return fit_nonresponse(response, response.section)


def asked_of(response: ResponseFrame, fit: NonResponseFit) -> Asked:
    assert response.pairs is not None
    return Asked(weights=fit.weights, strain=response.pairs.strain, cut=3.5, cluster=response.pairs.cluster)


@pytest.fixture(scope="module")
def known() -> list[tuple[NonResponseFit, float, float]]:
    """Silence hangs on the last score and on overtime, both of which are known."""
    worlds = [make_world(s, 800, by_last=-0.8, by_overtime=-0.5) for s in range(_WORLDS)]
    return [(fitted(w.response), w.share, w.change) for w in worlds]


def holds_zero(errors: list[float]) -> bool:
    """Whether the 99 % Monte Carlo interval of a mean holds 0."""
    half = stats.t.ppf(0.995, len(errors) - 1) * np.std(errors, ddof=1) / np.sqrt(len(errors))
    return abs(float(np.mean(errors))) <= half


def test_weighting_finds_what_the_answers_miss(known: list[tuple[NonResponseFit, float, float]]) -> None:
    assert holds_zero([fit.share.weighted.value - share for fit, share, _ in known])
    assert holds_zero([fit.change.weighted.value - change for fit, _, change in known])
    missed = [fit.share.as_answered.value - share for fit, share, _ in known]
    assert np.mean(missed) < -0.02
    assert not holds_zero(missed)


def test_interval_of_the_weighted_share_is_no_wider_or_narrower_than_it_scatters(
    known: list[tuple[NonResponseFit, float, float]],
) -> None:
    values = [fit.share.weighted.value for fit, _, _ in known]
    errors = np.mean([fit.share.weighted.std_error for fit, _, _ in known])
    ratio = np.std(values, ddof=1) / errors
    # the standard deviation of 30 draws is itself within a third or so
    low, high = np.sqrt(stats.chi2.ppf([0.005, 0.995], _WORLDS - 1) / (_WORLDS - 1))
    assert low < ratio < high


def test_bounds_hold_the_truth_wherever_it_is(known: list[tuple[NonResponseFit, float, float]]) -> None:
    assert all(f.share_bounds.low <= share <= f.share_bounds.high for f, share, _ in known)
    assert all(f.change_bounds.low <= change <= f.change_bounds.high for f, _, change in known)
    for seed, delta in ((0, 3.0), (1, -3.0)):
        world = make_world(seed, delta=delta)
        found = fitted(world.response).share_bounds
        assert found.low <= world.share <= found.high


def test_planted_difference_is_recovered() -> None:
    off, on = [], []
    for seed in range(_WORLDS):
        world = make_world(1000 + seed, 800, delta=0.6)
        asked = asked_of(world.response, fitted(world.response))
        off.append(share_at(asked, 0.0).value - world.share)
        on.append(share_at(asked, 0.6).value - world.share)
    assert holds_zero(on)
    assert not holds_zero(off)
    assert np.mean(off) < 0


def test_whether_strain_silences_is_told_either_way() -> None:
    assert fitted(make_world(1, by_last=-0.5).response).log_odds.high < 0
    assert fitted(make_world(1, by_last=0.5).response).log_odds.low > 0
    found = fitted(make_world(1, by_last=-0.5).response).log_odds
    assert found.low < -0.5 < found.high


def test_no_difference_supposed_is_the_weighted_number() -> None:
    fit = fitted(make_world(2).response)
    first = fit.supposed[0]
    assert first.delta == 0
    assert first.share.value == pytest.approx(fit.share.weighted.value, abs=1e-12)
    assert first.change.low == pytest.approx(fit.change.weighted.low, abs=1e-12)
    assert fit.supposed[-1].delta == fit.largest
    assert fit.largest == pytest.approx(fit.spread, rel=0.05)


def test_tipping_points_are_where_the_reading_changes() -> None:
    world = make_world(3)
    fit = fitted(world.response)
    asked = asked_of(world.response, fit)
    assert fit.tips_share is not None
    line = fit.share.as_answered.value + fit.matters
    assert share_at(asked, fit.tips_share).value >= line > share_at(asked, fit.tips_share - 0.01).value
    assert fit.tips_change is not None
    assert world.response.pairs is not None
    before = (world.response.pairs.last >= 3.5 - 1e-9).astype(float)
    now = direction_of(fit.change.weighted)
    past = direction_of(share_at(asked, fit.tips_change, less=before))
    short = direction_of(share_at(asked, fit.tips_change - np.sign(fit.tips_change) * 0.01, less=before))
    assert past != now == short


def test_a_rise_is_undone_only_by_the_silent_faring_better() -> None:
    world = make_world(4, delta=0.0)
    pairs = world.response.pairs
    assert pairs is not None
    higher = dataclasses.replace(pairs, strain=pairs.strain + 0.6)
    fit = fitted(dataclasses.replace(world.response, pairs=higher))
    assert direction_of(fit.change.weighted) == 1
    assert fit.tips_change is None or fit.tips_change < 0


def test_nothing_tips_where_the_largest_difference_is_small() -> None:
    small = section_of(largest_difference=0.05)
    fit = fitted(make_world(5, section=small).response)
    assert fit.tips_share is None
    assert fit.tips_change is None


def test_weighting_alone_may_pass_the_line() -> None:
    touchy = section_of(difference_that_matters=0.001)
    assert fitted(make_world(6, by_last=-0.8, section=touchy).response).tips_share == 0


def test_waves_that_nearly_all_answered_and_a_score_of_two_values_are_no_obstacle() -> None:
    world = make_world(7)
    pairs = world.response.pairs
    assert pairs is not None
    wave = np.where(np.arange(pairs.person.size) < 12, 1, 0)
    coarse = dataclasses.replace(pairs, wave=wave, last=np.where(pairs.last >= 3.5, 4.0, 2.0))
    assert fitted(dataclasses.replace(world.response, pairs=coarse)).log_odds.high < 0


def test_a_share_of_cases_finds_its_own_cut_off() -> None:
    section = section_of().model_copy(update={"case_at": None, "case_share": 0.25})
    fit = fitted(make_world(8, section=section).response)
    assert fit.share.as_answered.value == pytest.approx(0.25, abs=0.03)


def test_what_can_not_be_answered_is_named() -> None:
    world = make_world(9)
    pairs = world.response.pairs
    assert pairs is not None
    with pytest.raises(NotAskedError):
        fit_nonresponse(world.response, section_of().model_copy(update={"nonresponse": None}))
    with pytest.raises(DesignError, match="There is one wave"):
        fitted(response_of(None, why="There is one wave."))
    with pytest.raises(DesignError, match="elsewhere"):
        fit_nonresponse(Unanswered(reason="elsewhere"), section_of())
    everybody = dataclasses.replace(
        pairs, answered=np.ones(pairs.person.size, bool), strain=np.nan_to_num(pairs.strain, nan=2.0)
    )
    with pytest.raises(DesignError, match="Nearly everybody who was asked answered"):
        fitted(dataclasses.replace(world.response, pairs=everybody))
    nobody = dataclasses.replace(pairs, strain=np.minimum(pairs.strain, 3.0))
    with pytest.raises(DesignError, match="are a case"):
        fitted(dataclasses.replace(world.response, pairs=nobody))
    with pytest.raises(DesignError, match="Too few people were asked"):
        fitted(make_world(9, 25).response)
