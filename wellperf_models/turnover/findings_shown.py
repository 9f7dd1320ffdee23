"""What the description and the question of transition share: shares, who left, what is kept back."""

from __future__ import annotations

import numpy as np

from wellperf_models.evidence import Estimate, Support
from wellperf_models.inference.risk_sets import Ints
from wellperf_models.turnover.causes import ShownCause, withhold
from wellperf_models.turnover.model import Description
from wellperf_models.turnover.rows import TurnoverFrame


def month_name(months: float) -> str:
    """A tenure as part of an identifier: 12 → "12", 4.5 → "4_5"."""
    return f"{months:g}".replace(".", "_")


def leavers_of(frame: TurnoverFrame, description: Description, cause: ShownCause, until: float) -> Ints:
    """Codes of the people who left for a cause between the start of the range and `until`."""
    spells = frame.spells
    inside = (spells.duration > description.start) & (spells.duration <= until)
    return np.unique(spells.person[inside & np.isin(spells.event, cause.members)])


def withheld_causes(frame: TurnoverFrame, description: Description, horizon: float) -> frozenset[str]:
    """Causes without an estimate at a horizon: a smaller one would follow from theirs."""
    if frame.in_full:
        return frozenset()
    people, gone = description.people_behind[horizon]
    counts = {c.name: leavers_of(frame, description, c, horizon).size for c in description.shown}
    return withhold(counts, people.size - gone.size, frame.minimum.events)


def probability(
    name: str, label: str, found: tuple[float, float, float, float], support: Support
) -> Estimate:
    """A share of people with its interval.

    Args:
        name, label: Of the estimate.
        found: (share, standard error, low, high).
        support: What it rests on.
    """
    value, error, low, high = found
    return Estimate(
        name=name,
        label=label,
        value=value,
        low=low,
        high=high,
        coverage=0.95,
        interval="confidence",
        unit="probability",
        se=error,
        support=support,
        computation="exact",
    )
