"""AUC over several scored parts, and its difference between two ways of scoring the same people.

Each fold has its own fitted model, so only cases and others of the same fold are compared: the AUC is the
share of such pairs ordered rightly, over all folds. Its error is that of the Hájek projection of this ratio
of two U-statistics, summed by cluster (Obuchowski 1997, Biometrics 53:567; Lee 1990, U-Statistics, ch. 1), so
two AUCs of the same people, whatever their folds, differ with the error of their paired contributions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.auc import placements
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score, score_of


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows that one fitted model scored; arrays of shape (n,).

    Attributes:
        event: Who is a case.
        score: Higher is more at risk.
        cluster: Code of the independent unit, 0, 1, …; the same in every part.
    """

    event: NDArray[np.bool_]
    score: Floats
    cluster: Ints

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Part({self.event.size} rows)"


@dataclass(frozen=True, kw_only=True)
class StratifiedAuc:
    """An AUC over parts.

    Attributes:
        auc: Share of pairs within a part that are ordered rightly; a tie counts half.
        influence: What each cluster adds to its error, shape (clusters,).
        taking_part: Clusters with a row in any part, shape (clusters,).
    """

    auc: float
    influence: Floats
    taking_part: NDArray[np.bool_]

    @property
    def score(self) -> Score:
        """With its 95 % interval."""
        error = _error(self.influence, self.taking_part)
        return score_of(self.auc, error, int(self.taking_part.sum())).within(0.0, 1.0)

    def minus(self, other: StratifiedAuc) -> Score:
        """The difference to another way of scoring people of the same clusters, paired by cluster."""
        either = self.taking_part | other.taking_part
        error = _error(self.influence - other.influence, either)
        return score_of(self.auc - other.auc, error, int(either.sum())).within(-1.0, 1.0)

    def __repr__(self) -> str:
        """Not its value: that has not passed the gate."""
        return "StratifiedAuc(not released)"


def stratified_auc(parts: Sequence[Part], n_clusters: int) -> StratifiedAuc:
    """The AUC of pairs within parts.

    Args:
        parts: Parts of one class hold no pair and add nothing.
        n_clusters: Codes there are.

    Raises:
        DesignError: No part holds both classes.
    """
    concordant, pairs = 0.0, 0.0
    kept: list[tuple[Part, Floats, Floats]] = []
    taking_part = np.zeros(n_clusters, bool)
    for part in parts:
        taking_part[part.cluster] = True
        cases, others = int(part.event.sum()), int((~part.event).sum())
        if not cases or not others:
            continue
        above, below = placements(part.event, part.score)
        kept.append((part, above, below))
        concordant += others * float(above.sum())
        pairs += cases * others
    if not kept:
        raise DesignError(
            "No scored part holds both cases and people who are none.", where="inference.stratified_auc"
        )
    value = concordant / pairs
    influence = np.zeros(n_clusters)
    for part, above, below in kept:
        cases, others = above.size, below.size
        influence += np.bincount(part.cluster[part.event], others * (above - value), n_clusters) / pairs
        influence += np.bincount(part.cluster[~part.event], cases * (below - value), n_clusters) / pairs
    return StratifiedAuc(auc=value, influence=influence, taking_part=taking_part)


def _error(influence: Floats, taking_part: NDArray[np.bool_]) -> float:
    clusters = int(taking_part.sum())
    if clusters < 2:
        raise DesignError("An interval needs at least two clusters.", where="inference.stratified_auc")
    return math.sqrt(clusters / (clusters - 1) * float(influence @ influence))
