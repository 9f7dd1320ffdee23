"""A pipeline on one simulated organisation after the other; what it refuses is counted."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from wellperf_models.errors import ConvergenceError
from wellperf_models.evidence import Provenance, Unanswered, attempt

# with fewer worlds than this share there is no bias or coverage to speak of
_LEAST_FITTED: Final = 0.5
# findings name where they come from; these are never shown
NOWHERE: Final = Provenance(
    study="simulated",
    as_of="",
    data_hmac="",
    synthetic=True,
    public_microdata=False,
    seed=0,
    package_version="",
    lock_sha256="",
    python="",
)


@dataclass(kw_only=True)
class Trial:
    """Worlds tried, and what failed.

    Attributes:
        seed: The study's, and a number for the pillar: independent streams for both.
        n_worlds: Of each stream.
        n_tried: Fits tried in all.
        failed: Reason → worlds.
    """

    seed: tuple[int, int]
    n_worlds: int
    n_tried: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    def run[T](self, name: str, stream: int, one: Callable[[np.random.Generator], T]) -> list[T]:
        """One world after the other.

        Args:
            name: For the progress bar.
            stream: Its number; the same worlds come from the same one.
            one: Simulates an organisation, runs the pipeline on it, and tells what it found.
        """
        from tqdm import tqdm

        told: list[T] = []
        worlds = range(self.n_worlds)
        for number in tqdm(worlds, desc=name, leave=False, disable=not sys.stderr.isatty()):
            self.n_tried += 1
            found = attempt(one, np.random.default_rng([*self.seed, stream, number]))
            if isinstance(found, Unanswered):
                self.failed[found.reason] += 1
                continue
            told.append(found)
        return told

    def refuse_if_failing(self) -> None:
        """Refuses a trial most of which has no answer.

        Raises:
            ConvergenceError: More than half of the fits failed.
        """
        failed = sum(self.failed.values())
        if failed > _LEAST_FITTED * self.n_tried:
            raise ConvergenceError(
                "On most simulated organisations of this shape the pipeline gives no answer.",
                where="method_check",
                got=next(iter(self.failed)),
                remedy="more people or events, or fewer covariates",
            )
