"""Pictures of the return pillar; each question has its own file."""

from wellperf_models.roi.designs.plots import plot_event_time
from wellperf_models.roi.plots_decision import plot_net_present_value, plot_posterior
from wellperf_models.roi.plots_effects import plot_contrast, plot_effects
from wellperf_models.roi.plots_returns import plot_acceptability, plot_cumulative_cash, plot_density

__all__ = [
    "plot_acceptability",
    "plot_contrast",
    "plot_cumulative_cash",
    "plot_density",
    "plot_effects",
    "plot_event_time",
    "plot_net_present_value",
    "plot_posterior",
]
