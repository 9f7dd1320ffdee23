"""Every policy of a study, answered from one set of models: fits, simulations, refits by cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import ConvergenceError, NotAskedError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study import Turnover
from wellperf_models.study.turnover_questions import Policy
from wellperf_models.turnover.policy.frame import build_histories
from wellperf_models.turnover.policy.frame_memory import Dated
from wellperf_models.turnover.policy.model_course import fit_courses
from wellperf_models.turnover.policy.model_effects import Curve, Effect, curve_of, effects_of, mean_arm
from wellperf_models.turnover.policy.model_exits import fit_exits
from wellperf_models.turnover.policy.model_groups import (
    Group,
    Models,
    Replicate,
    live,
    make_groups,
    parameters_of,
    positivity_of,
)
from wellperf_models.turnover.policy.model_simulation import Arm, Draws
from wellperf_models.turnover.policy.model_weighting import Weighting
from wellperf_models.turnover.rows import TurnoverFrame

N_REFITS = 120
# simulations behind the estimate itself; refits share the numbers of the first
_N_SIMULATIONS = 4


@dataclass(frozen=True, kw_only=True)
class PolicyResult:
    """What one policy would change.

    Attributes:
        name, policy: As in the study.
        dated: The covariate it changes.
        effects: By name, see `model_effects.NAMES`.
        natural, under: Averages as things are and under the policy, over the same simulations as `effects`.
        curves: By "stay_natural", "stay_under", "left_natural", "left_under" (first cause), per 100 people.
        observed: What the data hold of the same cohort: left by cause, shape (horizon + 1, causes).
        observed_course: Means of the covariates as in `Arm`.
        course_error: Standard errors of simulated minus observed means in the last month, shape
            (covariates,).
        unsupported: Share of person-months in which it asks for what is hardly ever seen.
        weighting: The second estimator.
        landmarks: Months of the study. n_pairs: People at landmarks, a person counted at each.
        person, leavers: Codes of everyone in the cohort, and of those who left for the first cause in time.
        other_leavers: Of those who left for any other cause in time.
    """

    name: str
    policy: Policy
    dated: Dated
    effects: dict[str, Effect]
    natural: Arm
    under: Arm
    curves: dict[str, Curve]
    observed: Floats
    observed_course: Floats
    course_error: Floats
    unsupported: float
    weighting: Weighting
    landmarks: tuple[int, ...]
    n_pairs: int
    person: Ints
    leavers: Ints
    other_leavers: Ints

    def __repr__(self) -> str:
        """Name only."""
        return f"PolicyResult({self.name!r})"


@dataclass(frozen=True, kw_only=True)
class PolicyFit:
    """Answers to every policy of a study.

    Attributes:
        results: In the order of the study.
        dated: The covariates simulated.
        causes: Exit reasons with exits; the first is the one asked about.
        n_clusters, clustered_by: What intervals rest on.
        n_refits, n_failed: Refits behind them, and those that gave no number and were left out.
        late: Some value was measured in or after the month it is used for.
        carried: Categories that change, but are carried as they were at the landmark.
        n_parameters: Of the hazard of the first cause.
        n_events: Exits of the first cause among the person-months.
        n_rows: Person-months.
        people, leavers: Codes of everyone the models rest on, and of those who left for the first cause.
    """

    results: tuple[PolicyResult, ...]
    dated: tuple[Dated, ...]
    causes: tuple[str, ...]
    n_clusters: int
    clustered_by: str
    n_refits: int
    n_failed: int
    late: bool
    carried: tuple[str, ...]
    n_parameters: int
    n_events: int
    n_rows: int
    people: Ints
    leavers: Ints

    def __repr__(self) -> str:
        """Shapes only."""
        return f"PolicyFit({len(self.results)} policies, {self.n_rows} person-months, {self.n_refits} refits)"


def fit_policies(frame: TurnoverFrame, section: Turnover, *, n_refits: int = N_REFITS) -> PolicyFit:
    """Fits the models once and simulates every policy of the study.

    Args:
        frame: The turnover frame.
        section: `[turnover]`.
        n_refits: Refits with clusters weighted at random (exponential weights: Praestgaard & Wellner 1993,
            Annals of Probability 21:2053).

    Raises:
        NotAskedError: No policy is asked about.
        DesignError: No dates, nothing measured over time, or too short an extract.
        ConvergenceError: A model did not settle.
    """
    if not section.policies:
        raise NotAskedError("No policy is asked about.", remedy="add [turnover.policies.NAME] to ask")
    histories = build_histories(frame, section.strata)
    models = Models(histories=histories, courses=fit_courses(histories), exits=fit_exits(histories))
    groups = make_groups(models, section)
    found: dict[str, PolicyResult] = {}
    refits = _refits(models, groups, frame.seed, n_refits)
    # by group: what one policy's refits come to is no matter of another's
    sound = [[r[number] for r in refits if r[number].is_finite] for number in range(len(groups))]
    least = min(len(s) for s in sound)
    if least < max(2, n_refits // 2):
        raise ConvergenceError(
            "Most refits of the policy models gave no number.", where="turnover.policies", got=f"{least}"
        )
    for number, group in enumerate(groups):
        draws = [_draws(models, group, frame.seed, i) for i in range(_N_SIMULATIONS)]
        own = parameters_of(models, groups, None)
        ones = np.ones(histories.n_clusters)
        point = [live(models, group, own, d, ones) for d in draws]
        supported = positivity_of(models, group, own, draws[0])
        for place, name in enumerate(group.names):
            found[name] = _result(
                models, group, section.policies[name], name, place, point, sound[number], supported
            )
    event = histories.event == 1
    return PolicyFit(
        results=tuple(found[name] for name in section.policies),
        dated=histories.dated,
        causes=models.exits.causes,
        n_clusters=histories.n_clusters,
        clustered_by=(section.cluster or "person").replace("_", " "),
        n_refits=n_refits,
        n_failed=n_refits - least,
        late=histories.late,
        carried=tuple(name.replace("_", " ") for name in histories.static.moving),
        n_parameters=models.exits.fits[0].theta.size,
        n_events=models.exits.fits[0].n_events,
        n_rows=models.exits.n_rows,
        people=np.unique(histories.person),
        leavers=np.unique(histories.person[event.any(axis=1)]),
    )


def _draws(models: Models, group: Group, seed: int, number: int) -> Draws:
    return Draws.make(seed, number, len(models.histories.dated), group.cohort)


def _refits(models: Models, groups: Sequence[Group], seed: int, n_refits: int) -> list[list[Replicate]]:
    """Every group under every refit; clusters are weighted at random, the simulation's draws stay."""
    from tqdm import tqdm

    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(5_302,)))
    weights = rng.standard_exponential((n_refits, models.histories.n_clusters))
    draws = [_draws(models, group, seed, 0) for group in groups]
    found = []
    # disable=None: silent where the output is not a terminal
    for w in tqdm(weights / weights.mean(axis=1, keepdims=True), desc="policies", unit="refit", disable=None):
        own = parameters_of(models, groups, w)
        found.append([live(models, g, own, d, w) for g, d in zip(groups, draws, strict=True)])
    return found


def _result(
    models: Models,
    group: Group,
    policy: Policy,
    name: str,
    place: int,
    point: Sequence[Replicate],
    refits: Sequence[Replicate],
    supported: Mapping[str, float],
) -> PolicyResult:
    cohort = group.cohort
    left = ((cohort.event == 1) & cohort.observed).any(axis=1)
    left_otherwise = ((cohort.event > 1) & cohort.observed).any(axis=1)
    df = models.histories.n_clusters - 1
    gap = [r.natural.course[-1] - r.observed[1][-1] for r in refits]
    return PolicyResult(
        name=name,
        policy=policy,
        dated=models.histories.dated[group.changed],
        effects=effects_of(
            point, refits, place=place, changed=group.changed, horizon=policy.horizon_months, df=df
        ),
        natural=mean_arm([r.natural for r in point]),
        under=mean_arm([r.under[place] for r in point]),
        curves=_curves(point, refits, place, df),
        observed=point[0].observed[0],
        observed_course=point[0].observed[1],
        course_error=np.std(gap, axis=0, ddof=1),
        unsupported=supported[name],
        weighting=group.weighting,
        landmarks=cohort.landmarks,
        n_pairs=cohort.size,
        person=np.unique(cohort.person),
        leavers=np.unique(cohort.person[left]),
        other_leavers=np.unique(cohort.person[left_otherwise]),
    )


def _curves(point: Sequence[Replicate], refits: Sequence[Replicate], place: int, df: int) -> dict[str, Curve]:
    def both(of: Callable[[Replicate], Floats]) -> Curve:
        return curve_of([of(r) for r in point], [of(r) for r in refits], df)

    return {
        "stay_natural": both(lambda r: r.natural.stay),
        "stay_under": both(lambda r: r.under[place].stay),
        "left_natural": both(lambda r: r.natural.left[:, 0]),
        "left_under": both(lambda r: r.under[place].left[:, 0]),
    }
