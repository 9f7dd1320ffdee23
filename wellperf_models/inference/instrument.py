"""Effect of receipt by a randomised offer: two-stage least squares with one instrument.

With one instrument it is the ratio of two differences by offer, in the outcome and in receipt (Wald); under
the exclusion restriction and monotonicity it is the effect in compliers (Imbens & Angrist 1994, Econometrica
62:467). The Anderson–Rubin interval holds every effect that the offer does not contradict (Anderson & Rubin
1949, Annals of Mathematical Statistics 20:46): right however weak the offer, and with few clusters as right
as the test it turns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.least_squares import cluster_sums, fit_wls
from wellperf_models.inference.risk_sets import Floats, Ints


@dataclass(frozen=True, kw_only=True)
class TwoStage:
    """Effect of receipt, its instrument being the offer.

    Attributes:
        beta, std_error: Sandwich without a factor for small samples (HC0), or clustered with G / (G − 1).
        df: Of its t quantile: inf, or clusters − 1.
        first_stage: F of the offer in receipt, from the robust error of `fit_wls`.
        likely: Anderson–Rubin interval, with the error of `fit_wls`; None where it has no end.
        reduced_p: p of the offer in the outcome: what the Anderson–Rubin test says of no effect.
        codes, influence: What errors are independent between, and the influence of each on `beta`, shape
            (G,).
    """

    beta: float
    std_error: float
    df: float
    first_stage: float
    likely: tuple[float, float] | None
    reduced_p: float
    codes: Ints
    influence: Floats

    @property
    def p_value(self) -> float:
        """Two-sided, by the sandwich."""
        from scipy import stats

        return float(2 * stats.t.sf(abs(self.beta) / self.std_error, self.df))

    def interval(self, coverage: float = 0.95) -> tuple[float, float]:
        """Interval by the sandwich."""
        from scipy import stats

        half = float(stats.t.ppf(0.5 + coverage / 2, self.df)) * self.std_error
        return self.beta - half, self.beta + half


def two_stage(
    y: Floats,
    X: Floats,
    offered: Floats,
    received: Floats,
    w: Floats,
    cluster: Ints | None = None,
    *,
    coverage: float = 0.95,
) -> TwoStage:
    """Fits y on receipt and X by two-stage least squares, with the offer as instrument.

    Args:
        y: Outcome, shape (n,).
        X: Constant and covariates, shape (n, p).
        offered, received: The instrument and what it moves, shape (n,).
        w: Weights above 0, shape (n,).
        cluster: Codes of what errors may go together in; None: rows are independent.
        coverage: Of the Anderson–Rubin interval.

    Raises:
        DesignError: The offer moved receipt not at all, or follows from the covariates.
    """
    full = np.column_stack([X, offered])
    outcome, receipt = fit_wls(y, full, w, cluster), fit_wls(received, full, w, cluster)
    moved, moved_error = float(receipt.beta[-1]), float(receipt.std_error[-1])
    if abs(moved) < 1e-12:
        raise DesignError(
            "The offer did not change who took part.", expected="receipt that differs between the arms"
        )
    root = np.sqrt(w)
    Z, _ = np.linalg.qr(root[:, None] * X)
    own, of_y, of_d = (root * v - Z @ (Z.T @ (root * v)) for v in (offered, y, received))
    beta = float(own @ of_y) / float(own @ of_d)
    part = own * (of_y - beta * of_d) / float(own @ of_d)
    codes, df, factor = np.arange(y.size, dtype=np.int64), math.inf, 1.0
    if cluster is not None:
        codes, group = np.unique(cluster, return_inverse=True)
        part = cluster_sums(part[:, None], group, codes.size)[:, 0]
        df, factor = float(codes.size - 1), codes.size / (codes.size - 1)
    influence = part * math.sqrt(factor)
    return TwoStage(
        beta=beta,
        std_error=math.sqrt(float(influence @ influence)),
        df=df,
        first_stage=(moved / moved_error) ** 2 if moved_error > 0 else math.inf,
        likely=_anderson_rubin(
            (float(outcome.beta[-1]), moved),
            (outcome.influence[:, -1], receipt.influence[:, -1]),
            float(outcome.df[-1]),
            coverage,
        ),
        reduced_p=float(outcome.p_values[-1]),
        codes=codes.astype(np.int64),
        influence=influence,
    )


def _anderson_rubin(
    beta: tuple[float, float], influence: tuple[Floats, Floats], df: float, coverage: float
) -> tuple[float, float] | None:
    """Effects b with (β_y − b β_d)² ≤ t² (V_yy − 2b V_yd + b² V_dd), where they are an interval with ends."""
    from scipy import stats

    square = float(stats.t.ppf(0.5 + coverage / 2, df)) ** 2
    (of_y, of_d), (by_y, by_d) = beta, influence
    a = of_d**2 - square * float(by_d @ by_d)
    b = of_y * of_d - square * float(by_y @ by_d)
    c = of_y**2 - square * float(by_y @ by_y)
    if not a > 0:
        return None
    # at the estimate itself the left side is 0, so the roots are real
    half = math.sqrt(max(0.0, b**2 - a * c))
    return (b - half) / a, (b + half) / a
