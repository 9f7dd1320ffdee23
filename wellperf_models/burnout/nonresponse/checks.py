"""Statements about silence that can fail; each takes what it judges: a test can plant a fault."""

from __future__ import annotations

import numpy as np

from wellperf_models.burnout.checks import number_of_clusters
from wellperf_models.burnout.nonresponse.frame import ResponseFrame
from wellperf_models.burnout.nonresponse.model import NonResponseFit
from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.inference.response_weights import LEAST_CHANCE, StandIns
from wellperf_models.inference.scores import Score

# of those whose weights would be cut there may be few
_MOST_UNLIKELY = 0.01
_LEAST_EFFECTIVE = 0.5
# of a standard deviation: about what people notice on such scales (Norman et al. 2003, Medical Care 41:582)
_NOTICED = 0.5


def check_nonresponse(
    response: ResponseFrame | Unanswered, fit: NonResponseFit | Unanswered
) -> tuple[Check, ...]:
    """Checks of the weights and of what silence could change; none where there is no fit.

    Args:
        response: From `build_response`.
        fit: From `fit_nonresponse`.
    """
    if isinstance(response, Unanswered) or isinstance(fit, Unanswered):
        return ()
    support = support_of(response, fit)
    return (
        everybody_could_answer(fit.weights.response.chance, support),
        weights_carried_by_many(fit.weights, support),
        silence_changes_little(fit.share.shift, fit.matters, support),
        robust_to_silence(fit.tips_share, fit.spread, fit.largest, support),
        who_was_asked(response.asked_by),
        number_of_clusters(fit.n_clusters, response.section.cluster or "person"),
    )


def support_of(response: ResponseFrame, fit: NonResponseFit) -> Support:
    """What a number about answering rests on: everybody asked; the events are those who fell silent."""
    pairs = response.pairs
    assert pairs is not None
    people = int(np.unique(pairs.person).size)
    silent = int(np.unique(pairs.person[~pairs.answered]).size)
    return Support(
        n_people=people,
        n_events=silent,
        n_non_events=people - silent,
        residual_df=pairs.person.size - fit.n_parameters,
        n_parameters=fit.n_parameters,
        n_clusters=fit.n_clusters,
        members=response.members(),
    )


def everybody_could_answer(chance: np.ndarray, support: Support) -> Check:
    """Positivity: hardly anybody was nearly sure not to answer, given what is known of them."""
    share = float((chance < LEAST_CHANCE).mean())
    return Check(
        name="everybody_could_answer",
        passed=share <= _MOST_UNLIKELY,
        # exact counts of a few unlikely people are theirs
        value=round(share, 2),
        threshold=_MOST_UNLIKELY,
        support=support,
        text=f"Share of those asked whose chance to answer was below {LEAST_CHANCE:.0%}: {{value}} (at most "
        "{threshold}): for others somebody alike answered.",
    )


def weights_carried_by_many(weights: StandIns, support: Support) -> Check:
    """No few people carry the weighted numbers."""
    answered = int(weights.response.answered.sum())
    share = weights.effective_size / answered
    return Check(
        name="weights_carried_by_many",
        passed=share >= _LEAST_EFFECTIVE,
        value=share,
        threshold=_LEAST_EFFECTIVE,
        support=support,
        text="The weighted answers are worth as many unweighted ones as {value} of their number (at least "
        f"{{threshold}}); nobody counts for more than {1 / LEAST_CHANCE:.0f}.",
    )


def silence_changes_little(shift: Score, matters: float, support: Support) -> Check:
    """Weighting to everybody asked moves the share of cases by less than matters."""
    inside = -matters < shift.low and shift.high < matters
    outside = shift.low > matters or shift.high < -matters
    return Check(
        name="silence_changes_little",
        passed=True if inside else False if outside else None,
        value=shift.value,
        threshold=matters,
        support=support,
        text="Weighted to everybody who was asked, the share of cases moves by {value} (what matters: "
        "{threshold})."
        + ("" if inside or outside else " The interval reaches across that line: these data do not tell."),
    )


def robust_to_silence(tips: float | None, spread: float, largest: float, support: Support) -> Check:
    """It takes more than a noticeable difference between the silent and alike people to matter."""
    if tips is None:
        return Check(
            name="robust_to_silence",
            passed=True if largest >= _NOTICED * spread else None,
            text=f"No difference tried (up to {largest:g} points) lifts the share of cases by as much as "
            "matters.",
        )
    return Check(
        name="robust_to_silence",
        passed=tips >= _NOTICED * spread,
        value=tips,
        threshold=float(f"{_NOTICED * spread:.2g}"),
        support=support,
        text="For the share of cases to be higher by as much as matters, those who did not answer would have "
        "to be {value} points worse off than alike people who did (half a standard deviation: {threshold}).",
    )


def who_was_asked(asked_by: str) -> Check:
    """Whether those who had left are told from those who did not answer."""
    return Check(
        name="leavers_are_not_silent",
        passed=True if asked_by else None,
        text=f"Only people still employed when the next wave began count as asked (by {asked_by})."
        if asked_by
        else "No table says who was still employed: people who had left count as not having answered.",
        computation="exact",
    )
