"""Foretelling people the model has not seen: later landmarks with dates, left-out folds without.

With dates every prediction is made from what was known on the test landmark's day: earlier landmarks, their
outcomes cut at that day, codes, bands and ridge learned from them. Without dates there is no day; whole
groups of people are left out instead, repeatedly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.folds import grouped_folds
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study import Covariate, Turnover
from wellperf_models.turnover.risk.foretelling import (
    Foreteller,
    Watched,
    fit_foreteller,
    foretell_average,
)
from wellperf_models.turnover.risk.frame import Landmarks

# months before the first day on which anything is foretold
LEAST_HISTORY = 12
# exits that training must hold
LEAST_EXITS = 20
MODELS = ("model", "tenure", "average")


@dataclass(frozen=True, kw_only=True)
class Foretold:
    """Predictions for unseen rows.

    Attributes:
        row: Index into the landmarks, shape (n,).
        occasion: Landmark (`start`), or the repeat of the folds, in each of which a row is once; shape (n,).
        stratum: Rows foretold by the same fit, shape (n,): only these are ordered against each other, as fits
            that differ by whom they left out are off in the opposite direction.
        horizons: Months ahead.
        risk: Model → cumulative incidence, shape (n, horizons, K); nan where the horizon was not observed.
            "model" has everything, "tenure" no covariates, "average" is the null: everybody alike.
        strengths: Ridges chosen.
        n_exits: Fewest exits any of the fits was trained on.
        n_columns: Most columns any of them had.
        gap: Largest distance of survival plus cumulative incidences from 1.
        n_leavers: Distinct people who left, by cause, that each fit was trained on, shape (fits, K); None for
            folds: what one of them learns too much the others learn too little, and it cancels out.
        latest: Latest month of an outcome used in training less the test landmark's; below or at 0. None
            without dates.
    """

    row: Ints
    occasion: Ints
    stratum: Ints
    horizons: tuple[int, ...]
    risk: dict[str, Floats]
    strengths: tuple[float, ...]
    n_exits: int
    n_columns: int
    gap: float
    n_leavers: Ints | None
    latest: int | None

    def training_error(self, members: Sequence[int]) -> float:
        """Standard error of the log of a foretold total that comes from training, by the leavers behind it.

        Args:
            members: Causes counted (from 1).
        """
        if self.n_leavers is None:
            return 0.0
        # fits of later landmarks hold the leavers of earlier ones: their errors go together
        leavers = self.n_leavers[:, np.asarray(members) - 1].sum(axis=1)
        rows = np.bincount(self.stratum, minlength=leavers.size)
        return float(np.average(1 / np.sqrt(np.maximum(1, leavers)), weights=rows))

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Foretold({self.row.size} rows × {len(self.horizons)} horizons; not released)"


@dataclass(frozen=True, kw_only=True)
class _Part:
    row: Ints
    occasion: int
    risk: dict[str, Floats]
    fit: Foreteller
    gap: float


def foretell_forward(
    landmarks: Landmarks, covariates: dict[str, Covariate], section: Turnover, *, seed: int
) -> Foretold:
    """Foretells each later landmark from the earlier ones.

    Raises:
        DesignError: No landmark has enough before it and a horizon observed after it.
    """
    horizons = section.risk.horizons_months
    parts, latest, leavers = [], [], []
    for day in sorted(set(landmarks.start.tolist())):
        if day < LEAST_HISTORY or day + horizons[0] > landmarks.n_months:
            continue
        train = landmarks.training(day)
        if int((train.event > 0).sum()) < LEAST_EXITS:
            continue
        test = np.flatnonzero(landmarks.start == day)
        part = _part(landmarks, test, train, covariates, section, horizons, seed, occasion=day)
        for index, horizon in enumerate(horizons):
            if day + horizon > landmarks.n_months:
                for risk in part.risk.values():
                    risk[:, index] = np.nan
        parts.append(part)
        assert train.row is not None
        latest.append(latest_known(landmarks, train, train.row) - day)
        leavers.append(_leavers(landmarks.person[train.row], train))
    if not parts:
        raise DesignError(
            "Too few months were observed to learn from the past and compare with what came after.",
            where="turnover.risk",
            expected=f"{LEAST_HISTORY} months and {LEAST_EXITS} exits before a landmark, "
            f"{horizons[0]} months after it",
            got=f"{landmarks.n_months} months",
            remedy="a longer observation, or a shorter first horizon in turnover.risk.horizons_months",
        )
    return _join(parts, horizons, max(latest), np.stack(leavers))


def latest_known(landmarks: Landmarks, train: Watched, row: Ints) -> int:
    """Latest month of which training rows know something, judged by the landmarks as they are, uncut.

    Args:
        landmarks: All of them.
        train: Rows to learn from.
        row: Which of the landmarks they are, shape (n,).

    Returns:
        Of the rows' own day, the end of their watch, and the true time of every exit in them, the latest.
    """
    start = landmarks.start[row]
    left = (start + landmarks.months[row])[train.event > 0]
    return int(max(start.max(), (start + train.months).max(), left.max(initial=0)))


def foretell_folds(
    landmarks: Landmarks, covariates: dict[str, Covariate], section: Turnover, *, seed: int
) -> Foretold:
    """Foretells each fold from the others, in every repeat.

    Raises:
        DesignError: Fewer groups than folds, or too few exits to learn from.
    """
    longest = int(landmarks.months.max())
    horizons = tuple(h for h in section.risk.horizons_months if h <= longest)
    if not horizons or int((landmarks.event > 0).sum()) < LEAST_EXITS:
        raise DesignError(
            "Too few exits, or too short an observation, to foretell anything.",
            where="turnover.risk",
            expected=f"{LEAST_EXITS} exits and {section.risk.horizons_months[0]} months",
        )
    plan = section.validation
    assigned = grouped_folds(landmarks.fold_group, folds=plan.folds, repeats=plan.repeats, seed=seed)
    parts = []
    for repeat in range(plan.repeats):
        for fold in range(plan.folds):
            test, rest = (np.flatnonzero(assigned[repeat] == fold), np.flatnonzero(assigned[repeat] != fold))
            train = landmarks.watched(rest)
            parts.append(_part(landmarks, test, train, covariates, section, horizons, seed, occasion=repeat))
    return _join(parts, horizons, None, None)


def fit_now(
    landmarks: Landmarks, covariates: dict[str, Covariate], section: Turnover, *, seed: int
) -> Foreteller:
    """The model of everything known by now."""
    everything = landmarks.watched(np.arange(landmarks.start.size))
    return _fit(everything, covariates, section, seed)


def _fit(rows: Watched, covariates: dict[str, Covariate], section: Turnover, seed: int) -> Foreteller:
    return fit_foreteller(
        rows,
        covariates,
        section.strata if covariates else (),
        numbers=section.risk.numbers,
        edges=section.period_edges_months,
        seed=seed,
    )


def _part(
    landmarks: Landmarks,
    test: Ints,
    train: Watched,
    covariates: dict[str, Covariate],
    section: Turnover,
    horizons: Sequence[int],
    seed: int,
    *,
    occasion: int,
) -> _Part:
    words, tenure = landmarks.words[test], landmarks.tenure[test]
    fit, alone = _fit(train, covariates, section, seed), _fit(train, {}, section, seed)
    survival, incidence = fit.incidence(words, tenure, horizons)
    average = foretell_average(train, horizons)
    return _Part(
        row=test,
        occasion=occasion,
        risk={
            "model": incidence,
            "tenure": alone.incidence(words, tenure, horizons)[1],
            "average": np.broadcast_to(average, incidence.shape).copy(),
        },
        fit=fit,
        gap=float(np.abs(survival + incidence.sum(axis=2) - 1).max(initial=0.0)),
    )


def _leavers(person: Ints, train: Watched) -> Ints:
    """Distinct people who left, by cause, shape (K,)."""
    return np.array([np.unique(person[train.event == k]).size for k in range(1, train.n_causes + 1)])


def _join(
    parts: Sequence[_Part], horizons: Sequence[int], latest: int | None, leavers: Ints | None
) -> Foretold:
    return Foretold(
        row=np.concatenate([p.row for p in parts]),
        occasion=np.concatenate([np.full(p.row.size, p.occasion, np.int64) for p in parts]),
        stratum=np.repeat(np.arange(len(parts)), [p.row.size for p in parts]),
        horizons=tuple(horizons),
        risk={name: np.concatenate([p.risk[name] for p in parts]) for name in MODELS},
        strengths=tuple(p.fit.strength for p in parts if p.fit.strength is not None),
        n_exits=min(p.fit.n_exits for p in parts),
        n_columns=max(p.fit.coding.n_columns for p in parts),
        gap=max(p.gap for p in parts),
        n_leavers=leavers,
        latest=latest,
    )
