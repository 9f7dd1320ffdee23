"""Random numbers by mechanism and month, so that two runs under different policies share them.

Every draw belongs to (seed, block, mechanism, month, post). Changing a policy, or leaving a mechanism out,
moves no other draw: paired interventions differ by their effect alone (common random numbers).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Mechanism(IntEnum):
    """What a stream of random numbers is for. Append only: the numbers are part of the seed."""

    TEAMS = 0
    EXHAUSTION = 1
    OVERTIME = 2
    PERFORMANCE = 3
    VOLUNTARY = 4
    INVOLUNTARY = 5
    OTHER = 6
    MOVES = 7
    HIRES = 8
    ROLLOUT = 9
    TENURE = 10
    WORKLOAD = 11
    RESPONSE = 12
    SURVEY = 13
    ABSENCE = 14
    INDICATORS = 15
    RATINGS = 16
    CONSENT = 17
    COSTS = 18
    ITEMS = 19


# months may be negative (history); spawn keys may not
_MONTH_OFFSET = 100_000


class Streams:
    """Streams of one block of a simulated organisation.

    Args:
        seed: The one seed.
        block: Number of the block, from 0.
    """

    def __init__(self, seed: int, block: int = 0) -> None:
        self._seed = seed
        self._block = block

    def of(self, mechanism: Mechanism, month: int = 0, part: int = 0) -> np.random.Generator:
        """The generator of one mechanism in one month, fresh at each call."""
        key = (self._block, int(mechanism), month + _MONTH_OFFSET, part)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self._seed, spawn_key=key)))

    def sparse_uniform(self, mechanism: Mechanism, month: int, part: int, posts: Ints) -> Floats:
        """Uniform numbers in (0, 1) of some posts only, the same whichever other posts are asked for.

        A hash (splitmix64, Steele et al. 2014) of the post's number keyed by the stream, since drawing
        for all posts to use one in seventy would double the cost of a month.
        """
        key = np.random.SeedSequence(
            self._seed, spawn_key=(self._block, int(mechanism), month + _MONTH_OFFSET, part)
        ).generate_state(1, np.uint64)
        x = key + (posts.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
        return ((x >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53

    def sparse_normal(self, mechanism: Mechanism, month: int, part: int, posts: Ints) -> Floats:
        """Standard normal numbers of some posts only (Box and Muller, 1958); uses `part` and `part + 1`."""
        radius = np.sqrt(-2.0 * np.log(self.sparse_uniform(mechanism, month, part, posts)))
        return radius * np.cos(2.0 * np.pi * self.sparse_uniform(mechanism, month, part + 1, posts))
