"""Statements about the candidates that can fail; each takes what it judges: a test can plant a fault."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wellperf_models.burnout.candidates.model import Candidates
from wellperf_models.burnout.candidates.words import KINDS
from wellperf_models.burnout.checks import (
    calibration_slope,
    folds_converged,
    number_of_clusters,
    plausible_auc,
    support_of,
)
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast
from wellperf_models.evidence import Check, Support, Unanswered

# a model that knows its own rows that much better than others has learnt them by heart
_BY_HEART = 0.15


def check_candidates(frame: BurnoutFrame, candidates: Candidates | Unanswered) -> tuple[Check, ...]:
    """Checks of every candidate that could be fitted.

    Args:
        frame: The burnout frame.
        candidates: From `fit_candidates`; none of one that could not be made.
    """
    if isinstance(candidates, Unanswered):
        return ()
    found: list[Check] = []
    for name, forecast in candidates.answered.items():
        found += [
            replace(check, text=f"{KINDS[name]}: {check.text}")
            for check in _of_candidate(frame, candidates, name, forecast)
        ]
    scores = next(iter(candidates.answered.values())).scores
    found.append(number_of_clusters(scores.n_clusters, frame.section.cluster or "person"))
    found.append(settings_sampled(candidates.sampled, frame.section.candidates.most_rows))
    return tuple(found)


def _of_candidate(
    frame: BurnoutFrame, candidates: Candidates, name: str, forecast: Forecast
) -> tuple[Check, ...]:
    support = support_of(candidates.forecasts, forecast)
    forward = frame.design == "forward"
    scores = forecast.scores
    return (
        plausible_auc(
            scores.auc.value,
            candidates.gains[name].auc.value if forward else None,
            name,
            forward=forward,
            shared=bool(frame.during[candidates.predictors]),
            support=support,
        ),
        overfit(own_auc(forecast), scores.auc.value, name, support=support),
        calibration_slope(scores.slope, name, support=support),
        folds_converged(forecast.n_failed, candidates.forecasts.n_splits, name),
    )


def own_auc(forecast: Forecast) -> float:
    """AUC among the rows a model was fitted on, mean over its fits."""
    return float(np.mean([f.learned.own_auc for f in forecast.tried.done]))


def overfit(own: float, unseen: float, name: str, *, support: Support | None = None) -> Check:
    """How much better a model knows the rows it was fitted on than others: informative.

    A forest always knows its own rows; what counts is how it does on others, which every score here is about.

    Args:
        own: AUC among rows it was fitted on.
        unseen: Among rows it has not seen.
        name: The model.
        support: What both rest on.
    """
    told = (
        "much of what it learnt is chance, and it is judged by the rows it has not seen"
        if own - unseen > _BY_HEART
        else "it has learnt little by heart"
    )
    return Check(
        name=f"overfit_{name}",
        passed=None,
        value=own - unseen,
        threshold=_BY_HEART,
        support=support,
        text=f"AUC among rows it was fitted on, less that among rows it has not seen: {{value}}; {told}.",
    )


def settings_sampled(sampled: bool, most_rows: int) -> Check:
    """Whether settings were chosen on some of the rows only, and on how many."""
    return Check(
        name="settings_sampled",
        passed=None,
        text=f"Settings were chosen, and the forest grown, on at most {most_rows:,} of the answers trained "
        "on, drawn by person; the other models were then fitted on all of them."
        if sampled
        else "Settings were chosen on all answers trained on, in folds that keep together what must not be "
        "split.",
        computation="exact",
    )
