"""Linear model with a random intercept per unit, by maximum likelihood from sums over each unit.

y_it = x_it β + u_i + e_it with u_i ~ N(0, σ_u²), e_it ~ N(0, σ²) (Laird & Ware 1982). x may hold the unit's
own
last value where its first value is among the columns too: that is what makes a dynamic model with persistent
people consistent (Wooldridge 2005, Journal of Applied Econometrics 20:39); least squares would take what is
lasting about a person for memory. The likelihood depends on each unit through its sums alone, so that a refit
with other weights of the units costs what the units cost, not the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

# log of the ratio of the two variances
_LOWEST, _HIGHEST = -10.0, 4.0
_TINY = 1e-9


@dataclass(frozen=True, kw_only=True)
class UnitSums:
    """What the likelihood needs of each unit; z = (x, y) has p + 1 columns.

    Attributes:
        counts: Rows of each unit, shape (n,).
        products: Σ z zᵀ of each unit, shape (n, (p + 1)²).
        sums: Σ z of each unit, shape (n, p + 1).
        squares: (Σ z)(Σ z)ᵀ of each unit, shape (n, (p + 1)²).
    """

    counts: Floats
    products: Floats
    sums: Floats
    squares: Floats


@dataclass(frozen=True, kw_only=True)
class RandomIntercept:
    """The fitted model.

    Attributes:
        beta: Coefficients, shape (p,).
        sigma, sigma_unit: Standard deviations within and between units.
    """

    beta: Floats
    sigma: float
    sigma_unit: float

    def posterior(self, counts: Floats, residual_sums: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of u_i given the unit's own residuals y − xβ so far.

        Args:
            counts: How many residuals, shape (n,).
            residual_sums: Their sums, shape (n,).
        """
        ratio = (self.sigma_unit / self.sigma) ** 2
        shrink = ratio / (1 + counts * ratio)
        return shrink * residual_sums, self.sigma * np.sqrt(shrink)


def sum_units(unit: Ints, X: Floats, y: Floats, n_units: int) -> UnitSums:
    """Sums over the rows of each unit.

    Args:
        unit: Code of each row's unit, 0 ≤ code < n_units, shape (m,).
        X, y: Shapes (m, p) and (m,).
        n_units: How many there are; one may have no rows.

    Raises:
        DesignError: No rows.
    """
    if y.size == 0:
        raise DesignError(
            "There are no rows to fit a random intercept on.", where="inference.random_intercept"
        )
    z = np.column_stack([X, y])
    width = z.shape[1]
    order = np.argsort(unit, kind="stable")
    z, code = z[order], unit[order]
    starts = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
    found = code[starts]
    products = np.zeros((n_units, width * width))
    # a column of products at a time: rows × p² numbers at once would not fit for large panels
    for i in range(width):
        for j in range(i, width):
            column = np.add.reduceat(z[:, i] * z[:, j], starts)
            products[found, i * width + j] = column
            products[found, j * width + i] = column
    sums = np.zeros((n_units, width))
    sums[found] = np.add.reduceat(z, starts, axis=0)
    return UnitSums(
        counts=np.bincount(unit, minlength=n_units).astype(float),
        products=products,
        sums=sums,
        squares=(sums[:, :, None] * sums[:, None, :]).reshape(n_units, -1),
    )


def fit_random_intercept(units: UnitSums, weights: Floats | None = None) -> RandomIntercept:
    """Maximum likelihood; each unit's log-likelihood counts `weights` times.

    Args:
        units: From `sum_units`.
        weights: Shape (n,); None: 1.
    """
    from scipy import optimize

    w = np.ones(units.counts.size) if weights is None else weights
    width = units.sums.shape[1]
    whole = (w @ units.products).reshape(width, width)
    n_rows = float(w @ units.counts)

    def solve(ratio: float) -> tuple[Floats, float]:
        shrink = w * ratio / (1 + units.counts * ratio)
        moments = whole - (shrink @ units.squares).reshape(width, width)
        xx, xy = moments[:-1, :-1], moments[:-1, -1]
        # columns that are constant here get no coefficient rather than an arbitrary one
        beta = np.linalg.solve(xx + np.diag(_TINY * np.diag(whole)[:-1] + _TINY), xy)
        return beta, max(float(moments[-1, -1] - 2 * beta @ xy + beta @ xx @ beta), _TINY)

    def loss(log_ratio: float) -> float:
        ratio = float(np.exp(log_ratio))
        _, rss = solve(ratio)
        return n_rows * np.log(rss / n_rows) + float(w @ np.log1p(units.counts * ratio))

    best = optimize.minimize_scalar(
        loss, bounds=(_LOWEST, _HIGHEST), method="bounded", options={"xatol": 1e-4}
    )
    ratio = float(np.exp(best.x))
    beta, rss = solve(ratio)
    sigma = float(np.sqrt(rss / n_rows))
    return RandomIntercept(beta=beta, sigma=sigma, sigma_unit=sigma * float(np.sqrt(ratio)))
