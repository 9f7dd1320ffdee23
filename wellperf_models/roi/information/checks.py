"""Statements about the value of information that can fail; each takes what it judges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from wellperf_models.evidence import Check, Unanswered
from wellperf_models.inference.value_of_information import Gain
from wellperf_models.roi.findings_decision import support_of_decision
from wellperf_models.roi.information.advice import best_trial, is_clear, trials_of
from wellperf_models.roi.information.results import Information, Sampled, Spread, UnderPrior
from wellperf_models.roi.rows import RoiFrame

# a number this many Monte Carlo errors outside is not outside
_ERRORS: Final = 4.0
_MOST_UNEXPLAINED: Final = 0.01
# what a tenth of 20,000 draws is worth, and the most a value may err by, as a share of it
_FEWEST_DRAWS: Final = 2_000.0
_MOST_ERROR: Final = 0.1
# of what knowing everything would be worth: below it a disagreement decides nothing
_NEGLIGIBLE: Final = 0.01


def check_information(
    frame: RoiFrame | Unanswered, information: Information | Unanswered
) -> tuple[Check, ...]:
    """Checks of the value of information; none of what is not answered.

    Args:
        frame: The return frame.
        information: From `fit_information`.
    """
    if isinstance(frame, Unanswered):
        return ()
    if isinstance(information, Unanswered):
        return ()
    sets = list(information.under.values())
    checks = [
        within_bounds(sets),
        regressions_hold(sets),
        unseen_draws_agree(sets),
        enough_draws(sets),
        value_is_sure(sets),
        same_advice_between_priors(sets),
    ]
    if trials_of(sets[0]):
        checks += [larger_trials_tell_more(sets), shared_within_clusters(list(information.spreads.values()))]
    support = support_of_decision(information.decision)
    return tuple(replace(check, support=support) if check.value is not None else check for check in checks)


def within_bounds(sets: Sequence[UnderPrior]) -> Check:
    """No part is worth more than the whole, no trial more than the effects it estimates, nothing below 0."""
    outside = 0
    for under in sets:
        whole = under.perfect
        told = [gain for group, gain in under.groups if group.kind in ("effect", "effects")]
        effects = max(told, key=lambda gain: gain.value, default=whole)
        # a trial by lot tells the bias of the comparison too
        if any(group.kind == "bias" for group, _ in under.groups):
            effects = whole
        trials = [t.gain for t in trials_of(under)]
        outside += sum(_beyond(gain, whole) for _, gain in under.groups)
        outside += sum(_beyond(gain, effects) for gain in trials)
        outside += sum(gain.value < 0 for gain in [whole, *(g for _, g in under.groups), *trials])
    return Check(
        name="within_bounds",
        passed=outside == 0,
        value=float(outside),
        threshold=0.0,
        text="Values that are below 0, or where a part is worth more than the whole: {value}.",
        computation="exact",
    )


def _beyond(part: Gain, whole: Gain) -> bool:
    return part.value - whole.value > _ERRORS * math.hypot(part.std_error, whole.std_error)


def _gains(under: UnderPrior) -> list[Gain]:
    return [*(gain for _, gain in under.groups), *(t.gain for t in trials_of(under))]


def regressions_hold(sets: Sequence[UnderPrior]) -> Check:
    """What the regressions leave over has nothing more to do with what they were given."""
    worst = max((gain.unexplained for under in sets for gain in _gains(under)), default=0.0)
    return Check(
        name="regressions_hold",
        passed=worst <= _MOST_UNEXPLAINED,
        value=worst,
        threshold=_MOST_UNEXPLAINED,
        text="Of what the regressions leave over, their own inputs would still explain a share of at most "
        "{value} (line at {threshold}).",
        computation="sampled",
        # what chance alone leaves between tenths
        monte_carlo_error=10 / min(under.perfect.choice.size for under in sets),
    )


def unseen_draws_agree(sets: Sequence[UnderPrior]) -> Check:
    """Choices learnt from one half of the draws earn on the other half what the value says."""
    apart = 0
    for under in sets:
        for gain in _gains(under):
            gap = abs(gain.value - gain.held_out)
            apart += gap > max(_ERRORS * gain.held_out_error, _NEGLIGIBLE * under.perfect.value)
    return Check(
        name="unseen_draws_agree",
        passed=apart == 0,
        value=float(apart),
        threshold=0.0,
        text="Values that choices learnt from one half of the draws do not earn on the other: {value}.",
        computation="exact",
    )


def enough_draws(sets: Sequence[UnderPrior]) -> Check:
    """The draws are worth at least 2,000 independent ones under every set: repeated draws count once."""
    fewest = min(under.n_effective for under in sets)
    return Check(
        name="enough_draws",
        passed=fewest >= _FEWEST_DRAWS,
        value=fewest,
        threshold=_FEWEST_DRAWS,
        text="Every value rests on draws that are worth {value} independent ones (at least {threshold}).",
        computation="exact",
    )


def value_is_sure(sets: Sequence[UnderPrior]) -> Check:
    """The simulation error of the value of knowing everything is small beside it."""
    worst = max((u.perfect.std_error / u.perfect.value for u in sets if _matters(u)), default=None)
    return Check(
        name="value_is_sure",
        passed=None if worst is None else worst <= _MOST_ERROR,
        value=worst,
        threshold=None if worst is None else _MOST_ERROR,
        text="Knowing everything is worth next to nothing, so how surely that is known does not matter."
        if worst is None
        else "The simulation error of what knowing everything is worth is at most {value} of it (line at "
        "{threshold}).",
        computation="exact",
    )


def _matters(under: UnderPrior) -> bool:
    """Whether knowing everything may be worth a hundredth of what the net present value varies by."""
    spread = under.mean_error * math.sqrt(under.n_effective)
    most = under.perfect.value + _ERRORS * under.perfect.std_error
    return under.perfect.value > 0 and most > _NEGLIGIBLE * spread


def larger_trials_tell_more(sets: Sequence[UnderPrior]) -> Check:
    """More people, or more clusters among as many people, never tell less."""
    falls = sum(_falls(trials_of(under)) for under in sets)
    return Check(
        name="larger_trials_tell_more",
        passed=falls == 0,
        value=float(falls),
        threshold=0.0,
        text="Pairs of trials of which the larger one, or the one among more clusters, seems to tell less: "
        "{value}.",
        computation="exact",
    )


def _falls(trials: Sequence[Sampled]) -> int:
    found = 0
    for a in trials:
        for b in trials:
            more = b.trial.people > a.trial.people and b.trial.clusters == a.trial.clusters
            among = b.trial.people == a.trial.people and (b.trial.clusters or 0) > (a.trial.clusters or 0)
            # with common random numbers the difference is far surer than either; these errors are too wide
            slack = _ERRORS * max(a.gain.held_out_error, b.gain.held_out_error)
            found += (more or among) and b.gain.value < a.gain.value - slack
    return found


def shared_within_clusters(spreads: Sequence[Spread]) -> Check:
    """How alike people of a cluster are is known from these data or from the study."""
    assumed = sum(not spread.told for spread in spreads)
    return Check(
        name="shared_within_clusters",
        passed=None if assumed else True,
        text="How alike people of one team or site are is known from these data, or declared."
        if not assumed
        else "How alike people of one team or site are is not known from these data: the usual .05 is used.",
        computation="exact",
    )


def same_advice_between_priors(sets: Sequence[UnderPrior]) -> Check:
    """One trial is worth its cost under every set of priors, clear of its simulation error; or none is."""
    trial, pays = best_trial(sets)
    somewhere = any(is_clear(t) for under in sets for t in trials_of(under))
    return Check(
        name="same_advice_between_priors",
        passed=None if trial is None else pays or not somewhere,
        text="No trial is declared that could be worth its cost or not."
        if trial is None
        else "One and the same trial is worth its cost whatever one believed beforehand."
        if pays
        else "Whether a trial is worth its cost, or which one, depends on what one believed beforehand."
        if somewhere
        else "No trial is worth its cost, whatever one believed beforehand.",
        computation="exact",
    )
