"""Employee × month, person × wave: what happened, and what was known strictly before."""

from wellperf_models.panel.engine import Source, collect, to_polars
from wellperf_models.panel.left_out import LeftOut, left_out_rows, left_out_table
from wellperf_models.panel.levels import (
    NO_GROUP,
    WHOLE,
    Level,
    levels_above,
    nested_table,
    what_a_group_needs,
)
from wellperf_models.panel.parts import Part, parts_of
from wellperf_models.panel.roster import Roster, all_members, has_stable_ids, members_of, roster_of
from wellperf_models.panel.rows import build_panel, build_spells, count_left_out, has_dates, tally_left_out
from wellperf_models.panel.wave_order import WaveOrder, read_wave_order
from wellperf_models.panel.waves import build_waves

__all__ = [
    "NO_GROUP",
    "WHOLE",
    "LeftOut",
    "Level",
    "Part",
    "Roster",
    "Source",
    "WaveOrder",
    "all_members",
    "build_panel",
    "build_spells",
    "build_waves",
    "collect",
    "count_left_out",
    "has_dates",
    "has_stable_ids",
    "left_out_rows",
    "left_out_table",
    "levels_above",
    "members_of",
    "nested_table",
    "parts_of",
    "read_wave_order",
    "roster_of",
    "tally_left_out",
    "to_polars",
    "what_a_group_needs",
]
