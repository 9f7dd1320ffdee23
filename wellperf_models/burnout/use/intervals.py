"""In which interval a next score is foretold, and how many of the newest scores fell inside."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast, Forecasts, scored_rows
from wellperf_models.burnout.split import Split
from wellperf_models.burnout.tried import predictors_of
from wellperf_models.errors import DesignError
from wellperf_models.inference.conformal import half_width
from wellperf_models.inference.design import Encoding
from wellperf_models.inference.folds import grouped_folds
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score, clustered_mean

_STREAM = 0xC0F0


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """Prediction intervals of one width, and what came about.

    Attributes:
        nominal: Coverage asked for.
        half_width: In points; the mean over folds.
        half_width_blind: That of intervals around the mean of all, which know nothing of anybody.
        coverage: Share of scored answers inside, clustered.
        inside: Scored rows whose score fell inside, shape (n,).
        rows: Of the frame, shape (n,).
        learned_from: People the width is learned from: the fewest over folds.
        beyond: Those of them who are outside of it, likewise.
    """

    nominal: float
    half_width: float
    half_width_blind: float
    coverage: Score
    inside: NDArray[np.bool_]
    rows: Ints
    learned_from: int
    beyond: int

    @property
    def against_nominal(self) -> Score:
        """The coverage with an interval that holds what the width itself is off by.

        The coverage of a conformal width learned from K people is Beta distributed around the nominal one,
        with a variance of about c (1 − c) / K (Vovk 2012, ACML 25:475).
        """
        share, chance = self.coverage, self.nominal * (1 - self.nominal) / self.learned_from
        if share.std_error == 0:
            return share
        wider = math.hypot(share.std_error, math.sqrt(chance)) / share.std_error
        return Score(
            value=share.value,
            std_error=wider * share.std_error,
            low=share.value - wider * (share.value - share.low),
            high=share.value + wider * (share.high - share.value),
        )

    def coverage_of(self, frame: BurnoutFrame, own: NDArray[np.bool_]) -> Score:
        """Coverage among some of the rows.

        Raises:
            DesignError: Fewer than two clusters.
        """
        cluster = frame.answers.cluster[self.rows[own]]
        return clustered_mean(self.inside[own].astype(float), cluster).within(0.0, 1.0)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Intervals({self.rows.size} rows; not released)"


def fit_intervals(frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, nominal: float) -> Intervals:
    """Split conformal intervals around a linear prediction, learned from the training rows alone.

    Half of the people trained on give the line, the other half how far it is off. With folds every row is
    foretold once, by the folds of the first repeat.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`.
        chosen: The model whose predictors are used.
        nominal: Coverage asked for.

    Raises:
        DesignError: Too few people to halve, or for this coverage.
    """
    data = predictors_of(frame, chosen.covariates)
    inside = np.zeros(frame.answers.person.size, bool)
    rows, found = [], []
    for split, fit in zip(forecasts.splits, chosen.tried.fits, strict=True):
        if split.repeat or fit is None:
            continue
        one = _one(frame, split, fit.encoding, data, nominal)
        inside[split.test] = one.inside
        rows.append(split.test)
        found.append(one)
    if not rows:
        raise DesignError("No fold of the first repeat could be fitted.", where="burnout.models")
    scored = np.sort(np.concatenate(rows))
    assert np.isin(scored, scored_rows(forecasts.splits)).all()
    share = clustered_mean(inside[scored].astype(float), frame.answers.cluster[scored])
    return Intervals(
        nominal=nominal,
        half_width=float(np.mean([one.width for one in found])),
        half_width_blind=float(np.mean([one.blind for one in found])),
        coverage=share.within(0.0, 1.0),
        inside=inside[scored],
        rows=scored,
        learned_from=min(one.learned_from for one in found),
        beyond=min(one.beyond for one in found),
    )


@dataclass(frozen=True, kw_only=True)
class _One:
    """Of one split: as in `Intervals`."""

    inside: NDArray[np.bool_]
    width: float
    blind: float
    learned_from: int
    beyond: int


def _one(frame: BurnoutFrame, split: Split, encoding: Encoding, data: pl.DataFrame, nominal: float) -> _One:
    answers = frame.answers
    if np.unique(answers.fold_group[split.train]).size < 2:
        raise DesignError("There are too few people to halve.", where="burnout.use.interval")
    (half,) = grouped_folds(answers.fold_group[split.train], folds=2, repeats=1, seed=frame.seed + _STREAM)
    fitted, held = split.train[half == 0], split.train[half == 1]
    line = _least_squares(encoding.apply(data[fitted]), answers.strain[fitted])
    off = np.abs(answers.strain[held] - _predict(line, encoding.apply(data[held])))
    width = half_width(off, answers.person[held], nominal)
    middle = float(answers.strain[fitted].mean())
    blind = half_width(np.abs(answers.strain[held] - middle), answers.person[held], nominal)
    distance = np.abs(answers.strain[split.test] - _predict(line, encoding.apply(data[split.test])))
    # a score on the border is inside: rounding must not decide
    inside = distance <= width + 1e-9
    return _One(
        inside=inside,
        width=width,
        blind=blind,
        learned_from=np.unique(answers.person[held]).size,
        beyond=np.unique(answers.person[held][off > width]).size,
    )


def _least_squares(X: Floats, y: Floats) -> Floats:
    """Coefficients, the intercept first; the shortest of many where columns depend on each other."""
    return np.linalg.lstsq(np.column_stack([np.ones(y.size), X]), y, rcond=None)[0]


def _predict(line: Floats, X: Floats) -> Floats:
    return line[0] + X @ line[1:]
