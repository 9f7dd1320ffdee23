"""Odds ratios of the told model: as the ridge has them, and with intervals of what it is drawn away from.

A ridge draws every coefficient towards 0, so an interval around it would be too narrow on one side. The same
columns are therefore fitted once more without a ridge, a level of each category left out as the reference,
with errors clustered as declared. Where that does not converge, clusters are drawn with replacement and the
ridge is refitted; the interval is then around a ratio that is drawn towards 1, and that is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.explanation.frame import Told
from wellperf_models.burnout.explanation.travel import last_label
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.clustered_logistic import clustered_covariance
from wellperf_models.inference.design import NOT_MEASURED, POOLED
from wellperf_models.inference.logistic import cells_or_rows, fit_logistic
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.sensitivity import e_value_of_odds_ratio

Way = Literal["unpenalised", "bootstrap"]
_DRAWS = 200
_STREAM = 0x0DD5
_RARE = 0.15
# words, column, column it is held against (−1: none)
type _Pair = tuple[str, int, int]


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """What is compared with what.

    Attributes:
        number: Of the covariate as declared, 0 the last score; and of the contrast in it.
        predictor, words: What a reader sees ("Overtime", "one standard deviation more").
        step: Standard deviation, in `unit`; None for levels.
        unit: Of the step.
        up: Columns of the design that are 1 for it: several where they say the same of everybody.
        down: The column it is held against; −1: none.
    """

    number: tuple[int, int]
    predictor: str
    words: str
    step: float | None
    unit: str
    up: tuple[int, ...]
    down: int


@dataclass(frozen=True, kw_only=True)
class OddsRatio:
    """An association, everything else in the model held the same.

    Attributes:
        contrast: Of what.
        ridge: As the model has it.
        value, low, high: Odds ratio with its 95 % interval.
        std_error: Of its logarithm.
        p_adjusted: Holm's, over all odds ratios of the model.
        e_value: What a confounder would need, as a risk ratio, to move the nearer end of the interval to 1;
            1 where it holds 1.
    """

    contrast: Contrast
    ridge: float
    value: float
    low: float
    high: float
    std_error: float
    p_adjusted: float
    e_value: float

    @property
    def shown(self) -> bool:
        """Whether these data show an association."""
        return self.p_adjusted < 0.05

    def __repr__(self) -> str:
        """What it is of; not its value."""
        return f"OddsRatio({self.contrast.predictor}: {self.contrast.words}; not released)"


def odds_ratios(frame: BurnoutFrame, told: Told) -> tuple[tuple[OddsRatio, ...], Way]:
    """Odds ratios of every predictor, and how their intervals were had.

    Args:
        frame: The burnout frame.
        told: From `told_model`.

    Raises:
        DesignError: Fewer than two clusters.
        ConvergenceError: Neither the refit nor the draws converge.
    """
    contrasts = _merged(told, tuple(_contrasts(frame, told)))
    way: Way = "unpenalised"
    try:
        values, errors, degrees = _unpenalised(told, contrasts)
    except ConvergenceError:
        values, errors, degrees = _drawn(frame, told, contrasts)
        way = "bootstrap"
    ridge = _differences(told.fit.beta, contrasts)
    return _finished(contrasts, ridge, values, errors, degrees, rare=bool(told.case.mean() < _RARE)), way


def _finished(
    contrasts: tuple[Contrast, ...],
    ridge: Floats,
    values: Floats,
    errors: Floats,
    degrees: int,
    *,
    rare: bool,
) -> tuple[OddsRatio, ...]:
    from scipy import stats

    half = float(stats.t.ppf(0.975, degrees)) * errors
    p = 2 * stats.t.sf(np.abs(values) / errors, degrees)
    found = []
    for index, adjusted in enumerate(holm([float(v) for v in p])):
        low, high = math.exp(values[index] - half[index]), math.exp(values[index] + half[index])
        nearer = 1.0 if low <= 1 <= high else (low if low > 1 else high)
        found.append(
            OddsRatio(
                contrast=contrasts[index],
                ridge=math.exp(ridge[index]),
                value=math.exp(values[index]),
                low=low,
                high=high,
                std_error=float(errors[index]),
                p_adjusted=adjusted,
                e_value=e_value_of_odds_ratio(nearer, rare=rare),
            )
        )
    return tuple(found)


def _contrasts(frame: BurnoutFrame, told: Told) -> Iterator[Contrast]:
    order = {name: i + 1 for i, name in enumerate(frame.declared)} | {LAST_SCORE: 0}
    for term in told.encoding.terms:
        columns = told.encoding.blocks[term.name]
        covariate = frame.declared.get(term.name)
        label = last_label(frame) if term.name == LAST_SCORE else frame.label_of(term.name)
        names = [c.removeprefix(f"{term.name}: ") for c in term.columns]
        pairs: list[_Pair] = [("one standard deviation more", columns[0], -1)]
        if term.spread > 0:
            pairs += [(f"{NOT_MEASURED}, against the mean", c, -1) for c in columns[1:]]
        else:
            pairs = _level_pairs(told, term.name, names, columns)
        for place, (words, up, down) in enumerate(pairs):
            step = term.spread if term.spread > 0 and place == 0 else None
            unit = covariate.unit if covariate else "points"
            yield Contrast(
                number=(order[term.name], place),
                predictor=label,
                words=words,
                step=step,
                unit="" if step is None else unit,
                up=(up,),
                down=down,
            )


def _merged(told: Told, contrasts: tuple[Contrast, ...]) -> tuple[Contrast, ...]:
    """Contrasts whose columns are the same for everybody as one: what one table lacks it lacks of all."""
    kept: list[Contrast] = []
    for contrast in contrasts:
        same = None
        if contrast.step is None and contrast.down == -1:
            column = told.X[:, contrast.up[0]]
            alike = (i for i, k in enumerate(kept) if k.step is None and k.down == -1)
            same = next((i for i in alike if np.array_equal(told.X[:, kept[i].up[0]], column)), None)
        if same is None:
            kept.append(contrast)
        else:
            first = kept[same]
            kept[same] = replace(
                first, predictor=f"{first.predictor}; {contrast.predictor}", up=(*first.up, *contrast.up)
            )
    return tuple(kept)


def _level_pairs(told: Told, name: str, names: list[str], columns: list[int]) -> list[_Pair]:
    if len(columns) == 1:
        values = told.data[name].unique().drop_nulls().sort().to_list()
        rest = [v for v in values if v != names[0]]
        against = told.words_of(name, rest[0]) if rest else "the others"
        return [(f"{told.words_of(name, names[0])}, against {against}", columns[0], -1)]
    # the most frequent level, of equals the first by name
    told_levels = [i for i, level in enumerate(names) if level not in (POOLED, NOT_MEASURED)] or [0]
    reference = max(told_levels, key=lambda i: (float(told.X[:, columns[i]].sum()), -i))
    return [
        (
            f"{told.words_of(name, level)}, against {told.words_of(name, names[reference])}",
            column,
            columns[reference],
        )
        for level, column in zip(names, columns, strict=True)
        if column != columns[reference]
    ]


def _differences(beta: Floats, contrasts: tuple[Contrast, ...]) -> Floats:
    padded = np.append(beta, 0.0)
    return np.array([padded[list(c.up)].sum() - padded[c.down] for c in contrasts])


def _unpenalised(told: Told, contrasts: tuple[Contrast, ...]) -> tuple[Floats, Floats, int]:
    """Log odds ratios, their errors, and degrees of freedom of a refit without a ridge."""
    left_out = {c.down for c in contrasts} - {-1} | {j for c in contrasts for j in c.up[1:]}
    kept = [j for j in range(told.X.shape[1]) if j not in left_out]
    X = told.X[:, kept]
    cells = cells_or_rows(X, told.case)
    fit = fit_logistic(cells.X, cells.n, cells.events, np.inf)
    covariance = clustered_covariance(fit, X, told.case, told.cluster)
    place = {column: i for i, column in enumerate(kept)}
    at = [place[c.up[0]] for c in contrasts]
    errors = np.sqrt(np.diag(covariance))[1:]
    if not np.all(errors[at] > 0):
        raise ConvergenceError("An odds ratio has no error.", where="burnout.explanation")
    return fit.beta[at], errors[at], int(np.unique(told.cluster).size) - 1


def _drawn(frame: BurnoutFrame, told: Told, contrasts: tuple[Contrast, ...]) -> tuple[Floats, Floats, int]:
    """The ridge's log odds ratios with errors over clusters drawn with replacement, at the same strength."""
    _, code = np.unique(told.cluster, return_inverse=True)
    groups = int(code.max()) + 1
    if groups < 2:
        raise DesignError("An interval needs at least two clusters.", where="burnout.explanation")
    rng = np.random.default_rng([frame.seed, _STREAM])
    found = []
    for _ in range(_DRAWS):
        weight = _weights(rng, groups, code)
        events = weight * told.case
        if 0 < events.sum() < weight.sum():
            drawn = fit_logistic(told.X, weight, events, told.fit.C, start=told.fit)
            found.append(_differences(drawn.beta, contrasts))
    errors = np.std(found, axis=0, ddof=1) if len(found) > _DRAWS // 2 else np.zeros(len(contrasts))
    if not np.all(errors > 0):
        raise ConvergenceError("The odds ratios have no intervals.", where="burnout.explanation")
    return _differences(told.fit.beta, contrasts), errors, groups - 1


def _weights(rng: np.random.Generator, groups: int, code: Ints) -> Floats:
    """How often each row is drawn when whole clusters are."""
    drawn: Floats = np.bincount(rng.integers(0, groups, groups), minlength=groups)[code].astype(float)
    return drawn


def people_of(told: Told, contrast: Contrast) -> NDArray[np.bool_] | None:
    """Rows on either side of a contrast of two levels; None: all of them."""
    if contrast.step is not None or contrast.down < 0:
        return None
    return (told.X[:, contrast.up[0]] > 0) | (told.X[:, contrast.down] > 0)
