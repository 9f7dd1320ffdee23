"""Fit + checks → Evidence; each question has its own file."""

from wellperf_models.roi.findings_contrast import contrast
from wellperf_models.roi.findings_decision import decide
from wellperf_models.roi.findings_effects import evaluate

__all__ = ["contrast", "decide", "evaluate"]
