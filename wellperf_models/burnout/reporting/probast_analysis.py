"""PROBAST+AI, domain 4: how a run answers the questions on its analysis."""

from __future__ import annotations

from typing import Final

from wellperf_models.burnout.reporting.frame import RunFacts
from wellperf_models.evidence import Estimate

YES: Final = "yes"
NO: Final = "no"
UNKNOWN: Final = "no information"
NOT_APPLICABLE: Final = "not applicable"

# an answer and why
type Answered = tuple[str, str]

_FORECAST = "burnout.forecast"
# precise enough to be of use (Riley et al. 2021, Statistics in Medicine 40:4230): widths of 95 % intervals
_AUC_WIDTH, _SLOPE_WIDTH = 0.10, 0.40


def development_size(facts: RunFacts) -> Answered:
    """Ten cases for each parameter, by the check of the forecast."""
    state = facts.state(_FORECAST, "cases_per_parameter")
    if state is None:
        return UNKNOWN, facts.why_not(_FORECAST)
    if state:
        return YES, "every model has enough cases to train on for each parameter"
    return NO, "a model has too few cases to train on for each parameter"


def categories(facts: RunFacts) -> Answered:
    """Numbers are never cut into classes; whether straight lines are enough shows against forests."""
    if facts.given("burnout.candidates") is None:
        return UNKNOWN, "numbers enter whole, as straight lines; no model of another form was tried"
    return YES, "numbers enter whole; forms that are no straight lines were tried (burnout.candidates)"


def missing_handled(facts: RunFacts) -> Answered:
    """Silent people are weighed up and bounded, and it does not matter."""
    if facts.given("burnout.nonresponse") is None:
        return NO, "only those who answered are analysed: " + facts.why_not("burnout.nonresponse")
    if facts.state("burnout.nonresponse", "silence_changes_little"):
        return YES, "burnout.nonresponse: weighting, bounds and a tipping point; the cases hardly change"
    return NO, "those who answered are analysed, and burnout.nonresponse shows that others could differ"


def balanced(facts: RunFacts) -> Answered:
    """No such method is used."""
    del facts
    return NOT_APPLICABLE, "no method against rare classes is used"


def overfitting(facts: RunFacts) -> Answered:
    """A ridge whose strength is chosen on training answers."""
    if facts.given(_FORECAST) is None:
        return UNKNOWN, facts.why_not(_FORECAST)
    return YES, "a ridge, its strength chosen in folds of the training answers"


def not_apparent_alone(facts: RunFacts) -> Answered:
    """Scored on answers no model has seen."""
    if facts.given(_FORECAST) is None:
        return UNKNOWN, facts.why_not(_FORECAST)
    return YES, "every score is of answers the model has not seen"


def evaluation_size(facts: RunFacts) -> Answered:
    """Intervals narrow enough to be of use."""
    found = facts.given(_FORECAST)
    if found is None:
        return UNKNOWN, facts.why_not(_FORECAST)
    widths = {
        name: [w for e in found.estimates if e.name.startswith(name) and (w := _width(e)) is not None]
        for name in ("auc_", "calibration_slope")
    }
    if not widths["auc_"] or not widths["calibration_slope"]:
        return UNKNOWN, "intervals of order or calibration are not shown"
    if max(widths["auc_"]) <= _AUC_WIDTH and max(widths["calibration_slope"]) <= _SLOPE_WIDTH:
        return YES, "intervals of AUC and calibration slope are narrow"
    return NO, "the interval of an AUC or of a calibration slope is wide"


def no_leakage(facts: RunFacts) -> Answered:
    """Nobody on both sides of a fold, no outcome among the predictors, nothing from after it."""
    if facts.given(_FORECAST) is None:
        return UNKNOWN, facts.why_not(_FORECAST)
    failed = [
        words
        for identifier, check, words in (
            (_FORECAST, "repeated_units", "answers of one person are on both sides of a fold"),
            (_FORECAST, "no_predictor_is_the_outcome", "a predictor is the outcome"),
            (_FORECAST, "predictors_from_before", "predictors are from the wave of the outcome"),
            (_FORECAST, "plausible_auc", "the order is too good to be true"),
            ("burnout.ladder", "nobody_on_both_sides", "somebody is on both sides of a split"),
            ("burnout.ladder", "one_person_one_id", "one person has several ids"),
            ("burnout.ladder", "no_predictor_too_good", "a predictor knows too much"),
        )
        if facts.state(identifier, check) is False
    ]
    if failed:
        return NO, "; ".join(failed)
    return YES, "no check on leakage failed; all that is learnt is learnt on training answers"


def resampled(facts: RunFacts) -> Answered:
    """Folds repeat every step; a split in time resamples nothing."""
    if facts.frame is None or facts.given(_FORECAST) is None:
        return UNKNOWN, facts.why_not(_FORECAST)
    if facts.frame.time_split:
        return NOT_APPLICABLE, "older answers train and newer ones are scored, once"
    return YES, "coding, cut-off and strength of the ridge are learnt anew in every fold"


def performance(facts: RunFacts) -> Answered:
    """Order, calibration and net benefit, each released."""
    lacking = [
        words
        for there, words in (
            (facts.numbers(_FORECAST, "auc_"), "order (AUC)"),
            (facts.numbers(_FORECAST, "calibration_slope"), "calibration"),
            (facts.given("burnout.use") is not None, "usefulness (net benefit)"),
        )
        if not there
    ]
    if not lacking:
        return YES, "AUC, calibration slope and net benefit"
    if len(lacking) == 3:
        return UNKNOWN, facts.why_not(_FORECAST)
    return NO, f"not shown: {', '.join(lacking)}"


def _width(estimate: Estimate) -> float | None:
    if estimate.low is None or estimate.high is None:
        return None
    return estimate.high - estimate.low
