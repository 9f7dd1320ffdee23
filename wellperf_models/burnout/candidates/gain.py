"""What a model gains over the one it is compared with, and which of several to prefer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.scoring import over_folds
from wellperf_models.burnout.split import Split
from wellperf_models.burnout.tried import Etas
from wellperf_models.inference.auc import auc, clustered_auc
from wellperf_models.inference.logistic import expit
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.net_benefit import net_benefit
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.scores import Score, clustered_mean, score_of

_LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Gain:
    """A model less the one it is compared with, on the same rows.

    Attributes:
        auc: Difference in AUC.
        brier: Difference in Brier score; below 0 is better.
        net_benefit: Difference in net benefit at each declared threshold, per answer.
        p_value: Of no difference in AUC, two-sided, as Holm corrects it over the models tried.
    """

    auc: Score
    brier: Score
    net_benefit: tuple[Score, ...]
    p_value: float

    @property
    def beats(self) -> bool:
        """It orders people better, told apart from chance though several models were tried."""
        return self.auc.value > 0 and self.p_value < _LEVEL

    @property
    def loses(self) -> bool:
        """It orders people worse."""
        return self.auc.value < 0 and self.p_value < _LEVEL

    def __repr__(self) -> str:
        """Not its values: they have not passed the gate."""
        return "Gain(not released)"


def p_value(score: Score, degrees: int) -> float:
    """Two-sided, of a t distribution; 1 where two models say the same."""
    from scipy import stats

    if not score.std_error > 0:
        return 1.0
    return float(2 * stats.t.sf(abs(score.value) / score.std_error, degrees))


def correct(values: Mapping[str, float]) -> dict[str, float]:
    """Holm's correction over models."""
    return dict(zip(values, holm(list(values.values())), strict=True))


def choose(
    reference: str, order: Sequence[str], gains: Mapping[str, Gain], behind: Mapping[str, Score]
) -> str:
    """The simplest model within one standard error of the best (Breiman et al. 1984, chapter 3).

    Where no model beats the reference it is the reference, however the others are ranked by chance; where one
    does, the reference is out of the question.

    Args:
        reference: Name of the model all are compared with.
        order: The models, the simplest first.
        gains: Model → its gain over the reference.
        behind: Model → by how much its AUC is behind that of the best; 0 for the best itself.
    """
    if not any(gains[name].beats for name in order):
        return reference
    return next(name for name in order if behind[name].value <= behind[name].std_error)


def auc_difference(frame: BurnoutFrame, splits: Sequence[Split], etas: Etas, other: Etas) -> Score:
    """AUC of one model less that of another, paired by rows, or fold by fold.

    Args:
        frame: Gives clusters and folds.
        splits: Rows that are scored.
        etas: Log odds of the one, of each split; None where its fit failed.
        other: Those of the other.
    """
    if frame.time_split:
        (split,), (one,), (two,) = splits, etas, other
        assert one is not None
        assert two is not None
        cluster = frame.answers.cluster[split.test]
        found = clustered_auc(split.case[split.test], np.column_stack([one, two]), cluster)
        contrast = np.array([1.0, -1.0])
        error = float(np.sqrt(max(0.0, contrast @ found.covariance @ contrast)))
        return score_of(float(contrast @ found.auc), error, found.n_clusters)
    values = [
        auc(split.case[split.test], one) - auc(split.case[split.test], two)
        for split, one, two in zip(splits, etas, other, strict=True)
        if one is not None and two is not None
    ]
    return over_folds(values, frame.section.validation.folds)


def net_benefit_difference(
    frame: BurnoutFrame, splits: Sequence[Split], etas: Etas, other: Etas, threshold: float
) -> Score:
    """Net benefit of acting by one model less that of acting by another, per answer; arguments as above."""
    if frame.time_split:
        (split,) = splits
        return clustered_mean(_gained(split, etas[0], other[0], threshold), frame.answers.cluster[split.test])
    values = [
        float(_gained(split, one, two, threshold).mean())
        for split, one, two in zip(splits, etas, other, strict=True)
        if one is not None and two is not None
    ]
    return over_folds(values, frame.section.validation.folds)


def _gained(split: Split, one: Floats | None, two: Floats | None, threshold: float) -> Floats:
    assert one is not None
    assert two is not None
    case = split.case[split.test]
    return net_benefit(case, expit(one), threshold) - net_benefit(case, expit(two), threshold)
