"""How well the last score alone foretells the next: the forecast every other one has to beat."""

from __future__ import annotations

import numpy as np

from wellperf_models.synth.large_sample import SHAPE
from wellperf_models.synth.measures import MEASURES, answered, scores_of, waves
from wellperf_models.synth.path import Path, live_block
from wellperf_models.synth.streams import Floats, Ints
from wellperf_models.synth.world import World

# as in the default study file: a case scores this or more, and the newest waves with this share are scored
CASE_AT, TEST_SHARE = 3.0, 0.3
_STEPS = MEASURES["exhaustion"][2]
_N_SCORES = SHAPE[1] - 1
_BLOCKS, _FIRST_BLOCK = 10, 2_000_000


def count_forecasts(path: Path) -> Ints:
    """Answers by wave, score of the last answer before and whether they are a case, (waves, 31, 2)."""
    last = np.full(len(path.register.hire_day), -1)
    counts = []
    for month in waves(path):
        person = path.person[month]
        posts = np.flatnonzero(
            answered(path, month) & path.consented("surveys", person, path.first_day[month])
        )
        who = person[posts]
        score = np.round(scores_of(path, month)["exhaustion"][posts] * _STEPS).astype(np.int64)
        known = last[who] >= 0
        cell = 2 * last[who][known] + (score[known] >= round(CASE_AT * _STEPS))
        counts.append(np.bincount(cell, minlength=2 * _N_SCORES).reshape(_N_SCORES, 2))
        last[who] = score
    return np.stack(counts)


def auc_of(counts: Ints | Floats) -> float:
    """Chance that a case had the higher last score than a non-case, ties counting half.

    In the newest waves that hold at least `TEST_SHARE` of the answers.

    Args:
        counts: From `count_forecasts`, added up, (waves, scores, 2).
    """
    answers = counts.sum(axis=(1, 2))[::-1].cumsum()
    newest = int(np.searchsorted(answers, TEST_SHARE * answers[-1])) + 1
    non_cases, cases = counts[-newest:].sum(axis=0).T.astype(float)
    below = np.cumsum(non_cases) - non_cases / 2
    return float((cases * below).sum() / (cases.sum() * non_cases.sum()))


def auc_last_score(world: World, *, seed: int = 0, n_people: int = 200_000) -> tuple[float, float]:
    """The large-sample AUC of the last score alone in a world, and its Monte Carlo error.

    Like the estimand `auc_last_score` of `truth`, without the time the other estimands take.

    Args:
        world: The parameters, a variant for instance; its `people` do not matter.
        seed: Seed of the simulation.
        n_people: Posts to simulate, in ten independent blocks.
    """
    posts = n_people // _BLOCKS
    blocks = [count_forecasts(live_block(world, seed, _FIRST_BLOCK + b, posts)) for b in range(_BLOCKS)]
    total = np.sum(blocks, axis=0)
    left_out = np.array([auc_of(total - block) for block in blocks])
    value = auc_of(total)
    error = np.sqrt((_BLOCKS - 1) / _BLOCKS * np.square(left_out - value).sum())
    return value, float(error)
