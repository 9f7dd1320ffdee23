"""What knowing more would be worth before deciding, under every set of priors that judges."""

from __future__ import annotations

import math

import numpy as np

from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.value_of_information import evpi, evppi
from wellperf_models.roi.information.results import Information, UnderPrior, VarianceShare
from wellperf_models.roi.information.swings import swings_of
from wellperf_models.roi.information.trials import Plan, plan_trials, value_trials
from wellperf_models.roi.information.unknowns import as_columns, groups_of, repeated, unknowns_of
from wellperf_models.roi.information.variance import variance_shares
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.returns import DecisionResult, Return
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.study import Roi


def fit_information(
    frame: RoiFrame, effects: Effects | Unanswered, decision: DecisionResult | Unanswered, section: Roi
) -> Information:
    """Value of knowing everything, of knowing each part, and of every trial that could be run.

    Two options: fund the programme for everybody the decision is about, or do not (0).

    Args:
        frame: The return frame.
        effects: From `fit_effects`.
        decision: From `fit_decision`. Where one of the two is not answered, neither is this.
        section: `[roi]`; without `[roi.pilot]` no trial is valued.

    Raises:
        NotAskedError: The study asks no decision.
        DesignError: There is no effect or no decision.
    """
    if section.decision is None:
        raise NotAskedError(
            "The study declares no decision, so there is nothing that knowing more could change.",
            where="[roi.decision]",
            remedy="add [roi.decision]",
        )
    for given in (effects, decision):
        if isinstance(given, Unanswered):
            kind = DesignError if given.asked else NotAskedError
            raise kind(given.reason, remedy=given.remedy or None)
    assert isinstance(effects, Effects)
    assert isinstance(decision, DecisionResult)
    plan = attempt(plan_trials, frame, decision.effects, decision.terms, section)
    judges = [decision.returns[prior] for prior in section.decision.judged_by]
    return Information(
        decision=decision,
        effects=effects,
        under={back.prior: _under(frame, decision, back, plan, section) for back in judges},
        shares=_shares(frame, decision, judges[0], section),
        impossible=() if isinstance(plan, Unanswered) else plan.impossible,
        spreads={} if isinstance(plan, Unanswered) else plan.spreads,
    )


def _under(
    frame: RoiFrame,
    decision: DecisionResult,
    back: Return,
    plan: Plan | Unanswered,
    section: Roi,
) -> UnderPrior:
    terms, n_effective = decision.terms, back.n_effective
    draws, npv = back.draws, back.npv
    options = np.column_stack([np.zeros_like(npv), npv])
    groups, together = groups_of(frame, decision, draws), repeated(draws, terms)
    return UnderPrior(
        prior=back.prior,
        mean=float(npv.mean()),
        mean_error=float(npv.std(ddof=1)) / math.sqrt(n_effective),
        perfect=evpi(options, n_effective),
        groups=tuple(
            (g, evppi(options, as_columns(draws, g.unknowns), n_effective, together)) for g in groups
        ),
        trials=plan
        if isinstance(plan, Unanswered)
        else value_trials(plan, draws, terms, n_effective, frame.seed),
        swings=swings_of(unknowns_of(frame, decision, draws), draws, npv, terms, n_effective, frame.seed),
        n_effective=n_effective,
    )


def _shares(
    frame: RoiFrame, decision: DecisionResult, back: Return, section: Roi
) -> tuple[VarianceShare, ...]:
    """Variance shares at the mean effects under one set of priors."""
    assert section.decision is not None
    draws = back.draws
    means = {
        name: np.array([drawn.mean()])
        for name, drawn in draws.items()
        if name.partition(".")[0] in ("effect", "bias")
    }
    return variance_shares(unknowns_of(frame, decision, draws), means, decision, section.decision, frame.seed)
