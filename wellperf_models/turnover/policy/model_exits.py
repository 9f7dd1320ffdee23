"""Exits given what was known as the month began: a hazard for each cause, whole months (complementary
log-log).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.one_step import BinaryFit, fit_binary
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.turnover.policy.frame import Histories, join


@dataclass(frozen=True, kw_only=True)
class Exits:
    """One hazard a cause.

    Attributes:
        causes: Names of those with an exit; the first is the one asked about.
        fits: In their order.
        n_rows: Person-months.
    """

    causes: tuple[str, ...]
    fits: tuple[BinaryFit, ...]
    n_rows: int

    def refit(self, weights: Floats) -> Floats:
        """Coefficients with other weights of the clusters, shape (p, causes)."""
        return np.stack([fit.refit(weights) for fit in self.fits], axis=1)

    @property
    def theta(self) -> Floats:
        """Coefficients, shape (p, causes)."""
        return np.stack([fit.theta for fit in self.fits], axis=1)


def exit_blocks(features: Sequence[Floats], base: Floats) -> list[Floats]:
    """Design of the hazards, by blocks of columns."""
    return [*features, base]


def fit_exits(histories: Histories) -> Exits:
    """Fits the hazards on every person-month.

    Raises:
        DesignError: Nobody left for the first cause.
    """
    spell, month = np.nonzero(histories.at_risk)
    event = histories.event[spell, month]
    X = join(exit_blocks([f[spell, month] for f in histories.features], histories.base(spell, month)))
    happened = [k for k in range(1, len(histories.causes) + 1) if np.any(event == k)]
    if not happened or happened[0] != 1:
        raise DesignError(
            "Nobody left for the cause the question is about.",
            where="turnover.causes",
            expected=f"exits for {histories.causes[0]!r}",
        )
    cluster = histories.cluster[spell]
    fits = tuple(
        fit_binary(
            X, (event == k).astype(float), cluster, histories.n_clusters, link="cloglog",
            where=f"turnover.policy: exits ({histories.causes[k - 1]})",
        )
        for k in happened
    )  # fmt: skip
    return Exits(causes=tuple(histories.causes[k - 1] for k in happened), fits=fits, n_rows=spell.size)
