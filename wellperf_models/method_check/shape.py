"""The shape of a study's turnover data: who could be seen when, with which covariates, in which clusters.

Of when anybody left nothing is kept but rates by tenure and cause; an organisation simulated on this shape
differs from the study's in its exits alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.method_check.follow import follow_spells, match_months, match_spells
from wellperf_models.method_check.rates import Months, band_months, dependence_between, rates_by_band
from wellperf_models.study import Study
from wellperf_models.turnover import TurnoverFrame
from wellperf_models.turnover.rows import ModelRows

# what is found in a part of a large organisation would be found in the whole
MOST_SPELLS: Final = 20_000
_SEED: Final = 81
_ROUNDED: Final = 9


@dataclass(frozen=True, kw_only=True, repr=False)
class Shape:
    """What a simulated organisation shares with the study's; n spells, r rows of the model.

    Attributes:
        entry, censored: Exact tenure in months at entry, and when censored if nobody leaves, shape (n,).
        offset: Whole-month tenure less exact tenure, shape (n,).
        person: Codes, shape (n,).
        cluster: Of which spells go together, shape (n,).
        months: All of it month by month.
        rates: Monthly rate of exit of each cause in each month of `months` without any effect, shape (m, K).
        rows: The study's rows of the model; None where covariates can't be modelled.
        seen: The rows of the model: places in `months`, or spells where rows are spells; shape (r,).
        dependence: Variance of the frailty that a cluster shares.
        n_people, n_of: People in it, and in the study.
    """

    entry: Floats
    censored: Floats
    offset: Floats
    person: Ints
    cluster: Ints
    months: Months
    rates: Floats
    rows: ModelRows | None
    seen: Ints
    dependence: float
    n_people: int
    n_of: int

    @property
    def by_month(self) -> bool:
        """Whether the model's rows are months."""
        return self.rows is not None and self.rows.varying

    @property
    def seen_row(self) -> Ints:
        """The study's row each row of the model has its covariates from, shape (r,)."""
        place = self.seen if self.by_month else self.months.first[self.seen]
        return self.months.row[place]

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Shape({self.entry.size} spells, {self.months.spell.size} months)"


def shape_of(frame: TurnoverFrame, study: Study) -> Shape:
    """Takes the shape of a study's turnover data.

    Entries, covariates, clusters, strata and what is missing stay as they are; who left is followed on
    (`follow_spells`) with the covariates last known. Where a covariate is unknown, nothing acts on exits.

    Args:
        frame: The turnover frame.
        study: Gives the day, the covariates and the causes.

    Raises:
        DesignError: The rows of the model can't be matched with the spells.
    """
    spells, rows = frame.spells, frame.rows
    offset, censored = follow_spells(frame, study.study.as_of)
    if rows is None or not rows.varying:
        offset = np.zeros(offset.size)
        months = _spread(spells.entry, censored, match_spells(frame))
        seen = np.flatnonzero(months.row[months.first[:-1]] >= 0)
    else:
        months, seen = _spread_panel(frame, study, offset, censored)
    cluster = _cluster_of(rows, months)
    last = np.round(spells.duration + offset, _ROUNDED)
    at_risk = months.until(last)
    month_of_exit = np.ceil(last).astype(np.int64) - 1
    # one division of tenure for months at risk and exits alike
    both = band_months(np.concatenate((months.month, month_of_exit)), month_of_exit[spells.event > 0])
    band, band_of_exit = both[: months.month.size], both[months.month.size :]
    by_band = rates_by_band(band, at_risk, band_of_exit, spells.event, len(frame.causes))
    rates = by_band[band]
    rates[:, 0] *= _stratum_factor(rows, months, rates[:, 0] * at_risk, spells.event == 1, last)
    dependence = 0.0
    if rows is not None and rows.cluster is not None:
        expected = np.bincount(months.spell, weights=rates[:, 0] * at_risk, minlength=spells.entry.size)
        dependence = dependence_between(cluster, expected, (spells.event == 1).astype(float))
    whole = Shape(
        entry=spells.entry,
        censored=censored,
        offset=offset,
        person=spells.person,
        cluster=cluster,
        months=months,
        rates=rates,
        rows=rows,
        seen=seen,
        dependence=dependence,
        n_people=frame.n_people,
        n_of=frame.n_people,
    )
    return _part_of(whole, frame.seed) if spells.entry.size > MOST_SPELLS else whole


def _spread(start: Floats, stop: Floats, row: Ints) -> Months:
    """Every spell month by month, on the clock of whole months; `row` is of the spell."""
    start, stop = np.round(start, _ROUNDED), np.round(stop, _ROUNDED)
    begin = np.floor(start).astype(np.int64)
    number = np.ceil(stop).astype(np.int64) - begin
    first = np.concatenate(([0], np.cumsum(number)))
    spell = np.repeat(np.arange(start.size), number)
    month = np.arange(first[-1]) - first[spell] + begin[spell]
    return Months(
        spell=spell,
        month=month,
        start=np.maximum(start[spell], month),
        stop=np.minimum(stop[spell], month + 1.0),
        row=row[spell],
        first=first,
    )


def _spread_panel(
    frame: TurnoverFrame, study: Study, offset: Floats, censored: Floats
) -> tuple[Months, Ints]:
    """Spells month by month with the panel's rows, and the places of those that the model sees."""
    n = frame.spells.entry.size
    months = _spread(frame.spells.entry + offset, censored + offset, np.full(n, -1))
    spell, month, row = match_months(frame, study.turnover)
    place = months.first[spell] + month - months.month[months.first[spell]]
    if np.any((place < months.first[spell]) | (place >= months.first[spell + 1])):
        raise DesignError("A month of the panel lies outside its spell.", where="method_check")
    found, present = months.row, np.zeros(months.spell.size, bool)
    found[place], present[place] = row, True
    # beyond the last month of the panel: covariates as last known, months that were observed to their end
    last = np.full(n, -1)
    np.maximum.at(last, spell, place)
    after = np.flatnonzero((np.arange(months.spell.size) > last[months.spell]) & (last[months.spell] >= 0))
    after = after[frame.spells.event[months.spell[after]] > 0]
    found[after] = found[last[months.spell[after]]]
    whole = months.stop[after] >= months.month[after] + 1.0
    present[after] = whole if frame.dated else True
    return months, np.flatnonzero(present & (found >= 0))


def _cluster_of(rows: ModelRows | None, months: Months) -> Ints:
    """Cluster in which each spell was first seen; one of its own where the model sees none of it."""
    n = months.first.size - 1
    own = np.arange(n)
    if rows is None or rows.cluster is None:
        return own
    known = np.flatnonzero(months.row >= 0)
    spell, position = np.unique(months.spell[known], return_index=True)
    own = own + int(rows.cluster.max()) + 1
    own[spell] = rows.cluster[months.row[known[position]]]
    return own


def _stratum_factor(
    rows: ModelRows | None, months: Months, expected: Floats, left: NDArray[np.bool_], last: Floats
) -> Floats:
    """By what the rate of the first cause differs between strata, for each month, shape (m,)."""
    factor = np.ones(months.spell.size)
    if rows is None or rows.stratum is None:
        return factor
    stratum = np.where(months.row >= 0, rows.stratum[months.row], -1) + 1
    # the month in which somebody left
    gone = months.first[:-1] + np.ceil(last).astype(np.int64) - 1 - months.month[months.first[:-1]]
    happened = np.zeros(months.spell.size)
    happened[gone[left]] = 1.0
    size = int(stratum.max()) + 1
    observed, told = (np.bincount(stratum, weights=w, minlength=size) for w in (happened, expected))
    ratio = np.divide(observed, told, out=np.ones(size), where=told > 0)
    return np.asarray(ratio[stratum])


def _part_of(shape: Shape, seed: int) -> Shape:
    """Whole clusters, drawn until there are spells enough; people stay whole where they are the clusters."""
    codes, code = np.unique(shape.cluster, return_inverse=True)
    order = np.random.default_rng([seed, _SEED]).permutation(codes.size)
    enough = np.searchsorted(np.cumsum(np.bincount(code)[order]), MOST_SPELLS)
    chosen = np.isin(code, order[: int(enough) + 1])
    months = shape.months
    kept = chosen[months.spell]
    place = np.cumsum(kept) - 1
    spell = np.cumsum(chosen) - 1
    inside = kept[shape.seen] if shape.by_month else chosen[shape.seen]
    new = place if shape.by_month else spell
    number = np.diff(months.first)[chosen]
    return Shape(
        entry=shape.entry[chosen],
        censored=shape.censored[chosen],
        offset=shape.offset[chosen],
        person=shape.person[chosen],
        cluster=shape.cluster[chosen],
        months=Months(
            spell=spell[months.spell[kept]],
            month=months.month[kept],
            start=months.start[kept],
            stop=months.stop[kept],
            row=months.row[kept],
            first=np.concatenate(([0], np.cumsum(number))),
        ),
        rates=shape.rates[kept],
        rows=shape.rows,
        seen=new[shape.seen[inside]],
        dependence=shape.dependence,
        n_people=int(np.unique(shape.person[chosen]).size),
        n_of=shape.n_of,
    )
