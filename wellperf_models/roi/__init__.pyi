from .checks import (
    check_contrast as check_contrast,
    check_decision as check_decision,
    check_effects as check_effects,
)
from .findings import contrast as contrast, decide as decide, evaluate as evaluate
from .frame import build_frame as build_frame
from .model import (
    DecisionResult as DecisionResult,
    Effects as Effects,
    OutcomeEffects as OutcomeEffects,
    Posteriors as Posteriors,
    fit_decision as fit_decision,
    fit_effects as fit_effects,
    fit_posterior as fit_posterior,
    joint_correlation as joint_correlation,
)
from .plots import (
    plot_contrast as plot_contrast,
    plot_effects as plot_effects,
    plot_net_present_value as plot_net_present_value,
    plot_posterior as plot_posterior,
)
from .rows import (
    CostLine as CostLine,
    Effect as Effect,
    OutcomeRows as OutcomeRows,
    Posterior as Posterior,
    RoiFrame as RoiFrame,
)
