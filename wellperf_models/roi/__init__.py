"""What a programme changed, by the design that assigned it, and whether that is worth its cost.

frame → model → checks → findings → (gate) → plots: `build_frame(tables)`, `fit_effects`, `fit_posterior`,
`fit_decision`, `check_*`, `evaluate`, `contrast` and `decide` (Evidence), and, after `disclosure.release`,
`plot_*`. Names are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
