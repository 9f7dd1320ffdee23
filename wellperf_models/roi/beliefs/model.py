"""Before the data, after the data, and how far the one hangs on the other, under every set of priors.

What a set believes of the effects is turned into money by the same function as the posterior (`cash_of`),
with the same draws of amounts and costs: what differs between before and after is what is known of the
effects. They are independent of each other before the data, as nobody declares how they go together.

How much the answer hangs on the prior is told by power-scaling (`inference.power_scaling`). The likelihood is
taken from the posterior under the flat prior, as a normal with its mean and covariance. Whether data and
prior contradict each other is the prior predictive p of the estimate (Box 1980, JRSS A 143:383).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.power_scaling import Sensitivity, normal_log_density, power_sensitivity
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.priors import prior_of
from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.rows import Effect, Posterior, PriorName, RoiFrame
from wellperf_models.roi.terms import Cash, Draws, Terms, cash_of, stream, unknown
from wellperf_models.study import EvidencePrior, Roi

# what is never believed of the effects themselves: a true effect has no bias
_NOT_MONEY: Final = ("effect", "bias")
_STREAM: Final = "belief"


@dataclass(frozen=True, kw_only=True)
class BelievedEffect:
    """An effect under one set: before and after the data, in the outcome's unit.

    Attributes:
        effect: The trial's estimate.
        prior: Set; never the flat one.
        entry, declared: Which entry of the set.
        before_mean, before_sd: Of the normal believed.
        after: Posterior under the set.
        conflict_p: Two-sided probability of an estimate as far from what was believed, or farther.
        sensitivity: Of the effect.
    """

    effect: Effect
    prior: PriorName
    entry: str
    declared: EvidencePrior
    before_mean: float
    before_sd: float
    after: Posterior
    conflict_p: float
    sensitivity: Sensitivity

    @property
    def outcome(self) -> str:
        """Which outcome."""
        return self.effect.outcome

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return f"BelievedEffect({self.outcome!r}, {self.prior}; not released)"


@dataclass(frozen=True, kw_only=True)
class BelievedReturn:
    """The net present value under one set, before the data.

    Attributes:
        prior: Set; never the flat one.
        npv: Before the data, independent draws, shape (n,); never shown.
        sensitivity: Of the net present value after the data.
    """

    prior: PriorName
    npv: Floats
    sensitivity: Sensitivity

    @property
    def p_positive(self) -> float:
        """Probability, before the data, that the net present value is above 0."""
        return float(np.mean(self.npv > 0))

    def __repr__(self) -> str:
        """What it is; its draws have not passed the gate."""
        return f"BelievedReturn({self.prior!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class Beliefs:
    """What was believed, before the gate.

    Attributes:
        effects: Outcome by outcome and set by set.
        returns: Set → return before the data; {} without a decision.
        decision: From `fit_decision`, or why there is none.
    """

    effects: tuple[BelievedEffect, ...]
    returns: dict[PriorName, BelievedReturn]
    decision: DecisionResult | Unanswered

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Beliefs({len(self.effects)} effects, {len(self.returns)} returns; not released)"


def fit_beliefs(
    frame: RoiFrame,
    effects: Effects | Unanswered,
    posteriors: Posteriors | Unanswered,
    decision: DecisionResult | Unanswered,
    section: Roi,
) -> Beliefs:
    """Each set of priors before and after the data.

    Args:
        frame: The return frame.
        effects: From `fit_effects`.
        posteriors: From `fit_posterior`.
        decision: From `fit_decision`; without it the effects alone are told.
        section: `[roi]`.

    Raises:
        DesignError: There is no effect, or no posterior, so that nothing was learned.
    """
    for given in (effects, posteriors):
        if isinstance(given, Unanswered):
            raise DesignError(given.reason, remedy=given.remedy or None)
    assert isinstance(effects, Effects)
    assert not isinstance(posteriors, Unanswered)
    found = []
    for name, prior in posteriors:
        effect = intention_to_treat(effects, name)
        if prior != "flat" and effect is not None and (name, "flat") in posteriors:
            found.append(_effect(frame, effect, posteriors, prior, section))
    if not found:
        raise DesignError("No belief about an effect is in use.", where="[roi.outcomes]")
    returns: dict[PriorName, BelievedReturn] = {}
    if not isinstance(decision, Unanswered):
        returns = {p: _return(p, decision, posteriors, frame.seed) for p in decision.returns if p != "flat"}
    return Beliefs(effects=tuple(found), returns=returns, decision=decision)


def _effect(
    frame: RoiFrame, effect: Effect, posteriors: Posteriors, prior: PriorName, section: Roi
) -> BelievedEffect:
    name = effect.outcome
    data, after = posteriors[name, "flat"], posteriors[name, prior]
    told = prior_of(name, frame.outcomes[name].declared, effect, prior, section)
    assert told.declared is not None
    column = after.draws[:, None]
    sensitivity = power_sensitivity(
        {"effect": after.draws},
        normal_log_density(column, np.array([after.prior_mean]), np.array([[after.prior_sd**2]])),
        normal_log_density(column, np.array([data.mean]), np.array([[data.sd**2]])),
    )
    return BelievedEffect(
        effect=effect,
        prior=prior,
        entry=told.entry,
        declared=told.declared,
        before_mean=after.prior_mean,
        before_sd=after.prior_sd,
        after=after,
        conflict_p=conflict_p(data.mean, data.sd, after.prior_mean, after.prior_sd),
        sensitivity=sensitivity["effect"],
    )


def conflict_p(found: float, error: float, mean: float, sd: float) -> float:
    """Two-sided prior predictive probability of an estimate as far from the belief as this one, or farther.

    Args:
        found, error: The estimate and its standard error.
        mean, sd: Of the normal believed.
    """
    from scipy import stats

    return float(2 * stats.norm.sf(abs(found - mean) / math.hypot(error, sd)))


def _return(prior: PriorName, decision: DecisionResult, posteriors: Posteriors, seed: int) -> BelievedReturn:
    outcomes = [c.outcome for c in decision.channels]
    told = {o: (posteriors[o, prior].prior_mean, posteriors[o, prior].prior_sd) for o in outcomes}
    back = decision.returns[prior]
    before = believed_cash(told, back.draws, decision.terms, back.npv.size, seed).npv
    names = [unknown("effect", o) for o in outcomes]
    joined = np.column_stack([back.draws[n] for n in names])
    data = np.column_stack([decision.returns["flat"].draws[n] for n in names])
    mean, sd = (np.array(v) for v in zip(*told.values(), strict=True))
    sensitivity = power_sensitivity(
        {"npv": back.npv},
        normal_log_density(joined, mean, np.diag(sd**2)),
        normal_log_density(joined, data.mean(axis=0), np.atleast_2d(np.cov(data, rowvar=False))),
    )
    return BelievedReturn(prior=prior, npv=before, sensitivity=sensitivity["npv"])


def believed_cash(
    told: Mapping[str, tuple[float, float]], money: Draws, terms: Terms, n: int, seed: int
) -> Cash:
    """Money of what is believed of the effects alone, independent draws.

    Args:
        told: Outcome of every channel → mean and standard deviation of a normal.
        money: Draws of amounts, factors, costs and fade-out; of effects and biases among them none is used.
        terms: What is not drawn.
        n: Draws.
        seed: The study's.
    """
    rest = {name: draws for name, draws in money.items() if name.partition(".")[0] not in _NOT_MONEY}
    believed = {
        unknown("effect", outcome): believed_effect(outcome, mean, sd, n, seed)
        for outcome, (mean, sd) in told.items()
    }
    return cash_of({**believed, **rest}, terms)


def believed_effect(outcome: str, mean: float, sd: float, n: int, seed: int) -> Floats:
    """Draws of a normal belief, shape (n,).

    Every set uses the same scores of an outcome: what differs between sets is the belief, not luck.
    """
    return mean + sd * stream(seed, f"{_STREAM}.{outcome}").standard_normal(n)
