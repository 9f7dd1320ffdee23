from .asked import build_burnout as build_burnout, build_roi as build_roi, build_turnover as build_turnover
from .burnout import try_burnout as try_burnout
from .checks import check_method as check_method
from .findings import judge_method as judge_method
from .plots import plot_method as plot_method
from .result import Claims as Claims, MethodCheckResult as MethodCheckResult
from .returns import try_roi as try_roi
from .turnover import try_turnover as try_turnover
