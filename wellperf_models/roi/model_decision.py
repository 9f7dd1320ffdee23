"""Whether the programme returns more than it costs, draw by draw, under each prior.

With e the effect on one person offered the programme, over the year evaluated, H the horizon, f the share of
an effect lost from each year to the next, r the discount rate and P the years the programme runs,

    benefits = people × Σ_outcomes ± e × amount × Σ_{k=1..H} ((1 − f) / (1 + r))^(k−1)
    costs    = Σ once + people × Σ per person and year × Σ_{k=1..P} (1 + r)^−(k−1)

so that the first year counts in full. Amounts are log-normal around what is declared. Net present value is
the difference, return (ROI) the quotient less 1; a mean of quotients is not a quotient of means, so medians
are reported. Drummond et al., Methods for the Economic Evaluation of Health Care Programmes, ch. 4 and 11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.rank_correlation import complete, correlate
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.sampling import CHAINS, ESS_MIN, diagnose, gate
from wellperf_models.roi.costs import shown_people
from wellperf_models.roi.model_effects import Effects, joint_correlation
from wellperf_models.roi.model_posterior import (
    PRIORS,
    Posteriors,
    intention_to_treat,
    refuse_without_effect,
)
from wellperf_models.roi.returns import (
    Answer,
    Asserted,
    AtCorrelation,
    Channel,
    DecisionResult,
    Return,
    error_of_median,
)
from wellperf_models.roi.rows import Effect, PriorName, RoiFrame
from wellperf_models.study import Decision, Roi

# assumed between outcomes that can't be joined, beside what the study declares
CORRELATIONS: Final = (-0.3, 0.0, 0.25, 0.5)
_SEED_MONEY: Final = 41
_SEED_ORDER: Final = 42


@dataclass(frozen=True, kw_only=True)
class _Money:
    """Draws of what everything is worth, the same under both priors.

    Attributes:
        worth: Benefit of one unit of each outcome for everybody over the horizon, signed, shape (n, k).
        cost: Present value of costs, shape (n,).
        n_counted: The first of the k are channels, the others asserted.
    """

    worth: Floats
    cost: Floats
    n_counted: int


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
    counted, asserted = _channels(frame, effects, posteriors)
    _refuse_without_costs(frame)
    if decision.people is None and not frame.of_people:
        raise DesignError(
            "The units are not people, so for how many people money is spent and gained is not known.",
            where="[roi.decision] people",
            expected="the number of people the decision is about",
            remedy="declare it",
        )
    people = decision.people or shown_people(frame.n_offered, in_full=frame.in_full)
    columns = (*counted, *asserted)
    drawn = {p: np.column_stack([posteriors[c.outcome, p].draws for c in columns]) for p in PRIORS}
    factors = (
        _yearly(decision.horizon_years, 1 - decision.fade_out, decision.discount_rate),
        _yearly(decision.programme_years, 1.0, decision.discount_rate),
    )
    money = _draw_money(frame, columns, len(counted), people, len(drawn["flat"]), factors)
    known = joint_correlation([_effect(effects, c.outcome) for c in columns])
    known_counted = known[: len(counted), : len(counted)]
    matrix = complete(known_counted, decision.correlation)
    returns = {p: _return(p, draws, matrix, money, counted, frame.seed) for p, draws in drawn.items()}
    answers = {p: _rule(decision, [r.p_positive]) for p, r in returns.items()}
    n_assumed = int(np.isnan(known_counted).sum()) // 2
    return DecisionResult(
        answer=_rule(decision, [r.p_positive for r in returns.values()]),
        answers=answers,
        returns=returns,
        channels=counted,
        asserted=_break_even_amounts(
            asserted, drawn, money, complete(known, decision.correlation), frame.seed
        ),
        costs=frame.costs,
        people=people,
        people_declared=decision.people is not None,
        benefit_factors=factors[0],
        cost_factors=factors[1],
        n_assumed=n_assumed,
        sensitivity=_sensitivity(decision, known_counted, drawn, money, frame.seed) if n_assumed else (),
        # alone, whatever else changed: it rests on costs and amounts, not on what was found
        break_even_effect=money.cost / money.worth[:, 0],
        currency=frame.currency,
    )


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
    frame: RoiFrame, effects: Effects, posteriors: Posteriors
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


def _yearly(years: int, kept: float, discount_rate: float) -> tuple[float, ...]:
    """What each year is worth today, as a share of the first, which counts in full."""
    return tuple((kept / (1 + discount_rate)) ** k for k in range(years))


def _draw_money(
    frame: RoiFrame,
    columns: Sequence[Channel],
    n_counted: int,
    people: int,
    n: int,
    factors: tuple[tuple[float, ...], tuple[float, ...]],
) -> _Money:
    """Amounts and costs, log-normal around what is declared; one draw holds for all years.

    `factors` are those of the benefits and of the costs of each year.
    """
    horizon, running = (sum(f) for f in factors)
    rng = np.random.default_rng([frame.seed, _SEED_MONEY])
    worth = np.empty((n, len(columns)))
    for k, channel in enumerate(columns):
        # what an asserted outcome is worth is asked, not assumed
        amount = channel.amount * np.exp(channel.spread * rng.standard_normal(n)) if k < n_counted else 1.0
        worth[:, k] = channel.sign * amount * people * horizon
    cost = np.zeros(n)
    for line in frame.costs:
        amount = line.amount * np.exp(line.spread * rng.standard_normal(n))
        cost += amount * (people * running if line.per == "person_year" else 1.0)
    if not cost.min() > 0:
        raise DesignError(
            "The costs add up to nothing.",
            where="[[roi.costs]], or the table costs",
            expected="something above 0: a return is a share of it",
        )
    return _Money(worth=worth, cost=cost, n_counted=n_counted)


def _in_order(drawn: Floats, correlation: Floats, seed: int) -> Floats:
    """Draws of several effects, put in an order that gives them their correlation."""
    return correlate(drawn, correlation, np.random.default_rng([seed, _SEED_ORDER]))


def _npv(effects: Floats, money: _Money) -> Floats:
    counted = slice(None, money.n_counted)
    return np.sum(effects[:, counted] * money.worth[:, counted], axis=1) - money.cost


def _return(
    prior: PriorName,
    draws: Floats,
    correlation: Floats,
    money: _Money,
    counted: Sequence[Channel],
    seed: int,
) -> Return:
    """What comes back under one prior; gated on the net present value, as it is reported."""
    draws = draws[:, : money.n_counted]
    # in the sampler's own order, where chains are still chains
    found = diagnose({"net present value": _npv(draws, money).reshape(CHAINS, -1)})
    gate(found, where=f"net present value, {prior} prior")
    benefits = _in_order(draws, correlation, seed) * money.worth[:, : money.n_counted]
    total = benefits.sum(axis=1)
    return Return(
        prior=prior,
        npv=total - money.cost,
        pv_benefit=total,
        pv_cost=money.cost,
        by_outcome={c.outcome: benefits[:, k] for k, c in enumerate(counted)},
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
    decision: Decision, known: Floats, drawn: Mapping[PriorName, Floats], money: _Money, seed: int
) -> tuple[AtCorrelation, ...]:
    found = []
    k = money.n_counted
    for assumed in sorted({*CORRELATIONS, decision.correlation}):
        matrix = complete(known, assumed)
        p = {
            prior: float(np.mean(_npv(_in_order(draws[:, :k], matrix, seed), money) > 0))
            for prior, draws in drawn.items()
        }
        found.append(
            AtCorrelation(
                assumed=assumed,
                used=float(matrix[np.isnan(known)].mean()),
                p_positive=p,
                answer=_rule(decision, list(p.values())),
            )
        )
    return tuple(found)


def _break_even_amounts(
    asserted: Sequence[Channel],
    drawn: Mapping[PriorName, Floats],
    money: _Money,
    correlation: Floats,
    seed: int,
) -> tuple[Asserted, ...]:
    """For each asserted outcome alone, the amount that would bring the median net present value to 0."""
    found = []
    for place, channel in enumerate(asserted, start=money.n_counted):
        amounts: dict[PriorName, float | None] = {}
        errors: dict[PriorName, float | None] = {}
        for prior, draws in drawn.items():
            together = _in_order(draws, correlation, seed)
            npv, per_amount = _npv(together, money), together[:, place] * money.worth[:, place]
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
