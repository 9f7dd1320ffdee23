"""What goes with a predicted risk: odds ratios of the logistic model, contributions of linear and trees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.burnout.candidates.model import Candidates
from wellperf_models.burnout.explanation.contributions import Explained, explain
from wellperf_models.burnout.explanation.frame import Told, told_model
from wellperf_models.burnout.explanation.odds import OddsRatio, Way, odds_ratios
from wellperf_models.burnout.explanation.travel import travelling_model
from wellperf_models.burnout.external.published import PublishedModel
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast, Forecasts, scored_rows
from wellperf_models.burnout.scoring import Scored
from wellperf_models.burnout.tried import predictors_of
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.auc import auc
from wellperf_models.study import Burnout

# of other kinds, those with a closed or exact way to contributions; and what a reader calls them
TREES = {"forest": "random forest", "boosting": "boosted trees"}


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What can be told of the models.

    Attributes:
        forecast: The logistic model that is told, with its scores.
        scored: The rows it was scored on.
        told: The same on the rows it learnt from.
        odds: Its odds ratios, or why there are none.
        way: How their intervals were had.
        models: Name → how the predictors move its predictions, or why that is not told.
        travels: The model in numbers that may leave, or why it may not.
        lost: AUC among the scored answers, as rounded to travel, less as fitted.
    """

    forecast: Forecast
    scored: Scored
    told: Told
    odds: tuple[OddsRatio, ...] | Unanswered
    way: Way
    models: dict[str, Explained | Unanswered]
    travels: PublishedModel | Unanswered
    lost: float | None

    @property
    def explained(self) -> dict[str, Explained]:
        """Models whose contributions are told."""
        return {name: m for name, m in self.models.items() if isinstance(m, Explained)}

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Explanation({self.forecast.name!r}; contributions: {', '.join(self.explained) or 'none'})"


def fit_explanation(
    frame: BurnoutFrame,
    forecasts: Forecasts | Unanswered,
    candidates: Candidates | Unanswered,
    section: Burnout,
) -> Explanation:
    """Tells the model declared first among those that could be fitted, and the trees among the candidates.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`.
        candidates: From `fit_candidates`; where it is not answered there are no trees to explain.
        section: `[burnout]`.

    Raises:
        DesignError: No declared model could be fitted.
        ConvergenceError: The model does not converge with the levels that may be told.
    """
    if isinstance(forecasts, Unanswered):
        raise DesignError(forecasts.reason, remedy=forecasts.remedy or None)
    forecast = next(iter(forecasts.answered.values()), None)
    if forecast is None:
        why = next(f for f in forecasts.models.values() if isinstance(f, Unanswered))
        raise DesignError(why.reason, remedy=why.remedy or None)
    told = told_model(frame, forecasts, forecast)
    found = attempt(odds_ratios, frame, told)
    ridge = f"ridge logistic “{frame.name_of(forecast.name)}”"
    models = {forecast.name: attempt(explain, frame, forecasts.splits, forecast, section.explanation, ridge)}
    if not isinstance(candidates, Unanswered):
        for name, item in candidates.models.items():
            if name in TREES:
                models[name] = (
                    item
                    if isinstance(item, Unanswered)
                    else attempt(explain, frame, forecasts.splits, item, section.explanation, TREES[name])
                )
    travels = attempt(travelling_model, frame, forecasts, forecast, told)
    return Explanation(
        forecast=forecast,
        scored=forecasts.scored,
        told=told,
        odds=found if isinstance(found, Unanswered) else found[0],
        way="unpenalised" if isinstance(found, Unanswered) else found[1],
        models=models,
        travels=travels,
        lost=None if isinstance(travels, Unanswered) else _lost(frame, forecasts, forecast, travels),
    )


def _lost(frame: BurnoutFrame, forecasts: Forecasts, forecast: Forecast, model: PublishedModel) -> float:
    """What rounding costs: AUC of the rounded model less that of the exact one, on the scored answers."""
    rows = scored_rows(forecasts.splits)
    data = predictors_of(frame, forecast.covariates)[rows]
    case = np.asarray(forecasts.scored.case, bool)
    return auc(case, model.rounded().log_odds(data)[0]) - auc(case, model.log_odds(data)[0])
