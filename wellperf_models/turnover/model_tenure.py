"""Where a hazard ratio changes with tenure: one for each band of tenure beside the average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.cox import CoxFit, fit_cox
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.split_rows import Pieces, split_rows
from wellperf_models.turnover.design import Column, Minimum
from wellperf_models.turnover.errors_few_clusters import Errors, with_few_clusters
from wellperf_models.turnover.rows import ModelRows

# a committee reads a few bands; and each needs exits for itself
_MOST_BANDS = 4
_MIN_EXITS_OF_BAND = 30


@dataclass(frozen=True, kw_only=True)
class BandRatio:
    """A log hazard ratio within a band of tenure.

    Attributes:
        column: What it is about.
        start, end: Months of tenure, start < t ≤ end; infinite at the end of the last band.
        beta, std_error: Log hazard ratio and its error.
        n_events, n_non_events: Exits in the band and people who stay through it, on the side with fewest.
        smallest_level: People in the band on the smaller side; None for a number without sides.
        people, leavers: Codes of who is at risk in the band, and of who left in it.
    """

    column: Column
    start: float
    end: float
    beta: float
    std_error: float
    n_events: int
    n_non_events: int
    smallest_level: int | None
    people: Ints = field(repr=False)
    leavers: Ints = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ByTenure:
    """Hazard ratios by band of tenure of the covariates whose ratio changes.

    Attributes:
        covariates: Their names.
        ratios: Column by column, bands in order.
        n_parameters, n_events, n_clusters: Of the model they come from.
        errors: How its errors were made.
    """

    covariates: tuple[str, ...]
    ratios: tuple[BandRatio, ...]
    n_parameters: int
    n_events: int
    n_clusters: int | None
    errors: Errors

    def __repr__(self) -> str:
        """Shapes only."""
        return f"ByTenure({', '.join(self.covariates)}: {len(self.ratios)} ratios)"


def fit_by_tenure(
    rows: ModelRows, changing: Sequence[str], edges: tuple[float, ...] | None, minimum: Minimum
) -> ByTenure:
    """Refits Cox with a ratio in each band of tenure for the covariates that change; the others keep one.

    Args:
        rows: Of the Cox model.
        changing: Covariates whose hazard ratio changes.
        edges: Upper edges of bands in months; None: terciles of the months of exit. Bands with too few exits
            join a neighbour.
        minimum: Exits and stays each side of a column needs in each band.

    Raises:
        DesignError: There are not even two bands with enough exits.
        ConvergenceError: A band separates leavers from stayers.
    """
    happened = rows.event == 1
    blocks = rows.design.blocks
    columns = [j for name in changing for j in blocks[name]]
    given = np.quantile(rows.exit[happened], (1 / 3, 2 / 3)) if edges is None else np.asarray(edges, float)
    cuts = _wide_enough(rows, np.unique(given), columns, minimum)
    pieces = split_rows(rows.entry, rows.exit, happened, cuts)
    own = [j for j in range(len(rows.design.columns)) if j not in columns]
    inside = (pieces.band[:, None] == np.arange(cuts.size + 1)).astype(float)
    X = rows.design.X[pieces.row]
    design = np.column_stack([X[:, own], *(X[:, [j]] * inside for j in columns)])
    fit, errors = _fit(rows, pieces, design)
    return ByTenure(
        covariates=tuple(changing),
        ratios=_ratios(rows, pieces, cuts, columns, fit, first=len(own)),
        n_parameters=design.shape[1],
        n_events=fit.n_events,
        n_clusters=fit.n_clusters,
        errors=errors,
    )


def _fit(rows: ModelRows, pieces: Pieces, design: Floats) -> tuple[CoxFit, Errors]:
    """Cox on the pieces, with errors made for few clusters where they are few."""
    cluster = None if rows.cluster is None else rows.cluster[pieces.row]
    stratum = None if rows.stratum is None else rows.stratum[pieces.row]
    fit = fit_cox(pieces.start, pieces.stop, pieces.event, design, stratum=stratum, cluster=cluster)

    def refit(kept: NDArray[np.bool_]) -> Floats:
        again = fit_cox(
            pieces.start[kept],
            pieces.stop[kept],
            pieces.event[kept],
            design[kept],
            stratum=None if stratum is None else stratum[kept],
            start=fit.beta,
        )
        return again.beta

    covariance, errors = with_few_clusters(fit.robust_covariance, refit, fit.beta, cluster)
    return replace(fit, robust_covariance=covariance), errors


def _ratios(
    rows: ModelRows, pieces: Pieces, cuts: Floats, columns: Sequence[int], fit: CoxFit, *, first: int
) -> tuple[BandRatio, ...]:
    """Column by column and band by band; `first` is where their coefficients begin."""
    bounds = np.concatenate(([0.0], cuts, [np.inf]))
    found = []
    for place, j in enumerate(columns):
        for k in range(cuts.size + 1):
            at = first + place * (cuts.size + 1) + k
            chosen, event = pieces.row[pieces.band == k], pieces.event[pieces.band == k]
            counted = _count(rows, j, chosen, event)
            found.append(
                BandRatio(
                    column=rows.design.columns[j],
                    start=float(bounds[k]),
                    end=float(bounds[k + 1]),
                    beta=float(fit.beta[at]),
                    std_error=float(fit.std_error[at]),
                    n_events=counted.n_events,
                    n_non_events=counted.n_non_events,
                    smallest_level=counted.smallest_level,
                    people=np.unique(rows.person[chosen]),
                    leavers=np.unique(rows.person[chosen[event]]),
                )
            )
    return tuple(found)


@dataclass(frozen=True)
class _Counted:
    n_events: int
    n_non_events: int
    smallest_level: int | None


def _count(rows: ModelRows, column: int, chosen: Ints, event: NDArray[np.bool_]) -> _Counted:
    """Exits, stays and people among the chosen rows (some more than once), on the side that has fewest."""
    people, events, stays = [], [], []
    sides = _sides(rows, column)
    for side in sides:
        here = side[chosen]
        own = np.unique(rows.person[chosen[here]])
        gone = np.unique(rows.person[chosen[here & event]])
        people.append(own.size)
        events.append(gone.size)
        stays.append(own.size - gone.size)
    return _Counted(min(events), min(stays), min(people) if len(sides) > 1 else None)


def _sides(rows: ModelRows, column: int) -> list[NDArray[np.bool_]]:
    """The sets of rows a column compares: a level and its reference, a number's commonest value and not."""
    told = rows.design.columns[column]
    values = rows.design.X[:, column]
    if told.level is not None:
        block = rows.design.blocks[told.covariate]
        return [values == 1, (rows.design.X[:, block] == 0).all(axis=1)]
    if not told.two_sided:
        return [np.ones(values.size, bool)]
    found, counts = np.unique(values, return_counts=True)
    common = values == found[np.argmax(counts)]
    return [common, ~common]


def _wide_enough(rows: ModelRows, edges: Floats, columns: Sequence[int], minimum: Minimum) -> Floats:
    """The edges less those whose band has too few exits; at most four bands are left."""
    happened = rows.event == 1
    # an edge beyond all exits makes a band of nobody
    edges = edges[(edges > rows.exit[happened].min()) & (edges < rows.exit[happened].max())]
    while edges.size:
        pieces = split_rows(rows.entry, rows.exit, happened, edges)
        exits = np.bincount(pieces.band[pieces.event], minlength=edges.size + 1)
        poor = np.zeros(edges.size + 1, bool)
        for k in range(edges.size + 1):
            here = pieces.band == k
            counts = [_count(rows, j, pieces.row[here], pieces.event[here]) for j in columns]
            fewest = min(min(c.n_events, c.n_non_events) for c in counts)
            people = min((c.smallest_level for c in counts if c.smallest_level is not None), default=None)
            poor[k] = (
                exits[k] < _MIN_EXITS_OF_BAND
                or fewest < minimum.events
                or (people is not None and people < minimum.people)
            )
        if not poor.any() and edges.size < _MOST_BANDS:
            return edges
        # the poorest band joins the poorer of its neighbours
        worst = int(np.argmin(np.where(poor if poor.any() else True, exits, exits.max() + 1)))
        if worst == 0 or (worst < edges.size and exits[worst + 1] < exits[worst - 1]):
            edges = np.delete(edges, worst)
        else:
            edges = np.delete(edges, worst - 1)
    raise DesignError(
        "Too few people left to tell hazard ratios of early tenure from those of later.",
        where="turnover.covariates",
        expected=f"{_MIN_EXITS_OF_BAND} exits in each of two bands of tenure",
    )
