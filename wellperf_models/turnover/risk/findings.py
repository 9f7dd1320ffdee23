"""Evidence `turnover.risk`: how many will leave within a year, by group, and how good such forecasts were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Provenance,
    Support,
    Unanswered,
    plain,
    unanswered,
)
from wellperf_models.inference.scores import Score
from wellperf_models.panel import members_of, what_a_group_needs
from wellperf_models.turnover.findings_tables import table_left_out
from wellperf_models.turnover.risk.checks import TOO_GOOD, support_of
from wellperf_models.turnover.risk.findings_tables import causes_not_told, outcome_words, tables_of
from wellperf_models.turnover.risk.model import RiskModel
from wellperf_models.turnover.risk.scoring import Scores
from wellperf_models.turnover.rows import TurnoverFrame

_QUESTION = "How many will leave within the coming months, and can groups with more exits be told beforehand?"
# of AUC: in this field .60 to .80 is credible
_SLIGHT, _WELL = 0.60, 0.70


def foretell(
    frame: TurnoverFrame,
    result: RiskModel | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on foretold exits; groups only, never a person.

    Args:
        frame: The turnover frame.
        result: From `fit_risk`; an `Unanswered` gives an evidence that says why.
        checks: From `check_risk`.
        provenance: Where the numbers come from.
    """
    if isinstance(result, Unanswered):
        return unanswered(
            "turnover.risk", _QUESTION, result, population=frame.population, provenance=provenance
        )
    scores = result.at(result.headline)
    assert scores is not None
    tables = tables_of(frame, result)
    return Evidence(
        id="turnover.risk",
        question=_QUESTION,
        answer=_answer(frame, result, scores),
        estimand=_estimand(result),
        population=frame.population + ("; at work on the days of the forecasts" if result.dated else ""),
        design="prediction",
        provenance=provenance,
        estimates=_estimates(result, scores),
        tables=(*tables, table_left_out(frame)) if frame.left_out else tables,
        checks=tuple(checks),
        assumptions=_assumptions(result),
        limits=_limits(frame, result),
        members=members_of(frame.roster, scores.people, scores.leavers),
    )


def _estimates(result: RiskModel, scores: Scores) -> tuple[Estimate, ...]:
    support = support_of(scores, result.n_columns)
    h = result.headline
    skill = "scaled Brier score (0 says no more than the average, 1 is perfect)"
    ratio = scores.log_ratio
    bounds = tuple(math.exp(v) for v in (ratio.value, ratio.low, ratio.high))
    made = [
        Estimate(
            name="foretold_exits_per_100",
            label=f"foretold exits within {h} months",
            value=100 * scores.foretold,
            unit="exits per 100 people",
            # as many digits as what it is compared with
            se=100 * scores.observed.std_error,
            support=support,
        ),
        _per_100(
            "observed_exits_per_100",
            f"exits within {h} months that came about",
            scores.observed,
            support,
            unit="exits per 100 people",
        ),
        Estimate(
            name="calibration_ratio",
            label="exits that came about for each one foretold (1 is right)",
            value=bounds[0],
            low=bounds[1],
            high=bounds[2],
            coverage=0.95,
            interval="confidence",
            unit="ratio",
            scale="log",
            se=ratio.std_error,
            support=support,
        ),
        _estimate("scaled_brier", f"{skill}: the model", scores.scaled, support),
        _estimate(
            "scaled_brier_gain", "scaled Brier score: the model less tenure alone", scores.gain, support
        ),
        _estimate("auc", "pairs ranked rightly (AUC), the model", scores.auc, support),
        _estimate("auc_tenure", "pairs ranked rightly (AUC), tenure alone", scores.auc_tenure, support),
        # a difference of shares is in points, lest it be read as a share of a share
        _per_100(
            "auc_gain",
            "pairs ranked rightly (AUC), the model less tenure alone",
            scores.auc_gain,
            support,
            unit="percentage points",
        ),
    ]
    if scores.slope is not None:
        label = "calibration slope (1 is right; below it foretold risks differ too much)"
        made.append(_estimate("calibration_slope", label, scores.slope, support))
    return tuple(made)


def _estimate(name: str, label: str, score: Score, support: Support) -> Estimate:
    unit = "share" if name.startswith("auc") else label.partition(" (")[0].partition(":")[0]
    return score.estimate(name, label, unit, support)


def _per_100(name: str, label: str, score: Score, support: Support, *, unit: str) -> Estimate:
    return replace(
        _estimate(name, label, score, support),
        value=100 * score.value,
        low=100 * score.low,
        high=100 * score.high,
        se=100 * score.std_error,
        unit=unit,
    )


Use = Literal["none", "no_more", "more"]


def use_of(scores: Scores) -> Use:
    """Whether the order of risks is good for anything: by intervals, not by values."""
    if scores.auc.low <= 0.5 or (scores.scaled.low <= 0 and scores.scaled.value <= 0):
        return "none"
    return "more" if scores.auc_gain.low > 0 and scores.gain.value > 0 else "no_more"


def _answer(frame: TurnoverFrame, result: RiskModel, scores: Scores) -> str:
    h, n = result.headline, len(result.landmarks)
    when = (
        f" ({n} forecast{'' if n == 1 else 's'}, each from what was known on its day)"
        if result.dated
        else " (people left out of the model in turn)"
    )
    told = [
        f"[Of 100 people at work the model foretold {{foretold_exits_per_100}} exits within {h} months, "
        f"where {{observed_exits_per_100.estimate}} came about{when}.]",
        *_discrimination(scores, dated=result.dated),
    ]
    if use_of(scores) == "none":
        told.append(
            "It gives no usable order: plan with the share of everyone, the same for every group, and draw "
            "no conclusion about any one of them."
        )
    else:
        what = str(frame.group_by or "group").replace("_", " ")
        told.append(
            f"A foretold share helps to plan how many to hire for the whole and for a large {what}; it says "
            "of nobody in particular that they will leave."
        )
    return " ".join(told)


def _discrimination(scores: Scores, *, dated: bool) -> tuple[str, ...]:
    use = use_of(scores)
    pairs = (
        "of pairs of somebody who left and somebody who did not, it had given the leaver the higher risk "
        "in {auc.estimate}; guessing gives 50 %"
    )
    if use == "none":
        return (f"[It did not tell people more likely to leave from the others: {pairs}.]",)
    size = "slightly" if scores.auc.value < _SLIGHT else "somewhat" if scores.auc.value < _WELL else "well"
    if scores.auc.value > TOO_GOOD:
        size = "suspiciously well"
    first = f"[It told people more likely to leave from the others {size}: {pairs}.]"
    if use == "no_more":
        return (
            first,
            "[Tenure alone does not do clearly worse, with {auc_tenure.estimate}: what else was known adds "
            "little.]",
        )
    alone = (
        "Tenure alone reaches {auc_tenure.estimate}."
        if dated
        else "All are foretold from their entry on, so tenure alone tells nobody apart."
    )
    return (
        first,
        f"[{alone} The scaled Brier score, 0 for a forecast that is the same for everybody and 1 for a "
        "perfect one, is {scaled_brier.estimate}.]",
    )


def _estimand(result: RiskModel) -> str:
    tested = (
        "on days at which only earlier data had been used"
        if result.dated
        else f"for people left out of the fit, {result.repeats} times each"
    )
    return (
        "Probability of having left for each cause "
        f"{', '.join(str(h) for h in result.horizons)} months after a day, given what was known on it, while "
        f"other causes may come first; and how it compares with what came about {tested}."
    )


def _assumptions(result: RiskModel) -> tuple[str, ...]:
    return (
        "The coming months resemble the months learned from.",
        "Nothing among the covariates was recorded after the fact.",
        *(
            ("Who was lost to observation leaves like who was not (weights for censoring).",)
            if result.censored
            else ()
        ),
    )


def _limits(frame: TurnoverFrame, result: RiskModel) -> tuple[str, ...]:
    independent = plain(result.clustered_by.replace("_", " "))
    tested = (
        f"Tested on these days: {', '.join(result.landmarks)}."
        if result.dated
        else "There are no dates, so it is tested on left-out people, not on later days; times that change "
        "would not show. The horizon counts from entry into observation."
    )
    group = str(frame.group_by or "group").replace("_", " ")
    return (
        "For groups only: nobody's own risk is shown, and none may be used to decide on anyone.",
        tested,
        "What is known stays as it was on the day of the forecast, and grows old.",
        f"Intervals are over the {independent} as the unit, with the fitted models as they are; only that of "
        "foretold against observed exits holds what training may be off by.",
        "An expected range of a group holds chance in a group of its size, and how far totals were off; it "
        "does not hold what is peculiar to the group.",
        *(() if frame.in_full or not result.levels else (what_a_group_needs(group, frame.min_group_size),)),
        *_not_judged(frame, result),
    )


def _not_judged(frame: TurnoverFrame, result: RiskModel) -> tuple[str, ...]:
    """Horizons and causes without a score: by name in public microdata alone, as it tells that few left."""
    if len(result.shown) < 2:
        return ()
    missing = {h: causes_not_told(frame, result, h) for h in result.horizons}
    if frame.in_full:
        told = [f"{outcome_words(name)} within {h} months" for h, names in missing.items() for name in names]
        return (f"Too few left for a forecast to be judged: {', '.join(told)}.",) if told else ()
    months = [str(h) for h, names in missing.items() if names]
    if not months:
        return ()
    return (
        f"Within {' and '.join(months)} months causes are not told apart: for one or more of them too few "
        "left for a forecast to be judged.",
    )
