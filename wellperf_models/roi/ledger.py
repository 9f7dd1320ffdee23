"""What counts in the decision: channels of money, from whose point of view, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.rows import Effect, RoiFrame
from wellperf_models.roi.terms import Channel, Draws, Terms, cash_of, share_of, unknown
from wellperf_models.study import Decision, Outcome, Roi

# whose point of view → whose money it would be
WHOSE = {"employer": "the employer's", "employee": "the employees'", "society": "society's"}


def channel_of(name: str, declared: Outcome, rates: Mapping[str, float], perspective: str) -> Channel:
    """The channel of an outcome with a value, in the reporting currency.

    Args:
        name, declared: The outcome.
        rates: Currency → factor to the reporting one.
        perspective: Whose money counts.
    """
    value = declared.value
    assert value is not None
    return Channel(
        outcome=name,
        channel=value.channel,
        sign=1 if declared.higher_is == "better" else -1,
        amount=value.amount * rates[value.currency],
        spread=value.spread,
        source=value.source,
        tier=value.tier,
        times=value.times,
        share=share_of(value.borne_by, perspective),
    )


def channels_of(
    frame: RoiFrame, effects: Effects, posteriors: Posteriors, perspective: str
) -> tuple[tuple[Channel, ...], tuple[Channel, ...]]:
    """Channels that count, and those whose value is only asserted.

    Args:
        frame, effects, posteriors: As of `fit_decision`.
        perspective: Whose money counts.

    Raises:
        DesignError: An outcome with a value can't be used, nothing has a value, or nothing of it is the money
            of those from whose point of view it is judged.
    """
    for name, why in frame.not_measured.items():
        if frame.section.outcomes[name].value is not None:
            raise DesignError(
                f"An outcome that has a value can't be used, so its money is not known: {why.reason}",
                where=f"[roi.outcomes.{name}]",
                remedy="take its value out, or complete its data",
            )
    found: list[Channel] = []
    for name, rows in frame.outcomes.items():
        if rows.declared.value is None:
            continue
        if (name, "flat") not in posteriors or intention_to_treat(effects, name) is None:
            raise DesignError(
                "An outcome that has a value has no effect, so its money is not known.",
                where=f"[roi.outcomes.{name}]",
                remedy="see why in the evidence on effects, or take its value out",
            )
        found.append(channel_of(name, rows.declared, frame.money_rates, perspective))
    counted = tuple(c for c in found if c.tier != "asserted")
    if not counted:
        raise DesignError(
            "No outcome has a value that was measured or comes from the literature.",
            where="[roi.outcomes.NAME.value]",
            expected='a value with tier = "measured" or "transported" for at least one outcome',
            remedy="add the value of an outcome, with its source",
        )
    if not any(c.share > 0 for c in counted):
        raise DesignError(
            f"Nothing of what the outcomes are worth is {WHOSE[perspective]} money.",
            where=f"[roi.decision] perspective = {perspective!r}",
            expected="a share of at least one value (borne_by) that counts from this point of view",
            remedy="declare borne_by of the values, or judge from another point of view",
        )
    return counted, tuple(c for c in found if c.tier == "asserted")


def declared_decision(section: Roi) -> Decision:
    """The declared rule.

    Raises:
        DesignError: There is none.
    """
    if section.decision is None:
        raise DesignError(
            "There is no decision rule, so the effects are all that can be said.",
            where="[roi.decision] discount_rate",
            expected="a discount rate, a perspective, a horizon and a fade-out, declared in advance",
            remedy="add [roi.decision]",
        )
    return section.decision


def refuse_without_costs(frame: RoiFrame) -> None:
    """A return needs costs.

    Raises:
        DesignError: Nothing is known about them.
    """
    if not frame.costs:
        raise DesignError(
            "Costs are missing: it is not known what the programme costs.",
            where="[[roi.costs]], or the table costs",
            remedy="book or declare what the programme costs",
        )


def refuse_free(money: Draws, terms: Terms, perspective: str) -> None:
    """A return is a share of what is spent.

    Args:
        money: Draws of everything but the effects.
        terms: With the share of each cost that counts.
        perspective: Whose money counts.

    Raises:
        DesignError: The costs that count add up to nothing.
    """
    nothing = {unknown("effect", c.outcome): np.zeros(1) for c in terms.channels}
    known = {name: draws[:1] for name, draws in money.items() if name.startswith(("cost", "factor"))}
    if not cash_of(nothing | known, terms).pv_cost.min() > 0:
        raise DesignError(
            f"The costs that are {WHOSE[perspective]} money add up to nothing.",
            where="[[roi.costs]], or the table costs",
            expected="something above 0: a return is a share of it",
            remedy="declare what the programme costs, and borne_by whom, or judge from another point of view",
        )


def effect_of(effects: Effects, outcome: str) -> Effect:
    """The effect of intention to treat on an outcome that has one."""
    effect = intention_to_treat(effects, outcome)
    assert effect is not None
    return effect
