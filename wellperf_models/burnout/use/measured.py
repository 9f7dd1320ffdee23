"""What error of measurement does to cases: the best any model could reach, and who is near the cut-off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.measure.model import Measurement
from wellperf_models.burnout.model import Forecasts
from wellperf_models.burnout.use.rows import Piece, mean_over
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.classification_ceiling import ceiling_auc, error_of_measurement
from wellperf_models.inference.scores import Score
from wellperf_models.study.burnout_questions import Use as UseSection

_Z = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class KnownReliability:
    """Reliability of the outcome's score.

    Attributes:
        value: Share of the variance of scores that is not error.
        low, high: 95 % interval; None where it is declared.
        source: Where it comes from, in words.
    """

    value: float
    low: float | None
    high: float | None
    source: str

    def __repr__(self) -> str:
        """Not its value."""
        return f"KnownReliability({self.source!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What follows from a reliability.

    Attributes:
        reliability: Of the outcome's score.
        ceiling, ceiling_low, ceiling_high: AUC of the true score for cases by the measured one; the ends are
            those of the reliability.
        deviation: Standard deviation of the scored answers.
        error: Standard error of measurement, in points.
        near: Share of scored answers within ±1.96 of these of the cut-off.
    """

    reliability: KnownReliability
    ceiling: float
    ceiling_low: float | None
    ceiling_high: float | None
    deviation: float
    error: float
    near: Score

    def __repr__(self) -> str:
        """What it is."""
        return "Measured(not released)"


def reliability_of(measurement: Measurement | Unanswered | None, section: UseSection) -> KnownReliability:
    """The reliability found in the items of these data, else the one the study declares.

    Args:
        measurement: From `fit_measurement`; None or `Unanswered` where there is none.
        section: `[burnout.use]`.

    Raises:
        DesignError: It is neither known nor declared, or there is no variance that is not error.
    """
    known = None if isinstance(measurement, Unanswered) else measurement
    found = None if known is None else known.reliability
    if found is not None:
        if not 0 < found.value < 1:
            raise DesignError(
                "The items of the outcome have nothing in common: its score has no reliability to reckon "
                "with.",
                where="surveys",
            )
        return KnownReliability(value=found.value, low=found.low, high=found.high, source=found.source)
    if section.reliability is None:
        raise DesignError(
            "How reliable the score is, is not known: there are no answers to its items, and the study file "
            "declares none.",
            where="burnout.use.reliability",
            remedy="give a published reliability with its source",
        )
    return KnownReliability(value=section.reliability, low=None, high=None, source=section.reliability_source)


def fit_measured(
    frame: BurnoutFrame,
    forecasts: Forecasts,
    pieces: tuple[Piece, ...],
    cut: float,
    reliability: KnownReliability,
) -> Measured:
    """The ceiling of the AUC, the standard error of measurement, and answers near the cut-off.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`.
        pieces: Scored rows.
        cut: The cut-off on the scale as it is answered.
        reliability: From `reliability_of`.
    """
    share = float(forecasts.scored.case.mean())
    strain, turned = frame.answers.strain, cut if frame.higher_is_worse else -cut
    rows = np.unique(np.concatenate([p.rows for p in pieces]))
    deviation = float(strain[rows].std(ddof=1))
    error = error_of_measurement(deviation, reliability.value)
    # rounding must not decide on who is just at the border
    near = [(np.abs(strain[p.rows] - turned) <= _Z * error + 1e-9).astype(float) for p in pieces]
    low, high = (
        None if end is None else ceiling_auc(min(max(end, 1e-3), 1.0), share)
        for end in (reliability.low, reliability.high)
    )
    return Measured(
        reliability=reliability,
        ceiling=ceiling_auc(reliability.value, share),
        ceiling_low=low,
        ceiling_high=high,
        deviation=deviation,
        error=error,
        near=mean_over(frame, pieces, near).within(0.0, 1.0),
    )
