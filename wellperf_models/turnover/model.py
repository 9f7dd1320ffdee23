"""The fits of the turnover pillar; each has its own file."""

from wellperf_models.turnover.model_cox import CoxModel, fit_cox
from wellperf_models.turnover.model_description import Description, GroupCurve, fit_description
from wellperf_models.turnover.model_hazard import HazardModel, fit_hazard
from wellperf_models.turnover.model_sensitivity import Sensitivity, fit_sensitivity
from wellperf_models.turnover.model_validation import ValidationResult, validate

__all__ = [
    "CoxModel",
    "Description",
    "GroupCurve",
    "HazardModel",
    "Sensitivity",
    "ValidationResult",
    "fit_cox",
    "fit_description",
    "fit_hazard",
    "fit_sensitivity",
    "validate",
]
