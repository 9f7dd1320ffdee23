"""Statements about the policy models that can fail; each takes what it judges: a test can plant a fault."""

from __future__ import annotations

import math
from collections.abc import Sequence

from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.turnover.checks import events_per_parameter, number_of_clusters
from wellperf_models.turnover.policy.model import PolicyFit, PolicyResult
from wellperf_models.turnover.policy.model_effects import Effect
from wellperf_models.turnover.policy.model_weighting import HARDLY_EVER

# of standard errors between what is simulated and what was seen
_GAP = 3.0
# of a standard deviation of the covariate between simulated and seen means, where that is _GAP errors
_COURSE_GAP = 0.15
# share of person-months a policy may ask what is hardly ever seen in
MOST_UNSUPPORTED = 0.2
_WEIGHT_GAP = 0.05
# share of person-months the weights may leave in effect
_LEAST_EFFECTIVE = 0.2


def check_policies(fit: PolicyFit | Unanswered) -> tuple[Check, ...]:
    """Checks of the policy models; none of ones that could not be fitted."""
    if isinstance(fit, Unanswered):
        return ()
    support = support_of(fit)
    several = len(fit.results) > 1
    found = [
        natural_course_of_exits([r.effects for r in fit.results], support),
        natural_course_of_covariates(fit, support),
    ]
    for result in fit.results:
        suffix = f"_{result.name}" if several else ""
        found.append(positivity(result, suffix, support))
        found.append(estimators_agree(result, suffix, support))
    found += [
        weights_centred([r.weighting.mean_weight for r in fit.results], support),
        weights_effective([r.weighting.effective_size / r.weighting.n_rows for r in fit.results], support),
        time_order(late=fit.late),
        refits_settled(fit.n_failed, fit.n_refits),
        events_per_parameter(fit.n_events, fit.n_parameters),
        number_of_clusters(fit.n_clusters, fit.clustered_by),
    ]
    return tuple(found)


def support_of(fit: PolicyFit) -> Support:
    """What every number of the fit rests on: everyone in the models, the exits of the smallest cohort."""
    smallest = min(fit.results, key=lambda r: r.leavers.size)
    return Support(
        n_people=fit.people.size,
        n_events=smallest.leavers.size,
        n_non_events=min(r.person.size - r.leavers.size for r in fit.results),
        residual_df=fit.n_events - fit.n_parameters,
        n_parameters=fit.n_parameters,
        n_clusters=fit.n_clusters,
    )


def natural_course_of_exits(effects: Sequence[dict[str, Effect]], support: Support | None = None) -> Check:
    """Simulated as things are, as many leave as did, for the first cause and for any."""
    gaps = [e[name] for e in effects for name in ("observed_gap_per_100", "observed_gap_all_per_100")]
    worst = max(gaps, key=lambda g: abs(g.value) / max(g.error, 1e-12))
    ratio = abs(worst.value) / max(worst.error, 1e-12)
    return Check(
        name="natural_course_of_exits",
        passed=ratio <= _GAP,
        value=ratio,
        threshold=_GAP,
        support=support,
        computation="sampled",
        monte_carlo_error=worst.monte_carlo_error / max(worst.error, 1e-12),
        text="Simulated as things are, about as many people leave as did: at most {value} standard errors "
        "apart (line at {threshold})."
        if ratio <= _GAP
        else "Simulated as things are, not as many people leave as did: {value} standard errors apart "
        "(line at {threshold}). The models do not describe these data.",
    )


def natural_course_of_covariates(fit: PolicyFit, support: Support | None = None) -> Check:
    """Simulated as things are, the covariates are on average where they were seen to be.

    A gap must be large and more than chance: among few people a mean is off by more than the line.
    """
    gaps = [
        (dated.label, abs(float(gap)) / dated.spread, max(_COURSE_GAP, _GAP * float(error) / dated.spread))
        for result in fit.results
        for dated, gap, error in zip(
            fit.dated,
            result.natural.course[-1] - result.observed_course[-1],
            result.course_error,
            strict=True,
        )
    ]
    name, worst, line = max(gaps, key=lambda told: told[1] / told[2])
    return Check(
        name="natural_course_of_covariates",
        passed=worst <= line,
        value=worst,
        threshold=line,
        support=support,
        computation="sampled",
        # of a mean over the cohort, in the covariate's standard deviations
        monte_carlo_error=1 / math.sqrt(fit.results[0].n_pairs),
        text="Simulated as things are, what is measured over time ends where it was seen to end: "
        f"“{name}” is furthest off, by {{value}} of its standard deviation (line at {{threshold}}: "
        f"{_COURSE_GAP:g}, or {_GAP:g} standard errors where those are more).",
    )


def positivity(result: PolicyResult, suffix: str = "", support: Support | None = None) -> Check:
    """The policy asks for what people with such a past do have at times (Petersen et al. 2012)."""
    passed = result.unsupported <= MOST_UNSUPPORTED
    told = (
        f"In {{value}} of all person-months it asks for a course that fewer than "
        f"{100 * HARDLY_EVER:g} in 100 "
        "people with the same past have (line at {threshold})."
    )
    return Check(
        name=f"positivity{suffix}",
        passed=passed,
        value=result.unsupported,
        threshold=MOST_UNSUPPORTED,
        support=support,
        computation="sampled",
        # at most that of a share of the cohort
        monte_carlo_error=0.5 / math.sqrt(result.n_pairs),
        text=f"“{result.policy.label}” stays within what these data have seen. {told}"
        if passed
        else f"“{result.policy.label}” goes beyond what these data have seen: the answer is the models' "
        f"continuation of a line, and the second estimate is not given. {told}",
    )


def estimators_agree(result: PolicyResult, suffix: str = "", support: Support | None = None) -> Check:
    """Simulation and weighting, which are wrong in different ways, come to the same."""
    gap = result.effects["estimators_differ_by"]
    agree = gap.low <= 0 <= gap.high
    if result.unsupported > MOST_UNSUPPORTED:
        return Check(
            name=f"estimators_agree{suffix}",
            passed=None,
            text=f"“{result.policy.label}”: not compared, as the weighted estimate has no support in "
            "the data.",
        )
    return Check(
        name=f"estimators_agree{suffix}",
        passed=agree,
        value=gap.value,
        threshold=0.0,
        support=support,
        computation="sampled",
        monte_carlo_error=gap.monte_carlo_error,
        text=f"“{result.policy.label}”: simulation and weighting differ by {{value}} exits per 100 people, "
        + (
            "which is within the error of their difference."
            if agree
            else "which is more than chance: at least one of the two models is wrong."
        ),
    )


def weights_centred(means: Sequence[float], support: Support | None = None) -> Check:
    """Stabilised weights average 1 where the models of the changed covariate are right."""
    worst = max(means, key=lambda m: abs(m - 1))
    return Check(
        name="weights_centred",
        passed=abs(worst - 1) <= _WEIGHT_GAP,
        value=worst,
        threshold=_WEIGHT_GAP,
        support=support,
        text="The weights of the second estimator average {value} (should be 1, within {threshold}).",
    )


def weights_effective(shares: Sequence[float], support: Support | None = None) -> Check:
    """Weights leave enough person-months in effect."""
    least = min(shares)
    return Check(
        name="weights_effective",
        passed=least >= _LEAST_EFFECTIVE,
        value=least,
        threshold=_LEAST_EFFECTIVE,
        support=support,
        text="The weights leave {value} of the person-months in effect (needed: {threshold}).",
    )


def time_order(*, late: bool) -> Check:
    """What comes after is simulated from what came before."""
    return Check(
        name="time_order",
        passed=not late,
        text="Some values were measured in or after the month they are used for."
        if late
        else "Every value was measured before the month it is used for; a policy changes what comes "
        "after it.",
        computation="exact",
    )


def refits_settled(n_failed: int, n_refits: int) -> Check:
    """Every refit behind the intervals gave a number."""
    return Check(
        name="refits_settled",
        passed=n_failed == 0,
        value=float(n_failed),
        threshold=0.0,
        text=f"Refits that gave no number: {{value}} of {n_refits}.",
        computation="exact",
    )
