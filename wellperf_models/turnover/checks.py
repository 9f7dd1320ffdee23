"""Statements about the turnover fits that can fail; each takes what it judges: a test can plant a fault."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wellperf_models.evidence import Check, Unanswered
from wellperf_models.inference.aalen_johansen import AalenJohansen
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.truncation import assess_truncation
from wellperf_models.turnover.frame import TurnoverFrame
from wellperf_models.turnover.model import CoxModel, Description, HazardModel, ValidationResult

_ALPHA = 0.05
_MIN_EVENTS_PER_PARAMETER = 10.0
_MIN_CLUSTERS = 40
_TOO_GOOD = 0.80
# the line that the questions of `wellperf check` draw too
_EXITS_PER_PREDICTOR = 20
_MAX_DISTANCE = 0.1


def check_description(frame: TurnoverFrame, description: Description) -> tuple[Check, ...]:
    """Checks of the described curves."""
    spells = frame.spells
    return (
        incidence_adds_up(description.incidence),
        risk_set_at_horizon(description.smallest_risk_set, frame.min_group_size),
        independent_truncation(spells.entry, spells.duration, spells.event),
    )


def check_cox(frame: TurnoverFrame, model: CoxModel | Unanswered) -> tuple[Check, ...]:
    """Checks of the Cox model; none of one that could not be fitted."""
    if isinstance(model, Unanswered):
        return ()
    rows = frame.rows
    none = np.zeros(0, np.int64)
    return (
        proportional_hazards(model.proportional),
        events_per_parameter(model.fit.n_events, len(model.columns)),
        number_of_clusters(model.fit.n_clusters, model.clustered_by),
        repeated_units(model.n_repeated, model.clustered_by),
        covariates_from_before(
            none if rows is None else rows.measured_day, none if rows is None else rows.period_day
        ),
    )


def check_hazard(model: HazardModel | Unanswered) -> tuple[Check, ...]:
    """Checks of the hazard on cells; one that could not be fitted leaves Cox without its second opinion."""
    if isinstance(model, Unanswered):
        return (Check(name="hazard_equals_cox", passed=False, text=model.words),)
    return (hazard_equals_cox(model.distance_from_cox),)


def check_validation(result: ValidationResult | Unanswered) -> tuple[Check, ...]:
    """Checks of the validation; none of one that could not be made."""
    if isinstance(result, Unanswered):
        return ()
    return (
        plausible_concordance(result.concordance.mean),
        exits_per_predictor(result.exits_per_parameter),
        every_fold_converged(result.n_failed, result.folds * result.repeats),
    )


def incidence_adds_up(curves: AalenJohansen) -> Check:
    """Survival and the cumulative incidences of all causes add up to 1 at every time."""
    off = np.abs(curves.incidence.sum(axis=1) + curves.survival - 1)
    worst = float(off.max()) if off.size else 0.0
    return Check(
        name="incidence_adds_up",
        passed=worst <= 1e-9,
        # below the tolerance the size of the rounding error says something about the machine only
        value=0.0 if worst <= 1e-9 else worst,
        threshold=1e-9,
        text="Still employed and left for each cause add up to everyone (largest gap {value}).",
        computation="exact",
    )


def risk_set_at_horizon(smallest: int, minimum: int) -> Check:
    """Up to the last tenure asked for, enough people are at risk at every exit."""
    return Check(
        name="risk_set_at_horizon",
        passed=smallest >= minimum,
        # a count of people: down to a multiple of 5
        value=float(5 * (smallest // 5)),
        threshold=float(minimum),
        text="At least {value} people are under observation at every exit up to the last tenure reported "
        "(needed: {threshold}).",
        computation="exact",
    )


def independent_truncation(entry: Floats, duration: Floats, event: Ints) -> Check:
    """When people came under observation says nothing about when they leave."""
    test = assess_truncation(entry, duration, event)
    if test is None:
        return Check(
            name="independent_truncation",
            passed=None,
            text="Nobody came under observation after hire, or all did at the same tenure: nothing to test.",
        )
    return Check(
        name="independent_truncation",
        passed=test.p_value >= _ALPHA,
        value=test.p_value,
        threshold=_ALPHA,
        text="Tenure on entering observation is unrelated to tenure at exit (conditional Kendall's tau, "
        "p = {value}; below {threshold} the curves mix people hired at different times).",
    )


def proportional_hazards(p_values: Mapping[str, float]) -> Check:
    """No covariate's hazard ratio changes with tenure (Schoenfeld residuals, Holm over covariates)."""
    adjusted = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    changing = sorted(name for name, p in adjusted.items() if p < _ALPHA)
    named = f" It changes for: {', '.join(changing)}." if changing else ""
    return Check(
        name="proportional_hazards",
        passed=not changing,
        value=min(adjusted.values()),
        threshold=_ALPHA,
        text="Hazard ratios stay the same over tenure (smallest Holm-corrected p = {value}, line at "
        "{threshold})." + named,
    )


def hazard_equals_cox(distance: float) -> Check:
    """Two roads to the same hazard ratios agree."""
    return Check(
        name="hazard_equals_cox",
        passed=distance <= _MAX_DISTANCE,
        value=distance,
        threshold=_MAX_DISTANCE,
        text="The monthly hazard on cells and Cox's partial likelihood differ by at most {value} standard "
        "errors (line at {threshold}).",
    )


def events_per_parameter(n_events: int, n_parameters: int) -> Check:
    """The model does not ask more than the exits can answer."""
    ratio = n_events / n_parameters
    return Check(
        name="events_per_parameter",
        passed=ratio >= _MIN_EVENTS_PER_PARAMETER,
        value=round(ratio, 1),
        threshold=_MIN_EVENTS_PER_PARAMETER,
        text="{value} exits per coefficient (at least {threshold}).",
        computation="exact",
    )


def number_of_clusters(n_clusters: int | None, clustered_by: str | None) -> Check:
    """Clustered errors rest on enough clusters."""
    if n_clusters is None:
        return Check(
            name="number_of_clusters",
            passed=None,
            text="The study names no cluster: errors take people as independent of each other.",
        )
    return Check(
        name="number_of_clusters",
        passed=n_clusters >= _MIN_CLUSTERS,
        value=float(n_clusters),
        threshold=float(_MIN_CLUSTERS),
        text=f"Errors are clustered by {str(clustered_by).replace('_', ' ')}: {{value}} clusters (below "
        "{threshold} they are too small).",
        computation="exact",
    )


def repeated_units(n_repeated: int, clustered_by: str | None) -> Check:
    """People with several spells are not taken as several people."""
    return Check(
        name="repeated_units",
        passed=n_repeated == 0 or clustered_by is not None,
        text="No person counts as several: nobody has several spells, or errors are clustered.",
        computation="exact",
    )


def covariates_from_before(measured_day: Ints, period_day: Ints) -> Check:
    """Every dated covariate was measured before the month it is used for."""
    late = int(np.sum(measured_day >= period_day))
    return Check(
        name="covariates_from_before",
        passed=late == 0 if measured_day.size else None,
        value=float(late) if measured_day.size else None,
        threshold=0.0,
        text="Values measured in or after the month they are used for: {value}."
        if measured_day.size
        else "No covariate has a date: that they were known before is the study's declaration.",
        computation="exact",
    )


def plausible_concordance(c: float) -> Check:
    """Better than this field ever gets means leakage until explained."""
    credible = c <= _TOO_GOOD
    return Check(
        name="plausible_concordance",
        passed=credible,
        value=c,
        threshold=_TOO_GOOD,
        text="The ordering (C = {value}) is not too good to be true (credible: .56 to .68; alarm above "
        "{threshold})."
        if credible
        else "The ordering (C = {value}) is too good to be true (credible: .56 to .68; alarm above "
        "{threshold}): look for a covariate that knows the outcome.",
    )


def exits_per_predictor(ratio: float) -> Check:
    """A model that predicts needs more exits a parameter than one that explains (Ogundimu et al. 2016)."""
    return Check(
        name="exits_per_predictor",
        passed=ratio >= _EXITS_PER_PREDICTOR,
        value=round(ratio, 1),
        threshold=float(_EXITS_PER_PREDICTOR),
        text="Exits for each coefficient of the predicting model: {value} (below {threshold} its order is "
        "unstable: the question needs more exits or fewer covariates).",
    )


def every_fold_converged(n_failed: int, n_folds: int) -> Check:
    """Every refit of the validation converged."""
    return Check(
        name="every_fold_converged",
        passed=n_failed == 0,
        value=float(n_failed),
        threshold=0.0,
        text=f"Refits that did not converge: {{value}} of {n_folds}.",
        computation="exact",
    )
