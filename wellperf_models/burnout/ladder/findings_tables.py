"""Tables of the ladder: the rungs, what predictors share with the outcome, and the rungs without those."""

from __future__ import annotations

import numpy as np

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.ladder.checks import support_of
from wellperf_models.burnout.ladder.model import Climbed, LadderResult
from wellperf_models.burnout.ladder.overlap import Overlap
from wellperf_models.evidence import (
    CellValue,
    Measure,
    Row,
    Support,
    Table,
    Unanswered,
    interval_measures,
    plain,
)
from wellperf_models.inference.scores import Score

_NOTHING: tuple[CellValue, ...] = (None, None, None)


def rungs_table(frame: BurnoutFrame, ladder: LadderResult) -> Table:
    """Every rung, climbed or not, the most forgiving first."""
    rows = []
    for rung in ladder.ladder.rungs:
        found = ladder.climbed[rung.name]
        values: tuple[CellValue, ...]
        if isinstance(found, Unanswered):
            values = (*_NOTHING, *_NOTHING, None, f"Not climbed: {plain(found.reason)}")
            rows.append(Row(key=(rung.label,), values=values, support=_everybody(ladder)))
            continue
        forgives = rung.forgives
        if rung.name in ladder.ladder.same:
            forgives += f" {ladder.ladder.same[rung.name]}"
        if rung.name == ladder.ladder.honest:
            less: tuple[CellValue, ...] = _NOTHING
            forgives += " The rung the others are held against."
        else:
            less = _three(ladder.less.get(rung.name))
        values = (*_three(found.auc), *less, found.scored.person.size, forgives)
        rows.append(Row(key=(rung.label,), values=values, support=support_of(found)))
    return Table(
        name="rungs",
        title="The same model, scored in ways that forgive less and less",
        keys=("rung",),
        measures=(
            *interval_measures("auc", "AUC", ends=""),
            *interval_measures("more", "More than the honest rung"),
            Measure(name="answers", kind="count", unit="answers", label="Answers scored"),
            Measure(name="forgives", kind="text", label="What it forgives, or why it is not climbed"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def _three(score: Score | None) -> tuple[CellValue, ...]:
    return _NOTHING if score is None else (score.value, score.low, score.high)


def _everybody(ladder: LadderResult) -> Support:
    found = ladder.honest or next(c for c in ladder.climbed.values() if isinstance(c, Climbed))
    return support_of(found)


def overlap_table(frame: BurnoutFrame, ladder: LadderResult) -> Table:
    """What each predictor shares with the outcome."""
    total = ladder.ladder.frame.answers.n_people
    rows = []
    if frame.answers.last is not None:
        same = "all: the same scale one wave earlier, where every model starts from"
        rows.append(
            Row(
                key=("Last score", "before"),
                values=(same, _last_correlation(ladder), "no: it is what a model is held against"),
                support=_everybody(ladder),
            )
        )
    for overlap in ladder.overlaps:
        known = "with the outcome or after it" if overlap.late else "before"
        support = Support(
            n_people=overlap.n_people,
            n_complement=None if overlap.n_people == total else total - overlap.n_people,
            n_events=_everybody(ladder).n_events,
            n_non_events=_everybody(ladder).n_non_events,
        )
        told = "yes" if overlap.overlaps else "no"
        rows.append(
            Row(
                key=(frame.label_of(overlap.covariate), known),
                values=(shared_words(overlap), overlap.correlation, told),
                support=support,
            )
        )
    return Table(
        name="overlap",
        title=f"What predictors share with {frame.outcome}",
        keys=("predictor", "known"),
        measures=(
            Measure(name="shares", kind="text", label="Shares by declaration"),
            Measure(name="correlation", kind="model", label="Correlation with the score (size)"),
            Measure(name="overlaps", kind="text", label="Left out of the second climb"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def _last_correlation(ladder: LadderResult) -> float | None:
    answers = ladder.ladder.frame.answers
    assert answers.last is not None
    if not np.ptp(answers.last) > 0 or not np.ptp(answers.strain) > 0:
        return None
    return abs(float(np.corrcoef(answers.last, answers.strain)[0, 1]))


def shared_words(overlap: Overlap) -> str:
    """What a predictor shares with the outcome by what is declared."""
    told = [
        *(["items"] if overlap.items else []),
        *(["instrument"] if overlap.instrument else []),
        *(["questionnaire"] if overlap.same_questionnaire else []),
    ]
    return ", ".join(told) or "nothing"


def without_table(frame: BurnoutFrame, ladder: LadderResult) -> Table:
    """The most forgiving and the honest rung, with and without the predictors that overlap."""
    labels = {rung.name: rung.label for rung in ladder.ladder.rungs}
    rows = []
    for name, other in ladder.without.items():
        own = ladder.climbed[name]
        assert isinstance(own, Climbed)
        if isinstance(other, Unanswered):
            values = (own.auc.value, None, *_NOTHING, f"Not climbed: {plain(other.reason)}")
        else:
            gone = [frame.label_of(c) for c in own.covariates if c not in other.covariates]
            less = _three(other.ranking.minus(own.ranking))
            values = (own.auc.value, other.auc.value, *less, plain(", ".join(gone)))
        rows.append(Row(key=(labels[name],), values=values, support=support_of(own)))
    return Table(
        name="without_overlap",
        title="Without the predictors that overlap with the outcome",
        keys=("rung",),
        measures=(
            Measure(name="auc", kind="model", label="AUC with them"),
            Measure(name="auc_without", kind="model", label="AUC without"),
            *interval_measures("difference", "Difference", ends=""),
            Measure(name="left_out", kind="text", label="Left out"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )
