from .checks import (
    check_cox as check_cox,
    check_description as check_description,
    check_hazard as check_hazard,
    check_validation as check_validation,
)
from .findings import describe as describe, explain as explain, predict as predict
from .frame import build_frame as build_frame
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
from .plots import (
    plot_hazard_ratios as plot_hazard_ratios,
    plot_incidence as plot_incidence,
    plot_survival as plot_survival,
    plot_survival_by_group as plot_survival_by_group,
)
from .rows import TurnoverFrame as TurnoverFrame
