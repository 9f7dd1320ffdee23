"""Predictors that know more of the outcome than anything known before it does: leaks nobody declared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.ladder.frame import Ladder, values_of
from wellperf_models.burnout.ladder.overlap import adjusted_r
from wellperf_models.burnout.tried import predictors_of
from wellperf_models.inference.design import fit_encoding
from wellperf_models.inference.risk_sets import Floats, Ints

# Share of what the last score leaves open (or of the score, where nothing is before it) that one predictor
# may explain. A workload, a mood or a symptom scale known before explains a tenth of it, rarely a quarter;
# the same answer given twice explains half and more.
_MOST_FORWARD, _MOST_ACROSS = 0.36, 0.49
# and how much better it may tell cases from others: a flag set because of the outcome does so even where the
# score within either side is as open as before
_CASES_FORWARD, _CASES_ACROSS = 0.30, 0.40
_MIN_PEOPLE, _MIN_CASES = 50, 20


@dataclass(frozen=True, kw_only=True)
class Suspects:
    """What was looked at, and what was found.

    Attributes:
        names: Predictors that know too much.
        looked_at: Predictors with enough people to tell.
    """

    names: tuple[str, ...]
    looked_at: tuple[str, ...]


def find_suspects(ladder: Ladder) -> Suspects:
    """Predictors of the models that know too much; those declared as late are known to.

    Each is held against the score, and against who is a case, after the last score is taken out of both; in
    the rows that are scored, and in those that train, since a leak may be in one wave alone.

    Args:
        ladder: From `plan_ladder`.
    """
    frame = ladder.frame
    last = predictors_of(frame, ())
    values = values_of(ladder, ladder.predictors)
    scored = np.zeros(frame.answers.person.size, bool)
    scored[ladder.rows] = True
    parts = [scored] if scored.all() else [scored, ~scored]
    names, looked_at = [], []
    for name in ladder.predictors:
        verdicts = [
            knows_too_much(frame, pl.DataFrame(values[name]), last, np.flatnonzero(part)) for part in parts
        ]
        if any(v is not None for v in verdicts):
            looked_at.append(name)
        if any(verdicts):
            names.append(name)
    return Suspects(names=tuple(names), looked_at=tuple(looked_at))


def knows_too_much(frame: BurnoutFrame, own: pl.DataFrame, last: pl.DataFrame, rows: Ints) -> bool | None:
    """Whether a predictor knows more of the outcome than anything known before does; None: too few to tell.

    Args:
        frame: The burnout frame.
        own: The predictor, all rows.
        last: The last score, all rows; without a column where there is none.
        rows: Rows to look at, one AUC worth of cases and others.
    """
    answers = frame.answers
    rows = rows[own[rows].to_series().is_not_null().to_numpy()]
    score = answers.strain[rows]
    case = _cases(frame)[rows]
    if np.unique(answers.person[rows]).size < _MIN_PEOPLE or not np.ptp(score) > 0:
        return None
    encoding = fit_encoding(own[rows], answers.person[rows], min_people=frame.min_group_size)
    X = encoding.apply(own[rows])
    if not X.shape[1]:
        return None
    before = np.ones((rows.size, 1))
    if last.width:
        before = np.column_stack([before, _curve(last[LAST_SCORE].to_numpy()[rows])])
    rest_X = X - before @ np.linalg.lstsq(before, X, rcond=None)[0]
    if not np.abs(rest_X).max() > 1e-9:
        return False
    most = _MOST_FORWARD if last.width else _MOST_ACROSS
    if adjusted_r(rest_X, _rest(score, before)) ** 2 > most:
        return True
    if min(int(case.sum()), int((~case).sum())) < _MIN_CASES:
        return False
    limit = _CASES_FORWARD if last.width else _CASES_ACROSS
    return adjusted_r(rest_X, _rest(case.astype(float), before)) ** 2 > limit


def _rest(values: Floats, before: Floats) -> Floats:
    return values - before @ np.linalg.lstsq(before, values, rcond=None)[0]


def _curve(last: Floats) -> Floats:
    """The last score and its square: what is left must not be a bend."""
    centred = (last - last.mean()) / (last.std() or 1.0)
    return np.column_stack([centred, centred**2])


def _cases(frame: BurnoutFrame) -> NDArray[np.bool_]:
    from wellperf_models.burnout.split import cases_of

    return cases_of(frame, np.arange(frame.answers.person.size))
