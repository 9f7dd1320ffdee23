"""Statements about posterior and decision that can fail; each takes what it judges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wellperf_models.evidence import Check, Unanswered
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.sampling import ESS_MIN, R_HAT_MAX
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.returns import Answer, AtCorrelation, DecisionResult, Return
from wellperf_models.roi.rows import CostLine, Effect, Posterior, PriorName, RoiFrame
from wellperf_models.roi.terms import Terms, cash_of
from wellperf_models.study import Decision

_MAX_DISTANCE = 0.05
# a mean this many Monte Carlo errors outside is not outside
_MONTE_CARLO_ERRORS = 4.0


def check_decision(
    frame: RoiFrame,
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
    if isinstance(posteriors, Unanswered) or isinstance(effects, Unanswered):
        return ()
    found = [(posteriors[key], intention_to_treat(effects, key[0])) for key in posteriors]
    pairs = [(posterior, effect) for posterior, effect in found if effect is not None]
    flat = [(p, e) for p, e in pairs if p.prior == "flat"]
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
        answers_agree_between_priors(decision.answers),
        correlation_matters(decision.sensitivity),
        costs_measured(decision.costs),
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
    return Check(
        name="flat_matches_estimate",
        passed=worst <= _MAX_DISTANCE,
        value=worst,
        threshold=_MAX_DISTANCE,
        text="With nothing believed beforehand, the mean of a posterior differs from the trial's estimate "
        "by at most {value} standard errors (line at {threshold}).",
        computation="sampled",
        monte_carlo_error=max(error, 1e-12),
    )


def sceptical_between(posteriors: Posteriors) -> Check:
    """Under the sceptical prior the posterior mean lies between the prior's and that of the data alone."""
    outside = 0
    for (name, prior), posterior in posteriors.items():
        if prior != "sceptical":
            continue
        data = posteriors[name, "flat"]
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
    """What one believed beforehand does not decide."""
    passed = len(set(answers.values())) == 1
    return Check(
        name="answers_agree_between_priors",
        passed=passed,
        text="The flat and the sceptical prior lead to the same answer."
        if passed
        else "What one believed beforehand decides the answer: the data do not outweigh it.",
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


def everything_discounted(decision: DecisionResult, declared: Decision) -> Check:
    """Every year's benefit and cost is discounted as declared: recomputed year by year."""
    right = all(_discounted(back, decision.terms, declared) for back in decision.returns.values())
    return Check(
        name="everything_discounted",
        passed=right,
        text=f"Benefits and costs of every year are discounted at {100 * declared.discount_rate:g} % a year, "
        "the first year counting in full."
        if right
        else f"Some year is not discounted at the declared {100 * declared.discount_rate:g} %.",
        computation="exact",
    )


def _discounted(back: Return, terms: Terms, declared: Decision) -> bool:
    """Whether every later year's money is what the first year's implies, multiplied up year by year."""
    one_year = (1 + declared.growth) * (1 + (declared.inflation or 0.0)) / (1 + declared.rate)
    lost = back.draws.get("fade_out", np.full(back.cash.costs.shape[0], declared.fade_out))
    running = sum_of_running(back, terms)
    benefit, cost = back.cash.benefits[:, :, 0], running
    for year in range(1, declared.horizon_years):
        benefit = benefit * one_year
        cost = cost * one_year
        if year >= declared.programme_years:
            benefit, cost = benefit * (1 - lost)[:, None], np.zeros_like(cost)
        if not (
            np.allclose(back.cash.benefits[:, :, year], benefit, rtol=1e-9, atol=0)
            and np.allclose(back.cash.costs[:, year], cost, rtol=1e-9, atol=0)
        ):
            return False
    return bool(back.cash.costs.shape[1] == declared.horizon_years)


def sum_of_running(back: Return, terms: Terms) -> Floats:
    """Costs of the first year that come back every year the programme runs, shape (n,)."""
    once = replace(terms, costs=tuple(replace(c, amount=0.0) if c.per == "once" else c for c in terms.costs))
    return cash_of(back.draws, once).costs[:, 0]
