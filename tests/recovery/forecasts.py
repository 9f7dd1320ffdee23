"""Organisations in which the worth of the last score is known, and what the burnout pillar makes of them.

An interval of a gain, or of a calibration slope, is about the model as fitted. So its truth is what that very
model reaches in a large organisation of the same kind, of other people.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy import stats

from tests.recovery.worlds import Found, committed_truth, study_of, variant_of
from wellperf_models.burnout import BurnoutFrame, build_frame, fit_forecasts
from wellperf_models.burnout.learner import learn_logistic
from wellperf_models.burnout.model import Forecast, forecast_of
from wellperf_models.burnout.split import make_splits
from wellperf_models.burnout.tried import Tried, predictors_of, try_learner
from wellperf_models.inference.auc import auc
from wellperf_models.inference.calibration import recalibrate
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.scores import Score
from wellperf_models.synth import generate
from wellperf_models.synth.forecast import auc_last_score
from wellperf_models.tables import Tables

# name → variant of the recovery world
WORLDS = {"default": "", "null": "null", "no_persistence": "no_persistence"}
# where a predictor adds nothing to the last score
NO_GAIN = ("null", "no_persistence")
# what the model without a penalty is given: the levels of a category imply each other, and so do two numbers
# that the same people lack
ONE_NUMBER = ("overtime_hours",)
LARGE, _LARGE_SEED = 40_000, 9
SLOPES = (0.8, 1.3)


@cache
def truth_of(name: str) -> tuple[dict[str, float], dict[str, float]]:
    """True AUC of the last score alone, and its Monte Carlo error."""
    if name == "default":
        _, truth, own = committed_truth()
        return {"auc_last_score": truth["auc_last_score"]}, {"auc_last_score": own["auc_last_score"]}
    if name == "no_persistence":
        # a score that is new each month is a coin, whatever a simulation of it says
        return {"auc_last_score": 0.5}, {"auc_last_score": 0.0}
    value, error = auc_last_score(variant_of(name), n_people=100_000)
    return {"auc_last_score": value}, {"auc_last_score": error}


def all_truths_of(name: str) -> tuple[dict[str, float], dict[str, float]]:
    """As `truth_of`, and, in the default world, 0 for what is told less its own truth."""
    truth, own = truth_of(name)
    less = errors_of_truths() if name == "default" else {}
    return truth | dict.fromkeys(less, 0.0), own | less


def frame_of(name: str, seed: int, people: int | None = None) -> BurnoutFrame:
    """Frame of one organisation."""
    world = variant_of(WORLDS[name])
    if people is not None:
        world = dataclasses.replace(world, people=people)
    organisation = generate(world, seed)
    study = study_of(world, seed, organisation.tables)
    return build_frame(Tables.from_frames(study, organisation.tables))


def estimate(name: str, seed: int, *, less_truth: bool = False) -> dict[str, Found]:
    """What one organisation says of the last score alone, the declared model, and one without a penalty.

    Args:
        name: Of the world.
        seed: Of the organisation.
        less_truth: Also each less its own truth: what the fitted models reach in a large organisation.
    """
    frame = frame_of(name, seed)
    forecasts = fit_forecasts(frame, frame.section)
    last, model = forecasts.last_score, forecasts.models["workload"]
    assert last is not None
    assert isinstance(model, Forecast)
    data = predictors_of(frame, ONE_NUMBER)
    plain = try_learner(frame, forecasts.splits, "unpenalised", data, learn_logistic)
    free = forecast_of(frame, forecasts.splits, plain, ONE_NUMBER, last.tried.etas)
    found = {
        "auc_last_score": _found(last.scores.auc),
        "gain": _found(model.scores.delta_auc),
        "gain_unpenalised": _found(free.scores.delta_auc),
        "slope": _found(model.scores.slope),
        "slope_last_score": _found(last.scores.slope),
    }
    if less_truth:
        large = large_sample(name)
        eta = large.log_odds(model.tried, model.covariates)
        base = large.log_odds(last.tried, ())
        gain = auc(large.case, eta) - auc(large.case, base)
        found |= {
            "gain_less_truth": _less(found["gain"], gain),
            "slope_less_truth": _less(found["slope"], large.slope(eta)),
            "slope_last_score_less_truth": _less(found["slope_last_score"], large.slope(base)),
        }
    return found


def _found(score: Score | None) -> Found:
    assert score is not None
    return Found(value=score.value, error=score.std_error, low=score.low, high=score.high)


def _less(found: Found, truth: float) -> Found:
    return Found(value=found.value - truth, error=found.error, low=found.low - truth, high=found.high - truth)


@dataclasses.dataclass(frozen=True, kw_only=True)
class LargeSample:
    """The scored answers of a large organisation.

    Attributes:
        frame: All of it.
        rows: Those that are scored.
        case: Of them.
    """

    frame: BurnoutFrame
    rows: np.ndarray
    case: np.ndarray

    def log_odds(self, tried: Tried, covariates: Sequence[str]) -> Floats:
        """What a model fitted elsewhere says of them."""
        (fit,) = tried.done
        return fit.learned.log_odds(fit.encoding.apply(predictors_of(self.frame, covariates)[self.rows]))

    def slope(self, eta: Floats) -> float:
        """Of what happened on what was foretold."""
        return recalibrate(self.case, eta, np.arange(self.case.size)).slope


@cache
def large_sample(name: str) -> LargeSample:
    """A large organisation of the same kind, of other people."""
    frame = frame_of(name, _LARGE_SEED, LARGE)
    (split,) = make_splits(frame)
    return LargeSample(frame=frame, rows=split.test, case=split.case[split.test])


@cache
def errors_of_truths() -> dict[str, float]:
    """Monte Carlo errors of what models reach in the large organisation: it is one sample of teams too."""
    large = large_sample("default")
    forecasts = fit_forecasts(large.frame, large.frame.section)
    model, last = forecasts.answered["workload"], forecasts.last_score
    assert last is not None
    scores = [_found(s) for s in (model.scores.delta_auc, model.scores.slope, last.scores.slope)]
    names = ("gain_less_truth", "slope_less_truth", "slope_last_score_less_truth")
    return {name: found.error for name, found in zip(names, scores, strict=True)}


def judge_claims(worlds: Sequence[dict[str, Found]], suffix: str = " ({})") -> list[tuple[str, int, float]]:
    """How often a gain is claimed where there is none: (what, worlds, Holm-corrected p of at most 5 in 100).

    Args:
        worlds: Of every seed, what was found, the world's name behind each key.
        suffix: How the name is written there.
    """
    keys = [f"{what}{suffix.format(n)}" for n in NO_GAIN for what in ("gain", "gain_unpenalised")]
    counts = [sum(w[key].low > 0 for w in worlds) for key in keys]
    p = holm([float(stats.binomtest(c, len(worlds), 0.05, alternative="greater").pvalue) for c in counts])
    return list(zip(keys, counts, p, strict=True))


def mean_slope(worlds: Sequence[dict[str, Found]], key: str) -> tuple[float, float, float]:
    """Mean slope over worlds with its 95 % Monte Carlo interval."""
    values = np.array([w[key].value for w in worlds])
    half = float(stats.t.ppf(0.975, values.size - 1)) * float(values.std(ddof=1)) / math.sqrt(values.size)
    return float(values.mean()), float(values.mean()) - half, float(values.mean()) + half


def tell_more(worlds: Sequence[dict[str, Found]]) -> bool:
    """Prints claims and slopes; whether one is off."""
    off = False
    print(f"\nclaims of a gain where there is none, of {len(worlds)} worlds (nominal 2.5 %, at most 5 %)")
    for key, count, p in judge_claims(worlds):
        low, high = stats.binomtest(count, len(worlds)).proportion_ci(0.95, method="exact")
        print(f"{key:<44}{count:>4}   95 % {low:.3f} to {high:.3f}   p {p:.3f}")
        off |= p < 0.01
    print(f"\nmean calibration slope, 95 % Monte Carlo interval (inside {SLOPES[0]} to {SLOPES[1]})")
    for name in ("default", "null"):
        for what in ("slope", "slope_last_score"):
            key = f"{what} ({name})"
            mean, low, high = mean_slope(worlds, key)
            print(f"{key:<44}{mean:.3f}   {low:.3f} to {high:.3f}")
            off |= not (SLOPES[0] <= low and high <= SLOPES[1])
    held = [sum(w[f"{k} (default)"].low <= 1 <= w[f"{k} (default)"].high for w in worlds)
            for k in ("slope", "slope_last_score")]  # fmt: skip
    print(f"95 % intervals of the slope that hold 1, default: the model {held[0]}, "
          f"the last score alone, without a penalty {held[1]}")  # fmt: skip
    return off
