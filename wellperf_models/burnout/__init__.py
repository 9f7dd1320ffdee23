"""What can be foreseen of a scale of strain, and how much more than its last score says.

frame → model → checks → findings → (gate) → plots: `build_frame(tables)`, `fit_forecasts(frame, section)`,
`check_forecasts`, `forecast` and `describe_groups` (Evidence), and, after `disclosure.release`, `plot_*`.
Names are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
