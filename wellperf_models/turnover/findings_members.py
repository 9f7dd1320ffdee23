"""Who the models of leaving rest on: pseudonyms for the ledger alone."""

from __future__ import annotations

from wellperf_models.evidence import Members
from wellperf_models.panel import members_of
from wellperf_models.turnover.model_cox import require_rows
from wellperf_models.turnover.rows import TurnoverFrame


def members_of_rows(frame: TurnoverFrame) -> Members:
    """Who the Cox model and its validation rest on."""
    rows = require_rows(frame)
    return members_of(frame.roster, rows.person, rows.person[rows.event == 1])


def members_of_panel(frame: TurnoverFrame) -> Members:
    """Who the hazard rests on: its "not measured" is a level, so they are others than Cox's."""
    assert frame.panel is not None
    person, left = frame.panel["person"].to_numpy(), frame.panel["left"].to_numpy()
    return members_of(frame.roster, person, person[left])
