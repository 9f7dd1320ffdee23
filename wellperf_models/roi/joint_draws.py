"""Effects of several outcomes drawn together, and with them the bias of a comparison without lots.

By lot, each posterior's draws are put in an order that gives them the correlation of their errors. Without
lots the difference found is the effect and the bias b of the comparison, d_i = δ_i + g_i(b) + error, with one
b for all outcomes. A belief is about the effect, not about the difference, so it can't be applied to the
difference and the bias taken off afterwards. Under an informative set of priors, with p_i the density of what
the belief about δ_i and the error of d_i say together of d_i − g_i(b),

    b ~ Normal(m, s) weighed by Π_i p_i(d_i − g_i(b)),   δ_i | b ∝ t((d_i − g_i(b) − δ_i) / se_i) · prior(δ_i)

(Greenland 2005, Journal of the Royal Statistical Society A 168:267). Nothing is believed under the flat set:
there b keeps its own distribution, and δ_i is the difference's posterior less g_i(b).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.inference.rank_correlation import correlate
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.bias import believed_bias, draw_bias, in_unit
from wellperf_models.roi.ledger import effect_of
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors
from wellperf_models.roi.rows import Effect, Posterior, PriorName, RoiFrame
from wellperf_models.roi.terms import Channel, Draws, stream, unknown

_SEED_ORDER: Final = 42
# draws that share a value of b when their effects are drawn, and points of the line on which those are
_TOGETHER: Final = 100
_POINTS: Final = 600
_REACH: Final = 8.0


@dataclass(frozen=True, kw_only=True)
class JointDraws:
    """Everything unknown, drawn together under one set of priors at a time.

    Attributes:
        frame, effects, posteriors: As of `fit_decision`.
        money: Draws of everything but effects and biases, the same under every set.
    """

    frame: RoiFrame
    effects: Effects
    posteriors: Posteriors
    money: Draws

    def __repr__(self) -> str:
        """Shapes only."""
        return f"JointDraws({len(self.posteriors)} posteriors; not released)"

    @property
    def n(self) -> int:
        """Draws."""
        return next(iter(self.posteriors.values())).draws.size

    def plain(self, prior: PriorName, columns: Sequence[Channel]) -> Floats:
        """Posteriors in the sampler's own order, shape (n, k)."""
        return np.column_stack([self.posteriors[c.outcome, prior].draws for c in columns])

    def of(self, prior: PriorName, columns: Sequence[Channel], correlation: Floats) -> tuple[Floats, Draws]:
        """Differences and everything else.

        Args:
            prior: Set.
            columns: Channels, k of them.
            correlation: Of the errors of their effects, shape (k, k).

        Returns:
            (differences, shape (n, k): effects and biases together; money and biases).
        """
        found = {c.outcome: effect_of(self.effects, c.outcome) for c in columns}
        section, seed = self.frame.section, self.frame.seed
        believed = believed_bias(section, self.frame.assigned_by)
        rng = np.random.default_rng([seed, _SEED_ORDER])
        if believed is None or prior == "flat":
            ordered = correlate(self.plain(prior, columns), correlation, rng)
            return ordered, {**self.money, **draw_bias(self.frame, section, columns, found, self.n)}
        parts = [
            _Part(channel=c, effect=found[c.outcome], posterior=self.posteriors[c.outcome, prior])
            for c in columns
        ]
        b = _bias_given(parts, believed, self.n, stream(seed, "bias"))
        levels = _levels(len(parts), self.n, correlation, rng)
        biases = {unknown("bias", p.channel.outcome): p.bias(b) for p in parts}
        differences = [
            p.effects(b, levels[:, k]) + biases[unknown("bias", p.channel.outcome)]
            for k, p in enumerate(parts)
        ]
        return np.column_stack(differences), {**self.money, **biases}


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One outcome: its difference with its error, and what is believed of its effect."""

    channel: Channel
    effect: Effect
    posterior: Posterior

    def bias(self, b: Floats) -> Floats:
        return in_unit(b, self.channel.sign, self.effect)

    def log_density(self, b: Floats) -> Floats:
        """Of the difference given b, whatever the effect; shape of `b`, which increases."""
        at = np.linspace(b[0], b[-1], _POINTS)
        left = self.effect.value - self.bias(at)
        reach = np.linspace(-_REACH, _REACH, _POINTS)
        mean, sd, error = self.posterior.prior_mean, self.posterior.prior_sd, self.effect.std_error
        # whichever of the two is wider is evaluated on the line of the other
        if sd > error:
            apart = (left[:, None] - error * reach - mean) / sd
            density = np.exp(-(apart**2) / 2) @ np.exp(self._log_error(reach))
        else:
            apart = (left[:, None] - mean - sd * reach) / error
            density = np.exp(self._log_error(apart)) @ np.exp(-(reach**2) / 2)
        return np.interp(b, at, np.log(np.maximum(density, 1e-300)))

    def effects(self, b: Floats, levels: Floats) -> Floats:
        """Draws of the effect given b: its quantiles at `levels`, shape of both; b in any order."""
        order = np.argsort(b, kind="stable")
        drawn = np.empty(b.size)
        mean, sd, error = self.posterior.prior_mean, self.posterior.prior_sd, self.effect.std_error
        reach = np.linspace(-_REACH, _REACH, _POINTS)
        for rows in np.array_split(order, max(1, b.size // _TOGETHER)):
            # the middle of a few draws that hardly differ stands for all of them
            left = self.effect.value - float(np.median(self.bias(b[rows])))
            line = np.union1d(left + error * reach, mean + sd * reach)
            log_density = self._log_error((left - line) / error) - ((line - mean) / sd) ** 2 / 2
            density = np.exp(log_density - log_density.max())
            mass = np.concatenate([[0.0], np.cumsum(np.diff(line) * (density[1:] + density[:-1]) / 2)])
            drawn[rows] = np.interp(levels[rows] * mass[-1], mass, line)
        return drawn

    def _log_error(self, x: Floats) -> Floats:
        from scipy import stats

        law = stats.norm() if np.isinf(self.effect.df) else stats.t(self.effect.df)
        return np.asarray(law.logpdf(x))


def _bias_given(
    parts: Sequence[_Part], believed: tuple[float, float], n: int, rng: np.random.Generator
) -> Floats:
    """Draws of b given the differences: its own draws, resampled by their weight; in no order."""
    mean, sd = believed
    b = np.sort(mean + sd * rng.standard_normal(n))
    log_weight = np.sum([p.log_density(b) for p in parts], axis=0)
    weight = np.cumsum(np.exp(log_weight - log_weight.max()))
    places = np.searchsorted(weight, (np.arange(n) + rng.uniform()) / n * weight[-1])
    return rng.permutation(b[np.minimum(places, n - 1)])


def _levels(k: int, n: int, correlation: Floats, rng: np.random.Generator) -> Floats:
    """Probabilities whose normal scores have this correlation, shape (n, k)."""
    from scipy import stats

    even = np.tile(((np.arange(n) + 0.5) / n)[:, None], (1, k))
    shuffled = rng.permuted(even, axis=0)
    return np.asarray(stats.norm.cdf(correlate(stats.norm.ppf(shuffled), correlation, rng)))
