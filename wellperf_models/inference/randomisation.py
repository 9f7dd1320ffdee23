"""Randomisation inference: draw the lots again, as they could have fallen.

Fisher (1935). The statistic is studentised, so that the test also holds asymptotically for an average
effect of 0 when effects differ between units (Wu & Ding 2021, Journal of the American Statistical
Association 116:1898). The p-value counts the lots as they fell among those drawn (Phipson &
Smyth 2010): it is never 0.
"""

from __future__ import annotations

import math

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.least_squares import cluster_sums
from wellperf_models.inference.risk_sets import Floats, Ints

_STREAM = 0x10757
# lots with the same groups give the same statistic but for rounding
_SAME = 1e-9
_CELLS = 2_000_000


def randomisation_test(
    y: Floats,
    X: Floats,
    treated: Floats,
    cluster: Ints,
    w: Floats,
    block: Ints | None = None,
    *,
    n_permutations: int = 2000,
    seed: int = 0,
) -> float:
    """p-value of no effect on anybody, two-sided.

    Whole clusters change arms, within blocks; the statistic is the weighted least squares coefficient of the
    arm over its clustered error, recomputed for each draw from cluster totals.

    Args:
        y: Outcome, shape (n,).
        X: Constant and covariates, shape (n, p); they stay with their unit.
        treated: 1 in the treated arm, the same for a whole cluster, shape (n,).
        cluster: Codes of what was assigned as a whole, shape (n,).
        w: Weights above 0, shape (n,).
        block: Codes of the blocks lots were drawn in, the same for a whole cluster; None: one block.
        n_permutations: Draws.
        seed: The study's.

    Returns:
        (1 + draws at least as extreme) / (1 + draws).

    Raises:
        DesignError: A cluster holds both arms or several blocks, or the lots could fall in one way only.
    """
    codes, first, group = np.unique(cluster, return_index=True, return_inverse=True)
    arm = np.asarray(treated, float)[first]
    blocks = np.zeros(codes.size, np.int64) if block is None else np.asarray(block)[first]
    if np.any(arm[group] != treated) or (block is not None and np.any(blocks[group] != block)):
        raise DesignError("A cluster holds both arms, or several blocks.", where="randomisation test")
    if log_ways(arm, blocks) == 0:
        raise DesignError("The lots could have fallen in one way only.", where="randomisation test")
    totals = _Totals(np.asarray(y, float), np.asarray(X, float), np.asarray(w, float), group, codes.size)
    rng = np.random.default_rng([seed, _STREAM])
    observed = float(totals.statistic(arm[None, :])[0])
    # clusters block by block, their arms in the same order: a shuffle inside each block redraws the lots
    by_block = arm[np.argsort(blocks, kind="stable")]
    rank = np.unique(blocks, return_inverse=True)[1]
    extreme = 0
    done = 0
    size = max(1, _CELLS // codes.size)
    while done < n_permutations:
        draws = min(size, n_permutations - done)
        order = np.argsort(rank + rng.random((draws, codes.size)), axis=1)
        lots = np.empty((draws, codes.size))
        np.put_along_axis(lots, order, np.broadcast_to(by_block, lots.shape), axis=1)
        extreme += int(np.sum(totals.statistic(lots) >= observed * (1 - _SAME)))
        done += draws
    return (1 + extreme) / (1 + n_permutations)


def log_ways(arm: Floats, blocks: Ints) -> float:
    """Logarithm of the number of ways the lots could have fallen: each block keeps its number of treated.

    Args:
        arm: 1 treated, 0 control, one entry a cluster.
        blocks: Block of each cluster.
    """
    return sum(
        math.log(math.comb(int(own.size), int(own.sum())))
        for own in (arm[blocks == block] for block in np.unique(blocks))
    )


class _Totals:
    """Everything a draw needs, by cluster: of y and X after X has been taken out of y."""

    def __init__(self, y: Floats, X: Floats, w: Floats, group: Ints, n: int) -> None:
        root = np.sqrt(w)
        Z, R = np.linalg.qr(root[:, None] * X)
        if np.any(np.abs(np.diag(R)) < 1e-10 * np.abs(np.diag(R)).max()):
            raise DesignError("The covariates follow from each other.", where="randomisation test")
        rest = root * y - Z @ (Z.T @ (root * y))
        q = Z.shape[1]
        by_row = np.column_stack([w, root * rest, root[:, None] * Z, Z * rest[:, None]])
        sums = cluster_sums(by_row, group, n)
        self.weight, self.rest = sums[:, 0], sums[:, 1]
        self.of_x, self.of_both = sums[:, 2 : 2 + q], sums[:, 2 + q :]
        self.cross = np.empty((n, q * q))
        for i in range(q):
            for j in range(q):
                self.cross[:, i * q + j] = np.bincount(group, weights=Z[:, i] * Z[:, j], minlength=n)

    def statistic(self, lots: Floats) -> Floats:
        """|coefficient| / clustered error of each draw, shape (draws,); lots of shape (draws, clusters)."""
        m = lots @ self.of_x
        # what X leaves of the arm, in units of its own weighted square
        size = lots @ self.weight - (m**2).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            beta = (lots @ self.rest) / size
            own = lots * self.rest - m @ self.of_both.T
            square = lots * self.weight - 2 * lots * (m @ self.of_x.T)
            square += (m[:, :, None] * m[:, None, :]).reshape(len(m), -1) @ self.cross.T
            score = own - beta[:, None] * square
            statistic = np.abs(beta) * size / np.sqrt((score**2).sum(axis=1))
        # a draw whose arm follows from the covariates says nothing
        return np.where(size > 1e-12 * self.weight.sum(), np.nan_to_num(statistic, nan=0.0), 0.0)
