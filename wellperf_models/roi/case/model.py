"""What a programme would return if its effects were as each set of priors believes, and what it would need.

The money is that of the decision (`cash_of`); of effects nothing is known but what is believed. With one
channel, a known amount v, people n, a belief Normal(m, s) of an outcome of which more is worse, and a known
cost c, the probability of a return is Φ((−m − c / (n v)) / s), and c / (n v) is the break-even effect. The
flat set believes nothing and so has no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.beliefs.model import believed_cash, believed_effect
from wellperf_models.roi.case.frame import Baseline, CaseFrame
from wellperf_models.roi.ledger import WHOSE, channel_of, declared_decision, refuse_free
from wellperf_models.roi.model_decision import rule_of
from wellperf_models.roi.priors import PriorOfEffect, believed_of, factors_of
from wellperf_models.roi.returns import Answer
from wellperf_models.roi.rows import CostLine, PriorName
from wellperf_models.roi.terms import Channel, Draws, Terms, cash_of, draw_money, terms_of, unknown
from wellperf_models.study import PRIOR_SETS, Decision, Factor, Roi

N_DRAWS: Final = 20_000
SETS: Final[tuple[PriorName, ...]] = tuple(p for p in PRIOR_SETS if p != "flat")


@dataclass(frozen=True, kw_only=True)
class CaseReturn:
    """What one set believes; draws are independent, of shape (n,), and never shown.

    Attributes:
        prior: Set; never the flat one.
        told: Outcome → belief, in its unit.
        npv: Net present value.
        first_pays: Whether the first channel alone would pay for the programme.
        answer: Of the declared rule, were this belief all there is.
    """

    prior: PriorName
    told: dict[str, PriorOfEffect]
    npv: Floats
    first_pays: np.ndarray
    answer: Answer

    @property
    def p_positive(self) -> float:
        """Probability that the net present value is above 0."""
        return float(np.mean(self.npv > 0))

    def __repr__(self) -> str:
        """What it is; its draws have not passed the gate."""
        return f"CaseReturn({self.prior!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """The business case, before the gate.

    Attributes:
        returns: Set → return.
        break_even: Effect on the first channel's outcome that would pay for the programme if it changed
            nothing else, in its unit, below 0 where more is worse; shape (n,).
        first: The channel.
        baseline: What its outcome is without the programme.
        terms: What is not drawn.
        factors: Name → factor in use.
        costs: The cost ledger.
        currency: Of every amount.
    """

    returns: dict[PriorName, CaseReturn]
    break_even: Floats
    first: Channel
    baseline: Baseline
    terms: Terms
    factors: dict[str, Factor]
    costs: tuple[CostLine, ...]
    currency: str

    def __repr__(self) -> str:
        """Shapes only."""
        return f"CaseResult({len(self.returns)} sets, {len(self.terms.channels)} channels; not released)"


def fit_case(case: CaseFrame | Unanswered, section: Roi) -> CaseResult:
    """Return and break-even effect under each set of priors but the flat one.

    Args:
        case: From `build_case`.
        section: `[roi]`.

    Raises:
        DesignError: There is no decision rule or discount rate, nothing has a value, nothing is known about
            costs, about how many people it is, or about an outcome without the programme.
        StudyError: A factor that is not declared, or is used for what it does not fit.
    """
    if isinstance(case, Unanswered):
        raise DesignError(case.reason, remedy=case.remedy or None)
    decision = declared_decision(section)
    channels = _channels(case, section, decision)
    if case.people is None:
        raise DesignError(
            "For how many people money would be spent and gained is not known.",
            where="[roi.decision] people",
            expected="the number of people the decision is about",
            remedy="declare it",
        )
    beliefs = {p: _told(case, section, channels, p) for p in SETS}
    terms = terms_of(decision, channels, _costs(case), case.people)
    factors = factors_of(section)
    money = draw_money(terms, factors, decision, N_DRAWS, case.seed)
    refuse_free(money, terms, decision.perspective)
    first = terms.first
    break_even = _break_even(money, terms)
    used = [t for c in terms.channels for t in c.times] + [t for c in terms.costs for t in c.times]
    return CaseResult(
        returns={
            p: _return(p, told, break_even, money, terms, case, decision) for p, told in beliefs.items()
        },
        break_even=break_even,
        first=first,
        baseline=case.baselines[first.outcome],
        terms=terms,
        factors={name: factors[name] for name in dict.fromkeys(used)},
        costs=terms.costs,
        currency=case.currency,
    )


def _channels(case: CaseFrame, section: Roi, decision: Decision) -> tuple[Channel, ...]:
    found = tuple(
        channel_of(name, section.outcomes[name], case.money_rates, decision.perspective)
        for name in case.baselines
    )
    if not any(c.share > 0 for c in found):
        raise DesignError(
            "No outcome has a value that was measured or comes from the literature and is "
            f"{WHOSE[decision.perspective]} money.",
            where="[roi.outcomes.NAME.value]",
            expected='a value with tier = "measured" or "transported" for at least one outcome',
            remedy="add the value of an outcome, with its source",
        )
    return found


def _costs(case: CaseFrame) -> tuple[CostLine, ...]:
    if isinstance(case.costs, Unanswered):
        raise DesignError(case.costs.reason, remedy=case.costs.remedy or None)
    if not case.costs:
        raise DesignError(
            "Costs are missing: it is not known what the programme would cost.",
            where="[[roi.costs]], or the table costs",
            remedy="declare what the programme would cost",
        )
    return case.costs


def _told(
    case: CaseFrame, section: Roi, channels: tuple[Channel, ...], prior: PriorName
) -> dict[str, PriorOfEffect]:
    found = {}
    for channel in channels:
        name, baseline = channel.outcome, case.baselines[channel.outcome]
        found[name] = believed_of(name, section.outcomes[name], baseline.mean, baseline.sd, prior, section)
    return found


def _return(
    prior: PriorName,
    told: dict[str, PriorOfEffect],
    break_even: Floats,
    money: Draws,
    terms: Terms,
    case: CaseFrame,
    decision: Decision,
) -> CaseReturn:
    normals = {name: (one.mean, one.sd) for name, one in told.items()}
    npv = believed_cash(normals, money, terms, N_DRAWS, case.seed).npv
    first = terms.first
    own = believed_effect(first.outcome, *normals[first.outcome], N_DRAWS, case.seed)
    return CaseReturn(
        prior=prior,
        told=told,
        npv=npv,
        first_pays=first.sign * own >= first.sign * break_even,
        answer=rule_of(decision, [float(np.mean(npv > 0))]),
    )


def _break_even(money: Draws, terms: Terms) -> Floats:
    """Effect on the first channel's outcome that would pay for the programme alone, shape (n,)."""
    first = terms.first.outcome
    one = {unknown("effect", c.outcome): np.full(N_DRAWS, float(c.outcome == first)) for c in terms.channels}
    cash = cash_of({**one, **money}, terms)
    return cash.pv_cost / cash.pv_benefit
