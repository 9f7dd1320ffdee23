"""The difference of two rungs in the same pairs of people.

A model is judged by pairs within what it scored. Where one rung scores place by place (or a few groups of
people at a time) and another everybody at once, the second also compares people of different places: those
may differ more and be easier to order, which no split forgives or takes away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.ladder.frame import PEOPLE, SITE, WITHIN_PEOPLE, Ladder
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score
from wellperf_models.inference.stratified_auc import Part, stratified_auc

# Groups of a fold below which more than one pair in twenty is of one group: its pairs are no longer like
# those of rows drawn at random.
_MANY_GROUPS = 20


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """What one fitted model said of the rows it scored; arrays of shape (rows,).

    Attributes:
        rows: Their numbers.
        case: Who is a case.
        eta: Log odds.
        repeat: Of the folds.
    """

    rows: Ints
    case: NDArray[np.bool_]
    eta: Floats
    repeat: int

    def part(self, cluster: Ints, own: Ints | None = None) -> Part:
        """Its pairs.

        Args:
            cluster: Of all rows of the frame.
            own: Positions among its rows; None: all.
        """
        chosen = np.arange(self.rows.size) if own is None else own
        return Part(event=self.case[chosen], score=self.eta[chosen], cluster=cluster[self.rows[chosen]])

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Ranked({self.rows.size} rows; not released)"


def pairs_differ(ladder: Ladder, one: str, other: str) -> bool:
    """Whether one of two rungs compares people of one place, or of few groups, and the other does not.

    Args:
        ladder: From `plan_ladder`.
        one, other: Names of rungs.
    """
    if SITE in (one, other):
        return True
    grouped = (WITHIN_PEOPLE, PEOPLE)
    groups = np.unique(ladder.frame.answers.fold_group[ladder.rows]).size
    few = groups < _MANY_GROUPS * ladder.frame.section.validation.folds
    return few and (one in grouped) != (other in grouped)


def like_for_like(one: Sequence[Ranked], other: Sequence[Ranked], cluster: Ints, n_clusters: int) -> Score:
    """The difference of two AUCs over the pairs that a model of either side compared.

    Args:
        one, other: What the models of two rungs said.
        cluster: Code of the independent unit, of all rows of the frame.
        n_clusters: Codes there are.

    Returns:
        AUC of `one` less that of `other`, paired by cluster.

    Raises:
        DesignError: They have no pair in common.
    """
    # repeats are matched one to one; what is not repeated is held against each
    matched = min(len({r.repeat for r in ranked}) for ranked in (one, other)) > 1
    ours, theirs = [], []
    for a in one:
        for b in other:
            if matched and a.repeat != b.repeat:
                continue
            _, in_a, in_b = np.intersect1d(a.rows, b.rows, assume_unique=True, return_indices=True)
            if in_a.size:
                ours.append(a.part(cluster, in_a))
                theirs.append(b.part(cluster, in_b))
    return stratified_auc(ours, n_clusters).minus(stratified_auc(theirs, n_clusters))
