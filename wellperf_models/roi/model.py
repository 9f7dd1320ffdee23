"""The fits of the return pillar; each has its own file."""

from wellperf_models.roi.model_decision import DecisionResult, fit_decision
from wellperf_models.roi.model_effects import Effects, OutcomeEffects, fit_effects, joint_correlation
from wellperf_models.roi.model_posterior import Posteriors, fit_posterior

__all__ = [
    "DecisionResult",
    "Effects",
    "OutcomeEffects",
    "Posteriors",
    "fit_decision",
    "fit_effects",
    "fit_posterior",
    "joint_correlation",
]
