"""Employee × month: who was at risk, what happened, and what was known strictly before."""

from wellperf_models.panel.engine import Source, collect, to_polars
from wellperf_models.panel.rows import build_panel, build_spells, count_left_out, has_dates, tally_left_out

__all__ = [
    "Source",
    "build_panel",
    "build_spells",
    "collect",
    "count_left_out",
    "has_dates",
    "tally_left_out",
    "to_polars",
]
