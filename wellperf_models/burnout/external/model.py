"""A model of another study on this one: how well it does as it is, why, and after recalibration."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.external.frame import Applied, apply_model
from wellperf_models.burnout.external.published import PublishedModel
from wellperf_models.burnout.frame import BurnoutFrame, period_of
from wellperf_models.burnout.scoring import Scored
from wellperf_models.errors import ConvergenceError, DesignError, NotAskedError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.auc import clustered_auc
from wellperf_models.inference.calibration import recalibrate
from wellperf_models.inference.expected_auc import expected_auc, told_apart
from wellperf_models.inference.folds import grouped_folds
from wellperf_models.inference.logistic import expit, fit_logistic
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import (
    Score,
    brier,
    clustered_mean,
    clustered_scaled_brier,
    score_of,
)
from wellperf_models.study import Burnout

AS_PUBLISHED, INTERCEPT, BOTH, LAST = (
    "As published",
    "Level mended here",
    "Level and spread mended here",
    "Last score alone, fitted here",
)
_FOLDS = 5
_STREAM = 0xE87


@dataclass(frozen=True, kw_only=True)
class Held:
    """Scores of one set of predictions here.

    Attributes:
        name: As published, recalibrated, or the last score alone.
        risk: Predicted, shape (n,); of recalibrated ones by folds that did not see the row's people.
        auc, brier, scaled_brier: With clustered intervals.
        slope, intercept: Of the logistic recalibration; 1 and 0 are right; None where they do not exist.
        n_parameters: Fitted here.
    """

    name: str
    risk: Floats
    auc: Score
    brier: Score
    scaled_brier: Score
    slope: Score | None
    intercept: Score | None
    n_parameters: int

    def __repr__(self) -> str:
        """What it is; not its values."""
        return f"Held({self.name!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class External:
    """An external validation.

    Attributes:
        model: Of the other study.
        applied: What it met here.
        held: As published; recalibrated, and the last score alone (where there is one), where these can be
            fitted.
        delta: AUC as published less that of the last score alone; None without one.
        expected: AUC the model would have among these people if every risk it predicts were right.
        told_apart: How well its log odds tell these people from those of the other study (.5: not at all).
        mean, spread: Of its log odds here.
        observed, predicted: Share of cases here, and as predicted.
        scored: The answers, by its case rule.
        n_clusters: Independent units.
    """

    model: PublishedModel
    applied: Applied
    held: tuple[Held, ...]
    delta: Score | None
    expected: float
    told_apart: float
    mean: float
    spread: float
    observed: Score
    predicted: float
    scored: Scored
    n_clusters: int

    @property
    def as_published(self) -> Held:
        """The model as it is."""
        return self.held[0]

    def named(self, name: str) -> Held | None:
        """One of the sets of predictions."""
        return next((h for h in self.held if h.name == name), None)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"External({self.model.name!r} of {self.model.study!r}; {self.scored!r})"


def fit_external(frame: BurnoutFrame, model: PublishedModel | Unanswered, section: Burnout) -> External:
    """Applies a published model to every answer of this study; nothing of it is refitted but where said.

    Args:
        frame: Of this study.
        model: From `read_model`.
        section: `[burnout]`; its covariates are matched by name.

    Raises:
        NotAskedError: No model was named.
        DesignError: The model can't be applied here (`apply_model`), or too few people, cases or clusters.
    """
    del section
    if isinstance(model, Unanswered):
        kind = DesignError if model.asked else NotAskedError
        raise kind(model.reason, remedy=model.remedy or None)
    answers = frame.answers
    if answers.n_people < frame.min_people:
        raise DesignError(
            "Too few people have a score to hold a model to.",
            where="surveys",
            expected=f"at least {frame.min_people}",
        )
    applied = apply_model(frame, model)
    case, eta, cluster = applied.case, applied.eta, answers.cluster
    if not case.any() or case.all():
        raise DesignError(
            "By the model's cut-off everybody here is a case, or nobody is.",
            where="parameter model_from",
            expected="cases and others",
        )
    fold = _folds(frame)
    held = [_held(AS_PUBLISHED, eta, case, cluster, 0)]
    for name, slope in ((INTERCEPT, False), (BOTH, True)):
        try:
            mended = _recalibrated(eta, case, fold, slope=slope)
        except (ConvergenceError, DesignError):
            # risks so far off (a wrong unit) that they can't be mended, or folds of one class; as published
            # they say so
            continue
        held.append(_held(name, mended, case, cluster, 1 + slope))
    delta = None
    if answers.last is not None:
        last = answers.last - answers.last.mean()
        # one that separates the cases of a fold, or a fold of one class, has no risks; its order needs no fit
        with suppress(ConvergenceError, DesignError):
            held.append(_held(LAST, _refitted(last, case, fold), case, cluster, 2))
        delta = _delta(eta, last, case, cluster)
    risk = expit(eta)
    return External(
        model=model,
        applied=applied,
        held=tuple(held),
        delta=delta,
        expected=expected_auc(risk),
        told_apart=told_apart(model.mean, model.spread, float(eta.mean()), float(eta.std())),
        mean=float(eta.mean()),
        spread=float(eta.std()),
        observed=clustered_mean(case.astype(float), cluster).within(0.0, 1.0),
        predicted=float(risk.mean()),
        scored=_scored(frame, case),
        n_clusters=int(np.unique(cluster).size),
    )


def _scored(frame: BurnoutFrame, case: NDArray[np.bool_]) -> Scored:
    answers = frame.answers
    return Scored(
        person=answers.person,
        cluster=answers.cluster,
        case=case,
        group=answers.group,
        above=answers.above,
        roster=None if frame.roster is None else frame.roster.during(period_of(frame.waves)),
    )


def _folds(frame: BurnoutFrame) -> Ints:
    folds = min(_FOLDS, int(np.unique(frame.answers.fold_group).size))
    found: Ints = grouped_folds(
        frame.answers.fold_group, folds=max(2, folds), repeats=1, seed=frame.seed + _STREAM
    )[0]
    return found


def _held(name: str, eta: Floats, case: NDArray[np.bool_], cluster: Ints, n_parameters: int) -> Held:
    risk = expit(eta)
    found = clustered_auc(case, eta[:, None], cluster)
    auc = score_of(float(found.auc[0]), float(np.sqrt(found.covariance[0, 0])), found.n_clusters)
    slope = intercept = None
    try:
        again = recalibrate(case, eta, cluster)
        slope = score_of(again.slope, again.slope_std_error, again.n_clusters)
        intercept = score_of(again.intercept, again.intercept_std_error, again.n_clusters)
    except ConvergenceError:
        # predictions that separate the cases, or are the same for all: the scores above say so
        pass
    return Held(
        name=name,
        risk=risk,
        auc=auc.within(0.0, 1.0),
        brier=clustered_mean(brier(case, risk), cluster).within(0.0, 1.0),
        scaled_brier=clustered_scaled_brier(case, risk, cluster),
        slope=slope,
        intercept=intercept,
        n_parameters=n_parameters,
    )


def _recalibrated(eta: Floats, case: NDArray[np.bool_], fold: Ints, *, slope: bool) -> Floats:
    """Log odds mended on other people: the level alone, or level and spread."""
    found = np.empty(eta.size)
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        y, n = case[train].astype(float), np.ones(int(train.sum()))
        if slope:
            fit = fit_logistic(eta[train][:, None], n, y, np.inf)
            found[test] = fit.linear_predictor(eta[test][:, None])
        else:
            # around their mean: the search starts at 0
            centred = eta - eta[train].mean()
            alone = fit_logistic(np.zeros((y.size, 0)), n, y, np.inf, offset=centred[train])
            found[test] = centred[test] + alone.intercept
    return found


def _refitted(last: Floats, case: NDArray[np.bool_], fold: Ints) -> Floats:
    found = np.empty(last.size)
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        fit = fit_logistic(last[train][:, None], np.ones(int(train.sum())), case[train].astype(float), np.inf)
        found[test] = fit.linear_predictor(last[test][:, None])
    return found


def _delta(eta: Floats, last: Floats, case: NDArray[np.bool_], cluster: Ints) -> Score:
    """Of the last score itself: its order needs no fit."""
    found = clustered_auc(case, np.column_stack([eta, last]), cluster)
    contrast = np.array([1.0, -1.0])
    error = float(np.sqrt(max(0.0, contrast @ found.covariance @ contrast)))
    return score_of(float(contrast @ found.auc), error, found.n_clusters)
