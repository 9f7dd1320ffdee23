"""Pictures of the turnover pillar: curves and ratios; the other questions draw in their own folders."""

from wellperf_models.turnover.plots_curves import plot_incidence, plot_survival, plot_survival_by_group
from wellperf_models.turnover.plots_ratios import plot_hazard_ratios

__all__ = ["plot_hazard_ratios", "plot_incidence", "plot_survival", "plot_survival_by_group"]
