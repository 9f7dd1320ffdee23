"""What is told beside the headline: asserted values, and what somebody would pay for what has no price.

Neither is in the net present value. Of an asserted value only what it would have to be is computed; with what
somebody would pay, the net present value is computed again and told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from wellperf_models.inference.rank_correlation import complete
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.sampling import ESS_MIN
from wellperf_models.roi.joint_draws import JointDraws
from wellperf_models.roi.ledger import effect_of
from wellperf_models.roi.model_effects import joint_correlation
from wellperf_models.roi.model_posterior import intention_to_treat
from wellperf_models.roi.returns import Asserted, Paid, error_of_median
from wellperf_models.roi.rows import PriorName
from wellperf_models.roi.terms import Channel, Draws, Terms, cash_of, draw_money, share_of, unknown
from wellperf_models.study import PRIOR_SETS, Decision, Factor, Roi

ASKED: Final = "asked"


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What the headline was computed from.

    Attributes:
        draws: Of everything unknown, under each set of priors.
        sets: Of priors under which all that counts has a posterior.
        decision: The declared rule.
        terms: Of the channels that count.
    """

    draws: JointDraws
    sets: tuple[PriorName, ...]
    decision: Decision
    terms: Terms

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Beside({len(self.terms.channels)} channels; not released)"


def with_effects(effects: Floats, money: Draws, terms: Terms) -> Draws:
    """Draws of everything: a column of effects for each channel, and what is the same under every prior."""
    named = {unknown("effect", c.outcome): effects[:, k] for k, c in enumerate(terms.channels)}
    return {**named, **money}


def break_even_amounts(
    asserted: Sequence[Channel], correlation: Floats, beside: Beside
) -> tuple[Asserted, ...]:
    """For each asserted outcome alone, the amount that would bring the median net present value to 0.

    Args:
        asserted: The channels.
        correlation: Of the errors of the channels that count, and of these after them, shape (k, k).
        beside: What the headline was computed from.
    """
    terms, found = beside.terms, []
    columns = (*terms.channels, *asserted)
    for place, channel in enumerate(asserted, start=len(terms.channels)):
        # what an asserted outcome is worth is asked, not assumed
        alone = replace(terms, channels=(replace(channel, amount=1.0, times=()),))
        amounts: dict[PriorName, float | None] = {}
        errors: dict[PriorName, float | None] = {}
        for prior in beside.sets:
            joined, money = beside.draws.of(prior, columns, correlation)
            npv = cash_of(with_effects(joined, money, terms), terms).npv
            per_amount = cash_of({**money, unknown("effect", channel.outcome): joined[:, place]}, alone)
            amount = amounts[prior] = _root(npv, per_amount.pv_benefit)
            # draws are worth at least what the gate asks for
            errors[prior] = (
                error_of_median(npv + amount * per_amount.pv_benefit, ESS_MIN)
                / float(np.median(per_amount.pv_benefit))
                if amount
                else None
            )
        found.append(Asserted(channel=channel, break_even=amounts, monte_carlo_errors=errors))
    return tuple(found)


def paid_for(section: Roi, factors: Mapping[str, Factor], beside: Beside) -> tuple[Paid, ...]:
    """The net present value with what somebody would pay for an outcome, one declaration at a time.

    Args:
        section: `[roi]`.
        factors: In use.
        beside: What the headline was computed from.

    Returns:
        One for each declaration about an outcome that has an effect and a better side.
    """
    frame, found = beside.draws.frame, []
    for name, asked in section.willingness_to_pay.items():
        rows = frame.outcomes.get(asked.outcome)
        known = (asked.outcome, "flat") in beside.draws.posteriors
        if rows is None or rows.declared.higher_is == "neither" or not known:
            continue
        if intention_to_treat(beside.draws.effects, asked.outcome) is None:
            continue
        channel = Channel(
            outcome=asked.outcome,
            channel="willingness to pay",
            sign=1 if rows.declared.higher_is == "better" else -1,
            amount=asked.amount * frame.money_rates[asked.currency],
            spread=asked.spread,
            source=asked.source,
            tier=ASKED,
            share=share_of({asked.party: 1.0}, beside.decision.perspective),
        )
        found.append(_paid(name, channel, asked.asked, asked.party, factors, beside))
    return tuple(found)


def _paid(
    name: str, channel: Channel, asked: str, party: str, factors: Mapping[str, Factor], beside: Beside
) -> Paid:
    """Present value of one outcome at what somebody would pay, and the net present value with it."""
    terms = beside.terms
    # what it is worth to whoever pays, whether or not it is in the sum
    alone = replace(terms, channels=(replace(channel, share=1.0),), costs=())
    one_unit = replace(alone, channels=(replace(channel, share=1.0, amount=1.0, spread=0.0),))
    columns = (*terms.channels, channel)
    of = {c.outcome: effect_of(beside.draws.effects, c.outcome) for c in columns}
    matrix = complete(joint_correlation([of[c.outcome] for c in columns]), beside.decision.correlation)
    sets = [p for p in PRIOR_SETS if all((c.outcome, p) in beside.draws.posteriors for c in columns)]
    worth: dict[PriorName, Floats] = {}
    npv: dict[PriorName, Floats] = {}
    per_amount: dict[PriorName, Floats] = {}
    for prior in sets:
        joined, money = beside.draws.of(prior, columns, matrix)
        own = {
            **money,
            **draw_money(alone, factors, beside.decision, beside.draws.n, beside.draws.frame.seed),
            unknown("effect", channel.outcome): joined[:, -1],
        }
        worth[prior] = cash_of(own, alone).pv_benefit
        per_amount[prior] = cash_of(own, one_unit).pv_benefit
        if unknown("amount", channel.outcome) in own:
            per_amount[prior] = per_amount[prior] / own[unknown("amount", channel.outcome)]
        rest = cash_of(with_effects(joined, money, terms), terms).npv
        npv[prior] = rest + channel.share * worth[prior]
    return Paid(
        name=name,
        channel=channel,
        asked=asked,
        party=party,
        worth=worth,
        npv=npv,
        per_amount=per_amount,
    )


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
