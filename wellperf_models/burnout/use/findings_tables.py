"""Tables of what a predicted risk is good for. Aggregates only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.checks import support_of
from wellperf_models.burnout.findings_tables import group_support
from wellperf_models.burnout.frame import BurnoutFrame, period_of
from wellperf_models.burnout.model import scored_rows
from wellperf_models.burnout.use.cut_offs import AtCutOff
from wellperf_models.burnout.use.decision import Decision
from wellperf_models.burnout.use.intervals import Intervals
from wellperf_models.burnout.use.model import Use
from wellperf_models.burnout.use.trust import Recalibrated
from wellperf_models.errors import DesignError
from wellperf_models.evidence import CellValue, Measure, Row, Support, Table, Unanswered, interval_measures
from wellperf_models.inference.scores import interval_values
from wellperf_models.panel import members_of

_PER_100 = "cases per 100 answers"
_TOO_FEW = "too few to tell"


def tables_of(frame: BurnoutFrame, use: Use) -> tuple[Table, ...]:
    """Every table of the answer, the decision first."""
    found: list[Table] = []
    if isinstance(use.decision, Decision):
        found += [acted_table(use, use.decision), curve_table(use, use.decision)]
    if isinstance(use.recalibrated, Recalibrated):
        found.append(recalibration_table(use, use.recalibrated))
    if isinstance(use.intervals, Intervals):
        found += coverage_tables(frame, use, use.intervals)
    if len(use.cut_offs) > 1:
        found.append(cut_off_table(use))
    return tuple(found)


def acted_table(use: Use, decision: Decision) -> Table:
    """How many are acted on at each declared threshold, and how many of them are cases."""
    scored, rows = use.forecasts.scored, []
    for point in decision.declared:
        acted, cases = int(point.acted.sum()), int((point.acted & scored.case).sum())
        support = replace(group_support(point.acted, use.forecasts), smallest_level=point.fewest)
        counts = (int(decision.known.sum()), acted, 0.0, cases, 0.0)
        rows.append(Row(key=(f"{point.threshold:g}",), values=counts, support=support))
    return Table(
        name="acted_on",
        title="Answers at or above each declared threshold of risk, and how many of them are cases",
        keys=("threshold",),
        measures=(
            Measure(name="answers", kind="count", unit="answers", label="Answers"),
            Measure(name="acted", kind="count", unit="answers", label="At or above"),
            _rate("acted_rate", "Per 100 answers", "acted", "answers"),
            Measure(name="cases", kind="count", unit="cases", label="Cases among them"),
            _rate("case_rate", "Per 100 of these", "cases", "acted"),
        ),
        rows=tuple(_with_rates(row) for row in rows),
        # one threshold holds the next: they do not add up
        partition=False,
        computation="iterative",
    )


def _with_rates(row: Row) -> Row:
    answers, acted, _, cases, _ = (float(v) if isinstance(v, int | float) else 0.0 for v in row.values)
    rates = (100 * acted / answers, 100 * cases / acted if acted else None)
    return replace(row, values=(int(answers), int(acted), rates[0], int(cases), rates[1]))


def _rate(name: str, label: str, numerator: str, denominator: str) -> Measure:
    return Measure(
        name=name,
        kind="rate",
        unit="per 100",
        label=label,
        numerator=numerator,
        denominator=denominator,
        per=100.0,
    )


def curve_table(use: Use, decision: Decision) -> Table:
    """Net benefit by threshold, of acting on the model, on the last score alone, and on everybody."""
    support = support_of(use.forecasts, use.chosen)
    measures = interval_measures("model", "Model", _PER_100)
    if use.forecasts.last_score is not None:
        measures += interval_measures("last_score", "Last score alone", _PER_100)
    measures += interval_measures("everybody", "Everybody", _PER_100)
    rows = []
    for point in decision.points:
        last = () if point.last is None else interval_values(point.last, 100)
        rows.append(
            Row(
                key=(f"{point.threshold:g}",),
                values=(*interval_values(point.model, 100), *last, *interval_values(point.everybody, 100)),
                support=replace(support, smallest_level=point.fewest),
            )
        )
    return Table(
        name="decision_curve",
        title="Net benefit by threshold of risk: cases acted on less needless actions at their price, per "
        "100 answers (acting on nobody: 0)",
        keys=("threshold",),
        measures=measures,
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def recalibration_table(use: Use, found: Recalibrated) -> Table:
    """Risks as foretold beside the same set right by an earlier wave."""
    person = use.forecasts.scored.person[np.isin(scored_rows(use.forecasts.splits), found.rows)]
    support = replace(support_of(use.forecasts, use.chosen), n_people=int(np.unique(person).size))
    own = np.isin(scored_rows(use.forecasts.splits), found.rows)
    support = _people_of(use, own, support)
    both = (
        ("as foretold", found.gap_before, found.slope_before),
        ("set right", found.gap_after, found.slope_after),
    )
    return Table(
        name="recalibration",
        title=f"Risks in {_listed(found.judged_on)}: as foretold, and set right by "
        f"{_listed(found.learned_on)}",
        keys=("risks",),
        measures=(
            *interval_measures("gap", "Cases less foretold", "per 100 answers"),
            *interval_measures("slope", "Calibration slope (1 is right)"),
        ),
        rows=tuple(
            Row(key=(name,), values=(*interval_values(gap, 100), *interval_values(slope)), support=support)
            for name, gap, slope in both
        ),
        partition=False,
        computation="iterative",
    )


def _people_of(use: Use, own: NDArray[np.bool_], support: Support) -> Support:
    scored = use.forecasts.scored
    people, cases = np.unique(scored.person[own]).size, np.unique(scored.person[own & scored.case]).size
    return replace(
        support,
        n_people=people,
        n_events=cases,
        n_non_events=people - cases,
        members=scored.members(own),
    )


def coverage_tables(frame: BurnoutFrame, use: Use, found: Intervals) -> list[Table]:
    """Share of the scores that fell into their intervals, by wave and by group."""
    wave = frame.answers.wave[found.rows]
    tables = []
    if np.unique(wave).size > 1:
        names = np.array(frame.waves)[wave]
        tables.append(_coverage(frame, found, names, "wave", list(dict.fromkeys(np.array(frame.waves)))))
    group = frame.answers.group
    if group is not None:
        names = group[found.rows]
        tables.append(_coverage(frame, found, names, str(frame.group_by), list(np.unique(names))))
    return tables


def _coverage(
    frame: BurnoutFrame, found: Intervals, names: NDArray[np.str_], what: str, order: list[str]
) -> Table:
    rows = []
    for name in order:
        own = names == name
        if not own.any():
            continue
        try:
            values: tuple[CellValue, ...] = (*interval_values(found.coverage_of(frame, own), 100), "")
        except DesignError:
            values = (None, None, None, _TOO_FEW)
        rows.append(Row(key=(str(name),), values=values, support=_inside_support(frame, found, own, what)))
    return Table(
        name=f"coverage_by_{what}",
        title=f"Scores that fell into their intervals, per 100 answers, by {what.replace('_', ' ')} (asked "
        f"for: {100 * found.nominal:g})",
        keys=(what,),
        measures=(
            *interval_measures("inside", "Inside", "per 100 answers"),
            Measure(name="note", kind="text", label="Note"),
        ),
        rows=tuple(rows),
        computation="iterative",
    )


def _inside_support(frame: BurnoutFrame, found: Intervals, own: NDArray[np.bool_], what: str) -> Support:
    """People of the rows; the event is to have a score outside of its interval."""
    person = frame.answers.person[found.rows]
    people, outside = np.unique(person[own]), np.unique(person[own & ~found.inside])
    waves = np.unique(frame.answers.wave[found.rows[own] if what == "wave" else found.rows])
    period = period_of([frame.waves[int(w)] for w in waves])
    roster = None if frame.roster is None else frame.roster.during(period)
    return Support(
        n_people=people.size,
        # who answered one wave answered others as well: nobody is outside of it
        n_complement=None if what == "wave" else int(np.unique(person).size) - people.size,
        n_events=outside.size,
        n_non_events=people.size - outside.size,
        members=members_of(roster, people, outside),
    )


def cut_off_table(use: Use) -> Table:
    """AUC and gain at every cut-off."""
    measures = interval_measures("auc", "AUC: the model")
    if use.forecasts.last_score is not None:
        measures += (
            *interval_measures("last_score", "AUC: last score alone"),
            *interval_measures("gain", "Difference in AUC"),
        )
    rows = []
    for cut, item in use.cut_offs.items():
        if isinstance(item, Unanswered):
            continue
        values: tuple[CellValue, ...] = interval_values(item.scores.auc)
        if item.last is not None:
            values += (*interval_values(item.last.auc), *interval_values(item.scores.delta_auc))
        name = f"{cut:g} (declared)" if item.declared else f"{cut:g}"
        rows.append(Row(key=(name,), values=(*values, item.origin), support=_cut_off_support(item)))
    return Table(
        name="cut_offs",
        title="The same question at other cut-offs",
        keys=("case_at",),
        measures=(*measures, Measure(name="note", kind="text", label="Where it comes from")),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def _cut_off_support(item: AtCutOff) -> Support:
    scored = item.scored
    return replace(
        scored.support(),
        n_parameters=item.n_parameters,
        # how many are a case here and not there would follow from both
        smallest_level=item.fewest or None,
        n_clusters=item.scores.n_clusters,
        members=scored.members(),
    )


def _listed(names: tuple[str, ...]) -> str:
    if len(names) > 3:
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names)
