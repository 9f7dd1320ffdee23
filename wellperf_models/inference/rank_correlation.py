"""Independent draws put in an order that gives them a correlation, each margin staying what it is."""

from __future__ import annotations

import numpy as np

from wellperf_models.inference.risk_sets import Floats

_SMALLEST = 1e-6


def correlate(draws: Floats, correlation: Floats, rng: np.random.Generator) -> Floats:
    """Reorders each column so that the columns have (nearly) this correlation; a Gaussian copula.

    Normal scores are mixed to the correlation exactly, and each column of draws takes their ranks (Iman &
    Conover 1982, Communications in Statistics B11:311).

    Args:
        draws: Independent columns, shape (n, k).
        correlation: Positive definite, shape (k, k).
        rng: Decides which draws meet.

    Returns:
        Shape (n, k): column by column the same values in another order.
    """
    from scipy import stats

    n, k = draws.shape
    if k < 2:
        return draws
    scores = stats.norm.ppf(np.arange(1, n + 1) / (n + 1))
    mixed = np.column_stack([rng.permutation(scores) for _ in range(k)])
    # first without any chance correlation, then with the one asked for
    own = np.linalg.cholesky(np.corrcoef(mixed, rowvar=False))
    mixed = mixed @ np.linalg.inv(own).T @ np.linalg.cholesky(correlation).T
    ordered = np.sort(draws, axis=0)
    ranks = np.argsort(np.argsort(mixed, axis=0), axis=0)
    return np.take_along_axis(ordered, ranks, axis=0)


def complete(known: Floats, assumed: float) -> Floats:
    """A correlation matrix in which unknown entries are an assumed value, as near to it as any matrix allows.

    Args:
        known: Shape (k, k), 1 on the diagonal, nan where unknown.
        assumed: Put there. Five outcomes can't all be correlated by less than −.25.

    Returns:
        Positive definite, shape (k, k): eigenvalues below 1e-6 are raised and the diagonal set back to 1
        (Higham 2002, IMA Journal of Numerical Analysis 22:329, first step).
    """
    filled = np.where(np.isnan(known), assumed, known)
    values, vectors = np.linalg.eigh(filled)
    if values[0] >= _SMALLEST:
        return filled
    raised = vectors @ np.diag(np.maximum(values, _SMALLEST)) @ vectors.T
    spread = np.sqrt(np.diag(raised))
    return raised / np.outer(spread, spread)
