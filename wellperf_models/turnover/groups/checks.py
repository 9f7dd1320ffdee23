"""Statements about the partially pooled hazards that can fail."""

from __future__ import annotations

from typing import Final

from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.inference.sampling import ESS_MIN, R_HAT_MAX, Diagnostics
from wellperf_models.turnover.groups.model import GroupHazards

# posterior standard deviations by which another prior may move the spread: less than what the data leave open
_MOST_MOVED: Final = 1.0
_TAIL: Final = 0.01
# from here on the answer says that groups differ; below the complement, that they hardly do
CLEAR: Final = 0.95


def check_groups(model: GroupHazards | Unanswered) -> tuple[Check, ...]:
    """Checks of the partially pooled hazards; none of those that could not be fitted."""
    if isinstance(model, Unanswered):
        return ()
    people, leavers = (codes.size for codes in model.cells.everybody())
    support = Support(n_people=people, n_events=leavers, n_non_events=people - leavers)
    return (
        chains_agree(model.diagnostics),
        prior_of_scale(model, support),
        spread_as_predicted(model.predicted_spread, support),
    )


def verdict(prob_differs: float) -> str:
    """What may be said of the groups: that they "differ", that they are "alike", or that it is "open"."""
    if prob_differs >= CLEAR:
        return "differ"
    return "alike" if prob_differs <= 1 - CLEAR else "open"


def chains_agree(found: Diagnostics) -> Check:
    """Every reported quantity passed the gate of the sampler; without it there is no answer at all."""
    passed = found.r_hat <= R_HAT_MAX and min(found.ess_bulk, found.ess_tail) >= ESS_MIN
    return Check(
        name="chains_agree",
        passed=bool(passed and not found.n_divergences),
        value=min(found.ess_bulk, found.ess_tail),
        threshold=ESS_MIN,
        computation="iterative",
        text="The chains agree on every group, and are worth at least {threshold} independent draws each "
        "(fewest: {value}).",
    )


def prior_of_scale(model: GroupHazards, support: Support | None = None) -> Check:
    """Half or twice the prior scale leaves the spread, and what is said of it, as they are."""
    spread, found = model.spread, list(model.other_priors.values())
    told = [other for other in found if other is not None]
    moved = max((abs(mean - spread.scale.mean) / spread.scale_sd for mean, _ in told), default=0.0)
    same = all(verdict(p) == verdict(spread.prob_differs) for _, p in told)
    passed = len(told) == len(found) and moved <= _MOST_MOVED and same
    return Check(
        name="prior_of_scale",
        passed=passed,
        value=moved,
        threshold=_MOST_MOVED,
        support=support,
        computation="sampled",
        monte_carlo_error=spread.scale.errors[0] / spread.scale_sd,
        text="Half or twice the prior scale would not change what is said of the groups (it moves their "
        "spread by {value} posterior standard deviations; line at {threshold})."
        if passed
        else "What is said of the groups depends on what was thought of their spread beforehand: half or "
        "twice the prior scale moves it by {value} posterior standard deviations (line at {threshold}), or "
        "changes the verdict.",
    )


def spread_as_predicted(p: float, support: Support | None = None) -> Check:
    """Exits by group spread as the fitted model would have them spread."""
    passed = _TAIL <= p <= 1 - _TAIL
    return Check(
        name="spread_as_predicted",
        passed=passed,
        value=p,
        support=support,
        computation="sampled",
        monte_carlo_error=max((p * (1 - p) / 400) ** 0.5, 1 / 400),
        text="Exits spread between groups as the model has them spread (share of data sets drawn from it "
        "that spread more: {value})."
        if passed
        else "Exits do not spread between groups as the model has them spread (share of data sets drawn "
        "from it that spread more: {value}): a few groups may be unlike all others.",
    )
