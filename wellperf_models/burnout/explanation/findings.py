"""Evidence `burnout.explained`: what goes with a higher risk, odds ratios first; association, not effect."""

from __future__ import annotations

import math
from collections.abc import Sequence

from wellperf_models.burnout.explanation.findings_tables import (
    contributions_table,
    model_tables,
    odds_table,
    sample_support,
    support_of,
    supports_of,
)
from wellperf_models.burnout.explanation.model import Explanation
from wellperf_models.burnout.explanation.odds import OddsRatio
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Provenance,
    Support,
    Table,
    Unanswered,
    plain,
    unanswered,
)

_ID = "burnout.explained"
# odds ratios told in the answer
_MOST_TOLD = 3


def question_of(frame: BurnoutFrame) -> str:
    """The committee's question."""
    return f"What goes with a higher risk of being a case of {frame.outcome}?"


def explain_risk(
    frame: BurnoutFrame,
    explanation: Explanation | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on what the model rests on; over many people, never a person.

    Args:
        frame: The burnout frame.
        explanation: From `fit_explanation`; an `Unanswered` gives an evidence that says why.
        checks: From `check_explanation`.
        provenance: Where the numbers come from.
    """
    question = question_of(frame)
    why = explanation if isinstance(explanation, Unanswered) else _why_not(explanation)
    if why is not None or isinstance(explanation, Unanswered):
        assert why is not None
        wordless = tuple(c for c in checks if c.value is None)
        return unanswered(
            _ID, question, why, population=frame.population, provenance=provenance, checks=wordless
        )
    odds = () if isinstance(explanation.odds, Unanswered) else explanation.odds
    whole = support_of(frame, explanation)
    supports = supports_of(frame, explanation, odds, whole)
    return Evidence(
        id=_ID,
        question=question,
        answer=_answer(frame, explanation, odds),
        estimand=_estimand(frame, explanation),
        population=frame.population,
        design="association",
        provenance=provenance,
        estimates=(
            *(_odds_estimate(item, support) for item, support in zip(odds, supports, strict=True)),
            *_share_estimate(explanation),
        ),
        tables=_tables(frame, explanation, odds, supports, whole),
        checks=tuple(checks),
        assumptions=(
            "The predictors act on the log odds of a case in a straight line, each by itself.",
            "Who answered is like who did not, given the predictors.",
        ),
        limits=_limits(frame, explanation),
        members=whole.members,
    )


def _why_not(explanation: Explanation) -> Unanswered | None:
    """Why nothing at all can be told; None where something can."""
    if isinstance(explanation.odds, Unanswered) and not explanation.explained:
        return explanation.odds
    return None


def name_of(item: OddsRatio) -> str:
    """Identifier of an odds ratio: by the place of the covariate as declared, not by words of the study."""
    first, second = item.contrast.number
    return f"odds_ratio_{first}" + (f"_{second}" if second else "")


def _answer(frame: BurnoutFrame, explanation: Explanation, odds: Sequence[OddsRatio]) -> str:
    shown = sorted((o for o in odds if o.shown), key=lambda o: -abs(_log_size(o)))
    told = []
    if shown:
        told.append(_told(shown[0], first=True))
        told += [f"[{_told(item, first=False)}]" for item in shown[1:_MOST_TOLD]]
        told.append("An odds ratio of 1 is no association, of 2 twice the odds.")
    elif odds:
        told.append("These data do not show that any predictor of the model goes with being a case.")
    rest = list(dict.fromkeys(_words(o) for o in odds if not o.shown))
    if shown and rest:
        listed = "; ".join(rest[:6]) + ("; and others" if len(rest) > 6 else "")
        told.append(plain(f"Not shown, given how many are compared: {listed}."))
    if heaviest := _heaviest(explanation):
        told.append(
            f"[Of all that moves the model's predictions from person to person, {{heaviest_share.estimate}} "
            f"is by {plain(heaviest)}.]"
        )
    told.append(
        "These are associations: they do not say that the risk would change if a predictor were changed."
    )
    return " ".join(told)


def _log_size(item: OddsRatio) -> float:
    return math.log(item.value)


def _words(item: OddsRatio) -> str:
    return f"{item.contrast.predictor} ({item.contrast.words})"


def _told(item: OddsRatio, *, first: bool) -> str:
    what = plain(_words(item))
    if first:
        return (
            f"{what} goes with being a case: odds ratio {{{name_of(item)}.estimate}}, everything else in the "
            "model the same."
        )
    return f"So does {what}: {{{name_of(item)}.estimate}}."


def _heaviest(explanation: Explanation) -> str:
    item = explanation.explained.get(explanation.forecast.name)
    return item.weights[0].group if item and len(item.weights) > 1 else ""


def _odds_estimate(item: OddsRatio, support: Support) -> Estimate:
    contrast = item.contrast
    return Estimate(
        name=name_of(item),
        label=f"odds ratio: {contrast.predictor}, {contrast.words}",
        value=item.value,
        low=item.low,
        high=item.high,
        coverage=0.95,
        interval="confidence",
        unit="odds ratio (1 is no association)",
        scale="log",
        se=item.std_error,
        support=support,
    )


def _share_estimate(explanation: Explanation) -> tuple[Estimate, ...]:
    item = explanation.explained.get(explanation.forecast.name)
    if item is None or len(item.weights) < 2:
        return ()
    weight = item.weights[0]
    return (
        Estimate(
            name="heaviest_share",
            label=f"share of what moves predictions: {weight.group}",
            value=weight.share.value,
            low=weight.share.low,
            high=weight.share.high,
            coverage=0.95,
            interval="confidence",
            unit="share",
            se=weight.share.std_error,
            support=sample_support(explanation, item),
        ),
    )


def _tables(
    frame: BurnoutFrame,
    explanation: Explanation,
    odds: tuple[OddsRatio, ...],
    supports: Sequence[Support],
    whole: Support,
) -> tuple[Table, ...]:
    tables = [odds_table(frame, explanation, odds, supports)] if odds else []
    if explanation.explained:
        tables.append(contributions_table(frame, explanation))
    if not isinstance(explanation.travels, Unanswered):
        tables += model_tables(frame, explanation, explanation.travels, whole)
    return tuple(tables)


def _estimand(frame: BurnoutFrame, explanation: Explanation) -> str:
    return (
        f"Odds ratio of being a case ({frame.case}) between answers that differ in one predictor and in no "
        f"other of the model “{frame.name_of(explanation.forecast.name)}”; and the mean size of what each "
        "group of predictors adds to or takes from a prediction (Shapley values, signed values added up "
        "within the group for each answer first)."
    )


def _limits(frame: BurnoutFrame, explanation: Explanation) -> tuple[str, ...]:
    limits = [
        "An association: it does not say what would change if a predictor were changed, and what is not in "
        "the model may stand behind it. The E-value says how strongly something unmeasured would have to go "
        "with both (as a risk ratio) to account for it.",
    ]
    if frame.design == "forward":
        limits.append(
            "Everything is given the last score: what a predictor did to strain before that is in the score, "
            "not in its own odds ratio."
        )
    during = [frame.label_of(c) for c in frame.during[explanation.forecast.name]]
    if during:
        limits.append(
            f"Asked in the same questionnaire as the outcome: {', '.join(during)}; part of the association "
            "is the same answer given twice."
        )
    if explanation.way == "unpenalised":
        limits.append(
            "The model that is used draws all odds ratios towards 1 (ridge); those with intervals come from "
            "a refit without it."
        )
    else:
        limits.append(
            "Odds ratios and intervals are drawn towards 1: without a ridge the model does not fit."
        )
    limits.append(
        "Contributions are of predictions before any recalibration, in log odds (for a forest in "
        "probability), of at most 500 answers drawn among those scored, as if predictors were independent or "
        "as the trees part them. They tell what the model does, not what strain comes from."
    )
    if explanation.told.pooled:
        names = ", ".join(frame.label_of(c) for c in explanation.told.pooled)
        limits.append(
            f"Levels of too few people or cases are told as one, or as the most frequent level: {names}."
        )
    for name, item in explanation.models.items():
        if isinstance(item, Unanswered):
            limits.append(f"Contributions of “{name}” are not told: {item.reason}")
    if isinstance(explanation.odds, Unanswered):
        limits.append(f"There are no odds ratios: {explanation.odds.reason}")
    if isinstance(explanation.travels, Unanswered):
        limits.append(f"The model can't be used elsewhere: {explanation.travels.reason}")
    return tuple(limits)
