"""Statements about the turnover fits that can fail; each takes what it judges: a test can plant a fault."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wellperf_models.disclosure.rules import floor_count
from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.inference.aalen_johansen import AalenJohansen
from wellperf_models.inference.jackknife import FEW_CLUSTERS
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.proportional_hazards import changing_covariates
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.truncation import assess_truncation
from wellperf_models.turnover.checks_description import check_spells
from wellperf_models.turnover.errors_few_clusters import Errors
from wellperf_models.turnover.model import CoxModel, Description, HazardModel, ValidationResult
from wellperf_models.turnover.rows import TurnoverFrame

_ALPHA = 0.05
_MIN_EVENTS_PER_PARAMETER = 10.0
# below it not even the errors made for few clusters are to be relied on: see tests/recovery/few_clusters.py
MIN_CLUSTERS = 10
_TOO_GOOD = 0.80
# the line that the questions of `wellperf check` draw too
_EXITS_PER_PREDICTOR = 20
_MAX_DISTANCE = 0.1


def check_description(frame: TurnoverFrame, description: Description | Unanswered) -> tuple[Check, ...]:
    """Checks of the described curves; of those that could not be fitted, what is wrong with the extract."""
    if isinstance(description, Unanswered):
        return check_spells(frame)
    spells = frame.spells
    return (
        *check_spells(frame),
        incidence_adds_up(description.incidence),
        risk_set_at_horizon(description.smallest_risk_set, frame.min_group_size),
        independent_truncation(
            spells.entry, spells.duration, spells.event, _support(frame.n_people, description.n_leavers)
        ),
    )


def check_cox(frame: TurnoverFrame, model: CoxModel | Unanswered) -> tuple[Check, ...]:
    """Checks of the Cox model; none of one that could not be fitted."""
    if isinstance(model, Unanswered):
        return ()
    rows = frame.rows
    none = np.zeros(0, np.int64)
    support = _support(model.n_people, model.n_leavers)
    return (
        proportional_hazards(model.proportional, support),
        events_per_parameter(model.fit.n_events, len(model.columns)),
        number_of_clusters(model.fit.n_clusters, model.clustered_by, model.errors),
        repeated_units(model.n_repeated, model.clustered_by),
        covariates_from_before(
            none if rows is None else rows.measured_day, none if rows is None else rows.period_day
        ),
    )


def check_hazard(model: HazardModel | Unanswered) -> tuple[Check, ...]:
    """Checks of the hazard on cells; one that could not be fitted leaves Cox without its second opinion."""
    if isinstance(model, Unanswered):
        return (Check(name="hazard_equals_cox", passed=False, text=model.words),)
    return (hazard_equals_cox(model.distance_from_cox, _support(model.n_people, model.n_leavers)),)


def check_validation(result: ValidationResult | Unanswered) -> tuple[Check, ...]:
    """Checks of the validation; none of one that could not be made."""
    if isinstance(result, Unanswered):
        return ()
    return (
        plausible_concordance(result.concordance.mean, _support(result.n_people, result.n_leavers)),
        exits_per_predictor(result.n_leavers, result.n_parameters),
        every_fold_converged(
            result.n_failed,
            result.folds * result.repeats,
            n_without_pairs=result.n_without_pairs,
            n_without_model=result.n_without_model,
        ),
    )


def _support(n_people: int, n_leavers: int) -> Support:
    """What a check's number rests on: where an estimate would be kept back, it is too."""
    return Support(n_people=n_people, n_events=n_leavers, n_non_events=n_people - n_leavers)


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
    """Up to the last tenure asked for, enough people are at risk all along."""
    return Check(
        name="risk_set_at_horizon",
        passed=smallest >= minimum,
        value=float(floor_count(smallest)),
        threshold=float(minimum),
        text="At least {value} people are under observation at every tenure up to the last one asked for "
        "(needed: {threshold}).",
        computation="exact",
    )


def independent_truncation(
    entry: Floats, duration: Floats, event: Ints, support: Support | None = None
) -> Check:
    """When people came under observation says nothing about when they leave.

    A pass is weak evidence: of worlds in which people hired earlier leave at a moderately different rate the
    test finds about one in five (500 people). A failure says more than a pass.
    """
    test = assess_truncation(entry, duration, event)
    if test is None:
        return Check(
            name="independent_truncation",
            passed=None,
            text="Nobody came under observation after hire, or all did at the same tenure: nothing to test.",
        )
    passed = test.p_value >= _ALPHA
    return Check(
        name="independent_truncation",
        passed=passed,
        value=test.p_value,
        threshold=_ALPHA,
        support=support,
        text="No sign that tenure on entering observation goes with tenure at exit (conditional Kendall's "
        "tau, p = {value}, line at {threshold}). A pass is weak evidence: the test seldom finds a moderate "
        "difference between people hired at different times."
        if passed
        else "People hired at different times leave differently: the curves mix them, and fit none of them "
        "exactly. (Tenure on entering observation goes with tenure at exit, conditional Kendall's tau: "
        "p = {value}; below {threshold} for one clean organisation in twenty, too.)",
    )


def proportional_hazards(p_values: Mapping[str, float], support: Support | None = None) -> Check:
    """No covariate's hazard ratio changes with tenure (Schoenfeld residuals, Holm over covariates)."""
    changing = sorted(changing_covariates(p_values))
    return Check(
        name="proportional_hazards",
        passed=not changing,
        value=min(holm(list(p_values.values()))),
        threshold=_ALPHA,
        support=support,
        text="No sign that hazard ratios change over tenure (smallest Holm-corrected p = {value}, line at "
        "{threshold})."
        if not changing
        else f"Hazard ratios change over tenure for {', '.join(changing)}: read them as averages over the "
        "tenures observed, beside those by tenure (smallest Holm-corrected p = {value}, line at "
        "{threshold}).",
    )


def hazard_equals_cox(distance: float, support: Support | None = None) -> Check:
    """Two roads to the same hazard ratios agree."""
    return Check(
        name="hazard_equals_cox",
        passed=distance <= _MAX_DISTANCE,
        value=distance,
        threshold=_MAX_DISTANCE,
        support=support,
        text="The monthly hazard on cells and Cox's partial likelihood differ by at most {value} standard "
        "errors (line at {threshold}).",
    )


def events_per_parameter(n_events: int, n_parameters: int) -> Check:
    """The model does not ask more than the exits can answer."""
    ratio = n_events / n_parameters
    return Check(
        name="events_per_parameter",
        passed=ratio >= _MIN_EVENTS_PER_PARAMETER,
        # from a rounded count: the exact one times the coefficients in print would be the exits
        value=round(floor_count(n_events) / n_parameters, 1),
        threshold=_MIN_EVENTS_PER_PARAMETER,
        text="About {value} exits per coefficient (needed: {threshold}).",
        computation="exact",
    )


def number_of_clusters(
    n_clusters: int | None, clustered_by: str | None, errors: Errors = "sandwich"
) -> Check:
    """Clustered errors rest on enough clusters: 40 for the sandwich, 10 for those made for few clusters."""
    if n_clusters is None:
        return Check(
            name="number_of_clusters",
            passed=None,
            text="The study names no cluster: errors take people as independent of each other.",
        )
    least = MIN_CLUSTERS if errors == "jackknife" else FEW_CLUSTERS
    made = f"Errors are clustered by {str(clustered_by).replace('_', ' ')}"
    if errors == "jackknife":
        made += ", and made for few clusters by leaving out one after the other"
    return Check(
        name="number_of_clusters",
        passed=n_clusters >= least,
        value=float(floor_count(n_clusters)),
        threshold=float(least),
        text=f"{made}: at least {{value}} clusters (below {{threshold}} the errors are too small).",
        computation="exact",
    )


def repeated_units(n_repeated: int, clustered_by: str | None) -> Check:
    """People with several spells are not taken as several people."""
    passed = n_repeated == 0 or clustered_by is not None
    return Check(
        name="repeated_units",
        passed=passed,
        text="No person counts as several: nobody has several spells, or errors are clustered."
        if passed
        else "People who came back count as several people, so errors are too small: set turnover.cluster to "
        '"person".',
        computation="exact",
    )


def covariates_from_before(measured_day: Ints, period_day: Ints) -> Check:
    """Every dated covariate was measured before the month it is used for."""
    late = bool(np.any(measured_day >= period_day))
    text = "No covariate has a date: that they were known before is the study's declaration."
    if measured_day.size:
        text = (
            "Some values were measured in or after the month they are used for."
            if late
            else "No value was measured in or after the month it is used for."
        )
    return Check(
        name="covariates_from_before",
        passed=not late if measured_day.size else None,
        text=text,
        computation="exact",
    )


def plausible_concordance(c: float, support: Support | None = None) -> Check:
    """Better than this field ever gets means leakage until explained."""
    credible = c <= _TOO_GOOD
    return Check(
        name="plausible_concordance",
        passed=credible,
        value=c,
        threshold=_TOO_GOOD,
        support=support,
        text="The ordering (C = {value}) is not too good to be true (credible: .56 to .68; alarm above "
        "{threshold})."
        if credible
        else "The ordering (C = {value}) is too good to be true (credible: .56 to .68; alarm above "
        "{threshold}): look for a covariate that knows the outcome.",
    )


def exits_per_predictor(n_events: int, n_parameters: int) -> Check:
    """A model that predicts needs more exits a parameter than one that explains (Ogundimu et al. 2016)."""
    return Check(
        name="exits_per_predictor",
        passed=n_events >= _EXITS_PER_PREDICTOR * n_parameters,
        value=round(floor_count(n_events) / n_parameters, 1),
        threshold=float(_EXITS_PER_PREDICTOR),
        text="Exits for each coefficient of the predicting model: {value} (below {threshold} its order is "
        "unstable: the question needs more exits or fewer covariates).",
    )


def every_fold_converged(
    n_failed: int, n_folds: int, *, n_without_pairs: int = 0, n_without_model: int = 0
) -> Check:
    """Every refit of the validation converged, and every fold could be scored with a model.

    Args:
        n_failed: Refits that failed.
        n_folds: Folds in all repeats.
        n_without_pairs: Folds that could not be scored, as they hold no comparable pair.
        n_without_model: Folds scored as a coin (.5), as no level had exits enough for a refit.
    """
    lost = [f" Folds without a comparable pair: {n_without_pairs}."] if n_without_pairs else []
    coin = [f" Folds without a model (every level too rare), counted as a coin: {n_without_model}."]
    return Check(
        name="every_fold_converged",
        passed=n_failed == 0 and n_without_pairs == 0 and n_without_model == 0,
        value=float(n_failed),
        threshold=0.0,
        text=f"Refits that did not converge: {{value}} of {n_folds}."
        + "".join(lost + (coin if n_without_model else [])),
        computation="exact",
    )
