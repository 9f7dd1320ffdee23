"""Evidence `burnout.nonresponse`: do strained people answer less, and what could silence hide."""

from __future__ import annotations

import math
from collections.abc import Sequence

from wellperf_models.burnout.nonresponse.checks import support_of
from wellperf_models.burnout.nonresponse.findings_tables import (
    case_support,
    side_by_side,
    table_by_score,
    table_of_differences,
)
from wellperf_models.burnout.nonresponse.frame import ResponseFrame
from wellperf_models.burnout.nonresponse.model import NonResponseFit, direction_of
from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    IntervalKind,
    Provenance,
    Support,
    Table,
    Unanswered,
    plain,
    unanswered,
)
from wellperf_models.inference.scores import Score
from wellperf_models.panel import left_out_table

_ID = "burnout.nonresponse"
_PER_100 = "cases per 100 people asked"
_DIRECTIONS = {1: "more frequent", -1: "less frequent", 0: "neither clearly more nor less frequent"}


def judge_nonresponse(
    response: ResponseFrame | Unanswered,
    fit: NonResponseFit | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on silence: as answered, weighted, at worst, and not at random, side by side.

    Args:
        response: From `build_response`.
        fit: From `fit_nonresponse`; an `Unanswered` gives an evidence that says why.
        checks: From `check_nonresponse`.
        provenance: Where the numbers come from.
    """
    outcome = "strain" if isinstance(response, Unanswered) else response.outcome
    question = (
        f"Do people with worse scores of {outcome} answer less often, and could those who did not answer "
        "change the picture?"
    )
    population = "" if isinstance(response, Unanswered) else response.population
    why = fit if isinstance(fit, Unanswered) else response if isinstance(response, Unanswered) else None
    if isinstance(response, Unanswered) or isinstance(fit, Unanswered):
        assert why is not None
        return unanswered(_ID, question, why, population=population, provenance=provenance)
    return Evidence(
        id=_ID,
        question=question,
        answer=_answer(response, fit),
        estimand="Share of cases in a wave among everybody asked who had a score in the wave before, all "
        f"waves taken together; a case is {response.case}.",
        population=population,
        design="description; weighting, bounds and a sensitivity analysis for those who did not answer",
        provenance=provenance,
        estimates=_estimates(response, fit),
        tables=_tables(response, fit),
        checks=tuple(checks),
        assumptions=(
            "Weighted numbers: whether somebody answers depends on nothing but the last score, what is in "
            f"“{plain(response.model)}”, and the wave.",
            "Bounds: none.",
            "Differences: those who did not answer score like alike people who did, plus the difference.",
        ),
        limits=_limits(response),
        members=response.members(),
    )


def _tables(response: ResponseFrame, fit: NonResponseFit) -> tuple[Table, ...]:
    tables = (side_by_side(response, fit), table_of_differences(response, fit), table_by_score(response))
    if not response.left_out:
        return tables
    lost = left_out_table(
        {(reason,): rows for reason, rows in response.left_out.items()}, title="What was not asked again"
    )
    return (*tables, lost)


def _answer(response: ResponseFrame, fit: NonResponseFit) -> str:
    outcome = plain(response.outcome)
    told = "(odds times {response_odds_ratio.estimate} per point)"
    if fit.log_odds.high < 0:
        first = f"Yes: the worse the score of {outcome}, the less often people answered the next wave {told}."
    elif fit.log_odds.low > 0:
        first = f"No, the reverse: the worse the score of {outcome}, the more often people answered {told}."
    else:
        first = f"These data do not show that scoring worse on {outcome} changes who answers next {told}."
    parts = [
        first,
        "[{share_as_answered} of those who answered are cases; weighted to everybody who was asked, "
        "{share_weighted.estimate}.]",
        "[Whatever the others would have said, the share lies within {share_bounds.interval}.]",
        _tips_share_words(fit),
        _tips_change_words(fit),
    ]
    return " ".join(parts)


def _tips_share_words(fit: NonResponseFit) -> str:
    matters = f"{100 * fit.matters:g} in 100"
    if fit.tips_share is None:
        return (
            f"Even if those who did not answer were {fit.largest:g} points worse off than alike people who "
            f"did, the share would be less than {matters} above what the answers say."
        )
    if fit.tips_share == 0:
        return f"Weighting alone lifts the share by {matters} or more above what the answers say."
    return (
        "[Those who did not answer would have to be {tips_share} points worse off than alike people who did "
        f"for the share to be {matters} above what the answers say.]"
    )


def _tips_change_words(fit: NonResponseFit) -> str:
    now = _DIRECTIONS[direction_of(fit.change.weighted)]
    since = f"Since the wave before, cases became {now}"
    if fit.tips_change is None:
        side = "better" if direction_of(fit.change.weighted) > 0 else "worse"
        return f"{since}; no difference up to {fit.largest:g} points {side} changes that."
    side = "better" if fit.tips_change < 0 else "worse"
    return f"[{since}; a difference of {{tips_change}} points {side} would change that.]"


def _estimates(response: ResponseFrame, fit: NonResponseFit) -> tuple[Estimate, ...]:
    asked, cases = support_of(response, fit), case_support(response, fit)
    ratio = Score(
        value=math.exp(fit.log_odds.value),
        std_error=fit.log_odds.std_error,
        low=math.exp(fit.log_odds.low),
        high=math.exp(fit.log_odds.high),
    )
    per_point = f"odds ratio per point worse of {response.outcome}"
    found = [
        ratio.estimate("response_odds_ratio", "Answering the next wave", per_point, asked, scale="log"),
        fit.rate.estimate("response_rate", "Answered, of those asked", "share", asked),
        fit.share.as_answered.estimate("share_as_answered", "Cases among those who answered", "share", cases),
        fit.share.weighted.estimate("share_weighted", "Cases, weighted to everybody asked", "share", cases),
        _times(fit.share.shift).estimate("share_shift", "Weighted less as answered", _PER_100, cases),
        _bounds(fit, cases),
        _times(fit.change.as_answered).estimate(
            "change_as_answered",
            "Change since the wave before, among those who answered",
            _PER_100,
            cases,
        ),
        _times(fit.change.weighted).estimate(
            "change_weighted",
            "Change since the wave before, weighted",
            _PER_100,
            cases,
        ),
        fit.auc.as_answered.estimate("auc_as_answered", "AUC of the last score, as answered", "AUC", cases),
        fit.auc.weighted.estimate("auc_weighted", "AUC of the last score, weighted", "AUC", cases),
    ]
    for name, label, value in (
        ("tips_share", "Difference that lifts the share by as much as matters", fit.tips_share),
        ("tips_change", "Difference that changes the direction of the change", fit.tips_change),
    ):
        if value:
            size = round(abs(value), 6)
            found.append(Estimate(name=name, label=label, value=size, unit="points", support=cases))
    return tuple(found)


def _bounds(fit: NonResponseFit, support: Support) -> Estimate:
    kind: IntervalKind = "bounds"
    return Estimate(
        name="share_bounds",
        label="Cases among everybody asked, at worst",
        value=fit.share.as_answered.value,
        low=fit.share_bounds.low,
        high=fit.share_bounds.high,
        coverage=1.0,
        interval=kind,
        unit="share",
        support=support,
    )


def _times(score: Score) -> Score:
    """Per 100."""
    return Score(
        value=100 * score.value,
        std_error=100 * score.std_error,
        low=100 * score.low,
        high=100 * score.high,
    )


def _limits(response: ResponseFrame) -> tuple[str, ...]:
    limits = [
        "About people with a score in the wave before: who had none then is in no number here.",
        "Nothing in these data says how the silent fared: a difference is supposed, not found.",
        "Weighting takes away what the last score and the predictors tell of silence: about a quarter of the "
        "gap in simulated organisations in which exhaustion on the day itself kept people from answering.",
        "Answering goes along with the earlier score; it does not follow that strain is the reason.",
    ]
    if not response.asked_by:
        limits.append(
            "No table says who was still employed: who had left counts as asked, and as not having answered."
        )
    if response.consent:
        limits.append("Answers without consent are not used: they count as not given.")
    if response.section.case_share is not None:
        limits.append("The cut-off is that of the worst share of the answers themselves.")
    return tuple(limits)
