"""Statements about posterior and decision that can fail; each takes what it judges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from wellperf_models.evidence import Check, Unanswered
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.sampling import ESS_MIN, R_HAT_MAX
from wellperf_models.roi.checks_effects import support_of
from wellperf_models.roi.findings_money import joint_support
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.prior_words import PRIOR_WORDS
from wellperf_models.roi.returns import Answer, AtCorrelation, DecisionResult, Return
from wellperf_models.roi.rows import CostLine, Effect, Posterior, PriorName, RoiFrame
from wellperf_models.roi.terms import Terms, unknown
from wellperf_models.study import Decision, Value

_MAX_DISTANCE = 0.05
# people from which the line is that
_MANY = 200
# share of the years it runs that bookings are of: two and a half weeks of a year may be missing
_MIN_COVERED = 0.95
# a mean this many Monte Carlo errors outside is not outside
_MONTE_CARLO_ERRORS = 4.0


def check_decision(
    frame: RoiFrame | Unanswered,
    effects: Effects | Unanswered,
    posteriors: Posteriors | Unanswered,
    decision: DecisionResult | Unanswered,
) -> tuple[Check, ...]:
    """Checks of the posteriors and the decision; none of what is not answered.

    Args:
        frame: The return frame.
        effects: From `fit_effects`.
        posteriors: From `fit_posterior`.
        decision: From `fit_decision`.
    """
    if isinstance(frame, Unanswered):
        return ()
    if isinstance(posteriors, Unanswered) or isinstance(effects, Unanswered):
        return ()
    found = [(posteriors[key], intention_to_treat(effects, key[0])) for key in posteriors]
    pairs = [(posterior, effect) for posterior, effect in found if effect is not None]
    # a declared model of another kind than the estimate's has a Gaussian one beside it
    flat = [(p.beside or p, e) for p, e in pairs if p.prior == "flat"]
    returns = [] if isinstance(decision, Unanswered) else list(decision.returns.values())
    checks = [
        sampler_passed(list(posteriors.values()), returns),
        flat_matches_estimate(flat),
        sceptical_between(posteriors),
    ]
    if isinstance(decision, Unanswered):
        return tuple(checks)
    assert frame.section.decision is not None
    return (
        *checks,
        answers_agree_between_priors({p: decision.answers[p] for p in decision.judged_by}),
        correlation_matters(decision.sensitivity),
        output_apart_from_absence(
            {n: o.declared.value for n, o in frame.outcomes.items() if o.declared.value}
        ),
        costs_measured(decision.costs),
        *costs_cover_the_years(decision.costs),
        everything_discounted(decision, frame.section.decision),
    )


def sampler_passed(posteriors: Sequence[Posterior], returns: Sequence[Return]) -> Check:
    """Every reported quantity, net present values too, passed the sampler's gate."""
    n_divergences = sum(p.n_divergences for p in posteriors)
    drawn: list[Posterior | Return] = [*posteriors, *returns]
    missed = sum(
        not (q.r_hat <= R_HAT_MAX and q.ess_bulk >= ESS_MIN and q.ess_tail >= ESS_MIN) for q in drawn
    )
    return Check(
        name="sampler",
        passed=missed == 0 and n_divergences == 0,
        value=float(missed + n_divergences),
        threshold=0.0,
        text=f"Of {len(drawn)} quantities drawn by the sampler, those on which its "
        f"chains disagree, and its false steps: {{value}} (R-hat at most {R_HAT_MAX}, effective sample sizes "
        f"of at least {ESS_MIN:.0f}, no divergence).",
        computation="exact",
    )


def flat_matches_estimate(pairs: Sequence[tuple[Posterior, Effect]]) -> Check:
    """With nothing believed beforehand the posterior is the trial's own estimate.

    Args:
        pairs: Posterior under the flat prior and effect.
    """
    if not pairs:
        return Check(
            name="flat_matches_estimate",
            passed=None,
            text="No outcome has both a posterior and an estimate.",
        )
    distances = [(abs(p.mean - e.value) / e.std_error, p.monte_carlo_error / e.std_error) for p, e in pairs]
    worst, error = max(distances)
    # among few people a model that lets the arms differ in spread weighs their slopes a little differently
    line = _MAX_DISTANCE if min(e.n_people for _, e in pairs) >= _MANY else 2 * _MAX_DISTANCE
    return Check(
        name="flat_matches_estimate",
        passed=worst <= line,
        value=worst,
        threshold=line,
        support=joint_support([support_of(e) for _, e in pairs]),
        text="With nothing believed beforehand, the mean of a posterior differs from the trial's estimate "
        "by at most {value} standard errors (line at {threshold}).",
        computation="sampled",
        monte_carlo_error=max(error, 1e-12),
    )


def sceptical_between(posteriors: Posteriors) -> Check:
    """Under the sceptical prior the posterior mean lies between the prior's and that of the data alone."""
    outside = 0
    for (name, prior), told in posteriors.items():
        if prior != "sceptical":
            continue
        posterior, data = (p.beside or p for p in (told, posteriors[name, "flat"]))
        low, high = sorted([posterior.prior_mean, data.mean])
        slack = _MONTE_CARLO_ERRORS * math.hypot(posterior.monte_carlo_error, data.monte_carlo_error)
        outside += not low - slack <= posterior.mean <= high + slack
    return Check(
        name="sceptical_between",
        passed=outside == 0,
        value=float(outside),
        threshold=0.0,
        text="Outcomes whose sceptical posterior does not lie between the prior and the data: {value}.",
        computation="exact",
    )


def answers_agree_between_priors(answers: dict[PriorName, Answer]) -> Check:
    """What one believed beforehand does not decide.

    Args:
        answers: Set of priors that judges → answer under it alone.
    """
    if len(answers) < 2:
        return Check(
            name="answers_agree_between_priors",
            passed=None,
            text="One set of priors judges alone: the table shows the answer under the others.",
            computation="exact",
        )
    passed = len(set(answers.values())) == 1
    told = " and ".join(PRIOR_WORDS[prior] for prior in answers)
    return Check(
        name="answers_agree_between_priors",
        passed=passed,
        text=f"The sets of priors that judge ({told}) lead to the same answer."
        if passed
        else "What one believed beforehand decides the answer: the data do not outweigh it.",
        computation="exact",
    )


def output_apart_from_absence(values: Mapping[str, Value]) -> Check:
    """Output is not counted again where absence is: what somebody does not do while away is in both.

    Presenteeism is what is lost at work, so that it leaves absence out by itself.

    Args:
        values: Outcome → what one unit is worth.
    """
    counted = {v.channel: v for v in values.values() if v.tier != "asserted"}
    if not {"productivity", "absence"} <= set(counted):
        return Check(
            name="output_apart_from_absence",
            passed=None,
            text="Absence and output are not both in the money, so that nothing is lost twice.",
            computation="exact",
        )
    apart = "absence" in counted["productivity"].apart_from or (
        "productivity" in counted["absence"].apart_from
    )
    return Check(
        name="output_apart_from_absence",
        passed=apart,
        text="Absence and output are both in the money; the one leaves out the other, by declaration."
        if apart
        else "Absence and output are both in the money, and the study file does not say that the one leaves "
        "out the other (apart_from): output that was lost to absence may be counted twice.",
        computation="exact",
    )


def correlation_matters(sensitivity: Sequence[AtCorrelation]) -> Check:
    """The answer is the same whatever correlation is assumed between outcomes that can't be joined."""
    if not sensitivity:
        return Check(
            name="correlation_matters",
            passed=None,
            text="No correlation had to be assumed: one channel only, or all measured on the same units.",
            computation="exact",
        )
    passed = len({at.answer for at in sensitivity}) == 1
    low, high = sensitivity[0].assumed, sensitivity[-1].assumed
    return Check(
        name="correlation_matters",
        passed=passed,
        text=f"Outcomes that can't be joined: from a correlation of {low:g} to {high:g} the answer "
        + ("is the same." if passed else "changes, and these data can't tell which holds."),
        computation="exact",
    )


def costs_measured(costs: Sequence[CostLine]) -> Check:
    """Every cost is this programme's own, not another's or somebody's word."""
    others = sorted({line.tier for line in costs if line.tier != "measured"})
    return Check(
        name="costs_measured",
        passed=not others,
        text="Every cost was measured for this programme."
        if not others
        else f"Some costs were not measured for this programme ({' and '.join(others)}): see the ledger.",
        computation="exact",
    )


def costs_cover_the_years(costs: Sequence[CostLine]) -> tuple[Check, ...]:
    """Costs were booked for as long as benefits are counted for; nothing where none was booked.

    Args:
        costs: The cost ledger.
    """
    booked = [line.covers for line in costs if line.covers is not None]
    if not booked:
        return ()
    least = min(booked)
    passed = least >= _MIN_COVERED
    return (
        Check(
            name="costs_cover_the_years",
            passed=passed,
            value=100 * least,
            threshold=100 * _MIN_COVERED,
            text="Costs were booked for {value} % of the time that the programme runs in this decision "
            "(at least {threshold} % are asked for)."
            if passed
            else "Costs were booked for only {value} % of the time that the programme runs in this decision "
            "(at least {threshold} % are asked for), while its benefits are counted for all of it. Declare "
            "what all of it costs ([[roi.costs]], in place of the table costs), or take as programme_years "
            "the years that were booked.",
            computation="exact",
        ),
    )


def everything_discounted(decision: DecisionResult, declared: Decision) -> Check:
    """Every year's benefit and cost is discounted as declared: recomputed year by year."""
    right = all(_discounted(back, decision.terms, declared) for back in decision.returns.values())
    rate = f"{100 * declared.rate:g} %"
    return Check(
        name="everything_discounted",
        passed=right,
        text=f"Benefits and costs of every year are discounted at {rate} a year, the first year counting in "
        "full."
        if right
        else f"Some year is not discounted at the declared {rate}.",
        computation="exact",
    )


def _discounted(back: Return, terms: Terms, declared: Decision) -> bool:
    """Whether every later year's money is what the first year's implies, multiplied up year by year."""
    cash = back.cash
    if cash.costs.shape[1] != declared.horizon_years or cash.benefits.shape[2] != declared.horizon_years:
        return False
    prices = (1 + (declared.inflation or 0.0)) / (1 + declared.rate)
    wages = prices * (1 + declared.growth)
    lost = back.draws.get("fade_out", np.full(cash.costs.shape[0], declared.fade_out))
    staff, others = _running(back, terms, staff=True), _running(back, terms, staff=False)
    benefit = cash.benefits[:, :, 0]
    for year in range(1, declared.horizon_years):
        benefit, staff, others = benefit * wages, staff * wages, others * prices
        if year >= declared.programme_years:
            benefit = benefit * (1 - lost)[:, None]
            staff = others = np.zeros_like(lost)
        if not (
            np.allclose(cash.benefits[:, :, year], benefit, rtol=1e-9, atol=0)
            and np.allclose(cash.costs[:, year], staff + others, rtol=1e-9, atol=0)
        ):
            return False
    return True


def _running(back: Return, terms: Terms, *, staff: bool) -> Floats:
    """Costs of the first year that come back every year it runs, of staff time or all others, shape (n,)."""
    total = np.zeros(back.cash.costs.shape[0])
    for number, line in enumerate(terms.costs):
        if line.per == "once" or (line.kind == "staff_time") != staff:
            continue
        heads = terms.people if line.per == "person_year" else 1
        many = back.draws.get(unknown("cost", str(number)), np.ones(1))
        for name in line.times:
            many = many * back.draws[unknown("factor", name)]
        total = total + line.amount * line.share * heads * many
    return total
