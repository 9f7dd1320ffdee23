"""The told model as one that can travel, and as the two tables in which it passes the gate."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE, ROUNDING
from wellperf_models.burnout.explanation.frame import Told
from wellperf_models.burnout.external.published import (
    LEVEL,
    OTHER,
    UNKNOWN,
    VALUE,
    Part,
    Predictor,
    PublishedModel,
)
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast, Forecasts, scored_rows
from wellperf_models.burnout.split import find_cut
from wellperf_models.burnout.tried import predictors_of
from wellperf_models.errors import DesignError
from wellperf_models.inference.design import NOT_MEASURED, Encoding
from wellperf_models.inference.scores import clustered_mean


def travelling_model(
    frame: BurnoutFrame, forecasts: Forecasts, forecast: Forecast, told: Told
) -> PublishedModel:
    """The told model in numbers and words; exact, rounded by the gate.

    Args:
        frame: The burnout frame.
        forecasts: Gives the answers it was scored on.
        forecast: How it was scored.
        told: From `told_model`.

    Raises:
        DesignError: The frame does not say the range of the scale.
    """
    if frame.scale is None:
        raise DesignError("A model can't travel without the range of its scale.", where="[measures]")
    predictors = tuple(_predictor(frame, told, index) for index in range(len(told.encoding.terms)))
    score = forecast.scores.auc
    made = PublishedModel(
        name=frame.name_of(forecast.name),
        outcome=frame.section.outcome,
        outcome_label=frame.outcome,
        higher_is_worse=frame.higher_is_worse,
        low=frame.scale.low,
        high=frame.scale.high,
        cut_off=_cut_off(frame, told),
        case=frame.case,
        design="forward" if frame.design == "forward" else frame.why or frame.design,
        intercept=told.fit.intercept,
        predictors=predictors,
        mean=0.0,
        spread=1.0,
        auc=(score.value, score.low, score.high),
    )
    rows = scored_rows(forecasts.splits)
    eta, _ = made.log_odds(predictors_of(frame, forecast.covariates)[rows])
    return replace(made, mean=float(eta.mean()), spread=float(eta.std()))


def _cut_off(frame: BurnoutFrame, told: Told) -> float:
    """In the score's own unit. One found in the data is cut to three digits so that it keeps its cases."""
    section = frame.section
    if section.case_at is not None:
        return section.case_at
    assert section.case_share is not None
    strain = find_cut(frame.answers.strain[told.rows], section.case_share)
    strain = cut_to_three_digits(strain)
    return strain if frame.higher_is_worse else -strain


def cut_to_three_digits(value: float) -> float:
    """The nearest number of three digits that is not above.

    Args:
        value: A cut-off found in the data; a score at it reaches what is told.
    """
    told = float(f"{value:.3g}")
    if told <= value + ROUNDING:
        return told
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    return float(f"{value - step / 2:.3g}")


def _predictor(frame: BurnoutFrame, told: Told, index: int) -> Predictor:
    term = told.encoding.terms[index]
    columns = told.encoding.blocks[term.name]
    names = _parts_of(told.encoding, index)
    parts, joined = {}, told.joined.get(term.name)
    for name, column in zip(names, columns, strict=True):
        at = told.X[:, column]
        parts[name] = (
            _number_part(told, term.name, term.mean, term.spread, float(told.fit.beta[column]))
            if name == VALUE
            else Part(log_odds=float(told.fit.beta[column]), share=float(at.mean()))
        )
    if (base := _base_level(told, index)) is not None:
        own = told.data[term.name].eq_missing(pl.Series([base])).to_numpy()
        parts[LEVEL + base] = Part(log_odds=0.0, share=float(own.mean()))
    if joined is not None:
        held = UNKNOWN if joined.level == NOT_MEASURED else LEVEL + joined.level
        parts[held] = replace(parts[held], stands_for=joined.words)
        if joined.few:
            parts = {name: replace(part, share=None) for name, part in parts.items()}
    last = term.name == LAST_SCORE
    covariate = None if last else frame.declared[term.name]
    return Predictor(
        name=term.name,
        label=last_label(frame) if last else frame.label_of(term.name),
        kind="number" if term.spread > 0 else "category",
        unit="" if covariate is None else covariate.unit,
        parts=parts,
    )


def last_label(frame: BurnoutFrame) -> str:
    """What a reader calls the last score."""
    turned = "" if frame.higher_is_worse else " (turned: more is worse)"
    return f"Last score of {frame.outcome}{turned}"


def _parts_of(encoding: Encoding, index: int) -> tuple[str, ...]:
    """Names of a predictor's columns, in their order."""
    term = encoding.terms[index]
    own = (VALUE,) if term.spread > 0 else tuple(LEVEL + level for level in term.levels)
    return (*own, *((OTHER,) if term.pooled else ()), *((UNKNOWN,) if term.missing else ()))


def _number_part(told: Told, name: str, mean: float, spread: float, beta: float) -> Part:
    known = told.data[name].is_not_null().to_numpy()
    found = clustered_mean(told.data[name].drop_nulls().to_numpy(), told.cluster[known])
    return Part(log_odds=beta, centre=mean, centre_low=found.low, centre_high=found.high, scale=spread)


def _base_level(told: Told, index: int) -> str | None:
    """The level without a column of a predictor of two; None where all have one."""
    term = told.encoding.terms[index]
    if term.spread > 0 or len(term.levels) + term.pooled + term.missing > 1:
        return None
    others = [v for v in told.data[term.name].unique().drop_nulls().sort() if v not in term.levels]
    return str(others[0]) if others else None


def at_level(told: Told, predictor: Predictor, part: str) -> NDArray[np.bool_]:
    """Rows that a part of a predictor is about; all of them for the value of a number.

    Args:
        told: From `told_model`.
        predictor: One of its predictors.
        part: Name of the part.
    """
    values = told.data[predictor.name]
    if part == VALUE:
        return np.ones(values.len(), bool)
    if part == UNKNOWN:
        return values.is_null().to_numpy()
    if part == OTHER:
        own = [p.removeprefix(LEVEL) for p in predictor.parts if p.startswith(LEVEL)]
        return (~values.is_in(own)).fill_null(False).to_numpy()
    return (values == part.removeprefix(LEVEL)).fill_null(False).to_numpy()
