"""How the covariates move: the next value of each given what was known before, and who answers a wave.

A value that comes in with month t is modelled on what was known as month t − 1 began: the person's own last
value, the first value of every covariate (where they started: Wooldridge 2005), a random intercept (what is
lasting about them), the other covariates, tenure, season, what does not change. Of what came in with the same
month, surveys count as known before what is recorded monthly: a survey is dated by its day, a month's work by
its end. Piles at a floor are values of a normal below it (Tobin 1958).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.one_step import BinaryFit, fit_binary
from wellperf_models.inference.random_intercept import (
    RandomIntercept,
    UnitSums,
    fit_random_intercept,
    sum_units,
)
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.turnover.policy.frame import Histories, join
from wellperf_models.turnover.policy.frame_memory import Flags

_PILE = 0.005
_ROUNDS = 4


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The first value of a person of whom none is known: rows for least squares.

    Attributes:
        X, y: Shapes (m, p) and (m,).
        cluster: Codes, shape (m,).
    """

    X: Floats
    y: Floats
    cluster: Ints

    def fit(self, weights: Floats) -> tuple[Floats, float]:
        """Coefficients and residual standard deviation, rows weighted by their cluster."""
        w = weights[self.cluster]
        xx = self.X.T @ (self.X * w[:, None])
        beta = np.linalg.solve(xx + np.diag(1e-6 * np.diag(xx) + 1e-6), self.X.T @ (w * self.y))
        return beta, float(np.sqrt(w @ np.square(self.y - self.X @ beta) / max(w.sum(), 1e-9)))


@dataclass(frozen=True, kw_only=True)
class Course:
    """The rows one covariate's next value is learnt from, and the model fitted on them.

    Attributes:
        number: Place of the covariate.
        spell, month: Of each row: whose, and the month the value came in with.
        X, y: Shapes (m, p) and (m,); y as a deviation from the centre, piles at the floor replaced.
        sums: By spell.
        fit: The model.
        extra: Variance that replacing piles at the floor by their expectation takes away.
        entry, response: For surveys: the first value, and who answers; None for what is recorded monthly.
    """

    number: int
    spell: Ints
    month: Ints
    X: Floats
    y: Floats
    sums: UnitSums
    fit: RandomIntercept
    extra: float = 0.0
    entry: Entry | None = None
    response: BinaryFit | None = None

    def sums_until(self, month: int, n_spells: int) -> tuple[Floats, Floats]:
        """Rows of each spell up to a month: how many, and sums of (x, y); shapes (n,), (n, p + 1)."""
        known = self.month <= month
        z = np.column_stack([self.X[known], self.y[known]])
        spell = self.spell[known]
        totals = [np.bincount(spell, weights=z[:, j], minlength=n_spells) for j in range(z.shape[1])]
        return np.bincount(spell, minlength=n_spells).astype(float), np.stack(totals, axis=1)

    def refit(self, weights: Floats) -> RandomIntercept:
        """The model with other weights of the spells; the values at the floor stay as replaced."""
        return _widen(fit_random_intercept(self.sums, weights), self.extra)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Course({self.number}: {self.y.size} rows × {self.X.shape[1]} columns)"


def course_blocks(
    number: int,
    histories: Histories,
    before: Sequence[Floats],
    now: Sequence[Floats],
    firsts: Floats,
    base: Floats,
) -> list[Floats]:
    """Design of a covariate's next value, by blocks of columns.

    Args:
        number: Place of the covariate.
        histories: Knows what is recorded monthly.
        before, now: Features of each covariate as the month before began, and as this one does.
        firsts: First value of every covariate, deviations, shape (m, covariates): where people started.
        base: Tenure, season and static columns of the month before.
    """
    own = before[number]
    monthly = histories.dated[number].monthly
    others = [
        (now if monthly and not d.monthly else before)[k]
        for k, d in enumerate(histories.dated)
        if k != number
    ]
    return [own[:, :1], firsts, own[:, 3:], *others, base]


def entry_blocks(number: int, before: Sequence[Floats], base: Floats) -> list[Floats]:
    """Design of a covariate's first value."""
    return [*(f for k, f in enumerate(before) if k != number), base]


def response_blocks(before: Sequence[Floats], base: Floats) -> list[Floats]:
    """Design of who answers a wave: everything known as the month of the wave began."""
    return [*before, base]


def fit_courses(histories: Histories) -> tuple[Course, ...]:
    """Models of every covariate measured over time.

    Raises:
        DesignError: Nobody was measured twice.
    """
    return tuple(_fit_course(histories, k) for k in range(len(histories.dated)))


def _rows(histories: Histories, number: int, *, known: bool, new: bool | None) -> tuple[Ints, Ints]:
    """(spell, month) pairs at risk in a month and the one before; `known`: a value was there before."""
    both = histories.at_risk[:, 1:] & histories.at_risk[:, :-1] & histories.waves[number][None, 1:]
    both &= (histories.features[number][:, :-1, 2] == 0) == known
    if new is not None:
        both &= np.isfinite(histories.value[number][:, 1:]) == new
    spell, month = np.nonzero(both)
    return spell, month + 1


def _parts(histories: Histories, spell: Ints, month: Ints) -> tuple[list[Floats], list[Floats], Floats]:
    before = [f[spell, month - 1] for f in histories.features]
    now = [f[spell, month] for f in histories.features]
    return before, now, histories.base(spell, month - 1)


def _fit_course(histories: Histories, number: int) -> Course:
    dated = histories.dated[number]
    spell, month = _rows(histories, number, known=True, new=True)
    if np.unique(spell).size < 2:
        raise DesignError(
            "Hardly anyone was measured twice, so that nothing can be said on how a value moves.",
            where=f"[covariates.{dated.name}]",
        )
    before, now, base = _parts(histories, spell, month)
    firsts = np.stack([f[spell, month - 1] for f in histories.firsts], axis=1)
    X = join(course_blocks(number, histories, before, now, firsts, base))
    value = histories.value[number][spell, month]
    y = value - dated.centre
    n_spells = histories.at_risk.shape[0]
    sums = sum_units(spell, X, y, n_spells)
    fit = fit_random_intercept(sums)
    piled = value <= dated.floor
    extra = 0.0
    if dated.monthly and piled.mean() > _PILE:
        for _ in range(_ROUNDS):
            y, extra = _unpile(y, X, spell, sums, fit, piled, dated.floor - dated.centre)
            sums = sum_units(spell, X, y, n_spells)
            fit = _widen(fit_random_intercept(sums), extra)
    course = Course(number=number, spell=spell, month=month, X=X, y=y, sums=sums, fit=fit, extra=extra)
    if dated.monthly:
        return course
    return replace(course, entry=_entry(histories, number), response=_response(histories, number))


def _widen(fit: RandomIntercept, extra: float) -> RandomIntercept:
    return replace(fit, sigma=float(np.sqrt(fit.sigma**2 + extra)))


def _unpile(
    y: Floats, X: Floats, spell: Ints, sums: UnitSums, fit: RandomIntercept, piled: Flags, floor: float
) -> tuple[Floats, float]:
    """Values at the floor → expectation of the normal below it, and the mean variance that loses."""
    from scipy import special

    residual = sums.sums[:, -1] - sums.sums[:, :-1] @ fit.beta
    lasting, _ = fit.posterior(sums.counts, residual)
    mean = (X @ fit.beta + lasting[spell])[piled]
    z = (floor - mean) / fit.sigma
    # inverse Mills ratio, in logs so that it holds far out
    mills = np.exp(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) - special.log_ndtr(z))
    found = y.copy()
    found[piled] = mean - fit.sigma * mills
    lost = fit.sigma**2 * (1 - z * mills - mills**2)
    return found, float(lost.sum() / y.size)


def _entry(histories: Histories, number: int) -> Entry:
    spell, month = _rows(histories, number, known=False, new=True)
    if spell.size < 2 * histories.base(spell, month).shape[1]:
        # nobody came to be measured later: any first values will do
        spell, month = _rows(histories, number, known=True, new=True)
    before, _, base = _parts(histories, spell, month)
    return Entry(
        X=join(entry_blocks(number, before, base)),
        y=histories.value[number][spell, month] - histories.dated[number].centre,
        cluster=histories.cluster[spell],
    )


def _response(histories: Histories, number: int) -> BinaryFit | None:
    """Who answers; None where everybody does, or nobody is ever asked again."""
    pairs = [_rows(histories, number, known=known, new=None) for known in (True, False)]
    spell, month = (np.concatenate(part) for part in zip(*pairs, strict=True))
    answered = np.isfinite(histories.value[number][spell, month]).astype(float)
    if answered.size == 0 or answered.min() == answered.max():
        return None
    before, _, base = _parts(histories, spell, month)
    return fit_binary(
        join(response_blocks(before, base)),
        answered,
        histories.cluster[spell],
        histories.n_clusters,
        link="logit",
        where="turnover.policy: who answers",
    )
