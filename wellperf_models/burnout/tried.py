"""One learner on every split: what it learnt, and its log odds of the rows it never saw."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.leakage import refuse_outcome
from wellperf_models.burnout.learner import Learned, Learner
from wellperf_models.burnout.split import Split
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.design import Encoding, fit_encoding
from wellperf_models.inference.risk_sets import Floats, Ints

# more failed folds than this share, and there is no estimate
_MAX_FAILED = 0.1

# log odds of the scored rows of each split; None where the fit failed
type Etas = list[Floats | None]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fit on one split.

    Attributes:
        eta: Log odds of its scored rows.
        encoding: How predictors became columns, learnt from the training rows alone.
        learned: What was learnt.
        unused: Covariates without a column.
    """

    eta: Floats
    encoding: Encoding
    learned: Learned
    unused: tuple[str, ...]

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Fit({self.eta.size} rows scored; not released)"


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A learner on every split.

    Attributes:
        name: Of the model.
        fits: One a split; None where it did not converge.
        unused: Covariates that had a column in no split.
    """

    name: str
    fits: tuple[Fit | None, ...]
    unused: tuple[str, ...]

    @property
    def etas(self) -> Etas:
        """Log odds of the scored rows of each split."""
        return [None if f is None else f.eta for f in self.fits]

    @property
    def done(self) -> tuple[Fit, ...]:
        """Fits that converged."""
        return tuple(f for f in self.fits if f is not None)

    @property
    def n_failed(self) -> int:
        """Splits without a fit."""
        return len(self.fits) - len(self.done)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Tried({self.name!r}: {len(self.fits)} splits; not released)"


def try_learner(
    frame: BurnoutFrame, splits: Sequence[Split], name: str, data: pl.DataFrame, learner: Learner
) -> Tried:
    """Fits a learner on the training rows of every split and predicts its scored rows.

    Everything fitted (levels, means, the ridge's strength) comes from the training rows of the split.

    Args:
        frame: The burnout frame.
        splits: Which rows train and which are scored.
        name: Of the model, for messages and the progress bar.
        data: Predictors of all rows of the frame, from `predictors_of`.
        learner: What learns.

    Raises:
        DesignError: The outcome is among the predictors, none can be used, or rows can't bear the learner.
        ConvergenceError: It does not converge in more than one split of ten.
    """
    from tqdm import tqdm

    fits: list[Fit | None] = []
    for split in tqdm(splits, desc=name, leave=False, disable=_is_quiet(splits)):
        fits.append(_fit_encoded(_encode(frame, split, name, data), learner, frame.seed))
    return _tried(name, data, fits)


def try_learners(
    frame: BurnoutFrame,
    splits: Sequence[Split],
    name: str,
    data: pl.DataFrame,
    learners: Mapping[str, Learner],
) -> dict[str, Tried | Unanswered]:
    """Several learners in one protocol: the same rows, encoded once, for all of them.

    Args:
        frame, splits, data: As in `try_learner`.
        name: Of the set of predictors, for messages and the progress bar.
        learners: Name → what learns.

    Returns:
        Name → what it learnt, or why it could not; one that fails does not stop the others.

    Raises:
        DesignError: The outcome is among the predictors, or none can be used.
    """
    from tqdm import tqdm

    fits: dict[str, list[Fit | None]] = {learner: [] for learner in learners}
    failed: dict[str, Unanswered] = {}
    for split in tqdm(splits, desc=name, leave=False, disable=_is_quiet(splits)):
        encoded = _encode(frame, split, name, data)
        for learner, learns in learners.items():
            if learner in failed:
                continue
            fitted = attempt(_fit_encoded, encoded, learns, frame.seed)
            if isinstance(fitted, Unanswered):
                failed[learner] = fitted
            else:
                fits[learner].append(fitted)
    return {
        learner: failed[learner] if learner in failed else attempt(_tried, learner, data, fits[learner])
        for learner in learners
    }


def _is_quiet(splits: Sequence[Split]) -> bool:
    return not sys.stderr.isatty() or len(splits) == 1


def _tried(name: str, data: pl.DataFrame, fits: Sequence[Fit | None]) -> Tried:
    done = [f for f in fits if f is not None]
    _check_enough(len(fits) - len(done), len(fits), name)
    never = set.intersection(*(set(f.unused) for f in done))
    return Tried(name=name, fits=tuple(fits), unused=tuple(c for c in data.columns if c in never))


@dataclass(frozen=True, kw_only=True)
class _Encoded:
    """A split as columns: training rows X with their cases and groups, scored rows Z."""

    X: Floats
    case: NDArray[np.bool_]
    group: Ints
    Z: Floats
    encoding: Encoding
    unused: tuple[str, ...]

    def __repr__(self) -> str:
        return f"_Encoded({self.X.shape[0]} rows to train on, {self.Z.shape[0]} to score)"


def _encode(frame: BurnoutFrame, split: Split, name: str, data: pl.DataFrame) -> _Encoded:
    answers = frame.answers
    train, case = split.train, split.case[split.train]
    rows = data[train]
    encoding = fit_encoding(rows, answers.person[train], min_people=frame.min_group_size)
    unused = tuple(c for c in encoding.unused if c != LAST_SCORE)
    X, Z = encoding.apply(rows), encoding.apply(data[split.test])
    _require_columns(frame, name, data, unused)
    refuse_outcome(rows, answers.strain[train], case, X, encoding.blocks)
    if frame.time_split:
        # a copy of the wave to be foretold is a stranger among the training rows
        wave = answers.wave[split.test]
        for number in np.unique(wave):
            own = split.test[wave == number]
            refuse_outcome(
                data[own], answers.strain[own], split.case[own], Z[wave == number], encoding.blocks
            )
    return _Encoded(X=X, case=case, group=answers.fold_group[train], Z=Z, encoding=encoding, unused=unused)


def _fit_encoded(encoded: _Encoded, learner: Learner, seed: int) -> Fit | None:
    """None where a fit did not converge."""
    try:
        learned = learner(encoded.X, encoded.case, encoded.group, seed=seed)
    except ConvergenceError:
        return None
    eta = learned.log_odds(encoded.Z)
    return Fit(eta=eta, encoding=encoded.encoding, learned=learned, unused=encoded.unused)


def predictors_of(frame: BurnoutFrame, covariates: Sequence[str]) -> pl.DataFrame:
    """Predictors of all rows: the last score, where there is one, and the covariates."""
    answers = frame.answers
    last = [] if answers.last is None else [pl.Series(LAST_SCORE, answers.last)]
    return pl.DataFrame([*last, *(answers.covariates[c] for c in covariates)])


def _require_columns(frame: BurnoutFrame, name: str, data: pl.DataFrame, unused: tuple[str, ...]) -> None:
    own = [c for c in data.columns if c != LAST_SCORE]
    if name == LAST_SCORE or len(unused) < len(own):
        return
    why = {
        "grouped": "the waves have no order, so nothing lies before any of them",
        "cross_section": "nothing was measured before the wave, or everybody has the same value",
        "forward": "nobody was measured before the waves a model is trained on, or all have the same value",
    }
    raise DesignError(
        "No covariate of this model can be used: "
        + (why[frame.design] if own else "it names nothing but the last score"),
        where=f"burnout.models.{name}",
        remedy="other covariates" + (", or burnout.waves" if frame.design == "grouped" else ""),
    )


def _check_enough(failed: int, total: int, name: str) -> None:
    if failed > _MAX_FAILED * total:
        raise ConvergenceError(
            "Too many of the refits failed to converge.",
            where=f"burnout.models.{name}",
            got=f"{failed} of {total}",
            remedy="fewer covariates, fewer folds, or a cut-off that makes more cases",
        )
