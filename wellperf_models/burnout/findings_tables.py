"""Tables of the forecasts: scores side by side, calibration by group of risk, what was left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.checks import support_of
from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.evidence import Measure, Row, Support, Table, interval_measures
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score
from wellperf_models.panel import left_out_table
from wellperf_models.study import HARD_FLOOR

_MOST_GROUPS = 10
# people of a group of risk, in smallest described groups: a share of so few in steps of 5 says little
_GROUPS_DEEP = 3


def every_forecast(forecasts: Forecasts) -> list[Forecast]:
    """The last score alone, where there is one, and the declared models that could be fitted."""
    first = [] if forecasts.last_score is None else [forecasts.last_score]
    return [*first, *forecasts.answered.values()]


def label_of(frame: BurnoutFrame, name: str) -> str:
    """What a reader calls a model, the last score alone included."""
    return "Last score alone" if name == LAST_SCORE else frame.name_of(name)


_SCORES = {
    "auc": "AUC (0.5 is chance, 1 is perfect)",
    "brier": "Brier score (0 is perfect)",
    "scaled_brier": "Scaled Brier score (0 is the base rate, 1 is perfect)",
    "slope": "Calibration slope (1 is right)",
    "intercept": "Calibration intercept, log odds (0 is right)",
}


def scores_table(frame: BurnoutFrame, forecasts: Forecasts) -> Table:
    """Every score of every model, models side by side."""
    rows = []
    for name, words in _SCORES.items():
        for item in every_forecast(forecasts):
            score: Score | None = getattr(item.scores, name)
            values = (None, None, None) if score is None else (score.value, score.low, score.high)
            rows.append(
                Row(
                    key=(words, label_of(frame, item.name)),
                    values=values,
                    support=support_of(forecasts, item),
                )
            )
    return Table(
        name="scores",
        title="Scores for answers the models have not seen",
        keys=("score", "model"),
        measures=(*interval_measures("value", "Value", ends=""),),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


COUNT_MEASURES = (
    Measure(name="answers", kind="count", unit="answers", label="Answers"),
    Measure(name="cases", kind="count", unit="cases", label="Cases"),
    Measure(
        name="observed_rate",
        kind="rate",
        unit="cases per 100 answers",
        label="Cases per 100 answers",
        numerator="cases",
        denominator="answers",
        per=100.0,
    ),
    Measure(name="predicted_rate", kind="mean", unit="cases per 100 answers", label="Predicted per 100"),
)


def counts_row(
    key: tuple[str, ...],
    own: NDArray[np.bool_],
    forecasts: Forecasts,
    risk: Floats,
    first: tuple[int, ...] = (),
) -> Row:
    """Answers, cases, their rate and the mean predicted one, of some of the scored rows."""
    scored = forecasts.scored
    answers, cases = int(own.sum()), int(scored.case[own].sum())
    support = group_support(own, forecasts)
    fewest = min(cases, answers - cases)
    if fewest < HARD_FLOOR:
        # "nearly all of them" tells of each; a rounded count of 0 or of everybody does so too
        support = replace(support, smallest_level=fewest)
    values = (*first, answers, cases, 100 * cases / answers, 100 * float(risk[own].mean()))
    return Row(key=key, values=values, support=support)


def group_support(own: NDArray[np.bool_], forecasts: Forecasts) -> Support:
    """People of some of the scored rows, of the rest, and how many of them are a case."""
    scored = forecasts.scored
    people = np.unique(scored.person[own])
    cases = int(np.unique(scored.person[own & scored.case]).size)
    return Support(
        n_people=people.size,
        n_complement=int(np.unique(scored.person).size) - people.size,
        n_events=cases,
        n_non_events=people.size - cases,
        members=scored.members(own),
    )


def calibration_table(frame: BurnoutFrame, forecasts: Forecasts) -> Table:
    """Predicted and observed share of cases by group of predicted risk, for every model."""
    rows = []
    for item in every_forecast(forecasts):
        known = np.isfinite(item.risk)
        group = risk_groups(
            np.where(known, item.risk, 0.0),
            forecasts.scored.person,
            known,
            _GROUPS_DEEP * frame.min_group_size,
        )
        for number in range(int(group.max()) + 1):
            key = (label_of(frame, item.name), f"{number + 1} of {int(group.max()) + 1}")
            rows.append(counts_row(key, group == number, forecasts, item.risk))
    return Table(
        name="calibration",
        title="Predicted and observed cases by group of predicted risk, the lowest first",
        keys=("model", "risk_group"),
        measures=COUNT_MEASURES,
        rows=tuple(rows),
        computation="iterative",
    )


def risk_groups(risk: Floats, person: Ints, known: NDArray[np.bool_], least: int) -> Ints:
    """Group of each row by predicted risk, 0 the lowest; −1 where the risk is not known.

    At most ten groups of about the same number of rows; rows of the same risk are never parted, and a group
    of too few people is joined with the next.

    Args:
        risk: Shape (n,).
        person: Code of each row's person, shape (n,).
        known: Rows with a risk, shape (n,).
        least: People a group needs.
    """
    people = int(np.unique(person[known]).size)
    wanted = max(1, min(_MOST_GROUPS, people // least))
    edges = np.quantile(risk[known], np.arange(1, wanted) / wanted, method="inverted_cdf")
    group = np.searchsorted(np.unique(edges), risk, side="left")
    joined = np.full(risk.size, -1, np.int64)
    number, waiting = 0, np.zeros(risk.size, bool)
    for value in range(int(group.max()) + 1):
        waiting |= known & (group == value)
        if np.unique(person[waiting]).size >= least:
            joined[waiting] = number
            number += 1
            waiting = np.zeros(risk.size, bool)
    # what is left over at the top joins the group below it
    joined[waiting] = max(0, number - 1)
    return joined


def table_left_out(frame: BurnoutFrame) -> Table:
    """What did not enter."""
    return left_out_table({(why,): lost for why, lost in frame.left_out.items()}, title="What was not used")
