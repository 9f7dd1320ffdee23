"""What a share would be, had those who did not answer fared worse than alike people (delta adjustment).

A pattern-mixture model (Little 1993, Journal of the American Statistical Association 88:125; as a sensitivity
analysis Leacy et al. 2017, American Journal of Epidemiology 185:304): somebody who did not answer is taken
to have the score of alike people who did, plus δ. Nothing in the data says what δ is. At 0 it is weighting
by the inverse chance to answer; the tipping point is the smallest δ at which the conclusion is another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wellperf_models.inference.response_weights import Mask, StandIns, clustered, mean_of_all
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score

# rounding of scores must not decide whether one plus δ reaches the cut-off
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Scores of everybody asked; arrays of shape (n,).

    Attributes:
        weights: From `stand_ins`.
        strain: More is worse; anything where nobody answered.
        cut: A case scores this or more.
        cluster: Code of the independent unit.
    """

    weights: StandIns
    strain: Floats
    cut: float
    cluster: Ints

    @property
    def case(self) -> Mask:
        """Cases among those who answered."""
        return self.weights.response.answered & (self.strain >= self.cut - _ROUNDING)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Asked({self.strain.size} rows; not released)"


def share_at(asked: Asked, delta: float, less: Floats | None = None) -> Score:
    """Share of cases among everybody asked, had those who did not answer scored δ more than alike people.

    Args:
        asked: The data.
        delta: In points; below 0 they fared better.
        less: Known of everybody and taken off (their own earlier case, for a change), shape (n,).

    Raises:
        DesignError: Fewer than two clusters.
    """
    worse = np.where(asked.weights.response.answered, asked.strain, -np.inf) + delta
    alike = (worse >= asked.cut - _ROUNDING).astype(float)
    value, influence = mean_of_all(asked.weights, asked.case.astype(float), alike)
    if less is not None:
        value -= float(less.mean())
        influence = influence - (less - less.mean()) / less.size
    return clustered(value, influence, asked.cluster)


def tipping_point(asked: Asked, changed: Callable[[float], bool], *, furthest: float) -> float | None:
    """The smallest difference at which a conclusion is another; None up to the furthest one tried.

    The share moves only where some score plus δ reaches the cut-off, so only these differences are tried; by
    halving, because a share that has moved past a line stays past it.

    Args:
        asked: The data.
        changed: Whether the conclusion at δ is another than at 0.
        furthest: The largest difference to try; below 0: how much better they would have to have fared.
    """
    steps = steps_of(asked, furthest)
    if not steps or not changed(steps[-1]):
        return None
    low, high = 0, len(steps) - 1
    while low < high:
        middle = (low + high) // 2
        if changed(steps[middle]):
            high = middle
        else:
            low = middle + 1
    return steps[low]


def steps_of(asked: Asked, furthest: float) -> Sequence[float]:
    """Differences at which the share moves, from 0 outwards.

    Args:
        asked: The data.
        furthest: The last one lies no further out.
    """
    seen = np.unique(asked.strain[asked.weights.response.answered])
    gap = asked.cut - seen
    if furthest >= 0:
        return [float(v) for v in np.sort(gap[(gap > _ROUNDING) & (gap <= furthest + _ROUNDING)])]
    # a case stops being one just past the point at which it falls on the cut-off
    past = gap[(gap <= _ROUNDING)] - 2 * _ROUNDING
    return [float(v) for v in np.sort(past[past >= furthest - 3 * _ROUNDING])[::-1]]
