"""The mean of one thing given others, without a formula: penalised splines, judged by rows they did not see.

Cubic B-splines with a penalty on second differences (Eilers & Marx 1996, Statistical Science 11:89), its
weight chosen by generalised cross-validation. One or two columns get a full (tensor) surface; more of them
get a spline each, the product of every pair, and a spline of their best linear combination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wellperf_models.inference.risk_sets import Floats, Ints

# intervals between knots by number of columns: a curve, a surface, and one of many
_INTERVALS: Final = {1: 12, 2: 5}
_INTERVALS_OF_MANY: Final = 6
_DEGREE: Final = 3
# knots lie inside of these quantiles; beyond them every curve is straight, so that no tail bends it
_ENDS: Final = (0.005, 0.995)
_MOST_PAIRED: Final = 10
_WEIGHTS: Final = tuple(10.0**power for power in range(-7, 4))
_RIDGE: Final = 1e-9
_BINS: Final = 10
# of which rows are in which half
_SEED: Final = 45


@dataclass(frozen=True, kw_only=True, repr=False)
class Surface:
    """A fitted mean at the rows it was fitted to, for each of d things.

    Attributes:
        fitted: Shape (n, d).
        held_out: The same by the half of the rows that a row is not in, shape (n, d).
        unexplained: Share of the variance of what is left that the inputs would still explain: between tenths
            of each input and of what was fitted; about 10 / n where the surface is right.
    """

    fitted: Floats
    held_out: Floats
    unexplained: float


def regress(X: Floats, y: Floats, together: Ints | None = None) -> Surface:
    """Mean of y given X.

    Args:
        X: Shape (n, q), q at least 1; columns that do not vary say nothing and are left out.
        y: Shape (n, d).
        together: A code from 0 for each row, shape (n,): rows of one code repeat something, so that they are
            in the same half; None: none do.
    """
    scale = X.std(axis=0)
    varies = scale > 1e-12 * (np.abs(X).max(axis=0) + 1e-300)
    if not varies.any():
        return _constant(y)
    Z = (X[:, varies] - X[:, varies].mean(axis=0)) / scale[varies]
    basis, penalty = _basis(Z, y)
    first = _first_half(y.shape[0], together)
    # the two halves are added up to the whole: seeing rows left out costs nothing
    halves = [(basis[rows].T @ basis[rows], basis[rows].T @ y[rows]) for rows in (first, ~first)]
    gram, cross = halves[0][0] + halves[1][0], halves[0][1] + halves[1][1]
    weight = _weight(gram, cross, (y**2).sum(axis=0), penalty, y.shape[0])
    fitted = basis @ _solve(gram, cross, weight, penalty)
    held_out = np.empty_like(fitted)
    for seen, unseen in zip(halves, (~first, first), strict=True):
        # half of the rows, so half of the penalty
        held_out[unseen] = basis[unseen] @ _solve(*seen, weight * float((~unseen).mean()), penalty)
    return Surface(fitted=fitted, held_out=held_out, unexplained=_unexplained(Z, y, fitted))


def _first_half(n: int, together: Ints | None) -> NDArray[np.bool_]:
    """Rows of one of two halves, by lot: neighbours in a chain of draws may be alike, or the same."""
    codes = np.arange(n) if together is None else together
    drawn = np.random.default_rng(_SEED).permutation(int(codes.max()) + 1)
    half: NDArray[np.bool_] = (drawn % 2 == 0)[codes]
    return half


def _constant(y: Floats) -> Surface:
    mean = np.broadcast_to(y.mean(axis=0), y.shape)
    return Surface(fitted=mean, held_out=mean, unexplained=0.0)


def _basis(Z: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Columns of the surface, shape (n, p), and the penalty of their coefficients, shape (p, p)."""
    q = Z.shape[1]
    if q == 1:
        return _curve(Z[:, 0], _INTERVALS[1])
    if q == 2:
        (a, of_a), (b, of_b) = (_curve(Z[:, k], _INTERVALS[2]) for k in range(2))
        eye_a, eye_b = np.eye(a.shape[1]), np.eye(b.shape[1])
        product = (a[:, :, None] * b[:, None, :]).reshape(Z.shape[0], -1)
        return product, np.kron(of_a, eye_b) + np.kron(eye_a, of_b)
    parts = [_curve(Z[:, k], _INTERVALS_OF_MANY) for k in range(q)]
    slopes = np.linalg.lstsq(Z, y - y.mean(axis=0), rcond=None)[0]
    for combined in (Z @ slopes).T:
        if combined.std() > 0:
            parts.append(_curve(combined / combined.std(), _INTERVALS_OF_MANY))
    if q <= _MOST_PAIRED:
        first, second = np.triu_indices(q, 1)
        pairs = Z[:, first] * Z[:, second]
        parts.append((pairs, np.zeros((first.size, first.size))))
    return np.hstack([columns for columns, _ in parts]), _blocks([penalty for _, penalty in parts])


def _blocks(parts: Sequence[Floats]) -> Floats:
    from scipy import linalg

    joined: Floats = linalg.block_diag(*parts)
    return joined


def _curve(z: Floats, intervals: int) -> tuple[Floats, Floats]:
    """Cubic B-splines of one column on equal intervals, straight beyond them, and their penalty."""
    from sklearn.preprocessing import SplineTransformer

    low, high = np.quantile(z, _ENDS)
    if not high > low:
        low, high = z.min(), z.max()
    knots = np.linspace(low, high, intervals + 1)[:, None]
    made = SplineTransformer(degree=_DEGREE, knots=knots, extrapolation="linear")
    columns: Floats = made.fit_transform(z[:, None])
    second = np.diff(np.eye(columns.shape[1]), 2, axis=0)
    return columns, second.T @ second


def _solve(gram: Floats, cross: Floats, weight: float, penalty: Floats) -> Floats:
    ridge = _RIDGE * np.trace(gram) / gram.shape[0] * np.eye(gram.shape[0])
    solved: Floats = np.linalg.solve(gram + weight * penalty + ridge, cross)
    return solved


def _weight(gram: Floats, cross: Floats, size: Floats, penalty: Floats, n: int) -> float:
    """Weight of the penalty by generalised cross-validation over all columns of y, each on its own scale."""
    unit = np.trace(gram) / max(float(np.trace(penalty)), 1e-12)
    found = []
    for weight in _WEIGHTS:
        both = _solve(gram, np.hstack([cross, gram]), weight * unit, penalty)
        coefficients, smooth = both[:, : cross.shape[1]], both[:, cross.shape[1] :]
        left = size - 2 * (cross * coefficients).sum(axis=0)
        left = left + (coefficients * (gram @ coefficients)).sum(axis=0)
        share = np.maximum(left, 0) / np.maximum(size, 1e-300)
        found.append(float(share.sum()) / (1 - float(np.trace(smooth)) / n) ** 2)
    return float(_WEIGHTS[int(np.argmin(found))] * unit)


def _unexplained(Z: Floats, y: Floats, fitted: Floats) -> float:
    """The largest share of the variance of the residuals that lies between tenths of something known."""
    left = y - fitted
    worst = 0.0
    for column in (*Z.T, *fitted.T):
        edges = np.quantile(column, np.linspace(0, 1, _BINS + 1)[1:-1])
        place = np.searchsorted(edges, column)
        count = np.maximum(np.bincount(place, minlength=_BINS), 1)
        for rest in left.T:
            total = float(rest @ rest)
            # what is exact up to rounding leaves nothing to explain
            if total > 1e-12 * float(np.abs(y).max() ** 2 + 1e-300) * rest.size:
                sums = np.bincount(place, weights=rest, minlength=_BINS)
                worst = max(worst, float(np.sum(sums**2 / count)) / total)
    return worst
