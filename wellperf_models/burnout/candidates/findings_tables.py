"""Tables of the candidates: all of them side by side, and every difference with its interval."""

from __future__ import annotations

from wellperf_models.burnout.candidates.model import Candidates
from wellperf_models.burnout.candidates.words import kind_of
from wellperf_models.burnout.checks import support_of
from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast
from wellperf_models.evidence import CellValue, Measure, Row, Table
from wellperf_models.inference.scores import Score

# of 100 answers: a net benefit is a small number
_PER = 100.0
RECOMMENDED = "recommended"


def models_table(frame: BurnoutFrame, candidates: Candidates) -> Table:
    """The last score alone and every candidate side by side."""
    forecasts = candidates.forecasts
    thresholds = frame.section.use.thresholds
    rows = []
    base = forecasts.last_score
    if candidates.reference == LAST_SCORE and base is not None:
        none: tuple[CellValue, ...] = (None,) * (4 + len(thresholds))
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
            *(_PER * n.value for n in gain.net_benefit),
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
            Measure(name="delta_auc", kind="model", label="Gain in AUC"),
            Measure(name="low", kind="model", label="95 % from"),
            Measure(name="high", kind="model", label="to"),
            Measure(name="delta_brier", kind="model", label="Change in Brier score (below 0: better)"),
            *(
                Measure(
                    name=f"delta_net_benefit_{number + 1}",
                    kind="model",
                    label=f"Gain in net benefit at a risk of {threshold:g}, per 100 answers",
                )
                for number, threshold in enumerate(thresholds)
            ),
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
        gain = candidates.gains[name]
        told: list[tuple[str, Score, float]] = [("AUC", gain.auc, 1.0), ("Brier score", gain.brier, 1.0)]
        told += [
            (f"net benefit at a risk of {threshold:g}, per 100 answers", score, _PER)
            for threshold, score in zip(frame.section.use.thresholds, gain.net_benefit, strict=True)
        ]
        told.append(("AUC of the best model less its own", candidates.behind[name], 1.0))
        rows += [
            Row(
                key=(words, kind_of(name)),
                values=(per * score.value, per * score.low, per * score.high),
                support=support_of(forecasts, found),
            )
            for words, score, per in told
        ]
    return Table(
        name="differences",
        title=f"Each kind of model less: {kind_of(candidates.reference).lower()}",
        keys=("difference", "model"),
        measures=(
            Measure(name="value", kind="model", label="Difference"),
            Measure(name="low", kind="model", label="95 % from"),
            Measure(name="high", kind="model", label="to"),
        ),
        rows=tuple(sorted(rows, key=lambda row: _place(rows, row))),
        partition=False,
        computation="iterative",
    )


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
