"""Statements about the return fits that can fail; each question has its own file."""

from wellperf_models.roi.checks_decision import check_decision
from wellperf_models.roi.checks_effects import check_contrast, check_effects

__all__ = ["check_contrast", "check_decision", "check_effects"]
