"""What a decision is made of: channels of money, what comes back under a prior, the answer. Types only."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.rows import CostLine, Effect, PriorName
from wellperf_models.roi.terms import Cash, Channel, Draws, Terms
from wellperf_models.study import Factor

Answer = Literal["fund", "stop", "undecided"]
# the median of a normal sample is this much less sure than its mean
_MEDIAN: Final = math.sqrt(math.pi / 2)


def error_of_median(draws: Floats, n_effective: float) -> float:
    """One standard deviation of the Monte Carlo error of a median, as of normal draws; never 0."""
    return max(_MEDIAN * float(draws.std(ddof=1)) / math.sqrt(n_effective), 1e-12)


@dataclass(frozen=True, kw_only=True)
class Return:
    """What comes back under one prior; draws of shape (n,), never shown.

    Attributes:
        prior: Which.
        draws: Of everything unknown, effects in an order that gives them their correlation.
        cash: What they come to, for everybody the decision is about.
        by_outcome: Outcome → present value of its benefit.
        r_hat, ess_bulk, ess_tail: Of the net present value, in the order the sampler drew.
    """

    prior: PriorName
    draws: Draws
    cash: Cash
    by_outcome: dict[str, Floats]
    r_hat: float
    ess_bulk: float
    ess_tail: float

    @functools.cached_property
    def npv(self) -> Floats:
        """Net present value, shape (n,)."""
        return self.cash.npv

    @functools.cached_property
    def pv_benefit(self) -> Floats:
        """Present value of all benefits, shape (n,)."""
        return self.cash.pv_benefit

    @functools.cached_property
    def pv_cost(self) -> Floats:
        """Present value of all costs, shape (n,)."""
        return self.cash.pv_cost

    @property
    def roi(self) -> Floats:
        """Return on each unit of money: benefit / cost − 1, shape (n,)."""
        return self.pv_benefit / self.pv_cost - 1

    @property
    def p_positive(self) -> float:
        """Probability that the net present value is above 0."""
        return float(np.mean(self.npv > 0))

    @property
    def n_effective(self) -> float:
        """Independent draws that would be worth as much, at most as many as there are."""
        return min(self.ess_bulk, self.ess_tail, float(self.npv.size))

    def error_of_median(self, draws: Floats) -> float:
        """One standard deviation of the Monte Carlo error of the median of these draws."""
        return error_of_median(draws, self.n_effective)

    def error_of_probability(self) -> float:
        """One standard deviation of the Monte Carlo error of `p_positive`; never 0."""
        spread = max(self.p_positive * (1 - self.p_positive), 1 / self.n_effective)
        return math.sqrt(spread / self.n_effective)

    def __repr__(self) -> str:
        """What it is; its draws have not passed the gate."""
        return f"Return({self.prior!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class Asserted:
    """An outcome whose value somebody asserted: it is not in the net present value.

    Attributes:
        channel: What was asserted.
        break_even: Prior → amount at which the median net present value would be 0: 0 where it is above 0
            without it, None where no amount would do.
        monte_carlo_errors: Prior → a bound of one standard deviation of its Monte Carlo error; None where it
            is 0 or there is none.
    """

    channel: Channel
    break_even: dict[PriorName, float | None]
    monte_carlo_errors: dict[PriorName, float | None]


@dataclass(frozen=True, kw_only=True)
class Paid:
    """What somebody would pay for what has no price: told apart, in no other number.

    Attributes:
        name: Of the declaration.
        channel: What was said one unit is worth; its share is 0 where it would be somebody else's money.
        asked: Who was asked.
        party: Whose money it would be.
        worth: Prior → present value of it, shape (n,); never shown.
        npv: Prior → net present value with it, shape (n,); never shown.
        per_amount: Prior → present value for each unit of money that one unit of the outcome is worth.
    """

    name: str
    channel: Channel
    asked: str
    party: str
    worth: dict[PriorName, Floats]
    npv: dict[PriorName, Floats]
    per_amount: dict[PriorName, Floats]

    @property
    def counts(self) -> bool:
        """Whether it is the money of those from whose point of view it is judged."""
        return self.channel.share > 0

    def __repr__(self) -> str:
        """What it is; its draws have not passed the gate."""
        return f"Paid({self.name!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class AtCorrelation:
    """The answer where outcomes that can't be joined are assumed to be correlated so.

    Attributes:
        assumed: Asked for.
        used: Mean of what the matrix allowed.
        p_positive: Prior → probability.
        answer: By the declared rule.
    """

    assumed: float
    used: float
    p_positive: dict[PriorName, float]
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class DecisionResult:
    """The decision, before the gate.

    Attributes:
        answer: By the declared rule, under the sets that judge together.
        answers: Prior → answer under it alone.
        judged_by: Sets of priors that judge; the others are shown beside them.
        returns: Prior → what comes back.
        asserted: Outcomes whose value is asserted.
        paid: Outcomes that somebody would pay for; in no other number.
        people_declared: Whether the study file says how many; otherwise those who were offered it, to
            the nearest 5 unless published in full.
        effects: Outcome in the money → the effect its draws rest on.
        terms: Everything that is not drawn: whom it is about, for how long, at which prices.
        factors: Name → factor of amounts in use.
        n_assumed: Pairs of channels whose correlation is assumed, as they share no unit.
        sensitivity: The answer at several assumed correlations; () where none is assumed.
        break_even_effect: Effect on the outcome of `terms.first` that would pay for the programme if it
            changed nothing else; draws of shape (n,), from costs and amounts alone.
        currency: Of every amount.
    """

    answer: Answer
    answers: dict[PriorName, Answer]
    judged_by: tuple[PriorName, ...]
    returns: dict[PriorName, Return]
    asserted: tuple[Asserted, ...]
    paid: tuple[Paid, ...]
    effects: dict[str, Effect]
    people_declared: bool
    terms: Terms
    factors: dict[str, Factor]
    n_assumed: int
    sensitivity: tuple[AtCorrelation, ...]
    break_even_effect: Floats
    currency: str

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Outcomes whose value is measured or transported, in the order declared."""
        return self.terms.channels

    @property
    def costs(self) -> tuple[CostLine, ...]:
        """The cost ledger."""
        return self.terms.costs

    @property
    def people(self) -> int:
        """People the decision is about."""
        return self.terms.people

    def __repr__(self) -> str:
        """Shapes only."""
        return f"DecisionResult({len(self.channels)} channels, {len(self.costs)} costs; not released)"
