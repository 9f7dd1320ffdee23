"""Who is followed: everyone at work at a landmark, from what was known of them on that day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.turnover.policy.frame import Histories
from wellperf_models.turnover.policy.frame_memory import Flags, Memory
from wellperf_models.turnover.policy.model_course import Course

# months of history before the first landmark, where there are as many
_HISTORY, _LEAST_HISTORY = 12, 3


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """People at landmarks; arrays over (person, landmark) pairs, shape (n,).

    Attributes:
        landmarks: Months of the study at whose start people are taken on.
        horizon: Months they are followed.
        spell, landmark, cluster, person: Of each pair.
        memories: By covariate, as the landmark began.
        observed: By month followed (0: the landmark's own): at risk in the data, shape (n, horizon).
        event: Exit in that month, shape (n, horizon).
        base: By month followed: `Histories.base_at`.
        counts, sums: By covariate: rows of the person's course so far, and sums of (x, y).
    """

    landmarks: tuple[int, ...]
    horizon: int
    spell: Ints
    landmark: Ints
    cluster: Ints
    person: Ints
    memories: tuple[Memory, ...]
    observed: Flags
    event: Ints
    base: tuple[Floats, ...]
    counts: tuple[Floats, ...]
    sums: tuple[Floats, ...]

    @property
    def size(self) -> int:
        """Pairs of person and landmark."""
        return self.spell.size

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Cohort({self.size} people at {len(self.landmarks)} landmarks, {self.horizon} months)"


def landmarks_of(n_months: int, horizon: int, every: int) -> tuple[int, ...]:
    """Months people are taken on: `every` so many, from the first with enough history before it to the last
    whose whole horizon was observed.

    Raises:
        DesignError: The extract is shorter than history and horizon.
    """
    history = min(_HISTORY, n_months - horizon)
    if history < _LEAST_HISTORY:
        raise DesignError(
            "The extract is too short for the months a policy is to be followed.",
            where="turnover.policies: horizon_months",
            expected=f"at least {horizon + _LEAST_HISTORY} whole months observed",
            got=f"{n_months}",
            remedy="a shorter horizon_months, or a longer extract",
        )
    return tuple(range(history, n_months - horizon + 1, every))


def take_cohort(
    histories: Histories,
    courses: tuple[Course, ...],
    changed: tuple[int, ...],
    horizon: int,
    every: int,
) -> Cohort:
    """People at work at the landmarks of whom every covariate that a policy changes is known.

    Args:
        histories, courses: What they are read from.
        changed: Places of the covariates that policies change.
        horizon: Months followed.
        every: Months between landmarks.

    Raises:
        DesignError: Too short an extract, or nobody.
    """
    landmarks = landmarks_of(histories.n_months, horizon, every)
    chosen = []
    for month in landmarks:
        here = histories.at_risk[:, month].copy()
        for k in changed:
            here &= histories.memories[k][month].n > 0
        chosen.append(np.flatnonzero(here))
    spell = np.concatenate(chosen)
    if spell.size == 0:
        raise DesignError("Nobody is at work at a landmark with a known course of work.", where="workload")
    landmark = np.repeat(landmarks, [c.size for c in chosen])
    window = landmark[:, None] + np.arange(horizon)[None, :]
    n = histories.at_risk.shape[0]
    counts, sums = [], []
    for course in courses:
        parts = [course.sums_until(month, n) for month in landmarks]
        counts.append(np.concatenate([p[0][c] for p, c in zip(parts, chosen, strict=True)]))
        sums.append(np.concatenate([p[1][c] for p, c in zip(parts, chosen, strict=True)]))
    return Cohort(
        landmarks=landmarks,
        horizon=horizon,
        spell=spell,
        landmark=landmark,
        cluster=histories.cluster[spell],
        person=histories.person[spell],
        memories=tuple(
            _join([by_month[month].of(c) for month, c in zip(landmarks, chosen, strict=True)])
            for by_month in histories.memories
        ),
        observed=histories.at_risk[spell[:, None], window],
        event=histories.event[spell[:, None], window],
        base=tuple(
            # tenure also of those who will have left; categories stay as they were at the landmark
            histories.base_at(spell, landmark + since, histories.tenure[spell, landmark] + since, landmark)
            for since in range(horizon)
        ),
        counts=tuple(counts),
        sums=tuple(sums),
    )


def _join(parts: list[Memory]) -> Memory:
    joined = {
        name: np.concatenate([getattr(p, name) for p in parts])
        for name in ("last", "mean", "first", "n", "age")
    }
    return Memory(monthly=parts[0].monthly, **joined)
