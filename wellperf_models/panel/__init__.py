"""Employee × month, person × wave: what happened, and what was known strictly before."""

from wellperf_models.panel.engine import Source, collect, to_polars
from wellperf_models.panel.rows import build_panel, build_spells, count_left_out, has_dates, tally_left_out
from wellperf_models.panel.wave_order import WaveOrder, read_wave_order
from wellperf_models.panel.waves import build_waves

__all__ = [
    "Source",
    "WaveOrder",
    "build_panel",
    "build_spells",
    "build_waves",
    "collect",
    "count_left_out",
    "has_dates",
    "read_wave_order",
    "tally_left_out",
    "to_polars",
]
