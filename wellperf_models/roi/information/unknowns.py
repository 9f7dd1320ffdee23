"""The unknowns behind a net present value: named for a reader, grouped by what one study could tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

import numpy as np

from wellperf_models.evidence import plain
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.roi.checks_effects import labels_of
from wellperf_models.roi.findings_words import unit_of
from wellperf_models.roi.information.results import Group, GroupKind, Unknown
from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.roi.terms import Draws, Terms, unknown, with_terms

# those of which nobody has measured anything stay in the picture, however small
JUDGED: Final = frozenset({"judgement", "asserted"})
_LABELS: Final[dict[GroupKind, str]] = {
    "effects": "All effects together",
    "bias": "How far the comparison misleads",
    "worth": "What the outcomes are worth",
    "costs": "What the programme costs",
    "fade_out": "How fast an effect fades",
    "inputs": "Everything that is no effect",
}


def unknowns_of(frame: RoiFrame, decision: DecisionResult, draws: Draws) -> tuple[Unknown, ...]:
    """Every unknown that has draws and varies, in the order effects, biases, amounts, factors, costs, fading.

    Args:
        frame: Labels and units of outcomes.
        decision: Channels, costs and factors.
        draws: Of everything unknown.
    """
    labels, currency = labels_of(frame.outcomes), decision.currency
    found = []
    for c in decision.channels:
        name, unit = labels[c.outcome], unit_of(frame.outcomes[c.outcome])
        found.append(
            Unknown(name=unknown("effect", c.outcome), label=f"Effect: {name}", unit=unit, status="estimated")
        )
        found.append(
            Unknown(name=unknown("bias", c.outcome), label=f"Bias: {name}", unit=unit, status="judgement")
        )
        found.append(
            Unknown(
                name=unknown("amount", c.outcome),
                label=f"Worth of one: {name}",
                unit=currency,
                status=c.tier,
                scale=c.amount,
            )
        )
    for name, factor in decision.factors.items():
        words = name.replace("_", " ")
        found.append(
            Unknown(name=unknown("factor", name), label=f"Factor: {words}", unit="", status=factor.status)
        )
    for number, line in enumerate(decision.costs):
        found.append(
            Unknown(
                name=unknown("cost", str(number)),
                label=f"Cost {number + 1}: {line.kind.replace('_', ' ')}",
                unit=currency,
                status=line.tier,
                scale=line.amount,
            )
        )
    found.append(Unknown(name="fade_out", label="Share of an effect lost a year", unit="", status="declared"))
    kinds = ("effect", "bias", "amount", "factor", "cost", "fade_out")
    there = [u for u in found if u.name in draws and draws[u.name].std() > 0]
    return tuple(sorted(there, key=lambda u: kinds.index(u.name.partition(".")[0])))


def groups_of(frame: RoiFrame, decision: DecisionResult, draws: Draws) -> tuple[Group, ...]:
    """What could become known together; a factor of amounts and of costs is in both groups.

    Args:
        frame, decision, draws: As of `unknowns_of`.
    """
    there = [u.name for u in unknowns_of(frame, decision, draws)]
    labels = labels_of(frame.outcomes)
    worth = [unknown("amount", c.outcome) for c in decision.channels]
    worth += [unknown("factor", t) for c in decision.channels for t in c.times]
    costs = [unknown("cost", str(n)) for n in range(len(decision.costs))]
    costs += [unknown("factor", t) for line in decision.costs for t in line.times]
    effects = [n for n in there if n.startswith("effect.")]
    members: dict[GroupKind, list[str]] = {
        "effects": effects if len(effects) > 1 else [],
        "bias": [n for n in there if n.startswith("bias.")],
        "worth": [n for n in there if n in worth],
        "costs": [n for n in there if n in costs],
        "fade_out": [n for n in there if n == "fade_out"],
        "inputs": [n for n in there if n.partition(".")[0] in ("amount", "factor", "cost", "fade_out")],
    }
    alone = [
        Group(kind="effect", label=f"Effect: {plain(labels[n.partition('.')[2]])}", unknowns=(n,))
        for n in effects
    ]
    # everything that is no effect is told where it is more than one of the groups before
    if sum(bool(members[kind]) for kind in ("worth", "costs", "fade_out")) < 2:
        members["inputs"] = []
    return (
        *alone,
        *(Group(kind=k, label=_LABELS[k], unknowns=tuple(names)) for k, names in members.items() if names),
    )


def true_effects(draws: Draws, terms: Terms) -> dict[str, Floats]:
    """Outcome → draws of the effect less its bias: what a trial by lot would estimate."""
    found = {}
    for channel in terms.channels:
        effect, bias = draws[unknown("effect", channel.outcome)], unknown("bias", channel.outcome)
        found[channel.outcome] = effect - draws[bias] if bias in draws else effect
    return found


def repeated(draws: Draws, terms: Terms) -> Ints:
    """A code for each draw: draws of one code hold the same draw of the effect that moves most money.

    A sampler's draws are told more than once where sampling is dear, or where they stand for another set of
    priors. Those of further outcomes are put beside them in an order of their own.

    Args:
        draws: Of everything unknown.
        terms: Channels.

    Returns:
        Shape (n,), from 0.
    """
    moved = [abs(c.amount * c.share) * draws[unknown("effect", c.outcome)].std() for c in terms.channels]
    most = terms.channels[int(np.argmax(moved))]
    codes: Ints = np.unique(draws[unknown("effect", most.outcome)], return_inverse=True)[1]
    return codes


def put_off(terms: Terms, years: int) -> Terms | None:
    """The terms of a decision that is carried out some whole years later, inside of the same years.

    Amounts are then those of that year, worth less today; None where no year is left.

    Args:
        terms: Of a decision carried out now.
        years: By how many it is put off.
    """
    left = terms.horizon_years - years
    if left < 1:
        return None
    today = (1 + terms.rate) ** -years
    wages, prices = terms.growth**years * today, terms.prices**years * today
    return with_terms(
        terms,
        channels=tuple(dataclasses.replace(c, amount=c.amount * wages) for c in terms.channels),
        costs=tuple(
            dataclasses.replace(line, amount=line.amount * (wages if line.kind == "staff_time" else prices))
            for line in terms.costs
        ),
        horizon_years=left,
        programme_years=min(terms.programme_years, left),
    )


def as_columns(draws: Mapping[str, Floats], names: tuple[str, ...]) -> Floats:
    """Draws of some unknowns, a column each, shape (n, q)."""
    return np.column_stack([draws[name] for name in names])
