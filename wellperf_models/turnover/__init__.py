"""How long people stay and why they leave.

frame → model → checks → findings → (gate) → plots: `build_frame(tables)`, then `fit_description`, `fit_cox`,
`fit_hazard`, `validate` (all take the frame and `study.turnover`), `check_*`, `describe`, `explain` and
`predict` (Evidence), and, after `disclosure.release`, `plot_*`. Names are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
