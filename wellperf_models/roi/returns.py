"""What a decision is made of: channels of money, what comes back under a prior, the answer. Types only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.rows import CostLine, PriorName

Answer = Literal["fund", "stop", "measure first"]
# the median of a normal sample is this much less sure than its mean
_MEDIAN: Final = math.sqrt(math.pi / 2)


@dataclass(frozen=True, kw_only=True)
class Channel:
    """An outcome's way into the money, in the reporting currency.

    Attributes:
        outcome, channel: Names.
        sign: 1 where more is better, −1 where more is worse.
        amount, spread: For one unit of the outcome of one person over a year: median, and standard deviation
            of the logarithm.
        source, tier: Where it comes from.
    """

    outcome: str
    channel: str
    sign: int
    amount: float
    spread: float
    source: str
    tier: str


def error_of_median(draws: Floats, n_effective: float) -> float:
    """One standard deviation of the Monte Carlo error of a median, as of normal draws; never 0."""
    return max(_MEDIAN * float(draws.std(ddof=1)) / math.sqrt(n_effective), 1e-12)


@dataclass(frozen=True, kw_only=True)
class Return:
    """What comes back under one prior; draws of shape (n,), never shown.

    Attributes:
        prior: Which.
        npv, pv_benefit, pv_cost: For everybody the decision is about.
        by_outcome: Outcome → present value of its benefit.
        r_hat, ess_bulk, ess_tail: Of the net present value, in the order the sampler drew.
    """

    prior: PriorName
    npv: Floats
    pv_benefit: Floats
    pv_cost: Floats
    by_outcome: dict[str, Floats]
    r_hat: float
    ess_bulk: float
    ess_tail: float

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
        answer: By the declared rule, under both priors together.
        answers: Prior → answer under it alone.
        returns: Prior → what comes back.
        channels: Outcomes whose value is measured or transported, in the order declared.
        asserted: Outcomes whose value is asserted.
        costs: The cost ledger.
        people: People the decision is about.
        people_declared: Whether the study file says how many; otherwise those who were offered it, to
            the nearest 5 unless published in full.
        benefit_factors, cost_factors: What a benefit, or a cost, of each year is worth today, as a share of
            the first year's.
        n_assumed: Pairs of channels whose correlation is assumed, as they share no unit.
        sensitivity: The answer at several assumed correlations; () where none is assumed.
        break_even_effect: Effect on the first channel's outcome that would pay for the programme if it
            changed nothing else; draws of shape (n,), from costs and amounts alone.
        currency: Of every amount.
    """

    answer: Answer
    answers: dict[PriorName, Answer]
    returns: dict[PriorName, Return]
    channels: tuple[Channel, ...]
    asserted: tuple[Asserted, ...]
    costs: tuple[CostLine, ...]
    people: int
    people_declared: bool
    benefit_factors: tuple[float, ...]
    cost_factors: tuple[float, ...]
    n_assumed: int
    sensitivity: tuple[AtCorrelation, ...]
    break_even_effect: Floats
    currency: str

    def __repr__(self) -> str:
        """Shapes only."""
        return f"DecisionResult({len(self.channels)} channels, {len(self.costs)} costs; not released)"
