"""Words and estimates that the findings on effects and contrasts share."""

from __future__ import annotations

import numpy as np

from wellperf_models.evidence import Estimate, Members, plain
from wellperf_models.inference.scores import Score
from wellperf_models.panel import all_members, members_of
from wellperf_models.panel.roster import UNKNOWN
from wellperf_models.roi.checks_effects import support_of
from wellperf_models.roi.rows import Effect, OutcomeRows, RoiFrame


def unit_of(rows: OutcomeRows) -> str:
    """Unit of an estimate; a yes/no outcome is a share and printed in per cent."""
    return "share" if rows.binary else plain(rows.declared.unit or "points")


def unit_words(rows: OutcomeRows) -> str:
    """What follows the number in a sentence."""
    return "of people" if rows.binary else unit_of(rows)


def estimate_of(effect: Effect, name: str, label: str, rows: OutcomeRows) -> Estimate:
    """An effect or contrast as an estimate.

    Args:
        effect: The difference.
        name: Of the estimate.
        label: What a reader sees.
        rows: Its outcome.
    """
    score = Score(value=effect.value, std_error=effect.std_error, low=effect.low, high=effect.high)
    return score.estimate(name, label, unit_of(rows), support_of(effect))


def programme_of(frame: RoiFrame) -> str:
    """The programme in a sentence."""
    return f"“{plain(frame.section.label or frame.section.programme.replace('_', ' '))}”"


def includes_none(effect: Effect) -> bool:
    """Whether the interval includes no change."""
    return effect.low <= 0 <= effect.high


def members_of_outcomes(frame: RoiFrame) -> Members:
    """Every unit measured on any outcome."""
    return all_members([rows.members(np.ones(rows.unit.size, bool)) for rows in frame.outcomes.values()])


def members_offered(frame: RoiFrame) -> Members:
    """Units assigned to the treated arm, measured or not, of the outcome that counts them (`n_offered`)."""
    rows = max(frame.outcomes.values(), key=lambda o: o.n_assigned[1])
    if rows.assigned is None or rows.assigned.unit is None:
        return UNKNOWN
    return members_of(rows.roster, rows.assigned.unit[rows.assigned.treated])
