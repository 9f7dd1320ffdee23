"""How well each pillar's own pipeline does on simulated data of this study's shape.

`build_turnover(tables)` → `try_turnover(frame, study)` (or `build_burnout` → `try_burnout`, `build_roi` →
`try_roi`), then
`check_method(result)` → `judge_method(frame, result, checks, provenance=…)` (Evidence) → `disclosure.release`
→ `plot_method(released)`. Names are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
