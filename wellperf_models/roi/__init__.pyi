from .beliefs.checks import check_beliefs as check_beliefs
from .beliefs.findings import describe_beliefs as describe_beliefs
from .beliefs.model import Beliefs as Beliefs, fit_beliefs as fit_beliefs
from .beliefs.plots import plot_beliefs as plot_beliefs
from .case.checks import check_case as check_case
from .case.findings import judge_case as judge_case
from .case.frame import CaseFrame as CaseFrame, build_case as build_case
from .case.model import CaseResult as CaseResult, fit_case as fit_case
from .case.plots import plot_case as plot_case
from .checks import (
    check_contrast as check_contrast,
    check_decision as check_decision,
    check_effects as check_effects,
)
from .designs.plots import plot_event_time as plot_event_time
from .findings import contrast as contrast, decide as decide, evaluate as evaluate
from .frame import build_frame as build_frame
from .information.checks import check_information as check_information
from .information.findings import judge_information as judge_information
from .information.model import fit_information as fit_information
from .information.plots import plot_sampling as plot_sampling, plot_tornado as plot_tornado
from .information.results import Information as Information
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
from .models.checks import check_models as check_models
from .models.findings import describe_models as describe_models
from .models.plots import plot_models as plot_models
from .plots import (
    plot_contrast as plot_contrast,
    plot_effects as plot_effects,
    plot_net_present_value as plot_net_present_value,
    plot_posterior as plot_posterior,
)
from .plots_returns import (
    plot_acceptability as plot_acceptability,
    plot_cumulative_cash as plot_cumulative_cash,
    plot_density as plot_density,
)
from .portfolio.checks import check_portfolio as check_portfolio
from .portfolio.findings import rank_initiatives as rank_initiatives
from .portfolio.model import Portfolio as Portfolio, fit_portfolio as fit_portfolio
from .portfolio.plots import plot_portfolio as plot_portfolio
from .reporting.findings import fill_cheers as fill_cheers
from .rows import (
    CostLine as CostLine,
    Effect as Effect,
    OutcomeRows as OutcomeRows,
    Posterior as Posterior,
    RoiFrame as RoiFrame,
)
from .scenarios.checks import check_scenarios as check_scenarios
from .scenarios.findings import compare_scenarios as compare_scenarios
from .scenarios.model import Scenarios as Scenarios, fit_scenarios as fit_scenarios
from .scenarios.plots import plot_scenarios as plot_scenarios
