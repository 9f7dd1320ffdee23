"""Evidence `turnover.explained` and `turnover.prediction`: what goes with leaving, and in which order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Measure,
    Members,
    Provenance,
    Row,
    Support,
    Table,
    Unanswered,
    unanswered,
)
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.sensitivity import e_value_of_hazard_ratio
from wellperf_models.panel import members_of
from wellperf_models.turnover.checks import MIN_CLUSTERS
from wellperf_models.turnover.design import Column
from wellperf_models.turnover.findings_tables import table_left_out
from wellperf_models.turnover.model import CoxModel, HazardModel, ValidationResult
from wellperf_models.turnover.model_cox import require_rows
from wellperf_models.turnover.rows import TurnoverFrame

_LEAVING = "What goes with leaving?"
_ORDERING = "How well can the risk of leaving be ordered?"
_RARE = 0.15
_ALPHA = 0.05


def explain(
    frame: TurnoverFrame,
    cox: CoxModel | Unanswered,
    hazard: HazardModel | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on associations; aggregates only.

    Args:
        frame: The turnover frame.
        cox: From `fit_cox`; an `Unanswered` gives an evidence that says why.
        hazard: From `fit_hazard`; its hazard ratios by level are tabled beside Cox's.
        checks: From `check_cox` and `check_hazard`.
        provenance: Where the numbers come from.
    """
    if isinstance(cox, Unanswered):
        return unanswered(
            "turnover.explained", _LEAVING, cox, population=frame.population, provenance=provenance
        )
    quantile = _quantile(cox.fit.n_clusters)
    ratios = tuple(
        _hazard_ratio(column, float(b), float(s), cox, quantile)
        for column, b, s in zip(cox.columns, cox.fit.beta, cox.fit.std_error, strict=True)
    )
    leading = int(np.argmax(np.abs(cox.fit.beta) / cox.fit.std_error))
    tables = [
        _ratio_table("hazard_ratios", "Hazard ratios, all covariates together (Cox)", ratios, cox),
    ]
    if not isinstance(hazard, Unanswered):
        tables.append(_hazard_table(hazard, _members_of_panel(frame)))
    if frame.left_out:
        tables.append(table_left_out(frame))
    return Evidence(
        id="turnover.explained",
        question=_LEAVING,
        answer=_answer(cox, quantile),
        estimand=f"Ratio of the monthly rates of exit ({cox.cause.replace('_', ' ')}) between people of the "
        "same tenure who differ in one covariate and share the others, as known before the month; other "
        "causes count as censored. It is the large-sample target of this model, not an effect.",
        population=frame.population + "; those with every covariate known",
        design="association",
        provenance=provenance,
        estimates=(*ratios, *_e_values(ratios[leading], cox)),
        tables=tuple(tables),
        checks=tuple(checks),
        assumptions=(
            "Hazard ratios do not change with tenure (tested).",
            "Given the covariates, who is not measured leaves like who is.",
            "Given the covariates, other exits and censoring have nothing to do with this kind of exit.",
        ),
        limits=(
            "An association: whatever is not in the model may lie behind it. The E-value says how strong it "
            "would have to be.",
            "Hazard ratios shrink towards 1 with differences between people that nobody measured.",
            "What was known may be months old: the last value before the month is used, however old it is.",
            "Workload and strain drive each other: adjusting for one hides part of the other.",
            *_few_clusters(cox),
        ),
        members=_members_of_rows(frame),
    )


def predict(
    frame: TurnoverFrame,
    result: ValidationResult | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on foretelling the order of exits.

    Args:
        frame: The turnover frame.
        result: From `validate`; an `Unanswered` gives an evidence that says why.
        checks: From `check_validation`.
        provenance: Where the numbers come from.
    """
    if isinstance(result, Unanswered):
        return unanswered(
            "turnover.prediction", _ORDERING, result, population=frame.population, provenance=provenance
        )
    c = result.concordance
    estimate = Estimate(
        name="concordance",
        label="concordance (C) for people the model has not seen",
        value=c.mean,
        low=max(0.0, c.low),
        high=min(1.0, c.high),
        coverage=0.95,
        interval="confidence",
        unit="C (0.5 is chance, 1 is perfect order)",
        se=c.std_error,
        support=Support(
            n_people=result.n_people,
            n_events=result.n_leavers,
            n_non_events=result.n_people - result.n_leavers,
            n_parameters=result.n_parameters,
            residual_df=result.n_leavers - result.n_parameters,
        ),
    )
    kept = {"person": "every person", "covariate_pattern": "people alike in every covariate"}
    together = kept.get(result.group_by, "every cluster")
    return Evidence(
        id="turnover.prediction",
        question=_ORDERING,
        answer="Shown one who leaves and another of the same tenure who is still at work, the model ranks "
        "the leaver higher with a concordance of {concordance.estimate}; 0.5 is a coin.",
        estimand="Probability that, of two people of the same tenure at work at the time one of them leaves "
        f"({frame.causes[0].replace('_', ' ')}), the model ranks the leaver higher; over {result.repeats} × "
        f"{result.folds} folds that keep {together} together.",
        population=frame.population + "; those with every covariate known",
        design="prediction",
        provenance=provenance,
        estimates=(estimate,),
        checks=tuple(checks),
        assumptions=(
            "The future resembles the months observed.",
            "Nothing among the covariates was recorded after the fact.",
        ),
        limits=(
            "An order of groups, not a forecast for a person: never to be used to decide on anyone.",
            "The interval is over repeated folds (Nadeau–Bengio); it does not carry over to another firm.",
            "Only pairs of the same tenure are compared.",
        ),
        members=_members_of_rows(frame),
    )


def _members_of_rows(frame: TurnoverFrame) -> Members:
    """Who the Cox model and its validation rest on."""
    rows = require_rows(frame)
    return members_of(frame.roster, rows.person, rows.person[rows.event == 1])


def _members_of_panel(frame: TurnoverFrame) -> Members:
    """Who the hazard rests on: its "not measured" is a level, so they are others than Cox's."""
    assert frame.panel is not None
    person, left = frame.panel["person"].to_numpy(), frame.panel["left"].to_numpy()
    return members_of(frame.roster, person, person[left])


def _few_clusters(cox: CoxModel) -> tuple[str, ...]:
    if cox.fit.n_clusters is None or cox.fit.n_clusters >= MIN_CLUSTERS:
        return ()
    return (
        f"Errors rest on fewer than {MIN_CLUSTERS} clusters: the intervals are too narrow and too many "
        "associations look clear. Errors made for few clusters (CR2), which the effects of a programme have, "
        "do not exist here for hazards.",
    )


def _quantile(n_clusters: int | None) -> float:
    """Normal, or t with clusters − 1 degrees of freedom."""
    from scipy import stats

    if n_clusters is None:
        return float(stats.norm.ppf(0.975))
    return float(stats.t.ppf(0.975, n_clusters - 1))


def _hazard_ratio(column: Column, beta: float, error: float, cox: CoxModel, quantile: float) -> Estimate:
    return Estimate(
        name=f"hazard_ratio_{column.name}",
        label=column.label,
        value=math.exp(beta),
        low=math.exp(beta - quantile * error),
        high=math.exp(beta + quantile * error),
        coverage=0.95,
        interval="confidence",
        unit="hazard ratio",
        scale="log",
        se=error,
        support=_support(column, cox.n_people, cox.n_leavers, cox.columns, cox.fit.n_clusters),
    )


def _support(
    column: Column, n_people: int, n_leavers: int, columns: Sequence[Column], n_clusters: int | None
) -> Support:
    smallest = [c.n_people for c in columns if c.two_sided]
    return Support(
        n_people=n_people,
        n_events=column.n_events,
        n_non_events=column.n_non_events,
        residual_df=n_leavers - len(columns),
        n_parameters=len(columns),
        smallest_level=min(smallest) if smallest else None,
        n_clusters=n_clusters,
    )


def _answer(cox: CoxModel, quantile: float) -> str:
    """Names what is clear after Holm over covariates, the clearest first; association words only."""
    clear = _clear(cox)
    what = f"exits ({cox.cause.replace('_', ' ')})"
    if not clear:
        return f"No covariate is clearly associated with {what}, after correction for looking at several."
    told: dict[str, list[str]] = {"more": [], "less": []}
    for index in clear[:3]:
        column = cox.columns[index]
        per = "" if column.spread is None else " per standard deviation"
        ratio = f"hazard ratio {{hazard_ratio_{column.name}.estimate}}{per}"
        label = column.label.removesuffix(" (per standard deviation)")
        told["more" if cox.fit.beta[index] > 0 else "less"].append(f"{label}, {ratio}")
    parts = [f"{often} frequent with: {'; '.join(items)}" for often, items in told.items() if items]
    found = ". They are ".join(parts)
    return f"Other covariates equal, {what} are {found}. These are associations, not effects."


def _clear(cox: CoxModel) -> list[int]:
    """Columns whose Holm-corrected two-sided p is below .05, clearest first."""
    from scipy import stats

    z = np.abs(cox.fit.beta) / cox.fit.std_error
    df = np.inf if cox.fit.n_clusters is None else cox.fit.n_clusters - 1
    adjusted = holm((2 * stats.t.sf(z, df)).tolist())
    return [int(i) for i in np.argsort(-z, kind="stable") if adjusted[int(i)] < _ALPHA]


def _e_values(leading: Estimate, cox: CoxModel) -> tuple[Estimate, Estimate]:
    """E-values of the clearest association and of the end of its interval nearer to 1."""
    value, limit = _e_value_pair(leading, cox)
    return (
        Estimate(
            name="e_value",
            label=f"E-value of the clearest association ({leading.label})",
            value=value,
            unit="risk ratio",
            support=leading.support,
        ),
        Estimate(
            name="e_value_limit",
            label="E-value of the end of its interval nearer to 1",
            value=limit,
            unit="risk ratio",
            support=leading.support,
        ),
    )


def _e_value_pair(ratio: Estimate, cox: CoxModel) -> tuple[float, float]:
    """E-values of an association and of the end of its interval nearer to 1 (1 where that holds 1)."""
    assert ratio.low is not None
    assert ratio.high is not None
    rare = cox.n_leavers / cox.n_people < _RARE
    nearer = ratio.low if ratio.value > 1 else ratio.high
    limit = 1.0 if ratio.low <= 1 <= ratio.high else e_value_of_hazard_ratio(nearer, rare=rare)
    return e_value_of_hazard_ratio(ratio.value, rare=rare), limit


_RATIO_MEASURES = (
    Measure(name="hazard_ratio", kind="model", unit="hazard ratio", label="Hazard ratio"),
    Measure(name="low", kind="model", unit="hazard ratio", label="95 % from"),
    Measure(name="high", kind="model", unit="hazard ratio", label="to"),
)
_E_VALUE_MEASURES = (
    Measure(name="e_value", kind="model", unit="risk ratio", label="E-value"),
    Measure(
        name="e_value_limit",
        kind="model",
        unit="risk ratio",
        label="E-value of the interval's end nearer to 1",
    ),
)


def _ratio_table(name: str, title: str, ratios: Sequence[Estimate], cox: CoxModel) -> Table:
    return Table(
        name=name,
        title=title,
        keys=("covariate",),
        measures=(*_RATIO_MEASURES, *_E_VALUE_MEASURES),
        rows=tuple(
            Row(key=(e.label,), values=(e.value, e.low, e.high, *_e_value_pair(e, cox)), support=e.support)
            for e in ratios
        ),
        partition=False,
        computation="iterative",
    )


def _hazard_table(hazard: HazardModel, members: Members) -> Table:
    errors = hazard.fit.std_error
    # its rows are other rows than Cox's, so it may rest on other clusters
    quantile = _quantile(hazard.fit.n_clusters)
    rows = []
    for column, b, s in zip(hazard.columns, hazard.fit.beta, errors, strict=True):
        support = replace(
            _support(column, hazard.n_people, hazard.n_leavers, hazard.columns, hazard.fit.n_clusters),
            members=members,
        )
        values = tuple(math.exp(v) for v in (b, b - quantile * s, b + quantile * s))
        rows.append(Row(key=(column.label,), values=values, support=support))
    bands = "bands of tenure" if hazard.band_edges is not None else "one baseline a month"
    return Table(
        name="hazard_ratios_by_level",
        title=f"Hazard ratios by level, everyone at risk (monthly hazard on cells, {bands})",
        keys=("covariate",),
        measures=_RATIO_MEASURES,
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )
