"""Initiatives beside the programme, as draws of money.

What is unknown about an amount, a factor or the fade-out is one unknown: the same draws go into the programme
and into every initiative. Effects and costs of an initiative are its own; its effects were not measured here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.rows import CostLine, PriorName, RoiFrame
from wellperf_models.roi.terms import Draws, Terms, cash_of, draw_money, stream, terms_of, unknown
from wellperf_models.study import Decision, Initiative

# the evaluated programme has no name among the initiatives
PROGRAMME: Final = ""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Something the money could be spent on.

    Attributes:
        name: Of the initiative; "" for the programme.
        people: People it would be offered to.
        npv: Set of priors → net present value, shape (n,); never shown.
        pv_cost: Present value of its costs, shape (n,).
        tiers: How its effects are known; () for the programme, whose effects were measured here.
    """

    name: str
    people: int
    npv: dict[PriorName, Floats]
    pv_cost: Floats
    tiers: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether its effects were measured here."""
        return self.name == PROGRAMME

    @property
    def cost(self) -> float:
        """Present value it is expected to cost."""
        return float(self.pv_cost.mean())

    def __repr__(self) -> str:
        """What it is; its draws have not passed the gate."""
        return f"Candidate({self.name!r}; not released)"


def programme(decision: DecisionResult) -> Candidate:
    """The evaluated programme."""
    costs = next(iter(decision.returns.values())).pv_cost
    return Candidate(
        name=PROGRAMME,
        people=decision.people,
        npv={prior: back.npv for prior, back in decision.returns.items()},
        pv_cost=costs,
    )


def candidate(
    frame: RoiFrame, name: str, declared: Initiative, decision: DecisionResult, rule: Decision
) -> Candidate:
    """One initiative.

    Args:
        frame: The return frame: seed and rates.
        name, declared: The initiative.
        decision: Gives channels, factors and how many draws.
        rule: Whose horizon, rate and perspective count.

    Raises:
        DesignError: It costs nothing from this point of view.
    """
    years = declared.programme_years or rule.programme_years
    terms = initiative_terms(frame, declared, decision, rule.model_copy(update={"programme_years": years}))
    n = next(iter(decision.returns.values())).npv.size
    cash = cash_of(initiative_draws(frame.seed, name, declared, terms, decision, rule, n), terms)
    if not cash.pv_cost.min() > 0:
        raise DesignError(
            "An initiative costs nothing from this point of view, so that no budget can be spent on it.",
            where=f"[roi.initiatives.{name}] costs",
            expected="costs, of which a share counts (borne_by)",
        )
    return Candidate(
        name=name,
        people=declared.people,
        npv=dict.fromkeys(decision.returns, cash.npv),
        pv_cost=cash.pv_cost,
        tiers=tuple(sorted({believed.tier for believed in declared.effects.values()})),
    )


def initiative_terms(
    frame: RoiFrame, declared: Initiative, decision: DecisionResult, rule: Decision
) -> Terms:
    """What is not drawn of an initiative: the channels of its effects, and its own costs.

    Args:
        frame, declared, decision: As of `candidate`.
        rule: With the years the initiative runs.
    """
    costs = tuple(
        CostLine(
            kind=cost.kind,
            amount=cost.amount * frame.money_rates[cost.currency],
            per=cost.per,
            spread=cost.spread,
            source=cost.source,
            tier=cost.tier,
            times=cost.times,
            borne_by=dict(cost.borne_by),
        )
        for cost in declared.costs
    )
    channels = tuple(c for c in decision.channels if c.outcome in declared.effects)
    return terms_of(rule, channels, costs, declared.people)


def initiative_draws(
    seed: int,
    name: str,
    declared: Initiative,
    terms: Terms,
    decision: DecisionResult,
    rule: Decision,
    n: int,
) -> Draws:
    """Draws of everything unknown about an initiative.

    Args:
        seed: The study's.
        name, declared: The initiative.
        terms: From `initiative_terms`.
        decision: Gives the factors.
        rule: `[roi.decision]`.
        n: Draws.
    """
    # named streams: the same name is the same unknown, in the programme as here
    drawn = dict(draw_money(terms, decision.factors, rule, n, seed))
    for number, line in enumerate(terms.costs):
        if line.spread:
            own = stream(seed, f"initiative.{name}.cost.{number}")
            drawn[unknown("cost", str(number))] = np.exp(line.spread * own.standard_normal(n))
    for outcome, believed in declared.effects.items():
        own = stream(seed, f"initiative.{name}.effect.{outcome}")
        drawn[unknown("effect", outcome)] = believed.mean + believed.sd * own.standard_normal(n)
    return drawn
