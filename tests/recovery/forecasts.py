"""Organisations in which the worth of the last score is known, and what the burnout pillar makes of them."""

from __future__ import annotations

from functools import cache

from tests.recovery.worlds import Found, committed_truth, study_of, variant_of
from wellperf_models.burnout import build_frame, fit_forecasts
from wellperf_models.burnout.model import Forecast
from wellperf_models.inference.scores import Score
from wellperf_models.synth import generate
from wellperf_models.synth.forecast import auc_last_score
from wellperf_models.tables import Tables

# name → variant of the recovery world
WORLDS = {"default": "", "null": "null", "no_persistence": "no_persistence"}


@cache
def truth_of(name: str) -> tuple[dict[str, float], dict[str, float]]:
    """True AUC of the last score alone, and its Monte Carlo error; a gain of 0 where nothing adds to it."""
    if name == "default":
        _, truth, own = committed_truth()
        return {"auc_last_score": truth["auc_last_score"]}, {"auc_last_score": own["auc_last_score"]}
    if name == "no_persistence":
        # a score that is new each month is a coin, whatever a simulation of it says
        return {"auc_last_score": 0.5}, {"auc_last_score": 0.0}
    value, error = auc_last_score(variant_of(name), n_people=100_000)
    return {"auc_last_score": value}, {"auc_last_score": error}


def estimate(name: str, seed: int) -> dict[str, Found]:
    """AUC of the last score alone, and what the declared model adds, in one organisation."""
    organisation = generate(variant_of(WORLDS[name]), seed)
    study = study_of(variant_of(WORLDS[name]), seed, organisation.tables)
    assert study.burnout is not None
    frame = build_frame(Tables.from_frames(study, organisation.tables))
    forecasts = fit_forecasts(frame, study.burnout)
    model = forecasts.models["workload"]
    assert forecasts.last_score is not None
    assert isinstance(model, Forecast)
    assert model.scores.delta_auc is not None
    return {
        "auc_last_score": _found(forecasts.last_score.scores.auc),
        "gain": _found(model.scores.delta_auc),
    }


def _found(score: Score) -> Found:
    return Found(value=score.value, error=score.std_error, low=score.low, high=score.high)
