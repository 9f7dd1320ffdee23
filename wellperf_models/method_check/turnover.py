"""The turnover pillar's own pipeline on simulated organisations of the study's shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Estimate, Evidence, Support, Unanswered, attempt
from wellperf_models.method_check.asked import asked
from wellperf_models.method_check.detectable import detectable_ratio
from wellperf_models.method_check.exits import World, plant, simulate, target_of
from wellperf_models.method_check.recovered import Recovered, Share, Target, recover
from wellperf_models.method_check.result import Claims, MethodCheckResult
from wellperf_models.method_check.shape import Shape, shape_of
from wellperf_models.method_check.trial import NOWHERE, Trial
from wellperf_models.method_check.words import words_of_exits
from wellperf_models.panel import members_of
from wellperf_models.study import Study, Turnover
from wellperf_models.turnover import TurnoverFrame, describe, explain, fit_cox, fit_description
from wellperf_models.turnover.findings_description import month_name
from wellperf_models.turnover.findings_shown import withheld_causes
from wellperf_models.turnover.findings_tables import support_of

_SEED: Final = 82
_CLAIMED: Final = re.compile(r"\{(hazard_ratio_\w+)\.estimate\}")

Pipeline = Callable[[TurnoverFrame, Turnover], Evidence]


def describe_world(frame: TurnoverFrame, section: Turnover) -> Evidence:
    """What the page says about staying: the pillar's own functions, from fit to finding."""
    return describe(frame, fit_description(frame, section), (), provenance=NOWHERE)


def explain_world(frame: TurnoverFrame, section: Turnover) -> Evidence:
    """What the page says about leaving; its answer names the associations it calls clear."""
    no_hazard = Unanswered(reason="Not asked of a simulated organisation.")
    return explain(frame, fit_cox(frame, section), no_hazard, (), provenance=NOWHERE)


def try_turnover(
    frame: TurnoverFrame | Unanswered,
    study: Study,
    *,
    dependence: float | None = None,
    describing: Pipeline = describe_world,
    explaining: Pipeline = explain_world,
) -> MethodCheckResult:
    """Runs the pipeline on `[method_check] worlds` organisations with a planted effect, and as many without.

    The effect acts on the modelled cause through the first covariate: through its standard deviation or, of a
    category, the level that most rows have beside the one it is compared with. Other covariates do nothing.

    Args:
        frame: The turnover frame of the study, or why there is none.
        study: Gives `[turnover]`, `[method_check]`, the day and the seed.
        dependence: Variance of the frailty that a cluster shares; None: as it is in the study.
        describing, explaining: The pipeline; a test breaks it on purpose.

    Raises:
        NotAskedError: The study has no table of spells.
        DesignError: There is nothing that could be tried.
        ConvergenceError: More than half of the fits failed.
    """
    frame = asked(frame)
    section, effect = study.turnover, study.method_check.effect
    shape = shape_of(frame, study)
    if dependence is not None:
        shape = replace(shape, dependence=dependence)
    column = _planted(shape)
    curves, horizon = _curve_targets(frame, section)
    effects = _effect_targets(frame, column)
    if not curves and not effects:
        raise DesignError("Nothing is estimated that could be tried.", where="method_check")
    trial = Trial(seed=(frame.seed, _SEED), n_worlds=study.method_check.worlds)
    world, none = plant(shape, column, effect), plant(shape, None)
    runs = [
        _Run(frame=frame, section=section, world=w, pipeline=p)
        for w, p in ((world, describing), (world, explaining), (none, explaining))
    ]
    staying = trial.run("staying", 0, runs[0].one) if curves else []
    leaving = trial.run("leaving", 1, runs[1].one) if effects else []
    nothing = trial.run("nothing there", 2, runs[2].one) if effects else []
    trial.refuse_if_failing()
    recovered = [
        *_recover_curves(curves, staying, world, horizon),
        *_recover_effects(effects, leaving, nothing, effect),
    ]
    person, left = frame.spells.person, frame.spells.event > 0
    claims = _claims(effects, leaving, nothing, effect) if effects else None
    named = "" if claims is None else claims.planted
    return MethodCheckResult(
        pillar="turnover",
        n_worlds=trial.n_worlds,
        recovered=tuple(recovered),
        claims=claims,
        no_claims="" if effects else _why_no_effects(frame),
        n_failed=dict(trial.failed),
        n_tried=trial.n_tried,
        part=shape.n_people / shape.n_of,
        members=members_of(frame.roster, person, person[left]),
        words=words_of_exits(named, effect, 0 if claims is None else claims.n_looked_at),
    )


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What the pipeline said about one world: from which tenure, its estimates, and what it calls clear."""

    start: float
    estimates: Mapping[str, Estimate]
    claimed: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A pipeline on one organisation after the other."""

    frame: TurnoverFrame
    section: Turnover
    world: World
    pipeline: Pipeline

    def one(self, rng: np.random.Generator) -> _Told:
        found = self.pipeline(simulate(self.world, self.frame, rng), self.section)
        return _Told(
            start=next((c.x[0] for c in found.curves if c.name == "survival"), 0.0),
            estimates={e.name: e for e in found.estimates},
            claimed=frozenset(_CLAIMED.findall(found.answer)),
        )


def _planted(shape: Shape) -> int | None:
    """Column of the first covariate whose values differ most."""
    if shape.rows is None or not shape.seen.size:
        return None
    design = shape.rows.design
    own = next(iter(design.blocks.values()))
    return int(own[int(np.argmax(design.X[:, own].var(axis=0)))])


def _curve_targets(frame: TurnoverFrame, section: Turnover) -> tuple[list[Target], float]:
    """Staying, and leaving for the modelled cause, by the last horizon that the study itself can answer."""
    description = attempt(fit_description, frame, section)
    if isinstance(description, Unanswered) or not description.horizons:
        return [], 0.0
    horizon = description.horizons[-1]
    people, gone = description.people_behind[horizon]
    spells, cause = frame.spells, frame.causes[0]
    left = (spells.event == 1) & (spells.duration > description.start) & (spells.duration <= horizon)
    months, words = f"{month_name(horizon)}_months", f"{horizon:g} months"
    supports = (support_of(frame, people, gone), support_of(frame, people, np.unique(spells.person[left])))
    labels = (f"still employed after {words}", f"left ({cause.replace('_', ' ')}) within {words}")
    shown = any(c.members == (1,) for c in description.shown)
    # its truth is what the data have: no cause is told here that the description itself keeps back
    told = 2 if shown and cause not in withheld_causes(frame, description, horizon) else 1
    return [
        Target(name=name, label=label, scale="identity", planted=False, effect=False, support=support)
        for name, label, support in zip(
            (f"survival_{months}", f"{cause}_exits_{months}"), labels, supports, strict=True
        )
    ][:told], horizon


def _effect_targets(frame: TurnoverFrame, planted: int | None) -> list[Target]:
    rows = frame.rows
    if rows is None or planted is None:
        return []
    columns = rows.design.columns
    left = np.unique(rows.person[rows.event == 1])
    smallest = [c.n_people for c in columns if c.two_sided]
    members = members_of(frame.roster, rows.person, left)
    return [
        Target(
            name=f"hazard_ratio_{column.name}",
            label=column.label,
            scale="log",
            planted=number == planted,
            effect=True,
            support=Support(
                n_people=int(np.unique(rows.person).size),
                n_events=column.n_events,
                n_non_events=column.n_non_events,
                residual_df=left.size - len(columns),
                n_parameters=len(columns),
                smallest_level=min(smallest) if smallest else None,
                n_clusters=None if rows.cluster is None else int(np.unique(rows.cluster).size),
                members=members,
            ),
        )
        for number, column in enumerate(columns)
    ]


def _recover_curves(
    targets: Sequence[Target], told: Sequence[_Told], world: World, horizon: float
) -> list[Recovered]:
    made = []
    curve = target_of(world, horizon) if targets else None
    for number, target in enumerate(targets):
        assert curve is not None
        with_it = [t for t in told if target.name in t.estimates]
        truth = {start: curve.at(start, horizon) for start in {t.start for t in with_it}}
        truths = [truth[t.start][0] if number == 0 else float(truth[t.start][1][0]) for t in with_it]
        if len(with_it) > 1:
            made.append(recover(target, truths, [t.estimates[target.name] for t in with_it]))
    return made


def _recover_effects(
    targets: Sequence[Target], leaving: Sequence[_Told], nothing: Sequence[_Told], effect: float
) -> list[Recovered]:
    made = []
    for target in targets:
        found = [t.estimates[target.name] for t in leaving if target.name in t.estimates]
        null = [t.estimates[target.name] for t in nothing if target.name in t.estimates]
        truth = effect if target.planted else 1.0
        if len(found) > 1 and len(null) > 1:
            made.append(recover(target, [truth] * len(found), found, detectable_ratio(null, len(targets))))
    return made


def _claims(
    targets: Sequence[Target], leaving: Sequence[_Told], nothing: Sequence[_Told], effect: float
) -> Claims | None:
    planted = next(t for t in targets if t.planted)
    if not leaving or not nothing:
        return None
    return Claims(
        planted=planted.label,
        effect=effect,
        found=Share(count=sum(planted.name in t.claimed for t in leaving), n=len(leaving)),
        false_alarms=Share(count=sum(bool(t.claimed) for t in nothing), n=len(nothing)),
        n_looked_at=len(targets),
    )


def _why_no_effects(frame: TurnoverFrame) -> str:
    if frame.no_rows is not None:
        return frame.no_rows.reason
    return "The study names no covariates."
