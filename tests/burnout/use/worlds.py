"""Fitted uses of small organisations, shared by the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from tests.burnout.builders import PROVENANCE, FakeTables, make_frames, make_study
from wellperf_models.burnout.frame import BurnoutFrame, build_frame
from wellperf_models.burnout.model import Forecasts, fit_forecasts
from wellperf_models.burnout.use.checks import check_use
from wellperf_models.burnout.use.findings import judge_use
from wellperf_models.burnout.use.model import Use, fit_use
from wellperf_models.evidence import Check, Evidence, Unanswered, attempt
from wellperf_models.study import Study

ASKED: dict[str, Any] = {"thresholds": [0.2, 0.3, 0.5], "cut_offs": [3.0]}
SIMPLE = {"m": {"covariates": ["overtime", "noise"], "label": "Load"}}


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything from frame to evidence."""

    study: Study
    frame: BurnoutFrame
    forecasts: Forecasts
    use: Use
    checks: tuple[Check, ...]
    evidence: Evidence

    def check(self, name: str) -> Check:
        """The one of that name."""
        return next(c for c in self.checks if c.name == name)


def make_world(
    seed: int = 1,
    *,
    frames: dict[str, Any] | None = None,
    changed: dict[str, pl.DataFrame] | None = None,
    **burnout: Any,
) -> World:
    """Fits the use of one model; `changed` replaces tables, `burnout` overrides the section."""
    study = make_study(**({"models": SIMPLE, "use": ASKED} | burnout))
    tables = FakeTables(study, make_frames(seed, **(frames or {})) | (changed or {}))
    frame = build_frame(tables)
    assert study.burnout is not None
    forecasts = attempt(fit_forecasts, frame, study.burnout)
    assert not isinstance(forecasts, Unanswered)
    use = fit_use(frame, forecasts, study.burnout)
    checks = check_use(frame, use)
    return World(
        study=study,
        frame=frame,
        forecasts=forecasts,
        use=use,
        checks=checks,
        evidence=judge_use(frame, use, checks, provenance=PROVENANCE),
    )
