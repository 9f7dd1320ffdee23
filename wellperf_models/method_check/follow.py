"""Until when each spell would have been followed, and which row of the model each of its months is."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import polars as pl

from wellperf_models.errors import DesignError
from wellperf_models.inference.kaplan_meier import fit_kaplan_meier
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study import Turnover
from wellperf_models.turnover import TurnoverFrame
from wellperf_models.turnover.rows import Spells

_SEED: Final = 80


def follow_spells(frame: TurnoverFrame, as_of: dt.date) -> tuple[Floats, Floats]:
    """How whole-month tenure differs from exact tenure, and when each spell is censored if nobody leaves.

    Who left is followed on to the study's day where the day of hire is known; elsewhere to a time drawn from
    when the others who entered at hire (or later, apart) were censored.

    Args:
        frame: The turnover frame.
        as_of: The study's day.

    Returns:
        (offset, exact tenure when censored), months, shape (n,) each.
    """
    spells = frame.spells
    offset = np.zeros(spells.entry.size)
    censored = np.where(spells.event > 0, np.nan, spells.duration)
    if frame.months is not None and "spell_start" in frame.months.columns:
        start = frame.months.group_by("spell").agg(pl.col("spell_start").first().alias("day"))
        code, day = start["spell"].to_numpy(), start["day"]
        dom = (day.dt.day().cast(pl.Float64).to_numpy() - 1) / 31
        month = (day.dt.year().cast(pl.Int64) * 12 + day.dt.month()).to_numpy() - 1
        # the clock of `panel.rows`: months from hire to the day after the last observed one
        end = as_of + dt.timedelta(days=1)
        until = end.year * 12 + end.month - 1 - month + (end.day - 1) / 31 - dom
        offset[code] = dom
        left = spells.event[code] > 0
        censored[code[left]] = np.maximum(until, spells.duration[code])[left]
    return offset, _draw_censoring(spells, censored, frame.seed)


def _draw_censoring(spells: Spells, censored: Floats, seed: int) -> Floats:
    """Fills in when leavers would have been censored: reverse Kaplan–Meier on the time since entry."""
    made = censored.copy()
    since = spells.duration - spells.entry
    level = np.random.default_rng([seed, _SEED]).uniform(size=since.size)
    for late in (False, True):
        group = (spells.entry > 0) == late
        unknown = group & np.isnan(made)
        if not unknown.any():
            continue
        curve = fit_kaplan_meier(np.zeros(int(group.sum())), since[group], spells.event[group] == 0)
        place = np.searchsorted(curve.times, since[unknown], side="right") - 1
        still = np.where(place < 0, 1.0, np.append(curve.survival, 1.0)[place])
        # the first time at which the curve is at or below the level drawn; nobody was followed any longer
        drawn = np.searchsorted(-curve.survival, -level[unknown] * still, side="left")
        times = np.append(curve.times, since[group].max())[drawn]
        made[unknown] = spells.entry[unknown] + np.maximum(times, since[unknown])
    return made


def match_months(frame: TurnoverFrame, section: Turnover) -> tuple[Ints, Ints, Ints]:
    """The months of the panel, and the row of the model each one is.

    Args:
        frame: With rows that are person-months.
        section: Names the covariates.

    Returns:
        (spell, month of tenure, row of the model or -1 where a covariate is unknown), shape (m,) each.

    Raises:
        DesignError: They do not match.
    """
    rows, months = frame.rows, frame.months
    if rows is None or months is None:
        raise _no_match()
    needed = [*section.covariates, *section.strata]
    known = months.select(pl.all_horizontal(pl.col(n).is_not_null() for n in needed)).to_series().to_numpy()
    month = months["start_months"].to_numpy().astype(np.int64)
    if int(known.sum()) != rows.entry.size or not np.array_equal(month[known], rows.entry):
        raise _no_match()
    row = np.where(known, np.cumsum(known) - 1, -1)
    return months["spell"].to_numpy().astype(np.int64), month, row.astype(np.int64)


def match_spells(frame: TurnoverFrame) -> Ints:
    """The row of the model each spell is, or -1 where a covariate is unknown; shape (n,).

    Raises:
        DesignError: They do not match.
    """
    rows, spells = frame.rows, frame.spells
    found = np.full(spells.entry.size, -1)
    if rows is None:
        return found
    nth = pl.int_range(pl.len()).over("person", "entry", "exit").alias("nth")
    theirs = pl.DataFrame({"person": spells.person, "entry": spells.entry, "exit": spells.duration})
    own = pl.DataFrame({"person": rows.person, "entry": rows.entry, "exit": rows.exit})
    joined = (
        theirs.with_columns(nth)
        .with_row_index("spell")
        .join(own.with_columns(nth).with_row_index("row"), on=["person", "entry", "exit", "nth"])
    )
    if joined.height != rows.entry.size:
        raise _no_match()
    found[joined["spell"].to_numpy()] = joined["row"].to_numpy()
    return found


def _no_match() -> DesignError:
    return DesignError("The rows of the model can't be matched with the spells.", where="method_check")
