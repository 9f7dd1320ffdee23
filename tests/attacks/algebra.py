"""What a reader can work out: whole-numbered cells, and sums of them known to lie in a band.

The reader knows how the tables are built (which cells add up to which row) and nothing of who is in a cell;
in particular not yet that a row kept back is a small one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from wellperf_models.disclosure.rules import COUNT_BASE

# what round_count can have come from: 5 is any of 3, 4, 5, 6, 7
BAND = (COUNT_BASE - 1) // 2


class System:
    """Non-negative whole cells and what is known of their sums.

    Args:
        cells: Names of the cells.
    """

    def __init__(self, cells: Iterable[str]) -> None:
        self.index = {name: i for i, name in enumerate(cells)}
        self._rows: list[dict[int, float]] = []
        self._bounds: list[float] = []
        self._matrix: csr_array | None = None

    def add_total(self, cells: Iterable[str], shown: float, band: float = BAND) -> None:
        """The cells add up to what is shown, give or take the rounding."""
        self.add_between(cells, shown - band, shown + band)

    def add_at_least(self, cells: Iterable[str], least: float) -> None:
        """The cells add up to this or more."""
        self._add({self.index[c]: -1.0 for c in cells}, -least)

    def add_between(self, cells: Iterable[str], least: float, most: float) -> None:
        """The cells add up to something between."""
        cells = list(cells)
        self.add_at_least(cells, least)
        self._add({self.index[c]: 1.0 for c in cells}, most)

    def add_at_most(self, smaller: Iterable[str], larger: Iterable[str]) -> None:
        """The first sum is at most the second: events and people."""
        row: dict[int, float] = {}
        for cell in smaller:
            row[self.index[cell]] = row.get(self.index[cell], 0.0) + 1.0
        for cell in larger:
            row[self.index[cell]] = row.get(self.index[cell], 0.0) - 1.0
        self._add(row, 0.0)

    def add_equal(self, left: Iterable[str], right: Iterable[str]) -> None:
        """Both sums are of the same people."""
        left, right = list(left), list(right)
        self.add_at_most(left, right)
        self.add_at_most(right, left)

    def interval(self, cells: Iterable[str]) -> tuple[float, float]:
        """Smallest and largest sum of the cells that agrees with everything known.

        Raises:
            ValueError: Nothing agrees: the system was set up wrongly.
        """
        goal = np.zeros(len(self.index))
        goal[[self.index[c] for c in cells]] = 1.0
        low, high = self._extreme(goal), -self._extreme(-goal)
        # solutions are whole numbers; a ten-millionth is the solver's
        return math.ceil(low - 1e-6), high if math.isinf(high) else math.floor(high + 1e-6)

    def _add(self, row: dict[int, float], bound: float) -> None:
        self._rows.append(row)
        self._bounds.append(bound)
        self._matrix = None

    def _extreme(self, goal: np.ndarray) -> float:
        if self._matrix is None:
            places = [(r, c, v) for r, row in enumerate(self._rows) for c, v in row.items()]
            rows, columns, values = (list(part) for part in zip(*places, strict=True))
            self._matrix = csr_array((values, (rows, columns)), shape=(len(self._rows), len(self.index)))
        found = linprog(goal, A_ub=self._matrix, b_ub=self._bounds, bounds=(0, None), method="highs")
        if found.status == 3:
            return -math.inf
        if found.status != 0:
            raise ValueError(f"no cells agree with what is shown: {found.message}")
        return float(found.fun)
