"""Evidence `turnover.explained`: what goes with leaving."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Provenance,
    Support,
    Table,
    Unanswered,
    unanswered,
)
from wellperf_models.inference.jackknife import FEW_CLUSTERS
from wellperf_models.turnover.checks import MIN_CLUSTERS
from wellperf_models.turnover.design import Column
from wellperf_models.turnover.findings_explain_tables import (
    bounded_exp,
    e_value_pair,
    level_table,
    other_models_table,
    ratio_table,
    support_of_column,
    tenure_table,
    time_ratio_table,
)
from wellperf_models.turnover.findings_explain_words import Told
from wellperf_models.turnover.findings_known import known_table
from wellperf_models.turnover.findings_members import members_of_panel, members_of_rows
from wellperf_models.turnover.findings_tables import table_left_out
from wellperf_models.turnover.model import CoxModel, HazardModel, Sensitivity
from wellperf_models.turnover.model_tenure import ByTenure
from wellperf_models.turnover.rows import TurnoverFrame

_LEAVING = "What goes with leaving?"


def explain(
    frame: TurnoverFrame,
    cox: CoxModel | Unanswered,
    hazard: HazardModel | Unanswered,
    checks: Sequence[Check],
    *,
    sensitivity: Sensitivity | Unanswered | None = None,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on associations; aggregates only.

    Args:
        frame: The turnover frame.
        cox: From `fit_cox`; an `Unanswered` gives an evidence that says why.
        hazard: From `fit_hazard`; its hazard ratios by level are tabled beside Cox's.
        checks: From `check_cox`, `check_hazard` and `check_sensitivity`.
        sensitivity: From `fit_sensitivity`: the same question to other models; None: not asked.
        provenance: Where the numbers come from.
    """
    if isinstance(cox, Unanswered):
        return unanswered(
            "turnover.explained", _LEAVING, cox, population=frame.population, provenance=provenance
        )
    ratios = tuple(
        _hazard_ratio(column, float(b), float(s), cox)
        for column, b, s in zip(cox.columns, cox.fit.beta, cox.fit.std_error, strict=True)
    )
    told = Told.of(frame, cox)
    return Evidence(
        id="turnover.explained",
        question=_LEAVING,
        answer=told.answer(),
        estimand=f"Ratio of the monthly rates of exit ({cox.cause.replace('_', ' ')}) between people of the "
        "same tenure who differ in one covariate and share the others, as known before the month; other "
        "causes count as censored. It is the large-sample target of this model, not an effect.",
        population=frame.population + "; those with every covariate known",
        design="association",
        provenance=provenance,
        estimates=(
            *ratios,
            *_e_values(ratios[told.leading], cox),
            *told.estimates(),
            *_frailty(sensitivity, cox),
        ),
        tables=_tables(frame, cox, hazard, sensitivity, ratios),
        checks=tuple(checks),
        assumptions=(
            "Hazard ratios do not change with tenure (tested; where they do, they are given by tenure).",
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
            *_other_models(sensitivity),
            *_unfitted(cox, sensitivity),
        ),
        members=members_of_rows(frame),
    )


def _tables(
    frame: TurnoverFrame,
    cox: CoxModel,
    hazard: HazardModel | Unanswered,
    sensitivity: Sensitivity | Unanswered | None,
    ratios: Sequence[Estimate],
) -> tuple[Table, ...]:
    found: list[Table | None] = [ratio_table(ratios, cox)]
    if isinstance(cox.by_tenure, ByTenure):
        found.append(tenure_table(frame, cox.by_tenure))
    if not isinstance(hazard, Unanswered):
        found.append(level_table(hazard, members_of_panel(frame)))
    if isinstance(sensitivity, Sensitivity):
        found += [other_models_table(cox, sensitivity), time_ratio_table(cox, sensitivity)]
    found.append(known_table(frame))
    if frame.left_out or frame.left_out_of_models:
        found.append(table_left_out(frame, models=True))
    return tuple(table for table in found if table is not None)


def _few_clusters(cox: CoxModel) -> tuple[str, ...]:
    if cox.fit.n_clusters is None or cox.fit.n_clusters >= FEW_CLUSTERS:
        return ()
    if cox.errors == "jackknife":
        doubt = (
            f" With fewer than {MIN_CLUSTERS} even these are not to be relied on."
            if cox.fit.n_clusters < MIN_CLUSTERS
            else ""
        )
        return (
            f"Errors rest on fewer than {FEW_CLUSTERS} clusters and are made for few (the model is fitted "
            "again without each of them): intervals are wide because clusters are few." + doubt,
        )
    return (
        f"Errors rest on fewer than {FEW_CLUSTERS} clusters, and a coefficient on one of them alone, so that "
        "errors made for few clusters do not exist: the intervals are too narrow and too many associations "
        "look clear.",
    )


def _other_models(sensitivity: Sensitivity | Unanswered | None) -> tuple[str, ...]:
    if not isinstance(sensitivity, Sensitivity):
        return ()
    return (
        "Other models: models of time take each month's values as if they had always held, and a frailty is "
        "that of who is under observation; they show what hangs on the choice of a model, not what is true.",
    )


def _unfitted(cox: CoxModel, sensitivity: Sensitivity | Unanswered | None) -> tuple[str, ...]:
    """What was asked for and could not be fitted."""
    found = []
    if isinstance(cox.by_tenure, Unanswered):
        found.append(f"Hazard ratios by tenure: {cox.by_tenure.words}")
    if isinstance(sensitivity, Unanswered):
        found.append(f"Other models: {sensitivity.words}")
    elif sensitivity is not None:
        for name, fit in (
            ("Weibull times", sensitivity.weibull),
            ("Log-logistic times", sensitivity.log_logistic),
            ("A shared frailty", sensitivity.frailty),
        ):
            if isinstance(fit, Unanswered):
                found.append(f"{name}: {fit.words}")
    return tuple(found)


def _hazard_ratio(column: Column, beta: float, error: float, cox: CoxModel) -> Estimate:
    quantile = cox.quantile
    return Estimate(
        name=f"hazard_ratio_{column.name}",
        label=column.label,
        value=bounded_exp(beta),
        low=bounded_exp(beta - quantile * error),
        high=bounded_exp(beta + quantile * error),
        coverage=0.95,
        interval="confidence",
        unit="hazard ratio",
        scale="log",
        se=error,
        support=support_of_column(column, cox.n_people, cox.n_leavers, cox.columns, cox.fit.n_clusters),
    )


def _e_values(leading: Estimate, cox: CoxModel) -> tuple[Estimate, Estimate]:
    """E-values of the clearest association and of the end of its interval nearer to 1."""
    value, limit = e_value_pair(leading, cox)
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


def _frailty(sensitivity: Sensitivity | Unanswered | None, cox: CoxModel) -> tuple[Estimate, ...]:
    """How much clusters differ in what nobody measured."""
    if not isinstance(sensitivity, Sensitivity) or isinstance(sensitivity.frailty, Unanswered):
        return ()
    fit = sensitivity.frailty
    shared = str(sensitivity.frailty_by).replace("_", " ")
    return (
        Estimate(
            name="frailty_variance",
            label=f"variance of the rate of leaving between {shared}s, the covariates being equal (mean 1)",
            value=fit.variance,
            low=fit.variance_low,
            high=fit.variance_high,
            coverage=0.95,
            interval="confidence",
            unit="variance",
            support=Support(
                n_people=cox.n_people,
                n_events=cox.n_leavers,
                n_non_events=cox.n_people - cox.n_leavers,
                residual_df=cox.n_leavers - len(cox.columns),
                n_parameters=len(cox.columns),
                n_clusters=fit.n_clusters,
            ),
        ),
    )
