"""From what is unknown to money, year by year: one function, for every draw, scenario and question.

With e the effect on one person offered the programme, over a year, b the bias of the comparison it comes from
(0 where lots were drawn), H the horizon, P the years the programme runs, f the share of an effect lost from
each year to the next once it has ended, g the yearly factor of wages, p that of prices and r the discount
rate, year k = 0 … H − 1 is worth today

    benefit_k = people × Σ_outcomes (± (e − b) × worth) × (1 − f)^max(0, k − P + 1) × (g / (1 + r))^k
    cost_k    = [k = 0] Σ once + [k < P] (people × Σ per person and year + Σ per year) × (p / (1 + r))^k

with worth = amount × Π factors × share of it that counts, and likewise for costs; staff time is paid for in
wages, so that its costs grow by g. With real prices p = 1 and g is real growth; with nominal ones both hold
inflation, so that (p / (1 + r)) is the same where 1 + r = (1 + real r)(1 + inflation).

The first year counts in full, and what was booked or is paid once falls into it. Drummond et al., Methods for
the Economic Evaluation of Health Care Programmes, ch. 4 and 11.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.rows import CostLine
from wellperf_models.study import Decision, Factor, Party

UnknownKind = Literal["effect", "bias", "amount", "factor", "cost", "fade_out"]
# name of an unknown → its draws, shape (n,); names are made by `unknown`
Draws = Mapping[str, Floats]
_SEED: Final = 41


@dataclass(frozen=True, kw_only=True)
class Channel:
    """An outcome's way into the money, in the reporting currency.

    Attributes:
        outcome, channel: Names.
        sign: 1 where more is better, −1 where more is worse.
        amount, spread: For one unit of the outcome of one person over a year: median, and standard deviation
            of the logarithm.
        source, tier: Where it comes from.
        times: Factors it is multiplied by.
        share: Of it, of whose money is counted.
    """

    outcome: str
    channel: str
    sign: int
    amount: float
    spread: float
    source: str
    tier: str
    times: tuple[str, ...] = ()
    share: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is not drawn: whom it is about, for how long, and at which prices.

    Attributes:
        channels: Outcomes whose value counts, k of them.
        costs: The cost ledger.
        people: People the decision is about.
        horizon_years, programme_years: H and P.
        rate: r, of the perspective declared.
        growth: g, yearly factor of what an outcome is worth, and of staff time.
        prices: p, yearly factor of every other cost.
        fade_out: f where it is known; `fade_out` among the draws comes first.
    """

    channels: tuple[Channel, ...]
    costs: tuple[CostLine, ...]
    people: int
    horizon_years: int
    programme_years: int
    rate: float
    growth: float
    fade_out: float
    prices: float = 1.0

    @property
    def first(self) -> Channel:
        """The first channel of which a share counts."""
        return next(c for c in self.channels if c.share > 0)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Terms({len(self.channels)} channels, {len(self.costs)} costs, {self.horizon_years} years)"


@dataclass(frozen=True, kw_only=True)
class Cash:
    """Present values for everybody the decision is about, shapes (n, k, H) and (n, H); never shown."""

    benefits: Floats
    costs: Floats

    @property
    def pv_benefit(self) -> Floats:
        """Of all channels and years, shape (n,)."""
        return self.benefits.sum(axis=(1, 2))

    @property
    def pv_cost(self) -> Floats:
        """Of all years, shape (n,)."""
        return self.costs.sum(axis=1)

    @property
    def npv(self) -> Floats:
        """Net present value, shape (n,)."""
        return self.pv_benefit - self.pv_cost

    @property
    def cumulative(self) -> Floats:
        """Net present value of the years up to each one, shape (n, H)."""
        return np.cumsum(self.benefits.sum(axis=1) - self.costs, axis=1)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Cash({self.benefits.shape}; not released)"


def unknown(kind: UnknownKind, of: str = "") -> str:
    """Name of an unknown: "effect.OUTCOME", "bias.OUTCOME", "amount.OUTCOME", "factor.NAME", "cost.NUMBER"
    (in the order of the ledger, from 0) or "fade_out".

    Amounts and costs are drawn as multiples of what is declared (median 1); effects and biases are in the
    unit of their outcome.
    """
    return f"{kind}.{of}" if of else kind


def cash_of(draws: Draws, terms: Terms) -> Cash:
    """Money year by year, draw by draw.

    Args:
        draws: Effects of every channel's outcome, factors of every amount; every other unknown that has
            draws, those without are at their declared value.
        terms: What is not drawn.
    """
    n = next(iter(draws.values())).size
    years = np.arange(terms.horizon_years)
    today = (terms.growth / (1 + terms.rate)) ** years
    kept = 1 - draws.get("fade_out", np.full(n, terms.fade_out))
    lasting = kept[:, None] ** np.maximum(0, years - terms.programme_years + 1) * today
    benefits = np.empty((n, len(terms.channels), years.size))
    for place, channel in enumerate(terms.channels):
        effect = draws[unknown("effect", channel.outcome)] - draws.get(unknown("bias", channel.outcome), 0.0)
        benefits[:, place] = (effect * worth_of(channel, draws, terms.people))[:, None] * lasting
    runs = years < terms.programme_years
    prices = (terms.prices / (1 + terms.rate)) ** years
    costs = np.zeros((n, years.size))
    for number, line in enumerate(terms.costs):
        amount = line.amount * line.share * _multiples(unknown("cost", str(number)), line.times, draws)
        if line.per == "once":
            costs[:, 0] += amount
        else:
            heads = terms.people if line.per == "person_year" else 1
            yearly = today if line.kind == "staff_time" else prices
            costs += np.broadcast_to(amount * heads, (n,))[:, None] * np.where(runs, yearly, 0.0)
    return Cash(benefits=benefits, costs=costs)


def worth_of(channel: Channel, draws: Draws, people: int) -> Floats | float:
    """Money of one unit more of an outcome in everybody, in the first year, signed."""
    many = _multiples(unknown("amount", channel.outcome), channel.times, draws)
    return channel.sign * channel.amount * channel.share * people * many


def _multiples(own: str, times: Sequence[str], draws: Draws) -> Floats | float:
    many: Floats | float = draws.get(own, 1.0)
    for name in times:
        many = many * draws[unknown("factor", name)]
    return many


def terms_of(
    decision: Decision, channels: Sequence[Channel], costs: Sequence[CostLine], people: int
) -> Terms:
    """The terms of a declared rule.

    Args:
        decision: `[roi.decision]`.
        channels: Outcomes whose value counts.
        costs: The cost ledger; of every line the share that counts from the declared perspective is set here.
        people: People it is about.
    """
    borne = tuple(
        dataclasses.replace(line, share=share_of(line.borne_by, decision.perspective)) for line in costs
    )
    return Terms(
        channels=tuple(channels),
        costs=borne,
        people=people,
        horizon_years=decision.horizon_years,
        programme_years=decision.programme_years,
        rate=decision.rate,
        growth=decision.yearly_growth,
        prices=1 + (decision.inflation or 0.0),
        fade_out=decision.fade_out,
    )


def draw_money(terms: Terms, factors: Mapping[str, Factor], decision: Decision, n: int, seed: int) -> Draws:
    """Draws of everything unknown but the effects: the same under every set of priors.

    Each unknown has a stream of its own, so that none depends on which others there are.

    Args:
        terms: Channels and costs.
        factors: Of every name that a channel or a cost is multiplied by.
        decision: Its fade-out may be unknown.
        n: Draws.
        seed: The study's.
    """
    drawn: dict[str, Floats] = {}
    for channel in terms.channels:
        if channel.spread:
            name = unknown("amount", channel.outcome)
            drawn[name] = np.exp(channel.spread * stream(seed, name).standard_normal(n))
    for number, line in enumerate(terms.costs):
        if line.spread:
            name = unknown("cost", str(number))
            drawn[name] = np.exp(line.spread * stream(seed, name).standard_normal(n))
    used = [channel.times for channel in terms.channels] + [line.times for line in terms.costs]
    for factor in sorted({name for times in used for name in times}):
        name = unknown("factor", factor)
        drawn[name] = _factor(factors[factor], stream(seed, name), n)
    if decision.fade_out_spread:
        mean, size = decision.fade_out, decision.fade_out * (1 - decision.fade_out)
        strength = size / decision.fade_out_spread**2 - 1
        drawn["fade_out"] = stream(seed, "fade_out").beta(mean * strength, (1 - mean) * strength, n)
    return drawn


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator of one unknown, whatever others there are."""
    return np.random.default_rng([seed, _SEED, zlib.crc32(name.encode())])


def _factor(factor: Factor, rng: np.random.Generator, n: int) -> Floats:
    if factor.distribution == "beta":
        assert factor.a is not None
        assert factor.b is not None
        return rng.beta(factor.a, factor.b, n)
    assert factor.median is not None
    return factor.median * np.exp((factor.spread or 0.0) * rng.standard_normal(n))


def middle_of(factor: Factor) -> float:
    """The median of a factor."""
    if factor.distribution == "beta":
        from scipy import stats

        return float(stats.beta.median(factor.a, factor.b))
    assert factor.median is not None
    return factor.median


def share_of(borne_by: Mapping[Party, float], perspective: str) -> float:
    """Share of an amount that counts from a point of view: society counts everything."""
    return (
        1.0
        if perspective == "society"
        else borne_by.get("employer" if perspective == "employer" else "employee", 0.0)
    )


def with_terms(terms: Terms, **changed: object) -> Terms:
    """The same terms, some of them changed."""
    return dataclasses.replace(terms, **changed)  # type: ignore[arg-type]
