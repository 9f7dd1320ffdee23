"""How few people the numbers at thresholds of risk are about: those on a side, and those between two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study import HARD_FLOOR


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Scored rows with a prediction.

    Attributes:
        person: Codes, shape (n,).
        case: Shape (n,).
        risks: By the model, and by whatever else is acted on, each of shape (n,).
    """

    person: Ints
    case: NDArray[np.bool_]
    risks: tuple[Floats, ...]

    def moved(self, low: float, high: float) -> list[int]:
        """How many people two thresholds tell apart, in every sense in which they do at all.

        People with a risk between them; people who are no longer among those acted on; and cases likewise.
        """
        found = []
        for risk in self.risks:
            before, after = risk >= low, risk >= high
            found.append(int(np.unique(self.person[before & ~after]).size))
            for own in (np.ones(risk.size, bool), self.case):
                found.append(int(np.setdiff1d(self.person[before & own], self.person[after & own]).size))
        return [n for n in found if n]

    def fewest_at(self, threshold: float) -> int:
        """People acted on and people not, the fewer of them; of either the cases or others where very few."""
        found = []
        for risk in self.risks:
            sets = (risk >= threshold, risk < threshold)
            found += [int(np.unique(self.person[s]).size) for s in sets]
            # that nearly nobody or nearly everybody acted on is a case tells of each
            cells = [np.unique(self.person[s & c]).size for s in sets for c in (self.case, ~self.case)]
            found += [n for n in cells if n < HARD_FLOOR]
        return min(found)

    def fewest(self, thresholds: Sequence[float]) -> list[int]:
        """At each of increasing thresholds the people in the smallest set that its numbers tell of.

        Those acted on, those not, and those that it and the threshold before tell apart.
        """
        found = []
        for number, threshold in enumerate(thresholds):
            moved = self.moved(thresholds[number - 1], threshold) if number else []
            found.append(min([self.fewest_at(threshold), *moved]))
        return found

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Sides({self.person.size} rows; not released)"
