"""Tables of the forecast: scores, calibration, groups then and now. Aggregates only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wellperf_models.evidence import CellValue, Measure, Members, Row, Support, Table, interval_measures
from wellperf_models.inference.scores import interval_values
from wellperf_models.panel import members_of, nested_table
from wellperf_models.turnover.causes import OTHERS
from wellperf_models.turnover.findings_tables import names_are_left_out, support_of as rests_on
from wellperf_models.turnover.risk.checks import support_of
from wellperf_models.turnover.risk.model import GroupRisk, RiskModel
from wellperf_models.turnover.risk.scoring import ANY, RiskGroup, Scores
from wellperf_models.turnover.rows import TurnoverFrame

_Z = 1.959963984540054
_PER_100 = "per 100 people"
_NO_SCORE = (None, None, None)


def outcome_words(name: str) -> str:
    """A cause as the key of a row."""
    return {ANY: "any exit", OTHERS: "remaining reasons"}.get(name, name.replace("_", " "))


def causes_not_told(frame: TurnoverFrame, result: RiskModel, horizon: int) -> tuple[str, ...]:
    """Causes shown that could not be scored at a horizon, or by fewer leavers than may be shown."""
    least = 0 if frame.in_full else frame.minimum.events
    scored = {s.outcome: s.leavers.size >= least for s in result.scores if s.horizon == horizon}
    return tuple(c.name for c in result.shown if len(result.shown) > 1 and not scored.get(c.name, False))


def scores_table(frame: TurnoverFrame, result: RiskModel) -> Table:
    """Every score by horizon and cause.

    Where a cause has too few leavers at a horizon, none is told there: it would follow from the rest.
    """
    rows = []
    for horizon in result.horizons:
        whole = frame.in_full or not causes_not_told(frame, result, horizon)
        for scores in (s for s in result.scores if s.horizon == horizon):
            if scores.outcome == ANY or whole:
                key = (f"{horizon}", outcome_words(scores.outcome))
                support = replace(support_of(scores, result.n_columns), members=_members(frame, scores))
                rows.append(Row(key=key, values=_score_values(scores), support=support))
    return Table(
        name="scores",
        title="How well exits were foretold, by months ahead and cause",
        keys=("months_ahead", "cause"),
        measures=_SCORE_MEASURES,
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


_SCORE_MEASURES = (
    Measure(name="foretold", kind="model", unit=_PER_100, label="Foretold"),
    *interval_measures("observed", "Came about", _PER_100),
    *interval_measures("ratio", "Came about for each one foretold"),
    *interval_measures("slope", "Calibration slope"),
    *interval_measures("scaled_brier", "Scaled Brier score"),
    *interval_measures("gain", "More than tenure alone (scaled Brier)"),
    *interval_measures("auc", "AUC"),
    *interval_measures("auc_gain", "More than tenure alone (AUC)"),
)


def _score_values(scores: Scores) -> tuple[CellValue, ...]:
    ratio = scores.log_ratio
    return (
        100 * scores.foretold,
        *(100 * v for v in interval_values(scores.observed)),
        *(float(np.exp(v)) for v in interval_values(ratio)),
        *(_NO_SCORE if scores.slope is None else interval_values(scores.slope)),
        *interval_values(scores.scaled),
        *interval_values(scores.gain),
        *interval_values(scores.auc),
        *interval_values(scores.auc_gain),
    )


def calibration_table(frame: TurnoverFrame, result: RiskModel) -> Table:
    """Foretold beside what came about by group of foretold risk.

    Where one group has too few leavers for a cause, causes are not told apart: it would follow from the rest.
    """
    least = 0 if frame.in_full else frame.minimum.events
    by_cause = [group for name, group in result.calibration if name != ANY]
    whole = all(group.leavers.size >= least for group in by_cause)
    rows = []
    for name, group in result.calibration:
        if name != ANY and not whole:
            continue
        values = (group.people.size, 100 * group.foretold, *_observed(group))
        key = (outcome_words(name), group.name)
        rows.append(Row(key=key, values=values, support=rests_on(frame, group.people, group.leavers)))
    return Table(
        name="calibration",
        title=f"Foretold and observed exits within {result.headline} months, by group of foretold risk, the "
        "lowest first",
        keys=("cause", "risk_group"),
        measures=(
            Measure(name="people", kind="count", unit="people", label="People"),
            Measure(name="foretold", kind="model", unit=_PER_100, label="Foretold"),
            *interval_measures("observed", "Came about", _PER_100),
        ),
        rows=tuple(rows),
        computation="iterative",
    )


def _observed(group: RiskGroup) -> tuple[CellValue, ...]:
    """Per 100, with the interval where there is one."""
    return tuple(None if v is None else 100 * v for v in (group.observed, group.low, group.high))


def past_table(frame: TurnoverFrame, result: RiskModel) -> Table:
    """Foretold beside observed by group: the last day whose horizon was observed."""
    judged = result.at(result.headline)
    assert judged is not None
    total = sum(g.people.size for g in result.past[result.levels[0].name])
    off = judged.log_ratio.std_error
    measures = (
        Measure(name="people", kind="count", unit="people", label="People"),
        Measure(name="foretold", kind="mean", unit=_PER_100, label="Foretold"),
        Measure(name="foretold_low", kind="mean", unit=_PER_100, label="expected from"),
        Measure(name="foretold_high", kind="mean", unit=_PER_100, label="to"),
        *_past_measures(result),
    )

    def row(group: RiskGroup) -> Row:
        # chance in a group of this size, and how far off totals were
        error = float(np.hypot(group.chance, group.foretold * off))
        bounds = (max(0.0, group.foretold - _Z * error), min(1.0, group.foretold + _Z * error))
        head = (group.people.size, *(100 * v for v in (group.foretold, *bounds)))
        tail: tuple[CellValue, ...] = (
            _observed(group) if result.censored else (group.exits, 100 * group.exits / group.people.size)
        )
        return Row(
            key=(group.name,),
            values=(*head, *tail),
            support=rests_on(frame, group.people, group.leavers, of=total),
        )

    return nested_table(
        lambda level: Table(
            name="risk_by_group",
            title=_past_title(result, level.name),
            keys=(level.name,),
            measures=measures,
            rows=(rows := tuple(row(group) for group in result.past[level.name])),
            computation="iterative",
            open_keys=names_are_left_out(rows, frame.min_group_size),
        ),
        result.levels,
    )


def _past_measures(result: RiskModel) -> tuple[Measure, ...]:
    if result.censored:
        return interval_measures("observed", "Came about", _PER_100)
    return (
        Measure(name="exits", kind="count", unit="exits", label="Exits"),
        Measure(
            name="observed",
            kind="rate",
            unit=_PER_100,
            label="Came about",
            numerator="exits",
            denominator="people",
            per=100.0,
        ),
    )


def _past_title(result: RiskModel, level: str) -> str:
    when = f"on {result.past_day}, from what was known then" if result.dated else "for people left out"
    what = level.replace("_", " ")
    return f"Exits within {result.headline} months by {what}: foretold {when}, and what came about"


def now_table(frame: TurnoverFrame, result: RiskModel) -> Table:
    """What is foretold of each group from now on."""
    measures = [Measure(name="people", kind="count", unit="people", label="People")]
    for horizon in result.horizons:
        name, label = f"foretold_{horizon}_months", f"Foretold within {horizon} months"
        measures += [
            Measure(name=name, kind="mean", unit=_PER_100, label=label),
            Measure(name=f"{name}_low", kind="mean", unit=_PER_100, label="expected from"),
            Measure(name=f"{name}_high", kind="mean", unit=_PER_100, label="to"),
        ]
    total = result.now_people.size

    def row(group: GroupRisk) -> Row:
        values: list[float] = [group.people.size]
        for risk, error in zip(group.risk, group.error, strict=True):
            low, high = max(0.0, risk - _Z * error), min(1.0, risk + _Z * error)
            values += [100 * float(v) for v in (risk, low, high)]
        support = Support(
            n_people=group.people.size,
            n_complement=total - group.people.size,
            members=members_of(frame.roster, group.people),
        )
        return Row(key=(group.name,), values=tuple(values), support=support)

    return nested_table(
        lambda level: Table(
            name="risk_now",
            title=f"Foretold for the people at work at the end of what was observed, by {level.name}",
            keys=(level.name,),
            measures=tuple(measures),
            rows=(rows := tuple(row(group) for group in result.now[level.name])),
            computation="iterative",
            open_keys=names_are_left_out(rows, frame.min_group_size),
        ),
        result.levels,
    )


def overall_table(frame: TurnoverFrame, result: RiskModel) -> Table:
    """What is foretold of everyone from now on, by cause."""
    measures = tuple(
        Measure(
            name=f"foretold_{h}_months",
            kind="model",
            unit=_PER_100,
            label=f"Foretold within {h} months",
        )
        for h in result.horizons
    )
    people = result.now_people
    support = Support(
        n_people=people.size,
        n_parameters=result.n_columns,
        members=members_of(frame.roster, people),
    )
    rows = tuple(
        Row(key=(outcome_words(name),), values=tuple(100 * float(v) for v in risk), support=support)
        for name, risk in result.overall.items()
    )
    return Table(
        name="risk_now_by_cause",
        title="Foretold for everyone at work at the end of what was observed, by cause",
        keys=("cause",),
        measures=measures,
        rows=rows,
        partition=False,
        computation="iterative",
    )


def _members(frame: TurnoverFrame, scores: Scores) -> Members:
    return members_of(frame.roster, scores.people, scores.leavers)


def tables_of(frame: TurnoverFrame, result: RiskModel) -> tuple[Table, ...]:
    """Every table of the answer, groups first."""
    found: list[Table] = []
    if result.past:
        found.append(past_table(frame, result))
    if result.now:
        found.append(now_table(frame, result))
    if result.overall:
        found.append(overall_table(frame, result))
    return (*found, calibration_table(frame, result), scores_table(frame, result))
