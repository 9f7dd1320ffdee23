"""How often the decision rule is right where the truth is known, and whether its probabilities are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.evidence import Check, Estimate, Support
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.method_check.recovered import Share
from wellperf_models.study import PriorSet

# a statement fails when its 99 % Monte Carlo interval excludes what it should be
_ALPHA: Final = 0.01
_FUNDED: Final = 0.05
_REPLICATES: Final = 4_000
_SEED: Final = 88


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """What the decision rule says over simulated trials.

    Attributes:
        nothing: Trials of a programme that changes nothing, in which it says "fund".
        works: Trials of one that works as the optimistic set of priors says, in which it does.
        worth: Net present value of that programme, amounts and costs as declared; three digits.
        currency: Its unit.
        believed: Set of priors that effects were drawn from, and that probabilities are told under.
        p_positive: Of each trial of a programme so drawn: the probability that it pays, shape (W,).
        positive: Whether it does, shape (W,).
        support: What all of it rests on in the study.
    """

    nothing: Share
    works: Share
    worth: float
    currency: str
    believed: str
    p_positive: Floats
    positive: Floats
    support: Support

    @property
    def paid(self) -> Share:
        """Of the programmes drawn: those that pay."""
        return Share(count=int(self.positive.sum()), n=self.positive.size)

    def estimates(self) -> tuple[Estimate, ...]:
        """The figures of the answer."""
        mean = float(self.p_positive.mean())
        error = float(self.p_positive.std(ddof=1)) / math.sqrt(self.p_positive.size)
        return (
            _share("funded_nothing", "programmes that change nothing and are funded", self.nothing, self),
            _share("funded_works", "programmes that work as hoped for and are funded", self.works, self),
            Estimate(
                name="worth_if_it_works",
                label="net present value of a programme that works as hoped for",
                value=self.worth,
                unit=self.currency,
                support=self.support,
            ),
            Estimate(
                name="said_to_pay",
                label="mean probability of paying that was told of programmes drawn from what is believed",
                value=mean,
                low=mean - 1.96 * error,
                high=mean + 1.96 * error,
                coverage=0.95,
                interval="confidence",
                unit="share",
                support=self.support,
                computation="sampled",
                monte_carlo_error=max(error, 1e-6),
            ),
            _share("do_pay", "programmes drawn from what is believed that pay", self.paid, self),
        )


def _share(name: str, label: str, share: Share, verdicts: Verdicts) -> Estimate:
    low, high = share.interval
    return Estimate(
        name=name,
        label=label,
        value=share.value,
        low=low,
        high=high,
        coverage=0.95,
        interval="confidence",
        unit="share",
        support=verdicts.support,
        computation="sampled",
        monte_carlo_error=share.error,
    )


def check_verdicts(verdicts: Verdicts) -> tuple[Check, ...]:
    """Checks of the rule and of its probabilities."""
    return (
        nothing_not_funded(verdicts.nothing, verdicts.support),
        probabilities_hold(verdicts.p_positive, verdicts.positive, verdicts.support),
    )


def nothing_not_funded(share: Share, support: Support | None = None) -> Check:
    """A programme that changes nothing, and costs, is funded in 5 of 100 trials at most, up to chance."""
    from scipy import stats

    p = float(stats.binomtest(share.count, share.n, _FUNDED, alternative="greater").pvalue)
    passed = p >= _ALPHA
    return Check(
        name="nothing_not_funded",
        passed=passed,
        value=share.value,
        threshold=_FUNDED,
        support=support,
        computation="sampled",
        monte_carlo_error=share.error,
        text="A programme that changes nothing was funded no more often than 5 times in 100, up to chance "
        "(share: {value})."
        if passed
        else "A programme that changes nothing was funded too often (share: {value}; line at {threshold}): "
        "the rule asks for too little.",
    )


def probabilities_hold(p_positive: Floats, positive: Floats, support: Support | None = None) -> Check:
    """Of programmes said to pay with probability p, a share p does: in all, and one by one (Brier score).

    Args:
        p_positive: Told, shape (W,).
        positive: Whether it pays, shape (W,).
        support: What it rests on.
    """
    gap = float(positive.mean() - p_positive.mean())
    chance = chance_of(p_positive, positive)
    passed = min(1.0, 2 * min(chance)) >= _ALPHA
    error = math.sqrt(max(float((p_positive * (1 - p_positive)).sum()), 0.25)) / p_positive.size
    return Check(
        name="probabilities_hold",
        passed=passed,
        value=abs(gap),
        threshold=0.0,
        support=support,
        computation="sampled",
        monte_carlo_error=error,
        text="Programmes drawn from what is believed pay as often as their probabilities say, up to chance "
        "(difference of the shares: {value})."
        if passed
        else "Programmes drawn from what is believed do not pay as often as their probabilities say "
        "(difference of the shares: {value}): the probabilities are not to be taken at their word.",
    )


def chance_of(p_positive: Floats, positive: Floats) -> tuple[float, float]:
    """Two-sided p of the number that pay, and of the Brier score, if probabilities are right.

    Both by drawing who pays from the probabilities (Spiegelhalter 1986, Statistics in Medicine 5:421, gives
    the normal form of the second).
    """
    rng = np.random.default_rng(_SEED)
    # what was told from a few thousand draws is never 0 or 1 for certain
    told = np.clip(p_positive, 5e-4, 1 - 5e-4)
    drawn = rng.uniform(size=(_REPLICATES, told.size)) < told
    found = []
    for seen, expected in (
        (positive.sum(), drawn.sum(axis=1)),
        (((positive - told) ** 2).sum(), ((drawn - told) ** 2).sum(axis=1)),
    ):
        tails = [(np.sum(tail) + 1) / (_REPLICATES + 1) for tail in (expected <= seen, expected >= seen)]
        found.append(min(1.0, 2 * float(min(tails))))
    return found[0], found[1]


def believed_set(judged_by: Sequence[PriorSet]) -> PriorSet:
    """The set of priors that effects are drawn from: the first that holds a belief."""
    return next((name for name in judged_by if name != "flat"), "sceptical")
