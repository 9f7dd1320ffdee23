"""A simulated organisation in which the exhausted answer less: what the silent would have said is known."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import polars as pl
import pytest

from tests.burnout.nonresponse.worlds import response_of, section_of
from wellperf_models.burnout.nonresponse.frame import Pairs
from wellperf_models.burnout.nonresponse.model import NonResponseFit, fit_nonresponse
from wellperf_models.synth.measures import answered, scores_of, waves
from wellperf_models.synth.path import live_block
from wellperf_models.synth.world import World

_POSTS, _CASE_AT = 5000, 3.0


def lived(exhaustion_on_response: float) -> tuple[Pairs, np.ndarray]:
    """Pairs of a simulated organisation, and what everybody asked would have scored."""
    world = World().but(
        months=13, history_months=48, exhaustion_on_response=exhaustion_on_response, consent_refusal=0.0
    )
    path = live_block(world, 3, 0, _POSTS)
    parts = []
    for number, (month, after) in enumerate(itertools.pairwise(waves(path))):
        who, there = path.person[month], path.person[after]
        # somebody new in the post was not asked twice
        same = np.flatnonzero(answered(path, month) & (who == there))
        now = scores_of(path, after)["exhaustion"][same]
        said = answered(path, after)[same]
        parts.append(
            {
                "person": who[same],
                "wave": np.full(same.size, number),
                "last": scores_of(path, month)["exhaustion"][same],
                "answered": said,
                "strain": np.where(said, now, np.nan),
                "truth": now,
            }
        )
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    _, person = np.unique(joined["person"], return_inverse=True)
    pairs = Pairs(
        person=person,
        cluster=person,
        wave=joined["wave"],
        last=joined["last"],
        answered=joined["answered"],
        strain=joined["strain"],
        covariates=pl.DataFrame(),
    )
    return pairs, joined["truth"]


def fitted(pairs: Pairs) -> NonResponseFit:
    section = section_of(largest_difference=1.5).model_copy(update={"case_at": _CASE_AT})
    response = dataclasses.replace(response_of(pairs), section=section)
    return fit_nonresponse(response, section)


def test_weighting_moves_towards_the_truth_and_bounds_hold_it() -> None:
    pairs, truth = lived(-0.7)
    fit = fitted(pairs)
    share = float((truth >= _CASE_AT - 1e-9).mean())
    naive, weighted = fit.share.as_answered.value, fit.share.weighted.value
    assert fit.log_odds.high < 0
    # silence hangs on what people feel, of which the last score knows a part
    assert naive < weighted < share
    closed = (weighted - naive) / (share - naive)
    assert 0.15 < closed < 0.5
    assert fit.share_bounds.low < share < fit.share_bounds.high
    # some difference brings the share to the truth, and it is a positive one
    reached = [item.delta for item in fit.supposed if item.share.low <= share <= item.share.high]
    assert reached
    assert max(reached) > 0


def test_where_strain_does_not_silence_nothing_is_said_to_be_hidden() -> None:
    pairs, truth = lived(0.0)
    fit = fitted(pairs)
    share = float((truth >= _CASE_AT - 1e-9).mean())
    # one draw: three standard errors
    assert abs(fit.log_odds.value) < 3 * fit.log_odds.std_error
    assert fit.share.weighted.low < share < fit.share.weighted.high
    assert fit.share.shift.value == pytest.approx(0, abs=0.005)
