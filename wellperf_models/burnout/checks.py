"""Statements about the forecasts that can fail; each takes what it judges: a test can plant a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.disclosure.rules import floor_count
from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.scores import Score

# the last score of persistent people reaches .84 by itself; nothing honest across people is above .80
_TOO_GOOD_FORWARD, _TOO_GOOD_ACROSS, _TOO_MUCH_MORE = 0.90, 0.80, 0.15
_NEARLY = 0.03
_SLOPES = (0.8, 1.3)
_CASES_PER_PARAMETER = 10.0
MIN_CLUSTERS = 40


def check_forecasts(frame: BurnoutFrame, forecasts: Forecasts | Unanswered) -> tuple[Check, ...]:
    """Checks of every model that could be fitted, and of the data they share.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`; none of one that could not be made.
    """
    if isinstance(forecasts, Unanswered):
        return (outcome_not_among_predictors(forecasts.reason),) if _is_leak(forecasts) else ()
    found: list[Check] = []
    for name, forecast in forecasts.models.items():
        if isinstance(forecast, Unanswered):
            if _is_leak(forecast):
                found.append(outcome_not_among_predictors(forecast.reason, name))
            continue
        own = _of_model(frame, forecasts, forecast)
        # which model it is about
        several = len(forecasts.models) > 1
        found += [replace(c, text=f"{frame.name_of(name)}: {c.text}") if several else c for c in own]
    if not forecasts.answered:
        return tuple(found)
    scores = next(iter(forecasts.answered.values())).scores
    return (
        *found,
        number_of_clusters(scores.n_clusters, frame.section.cluster or "person"),
        repeated_units(forecasts.n_split_people),
        *([response(frame.response)] if frame.response else []),
    )


def _is_leak(unanswered: Unanswered) -> bool:
    return unanswered.reason.startswith("The outcome is among the predictors")


def _of_model(frame: BurnoutFrame, forecasts: Forecasts, forecast: Forecast) -> tuple[Check, ...]:
    name = forecast.name
    during = tuple(frame.label_of(c) for c in frame.during[name])
    places = {c: frame.answers.places[c] for c in forecast.covariates if c in frame.answers.places}
    forward = frame.design == "forward"
    support = support_of(forecasts, forecast)
    delta = forecast.scores.delta_auc if forward else None
    return (
        predictors_from_before(during, places, name),
        plausible_auc(
            forecast.scores.auc.value,
            None if delta is None else delta.value,
            name,
            forward=forward,
            shared=bool(during),
            support=support,
        ),
        calibration_slope(forecast.scores.slope, name, support=support),
        cases_per_parameter(forecast.n_train_cases, forecast.n_parameters, name),
        outcome_not_among_predictors("", name),
        folds_converged(forecast.n_failed, forecasts.n_splits, name),
    )


def support_of(forecasts: Forecasts, forecast: Forecast) -> Support:
    """What a score of a model rests on: the people scored, and the rows it was trained on."""
    return replace(
        forecasts.scored.support(),
        residual_df=int(forecast.n_train_cases) - forecast.n_parameters,
        n_parameters=forecast.n_parameters,
        n_clusters=forecast.scores.n_clusters,
    )


def predictors_from_before(
    during: Sequence[str], places: Mapping[str, tuple[Floats, Floats]], name: str
) -> Check:
    """Every predictor was known before the wave of the outcome began.

    Args:
        during: Labels of predictors taken from the wave of the outcome.
        places: Predictor → (where in time its values lie, where the wave begins).
        name: The model.
    """
    identifier = f"predictors_from_before_{name}"
    if during:
        return Check(
            name=identifier,
            passed=False,
            text=f"Asked in the same questionnaire as the outcome: {', '.join(during)}. Part of the order is "
            "the same answer given twice.",
            computation="exact",
        )
    late = any(bool(np.any(value >= wave)) for value, wave in places.values())
    dated = any(value.size for value, _ in places.values())
    text = "No predictor has a date of its own: that they were known before is the study's declaration."
    if dated:
        text = (
            "Some values were measured in or after the wave they are used for."
            if late
            else "No value was measured in or after the wave it is used for."
        )
    return Check(name=identifier, passed=not late if dated else None, text=text, computation="exact")


def plausible_auc(
    auc: float,
    delta: float | None,
    name: str,
    *,
    forward: bool,
    shared: bool = False,
    support: Support | None = None,
) -> Check:
    """Better than this field ever gets means leakage until explained.

    Args:
        auc: Of the model.
        delta: Gain over the last score alone; None where there is none.
        name: The model.
        forward: Whether predictors lie before the outcome; the last score alone then reaches .84.
        shared: Whether predictors share the wave with the outcome; then the AUC is not judged.
        support: What the AUC rests on.
    """
    identifier = f"plausible_auc_{name}"
    if shared:
        return Check(
            name=identifier,
            passed=None,
            value=auc,
            support=support,
            text="The order (AUC {value}) is not judged: predictors share their wave with the outcome.",
        )
    line = _TOO_GOOD_FORWARD if forward else _TOO_GOOD_ACROSS
    # scores that hardly change from week to week are foretold that well by the last one alone
    steady = forward and delta is not None and auc - delta > line - _NEARLY and delta <= _NEARLY
    if auc > line and not steady:
        return Check(
            name=identifier,
            passed=False,
            value=auc,
            threshold=line,
            support=support,
            text="The order (AUC {value}) is too good to be true (alarm above {threshold}): look for a "
            "predictor that knows the outcome.",
        )
    if delta is not None and delta > _TOO_MUCH_MORE:
        return Check(
            name=identifier,
            passed=False,
            value=delta,
            threshold=_TOO_MUCH_MORE,
            support=support,
            text="The gain over the last score alone (AUC {value}) is too good to be true (alarm above "
            "{threshold}): look for a predictor that knows the outcome.",
        )
    return Check(
        name=identifier,
        passed=True,
        value=auc,
        threshold=line,
        support=support,
        text="The order (AUC {value}) is not too good to be true (alarm above {threshold}).",
    )


def calibration_slope(slope: Score | None, name: str, *, support: Support | None = None) -> Check:
    """Predicted risks are as spread out as what happened.

    Passes where the 95 % interval lies inside .8 to 1.3, fails where it lies wholly outside, and is
    informative where it does not tell: a small study must not be failed, or passed, by chance.
    """
    low, high = _SLOPES
    if slope is None:
        return Check(
            name=f"calibration_slope_{name}",
            passed=None,
            text="There is no calibration slope: the predictions separate the cases among the answers "
            "scored, or are the same for all.",
        )
    inside = low <= slope.low and slope.high <= high
    outside = slope.high < low or slope.low > high
    told = "too extreme" if slope.value < low else "too cautious"
    text = {
        True: f"Predicted risks are as spread out as what happened (calibration slope {{value}}, interval "
        f"inside {low:g} to {high:g}).",
        False: f"Predicted risks are {told} (calibration slope {{value}}; right is {low:g} to {high:g}, and "
        "the interval lies outside).",
        None: f"The calibration slope ({{value}}) has an interval that reaches across the borders of {low:g} "
        f"to {high:g}: these data do not tell whether risks are too extreme or too cautious.",
    }
    passed = True if inside else False if outside else None
    return Check(
        name=f"calibration_slope_{name}",
        passed=passed,
        value=slope.value,
        threshold=low if slope.value < 1 else high,
        support=support,
        text=text[passed],
    )


def cases_per_parameter(n_cases: float, n_parameters: int, name: str) -> Check:
    """The model does not ask more than the cases it is trained on can answer (Peduzzi et al. 1996)."""
    ratio = n_cases / n_parameters
    return Check(
        name=f"cases_per_parameter_{name}",
        passed=ratio >= _CASES_PER_PARAMETER,
        # from a rounded count: the exact one times the coefficients would be the cases
        value=round(floor_count(n_cases) / n_parameters, 1),
        threshold=_CASES_PER_PARAMETER,
        text="About {value} cases to train on for each parameter (needed: {threshold}).",
        computation="exact",
    )


def outcome_not_among_predictors(reason: str, name: str = "") -> Check:
    """No predictor, and no combination of them, is the outcome: nothing is computed where one is.

    Args:
        reason: Why the model was refused; "" where it was not.
        name: The model; "" for all of them.
    """
    return Check(
        name="no_predictor_is_the_outcome" + (f"_{name}" if name else ""),
        passed=not reason,
        text=reason
        or "No predictor, alone or with others, is the outcome's own score or separates the cases.",
        computation="exact",
    )


def number_of_clusters(n_clusters: int | None, clustered_by: str) -> Check:
    """Clustered intervals rest on enough clusters."""
    if n_clusters is None:
        return Check(
            name="number_of_clusters",
            passed=None,
            text="Intervals are over repeated folds, not over clusters.",
        )
    return Check(
        name="number_of_clusters",
        passed=n_clusters >= MIN_CLUSTERS,
        value=float(floor_count(n_clusters)),
        threshold=float(MIN_CLUSTERS),
        text=f"Intervals are clustered by {clustered_by.replace('_', ' ')}: at least {{value}} clusters "
        "(below {threshold} they are too narrow).",
        computation="exact",
    )


def repeated_units(n_split_people: int) -> Check:
    """Nobody's answers are both trained on and scored as somebody else's."""
    return Check(
        name="repeated_units",
        passed=n_split_people == 0,
        text="No person counts as several: answers of one person are never taken as those of two."
        if n_split_people == 0
        else "Answers of the same person are both trained on and scored, so the order looks too good: "
        'set burnout.validation.group_by to "person".',
        computation="exact",
    )


def folds_converged(n_failed: int, n_splits: int, name: str) -> Check:
    """Every refit converged."""
    return Check(
        name=f"folds_converged_{name}",
        passed=n_failed == 0,
        value=float(n_failed),
        threshold=0.0,
        text=f"Refits that did not converge: {{value}} of {n_splits}.",
        computation="exact",
    )


def response(pairs: Sequence[tuple[int, int]]) -> Check:
    """How many of those who answered a wave answered the next; who did not is in no number here."""
    before, again = sum(floor_count(a) for a, _ in pairs), sum(floor_count(b) for _, b in pairs)
    return Check(
        name="response",
        passed=None,
        value=round(again / before, 2) if before else None,
        text="Share of those who answered a wave who answered the next: {value}. Who left or did not answer "
        "is in no number here.",
        computation="exact",
    )
