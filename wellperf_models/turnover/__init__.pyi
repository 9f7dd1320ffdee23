from .checks import (
    check_cox as check_cox,
    check_description as check_description,
    check_hazard as check_hazard,
    check_validation as check_validation,
)
from .checks_sensitivity import check_sensitivity as check_sensitivity
from .findings import describe as describe, explain as explain, predict as predict
from .frame import build_frame as build_frame
from .groups.checks import check_groups as check_groups
from .groups.findings import compare_groups as compare_groups
from .groups.model import GroupHazards as GroupHazards, fit_groups as fit_groups
from .groups.plots import plot_group_hazards as plot_group_hazards
from .model import (
    CoxModel as CoxModel,
    Description as Description,
    HazardModel as HazardModel,
    ValidationResult as ValidationResult,
    fit_cox as fit_cox,
    fit_description as fit_description,
    fit_hazard as fit_hazard,
    validate as validate,
)
from .model_sensitivity import Sensitivity as Sensitivity, fit_sensitivity as fit_sensitivity
from .plots import (
    plot_hazard_ratios as plot_hazard_ratios,
    plot_incidence as plot_incidence,
    plot_survival as plot_survival,
    plot_survival_by_group as plot_survival_by_group,
)
from .policy.checks import check_policies as check_policies
from .policy.findings import what_if as what_if
from .policy.model import PolicyFit as PolicyFit, fit_policies as fit_policies
from .policy.plots import plot_policies as plot_policies
from .risk.checks import check_risk as check_risk
from .risk.findings import foretell as foretell
from .risk.model import RiskModel as RiskModel, fit_risk as fit_risk
from .risk.plots import plot_calibration as plot_calibration
from .rows import TurnoverFrame as TurnoverFrame
from .transition.checks import check_transition as check_transition
from .transition.findings import judge_transition as judge_transition
from .transition.model import TransitionModel as TransitionModel, fit_transition as fit_transition
from .transition.plots import plot_transition as plot_transition
