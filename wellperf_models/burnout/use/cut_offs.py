"""The first answer at other cut-offs of the outcome: does it hang on where the line is drawn?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.learner import Learned, learn_logistic
from wellperf_models.burnout.measure.model import Measurement
from wellperf_models.burnout.model import Forecast, Forecasts, forecast_of, scored_rows
from wellperf_models.burnout.scoring import Scored, Scores
from wellperf_models.burnout.split import find_cut, make_splits
from wellperf_models.burnout.tried import predictors_of, try_learner
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.logistic import collapse_rows, fit_logistic
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study.burnout_questions import Use as UseSection


@dataclass(frozen=True, kw_only=True)
class AtCutOff:
    """AUC and gain over the last score alone where a case scores `cut_off` or worse.

    Attributes:
        cut_off: On the scale as it is answered.
        declared: The one of the study; at the others the model is fitted again.
        origin: Where it comes from, in words.
        scores: Of the model.
        last: Of the last score alone; None where nothing is before.
        n_parameters: Of the model.
        scored: Who is a case.
        fewest: People whose being a case differs from another cut-off, the fewest of them; 0: nobody.
    """

    cut_off: float
    declared: bool
    origin: str
    scores: Scores
    last: Scores | None
    n_parameters: int
    scored: Scored
    fewest: int = 0

    def __repr__(self) -> str:
        """Where."""
        return f"AtCutOff({self.cut_off:g}; not released)"


def declared_cut(frame: BurnoutFrame, forecasts: Forecasts) -> float:
    """The cut-off on the scale as it is answered; of a share, that found in the rows trained on."""
    section = frame.section
    if section.case_at is not None:
        return section.case_at
    assert section.case_share is not None
    strain = frame.answers.strain
    # folds find one each, alike but for chance: that of all rows stands for them
    rows = forecasts.splits[0].train if frame.time_split else np.arange(strain.size)
    cut = find_cut(strain[rows], section.case_share)
    return cut if frame.higher_is_worse else -cut


def other_cut_offs(section: UseSection, measurement: Measurement | Unanswered | None) -> dict[float, str]:
    """Cut-offs that could have been declared → where they come from: the study's own list, the instrument's.

    Args:
        section: `[burnout.use]`.
        measurement: From `fit_measurement`, for what is published on the instrument.
    """
    found = dict.fromkeys(section.cut_offs, "named in the study file")
    known = () if measurement is None or isinstance(measurement, Unanswered) else measurement.cut_offs
    for line in known:
        found.setdefault(line.at, f"{line.name} ({line.status})")
    return found


def fit_cut_offs(
    frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, others: Mapping[float, str]
) -> dict[float, AtCutOff | Unanswered]:
    """The same model at the declared cut-off and at each of the others, in their order on the scale.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`, at the declared cut-off.
        chosen: The model.
        others: Cut-offs that could have been declared → where they come from.

    Returns:
        Cut-off → the answer there, or why there is none; of a study that declares a share, the cut-off it
        comes to is the declared one.
    """
    own = declared_cut(frame, forecasts)
    found: dict[float, AtCutOff | Unanswered] = {
        own: AtCutOff(
            cut_off=own,
            declared=True,
            origin="declared by the study",
            scores=chosen.scores,
            last=None if forecasts.last_score is None else forecasts.last_score.scores,
            n_parameters=chosen.n_parameters,
            scored=forecasts.scored,
        )
    }
    for cut, origin in others.items():
        if cut not in found:
            found[cut] = attempt(_refit, frame, forecasts, chosen, cut, origin)
    return _with_fewest(dict(sorted(found.items())))


def _refit(frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, cut: float, origin: str) -> AtCutOff:
    """Fits the last score alone and the model again; the ridge keeps the strength it was found to need."""
    section = frame.section.model_copy(update={"case_at": cut, "case_share": None})
    own = replace(frame, section=section)
    splits = make_splits(own)
    last: Forecast | None = None
    if forecasts.last_score is not None:
        tried = try_learner(own, splits, LAST_SCORE, predictors_of(own, ()), learn_logistic)
        last = forecast_of(own, splits, tried, (), None)
    learner = partial(_learn_alike, strength=chosen.strength)
    tried = try_learner(own, splits, chosen.name, predictors_of(own, chosen.covariates), learner)
    model = forecast_of(own, splits, tried, chosen.covariates, None if last is None else last.tried.etas)
    return AtCutOff(
        cut_off=cut,
        declared=False,
        origin=origin,
        scores=model.scores,
        last=None if last is None else last.scores,
        n_parameters=model.n_parameters,
        scored=replace(forecasts.scored, case=splits[0].case[scored_rows(splits)]),
    )


def _learn_alike(X: Floats, case: NDArray[np.bool_], group: Ints, *, seed: int, strength: float) -> Learned:
    """The ridge logistic with a given strength."""
    del group, seed
    cells = collapse_rows(X, case)
    fit = fit_logistic(cells.X, cells.n, cells.events, strength)
    return Learned(log_odds=fit.linear_predictor, strength=strength, logistic=fit)


def _with_fewest(found: dict[float, AtCutOff | Unanswered]) -> dict[float, AtCutOff | Unanswered]:
    """Notes how few people lie between two cut-offs: their number would follow from those of both."""
    answered = [a for a in found.values() if isinstance(a, AtCutOff)]
    result = dict(found)
    for item in answered:
        if item.declared:
            continue
        differ = [
            n for other in answered if other is not item and (n := _differing(item.scored, other.scored))
        ]
        result[item.cut_off] = replace(item, fewest=min(differ, default=0))
    return result


def _differing(one: Scored, other: Scored) -> int:
    """People who are ever a case by one and not by the other, or whose answers differ: the fewer."""
    cases, others = (np.unique(s.person[s.case]) for s in (one, other))
    ever = int(np.setxor1d(cases, others).size)
    answers = int(np.unique(one.person[one.case != other.case]).size)
    return min(n for n in (ever or answers, answers))
