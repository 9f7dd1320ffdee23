"""Exact sufficient blocks of a weighted Gaussian regression on two arms, with random intercepts for clusters.

For row i of cluster c, all of whose rows are in arm a,

    y_i ~ Normal(x_i·b + u_c, σ_a² / w_i),   u_c ~ Normal(0, ω²).

With r = y − x·b, W_c = Σ w and r̄_c the weighted mean of r in the cluster, integrating u_c out leaves

    Σ_i w_i (r_i − r̄_c)²  with spread σ_a on n_c − 1 rows, and  r̄_c ~ Normal(0, ω² + σ_a² / W_c)

(Searle, Casella & McCulloch, Variance Components, ch. 3, 6). A sum of squares Σ w r² is |R v|² for the
triangular factor R of the QR decomposition of [√w X, √w y] and v = (−b, 1). So rows enter through one factor
for each arm within clusters, and one for each (arm, W) between them: however many people, a few
(p + 1) × (p + 1) matrices, and nothing is lost. Without clusters the factor of each arm's rows is all.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

N_ARMS = 2


@dataclass(frozen=True, kw_only=True)
class GaussianBlocks:
    """What the likelihood needs of the rows; arms are 0 control and 1 treated.

    Attributes:
        within: Factor of each arm's rows, centred in their cluster where there are clusters, shape
            (2, p + 1, p + 1).
        n_within: Rows of each arm, less its clusters, shape (2,).
        between: Factor of the cluster means of each group, shape (g, p + 1, p + 1); g is 0 without clusters.
        n_between: Clusters of each group, shape (g,).
        group_weight: W, the weight of each of its clusters, shape (g,).
        group_arm: Arm of each group, shape (g,).
        constant: What holds no parameter.
    """

    within: Floats
    n_within: Floats
    between: Floats
    n_between: Floats
    group_weight: Floats
    group_arm: Ints
    constant: float

    @property
    def n_cells(self) -> int:
        """Blocks the likelihood is evaluated on."""
        return N_ARMS + self.n_between.size

    def __repr__(self) -> str:
        """Shapes only."""
        return f"GaussianBlocks({self.n_cells} blocks of {self.within.shape[-1] - 1} columns)"


def build_gaussian_blocks(
    y: Floats, X: Floats, weight: Floats, treated: NDArray[np.bool_], cluster: Ints | None = None
) -> GaussianBlocks:
    """Blocks of a table of rows.

    Args:
        y: Outcome, shape (n,). Standardise it: squares of a mean far from 0 cost digits.
        X: Design, shape (n, p).
        weight: Above 0, shape (n,).
        treated: Arm of each row, shape (n,).
        cluster: What shares a random intercept, shape (n,); None: nothing does.

    Raises:
        DesignError: A cluster holds both arms.
    """
    columns = np.column_stack([X, y])
    constant = 0.5 * float(np.sum(np.log(weight))) - 0.5 * y.size * math.log(2 * math.pi)
    counts = np.array([np.sum(~treated), np.sum(treated)], float)
    if cluster is None:
        within = _by_group(np.sqrt(weight)[:, None] * columns, treated.astype(np.int64), N_ARMS)
        none = np.zeros(0)
        return GaussianBlocks(
            within=within,
            n_within=counts,
            between=np.zeros((0, *within.shape[1:])),
            n_between=none,
            group_weight=none,
            group_arm=np.zeros(0, np.int64),
            constant=constant,
        )
    codes, place = np.unique(cluster, return_inverse=True)
    total = np.bincount(place, weights=weight)
    arm = np.bincount(place, weights=treated) / np.bincount(place)
    if np.any((arm > 0) & (arm < 1)):
        raise DesignError("A cluster holds both arms.", where="clusters", expected="one arm for all of it")
    means = np.zeros((codes.size, columns.shape[1]))
    np.add.at(means, place, weight[:, None] * columns)
    means /= total[:, None]
    centred = np.sqrt(weight)[:, None] * (columns - means[place])
    keys, group = np.unique(np.column_stack([arm, total]), axis=0, return_inverse=True)
    return GaussianBlocks(
        within=_by_group(centred, treated.astype(np.int64), N_ARMS),
        n_within=counts - np.bincount(arm.astype(np.int64), minlength=N_ARMS),
        between=_by_group(means, group.ravel(), len(keys)),
        n_between=np.bincount(group.ravel()).astype(float),
        group_weight=keys[:, 1],
        group_arm=keys[:, 0].astype(np.int64),
        constant=constant - 0.5 * float(np.sum(np.log(total))),
    )


def match_sandwich(blocks: GaussianBlocks, power: Floats) -> GaussianBlocks:
    """Raises the likelihood of each arm's rows to a power, so that its curvature is that of a robust error.

    A weight that says how much of a year a row covers is not a precision. The weighted estimate stands, but
    the likelihood would be too sure of it; a magnitude adjustment mends that (Ribatet, Cooley & Davison 2012,
    Statistica Sinica 22:813; Müller 2013, Econometrica 81:1805).

    Args:
        blocks: Without clusters.
        power: Of each arm, shape (2,); from `sandwich_power`.
    """
    return dataclasses.replace(
        blocks,
        within=np.sqrt(power)[:, None, None] * blocks.within,
        n_within=power * blocks.n_within,
    )


def sandwich_power(y: Floats, X: Floats, weight: Floats, treated: NDArray[np.bool_]) -> Floats:
    """Variance the Gaussian likelihood gives an arm's mean, over its robust variance; 1 with equal weights.

    With r the residuals of weighted least squares: (Σ w r² / n) / Σ w over Σ w² r² / (Σ w)², in each arm.

    Args:
        y, X, weight, treated: As of `build_gaussian_blocks`.

    Returns:
        Shape (2,), control first.
    """
    root = np.sqrt(weight)
    b = np.linalg.lstsq(root[:, None] * X, root * y, rcond=None)[0]
    square = weight * (y - X @ b) ** 2
    arms = [~treated, treated]
    return np.array([square[a].mean() * weight[a].sum() / np.sum(weight[a] * square[a]) for a in arms])


def log_likelihood(blocks: GaussianBlocks, b: Floats, sigma: Floats, omega: float = 0.0) -> float:
    """Log-likelihood of the rows behind the blocks, constants included.

    Args:
        blocks: From `build_gaussian_blocks`.
        b: Coefficients, shape (p,).
        sigma: Residual spread in the control and the treated arm at weight 1, shape (2,).
        omega: Spread of the cluster intercepts; of no account without clusters.
    """
    v = np.append(-b, 1.0)
    inside = np.sum((blocks.within @ v) ** 2, axis=1)
    outside = np.sum((blocks.between @ v) ** 2, axis=1)
    variance = omega**2 + sigma[blocks.group_arm] ** 2 / blocks.group_weight
    value = -np.sum(blocks.n_within * np.log(sigma) + 0.5 * inside / sigma**2)
    value -= 0.5 * np.sum(blocks.n_between * np.log(variance) + outside / variance)
    return float(value) + blocks.constant


def _by_group(columns: Floats, group: Ints, n_groups: int) -> Floats:
    """Triangular factor of the rows of each group, shape (n_groups, q, q)."""
    width = columns.shape[1]
    factor = np.zeros((n_groups, width, width))
    counts = np.bincount(group, minlength=n_groups)
    order = np.argsort(group, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    # groups of one size are decomposed in one call: there may be thousands
    for size in np.unique(counts[counts > 0]):
        alike = np.flatnonzero(counts == size)
        rows = order[starts[alike][:, None] + np.arange(size)]
        triangular = np.linalg.qr(columns[rows], mode="r")
        factor[alike, : triangular.shape[1], :] = triangular
    return factor
