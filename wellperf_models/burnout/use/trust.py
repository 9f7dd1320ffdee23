"""Whether predicted risks mean what they say, and whether the waves before could have set them right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.burnout.findings_tables import risk_groups
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.learner import learn_ridge
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.burnout.split import Split
from wellperf_models.burnout.tried import predictors_of, try_learner
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.calibration import recalibrate
from wellperf_models.inference.calibration_error import CalibrationError, calibration_error
from wellperf_models.inference.logistic import expit, fit_logistic
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score, brier, clustered_mean, score_of

# people of a group of risk, in smallest described groups
_GROUPS_DEEP = 3


@dataclass(frozen=True, kw_only=True)
class Recalibrated:
    """Risks set right by what an earlier wave showed, judged on later ones.

    Attributes:
        learned_on, judged_on: Names of the waves.
        refitted: True where the model had to be fitted again without the wave learned on.
        gap_before, gap_after: Observed less predicted share of cases, as foretold and set right.
        slope_before, slope_after: Calibration slopes; None where there is none.
        brier_change: Brier score set right less as foretold; below 0 is better.
        rows: Of the frame, those judged, shape (n,).
    """

    learned_on: tuple[str, ...]
    judged_on: tuple[str, ...]
    refitted: bool
    gap_before: Score
    gap_after: Score
    slope_before: Score | None
    slope_after: Score | None
    brier_change: Score
    rows: Ints

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Recalibrated({self.rows.size} rows judged; not released)"


def fit_calibration_error(frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast) -> CalibrationError:
    """Mean distance of predicted and observed shares over at most ten groups of predicted risk.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`.
        chosen: The model; with folds its risks are means over the repeats.

    Raises:
        DesignError: Fewer than two clusters.
    """
    known, scored = np.isfinite(chosen.risk), forecasts.scored
    risk, person = chosen.risk[known], scored.person[known]
    group = risk_groups(risk, person, np.ones(risk.size, bool), _GROUPS_DEEP * frame.min_group_size)
    return calibration_error(scored.case[known], risk, scored.cluster[known], group, seed=frame.seed)


def recalibrate_forward(frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast) -> Recalibrated:
    """Slope and intercept from the first scored wave, judged on the later ones.

    Where one wave alone is scored, the model is fitted again without the newest wave it was trained on, and
    slope and intercept come from that wave: no row sets right a risk that was learned from it.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`.
        chosen: The model.

    Raises:
        DesignError: Time does not split the rows, there are too few waves, or too few people, cases or others
            in the waves learned from or those judged by.
        ConvergenceError: The model separates the cases.
    """
    if not frame.time_split:
        raise DesignError(
            "Whether an earlier wave could set the risks right needs waves that follow each other in time.",
            where="surveys",
        )
    (split,) = forecasts.splits
    eta = chosen.tried.etas[0]
    assert eta is not None
    wave = frame.answers.wave[split.test]
    first = wave == wave.min()
    if not first.all():
        learned = (split.test[first], eta[first])
        judged = (split.test[~first], eta[~first])
    else:
        learned, judged = _refitted(frame, split, chosen), (split.test, eta)
    return _judge(frame, split, learned, judged, refitted=bool(first.all()))


def _refitted(frame: BurnoutFrame, split: Split, chosen: Forecast) -> tuple[Ints, Floats]:
    """The newest wave trained on, foretold by the same model fitted to the waves before it."""
    wave = frame.answers.wave[split.train]
    newest = wave == wave.max()
    if newest.all():
        raise DesignError(
            "There are too few waves to set risks right by an earlier one: it takes three, one to train on, "
            "one to learn from and one to judge by.",
            where="surveys",
        )
    inner = Split(train=split.train[~newest], test=split.train[newest], case=split.case)
    for rows in (inner.train, inner.test):
        if inner.case[rows].all() or not inner.case[rows].any():
            raise DesignError("A wave holds one class only.", where="surveys")
    tried = try_learner(frame, (inner,), chosen.name, predictors_of(frame, chosen.covariates), learn_ridge)
    (eta,) = tried.etas
    assert eta is not None
    return inner.test, eta


def _judge(
    frame: BurnoutFrame,
    split: Split,
    learned: tuple[Ints, Floats],
    judged: tuple[Ints, Floats],
    *,
    refitted: bool,
) -> Recalibrated:
    rows, eta = judged
    for own, what in ((learned[0], "the wave to learn from"), (rows, "the waves to judge by")):
        _require_enough(frame, split, own, what)
    before = split.case[learned[0]].astype(float)
    fit = fit_logistic(learned[1][:, None], np.ones(before.size), before, np.inf)
    right = fit.linear_predictor(eta[:, None])
    case, cluster = split.case[rows], frame.answers.cluster[rows]
    observed = case.astype(float)
    return Recalibrated(
        learned_on=_names(frame, learned[0]),
        judged_on=_names(frame, rows),
        refitted=refitted,
        gap_before=clustered_mean(observed - expit(eta), cluster),
        gap_after=clustered_mean(observed - expit(right), cluster),
        slope_before=_slope(case, eta, cluster),
        slope_after=_slope(case, right, cluster),
        brier_change=clustered_mean(brier(case, expit(right)) - brier(case, expit(eta)), cluster),
        rows=rows,
    )


def _require_enough(frame: BurnoutFrame, split: Split, rows: Ints, what: str) -> None:
    """As many as any model needs: waves can be of very different size."""
    person, case = frame.answers.person[rows], split.case[rows]
    if np.unique(person).size < frame.min_people:
        raise DesignError(
            f"Too few people answered in {what}.",
            where="surveys",
            expected=f"at least {frame.min_people}",
            remedy="waves of more people",
        )
    if min(np.unique(person[case]).size, np.unique(person[~case]).size) < frame.min_cases:
        raise DesignError(
            f"Too few people are a case, or are none, in {what}.",
            where="burnout.case_at, burnout.case_share",
            expected=f"at least {frame.min_cases} of either",
            remedy="waves of more people, or another cut-off",
        )


def _slope(case: np.ndarray, eta: Floats, cluster: Ints) -> Score | None:
    try:
        found = recalibrate(case, eta, cluster)
    except ConvergenceError:
        return None
    return score_of(found.slope, found.slope_std_error, found.n_clusters)


def _names(frame: BurnoutFrame, rows: Ints) -> tuple[str, ...]:
    return tuple(frame.waves[int(w)] for w in np.unique(frame.answers.wave[rows]))
