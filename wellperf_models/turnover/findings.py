"""Fit + checks → Evidence; each question has its own file."""

from wellperf_models.turnover.findings_description import describe
from wellperf_models.turnover.findings_models import explain
from wellperf_models.turnover.findings_prediction import predict

__all__ = ["describe", "explain", "predict"]
