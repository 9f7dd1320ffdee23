"""Fund, stop, run a trial, or measure something else first: the rule, and what it says here.

Fund and stop are said where the decision says so, and nowhere else. Otherwise a trial is advised where its
expected net benefit is above 0 by more than twice its simulation error under every set of priors that judges;
of several the one whose worst case over those sets is best. Where no trial is, what is advised is the group
of unknowns that a trial can't tell and that is worth most to know, if that is clear of its simulation error
and at least a tenth of what knowing everything would be worth, under every set; where none is, nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from wellperf_models.evidence import Unanswered
from wellperf_models.inference.value_of_information import Gain
from wellperf_models.roi.information.results import BY_TRIAL, Group, Information, Sampled, UnderPrior

Verdict = Literal["fund", "stop", "pilot", "measure", "enough"]
_CLEAR: Final = 2.0
_WORTH_KNOWING: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What to do next.

    Attributes:
        verdict: "enough": nothing that could be measured is worth it, and the rule says neither fund nor
            stop.
        trial: Place of the best trial among those valued, whether or not it is worth it; None without any.
        pays: Whether that trial is worth more than it costs.
        group: What is worth most to know of all that a trial can't tell (or, without trials, of everything);
            None where nothing is.
        most: What is worth most to know of all that can be known by itself, whether or not a trial tells it;
            None where nothing is worth anything.
    """

    verdict: Verdict
    trial: int | None
    pays: bool
    group: Group | None
    most: Group | None


def advise(information: Information, doubts: Sequence[str]) -> Advice:
    """Applies the rule.

    Args:
        information: From `fit_information`.
        doubts: Why the comparison itself decides nothing; () where nothing speaks against it.
    """
    sets = list(information.under.values())
    trial, pays = best_trial(sets)
    group = _group(sets, by_trial=trial is None)
    answer = information.decision.answer
    verdict: Verdict
    if answer != "undecided" and not doubts:
        verdict = answer
    elif pays:
        verdict = "pilot"
    else:
        verdict = "enough" if group is None else "measure"
    return Advice(verdict=verdict, trial=trial, pays=pays, group=group, most=group or _most(sets))


def trials_of(under: UnderPrior) -> tuple[Sampled, ...]:
    """The trials valued; () where there are none."""
    return () if isinstance(under.trials, Unanswered) else under.trials


def best_trial(sets: Sequence[UnderPrior]) -> tuple[int | None, bool]:
    """The trial whose worst case over the sets is best, and whether it is worth more than it costs."""
    valued = [trials_of(under) for under in sets]
    if not valued[0]:
        return None, False
    worst = [min(t.net for t in same) for same in zip(*valued, strict=True)]
    best = worst.index(max(worst))
    return best, all(is_clear(trials[best]) for trials in valued)


def is_clear(trial: Sampled) -> bool:
    """Whether a trial is worth more than it costs, by more than twice its simulation error."""
    return trial.net > _CLEAR * trial.net_error


def _group(sets: Sequence[UnderPrior], *, by_trial: bool) -> Group | None:
    """What is worth most to know, if it is worth knowing under every set."""
    found = None
    for place, (group, _) in enumerate(sets[0].groups):
        # a sum of groups is told, and not advised where one of them would do
        if group.kind == "inputs" or (group.kind in BY_TRIAL and not by_trial):
            continue
        gains = [under.groups[place][1] for under in sets]
        if not all(_worth_knowing(g, u) for g, u in zip(gains, sets, strict=True)):
            continue
        least = min(g.value for g in gains)
        if found is None or least > found[0]:
            found = (least, group)
    return None if found is None else found[1]


def _most(sets: Sequence[UnderPrior]) -> Group | None:
    """The single group whose least value over the sets is largest, where that is clear of its error."""
    found = None
    for place, (group, _) in enumerate(sets[0].groups):
        gains = [under.groups[place][1] for under in sets]
        if group.kind in ("effects", "inputs") or not all(g.value > _CLEAR * g.std_error for g in gains):
            continue
        least = min(g.value for g in gains)
        if found is None or least > found[0]:
            found = (least, group)
    return None if found is None else found[1]


def _worth_knowing(gain: Gain, under: UnderPrior) -> bool:
    return gain.value > max(_CLEAR * gain.std_error, _WORTH_KNOWING * under.perfect.value)
