"""Statements about a forecast of leaving that can fail; each takes what it judges."""

from __future__ import annotations

from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.turnover.risk.model import RiskModel
from wellperf_models.turnover.risk.scoring import Scores

_EXACT = 1e-12
# credible in this field is .60 to .80; above it is leakage until explained
TOO_GOOD = 0.80
# leavers with whom an AUC is more than chance
_LEAST_LEAVERS = 20


def check_risk(result: RiskModel | Unanswered) -> tuple[Check, ...]:
    """Checks of the forecast; none of one that could not be made."""
    if isinstance(result, Unanswered):
        return ()
    scores = result.at(result.headline)
    assert scores is not None
    # a covariate that knows the outcome may show at one horizon, or for one cause, alone
    judged = [s for s in result.scores if s is scores or s.leavers.size >= _LEAST_LEAVERS]
    best = max(judged, key=lambda s: s.auc.value)
    return (
        incidences_add_up(result.gap),
        forward_in_time(result.latest, result.known_late),
        plausible_auc(best.auc.value, support_of(best)),
        right_on_the_whole(
            scores.log_ratio.low, scores.log_ratio.high, support_of(scores), dated=result.dated
        ),
    )


def support_of(scores: Scores, n_parameters: int | None = None) -> Support:
    """What a score rests on."""
    people, leavers = scores.people.size, scores.leavers.size
    return Support(
        n_people=people,
        n_events=leavers,
        n_non_events=people - leavers,
        n_parameters=n_parameters,
        n_clusters=scores.n_clusters,
    )


def incidences_add_up(gap: float) -> Check:
    """Foretold survival and incidences of all causes add up to 1 for everybody."""
    right = gap <= _EXACT
    return Check(
        name="foretold_adds_up",
        passed=right,
        # below the tolerance the size of the rounding error says something about the machine only
        value=0.0 if right else gap,
        threshold=_EXACT,
        text="Foretold staying and leaving for each cause add up to everyone (largest gap {value}).",
        computation="exact",
    )


def forward_in_time(latest: int | None, known_late: int | None) -> Check:
    """Nothing that was not known on the day of a forecast was used for it.

    Args:
        latest: Latest month of an outcome in training less the month of the forecast; at most 0.
        known_late: Covariate values measured on or after the day they were used on.
    """
    if latest is None:
        return Check(
            name="forward_in_time",
            passed=None,
            text="There are no dates: forecasts are tested on left-out people, not on later days.",
        )
    late = latest > 0 or bool(known_late)
    return Check(
        name="forward_in_time",
        passed=not late,
        text="Some forecasts used what was only known later."
        if late
        else "Every forecast used only what was known on its day: no later outcome, no later measurement.",
        computation="exact",
    )


def plausible_auc(auc: float, support: Support | None = None) -> Check:
    """Better than this field ever gets means leakage until explained."""
    credible = auc <= TOO_GOOD
    return Check(
        name="plausible_auc",
        passed=credible,
        value=auc,
        threshold=TOO_GOOD,
        support=support,
        text="The clearest ordering at any horizon (AUC = {value}) is not too good to be true (alarm above "
        "{threshold})."
        if credible
        else "The clearest ordering at any horizon (AUC = {value}) is too good to be true (alarm above "
        "{threshold}): look for a covariate that knows the outcome.",
    )


def right_on_the_whole(
    low: float, high: float, support: Support | None = None, *, dated: bool = True
) -> Check:
    """As many left as were foretold, within the error of the comparison.

    Args:
        low, high: Interval of the log of observed over foretold exits.
        support: Of the comparison.
        dated: Whether on later days; else people left out in turn are alike those learned from.
    """
    right = low <= 0 <= high
    why = (
        "those judged are not like those learned from, and what is foretold next may be off alike."
        if dated
        else "the model's bands of tenure, or its covariates, do not fit, and what is foretold of others is "
        "off alike."
    )
    return Check(
        name="right_on_the_whole",
        passed=right,
        text="As many people left as were foretold, within the error of the comparison."
        if right
        else ("Fewer" if high < 0 else "More") + f" people left than were foretold: {why}",
        support=support,
    )
