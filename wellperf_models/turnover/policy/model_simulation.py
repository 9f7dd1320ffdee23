"""Months lived forward from a landmark, as things are and under a policy, with the same draws.

The parametric g-formula (Robins 1986, Mathematical Modelling 7:1393; Taubman et al. 2009, International
Journal of Epidemiology 38:1599) for policies that change the value a person would have come to (Young,
Herrán & Robins 2014, Epidemiologic Methods 3:1): month by month the next value of each covariate is drawn
given everything simulated so far, the policy changes it, and what follows is drawn given the changed value.
Nobody is drawn to leave: the probability of still being at work is carried as a weight, so that chance
enters by the covariates alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wellperf_models.inference.random_intercept import RandomIntercept
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.turnover.policy.frame import Histories, predict
from wellperf_models.turnover.policy.frame_memory import Flags, Memory
from wellperf_models.turnover.policy.model_cohort import Cohort
from wellperf_models.turnover.policy.model_course import course_blocks, entry_blocks, response_blocks
from wellperf_models.turnover.policy.model_exits import exit_blocks
from wellperf_models.turnover.policy.model_weighting import Weighting, weighted_blocks

Change = Callable[[Floats], Floats]


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Coefficients of every model, of the fit or of one refit.

    Attributes:
        courses: By covariate.
        entries: By covariate: first values; None for what is recorded monthly.
        responses: By covariate: who answers; None where everybody does.
        exits: Shape (p, causes).
        weighted: By covariate a policy changes, and horizon: the weighted hazards, shape (q, causes).
    """

    courses: tuple[RandomIntercept, ...]
    entries: tuple[tuple[Floats, float] | None, ...]
    responses: tuple[Floats | None, ...]
    exits: Floats
    weighted: dict[tuple[int, int], Floats]


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Random numbers of one simulation, shared by everything compared with each other.

    Attributes:
        lasting: By covariate, standard normal, shape (n,).
        noise: By covariate, standard normal, shape (horizon, n).
        answers: By covariate, uniform, shape (horizon, n).
    """

    lasting: Floats
    noise: Floats
    answers: Floats

    @classmethod
    def make(cls, seed: int, number: int, n_dated: int, cohort: Cohort) -> Draws:
        """The numbers of simulation `number`."""
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(5_301, number)))
        n, horizon = cohort.size, cohort.horizon
        return cls(
            lasting=rng.standard_normal((n_dated, n)),
            noise=rng.standard_normal((n_dated, horizon, n)),
            answers=rng.random((n_dated, horizon, n)),
        )


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What comes about on average over the cohort.

    Attributes:
        stay: Share still at work after 0, 1, … months, shape (horizon + 1,).
        left: Share who have left for each cause, shape (horizon + 1, causes).
        months: Months at work within the horizon, per person.
        course: Mean of each covariate's last value among those still at work as each month begins, shape
            (horizon, covariates).
        weighted_left: The same as the last row of `left` by the weighted hazards; None without them.
    """

    stay: Floats
    left: Floats
    months: float
    course: Floats
    weighted_left: Floats | None


@dataclass(kw_only=True)
class _Going:
    """What is carried from month to month."""

    stay: Floats
    left: Floats
    stay_weighted: Floats
    left_weighted: Floats


def simulate(
    histories: Histories,
    cohort: Cohort,
    parameters: Parameters,
    draws: Draws,
    weights: Floats,
    *,
    changed: int,
    change: Change | None,
    weighting: Weighting | None,
    paces: Floats | None = None,
) -> Arm:
    """Lives the cohort forward.

    Args:
        histories, cohort, parameters, draws: What it starts from and goes by.
        weights: Of the cohort, shape (n,), sum 1.
        changed: Place of the covariate the policy changes.
        change: What it would have been → what it is; None: as things are.
        weighting: The second estimator of that covariate; None: left out.
        paces: Filled with the pace of the changed covariate as each month begins, shape (horizon, n), where
            given.
    """
    memories = [m.copy() for m in cohort.memories]
    at_landmark = [m.features(d) for m, d in zip(memories, histories.dated, strict=True)]
    n, horizon, n_causes = cohort.size, cohort.horizon, parameters.exits.shape[1]
    lasting = _lasting(cohort, parameters, draws)
    going = _Going(
        stay=np.ones(n), left=np.zeros((n, n_causes)),
        stay_weighted=np.ones(n), left_weighted=np.zeros((n, n_causes)),
    )  # fmt: skip
    stay, left = np.ones(horizon + 1), np.zeros((horizon + 1, n_causes))
    course = np.zeros((horizon, len(memories)))
    features = at_landmark
    for month in range(horizon):
        base = cohort.base[month]
        for k, memory in enumerate(memories):
            share = weights * going.stay * (memory.n > 0)
            course[month, k] = share @ memory.last / max(float(share.sum()), 1e-12)
        if paces is not None:
            paces[month] = memories[changed].pace()
        going.stay, going.left = _exit(
            predict(exit_blocks(features, base), parameters.exits), going.stay, going.left
        )
        if weighting is not None:
            blocks = weighted_blocks(base, at_landmark, features[changed])
            going.stay_weighted, going.left_weighted = _exit(
                predict(blocks, parameters.weighted[changed, horizon]),
                going.stay_weighted,
                going.left_weighted,
            )
        stay[month + 1], left[month + 1] = weights @ going.stay, weights @ going.left
        if month + 1 < horizon:
            _next(
                histories,
                cohort,
                parameters,
                draws,
                memories,
                features,
                base,
                lasting,
                month,
                changed,
                change,
            )
            features = [m.features(d) for m, d in zip(memories, histories.dated, strict=True)]
    return Arm(
        stay=stay,
        left=left,
        # exits are spread over their month
        months=float((stay[1:] + stay[:-1]).sum() / 2),
        course=course,
        weighted_left=None if weighting is None else weights @ going.left_weighted,
    )


def _lasting(cohort: Cohort, parameters: Parameters, draws: Draws) -> list[Floats]:
    """What is lasting about each person, drawn given their own course up to the landmark."""
    found = []
    for k, model in enumerate(parameters.courses):
        residuals = cohort.sums[k][:, -1] - cohort.sums[k][:, :-1] @ model.beta
        mean, spread = model.posterior(cohort.counts[k], residuals)
        found.append(mean + spread * draws.lasting[k])
    return found


def _exit(eta: Floats, stay: Floats, left: Floats) -> tuple[Floats, Floats]:
    leaves = -np.expm1(-np.exp(np.minimum(eta, 3.0)))
    return stay * np.maximum(0.0, 1 - leaves.sum(axis=1)), left + stay[:, None] * leaves


def _next(
    histories: Histories,
    cohort: Cohort,
    parameters: Parameters,
    draws: Draws,
    memories: list[Memory],
    before: Sequence[Floats],
    base: Floats,
    lasting: Sequence[Floats],
    month: int,
    changed: int,
    change: Change | None,
) -> None:
    """Draws what comes in with the next month, surveys first, and remembers it."""
    now = list(before)
    old = [m.copy() for m in memories]
    firsts = np.stack(
        [(m.n > 0) * (m.first - d.centre) for m, d in zip(old, histories.dated, strict=True)], axis=1
    )
    for k in sorted(range(len(memories)), key=lambda j: histories.dated[j].monthly):
        dated, model = histories.dated[k], parameters.courses[k]
        seen = _seen(histories, cohort, parameters, draws, k, old[k], before, base, month)
        mean = predict(course_blocks(k, histories, before, now, firsts, base), model.beta) + lasting[k]
        new = dated.centre + mean + model.sigma * draws.noise[k, month]
        entry = parameters.entries[k]
        if entry is not None:
            beta, spread = entry
            start = (
                dated.centre + predict(entry_blocks(k, before, base), beta) + spread * draws.noise[k, month]
            )
            new = np.where(old[k].n > 0, new, start)
            new = np.clip(new, dated.low, dated.high)
        else:
            # nor above what was ever seen: a cap above that changes nothing
            new = np.clip(new, dated.floor, dated.high)
        if change is not None and k == changed:
            new = change(new)
        memories[k].update(new, seen)
        now[k] = memories[k].features(dated)


def _seen(
    histories: Histories,
    cohort: Cohort,
    parameters: Parameters,
    draws: Draws,
    number: int,
    memory: Memory,
    before: Sequence[Floats],
    base: Floats,
    month: int,
) -> Flags:
    """Of whom a value comes in: of everyone recorded monthly; at waves, of those who answer."""
    if histories.dated[number].monthly:
        return memory.n > 0
    asked = histories.waves[number][cohort.landmark + month + 1]
    theta = parameters.responses[number]
    if theta is None:
        return asked
    odds = predict(response_blocks(before, base), theta)
    return asked & (draws.answers[number, month] < 1 / (1 + np.exp(-odds)))
