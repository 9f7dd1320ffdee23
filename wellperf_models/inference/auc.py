"""Area under the ROC curve: alone, and with errors for clustered rows (Obuchowski 1997, Biometrics 53:567).

With one row a cluster the errors are those of DeLong, DeLong & Clarke-Pearson (1988, Biometrics 44:837).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats


@dataclass(frozen=True, kw_only=True)
class ClusteredAuc:
    """AUCs of several scores of the same rows.

    Attributes:
        auc: Shape (k,).
        covariance: Of them, shape (k, k).
        n_clusters: Clusters among all rows.
    """

    auc: Floats
    covariance: Floats
    n_clusters: int


def auc(event: NDArray[np.bool_], score: Floats) -> float:
    """Share of (case, non-case) pairs the score orders rightly; a tie counts half. nan with one class."""
    cases, others = score[event], np.sort(score[~event])
    if not cases.size or not others.size:
        return float("nan")
    return float(_placement(cases, others).mean())


def clustered_auc(event: NDArray[np.bool_], scores: Floats, cluster: NDArray[np.generic]) -> ClusteredAuc:
    """AUCs with the covariance of clustered placement values.

    Args:
        event: Shape (n,).
        scores: Shape (n, k): a column a model; higher is more at risk.
        cluster: Code of the independent unit, shape (n,).

    Raises:
        DesignError: Fewer than two clusters with a case, or without one.
    """
    event = np.asarray(event, bool)
    _, code = np.unique(cluster, return_inverse=True)
    n_clusters = int(code.max()) + 1 if code.size else 0
    case_clusters = np.unique(code[event]).size
    other_clusters = np.unique(code[~event]).size
    if min(case_clusters, other_clusters) < 2:
        raise DesignError(
            "An AUC with its error needs cases, and people who are none, in at least two clusters each.",
            where="inference.auc",
            remedy="errors clustered by a finer unit, or a cut-off that makes more cases",
        )
    n_cases, n_others = int(event.sum()), int((~event).sum())
    columns = scores.shape[1]
    values = np.empty(columns)
    # per cluster: sum of what its cases, and its non-cases, place above or below the mean
    of_cases, of_others = np.zeros((n_clusters, columns)), np.zeros((n_clusters, columns))
    for k in range(columns):
        above, below = placements(event, scores[:, k])
        values[k] = above.mean()
        of_cases[:, k] = np.bincount(code[event], above - values[k], minlength=n_clusters)
        of_others[:, k] = np.bincount(code[~event], below - values[k], minlength=n_clusters)
    cases_part = of_cases.T @ of_cases * (case_clusters / (case_clusters - 1)) / n_cases
    others_part = of_others.T @ of_others * (other_clusters / (other_clusters - 1)) / n_others
    mixed = of_cases.T @ of_others * (n_clusters / (n_clusters - 1))
    covariance = cases_part / n_cases + others_part / n_others + (mixed + mixed.T) / (n_cases * n_others)
    return ClusteredAuc(auc=values, covariance=covariance, n_clusters=n_clusters)


def placements(event: NDArray[np.bool_], score: Floats) -> tuple[Floats, Floats]:
    """Share of others each case is ranked above, and share of cases each other is ranked below; ties half.

    Args:
        event: Shape (n,).
        score: Shape (n,); higher is more at risk.
    """
    cases, others = score[event], score[~event]
    return _placement(cases, np.sort(others)), 1 - _placement(others, np.sort(cases))


def _placement(values: Floats, against: Floats) -> Floats:
    """Share of the sorted `against` below each value, ties half."""
    below = np.searchsorted(against, values, side="left")
    upto = np.searchsorted(against, values, side="right")
    return (below + upto) / (2 * against.size)
