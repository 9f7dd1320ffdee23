"""Whether the programme returns more than it costs, draw by draw, under each set of priors (see `terms`).

Amounts are log-normal around what is declared, times their factors. Net present value is benefits less costs,
return (ROI) the quotient less 1; a mean of quotients is not a quotient of means, so medians are reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.rank_correlation import complete, correlate
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.sampling import CHAINS, ESS_MIN, diagnose, gate
from wellperf_models.roi.costs import shown_people
from wellperf_models.roi.model_effects import Effects, joint_correlation
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat, refuse_without_effect
from wellperf_models.roi.priors import factors_of
from wellperf_models.roi.returns import (
    Answer,
    Asserted,
    AtCorrelation,
    DecisionResult,
    Return,
    error_of_median,
)
from wellperf_models.roi.rows import CostLine, Effect, PriorName, RoiFrame
from wellperf_models.roi.terms import (
    Channel,
    Draws,
    Terms,
    cash_of,
    draw_money,
    share_of,
    unknown,
)
from wellperf_models.study import PRIOR_SETS, Decision, Roi

# assumed between outcomes that can't be joined, beside what the study declares
CORRELATIONS: Final = (-0.3, 0.0, 0.25, 0.5)
_SEED_ORDER: Final = 42


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
    decision = _declared_decision(section)
    counted, asserted = _channels(frame, effects, posteriors, decision.perspective)
    _refuse_without_costs(frame)
    if decision.people is None and not frame.of_people:
        raise DesignError(
            "The units are not people, so for how many people money is spent and gained is not known.",
            where="[roi.decision] people",
            expected="the number of people the decision is about",
            remedy="declare it",
        )
    people = decision.people or shown_people(frame.n_offered, in_full=frame.in_full)
    factors = factors_of(section)
    terms = Terms(
        channels=counted,
        costs=tuple(
            replace(line, share=share_of(line.borne_by, decision.perspective)) for line in frame.costs
        ),
        people=people,
        horizon_years=decision.horizon_years,
        programme_years=decision.programme_years,
        rate=decision.rate,
        growth=decision.yearly_growth,
        fade_out=decision.fade_out,
    )
    columns = (*counted, *asserted)
    sets = _sets(posteriors, columns, decision)
    drawn = {p: np.column_stack([posteriors[c.outcome, p].draws for c in columns]) for p in sets}
    money = draw_money(terms, factors, decision, len(drawn["flat"]), frame.seed)
    _refuse_free(money, terms)
    known = joint_correlation([_effect(effects, c.outcome) for c in columns])
    known_counted = known[: len(counted), : len(counted)]
    matrix = complete(known_counted, decision.correlation)
    returns = {p: _return(p, draws, matrix, money, terms, frame.seed) for p, draws in drawn.items()}
    judges = {p: returns[p].p_positive for p in decision.judged_by}
    n_assumed = int(np.isnan(known_counted).sum()) // 2
    return DecisionResult(
        answer=_rule(decision, list(judges.values())),
        answers={p: _rule(decision, [r.p_positive]) for p, r in returns.items()},
        returns=returns,
        asserted=_break_even_amounts(
            asserted, drawn, money, terms, complete(known, decision.correlation), frame.seed
        ),
        terms=terms,
        factors=factors,
        people_declared=decision.people is not None,
        n_assumed=n_assumed,
        sensitivity=_sensitivity(decision, known_counted, drawn, money, terms, frame.seed)
        if n_assumed
        else (),
        # alone, whatever else changed: it rests on costs and amounts, not on what was found
        break_even_effect=_break_even_effect(money, terms, len(drawn["flat"])),
        currency=frame.currency,
    )


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


def _borne(costs: Sequence[CostLine], perspective: str) -> tuple[CostLine, ...]:
    """The ledger with the share of each line that counts from a point of view."""
    return tuple(replace(line, share=share_of(line.borne_by, perspective)) for line in costs)


def _refuse_without_costs(frame: RoiFrame) -> None:
    if not frame.costs:
        raise DesignError(
            "Costs are missing: it is not known what the programme costs.",
            where="[[roi.costs]], or the table costs",
            remedy="book or declare what the programme costs",
        )


def _declared_decision(section: Roi) -> Decision:
    if section.decision is None:
        raise DesignError(
            "There is no decision rule, so the effects are all that can be said.",
            where="[roi.decision] discount_rate",
            expected="a discount rate, a perspective, a horizon and a fade-out, declared in advance",
            remedy="add [roi.decision]",
        )
    return section.decision


def _channels(
    frame: RoiFrame, effects: Effects, posteriors: Posteriors, perspective: str
) -> tuple[tuple[Channel, ...], tuple[Channel, ...]]:
    """Channels that count, and those whose value is only asserted."""
    found: list[Channel] = []
    for name, why in frame.not_measured.items():
        if frame.section.outcomes[name].value is not None:
            raise DesignError(
                f"An outcome that has a value can't be used, so its money is not known: {why.reason}",
                where=f"[roi.outcomes.{name}]",
                remedy="take its value out, or complete its data",
            )
    for name, rows in frame.outcomes.items():
        value = rows.declared.value
        if value is None:
            continue
        if (name, "flat") not in posteriors or intention_to_treat(effects, name) is None:
            raise DesignError(
                "An outcome that has a value has no effect, so its money is not known.",
                where=f"[roi.outcomes.{name}]",
                remedy="see why in the evidence on effects, or take its value out",
            )
        found.append(
            Channel(
                outcome=name,
                channel=value.channel,
                sign=1 if rows.declared.higher_is == "better" else -1,
                amount=value.amount * frame.money_rates[value.currency],
                spread=value.spread,
                source=value.source,
                tier=value.tier,
                times=value.times,
                share=share_of(value.borne_by, perspective),
            )
        )
    counted = tuple(c for c in found if c.tier != "asserted")
    if not counted:
        raise DesignError(
            "No outcome has a value that was measured or comes from the literature.",
            where="[roi.outcomes.NAME.value]",
            expected='a value with tier = "measured" or "transported" for at least one outcome',
            remedy="add the value of an outcome, with its source",
        )
    return counted, tuple(c for c in found if c.tier == "asserted")


def _effect(effects: Effects, outcome: str) -> Effect:
    effect = intention_to_treat(effects, outcome)
    assert effect is not None
    return effect


def _refuse_free(money: Draws, terms: Terms) -> None:
    """A return is a share of what is spent."""
    nothing = {unknown("effect", c.outcome): np.zeros(1) for c in terms.channels}
    known = {name: np.ones(1) for name in money if name.startswith("cost")}
    factors = {name: draws[:1] for name, draws in money.items() if name.startswith("factor")}
    if not cash_of(nothing | known | factors, terms).pv_cost.min() > 0:
        raise DesignError(
            "The costs add up to nothing.",
            where="[[roi.costs]], or the table costs",
            expected="something above 0: a return is a share of it",
        )


def _break_even_effect(money: Draws, terms: Terms, n: int) -> Floats:
    """Effect on the first channel's outcome that would pay for the programme alone, shape (n,)."""
    first = terms.channels[0]
    one = {unknown("effect", c.outcome): np.full(n, float(c == first)) for c in terms.channels}
    cash = cash_of({**one, **money}, terms)
    return cash.pv_cost / cash.pv_benefit


def _in_order(drawn: Floats, correlation: Floats, seed: int) -> Floats:
    """Draws of several effects, put in an order that gives them their correlation."""
    return correlate(drawn, correlation, np.random.default_rng([seed, _SEED_ORDER]))


def _with_effects(effects: Floats, money: Draws, terms: Terms) -> Draws:
    """Draws of everything: a column of effects for each channel, and what is the same under every prior."""
    named = {unknown("effect", c.outcome): effects[:, k] for k, c in enumerate(terms.channels)}
    return {**named, **money}


def _return(
    prior: PriorName, draws: Floats, correlation: Floats, money: Draws, terms: Terms, seed: int
) -> Return:
    """What comes back under one prior; gated on the net present value, as it is reported."""
    draws = draws[:, : len(terms.channels)]
    # in the sampler's own order, where chains are still chains
    plain = cash_of(_with_effects(draws, money, terms), terms).npv
    found = diagnose({"net present value": plain.reshape(CHAINS, -1)})
    gate(found, where=f"net present value, {prior} prior")
    joined = _with_effects(_in_order(draws, correlation, seed), money, terms)
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


def _rule(decision: Decision, probabilities: Sequence[float]) -> Answer:
    """The declared rule: fund, or stop, only where every prior says so."""
    if min(probabilities) >= decision.fund_above:
        return "fund"
    return "stop" if max(probabilities) <= decision.stop_below else "measure first"


def _sensitivity(
    decision: Decision,
    known: Floats,
    drawn: Mapping[PriorName, Floats],
    money: Draws,
    terms: Terms,
    seed: int,
) -> tuple[AtCorrelation, ...]:
    found = []
    k = len(terms.channels)
    for assumed in sorted({*CORRELATIONS, decision.correlation}):
        matrix = complete(known, assumed)
        p = {}
        for prior, draws in drawn.items():
            joined = _with_effects(_in_order(draws[:, :k], matrix, seed), money, terms)
            p[prior] = float(np.mean(cash_of(joined, terms).npv > 0))
        found.append(
            AtCorrelation(
                assumed=assumed,
                used=float(matrix[np.isnan(known)].mean()),
                p_positive=p,
                answer=_rule(decision, [p[prior] for prior in decision.judged_by]),
            )
        )
    return tuple(found)


def _break_even_amounts(
    asserted: Sequence[Channel],
    drawn: Mapping[PriorName, Floats],
    money: Draws,
    terms: Terms,
    correlation: Floats,
    seed: int,
) -> tuple[Asserted, ...]:
    """For each asserted outcome alone, the amount that would bring the median net present value to 0."""
    found = []
    for place, channel in enumerate(asserted, start=len(terms.channels)):
        # what an asserted outcome is worth is asked, not assumed
        alone = replace(terms, channels=(replace(channel, amount=1.0, times=()),))
        amounts: dict[PriorName, float | None] = {}
        errors: dict[PriorName, float | None] = {}
        for prior, draws in drawn.items():
            together = _in_order(draws, correlation, seed)
            npv = cash_of(_with_effects(together, money, terms), terms).npv
            per_amount = cash_of(
                {**money, unknown("effect", channel.outcome): together[:, place]}, alone
            ).pv_benefit
            amount = amounts[prior] = _root(npv, per_amount)
            # draws are worth at least what the gate asks for
            errors[prior] = (
                error_of_median(npv + amount * per_amount, ESS_MIN) / float(np.median(per_amount))
                if amount
                else None
            )
        found.append(Asserted(channel=channel, break_even=amounts, monte_carlo_errors=errors))
    return tuple(found)


def _root(npv: Floats, per_amount: Floats) -> float | None:
    """The least amount at which the median of `npv + amount × per_amount` is 0; None where there is none."""
    from scipy import optimize

    def median(amount: float) -> float:
        return float(np.median(npv + amount * per_amount))

    if median(0.0) >= 0:
        return 0.0
    middle = float(np.median(per_amount))
    if not middle > 0:
        return None
    high = -median(0.0) / middle
    for _ in range(60):
        if median(high) > 0:
            return float(optimize.brentq(median, 0.0, high, xtol=1e-9 * high))
        high *= 2
    return None
