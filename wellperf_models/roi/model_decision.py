"""Whether the programme returns more than it costs, draw by draw, under each set of priors (see `terms`).

Amounts are log-normal around what is declared, times their factors. Net present value is benefits less costs,
return (ROI) the quotient less 1; a mean of quotients is not a quotient of means, so medians are reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.rank_correlation import complete
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.sampling import CHAINS, diagnose, gate
from wellperf_models.roi.costs import shown_people
from wellperf_models.roi.joint_draws import JointDraws
from wellperf_models.roi.ledger import (
    channels_of,
    declared_decision,
    effect_of,
    refuse_free,
    refuse_without_costs,
)
from wellperf_models.roi.model_beside import Beside, break_even_amounts, paid_for, with_effects
from wellperf_models.roi.model_effects import Effects, joint_correlation
from wellperf_models.roi.model_posterior import Posteriors, refuse_without_effect
from wellperf_models.roi.priors import factors_of
from wellperf_models.roi.returns import Answer, AtCorrelation, DecisionResult, Return
from wellperf_models.roi.rows import PriorName, RoiFrame
from wellperf_models.roi.terms import Channel, Draws, Terms, cash_of, draw_money, terms_of, unknown
from wellperf_models.study import PRIOR_SETS, Decision, Roi

# assumed between outcomes that can't be joined, beside what the study declares
CORRELATIONS: Final = (-0.3, 0.0, 0.25, 0.5)


def fit_decision(frame: RoiFrame, effects: Effects, posteriors: Posteriors, section: Roi) -> DecisionResult:
    """Net present value, probability that it is above 0, and the answer by the declared rule.

    Args:
        frame: The return frame.
        effects: From `fit_effects`: says which effects share units.
        posteriors: From `fit_posterior`. Where one of the two is not answered, neither is this.
        section: `[roi]`.

    Raises:
        DesignError: The design allows no effect, there is no decision rule or discount rate, nothing has a
            value, an outcome with a value has no effect, or nothing is known about costs.
        ConvergenceError: The chains do not agree on the net present value.
    """
    for given in (effects, posteriors):
        if isinstance(given, Unanswered):
            raise DesignError(given.reason, remedy=given.remedy or None)
    assert isinstance(effects, Effects)
    assert not isinstance(posteriors, Unanswered)
    refuse_without_effect(effects, section)
    decision = declared_decision(section)
    counted, asserted = channels_of(frame, effects, posteriors, decision.perspective)
    refuse_without_costs(frame)
    people = _people(frame, decision)
    factors = factors_of(section)
    terms = terms_of(decision, counted, frame.costs, people)
    columns = (*counted, *asserted)
    sets = _sets(posteriors, columns, decision)
    n = posteriors[columns[0].outcome, sets[0]].draws.size
    money = draw_money(terms, factors, decision, n, frame.seed)
    refuse_free(money, terms, decision.perspective)
    draws = JointDraws(frame=frame, effects=effects, posteriors=posteriors, money=money)
    found = {c.outcome: effect_of(effects, c.outcome) for c in columns}
    known = joint_correlation(list(found.values()))
    known_counted = known[: len(counted), : len(counted)]
    matrix = complete(known_counted, decision.correlation)
    returns = {p: _return(p, draws, matrix, terms) for p in sets}
    n_assumed = int(np.isnan(known_counted).sum()) // 2
    beside = Beside(draws=draws, sets=sets, decision=decision, terms=terms)
    return DecisionResult(
        answer=rule_of(decision, [returns[p].p_positive for p in decision.judged_by]),
        answers={p: rule_of(decision, [r.p_positive]) for p, r in returns.items()},
        judged_by=decision.judged_by,
        returns=returns,
        asserted=break_even_amounts(asserted, complete(known, decision.correlation), beside),
        paid=paid_for(section, factors, beside),
        effects={c.outcome: found[c.outcome] for c in counted},
        terms=terms,
        factors=factors,
        people_declared=decision.people is not None,
        n_assumed=n_assumed,
        sensitivity=_sensitivity(decision, known_counted, sets, draws, terms) if n_assumed else (),
        # alone, whatever else changed: it rests on costs and amounts, not on what was found
        break_even_effect=_break_even_effect(money, terms, n),
        currency=frame.currency,
    )


def _people(frame: RoiFrame, decision: Decision) -> int:
    """People the decision is about."""
    if decision.people is None and not frame.of_people:
        raise DesignError(
            "The units are not people, so for how many people money is spent and gained is not known.",
            where="[roi.decision] people",
            expected="the number of people the decision is about",
            remedy="declare it",
        )
    return decision.people or shown_people(frame.n_offered, in_full=frame.in_full)


def _sets(posteriors: Posteriors, columns: Sequence[Channel], decision: Decision) -> tuple[PriorName, ...]:
    """Sets of priors under which every outcome with a value has a posterior; those that judge must be."""
    sets = tuple(p for p in PRIOR_SETS if all((c.outcome, p) in posteriors for c in columns))
    if missing := [p for p in decision.judged_by if p not in sets]:
        raise DesignError(
            "A set of priors that the decision is judged by has no posterior.",
            where="[roi.decision] judged_by",
            expected=", ".join(sets) or "none",
            got=missing[0],
        )
    return sets


def _break_even_effect(money: Draws, terms: Terms, n: int) -> Floats:
    """Effect on the first outcome that counts that would pay for the programme alone, shape (n,)."""
    first = terms.first.outcome
    one = {unknown("effect", c.outcome): np.full(n, float(c.outcome == first)) for c in terms.channels}
    cash = cash_of({**one, **money}, terms)
    return cash.pv_cost / cash.pv_benefit


def _return(prior: PriorName, draws: JointDraws, correlation: Floats, terms: Terms) -> Return:
    """What comes back under one prior; gated on the net present value, as it is reported."""
    differences, beside = draws.of(prior, terms.channels, correlation)
    joined = with_effects(differences, beside, terms)
    # in the sampler's own order, where chains are still chains
    in_chains = with_effects(draws.plain(prior, terms.channels), beside, terms)
    found = diagnose({"net present value": cash_of(in_chains, terms).npv.reshape(CHAINS, -1)})
    gate(found, where=f"net present value, {prior} prior")
    cash = cash_of(joined, terms)
    return Return(
        prior=prior,
        draws=joined,
        cash=cash,
        by_outcome={c.outcome: cash.benefits[:, k].sum(axis=1) for k, c in enumerate(terms.channels)},
        r_hat=found.r_hat,
        ess_bulk=found.ess_bulk,
        ess_tail=found.ess_tail,
    )


def rule_of(decision: Decision, probabilities: Sequence[float]) -> Answer:
    """The declared rule: fund, or stop, only where every one of these probabilities says so."""
    if min(probabilities) >= decision.fund_above:
        return "fund"
    return "stop" if max(probabilities) <= decision.stop_below else "undecided"


def _sensitivity(
    decision: Decision, known: Floats, sets: Sequence[PriorName], draws: JointDraws, terms: Terms
) -> tuple[AtCorrelation, ...]:
    found = []
    for assumed in sorted({*CORRELATIONS, decision.correlation}):
        matrix = complete(known, assumed)
        p = {}
        for prior in sets:
            joined = with_effects(*draws.of(prior, terms.channels, matrix), terms)
            p[prior] = float(np.mean(cash_of(joined, terms).npv > 0))
        found.append(
            AtCorrelation(
                assumed=assumed,
                used=float(matrix[np.isnan(known)].mean()),
                p_positive=p,
                answer=rule_of(decision, [p[prior] for prior in decision.judged_by]),
            )
        )
    return tuple(found)
