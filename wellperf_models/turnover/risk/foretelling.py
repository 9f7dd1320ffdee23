"""A landmark super-model (van Houwelingen 2007, Scand. J. Stat. 34:70): who will have left, h months ahead.

All landmarks of the training time are stacked; covariates stay as they were known at the landmark, and what
happens in each month after it is a multinomial hazard of bands of tenure, months since the landmark, and
covariates. A person at several landmarks counts at each: a pseudo-likelihood, of which no error is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from wellperf_models.errors import DesignError
from wellperf_models.inference.folds import grouped_folds
from wellperf_models.inference.multinomial_hazard import (
    MultinomialHazard,
    accumulate,
    choose_strength,
    fit_multinomial_hazard,
    hazards_of,
)
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study import Covariate
from wellperf_models.turnover.risk.coding import Coding, learn_coding
from wellperf_models.turnover.risk.person_months import Bands, Cells, choose_bands, collapse

# 1/√λ is the prior standard deviation of a level's log odds: from .03, which leaves next to nothing of
# any, to 1, which leaves every real one as it is
STRENGTHS = tuple(float(10**power) for power in np.arange(3.0, -0.5, -0.5))
# of the bands of months ahead: weak, so that a band without an exit has a hazard too
_BASELINE_RIDGE = 1.0
# of the months between those in which anybody can leave: hardly any, they hold next to no exits
_BETWEEN_RIDGE = 0.01
_INNER_FOLDS = 5
_INNER_STREAM = 0x1D6E


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Rows to learn from; arrays of shape (n,).

    Attributes:
        words: Covariates and strata at the landmark, from `coding.as_words`.
        tenure: Whole months at the landmark.
        months: Months at risk after it.
        event: 0, 1..K in the last of them.
        group: What must not be split between inner folds.
        n_causes: K.
        row: Into the landmarks, or None where there are none.
    """

    words: pl.DataFrame
    tenure: Ints
    months: Ints
    event: Ints
    group: Ints
    n_causes: int
    row: Ints | None = None

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Watched({self.tenure.size} rows)"


@dataclass(frozen=True, kw_only=True)
class Foreteller:
    """A fitted super-model.

    Attributes:
        coding: Of the covariates; without blocks for the model of tenure alone.
        bands: Of the baseline.
        hazard: Columns: covariates, then bands.
        tenure_strength: Ridge of the bands of tenure, chosen on the training rows without covariates.
        strength: Ridge of the covariates, chosen given that; None without covariates.
        n_cells: Distinct cells.
        n_person_months, n_exits: It was trained on; a person counts at each landmark.
    """

    coding: Coding
    bands: Bands
    hazard: MultinomialHazard
    tenure_strength: float
    strength: float | None
    n_cells: int
    n_person_months: int
    n_exits: int

    def score(self, words: pl.DataFrame, cause: int = 1) -> Floats:
        """The covariates' part of the log odds of leaving for `cause` (from 1), shape (n,)."""
        covariates = self.coding.design(self.coding.codes(words))
        return np.asarray(covariates @ self.hazard.beta[: self.coding.n_columns, cause - 1])

    def incidence(self, words: pl.DataFrame, tenure: Ints, months: Sequence[int]) -> tuple[Floats, Floats]:
        """What is foretold of rows.

        Args:
            words: At the landmark, n rows.
            tenure: Whole months at the landmark, shape (n,).
            months: How far ahead, h of them.

        Returns:
            (survival of shape (n, h), cumulative incidence of shape (n, h, K)); they add up to 1.
        """
        codes = self.coding.codes(words)
        # people alike in everything have the same risk: it is worked out once
        keyed = np.column_stack([codes, self.bands.cap(tenure)])
        distinct, place = np.unique(keyed, axis=0, return_inverse=True)
        ahead = np.arange(max(months), dtype=np.int64)
        p, t = self.coding.n_columns, self.bands.n_tenure
        beta = self.hazard.beta
        fixed = self.coding.design(distinct[:, :-1]) @ beta[:p] + self.hazard.alpha
        eta = fixed[:, None, :] + beta[p : p + t][self.bands.tenure_of(distinct[:, -1:] + ahead)]
        if self.bands.ahead is not None:
            eta = eta + beta[p + t :][self.bands.ahead_of(ahead)]
        survival, incidence = accumulate(hazards_of(eta))
        at = np.asarray(months) - 1
        place = place.ravel()
        return survival[:, at][place], incidence[:, at][place]


def fit_foreteller(
    rows: Watched,
    covariates: Mapping[str, Covariate],
    strata: Sequence[str] = (),
    *,
    numbers: Literal["bins", "splines"] = "bins",
    edges: Sequence[float] | None = None,
    seed: int,
) -> Foreteller:
    """Learns codes, bands and the ridge from the rows, and fits.

    Args:
        rows: Training rows; nothing else is looked at.
        covariates: Name → declaration; none gives the model of tenure alone.
        strata: Categories that enter like any other covariate.
        numbers: Bins, or natural cubic splines on a fine grid.
        edges: Bands of tenure, or None for the usual ones.
        seed: The study's.

    Raises:
        DesignError: Nobody left, or too few groups to choose a ridge with.
        ConvergenceError: A fit did not converge.
    """
    coding = learn_coding(rows.words, covariates, strata, numbers=numbers)
    bands = choose_bands(rows.tenure, rows.months, rows.event, edges)
    folds = min(_INNER_FOLDS, int(np.unique(rows.group).size))
    if folds < 2:
        raise DesignError(
            "There are too few people to choose how cautious a model should be.", where="turnover.risk"
        )
    (fold,) = grouped_folds(rows.group, folds=folds, repeats=1, seed=seed + _INNER_STREAM)
    codes = coding.codes(rows.words)
    cells = collapse(codes, rows.tenure, rows.months, rows.event, fold, bands, rows.n_causes)
    X = design_of(coding, bands, cells)
    penalty, tenure_strength, strength = _choose_penalty(coding, bands, X, cells)
    n, events = cells.n.sum(axis=0), cells.events.sum(axis=0)
    return Foreteller(
        coding=coding,
        bands=bands,
        hazard=fit_multinomial_hazard(X, n, events, penalty),
        tenure_strength=tenure_strength,
        strength=strength,
        n_cells=n.size,
        n_person_months=round(float(n.sum())),
        n_exits=round(float(events.sum())),
    )


def _choose_penalty(
    coding: Coding, bands: Bands, X: Floats, cells: Cells
) -> tuple[Floats, float, float | None]:
    """Ridge of each column, of the bands of tenure (chosen without covariates), and of the covariates."""
    place = np.arange(X.shape[1]) - coding.n_columns
    covariate, tenure = place < 0, (place >= bands.between) & (place < bands.n_tenure)
    fixed, base = np.full(X.shape[1], _BASELINE_RIDGE), ~covariate
    if bands.between:
        fixed[place == 0] = _BETWEEN_RIDGE
    alone = choose_strength(X[:, base], cells.n, cells.events, fixed[base], tenure[base], STRENGTHS)
    penalty = np.where(tenure, alone, fixed)
    if not coding.blocks:
        return penalty, alone, None
    strength = choose_strength(X, cells.n, cells.events, penalty, covariate, STRENGTHS)
    return np.where(covariate, strength, penalty), alone, strength


def design_of(coding: Coding, bands: Bands, cells: Cells) -> Floats:
    """Covariates, then bands, shape (m, p)."""
    return np.column_stack([coding.design(cells.codes), bands.design(cells.tenure, cells.ahead)])


def foretell_average(rows: Watched, months: Sequence[int]) -> Floats:
    """Aalen–Johansen since the landmark, everybody alike: the null model, from the same training rows.

    Months later than anybody was watched have the average hazard of those that were.

    Args:
        rows: Training rows.
        months: How far ahead, h of them.

    Returns:
        Cumulative incidence, shape (h, K).
    """
    last = max(months)
    length = max(last, int(rows.months.max(initial=0)))
    gone = np.cumsum(np.bincount(rows.months, minlength=length + 1))[:length]
    at_risk = (rows.months.size - gone).astype(float)
    ended = [
        np.bincount(rows.months[rows.event == k], minlength=length + 1)[1:]
        for k in range(1, rows.n_causes + 1)
    ]
    events = np.column_stack(ended).astype(float)
    mean = events.sum(axis=0) / max(1.0, float(at_risk.sum()))
    hazards = np.where(at_risk[:, None] > 0, events / np.maximum(1.0, at_risk)[:, None], mean)
    _, incidence = accumulate(hazards[None, :last])
    return np.asarray(incidence[0][np.asarray(months) - 1])
