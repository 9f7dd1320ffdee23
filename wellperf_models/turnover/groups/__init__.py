"""How hazards differ between teams or sites: partially pooled, on the same cells.

`fit_groups(frame, study.turnover)` → `check_groups` → `compare_groups` (Evidence) → `disclosure.release` →
`plot_group_hazards`.
"""
