"""One learner on every split: what it learnt, and its log odds of the rows it never saw."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.leakage import refuse_outcome
from wellperf_models.burnout.learner import Learned, Learner
from wellperf_models.burnout.split import Split
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.design import Encoding, fit_encoding
from wellperf_models.inference.risk_sets import Floats

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
    quiet = not sys.stderr.isatty() or len(splits) == 1
    for split in tqdm(splits, desc=name, leave=False, disable=quiet):
        fits.append(_fit_split(frame, split, name, data, learner))
    done = [f for f in fits if f is not None]
    _check_enough(len(fits) - len(done), len(fits), name)
    never = set.intersection(*(set(f.unused) for f in done))
    return Tried(
        name=name,
        fits=tuple(fits),
        unused=tuple(c for c in data.columns if c in never),
    )


def _fit_split(
    frame: BurnoutFrame, split: Split, name: str, data: pl.DataFrame, learner: Learner
) -> Fit | None:
    """None where a fit did not converge."""
    answers = frame.answers
    train, case = split.train, split.case[split.train]
    encoding = fit_encoding(data[train], answers.person[train], min_people=frame.min_group_size)
    unused = tuple(c for c in encoding.unused if c != LAST_SCORE)
    X = encoding.apply(data[train])
    _require_columns(frame, name, data, unused)
    refuse_outcome(data[train], answers.strain[train], case, X, encoding.blocks)
    if frame.time_split:
        # a copy of the wave to be foretold is a stranger among the training rows
        for wave in np.unique(answers.wave[split.test]):
            own = split.test[answers.wave[split.test] == wave]
            refuse_outcome(
                data[own], answers.strain[own], split.case[own], encoding.apply(data[own]), encoding.blocks
            )
    try:
        learned = learner(X, case, answers.fold_group[train], seed=frame.seed)
    except ConvergenceError:
        return None
    eta = learned.log_odds(encoding.apply(data[split.test]))
    return Fit(eta=eta, encoding=encoding, learned=learned, unused=unused)


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
