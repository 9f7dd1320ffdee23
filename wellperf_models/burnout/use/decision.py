"""What acting on predicted risks gains over acting on everybody, on nobody, or on the last score alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.burnout.use.rows import Piece, mean_over, pieces_of
from wellperf_models.burnout.use.sides import Sides
from wellperf_models.errors import NotAskedError
from wellperf_models.inference.net_benefit import net_benefit, treat_all
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.scores import Score
from wellperf_models.study.burnout_questions import Use as UseSection

# steps between the lowest and the highest threshold of the curve
_STEPS = 24


@dataclass(frozen=True, kw_only=True)
class AtThreshold:
    """Net benefits per answer where one acts at a risk of `threshold` or more; of acting on nobody it is 0.

    Attributes:
        threshold: In risk.
        declared: By the study; else a point of the curve.
        model, everybody: Of acting on the model, and on everybody.
        last: Of acting on the last score alone; None where nothing is before.
        over_everybody, over_last: The model less these, on the same rows.
        acted: Scored rows acted on, shape (rows of `Forecasts.scored`,).
        fewest: People in the smallest set that the numbers of this and the next lower threshold tell of.
    """

    threshold: float
    declared: bool
    model: Score
    everybody: Score
    last: Score | None
    over_everybody: Score
    over_last: Score | None
    acted: NDArray[np.bool_]
    fewest: int

    def __repr__(self) -> str:
        """Where."""
        return f"AtThreshold({self.threshold:g}; not released)"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The decision curve.

    Attributes:
        points: In the order of thresholds, the declared ones among them.
        known: Scored rows with a prediction, shape (rows of `Forecasts.scored`,).
    """

    points: tuple[AtThreshold, ...]
    known: NDArray[np.bool_]

    @property
    def declared(self) -> tuple[AtThreshold, ...]:
        """At the thresholds the study declares."""
        return tuple(p for p in self.points if p.declared)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Decision({len(self.points)} thresholds; not released)"


def fit_decision(
    frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, section: UseSection
) -> Decision:
    """Net benefits at the declared thresholds, and on a grid between them.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`.
        chosen: The model.
        section: `[burnout.use]`.

    Raises:
        NotAskedError: The study declares no threshold.
        DesignError: Fewer than two clusters.
    """
    if not section.thresholds:
        raise NotAskedError(
            "The study file does not say at which risk one would act.",
            where="burnout.use.thresholds",
            remedy="name one or more",
        )
    pieces, scored = pieces_of(frame, forecasts, chosen), forecasts.scored
    last = forecasts.last_score
    known = np.isfinite(chosen.risk) & (True if last is None else np.isfinite(last.risk))
    people = Sides(
        person=scored.person[known],
        case=scored.case[known],
        risks=tuple(f.risk[known] for f in (chosen, last) if f is not None),
    )
    thresholds = _grid(section.thresholds, people, 1 if frame.in_full else frame.min_group_size)
    points = tuple(
        _at(
            frame,
            pieces,
            threshold,
            acted=known & (chosen.risk >= threshold),
            declared=threshold in section.thresholds,
            fewest=fewest,
        )
        for threshold, fewest in zip(thresholds, people.fewest(thresholds), strict=True)
    )
    return Decision(points=points, known=known)


def _at(
    frame: BurnoutFrame,
    pieces: Sequence[Piece],
    threshold: float,
    *,
    acted: NDArray[np.bool_],
    declared: bool,
    fewest: int,
) -> AtThreshold:
    model = [net_benefit(p.case, p.risk, threshold) for p in pieces]
    everybody = [treat_all(p.case, threshold) for p in pieces]
    last = [net_benefit(p.case, r, threshold) for p in pieces if (r := p.base_risk) is not None]

    def less(others: Sequence[Floats]) -> Score:
        return mean_over(frame, pieces, [a - b for a, b in zip(model, others, strict=True)])

    return AtThreshold(
        threshold=threshold,
        declared=declared,
        model=mean_over(frame, pieces, model),
        everybody=mean_over(frame, pieces, everybody),
        last=mean_over(frame, pieces, last) if last else None,
        over_everybody=less(everybody),
        over_last=less(last) if last else None,
        acted=acted,
        fewest=fewest,
    )


def _grid(declared: Sequence[float], people: Sides, least: int) -> tuple[float, ...]:
    """Thresholds from the lowest to the highest declared; between two of them nobody moves, or enough."""
    kept = list(declared)
    steps = np.linspace(declared[0], declared[-1], _STEPS + 1)[1:-1]
    for step in (round(float(s), 4) for s in steps):
        place = int(np.searchsorted(kept, step))
        if step in kept or not 0 < place < len(kept):
            continue
        moved = (*people.moved(kept[place - 1], step), *people.moved(step, kept[place]))
        if min(moved, default=least) >= least:
            kept.insert(place, step)
    return tuple(kept)
