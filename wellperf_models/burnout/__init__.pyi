from .checks import check_forecasts as check_forecasts
from .findings import describe_groups as describe_groups, forecast as forecast
from .frame import BurnoutFrame as BurnoutFrame, build_frame as build_frame
from .model import Forecast as Forecast, Forecasts as Forecasts, fit_forecasts as fit_forecasts
from .plots import plot_auc as plot_auc, plot_calibration as plot_calibration
