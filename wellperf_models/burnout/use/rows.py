"""Scored rows of every split beside what was predicted of them, and means over splits with their interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.inference.folds import corrected_mean
from wellperf_models.inference.logistic import expit
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score, clustered_mean


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The scored rows of one split.

    Attributes:
        rows: Row numbers of the frame, shape (n,).
        case: Shape (n,).
        eta: Log odds foretold by the model, shape (n,).
        base: Those by the last score alone; None where nothing is before.
        cluster: Shape (n,).
    """

    rows: Ints
    case: NDArray[np.bool_]
    eta: Floats
    base: Floats | None
    cluster: Ints

    @property
    def risk(self) -> Floats:
        """By the model."""
        return expit(self.eta)

    @property
    def base_risk(self) -> Floats | None:
        """By the last score alone."""
        return None if self.base is None else expit(self.base)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Piece({self.rows.size} rows; not released)"


def pieces_of(frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast) -> tuple[Piece, ...]:
    """Scored rows of every split on which the model was fitted, and the last score alone if there is one."""
    last = forecasts.last_score
    found = []
    for number, split in enumerate(forecasts.splits):
        eta = chosen.tried.etas[number]
        base = None if last is None else last.tried.etas[number]
        if eta is None or (last is not None and base is None):
            continue
        found.append(
            Piece(
                rows=split.test,
                case=split.case[split.test],
                eta=eta,
                base=base,
                cluster=frame.answers.cluster[split.test],
            )
        )
    return tuple(found)


def mean_over(frame: BurnoutFrame, pieces: Sequence[Piece], values: Sequence[Floats]) -> Score:
    """Mean of row values: clustered where time splits the rows, else over repeated folds (Nadeau & Bengio).

    Args:
        frame: Gives the number of folds.
        pieces: From `pieces_of`.
        values: One array of row values a piece.

    Raises:
        DesignError: Fewer than two clusters.
    """
    if frame.time_split:
        return clustered_mean(values[0], pieces[0].cluster)
    mean = corrected_mean(np.array([float(v.mean()) for v in values]), frame.section.validation.folds)
    return Score(value=mean.mean, std_error=mean.std_error, low=mean.low, high=mean.high)
