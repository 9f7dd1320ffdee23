"""Policies that share a cohort, lived with the parameters of the fit or of a refit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.study import Turnover
from wellperf_models.study.turnover_questions import Policy
from wellperf_models.turnover.policy.frame import Histories
from wellperf_models.turnover.policy.model_cohort import Cohort, take_cohort
from wellperf_models.turnover.policy.model_course import Course
from wellperf_models.turnover.policy.model_exits import Exits
from wellperf_models.turnover.policy.model_simulation import Arm, Change, Draws, Parameters, simulate
from wellperf_models.turnover.policy.model_weighting import Weighting, fit_weighting, share_unsupported


@dataclass(frozen=True, kw_only=True)
class Models:
    """What everything is simulated from."""

    histories: Histories
    courses: tuple[Course, ...]
    exits: Exits


@dataclass(frozen=True, kw_only=True)
class Group:
    """Policies that change one covariate over one horizon: they share a cohort and its natural course.

    Attributes:
        changed: Place of the covariate.
        cohort, weighting: Who is followed, and the second estimator.
        names, changes: The policies.
        known, last: By month and covariate: of whom a value was known as the month began, and the last one;
            shape (horizon, covariates, n).
    """

    changed: int
    cohort: Cohort
    weighting: Weighting
    names: tuple[str, ...]
    changes: tuple[Change, ...]
    known: Floats
    last: Floats


@dataclass(frozen=True, kw_only=True)
class Replicate:
    """One group with one set of parameters.

    Attributes:
        natural, under: As things are, and under each policy.
        observed: In the data: left by cause after each month, shape (horizon + 1, causes); means of the
            covariates as each month begins, shape (horizon, covariates).
    """

    natural: Arm
    under: tuple[Arm, ...]
    observed: tuple[Floats, Floats]

    @property
    def is_finite(self) -> bool:
        """Every share is a number."""
        return all(np.isfinite(arm.left).all() for arm in (self.natural, *self.under))


def change_of(policy: Policy) -> Change:
    """The policy on arrays."""
    if policy.cap is not None:
        cap = policy.cap
        return lambda natural: np.minimum(natural, cap)
    assert policy.reduce_by is not None
    less, floor = policy.reduce_by, policy.floor
    return lambda natural: np.maximum(np.minimum(floor, natural), natural - less)


def make_groups(models: Models, section: Turnover) -> tuple[Group, ...]:
    """Policies of a study by covariate and horizon, with their cohorts.

    Raises:
        DesignError: A covariate without dates, too short an extract, or nobody to follow.
    """
    histories = models.histories
    together: dict[tuple[int, int], list[str]] = {}
    for name, policy in section.policies.items():
        key = (histories.number_of(policy.covariate), policy.horizon_months)
        together.setdefault(key, []).append(name)
    made = []
    for (changed, horizon), names in together.items():
        cohort = take_cohort(histories, models.courses, (changed,), horizon, section.risk.every_months)
        spell, window = cohort.spell[:, None], cohort.landmark[:, None] + np.arange(horizon)[None, :]
        known = [cohort.observed & (f[spell, window, 2] == 0) for f in histories.features]
        last = [
            f[spell, window, 0] + d.centre for f, d in zip(histories.features, histories.dated, strict=True)
        ]
        made.append(
            Group(
                changed=changed,
                cohort=cohort,
                weighting=fit_weighting(histories, cohort, models.exits, changed),
                names=tuple(names),
                changes=tuple(change_of(section.policies[n]) for n in names),
                known=np.stack(known, axis=0).transpose(2, 0, 1).astype(float),
                last=np.stack(last, axis=0).transpose(2, 0, 1),
            )
        )
    return tuple(made)


def parameters_of(models: Models, groups: Sequence[Group], weights: Floats | None) -> Parameters:
    """Of the fit (None), or of a refit with weights of the clusters, shape (clusters,)."""
    cluster = models.histories.cluster
    w = np.ones(models.histories.n_clusters) if weights is None else weights
    courses = models.courses
    keyed = {(g.changed, g.cohort.horizon): g.weighting for g in groups}
    return Parameters(
        courses=tuple(c.fit if weights is None else c.refit(w[cluster]) for c in courses),
        entries=tuple(None if c.entry is None else c.entry.fit(w) for c in courses),
        responses=tuple(
            None if c.response is None else c.response.theta if weights is None else c.response.refit(w)
            for c in courses
        ),
        exits=models.exits.theta if weights is None else models.exits.refit(w),
        weighted={key: g.theta if weights is None else g.refit(w) for key, g in keyed.items()},
    )


def live(models: Models, group: Group, parameters: Parameters, draws: Draws, weights: Floats) -> Replicate:
    """The group's cohort as things are and under each policy, with the same draws.

    Args:
        models, group, parameters, draws: What it goes by.
        weights: Of the clusters.
    """
    w = weights[group.cohort.cluster]
    w = w / w.sum()
    arms = [
        simulate(
            models.histories, group.cohort, parameters, draws, w,
            changed=group.changed, change=change, weighting=group.weighting,
        )
        for change in (None, *group.changes)
    ]  # fmt: skip
    return Replicate(natural=arms[0], under=tuple(arms[1:]), observed=_observed(models, group, w))


def _observed(models: Models, group: Group, w: Floats) -> tuple[Floats, Floats]:
    cohort = group.cohort
    left = np.zeros((cohort.horizon + 1, len(models.exits.causes)))
    for k, cause in enumerate(models.exits.causes):
        left[1:, k] = np.cumsum(w @ (cohort.event == models.histories.causes.index(cause) + 1))
    share = group.known @ w
    return left, ((group.known * group.last) @ w) / np.maximum(share, 1e-12)


def positivity_of(models: Models, group: Group, parameters: Parameters, draws: Draws) -> dict[str, float]:
    """Policy → share of person-months in which it asks for what is hardly ever seen."""
    cohort = group.cohort
    w = np.full(cohort.size, 1 / cohort.size)
    shape = (cohort.horizon, cohort.size)
    natural, found = np.zeros(shape), {}
    simulate(
        models.histories, cohort, parameters, draws, w,
        changed=group.changed, change=None, weighting=None, paces=natural,
    )  # fmt: skip
    for name, change in zip(group.names, group.changes, strict=True):
        paces = np.zeros(shape)
        simulate(
            models.histories, cohort, parameters, draws, w,
            changed=group.changed, change=change, weighting=None, paces=paces,
        )  # fmt: skip
        share = share_unsupported(models.histories, cohort, group.weighting, natural, paces)
        found[name] = share
    return found
