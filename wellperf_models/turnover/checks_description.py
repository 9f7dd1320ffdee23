"""Statements about the spells a description rests on."""

from __future__ import annotations

import numpy as np

from wellperf_models.disclosure.rules import floor_count
from wellperf_models.evidence import Check
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.turnover.rows import TurnoverFrame


def check_spells(frame: TurnoverFrame) -> tuple[Check, ...]:
    """Checks of who is in the extract."""
    spells = frame.spells
    still = int(np.unique(spells.person[spells.event == 0]).size)
    found = [some_are_still_there(still, frame.min_group_size)]
    if spells.start is not None:
        left = spells.event > 0
        found.append(exits_spread_over_days((spells.start + spells.duration)[left], frame.minimum.events))
    return tuple(found)


def exits_spread_over_days(day: Floats, minimum: int) -> Check:
    """No single day of the calendar holds half of all exits.

    Args:
        day: Of each exit, shape (n,); on any scale on which days are at least 1/31 apart.
        minimum: Exits on one day that it takes.
    """
    _, number = np.unique(np.round(day * 31), return_counts=True)
    most = int(number.max()) if number.size else 0
    passed = most < minimum or 2 * most < day.size
    return Check(
        name="exits_spread_over_days",
        passed=passed,
        text="Exits are spread over the calendar: no day holds half of them."
        if passed
        else "Half of all exits or more are dated on one and the same day: a closure, or a date that "
        "stands for one nobody knew. The curves then say when that day came, not how long people stay.",
        computation="exact",
    )


def some_are_still_there(n_still: int, minimum: int) -> Check:
    """The extract holds people who had not left: one of leavers alone makes every tenure look short.

    Args:
        n_still: People who had not left by the end of their observation.
        minimum: People it takes.
    """
    passed = n_still >= minimum
    return Check(
        name="some_are_still_there",
        passed=passed,
        value=float(floor_count(n_still)),
        threshold=float(minimum),
        text="The extract holds people who had not left: at least {value} (needed: {threshold})."
        if passed
        else "Nearly everyone in the extract has left: at least {value} had not (needed: {threshold}). If "
        "people who are still employed are missing from it, tenure looks too short, and no curve can put "
        "that right.",
        computation="exact",
    )
