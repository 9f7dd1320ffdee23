"""What is remembered of a covariate measured over time: by one rule in the data and in the simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.inference.risk_sets import Floats

Flags = NDArray[np.bool_]

# a dated covariate's own memory: last value, mean of the earlier ones, never measured, older than usual
N_FEATURES = 4
# weight of the newest in the mean of earlier months: half of it is of the last two or three
_FADE = 0.25


@dataclass(frozen=True, kw_only=True)
class Dated:
    """A number measured over time.

    Attributes:
        name, label, unit: As declared.
        monthly: Recorded every month; else asked at waves, which people may leave unanswered.
        centre: Mean over the months in which it was new; features are deviations from it.
        spread: Standard deviation over the same.
        floor: Values pile up at it and never go below.
        low, high: Range that simulated values stay in.
        usual_age: Months a value is old as a rule before the next.
    """

    name: str
    label: str
    unit: str
    monthly: bool
    centre: float
    spread: float
    floor: float
    low: float
    high: float
    usual_age: int


@dataclass(kw_only=True)
class Memory:
    """What is remembered of one covariate, by the same rule in the data and in the simulation; shape (n,).

    Attributes:
        monthly: The mean of earlier values fades (a quarter is the newest one's); else it weighs them alike.
        last, mean, first: Last value, mean of those before it (itself where there is none), first one.
        n, age: Values so far, and months since the last.
    """

    monthly: bool
    last: Floats
    mean: Floats
    first: Floats
    n: Floats
    age: Floats

    @classmethod
    def empty(cls, n: int, *, monthly: bool) -> Memory:
        """Of people of whom nothing is known."""
        return cls(monthly=monthly, **{name: np.zeros(n) for name in ("last", "mean", "first", "n", "age")})

    def copy(self) -> Memory:
        """One to carry on from."""
        return self.of(slice(None))

    def of(self, rows: NDArray[np.int64] | slice) -> Memory:
        """Of some people."""
        parts = {name: getattr(self, name)[rows].copy() for name in ("last", "mean", "first", "n", "age")}
        return Memory(monthly=self.monthly, **parts)

    def update(self, new: Floats, seen: Flags) -> None:
        """A month goes by in which `new` was measured of those `seen`."""
        fade = _FADE if self.monthly else 0.0
        rate = np.maximum(fade, 1 / np.maximum(self.n, 1))
        earlier = np.where(self.n > 0, self.mean + rate * (self.last - self.mean), new)
        self.mean = np.where(seen, earlier, self.mean)
        self.first = np.where(seen & (self.n == 0), new, self.first)
        self.last = np.where(seen, new, self.last)
        self.n = self.n + seen
        self.age = np.where(seen, 0.0, self.age + 1)

    def features(self, dated: Dated) -> Floats:
        """Shape (n, 4): last and mean as deviations (0 where never measured), never measured, older than
        usual.
        """
        known = self.n > 0
        found = np.empty((self.last.size, N_FEATURES))
        found[:, 0] = known * (self.last - dated.centre)
        found[:, 1] = known * (self.mean - dated.centre)
        found[:, 2] = ~known
        found[:, 3] = known & (self.age > dated.usual_age)
        return found

    def pace(self) -> Floats:
        """The last value and those before it as one number, as the next month's mean of earlier ones."""
        rate = np.maximum(_FADE if self.monthly else 0.0, 1 / np.maximum(self.n, 1))
        return self.mean + rate * (self.last - self.mean)
