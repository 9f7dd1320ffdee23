"""Evidence `burnout.forecast`: whether cases can be foreseen better than by the last score alone."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.burnout.checks import support_of
from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.findings_tables import (
    calibration_table,
    every_forecast,
    label_of,
    scores_table,
    table_left_out,
)
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Provenance,
    Unanswered,
    plain,
    unanswered,
)
from wellperf_models.inference.scores import Score

_AUC_UNIT = "AUC (0.5 is chance, 1 is perfect order)"
# gains in AUC of less are told as little: two in a hundred pairs more in the right order
_LITTLE = 0.02
_CROSS_SECTION = "Cross-section only: nothing is forecast."


def question_of(frame: BurnoutFrame) -> str:
    """The committee's question."""
    return f"Can cases of {frame.outcome} be foreseen, and better than by the last score alone?"


def forecast(
    frame: BurnoutFrame,
    forecasts: Forecasts | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on foreseeing cases, all declared models side by side; aggregates only.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`; an `Unanswered` gives an evidence that says why.
        checks: From `check_forecasts`.
        provenance: Where the numbers come from.
    """
    why = _why_not(forecasts)
    if isinstance(forecasts, Unanswered) or why is not None:
        assert why is not None
        # a check with a number would be one more number
        wordless = tuple(c for c in checks if c.value is None)
        return unanswered(
            "burnout.forecast",
            question_of(frame),
            why,
            population=frame.population,
            provenance=provenance,
            checks=wordless,
        )
    tables = [scores_table(frame, forecasts), calibration_table(frame, forecasts)]
    if frame.left_out:
        tables.append(table_left_out(frame))
    return Evidence(
        id="burnout.forecast",
        question=question_of(frame),
        answer=_answer(frame, forecasts),
        estimand=_estimand(frame, forecasts),
        population=frame.population,
        design="prediction" if frame.design == "forward" else "cross-section",
        provenance=provenance,
        estimates=tuple(e for item in every_forecast(forecasts) for e in _estimates(frame, forecasts, item)),
        tables=tuple(tables),
        checks=tuple(checks),
        assumptions=_assumptions(frame),
        limits=_limits(frame, forecasts),
        members=forecasts.scored.members(),
    )


def _why_not(forecasts: Forecasts | Unanswered) -> Unanswered | None:
    """Why there is no model at all; None where there is one."""
    if isinstance(forecasts, Unanswered):
        return forecasts
    if forecasts.answered:
        return None
    return next(f for f in forecasts.models.values() if isinstance(f, Unanswered))


def _answer(frame: BurnoutFrame, forecasts: Forecasts) -> str:
    forward = frame.design == "forward"
    told = [] if forward else [_CROSS_SECTION]
    if frame.design == "grouped":
        told.append(plain(frame.why))
    for index, (name, item) in enumerate(forecasts.models.items()):
        if isinstance(item, Unanswered):
            reason = item.reason[:1].lower() + item.reason[1:]
            told.append(plain(f"“{frame.name_of(name)}” is not answered: {reason}"))
        elif forward:
            told.append(_forward_sentence(frame, item, first=index == 0))
        else:
            told.append(_across_sentence(frame, item, first=index == 0))
    told.append("AUC is the chance that a case is ranked above somebody who is none; 0.5 is a coin.")
    return " ".join(told)


def _forward_sentence(frame: BurnoutFrame, item: Forecast, *, first: bool) -> str:
    delta = item.scores.delta_auc
    assert delta is not None
    model = f"The model “{plain(frame.name_of(item.name))}”" if len(frame.section.models) > 1 else "The model"
    gain, own = f"{{delta_auc_{item.name}.estimate}}", f"{{auc_{item.name}.estimate}}"
    alone = "{auc_last_score.estimate}"
    if delta.low > 0:
        sentence = f"{model} adds {gain} to the last score alone; AUC {alone} alone, {own} with the model."
        yes = f"Yes{', though little' if delta.value < _LITTLE else ''}: "
    elif delta.high < 0:
        sentence = f"{model} orders people worse than their last score alone: AUC {alone} alone, "
        sentence, yes = sentence + f"{own} with the model (difference {gain}).", "No: "
    else:
        sentence = f"These data do not show that t{model[1:]} orders people better than their last score "
        sentence, yes = sentence + f"alone (gain in AUC {gain}; the last score alone {alone}).", ""
    if first:
        return yes + (sentence if not yes else sentence[:1].lower() + sentence[1:])
    # the first sentence is the answer; further models may be kept back by themselves
    return f"[{sentence}]"


def _across_sentence(frame: BurnoutFrame, item: Forecast, *, first: bool) -> str:
    during = [frame.label_of(c) for c in frame.during[item.name]]
    name = plain(frame.name_of(item.name))
    sentence = f"“{name}” orders people with an AUC of {{auc_{item.name}.estimate}}."
    if during:
        sentence += plain(
            f" Warning: asked in the same questionnaire as the outcome: {', '.join(during)}; part of this "
            "order is the same answer given twice."
        )
    return sentence if first else f"[{sentence}]"


def _estimand(frame: BurnoutFrame, forecasts: Forecasts) -> str:
    what = (
        "Probability that the model ranks a case above an answer that is none (AUC), for answers it has not "
        f"seen; a case is {frame.case}"
    )
    plan = frame.section.validation
    folds = f"{plan.repeats} × {plan.folds} folds that keep every {_kept_together(frame)} together"
    if frame.time_split:
        return (
            f"{what}. Predictors are from before the wave; trained on the waves "
            f"{_listed(forecasts.train_waves)}, scored on the newer {_listed(forecasts.scored_waves)}."
        )
    if frame.design == "forward":
        return (
            f"{what}. Predictors are from before the wave; scored on other people of the same wave, {folds}."
        )
    return f"{what}. Across people, not over time; {folds}."


def _kept_together(frame: BurnoutFrame) -> str:
    kept = {"person": "person", "covariate_pattern": "set of people alike in every covariate"}
    return kept.get(frame.section.validation.group_by, str(frame.section.cluster))


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names)


def _estimates(frame: BurnoutFrame, forecasts: Forecasts, item: Forecast) -> list[Estimate]:
    label, support, scores = label_of(frame, item.name), support_of(forecasts, item), item.scores
    against = label_of(frame, forecasts.reference) if forecasts.reference else ""
    against = against[:1].lower() + against[1:] if forecasts.reference == LAST_SCORE else against
    parts: list[tuple[str, str, Score | None, str]] = [
        ("auc", f"AUC: {label}", scores.auc, _AUC_UNIT),
        ("delta_auc", f"difference in AUC: {label} less {against}", scores.delta_auc, "AUC"),
        ("brier", f"Brier score: {label}", scores.brier, "mean squared error of the risk (0 is perfect)"),
        (
            "delta_brier",
            f"difference in Brier score: {label} less {against}",
            scores.delta_brier,
            "below 0: better",
        ),
        ("calibration_slope", f"calibration slope: {label}", scores.slope, "1 is right; below: too extreme"),
    ]
    return [
        score.estimate(f"{name}_{item.name}", text, unit, support)
        for name, text, score, unit in parts
        if score is not None
    ]


def _assumptions(frame: BurnoutFrame) -> tuple[str, ...]:
    if frame.design != "forward":
        return ("Who answered is like who did not, given the predictors.",)
    return (
        "The next waves resemble those observed.",
        "Nothing among the predictors was recorded or corrected after the fact.",
        "Who answered the wave is like who did not, given the predictors.",
    )


def _limits(frame: BurnoutFrame, forecasts: Forecasts) -> tuple[str, ...]:
    limits = [
        "An order of groups, not a forecast for a person: no person's risk is shown, and it is never to be "
        "used to decide on anyone.",
        "An association: it does not say what would change if a predictor were changed.",
    ]
    if frame.design != "forward":
        limits.append(frame.why + " What people will answer next time can't be judged from this.")
    elif frame.time_split:
        limits.append(
            "The intervals are for these fitted models on these scored waves; they leave out what refitting "
            "on other people would change. Most people scored also answered in the waves trained on."
        )
    else:
        limits.append(
            "Only one wave follows another: the models are scored on other people of the same wave, not on a "
            "later one. How well they hold in time is not known."
        )
    if not frame.time_split:
        limits.append(
            "Intervals are over repeated folds (Nadeau–Bengio); they do not carry over to another firm."
        )
    limits.append("Who did not answer, or left, is in no number: strained people may answer less often.")
    if frame.section.case_share is not None:
        limits.append("A case is a matter of the declared share: it is no diagnosis.")
    else:
        limits.append("A case is a matter of the declared cut-off: it is no diagnosis.")
    limits += _unused(frame, forecasts)
    return tuple(limits)


def _unused(frame: BurnoutFrame, forecasts: Forecasts) -> list[str]:
    """Predictors that were declared and are in no model."""
    own = sorted({frame.label_of(c) for dropped in frame.dropped.values() for c in dropped})
    limits = []
    if own and frame.design == "forward":
        limits.append(
            f"Declared as a predictor, but the last score itself, which is one anyway: {', '.join(own)}."
        )
    elif own:
        limits.append(f"Not used, as nothing is before the wave: {', '.join(own)}.")
    unused = sorted({frame.label_of(c) for f in forecasts.answered.values() for c in f.unused})
    if unused:
        limits.append(
            f"Not used, as nobody or everybody had the same value to train on: {', '.join(unused)}."
        )
    return limits
