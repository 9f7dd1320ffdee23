"""What another study's model meets here: which of its predictors are known, and who is a case by its rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE, is_case
from wellperf_models.burnout.external.published import VALUE, Predictor, PublishedModel
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.study import Covariate

How = Literal["used", "set to its average"]


@dataclass(frozen=True, kw_only=True)
class Match:
    """One predictor of the model, here.

    Attributes:
        predictor: Of the model.
        how: Whether it is known here.
        lacking: Rows that were set to its average, shape (n,).
        shift: Mean here less its centre, in its standard deviations; None for a category or an unknown one.
        unit: Of the same number here; "" where none is declared.
    """

    predictor: Predictor
    how: How
    lacking: NDArray[np.bool_]
    shift: float | None
    unit: str

    def __repr__(self) -> str:
        """Which, and how; no value."""
        return f"Match({self.predictor.name!r}: {self.how})"


@dataclass(frozen=True, kw_only=True)
class Applied:
    """A model of another study on the answers of this one.

    Attributes:
        eta: Its log odds, shape (n,).
        case: Cases by its rule, shape (n,).
        matches: One for each predictor.
        same_cut_off: Whether this study's own cut-off is the same; None where its own is a share.
    """

    eta: Floats
    case: NDArray[np.bool_]
    matches: tuple[Match, ...]
    same_cut_off: bool | None

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Applied({self.eta.size} rows; not released)"


def apply_model(frame: BurnoutFrame, model: PublishedModel) -> Applied:
    """Applies the model to every answer of the frame, as it is.

    Args:
        frame: Of this study.
        model: Of the other.

    Raises:
        DesignError: Another outcome, another scale, predictors of another type or unit, a last score the
            model needs and these data do not have, or nothing known here of what it uses.
    """
    _same_scale(frame, model)
    if model.uses_last_score and frame.answers.last is None:
        raise DesignError(
            "The model foretells from the last score, and there is none here.",
            where="parameter model_from",
            expected="people who answered in two waves whose order is known",
            got=frame.why or None,
        )
    declared = [p for p in model.predictors if p.name in frame.declared]
    for predictor in declared:
        _same_meaning(predictor, frame.declared[predictor.name], frame.design)
    data = _data(frame, declared, with_last=model.uses_last_score)
    if not data.width:
        raise DesignError(
            "Nothing that the model uses is known here.",
            where="parameter model_from",
            expected="in [burnout.models] of this study, some of: "
            + ", ".join(p.name for p in model.predictors),
            remedy="declare the same covariates under the same names",
        )
    eta, lacking = model.log_odds(data)
    cut = model.cut_off if frame.higher_is_worse else -model.cut_off
    own = frame.section.case_at
    return Applied(
        eta=eta,
        case=is_case(frame.answers.strain, cut),
        matches=tuple(_match(frame, p, data, lacking[p.name]) for p in model.predictors),
        same_cut_off=None if own is None else own == model.cut_off,
    )


def _same_scale(frame: BurnoutFrame, model: PublishedModel) -> None:
    names = {frame.section.outcome, frame.outcome.casefold()}
    if not {model.outcome, model.outcome_label.casefold()} & names:
        raise DesignError(
            "The model foretells another outcome.",
            where="parameter model_from",
            expected=f"{frame.outcome} ([measures.{frame.section.outcome}])",
            got=f"{model.outcome_label} ([measures.{model.outcome}])",
        )
    scale = frame.scale
    if scale is None or (scale.low, scale.high) != (model.low, model.high):
        raise DesignError(
            "The outcome has another range here, so the model's cut-off means something else.",
            where=f"[measures.{frame.section.outcome}]",
            expected=f"{model.low:g} to {model.high:g}, as in the other study",
            got=None if scale is None else f"{scale.low:g} to {scale.high:g}",
        )
    if frame.higher_is_worse != model.higher_is_worse:
        raise DesignError(
            "The bad end of the outcome is the other one here.",
            where=f"[measures.{frame.section.outcome}] higher_is",
            expected='"worse"' if model.higher_is_worse else '"better"',
        )


def _same_meaning(predictor: Predictor, covariate: Covariate, design: str) -> None:
    kind = "number" if covariate.type == "number" else "category"
    where = f"[covariates.{predictor.name}]"
    if kind != predictor.kind:
        raise DesignError(
            "A predictor of the model is of another type here.",
            where=f"{where} type",
            expected=predictor.kind,
            got=covariate.type,
        )
    if predictor.unit and covariate.unit and predictor.unit != covariate.unit:
        raise DesignError(
            "A predictor of the model has another unit here.",
            where=f"{where} unit",
            expected=predictor.unit,
            got=covariate.unit,
            remedy="bring it to the same unit; the same thing in other words is written in the same words",
        )
    if design == "forward" and covariate.timing != "before":
        raise DesignError(
            "A predictor of the model is measured with the outcome here.",
            where=f"{where} timing",
            expected='"before"',
            got=repr(covariate.timing),
        )


def _data(frame: BurnoutFrame, declared: list[Predictor], *, with_last: bool) -> pl.DataFrame:
    columns = []
    if with_last and frame.answers.last is not None:
        columns.append(pl.Series(LAST_SCORE, frame.answers.last))
    known = frame.answers.covariates
    columns += [known[p.name] for p in declared if p.name in known.columns]
    return pl.DataFrame(columns)


def _match(
    frame: BurnoutFrame, predictor: Predictor, data: pl.DataFrame, lacking: NDArray[np.bool_]
) -> Match:
    covariate = frame.declared.get(predictor.name)
    shift = None
    if predictor.name in data.columns and predictor.kind == "number":
        values = data[predictor.name].drop_nulls().to_numpy()
        part = predictor.parts[VALUE]
        assert part.centre is not None
        assert part.scale is not None
        if values.size:
            shift = (float(values.mean()) - part.centre) / part.scale
    return Match(
        predictor=predictor,
        how="used" if predictor.name in data.columns else "set to its average",
        lacking=lacking,
        shift=shift,
        unit="" if covariate is None else covariate.unit,
    )
