"""Tables of the candidates: all of them side by side, and every difference with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wellperf_models.burnout.candidates.model import Candidates
from wellperf_models.burnout.candidates.words import kind_of
from wellperf_models.burnout.checks import support_of
from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast
from wellperf_models.burnout.use.sides import Sides
from wellperf_models.evidence import CellValue, Measure, Row, Support, Table, interval_measures
from wellperf_models.inference.scores import Score

# of 100 answers: a net benefit is a small number
_PER = 100.0
RECOMMENDED = "recommended"


def models_table(frame: BurnoutFrame, candidates: Candidates) -> Table:
    """The last score alone and every candidate side by side.

    Gains in net benefit are in the other table alone, where each has an interval and is judged by the people
    at its threshold: from a gain to many digits one could work out how many are acted on, and are a case.
    """
    forecasts = candidates.forecasts
    rows = []
    base = forecasts.last_score
    if candidates.reference == LAST_SCORE and base is not None:
        none: tuple[CellValue, ...] = (None,) * 4
        rows.append(
            Row(
                key=(kind_of(LAST_SCORE),),
                values=(base.scores.auc.value, base.scores.brier.value, _value(base.scores.slope), *none,
                        "", _verdict(candidates, LAST_SCORE)),
                support=support_of(forecasts, base),
            )
        )  # fmt: skip
    for name, found in candidates.answered.items():
        gain, scores = candidates.gains[name], found.scores
        values: tuple[CellValue, ...] = (
            scores.auc.value,
            scores.brier.value,
            _value(scores.slope),
            gain.auc.value,
            gain.auc.low,
            gain.auc.high,
            gain.brier.value,
            setting_of(found),
            _verdict(candidates, name),
        )
        rows.append(Row(key=(kind_of(name),), values=values, support=support_of(forecasts, found)))
    against = kind_of(candidates.reference).lower()
    return Table(
        name="models",
        title=f"Kinds of models on the same answers, none of which they have seen; gains over: {against}",
        keys=("model",),
        measures=(
            Measure(name="auc", kind="model", label="AUC"),
            Measure(name="brier", kind="model", label="Brier score"),
            Measure(name="slope", kind="model", label="Calibration slope (1 is right)"),
            *interval_measures("delta_auc", "Gain in AUC", ends=""),
            Measure(name="delta_brier", kind="model", label="Change in Brier score (below 0: better)"),
            Measure(name="setting", kind="text", label="Setting chosen"),
            Measure(name="verdict", kind="text", label="Verdict"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def differences_table(frame: BurnoutFrame, candidates: Candidates) -> Table:
    """Every gain with its interval."""
    forecasts = candidates.forecasts
    rows = []
    for name, found in candidates.answered.items():
        gain, whole = candidates.gains[name], support_of(forecasts, found)
        told: list[tuple[str, Score, float, Support]] = [
            ("AUC", gain.auc, 1.0, whole),
            ("Brier score", gain.brier, 1.0, whole),
        ]
        thresholds = frame.section.use.thresholds
        told += [
            (
                f"net benefit at a risk of {threshold:g}, per 100 answers",
                score,
                _PER,
                replace(whole, smallest_level=fewest),
            )
            for threshold, score, fewest in zip(
                thresholds, gain.net_benefit, _fewest(candidates, found, thresholds), strict=True
            )
        ]
        told.append(("AUC of the best model less its own", candidates.behind[name], 1.0, whole))
        rows += [
            Row(
                key=(words, kind_of(name)),
                values=(per * score.value, per * score.low, per * score.high),
                support=support,
            )
            for words, score, per, support in told
        ]
    return Table(
        name="differences",
        title=f"Each kind of model less: {kind_of(candidates.reference).lower()}",
        keys=("difference", "model"),
        measures=(*interval_measures("value", "Difference", ends=""),),
        rows=tuple(sorted(rows, key=lambda row: _place(rows, row))),
        partition=False,
        computation="iterative",
    )


def _fewest(candidates: Candidates, found: Forecast, thresholds: Sequence[float]) -> list[int]:
    """At each threshold the people in the smallest set that a gain in net benefit tells of.

    Those on either side by the model or by the last score, those that two thresholds tell apart, as in
    `burnout.use`; and those whom the one acts on and the other does not.
    """
    scored, base = candidates.forecasts.scored, candidates.forecasts.last_score
    known = np.isfinite(found.risk) & (True if base is None else np.isfinite(base.risk))
    person = scored.person[known]
    risks = tuple(f.risk[known] for f in (found, base) if f is not None)
    fewest = Sides(person=person, case=scored.case[known], risks=risks).fewest(thresholds)
    if len(risks) < 2:
        return fewest
    told = []
    for threshold, few in zip(thresholds, fewest, strict=True):
        one, two = (risk >= threshold for risk in risks)
        apart = [int(np.unique(person[own]).size) for own in (one & ~two, two & ~one) if own.any()]
        told.append(min([few, *apart]))
    return told


def _place(rows: list[Row], row: Row) -> int:
    """One kind of difference after the other, each in the order it came first."""
    return [r.key[0] for r in rows].index(row.key[0])


def setting_of(forecast: Forecast) -> str:
    """What tuning chose; of several refits the most frequent choice, the first of equals."""
    settings = [f.learned.setting for f in forecast.tried.done]
    distinct = list(dict.fromkeys(settings))
    most = max(distinct, key=settings.count)
    return most if len(distinct) == 1 else f"most often {most}"


def _verdict(candidates: Candidates, name: str) -> str:
    gain = candidates.gains.get(name)
    told = [RECOMMENDED] if name == candidates.recommended else []
    if gain is not None:
        told.append("better" if gain.beats else "worse" if gain.loses else "not shown to be better")
    return ", ".join(told)


def _value(score: Score | None) -> float | None:
    return None if score is None else score.value
