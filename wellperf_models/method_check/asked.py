"""Frames of the pillars whose tables the study has; the others are not asked for."""

from __future__ import annotations

from wellperf_models.burnout import BurnoutFrame, build_frame as build_burnout_frame
from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Unanswered
from wellperf_models.panel import Source
from wellperf_models.roi import RoiFrame, build_frame as build_roi_frame
from wellperf_models.turnover import TurnoverFrame, build_frame as build_turnover_frame


def build_turnover(tables: Source) -> TurnoverFrame:
    """The frame of the pillar on staying and leaving.

    Raises:
        NotAskedError: The study has no table of spells.
    """
    if "spells" not in tables:
        raise NotAskedError("The study has no table of spells, so nothing is said of staying.")
    return build_turnover_frame(tables)


def build_burnout(tables: Source) -> BurnoutFrame:
    """The frame of the pillar on strain.

    Raises:
        NotAskedError: The study has no table of surveys, or does not say which scale to forecast.
    """
    if "surveys" not in tables:
        raise NotAskedError("The study has no table of surveys, so nothing is foreseen.")
    if tables.study.burnout is None:
        raise NotAskedError("The study does not say which scale to forecast ([burnout]).")
    return build_burnout_frame(tables)


def build_roi(tables: Source) -> RoiFrame:
    """The frame of the pillar on returns.

    Raises:
        NotAskedError: The study does not say of which programme, or has no table to measure it in.
    """
    section = tables.study.roi
    if section is None:
        raise NotAskedError("The study says nothing of a programme ([roi]).")
    # a roll-out may be followed in other tables; every other design has its arms in this one
    elsewhere = section.design == "staggered" and section.outcomes[section.primary].measured_in != "outcomes"
    if "outcomes" not in tables and not elsewhere:
        raise NotAskedError("The study has no table of outcomes, so nothing is said of a programme.")
    return build_roi_frame(tables)


def asked[F](frame: F | Unanswered) -> F:
    """The frame, where there is one.

    Args:
        frame: From `attempt(build_…, tables)`.

    Raises:
        NotAskedError: The study does not ask.
        DesignError: It asks, but no frame could be built.
    """
    if isinstance(frame, Unanswered):
        error = DesignError if frame.asked else NotAskedError
        raise error(frame.reason, remedy=frame.remedy or None)
    return frame
