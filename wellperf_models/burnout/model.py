"""How well cases are foretold: by the last score alone, and by each declared set of predictors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame, period_of
from wellperf_models.burnout.learner import learn_logistic, learn_ridge
from wellperf_models.burnout.scoring import Scored, Scores, score_folds, score_rows
from wellperf_models.burnout.split import Split, cases_of, make_splits
from wellperf_models.burnout.tried import Etas, Tried, predictors_of, try_learner
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.logistic import expit
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study import Burnout


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """One model, fitted and scored.

    Attributes:
        name: As declared, or "last_score".
        covariates: Used as predictors, without the last score; those in `unused` never had a column.
        unused: Covariates of which no training rows have two values.
        scores: AUC, Brier and calibration of rows the model has not seen.
        n_parameters: Free ones, the largest number over the folds.
        n_train_cases: Cases or others, whichever are fewer, among the training rows (mean over folds).
        strength: The ridge's C, the middle one over folds; inf without a ridge.
        n_failed: Folds whose fit did not converge; left out of the means.
        risk: Predicted risk of each scored row of `Forecasts.scored` (mean over repeats), shape (n,).
        tried: What was learnt on each split of `Forecasts.splits`.
    """

    name: str
    covariates: tuple[str, ...]
    unused: tuple[str, ...]
    scores: Scores
    n_parameters: int
    n_train_cases: float
    strength: float
    n_failed: int
    risk: Floats
    tried: Tried

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return f"Forecast({self.name!r}: {self.n_parameters} parameters; not released)"


@dataclass(frozen=True, kw_only=True)
class Forecasts:
    """Every model on the same rows.

    Attributes:
        last_score: The model to beat; None where nothing is before.
        models: Declared model → its forecast, or why there is none.
        reference: Name of the model the others are compared with; "" where there is none.
        splits: Rows that train and rows that are scored; one where time splits.
        scored: The scored rows.
        train_waves, scored_waves: Names, where time splits; else ().
        n_splits: Refits of each model.
        n_split_people: People with answers both in the training rows and among the scored ones of a fold.
    """

    last_score: Forecast | None
    models: dict[str, Forecast | Unanswered]
    reference: str
    splits: tuple[Split, ...]
    scored: Scored
    train_waves: tuple[str, ...]
    scored_waves: tuple[str, ...]
    n_splits: int
    n_split_people: int

    @property
    def answered(self) -> dict[str, Forecast]:
        """The declared models that could be fitted and scored."""
        return {name: f for name, f in self.models.items() if isinstance(f, Forecast)}

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Forecasts({', '.join(self.answered) or 'none'}; {self.scored!r})"


def fit_forecasts(frame: BurnoutFrame, section: Burnout) -> Forecasts:
    """Fits and scores the last score alone and every declared set of predictors.

    Forward in time: trained on older waves, scored on the newest ones. Otherwise repeated grouped folds. The
    cut-off of `case_share`, encodings, and the ridge's strength come from the training rows alone. A set that
    these data can't support is an `Unanswered`; the others go on.

    Args:
        frame: The burnout frame.
        section: `[burnout]`.

    Raises:
        DesignError: Too few people, one class, fewer groups than folds, or a last score that is the outcome.
        ConvergenceError: The last score alone can't be fitted in more than one fold of ten.
    """
    answers = frame.answers
    if answers.n_people < frame.min_people:
        raise DesignError(
            "Too few people have a score to model.", where="surveys", expected=f"at least {frame.min_people}"
        )
    splits = make_splits(frame)
    reference = _fit_one(frame, splits, LAST_SCORE, (), None) if answers.last is not None else None
    base = None if reference is None else reference[1]
    models: dict[str, Forecast | Unanswered] = {}
    first = LAST_SCORE if reference is not None else ""
    for name in section.models:
        fitted = attempt(_fit_one, frame, splits, name, frame.sets[name], base)
        if isinstance(fitted, Unanswered):
            models[name] = fitted
            continue
        models[name], own = fitted
        if not first:
            # across people the sets are compared with the one declared first
            first, base = name, own
    waves = np.array(frame.waves)
    return Forecasts(
        last_score=None if reference is None else reference[0],
        models=models,
        reference=first,
        splits=splits,
        scored=_scored(frame, splits),
        train_waves=_wave_names(waves, answers.wave[splits[0].train]) if frame.time_split else (),
        scored_waves=_wave_names(waves, answers.wave[splits[0].test]) if frame.time_split else (),
        n_splits=len(splits),
        n_split_people=0 if frame.time_split else _split_people(answers.person, splits),
    )


def _fit_one(
    frame: BurnoutFrame, splits: tuple[Split, ...], name: str, covariates: tuple[str, ...], base: Etas | None
) -> tuple[Forecast, Etas]:
    """One model over all splits, and its log odds of the scored rows of each (None where it failed)."""
    refuse_during(frame, name)
    ridge = partial(learn_ridge, most_rows=frame.section.candidates.most_rows)
    learner = learn_logistic if name == LAST_SCORE else ridge
    tried = try_learner(frame, splits, name, predictors_of(frame, covariates), learner)
    return forecast_of(frame, splits, tried, covariates, base), tried.etas


def forecast_of(
    frame: BurnoutFrame,
    splits: tuple[Split, ...],
    tried: Tried,
    covariates: tuple[str, ...],
    base: Etas | None,
) -> Forecast:
    """Scores what a learner said of rows it has not seen.

    Args:
        frame: The burnout frame.
        splits: Those it was tried on.
        tried: From `try_learner`.
        covariates: What it was given, beside the last score.
        base: Log odds of the model it is compared with; None: of none.
    """
    score = score_rows if frame.time_split else score_folds
    done = tried.done
    return Forecast(
        name=tried.name,
        covariates=covariates,
        unused=tuple(c for c in covariates if c in tried.unused),
        scores=score(frame, splits, tried.etas, base),
        n_parameters=max(f.encoding.n_parameters for f in done),
        n_train_cases=float(np.mean([_smaller(s.case[s.train]) for s in splits])),
        strength=float(np.sort([f.learned.strength for f in done])[len(done) // 2]),
        n_failed=tried.n_failed,
        risk=_mean_risk(frame, splits, tried.etas),
        tried=tried,
    )


def refuse_during(frame: BurnoutFrame, name: str) -> None:
    """Where waves follow each other, no set of predictors may use the wave that is foretold.

    Raises:
        DesignError: It does.
    """
    during = frame.during.get(name, ())
    if frame.design == "forward" and during:
        raise DesignError(
            "A predictor is taken from the wave it would have to foretell.",
            where=f"burnout.models.{name}: {', '.join(during)}",
            expected='timing = "before"',
            got='timing = "during"',
            remedy="declare it as measured before, so that the wave before is used, or leave it out",
        )


def _smaller(case: NDArray[np.bool_]) -> int:
    return min(int(case.sum()), int((~case).sum()))


def _mean_risk(frame: BurnoutFrame, splits: tuple[Split, ...], etas: Etas) -> Floats:
    """Predicted risk of every scored row, averaged over the repeats in which its fold was fitted."""
    total, times = np.zeros(frame.answers.person.size), np.zeros(frame.answers.person.size)
    for split, eta in zip(splits, etas, strict=True):
        if eta is not None:
            total[split.test] += expit(eta)
            times[split.test] += 1
    rows = scored_rows(splits)
    with np.errstate(invalid="ignore"):
        return total[rows] / times[rows]


def scored_rows(splits: tuple[Split, ...]) -> Ints:
    """Rows of the frame that any split scores, in their order: the rows of `Forecasts.scored`."""
    return np.unique(np.concatenate([s.test for s in splits]))


def _scored(frame: BurnoutFrame, splits: tuple[Split, ...]) -> Scored:
    """The rows the tables are about; with folds, cases by the cut-off in all rows."""
    rows, answers = scored_rows(splits), frame.answers
    case = splits[0].case if frame.time_split else cases_of(frame, np.arange(answers.person.size))
    # folds score every wave
    waves = _wave_names(np.array(frame.waves), answers.wave[rows]) if frame.time_split else frame.waves
    return Scored(
        person=answers.person[rows],
        cluster=answers.cluster[rows],
        case=case[rows],
        group=None if answers.group is None else answers.group[rows],
        above=tuple(level[rows] for level in answers.above),
        roster=None if frame.roster is None else frame.roster.during(period_of(waves)),
    )


def _wave_names(names: NDArray[np.str_], waves: Ints) -> tuple[str, ...]:
    return tuple(str(names[i]) for i in np.unique(waves))


def _split_people(person: Ints, splits: tuple[Split, ...]) -> int:
    """People with answers on both sides of a split."""
    both: set[int] = set()
    for split in splits:
        both |= set(np.intersect1d(person[split.train], person[split.test]).tolist())
    return len(both)
