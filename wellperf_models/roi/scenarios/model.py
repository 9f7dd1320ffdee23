"""The same draws under other circumstances: nothing is fitted again (see `terms.cash_of`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.ledger import declared_decision
from wellperf_models.roi.model_decision import rule_of
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.returns import Answer, DecisionResult
from wellperf_models.roi.rows import CostLine, PriorName, RoiFrame
from wellperf_models.roi.terms import Draws, Terms, cash_of
from wellperf_models.study import Decision, Roi, Scenario

# share of the treated arm whose receipt may be unknown
_MAX_UNKNOWN: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Who of the treated arm took part.

    Attributes:
        share: Of those whose receipt is recorded.
        n_took_part, n_others: Units.
    """

    share: float
    n_took_part: int
    n_others: int

    def __repr__(self) -> str:
        """It has not passed the gate."""
        return "Receipt(not released)"


@dataclass(frozen=True, kw_only=True)
class AtScenario:
    """What comes back under one set of circumstances.

    Attributes:
        npv: Set of priors → net present value, shape (n,); never shown.
        answers: Set of priors → answer under it alone.
        answer: By the declared rule.
        receipt: Whom the uptake is compared with; None where uptake is as observed.
    """

    npv: dict[PriorName, Floats]
    answers: dict[PriorName, Answer]
    answer: Answer
    receipt: Receipt | None = None

    def __repr__(self) -> str:
        """What it is; its draws have not passed the gate."""
        return "AtScenario(not released)"


@dataclass(frozen=True, kw_only=True)
class Scenarios:
    """Every scenario of the study.

    Attributes:
        declared: As the decision has it.
        of: Name → what comes back, or why that is not known.
        effects: What the decision rests on, for whether it may decide anything.
        decision: The decision.
    """

    declared: AtScenario
    of: dict[str, AtScenario | Unanswered]
    effects: Effects
    decision: DecisionResult

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Scenarios({', '.join(self.of)}; not released)"


def fit_scenarios(
    frame: RoiFrame, effects: Effects | Unanswered, decision: DecisionResult | Unanswered, section: Roi
) -> Scenarios:
    """Runs the decision's draws through other circumstances.

    Args:
        frame: The return frame.
        effects: From `fit_effects`.
        decision: From `fit_decision`. Where one of the two is not answered, neither is this.
        section: `[roi]`.

    Raises:
        NotAskedError: The study declares no scenario.
        DesignError: There is no decision.
    """
    if not section.scenarios:
        raise NotAskedError("The study file declares no other circumstances.", where="[roi.scenarios]")
    for given in (effects, decision):
        if isinstance(given, Unanswered):
            raise DesignError(given.reason, remedy=given.remedy or None)
    assert isinstance(effects, Effects)
    assert isinstance(decision, DecisionResult)
    rule = declared_decision(section)
    return Scenarios(
        declared=_at(Scenario(), decision, rule, None),
        of={
            name: attempt(_under, frame, scenario, decision, rule)
            for name, scenario in section.scenarios.items()
        },
        effects=effects,
        decision=decision,
    )


def _under(frame: RoiFrame, scenario: Scenario, decision: DecisionResult, rule: Decision) -> AtScenario:
    receipt = receipt_of(frame, decision) if scenario.uptake is not None else None
    return _at(scenario, decision, rule, receipt)


def _at(scenario: Scenario, decision: DecisionResult, rule: Decision, receipt: Receipt | None) -> AtScenario:
    terms = terms_under(scenario, decision.terms)
    scale = 1.0 if scenario.uptake is None or receipt is None else scenario.uptake / receipt.share
    npv = {
        prior: cash_of(draws_under(scenario, back.draws, scale), terms).npv
        for prior, back in decision.returns.items()
    }
    p = {prior: float(np.mean(draws > 0)) for prior, draws in npv.items()}
    return AtScenario(
        npv=npv,
        answers={prior: rule_of(rule, [share]) for prior, share in p.items()},
        answer=rule_of(rule, [p[prior] for prior in rule.judged_by]),
        receipt=receipt,
    )


def terms_under(scenario: Scenario, terms: Terms) -> Terms:
    """The terms under other circumstances.

    Args:
        scenario: Its wages multiply what every outcome is worth, and staff time, which is paid for in wages;
            its price every cost.
        terms: As declared.
    """
    return replace(
        terms,
        channels=tuple(replace(c, amount=c.amount * scenario.wages) for c in terms.channels),
        costs=tuple(replace(line, amount=line.amount * _dearer(scenario, line)) for line in terms.costs),
        rate=terms.rate if scenario.discount_rate is None else scenario.discount_rate,
        fade_out=terms.fade_out if scenario.fade_out is None else scenario.fade_out,
    )


def _dearer(scenario: Scenario, line: CostLine) -> float:
    return scenario.price * (scenario.wages if line.kind == "staff_time" else 1.0)


def draws_under(scenario: Scenario, draws: Draws, scale: float) -> Draws:
    """The draws under other circumstances.

    Args:
        scenario: A fade-out of its own is known.
        draws: As of the decision.
        scale: Of every effect of the offer, and of what it may be off by.
    """
    found = {}
    for name, values in draws.items():
        if name == "fade_out" and scenario.fade_out is not None:
            continue
        found[name] = values * scale if name.startswith(("effect.", "bias.")) else values
    return found


def receipt_of(frame: RoiFrame, decision: DecisionResult) -> Receipt:
    """Share of the treated arm that took part, from the first outcome in the money where it is recorded.

    Args:
        frame: The return frame.
        decision: From `fit_decision`.

    Raises:
        DesignError: It is not recorded, for too many, or nobody took part.
    """
    for channel in decision.channels:
        rows = frame.outcomes[channel.outcome]
        if rows.received is None:
            continue
        units, place = np.unique(rows.unit[rows.treated], return_index=True)
        took = rows.received[rows.treated][place]
        known = np.isfinite(took)
        if not units.size or known.mean() < 1 - _MAX_UNKNOWN:
            continue
        part = int((took[known] == 1).sum())
        if part:
            return Receipt(share=part / int(known.sum()), n_took_part=part, n_others=int(known.sum()) - part)
    raise DesignError(
        "Who took part is not recorded, so another uptake can't be compared with the one observed.",
        where="outcomes.received",
        expected="who of the treated arm took part, for at least nine in ten of them",
        remedy="fill outcomes.received, or leave uptake out of the scenario",
    )
