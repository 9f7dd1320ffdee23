"""Forecasts + checks → Evidence; each question has its own file."""

from wellperf_models.burnout.findings_forecast import forecast
from wellperf_models.burnout.findings_groups import describe_groups

__all__ = ["describe_groups", "forecast"]
