"""Pictures of the return pillar; each question has its own file."""

from wellperf_models.roi.plots_decision import plot_net_present_value, plot_posterior
from wellperf_models.roi.plots_effects import plot_contrast, plot_effects

__all__ = ["plot_contrast", "plot_effects", "plot_net_present_value", "plot_posterior"]
