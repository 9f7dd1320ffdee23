"""How scores are spread, how long they last in people, and how alike they are within clusters.

On a latent scale on which scores are normal (their ranks decide alone), an answer is what is lasting about
the person, what is lasting about the cluster, and a part that is remembered from one answer to the next:
z = u + v + w, w' = φ w + √(1 − φ²) noise, with a variance of 1 in all. Fitted by moments of pairs of answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats, Ints

# distinct scores kept: a continuous scale is cut into as many steps
_MOST_STEPS: Final = 60
# pairs of answers it takes to tell memory from what is lasting
_LEAST_PAIRS: Final = 30
_MOST_MEMORY, _MOST_LASTING = 0.95, 0.97
# a score computed from items must not miss a cut-off by rounding
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, kw_only=True, repr=False)
class Steps:
    """The scores there are, and where on the latent scale each begins.

    Attributes:
        values: Distinct scores, increasing, shape (S,).
        edges: Latent value above which a score is `values[k]` or more; the first is −inf; shape (S,).
    """

    values: Floats
    edges: Floats

    def scores(self, latent: Floats) -> Floats:
        """Scores of latent values."""
        return np.asarray(self.values[np.searchsorted(self.edges, latent, side="left") - 1])

    def latent(self, scores: Floats) -> Floats:
        """Normal scores: the quantile in the middle of all equal scores."""
        from scipy import special

        high = special.ndtr(np.append(self.edges[1:], np.inf))
        middle = special.ndtri((special.ndtr(self.edges) + high) / 2)
        place = np.clip(np.searchsorted(self.values, scores, side="right") - 1, 0, None)
        return np.asarray(middle[place])

    def edge_of(self, cut: float) -> float:
        """Latent value above which a score is at or above a cut-off."""
        place = int(np.searchsorted(self.values, cut - _ROUNDING, side="left"))
        return float(np.append(self.edges, np.inf)[place])


def steps_of(scores: Floats, cut: float) -> Steps:
    """The steps of observed scores.

    Args:
        scores: Shape (n,).
        cut: A cut-off that must stay exact where steps are merged.
    """
    from scipy import special

    values = np.unique(scores)
    if values.size > _MOST_STEPS:
        inner = np.quantile(scores, np.arange(_MOST_STEPS) / _MOST_STEPS, method="lower")
        at_cut = values[values >= cut - _ROUNDING][:1]
        values = np.unique(np.concatenate([values[:1], inner, at_cut]))
    below = np.searchsorted(np.sort(scores), values, side="left") / scores.size
    return Steps(values=values, edges=special.ndtri(below))


@dataclass(frozen=True, kw_only=True, repr=False)
class Persistence:
    """Shares of the variance of a latent score.

    Attributes:
        person: Lasting about the person.
        cluster: Lasting about the cluster.
        memory: φ, from one answer to the next, of the rest.
    """

    person: float
    cluster: float
    memory: float

    @property
    def rest(self) -> float:
        """What is lasting about nobody."""
        return 1.0 - self.person - self.cluster

    @property
    def next_answer(self) -> float:
        """Correlation of an answer with the next one of the same person."""
        return self.person + self.cluster + self.memory * self.rest


def persistence_of(
    now: Floats, before: Floats | None, person: Ints, cluster: Ints, steps_back: Ints
) -> Persistence:
    """Fits by moments.

    Args:
        now: Latent scores, sorted by person and wave, shape (n,).
        before: Those of the answer before; None where waves have no order.
        person, cluster: Codes, shape (n,).
        steps_back: Answers of the same person before it that are rows too, shape (n,).
    """
    now = now - now.mean()
    scale = float(now @ now) / now.size
    memory = 0.0
    if before is None:
        lasting = _within(now, person) / scale
    else:
        first = before - before.mean()
        one = float(np.clip(np.mean(first * now) / scale, 0.0, _MOST_LASTING))
        later = np.flatnonzero(steps_back > 0)
        lasting = one
        if later.size >= _LEAST_PAIRS:
            two = float(np.clip(np.mean(first[later - 1] * now[later]) / scale, 0.0, one))
            memory = float(np.clip((one - two) / (1 - one), 0.0, min(one, _MOST_MEMORY)))
            # what is remembered and what lasts make up the correlation with the answer before
            lasting = 1 - (1 - one) / (1 - memory)
    lasting = float(np.clip(lasting, 0.0, _MOST_LASTING))
    shared = float(np.clip(_between(now, person, cluster) / scale, 0.0, lasting))
    return Persistence(person=lasting - shared, cluster=shared, memory=memory)


def _within(values: Floats, unit: Ints) -> float:
    """Mean product of two different rows of a unit; 0 where no unit has two."""
    _, code = np.unique(unit, return_inverse=True)
    total, squares, n = (np.bincount(code, weights=w) for w in (values, values**2, np.ones(values.size)))
    pairs = float((n * (n - 1)).sum())
    return float((total**2 - squares).sum()) / pairs if pairs > 0 else 0.0


def _between(values: Floats, person: Ints, cluster: Ints) -> float:
    """Mean product of two different people's means in a cluster; 0 where clusters are people."""
    _, code, n = np.unique(person, return_inverse=True, return_counts=True)
    means = np.bincount(code, weights=values) / n
    home = np.empty(n.size, np.int64)
    home[code] = cluster
    return _within(means, home)
