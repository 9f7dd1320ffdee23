"""Rows (entry, exit] cut at edges of time: for hazards or ratios that are constant within bands alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.inference.risk_sets import Floats, Ints


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """Rows cut at edges; arrays of shape (m,).

    Attributes:
        row: Which row a piece is of.
        band: Its band: band k holds edges[k − 1] < t ≤ edges[k].
        start, stop: At risk for start < t ≤ stop.
        event: Whether it ends with the event of its row.
    """

    row: Ints
    band: Ints
    start: Floats
    stop: Floats
    event: NDArray[np.bool_]


def split_rows(entry: Floats, exit: Floats, event: NDArray[np.bool_], edges: Floats) -> Pieces:
    """Cuts rows at the edges.

    Args:
        entry, exit, event: Of shape (n,); entry < exit.
        edges: Increasing, shape (K − 1,).

    Returns:
        The pieces, in the order of the rows; none is empty.
    """
    bounds = np.concatenate(([-np.inf], edges, [np.inf]))
    first = np.searchsorted(edges, entry, side="right")
    last = np.searchsorted(edges, exit, side="left")
    number = last - first + 1
    row = np.repeat(np.arange(entry.size), number)
    ends = np.cumsum(number)
    band = first[row] + np.arange(row.size) - (ends - number)[row]
    final = np.zeros(row.size, bool)
    final[ends - 1] = True
    return Pieces(
        row=row,
        band=band,
        start=np.maximum(entry[row], bounds[band]),
        stop=np.minimum(exit[row], bounds[band + 1]),
        event=final & event[row],
    )
