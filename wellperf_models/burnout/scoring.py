"""AUC, Brier and calibration of rows a model has not seen, each with its interval and against a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.split import Split
from wellperf_models.errors import ConvergenceError
from wellperf_models.evidence import Members, Support
from wellperf_models.inference.auc import auc, clustered_auc
from wellperf_models.inference.calibration import recalibrate
from wellperf_models.inference.folds import corrected_mean
from wellperf_models.inference.logistic import expit
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import (
    Score,
    brier,
    clustered_mean,
    clustered_scaled_brier,
    scaled_brier,
    score_of,
)
from wellperf_models.panel import Level, Roster, members_of

# share of folds in which a slope exists
_MIN_CALIBRATED = 0.9


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The scored rows; arrays of shape (n,).

    Attributes:
        person, cluster: Codes.
        case: Who is a case.
        group: As of the wave, or None.
        above: The levels above the group.
        roster: Who the codes are, in the waves scored; for the ledger.
    """

    person: Ints
    cluster: Ints
    case: NDArray[np.bool_]
    group: NDArray[np.str_] | None
    above: tuple[Level, ...] = ()
    roster: Roster | None = None

    def members(self, own: NDArray[np.bool_] | None = None) -> Members:
        """Who is behind a number of some of the rows (None: all); the events are those who are a case."""
        chosen = np.ones(self.person.size, bool) if own is None else own
        return members_of(self.roster, self.person[chosen], self.person[chosen & self.case])

    def support(self) -> Support:
        """People scored, and how many of them are a case in any of their waves."""
        people = int(np.unique(self.person).size)
        cases = int(np.unique(self.person[self.case]).size)
        return Support(n_people=people, n_events=cases, n_non_events=people - cases)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Scored({self.person.size} rows)"


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of one model.

    Attributes:
        auc: Area under the ROC curve.
        brier: Mean squared distance of risk and outcome.
        scaled_brier: 1 − Brier / that of the base rate.
        slope, intercept: Of the logistic recalibration; 1 and 0 are right. None where they do not exist: the
            predictions separate the cases, or are the same for everybody.
        delta_auc, delta_brier: This model less the reference on the same rows; None for the reference.
        n_clusters: Independent units behind the intervals; None where they are over folds.
    """

    auc: Score
    brier: Score
    scaled_brier: Score
    slope: Score | None
    intercept: Score | None
    delta_auc: Score | None = None
    delta_brier: Score | None = None
    n_clusters: int | None = None


def score_rows(
    frame: BurnoutFrame,
    splits: Sequence[Split],
    etas: Sequence[Floats | None],
    base: Sequence[Floats | None] | None,
) -> Scores:
    """Scores of one split in time, intervals clustered: t with clusters − 1 degrees of freedom.

    Args:
        frame: Gives the clusters.
        splits: The one split.
        etas: Log odds of its scored rows.
        base: Those of the reference, or None.

    Raises:
        DesignError: Fewer than two clusters with cases or without.
    """
    (split,), (eta,) = splits, etas
    assert eta is not None
    case, cluster = split.case[split.test], frame.answers.cluster[split.test]
    risk = expit(eta)
    other = None if base is None else base[0]
    columns = [eta] if other is None else [eta, other]
    found = clustered_auc(case, np.column_stack(columns), cluster)
    clusters = found.n_clusters
    slope, intercept = _calibration(case, eta, cluster)
    deltas: dict[str, Score] = {}
    if other is not None:
        contrast = np.array([1.0, -1.0])
        error = float(np.sqrt(max(0.0, contrast @ found.covariance @ contrast)))
        deltas["delta_auc"] = score_of(float(contrast @ found.auc), error, clusters)
        deltas["delta_brier"] = clustered_mean(brier(case, risk) - brier(case, expit(other)), cluster)
    error = float(np.sqrt(found.covariance[0, 0]))
    return Scores(
        auc=score_of(float(found.auc[0]), error, clusters).within(0.0, 1.0),
        brier=clustered_mean(brier(case, risk), cluster).within(0.0, 1.0),
        scaled_brier=clustered_scaled_brier(case, risk, cluster),
        slope=slope,
        intercept=intercept,
        n_clusters=clusters,
        **deltas,
    )


def _calibration(
    case: NDArray[np.bool_], eta: Floats, cluster: Ints
) -> tuple[Score, Score] | tuple[None, None]:
    try:
        found = recalibrate(case, eta, cluster)
    except ConvergenceError:
        return None, None
    return (
        score_of(found.slope, found.slope_std_error, found.n_clusters),
        score_of(found.intercept, found.intercept_std_error, found.n_clusters),
    )


def score_folds(
    frame: BurnoutFrame,
    splits: Sequence[Split],
    etas: Sequence[Floats | None],
    base: Sequence[Floats | None] | None,
) -> Scores:
    """Means over repeated folds with the interval of Nadeau & Bengio; compared with the reference pairwise.

    Args:
        frame: Gives the number of folds.
        splits: All of them.
        etas: Log odds of the scored rows of each; None where the fit failed.
        base: Those of the reference, or None.

    Returns:
        The scores; slope and intercept over the folds in which they exist, if that is nine in ten.
    """
    values: dict[str, list[float]] = {}

    def note(**found: float) -> None:
        for name, value in found.items():
            values.setdefault(name, []).append(value)

    for index, (split, eta) in enumerate(zip(splits, etas, strict=True)):
        if eta is None:
            continue
        case, risk = split.case[split.test], expit(eta)
        own = auc(case, eta), float(brier(case, risk).mean())
        note(auc=own[0], brier=own[1], scaled_brier=scaled_brier(case, risk))
        slope, intercept = _calibration(case, eta, np.arange(case.size))
        if slope is not None and intercept is not None:
            note(slope=slope.value, intercept=intercept.value)
        other = None if base is None else base[index]
        if other is not None:
            note(
                delta_auc=own[0] - auc(case, other),
                delta_brier=own[1] - float(brier(case, expit(other)).mean()),
            )
    scored = len(values["auc"])
    # a mean over the folds in which it exists would leave out those with the best order
    if len(values.get("slope", ())) < _MIN_CALIBRATED * scored:
        values = {name: found for name, found in values.items() if name not in ("slope", "intercept")}
    folds = frame.section.validation.folds
    means = {name: over_folds(found, folds) for name, found in values.items()}
    return Scores(
        auc=means["auc"].within(0.0, 1.0),
        brier=means["brier"].within(0.0, 1.0),
        scaled_brier=means["scaled_brier"],
        slope=means.get("slope"),
        intercept=means.get("intercept"),
        delta_auc=means.get("delta_auc"),
        delta_brier=means.get("delta_brier"),
    )


def over_folds(values: Sequence[float], folds: int) -> Score:
    """Mean of a score over repeated folds, with the corrected interval.

    Args:
        values: One a fold and repeat.
        folds: Of a repeat.
    """
    mean = corrected_mean(np.array(values), folds)
    return Score(value=mean.mean, std_error=mean.std_error, low=mean.low, high=mean.high)
