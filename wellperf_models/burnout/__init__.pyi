from .candidates.checks import check_candidates as check_candidates
from .candidates.findings import compare_candidates as compare_candidates
from .candidates.model import Candidates as Candidates, fit_candidates as fit_candidates
from .candidates.plots import plot_candidates as plot_candidates
from .checks import check_forecasts as check_forecasts
from .explanation.checks import check_explanation as check_explanation
from .explanation.findings import explain_risk as explain_risk
from .explanation.model import Explanation as Explanation, fit_explanation as fit_explanation
from .explanation.plots import plot_contributions as plot_contributions
from .external.checks import check_external as check_external
from .external.findings import judge_external as judge_external
from .external.frame import PublishedModel as PublishedModel
from .external.model import External as External, fit_external as fit_external
from .external.pack import read_model as read_model
from .external.plots import plot_external as plot_external
from .findings import describe_groups as describe_groups, forecast as forecast
from .frame import BurnoutFrame as BurnoutFrame, build_frame as build_frame
from .ladder.checks import check_ladder as check_ladder
from .ladder.findings import describe_ladder as describe_ladder
from .ladder.model import LadderResult as LadderResult, climb_ladder as climb_ladder
from .ladder.plots import plot_ladder as plot_ladder
from .measure.checks import check_measurement as check_measurement
from .measure.findings import describe_measurement as describe_measurement
from .measure.frame import MeasureFrame as MeasureFrame, build_measures as build_measures
from .measure.model import Measurement as Measurement, fit_measurement as fit_measurement
from .measure.plots import plot_reliability as plot_reliability
from .model import Forecast as Forecast, Forecasts as Forecasts, fit_forecasts as fit_forecasts
from .nonresponse.checks import check_nonresponse as check_nonresponse
from .nonresponse.findings import judge_nonresponse as judge_nonresponse
from .nonresponse.frame import ResponseFrame as ResponseFrame, build_response as build_response
from .nonresponse.model import NonResponseFit as NonResponseFit, fit_nonresponse as fit_nonresponse
from .nonresponse.plots import plot_tipping as plot_tipping
from .plots import plot_auc as plot_auc, plot_calibration as plot_calibration
from .reporting.findings import fill_lists as fill_lists
from .use.checks import check_use as check_use
from .use.findings import judge_use as judge_use
from .use.model import Use as Use, fit_use as fit_use
from .use.plots import plot_decision_curve as plot_decision_curve, plot_intervals as plot_intervals
