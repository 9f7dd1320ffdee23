"""Weighted least squares with errors that hold: HC1 for independent rows, CR2 for clusters.

CR2 is the bias-reduced linearization of Bell & McCaffrey (2002, Survey Methodology 28:169) with
Satterthwaite's degrees of freedom; where a cluster has leverage 1, with the generalised inverse of
Pustejovsky & Tipton (2018, Journal of Business & Economic Statistics 36:672). Working model: independent
errors of variance 1 / weight. Then, with √w X = Z R and Z'Z = I, the adjustment (I − H_gg)^(-1/2) of a
cluster acts on the p numbers Z_g'e_g alone, as (I − Z_g'Z_g)^(-1/2): a cluster costs the same whatever its
size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

# a direction that one cluster alone determines says nothing about chance
_LEVERAGE_1 = 1e-9
# CR2 has no bias under the working model; more than rounding means that a cluster hides its own variance
_BIAS = 1e-6
# share of a column's length that must not follow from the others
_OWN_SHARE = 1e-10


@dataclass(frozen=True, kw_only=True)
class LinearFit:
    """A weighted least squares fit.

    Attributes:
        beta, covariance: Coefficients, shape (p,), and their covariance, (p, p).
        df: Degrees of freedom of each coefficient's t quantile, shape (p,).
        method: "HC1" or "CR2".
        codes: What errors are independent between: cluster codes, increasing, or row numbers, shape (G,).
        influence: Of each of them on each coefficient, shape (G, p): the covariance is influence' influence.
        n_rows: Rows.
    """

    beta: Floats
    covariance: Floats
    df: Floats
    method: str
    codes: Ints
    influence: Floats
    n_rows: int

    @property
    def std_error(self) -> Floats:
        """Square roots of the variances, shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def p_values(self) -> Floats:
        """Two-sided, of each coefficient being 0, shape (p,)."""
        from scipy import stats

        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.abs(self.beta) / self.std_error
        return np.asarray(2 * stats.t.sf(t, self.df))

    def interval(self, index: int, coverage: float = 0.95) -> tuple[float, float]:
        """Interval of one coefficient by its own t quantile."""
        from scipy import stats

        half = float(stats.t.ppf(0.5 + coverage / 2, self.df[index]) * self.std_error[index])
        return float(self.beta[index]) - half, float(self.beta[index]) + half


def fit_wls(y: Floats, X: Floats, w: Floats, cluster: Ints | None = None) -> LinearFit:
    """Fits y on X by weighted least squares.

    Args:
        y: Outcome, shape (n,).
        X: Design with its constant, shape (n, p).
        w: Weights above 0, shape (n,); their scale does not matter.
        cluster: Codes of what errors may go together in, shape (n,); None: rows are independent.

    Returns:
        The fit: HC1 (n / (n − p) times the sandwich, n − p degrees of freedom) without clusters, CR2 with
        Satterthwaite's degrees of freedom with them. A coefficient that rests on one cluster alone (one
        treated team) has an error of nan: nothing says how far chance reaches.

    Raises:
        DesignError: Columns follow from each other, or there are no more rows than columns.
    """
    y, X, w = np.asarray(y, float), np.asarray(X, float), np.asarray(w, float)
    n, p = X.shape
    if n <= p:
        raise DesignError("There are no more rows than coefficients.", expected=f"above {p}", got=f"{n}")
    root = np.sqrt(w)
    Z, R = _orthonormal(root[:, None] * X)
    score_of_y = Z.T @ (root * y)
    # once more on what is left: the first pass loses digits where columns nearly follow from each other
    rest = root * y - Z @ score_of_y
    score_of_y += Z.T @ rest
    rest -= Z @ (Z.T @ rest)
    beta = np.linalg.solve(R, score_of_y)
    back = np.linalg.inv(R)
    if cluster is None:
        influence = (Z * rest[:, None]) @ back.T * np.sqrt(n / (n - p))
        codes = np.arange(n, dtype=np.int64)
        df = np.full(p, float(n - p))
        method = "HC1"
    else:
        codes, group = np.unique(cluster, return_inverse=True)
        influence, df = _cr2(Z, rest, back, group, codes.size)
        method = "CR2"
    return LinearFit(
        beta=beta,
        covariance=influence.T @ influence,
        df=df,
        method=method,
        codes=codes.astype(np.int64),
        influence=influence,
        n_rows=n,
    )


def _orthonormal(scaled: Floats) -> tuple[Floats, Floats]:
    """Z with Z'Z = I and R with X̃ = Z R.

    Raises:
        DesignError: A column follows from the others.
    """
    length = np.sqrt((scaled**2).sum(axis=0))
    safe = np.where(length > 0, length, 1.0)
    Z, R = np.linalg.qr(scaled / safe)
    if np.any(np.abs(np.diag(R)) < np.sqrt(_OWN_SHARE)) or np.any(length == 0):
        raise DesignError(
            "What is compared follows from the covariates, or does not vary.",
            expected="columns that do not follow from each other",
            remedy="leave out a covariate, or look whether everyone is on one side",
        )
    return Z, R * safe


def _cr2(Z: Floats, rest: Floats, back: Floats, group: Ints, n_groups: int) -> tuple[Floats, Floats]:
    """Adjusted influence of each cluster, (G, p), and Satterthwaite's degrees of freedom, (p,)."""
    p = Z.shape[1]
    score = cluster_sums(Z * rest[:, None], group, n_groups)
    S = _cross_products(Z, group, n_groups)
    share, V = np.linalg.eigh(S)
    free = 1 - share
    factor = np.where(free > _LEVERAGE_1, 1 / np.sqrt(np.maximum(free, _LEVERAGE_1)), 0.0)
    # B_g = (I − Z_g'Z_g)^(-1/2), symmetric
    B = (V * factor[:, None, :]) @ V.transpose(0, 2, 1)
    influence = np.einsum("gij,gj->gi", B, score) @ back.T
    df = np.full(p, np.nan)
    for index in range(p):
        direction = back[index]
        b = B @ direction
        a = np.einsum("gij,gj->gi", S, b)
        own = np.einsum("gi,gi->g", b, a)
        # P_gh = 1[g = h] own_g − a_g'a_h is the quadratic form of the variance under the working model
        trace = own.sum() - (a**2).sum()
        squares = (own**2).sum() - 2 * (own * (a**2).sum(axis=1)).sum() + ((a.T @ a) ** 2).sum()
        if trace < (1 - _BIAS) * float(direction @ direction):
            # part of the variance is lost in a direction that one cluster determines
            influence[:, index] = np.nan
        else:
            df[index] = trace**2 / squares
    return influence, df


def _cross_products(Z: Floats, group: Ints, n_groups: int) -> Floats:
    """Z_g'Z_g of each group, shape (n_groups, p, p); column by column, so that n × p² is never in memory."""
    p = Z.shape[1]
    S = np.empty((n_groups, p, p))
    for i in range(p):
        for j in range(i + 1):
            S[:, i, j] = np.bincount(group, weights=Z[:, i] * Z[:, j], minlength=n_groups)
            S[:, j, i] = S[:, i, j]
    return S


def cluster_sums(values: Floats, group: Ints, n_groups: int) -> Floats:
    """Sums of the rows of values, shape (n, k), within each group, shape (n_groups, k)."""
    sums = np.empty((n_groups, values.shape[1]))
    for column in range(values.shape[1]):
        sums[:, column] = np.bincount(group, weights=values[:, column], minlength=n_groups)
    return sums
