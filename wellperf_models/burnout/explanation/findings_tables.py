"""Tables of an explanation: odds ratios, contributions, and the model as it travels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.explanation.contributions import Explained
from wellperf_models.burnout.explanation.model import Explanation
from wellperf_models.burnout.explanation.odds import OddsRatio, people_of
from wellperf_models.burnout.explanation.travel import at_level
from wellperf_models.burnout.external.published import SCHEMA, SHARE_DIGITS, VALUE, PublishedModel
from wellperf_models.burnout.external.tables import FACTS, FACTS_TABLE, MODEL, MODEL_TABLE
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.evidence import CellValue, Measure, Row, Support, Table, interval_measures
from wellperf_models.panel import members_of


def support_of(
    frame: BurnoutFrame, explanation: Explanation, own: NDArray[np.bool_] | None = None
) -> Support:
    """What a coefficient rests on: all it was learnt from, or those on the sides of a contrast.

    Args:
        frame: The burnout frame.
        explanation: From `fit_explanation`.
        own: Rows of the told model; None: all.
    """
    told = explanation.told
    chosen = np.ones(told.case.size, bool) if own is None else own
    people = int(np.unique(told.person[chosen]).size)
    cases = int(np.unique(told.person[chosen & told.case]).size)
    parameters = told.encoding.n_parameters
    smaller = min(int(told.case.sum()), int((~told.case).sum()))
    return Support(
        n_people=people,
        n_events=cases,
        n_non_events=people - cases,
        n_parameters=parameters if own is None else None,
        residual_df=smaller - parameters,
        n_clusters=int(np.unique(told.cluster).size),
        members=told.members(frame, chosen),
    )


def odds_table(
    frame: BurnoutFrame, explanation: Explanation, odds: tuple[OddsRatio, ...], supports: Sequence[Support]
) -> Table:
    """Odds ratios without a ridge, beside those of the model that is used."""
    return Table(
        name="odds_ratios",
        title=f"Odds ratios of a case in “{frame.name_of(explanation.forecast.name)}”, everything else in it "
        "the same",
        keys=("predictor", "contrast"),
        measures=(
            *interval_measures("odds_ratio", "Odds ratio"),
            Measure(name="told", kind="text", label="Shown by these data"),
            Measure(name="with_ridge", kind="model", label="As the model uses it"),
            Measure(name="step", kind="model", label="Standard deviation"),
            Measure(name="unit", kind="text", label="in"),
            Measure(name="e_value", kind="model", label="E-value of the interval"),
        ),
        rows=tuple(_odds_row(item, support) for item, support in zip(odds, supports, strict=True)),
        partition=False,
        computation="iterative",
    )


def supports_of(
    frame: BurnoutFrame, explanation: Explanation, odds: tuple[OddsRatio, ...], whole: Support
) -> tuple[Support, ...]:
    """What each odds ratio rests on: everybody, or the people on the two sides of a contrast of levels."""
    return tuple(
        whole
        if (own := people_of(explanation.told, item.contrast)) is None
        else support_of(frame, explanation, own)
        for item in odds
    )


def _odds_row(item: OddsRatio, support: Support) -> Row:
    contrast = item.contrast
    return Row(
        key=(contrast.predictor, contrast.words),
        values=(
            item.value,
            item.low,
            item.high,
            "yes" if item.shown else "no",
            item.ridge,
            contrast.step,
            contrast.unit,
            item.e_value,
        ),
        support=support,
    )


def contributions_table(frame: BurnoutFrame, explanation: Explanation) -> Table:
    """How much each group of predictors moves predictions, for every model explained."""
    return Table(
        name="contributions",
        title="How far groups of predictors move a prediction, on average over people",
        keys=("model", "group"),
        measures=(
            *interval_measures("size", "Mean size"),
            Measure(name="scale", kind="text", label="in"),
            Measure(name="share", kind="model", label="Share of all"),
        ),
        rows=tuple(
            Row(
                key=(item.words, weight.group),
                values=(weight.size.value, weight.size.low, weight.size.high, item.scale, weight.share.value),
                support=sample_support(explanation, item),
            )
            for item in explanation.explained.values()
            for weight in item.weights
        ),
        partition=False,
        computation="iterative",
    )


def sample_support(explanation: Explanation, item: Explained) -> Support:
    """The people whose predictions were explained."""
    people = int(np.unique(item.person).size)
    cases = int(np.unique(item.person[item.case]).size)
    return Support(
        n_people=people,
        n_events=cases,
        n_non_events=people - cases,
        members=members_of(explanation.scored.roster, item.person, item.person[item.case]),
    )


def model_tables(
    frame: BurnoutFrame, explanation: Explanation, model: PublishedModel, whole: Support
) -> tuple[Table, Table]:
    """The model in numbers, and what it is about: what another study reads."""
    told = explanation.told
    rows = [Row(key=("intercept", ""), values=_model_values(log_odds=model.intercept), support=whole)]
    for predictor in model.predictors:
        for name, part in predictor.parts.items():
            number = name == VALUE
            share = part.share
            if share is not None and not frame.in_full:
                share = round(share, SHARE_DIGITS)
            values = _model_values(
                log_odds=part.log_odds,
                centre=part.centre,
                centre_low=part.centre_low,
                centre_high=part.centre_high,
                scale=part.scale,
                share=share,
                stands_for=part.stands_for or None,
                unit=predictor.unit,
                label=predictor.label,
            )
            support = whole if number else support_of(frame, explanation, at_level(told, predictor, name))
            rows.append(Row(key=(predictor.name, name), values=values, support=support))
    return (
        Table(
            name=MODEL_TABLE,
            title="The model in numbers, for use on another study: log odds = intercept + Σ log odds × "
            "(value − centre) / scale, or of the level",
            keys=("predictor", "part"),
            measures=MODEL,
            rows=tuple(rows),
            partition=False,
            computation="iterative",
        ),
        _facts(explanation, model, whole),
    )


def _model_values(**given: CellValue) -> tuple[CellValue, ...]:
    return tuple(given.get(m.name) for m in MODEL)


def _facts(explanation: Explanation, model: PublishedModel, whole: Support) -> Table:
    """Declared numbers are words: the gate would round them like estimates."""
    scored = explanation.scored
    of_scored = replace(scored.support(), members=scored.members())
    found = explanation.told
    declared = _is_declared(model)
    given: dict[str, tuple[CellValue, str, Support]] = {
        "schema": (None, SCHEMA, whole),
        "name": (None, model.name, whole),
        "outcome": (None, model.outcome, whole),
        "outcome_label": (None, model.outcome_label, whole),
        "higher_is": (None, "worse" if model.higher_is_worse else "better", whole),
        "low": (None, repr(model.low), whole),
        "high": (None, repr(model.high), whole),
        "cut_off": (None, repr(model.cut_off), whole) if declared else (model.cut_off, "", whole),
        "case": (None, model.case, whole),
        "design": (None, model.design, whole),
        "waves": (None, ", ".join(found.waves), whole),
        "mean_log_odds": (model.mean, "", of_scored),
        "sd_log_odds": (model.spread, "", of_scored),
        "auc": (model.auc[0], "", of_scored),
        "auc_from": (model.auc[1], "", of_scored),
        "auc_to": (model.auc[2], "", of_scored),
    }
    return Table(
        name=FACTS_TABLE,
        title="What the model is about",
        keys=("fact",),
        measures=FACTS,
        rows=tuple(Row(key=(k,), values=(n, w), support=s) for k, (n, w, s) in given.items()),
        partition=False,
        computation="iterative",
    )


def _is_declared(model: PublishedModel) -> bool:
    return "cut-off found in" not in model.case
