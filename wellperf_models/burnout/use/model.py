"""What a predicted risk is good for; a part that can't be told spares the others."""

from __future__ import annotations

from dataclasses import dataclass

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.measure.model import Measurement
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.burnout.use.cut_offs import AtCutOff, declared_cut, fit_cut_offs, other_cut_offs
from wellperf_models.burnout.use.decision import Decision, fit_decision
from wellperf_models.burnout.use.intervals import Intervals, fit_intervals
from wellperf_models.burnout.use.measured import Measured, fit_measured, reliability_of
from wellperf_models.burnout.use.rows import pieces_of
from wellperf_models.burnout.use.trust import Recalibrated, fit_calibration_error, recalibrate_forward
from wellperf_models.errors import ConvergenceError, DesignError, NotAskedError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.calibration_error import CalibrationError
from wellperf_models.study import Burnout


@dataclass(frozen=True, kw_only=True)
class Use:
    """What a risk predicted by one model is good for.

    Attributes:
        forecasts: What it was scored with.
        chosen: The model: the one declared first among those that could be fitted.
        error: How far risks are from what happened.
        decision: Net benefits; not asked where the study declares no threshold.
        recalibrated: Whether an earlier wave could have set risks right.
        intervals: In which interval a next score is foretold.
        measured: What error of measurement does to cases.
        cut_offs: Cut-off → the first answer there; the declared one is among them.
    """

    forecasts: Forecasts
    chosen: Forecast
    error: CalibrationError | Unanswered
    decision: Decision | Unanswered
    recalibrated: Recalibrated | Unanswered
    intervals: Intervals | Unanswered
    measured: Measured | Unanswered
    cut_offs: dict[float, AtCutOff | Unanswered]

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Use({self.chosen.name!r}, {len(self.cut_offs)} cut-offs; not released)"


def fit_use(
    frame: BurnoutFrame,
    forecasts: Forecasts | Unanswered,
    section: Burnout,
    measurement: Measurement | Unanswered | None = None,
) -> Use:
    """Judges what the model declared first would be good for; fits again only where a case is another one.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`.
        section: `[burnout]`.
        measurement: From `fit_measurement`, for the reliability of the score and published cut-offs.

    Raises:
        DesignError, NotAskedError, ConvergenceError: There is no forecast to use.
    """
    if isinstance(forecasts, Unanswered):
        raise _again(forecasts)
    chosen = next(iter(forecasts.answered.values()), None)
    if chosen is None:
        raise _again(next(f for f in forecasts.models.values() if isinstance(f, Unanswered)))
    cut = declared_cut(frame, forecasts)
    pieces = pieces_of(frame, forecasts, chosen)
    if not pieces:
        raise ConvergenceError(
            "No fold holds both the model and the last score alone.", where="burnout.models"
        )

    def measured() -> Measured:
        reliability = reliability_of(measurement, section.use)
        return fit_measured(frame, forecasts, pieces, cut, reliability)

    return Use(
        forecasts=forecasts,
        chosen=chosen,
        error=attempt(fit_calibration_error, frame, forecasts, chosen),
        decision=attempt(fit_decision, frame, forecasts, chosen, section.use),
        recalibrated=attempt(recalibrate_forward, frame, forecasts, chosen),
        intervals=attempt(fit_intervals, frame, forecasts, chosen, section.use.interval),
        measured=attempt(measured),
        cut_offs=fit_cut_offs(frame, forecasts, chosen, other_cut_offs(section.use, measurement)),
    )


def _again(why: Unanswered) -> DesignError:
    """The reason why there is no forecast, once more."""
    kind = DesignError if why.asked else NotAskedError
    return kind(why.reason, remedy=why.remedy or None)
