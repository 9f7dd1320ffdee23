"""Which errors a model of leaving has: from the model, clustered, or clustered and made for few clusters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.jackknife import FEW_CLUSTERS, cluster_jackknife
from wellperf_models.inference.risk_sets import Floats, Ints

type Errors = Literal["model", "sandwich", "jackknife"]


def with_few_clusters(
    sandwich: Floats | None,
    refit: Callable[[NDArray[np.bool_]], Floats],
    beta: Floats,
    cluster: Ints | None,
) -> tuple[Floats | None, Errors]:
    """The clustered covariance, and how it was made.

    Args:
        sandwich: Clustered covariance, shape (p, p); None without clusters.
        refit: Gives the estimate from the rows that are kept.
        beta: The estimate, shape (p,).
        cluster: Codes, shape (n,); None: people are independent.

    Returns:
        The jackknife's below 40 clusters, where the model can be fitted without each of them; the sandwich
        otherwise.
    """
    if cluster is None:
        return None, "model"
    if np.unique(cluster).size >= FEW_CLUSTERS:
        return sandwich, "sandwich"
    try:
        return cluster_jackknife(refit, beta, cluster), "jackknife"
    except DesignError:
        return sandwich, "sandwich"
