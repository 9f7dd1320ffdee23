"""A study whose model is published, and packs of it made by hand."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.burnout.builders import PROVENANCE, FakeTables
from wellperf_models.burnout import build_frame, fit_forecasts
from wellperf_models.burnout.explanation.checks import check_explanation
from wellperf_models.burnout.explanation.findings import explain_risk
from wellperf_models.burnout.explanation.model import Explanation, fit_explanation
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecasts
from wellperf_models.disclosure import Released, release
from wellperf_models.evidence import Unanswered

SET = {"load": {"covariates": ["overtime", "job", "parent"], "label": "Load"}}


def published(tables: FakeTables) -> tuple[BurnoutFrame, Forecasts, Explanation, Released]:
    """Frame, forecasts, explanation and what is released of it."""
    frame = build_frame(tables)
    section = tables.study.burnout
    forecasts = fit_forecasts(frame, section)
    explanation = fit_explanation(frame, forecasts, Unanswered(reason="none"), section)
    checks = check_explanation(frame, explanation)
    shown = release(explain_risk(frame, explanation, checks, provenance=PROVENANCE), tables.study)
    return frame, forecasts, explanation, shown


def write_pack(folder: Path, answers: list[dict[str, Any]], **manifest: Any) -> Path:
    """A pack with the bundle of one notebook, as a run writes it."""
    (folder / "bundles").mkdir(parents=True)
    bundle = json.dumps({"notebook": "burnout", "evidence": answers}).encode()
    (folder / "bundles" / "burnout.json").write_bytes(bundle)
    content = {
        "schema": "wellperf.manifest/1",
        "run_id": "abc123",
        "package_version": "0.6.0",
        "files": {"bundles/burnout.json": hashlib.sha256(bundle).hexdigest()},
    }
    (folder / "manifest.json").write_text(json.dumps(content | manifest), encoding="utf-8")
    return folder
