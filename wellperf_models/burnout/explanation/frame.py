"""The model that is told and travels: on all training rows, with levels that each may be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame, period_of
from wellperf_models.burnout.learner import Learned, learn_ridge
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.burnout.split import cases_of
from wellperf_models.burnout.tried import predictors_of
from wellperf_models.evidence import Members
from wellperf_models.inference.design import NOT_MEASURED, POOLED, Encoding, fit_encoding
from wellperf_models.inference.logistic import LogisticFit
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel import members_of


@dataclass(frozen=True, kw_only=True)
class Joined:
    """A level that holds more than its name says: people of levels that may not be told, or not known.

    Attributes:
        level: Its name, or "not measured".
        words: Its name, and what else it holds.
        few: So few people were added that they would follow from how many are at each level.
    """

    level: str
    words: str
    few: bool

    def __repr__(self) -> str:
        """Names only."""
        return f"Joined({self.words!r})"


@dataclass(frozen=True, kw_only=True)
class Told:
    """A logistic model on the rows it learnt from.

    Attributes:
        rows: Of the frame, shape (n,).
        case: Shape (n,).
        data: Predictors; levels of too few people or cases are in one ("other levels"), n rows.
        encoding, X: How they became columns, and the columns, shape (n, p).
        fit: Ridge logistic.
        group, cluster: Of each row, shape (n,).
        person: Shape (n,).
        waves: Names of the waves they are of.
        pooled: Covariates of which levels were put into one, or left out as not known.
        joined: Covariate → its level to which people of others were added.
    """

    rows: Ints
    case: NDArray[np.bool_]
    data: pl.DataFrame
    encoding: Encoding
    X: Floats
    fit: LogisticFit
    group: Ints
    cluster: Ints
    person: Ints
    waves: tuple[str, ...]
    pooled: tuple[str, ...]
    joined: Mapping[str, Joined] = field(default_factory=dict)

    def words_of(self, name: str, level: str) -> str:
        """What a reader calls a level: with what was added to it.

        Args:
            name: Of the covariate.
            level: Of its levels, or "not measured".
        """
        joined = self.joined.get(name)
        return level if joined is None or joined.level != level else joined.words

    def members(self, frame: BurnoutFrame, own: NDArray[np.bool_] | None = None) -> Members:
        """Who is behind a number of some of the rows (None: all); the events are those who are a case."""
        chosen = np.ones(self.case.size, bool) if own is None else own
        roster = None if frame.roster is None else frame.roster.during(period_of(self.waves))
        return members_of(roster, self.person[chosen], self.person[chosen & self.case])

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Told({self.rows.size} rows × {self.X.shape[1]} columns; not released)"


def told_model(frame: BurnoutFrame, forecasts: Forecasts, forecast: Forecast) -> Told:
    """The ridge logistic of a declared set on all rows that train it; on all rows where there are folds.

    Where every level may be told and time splits, it is the model that was scored.

    Args:
        frame: The burnout frame.
        forecasts: Gives the split.
        forecast: Which model.

    Raises:
        ConvergenceError: It does not converge with these levels.
        DesignError: One class, or too few rows.
    """
    answers = frame.answers
    if frame.time_split:
        rows, case = forecasts.splits[0].train, forecasts.splits[0].case
    else:
        rows = np.arange(answers.person.size)
        case = cases_of(frame, rows)
    case, person = case[rows], answers.person[rows]
    data = predictors_of(frame, forecast.covariates)[rows]
    told, pooled = (data, ()) if frame.in_full else _tellable(frame, data, case, person)
    scored = forecast.tried.fits[0]
    if frame.time_split and not pooled and scored is not None and scored.learned.logistic is not None:
        encoding, fit = scored.encoding, scored.learned.logistic
    else:
        encoding = fit_encoding(told, person, min_people=_least(frame))
        learned: Learned = learn_ridge(encoding.apply(told), case, answers.fold_group[rows], seed=frame.seed)
        assert learned.logistic is not None
        fit = learned.logistic
    waves = np.array(frame.waves)
    return Told(
        rows=rows,
        case=case,
        data=told,
        encoding=encoding,
        X=encoding.apply(told),
        fit=fit,
        group=answers.fold_group[rows],
        cluster=answers.cluster[rows],
        person=person,
        waves=tuple(str(waves[i]) for i in np.unique(answers.wave[rows])),
        pooled=pooled,
        joined=_all_joined(frame, data, told, person),
    )


def _least(frame: BurnoutFrame) -> int:
    return frame.min_group_size if frame.in_full else frame.min_people


def _tellable(
    frame: BurnoutFrame, data: pl.DataFrame, case: NDArray[np.bool_], person: Ints
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Categories with every level of enough people, cases and others; what can't be told is not known."""
    made, pooled = [], []
    for name in data.columns:
        values = data[name]
        if values.dtype.is_float():
            known = values.is_not_null().to_numpy()
            if known.any() and not known.all() and not _enough(frame, ~known, case, person):
                # no column "not measured": a missing number is the mean
                values = values.fill_null(float(values.drop_nulls().to_numpy().mean()))
                pooled.append(name)
            made.append(values)
            continue
        few = [
            v for v in values.unique().drop_nulls().sort() if not _enough(frame, _at(values, v), case, person)
        ]
        if few:
            values = values.replace(few, [POOLED] * len(few))
            if not _enough(frame, _at(values, POOLED), case, person):
                values = values.replace([POOLED], [None])
            pooled.append(name)
        unknown = values.is_null().to_numpy()
        if unknown.any() and not _enough(frame, unknown, case, person):
            # too few to have a column of their own: like the most frequent level
            values = values.fill_null(_most_frequent(values))
            pooled = list(dict.fromkeys([*pooled, name]))
        made.append(values.alias(name))
    return pl.DataFrame(made), tuple(p for p in pooled if p != LAST_SCORE)


def _all_joined(
    frame: BurnoutFrame, before: pl.DataFrame, after: pl.DataFrame, person: Ints
) -> dict[str, Joined]:
    """Levels to which people were added who are neither of them nor of "other levels"; none of a number."""
    found = {}
    for name in before.columns:
        own, told = before[name], after[name]
        if own.dtype.is_float():
            continue
        unlike = (own.ne_missing(told) & told.ne_missing(pl.Series([POOLED]))).to_numpy()
        if not unlike.any():
            continue
        # all that is added is added to one level: the most frequent, or those not measured
        level = told.filter(pl.Series(unlike))[0]
        added = [NOT_MEASURED] if own.filter(pl.Series(unlike)).is_null().any() else []
        if own.filter(pl.Series(unlike)).is_not_null().any():
            added.insert(0, "rare levels")
        level = NOT_MEASURED if level is None else str(level)
        people = int(np.unique(person[unlike]).size)
        found[name] = Joined(
            level=level, words=" and ".join([level, *added]), few=people < frame.min_group_size
        )
    return found


def _at(values: pl.Series, level: str) -> NDArray[np.bool_]:
    return values.eq_missing(pl.Series([level])).to_numpy()


def _most_frequent(values: pl.Series) -> str:
    counted = values.drop_nulls().value_counts().sort(["count", values.name], descending=[True, False])
    return str(counted[values.name][0])


def _enough(frame: BurnoutFrame, own: NDArray[np.bool_], case: NDArray[np.bool_], person: Ints) -> bool:
    people = np.unique(person[own])
    cases = np.unique(person[own & case])
    return (
        people.size >= frame.min_people
        and cases.size >= frame.min_cases
        and people.size - cases.size >= frame.min_cases
    )
