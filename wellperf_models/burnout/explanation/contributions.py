"""What groups of predictors move predicted risks by, over many people; never a person's own.

Signed values of the columns are added up within a group for each answer first, then the size of the sums is
averaged: columns that cancel within a group must not count twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.explanation.travel import last_label
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.learner import Learned
from wellperf_models.burnout.model import Forecast
from wellperf_models.burnout.split import Split
from wellperf_models.burnout.tried import Fit, predictors_of
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.folds import draw_groups
from wellperf_models.inference.logistic import LogisticFit, fit_logistic
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score, clustered_mean, score_of
from wellperf_models.inference.shap_values import (
    Contributions,
    Scale,
    linear_contributions,
    tree_contributions,
    work_of,
)
from wellperf_models.study import HARD_FLOOR, Explanation as Section

# answers explained; a forest of large trees is explained on fewer, by what they cost
MOST_ROWS, _FEWEST_ROWS = 500, 60
_WORK = 6e8
_LEAST_PEOPLE = max(10, HARD_FLOOR)
# refits behind the statement on stability, and answers they learn from at most
_LINEAR_REFITS, _TREE_REFITS, _REFIT_ROWS = 20, 2, 10_000
# answers they are explained on, and trees of a forest: an order of groups needs no more
_ORDER_ROWS, _REFIT_TREES = 100, 50
_DRAW, _REFIT = 0x5AF, 0x5AB


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What one group of predictors moves predictions by.

    Attributes:
        group: What a reader calls it.
        covariates: In it.
        size: Mean size of its summed contributions.
        share: Of the sizes of all groups together, 0 to 1.
    """

    group: str
    covariates: tuple[str, ...]
    size: Score
    share: Score

    def __repr__(self) -> str:
        """Which; not its value."""
        return f"Weight({self.group!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class Explained:
    """One model, explained on answers it had not seen.

    Attributes:
        name: Of the model or the learner.
        words: What it is.
        scale: In which contributions are told.
        weights: Of the groups, the heaviest first.
        person, case: Of the answers it was explained on, shape (n,).
        gap: Largest distance of added contributions from a prediction.
        stability: Mean rank correlation of the groups' sizes with those of refits; None for a single group.
        n_refits: How many.
    """

    name: str
    words: str
    scale: Scale
    weights: tuple[Weight, ...]
    person: Ints
    case: NDArray[np.bool_]
    gap: float
    stability: float | None
    n_refits: int

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Explained({self.name!r}: {len(self.weights)} groups, {self.person.size} rows; not released)"


def groups_of(frame: BurnoutFrame, section: Section, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Group → its covariates; the last score, and each covariate that is in no group, by itself.

    Args:
        frame: Gives labels.
        section: `[burnout.explanation]`.
        names: Covariates of the model that have a column, the last score included.
    """
    found: dict[str, tuple[str, ...]] = {}
    grouped = {c: label for label, chosen in section.groups.items() for c in chosen}
    for name in names:
        own = last_label(frame) if name == LAST_SCORE else frame.label_of(name)
        label = grouped.get(name, own)
        found[label] = (*found.get(label, ()), name)
    return found


def explain(
    frame: BurnoutFrame, splits: Sequence[Split], forecast: Forecast, section: Section, words: str
) -> Explained:
    """Explains a model on answers it had not seen, drawn by the study's seed.

    Args:
        frame: The burnout frame.
        splits: Those it was tried on; of repeated folds the first repeat is used.
        forecast: The model.
        section: `[burnout.explanation]`.
        words: What the model is.

    Raises:
        DesignError: It is neither linear nor made of trees, or too few people were scored.
        ConvergenceError: Contributions do not add up to the predictions.
    """
    parts = [
        (split, fit)
        for split, fit in zip(splits, forecast.tried.fits, strict=True)
        if split.repeat == 0 and fit is not None
    ]
    if not parts:
        raise DesignError("No fit of this model is left to explain.", where="burnout.explanation")
    drawn = _draw(frame, parts)
    names = tuple(dict.fromkeys(t.name for _, fit in parts for t in fit.encoding.terms))
    groups = groups_of(frame, section, names)
    made, rows = [], []
    for (split, fit), own in zip(parts, drawn, strict=True):
        if own.size:
            made.append(_of_part(frame, forecast, split, fit, own))
            rows.append(own)
    chosen = np.concatenate(rows)
    sums = np.concatenate(
        [_summed(c, fit, groups) for c, (_, fit) in zip(made, _used(parts, drawn), strict=True)]
    )
    person = frame.answers.person[chosen]
    if np.unique(person).size < max(_LEAST_PEOPLE, frame.min_group_size):
        raise DesignError(
            "Too few people were scored to tell what moves a prediction.", where="burnout.explanation"
        )
    first = int(np.flatnonzero([own.size > 0 for own in drawn])[0])
    stability, n_refits = _stability(frame, forecast, parts[first], drawn[first], made[0], groups)
    return Explained(
        name=forecast.name,
        words=words,
        scale=made[0].scale,
        weights=_weights(frame, groups, sums, chosen),
        person=person,
        case=parts[0][0].case[chosen],
        gap=max(c.gap for c in made),
        stability=stability,
        n_refits=n_refits,
    )


def _used(parts: Sequence[tuple[Split, Fit]], drawn: Sequence[Ints]) -> list[tuple[Split, Fit]]:
    return [part for part, own in zip(parts, drawn, strict=True) if own.size]


def _draw(frame: BurnoutFrame, parts: Sequence[tuple[Split, Fit]]) -> list[Ints]:
    """Scored rows of each part, in increasing order; about 500 in all, fewer of a costly model."""
    of = np.concatenate([np.full(split.test.size, i) for i, (split, _) in enumerate(parts)])
    rows = np.concatenate([split.test for split, _ in parts])
    costs = max(work_of(fit.learned.engine) for _, fit in parts)
    most = MOST_ROWS if costs == 0 else int(np.clip(_WORK / costs, _FEWEST_ROWS, MOST_ROWS))
    chosen = np.random.default_rng([frame.seed, _DRAW]).permutation(rows.size)[:most]
    return [np.sort(rows[chosen[of[chosen] == i]]) for i in range(len(parts))]


def _design(frame: BurnoutFrame, forecast: Forecast, fit: Fit, rows: Ints) -> Floats:
    return fit.encoding.apply(predictors_of(frame, forecast.covariates)[rows])


def _of_part(frame: BurnoutFrame, forecast: Forecast, split: Split, fit: Fit, rows: Ints) -> Contributions:
    X = _design(frame, forecast, fit, rows)
    if fit.learned.logistic is not None:
        mean = _design(frame, forecast, fit, split.train).mean(axis=0)
        return linear_contributions(X, mean, fit.learned.logistic, fit.learned.log_odds(X))
    return tree_contributions(_engine(fit.learned), X)


def _engine(learned: Learned) -> Any:
    if learned.engine is None:
        raise DesignError(
            "Contributions are told of linear and tree models only.", where="burnout.explanation"
        )
    return learned.engine


def _summed(found: Contributions, fit: Fit, groups: dict[str, tuple[str, ...]]) -> Floats:
    """Signed values added up within each group, shape (n, groups)."""
    blocks = fit.encoding.blocks
    return np.column_stack(
        [
            found.values[:, [j for c in chosen for j in blocks.get(c, [])]].sum(axis=1)
            for chosen in groups.values()
        ]
    )


def _weights(
    frame: BurnoutFrame, groups: dict[str, tuple[str, ...]], sums: Floats, rows: Ints
) -> tuple[Weight, ...]:
    sizes = np.abs(sums)
    whole = sizes.sum(axis=1)
    total = float(whole.mean())
    if not total > 0:
        raise DesignError("Nothing moves a prediction: it is the same for all.", where="burnout.explanation")
    cluster = frame.answers.cluster[rows]
    found = []
    for index, (label, covariates) in enumerate(groups.items()):
        size = sizes[:, index]
        ratio = float(size.mean()) / total
        # of a ratio of two means, by the delta method
        error = clustered_mean((size - ratio * whole) / total, cluster).std_error
        found.append(
            Weight(
                group=label,
                covariates=covariates,
                size=clustered_mean(size, cluster).within(0.0, np.inf),
                share=score_of(ratio, error, int(np.unique(cluster).size)).within(0.0, 1.0),
            )
        )
    return tuple(sorted(found, key=lambda w: -w.share.value))


def _stability(
    frame: BurnoutFrame,
    forecast: Forecast,
    part: tuple[Split, Fit],
    rows: Ints,
    known: Contributions,
    groups: dict[str, tuple[str, ...]],
) -> tuple[float | None, int]:
    """Mean rank correlation of the groups' sizes with those of models learnt from other draws of people."""
    split, fit = part
    if len(groups) < 2:
        return None, 0
    linear = fit.learned.logistic is not None
    # rows are in order of people, the draw was not: take them at even distances
    some = np.unique(np.linspace(0, rows.size - 1, min(_ORDER_ROWS, rows.size)).astype(np.int64))
    X = _design(frame, forecast, fit, rows[some])
    train = _some(frame, split.train)
    Z, case = _design(frame, forecast, fit, train), split.case[train]
    own = _sizes(known, fit, groups, some)
    found = []
    for number in range(_LINEAR_REFITS if linear else _TREE_REFITS):
        rng = np.random.default_rng([frame.seed, _REFIT, number])
        drawn = _draw_people(rng, frame.answers.person[train])
        if not 0 < case[drawn].sum() < drawn.size:
            continue
        try:
            again = (
                _linear_again(X, Z[drawn], case[drawn], fit.learned.logistic)
                if fit.learned.logistic is not None
                else _trees_again(X, Z[drawn], case[drawn], _engine(fit.learned), frame.seed + number + 1)
            )
        except ConvergenceError:
            continue
        found.append(rank_correlation(own, _sizes(again, fit, groups, np.arange(some.size))))
    return (float(np.mean(found)) if found else None), len(found)


def _sizes(found: Contributions, fit: Fit, groups: dict[str, tuple[str, ...]], rows: Ints) -> Floats:
    sizes: Floats = np.abs(_summed(found, fit, groups)[rows]).mean(axis=0)
    return sizes


def _some(frame: BurnoutFrame, train: Ints) -> Ints:
    """Training rows, of people drawn where there are many."""
    return train[draw_groups(frame.answers.person[train], _REFIT_ROWS, seed=frame.seed + _REFIT)]


def _draw_people(rng: np.random.Generator, person: Ints) -> Ints:
    """Places of the rows of people drawn with replacement."""
    people, code = np.unique(person, return_inverse=True)
    times = np.bincount(rng.integers(0, people.size, people.size), minlength=people.size)
    return np.repeat(np.arange(person.size), times[code])


def _linear_again(X: Floats, Z: Floats, case: NDArray[np.bool_], fit: LogisticFit) -> Contributions:
    again = fit_logistic(Z, np.ones(case.size), case.astype(float), fit.C)
    return linear_contributions(X, Z.mean(axis=0), again, again.linear_predictor(X))


def _trees_again(X: Floats, Z: Floats, case: NDArray[np.bool_], engine: Any, seed: int) -> Contributions:
    from sklearn.base import clone

    again = clone(engine).set_params(random_state=seed)
    if "max_samples" in again.get_params():
        # a forest: as many answers as there are, and fewer trees
        again.set_params(max_samples=None, n_estimators=min(_REFIT_TREES, again.n_estimators))
    return tree_contributions(again.fit(Z, case), X)


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's; 1 where all values of both are the same, 0 where those of one are."""
    from scipy import stats

    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float(np.ptp(one) == np.ptp(other))
    return float(np.corrcoef(stats.rankdata(one), stats.rankdata(other))[0, 1])
