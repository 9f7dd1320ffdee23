"""The same model on every rung, scored on the same rows, so that what differs is what is forgiven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame, period_of
from wellperf_models.burnout.ladder.frame import (
    FORWARD,
    RANDOM,
    SITE,
    WITHIN,
    Ladder,
    Rung,
    plan_ladder,
    values_of,
)
from wellperf_models.burnout.ladder.one_person import SamePeople, find_same_people
from wellperf_models.burnout.ladder.overlap import Overlap, find_overlaps
from wellperf_models.burnout.ladder.pairs import Ranked, like_for_like, pairs_differ
from wellperf_models.burnout.ladder.suspects import Suspects, find_suspects
from wellperf_models.burnout.learner import learn_ridge
from wellperf_models.burnout.scoring import Scored
from wellperf_models.burnout.tried import Tried, predictors_of, try_learner
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.scores import Score
from wellperf_models.inference.stratified_auc import StratifiedAuc, stratified_auc
from wellperf_models.study import Burnout

# rows the ridge's strength is chosen with on each of the many splits
_TUNING_ROWS = 2_500


@dataclass(frozen=True, kw_only=True)
class Climbed:
    """A rung with its score.

    Attributes:
        ranking: AUC of pairs within what one fitted model scored.
        auc: It with its interval.
        scored: Whose answers were scored.
        covariates: Predictors, without the last score.
        n_parameters: Free ones, the largest number over the splits.
        n_train_cases: Cases or others, whichever are fewer, among the training rows (mean over splits).
        n_on_both_sides: People with rows that train and rows that are scored, of any split.
        n_failed: Splits whose fit did not converge.
        ranked: What each fitted model said.
    """

    ranking: StratifiedAuc
    auc: Score
    scored: Scored
    covariates: tuple[str, ...]
    n_parameters: int
    n_train_cases: float
    n_on_both_sides: int
    n_failed: int
    ranked: tuple[Ranked, ...]

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Climbed({self.scored!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class LadderResult:
    """Every rung.

    Attributes:
        ladder: The rungs as planned.
        climbed: Rung → its score, or why there is none.
        less: Rung → its AUC less that of the honest one, paired; of those climbed beside it.
        overlaps: One for each predictor: what it shares with the outcome.
        without: Rung → the same without the predictors that overlap; of rungs that use any.
        suspects: Predictors that know more of the outcome than anything known before does.
        same_people: Ids whose rows are those of another id.
    """

    ladder: Ladder
    climbed: dict[str, Climbed | Unanswered]
    less: dict[str, Score]
    overlaps: tuple[Overlap, ...]
    without: dict[str, Climbed | Unanswered]
    suspects: Suspects
    same_people: SamePeople

    @property
    def honest(self) -> Climbed | None:
        """The rung that forgives least of what could be climbed, sites apart."""
        found = self.climbed[self.ladder.honest]
        return found if isinstance(found, Climbed) else None

    @property
    def top(self) -> str | None:
        """The most forgiving rung that could be climbed."""
        return next((name for name, found in self.climbed.items() if isinstance(found, Climbed)), None)

    def __repr__(self) -> str:
        """Shapes only."""
        done = [name for name, found in self.climbed.items() if isinstance(found, Climbed)]
        return f"LadderResult({', '.join(done) or 'no rung'}; not released)"


def climb_ladder(frame: BurnoutFrame, section: Burnout) -> LadderResult:
    """Scores the same model on every rung the data can climb.

    The model is the ridge logistic on the last score, where there is one, and on the set of
    `burnout.candidates.predictors` (else the first). Levels, means, cut-off and strength are learnt from the
    training rows of each split; where there is a split in time, who is a case is what its training rows say,
    on every rung. All rungs are scored on the rows of the honest one.

    Args:
        frame: The burnout frame.
        section: `[burnout]`.

    Raises:
        DesignError: Too few people, or no rung can be climbed.
    """
    ladder = plan_ladder(frame, section)
    climbed: dict[str, Climbed | Unanswered] = {}
    for previous, rung in zip((None, *ladder.rungs), ladder.rungs, strict=False):
        if rung.name in ladder.same and previous is not None:
            climbed[rung.name] = climbed[previous.name]
        else:
            climbed[rung.name] = attempt(_climb, ladder, rung, predictors_on(ladder, rung))
    why = climbed[ladder.honest]
    if isinstance(why, Unanswered) and not any(isinstance(c, Climbed) for c in climbed.values()):
        raise DesignError(why.reason.rstrip("."), remedy=why.remedy or None)
    overlaps = find_overlaps(ladder)
    return LadderResult(
        ladder=ladder,
        climbed=climbed,
        less=_less(ladder, climbed),
        overlaps=overlaps,
        without=_without(ladder, climbed, overlaps),
        suspects=find_suspects(ladder),
        same_people=find_same_people(frame),
    )


def predictors_on(ladder: Ladder, rung: Rung) -> tuple[str, ...]:
    """Covariates of a rung, without the last score."""
    return (*ladder.predictors, *ladder.late) if rung.late else ladder.predictors


def _less(ladder: Ladder, climbed: dict[str, Climbed | Unanswered]) -> dict[str, Score]:
    others = [name for name in climbed if name != ladder.honest]
    found = {name: difference(ladder, climbed, name, ladder.honest) for name in others}
    return {name: score for name, score in found.items() if score is not None}


def difference(
    ladder: Ladder, climbed: Mapping[str, Climbed | Unanswered], above: str, below: str
) -> Score | None:
    """The AUC of one rung less that of another, in pairs that both compare; None where there is none.

    Args:
        ladder: From `plan_ladder`.
        climbed: Rung → its score.
        above, below: Names of the rungs.
    """
    one, other = climbed[above], climbed[below]
    if not isinstance(one, Climbed) or not isinstance(other, Climbed):
        return None
    if one is other or not pairs_differ(ladder, above, below):
        return one.ranking.minus(other.ranking)
    answers = ladder.frame.answers
    score = attempt(like_for_like, one.ranked, other.ranked, answers.cluster, int(answers.cluster.max()) + 1)
    return None if isinstance(score, Unanswered) else score


def _without(
    ladder: Ladder, climbed: dict[str, Climbed | Unanswered], overlaps: Sequence[Overlap]
) -> dict[str, Climbed | Unanswered]:
    """The most forgiving rung and the honest one without the predictors that overlap with the outcome."""
    shared = {o.covariate for o in overlaps if o.overlaps}
    first = next(name for name, found in climbed.items() if isinstance(found, Climbed))
    found = {}
    for rung in ladder.rungs:
        own = predictors_on(ladder, rung)
        if rung.name not in (first, ladder.honest) or not shared & {*own}:
            continue
        rest = tuple(c for c in own if c not in shared)
        if rung.name == WITHIN and rest == ladder.predictors:
            # nothing late is left: the rung of random rows
            found[rung.name] = climbed[RANDOM]
        elif isinstance(climbed[rung.name], Climbed):
            found[rung.name] = attempt(_climb, ladder, rung, rest)
    return found


def _climb(ladder: Ladder, rung: Rung, covariates: tuple[str, ...]) -> Climbed:
    """Fits and scores one rung.

    Raises:
        DesignError: It can't be climbed, or the outcome is among its predictors.
        ConvergenceError: Too many fits failed.
    """
    if isinstance(rung.splits, Unanswered):
        raise DesignError(rung.splits.reason.rstrip("."))
    tried = _try(ladder, rung, covariates)
    frame, answers = ladder.frame, ladder.frame.answers
    scored = np.zeros(answers.person.size, bool)
    wanted = np.isin(np.arange(answers.person.size), ladder.rows)
    ranked, both = [], set()
    for split, eta in zip(rung.splits, tried.etas, strict=True):
        if eta is None:
            continue
        own = wanted[split.test]
        rows = split.test[own]
        scored[rows] = True
        ranked.append(Ranked(rows=rows, case=split.case[rows], eta=eta[own], repeat=split.repeat))
        both |= set(np.intersect1d(answers.person[split.train], answers.person[rows]).tolist())
    parts = [r.part(answers.cluster) for r in ranked]
    ranking = stratified_auc(parts, int(answers.cluster.max()) + 1)
    done = tried.done
    smaller = [min(int(s.case[s.train].sum()), int((~s.case[s.train]).sum())) for s in rung.splits]
    return Climbed(
        ranking=ranking,
        auc=ranking.score,
        scored=_scored(frame, np.flatnonzero(scored), rung),
        covariates=covariates,
        n_parameters=max(f.encoding.n_parameters for f in done),
        n_train_cases=float(np.mean(smaller)),
        n_on_both_sides=len(both),
        n_failed=tried.n_failed,
        ranked=tuple(ranked),
    )


def _try(ladder: Ladder, rung: Rung, covariates: tuple[str, ...]) -> Tried:
    frame = ladder.frame
    own = values_of(ladder, covariates)
    last = predictors_of(frame, ())
    if not own.width and not last.width:
        raise DesignError(
            "Every predictor is asked in the questionnaire of the outcome, and none is before it"
        )
    name = ladder.model if own.width else LAST_SCORE
    assert not isinstance(rung.splits, Unanswered)
    learner = partial(learn_ridge, most_rows=_TUNING_ROWS)
    data = (
        pl.concat([last, own], how="horizontal")
        if last.width and own.width
        else (last if last.width else own)
    )
    if rung.name not in (FORWARD, SITE):
        # folds of all waves: a copy of the outcome is seen among the training rows
        frame = replace(frame, time_split=False)
    return try_learner(frame, rung.splits, name, data, learner)


def _scored(frame: BurnoutFrame, rows: np.ndarray, rung: Rung) -> Scored:
    """Who was scored; a case by the cut-off of the first split."""
    answers = frame.answers
    assert not isinstance(rung.splits, Unanswered)
    waves = [frame.waves[i] for i in np.unique(answers.wave[rows])] if frame.time_split else frame.waves
    return Scored(
        person=answers.person[rows],
        cluster=answers.cluster[rows],
        case=rung.splits[0].case[rows],
        group=None if answers.group is None else answers.group[rows],
        above=tuple(level[rows] for level in answers.above),
        roster=None if frame.roster is None else frame.roster.during(period_of(waves)),
    )
