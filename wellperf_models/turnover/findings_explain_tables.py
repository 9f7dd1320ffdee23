"""Tables of `turnover.explained`: ratios on average, by level, by tenure and by other models; when known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wellperf_models.evidence import (
    Estimate,
    Measure,
    Members,
    Row,
    Support,
    Table,
    Unanswered,
    interval_measures,
)
from wellperf_models.inference.aft import AftFit
from wellperf_models.inference.sensitivity import e_value_of_hazard_ratio
from wellperf_models.panel import members_of
from wellperf_models.turnover.design import Column
from wellperf_models.turnover.model import CoxModel, HazardModel, Sensitivity
from wellperf_models.turnover.model_cox import quantile_of
from wellperf_models.turnover.model_tenure import BandRatio, ByTenure
from wellperf_models.turnover.rows import TurnoverFrame

_RARE = 0.15

_RATIO_MEASURES = (*interval_measures("hazard_ratio", "Hazard ratio", unit="hazard ratio", ends=""),)
_E_VALUE_MEASURES = (
    Measure(name="e_value", kind="model", unit="risk ratio", label="E-value"),
    Measure(
        name="e_value_limit",
        kind="model",
        unit="risk ratio",
        label="E-value of the interval's end nearer to 1",
    ),
)
_TIME_MEASURES = (*interval_measures("time_ratio", "Time ratio", unit="time ratio", ends=""),)


def support_of_column(
    column: Column, n_people: int, n_leavers: int, columns: Sequence[Column], n_clusters: int | None
) -> Support:
    """What the coefficient of a column rests on, among others in one model."""
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


def e_value_pair(ratio: Estimate, cox: CoxModel) -> tuple[float, float]:
    """E-values of an association and of the end of its interval nearer to 1 (1 where that holds 1)."""
    assert ratio.low is not None
    assert ratio.high is not None
    rare = cox.n_leavers / cox.n_people < _RARE
    nearer = ratio.low if ratio.value > 1 else ratio.high
    limit = 1.0 if ratio.low <= 1 <= ratio.high else e_value_of_hazard_ratio(nearer, rare=rare)
    return e_value_of_hazard_ratio(ratio.value, rare=rare), limit


def ratio_table(ratios: Sequence[Estimate], cox: CoxModel) -> Table:
    """Hazard ratios of the Cox model with their E-values."""
    return Table(
        name="hazard_ratios",
        title="Hazard ratios, all covariates together (Cox)",
        keys=("covariate",),
        measures=(*_RATIO_MEASURES, *_E_VALUE_MEASURES),
        rows=tuple(
            Row(key=(e.label,), values=(e.value, e.low, e.high, *e_value_pair(e, cox)), support=e.support)
            for e in ratios
        ),
        partition=False,
        computation="iterative",
    )


def level_table(hazard: HazardModel, members: Members) -> Table:
    """Hazard ratios by level of the binned covariates: other rows than Cox's, "not measured" among them."""
    errors = hazard.fit.std_error
    # its rows are other rows than Cox's, so it may rest on other clusters
    quantile = quantile_of(hazard.fit.n_clusters)
    rows = []
    for column, b, s in zip(hazard.columns, hazard.fit.beta, errors, strict=True):
        support = replace(
            support_of_column(
                column, hazard.n_people, hazard.n_leavers, hazard.columns, hazard.fit.n_clusters
            ),
            members=members,
        )
        rows.append(Row(key=(column.label,), values=_ratios(b, s, quantile), support=support))
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


def tenure_table(frame: TurnoverFrame, by_tenure: ByTenure) -> Table:
    """Hazard ratios within bands of tenure, of the covariates whose ratio changes."""
    quantile = quantile_of(by_tenure.n_clusters)
    return Table(
        name="hazard_ratios_by_tenure",
        title="Hazard ratios by tenure, where the average hides that they change",
        keys=("covariate", "tenure"),
        measures=_RATIO_MEASURES,
        rows=tuple(
            Row(
                key=(ratio.column.label, tenure_words(ratio)),
                values=_ratios(ratio.beta, ratio.std_error, quantile),
                support=support_of_band(frame, ratio, by_tenure),
            )
            for ratio in by_tenure.ratios
        ),
        partition=False,
        computation="iterative",
    )


def support_of_band(frame: TurnoverFrame, ratio: BandRatio, by_tenure: ByTenure) -> Support:
    """People at risk in the band, and who left in it."""
    return Support(
        n_people=ratio.people.size,
        n_events=ratio.n_events,
        n_non_events=ratio.n_non_events,
        residual_df=by_tenure.n_events - by_tenure.n_parameters,
        n_parameters=by_tenure.n_parameters,
        smallest_level=ratio.smallest_level,
        n_clusters=by_tenure.n_clusters,
        members=members_of(frame.roster, ratio.people, ratio.leavers),
    )


def tenure_words(ratio: BandRatio) -> str:
    """A band of tenure as a reader says it."""
    if ratio.start == 0:
        return f"up to {ratio.end:g} months"
    if math.isinf(ratio.end):
        return f"over {ratio.start:g} months"
    return f"{ratio.start:g} to {ratio.end:g} months"


def other_models_table(cox: CoxModel, sensitivity: Sensitivity) -> Table | None:
    """Hazard ratios of Cox, with a frailty, and of a Weibull model; None where Cox is alone."""
    models = [("Cox", cox.fit.beta, cox.fit.std_error)]
    if not isinstance(sensitivity.frailty, Unanswered):
        shared = str(sensitivity.frailty_by).replace("_", " ")
        fitted = sensitivity.frailty
        models.append((f"frailty shared by {shared}", fitted.beta, fitted.std_error))
    if not isinstance(sensitivity.weibull, Unanswered):
        fit = sensitivity.weibull
        models.append(("Weibull", -fit.beta / fit.scale, _errors_of_hazard_ratio(fit)))
    if len(models) < 2:
        return None
    rows = [
        Row(
            key=(column.label, model),
            values=_ratios(beta[j], error[j], cox.quantile),
            support=_support(column, cox),
        )
        for j, column in enumerate(cox.columns)
        for model, beta, error in models
    ]
    return Table(
        name="other_models",
        title="The same question to other models: hazard ratios",
        keys=("covariate", "model"),
        measures=_RATIO_MEASURES,
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def time_ratio_table(cox: CoxModel, sensitivity: Sensitivity) -> Table | None:
    """By how much time until exit is longer or shorter; None where no such model was fitted."""
    fits = (("Weibull", sensitivity.weibull), ("log-logistic", sensitivity.log_logistic))
    rows = [
        Row(
            key=(column.label, model),
            values=_ratios(fit.beta[j], fit.std_error[j], cox.quantile),
            support=_support(column, cox),
        )
        for j, column in enumerate(cox.columns)
        for model, fit in fits
        if not isinstance(fit, Unanswered)
    ]
    if not rows:
        return None
    return Table(
        name="time_ratios",
        title="The same question in time: how many times as long people stay (below 1: they leave sooner)",
        keys=("covariate", "model"),
        measures=_TIME_MEASURES,
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def _support(column: Column, cox: CoxModel) -> Support:
    return support_of_column(column, cox.n_people, cox.n_leavers, cox.columns, cox.fit.n_clusters)


def _errors_of_hazard_ratio(fit: AftFit) -> np.ndarray:
    """Of −β/σ, by the delta method: derivatives −1/σ by β and β/σ by log σ."""
    chosen = fit.covariance if fit.robust_covariance is None else fit.robust_covariance
    p = fit.beta.size
    variance = (
        np.diag(chosen)[:p] - 2 * fit.beta * chosen[:p, p] + fit.beta**2 * chosen[p, p]
    ) / fit.scale**2
    return np.asarray(np.sqrt(variance))


def _ratios(beta: float, error: float, quantile: float) -> tuple[float, float, float]:
    b, s = float(beta), float(error)
    return bounded_exp(b), bounded_exp(b - quantile * s), bounded_exp(b + quantile * s)


def bounded_exp(value: float) -> float:
    """eˣ, and a number also where an interval from two clusters has no end."""
    return math.exp(max(-500.0, min(value, 500.0)))
