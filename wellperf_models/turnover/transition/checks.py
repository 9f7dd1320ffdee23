"""Statements about the comparison of two periods that can fail."""

from __future__ import annotations

import numpy as np

from wellperf_models.disclosure.rules import floor_count
from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.turnover.rows import TurnoverFrame
from wellperf_models.turnover.transition.dispersion import Dispersion
from wellperf_models.turnover.transition.model import TransitionModel

_ALPHA = 0.05
_MIN_SAME_TENURE = 0.9
# a variance that makes intervals a fifth wider
_MAX_DISPERSION = 1.5
_MIN_CLUSTERS = 10


def check_transition(frame: TurnoverFrame, model: TransitionModel | Unanswered) -> tuple[Check, ...]:
    """Checks of the comparison; none of one that could not be made."""
    if isinstance(model, Unanswered):
        return ()
    clusters = 0 if frame.spells.cluster is None else int(frame.spells.cluster.max()) + 1
    return (
        enough_completions(min(model.later.n_events, model.earlier.n_events), frame.minimum.events),
        comparable_follow_up(observed=model.observed_before),
        whole_years(model.months),
        same_tenures(model.same_tenure, support_of_both(model)),
        one_by_one(model.dispersion, clusters, support_of_both(model)),
    )


def support_of_both(model: TransitionModel) -> Support:
    """What a comparison rests on: the people of both periods, the events of the one with fewer."""
    periods = (model.later, model.earlier)
    people = [p.people.size for p in periods]
    return Support(
        n_people=np.union1d(model.later.people, model.earlier.people).size,
        n_events=min(p.completers.size for p in periods),
        n_non_events=min(p.people.size - p.completers.size for p in periods),
        smallest_level=min(people),
    )


def enough_completions(n_fewest: int, minimum: int) -> Check:
    """Both periods have enough completions to speak of a rate."""
    return Check(
        name="enough_completions",
        passed=n_fewest >= minimum,
        value=float(floor_count(n_fewest)),
        threshold=float(minimum),
        text="At least {value} people reached the aim in each of the two periods (needed: {threshold}).",
        computation="exact",
    )


def comparable_follow_up(*, observed: bool) -> Check:
    """The earlier period was observed from its first day to its last."""
    return Check(
        name="comparable_follow_up",
        passed=observed,
        text="Both periods were observed from the first day to the last."
        if observed
        else "Observation began in the middle of the earlier period: its rate is that of a part of it.",
        computation="exact",
    )


def whole_years(months: int) -> Check:
    """Both periods hold every season equally often."""
    passed = months % 12 == 0
    return Check(
        name="whole_years",
        passed=passed,
        text="Both periods hold whole years: seasons can't make the difference."
        if passed
        else f"Periods of {months} months do not hold the same seasons: hiring in spring or the end of a "
        "school year can make the difference by itself.",
        computation="exact",
    )


def same_tenures(share: float, support: Support | None = None) -> Check:
    """People of the same tenure were there in both periods."""
    return Check(
        name="same_tenures",
        passed=share >= _MIN_SAME_TENURE,
        value=share,
        threshold=_MIN_SAME_TENURE,
        support=support,
        text="Share of those who reached the aim at a tenure that both periods have people of: {value} "
        "(needed: {threshold}); the others can't be compared.",
        computation="exact",
    )


def one_by_one(found: Dispersion, n_clusters: int, support: Support | None = None) -> Check:
    """People reach the aim one by one, not in bunches; where in bunches, intervals are widened."""
    bunched = found.p_value is not None and found.p_value < _ALPHA
    wide = found.by_cluster is not None and found.by_cluster > _MAX_DISPERSION
    few = found.by_cluster is not None and n_clusters < _MIN_CLUSTERS
    if found.by_month is None and found.by_cluster is None:
        return Check(
            name="one_by_one", passed=None, text="Too few people reached the aim to look for bunches."
        )
    text = "People reach the aim one by one, as far as can be seen"
    if bunched or wide:
        text = "People reach the aim in bunches; intervals and the probability are widened for it"
    if few:
        text += f", though by few clusters ({found.clustered_by.replace('_', ' ')})"
    return Check(
        name="one_by_one",
        passed=not (bunched or wide or few),
        value=found.used,
        threshold=_MAX_DISPERSION,
        support=support,
        text=text + " (variance against that of independent people: {value}, line at {threshold}).",
    )
