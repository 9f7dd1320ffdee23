"""The wait-list trial inside the world: teams that start first against those that wait.

Intention to treat: everybody belongs to the arm of the team held on the first day, whatever comes after.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wellperf_models.synth.measures import absences_of, answered, scores_of
from wellperf_models.synth.path import STREAMS, Path
from wellperf_models.synth.streams import Floats, Ints

ARMS = ("programme", "waiting")


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """What is measured of everybody employed on the first day; arrays over posts, nan: not measured.

    Attributes:
        person: Number in the register. team: Held on the first day. waiting: True in the waiting arm.
        received: True for who was in a team with the programme at any time until the second third starts.
        before, follow_up: Exhaustion scores just before the first and just before the second third starts.
        absence_days: Working days of absences that began between the two, as days a year.
        share: Share of that time in which a person was employed and agreed to the record.
        left: 1.0 left voluntarily between the two, else 0.0.
    """

    person: Ints
    team: Ints
    waiting: np.ndarray
    received: np.ndarray
    before: Floats
    follow_up: Floats
    absence_days: Floats
    share: Floats
    left: Floats


def measure_trial(path: Path, starts: Ints | None = None) -> Trial:
    """Measures the trial of one block.

    Args:
        path: The lived months.
        starts: Months in which the teams start, which make the arms; None: those of the path.
    """
    first, second = path.world.programme_starts
    person, team = path.person[first], path.team[first]
    assigned = path.starts if starts is None else starts
    months = np.arange(first, second)[:, None]
    here = path.person[first:second] == person
    gone = path.ended[first:second] & here
    days, share = _absences(path, first, second)
    left = gone.any(axis=0) & (path.register.cause[person] == 0)
    return Trial(
        person=person,
        team=team,
        waiting=assigned[team] != first,
        received=(here & (path.starts[path.team[first:second]] <= months)).any(axis=0),
        before=_scores(path, first, person),
        follow_up=_scores(path, second, person),
        absence_days=days,
        share=share,
        # in an extract of a month there is no time between the two
        left=left.astype(np.float64) if second > first else np.full(len(person), np.nan),
    )


def _scores(path: Path, month: int, person: Ints) -> Floats:
    """Exhaustion of those who still hold their post, agree and answer on the first day of a month."""
    known = (
        (path.person[month] == person)
        & path.consented("surveys", person, path.first_day[month])
        & answered(path, month)
    )
    return np.where(known, scores_of(path, month)["exhaustion"], np.nan)


def _absences(path: Path, first: int, second: int) -> tuple[Floats, Floats]:
    """Days a year, and the share of the time between two months that was observed, over posts."""
    person, register = path.person[first], path.register
    begin, after = int(path.first_day[first]), int(path.first_day[second])
    until = np.minimum(register.end_day[person] + 1, after)
    if path.world.consent_refusal or path.world.consent_withdrawal:
        last = path.consent_days[1][STREAMS.index("absences")][person]
        until = np.minimum(until, last + 1)
    seen = path.consented("absences", person, begin)
    share = np.where(seen, until - begin, 0) / max(1, after - begin)
    found = absences_of(path, before=second)
    inside = found.start >= begin
    days = np.bincount(found.person[inside], weights=found.days[inside], minlength=len(register.hire_day))[
        person
    ]
    years = share * (second - first) / 12
    return np.where(share > 0, days / np.where(share > 0, years, 1.0), np.nan), share


def tally_trial(path: Path, without: Path) -> dict[str, Floats]:
    """Sums by (as lived or without the programme, arm), each of shape (2, 2).

    Consents are given: who refuses does so whatever the arm, so they change no estimand.

    Args:
        path: As lived.
        without: The same people and draws, with the programme nowhere.
    """
    everyone = {"consent_refusal": 0.0, "consent_withdrawal": 0.0}
    parts = []
    for lived in (path, without):
        agreed = dataclasses.replace(lived, world=lived.world.but(**everyone))
        trial = measure_trial(agreed, path.starts)
        parts += [_sums_of(trial, trial.waiting == waits) for waits in (False, True)]
    return {name: np.reshape([part[name] for part in parts], (2, 2)) for name in parts[0]}


def _sums_of(trial: Trial, who: np.ndarray) -> dict[str, float]:
    x, y = trial.before[who], trial.follow_up[who]
    days, share = trial.absence_days[who], trial.share[who]
    both, after, seen = np.isfinite(x) & np.isfinite(y), np.isfinite(y), share > 0
    found = {
        "n": both.sum(), "x": x[both].sum(), "y": y[both].sum(),
        "xx": np.square(x[both]).sum(), "xy": (x * y)[both].sum(),
        "n_after": after.sum(), "after": y[after].sum(),
        "years": share[seen].sum(), "days": (days * share)[seen].sum(),
        "people": who.sum(), "left": trial.left[who].sum(),
    }  # fmt: skip
    return {name: float(value) for name, value in found.items()}


def trial_effects(sums: Mapping[str, Floats]) -> dict[str, float]:
    """Differences between the arms, less those the same arms would show without the programme.

    Lots make the latter 0 in a large sample: taking it off leaves the effect and takes away its noise.

    Args:
        sums: From `tally_trial`, added up.
    """
    lived, without = (_differences({name: part[k] for name, part in sums.items()}) for k in (0, 1))
    return {name: lived[name] - without[name] for name in lived}


def _differences(s: Mapping[str, Floats]) -> dict[str, float]:
    """What weighted least squares gives on the arm, and on the first score where it is adjusted for."""
    slope = (s["xy"] - s["x"] * s["y"] / s["n"]).sum() / (s["xx"] - s["x"] ** 2 / s["n"]).sum()
    means = {
        "exhaustion_follow_up": (s["y"] - slope * s["x"]) / s["n"],
        "exhaustion_follow_up_unadjusted": s["after"] / s["n_after"],
        "absence_days_a_year": s["days"] / s["years"],
        "left_voluntarily": s["left"] / s["people"],
    }
    return {f"programme_effect_{name}": float(mean[0] - mean[1]) for name, mean in means.items()}
