"""Latent profiles: people who differ in kind, over several scales, rather than by degree.

A mixture of normal distributions with a common covariance, by maximum likelihood (McLachlan & Peel 2000,
Finite Mixture Models; scikit-learn's EM), the number by the Bayesian information criterion (Schwarz 1978;
Nylund, Asparouhov & Muthén 2007). The covariance is shared and full, so that scales that go together within
everybody are one profile, and profiles are what remains: groups of means. Where many stand at an end of a
scale nothing is told: one kind of people, cut off there, looks like several.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

# what more profiles must gain (Raftery 1995, Sociological Methodology 25:111: above 10 is very strong), and
# how certain the profile of a person must be on the whole: a skewed continuum gains too, and parts nobody
_WORTH, _TELLS_APART = 10.0, 0.6
_STARTS = 5
_PEOPLE_PER_PROFILE = 50
# share of people at one end of a scale: one profile was taken for several in 1 of 24 worlds with .10 there,
# in 4 of 24 with .14, in half of them with .25
_MOST_AT_AN_END = 0.1


@dataclass(frozen=True, kw_only=True, repr=False)
class Profiles:
    """What the best number of profiles looks like.

    Attributes:
        number: Of profiles; 1: people differ by degree.
        criteria: Number → its BIC, lower is better; every number tried.
        means: Of each profile on each scale, shape (number, m), in the order of the first scale's means.
        assigned: Most probable profile of each row, shape (n,).
        entropy: 1 where everybody's profile is certain, 0 where nothing is known of it; None for one profile.
        smallest_share: Of the profiles, share of the rows assigned.
    """

    number: int
    criteria: dict[int, float]
    means: Floats
    assigned: Ints
    entropy: float | None
    smallest_share: float

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Profiles({self.number} of {len(self.criteria)} tried, {self.assigned.size} rows)"


def fit_profiles(scores: Floats, *, most: int, seed: int) -> Profiles:
    """Finds the number of profiles, and the profiles.

    Args:
        scores: One row per person, shape (n, m); nothing missing.
        most: Largest number to try.
        seed: Of the random starts.

    Raises:
        DesignError: Too few people for two profiles, or many at one end of a scale.
    """
    from sklearn.mixture import GaussianMixture

    n = scores.shape[0]
    if n < 2 * _PEOPLE_PER_PROFILE:
        raise DesignError(
            "Too few people answered every scale to look for profiles.",
            expected=f"at least {2 * _PEOPLE_PER_PROFILE}",
            got=f"at least {n // 5 * 5}",
        )
    ends = np.maximum(
        (scores == scores.min(axis=0)).mean(axis=0), (scores == scores.max(axis=0)).mean(axis=0)
    )
    if np.any(ends > _MOST_AT_AN_END):
        raise DesignError(
            "Too many people stand at one end of a scale to tell people of different kinds from a scale that "
            "is cut off there.",
            expected=f"at most {_MOST_AT_AN_END:.0%} at the lowest and at the highest score",
        )
    standard = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    fitted = {}
    for number in range(1, min(most, n // _PEOPLE_PER_PROFILE) + 1):
        mixture = GaussianMixture(
            n_components=number, covariance_type="tied", n_init=_STARTS if number > 1 else 1,
            random_state=seed, max_iter=500, reg_covar=1e-4,
        )  # fmt: skip
        mixture.fit(standard)
        if mixture.converged_:
            fitted[number] = mixture
    criteria = {number: float(mixture.bic(standard)) for number, mixture in fitted.items()}
    shares = {number: mixture.predict_proba(standard) for number, mixture in fitted.items()}
    told = [
        number
        for number, bic in criteria.items()
        if number > 1 and bic < criteria[1] - _WORTH and entropy_of(shares[number]) >= _TELLS_APART
    ]
    best = min(told, key=lambda number: criteria[number], default=1)
    chosen = fitted[best]
    order = np.argsort(chosen.means_[:, 0], kind="stable")
    share = shares[best][:, order]
    assigned = share.argmax(axis=1)
    counts = np.bincount(assigned, minlength=best)
    return Profiles(
        number=best,
        criteria=criteria,
        means=share.T @ scores / share.sum(axis=0)[:, None],
        assigned=assigned.astype(np.int64),
        entropy=entropy_of(share) if best > 1 else None,
        smallest_share=float(counts.min() / n),
    )


def entropy_of(share: Floats) -> float:
    """How certain profiles are (Celeux & Soromenho 1996): 1 where everybody's is, 0 where none is known.

    Args:
        share: Probability of each profile for each row, shape (n, number), number ≥ 2.
    """
    n, number = share.shape
    known = np.where(share > 0, share, 1.0)
    return 1 - float(-(share * np.log(known)).sum()) / (n * float(np.log(number)))
