"""Evidence `burnout.groups`: how frequent cases are by group, and how well they are ordered within each."""

from __future__ import annotations

import numpy as np

from wellperf_models.burnout.findings_tables import COUNT_MEASURES, counts_row, group_support
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.errors import DesignError
from wellperf_models.evidence import (
    CellValue,
    Estimate,
    Evidence,
    Measure,
    Provenance,
    Row,
    Support,
    Table,
    Unanswered,
    plain,
    unanswered,
)
from wellperf_models.inference.auc import clustered_auc
from wellperf_models.inference.scores import clustered_mean, score_of
from wellperf_models.panel import Level, nested_table, what_a_group_needs

_TOO_FEW = "too few to tell"


def describe_groups(
    frame: BurnoutFrame, forecasts: Forecasts | Unanswered, *, provenance: Provenance
) -> Evidence:
    """Builds the evidence by group, for the model declared first among those that could be fitted.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`; an `Unanswered` gives an evidence that says why.
        provenance: Where the numbers come from.
    """
    what = str(frame.group_by or "group").replace("_", " ")
    question = f"How frequent are cases of {frame.outcome} by {what}, and does the order hold in each?"
    if isinstance(forecasts, Unanswered):
        return unanswered(
            "burnout.groups", question, forecasts, population=frame.population, provenance=provenance
        )
    if forecasts.scored.group is None:
        why = Unanswered(reason="The study names no group.", remedy="name burnout.group_by")
        return unanswered("burnout.groups", question, why, population=frame.population, provenance=provenance)
    chosen = next(iter(forecasts.answered.values()), None)
    if chosen is None:
        why = next(f for f in forecasts.models.values() if isinstance(f, Unanswered))
        return unanswered("burnout.groups", question, why, population=frame.population, provenance=provenance)
    model = frame.name_of(chosen.name)
    rate = _case_rate(frame, forecasts)
    return Evidence(
        id="burnout.groups",
        question=question,
        answer="{case_rate.estimate} of the scored answers are cases. "
        + plain(
            f"A case is {frame.case}. The tables show how frequent they are by {what}, and how well “{model}”"
            " orders people within each."
        ),
        estimand=f"Share of answers that are cases by {what} as of the wave; the share the model predicts, "
        "for answers it has not seen; and its AUC within the group.",
        population=frame.population,
        design="prediction" if frame.design == "forward" else "cross-section",
        provenance=provenance,
        estimates=(rate,),
        tables=(_by_group(frame, forecasts, chosen), _auc_by_group(frame, forecasts, chosen, what)),
        assumptions=("Who answered is like who did not, in each group.",),
        limits=(
            "Groups are described, not explained: what differs between them besides the predictors is not "
            "known.",
            "An interval is for one group alone; the best and the worst of many groups differ by chance too.",
            "Predictions are for groups: nobody's own risk is shown.",
            *(("Answers of one person in several waves are counted each.",) if _repeated(forecasts) else ()),
            *(() if frame.in_full else (what_a_group_needs(what, frame.min_group_size),)),
        ),
        members=forecasts.scored.members(),
    )


def _repeated(forecasts: Forecasts) -> bool:
    person = forecasts.scored.person
    return bool(np.unique(person).size < person.size)


def _case_rate(frame: BurnoutFrame, forecasts: Forecasts) -> Estimate:
    scored = forecasts.scored
    share = clustered_mean(scored.case.astype(float), scored.cluster).within(0.0, 1.0)
    people = int(np.unique(scored.person).size)
    cases = int(np.unique(scored.person[scored.case]).size)
    return Estimate(
        name="case_rate",
        label=f"share of scored answers that are cases of {frame.outcome}",
        value=share.value,
        low=share.low,
        high=share.high,
        coverage=0.95,
        interval="confidence",
        unit="share",
        se=share.std_error,
        support=Support(n_people=people, n_events=cases, n_non_events=people - cases),
        computation="exact",
    )


def _by_group(frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast) -> Table:
    group = forecasts.scored.group
    assert group is not None
    own = Level(name=str(frame.group_by), groups=group)
    levels = (own, *forecasts.scored.above)
    return nested_table(lambda level: _cases_of(frame, forecasts, chosen, level), levels)


def _cases_of(frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, level: Level) -> Table:
    """Cases by the groups of one level."""
    # a fold that failed leaves its answers without a prediction: they are in no row
    known = np.isfinite(chosen.risk)
    rows = []
    for name in np.unique(level.groups[known]):
        own = known & (level.groups == name)
        people = int(np.unique(forecasts.scored.person[own]).size)
        rows.append(counts_row((str(name),), own, forecasts, chosen.risk, first=(people,)))
    what = level.name.replace("_", " ")
    return Table(
        name="cases_by_group",
        title=f"Cases by {what}, observed and predicted by “{frame.name_of(chosen.name)}”",
        keys=(level.name,),
        measures=(Measure(name="people", kind="count", unit="people", label="People"), *COUNT_MEASURES),
        rows=tuple(rows),
        computation="iterative",
    )


def _auc_by_group(frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, what: str) -> Table:
    group = forecasts.scored.group
    assert group is not None
    known = np.isfinite(chosen.risk)
    rows = []
    for name in np.unique(group[known]):
        own = known & (group == name)
        rows.append(
            Row(
                key=(str(name),),
                values=_auc_values(frame, forecasts, chosen, own),
                support=group_support(own, forecasts),
            )
        )
    return Table(
        name="auc_by_group",
        title=f"How well “{frame.name_of(chosen.name)}” orders people within each {what} (AUC)",
        keys=(str(frame.group_by),),
        measures=(
            Measure(name="auc", kind="model", label="AUC"),
            Measure(name="low", kind="model", label="95 % from"),
            Measure(name="high", kind="model", label="to"),
            Measure(name="note", kind="text", label="Note"),
        ),
        rows=tuple(rows),
        # an AUC does not follow from that of the others
        partition=False,
        computation="iterative",
    )


def _auc_values(
    frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, own: np.ndarray
) -> tuple[CellValue, ...]:
    scored = forecasts.scored
    case = scored.case[own]
    if min(int(case.sum()), int((~case).sum())) < frame.min_cases:
        return (None, None, None, _TOO_FEW)
    try:
        found = clustered_auc(case, chosen.risk[own][:, None], scored.cluster[own])
    except DesignError:
        return (None, None, None, _TOO_FEW)
    error = float(np.sqrt(found.covariance[0, 0]))
    auc = score_of(float(found.auc[0]), error, found.n_clusters).within(0.0, 1.0)
    return (auc.value, auc.low, auc.high, "")
