"""Models of other kinds on the same splits, rows and predictors, each against the last score alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import get_args

import numpy as np
import polars as pl

from wellperf_models.burnout.candidates.boosting import learn_boosting
from wellperf_models.burnout.candidates.forest import learn_forest
from wellperf_models.burnout.candidates.gain import (
    Gain,
    auc_difference,
    choose,
    correct,
    net_benefit_difference,
    p_value,
)
from wellperf_models.burnout.candidates.network import learn_network
from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.learner import Learner, learn_ridge
from wellperf_models.burnout.model import Forecast, Forecasts, forecast_of, refuse_during
from wellperf_models.burnout.split import Split
from wellperf_models.burnout.tried import Etas, Tried, predictors_of, try_learner, try_learners
from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.scores import Score
from wellperf_models.study import Burnout
from wellperf_models.study.burnout_questions import LearnerName

# of the model that says the same of everybody, where there is no last score to compare with
BASE_RATE = "base_rate"
BACKGROUND = "background"
SIMPLEST_FIRST: tuple[LearnerName, ...] = get_args(LearnerName)


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Every kind of model on the same splits.

    Attributes:
        predictors: Name of the set of predictors they were given.
        reference: What they are compared with: "last_score", or "base_rate" where nothing is before.
        models: Learner → its forecast, or why there is none; the simplest first.
        gains: Learner → what it gains over the reference; of those that could be fitted.
        behind: Learner → by how much its AUC is behind that of the best.
        best: The learner with the highest AUC.
        recommended: The simplest within one standard error of the best; the reference where none beats it.
        background: What background covariates alone foretell, without the last score; None: not asked.
        background_names: Those covariates.
        sampled: Whether settings were chosen (and the forest grown) on some of the training rows.
        forecasts: The last score alone, and what all were scored on.
    """

    predictors: str
    reference: str
    models: dict[str, Forecast | Unanswered]
    gains: dict[str, Gain]
    behind: dict[str, Score]
    best: str
    recommended: str
    background: Forecast | Unanswered | None
    background_names: tuple[str, ...]
    sampled: bool
    forecasts: Forecasts

    @property
    def answered(self) -> dict[str, Forecast]:
        """Learners that could be fitted and scored."""
        return {name: f for name, f in self.models.items() if isinstance(f, Forecast)}

    @property
    def winners(self) -> tuple[str, ...]:
        """Learners that beat the reference, Holm's correction over all tried included."""
        return tuple(name for name, gain in self.gains.items() if gain.beats)

    def __repr__(self) -> str:
        """Names only."""
        return f"Candidates({', '.join(self.answered) or 'none'} against {self.reference}; not released)"


def fit_candidates(frame: BurnoutFrame, forecasts: Forecasts | Unanswered, section: Burnout) -> Candidates:
    """Fits every learner the study names, tunes it in inner folds of the training rows, and scores it.

    One protocol: the splits, predictors and encoding of `fit_forecasts`; the ridge is the one fitted there.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`.
        section: `[burnout]`.

    Raises:
        NotAskedError: `[burnout.candidates]` names no learner.
        DesignError: There are no forecasts, the predictors can't be used, or no learner could be fitted.
    """
    asked = section.candidates
    if not asked.learners:
        raise NotAskedError(
            "Models of other kinds are not asked for.", remedy="name them in burnout.candidates.learners"
        )
    if isinstance(forecasts, Unanswered):
        raise DesignError(forecasts.reason, remedy=forecasts.remedy or None)
    name = asked.predictors or next(iter(section.models))
    refuse_during(frame, name)
    base = _reference(forecasts)
    models = _fitted(frame, forecasts, section, name, base)
    done = {learner: f for learner, f in models.items() if isinstance(f, Forecast)}
    if not done:
        why = next(f for f in models.values() if isinstance(f, Unanswered))
        raise DesignError(why.reason, where=f"burnout.models.{name}", remedy=why.remedy or None)
    gains = _gains(frame, forecasts.splits, done, base, section.use.thresholds)
    best = max(done, key=lambda learner: done[learner].scores.auc.value)
    top = done[best].tried.etas
    behind = {m: auc_difference(frame, forecasts.splits, top, f.tried.etas) for m, f in done.items()}
    reference = BASE_RATE if forecasts.last_score is None else LAST_SCORE
    used = _usable(frame, asked.background)
    return Candidates(
        predictors=name,
        reference=reference,
        models=models,
        gains=gains,
        behind=behind,
        best=best,
        recommended=choose(reference, tuple(done), gains, behind),
        background=attempt(_background, frame, forecasts.splits, used) if asked.background else None,
        background_names=used or asked.background,
        sampled=any(s.train.size > asked.most_rows for s in forecasts.splits),
        forecasts=forecasts,
    )


def _reference(forecasts: Forecasts) -> Etas:
    """Log odds of what all are compared with: by the last score alone, or the same for everybody."""
    if forecasts.last_score is not None:
        return forecasts.last_score.tried.etas
    etas: Etas = []
    for split in forecasts.splits:
        share = float(split.case[split.train].mean())
        etas.append(np.full(split.test.size, np.log(share / (1 - share))))
    return etas


def _fitted(
    frame: BurnoutFrame, forecasts: Forecasts, section: Burnout, name: str, base: Etas
) -> dict[str, Forecast | Unanswered]:
    """Each learner asked for, the simplest first."""
    asked, covariates = section.candidates, frame.sets[name]
    kinds: dict[str, Learner] = {
        "forest": partial(learn_forest, most_rows=asked.most_rows),
        "boosting": partial(learn_boosting, most_rows=asked.most_rows),
        "network": partial(learn_network, most_rows=asked.most_rows),
    }
    learners: dict[str, Learner] = {
        learner: kinds[learner]
        for learner in SIMPLEST_FIRST
        if learner in kinds and learner in asked.learners
    }
    tried: dict[str, Tried | Unanswered] = {}
    if "ridge" in asked.learners:
        ridge = forecasts.models[name]
        tried["ridge"] = ridge if isinstance(ridge, Unanswered) else ridge.tried
    if learners:
        tried |= try_learners(frame, forecasts.splits, name, predictors_of(frame, covariates), learners)
    return {
        learner: found
        if isinstance(found, Unanswered)
        else attempt(forecast_of, frame, forecasts.splits, found, covariates, base)
        for learner, found in tried.items()
    }


def _gains(
    frame: BurnoutFrame,
    splits: tuple[Split, ...],
    done: dict[str, Forecast],
    base: Etas,
    thresholds: Sequence[float],
) -> dict[str, Gain]:
    unadjusted = {}
    for name, found in done.items():
        delta = found.scores.delta_auc
        assert delta is not None
        clusters = found.scores.n_clusters
        unadjusted[name] = p_value(delta, (len(found.tried.done) if clusters is None else clusters) - 1)
    adjusted = correct(unadjusted)
    gains = {}
    for name, found in done.items():
        scores, etas = found.scores, found.tried.etas
        assert scores.delta_auc is not None
        assert scores.delta_brier is not None
        gains[name] = Gain(
            auc=scores.delta_auc,
            brier=scores.delta_brier,
            net_benefit=tuple(net_benefit_difference(frame, splits, etas, base, t) for t in thresholds),
            p_value=adjusted[name],
        )
    return gains


def _usable(frame: BurnoutFrame, background: Sequence[str]) -> tuple[str, ...]:
    """Those that are no disguise of the last score."""
    return tuple(c for c in background if c in frame.answers.covariates.columns)


def _background(frame: BurnoutFrame, splits: tuple[Split, ...], names: tuple[str, ...]) -> Forecast:
    """What background covariates foretell without the last score."""
    late = [c for c in names if frame.declared[c].timing == "during"]
    if not names or (frame.design == "forward" and late):
        raise DesignError(
            "Background covariates are taken from the wave they would have to foretell."
            if names
            else "Nothing is left of the background covariates: they are the last score itself.",
            where="burnout.candidates.background",
            remedy="covariates measured before the wave",
        )
    data = pl.DataFrame([frame.answers.covariates[c] for c in names])
    learner = partial(learn_ridge, most_rows=frame.section.candidates.most_rows)
    tried = try_learner(frame, splits, BACKGROUND, data, learner)
    return forecast_of(frame, splits, tried, names, None)
